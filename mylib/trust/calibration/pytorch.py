"""Calibration in PyTorch: on the device of its arguments, without waiting for it inside a loop."""

import math

import torch
from torch import nn

from mylib.shared.devices import at_least_float32, on_cpu, widest_float, with_float64
from mylib.shared.docstrings import complete_from_twin
from mylib.trust.calibration import contract
from mylib.trust.calibration.contract import Bins

__all__ = [
    "TemperatureScaling",
    "bayes_action",
    "conditional_risk",
    "expected_calibration_error",
    "reliability_bins",
]


@torch.no_grad()
def reliability_bins(confidence, correct, bins=15, scheme="width"):
    r"""Count, accuracy and mean confidence of each bin, by one scatter; Bins of tensors."""
    contract.check_forecasts(confidence.shape, correct.shape)
    contract.check_bins("reliability_bins", bins, scheme, len(confidence))
    confidence = _wide(confidence)
    if on_cpu(confidence):
        contract.check_confidence(*(float(end) for end in confidence.aminmax()))
        contract.check_correct(bool(((correct == 0) | (correct == 1)).all()))
    correct = _wide(correct)
    if scheme == "mass":
        confidence, order = confidence.sort()
        edges, number = _cut_sorted(confidence, bins)
        correct = _mean_of_ties(confidence, correct[order])
    else:
        edges = torch.arange(bins + 1, dtype=confidence.dtype, device=confidence.device) / bins
        number = torch.bucketize(confidence, edges[1:-1])
    ones = torch.ones_like(confidence)
    # (bins, 3): no bincount, which would wait for the device to ask for the largest number
    sums = edges.new_zeros(bins, 3).index_add_(0, number, torch.stack([ones, correct, confidence], dim=1))
    count, *means = sums[:, 0], sums[:, 1] / sums[:, 0], sums[:, 2] / sums[:, 0]  # 0 / 0 is NaN
    return Bins(edges, count.long(), *means)


def _cut_sorted(confidence, bins):
    """Edges, and the number of each sample's bin, for confidences in ascending order."""
    n = len(confidence)
    size, larger = divmod(n, bins)
    place = torch.arange(n, device=confidence.device)
    beyond = place - larger * (size + 1)  # the first bins hold one more
    number = torch.where(beyond < 0, place // (size + 1), larger + beyond.div(size, rounding_mode="floor"))
    cut = torch.arange(1, bins, device=confidence.device)
    cut = cut * size + cut.clamp(max=larger)
    middle = (confidence[cut - 1] + confidence[cut]) / 2
    return torch.cat([middle.new_zeros(1), middle, middle.new_ones(1)]), number


def _mean_of_ties(confidence, correct):
    """The share of right answers among the samples of the same confidence, which stand in a row."""
    tie = torch.zeros_like(confidence, dtype=torch.long)
    tie[1:] = (confidence[1:] != confidence[:-1]).cumsum(0)
    total, right = torch.zeros_like(confidence), torch.zeros_like(confidence)
    total.index_add_(0, tie, torch.ones_like(confidence))
    right.index_add_(0, tie, correct)
    return (right / total)[tie]


@torch.no_grad()
def expected_calibration_error(probabilities, labels, bins=15, scheme="width", norm="l1"):
    r"""ECE or MCE, a scalar on the device of the probabilities, in float64 where that is to be had."""
    name = "expected_calibration_error"
    contract.check_classified(name, labels.dtype, probabilities=probabilities.shape, labels=labels.shape)
    contract.check_norm(name, norm)
    contract.check_bins(name, bins, scheme, len(probabilities))
    if on_cpu(probabilities):
        contract.check_labels(name, *(int(end) for end in labels.aminmax()), probabilities.shape[1])
        contract.check_probabilities(name, "probabilities", float(probabilities.min()), _off_one(probabilities))
    confidence, answer = probabilities.max(dim=1)
    found = reliability_bins(confidence.clamp(max=1), answer == labels, bins, scheme)
    gap = torch.where(found.count > 0, (found.accuracy - found.confidence).abs(), 0.0)
    return gap.max() if norm == "max" else (found.count * gap).sum() / len(labels)


def _off_one(p):
    """The largest distance of a row's sum from 1, read from the device."""
    return float((at_least_float32(p).sum(dim=-1) - 1).abs().max()) if p.numel() else 0.0


class TemperatureScaling(nn.Module):
    r"""softmax(z / T) with the T that makes held-out labels likeliest.

    `temperature` is a buffer, a float64 scalar on the device of the logits that it was fitted on: it moves with `to`
    and lies in `state_dict()`. The host waits once, at the end of `fit`, to be told what is refused.
    """

    def __init__(self):
        super().__init__()
        self.register_buffer("temperature", torch.ones((), dtype=torch.float64))

    @torch.no_grad()
    def fit(self, logits, labels):
        r"""Find T by Newton's steps in 1 / T on the device, as many as may be needed; on the CPU as many as are."""
        contract.check_classified("TemperatureScaling", labels.dtype, logits=logits.shape, labels=labels.shape)
        device = with_float64(logits.device)
        z, labels = logits.to(device, torch.float64), labels.to(device, torch.int64)
        z = z - z.amax(dim=1, keepdim=True)
        there = labels.clamp(0, z.shape[1] - 1)
        at_label = z.gather(1, there[:, None]).mean()
        beta, moved = _newton(z, at_label)
        facts = [labels.amin(), labels.amax(), z.isfinite().all(), z.mean() - at_label, -at_label, moved]
        low, high, finite, at_zero, at_infinity, moved = torch.stack([f.double() for f in facts]).tolist()
        contract.check_labels("TemperatureScaling", int(low), int(high), z.shape[1])
        contract.check_finite("TemperatureScaling", bool(finite), "logits")
        contract.check_optimum(at_zero, at_infinity)
        contract.check_converged(moved <= contract.PRECISION)
        self.temperature = (1 / beta).to(logits.device, widest_float(logits.device))
        return self

    def forward(self, logits):
        """Logits / T, in the type of the logits."""
        return logits / self.temperature


def _newton(z, at_label):
    """The root of the slope, and by which share of itself it moved last; 0 is the largest of each row."""
    beta = low = moved = z.new_zeros(())
    high = z.new_full((), math.inf)
    for _ in range(contract.NEWTON_STEPS):
        power = (beta * z).exp_()  # a softmax's terms: the largest of each row is 1
        total = power.sum(dim=1, keepdim=True)
        mean = (power * z).sum(dim=1, keepdim=True) / total
        slope = mean.mean() - at_label
        newton = beta - slope / ((power * (z - mean).square()).sum(dim=1, keepdim=True) / total).mean()
        low, high = torch.where(slope < 0, beta, low), torch.where(slope < 0, high, beta)
        farthest = torch.where(high.isinf() & (low > 0), contract.GROWTH * low, high)
        middle = torch.where(high.isinf(), farthest, (low + high) / 2)
        step = torch.where((newton >= low) & (newton <= high) & newton.isfinite(), newton, middle).minimum(farthest)
        moved, beta = (step - beta).abs() / step, step
        if on_cpu(z) and moved <= contract.PRECISION:
            break
    return beta, moved


@torch.no_grad()
def conditional_risk(posterior, loss):
    r"""One matrix product: expected cost of each action, in float64 where that is to be had."""
    return _risk("conditional_risk", posterior, loss)


@torch.no_grad()
def bayes_action(posterior, loss):
    r"""The action of least risk, the first of equal ones."""
    return _risk("bayes_action", posterior, loss).argmin(dim=-1)


def _risk(operation, posterior, loss):
    contract.check_risk(operation, posterior.shape, loss.shape)
    posterior, loss = _wide(posterior), _wide(loss).to(posterior.device)
    if on_cpu(posterior):
        lowest = float(posterior.min()) if posterior.numel() else 0.0
        contract.check_probabilities(operation, "posterior", lowest, _off_one(posterior))
        contract.check_finite(operation, bool(loss.isfinite().all()), "loss")
    return posterior @ loss.T


def _wide(values):
    """Values in the type with most digits that their device computes in."""
    return values.to(widest_float(values.device))


complete_from_twin(globals())
