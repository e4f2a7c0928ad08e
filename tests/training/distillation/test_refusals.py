"""What distillation refuses, and with which words."""

import numpy as np
import pytest

from tests.training.distillation.cases import NETS, NN, SMALL, blobs

Z, LABELS = np.zeros((2, 3)), np.array([0, 2])
LOSSES = ["soft_distillation_loss", "hard_distillation_loss"]


@pytest.mark.parametrize("name", LOSSES)
def test_other_classes_or_examples_of_the_teacher_are_refused(side, name):
    module, array = side
    loss = getattr(module, name)
    with pytest.raises(ValueError, match=rf"{name}: expected .*where classes is both 3 and 4; teacher and student"):
        loss(array(Z), array(np.zeros((2, 4))), array(LABELS))
    with pytest.raises(ValueError, match="where batch is both 2 and 3"):
        loss(array(Z), array(np.zeros((3, 3))), array(LABELS))
    with pytest.raises(ValueError, match="where batch is both 2 and 1"):
        loss(array(Z), array(Z), array(np.array([0])))
    with pytest.raises(ValueError, match="distillation_logits .*where classes is both 3 and 5"):
        loss(array(Z), array(Z), array(LABELS), distillation_logits=array(np.zeros((2, 5))))
    with pytest.raises(ValueError, match=r"expected student_logits \(batch, classes\)"):
        loss(array(np.zeros((0, 3))), array(np.zeros((0, 3))), array(np.zeros(0, int)))


@pytest.mark.parametrize("name", LOSSES)
def test_labels_that_are_no_class_are_refused(side, name):
    module, array = side
    for labels in ([0, 3], [-1, 0], [-100, 0]):
        with pytest.raises(ValueError, match=f"{name}: expected labels from 0 to 2, got"):
            getattr(module, name)(array(Z), array(Z), array(np.array(labels)))
    with pytest.raises(TypeError, match=f"{name}: expected integer labels, got .*float64; convert"):
        getattr(module, name)(array(Z), array(Z), array(np.array([0.0, 1.0])))


@pytest.mark.parametrize("name", LOSSES)
def test_scores_that_are_no_floats_are_refused(side, name):
    module, array = side
    with pytest.raises(TypeError, match=f"{name}.*float"):
        getattr(module, name)(array(Z.astype(int)), array(Z), array(LABELS))
    with pytest.raises(TypeError, match=f"{name}.*float"):
        getattr(module, name)(array(Z), array(Z.astype(int)), array(LABELS))


@pytest.mark.parametrize("temperature", [0.0, -1.0, np.nan])
def test_temperatures_that_cannot_divide_are_refused(side, temperature):
    module, array = side
    with pytest.raises(ValueError, match="expected temperature above 0, got .*; try 3"):
        module.soft_distillation_loss(array(Z), array(Z), array(LABELS), temperature)


def test_an_infinite_temperature_and_other_weights_are_refused(side):
    module, array = side
    with pytest.raises(ValueError, match="expected a finite temperature, got inf"):
        module.soft_distillation_loss(array(Z), array(Z), array(LABELS), np.inf)
    for weight in (-0.1, 1.1, np.nan):
        with pytest.raises(ValueError, match="expected weight from 0 to 1, got .*; 0 is cross-entropy"):
            module.soft_distillation_loss(array(Z), array(Z), array(LABELS), 1.0, weight)


def test_targets_that_are_no_probabilities_are_refused(side):
    module, array = side
    for targets in ([[0.5, 0.6], [0.5, 0.5]], [[0.5, 0.5], [1.5, -0.5]], [[np.nan, 1.0], [0.5, 0.5]]):
        with pytest.raises(ValueError, match="expected targets of at least 0 that sum to 1 in each row.*logits"):
            module.soft_cross_entropy(array(np.zeros((2, 2))), array(np.array(targets)))
    with pytest.raises(ValueError, match="where classes is both 2 and 3; a target is a row"):
        module.soft_cross_entropy(array(np.zeros((2, 2))), array(Z))
    with pytest.raises(TypeError, match="soft_cross_entropy.*float"):
        module.soft_cross_entropy(array(np.zeros((2, 2), int)), array(np.full((2, 2), 0.5)))


def test_deit_refuses_other_images_and_sizes(side):
    module, array = side
    with pytest.raises(ValueError, match=r"expected images \(batch, channels, 6, 6\), got \(1, 2, 9, 9\); resize"):
        module.DeiT(**SMALL)(array(np.zeros((1, 2, 9, 9), np.float32)))
    with pytest.raises(ValueError, match="multiples of patch, got 6, 6 and patch 4"):
        module.DeiT(**SMALL | {"patch": 4})
    with pytest.raises(ValueError, match="deit_preset: expected name of 'Ti/16' or 'S/16' or 'B/16', got 'L/16'"):
        module.deit_preset("L/16")
    with pytest.raises(ValueError, match="deit_preset: expected height and width as multiples of patch, got 30, 30"):
        module.deit_preset("Ti/16", image_size=30)


def test_stochastic_depth_refuses_what_it_cannot_wrap(side):
    module, _ = side
    make = NETS[module].ResNet
    for survival in (0, -0.5, 1.5, np.nan):
        network = make(8, width=2)
        with pytest.raises(ValueError, match="expected survival above 0 and at most 1, got"):
            module.stochastic_depth(network, survival)
        module.stochastic_depth(network)  # it was left as it was
    with pytest.raises(ValueError, match="got one with 3 units wrapped already; make a new network"):
        module.stochastic_depth(network)
    with pytest.raises(ValueError, match="with residual units, got a Linear without"):
        module.stochastic_depth(NN[module].Linear(2, 2))


def test_pseudo_labels_say_the_largest_confidence(side):
    module, array = side
    z = array(np.log(np.array([[0.75, 0.25], [0.5, 0.5]])))
    with pytest.raises(ValueError, match="confidence of at least 0.8, got 0.75 as the largest; lower the threshold"):
        module.pseudo_labels(z, 0.8)
    with pytest.raises(ValueError, match="threshold from 0 to 1, got 1.5"):
        module.pseudo_labels(z, 1.5)
    with pytest.raises(ValueError, match=r"logits \(n, classes\) with n and classes of at least 1, got \(0, 3\)"):
        module.pseudo_labels(array(np.zeros((0, 3))))
    with pytest.raises(ValueError, match="expected logits that are numbers, got nan"):
        module.pseudo_labels(array(np.array([[0.0, np.nan], [9.0, 0.0]])), 0.5)


def test_balance_refuses_nothing_and_numbers_that_are_not_whole(side):
    module, array = side
    with pytest.raises(ValueError, match="per_class of at least 1, got 0"):
        module.balance(array(np.eye(2)), 0)
    with pytest.raises(TypeError, match="per_class as a whole number, got 1.5"):
        module.balance(array(np.eye(2)), 1.5)
    with pytest.raises(ValueError, match=r"balance: expected targets \(n, classes\)"):
        module.balance(array(np.zeros((0, 2))), 3)


def arguments(module):
    (x, y), (others, _) = blobs(0, 12), blobs(1, 30)
    return {
        "make_model": lambda number: NN[module].Linear(3, 3),
        "labelled": (x, y),
        "unlabelled": others,
        "rounds": 1,
        "epochs": 1,
        "progress": False,
    }


@pytest.mark.parametrize(
    ("changed", "error", "message"),
    [
        ({"rounds": 0}, ValueError, "of at least 1, got 0"),
        ({"epochs": 2.5}, TypeError, "epochs as a whole number, got 2.5"),
        ({"ratio": 0}, ValueError, "of at least 1"),
        ({"batch_size": True}, TypeError, "batch_size as a whole number, got True"),
        ({"per_class": 0}, ValueError, "per_class of at least 1, got|of at least 1, got"),
        ({"threshold": -0.1}, ValueError, "threshold from 0 to 1, got -0.1"),
        ({"threshold": 1.0}, ValueError, "as the largest; lower the threshold"),
        ({"learning_rate": 0}, ValueError, "learning_rate above 0, got 0"),
        ({"make_model": None}, TypeError, "make_model as a function of the round, got NoneType"),
        ({"augment": 3}, TypeError, "augment as a function or None, got int"),
        ({"labelled": blobs(0, 12)[0]}, ValueError, r"labelled as \(images, labels\), got ndarray"),
        ({"labelled": (blobs(0, 12)[0], np.zeros(11, int))}, ValueError, r"got \(12,\) and \(11,\)"),
        ({"labelled": (blobs(0, 12)[0], np.full(12, 3))}, ValueError, "expected labels from 0 to 2, got"),
        ({"labelled": (blobs(0, 12)[0], np.zeros(12))}, TypeError, "expected integer labels, got"),
        ({"labelled": (np.zeros((0, 3)), np.zeros(0, int))}, ValueError, "at least one labelled image"),
        ({"unlabelled": np.zeros((0, 3))}, ValueError, "at least one unlabelled image"),
        ({"unlabelled": np.zeros((4, 2))}, ValueError, "expected images of one shape, got"),
    ],
)
def test_noisy_student_refuses(side, changed, error, message):
    module, _ = side
    with pytest.raises(error, match=message):
        module.noisy_student(**(arguments(module) | changed))


def test_the_same_model_twice_is_refused(side):
    module, _ = side
    model = NN[module].Linear(3, 3)
    with pytest.raises(ValueError, match=r"a new model from make_model\(1\), got one that is trained already"):
        module.noisy_student(**(arguments(module) | {"make_model": lambda number: model, "threshold": 0.0}))
