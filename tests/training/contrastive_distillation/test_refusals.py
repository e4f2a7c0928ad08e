"""What contrastive_distillation refuses, and with which words."""

import numpy as np
import pytest

from tests.training.contrastive_distillation.cases import DIMS, RNG, batch, make_loss


def test_bounds_refuse_what_has_no_logarithm(side):
    module, make = side
    half, others = make([0.5, 0.5]), make([[0.5], [0.5]])
    for bad in (0.0, -0.1, 1.1, np.nan):
        with pytest.raises(ValueError, match="critic_objective: expected h_joint above 0 and h_independent below 1"):
            module.critic_objective(make([0.5, bad]), others)
        with pytest.raises(ValueError, match="work with logits and log-sigmoid"):
            module.critic_objective(half, make([[1 - bad], [0.5]]))
    assert np.isfinite(module.critic_objective(make([1.0, 1.0]), make([[0.0], [0.0]])).item())


def test_bounds_refuse_shapes_and_numbers(side):
    module, make = side
    with pytest.raises(ValueError, match=r"h_joint \(batch,\).*where batch is both 2 and 3"):
        module.critic_objective(make([0.5, 0.5]), make(np.full((3, 1), 0.5)))
    with pytest.raises(ValueError, match=r"h_independent \(batch, negatives\)"):
        module.critic_objective(make([0.5]), make([0.5]))
    with pytest.raises(ValueError, match="negatives of at least 1"):
        module.critic_objective(make([0.5]), make(np.zeros((1, 0))))
    for call in (module.optimal_critic, module.mutual_information_bound):
        with pytest.raises(ValueError, match=f"{call.__name__}: expected negatives of at least 1, got 0"):
            call(make([0.5]), 0)
    for bad in (-1.0, np.nan, np.inf):
        with pytest.raises(ValueError, match="optimal_critic: expected finite ratios of at least 0, got"):
            module.optimal_critic(make([1.0, bad]), 3)
    for bad in (1.0, -1.0, 1.5, np.nan):
        with pytest.raises(ValueError, match="correlations between -1 and 1, got"):
            module.gaussian_mutual_information(make([0.5, bad]))


def test_the_critic_refuses_pairs_and_options(side):
    module, make = side
    t = make(np.ones((2, 3)))
    with pytest.raises(ValueError, match="dim is both 3 and 2; bring both to one dimension first"):
        module.critic(t, make(np.ones((2, 2))), 0.1, 4, 10)
    for options, words in (
        ((0, 4, 10), "temperature above 0, got 0"),
        ((0.1, 0, 10), "negatives of at least 1, got 0"),
        ((0.1, 4, 0), "size of at least 1, got 0"),
    ):
        with pytest.raises(ValueError, match=f"critic: expected {words}"):
            module.critic(t, t, *options)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"student_dim": 0}, "student_dim, teacher_dim and dim of at least 1, got 0, 5 and 4"),
        ({"size": 1}, "size of at least 2, got 1; a single image has no negative"),
        ({"negatives": 0}, "negatives of at least 1, got 0"),
        ({"temperature": 0.0}, "temperature above 0, got 0.0"),
        ({"temperature": float("nan")}, "temperature above 0, got nan"),
        ({"temperature": 0.01}, r"temperature of at least 0\.0117, got 0\.01; below, e\^"),
        ({"momentum": 1.5}, "momentum from 0 to 1, got 1.5"),
    ],
)
def test_a_loss_that_makes_no_sense_is_refused(side, options, words):
    with pytest.raises(ValueError, match=f"CRDLoss: expected {words}"):
        side[0].CRDLoss(**{**DIMS, **options})


def test_features_numbers_and_noise_must_fit(side):
    module, make = side
    loss, _ = make_loss(module)
    s, t, indices, noise = map(make, batch(0))
    with pytest.raises(ValueError, match=r"CRDLoss: expected student_features \(batch, 3\)"):
        loss(t, t, indices, noise)
    with pytest.raises(ValueError, match=r"teacher_features \(batch, 5\)"):
        loss.update(s, s, indices)
    with pytest.raises(ValueError, match="where batch is both 4 and 3"):
        loss(s, t, indices[:3], noise)
    with pytest.raises(ValueError, match=r"noise \(batch, 6\).*; see draw_negatives"):
        loss(s, t, indices, noise[:, :5])
    for bad in (12, -1):
        with pytest.raises(ValueError, match=rf"image_numbers from 0 to 11, got {bad}"):
            loss(s, t, make([0, 1, 2, bad]), noise)
        with pytest.raises(ValueError, match=rf"image_numbers from 0 to 11, got {bad}"):
            loss(s, t, indices, make(np.full((4, 6), bad)))
        with pytest.raises(ValueError, match=rf"image_numbers from 0 to 11, got {bad}"):
            loss.update(s, t, make([0, 1, 2, bad]))
    with pytest.raises(TypeError, match="CRDLoss: expected integer indices, got .*float64"):
        loss(s, t, make([0.0, 1.0, 2.0, 3.0]), noise)
    with pytest.raises(ValueError, match="batch of at least 1"):
        loss(s[:0], t[:0], indices[:0], noise[:0])


def test_negatives_that_do_not_exist_are_refused(side):
    module, make = side
    draw = module.draw_negatives
    with pytest.raises(ValueError, match="draw_negatives: expected size of at least 2, got 1; a single image"):
        draw(make([0]), 1, 3, RNG(0))
    with pytest.raises(ValueError, match="images of at least two classes, got one class.*leave labels out"):
        draw(make([0, 1]), 3, 3, RNG(0), make([7, 7, 7]))
    with pytest.raises(ValueError, match="negatives of at least 1, got 0"):
        draw(make([0]), 4, 0, RNG(0))
    with pytest.raises(ValueError, match=r"labels \(4,\).*one for each image, not for the batch"):
        draw(make([0, 1]), 4, 3, RNG(0), make([0, 1]))
    with pytest.raises(ValueError, match="image_numbers from 0 to 3, got 4"):
        draw(make([0, 4]), 4, 3, RNG(0))
    with pytest.raises(TypeError, match="expected integer labels, got .*float64"):
        draw(make([0, 1]), 2, 3, RNG(0), make([0.0, 1.0]))
    with pytest.raises(TypeError, match="expected integer indices, got .*float64"):
        draw(make([0.0]), 2, 3, RNG(0))
    assert tuple(draw(make([0]), 2, 50, RNG(0)).shape) == (1, 50)  # more than there are images


def test_outputs_without_spread_have_no_correlation(side):
    module, make = side
    a = RNG(1).normal(size=(5, 3))
    flat = a.copy()
    flat[:, 1] = 0.1
    with pytest.raises(ValueError, match=r"outputs that vary, got teacher_logits with no spread in \[1\]"):
        module.correlation_gap(make(a), make(flat))
    with pytest.raises(ValueError, match="where classes is both 3 and 2"):
        module.correlation_gap(make(a), make(a[:, :2].copy()))
    with pytest.raises(ValueError, match="batch of at least 2, got 1; one image has no correlation"):
        module.correlation_gap(make(a[:1]), make(a[:1]))
