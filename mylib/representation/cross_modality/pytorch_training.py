"""The training loop of the X modality, in PyTorch: images stay on the device, and losses are read once an epoch."""

import numpy as np
import torch
import torch.nn.functional as F

from mylib.representation.cross_modality import contract
from mylib.representation.cross_modality.batches import draw_batches
from mylib.representation.cross_modality.pytorch_losses import cross_modality_gap, modality_respective_gap


class XIV:
    r"""L = MRG + gap_weight CMG, CMG = L_cross^{I,X} + L_cross^{I,V}, MRG the cross-entropies of I, X and V.

    People may be arrays or tensors; they are copied once to the device and the type of the network's parameters.
    """

    def __init__(self, net, optimizer, people, *, persons=8, shots=4, margin=0.3, gap_weight=1.0, seed=0):
        self.net, self.optimizer = net, optimizer
        where = next(net.parameters()).device
        ids, infrared = torch.as_tensor(people.ids), torch.as_tensor(people.infrared, dtype=torch.bool)
        self.images, self.ids = self._here(people.images), ids.to(where)
        contract.check_labels("XIV", str(ids.dtype))
        highest = int(ids.max()) if ids.numel() else 0
        shapes = self.images.shape, ids.shape, infrared.shape, highest
        contract.check_training(shapes, net.identities, persons, shots, margin, gap_weight)
        self.persons, self.shots, self.margin, self.gap_weight = persons, shots, margin, gap_weight
        self.rng = np.random.default_rng(seed)
        self._people = ids.cpu().numpy(), infrared.cpu().numpy()
        draw_batches(*self._people, persons, shots, np.random.default_rng(0))  # refuses what has no batch

    @torch.no_grad()
    def embed(self, images):
        """Features of length 1, in eval mode, on the network's device. Shape (n, dim)."""
        training = self.net.training
        self.net.eval()
        features = torch.cat([self.net(part) for part in self._here(images).split(256)])
        self.net.train(training)
        torch.clear_autocast_cache()  # its casts of the weights have no graph
        return F.normalize(features.to(torch.promote_types(features.dtype, torch.float32)), eps=1e-12)

    def epoch(self):
        """Every image once. Returns the means over batches: `loss`, `gap` (CMG), `respective` (MRG)."""
        self.net.train()
        batches = draw_batches(*self._people, self.persons, self.shots, self.rng)
        numbers = torch.as_tensor(np.array(batches), device=self.images.device)  # (batches, 2, persons * shots)
        losses = torch.stack([self._step(*batch) for batch in numbers]).mean(dim=0).tolist()
        return {"loss": losses[0], "gap": losses[1], "respective": losses[2]}

    def _step(self, visible, infrared):
        v, i, labels = self.images[visible], self.images[infrared], self.ids[visible]  # both kinds: the same persons
        modalities = [i, v] if self.net.generator is None else [i, self.net.generate(v), v]
        features = self.net(torch.cat(modalities))
        logits = self.net.classify(features).chunk(len(modalities))
        respective = modality_respective_gap(list(logits), [labels] * len(modalities))
        night, *day = features.chunk(len(modalities))
        crossings = [cross_modality_gap(night, others, labels, labels, self.margin) for others in day]
        gap = torch.stack(crossings).sum()
        loss = respective + self.gap_weight * gap
        self.optimizer.zero_grad()
        loss.backward()
        self.optimizer.step()
        torch.clear_autocast_cache()  # an epoch under autocast would go on with casts of the old weights
        return torch.stack([loss, gap, respective]).detach()

    def _here(self, images):
        """Images on the device and in the type of the network's parameters."""
        return torch.as_tensor(images).to(next(self.net.parameters()))
