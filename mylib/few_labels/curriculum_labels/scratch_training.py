r"""Algorithm 1 in NumPy: FlexMatch, and through its flags FixMatch, UDA and pseudo-labels, flexible or not."""

import copy
from typing import NamedTuple

import numpy as np

from mylib.attention.contrastive.scratch import momentum_update
from mylib.engine import as_tensor, concatenate, cross_entropy, no_grad
from mylib.few_labels.curriculum_labels import contract
from mylib.few_labels.curriculum_labels.draws import draw_batch
from mylib.few_labels.curriculum_labels.scratch_curriculum import (
    flexible_threshold,
    learning_effect,
    normalised_effect,
)
from mylib.few_labels.curriculum_labels.scratch_losses import consistency_loss
from mylib.few_labels.curriculum_labels.scratch_views import strong_augment, weak_augment


class Guesses(NamedTuple):
    """What a step did with its unlabelled images: where they stand, the class guessed, whether it was used."""

    positions: np.ndarray
    labels: np.ndarray
    used: np.ndarray


class FlexMatch:
    r"""L = L_s + weight L_u, L_s the cross-entropy of weak views with labels, L_u `consistency_loss` of the others.

    Each step: thresholds T(c) from what is remembered (lines 4 to 12); q on weak views, without gradient; images whose
    max q is above tau, not T, overwrite what is remembered of them, and nothing is ever erased (13 to 17); the loss,
    with T (18); an optimiser's step; the average follows. The table's rows: as it stands FlexMatch, with `hard=False,
    temperature=0.4, threshold=0.8` Flex-UDA, with `strong=False` Flex-PL; with `curriculum=False` FixMatch, UDA, PL.

    Args:    model: images to logits (n, classes), in training mode during a step.
             optimizer: of its parameters.
             labelled: images and integer labels. Shapes (m, channels, height, width) and (m,).
             unlabelled: images. Shape (n, channels, height, width).
             batch_size, ratio: B and mu: B labelled, mu B unlabelled images a step; drawn with replacement only where
             there are fewer.
             threshold: tau.
             weight: lambda.
             curriculum: T(c) for each class; off: tau for all, and nothing is remembered.
             warm_up, mapping: see `normalised_effect`, `flexible_threshold`.
             strong: the loss on strong views; off: on the weak ones that the guess was made on.
             hard, temperature: see `consistency_loss`.
             decay: of the average of the weights, `average`, which is the model to use; its buffers stay as copied.
             seed: of all draws.
    Raises:  ValueError: shapes that do not fit, labels outside of the model's classes, numbers out of range.
             TypeError: labels that are no integers.
    Source:  Zhang et al. (2021), algorithm 1; slide "Algorithm". Differs: line 14 compares a vector with tau: its
             largest entry is meant; strictly above, where the authors' code has "at least".

    Example:
        >>> from mylib.engine import nn, optim
        >>> rng = np.random.default_rng(0)
        >>> images, labels = rng.random((6, 1, 8, 8), dtype=np.float32), np.array([0, 1, 0, 1, 0, 1])
        >>> net = nn.Sequential(nn.Flatten(), nn.Linear(64, 2))
        >>> run = FlexMatch(net, optim.SGD(net.parameters(), 0.1), (images, labels), images, batch_size=2, ratio=3)
        >>> run.thresholds().tolist(), run.step()["used"]  # nothing is remembered yet: everything passes
        ([0.0, 0.0], 1.0)
    """

    def __init__(
        self,
        model,
        optimizer,
        labelled,
        unlabelled,
        *,
        batch_size=64,
        ratio=7,
        threshold=0.95,
        weight=1.0,
        curriculum=True,
        warm_up=True,
        mapping="convex",
        strong=True,
        hard=True,
        temperature=1.0,
        decay=0.999,
        seed=0,
    ):
        contract.check_training(batch_size, ratio, threshold, weight, mapping, temperature, decay)
        self.images, self.labels = np.asarray(labelled[0]), np.asarray(labelled[1])
        self.unlabelled = np.asarray(unlabelled)
        floating = {self.images.dtype.kind, self.unlabelled.dtype.kind} == {"f"}
        contract.check_sets(self.images.shape, self.labels.shape, self.unlabelled.shape, floating)
        self.model, self.optimizer, self.average = model, optimizer, copy.deepcopy(model)
        self.classes = _classes(model, self.unlabelled[:1])
        contract.check_labels(self.labels.dtype.kind in "iu", self.labels.min(), self.labels.max(), self.classes)
        self.batch_size, self.ratio, self.threshold, self.weight = batch_size, ratio, threshold, weight
        self.curriculum, self.warm_up, self.mapping = curriculum, warm_up, mapping
        self.strong, self.hard, self.temperature, self.decay = strong, hard, temperature, decay
        self.remembered = np.full(len(self.unlabelled), -1)
        self.rng, self.guesses = np.random.default_rng(seed), None

    def thresholds(self):
        """T(c) of the next step. Shape (classes,)."""
        if not self.curriculum:
            return np.full(self.classes, float(self.threshold))
        counts = learning_effect(self.remembered, self.classes)
        unused = len(self.remembered) - counts.sum() if self.warm_up else None
        return flexible_threshold(normalised_effect(counts, unused), self.threshold, self.mapping)

    def step(self):
        """One pass of the algorithm's loop. Returns `loss`, `supervised`, `unlabelled`, and `used`, a share."""
        self.model.train()
        chosen, positions = draw_batch(self.rng, len(self.images), len(self.remembered), self.batch_size, self.ratio)
        x, y = weak_augment(self.images[chosen], self.rng), self.labels[chosen]
        u = self.unlabelled[positions]
        thresholds = self.thresholds()
        view = weak_augment(u, self.rng)
        if self.strong:
            with no_grad():
                weak = self.model(as_tensor(view))
            view = strong_augment(u, self.rng)
        logits = self.model(concatenate([as_tensor(x), as_tensor(view)]))
        learned = logits[len(x) :]
        if not self.strong:
            weak = learned.detach()
        self._remember(positions, weak)
        supervised = cross_entropy(logits[: len(x)], y)
        consistent, used = consistency_loss(weak, learned, thresholds, self.hard, self.temperature)
        self.guesses = Guesses(positions, weak.numpy().argmax(axis=-1), used)
        loss = supervised + self.weight * consistent
        self.optimizer.zero_grad()
        loss.backward()
        self.optimizer.step()
        momentum_update(self.average, self.model, self.decay)
        values = loss.item(), supervised.item(), consistent.item(), float(used.mean())
        return dict(zip(("loss", "supervised", "unlabelled", "used"), values, strict=True))

    def _remember(self, positions, weak):
        """Lines 13 to 17: of an image drawn twice the last guess above tau stays."""
        if self.curriculum:
            q = weak.softmax(axis=-1).numpy()
            sure = q.max(axis=-1) > self.threshold
            self.remembered[positions[sure]] = q.argmax(axis=-1)[sure]


def _classes(model, image):
    """How many classes a model tells apart."""
    training = model.training
    model.eval()
    with no_grad():
        classes = model(as_tensor(image)).shape[-1]
    model.train(training)
    return classes
