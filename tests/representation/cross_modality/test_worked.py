"""cross_modality by hand."""

import math

import numpy as np
import pytest

from mylib.representation.cross_modality.batches import draw_batches
from tests.representation.cross_modality.cases import INFRARED, PERSONS, RNG, X, tracked
from tests.twins import array

HINGE = 0.3 + math.sqrt(10) - 3  # person 1 of I: its own X at (3, 3), the other one at (1, 0)


def test_both_directions_of_the_worked_example_differ(side):
    module, make = side
    infrared, x, persons = make(INFRARED), make(X), make(PERSONS)
    assert module.hardest_triplet_loss(infrared, x, persons, persons).item() == pytest.approx(HINGE / 2, rel=1e-12)
    assert pytest.approx(0.462278, abs=5e-7) == HINGE
    assert module.hardest_triplet_loss(x, infrared, persons, persons).item() == 0
    both = module.cross_modality_gap(infrared, x, persons, persons).item()
    assert both == pytest.approx(0.231139, abs=5e-7)


def test_the_margin_moves_each_hinge(side):
    module, make = side
    persons = make(PERSONS)
    # I-X: 1 - sqrt(18) and sqrt(10) - 3; X-I: 1 - 3 and sqrt(10) - sqrt(18), the negative of (3, 3) being (0, 0)
    hinges = [1 - math.sqrt(18), math.sqrt(10) - 3, 1 - 3, math.sqrt(10) - math.sqrt(18)]
    for margin in (0.0, 1.0, 2.5, 4.0):
        one, two, three, four = (max(0, margin + hinge) for hinge in hinges)
        got = module.cross_modality_gap(make(INFRARED), make(X), persons, persons, margin).item()
        assert got == pytest.approx((one + two) / 2 + (three + four) / 2, rel=1e-12)


def test_the_hardest_of_several_counts(side):
    """Person 5 at 1, 2, 4 and others at 3, 6, 9 on a line, seen from 0: 4 - 3. Mean or nearest positive: less."""
    module, make = side
    candidates = make([[3.0], [1.0], [6.0], [4.0], [9.0], [2.0]])
    labels = make([8, 5, 7, 5, 8, 5])
    got = module.hardest_triplet_loss(make([[0.0]]), candidates, make([5]), labels, 0.25)
    assert got.item() == pytest.approx(1.25, rel=1e-12)


def test_the_gradient_of_the_worked_example(side):
    """Of I_2 = (4, 0): the unit vector from its positive (3, 3) less the one from its negative (1, 0), over M = 2."""
    module, make = side
    infrared, x = tracked(module, np.array(INFRARED)), tracked(module, np.array(X))
    module.hardest_triplet_loss(infrared, x, make(PERSONS), make(PERSONS)).backward()
    from_positive, from_negative = np.array([1, -3]) / math.sqrt(10), np.array([1, 0])
    np.testing.assert_allclose(array(infrared.grad), [[0, 0], (from_positive - from_negative) / 2], atol=1e-12)
    np.testing.assert_allclose(array(x.grad), [from_negative / 2, -from_positive / 2], atol=1e-12)


def test_the_first_of_equal_images_gets_the_gradient(side):
    """Whole numbers, so that products are exact: two positives at distance 5, two negatives at distance 1."""
    module, make = side
    candidates = tracked(module, np.array([[3.0, 4.0], [4.0, 3.0], [0.0, 1.0], [1.0, 0.0]]))
    anchors = tracked(module, np.array([[0.0, 0.0]]))
    module.hardest_triplet_loss(anchors, candidates, make([0]), make([0, 0, 1, 1])).backward()
    np.testing.assert_allclose(array(candidates.grad), [[0.6, 0.8], [0, 0], [0, -1], [0, 0]], atol=1e-12)
    np.testing.assert_allclose(array(anchors.grad), [[-0.6, 0.2]], atol=1e-12)


def test_the_respective_gap_is_the_sum_of_means(side):
    module, make = side
    flat, sure = np.zeros((3, 4)), np.array([[50.0, 0.0, 0.0, 0.0]])
    logits, labels = [make(flat), make(sure), make(flat[:1])], [make([0, 1, 2]), make([0]), make([3])]
    assert module.modality_respective_gap(logits, labels).item() == pytest.approx(2 * math.log(4), rel=1e-9)
    wrong = module.modality_respective_gap([make(sure)], [make([2])]).item()
    assert wrong == pytest.approx(50, rel=1e-9)


def test_x_begins_as_the_grey_picture_and_has_ten_numbers(side):
    module, make = side
    generator = module.XModality()
    assert sum(array(one).size for one in generator.parameters()) == 10
    image = RNG(0).uniform(size=(2, 3, 4, 5)).astype(np.float32)
    grey = 0.299 * image[:, 0] + 0.587 * image[:, 1] + 0.114 * image[:, 2]
    x = array(generator(make(image)))
    for channel in range(3):
        np.testing.assert_allclose(x[:, channel], grey, atol=1e-6)  # rounding of float32
    np.testing.assert_allclose(array(module.XModality(hidden=4)(make(image))), x, atol=1e-6)
    mean = array(module.XModality(channels=2, hidden=3)(make(image[:, :2])))
    np.testing.assert_allclose(mean, image[:, :2].mean(axis=1, keepdims=True).repeat(2, axis=1), atol=1e-6)


def test_a_batch_by_hand_takes_everyone_by_day_and_by_night():
    ids, infrared = np.array([4, 4, 4, 9, 9, 9, 6, 6]), np.array([0, 1, 1, 0, 1, 0, 1, 0], bool)
    batches = draw_batches(ids, infrared, persons=2, shots=1, rng=RNG(0))
    assert len(batches) == 4  # two images of a kind at most: two rounds; three persons by two: two batches a round
    for visible, dark in batches:
        assert not infrared[visible].any()
        assert infrared[dark].all()
        assert ids[visible].tolist() == ids[dark].tolist()
        assert len(set(ids[visible].tolist())) == 2
    assert set(np.concatenate([np.concatenate(batch) for batch in batches]).tolist()) == set(range(8))
