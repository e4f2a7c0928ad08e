"""What both sides of hypersphere promise: when a vector has a direction, and what prototypes and losses refuse.

Only shapes, plain numbers and names come in. Values are looked at by NumPy always, by PyTorch on the CPU only, where
that is free; what was found is refused here.
"""

from mylib.shared import expect, expect_range

SHORTEST = 1e-8  # a shorter vector has no direction: cosine 0 to everything, and no gradient


def check_prototypes(classes, dims, steps):
    """Points that there is room for."""
    expect_range("separated_prototypes", 2, None, classes=classes)
    expect_range("separated_prototypes", 1, None, dims=dims, steps=steps)
    if dims == 1 and classes > 2:
        raise ValueError(
            f"separated_prototypes: {classes} classes cannot be told apart in 1 dimension, whose sphere is two points; "
            "use 2 dimensions or more"
        )


def check_classification(operation, z, prototypes, labels=None):
    """Outputs and prototypes of one space, and a label for each output."""
    expect(operation, z=(z, "batch dims"), prototypes=(prototypes, "classes dims"), labels=(labels, "batch"))


def check_regression(z, prototype, targets):
    """Outputs in the space of one prototype, and a target for each."""
    expect("prototype_regression_loss", z=(z, "batch dims"), prototype=(prototype, "dims"), targets=(targets, "batch"))


def check_directions(operation, bad):
    """`bad`: prototypes that are not finite, or 0."""
    if bad:
        raise ValueError(
            f"{operation}: expected finite prototypes of a length above 0, got {bad[0]}; a direction is needed"
        )


def check_labels(dtype, bad, classes):
    """`bad`: labels that are no class."""
    if bad or "int" not in dtype:
        raise ValueError(
            f"prototype_loss: expected integer labels from 0 to {classes - 1}, got {bad[:5] or dtype}; each class "
            "needs a prototype"
        )


def check_triplets(prototypes, triplets, dtype):
    """Shapes of both, and whether triplets are integers."""
    expect("semantic_ranking_loss", prototypes=(prototypes, "classes dims"))
    if len(triplets) != 2 or triplets[1] not in (3, 4) or not triplets[0] or "int" not in dtype:
        raise ValueError(
            "semantic_ranking_loss: expected integer triplets of shape (n, 3) or (n, 4), n at least 1, got "
            f"{tuple(triplets)} of {dtype}"
        )


def check_names(bad, classes):
    """`bad`: numbers in triplets that are no class."""
    if bad:
        raise ValueError(f"semantic_ranking_loss: expected classes from 0 to {classes - 1}, got {bad[:5]}")


def check_bounds(lower, upper):
    """Bounds in their order."""
    if not lower < upper:
        raise ValueError(f"regression_target: expected lower < upper, got {lower} and {upper}; exchange them?")


def check_between(least, most, lower, upper):
    """`least`, `most`: of the numbers."""
    if not (lower <= least and most <= upper):
        raise ValueError(
            f"regression_target: expected y from {lower} to {upper}, got {least} to {most}; widen the bounds"
        )


def check_space(dims, joint):
    """Room for a direction, and in a joint space for a number beside it."""
    expect_range("HypersphericalNet", 2 + joint, None, "use more", dims=dims)


def check_targets(joint, given):
    """`given`: whether there are targets."""
    if given != joint:
        raise ValueError(
            f"HypersphericalNet: expected targets {'for' if joint else 'only in'} a joint space, got "
            f"{'some' if given else 'none'}; see joint="
        )
