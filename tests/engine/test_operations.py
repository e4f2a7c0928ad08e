"""Every operation in one table: against torch, by central differences, and against a package that no one here wrote.

A row draws its inputs, float64 arrays or integers, from a random generator and a batch size (0 and 1 among them),
and gives the same function for the engine and for torch. Inputs also come as float32, transposed in memory, and
with every other element skipped.
"""

from dataclasses import dataclass

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st

from mylib import engine
from mylib.engine import Tensor


def normal(*shape):
    """Draw standard normal numbers; 'n' in the shape is the batch size."""
    return lambda rng, n: rng.standard_normal([n if s == "n" else s for s in shape])


def positive(*shape):
    """Draw numbers in [0.5, 2]."""
    return lambda rng, n: rng.uniform(0.5, 2, [n if s == "n" else s for s in shape])


def whole(high, *shape):
    """Draw integers in [0, high)."""
    return lambda rng, n: rng.integers(0, high, [n if s == "n" else s for s in shape])


@dataclass
class Op:
    """One row: a name, how to draw the inputs, the engine's function and torch's."""

    name: str
    inputs: tuple
    ours: object
    torchs: object
    empty: bool = True  # whether it has a value for an empty batch

    def draw(self, rng, n):
        """The inputs for batch size n."""
        return [draw(rng, n) for draw in self.inputs]


X, ROW, COLUMN = normal("n", 3, 4), normal(4), normal(3, 1)
IMAGE = normal("n", 4, 7, 6)
FLAT = positive("n", 3, 4)
ALLOWED = np.array([[1, 1, 0, 0, 1], [0, 0, 0, 1, 0], [1, 1, 1, 1, 1]], bool)

OPS = [
    # elementwise, with broadcasting
    Op("add", (X, ROW), lambda a, b: a + b, lambda a, b: a + b),
    Op("sub", (COLUMN, X), lambda a, b: a - b, lambda a, b: a - b),
    Op("mul", (X, normal("n", 1, 4)), lambda a, b: a * b, lambda a, b: a * b),
    Op("mul_self", (X,), lambda a: a * a, lambda a: a * a),
    Op("div", (X, positive(3, 1)), lambda a, b: a / b, lambda a, b: a / b),
    Op("scalars", (FLAT,), lambda a: 2 - 3 / (0.5 * a + 1), lambda a: 2 - 3 / (0.5 * a + 1)),
    Op("pow_number", (X,), lambda a: a**3, lambda a: a**3),
    Op("pow_fraction", (FLAT,), lambda a: a**-0.5, lambda a: a**-0.5),
    Op("pow_zero", (X,), lambda a: a**0, lambda a: a**0),
    Op("pow_tensor", (FLAT, ROW), lambda a, b: a**b, lambda a, b: a**b),
    Op("number_pow", (X,), lambda a: 2.0**a, lambda a: 2.0**a),
    Op("neg", (X,), lambda a: -a, lambda a: -a),
    Op("exp", (X,), engine.exp, torch.exp),
    Op("log", (FLAT,), engine.log, torch.log),
    Op("sqrt", (FLAT,), engine.sqrt, torch.sqrt),
    Op("abs", (X,), engine.abs, torch.abs),
    Op("maximum", (X, ROW), engine.maximum, torch.maximum),
    Op("minimum", (X, COLUMN), engine.minimum, torch.minimum),
    Op(
        "where",
        (X, ROW),
        lambda a, b: engine.where(a > b, a, 2 * b),
        lambda a, b: torch.where(a > b, a, 2 * b),
    ),
    Op("clip", (X,), lambda a: engine.clip(a, -0.5, 0.7), lambda a: a.clamp(-0.5, 0.7)),
    Op("clip_low", (X,), lambda a: a.clip(low=0.1), lambda a: a.clamp(min=0.1)),
    # activations
    Op("relu", (X,), engine.relu, F.relu),
    Op("leaky_relu", (X,), lambda a: engine.leaky_relu(a, 0.2), lambda a: F.leaky_relu(a, 0.2)),
    Op("tanh", (X,), engine.tanh, torch.tanh),
    Op("sigmoid", (X,), lambda a: engine.sigmoid(9 * a), lambda a: torch.sigmoid(9 * a)),
    Op("gelu", (X,), engine.gelu, F.gelu),
    Op("gelu_tanh", (X,), lambda a: engine.gelu(a, "tanh"), lambda a: F.gelu(a, approximate="tanh")),
    # products
    Op("matmul", (normal("n", 3), normal(3, 5)), engine.matmul, torch.matmul),
    Op("matmul_batched", (normal("n", 2, 3), normal("n", 3, 4)), engine.matmul, torch.matmul),
    Op("matmul_broadcast", (normal("n", 1, 2, 3), normal(4, 3, 2)), engine.matmul, torch.matmul),
    Op("matmul_one_matrix", (normal("n", 2, 3), normal(3, 4)), engine.matmul, torch.matmul),
    Op("matmul_left_matrix", (normal(2, 3), normal("n", 3, 4)), engine.matmul, torch.matmul),
    Op("dot", (normal(5), normal(5)), engine.matmul, torch.matmul),
    Op("vector_matrix", (normal(3), normal("n", 3, 4)), engine.matmul, torch.matmul),
    Op("matrix_vector", (normal("n", 2, 3), normal(3)), engine.matmul, torch.matmul),
    Op("linear", (normal("n", 3, 4), normal(5, 4), normal(5)), engine.linear, F.linear),
    Op("linear_no_bias", (normal("n", 4), normal(5, 4)), engine.linear, F.linear),
    # attention
    Op(
        "attention",
        (normal("n", 3, 4), normal("n", 5, 4), normal("n", 5, 2)),
        engine.attention,
        F.scaled_dot_product_attention,
    ),
    Op(
        "attention_causal_heads",
        (normal("n", 2, 6, 4),) * 3,
        lambda *a: engine.attention(*a, causal=True),
        lambda *a: F.scaled_dot_product_attention(*a, is_causal=True),
    ),
    Op(
        "attention_masked",
        (normal("n", 2, 3, 4), normal("n", 2, 5, 4), normal("n", 2, 5, 4)),
        lambda *a: engine.attention(*a, mask=ALLOWED),
        lambda *a: F.scaled_dot_product_attention(*a, attn_mask=torch.from_numpy(ALLOWED)),
    ),
    # reductions
    Op("sum", (X,), lambda a: a.sum(), lambda a: a.sum()),
    Op("sum_axis", (X,), lambda a: a.sum(axis=1), lambda a: a.sum(1)),
    Op("sum_axes", (X,), lambda a: a.sum(axis=(0, -1), keepdims=True), lambda a: a.sum((0, -1), keepdim=True)),
    Op("mean", (X,), lambda a: a.mean(), lambda a: a.mean(), empty=False),
    Op("mean_axis", (X,), lambda a: a.mean(axis=(1, 2)), lambda a: a.mean((1, 2))),
    Op("var", (X,), lambda a: a.var(axis=(0, 2)), lambda a: a.var((0, 2)), empty=False),
    Op(
        "var_biased",
        (X,),
        lambda a: a.var(axis=-1, correction=0, keepdims=True),
        lambda a: a.var(-1, correction=0, keepdim=True),
        empty=False,
    ),
    Op("max", (X,), lambda a: a.max(), lambda a: a.max(), empty=False),
    Op("max_axis", (X,), lambda a: a.max(axis=1), lambda a: a.max(1).values),
    Op("min_axes", (X,), lambda a: a.min(axis=(2, 1), keepdims=True), lambda a: a.amin((2, 1), keepdim=True)),
    Op("logsumexp", (X,), lambda a: a.logsumexp(axis=1), lambda a: a.logsumexp(1)),
    Op("softmax", (X,), engine.softmax, lambda a: a.softmax(-1)),
    Op("softmax_axis", (X,), lambda a: engine.softmax(5 * a, axis=1), lambda a: (5 * a).softmax(1)),
    Op("log_softmax", (X,), lambda a: engine.log_softmax(a, axis=1), lambda a: a.log_softmax(1)),
    # shaping
    Op("reshape", (X,), lambda a: a.reshape(-1, 6), lambda a: a.reshape(-1, 6)),
    Op("flatten", (IMAGE,), lambda a: a.flatten(1), lambda a: a.flatten(1)),
    Op("permute", (X,), lambda a: a.permute(2, 0, 1), lambda a: a.permute(2, 0, 1)),
    Op(
        "transpose",
        (X,),
        lambda a: a.transpose(0, -1) * a.T,
        lambda a: a.transpose(0, -1) * a.permute(2, 1, 0),
    ),
    Op("swapaxes", (X,), lambda a: a.swapaxes(1, 2).exp(), lambda a: a.swapaxes(1, 2).exp()),
    Op("unsqueeze", (X,), lambda a: a.unsqueeze(1).squeeze(1), lambda a: a.unsqueeze(1).squeeze(1)),
    Op("broadcast_to", (ROW,), lambda a: a.broadcast_to(2, 3, 4), lambda a: a.expand(2, 3, 4)),
    Op("slices", (X,), lambda a: a[:, ::-2, 1:3], lambda a: a.flip(1)[:, ::2, 1:3]),
    Op("ellipsis", (X,), lambda a: a[..., None, -1], lambda a: a[..., None, -1]),
    Op("repeated_rows", (X,), lambda a: a[:, [0, 2, 0, 0]], lambda a: a[:, [0, 2, 0, 0]]),
    Op("pairs", (X,), lambda a: a[:, [0, 1], [3, 3]], lambda a: a[:, [0, 1], [3, 3]]),
    Op("mask", (X,), lambda a: a[a > 0], lambda a: a[a > 0]),
    Op(
        "concatenate",
        (X, normal("n", 2, 4)),
        lambda *a: engine.concatenate(a, axis=1),
        lambda *a: torch.cat(a, 1),
    ),
    Op("stack", (X, X), lambda *a: engine.stack(a, axis=-1), lambda *a: torch.stack(a, -1)),
    Op("split", (IMAGE,), lambda a: a.split(3, axis=2)[2] * 2, lambda a: a.split(3, 2)[2] * 2),
    Op("split_lengths", (IMAGE,), lambda a: a.split([1, 3], axis=1)[1], lambda a: a.split([1, 3], 1)[1]),
    Op("pad", (X,), lambda a: engine.pad(a, (1, 2, 0, 3), 5.0), lambda a: F.pad(a, (1, 2, 0, 3), value=5.0)),
    Op("embedding", (whole(5, "n", 3), normal(5, 4)), engine.embedding, F.embedding),
    # losses
    Op("mse_loss", (X, X), engine.mse_loss, F.mse_loss, empty=False),
    Op(
        "mse_none",
        (X, X),
        lambda a, b: engine.mse_loss(a, b, "none"),
        lambda a, b: F.mse_loss(a, b, reduction="none"),
    ),
    Op("cross_entropy", (normal("n", 5), whole(5, "n")), engine.cross_entropy, F.cross_entropy, empty=False),
    Op(
        "cross_entropy_smoothed_pixels",
        (normal("n", 5, 2, 3), whole(5, "n", 2, 3)),
        lambda a, y: engine.cross_entropy(a, y, label_smoothing=0.1),
        lambda a, y: F.cross_entropy(a, y, label_smoothing=0.1),
        empty=False,
    ),
    Op(
        "cross_entropy_none",
        (normal("n", 5), whole(5, "n")),
        lambda a, y: engine.cross_entropy(a, y, reduction="none"),
        lambda a, y: F.cross_entropy(a, y, reduction="none"),
    ),
    Op(
        "cross_entropy_ignoring",
        (normal("n", 5, 4), whole(5, "n", 4)),
        lambda a, y: engine.cross_entropy(a, y, reduction="sum", label_smoothing=0.2, ignore_index=3),
        lambda a, y: F.cross_entropy(a, y, reduction="sum", label_smoothing=0.2, ignore_index=3),
    ),
    Op("nll_loss", (normal("n", 5), whole(5, "n")), engine.nll_loss, F.nll_loss, empty=False),
    Op(
        "binary_cross_entropy",
        (X, whole(2, "n", 3, 4)),
        lambda a, t: engine.binary_cross_entropy(engine.sigmoid(a), t),
        lambda a, t: F.binary_cross_entropy(torch.sigmoid(a), t.to(a.dtype)),
        empty=False,
    ),
    Op(
        "binary_cross_entropy_with_logits",
        (X, whole(2, "n", 3, 4)),
        lambda a, t: engine.binary_cross_entropy_with_logits(40 * a, t, reduction="sum"),
        lambda a, t: F.binary_cross_entropy_with_logits(40 * a, t.to(a.dtype), reduction="sum"),
    ),
    # norms
    Op(
        "layer_norm",
        (X, ROW, ROW),
        lambda a, w, b: engine.layer_norm(a, 4, w, b),
        lambda a, w, b: F.layer_norm(a, (4,), w, b),
    ),
    Op("layer_norm_two_axes", (X,), lambda a: engine.layer_norm(a, (3, 4)), lambda a: F.layer_norm(a, (3, 4))),
    Op(
        "group_norm",
        (IMAGE, ROW, ROW),
        lambda a, w, b: engine.group_norm(a, 2, w, b),
        lambda a, w, b: F.group_norm(a, 2, w, b),
    ),
    Op(
        "instance_norm",
        (IMAGE, ROW, ROW),
        engine.instance_norm,
        lambda a, w, b: F.instance_norm(a, weight=w, bias=b),
        empty=False,
    ),
    Op(
        "batch_norm",
        (IMAGE, ROW, ROW),
        lambda a, w, b: engine.batch_norm(a, None, None, w, b, training=True),
        lambda a, w, b: F.batch_norm(a, None, None, w, b, training=True),
        empty=False,
    ),
    Op(
        "batch_norm_eval",
        (IMAGE, ROW, ROW),
        lambda a, w, b: engine.batch_norm(a, np.arange(4.0), np.arange(1.0, 5.0), w, b),
        lambda a, w, b: F.batch_norm(a, torch.arange(4.0).to(a), torch.arange(1.0, 5.0).to(a), w, b),
    ),
]


def conv(name, image, kernel, **options):
    """A row for a convolution with a bias."""
    bias = kernel[1] * options.get("groups", 1) if "transpose" in name else kernel[0]
    ours, torchs = getattr(engine, name), getattr(F, name)
    return Op(
        f"{name}-{image}-{kernel}-{options}",
        (normal("n", *image), normal(*kernel), normal(bias)),
        lambda x, w, b: ours(x, w, b, **options),
        lambda x, w, b: torchs(x, w, b, **options),
    )


def pool(name, theirs, image=(3, 7, 6), **options):
    """A row for a pooling."""
    renamed = {"kernel_size" if key == "kernel" else key: value for key, value in options.items()}
    return Op(
        f"{name}-{options}",
        (normal("n", *image),),
        lambda x: getattr(engine, name)(x, **options),
        lambda x: theirs(x, **renamed),
    )


OPS += [
    conv("conv2d", (4, 7, 6), (6, 4, 3, 3)),
    conv("conv2d", (1, 9, 8), (5, 1, 5, 5), padding=2),
    conv("conv2d", (4, 7, 6), (5, 4, 1, 1)),
    conv("conv2d", (4, 8, 9), (6, 4, 3, 2), stride=2, padding=1),
    conv("conv2d", (4, 8, 9), (6, 4, 3, 3), stride=(3, 2), padding=(0, 1), dilation=(1, 2)),
    conv("conv2d", (4, 7, 6), (6, 2, 3, 3), groups=2, padding=1),
    conv("conv2d", (4, 7, 6), (8, 1, 3, 3), groups=4, stride=2),
    conv("conv2d", (4, 7, 6), (2, 4, 7, 6)),
    conv("conv2d", (3, 6, 6), (2, 3, 2, 2), padding=3),
    conv("conv2d", (3, 9, 20), (5, 3, 3, 5), padding=(1, 2)),
    conv("conv2d", (3, 5, 16), (4, 3, 2, 3), padding=(3, 4)),
    conv("conv2d", (2, 5, 5), (4, 2, 1, 1), stride=2),
    conv("conv3d", (2, 4, 5, 6), (3, 2, 2, 3, 3), padding=1),
    conv("conv3d", (4, 4, 5, 6), (6, 2, 2, 3, 1), stride=(1, 2, 1), groups=2),
    conv("conv_transpose2d", (4, 5, 4), (4, 3, 3, 3)),
    conv("conv_transpose2d", (4, 5, 4), (4, 3, 4, 4), stride=2, padding=1),
    conv("conv_transpose2d", (4, 5, 4), (4, 2, 3, 3), stride=2, padding=1, output_padding=1, groups=2),
    conv("conv_transpose2d", (4, 5, 4), (4, 3, 2, 3), stride=(3, 2), output_padding=(2, 0), dilation=2),
    conv("conv_transpose2d", (4, 5, 4), (4, 3, 1, 1), stride=2),
    pool("max_pool2d", F.max_pool2d, kernel=2),
    pool("max_pool2d", F.max_pool2d, kernel=3, stride=2, padding=1),
    pool("max_pool2d", F.max_pool2d, kernel=(3, 2), stride=1),
    pool("max_pool2d", F.max_pool2d, kernel=1, stride=2),
    pool("mean_pool2d", F.avg_pool2d, kernel=2),
    pool("mean_pool2d", F.avg_pool2d, kernel=3, stride=2, padding=1),
    pool("mean_pool2d", F.avg_pool2d, kernel=(3, 2), stride=(1, 3)),
]

each_op = pytest.mark.parametrize("op", OPS, ids=lambda op: op.name)
layouts = st.sampled_from(["contiguous", "transposed", "strided"])


def laid_out(array, layout):
    """The same values in another memory order."""
    if layout == "transposed":
        return np.ascontiguousarray(array.T).T
    if layout == "strided" and array.ndim:
        return np.repeat(array, 2, axis=-1)[..., ::2]
    return array


def run_ours(op, arrays, dtype, seed, layout="contiguous"):
    """Value and gradients of the engine."""
    tensors = [
        Tensor(laid_out(a, layout)) if a.dtype.kind == "i" else engine.as_tensor(a.astype(dtype)) for a in arrays
    ]
    for t in tensors:
        if t.dtype.kind == "f":
            t.requires_grad = True
            t._data = laid_out(t._data, layout)
    y = op.ours(*tensors)
    y.backward(np.random.default_rng(seed).standard_normal(y.shape))
    return y, [t.grad for t in tensors if t.requires_grad]


def run_torch(op, arrays, dtype, seed):
    """Value and gradients of torch."""
    tensors = [torch.from_numpy(a if a.dtype.kind == "i" else a.astype(dtype)) for a in arrays]
    leaves = [t.requires_grad_() for t in tensors if t.is_floating_point()]
    y = op.torchs(*tensors)
    y.backward(torch.from_numpy(np.random.default_rng(seed).standard_normal(tuple(y.shape)).astype(dtype)))
    return y.detach().numpy(), [t.grad.numpy() for t in leaves]


def assert_same(got, expected, tolerance, what):
    """Equal shape, dtype, and values relative to the largest one."""
    assert got.shape == expected.shape, f"{what}: shape {got.shape}, torch {expected.shape}"
    assert got.dtype == expected.dtype, f"{what}: dtype {got.dtype}, torch {expected.dtype}"
    scale = np.abs(expected).max(initial=0) or 1
    np.testing.assert_allclose(got / scale, expected / scale, rtol=0, atol=tolerance, err_msg=what)


@each_op
@settings(max_examples=12)
@given(n=st.integers(0, 3), seed=st.integers(0, 999), layout=layouts)
def test_operation_and_gradients_equal_torch_in_float64(op, n, seed, layout):
    n = n if op.empty else n + 1
    arrays = op.draw(np.random.default_rng(seed), n)
    y, gradients = run_ours(op, arrays, np.float64, seed, layout)
    expected, expected_gradients = run_torch(op, arrays, np.float64, seed)
    assert_same(y.data, expected, 1e-9, f"{op.name}: value")
    for i, (got, want) in enumerate(zip(gradients, expected_gradients, strict=True)):
        assert_same(got, want, 1e-9, f"{op.name}: gradient {i}")


@each_op
def test_operation_and_gradients_equal_torch_in_float32(op):
    arrays = op.draw(np.random.default_rng(1), 2)
    y, gradients = run_ours(op, arrays, np.float32, 2)
    expected, expected_gradients = run_torch(op, arrays, np.float32, 2)
    assert_same(y.data, expected, 1e-4, f"{op.name}: value")
    for i, (got, want) in enumerate(zip(gradients, expected_gradients, strict=True)):
        assert_same(got, want, 1e-4, f"{op.name}: gradient {i}")


@each_op
@pytest.mark.parametrize("n", [1, 2])
def test_gradients_equal_central_differences(op, n):
    engine.gradcheck(op.ours, *op.draw(np.random.default_rng(3), n))
