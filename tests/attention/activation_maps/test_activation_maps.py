"""The activation_maps topic: maps by hand, Grad-CAM and SciPy, identities, gradients, the twins, and bad input."""

import numpy as np
import pytest
import scipy.ndimage
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st

from mylib import data, engine
from mylib.attention.activation_maps import pytorch, scratch
from mylib.attention.activation_maps.checks import HEAT
from tests.twins import assert_same_function, assert_same_module, share_random_weights

SIDES = {"scratch": (scratch, np.asarray), "pytorch": (pytorch, torch.tensor)}
MODULES = (scratch, pytorch)
# Two maps of 2 x 3 places and the weights of three classes.
FEATURES = np.array([[[[1.0, 2.0, 0.0], [0.0, 4.0, 5.0]], [[3.0, 0.0, 0.0], [0.0, 1.0, 2.0]]]])
WEIGHTS = np.array([[1.0, 0.0], [0.0, -2.0], [0.5, 1.0]])


@pytest.fixture(params=SIDES)
def side(request):
    return SIDES[request.param]


def numbers(value):
    """As an array, from either side."""
    if isinstance(value, torch.Tensor):
        return value.detach().numpy()
    return value.numpy() if isinstance(value, engine.Tensor) else np.asarray(value)


def normal(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape)


# scores and maps


def test_scores_by_hand(side):
    module, array = side
    # Means: 12 / 6 = 2 and 6 / 6 = 1.
    got = numbers(module.class_scores(array(FEATURES), array(WEIGHTS)))
    np.testing.assert_allclose(got, [[2.0, -2.0, 2.0]], rtol=1e-15)


def test_maps_by_hand(side):
    module, array = side
    maps = [module.class_activation_map(array(FEATURES), array(WEIGHTS), c) for c in range(3)]
    np.testing.assert_allclose(numbers(maps[0]), FEATURES[:, 0])
    np.testing.assert_allclose(numbers(maps[1]), -2 * FEATURES[:, 1])
    np.testing.assert_allclose(numbers(maps[2]), [[[3.5, 1.0, 0.0], [0.0, 3.0, 4.5]]])


def test_the_score_is_the_mean_of_the_map_and_the_slides_score_its_sum(side):
    module, array = side
    features, weights = normal(4, 5, 3, 7), normal(6, 5, seed=1)
    scores = numbers(module.class_scores(array(features), array(weights)))
    for c in range(6):
        maps = numbers(module.class_activation_map(array(features), array(weights), c))
        np.testing.assert_allclose(maps.mean((1, 2)), scores[:, c], rtol=0, atol=1e-12)
        slide = sum(weights[c, k] * features[:, k].sum((1, 2)) for k in range(5))
        np.testing.assert_allclose(maps.sum((1, 2)), slide, rtol=0, atol=1e-12)
        np.testing.assert_allclose(slide / 21, scores[:, c], rtol=0, atol=1e-12)


def test_the_identity_holds_in_a_whole_network_in_float32(side):
    module, array = side
    engine.manual_seed(1)
    torch.manual_seed(1)
    network, images = module.GAPNet(7, 3, 4).eval(), normal(3, 3, 20, 16).astype(np.float32)
    features, scores = network.features(array(images)), numbers(network(array(images)))
    for c in range(7):
        maps = numbers(module.class_activation_map(features, network.linear.weight, c))
        assert maps.shape == (3, 5, 4)
        # float32, sums of 20 numbers below 10.
        np.testing.assert_allclose(maps.mean((1, 2)), scores[:, c], rtol=1e-5, atol=1e-6)


def test_the_map_is_grad_cam_times_the_number_of_places(side):
    # Selvaraju et al. (2017): Grad-CAM weights each map with the mean gradient of the score, here w / (H W).
    module, array = side
    torch.manual_seed(2)
    network = pytorch.GAPNet(5, 1, 3).double().eval()
    features = network.features(torch.tensor(normal(2, 1, 12, 20))).detach().requires_grad_()
    for c in range(5):
        (gradient,) = torch.autograd.grad(network.linear(features.mean((2, 3)))[:, c].sum(), features)
        grad_cam = (gradient.mean((2, 3), keepdim=True) * features).sum(1).detach()
        values = features.detach().numpy(), network.linear.weight.detach().numpy()
        got = numbers(module.class_activation_map(array(values[0]), array(values[1]), c))
        np.testing.assert_allclose(got, 3 * 5 * grad_cam, rtol=1e-9, atol=1e-12)


def test_all_maps_are_a_1x1_convolution_and_labels_choose_among_them(side):
    module, array = side
    features, weights = normal(4, 3, 5, 2), normal(6, 3, seed=1)
    every = F.conv2d(torch.tensor(features), torch.tensor(weights)[:, :, None, None]).numpy()
    labels = np.array([5, 0, 3, 3])
    got = numbers(module.class_activation_map(array(features), array(weights), array(labels)))
    np.testing.assert_allclose(got, every[np.arange(4), labels], rtol=1e-12)
    for kind in (np.int32, np.uint8):
        got = numbers(module.class_activation_map(array(features), array(weights), array(kind(2))))
        np.testing.assert_allclose(got, every[:, 2], rtol=1e-12)
    last = numbers(module.class_activation_map(array(features), array(weights), 5))
    np.testing.assert_allclose(last, every[:, 5], rtol=1e-12)


def test_moving_the_evidence_moves_the_map_and_leaves_the_score(side):
    module, array = side
    rolled = np.roll(FEATURES, (1, 2), axis=(2, 3))
    before, after = (
        numbers(module.class_activation_map(array(f), array(WEIGHTS), 2)) for f in (FEATURES, rolled)
    )
    np.testing.assert_allclose(after, np.roll(before, (1, 2), axis=(1, 2)))
    np.testing.assert_allclose(
        numbers(module.class_scores(array(rolled), array(WEIGHTS))),
        numbers(module.class_scores(array(FEATURES), array(WEIGHTS))),
    )


def test_gradients_of_scores_and_maps():
    features, weights = normal(3, 4, 2, 5), normal(6, 4, seed=1)
    engine.gradcheck(scratch.class_scores, features, weights)
    for label in (5, np.array([0, 5, 5])):
        engine.gradcheck(lambda f, w, c=label: scratch.class_activation_map(f, w, c), features, weights)


def test_twin_scores_and_maps():
    features, weights = normal(3, 4, 2, 5), normal(6, 4, seed=1)
    assert_same_function(scratch.class_scores, pytorch.class_scores, features, weights)
    for label in (0, np.array([0, 5, 5])):
        assert_same_function(
            lambda f, w, c=label: scratch.class_activation_map(f, w, c),
            lambda f, w, c=label: pytorch.class_activation_map(f, w, c),
            features,
            weights,
        )


def test_an_empty_batch_gives_no_maps(side):
    module, array = side
    got = module.class_activation_map(array(FEATURES[:0]), array(WEIGHTS), array(np.zeros(0, int)))
    assert tuple(got.shape) == (0, 2, 3)
    assert tuple(module.class_activation_map(array(FEATURES[:0]), array(WEIGHTS), 1).shape) == (0, 2, 3)


def test_bad_features_weights_and_labels_are_refused(side):
    module, array = side
    f, w = array(FEATURES), array(WEIGHTS)
    for features, weights in ((f[0], w), (f, w[0]), (f, array(WEIGHTS.T)), (f[:, :, :0], w)):
        with pytest.raises(ValueError, match="class_scores: expected features .* as many channels, got"):
            module.class_scores(features, weights)
        with pytest.raises(ValueError, match="class_activation_map: expected features"):
            module.class_activation_map(features, weights, 0)
    for label in (3, -1, array(np.array([7]))):
        with pytest.raises(
            ValueError, match="labels from 0 to 2, got .*; weights has one row for each class"
        ):
            module.class_activation_map(f, w, label)
    for label in (1.0, True, array(np.array([1.0]))):
        with pytest.raises(ValueError, match="label as an integer, or 1 integers.*got other values"):
            module.class_activation_map(f, w, label)
    for label in (array(np.array([0, 1])), array(np.array([[0]]))):
        with pytest.raises(ValueError, match="one for each image, got integers of shape"):
            module.class_activation_map(f, w, label)


# the network


def test_network_has_the_layers_it_says(side):
    module, array = side
    network = module.GAPNet(classes=5, channels_in=2, width=3)
    shapes = {name: tuple(value.shape) for name, value in network.named_parameters()}
    convolutions = [shape for shape in shapes.values() if len(shape) == 4]
    assert convolutions == [(3, 2, 3, 3), (6, 3, 3, 3), (12, 6, 3, 3), (12, 12, 3, 3)]
    assert shapes["linear.weight"] == (5, 12)
    assert not any("bias" in name and "bn" not in name for name in shapes), "no biases but the norms'"
    x = array(normal(2, 2, 13, 10).astype(np.float32))
    features = network.features(x)
    assert tuple(features.shape) == (2, 12, 3, 2)
    assert (numbers(features) >= 0).all()
    assert (numbers(features) == 0).any(), "a ReLU ends the features"


def test_network_scores_its_own_features(side):
    module, array = side
    network, x = module.GAPNet(5, 2, 3).double().eval(), array(normal(2, 2, 12, 8))
    expected = module.class_scores(network.features(x), network.linear.weight)
    np.testing.assert_allclose(numbers(network(x)), numbers(expected), rtol=1e-12)


def test_network_against_torch_functions_in_training():
    network = pytorch.GAPNet(3, 2, 2).double()
    x = torch.tensor(normal(4, 2, 9, 8))
    values = [p.detach() for p in network.parameters()]
    y = x
    for i in range(4):
        y = F.conv2d(y, values[3 * i], padding=1)
        y = F.relu(F.batch_norm(y, None, None, values[3 * i + 1], values[3 * i + 2], training=True))
        y = F.max_pool2d(y, 2) if i < 2 else y
    expected = y.mean((2, 3)) @ values[-1].T
    np.testing.assert_allclose(network(x).detach(), expected, rtol=1e-9, atol=1e-12)


def test_twin_networks():
    x = normal(3, 3, 9, 12)
    assert_same_module(lambda: scratch.GAPNet(4, 3, 2), lambda: pytorch.GAPNet(4, 3, 2), x)


def test_network_takes_images_of_any_size_and_learns_from_labels_alone():
    scenes = data.digit_scenes(seed=2, count=24, size=32, digits=(1, 1), scale=(0.8, 1.0))
    labels = np.concatenate(scenes.labels)
    engine.manual_seed(0)
    network = scratch.GAPNet(width=8)
    optimizer, losses = engine.optim.Adam(network.parameters(), 3e-3), []
    for _ in range(40):
        optimizer.zero_grad()
        loss = engine.cross_entropy(network(engine.as_tensor(scenes.images)), labels)
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert losses[-1] < 0.3 * losses[0]
    assert network(engine.as_tensor(scenes.images[:2, :, :21, :17])).shape == (2, 10)


def test_network_compiles_to_one_graph():
    # The compiler's front end alone: a graph break is an error, and nothing is generated.
    network, x = pytorch.GAPNet(3, 1, 2).eval(), torch.tensor(normal(2, 1, 8, 8).astype(np.float32))
    compiled = torch.compile(network, fullgraph=True, backend="eager")
    np.testing.assert_allclose(compiled(x).detach(), network(x).detach(), rtol=1e-5, atol=1e-6)


@pytest.mark.gpu
def test_everything_stays_on_the_gpu():
    network, x = pytorch.GAPNet(5, 3, 4).eval(), torch.rand(2, 3, 16, 16)
    weight, labels = network.linear.weight, torch.tensor([1, 4])
    maps = pytorch.class_activation_map(network.features(x), weight, labels).detach().abs() + 0.1
    expected = pytorch.overlay(x, maps), pytorch.box_from_map(maps)
    network, x, maps = network.cuda(), x.cuda(), maps.cuda()
    again = pytorch.class_activation_map(network.features(x), network.linear.weight, labels.cuda())
    for value in (again, pytorch.overlay(x, maps), pytorch.box_from_map(maps)):
        assert value.is_cuda
    np.testing.assert_allclose(pytorch.overlay(x, maps).cpu(), expected[0], atol=1e-5)
    np.testing.assert_array_equal(pytorch.box_from_map(maps).cpu(), expected[1])
    hits = pytorch.pointing_game(maps, pytorch.box_from_map(maps))
    assert hits.is_cuda
    with torch.autocast("cuda", torch.bfloat16):
        assert network(x).isfinite().all()


def test_bad_networks_and_images_are_refused(side):
    module, array = side
    for options in ({"classes": 0}, {"channels_in": 0}, {"width": 0}):
        with pytest.raises(ValueError, match="GAPNet: expected classes, channels_in and width of at least 1"):
            module.GAPNet(**options)
    network = module.GAPNet(2, 3, 2)
    for shape in ((2, 1, 8, 8), (3, 8, 8), (2, 3, 3, 8), (2, 3, 8, 3)):
        with pytest.raises(ValueError, match=r"\(batch, 3, height, width\) of at least 4 x 4 pixels, got"):
            network(array(np.zeros(shape, np.float32)))
    assert tuple(network(array(np.zeros((2, 3, 4, 4), np.float32))).shape) == (2, 2)


# boxes


def box_by_scipy(cam, threshold):
    regions, _ = scipy.ndimage.label(cam > threshold * cam.max(), np.ones((3, 3)))
    sizes = np.bincount(regions.ravel())[1:]
    rows, columns = scipy.ndimage.find_objects(regions)[sizes.argmax()]
    return [columns.start, rows.start, columns.stop, rows.stop]


@settings(max_examples=60)
@given(
    height=st.integers(1, 12),
    width=st.integers(1, 12),
    share=st.floats(0.2, 0.7),
    seed=st.integers(0, 10**6),
)
def test_boxes_equal_scipys_regions(height, width, share, seed):
    # Many small values of the same size: regions of all shapes, and ties.
    rng = np.random.default_rng(seed)
    cams = np.where(rng.random((3, height, width)) < share, rng.uniform(0.5, 1, (3, height, width)), 0.1)
    cams[:, rng.integers(height), rng.integers(width)] = 1.0
    for threshold in (0.2, 0.6):
        expected = [box_by_scipy(cam, threshold) for cam in cams]
        np.testing.assert_array_equal(scratch.box_from_map(cams, threshold), expected)
        np.testing.assert_array_equal(pytorch.box_from_map(torch.tensor(cams), threshold), expected)


def test_a_spiral_is_one_region(side):
    module, array = side
    spiral = np.zeros((21, 21))
    y, x, dy, dx, length = 10, 10, 0, 1, 2
    while length < 20:
        for _ in range(2):
            for _ in range(length):
                spiral[y, x] = 1.0
                y, x = y + dy, x + dx
            dy, dx = dx, -dy
        length += 2
    spiral[0, 0] = 1.0
    rows, columns = np.nonzero(spiral[1:, 1:])
    expected = [columns.min() + 1, rows.min() + 1, columns.max() + 2, rows.max() + 2]
    assert scipy.ndimage.label(spiral, np.ones((3, 3)))[1] == 2
    np.testing.assert_array_equal(module.box_from_map(array(spiral)), expected)


def test_of_equal_regions_the_first_in_reading_order_counts(side):
    module, array = side
    cam = np.zeros((4, 7))
    cam[0, 5:], cam[1, 0:2], cam[3, 3:5] = 1.0, 1.0, 1.0
    np.testing.assert_array_equal(module.box_from_map(array(cam)), [5, 0, 7, 1])
    cam[3, 5] = 0.5  # now the last one is larger, though darker
    np.testing.assert_array_equal(module.box_from_map(array(cam)), [3, 3, 6, 4])
    one = np.zeros((1, 5))
    one[0, [1, 3]] = 1.0
    np.testing.assert_array_equal(module.box_from_map(array(one)), [1, 0, 2, 1])


def test_only_pixels_above_the_threshold_count(side):
    module, array = side
    cam = np.array([[0.25, 0.5, 1.0, -3.0]])
    for threshold, left in ((0.0, 0), (0.2, 0), (0.25, 1), (0.3, 1), (0.5, 2), (0.99, 2)):
        np.testing.assert_array_equal(
            module.box_from_map(array(8.0 * cam), threshold), [left, 0, 3, 1], err_msg=str(threshold)
        )


def test_boxes_of_any_leading_axes_types_and_layouts(side):
    module, array = side
    cams = np.abs(normal(2, 3, 6, 5)) + 0.01
    boxes = numbers(module.box_from_map(array(cams)))
    assert boxes.shape == (2, 3, 4)
    for index in np.ndindex(2, 3):
        np.testing.assert_array_equal(boxes[index], box_by_scipy(cams[index], 0.2))
    turned = array(np.ascontiguousarray(cams.transpose(0, 1, 3, 2)))
    turned = turned.transpose(0, 1, 3, 2) if module is scratch else turned.transpose(2, 3)
    np.testing.assert_array_equal(module.box_from_map(turned), boxes)
    assert numbers(module.box_from_map(array(cams.astype(np.float32)))).dtype == np.float32
    np.testing.assert_array_equal(module.box_from_map(array(np.eye(3, dtype=int))), [0, 0, 3, 3])
    assert tuple(module.box_from_map(array(cams[:, :0])).shape) == (2, 0, 4)


def test_a_box_needs_something_above_the_threshold(side):
    module, array = side
    good = np.ones((1, 2, 2))
    for bad in (0.0, -1.0, np.nan, np.inf, -np.inf):
        for cam in (
            bad * good,
            np.concatenate([good, bad * good]),
            np.concatenate([good * np.inf, bad * good]),
        ):
            with pytest.raises(
                ValueError, match="finite maximum above 0, got .*nothing is above the threshold"
            ):
                module.box_from_map(array(cam))
    with pytest.raises(ValueError, match="got nan"):
        module.box_from_map(array(np.array([[1.0, np.nan]])))
    for threshold in (1.0, -0.1, np.nan):
        with pytest.raises(ValueError, match=r"threshold as a share of the map's maximum, in \[0, 1\), got"):
            module.box_from_map(array(good), threshold)
    for shape in ((3,), (2, 0, 3)):
        with pytest.raises(ValueError, match=r"cam \(..., height, width\) of at least one pixel, got"):
            module.box_from_map(array(np.ones(shape)))


# pictures


def overlay_by_torch(image, cam, opacity):
    """One picture, from PyTorch's interpolation and the table of colours."""
    size = image.shape[-2:]
    heat = F.interpolate(torch.tensor(cam)[None, None], size=size, mode="bilinear")[0, 0].clamp_min(0)
    heat = (heat / heat.max()).numpy()
    colour = np.empty((3, *size))
    for place in np.ndindex(*size):
        at = heat[place] * (len(HEAT) - 1)
        low = min(int(at), len(HEAT) - 2)
        colour[:, *place] = np.array(HEAT[low]) + (at - low) * (np.array(HEAT[low + 1]) - HEAT[low])
    a = opacity * heat
    return (1 - a) * image + a * colour


def test_overlay_equals_the_formula_place_by_place(side):
    module, array = side
    image, cam = np.random.default_rng(3).random((3, 6, 9)), normal(2, 3, seed=4)
    got = numbers(module.overlay(array(image), array(cam), 0.7))
    np.testing.assert_allclose(got, overlay_by_torch(image, cam, 0.7), rtol=0, atol=1e-12)
    batch = np.stack([image, 1 - image])[:, :1]
    cams = np.stack([cam, -cam])
    got = numbers(module.overlay(array(batch), array(cams)))
    assert got.shape == (2, 3, 6, 9)
    for i in range(2):
        np.testing.assert_allclose(got[i], overlay_by_torch(batch[i], cams[i], 0.6), rtol=0, atol=1e-12)


def test_overlay_shows_the_image_where_there_is_no_evidence(side):
    module, array = side
    image, cam = np.random.default_rng(3).random((3, 4, 4)), np.array([[2.0, -1.0], [-1.0, -1.0]])
    got = numbers(module.overlay(array(image), array(cam), 1.0))
    np.testing.assert_allclose(got[:, 3], image[:, 3])
    np.testing.assert_allclose(got[:, 0, 0], HEAT[-1], atol=1e-12, err_msg="the last colour at the maximum")
    for map_, opacity in ((-np.abs(cam), 1.0), (0 * cam, 1.0), (cam, 0.0)):
        np.testing.assert_allclose(numbers(module.overlay(array(image), array(map_), opacity)), image)
    got = numbers(module.overlay(array(image.astype(np.float32)), array(cam.astype(np.float32)), 1.0))
    assert got.dtype == np.float32
    assert got.min() >= 0
    assert got.max() <= 1


def test_overlay_keeps_arguments_and_asks_for_no_gradient(side):
    module, array = side
    image, cam = array(np.full((1, 2, 2), 0.5)), array(np.array([[1.0, -2.0], [0.5, 0.0]]))
    module.overlay(image, cam)
    np.testing.assert_array_equal(numbers(image), np.full((1, 2, 2), 0.5))
    np.testing.assert_array_equal(numbers(cam), [[1.0, -2.0], [0.5, 0.0]])
    if module is pytorch:
        assert not pytorch.overlay(image, cam.requires_grad_()).requires_grad


def test_bad_pictures_are_refused(side):
    module, array = side
    image, cam = np.full((3, 4, 6), 0.5), np.ones((2, 3))
    for bad_image, bad_cam in (
        (image[:2], cam),
        (image[0], cam),
        (image, cam[None]),
        (image[None], cam),
        (image, cam[0]),
        (image, cam[:0]),
    ):
        with pytest.raises(
            ValueError, match=r"overlay: expected image \(..., 1 or 3, height, width\) and cam"
        ):
            module.overlay(array(bad_image), array(bad_cam))
    for shape in ((2, 2), (3, 3), (4, 3), (8, 12)):
        with pytest.raises(ValueError, match="a whole number of times as large as the map, got 4 x 6 and"):
            module.overlay(array(image), array(np.ones(shape)))
    for opacity in (-0.1, 1.5):
        with pytest.raises(ValueError, match=r"opacity in \[0, 1\], got"):
            module.overlay(array(image), array(cam), opacity)
    for bad_image, bad_cam in ((4 * image, cam), (-image, cam), (np.nan * image, cam), (image, np.nan * cam)):
        with pytest.raises(ValueError, match=r"values in \[0, 1\] and a finite map"):
            module.overlay(array(bad_image), array(bad_cam))


# pointing


def test_pointing_looks_at_the_middle_of_the_highest_pixel(side):
    module, array = side
    cam = np.zeros((3, 4))
    cam[1, 2] = 5.0  # its middle: x = 2.5, y = 1.5
    cases = {
        (2, 1, 3, 2): True,
        (2.5, 1.5, 2.5, 1.5): True,
        (0, 0, 2.4, 3): False,
        (2.6, 0, 4, 3): False,
        (0, 0, 4, 1.4): False,
        (0, 1.6, 4, 3): False,
    }
    cams, boxes = np.stack([cam] * len(cases)), np.array(list(cases))
    np.testing.assert_array_equal(module.pointing_game(array(cams), array(boxes)), list(cases.values()))
    for box, hit in cases.items():
        assert bool(module.pointing_game(array(cam), array(np.array(box)))) is hit
    again = module.pointing_game(array(cams.reshape(2, 3, 3, 4)), array(boxes.reshape(2, 3, 4)))
    np.testing.assert_array_equal(numbers(again).ravel(), list(cases.values()))


def test_of_several_highest_pixels_the_first_points(side):
    module, array = side
    cam = np.zeros((3, 3))
    cam[0, 2] = cam[2, 0] = 1.0
    assert bool(module.pointing_game(array(cam), array(np.array([2, 0, 3, 1]))))
    assert not bool(module.pointing_game(array(cam), array(np.array([0, 2, 1, 3]))))


def test_maps_without_their_boxes_are_refused(side):
    module, array = side
    for cams, boxes in (
        ((2, 3, 3), (4,)),
        ((3, 3), (1, 4)),
        ((3,), (4,)),
        ((2, 0, 3), (2, 4)),
        ((2, 3, 3), (2, 5)),
    ):
        with pytest.raises(ValueError, match=r"pointing_game: expected cams .* one box \(..., 4\) for each"):
            module.pointing_game(array(np.zeros(cams)), array(np.zeros(boxes)))


def test_twins_agree_on_a_trained_looking_network():
    scenes = data.digit_scenes(seed=5, count=6, size=32, digits=(1, 1), scale=(0.8, 1.0))
    ours, theirs = scratch.GAPNet(width=4).eval(), pytorch.GAPNet(width=4).eval()
    share_random_weights(ours, theirs, np.float32)
    labels = numbers(ours(engine.as_tensor(scenes.images))).argmax(1)
    maps = scratch.class_activation_map(
        ours.features(engine.as_tensor(scenes.images)), ours.linear.weight, labels
    )
    torch_maps = pytorch.class_activation_map(
        theirs.features(torch.tensor(scenes.images)), theirs.linear.weight, torch.tensor(labels)
    )
    np.testing.assert_allclose(maps.numpy(), torch_maps.detach(), rtol=1e-4, atol=1e-4)
    np.testing.assert_allclose(
        scratch.overlay(scenes.images, maps.numpy()),
        pytorch.overlay(torch.tensor(scenes.images), torch_maps),
        atol=1e-4,
    )
