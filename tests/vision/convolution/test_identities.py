"""What filters and layers keep, and their gradients by differences."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mylib import data, engine
from mylib.vision.convolution import scratch
from mylib.vision.perceptron.scratch import MLP
from tests.vision.convolution.cases import draw, layers


@given(seed=st.integers(0, 1000), shift=st.integers(-3, 3))
def test_filtering_commutes_with_shifting_when_the_border_wraps(seed, shift):
    rng = np.random.default_rng(seed)
    image, kernel = rng.normal(size=(6, 7)), rng.normal(size=(3, 3))
    once = scratch.correlate2d(np.roll(image, shift, axis=1), kernel, "wrap")
    np.testing.assert_allclose(once, np.roll(scratch.correlate2d(image, kernel, "wrap"), shift, axis=1), atol=1e-12)


def test_blur_of_a_photograph_keeps_its_mean_and_loses_its_edges():
    photograph = data.photograph("camera", height=128)[0]
    blurred = scratch.correlate2d(photograph, scratch.BOX, "wrap")
    sharp = scratch.correlate2d(photograph, scratch.SHARPEN, "wrap")
    assert blurred.mean() == pytest.approx(photograph.mean(), rel=1e-6)
    assert np.diff(blurred).std() < np.diff(photograph).std() < np.diff(sharp).std()


def test_a_layer_of_one_by_one_filters_is_a_linear_layer_at_every_pixel():
    rng = np.random.default_rng(3)
    x, weight = rng.normal(size=(2, 4, 5, 6)), rng.normal(size=(3, 4, 1, 1))
    expected = np.einsum("oc,nchw->nohw", weight[:, :, 0, 0], x)
    np.testing.assert_allclose(scratch.conv2d(x, weight).numpy(), expected, rtol=1e-9, atol=1e-12)


@given(case=layers())
def test_layer_and_pooling_are_their_plain_forms(case):
    x, weight, _, options = draw(case | {"groups": 1, "dilation": 1})
    stride, padding = (options["stride"],) * 2, (options["padding"],) * 2
    got = scratch.conv2d(x, weight, None, stride, padding).numpy()
    np.testing.assert_allclose(got, scratch.plain_conv2d(x, weight, stride, padding), rtol=1e-9, atol=1e-12)
    for name in ("max_pool2d", "mean_pool2d"):
        got = getattr(scratch, name)(x, case["kernel"], stride).numpy()
        plain = getattr(scratch, f"plain_{name}")(x, case["kernel"], stride)
        np.testing.assert_allclose(got, plain, rtol=1e-9, atol=1e-12, err_msg=name)


def test_lenet_needs_fewer_parameters_than_the_mlp_of_the_lecture():
    def count(model):
        return sum(parameter.size for parameter in model.parameters())

    assert count(scratch.LeNet()) < count(MLP([784, 128, 10]))


@given(case=layers())
def test_layer_gradients_agree_with_differences(case):
    x, weight, bias, options = draw(case)
    engine.gradcheck(lambda x, weight, bias: scratch.conv2d(x, weight, bias, **options), x, weight, bias)


@given(kernel=st.integers(1, 3), stride=st.integers(1, 3), size=st.integers(4, 7), seed=st.integers(0, 1000))
def test_pooling_gradients_agree_with_differences(kernel, stride, size, seed):
    # A permutation has no ties, and its neighbours are further apart than the step of the differences.
    x = np.random.default_rng(seed).permutation(size * size).reshape(1, 1, size, size) / 10
    for pool in (scratch.max_pool2d, scratch.mean_pool2d):
        engine.gradcheck(lambda x, pool=pool: pool(x, kernel, stride), x)
