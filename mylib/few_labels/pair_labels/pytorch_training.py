r"""SimPLE: one step on labelled images, guesses for unlabelled ones, and pairs of guesses; no step waits for a GPU."""

import copy

import numpy as np
import torch
import torch.nn.functional as F

from mylib.attention.contrastive.pytorch import momentum_update
from mylib.few_labels.curriculum_labels.draws import draw_batch
from mylib.few_labels.curriculum_labels.pytorch import l2_consistency_loss, strong_augment, weak_augment
from mylib.few_labels.pair_labels import contract
from mylib.few_labels.pair_labels.pytorch_pairs import average_pseudo_label, pair_loss
from mylib.few_labels.pair_labels.schedule import ramp


class SimPLE:
    r"""L = L_X + r (lambda_U L_U + lambda_P L_P), a step at a time.

    Images stay on their device: what is drawn on the CPU are positions and the numbers of the views. `step` returns
    scalar tensors there, and reads none of them.
    """

    def __init__(
        self,
        model,
        optimizer,
        labelled,
        unlabelled,
        *,
        batch_size=32,
        weak_views=2,
        strong_views=2,
        temperature=0.5,
        confidence=0.95,
        similarity=0.9,
        unlabelled_weight=75.0,
        pair_weight=75.0,
        ramp_up_steps=0,
        max_norm=5.0,
        decay=0.999,
        seed=0,
    ):
        self.options = contract.options(
            batch_size=batch_size,
            weak_views=weak_views,
            strong_views=strong_views,
            temperature=temperature,
            confidence=confidence,
            similarity=similarity,
            unlabelled_weight=unlabelled_weight,
            pair_weight=pair_weight,
            ramp_up_steps=ramp_up_steps,
            max_norm=max_norm,
            decay=decay,
        )
        (self.images, self.labels), self.unlabelled = labelled, unlabelled
        sets = self.images, self.labels, self.unlabelled
        lowest = self.labels.min().item() if self.labels.numel() else 0
        contract.check_sets(*(one.shape for one in sets), [one.dtype for one in sets], lowest)
        self.model, self.optimizer, self.average = model, optimizer, copy.deepcopy(model).eval()
        self.steps, self.rng = 0, np.random.default_rng(seed)

    def step(self):
        r"""One update of the model and of its average."""
        o, model = self.options, self.model.train()
        known, unknown = draw_batch(self.rng, len(self.images), len(self.unlabelled), o.batch_size, 1)
        x, labels, u = _rows(self.images, known), _rows(self.labels, known), _rows(self.unlabelled, unknown)
        x = weak_augment(x, self.rng)
        weak = weak_augment(u.repeat(o.weak_views, *[1] * (u.ndim - 1)), self.rng)
        strong = strong_augment(u.repeat(o.strong_views, *[1] * (u.ndim - 1)), self.rng)
        guess = average_pseudo_label(model, weak.unflatten(0, (o.weak_views, -1)), o.temperature)
        q = guess.repeat(o.strong_views, 1)
        for_labels, for_guesses = model(torch.cat([x, strong])).tensor_split([len(x)])
        supervised = F.cross_entropy(for_labels, labels)
        unlabelled, pair = l2_consistency_loss(for_guesses, q), pair_loss(for_guesses, q, o.confidence, o.similarity)
        extra = o.unlabelled_weight * unlabelled + o.pair_weight * pair
        loss = torch.add(supervised, extra, alpha=ramp(self.steps, o.ramp_up_steps))
        self._update(loss)
        found = {"loss": loss, "supervised": supervised, "unlabelled": unlabelled, "pair": pair}
        anchors = (guess.amax(dim=1) > o.confidence).float().mean()
        return {name: value.detach() for name, value in found.items()} | {"anchors": anchors}

    def _update(self, loss):
        """Gradients all at once; the norm stays on the device."""
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.model.parameters(), self.options.max_norm, foreach=True)
        self.optimizer.step()
        self.steps += 1
        momentum_update(self.average, self.model, self.options.decay)
        with torch.no_grad():
            for mine, theirs in zip(self.average.buffers(), self.model.buffers(), strict=True):
                mine.copy_(theirs)


def _rows(values, positions):
    """values[positions], with the positions brought to the device without waiting."""
    return values[torch.from_numpy(positions).to(values.device, non_blocking=True)]
