"""Features of a class as a round Gaussian, in PyTorch: all classes at once, without asking how many are there."""

import math

import torch
from torch import nn

from mylib.shared.devices import at_least_float32, on_cpu
from mylib.training.losses import contract
from mylib.training.losses.pytorch_weights import class_numbers


def gaussian_kl(mean, covariance, target_mean, target_variance):
    r"""KL(N(m, S) || N(mu, sigma^2 I)) by the Cholesky factor of S: log det S is twice the sum of its logarithms.

    Returns: tensor, nats. Shape (...).
    """
    mean, covariance = at_least_float32(mean), at_least_float32(covariance)
    target_mean = torch.as_tensor(target_mean, device=mean.device)
    contract.check_gaussian(mean.shape, covariance.shape, target_mean.shape, target_variance)
    factor, failed = torch.linalg.cholesky_ex(covariance)
    if on_cpu(failed):
        contract.check_definite(bool(failed.any()))
    diagonal = factor.diagonal(dim1=-2, dim2=-1)
    spread = covariance.diagonal(dim1=-2, dim2=-1) + (mean - target_mean).square()
    each = spread / target_variance - 1 - 2 * diagonal.log() + math.log(target_variance)
    return each.sum(dim=-1) / 2


def kurtosis(features):
    r"""The mean of the fourth power of standardised features, for each dimension.

    Returns: tensor. Shape (D,).
    """
    contract.check_kurtosis(features.shape)
    variance, mean = torch.var_mean(at_least_float32(features), dim=0, correction=0)
    if on_cpu(variance):
        contract.check_spread("kurtosis", [f"dimension {d}" for d in torch.nonzero(variance == 0).flatten().tolist()])
    return ((features - mean) / variance.sqrt()).pow(4).mean(dim=0)


class GCCSLoss(nn.Module):
    r"""Class k shall be a Gaussian N(mu e_k, sigma^2 I); an absent class takes part with the target's own spread.

    On a GPU nobody counts the examples of a class: too few of them give an infinite loss there.
    """

    def __init__(self, classes, distance=10.0, variance=1.0, kurtosis_weight=0.1, covariance="full"):
        super().__init__()
        contract.check_gccs(classes, distance, variance, kurtosis_weight, covariance)
        self.variance, self.kurtosis_weight, self.covariance = variance, kurtosis_weight, covariance
        self.register_buffer("targets", distance * torch.eye(classes))

    def forward(self, features, labels):
        """The loss, a scalar. Shapes (batch, classes) and (batch,)."""
        classes = len(self.targets)
        contract.check_batch(features.shape, labels.shape, classes)
        labels = class_numbers("GCCSLoss", labels, classes)
        x = at_least_float32(features)
        counts = x.new_zeros(classes).index_add(0, labels, x.new_ones(len(x)))
        self._check_counts(counts)
        share = (1 / counts.clamp(min=1))[labels][:, None]  # of each example in its class

        def means(values):
            return values.new_zeros(classes, values.shape[1]).index_add(0, labels, share * values)

        mean = means(x)
        d = x - mean[labels]
        there = (counts > 0)[:, None]
        second = torch.where(there, means(d.square()), 1)
        if on_cpu(second):
            contract.check_spread("GCCSLoss", [f"class {k}" for k in torch.nonzero(second == 0)[:, 0].tolist()])
        off = mean - self.targets.to(x.dtype)
        spread = (second + off.square()) / self.variance - 1 + math.log(self.variance)
        tails = self.kurtosis_weight * (means(d.pow(4)) / second.square() - 3).square()
        each = (spread + tails).sum(dim=1) - self._log_det(d, means, there, second)
        return torch.where(there[:, 0], each, 0).sum()

    def _log_det(self, d, means, there, second):
        """log det S of every class, some number for one that is absent. Shape (classes,)."""
        if self.covariance == "diagonal":
            return second.log().sum(dim=1)
        classes = len(second)
        s = means((d[:, :, None] * d[:, None, :]).flatten(1)).unflatten(1, (classes, classes))
        sign, log_det = torch.linalg.slogdet(torch.where(there[:, :, None], s, torch.eye(classes).to(s)))
        if on_cpu(sign):
            contract.check_spread("GCCSLoss", [f"class {k}" for k in torch.nonzero(sign <= 0).flatten().tolist()])
        return log_det

    def _check_counts(self, counts):
        """Refuse classes with too few examples, on the CPU."""
        if on_cpu(counts):
            least = len(self.targets) + 1 if self.covariance == "full" else 2
            few = {k: int(n) for k, n in enumerate(counts.tolist()) if 0 < n < least}
            contract.check_counts(few, least, self.covariance)
