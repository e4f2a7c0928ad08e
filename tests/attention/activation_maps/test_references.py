"""Maps against Grad-CAM and a 1 x 1 convolution, boxes against SciPy's regions, overlays against torch."""

import numpy as np
import scipy.ndimage
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st

from mylib.attention.activation_maps import pytorch, scratch
from mylib.attention.activation_maps.contract import HEAT
from tests.attention.activation_maps.cases import normal
from tests.twins import array as numbers

# scores and maps


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


# the network


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


def box_by_scipy(cam, threshold):
    regions, _ = scipy.ndimage.label(cam > threshold * cam.max(), np.ones((3, 3)))
    sizes = np.bincount(regions.ravel())[1:]
    rows, columns = scipy.ndimage.find_objects(regions)[sizes.argmax()]
    return [columns.start, rows.start, columns.stop, rows.stop]


# boxes


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


# pictures


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
