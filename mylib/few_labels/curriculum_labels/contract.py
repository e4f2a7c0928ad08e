"""What both sides of curriculum_labels promise and refuse.

Only shapes and plain numbers come in. Values are looked at by NumPy always, by PyTorch on the CPU only, where that is
free; what was found is refused here.
"""

from mylib.few_labels.curriculum_labels.views import KINDS
from mylib.shared import expect, expect_choice, expect_range

MAPPINGS = ("convex", "linear", "concave")
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


# the curriculum


def check_remembered(remembered, classes, whole, lowest=None, highest=None):
    """A class or -1 for each image; `whole`: whether they are integers; the least and the largest, if looked at."""
    expect("learning_effect", "give one number for each unlabelled image", remembered=(remembered, "n"))
    expect_range("learning_effect", 1, None, classes=classes)
    if not whole:
        raise TypeError("learning_effect: expected integers, got others; -1 stands for an image not used so far")
    if lowest is not None:
        worst = lowest if lowest < -1 else highest
        expect_range("learning_effect", -1, classes - 1, "-1 stands for an image not used so far", remembered=worst)


def check_counts(counts, unused, lowest=None):
    """A number of images for each class, and how many were not used so far."""
    expect("normalised_effect", "give one number for each class", counts=(counts, "classes+"))
    if lowest is not None:
        expect_range("normalised_effect", 0, None, "see learning_effect", counts=lowest)
    if unused is not None:
        expect_range("normalised_effect", 0, None, "no class has more images than there are", unused=unused)


def check_effect(effect, threshold, mapping, lowest=None, highest=None):
    """A share for each class, and how it becomes a threshold."""
    expect("flexible_threshold", "give one number for each class", effect=(effect, "classes+"))
    check_thresholds("flexible_threshold", threshold, threshold)
    expect_choice("flexible_threshold", MAPPINGS, "the slides take the convex one", mapping=mapping)
    if lowest is not None:
        worst = highest if highest > 1 else lowest
        expect_range("flexible_threshold", 0, 1, "see normalised_effect", effect=worst)


# training


def check_sets(labelled, labels, unlabelled, floating):
    """Shapes of images and labels; `floating`: whether all images are of floating point."""
    expect(
        "FlexMatch",
        "labelled is a pair of images and labels, unlabelled are images of the same size",
        labelled_images=(labelled, "m+ channels height width"),
        labels=(labels, "m"),
        unlabelled=(unlabelled, "n+ channels height width"),
    )
    if not floating:
        raise TypeError("FlexMatch: expected floating-point images in [0, 1], got integers; divide by 255")


def check_training(batch_size, ratio, threshold, weight, mapping, temperature, decay):
    """The numbers of a run."""
    for name, value in (("batch_size", batch_size), ("ratio", ratio)):
        expect_range("FlexMatch", 1, None, **{name: value})
        if value != int(value):
            raise ValueError(f"FlexMatch: expected a whole {name}, got {value}; images cannot be halved")
    check_thresholds("FlexMatch", threshold, threshold)
    expect_range("FlexMatch", 0, None, "0 learns from labels alone", weight=weight)
    expect_choice("FlexMatch", MAPPINGS, "the slides take the convex one", mapping=mapping)
    expect_range("FlexMatch", 0, None, "UDA takes 0.4", open=True, temperature=temperature)
    expect_range("FlexMatch", 0, 1, "0.999 is usual", decay=decay)


def check_labels(whole, lowest, highest, classes):
    """Labels of the labelled images; `classes`: how many the model tells apart."""
    if not whole:
        raise TypeError("FlexMatch: expected labels that are integers, got others; give the number of the class")
    worst = lowest if lowest < 0 else highest
    expect_range("FlexMatch", 0, classes - 1, f"the model tells {classes} classes apart", labels=worst)
