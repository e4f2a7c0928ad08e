"""Weights, labels, options, batches and shapes that losses refuse, and with which words."""

import numpy as np
import pytest

LOGITS, LABELS = np.zeros((2, 3)), np.array([0, 2])


@pytest.mark.parametrize("labels", [[0, 3], [-1, 0]])
def test_labels_that_are_no_class_are_refused_everywhere(side, labels):
    module, array = side
    labels, z = array(labels), array(LOGITS)
    with pytest.raises(ValueError, match="class_weights: expected labels from 0 to 2, got"):
        module.class_weights(labels, 3)
    with pytest.raises(ValueError, match="focal_loss: expected labels from 0 to 2, got"):
        module.focal_loss(z, labels)
    with pytest.raises(ValueError, match="balanced_cross_entropy: expected labels from 0 to 2, got"):
        module.balanced_cross_entropy(z, labels, array(np.ones(3)))
    for loss in (module.CenterLoss(3, 3), module.IslandLoss(3, 3)):
        with pytest.raises(ValueError, match="Loss: expected labels from 0 to 2, got"):
            loss(z, labels)
        with pytest.raises(ValueError, match="Loss: expected labels from 0 to 2, got"):
            loss.update(z, labels)
    with pytest.raises(ValueError, match="SparseCenterLoss: expected labels from 0 to 2, got"):
        module.SparseCenterLoss(3, 3)(z, z, labels)
    with pytest.raises(ValueError, match="GCCSLoss: expected labels from 0 to 2, got"):
        module.GCCSLoss(3)(z, labels)


@pytest.mark.parametrize("labels", [[0.0, 1.0], [True, False]])
def test_labels_that_are_no_integers_are_refused(side, labels):
    module, array = side
    for call in (
        lambda: module.focal_loss(array(LOGITS), array(labels)),
        lambda: module.class_weights(array(labels), 2),
    ):
        with pytest.raises(TypeError, match="expected integer labels, got .*; convert class numbers to int64"):
            call()


def test_classes_without_an_example_have_no_weight(side):
    module, array = side
    with pytest.raises(ValueError, match=r"expected an example of every class, got none of \[1, 3\]"):
        module.class_weights(array([0, 2, 2]), 4)
    with pytest.raises(ValueError, match=r"got none of \[0, 1\]"):
        module.class_weights(array(np.zeros(0, int)), 2)
    with pytest.raises(ValueError, match="classes of at least 1, got 0"):
        module.class_weights(array([0]), 0)
    with pytest.raises(ValueError, match=r"labels \(n,\), got \(1, 2\)"):
        module.class_weights(array([[0, 1]]), 2)


def test_weights_of_another_length_or_sign_are_refused(side):
    module, array = side
    z, labels = array(LOGITS), array(LABELS)
    with pytest.raises(ValueError, match=r"classes is both 3 and 2; alpha has one weight for each class"):
        module.focal_loss(z, labels, alpha=array(np.ones(2)))
    for bad in (-1.0, np.nan, np.inf):
        with pytest.raises(ValueError, match="expected finite weights alpha of at least 0, got"):
            module.balanced_cross_entropy(z, labels, array(np.array([1.0, bad, 1.0])))


def test_options_of_weighted_losses_are_refused(side):
    module, array = side
    z, labels = array(LOGITS), array(LABELS)
    with pytest.raises(ValueError, match="expected gamma of at least 0, got -1; 0 is balanced cross-entropy"):
        module.focal_loss(z, labels, gamma=-1)
    for gamma in (np.nan, np.inf):
        with pytest.raises(ValueError, match="gamma"):
            module.focal_loss(z, labels, gamma=gamma)
    with pytest.raises(ValueError, match="reduction of 'mean' or 'sum' or 'none', got 'average'"):
        module.focal_loss(z, labels, reduction="average")
    with pytest.raises(ValueError, match="classes of at least 2, got 1; a class needs a rival"):
        module.focal_loss(array(np.zeros((2, 1))), array([0, 0]))
    with pytest.raises(ValueError, match=r"logits \(batch, classes\)"):
        module.focal_loss(z, array([0, 1, 2]))
    with pytest.raises(ValueError, match="an empty batch; use reduction='sum'"):
        module.focal_loss(array(np.zeros((0, 3))), array(np.zeros(0, int)))


@pytest.mark.parametrize("name", ["CenterLoss", "IslandLoss", "SparseCenterLoss"])
def test_centres_that_make_no_sense_are_refused(side, name):
    make = getattr(side[0], name)
    for options, message in (
        ({"classes": 0}, "classes of at least"),
        ({"dim": 0}, "dim of at least 1, got 0"),
        ({"alpha": 1.5}, "alpha from 0 to 1, got 1.5"),
        ({"alpha": -0.1}, "alpha from 0 to 1, got -0.1"),
        ({"reduction": "none"}, "reduction of 'mean' or 'sum', got 'none'"),
    ):
        with pytest.raises(ValueError, match=f"{name}: expected {message}"):
            make(**{"classes": 3, "dim": 2, **options})


def test_islands_need_two_classes_and_a_push_apart(side):
    with pytest.raises(ValueError, match="IslandLoss: expected classes of at least 2, got 1"):
        side[0].IslandLoss(1, 2)
    with pytest.raises(ValueError, match="pair_weight of at least 0, got -1"):
        side[0].IslandLoss(2, 2, pair_weight=-1)


def test_features_of_another_shape_are_refused(side):
    module, array = side
    x, labels = array(np.zeros((2, 4))), array([0, 1])
    for loss in (module.CenterLoss(3, 3), module.IslandLoss(3, 3)):
        for call in (loss, loss.update):
            with pytest.raises(ValueError, match="where dim is both 4 and 3"):
                call(x, labels)
    with pytest.raises(ValueError, match="where batch is both 2 and 3"):
        module.CenterLoss(3, 4)(x, array([0, 1, 2]))
    with pytest.raises(ValueError, match=r"attention \(batch, dim\)"):
        module.SparseCenterLoss(3, 4)(x, array(np.zeros((2, 1))), labels)
    none = array(np.zeros((0, 4))), array(np.zeros(0, int))
    with pytest.raises(ValueError, match="CenterLoss: expected at least one example for reduction='mean'"):
        module.CenterLoss(3, 4, reduction="mean")(*none)
    with pytest.raises(ValueError, match="SparseCenterLoss: expected at least one example for reduction='mean'"):
        module.SparseCenterLoss(3, 4)(none[0], *none)


def test_attention_over_dimensions_refuses_layers_without_units_and_other_maps(side):
    module, array = side
    for arguments in ((0, 2, (3,)), (4, 0, (3,)), (4, 2, ()), (4, 2, (3, 0))):
        with pytest.raises(ValueError, match="DimensionAttention: expected"):
            module.DimensionAttention(*arguments)
    with pytest.raises(ValueError, match=r"with 12 numbers in each row, got \(2, 3, 3\); see in_features="):
        module.DimensionAttention(12, 2, (3,))(array(np.zeros((2, 3, 3), np.float32)))
    with pytest.raises(ValueError, match="value"):  # batch norm says so itself
        module.DimensionAttention(4, 2, (3,))(array(np.zeros((1, 4), np.float32)))


def test_gaussians_without_an_inverse_are_refused(side):
    module, array = side
    mean, target = array(np.zeros(2)), array(np.zeros(2))
    for covariance in (np.zeros((2, 2)), np.diag([1.0, -1.0]), np.diag([-1.0, -2.0]), np.ones((2, 2))):
        with pytest.raises(ValueError, match="expected positive definite covariances"):
            module.gaussian_kl(mean, array(covariance), target, 1.0)
    with pytest.raises(ValueError, match="target_variance above 0, got 0"):
        module.gaussian_kl(mean, array(np.eye(2)), target, 0)
    with pytest.raises(ValueError, match="where dim is both 2 and 3"):
        module.gaussian_kl(mean, array(np.eye(3)), target, 1.0)
    with pytest.raises(ValueError, match="where dim is both 2 and 3"):
        module.gaussian_kl(mean, array(np.eye(2)), array(np.zeros(3)), 1.0)


def test_kurtosis_needs_spread(side):
    module, array = side
    with pytest.raises(ValueError, match="n of at least 2, got 1; one example has no spread"):
        module.kurtosis(array(np.zeros((1, 2))))
    with pytest.raises(ValueError, match=r"expected features that vary, got no spread in \['dimension 1'\]"):
        module.kurtosis(array(np.array([[0.0, 5.0], [1.0, 5.0]])))


def test_gccs_options_are_refused(side):
    for options, message in (
        ({"classes": 1}, "classes of at least 2"),
        ({"distance": 0}, "distance and variance above 0"),
        ({"variance": -1.0}, "distance and variance above 0"),
        ({"kurtosis_weight": -0.1}, "kurtosis_weight of at least 0"),
        ({"covariance": "round"}, "covariance of 'full' or 'diagonal', got 'round'"),
    ):
        with pytest.raises(ValueError, match=f"GCCSLoss: expected {message}"):
            side[0].GCCSLoss(**{"classes": 3, **options})


def test_too_few_examples_for_a_covariance_are_refused_with_the_way_out(side):
    module, array = side
    x, labels = array(np.random.default_rng(0).normal(size=(7, 3))), array([0, 0, 0, 0, 2, 2, 2])
    message = r"at least 4 examples of each class .* got \{2: 3\} .*balanced by class, or use covariance='diagonal'"
    with pytest.raises(ValueError, match=message):
        module.GCCSLoss(3)(x, labels)
    module.GCCSLoss(3, covariance="diagonal")(x, labels)
    with pytest.raises(ValueError, match=r"at least 2 examples of each class .* got \{1: 1\}"):
        module.GCCSLoss(3, covariance="diagonal")(x[:1], array([1]))


def test_classes_without_spread_are_refused(side):
    module, array = side
    x = np.random.default_rng(1).normal(size=(8, 3))
    x[:, 1] = 2.0
    labels = array(np.zeros(8, int))
    for covariance in ("full", "diagonal"):
        with pytest.raises(ValueError, match="expected features that vary, got no spread in .*class 0"):
            module.GCCSLoss(3, covariance=covariance)(array(x), labels)


def test_gccs_features_have_a_dimension_for_each_class(side):
    module, array = side
    with pytest.raises(ValueError, match=r"features \(batch, 3\).*; dims are classes"):
        module.GCCSLoss(3)(array(np.zeros((8, 4))), array(np.zeros(8, int)))


def test_regions_refuse_other_shapes(side):
    module, array = side
    for shape in ((28, 28), (2, 1, 0, 5)):
        with pytest.raises(ValueError, match=r"region_crops: expected images \(batch, channels, height, width\)"):
            module.region_crops(array(np.zeros(shape)))
    with pytest.raises(ValueError, match="RegionAttention: expected dim of at least 1, got 0"):
        module.RegionAttention(0)
    for shape in ((2, 4), (2, 0, 4), (2, 3, 5)):
        with pytest.raises(ValueError, match=r"RegionAttention: expected features \(batch, regions, 4\).*is the whole"):
            module.RegionAttention(4)(array(np.zeros(shape, np.float32)))


def test_region_bias_refuses_other_shapes_and_margins_below_zero(side):
    module, array = side
    for crops, whole in (((2, 3), (3,)), ((2, 0), (2,)), ((0, 3), (0,)), ((2, 3), (2, 1))):
        with pytest.raises(ValueError, match=r"region_biased_loss: expected crop_weights \(batch, crops\)"):
            module.region_biased_loss(array(np.zeros(crops)), array(np.zeros(whole)))
    with pytest.raises(ValueError, match="margin of at least 0, got -0.1"):
        module.region_biased_loss(array(np.zeros((1, 2))), array(np.zeros(1)), margin=-0.1)
