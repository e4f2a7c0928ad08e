"""A student that is told from whom its teacher's vectors come, in PyTorch: no value is read back in a step."""

import math

import torch
import torch.nn.functional as F
from torch import nn

from mylib.attention.contrastive.pytorch import MemoryBank
from mylib.shared.devices import on_cpu, widest_float, without_autocast
from mylib.training.contrastive_distillation import contract

DENSE = 32  # a product with the whole bank takes less time than gathering, up to so many times N rows


class CRDLoss(nn.Module):
    r"""-L_critic in both directions, loss and gradient in one pass: no array is larger than 32 MiB, whatever B N dim.

    The gradient with respect to the projections is found in the forward pass, so that the banks may be updated before
    `backward`, and rows that were gathered need not be kept. Differentiable once.
    """

    def __init__(
        self, student_dim, teacher_dim, size, dim=128, negatives=16384, temperature=0.07, momentum=0.5, seed=0
    ):
        super().__init__()
        contract.check_sizes(student_dim, teacher_dim, size, dim)
        contract.check_options(size, negatives, temperature, momentum)
        self.negatives, self.temperature = negatives, temperature
        self.student_projection, self.teacher_projection = nn.Linear(student_dim, dim), nn.Linear(teacher_dim, dim)
        self.student_bank = MemoryBank(size, dim, momentum, seed)
        self.teacher_bank = MemoryBank(size, dim, momentum, seed + 1)
        self.register_buffer("student_normaliser", torch.zeros(()))
        self.register_buffer("teacher_normaliser", torch.zeros(()))

    def forward(self, student_features, teacher_features, indices, noise):
        """The loss, a scalar. Shapes (batch, student_dim), (batch, teacher_dim), (batch,), (batch, N)."""
        self._check(student_features, teacher_features, indices)
        contract.check_noise(indices.shape, noise.shape, self.negatives)
        _check_numbers("CRDLoss", noise, len(self.student_bank.vectors))
        s, t = self._projections(student_features, teacher_features)
        every = torch.cat([indices[:, None], noise], dim=1)
        directions = (
            (s, self.teacher_bank.vectors, self.student_normaliser),
            (t, self.student_bank.vectors, self.teacher_normaliser),
        )
        losses = []
        for v, bank, kept in directions:
            loss, slope, normaliser = _noise_contrast(v.detach(), bank, every, kept, self.temperature)
            losses.append(loss + (slope * (v - v.detach())).sum())  # the sum is 0, and its gradient is the slope
            if self.training:
                kept.copy_(normaliser)
        return losses[0] + losses[1]

    @torch.no_grad()
    def update(self, student_features, teacher_features, indices):
        """Move both banks towards this batch's vectors. An image that is there twice: the last row wins."""
        self._check(student_features, teacher_features, indices)
        same = indices[:, None] == indices
        last = (same * torch.arange(1, len(indices) + 1, device=indices.device)).argmax(dim=1)
        s, t = self._projections(student_features, teacher_features)
        self.student_bank.update(indices, s[last])  # rows of one image are equal now, in whichever order they come
        self.teacher_bank.update(indices, t[last])

    def _projections(self, student_features, teacher_features):
        dtype = self.student_bank.vectors.dtype
        pairs = (self.student_projection, student_features), (self.teacher_projection, teacher_features.detach())
        return [F.normalize(layer(features).to(dtype), eps=1e-12) for layer, features in pairs]

    def _check(self, student, teacher, indices):
        dims = self.student_projection.in_features, self.teacher_projection.in_features
        contract.check_features(student.shape, teacher.shape, indices.shape, dims)
        _check_numbers("CRDLoss", indices, len(self.student_bank.vectors))


def draw_negatives(indices, size, negatives, rng, labels=None):
    """N numbers of other images for each image, on the device of `indices`; labels there may stay on it too.

    On a GPU nobody looks at the labels: with one class alone there, the result has no meaning.
    """
    contract.check_draw(indices.shape, size, negatives, None if labels is None else labels.shape)
    _check_numbers("draw_negatives", indices, size)
    numbers = torch.from_numpy(contract.random_numbers(rng, len(indices), negatives)).to(indices.device)
    if labels is None:
        others = numbers % (size - 1)
        return torch.where(others < indices[:, None], others, others + 1)
    contract.check_integers("draw_negatives", str(labels.dtype), labels=labels)
    ordered, order = labels.to(indices.device).sort(stable=True)
    own = labels.to(indices.device)[indices][:, None].contiguous()
    first = torch.searchsorted(ordered, own)
    count = torch.searchsorted(ordered, own, right=True) - first
    if on_cpu(count) and count.numel():
        contract.check_others(size - int(count.max()))
    others = numbers % (size - count)
    return order[torch.where(others < first, others, others + count)]


def correlation_gap(student_logits, teacher_logits):
    r"""1/K^2 sum_{jk} |corr(student)_{jk} - corr(teacher)_{jk}|, in float64 where the device has it.

    Returns: a scalar tensor.
    """
    contract.check_logits(student_logits.shape, teacher_logits.shape)
    if on_cpu(student_logits) and on_cpu(teacher_logits):
        for which, logits in (("student_logits", student_logits), ("teacher_logits", teacher_logits)):
            contract.check_spread(which, (logits == logits[0]).all(dim=0).nonzero()[:, 0].tolist())
    wide = widest_float(student_logits.device)
    apart = (logits.to(wide) - logits.to(wide).mean(dim=0) for logits in (student_logits, teacher_logits))
    student, teacher = (F.normalize(columns, dim=0, eps=0.0) for columns in apart)
    return (student.T @ student - teacher.T @ teacher).abs().mean()


@torch.no_grad()
def _noise_contrast(v, bank, every, normaliser, temperature):
    """One direction: the loss, its gradient with respect to v, and the normaliser that it used."""
    # In half precision logits of 1/tau lose what tells images apart.
    with without_autocast(v.device):
        scores = _scores(v, bank, every) / temperature
        normaliser = torch.where(normaliser > 0, normaliser, scores.exp().mean() * len(bank))
        logits = scores - normaliser.log() + math.log(len(bank) / (every.shape[1] - 1))
        # log h = -softplus(-logit), log(1 - h) = -softplus(logit)
        loss = F.softplus(-logits[:, 0]).sum() + F.softplus(logits[:, 1:]).sum()
        slope = torch.cat([-torch.sigmoid(-logits[:, :1]), torch.sigmoid(logits[:, 1:])], dim=1)
        slope = _weighted_rows(slope / (len(v) * temperature), bank, every)
    return loss / len(v), slope, normaliser


def _scores(v, bank, every):
    """f_j . v for the chosen rows j of each. Shapes (batch, dim), (size, dim), (batch, m) to (batch, m)."""
    if len(bank) <= DENSE * every.shape[1]:
        parts = zip(*_chunks(len(bank), v, every), strict=True)
        return torch.cat([(some @ bank.T).gather(1, chosen) for some, chosen in parts])
    parts = zip(*_chunks(bank.shape[1] * every.shape[1], v, every), strict=True)
    return torch.cat([torch.einsum("bmd,bd->bm", F.embedding(chosen, bank), some) for some, chosen in parts])


def _weighted_rows(weights, bank, every):
    """sum_j weights_j f_j over the chosen rows j of each. Shape (batch, dim)."""
    if len(bank) <= DENSE * every.shape[1]:
        parts = zip(*_chunks(len(bank), weights, every), strict=True)
        spread = lambda some, chosen: some.new_zeros(len(some), len(bank)).scatter_add(1, chosen, some)  # noqa: E731
        return torch.cat([spread(some, chosen) @ bank for some, chosen in parts])
    parts = zip(*_chunks(bank.shape[1] * every.shape[1], weights, every), strict=True)
    return torch.cat([torch.einsum("bmd,bm->bd", F.embedding(chosen, bank), some) for some, chosen in parts])


def _chunks(numbers_of_a_row, *tensors):
    rows = contract.rows_at_once(numbers_of_a_row * tensors[0].element_size())
    return [tensor.split(rows) for tensor in tensors]


def _check_numbers(operation, numbers, size):
    contract.check_integers(operation, str(numbers.dtype), indices=numbers)
    if numbers.numel() and on_cpu(numbers):
        contract.check_numbers(operation, *map(int, numbers.aminmax()), size)
