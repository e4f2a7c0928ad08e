"""Posterior, bound, critic, loss, banks and negatives by hand, and the table of bounds of Gaussians."""

import math

import numpy as np
import pytest

from tests.training.contrastive_distillation.cases import RNG, gaussians, make_loss
from tests.twins import array, unit


def test_the_posterior_by_hand(side):
    module, make = side
    # One true pair and three false ones, which are a third as dense at the second point.
    h = array(module.optimal_critic(make([1.0, 3.0, 0.0, 9.0]), 3))
    np.testing.assert_allclose(h, [1 / 4, 1 / 2, 0, 3 / 4], rtol=1e-12)


def test_whole_numbers_are_ratios_too(side):
    module, make = side
    np.testing.assert_allclose(array(module.optimal_critic(make([1, 3]), 3)), [0.25, 0.5], rtol=1e-6)


def test_the_objective_by_hand(side):
    """log 1/2 + log 1/4 over two pairs; negatives with 1/2, 1/2 and 3/4, 1/2: each column's mean, then their sum."""
    module, make = side
    got = module.critic_objective(make([0.5, 0.25]), make([[0.5, 0.5], [0.75, 0.5]])).item()
    assert got == pytest.approx(-1.5 * math.log(2) - (1.5 + 1.0) * math.log(2), rel=1e-12)


def test_the_bound_is_in_nats(side):
    module, make = side
    assert float(module.mutual_information_bound(make(-2.0), 100)) == pytest.approx(4.605170185988092 - 2, rel=1e-12)


def test_information_of_gaussians_by_hand(side):
    module, make = side
    assert float(module.gaussian_mutual_information(0.9)) == pytest.approx(0.8303656, abs=1e-7)
    several = module.gaussian_mutual_information(make([[0.9, -0.99], [0.0, 0.6]]))
    assert float(several) == pytest.approx(0.8303656 + 1.9585178 + math.log(1.25), abs=1e-6)  # -1/2 log .64


def test_the_critic_by_hand(side):
    """Cosines 0.6 and 0; tau 0.2, N/M = 3/9: h = e^3/(e^3 + 1/3) and 1/(1 + 1/3)."""
    module, make = side
    h = array(module.critic(make([[3.0, 4.0], [0.0, 2.0]]), make([[5.0, 0.0], [7.0, 0.0]]), 0.2, 3, 9))
    np.testing.assert_allclose(h, [math.exp(3) / (math.exp(3) + 1 / 3), 0.75], rtol=1e-12)


@pytest.mark.parametrize(
    ("rho", "negatives", "first", "fourth"),
    [
        (0.9, 1, -0.438, -0.959),
        (0.9, 16, 0.649, -0.266),
        (0.9, 255, 0.815, -0.179),
        (0.9, 4096, 0.827, -0.172),
        (0.99, 4096, 1.9546, 0.954),
    ],
)
def test_bounds_of_the_best_critic_of_gaussians(side, rho, negatives, first, fourth):
    """Bound (1) tends to I = .8304 and 1.9585, bound (4) a nat below."""
    module, make = side
    joint, independent, log_ratio = gaussians(RNG(0), rho, 400_000)
    h, h_other = (
        array(module.optimal_critic(make(np.exp(log_ratio(*pair))), negatives)) for pair in (joint, independent)
    )
    objective = np.log(h).mean()
    # 400,000 pairs: standard errors .001 to .002 for (1); the negatives' part has one of .015 at rho .99.
    assert float(module.mutual_information_bound(objective, negatives)) == pytest.approx(first, abs=0.008)
    objective += negatives * np.log1p(-h_other).mean()
    tolerance = 0.012 if rho < 0.95 else 0.06
    assert float(module.mutual_information_bound(objective, negatives)) == pytest.approx(fourth, abs=tolerance)


def test_the_loss_by_hand(side):
    """One image, one negative, vectors of two dimensions, Z = 2, N/M = 1/3, so that Z N/M = 2/3."""
    module, make = side
    loss, _ = make_loss(module, student_dim=2, teacher_dim=2, size=3, dim=2, negatives=1, normalisers=(2.0, 2.0))
    eye, zero = np.eye(2), np.zeros(2)
    bank = np.array([[1.0, 0.0], [0.0, 1.0], [0.6, 0.8]])
    state = {"student_projection.weight": eye, "teacher_projection.weight": eye}
    state |= {"student_projection.bias": zero, "teacher_projection.bias": zero}
    state |= {"student_bank.vectors": bank, "teacher_bank.vectors": bank[::-1].copy()}
    loss.load_state_dict({name: make(value) for name, value in state.items()}, strict=False)
    got = loss(make([[2.0, 0.0]]), make([[0.0, 3.0]]), make([0]), make([[1]])).item()
    # Student (1, 0) and teachers' rows 0 and 1: cosines .6 and 0; teacher (0, 1) and students': 0 and 1; tau .5.
    yes = lambda cosine: math.exp(2 * cosine) / (math.exp(2 * cosine) + 2 / 3)  # noqa: E731
    expected = -math.log(yes(0.6)) - math.log(1 - yes(0)) - math.log(yes(0)) - math.log(1 - yes(1))
    assert got == pytest.approx(expected, rel=1e-12)


def test_banks_move_half_way_and_only_where_asked(side):
    module, make = side
    loss, state = make_loss(module)
    rng = RNG(1)
    s, t, indices = rng.normal(size=(2, 3)), rng.normal(size=(2, 5)), np.array([7, 2])
    loss.update(make(s), make(t), make(indices))
    for name, features in (("student", s), ("teacher", t)):
        v = unit(features @ state[f"{name}_projection.weight"].T + state[f"{name}_projection.bias"])
        expected = state[f"{name}_bank.vectors"].copy()
        expected[indices] = unit(0.5 * expected[indices] + 0.5 * v)
        np.testing.assert_allclose(array(getattr(loss, f"{name}_bank").vectors), expected, rtol=1e-12)


def test_of_an_image_that_is_there_twice_the_last_row_counts(side):
    module, make = side
    (twice, _), (once, _) = make_loss(module), make_loss(module)
    rng = RNG(2)
    s, t = rng.normal(size=(3, 3)), rng.normal(size=(3, 5))
    twice.update(make(s), make(t), make([4, 9, 4]))
    once.update(make(s[1:]), make(t[1:]), make([9, 4]))
    for name in ("student_bank", "teacher_bank"):
        np.testing.assert_allclose(array(getattr(twice, name).vectors), array(getattr(once, name).vectors), rtol=1e-12)


def test_negatives_of_two_images_and_of_three_classes(side):
    module, make = side
    drawn = array(module.draw_negatives(make([0, 1, 0]), 2, 5, RNG(3)))
    assert drawn.tolist() == [[1] * 5, [0] * 5, [1] * 5]
    labels = make([2, 0, 2, 1, 2])
    drawn = array(module.draw_negatives(make([0, 1, 3]), 5, 200, RNG(4), labels))
    assert [sorted(set(row)) for row in drawn.tolist()] == [[1, 3], [0, 2, 3, 4], [0, 1, 2, 4]]


def test_the_gap_of_correlations_by_hand(side):
    """Outputs that rise together against outputs of which one falls: 1 and -1 at two of four places."""
    module, make = side
    rising = np.array([[1.0, 2.0], [2.0, 4.0], [3.0, 6.0]])
    assert float(module.correlation_gap(make(rising), make(rising * [1, -1]))) == pytest.approx(1, abs=1e-12)
    # Of (1, 2, 3) and (1, 3, 2) the correlation is 1/2.
    half = np.array([[1.0, 1.0], [2.0, 3.0], [3.0, 2.0]])
    assert float(module.correlation_gap(make(rising), make(half))) == pytest.approx(0.25, abs=1e-12)
