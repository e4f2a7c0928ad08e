"""What both sides of curriculum_labels promise and refuse.

Only shapes and plain numbers come in. Values are looked at by NumPy always, by PyTorch on the CPU only, where that is
free; what was found is refused here.
"""

from mylib.few_labels.curriculum_labels.views import KINDS
from mylib.shared import expect, expect_range

LARGEST_SUM_ERROR = 1e-4  # of a row of probabilities: float16 is not refused for its digits

# views


def check_weak(shape, floating):
    """A batch of images; `floating`: whether they are of floating point."""
    _check_images("weak_augment", shape, floating)


def check_strong(shape, floating, operations, cutout):
    """A batch of images, how many operations, and the side of the square."""
    _check_images("strong_augment", shape, floating)
    expect_range("strong_augment", 0, len(KINDS), "there are so many", operations=operations)
    if operations != int(operations):
        raise ValueError(f"strong_augment: expected a whole number of operations, got {operations}; 2 is usual")
    expect_range("strong_augment", 0, 1, "it is a share of the image's side", cutout=cutout)


def _check_images(operation, shape, floating):
    expect(operation, "add the missing axes", images=(shape, "batch+ channels+ height+ width+"))
    if not floating:
        raise TypeError(f"{operation}: expected floating-point images in [0, 1], got integers; divide by 255")


# losses


def check_entropy(logits):
    """A row for each image."""
    expect("entropy", "give one row for each image", logits=(logits, "n classes+"))


def check_consistency(weak, strong, temperature, threshold):
    """Logits of two views, and a threshold for all classes, shape (), or for each."""
    pattern = "classes" if threshold else ""
    expect(
        "consistency_loss",
        "give both views of the same images in the same order, and one threshold or one for each class",
        logits_weak=(weak, "n+ classes+"),
        logits_strong=(strong, "n classes"),
        threshold=(threshold, pattern),
    )
    expect_range("consistency_loss", 0, None, "UDA takes 0.4", open=True, temperature=temperature)


def check_thresholds(operation, lowest, highest):
    """The least and the largest of thresholds."""
    worst = highest if highest > 1 else lowest
    expect_range(operation, 0, 1, "a probability is compared with it; 0.95 is usual", threshold=worst)


def check_soft_labels(logits, labels):
    """A row of probabilities for each row of logits."""
    expect(
        "l2_consistency_loss",
        "give one row of probabilities for each row of logits",
        logits=(logits, "n+ classes+"),
        pseudo_labels=(labels, "n classes"),
    )


def check_sums(lowest, highest):
    """The least and the largest sum of a row of probabilities."""
    worst = lowest if abs(lowest - 1) >= abs(highest - 1) else highest
    if not abs(worst - 1) <= LARGEST_SUM_ERROR:
        raise ValueError(
            f"l2_consistency_loss: expected rows of pseudo_labels that sum to 1, got a sum of {worst:.6g}; take the "
            "softmax of logits first"
        )
