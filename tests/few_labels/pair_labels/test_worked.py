"""pair_labels against numbers of a calculation by hand."""

import numpy as np
import pytest
import torch

from mylib import engine
from mylib.few_labels.pair_labels import scratch
from mylib.few_labels.pair_labels.schedule import ramp
from tests.few_labels.pair_labels.cases import BY_HAND, tracked
from tests.twins import array


def test_a_guess_of_60_percent_is_sharpened_to_69(side):
    module, make = side
    got = module.sharpen(make([0.6, 0.4]))  # .36 / .52, .16 / .52
    np.testing.assert_allclose(array(got), [0.6923077, 0.3076923], rtol=1e-6)


@pytest.mark.parametrize(
    ("temperature", "first"), [(1.0, 0.75), (0.5, 0.9), (2.0, 0.633975), (1 / 3, 27 / 28), (0.25, 81 / 82)]
)
def test_odds_are_raised_to_the_power_one_over_t(side, temperature, first):
    module, make = side
    got = array(module.sharpen(make([[0.75, 0.25]]), temperature))  # odds of 3 to 1
    np.testing.assert_allclose(got, [[first, 1 - first]], rtol=1e-5)


def test_two_pairs_survive_of_three_views(side):
    """BC(q_1, q_2) = .979796 both ways; 1 - BC(q_1, p_2) = .225403, 1 - BC(q_2, p_1) = .034201; 3 unordered pairs."""
    module, make = side
    q, p = BY_HAND
    expected = 0.9797959 * (0.2254033 + 0.0342011) / 3
    assert module.pair_loss(make(np.log(p)), make(q)).item() == pytest.approx(expected, rel=1e-6)
    assert module.pair_loss(make(np.log(p)), make(q)).item() == pytest.approx(0.0847865, abs=5e-8)


def test_loops_find_the_same_two_pairs():
    q, p = BY_HAND
    assert scratch.pair_loss_loops(np.log(p), q).item() == pytest.approx(0.0847865, abs=5e-8)


def test_an_unsure_view_is_drawn_and_draws_nobody(side):
    """q = (.9, .1) and (.99, .01): the second is the only anchor, BC(q_1, q_2) = .975573."""
    module, make = side
    logits = tracked(module, np.zeros((2, 2)))
    loss = module.pair_loss(logits, make(np.array([[0.9, 0.1], [0.99, 0.01]])))
    away = 1 - (np.sqrt(0.99 / 2) + np.sqrt(0.01 / 2))
    assert loss.item() == pytest.approx((np.sqrt(0.9 * 0.99) + np.sqrt(0.1 * 0.01)) * away, rel=1e-9)
    loss.backward()
    gradient = array(logits.grad)
    assert gradient[0, 0] < 0 < gradient[0, 1]
    np.testing.assert_array_equal(gradient[1], 0)


def test_both_thresholds_are_strict(side):
    """Two views of one sure guess: max q = .75 and BC = 1 exactly."""
    module, make = side
    q, logits = make(np.array([[0.75, 0.25]] * 2)), make(np.zeros((2, 2)))
    assert module.pair_loss(logits, q, confidence=0.75, similarity=0.5).item() == 0
    assert module.pair_loss(logits, q, confidence=0.74, similarity=1.0).item() == 0
    assert module.pair_loss(logits, q, confidence=0.74, similarity=0.99).item() > 0


def test_the_similarity_is_a_weight_and_not_only_a_gate(side):
    module, make = side
    q, p = np.array([[1.0, 0.0], [0.64, 0.36]]), np.array([[0.5, 0.5], [0.25, 0.75]])
    got = module.pair_loss(make(np.log(p)), make(q), confidence=0.9, similarity=0.5).item()  # phi(.8) (1 - .5) / 1
    assert got == pytest.approx(0.4, rel=1e-9)


def test_a_coefficient_by_hand(side):
    module, make = side
    got = module.bhattacharyya(make([[0.5, 0.5], [0.2, 0.8], [0.0, 1.0]]), make([[1.0, 0.0], [0.2, 0.8], [1.0, 0.0]]))
    np.testing.assert_allclose(array(got), [np.sqrt(0.5), 1.0, 0.0], rtol=1e-6)


def test_a_guess_is_the_mean_of_probabilities_then_sharpened(side):
    """(.8 + .4) / 2 = .6; the mean of logits would give .62, sharpening first .76."""
    module, make = side
    nn = engine.nn if module is scratch else torch.nn
    views = make(np.log(np.array([[[0.8, 0.2]], [[0.4, 0.6]]])))
    np.testing.assert_allclose(array(module.average_pseudo_label(nn.Identity(), views)), [[0.36 / 0.52, 0.16 / 0.52]])
    np.testing.assert_allclose(array(module.average_pseudo_label(nn.Identity(), views, 1.0)), [[0.6, 0.4]])


def test_the_ramp_rises_from_zero_to_one():
    assert [ramp(step, 4) for step in range(6)] == [0, 0.25, 0.5, 0.75, 1, 1]
    assert ramp(0, 0) == 1
