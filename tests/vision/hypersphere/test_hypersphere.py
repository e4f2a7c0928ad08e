"""The hypersphere topic: known optima on spheres, angles by hand, SciPy, gradients, the twins, and bad input."""

import numpy as np
import pytest
import scipy.optimize
import scipy.special
import torch
from hypothesis import given
from hypothesis import strategies as st

from mylib import engine
from mylib.vision.hypersphere import pytorch, scratch
from tests.twins import assert_close, assert_same_function, assert_same_module, share_random_weights

SIDES = {"scratch": (scratch, np.asarray), "pytorch": (pytorch, torch.tensor)}
RNG = np.random.default_rng


@pytest.fixture(params=SIDES)
def side(request):
    return SIDES[request.param]


def largest_cosine(points):
    points = np.asarray(points)
    return (points @ points.T)[~np.eye(len(points), dtype=bool)].max()


def number(loss):
    return loss.item()


# known optima


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


def test_ten_points_in_space_beat_scipys_descent_from_the_same_start():
    """SciPy's BFGS on the same smooth objective at its last beta, from three starts, finds nothing better."""

    def smooth(flat, beta=1e4):
        points = flat.reshape(10, 3) / np.linalg.norm(flat.reshape(10, 3), axis=1, keepdims=True)
        cosines = (points @ points.T)[np.triu_indices(10, 1)]
        return cosines.max() + np.log(np.exp(beta * (cosines - cosines.max())).sum()) / beta

    best = min(
        scipy.optimize.minimize(smooth, RNG(seed).normal(size=30), method="BFGS", options={"maxiter": 60}).fun
        for seed in range(3)
    )
    ours = min(largest_cosine(scratch.separated_prototypes(10, 3, seed=seed)) for seed in range(3))
    assert ours <= best + 5e-4


def test_prototypes_have_length_one_and_repeat_with_their_seed(side):
    first, again, other = (np.asarray(side[0].separated_prototypes(7, 4, seed=s)) for s in (3, 3, 4))
    np.testing.assert_allclose(np.linalg.norm(first, axis=1), 1, rtol=1e-12)
    np.testing.assert_array_equal(first, again)
    assert not np.allclose(first, other)


def test_twins_separate_equally_well():
    # Two generators, two descents: the points differ, the optimum does not.
    for classes, dims in ((7, 3), (20, 6)):
        ours, theirs = (
            largest_cosine(module.separated_prototypes(classes, dims)) for module in (scratch, pytorch)
        )
        # 20 points in 6 dimensions have local optima, within 0.02 of each other in twenty runs.
        assert ours == pytest.approx(float(theirs), abs=0.03)


def test_privileged_information_orders_the_prototypes_and_keeps_them_apart(side):
    """On a circle, classes that are alike in a ring should stand in that ring."""
    ring = np.array([(i, (i + d) % 6, (i + e) % 6) for i in range(6) for d in (1, 5) for e in (2, 3, 4)])
    plain = side[0].separated_prototypes(6, 2, seed=2)
    told = side[0].separated_prototypes(6, 2, seed=2, triplets=ring, weight=10.0)
    assert largest_cosine(told) == pytest.approx(np.cos(np.pi / 3), abs=0.02)
    loss = [number(side[0].semantic_ranking_loss(p, ring)) for p in (plain, told)]
    assert loss[1] < loss[0]


@pytest.mark.parametrize("told", [False, True])
def test_first_step_of_the_descent_follows_the_slope_of_the_smooth_largest_cosine(side, told):
    """Its objective written out once more; its slope by differences; one step of size 0.1 from the same start."""
    module, _ = side
    if module is scratch:
        start = RNG(3).normal(size=(4, 3))
    else:
        start = torch.randn(4, 3, generator=torch.Generator().manual_seed(3), dtype=torch.float64).numpy()
    start /= np.linalg.norm(start, axis=1, keepdims=True)
    triplets = np.array([[0, 1, 2], [3, 2, 1]])

    def objective(flat):
        points = flat.reshape(4, 3) / np.linalg.norm(flat.reshape(4, 3), axis=1, keepdims=True)
        cosines = points @ points.T
        i, j, k = triplets.T
        ranking = np.log1p(np.exp(cosines[i, k] - cosines[i, j])).mean()
        crowding = scipy.special.logsumexp(10 * cosines[~np.eye(4, dtype=bool)]) / 10
        return 4 * crowding + (2.5 * ranking if told else 0)

    slope = scipy.optimize.approx_fprime(start.ravel(), objective, 1e-7).reshape(4, 3)
    expected = start - 0.1 * slope
    expected /= np.linalg.norm(expected, axis=1, keepdims=True)
    extra = {"triplets": triplets, "weight": 2.5} if told else {}
    got = module.separated_prototypes(4, 3, steps=1, seed=3, **extra)
    np.testing.assert_allclose(got, expected, atol=1e-6)  # forward differences


def test_prototypes_can_be_made_where_nothing_else_is_learned():
    with torch.no_grad():
        assert largest_cosine(pytorch.separated_prototypes(3, 2)) == pytest.approx(-0.5, abs=5e-4)


# losses by hand


def test_loss_at_a_right_angle_is_one_and_at_the_opposite_four(side):
    module, array = side
    prototypes = array(np.array([[0.0, 1.0], [1.0, 0.0]]))
    z = array(np.array([[5.0, 0.0], [0.0, -0.1], [0.0, 7.0]]))
    for row, expected in enumerate((1.0, 4.0, 0.0)):
        assert number(module.prototype_loss(z[row : row + 1], prototypes, array([0]))) == pytest.approx(
            expected
        )
    # With the slide's bars around z . p the second would be 0: an output on the opposite side would be content.
    assert number(module.prototype_loss(z, prototypes, array([0, 0, 0]))) == pytest.approx(5.0), "a sum"


def test_slides_gradient_is_the_gradient():
    """2 (1 - cos) (cos z / |z|^2 - p / (|z| |p|)), written out from the slide."""
    rng = RNG(0)
    z, p, labels = rng.normal(size=(4, 3)), rng.normal(size=(5, 3)), np.array([0, 4, 2, 2])
    traced = engine.Tensor(z, requires_grad=True)
    scratch.prototype_loss(traced, p, labels).backward()
    length, wanted = np.linalg.norm(z, axis=1, keepdims=True), p[labels]
    cosine = (z * wanted).sum(1, keepdims=True) / (length * np.linalg.norm(wanted, axis=1, keepdims=True))
    slide = cosine * z / length**2 - wanted / (length * np.linalg.norm(wanted, axis=1, keepdims=True))
    np.testing.assert_allclose(traced.grad, 2 * (1 - cosine) * slide, rtol=1e-9)
    np.testing.assert_allclose((traced.grad * z).sum(axis=1), 0, atol=1e-12)


def test_loss_equals_torchs_cosine_similarity():
    rng = RNG(1)
    z, p, labels = rng.normal(size=(6, 4)), rng.normal(size=(3, 4)), rng.integers(0, 3, 6)
    expected = (1 - torch.cosine_similarity(torch.tensor(z), torch.tensor(p)[labels])).pow(2).sum()
    for module, array in SIDES.values():
        got = number(module.prototype_loss(array(z), array(p), array(labels)))
        assert got == pytest.approx(float(expected), rel=1e-9)


@given(seed=st.integers(0, 1000), scale=st.floats(1e-3, 1e3))
def test_length_of_the_output_does_not_matter(seed, scale):
    rng = RNG(seed)
    z, p, labels = rng.normal(size=(3, 4)), rng.normal(size=(2, 4)), rng.integers(0, 2, 3)
    for module, array in SIDES.values():
        plain = number(module.prototype_loss(array(z), array(p), array(labels)))
        scaled = number(module.prototype_loss(array(scale * z), array(p / scale), array(labels)))
        assert scaled == pytest.approx(plain, rel=1e-9)


def test_ranking_loss_by_hand(side):
    module, array = side
    p = array(np.array([[1.0, 0.0], [0.0, 2.0], [-1.0, 0.0]]))
    # cos(0, 1) - cos(0, 2) = 0 - (-1) = 1; with the label 0 the other way round.
    log_sigmoid = -np.log(1 + np.exp(-1.0))
    assert number(module.semantic_ranking_loss(p, array([[0, 1, 2]]))) == pytest.approx(-log_sigmoid)
    assert number(module.semantic_ranking_loss(p, array([[0, 1, 2, 1]]))) == pytest.approx(-log_sigmoid)
    assert number(module.semantic_ranking_loss(p, array([[0, 2, 1, 0]]))) == pytest.approx(-log_sigmoid)
    both = array([[0, 1, 2, 1], [0, 1, 2, 0]])
    assert number(module.semantic_ranking_loss(p, both)) == pytest.approx(
        (-log_sigmoid - log_sigmoid + 1) / 2
    )


def test_regression_targets_and_loss_by_hand(side):
    module, array = side
    targets = module.regression_target(array(np.array([10.0, 15.0, 30.0])), 10, 30)
    np.testing.assert_allclose(np.asarray(targets), [-1, -0.5, 1])
    z = array(np.array([[0.0, -3.0], [0.0, 2.0], [1.0, 1.0]]))
    # Cosines to (0, 1): -1, 1 and 1 / sqrt 2.
    expected = 0 + 1.5**2 + (1 - np.sqrt(0.5)) ** 2
    got = number(module.prototype_regression_loss(z, array(np.array([0.0, 1.0])), targets))
    assert got == pytest.approx(expected)


def test_a_target_of_one_is_the_class_loss(side):
    module, array = side
    z, p = RNG(2).normal(size=(4, 3)), RNG(3).normal(size=3)
    by_number = number(module.prototype_regression_loss(array(z), array(p), array(np.ones(4))))
    by_class = number(module.prototype_loss(array(z), array(p[None]), array(np.zeros(4, int))))
    assert by_number == pytest.approx(by_class, rel=1e-12)


def test_classify_takes_the_smallest_angle_whatever_the_lengths(side):
    module, array = side
    p = array(np.array([[10.0, 0.0], [0.5, 0.5], [0.0, 1.0]]))
    z = array(np.array([[0.2, 0.19], [1.0, 0.1], [-1.0, 5.0], [2.0, 0.0]]))
    assert np.asarray(module.classify(z, p)).tolist() == [1, 0, 2, 0]
    assert np.asarray(module.classify(array(np.zeros((1, 2))), p)).tolist() == [0], "a tie: the lowest class"


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


# gradients and twins


def test_gradients_of_the_losses():
    rng = RNG(4)
    z, p = engine.Tensor(rng.normal(size=(3, 4)), requires_grad=True), rng.normal(size=(5, 4))
    labels, targets = np.array([4, 0, 0]), np.array([0.5, -0.2, 1.0])
    engine.gradcheck(lambda z: scratch.prototype_loss(z, p, labels), z)
    engine.gradcheck(lambda z: scratch.prototype_regression_loss(z, p[0], targets), z)
    triplets = np.array([[0, 1, 2], [3, 4, 1], [2, 2, 0]])
    prototypes = engine.Tensor(p, requires_grad=True)
    engine.gradcheck(lambda p: scratch.semantic_ranking_loss(p, triplets), prototypes)


def test_loss_twins_agree():
    rng = RNG(5)
    z, p, labels = rng.normal(size=(6, 4)), rng.normal(size=(3, 4)), rng.integers(0, 3, 6)
    targets, triplets = rng.uniform(-1, 1, 6), np.array([[0, 1, 2, 1], [2, 0, 1, 0]])

    def in_type(function, module):
        tensor = (
            (lambda a, like: a) if module is scratch else (lambda a, like: torch.tensor(a).to(like.dtype))
        )
        return lambda x: function(module, x, tensor)

    cases = {
        "class": lambda m, x, t: m.prototype_loss(
            x, t(p, x), labels if m is scratch else torch.tensor(labels)
        ),
        "number": lambda m, x, t: m.prototype_regression_loss(x, t(p[0], x), t(targets, x)),
        "ranking": lambda m, x, t: m.semantic_ranking_loss(x, triplets),
    }
    for function in cases.values():
        assert_same_function(in_type(function, scratch), in_type(function, pytorch), z)


@pytest.mark.parametrize("joint", [False, True])
def test_net_twins_agree(joint):
    images = RNG(6).uniform(size=(2, 1, 28, 28))
    makes = [
        lambda module=module: module.HypersphericalNet(4, 3, joint=joint) for module in (scratch, pytorch)
    ]
    assert_same_module(*makes, images)


def test_joint_loss_twins_agree():
    ours, theirs = (module.HypersphericalNet(5, 4, joint=True) for module in (scratch, pytorch))
    share_random_weights(ours, theirs, np.float32)
    images = RNG(7).uniform(size=(3, 1, 28, 28)).astype(np.float32)
    labels, targets = np.array([4, 0, 2]), np.array([0.3, -0.9, 0.0], np.float32)
    our_loss = ours.loss(ours(images), labels, targets)
    their_loss = theirs.loss(theirs(torch.tensor(images)), torch.tensor(labels), torch.tensor(targets))
    our_loss.backward(), their_loss.backward()
    assert our_loss.item() == pytest.approx(their_loss.item(), rel=1e-5)
    expected = dict(theirs.named_parameters())
    for name, parameter in ours.named_parameters():
        assert_close(parameter.grad, expected[name].grad.numpy(), np.float32, name)


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


def test_losses_compile_without_looking_at_values():
    compiled = torch.compile(pytorch.prototype_loss, backend="eager", fullgraph=True)
    z, p, labels = torch.randn(4, 3), torch.randn(2, 3), torch.tensor([0, 1, 1, 0])
    torch.testing.assert_close(compiled(z, p, labels), pytorch.prototype_loss(z, p, labels))


@pytest.mark.gpu
def test_losses_stay_on_the_gpu():
    z = torch.randn(4, 3, device="cuda", requires_grad=True)
    loss = pytorch.prototype_loss(z, torch.eye(3, device="cuda"), torch.tensor([0, 1, 2, 0], device="cuda"))
    loss.backward()
    assert loss.is_cuda
    assert z.grad.is_cuda


# limits and bad input


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


def test_net_trained_under_autocast_predicts_outside_of_it():
    net = pytorch.HypersphericalNet(4, 5, joint=True)
    labels, targets = torch.tensor([0, 3]), torch.tensor([0.1, -0.4])
    with torch.autocast("cpu", torch.bfloat16):
        z = net(torch.rand(2, 1, 28, 28))
        loss = net.loss(z, labels, targets)
    loss.backward()
    assert loss.dtype == torch.float32
    classes, found = net.predict(z)
    expected = net.predict(z.double())
    assert torch.equal(classes, expected[0])
    torch.testing.assert_close(found.double(), expected[1], atol=0.02, rtol=0)  # three digits


def test_training_step_asks_the_device_for_no_value():
    # Tensors on the meta device have shapes and no values: whatever reads one back raises.
    net = pytorch.HypersphericalNet(4, 5, joint=True).to("meta")
    labels = torch.empty(2, dtype=torch.long, device="meta")
    z = net(torch.empty(2, 1, 28, 28, device="meta"))
    net.loss(z, labels, torch.empty(2, device="meta")).backward()
    net.predict(z)
    assert all(parameter.grad is not None for parameter in net.parameters())


def test_empty_batch_has_loss_zero(side):
    module, array = side
    z, p = array(np.zeros((0, 3))), array(np.eye(3))
    assert number(module.prototype_loss(z, p, array(np.zeros(0, int)))) == 0
    assert np.asarray(module.classify(z, p)).shape == (0,)


@pytest.mark.parametrize(("classes", "dims", "steps"), [(1, 3, 10), (3, 0, 10), (4, 2, 0)])
def test_prototypes_refuse_numbers_that_make_no_sense(side, classes, dims, steps):
    with pytest.raises(ValueError, match="separated_prototypes: expected classes of at least 2"):
        side[0].separated_prototypes(classes, dims, steps)


def test_prototypes_refuse_more_classes_than_the_sphere_of_one_dimension_has_points(side):
    with pytest.raises(ValueError, match="3 classes cannot be told apart in 1 dimension"):
        side[0].separated_prototypes(3, 1)


def test_losses_name_shapes_that_do_not_fit(side):
    module, array = side
    z, p = array(np.zeros((2, 3))), array(np.eye(4))
    with pytest.raises(ValueError, match=r"prototype_loss: expected z .*\(2, 3\), \(4, 4\) and \(2,\)"):
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


def test_more_classes_than_the_sphere_can_tell_apart_are_spread_evenly_all_the_same(side):
    # 40 classes on a circle: 9 degrees from one to the next, too little to train with, and still as good as can be.
    points = np.asarray(side[0].separated_prototypes(40, 2))
    angles = np.sort(np.degrees(np.arctan2(points[:, 1], points[:, 0])))
    np.testing.assert_allclose(np.diff(angles), 9, atol=0.3)


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
