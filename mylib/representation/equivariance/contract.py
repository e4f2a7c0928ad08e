"""What both sides of equivariance promise: what a shift is, which capsules fit, and what is refused.

Only shapes, plain numbers and names come in. Values are looked at by NumPy always, by PyTorch on the CPU only, where
that is free; what was found is refused here.
"""

import numbers

from mylib.shared import expect, expect_range

# shifts


def check_shift(images, rows, columns):
    """Images with rows and columns, and whole numbers of pixels."""
    if len(images) < 2:
        raise ValueError(f"translate: expected images (..., height, width), got {tuple(images)}; is an axis missing?")
    for name, shift in (("rows", rows), ("columns", columns)):
        if isinstance(shift, bool) or not isinstance(shift, numbers.Integral):
            raise TypeError(
                f"translate: expected a whole number of {name}, got {shift!r}; pixels are not divided here, round first"
            )


def check_error(followed, expected, size):
    """f(T x) and T' f(x) of one shape, and an f(x) that is not all 0."""
    if tuple(followed) != tuple(expected):
        raise ValueError(
            f"equivariance_error: expected f(T x) and T' f(x) of one shape, got {tuple(followed)} and "
            f"{tuple(expected)}; does transform_output act on the output of f?"
        )
    if not size > 0:  # NaN, too
        raise ValueError(
            f"equivariance_error: expected an f(x) that is not all 0, got a norm of {size}; the error is relative to it"
        )


# capsules


def check_vectors(operation, shape):
    """A last axis, whose numbers are one vector."""
    expect(operation, "the last axis is the vector", x=(shape, "... dim"))


def check_votes(votes, iterations):
    """A vote of each input for each output, and at least one round."""
    expect("dynamic_routing", "one vote of each input for each output", votes=(votes, "batch inputs+ outputs+ dim"))
    check_iterations("dynamic_routing", iterations)


def check_iterations(operation, iterations):
    """Rounds are counted from 1: the first one is a plain mean."""
    if isinstance(iterations, bool) or not isinstance(iterations, numbers.Integral):
        raise TypeError(f"{operation}: expected a whole number of iterations, got {iterations!r}; the paper takes 3")
    expect_range(operation, 1, None, "1 is routing without agreement", iterations=iterations)


def check_primary(channels_in, types, dim, kernel, stride):
    """Sizes that there are."""
    expect_range(
        "PrimaryCapsules", 1, None, channels_in=channels_in, types=types, dim=dim, kernel=kernel, stride=stride
    )


def check_digit(inputs, classes, dim_in, dim, iterations):
    """Sizes that there are, and at least one round."""
    expect_range("DigitCapsules", 1, None, inputs=inputs, classes=classes, dim_in=dim_in, dim=dim)
    check_iterations("DigitCapsules", iterations)


def check_capsules(operation, capsules, inputs, dim):
    """Capsules of the layer's number and size."""
    expect(operation, "see inputs= and dim_in=", u=(capsules, f"batch {inputs} {dim}"))


def primary_side(image_size, kernel):
    """Positions along a side after a kernel with stride 1 and one with stride 2, if there are any."""
    expect_range("CapsNet", 1, None, kernel=kernel)
    if image_size < 2 * kernel - 1:
        raise ValueError(
            f"CapsNet: expected images of at least {2 * kernel - 1} x {2 * kernel - 1} pixels for two kernels of "
            f"{kernel}, got {image_size}; use larger images or a smaller kernel"
        )
    return (image_size - 2 * kernel + 1) // 2 + 1


def check_network(channels, classes, width, hidden):
    """Sizes that there are, and two hidden layers of the decoder."""
    expect_range("CapsNet", 1, None, channels=channels, classes=classes, width=width)
    if len(hidden) != 2 or min(hidden) < 1:
        raise ValueError(f"CapsNet: expected two hidden layers of at least one unit, got {hidden}; try (512, 1024)")


def check_images(images, channels, size):
    """Images of the network's size: the number of capsules depends on it."""
    expect("CapsNet", "see channels= and image_size=", images=(images, f"batch {channels} {size} {size}"))


def check_reconstruction(capsules, classes, dim, labels):
    """One capsule of each class, and a label for each image."""
    expect("reconstruct", capsules=(capsules, f"batch {classes} {dim}"), labels=(labels, "batch"))


# losses


def check_margin(lengths, labels, m_plus, m_minus, weight):
    """Lengths of each class; a label for each image, or a mark for each class; margins in their order."""
    pattern = "batch+ classes+" if len(labels) == 2 else "batch+"
    remedy = "labels are (batch,) class numbers, or (batch, classes) of 0 and 1"
    expect("margin_loss", remedy, lengths=(lengths, "batch+ classes+"), labels=(labels, pattern))
    expect_range("margin_loss", 0, 1, "a length lies between", m_plus=m_plus, m_minus=m_minus)
    if m_minus > m_plus:
        raise ValueError(f"margin_loss: expected m_minus up to m_plus {m_plus}, got {m_minus}; exchange them?")
    expect_range("margin_loss", 0, None, weight=weight)


def check_classes(operation, dtype, bad, classes):
    """`bad`: labels that are no class."""
    if bad or "int" not in dtype:
        raise ValueError(
            f"{operation}: expected integer labels from 0 to {classes - 1}, got {bad[:5] or dtype}; each class has one "
            "capsule"
        )


def check_marks(bad):
    """`bad`: entries of labels (batch, classes) that say neither yes nor no."""
    if bad:
        raise ValueError(
            f"margin_loss: expected labels (batch, classes) of 0 and 1, got {bad[:5]}; class numbers go into (batch,)"
        )


def check_pictures(reconstruction, images, weight):
    """Two batches of the same images, with something in them."""
    expect("reconstruction_loss", reconstruction=(reconstruction, "..."), images=(images, "..."))
    if not images or images[0] < 1:
        raise ValueError(
            f"reconstruction_loss: expected at least one image (batch, ...), got {tuple(images)}; a mean needs one"
        )
    expect_range("reconstruction_loss", 0, None, weight=weight)


# poses


def check_poses(part_poses, relations):
    """A pose of each part in each image, and where that part sits in the whole."""
    expect(
        "pose_votes",
        "poses are 3 x 3, homogeneous",
        part_poses=(part_poses, "batch parts+ 3 3"),
        relations=(relations, "parts+ 3 3"),
    )


def check_solvable(bad):
    """`bad`: parts whose relation to the whole cannot be undone."""
    if bad:
        raise ValueError(
            f"pose_votes: expected relations that have an inverse, got none for parts {bad[:5]}; is a scale 0?"
        )


def check_disagreement(votes):
    """At least one vote for each whole."""
    expect("vote_disagreement", votes=(votes, "batch parts+ 3 3"))
