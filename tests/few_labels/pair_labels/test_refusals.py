"""What pair_labels refuses, and with which words."""

import numpy as np
import pytest
import torch

from mylib import engine
from mylib.few_labels.pair_labels import scratch
from tests.few_labels.pair_labels.cases import guesses
from tests.few_labels.pair_labels.test_identities import linear, small

NO_PROBABILITIES = ([[0.5, 0.5], [0.7, 0.3002]], [[0.9, 0.2]], [[2.0, -1.0]], [[np.nan, 0.5]], [[0.0, 0.0]])


@pytest.mark.parametrize("bad", NO_PROBABILITIES)
def test_guesses_are_probabilities(side, bad):
    module, make = side
    q = make(np.array(bad))
    words = "of at least 0, got -1; pass prob" if bad == [[2.0, -1.0]] else "that sum to 1 within 0.0001, got a sum of"
    with pytest.raises(ValueError, match=f"sharpen: expected .*probabilities {words}"):
        module.sharpen(q)
    with pytest.raises(ValueError, match=f"pair_loss: expected .*pseudo_labels {words}"):
        module.pair_loss(make(np.zeros(np.shape(bad))), q)
    with pytest.raises(ValueError, match=f"bhattacharyya: expected .*p {words}"):
        module.bhattacharyya(q, make(np.array([0.5, 0.5])))
    with pytest.raises(ValueError, match=f"bhattacharyya: expected .*q {words}"):
        module.bhattacharyya(make(np.array([0.5, 0.5])), q)
    if module is scratch:
        with pytest.raises(ValueError, match=f"pair_loss_loops: expected .*pseudo_labels {words}"):
            module.pair_loss_loops(np.zeros(np.shape(bad)), q)


def test_rounding_in_the_sums_is_no_reason(side):
    module, make = side
    q = make(np.array([[0.50009, 0.5], [0.49991, 0.5]]))
    assert module.pair_loss(make(np.zeros((2, 2))), q).item() == 0
    assert np.isfinite(np.asarray(module.sharpen(q))).all()


@pytest.mark.parametrize("temperature", [0, 0.0, -0.5, float("nan")])
def test_temperatures_are_above_zero(side, temperature):
    module, make = side
    with pytest.raises(ValueError, match=f"sharpen: expected temperature above 0, got {temperature}; a small one is"):
        module.sharpen(make([0.5, 0.5]), temperature)
    with pytest.raises(ValueError, match="average_pseudo_label: expected temperature above 0, got"):
        module.average_pseudo_label(linear(module), make(np.ones((1, 2, 6))), temperature)


def test_views_come_in_stacks_of_fractions(side):
    module, make = side
    model = linear(module)
    with pytest.raises(
        ValueError, match=r"expected views \(views, n, \.\.\.\), got \(2, 6\); one view is images\[None"
    ):
        module.average_pseudo_label(model, make(np.ones((2, 6))))
    for shape in ((0, 2, 6), (2, 0, 6)):
        with pytest.raises(ValueError, match="with views and n of at least 1"):
            module.average_pseudo_label(model, make(np.ones(shape)))
    with pytest.raises(TypeError, match="expected views of floating point, got .*int64; convert, and divide by 255"):
        module.average_pseudo_label(model, make(np.ones((2, 2, 6), np.int64)))


@pytest.mark.parametrize(
    ("p", "q"), [((2, 3), (2, 4)), ((2, 3), (3, 3)), ((), (3,)), ((2, 0), (2, 0)), ((4, 2, 3), (3, 3))]
)
def test_coefficients_refuse_shapes_that_do_not_broadcast(side, p, q):
    module, make = side
    with pytest.raises(ValueError, match=r"bhattacharyya: expected p \(\.\.\., classes\) and q .*; p\[:, None\]"):
        module.bhattacharyya(make(np.full(p, 1 / 3)), make(np.full(q, 1 / 3)))


@pytest.mark.parametrize("name", ["pair_loss", "pair_loss_loops"])
def test_pairs_refuse_shapes_and_thresholds(side, name):
    module, make = side
    if not hasattr(module, name):
        pytest.skip("loops are for reading, on the NumPy side only")
    call = getattr(module, name)
    q = make(guesses(0, 6, 4))
    for shape in ((5, 4), (6, 3), (6,)):
        with pytest.raises(
            ValueError, match=rf"{name}: expected logits \(n, classes\).* and pseudo_labels \(n, classes"
        ):
            call(make(np.zeros(shape)), q)
    with pytest.raises(ValueError, match="n and classes of at least 1"):
        call(make(np.zeros((0, 4))), make(np.zeros((0, 4))))
    for confidence, similarity in ((1.5, 0.9), (-0.1, 0.9), (0.95, 1.01), (0.95, -1), (float("nan"), 0.9)):
        with pytest.raises(ValueError, match=f"{name}: expected confidence and similarity from 0 to 1, got"):
            call(make(np.zeros((6, 4))), q, confidence, similarity)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"batch_size": 0}, "batch_size, weak_views and strong_views of at least 1, got 0, 2 and 2"),
        ({"weak_views": 0}, "batch_size, weak_views and strong_views of at least 1, got 4, 0 and 2"),
        ({"strong_views": 0}, "batch_size, weak_views and strong_views of at least 1, got 4, 2 and 0"),
        ({"temperature": 0}, "temperature above 0, got 0"),
        ({"confidence": 1.2}, "confidence, similarity and decay from 0 to 1, got 1.2"),
        ({"similarity": -0.2}, "confidence, similarity and decay from 0 to 1"),
        ({"decay": 1.5}, "confidence, similarity and decay from 0 to 1"),
        ({"unlabelled_weight": -1}, "unlabelled_weight and pair_weight of at least 0, got -1 and 75.0"),
        ({"pair_weight": -1}, "unlabelled_weight and pair_weight of at least 0, got 75.0 and -1"),
        ({"ramp_up_steps": -1}, "ramp_up_steps of at least 0, got -1; 0: full weight from the first step"),
        ({"max_norm": 0}, r"max_norm above 0, got 0; float\('inf'\) does not clip"),
    ],
)
def test_training_refuses_options(side, options, words):
    with pytest.raises(ValueError, match=f"SimPLE: expected {words}"):
        small(side[0], **options)


IMAGES, LABELS = np.ones((2, 1, 4, 4)), np.zeros(2, int)


@pytest.mark.parametrize(
    ("labelled", "labels", "unlabelled", "error", "words"),
    [
        (
            IMAGES[:0],
            LABELS[:0],
            IMAGES,
            ValueError,
            r"labelled images \(n, \.\.\.\) with n of at least 1, got \(0, ",
        ),
        (
            IMAGES,
            LABELS,
            IMAGES[:0],
            ValueError,
            r"unlabelled images \(n, \.\.\.\) with n of at least 1, got \(0, ",
        ),
        (
            IMAGES,
            LABELS,
            np.ones((2, 1, 4, 5)),
            ValueError,
            r"labelled .* one shape, got \(1, 4, 4\) and \(1, 4",
        ),
        (IMAGES, np.zeros(3, int), IMAGES, ValueError, r"images \(n,\) and .*, where n is both 2 and 3; one label for"),
        (IMAGES.astype(int), LABELS, IMAGES, TypeError, "labelled images of floating point, got .*int64"),
        (IMAGES, LABELS, IMAGES.astype(int), TypeError, "unlabelled images of floating point, got .*int64"),
        (IMAGES, LABELS.astype(float), IMAGES, TypeError, "labels of whole numbers, got .*float64"),
        (IMAGES, LABELS - 1, IMAGES, ValueError, "labels of at least 0, got -1"),
    ],
)
def test_training_refuses_sets(side, labelled, labels, unlabelled, error, words):
    module, make = side
    model = linear(module)
    optimizer = (engine if module is scratch else torch).optim.SGD(model.parameters(), 0.1)
    with pytest.raises(error, match=f"SimPLE: expected {words}"):
        module.SimPLE(model, optimizer, (make(labelled), make(labels)), make(unlabelled))
