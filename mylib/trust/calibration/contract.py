"""What both sides of calibration promise and refuse.

Only shapes, plain numbers and names come in. Values are looked at by NumPy always, by PyTorch on the CPU only, where
that is free; what was found is refused here. `TemperatureScaling.fit` says on every device that there is no optimum.
"""

from typing import NamedTuple

from mylib.shared import expect, expect_choice, expect_range

SCHEMES = ("width", "mass")  # bins of equal width, or of equally many samples
NORMS = ("l1", "max")  # mean gap (ECE), or the largest (MCE)
ROUNDING = 1e-4  # how far a row of probabilities may be from a sum of 1
NEWTON_STEPS = 60  # at most; ten are usual
GROWTH = 8  # by which factor 1 / T grows at most in a step, as long as no bound from above is known
PRECISION = 1e-9  # of the last step, relative; Newton's next error is about its square


class Bins(NamedTuple):
    """What a reliability diagram shows: arrays, or tensors in PyTorch.

    Args:    edges: of the bins, from 0 to 1; bin m holds the confidences in (edges[m], edges[m + 1]], the first bin
                 also 0. Shape (bins + 1,).
             count: how many samples each bin holds, whole numbers. Shape (bins,).
             accuracy: share of right ones among them, NaN in an empty bin. Shape (bins,).
             confidence: mean confidence of them, NaN in an empty bin. Shape (bins,).
    """

    edges: object
    count: object
    accuracy: object
    confidence: object


def check_bins(operation, bins, scheme, samples):
    """A whole number of bins, a known scheme, and a sample for each bin of equal mass."""
    expect_choice(operation, SCHEMES, scheme=scheme)
    if isinstance(bins, bool) or not hasattr(bins, "__index__"):
        raise TypeError(f"{operation}: expected bins as a whole number, got {bins!r}; 15 is usual")
    expect_range(operation, 1, None, "15 is usual", bins=bins)
    if scheme == "mass":
        expect_range(operation, 1, samples, f"there are {samples} samples to share out", bins=bins)


def check_norm(operation, norm):
    """A known norm."""
    expect_choice(operation, NORMS, norm=norm)


def check_forecasts(confidence, correct):
    """A confidence for each verdict."""
    remedy = "one number and one verdict for each sample"
    expect("reliability_bins", remedy, confidence=(confidence, "n+"), correct=(correct, "n"))


def check_confidence(low, high):
    """`low` and `high`: the smallest and the largest confidence; a NaN is both."""
    if not 0 <= low <= high <= 1:
        raise ValueError(
            f"reliability_bins: expected confidence from 0 to 1, got {low} to {high}; apply softmax to logits, divide "
            "per cent by 100"
        )


def check_correct(good):
    """`good`: whether each verdict is 0 or 1."""
    if not good:
        raise ValueError(
            "reliability_bins: expected correct of 0 (wrong) and 1 (right), got others; compare arg max and label"
        )


def check_classified(operation, labels_dtype, **given):
    """A row of numbers for each sample, one for each class, and a label; `given`: name=shape, then labels=shape."""
    (name, rows), (_, labels) = given.items()
    expect(operation, "one label for each row", **{name: (rows, "n+ classes+"), "labels": (labels, "n")})
    if "int" not in str(labels_dtype):
        raise TypeError(f"{operation}: expected labels as whole numbers, got {labels_dtype}; convert to int64")


def check_labels(operation, low, high, classes):
    """`low` and `high`: the smallest and the largest label."""
    if low < 0 or high >= classes:
        raise ValueError(
            f"{operation}: expected labels from 0 to {classes - 1}, got {low} to {high}; there are {classes} columns"
        )


def check_probabilities(operation, name, lowest, error):
    """`lowest` of the probabilities, `error`: the largest distance of a row's sum from 1; a NaN is refused."""
    if not lowest >= 0:
        raise ValueError(f"{operation}: expected {name} of at least 0, got {lowest}; apply softmax to logits")
    if not error <= ROUNDING:
        raise ValueError(
            f"{operation}: expected {name} that sum to 1 within {ROUNDING}, got a row that is {error:.3g} off; apply "
            "softmax to logits, divide counts by their sum"
        )


def check_finite(operation, finite, name):
    """`finite`: whether all numbers are."""
    if not finite:
        raise ValueError(f"{operation}: expected finite {name}, got inf or nan; use a large number instead")


def check_optimum(slope_at_zero, slope_at_infinity):
    """Slopes of the mean loss in 1 / T at its ends: below 0 and above 0, or no T is best."""
    if not slope_at_infinity > 0:
        raise ValueError(
            "TemperatureScaling: expected a wrong answer among the held-out samples, got none: the loss falls until "
            "T = 0; hold out more samples, or harder ones"
        )
    if not slope_at_zero < 0:
        raise ValueError(
            "TemperatureScaling: expected logits that are higher at the label than on average, got a loss that is "
            "least for 1 / T <= 0: worse than guessing; look for labels in another order"
        )


def check_converged(converged):
    """`converged`: whether 1 / T stands still."""
    if not converged:
        raise ValueError(
            f"TemperatureScaling: expected 1 / T to stand still after {NEWTON_STEPS} steps, got one that moves; "
            "compute logits in float64"
        )


def check_risk(operation, posterior, loss):
    """As many classes in the posterior as columns of losses."""
    remedy = "loss[i, j] is what action i costs if j is true"
    expect(operation, remedy, posterior=(posterior, "... classes+"), loss=(loss, "actions+ classes"))
