"""What both sides of contrastive_distillation promise: how negatives are drawn, how much is in memory, and refusals.

Only shapes and plain numbers come in. Values are looked at by NumPy always, by PyTorch on the CPU only, where that is
free; what was found is refused here.
"""

import math

from mylib.shared import expect, expect_range

CHUNK_BYTES = 32 * 2**20  # of the largest intermediate array; the batch is cut into chunks of rows for it
LARGEST_EXPONENT = 88.0  # e^88 is still a float32


def rows_at_once(bytes_of_a_row):
    """How many rows of a batch fit into a chunk, at least 1."""
    return max(1, CHUNK_BYTES // max(1, bytes_of_a_row))


def random_numbers(rng, batch, negatives):
    """Evenly drawn large integers: their remainder by any size is an even draw, on any device. (batch, negatives)."""
    return rng.integers(2**62, size=(batch, negatives))


# bounds


def check_negatives(operation, negatives):
    """N."""
    expect_range(operation, 1, None, "without negatives there is nothing to tell apart", negatives=negatives)


def check_temperature(operation, temperature):
    """tau."""
    expect_range(operation, 0, None, "0 would leave the nearest alone, try 0.07", open=True, temperature=temperature)


def check_critic(t, s, temperature, negatives, size):
    """Pairs of vectors."""
    expect("critic", "bring both to one dimension first", t=(t, "batch dim+"), s=(s, "batch dim"))
    check_temperature("critic", temperature)
    check_negatives("critic", negatives)
    expect_range("critic", 1, None, "it is the number of training images", size=size)


def check_objective(joint, independent):
    """Critic's answers for pairs, and for N negatives of each."""
    expect("critic_objective", h_joint=(joint, "batch+"), h_independent=(independent, "batch negatives+"))


def check_answers(bad):
    """`bad`: answers whose logarithm is infinite or not a number."""
    if bad:
        raise ValueError(
            f"critic_objective: expected h_joint above 0 and h_independent below 1, both from 0 to 1, got {bad[:3]}; "
            "where h rounds to its limit, work with logits and log-sigmoid, as CRDLoss does"
        )


def check_ratio(bad):
    """`bad`: ratios of densities that are negative or not finite."""
    if bad:
        raise ValueError(
            f"optimal_critic: expected finite ratios of at least 0, got {bad[:3]}; it is p(T,S) over p(T)p(S)"
        )


def check_correlation(bad):
    """`bad`: correlations that are none, or whose information is infinite."""
    if bad:
        raise ValueError(
            f"gaussian_mutual_information: expected correlations between -1 and 1, got {bad[:3]}; at 1 one variable "
            "is the other, and the information infinite"
        )


# distillation


def check_sizes(student_dim, teacher_dim, size, dim):
    """Room for features, and for a bank of at least two images."""
    expect_range("CRDLoss", 1, None, student_dim=student_dim, teacher_dim=teacher_dim, dim=dim)
    expect_range("CRDLoss", 2, None, "a single image has no negative", size=size)


def check_options(size, negatives, temperature, momentum):
    """Negatives, a temperature whose exponentials are numbers, and a share."""
    check_negatives("CRDLoss", negatives)
    check_temperature("CRDLoss", temperature)
    expect_range("CRDLoss", 0, 1, momentum=momentum)
    if 1 / temperature + math.log(size) > LARGEST_EXPONENT:
        least = 1 / (LARGEST_EXPONENT - math.log(size))
        raise ValueError(
            f"CRDLoss: expected temperature of at least {least:.4f}, got {temperature}; below, e^(1/temperature) times "
            f"{size} images is no float32"
        )


def check_features(student, teacher, indices, dims):
    """Features of both networks, and a number for each image."""
    expect(
        "CRDLoss",
        student_features=(student, f"batch+ {dims[0]}"),
        teacher_features=(teacher, f"batch {dims[1]}"),
        indices=(indices, "batch"),
    )


def check_noise(indices, noise, negatives):
    """N image numbers for each image."""
    expect("CRDLoss", "see draw_negatives", indices=(indices, "batch"), noise=(noise, f"batch {negatives}"))


def check_numbers(operation, lowest, highest, size):
    """The least and the largest image number: a negative one would index from the end."""
    worst = lowest if lowest < 0 else highest
    expect_range(operation, 0, size - 1, "there are as many images as the bank has rows", image_numbers=worst)


def check_integers(operation, dtype, **given):
    """Image numbers and labels are integers."""
    if "int" not in dtype:
        raise TypeError(f"{operation}: expected integer {' and '.join(given)}, got {dtype}; convert to int64")


def check_draw(indices, size, negatives, labels):
    """A row of image numbers, and a label for every image there is."""
    expect("draw_negatives", indices=(indices, "batch"))
    expect_range("draw_negatives", 2, None, "a single image has no negative", size=size)
    check_negatives("draw_negatives", negatives)
    if labels is not None:
        expect("draw_negatives", "one for each image, not for the batch", labels=(labels, f"{size}"))


def check_others(fewest):
    """`fewest`: images outside of the class of some image."""
    if not fewest:
        raise ValueError(
            "draw_negatives: expected images of at least two classes, got one class; no image of another class "
            "exists, leave labels out"
        )


# structure


def check_logits(student, teacher):
    """Outputs for the same images and classes."""
    expect("correlation_gap", student_logits=(student, "batch classes+"), teacher_logits=(teacher, "batch classes"))
    expect_range("correlation_gap", 2, None, "one image has no correlation", batch=student[0])


def check_spread(which, bad):
    """`bad`: outputs that are the same for every image."""
    if bad:
        raise ValueError(
            f"correlation_gap: expected outputs that vary, got {which} with no spread in {bad[:5]}; leave them out"
        )
