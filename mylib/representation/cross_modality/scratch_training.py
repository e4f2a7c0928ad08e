"""The training loop of the X modality, on the engine."""

import numpy as np

from mylib.engine import as_tensor, concatenate, no_grad, split
from mylib.representation.cross_modality import contract
from mylib.representation.cross_modality.batches import draw_batches
from mylib.representation.cross_modality.scratch_losses import cross_modality_gap, modality_respective_gap


class XIV:
    r"""L = MRG + gap_weight CMG, CMG = L_cross^{I,X} + L_cross^{I,V}, MRG the cross-entropies of I, X and V.

    In each step: images of `persons` persons, `shots` visible and `shots` infrared ones of each; X = G(V) with V's
    labels; one pass of the encoder over all of them. The gradient reaches G through f. Without a generator, I and V
    alone: CMG = L_cross^{I,V}. After training, visible images are embedded as they are: X serves for training.

    Args:    net: `XModalNet`.
             optimizer: of its parameters.
             people: images (n, 3, height, width), ids (n,) below the network's identities, infrared (n,), as
             `data.infrared_people` returns them.
             persons, shots: of a batch.
             margin: alpha of both crossings.
             gap_weight: of CMG; 0: cross-entropy alone.
             seed: of the batches.
    Raises:  ValueError: people that do not fit each other or the network, a person in one modality only, sizes too
             small.
    Source:  Li et al. (2020). Differs: margins of both crossings are equal here; see also `XModalNet`.

    Example:
        >>> from mylib import data
        >>> from mylib.engine import optim
        >>> from mylib.representation.cross_modality.scratch_networks import XModalNet
        >>> net, people = XModalNet(4, dim=8, width=2), data.infrared_people(identities=4, size=(16, 8))
        >>> training = XIV(net, optim.Adam(net.parameters()), people, persons=4)
        >>> sorted(training.epoch()), training.embed(people.images[:5]).shape
        (['gap', 'loss', 'respective'], (5, 8))
    """

    def __init__(self, net, optimizer, people, *, persons=8, shots=4, margin=0.3, gap_weight=1.0, seed=0):
        self.net, self.optimizer = net, optimizer
        self.ids, self.infrared = np.asarray(people.ids), np.asarray(people.infrared, bool)
        self.images = np.asarray(people.images, self._dtype())
        contract.check_labels("XIV", str(self.ids.dtype))
        shapes = self.images.shape, self.ids.shape, self.infrared.shape, self.ids.max(initial=0)
        contract.check_training(shapes, net.identities, persons, shots, margin, gap_weight)
        self.persons, self.shots, self.margin, self.gap_weight = persons, shots, margin, gap_weight
        self.rng = np.random.default_rng(seed)
        draw_batches(self.ids, self.infrared, persons, shots, np.random.default_rng(0))  # refuses what has no batch

    def embed(self, images):
        """Features of length 1, in eval mode, as an array. Shape (n, dim)."""
        training = self.net.training
        self.net.eval()
        with no_grad():
            starts = range(0, len(images), 256)
            parts = [self.net(np.asarray(images[i : i + 256], self._dtype())).numpy() for i in starts]
        self.net.train(training)
        features = np.concatenate(parts)
        return features / np.maximum(np.linalg.norm(features, axis=1, keepdims=True), 1e-12)

    def epoch(self):
        """Every image once. Returns the means over batches: `loss`, `gap` (CMG), `respective` (MRG)."""
        self.net.train()
        batches = draw_batches(self.ids, self.infrared, self.persons, self.shots, self.rng)
        losses = np.mean([self._step(*batch) for batch in batches], axis=0)
        return dict(zip(("loss", "gap", "respective"), losses.tolist(), strict=True))

    def _step(self, visible, infrared):
        modalities = [as_tensor(self.images[infrared]), as_tensor(self.images[visible])]
        labels = [self.ids[infrared], self.ids[visible]]
        if self.net.generator is not None:
            modalities.append(self.net.generate(modalities[1]))
            labels.append(labels[1])
        features = self.net(concatenate(modalities))
        logits = split(self.net.classify(features), [len(one) for one in labels])
        features = split(features, [len(one) for one in labels])
        gap = 0.0
        for others, names in zip(features[1:], labels[1:], strict=True):
            gap = gap + cross_modality_gap(features[0], others, labels[0], names, self.margin)
        respective = modality_respective_gap(logits, labels)
        loss = respective + self.gap_weight * gap
        self.optimizer.zero_grad()
        loss.backward()
        self.optimizer.step()
        return loss.item(), gap.item(), respective.item()

    def _dtype(self):
        return next(iter(self.net.parameters())).dtype
