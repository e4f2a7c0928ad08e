"""The plain form of each operation, as its equation is written, against the fast one; and how long the core is."""

import ast
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mylib import engine
from mylib.engine import Tensor, activations, convolution, losses, norms, pooling

ATTENTION = sys.modules["mylib.engine.attention"]  # the name in the package is the function's
HOME = Path(engine.__file__).parent
SIZES = st.integers(1, 5)


def normal(seed, *shape):
    return np.random.default_rng(seed).standard_normal(shape)


def close(got, expected):
    np.testing.assert_allclose(got.data, expected, rtol=1e-9, atol=1e-11)


@given(SIZES, SIZES, SIZES, st.tuples(SIZES, SIZES), st.tuples(SIZES, SIZES), st.tuples(SIZES, SIZES), st.data())
def test_a_convolution_is_the_matrix_of_windows_times_the_kernels(batch, channels, out, sides, extra, stride, drawn):
    padding = drawn.draw(st.tuples(st.integers(0, 2), st.integers(0, 2)))
    x = normal(0, batch, channels, sides[0] + extra[0], sides[1] + extra[1])
    weight = normal(1, out, channels, *sides)
    close(engine.conv2d(x, weight, None, stride, padding), convolution.plain_conv2d(x, weight, stride, padding))


@given(SIZES, SIZES, SIZES, SIZES, SIZES, st.booleans())
def test_attention_is_softmax_of_the_scores_times_the_values(batch, queries, keys, dim, width, masked):
    arrays = [normal(0, batch, queries, dim), normal(1, batch, keys, dim), normal(2, batch, keys, width)]
    mask = normal(3, batch, queries, keys) > -1 if masked else None
    if masked:
        mask[..., 0] = True  # every query may look at something
    gradient, results = normal(4, batch, queries, width), []
    for function in (engine.attention, ATTENTION.plain_attention):
        tensors = [Tensor(array, requires_grad=True) for array in arrays]
        y = function(*tensors, mask)
        y.backward(gradient)
        results.append([y.data, *(one.grad for one in tensors)])
    for got, expected in zip(*results, strict=True):
        np.testing.assert_allclose(got, expected, rtol=1e-9, atol=1e-11)


@given(SIZES, SIZES, st.floats(0.1, 50))
def test_cross_entropy_is_the_mean_logarithm_at_the_labels(batch, classes, scale):
    logits, labels = scale * normal(0, batch, classes), np.arange(batch) % classes
    close(engine.cross_entropy(logits, labels), losses.plain_cross_entropy(logits, labels))


@pytest.mark.parametrize(("dtype", "tolerance"), [(np.float64, 1e-14), (np.float32, 3e-6)])
@given(SIZES, SIZES)
def test_gelu_is_x_times_the_normal_distribution(dtype, tolerance, rows, columns):
    """float32: a polynomial right to 3e-7, times an x of up to 5."""
    x = 2 * normal(0, rows, columns).astype(dtype)
    expected = activations.plain_gelu(x.astype(np.float64))
    np.testing.assert_allclose(engine.gelu(x).data, expected, rtol=0, atol=tolerance)


@given(st.integers(2, 5), SIZES, SIZES, SIZES)
def test_batch_norm_takes_each_channel_over_batch_and_positions(batch, channels, height, width):
    x, weight, bias = normal(0, batch, channels, height, width), normal(1, channels), normal(2, channels)
    got = engine.batch_norm(x, None, None, weight, bias, training=True)
    close(got, norms.plain_batch_norm(x, weight, bias, 1e-5))


@given(SIZES, SIZES, SIZES)
def test_layer_norm_takes_the_last_axis(batch, time, dim):
    x, weight, bias = normal(0, batch, time, dim), normal(1, dim), normal(2, dim)
    close(engine.layer_norm(x, dim, weight, bias), norms.plain_layer_norm(x, weight, bias, 1e-5))


@given(SIZES, SIZES, st.tuples(SIZES, SIZES), st.tuples(SIZES, SIZES), st.tuples(SIZES, SIZES))
def test_max_pooling_takes_the_largest_of_each_window(batch, channels, kernel, extra, stride):
    x = normal(0, batch, channels, kernel[0] + extra[0], kernel[1] + extra[1])
    close(engine.max_pool2d(x, kernel, stride), pooling.plain_max_pool2d(x, kernel, stride))


@pytest.mark.parametrize(
    "plain",
    [
        *(
            convolution.plain_conv2d,
            ATTENTION.plain_attention,
            losses.plain_cross_entropy,
            activations.plain_gelu,
        ),
        *(norms.plain_batch_norm, norms.plain_layer_norm, pooling.plain_max_pool2d),
    ],
)
def test_a_plain_form_is_short(plain):
    path = Path(plain.__code__.co_filename)
    (node,) = [one for one in ast.parse(path.read_text()).body if getattr(one, "name", "") == plain.__name__]
    assert len(node.body) - 1 <= 12  # without its docstring


def code_lines(path):
    """Lines that hold code: no blank ones, comments or docstrings."""
    source = path.read_text()
    texts = set()
    for node in ast.walk(ast.parse(source)):
        first = node.body[0] if isinstance(node, ast.Module | ast.FunctionDef | ast.ClassDef) and node.body else None
        if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant):
            texts |= set(range(first.lineno, first.end_lineno + 1))
    lines = enumerate(source.splitlines(), 1)
    return sum(
        bool(line.strip()) and not line.strip().startswith("#") and number not in texts for number, line in lines
    )


# Lists of names, a tool, and refusals; the rest is what one reads to know how the engine works.
BESIDE = {"__init__.py", "methods.py", "checking.py", "contract.py"}


def test_the_core_can_be_read_in_an_evening():
    core = [path for path in HOME.rglob("*.py") if "fast" not in path.parts and path.name not in BESIDE]
    counts = {path.relative_to(HOME).as_posix(): code_lines(path) for path in core}
    assert sum(counts.values()) < 1500, counts


def test_the_core_knows_no_test_and_no_topic_and_fast_knows_no_operation():
    for path in (HOME / "fast").glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("mylib"):
                assert node.module.startswith(("mylib.engine.fast", "mylib.engine.tape")), f"{path}: {node.module}"
