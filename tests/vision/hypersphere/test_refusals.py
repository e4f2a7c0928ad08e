"""Prototypes, labels, triplets, bounds and spaces that hypersphere refuses."""

import numpy as np
import pytest


@pytest.mark.parametrize(
    ("numbers", "message"),
    [
        ((1, 3, 10), "classes of at least 2, got 1"),
        ((3, 0, 10), "dims and steps of at least 1, got 0 and 10"),
        ((4, 2, 0), "dims and steps of at least 1, got 2 and 0"),
    ],
)
def test_prototypes_refuse_numbers_that_make_no_sense(side, numbers, message):
    with pytest.raises(ValueError, match=f"separated_prototypes: expected {message}"):
        side[0].separated_prototypes(*numbers)


def test_prototypes_refuse_more_classes_than_the_sphere_of_one_dimension_has_points(side):
    with pytest.raises(ValueError, match="3 classes cannot be told apart in 1 dimension"):
        side[0].separated_prototypes(3, 1)


def test_losses_name_shapes_that_do_not_fit(side):
    module, array = side
    z, p = array(np.zeros((2, 3))), array(np.eye(4))
    with pytest.raises(ValueError, match=r"prototype_loss: expected z .*\(2, 3\) and \(4, 4\) and \(2,\), where dims"):
        module.prototype_loss(z, p, array([0, 1]))
    with pytest.raises(ValueError, match="classify: expected z"):
        module.classify(z, p)
    with pytest.raises(ValueError, match="prototype_regression_loss: expected z"):
        module.prototype_regression_loss(z, array(np.zeros(3)), array(np.zeros(5)))


@pytest.mark.parametrize("labels", [[0, 3], [-1, 0], [0.0, 1.0], [True, False]])
def test_labels_without_a_prototype_are_refused(side, labels):
    module, array = side
    with pytest.raises(ValueError, match="expected integer labels from 0 to 2"):
        module.prototype_loss(array(np.ones((2, 3))), array(np.eye(3)), array(labels))


def test_prototypes_without_a_direction_are_refused(side):
    module, array = side
    z, message = array(np.ones((1, 2))), "expected finite prototypes of a length above 0"
    for bad in ([[0.0, 0], [1, 0]], [[np.nan, 0], [1, 0]]):
        p = array(np.array(bad))
        with pytest.raises(ValueError, match=f"prototype_loss: {message}"):
            module.prototype_loss(z, p, array([1]))
        with pytest.raises(ValueError, match=f"prototype_regression_loss: {message}"):
            module.prototype_regression_loss(z, p[0], array(np.zeros(1)))
        with pytest.raises(ValueError, match=f"classify: {message}"):
            module.classify(z, p)
        with pytest.raises(ValueError, match=f"semantic_ranking_loss: {message}"):
            module.semantic_ranking_loss(p, array([[0, 1, 0]]))


@pytest.mark.parametrize(
    "triplets", [np.zeros((0, 3), int), np.zeros((2, 5), int), np.zeros((2, 3)), np.array([[0, 1, 9]])]
)
def test_triplets_that_are_none_are_refused(side, triplets):
    module, array = side
    with pytest.raises(ValueError, match="semantic_ranking_loss: expected"):
        module.semantic_ranking_loss(array(np.eye(3)), array(triplets))


def test_regression_refuses_bounds_in_the_wrong_order_and_numbers_beyond_them(side):
    module, array = side
    with pytest.raises(ValueError, match="expected lower < upper, got 5 and 5"):
        module.regression_target(array(np.array([5.0])), 5, 5)
    with pytest.raises(ValueError, match="expected y from 0 to 1, got 0.5 to 1.5; widen the bounds"):
        module.regression_target(array(np.array([0.5, 1.5])), 0, 1)


def test_net_refuses_spaces_that_are_too_small_and_losses_without_their_targets(side):
    module, array = side
    with pytest.raises(ValueError, match="expected dims of at least 3, got 2"):
        module.HypersphericalNet(3, 2, joint=True)
    z = array(np.ones((2, 3), np.float32))
    with pytest.raises(ValueError, match="expected targets for a joint space, got none"):
        module.HypersphericalNet(3, 3, joint=True).loss(z, array([0, 1]))
    with pytest.raises(ValueError, match="expected targets only in a joint space, got some"):
        module.HypersphericalNet(3, 3).loss(z, array([0, 1]), array([0.0, 0.0]))
