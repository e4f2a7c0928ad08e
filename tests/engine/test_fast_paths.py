"""Every trick that makes the engine fast, against the plain version that it replaces."""

import numpy as np
import pytest
from scipy.special import ndtr

from mylib import engine
from mylib.engine import Tensor, activations, broadcasting, channels, convolution, lowering, strips

SHAPES = [  # image, kernel, stride, padding, dilation
    ((3, 4, 9, 8), (5, 4, 3, 3), 1, 1, 1),
    ((70, 1, 12, 12), (3, 1, 5, 5), 1, 2, 1),
    ((2, 3, 9, 11), (4, 3, 2, 3), (2, 3), (0, 2), (1, 2)),
    ((1, 2, 5, 5), (1, 2, 5, 5), 1, 0, 1),
    ((0, 2, 5, 5), (1, 2, 3, 3), 1, 0, 1),
    ((2, 40, 60, 60), (3, 40, 3, 3), 2, 1, 1),  # one sample is more than a block
]


def conv_with_gradients(image, kernel, stride, padding, dilation):
    """Value and gradients of one convolution in float64."""
    rng = np.random.default_rng(0)
    inputs = [Tensor(rng.standard_normal(s), requires_grad=True) for s in (image, kernel, kernel[:1])]
    y = engine.conv2d(*inputs, stride, padding, dilation)
    y.backward(rng.standard_normal(y.shape))
    return [y.data, *(t.grad for t in inputs)]


@pytest.mark.parametrize("case", SHAPES)
def test_convolution_in_strips_equals_laying_out_every_window(case, monkeypatch):
    fast = conv_with_gradients(*case)
    monkeypatch.setattr(strips, "fits", lambda *_: False)
    for got, expected in zip(fast, conv_with_gradients(*case), strict=True):
        np.testing.assert_allclose(got, expected, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("block", [1, 1 << 12])
def test_the_size_of_blocks_does_not_change_a_convolution(block, monkeypatch):
    expected = [conv_with_gradients(*case) for case in SHAPES[:3]]
    monkeypatch.setattr(strips, "BLOCK_BYTES", block)
    monkeypatch.setattr(lowering, "BLOCK_BYTES", block)
    for case, results in zip(SHAPES[:3], expected, strict=True):
        for got, want in zip(conv_with_gradients(*case), results, strict=True):
            np.testing.assert_allclose(got, want, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("stride", [(1, 1), (2, 2), (3, 1), (4, 5)])
@pytest.mark.parametrize("padding", [(0, 0), (1, 2), (4, 0)])
def test_input_gradient_by_phases_equals_scattering_every_window(stride, padding):
    rng = np.random.default_rng(1)
    weight, lengths, kernel = rng.standard_normal((4, 3, 3, 2)), (9, 10), (3, 2)
    steps = lowering.output_lengths(lengths, kernel, stride, padding, (1, 1))
    g = rng.standard_normal((2, 4, *steps))
    expected = np.zeros((2, 3, lengths[0] + 2 * padding[0], lengths[1] + 2 * padding[1]))
    for i in range(steps[0]):
        for j in range(steps[1]):
            window = (..., slice(i * stride[0], i * stride[0] + 3), slice(j * stride[1], j * stride[1] + 2))
            expected[window] += np.einsum("no,ocuv->ncuv", g[:, :, i, j], weight)
    inside = expected[:, :, padding[0] : padding[0] + 9, padding[1] : padding[1] + 10]
    got = lowering.input_gradient(g, weight, lengths, stride, padding, (1, 1), 1)
    np.testing.assert_allclose(got, inside, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("order", [(0, 1, 2, 3), (0, 2, 3, 1), (0, 3, 2, 1), (3, 1, 0, 2)])
def test_bias_is_added_and_summed_alike_in_every_memory_order(order):
    rng = np.random.default_rng(2)
    y = rng.standard_normal((2, 3, 4, 5)).transpose(order).copy().transpose(np.argsort(order))
    bias, expected = rng.standard_normal(3), y + 0
    np.testing.assert_allclose(channels.sum_positions(y), expected.sum(axis=(0, 2, 3)), rtol=1e-9)
    got = channels.per_channel(np.multiply, y, bias)
    np.testing.assert_allclose(got, expected * bias[:, None, None], rtol=1e-12)
    convolution.add_bias("conv2d", y, bias)
    np.testing.assert_allclose(y, expected + bias[:, None, None], rtol=1e-12)


@pytest.mark.parametrize("shape", [(5, 7), (3, 2, 7), (0, 7), (4, 0)])
def test_sums_by_a_row_of_ones_equal_sums(shape):
    x = np.random.default_rng(3).standard_normal(shape)
    np.testing.assert_allclose(
        broadcasting.sum_leading(x, 1), x.sum(axis=tuple(range(x.ndim - 1))), rtol=1e-9
    )


@pytest.mark.parametrize("shape", [(1, 5, 4, 3), (2, 5, 1, 1), (1, 3, 1, 4), (3, 1, 2, 2)])
def test_per_channel_takes_channels_last_images_with_axes_of_length_one(shape):
    batch, count, height, width = shape
    x = np.random.default_rng(6).standard_normal((batch, height, width, count)).transpose(0, 3, 1, 2)
    vector = np.arange(1.0, count + 1)
    np.testing.assert_array_equal(channels.per_channel(np.multiply, x, vector), x * vector[:, None, None])
    np.testing.assert_allclose(channels.sum_positions(x), x.sum(axis=(0, 2, 3)), rtol=1e-12)


def test_the_normal_distribution_in_float32_is_right_to_its_resolution():
    x = np.linspace(-12, 12, 100_001, dtype=np.float32)
    phi, density = activations.normal(x)
    assert phi.dtype == density.dtype == np.float32
    exact = ndtr(x.astype(np.float64))
    np.testing.assert_allclose(phi, exact, rtol=0, atol=3e-7)  # the polynomial 1e-7, float32 roundings 2e-7
    np.testing.assert_allclose(activations.normal(x.astype(np.float64))[0], exact, rtol=0, atol=1e-15)


@pytest.mark.parametrize(
    ("kernel", "stride", "padding"), [(2, 2, 0), (3, 2, 1), (3, 1, 1), (1, 1, 0), ((2, 3), (3, 1), (1, 0))]
)
def test_max_pool_in_two_stages_sends_ties_where_a_search_of_each_window_does(kernel, stride, padding):
    (kh, kw), (sh, sw), (ph, pw) = (v if isinstance(v, tuple) else (v, v) for v in (kernel, stride, padding))
    image = np.random.default_rng(4).integers(0, 3, (2, 2, 7, 8)).astype(float)  # full of ties
    padded = np.pad(image, ((0, 0), (0, 0), (ph, ph), (pw, pw)), constant_values=-np.inf)
    x = Tensor(image, requires_grad=True)
    y = engine.max_pool2d(x, kernel, stride, padding)
    g = np.random.default_rng(5).standard_normal(y.shape)
    y.backward(g)
    expected = np.zeros_like(padded)
    for n, c, i, j in np.ndindex(y.shape):
        window = padded[n, c, i * sh : i * sh + kh, j * sw : j * sw + kw]
        u, v = np.unravel_index(window.argmax(), window.shape)
        assert y.data[n, c, i, j] == window[u, v]
        expected[n, c, i * sh + u, j * sw + v] += g[n, c, i, j]
    np.testing.assert_allclose(x.grad, expected[:, :, ph : ph + 7, pw : pw + 8], rtol=0, atol=1e-12)
