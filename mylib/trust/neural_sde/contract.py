"""What both sides of neural_sde promise: names of solvers, what uncertainty holds, and what is refused.

Only shapes and plain numbers come in. Whether values of tensors are looked at is each side's affair: NumPy always does,
PyTorch where that is free, on the CPU; what was found is refused here.
"""

import math
from itertools import pairwise
from typing import NamedTuple

from mylib.shared import expect, expect_choice, expect_range

METHODS = ("euler", "midpoint", "rk4")
SUM_WITHIN = 1e-4  # probabilities of an image may add up to 1 within this


class Uncertainty(NamedTuple):
    """Uncertainty of each prediction, total = aleatoric + epistemic: arrays, or tensors in PyTorch.

    Args:    total: of the mean over passes. nats for classes, else the target's unit squared. Shape (n,).
             aleatoric: mean over passes of each pass's own: noise in the data. Shape (n,).
             epistemic: how much passes differ: what the model does not know. Shape (n,).
    """

    total: object
    aleatoric: object
    epistemic: object


def check_floating(operation, dtype, name):
    """A state is made of numbers with a fraction."""
    if "float" not in str(dtype):
        raise TypeError(f"{operation}: expected {name} of floating point, got {dtype}; convert it first")


def check_steps(operation, steps):
    """A whole number of steps in each interval."""
    expect_range(operation, 1, None, "steps are taken in each interval between two times", steps=steps)
    if steps != int(steps):
        raise ValueError(f"{operation}: expected steps as a whole number, got {steps}; round it")


def check_times(operation, shape):
    """At least one time, in a row."""
    expect(operation, "give the times in a row, [0.0, 1.0]", t=(shape, "times+"))


def check_solver(operation, method, steps, shape):
    """A known method, a whole number of steps, times in a row."""
    expect_choice(operation, METHODS, method=method)
    check_steps(operation, steps)
    check_times(operation, shape)


def check_monotone(operation, times, either_way=True):
    """`times`: numbers that always rise or, where that is allowed, always fall."""
    rising = all(one < two for one, two in pairwise(times))
    falling = either_way and all(one > two for one, two in pairwise(times))
    if not all(map(math.isfinite, times)) or not (rising or falling):
        way = "rising or falling throughout" if either_way else "rising throughout"
        remedy = "sort them, and drop repeats" if either_way else "an SDE is solved forwards only"
        raise ValueError(f"{operation}: expected t {way}, got {times}; {remedy}")


def check_slope(operation, name, shape, state):
    """What a function of (t, y) returned must not change the shape of y."""
    fits = len(shape) <= len(state) and all(one in (1, two) for one, two in zip(shape[::-1], state[::-1], strict=False))
    if not fits:
        remedy = "keep an axis of size 1: g[:, None]" if name == "diffusion" else "return one slope for each entry of y"
        raise ValueError(
            f"{operation}: expected {name}(t, y) of a shape that broadcasts to y {tuple(state)}, got {tuple(shape)}; "
            f"{remedy}"
        )


def check_module(operation, func, kind):
    """The adjoint needs to know which parameters there are."""
    if not isinstance(func, kind):
        raise TypeError(
            f"{operation}: expected func as a Module, whose parameters get gradients, got {type(func).__name__}; "
            "odeint takes any function"
        )


def check_noise(operation, noise, count, state):
    """A standard normal number for every entry of the state, at every step."""
    remedy = f"one draw of y0's shape for each of {count} steps; leave it out to have it drawn"
    expect(operation, remedy, noise=(noise, " ".join(map(str, (count, *state)))))


def check_net(dim, hidden, depth, horizon, sigma):
    """Sizes of SDE-Net."""
    expect_range("SDENet", 1, None, dim=dim, hidden=hidden, depth=depth)
    expect_range("SDENet", 0, None, "it is the time at which the equation ends", open=True, horizon=horizon)
    expect_range("SDENet", 0, None, "0 leaves an ordinary differential equation", sigma=sigma)


def check_encoded(shape, dim):
    """What the encoder made of the images."""
    expect("SDENet", "end the encoder with Flatten and Linear", encoded=(shape, f"batch {dim}"))


def check_diffusion_loss(logits_in, logits_out):
    """Some inside, some outside; not necessarily as many."""
    expect("diffusion_loss", logits_in=(logits_in, "n+"), logits_out=(logits_out, "m+"))


def check_gaussian(mean, std, target):
    """One deviation for each mean."""
    expect(
        "gaussian_nll",
        "shapes that broadcast are not taken",
        mean=(mean, "..."),
        std=(std, "..."),
        target=(target, "..."),
    )
    if 0 in mean:
        raise ValueError(
            f"gaussian_nll: expected at least one target, got shape {tuple(mean)}; a mean of nothing is NaN"
        )


def check_deviations(operation, bad, zero_allowed):
    """`bad`: deviations that are below 0, or 0 where a density would be infinite."""
    if bad:
        low = "at least 0" if zero_allowed else "above 0"
        raise ValueError(f"{operation}: expected deviations {low}, got {bad[:3]}; softplus(s) + 1e-3 is always above 0")


def check_probabilities(shape):
    """Passes, images, classes."""
    remedy = "one pass: probabilities[None]"
    expect("classification_uncertainty", remedy, probabilities=(shape, "passes+ n classes+"))


def check_rows(lowest, farthest):
    """`lowest`: smallest entry; `farthest`: largest distance of a row's sum from 1. NaN fits neither."""
    if not (lowest >= 0 and farthest <= SUM_WITHIN):
        raise ValueError(
            f"classification_uncertainty: expected probabilities of at least 0 that add up to 1 within {SUM_WITHIN:g}, "
            f"got a smallest entry of {lowest:.4g} and a sum {farthest:.4g} away from 1; take the softmax first"
        )


def check_passes(means, stds):
    """As many deviations as means."""
    expect("regression_uncertainty", "one pass: means[None]", means=(means, "passes+ n"), stds=(stds, "passes n"))


def check_scores(scores_in, scores_out):
    """At least one on either side."""
    expect("auroc", scores_in=(scores_in, "n+"), scores_out=(scores_out, "m+"))


def check_no_nan(operation, found):
    """A score that is no number has no rank."""
    if found:
        raise ValueError(f"{operation}: expected scores that can be ordered, got NaN; drop those rows first")
