"""Gradients over drawn shapes: broadcasting, axes of length 1 and 0, memory in any order."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, broadcastable_shapes, mutually_broadcastable_shapes

from mylib import engine
from mylib.engine import Tensor, gradcheck

seeds = st.integers(0, 10_000)
shapes = array_shapes(min_dims=1, max_dims=4, min_side=0, max_side=4)


def draw(seed, *drawn, low=0.5):
    """Well separated numbers in [low, 2], in a random memory order."""
    rng = np.random.default_rng(seed)
    for shape in drawn:
        order = rng.permutation(len(shape))
        values = rng.permutation(np.linspace(low, 2, int(np.prod(shape)))) + 0.01 * rng.random()
        yield values.reshape([shape[a] for a in order]).transpose(np.argsort(order))


PAIRS = {
    "add": engine.add,
    "sub": engine.sub,
    "mul": engine.mul,
    "div": engine.div,
    "pow": engine.pow,
    "maximum": engine.maximum,
    "minimum": engine.minimum,
    "where": lambda a, b: engine.where(a > b, a, b),
}


@pytest.mark.parametrize("operation", PAIRS.values(), ids=PAIRS.keys())
@settings(max_examples=25)
@given(drawn=mutually_broadcastable_shapes(num_shapes=2, max_dims=4, min_side=0, max_side=3), seed=seeds)
def test_broadcasting_sums_gradients_over_what_was_repeated(operation, drawn, seed):
    a, b = draw(seed, *drawn.input_shapes)
    assert operation(a, b).shape == drawn.result_shape
    gradcheck(operation, a, b)
    x, y = Tensor(a, requires_grad=True), Tensor(b, requires_grad=True)
    operation(x, y).sum().backward()
    assert (x.grad.shape, y.grad.shape) == (a.shape, b.shape)


SINGLES = {
    name: getattr(engine, name)
    for name in (
        "exp",
        "log",
        "sqrt",
        "abs",
        "neg",
        "relu",
        "leaky_relu",
        "tanh",
        "sigmoid",
        "gelu",
        "softmax",
        "log_softmax",
    )
}


@pytest.mark.parametrize("operation", SINGLES.values(), ids=SINGLES.keys())
@settings(max_examples=15)
@given(shape=shapes, seed=seeds)
def test_elementwise_gradients_in_any_memory_order(operation, shape, seed):
    (x,) = draw(seed, shape)
    if operation in (engine.softmax, engine.log_softmax) and shape[-1] == 0:
        return
    gradcheck(operation, x)
    tensor = Tensor(np.empty(shape), requires_grad=True)
    tensor._data = x  # a leaf whose memory is not in row-major order
    operation(tensor).sum().backward()
    assert tensor.grad.shape == shape


REDUCTIONS = {
    "sum": (engine.sum, np.sum, 0),
    "mean": (engine.mean, np.mean, 1),
    "var": (engine.var, lambda x, **k: np.var(x, ddof=1, **k), 2),
    "max": (engine.max, np.max, 1),
    "min": (engine.min, np.min, 1),
    "logsumexp": (engine.logsumexp, lambda x, **k: np.log(np.sum(np.exp(x), **k)), 1),
}


@pytest.mark.parametrize(("operation", "numpys", "least"), REDUCTIONS.values(), ids=REDUCTIONS.keys())
@settings(max_examples=30)
@given(shape=shapes, seed=seeds, data=st.data(), keepdims=st.booleans())
def test_reductions_over_any_axes_equal_numpy_and_their_gradients_differences(
    operation, numpys, least, shape, seed, data, keepdims
):
    axes = data.draw(st.sets(st.integers(-len(shape), -1), min_size=1))
    axis = data.draw(st.sampled_from([None, min(axes), tuple(axes)]))
    (x,) = draw(seed, shape)
    count = x.size if axis is None else int(np.prod([shape[a] for a in np.atleast_1d(axis)]))
    if count < least:
        with pytest.raises(ValueError, match="needs at least"):
            operation(x, axis=axis)
        return
    np.testing.assert_allclose(
        operation(x, axis=axis, keepdims=keepdims).data, numpys(x, axis=axis, keepdims=keepdims), rtol=1e-9
    )
    gradcheck(lambda t: operation(t, axis=axis, keepdims=keepdims), x)


@settings(max_examples=40)
@given(
    batch=mutually_broadcastable_shapes(num_shapes=2, max_dims=2, min_side=0, max_side=3),
    sizes=st.tuples(*[st.integers(0, 3)] * 3),
    seed=seeds,
)
def test_matmul_broadcasts_like_numpy(batch, sizes, seed):
    rows, inner, columns = sizes
    left, right = batch.input_shapes
    a, b = draw(seed, (*left, rows, inner), (*right, inner, columns))
    np.testing.assert_allclose(engine.matmul(a, b).data, np.matmul(a, b), rtol=1e-9, atol=1e-12)
    gradcheck(engine.matmul, a, b)


@settings(max_examples=30)
@given(data=st.data(), shape=array_shapes(max_dims=3, min_side=0, max_side=3), seed=seeds)
def test_broadcast_to_and_back(data, shape, seed):
    target = data.draw(broadcastable_shapes(shape, max_dims=4, max_side=3, min_side=0))
    try:
        np.broadcast_to(np.empty(shape), target)
    except ValueError:
        return
    (x,) = draw(seed, shape)
    gradcheck(lambda t: t.broadcast_to(target), x)


@settings(max_examples=40)
@given(
    image=st.tuples(st.integers(0, 3), st.integers(1, 3), st.integers(1, 7), st.integers(1, 7)),
    out=st.integers(1, 3),
    kernel=st.tuples(st.integers(1, 3), st.integers(1, 3)),
    stride=st.tuples(st.integers(1, 3), st.integers(1, 3)),
    padding=st.tuples(st.integers(0, 3), st.integers(0, 3)),
    dilation=st.tuples(st.integers(1, 2), st.integers(1, 2)),
    seed=seeds,
)
def test_convolution_gradients_over_drawn_shapes(image, out, kernel, stride, padding, dilation, seed):
    fits = all(n + 2 * p > d * (k - 1) for n, p, d, k in zip(image[2:], padding, dilation, kernel, strict=True))
    x, w, b = draw(seed, image, (out, image[1], *kernel), (out,))
    if not fits:
        with pytest.raises(ValueError, match="is larger than the image"):
            engine.conv2d(x, w, b, stride, padding, dilation)
        return
    gradcheck(lambda *t: engine.conv2d(*t, stride, padding, dilation), x, w, b)
