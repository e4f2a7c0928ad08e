"""Optima known on spheres, invariances and limits of the losses, gradients by differences, and training."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from mylib import engine
from mylib.vision.hypersphere import pytorch, scratch
from tests.vision.hypersphere.cases import RNG, SIDES, largest_cosine, number


@pytest.mark.parametrize(("classes", "dims"), [(2, 1), (2, 3), (3, 2), (4, 3), (5, 10), (10, 9), (10, 25)])
def test_few_classes_form_a_simplex(side, classes, dims):
    """Up to dims + 1 points: all cosines are -1 / (classes - 1), since the sum of the vectors has a length >= 0."""
    points = np.asarray(side[0].separated_prototypes(classes, dims))
    cosines = (points @ points.T)[~np.eye(classes, dtype=bool)]
    # The smooth maximum at beta = 10,000 lies within log(pairs) / beta = 5e-4 of the largest cosine.
    np.testing.assert_allclose(cosines, -1 / (classes - 1), atol=5e-4)


@pytest.mark.parametrize("classes", [3, 5, 8, 12])
def test_points_on_the_circle_are_even(side, classes):
    points = side[0].separated_prototypes(classes, 2, seed=1)
    assert largest_cosine(points) == pytest.approx(np.cos(2 * np.pi / classes), abs=5e-4)


@pytest.mark.parametrize(("classes", "degrees"), [(6, 90.0), (12, 63.4349)])
def test_points_on_the_sphere_are_the_octahedron_and_the_icosahedron(side, classes, degrees):
    for seed in range(3):
        points = side[0].separated_prototypes(classes, 3, seed=seed)
        assert np.degrees(np.arccos(largest_cosine(points))) == pytest.approx(degrees, abs=0.1)


def test_as_many_as_twice_the_dimensions_are_at_right_angles_at_least(side):
    # Up to 2 dims points the optimum is the cross polytope with cosine 0 (Rankin 1955).
    assert largest_cosine(side[0].separated_prototypes(9, 5)) == pytest.approx(0, abs=5e-4)


def test_prototypes_have_length_one_and_repeat_with_their_seed(side):
    first, again, other = (np.asarray(side[0].separated_prototypes(7, 4, seed=s)) for s in (3, 3, 4))
    np.testing.assert_allclose(np.linalg.norm(first, axis=1), 1, rtol=1e-12)
    np.testing.assert_array_equal(first, again)
    assert not np.allclose(first, other)


def test_privileged_information_orders_the_prototypes_and_keeps_them_apart(side):
    """On a circle, classes that are alike in a ring should stand in that ring."""
    ring = np.array([(i, (i + d) % 6, (i + e) % 6) for i in range(6) for d in (1, 5) for e in (2, 3, 4)])
    plain = side[0].separated_prototypes(6, 2, seed=2)
    told = side[0].separated_prototypes(6, 2, seed=2, triplets=ring, weight=10.0)
    assert largest_cosine(told) == pytest.approx(np.cos(np.pi / 3), abs=0.02)
    loss = [number(side[0].semantic_ranking_loss(p, ring)) for p in (plain, told)]
    assert loss[1] < loss[0]


@given(seed=st.integers(0, 1000), scale=st.floats(1e-3, 1e3))
def test_length_of_the_output_does_not_matter(seed, scale):
    rng = RNG(seed)
    z, p, labels = rng.normal(size=(3, 4)), rng.normal(size=(2, 4)), rng.integers(0, 2, 3)
    for module, array in SIDES.values():
        plain = number(module.prototype_loss(array(z), array(p), array(labels)))
        scaled = number(module.prototype_loss(array(scale * z), array(p / scale), array(labels)))
        assert scaled == pytest.approx(plain, rel=1e-9)


def test_a_target_of_one_is_the_class_loss(side):
    module, array = side
    z, p = RNG(2).normal(size=(4, 3)), RNG(3).normal(size=3)
    by_number = number(module.prototype_regression_loss(array(z), array(p), array(np.ones(4))))
    by_class = number(module.prototype_loss(array(z), array(p[None]), array(np.zeros(4, int))))
    assert by_number == pytest.approx(by_class, rel=1e-12)


@pytest.mark.parametrize("joint", [False, True])
def test_loss_of_the_net_is_a_mean_over_the_batch(side, joint):
    module, array = side
    net = module.HypersphericalNet(3, 4, joint=joint)
    make = engine.Tensor if module is scratch else torch.tensor
    z, labels = RNG(11).normal(size=(2, 4)).astype(np.float32), np.array([2, 0])
    targets = np.array([0.5, -0.5], np.float32)

    def loss(times):
        numbers = [array(np.tile(targets, times))] if joint else []
        return number(net.loss(make(np.tile(z, (times, 1))), array(np.tile(labels, times)), *numbers))

    assert loss(3) == pytest.approx(loss(1), rel=1e-5)
    assert number(
        net.loss(
            make(-np.asarray(net.prototypes)[[1]]),
            array([1]),
            *([array(np.zeros(1, np.float32))] if joint else []),
        )
    ) == pytest.approx(4, rel=1e-5)


def test_joint_space_can_hold_every_class_with_every_number(side):
    """Each class prototype turned up by any angle: class loss 0 and regression loss 0 at once."""
    module, array = side
    net = module.HypersphericalNet(4, 5, joint=True)
    prototypes = np.asarray(net.prototypes, np.float64)
    np.testing.assert_array_equal(prototypes @ np.asarray(net.axis), 0)
    labels, cosines = np.repeat(np.arange(4), 3), np.tile([-0.7, 0.0, 0.6], 4)
    z = np.sqrt(1 - cosines**2)[:, None] * prototypes[labels] + cosines[:, None] * np.asarray(net.axis)
    z = (3.0 * z).astype(np.float32)
    make = engine.Tensor if module is scratch else torch.tensor
    loss = net.loss(make(z), array(labels), array(cosines.astype(np.float32)))
    assert number(loss) == pytest.approx(0, abs=1e-10)  # squares of float32's rounding, 1e-7
    classes, found = net.predict(make(z))
    np.testing.assert_array_equal(np.asarray(classes), labels)
    np.testing.assert_allclose(np.asarray(found), cosines, atol=1e-6)


def test_gradients_of_the_losses():
    rng = RNG(4)
    z, p = engine.Tensor(rng.normal(size=(3, 4)), requires_grad=True), rng.normal(size=(5, 4))
    labels, targets = np.array([4, 0, 0]), np.array([0.5, -0.2, 1.0])
    engine.gradcheck(lambda z: scratch.prototype_loss(z, p, labels), z)
    engine.gradcheck(lambda z: scratch.prototype_regression_loss(z, p[0], targets), z)
    triplets = np.array([[0, 1, 2], [3, 4, 1], [2, 2, 0]])
    prototypes = engine.Tensor(p, requires_grad=True)
    engine.gradcheck(lambda p: scratch.semantic_ranking_loss(p, triplets), prototypes)


def test_net_learns_to_tell_classes_on_a_circle():
    """Two dimensions for three classes, which one-hot codes cannot do; 40 steps on 60 images of three patterns."""
    engine.manual_seed(0)
    rng = RNG(8)
    labels = np.arange(60) % 3
    images = rng.uniform(0, 0.3, (60, 1, 28, 28)).astype(np.float32)
    for image, label in zip(images, labels, strict=True):
        image[0, 9 * label : 9 * label + 9] += 0.6
    net = scratch.HypersphericalNet(3, 2)
    optimizer = engine.optim.Adam(net.parameters(), 3e-3)
    for _ in range(40):
        optimizer.zero_grad()
        net.loss(net(images), labels).backward()
        optimizer.step()
    assert (net.predict(net(images)) == labels).mean() > 0.95


def test_zero_vector_has_cosine_zero_and_no_gradient():
    p, labels = np.eye(3), [1, 2]
    z = np.array([[0.0, 0, 0], [0, 0, 1e-12]])
    ours, theirs = engine.Tensor(z, requires_grad=True), torch.tensor(z, requires_grad=True)
    losses = (
        scratch.prototype_loss(ours, p, labels),
        pytorch.prototype_loss(theirs, torch.tensor(p), torch.tensor(labels)),
    )
    for loss, z in zip(losses, (ours, theirs), strict=True):
        loss.backward()
        assert loss.item() == 2.0
        np.testing.assert_array_equal(np.asarray(z.grad), 0)


def test_output_that_is_not_a_number_stays_visible(side):
    module, array = side
    z, p = array(np.array([[np.nan, 1.0]])), array(np.eye(2))
    assert np.isnan(number(module.prototype_loss(z, p, array([0]))))
    assert np.isnan(number(module.prototype_regression_loss(z, p[0], array(np.zeros(1)))))


def test_prediction_of_a_zero_vector_is_the_first_class_and_the_middle(side):
    module, _ = side
    net = module.HypersphericalNet(4, 5, joint=True)
    z = np.zeros((1, 5), np.float32)
    classes, found = net.predict(engine.Tensor(z) if module is scratch else torch.tensor(z))
    assert (classes.tolist(), found.tolist()) == ([0], [0])


def test_empty_batch_has_loss_zero(side):
    module, array = side
    z, p = array(np.zeros((0, 3))), array(np.eye(3))
    assert number(module.prototype_loss(z, p, array(np.zeros(0, int)))) == 0
    assert np.asarray(module.classify(z, p)).shape == (0,)


def test_more_classes_than_the_sphere_can_tell_apart_are_spread_evenly_all_the_same(side):
    # 40 classes on a circle: 9 degrees from one to the next, too little to train with, and still as good as can be.
    points = np.asarray(side[0].separated_prototypes(40, 2))
    angles = np.sort(np.degrees(np.arctan2(points[:, 1], points[:, 0])))
    np.testing.assert_allclose(np.diff(angles), 9, atol=0.3)
