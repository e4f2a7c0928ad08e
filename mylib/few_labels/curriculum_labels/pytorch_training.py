"""Algorithm 1 in PyTorch: what is remembered, thresholds and losses stay on the device, and no step waits for it."""

import copy
from typing import NamedTuple

import numpy as np
import torch
import torch.nn.functional as F

from mylib.attention.contrastive.pytorch import momentum_update
from mylib.few_labels.curriculum_labels import contract
from mylib.few_labels.curriculum_labels.draws import draw_batch
from mylib.few_labels.curriculum_labels.pytorch_curriculum import (
    flexible_threshold,
    learning_effect,
    normalised_effect,
)
from mylib.few_labels.curriculum_labels.pytorch_losses import consistency_loss
from mylib.few_labels.curriculum_labels.pytorch_views import strong_augment, weak_augment


class Guesses(NamedTuple):
    """What a step did with its unlabelled images: where they stand, the class guessed, whether it was used."""

    positions: torch.Tensor
    labels: torch.Tensor
    used: torch.Tensor


class FlexMatch:
    r"""L = L_s + weight L_u, L_s the cross-entropy of weak views with labels, L_u `consistency_loss` of the others.

    Images and labels may be arrays or tensors; they are copied once to the device of the model's parameters, and the
    images to their type. What `step` returns are tensors there: read them when you print, not in every step.
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
        images, labels, others = (torch.as_tensor(one) for one in (*labelled, unlabelled))
        floating = images.is_floating_point() and others.is_floating_point()
        contract.check_sets(images.shape, labels.shape, others.shape, floating)
        like = next(model.parameters())
        self.images, self.unlabelled, self.labels = images.to(like), others.to(like), labels.to(like.device).long()
        self.model, self.optimizer, self.average = model, optimizer, copy.deepcopy(model).requires_grad_(False)
        self.classes = _classes(model, self.unlabelled[:1])
        whole = not (labels.is_floating_point() or labels.dtype == torch.bool)
        contract.check_labels(whole, *(one.item() for one in labels.aminmax()), self.classes)
        self.batch_size, self.ratio, self.threshold, self.weight = batch_size, ratio, threshold, weight
        self.curriculum, self.warm_up, self.mapping = curriculum, warm_up, mapping
        self.strong, self.hard, self.temperature, self.decay = strong, hard, temperature, decay
        self.remembered = torch.full((len(others),), -1, device=like.device)
        self.rng, self.guesses = np.random.default_rng(seed), None

    def thresholds(self):
        """T(c) of the next step. Shape (classes,)."""
        if not self.curriculum:
            return torch.full((self.classes,), float(self.threshold), device=self.remembered.device)
        counts = learning_effect(self.remembered, self.classes)
        unused = len(self.remembered) - counts.sum() if self.warm_up else None
        return flexible_threshold(normalised_effect(counts, unused), self.threshold, self.mapping)

    def step(self):
        """One pass of the algorithm's loop. Returns `loss`, `supervised`, `unlabelled`, and `used`, a share."""
        self.model.train()
        drawn = draw_batch(self.rng, len(self.images), len(self.remembered), self.batch_size, self.ratio)
        chosen, positions = (torch.as_tensor(one, device=self.remembered.device) for one in drawn)
        x, y, u = weak_augment(self.images[chosen], self.rng), self.labels[chosen], self.unlabelled[positions]
        thresholds = self.thresholds() if self.curriculum else self.threshold
        view = weak_augment(u, self.rng)
        if self.strong:
            with torch.no_grad():
                weak = self.model(view)
            torch.clear_autocast_cache()  # its casts of the weights have no graph
            view = strong_augment(u, self.rng)
        known, learned = self.model(torch.cat([x, view])).split([len(x), len(u)])
        weak = weak if self.strong else learned.detach()
        confidence, labels = weak.softmax(dim=-1).max(dim=-1)
        if self.curriculum:
            self._remember(positions, labels, confidence > self.threshold)
        supervised = F.cross_entropy(known, y)
        consistent, used = consistency_loss(weak, learned, thresholds, self.hard, self.temperature)
        self.guesses = Guesses(positions, labels, used)
        loss = supervised + self.weight * consistent
        self.optimizer.zero_grad()
        loss.backward()
        self.optimizer.step()
        momentum_update(self.average, self.model, self.decay)
        values = loss.detach(), supervised.detach(), consistent.detach(), used.to(loss.dtype).mean()
        return dict(zip(("loss", "supervised", "unlabelled", "used"), values, strict=True))

    def _remember(self, positions, labels, sure):
        """Lines 13 to 17. Assignment to a place named twice has no order on a GPU: the last one is looked for."""
        place = torch.where(sure, positions, len(self.remembered))
        order = torch.arange(len(positions), device=positions.device)
        last = order.new_full((len(self.remembered) + 1,), -1).scatter_reduce_(0, place, order, "amax")[:-1]
        self.remembered = torch.where(last < 0, self.remembered, labels[last.clamp(min=0)])


@torch.no_grad()
def _classes(model, image):
    """How many classes a model tells apart."""
    training = model.training
    model.eval()
    classes = model(image).shape[-1]
    model.train(training)
    return classes
