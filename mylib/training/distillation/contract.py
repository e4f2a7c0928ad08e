"""What both sides of distillation promise and refuse; only shapes, plain numbers and names come in.

Values are looked at by NumPy always, by PyTorch on the CPU only, where that is free; what was found is refused here.
"""

import inspect
import math

from mylib.attention.vision_transformer.contract import check_sides
from mylib.shared import expect, expect_choice, expect_range
from mylib.training.distillation.sizes import PRESETS

ROUNDING = 1e-2  # rows of probabilities may miss 1 by this much: that of float16 over thousands of classes


# losses


def check_logits(operation, student, teacher, labels, distillation=None):
    """Scores of the same classes for the same examples, and a label for each; at least one example."""
    shapes = {"student_logits": (student, "batch+ classes+"), "teacher_logits": (teacher, "batch classes")}
    shapes |= {"labels": (labels, "batch"), "distillation_logits": (distillation, "batch classes")}
    expect(operation, "teacher and student answer for the same images and classes", **shapes)


def check_mixing(temperature, weight):
    """A temperature that can divide, and a share."""
    expect_range("soft_distillation_loss", 0, None, "try 3", open=True, temperature=temperature)
    if math.isinf(temperature):
        raise ValueError(
            "soft_distillation_loss: expected a finite temperature, got inf; the limit compares centred logits"
        )
    expect_range("soft_distillation_loss", 0, 1, "0 is cross-entropy with the labels", weight=weight)


def check_label_type(operation, dtype):
    """Class numbers are integers."""
    if "int" not in dtype:
        raise TypeError(f"{operation}: expected integer labels, got {dtype}; convert class numbers to int64")


def check_labels(operation, bad, classes):
    """`bad`: labels that are no class. A negative one would index from the end."""
    if bad:
        raise ValueError(
            f"{operation}: expected labels from 0 to {classes - 1}, got {bad[:5]}; leave out what has no class"
        )


def check_floats(operation, dtype, **given):
    """Scores are real numbers. `given`: the argument's name, and whether it has them."""
    for name, floating in given.items():
        if not floating:
            raise TypeError(f"{operation}: expected {name} as floats, got {dtype}; pass scores before the softmax")


def check_targets(logits, targets):
    """A row of probabilities for each row of scores; at least one row."""
    remedy = "a target is a row of probabilities, one for each class"
    expect("soft_cross_entropy", remedy, logits=(logits, "batch+ classes+"), targets=(targets, "batch classes"))


def check_probabilities(operation, bad):
    """`bad`: the first row that is no distribution, or an empty list."""
    if bad:
        raise ValueError(
            f"{operation}: expected targets of at least 0 that sum to 1 in each row, got {[round(v, 4) for v in bad]}; "
            "pass probabilities, not logits"
        )


# networks


def check_preset(name, image_size):
    """A size of the paper, and a side that its patches fill."""
    expect_choice("deit_preset", PRESETS, name=name)
    check_sides("deit_preset", image_size, image_size, PRESETS[name]["patch"])


def check_depth(network, units, wrapped, survival):
    """Residual units to wrap, none of them wrapped already, and a probability above 0 to divide by."""
    if wrapped:
        raise ValueError(
            f"stochastic_depth: expected a network without it, got one with {wrapped} units wrapped already; make a "
            "new network"
        )
    if not units:
        raise ValueError(
            f"stochastic_depth: expected a network with residual units, got a {type(network).__name__} without; pass "
            "a ResNet of convnets"
        )
    if not 0 < survival <= 1:
        raise ValueError(
            f"stochastic_depth: expected survival above 0 and at most 1, got {survival}; 0.8 is the choice of Noisy "
            "Student"
        )


def survivals(depth, survival):
    """p_l = 1 - l / L (1 - p_L) for each of L units."""
    return [1 - unit / depth * (1 - survival) for unit in range(1, depth + 1)]


# pseudo-labels


def check_teaching(shape, threshold):
    """At least one row of scores, and a share."""
    expect("pseudo_labels", "", logits=(shape, "n+ classes+"))
    expect_range("pseudo_labels", 0, 1, "confidence is a probability", threshold=threshold)


def check_kept(kept, largest, threshold):
    """`kept`: how many answers are confident enough; `largest`: the largest confidence of all."""
    if largest != largest:
        raise ValueError("pseudo_labels: expected logits that are numbers, got nan; has the teacher's training failed?")
    if not kept:
        raise ValueError(
            f"pseudo_labels: expected an answer with confidence of at least {threshold}, got {largest:.4g} as the "
            "largest; lower the threshold, or train the teacher longer"
        )


def check_balance(shape, per_class):
    """Targets of at least one image, and a whole number of each class."""
    expect("balance", "as pseudo_labels returns them", targets=(shape, "n+ classes+"))
    check_whole("balance", per_class=per_class)


def check_whole(operation, **given):
    """Whole numbers of at least 1."""
    for name, value in given.items():
        if isinstance(value, bool) or not hasattr(value, "__index__"):
            raise TypeError(f"{operation}: expected {name} as a whole number, got {value!r}; pass an int")
    expect_range(operation, 1, None, **given)


# Noisy Student


def check_rounds(make_model, images, labels, unlabelled, threshold, per_class, learning_rate, **whole):
    """Images of one shape, labels for the first of them, and options that can be trained with."""
    if not callable(make_model):
        raise TypeError(
            f"noisy_student: expected make_model as a function of the round, got {type(make_model).__name__}; pass "
            "lambda number: MyModel()"
        )
    remedy = "pass labelled=(images, labels) and unlabelled images of the same shape"
    if tuple(images[1:]) != tuple(unlabelled[1:]):
        raise ValueError(f"noisy_student: expected images of one shape, got {images} and {unlabelled}; {remedy}")
    for name, shape in (("labelled", images), ("unlabelled", unlabelled)):
        if not shape or not shape[0]:
            raise ValueError(f"noisy_student: expected at least one {name} image, got {tuple(shape)}; {remedy}")
    expect("noisy_student", remedy, images=(images[:1], "n"), labels=(labels, "n"))
    check_whole("noisy_student", **whole, **({} if per_class is None else {"per_class": per_class}))
    expect_range("noisy_student", 0, 1, threshold=threshold)
    expect_range("noisy_student", 0, None, open=True, learning_rate=learning_rate)


def check_pair(labelled):
    """Images and their labels."""
    if not isinstance(labelled, tuple | list) or len(labelled) != 2:
        raise ValueError(
            f"noisy_student: expected labelled as (images, labels), got {type(labelled).__name__}; pass a pair"
        )


def check_new(model, models, number):
    """Every round starts with a model of its own."""
    if any(model is one for one in models):
        raise ValueError(
            f"noisy_student: expected a new model from make_model({number}), got one that is trained already; build it "
            "inside the function"
        )


def check_scores(shape):
    """One row of scores for each image."""
    expect("noisy_student", "a model returns one score for each class", scores=(shape, "batch classes+"))


def as_augmentation(augment):
    """A function of (images, rng), from one of (images, rng), one of images alone, or None for no change."""
    if augment is None:
        return lambda images, rng: images
    if not callable(augment):
        raise TypeError(f"noisy_student: expected augment as a function or None, got {type(augment).__name__}")
    needed = [
        one
        for one in inspect.signature(augment).parameters.values()
        if one.default is one.empty and one.kind in (one.POSITIONAL_ONLY, one.POSITIONAL_OR_KEYWORD)
    ]
    return augment if len(needed) > 1 else lambda images, rng: augment(images)
