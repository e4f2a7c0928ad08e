"""Losses at their limits: gamma 0, equal weights, saturated scores, simplexes, coinciding centres, true Gaussians."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from mylib import engine
from mylib.engine import Tensor, gradcheck
from mylib.training.losses import scratch
from tests.training.losses.cases import (
    RNG,
    SIDES,
    gaussian_batch,
    gradient,
    number,
    one_hot,
    set_centers,
    tracked,
    values,
)

# which mistakes count


@settings(max_examples=25)
@given(seed=st.integers(0, 999), batch=st.integers(1, 6), classes=st.integers(2, 5))
def test_gamma_zero_is_balanced_cross_entropy_and_equal_weights_are_a_factor(seed, batch, classes):
    rng = RNG(seed)
    logits, labels, alpha = (
        rng.normal(size=(batch, classes)),
        rng.integers(0, classes, batch),
        rng.uniform(size=classes),
    )
    for module, array in SIDES.values():
        z, y, a = map(array, (logits, labels, alpha))
        balanced = number(module.balanced_cross_entropy(z, y, a))
        assert number(module.focal_loss(z, y, 0.0, a)) == pytest.approx(balanced, rel=1e-9)
        plain = number(module.cross_entropy(z, y))
        assert number(module.focal_loss(z, y, gamma=0)) == pytest.approx(plain, rel=1e-9)
        assert number(module.balanced_cross_entropy(z, y, array(np.full(classes, 2.5)))) == pytest.approx(2.5 * plain)
        scaled = number(module.focal_loss(z, y, 1.5, array(np.full(classes, 2.5))))
        assert scaled == pytest.approx(2.5 * number(module.focal_loss(z, y, 1.5)), rel=1e-9)


@settings(max_examples=25)
@given(seed=st.integers(0, 999), classes=st.integers(1, 6))
def test_the_mean_weight_over_the_labels_is_one(seed, classes):
    labels = np.concatenate([np.arange(classes), RNG(seed).integers(0, classes, 20)])
    for module, array in SIDES.values():
        assert values(module.class_weights(array(labels), classes))[labels].mean() == pytest.approx(1, rel=1e-12)


def test_reductions_of_the_focal_loss(side):
    module, array = side
    rng = RNG(0)
    z, y = array(rng.normal(size=(5, 3))), array(rng.integers(0, 3, 5))
    each = values(module.focal_loss(z, y, reduction="none"))
    assert each.shape == (5,)
    assert number(module.focal_loss(z, y, reduction="sum")) == pytest.approx(each.sum(), rel=1e-12)
    assert number(module.focal_loss(z, y)) == pytest.approx(each.sum() / 5, rel=1e-12)
    none = array(np.zeros((0, 3))), array(np.zeros(0, int))
    assert values(module.focal_loss(*none, reduction="none")).shape == (0,)
    assert number(module.focal_loss(*none, reduction="sum")) == 0


@pytest.mark.parametrize("gamma", [0.0, 0.3, 1.0, 2.0, 5.0])
@pytest.mark.parametrize("label", [0, 1, 2])
def test_saturated_scores_give_finite_losses_and_gradients(side, gamma, label):
    module, array = side
    z = tracked(module, [[1e4, 0.0, -1e4]])
    loss = module.focal_loss(z, array([label]), gamma, array(np.array([1.0, 2.0, 3.0])))
    loss.backward()
    assert number(loss) == pytest.approx([0, 2e4, 6e4][label])
    expected = [[0, 0, 0], [2, -2, 0], [3, 0, -3]][label]
    np.testing.assert_allclose(gradient(z), [expected], atol=1e-9)


def test_small_probabilities_of_all_others_are_not_rounded_away(side):
    """p_t = 1 - 2e-12 in float64: (1 - p_t)^0.5 is known to nine digits, while 1 - p_t as written has four."""
    module, array = side
    z = tracked(module, [[0.0, 0.0, np.log(1e12)]])
    loss = module.focal_loss(z, array([2]), gamma=0.5)
    # log p_t itself comes from a difference of scores of 28: sixteen digits of them leave four of 2e-12 on one side.
    assert number(loss) == pytest.approx(2e-12**1.5, rel=1e-3)
    loss.backward()
    np.testing.assert_allclose(gradient(z), 1.5 * 2e-12**1.5 * np.array([[0.5, 0.5, -1]]), rtol=1e-3)


def test_gradient_of_the_focal_loss_below_gamma_one_stays_finite_at_certainty(side):
    module, array = side
    z = tracked(module, [[60.0, 0.0], [800.0, 0.0]])
    module.focal_loss(z, array([0, 0]), gamma=0.1).backward()
    assert np.isfinite(gradient(z)).all()
    assert (gradient(z)[:, 0] <= 0).all()


def test_gradients_of_the_losses_by_differences():
    rng = RNG(1)
    z, labels, alpha = rng.normal(size=(4, 3)), rng.integers(0, 3, 4), np.array([0.5, 1.0, 4.0])
    for gamma in (0.0, 0.4, 2.0):
        gradcheck(lambda z, gamma=gamma: scratch.focal_loss(z, labels, gamma, alpha, "none"), z)
    gradcheck(lambda z: scratch.balanced_cross_entropy(z, labels, alpha, "none"), z)
    x, attention = rng.normal(size=(4, 5)), rng.uniform(size=(4, 5))
    for reduction in ("sum", "mean"):
        center = scratch.CenterLoss(3, 5, reduction=reduction).double()
        island = scratch.IslandLoss(3, 5, reduction=reduction).double()
        sparse = scratch.SparseCenterLoss(3, 5, reduction=reduction).double()
        gradcheck(lambda x, loss=center: loss(x, labels), x)
        gradcheck(lambda x, loss=island: loss(x, labels), x)
        gradcheck(lambda x, a, loss=sparse: loss(x, a, labels), x, attention)


def test_gradients_of_gaussians_and_regions_by_differences():
    x, labels = gaussian_batch(RNG(2), [6, 7, 0, 8], 4)
    for covariance in ("full", "diagonal"):
        loss = scratch.GCCSLoss(4, variance=0.7, kurtosis_weight=0.4, covariance=covariance).double()
        gradcheck(lambda x, loss=loss: loss(x, labels), x)
    gradcheck(scratch.kurtosis, x)
    factor = RNG(3).normal(size=(3, 3))
    gradcheck(lambda m, f, t: scratch.gaussian_kl(m, f @ f.T, t, 1.3), np.ones(3), factor, np.zeros(3))
    gradcheck(scratch.region_crops, RNG(4).random((2, 1, 6, 7)))
    engine.manual_seed(0)
    layer = scratch.RegionAttention(3).double()
    gradcheck(lambda f: engine.concatenate(list(layer(f)), axis=1), RNG(5).normal(size=(2, 4, 3)))


# centres


@pytest.mark.parametrize("classes", [3, 4, 10])
def test_a_simplex_has_the_smallest_pair_term_and_so_have_centres_that_coincide_in_pairs(side, classes):
    module, _ = side
    simplex = (np.eye(classes) - 1 / classes) * RNG(6).uniform(0.5, 3, (classes, 1))  # lengths do not count
    loss = set_centers(module.IslandLoss(classes, classes), simplex)
    assert number(loss.pair_term()) == pytest.approx(classes * (classes - 2), rel=1e-9)
    if classes % 2 == 0:
        half = np.repeat([[1.0], [-1.0]], classes // 2, axis=0) * np.eye(1, classes)
        assert number(set_centers(loss, half).pair_term()) == pytest.approx(classes * (classes - 2), rel=1e-9)


@settings(max_examples=30)
@given(seed=st.integers(0, 999), classes=st.integers(2, 8), dim=st.integers(1, 6))
def test_no_centres_fall_below_the_smallest_pair_term(seed, classes, dim):
    centers = RNG(seed).normal(size=(classes, dim))
    for module, _ in SIDES.values():
        got = number(set_centers(module.IslandLoss(classes, dim), centers).pair_term())
        assert got >= max(classes * (classes - 2), 0) - 1e-9
        unit = centers / np.linalg.norm(centers, axis=1, keepdims=True)
        pairs = [unit[j] @ unit[k] + 1 for j in range(classes) for k in range(classes) if j != k]
        assert got == pytest.approx(sum(pairs), rel=1e-9, abs=1e-9)


def test_island_updates_lower_the_pair_term_to_its_minimum(side):
    module, array = side
    loss = module.IslandLoss(4, 3, alpha=0.5, pair_weight=1.0, seed=2).double()
    none = array(np.zeros((0, 3))), array(np.zeros(0, int))
    terms = []
    for _ in range(400):
        terms.append(number(loss.pair_term()))
        loss.update(*none)
    assert all(later <= earlier + 1e-9 for earlier, later in zip(terms, terms[1:], strict=False))
    assert terms[-1] == pytest.approx(8, abs=1e-3)


def test_a_centre_of_length_zero_meets_nobody_and_is_not_pushed(side):
    module, array = side
    loss = set_centers(module.IslandLoss(3, 2, pair_weight=1.0), [[0.0, 0.0], [1.0, 0.0], [0.0, 2.0]])
    assert number(loss.pair_term()) == pytest.approx(6)  # six ordered pairs with cosine 0
    loss.update(array(np.zeros((0, 2))), array(np.zeros(0, int)))
    assert np.isfinite(values(loss.centers)).all()
    np.testing.assert_array_equal(values(loss.centers)[0], 0)


def test_a_weight_of_one_everywhere_is_center_loss_over_the_batch(side):
    module, array = side
    rng = RNG(7)
    x, labels = rng.normal(size=(6, 4)), rng.integers(0, 3, 6)
    plain, sparse = module.CenterLoss(3, 4, seed=5).double(), module.SparseCenterLoss(3, 4, seed=5).double()
    ones = array(np.ones((6, 4)))
    whole = number(plain(array(x), array(labels)))
    assert number(sparse(array(x), ones, array(labels))) == pytest.approx(whole / 6, rel=1e-12)
    plain.update(array(x), array(labels))
    sparse.update(array(x), ones, array(labels))
    np.testing.assert_allclose(values(plain.centers), values(sparse.centers), rtol=1e-12)


def test_absent_classes_stay_and_forward_moves_nothing(side):
    module, array = side
    x, labels = array(RNG(8).normal(size=(4, 2))), array([1, 1, 3, 1])
    for make in (module.CenterLoss, module.SparseCenterLoss):
        loss = make(5, 2)
        extra = (array(np.ones((4, 2))),) if make is module.SparseCenterLoss else ()
        before = values(loss.centers).copy()
        loss(x, *extra, labels)
        np.testing.assert_array_equal(values(loss.centers), before)
        loss.update(x, *extra, labels)
        moved = (values(loss.centers) != before).any(axis=1)
        assert moved.tolist() == [False, True, False, True, False]


def test_updates_leave_features_alone_and_centres_come_to_rest_at_the_means(side):
    module, array = side
    x, labels = RNG(9).normal(size=(40, 3)), np.arange(40) % 2
    loss, given_x = module.CenterLoss(2, 3, alpha=1.0).double(), array(x.copy())
    for _ in range(60):
        loss.update(given_x, array(labels))
    np.testing.assert_array_equal(values(given_x), x)
    means = np.stack([x[labels == k].mean(axis=0) for k in range(2)])
    np.testing.assert_allclose(values(loss.centers), means, rtol=1e-9)  # the distance shrinks 21 times a step


def test_centres_are_saved_and_are_no_parameters(side):
    module, _ = side
    for loss in (module.CenterLoss(3, 2), module.IslandLoss(3, 2), module.SparseCenterLoss(3, 2)):
        assert list(loss.state_dict()) == ["centers"]
        assert list(loss.parameters()) == []
    assert list(module.GCCSLoss(3).state_dict()) == ["targets"]
    first, again, other = (values(module.CenterLoss(40, 50, seed=s).centers) for s in (1, 1, 2))
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other)
    assert abs(first.mean()) < 0.1, "standard normal: 2,000 numbers have a mean within 4.5 standard errors of 0"
    assert first.std() == pytest.approx(1, abs=0.08)


def test_attention_over_dimensions_of_equal_scores_is_a_half(side):
    module, array = side
    layer = module.DimensionAttention(6, 2, hidden=(3,)).double()
    state = {name: values(value) for name, value in layer.state_dict().items()}
    state["scores.weight"] *= 0
    state["scores.bias"] = np.array([0.0, 0.0, 1.0, 1.0 + np.log(3)])
    layer.load_state_dict({name: torch.tensor(value) for name, value in state.items()})
    got = values(layer(array(RNG(10).normal(size=(5, 6)))))
    np.testing.assert_allclose(got, np.tile([0.5, 0.75], (5, 1)), rtol=1e-12)


# Gaussians


def test_divergence_of_a_gaussian_from_itself_is_zero(side):
    module, array = side
    mean = RNG(11).normal(size=5)
    assert number(module.gaussian_kl(array(mean), array(2.5 * np.eye(5)), array(mean), 2.5)) == pytest.approx(
        0, abs=1e-12
    )


def test_gccs_loss_has_a_floor_that_chance_makes(side):
    """True Gaussian features, D = 10: the bracket averages 4.1 at 20 examples and 0.68 at 100, not 0."""
    module, array = side
    for count, expected in ((20, 4.1), (100, 0.68)):
        rng, got = RNG(12), []
        loss = module.GCCSLoss(10, kurtosis_weight=0.0).double()
        for _ in range(40):
            x = rng.normal(size=(count, 10)) + 10 * np.eye(10)[3]
            got.append(number(loss(array(x), array(np.full(count, 3)))))
        error = np.std(got, ddof=1) / np.sqrt(40)
        assert abs(np.mean(got) - expected) < 4 * error + 0.05  # the expectation is given to two digits


def test_kurtosis_of_few_gaussian_draws_averages_less_than_three(side):
    module, array = side
    x = RNG(13).normal(size=(20, 20_000))
    got = values(module.kurtosis(array(x)))
    assert got.mean() == pytest.approx(3 * 19 / 21, abs=4 * got.std() / np.sqrt(got.size))


def test_gccs_loss_falls_where_features_are_given_the_targets_moments(side):
    module, array = side
    x, labels = gaussian_batch(RNG(14), [30, 30, 30], 3)
    loss = module.GCCSLoss(3, distance=5.0, kurtosis_weight=0.0).double()
    whitened = x.copy()
    for k in range(3):
        own = x[labels == k] - x[labels == k].mean(0)
        root = np.linalg.cholesky(np.linalg.inv(own.T @ own / len(own)))
        whitened[labels == k] = own @ root + 5 * np.eye(3)[k]
    assert number(loss(array(whitened), array(labels))) == pytest.approx(0, abs=1e-9)
    assert number(loss(array(x), array(labels))) > 1


def test_full_and_diagonal_agree_where_features_are_uncorrelated(side):
    module, array = side
    x = np.array([[1.0, 2.0], [1.0, -2.0], [-1.0, 2.0], [-1.0, -2.0]])
    labels = array(np.zeros(4, int))
    full, diagonal = (module.GCCSLoss(2, covariance=name).double() for name in ("full", "diagonal"))
    assert number(full(array(x), labels)) == pytest.approx(number(diagonal(array(x), labels)), rel=1e-12)


def test_empty_batches_cost_nothing_where_losses_are_sums(side):
    module, array = side
    x, labels = array(np.zeros((0, 3))), array(np.zeros(0, int))
    assert number(module.CenterLoss(3, 3)(x, labels)) == 0
    assert number(module.SparseCenterLoss(3, 3, reduction="sum")(x, x, labels)) == 0
    assert number(module.GCCSLoss(3)(x, labels)) == 0


# regions


def test_constant_images_stay_and_equal_regions_pool_to_themselves(side):
    module, array = side
    crops = values(module.region_crops(array(np.full((1, 2, 9, 11), 0.3))))
    np.testing.assert_allclose(crops, 0.3, rtol=1e-12)
    features = np.tile(RNG(15).normal(size=(2, 1, 4)), (1, 6, 1))
    pooled, weights = module.RegionAttention(4).double()(array(features))
    np.testing.assert_allclose(values(pooled), np.tile(features[:, 0], (1, 2)), rtol=1e-9)
    np.testing.assert_allclose(values(weights), values(weights)[:, :1].repeat(6, 1), rtol=1e-12)


def test_order_of_the_regions_does_not_change_what_is_pooled(side):
    module, array = side
    features, order = RNG(16).normal(size=(3, 5, 4)), np.array([3, 0, 4, 1, 2])
    layer = module.RegionAttention(4).double()
    (pooled, weights), (again, moved) = layer(array(features)), layer(array(features[:, order]))
    np.testing.assert_allclose(values(pooled), values(again), rtol=1e-9)
    np.testing.assert_allclose(values(weights)[:, order], values(moved), rtol=1e-9)


def test_regions_that_nobody_believes_still_have_a_mean(side):
    """Every sigmoid is 0 in float64 at -1,000; their quotients are not."""
    module, array = side
    layer = module.RegionAttention(1).double()
    layer.load_state_dict({"q0": array(np.array([-1000.0])), "q1": array(np.array([0.0, 0.0]))})
    pooled, weights = layer(array(np.array([[[1.0], [1.0], [1.0]]])))
    np.testing.assert_allclose(values(pooled), [[1, 1]], rtol=1e-9)
    np.testing.assert_allclose(values(weights), [[0, 0, 0]], atol=1e-300)


def test_region_bias_is_zero_once_a_crop_leads_by_the_margin_and_one_crop_gets_the_gradient(side):
    module, array = side
    assert number(module.region_biased_loss(array(np.array([[0.1, 0.7]])), array(np.array([0.5])), 0.1)) == 0
    crops, whole = tracked(module, [[0.4, 0.4, 0.4]]), tracked(module, [0.6])
    module.region_biased_loss(crops, whole, 0.1).backward()
    assert sorted(gradient(crops)[0].tolist()) == [-1, 0, 0]


def test_centre_loss_pulls_features_and_centres_together():
    """Ten steps of both on free features: the spread within the classes falls, and centres follow."""
    rng = RNG(17)
    x, labels = Tensor(rng.normal(size=(30, 2)), requires_grad=True), np.arange(30) % 3
    loss, optimizer = scratch.CenterLoss(3, 2).double(), engine.optim.SGD([x], 0.3)
    losses = []
    for _ in range(10):
        optimizer.zero_grad()
        value = loss(x, labels)
        value.backward()
        optimizer.step()
        loss.update(x, labels)
        losses.append(value.item())
    assert losses == sorted(losses, reverse=True)
    assert losses[-1] < 0.01 * losses[0]
    means = one_hot(labels, 3).T @ x.data / 10
    np.testing.assert_allclose(means, loss.centers, atol=0.05)
