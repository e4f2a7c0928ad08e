"""Every trick that makes the engine fast, against the plain version that it replaces."""

import os
import platform
import subprocess
import sys

import numpy as np
import pytest
from scipy.special import ndtr

from mylib import engine
from mylib.engine import Tensor, convolution
from mylib.engine.fast import attention, channels, lowering, normal, strips, sums

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
    np.testing.assert_allclose(sums.sum_leading(x, 1), x.sum(axis=tuple(range(x.ndim - 1))), rtol=1e-9)


@pytest.mark.parametrize("shape", [(1, 5, 4, 3), (2, 5, 1, 1), (1, 3, 1, 4), (3, 1, 2, 2)])
def test_per_channel_takes_channels_last_images_with_axes_of_length_one(shape):
    batch, count, height, width = shape
    x = np.random.default_rng(6).standard_normal((batch, height, width, count)).transpose(0, 3, 1, 2)
    vector = np.arange(1.0, count + 1)
    np.testing.assert_array_equal(channels.per_channel(np.multiply, x, vector), x * vector[:, None, None])
    np.testing.assert_allclose(channels.sum_positions(x), x.sum(axis=(0, 2, 3)), rtol=1e-12)


def test_the_normal_distribution_in_float32_is_right_to_its_resolution():
    x = np.linspace(-12, 12, 100_001, dtype=np.float32)
    phi, density = normal.normal(x)
    assert phi.dtype == density.dtype == np.float32
    exact = ndtr(x.astype(np.float64))
    np.testing.assert_allclose(phi, exact, rtol=0, atol=3e-7)  # the polynomial 1e-7, float32 roundings 2e-7
    np.testing.assert_allclose(normal.normal(x.astype(np.float64))[0], exact, rtol=0, atol=1e-15)


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


def plain_attention(q, k, v, allowed):
    """Attention as the equation has it, with all weights in memory, and zeros for whoever may look at nothing."""
    scores = q @ k.swapaxes(-1, -2) / np.sqrt(q.shape[-1])
    blind = ~allowed.any(axis=-1, keepdims=True)
    weights = engine.softmax(engine.where(allowed | blind, scores, -np.inf)) * ~blind
    return weights @ v


@pytest.mark.parametrize(
    "shape", [(2, 3, 5, 4), (3, 130, 4), (2, 128, 5), (7, 2), (2, 1, 2, 9, 6), (0, 2, 3, 4), (2, 3, 0, 4)]
)
@pytest.mark.parametrize("causal", [False, True])
@pytest.mark.parametrize("masked", [False, True])
@pytest.mark.parametrize("size", [1, 30])  # large scores need the row's maximum, small ones do without
def test_attention_in_blocks_equals_all_weights_at_once(shape, causal, masked, size, monkeypatch):
    rng = np.random.default_rng(3)
    arrays = [size * rng.standard_normal(shape), size * rng.standard_normal(shape)]
    arrays.append(rng.standard_normal((*shape[:-1], 3)))
    gradient = rng.standard_normal(arrays[2].shape)
    allowed = rng.random((*shape[:-1], shape[-2])) < 0.4 if masked else np.ones((*shape[:-1], shape[-2]), bool)

    def run(function):
        tensors = [Tensor(array, requires_grad=True) for array in arrays]
        y = function(*tensors)
        y.backward(gradient)
        return [y.data, *(t.grad for t in tensors)]

    seen = np.tril(allowed) if causal else allowed
    expected = run(lambda *qkv: plain_attention(*qkv, seen)) if shape[-2] else [gradient, *map(np.zeros_like, arrays)]
    in_pieces = 32 * shape[-2] * shape[-1]  # 128 queries are multiplied in four
    for block, quick in [
        (1, 0),
        (1000, in_pieces),
        (5000, in_pieces),
        (1 << 20, in_pieces),
        (1 << 20, 1 << 20),
    ]:
        monkeypatch.setattr(attention, "BLOCK_BYTES", block)
        monkeypatch.setattr(attention, "QUICK", quick)
        got = run(lambda *qkv: engine.attention(*qkv, mask=allowed if masked else None, causal=causal))
        for name, ours, plain in zip(("y", "dq", "dk", "dv"), got, expected, strict=True):
            np.testing.assert_allclose(ours, plain, rtol=1e-8, atol=1e-10, err_msg=f"{name}, block {block}")


def test_attention_never_holds_more_scores_than_a_block(monkeypatch):
    buffers, blocks = [], []
    monkeypatch.setattr(attention, "BLOCK_BYTES", 40_000)
    product = attention._product

    def watch(a, b, buffer):
        buffers.append(buffer.nbytes)
        result = product(a, b, buffer)
        blocks.append(result.nbytes)
        return result

    monkeypatch.setattr(attention, "_product", watch)
    x = Tensor(np.random.default_rng(0).standard_normal((6, 4, 50, 8)), requires_grad=True)
    engine.attention(x, x, x).sum().backward()
    assert max(buffers) <= 40_000
    # Forward once and backward twice (the weights again, and the gradient's product with the values), all of them.
    assert sum(blocks) == 3 * 6 * 4 * 50 * 50 * 8


@pytest.mark.parametrize("keys", [1, 5, 200])
def test_causal_attention_sends_exactly_nothing_back_from_the_future(keys):
    rng = np.random.default_rng(4)
    q, k, v = (Tensor(rng.standard_normal((2, keys, 3)), requires_grad=True) for _ in range(3))
    engine.attention(q, k, v, causal=True)[:, keys // 2].sum().backward()
    for tensor in (k, v):
        assert (tensor.grad[:, keys // 2 + 1 :] == 0).all()
        assert (tensor.grad[:, : keys // 2 + 1] != 0).any() or keys == 1
    assert (np.delete(q.grad, keys // 2, axis=1) == 0).all()


def test_attention_is_right_where_scores_are_huge_or_nearly_equal():
    # float32: without the shift, e^1000 overflows; scores just below the bound take the way without it.
    for size in (1e3, 5.0, 1.0):
        q = np.array([[size, 0], [0, size]], np.float32)
        y = engine.attention(q, q, np.eye(2, dtype=np.float32)).data
        weight = 1 / (1 + np.exp(-(np.float64(size) ** 2) / np.sqrt(2)))
        np.testing.assert_allclose(y, [[weight, 1 - weight], [1 - weight, weight]], rtol=1e-5, atol=1e-7)


STEPS = """
import resource
import numpy as np
from mylib.engine import Tensor
x, w = Tensor(np.ones((512, 1024), np.float32)), Tensor(np.ones(1024, np.float32), requires_grad=True)

def faults(steps):
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    for _ in range(steps):
        y = x
        for _ in range(8):
            y = y * w  # 2 MB each, kept for the way back
        y.sum().backward()
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before

faults(3)
print(faults(10) // 10)
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="another C library gives memory back by other rules")
def test_a_step_works_in_the_memory_that_the_last_one_freed():
    """Ten arrays of 2 MB are 5,000 pages; given back and asked for again, each would be a fault in every step."""
    # Bounds that somebody set stay; Dask sets one for its workers, in the environment of whoever starts them.
    unset = {name: value for name, value in os.environ.items() if not name.startswith("MALLOC_")}
    done = subprocess.run([sys.executable, "-c", STEPS], capture_output=True, text=True, check=True, env=unset)
    assert int(done.stdout) < 500
