"""What both sides of losses promise: allowed options, the centres that both begin with, and what is refused.

Only shapes, plain numbers and names come in. Values are looked at by NumPy always, by PyTorch on the CPU only, where
that is free; what was found is refused here.
"""

import math

import numpy as np

from mylib.shared import expect, expect_choice, expect_range

SHORTEST = 1e-8  # a shorter centre has no direction: cosine 0 to all others, and no push
CROPS = ((0.75, "top", "left"), (0.75, "top", "right"), (0.75, "bottom", "centre"), (0.9, "centre", "centre"))
CROPS += ((0.85, "centre", "centre"),)  # share of each side, and where the crop lies


def first_centers(classes, dim, seed):
    """The standard normal numbers that both sides begin with, float32. Shape (classes, dim)."""
    return np.random.default_rng(seed).standard_normal((classes, dim)).astype(np.float32)


def crop_ranges(height, width):
    """Where each region of `region_crops` begins and ends, (top, bottom, left, right); the whole comes first."""
    ranges = [(0, height, 0, width)]
    for share, row, column in CROPS:
        high, wide = (max(1, round(share * side)) for side in (height, width))
        top = {"top": 0, "centre": (height - high) // 2, "bottom": height - high}[row]
        left = {"left": 0, "centre": (width - wide) // 2, "right": width - wide}[column]
        ranges.append((top, top + high, left, left + wide))
    return ranges


# labels and reductions


def check_label_type(operation, dtype, count):
    """Class numbers are integers; of none at all nobody can tell."""
    if "int" not in dtype and count:
        raise TypeError(f"{operation}: expected integer labels, got {dtype}; convert class numbers to int64")


def check_labels(operation, bad, classes):
    """`bad`: labels that are no class. A negative one would index from the end."""
    if bad:
        raise ValueError(
            f"{operation}: expected labels from 0 to {classes - 1}, got {bad[:5]}; leave out what has no class"
        )


def check_reduction(operation, reduction, batch, choices=("mean", "sum")):
    """A known reduction, and for a mean something to average."""
    expect_choice(operation, choices, reduction=reduction)
    if reduction == "mean" and not batch:
        raise ValueError(
            f"{operation}: expected at least one example for reduction='mean', got an empty batch; use reduction='sum'"
        )


# weights of classes and of examples


def check_counting(shape, classes):
    """A row of labels, and at least one class."""
    expect("class_weights", labels=(shape, "n"))
    expect_range("class_weights", 1, None, classes=classes)


def check_present(absent):
    """`absent`: classes without an example; n / (K n_k) has no value there."""
    if absent:
        raise ValueError(
            f"class_weights: expected an example of every class, got none of {absent[:5]}; leave these classes out, or "
            "count another set"
        )


def check_weighting(operation, logits, labels, alpha, gamma=0.0):
    """Scores of two classes or more, a label for each row, a weight for each class, and a power of at least 0."""
    shapes = {"logits": (logits, "batch classes"), "labels": (labels, "batch"), "alpha": (alpha, "classes")}
    expect(operation, "alpha has one weight for each class" if alpha is not None else "", **shapes)
    expect_range(operation, 2, None, "a class needs a rival", classes=logits[1])
    expect_range(operation, 0, None, "0 is balanced cross-entropy", gamma=gamma)
    if gamma == float("inf"):
        raise ValueError(f"{operation}: expected a finite gamma, got inf; 2 is the paper's choice")


def check_alpha(operation, bad):
    """`bad`: weights that are negative or not finite."""
    if bad:
        raise ValueError(f"{operation}: expected finite weights alpha of at least 0, got {bad[:5]}; see class_weights")


# centres


def check_centers(operation, classes, dim, alpha, reduction, least=1):
    """Room for centres, a step that does not overshoot, and a known reduction."""
    expect_range(operation, least, None, classes=classes)
    expect_range(operation, 1, None, dim=dim)
    expect_range(operation, 0, 1, "1 moves one example's centre half way to it", alpha=alpha)
    check_reduction(operation, reduction, batch=1)


def check_pair_weight(pair_weight):
    """Pushing centres together is no island loss."""
    expect_range("IslandLoss", 0, None, "0 is the center loss", pair_weight=pair_weight)


def check_features(operation, features, labels, centers, attention=None):
    """Features of the centres' dimension, a label for each, and a weight for each number."""
    attention = {} if attention is None else {"attention": (attention, "batch dim")}
    expect(
        operation, features=(features, "batch dim"), **attention, labels=(labels, "batch"), centers=(centers, "_ dim")
    )


def check_attention(in_features, dim, hidden):
    """Layers of at least one unit each, and at least one of them."""
    expect_range("DimensionAttention", 1, None, in_features=in_features, dim=dim)
    if not hidden or min(hidden) < 1:
        raise ValueError(f"DimensionAttention: expected hidden layers of at least one unit, got {hidden}; try (64, 16)")


def check_map(shape, in_features):
    """A batch whose rows have as many numbers as the first layer takes."""
    count = math.prod(shape[1:]) if len(shape) > 1 else 0
    if count != in_features:
        raise ValueError(
            f"DimensionAttention: expected (batch, ...) with {in_features} numbers in each row, got {tuple(shape)}; "
            "see in_features="
        )


# Gaussians


def check_gaussian(mean, covariance, target_mean, target_variance):
    """A mean and a square covariance, and a round target."""
    target = "dim" if len(target_mean) == 1 else "... dim"  # one for all, or one for each
    shapes = {
        "mean": (mean, "... dim"),
        "covariance": (covariance, "... dim dim"),
        "target_mean": (target_mean, target),
    }
    expect("gaussian_kl", **shapes)
    expect_range("gaussian_kl", 0, None, open=True, target_variance=target_variance)


def check_definite(bad):
    """`bad`: whether some covariance has no inverse, or no square root."""
    if bad:
        raise ValueError(
            "gaussian_kl: expected positive definite covariances, got one that is not; it needs more examples than "
            "dimensions"
        )


def check_kurtosis(shape):
    """Two examples at least: one has no spread."""
    expect("kurtosis", features=(shape, "n dim"))
    expect_range("kurtosis", 2, None, "one example has no spread", n=shape[0])


def check_spread(operation, bad):
    """`bad`: dimensions, or classes, without spread."""
    if bad:
        raise ValueError(
            f"{operation}: expected features that vary, got no spread in {bad[:5]}; is a unit dead, or an example "
            "there twice?"
        )


def check_gccs(classes, distance, variance, kurtosis_weight, covariance):
    """Targets apart from each other, with a spread."""
    expect_range("GCCSLoss", 2, None, classes=classes)
    expect_range("GCCSLoss", 0, None, open=True, distance=distance, variance=variance)
    expect_range("GCCSLoss", 0, None, kurtosis_weight=kurtosis_weight)
    expect_choice("GCCSLoss", ("full", "diagonal"), covariance=covariance)


def check_batch(features, labels, classes):
    """One number for each class, and a label for each example."""
    expect("GCCSLoss", "dims are classes", features=(features, f"batch {classes}"), labels=(labels, "batch"))


def check_counts(counts, least, covariance):
    """`counts`: {class: examples} of those classes that have too few for their covariance."""
    if counts:
        raise ValueError(
            f"GCCSLoss: expected at least {least} examples of each class in a batch for covariance={covariance!r}, got "
            f"{dict(list(counts.items())[:5])} (class: examples); draw batches that are balanced by class"
            + (", or use covariance='diagonal'" if covariance == "full" else "")
        )


# regions


def check_images(shape):
    """A batch of images with pixels in them."""
    expect("region_crops", images=(shape, "batch channels height+ width+"))


def check_regions(shape, dim):
    """At least the whole image, with features of the layer's dimension."""
    expect("RegionAttention", "region 0 is the whole image", features=(shape, f"batch regions+ {dim}"))


def check_region_dim(dim):
    """Features need a dimension."""
    expect_range("RegionAttention", 1, None, dim=dim)


def check_bias(crop_weights, full_weight, margin):
    """Weights of one crop or more, and of the whole, for each image of a batch."""
    shapes = {"crop_weights": (crop_weights, "batch+ crops+"), "full_weight": (full_weight, "batch")}
    expect("region_biased_loss", "column 0 of the weights is the whole", **shapes)
    expect_range("region_biased_loss", 0, None, margin=margin)
