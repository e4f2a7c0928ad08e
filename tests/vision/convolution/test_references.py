"""Filters, layers and pooling against SciPy, ONNX, scikit-image and seven plain loops."""

import numpy as np
import onnx
import onnx.reference
import pytest
import scipy.ndimage
import scipy.signal
import skimage.measure
import torch
from hypothesis import given
from hypothesis import strategies as st

from mylib.vision.convolution import pytorch, scratch
from tests.vision.convolution.cases import SIDES, draw, layers

# Our border rules and SciPy's names for them; what NumPy and PyTorch call reflect is SciPy's mirror.
SCIPY_MODES = {"zero": "constant", "wrap": "wrap", "replicate": "nearest", "reflect": "mirror"}


@pytest.mark.parametrize("padding", SCIPY_MODES)
@given(
    size=st.tuples(st.integers(3, 9), st.integers(3, 9)),
    kernel=st.tuples(st.sampled_from([1, 3, 5]), st.sampled_from([1, 3, 5])),
    seed=st.integers(0, 1000),
)
def test_filters_equal_scipys_at_every_border(padding, size, kernel, seed):
    rng = np.random.default_rng(seed)
    image, weights = rng.normal(size=size), rng.normal(size=kernel)
    expected = scipy.ndimage.correlate(image, weights, mode=SCIPY_MODES[padding], cval=0)
    flipped = scipy.ndimage.convolve(image, weights, mode=SCIPY_MODES[padding], cval=0)
    for module, array in SIDES.values():
        got = np.asarray(module.correlate2d(array(image), array(weights), padding))
        np.testing.assert_allclose(got, expected, rtol=1e-9, atol=1e-12)
        got = np.asarray(module.convolve2d(array(image), array(weights), padding))
        np.testing.assert_allclose(got, flipped, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("padding", SCIPY_MODES)
def test_1d_filters_equal_scipys_without_a_flip(side, padding):
    module, array = side
    rng = np.random.default_rng(9)
    signals, kernel = rng.normal(size=(2, 8)), rng.normal(size=5)
    expected = scipy.ndimage.correlate1d(signals, kernel, mode=SCIPY_MODES[padding], cval=0)
    got = np.asarray(module.conv1d(array(signals), array(kernel), padding))
    np.testing.assert_allclose(got, expected, rtol=1e-9, atol=1e-12)
    inside = np.asarray(module.conv1d(array(signals), array(kernel), "valid"))
    np.testing.assert_allclose(inside, expected[:, 2:-2], rtol=1e-9, atol=1e-12)


def test_valid_filters_equal_scipy_signals(side):
    module, array = side
    rng = np.random.default_rng(0)
    image, kernel = rng.normal(size=(9, 7)), rng.normal(size=(4, 2))
    for name, theirs in (("correlate2d", scipy.signal.correlate2d), ("convolve2d", scipy.signal.convolve2d)):
        got = np.asarray(getattr(module, name)(array(image), array(kernel), "valid"))
        np.testing.assert_allclose(got, theirs(image, kernel, mode="valid"), rtol=1e-9, atol=1e-12)


@given(case=layers())
def test_fast_layer_equals_the_seven_loops_and_onnx(case):
    x, weight, bias, options = draw(case)
    expected = scratch.conv2d_loops(x, weight, bias, **options)
    np.testing.assert_allclose(scratch.conv2d(x, weight, bias, **options).numpy(), expected, rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(expected, onnx_conv(x, weight, bias, **options), rtol=1e-9, atol=1e-9)
    got = pytorch.conv2d(torch.tensor(x), torch.tensor(weight), torch.tensor(bias), **options)
    np.testing.assert_allclose(got, expected, rtol=1e-9, atol=1e-9)
    assert expected.shape[2] == scratch.output_size(
        x.shape[2], weight.shape[2], options["stride"], options["padding"], options["dilation"]
    )


def onnx_conv(x, weight, bias, stride, padding, dilation, groups):
    """The layer by ONNX's reference evaluator."""
    node = onnx.helper.make_node(
        "Conv",
        ["x", "w", "b"],
        ["y"],
        strides=[stride] * 2,
        pads=[padding] * 4,
        dilations=[dilation] * 2,
        group=groups,
        kernel_shape=weight.shape[2:],
    )
    values = [onnx.helper.make_tensor_value_info(name, onnx.TensorProto.DOUBLE, None) for name in "xwby"]
    graph = onnx.helper.make_graph([node], "conv", values[:3], values[3:])
    return onnx.reference.ReferenceEvaluator(onnx.helper.make_model(graph)).run(None, {"x": x, "w": weight, "b": bias})[
        0
    ]


@given(side_length=st.integers(1, 4), kernel=st.integers(1, 3), seed=st.integers(0, 1000))
def test_pooling_without_overlap_equals_scikit_images_block_reduce(side_length, kernel, seed):
    image = np.random.default_rng(seed).normal(size=(1, 1, side_length * kernel, side_length * kernel))
    for name, function in (("max_pool2d", np.max), ("mean_pool2d", np.mean)):
        expected = skimage.measure.block_reduce(image[0, 0], kernel, function)
        for module, array in SIDES.values():
            got = np.asarray(getattr(module, name)(array(image), kernel))[0, 0]
            np.testing.assert_allclose(got, expected, rtol=1e-12, err_msg=name)
