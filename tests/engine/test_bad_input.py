"""What is refused, and that the message says what was expected, what came and what to do."""

import re

import numpy as np
import pytest

from mylib import engine
from mylib.engine import Tensor, gradcheck, nn


def ones(*shape):
    """A float32 Tensor of ones."""
    return Tensor(np.ones(shape, np.float32))


REFUSED = [
    (
        lambda: Tensor(np.arange(3), requires_grad=True),
        TypeError,
        "int64 cannot have a gradient; convert the data",
    ),
    (lambda: Tensor([ones(2), ones(2)]), TypeError, "would lose their gradients; use engine.stack"),
    (lambda: Tensor(np.array(["a"])), TypeError, "expected floating point, integers or booleans"),
    (lambda: Tensor(1j), TypeError, "complex128"),
    (lambda: ones(2).backward(), RuntimeError, "not computed from anything with requires_grad=True"),
    (lambda: (Tensor([1.0, 2.0], True) * 2).backward(), ValueError, "not a single number; reduce it"),
    (
        lambda: (Tensor([1.0, 2.0], True) * 2).backward(np.ones(3)),
        ValueError,
        "gradient of shape (3,), expected (2,)",
    ),
    (lambda: np.exp(ones(2)), TypeError, "does not support ufuncs"),
    (lambda: iter(Tensor(1.0)), TypeError, "iteration over a 0-d tensor"),
    (lambda: ones(2) + ones(3), ValueError, "add: shapes (2,) and (3,) do not broadcast"),
    (lambda: engine.exp(np.arange(3)), TypeError, "exp: got int64 values, expected floating point"),
    (
        lambda: engine.where(np.ones(2), 1.0, 0.0),
        TypeError,
        "where: the condition is float64, expected booleans",
    ),
    (lambda: engine.clip(ones(2)), ValueError, "clip: got neither low nor high"),
    (lambda: engine.gelu(ones(2), "fast"), ValueError, "approximate='fast', expected 'none' or 'tanh'"),
    (
        lambda: ones(2, 3) @ ones(2, 3),
        ValueError,
        "matmul: shapes (2, 3) and (2, 3) do not fit: 3 columns against 2",
    ),
    (lambda: ones(2, 2, 3) @ ones(3, 3, 2), ValueError, "matmul: leading axes of (2, 2, 3) and (3, 3, 2)"),
    (lambda: ones(2) @ 3, ValueError, "a number multiplies with *"),
    (
        lambda: engine.linear(ones(2, 3), ones(4, 2)),
        ValueError,
        "linear: weight (4, 2) does not fit x (2, 3)",
    ),
    (
        lambda: engine.linear(ones(2, 3), ones(4, 3), ones(3)),
        ValueError,
        "linear: bias (3,) does not fit weight",
    ),
    (lambda: ones(2, 3).sum(axis=2), ValueError, "sum: axis 2 does not exist in 2 axes; expected -2 to 1"),
    (lambda: ones(2, 3).mean(axis=(0, -2)), ValueError, "mean: axis (0, -2) names the same axis twice"),
    (lambda: ones(0).mean(), ValueError, "mean: needs at least 1 elements per result, got 0"),
    (lambda: ones(1).var(), ValueError, "var: needs at least 2 elements"),
    (lambda: ones(0, 2).max(axis=0), ValueError, "max: needs at least 1"),
    (lambda: ones(6).reshape(4, 2), ValueError, "reshape: shape (6,) of 6 elements does not fit into (4, 2)"),
    (lambda: ones(2, 3).squeeze(1), ValueError, "squeeze: axis 1 of shape (2, 3) has length 3, expected 1"),
    (lambda: ones(2, 3).permute(0, 0), ValueError, "permute: axes (0, 0) are not an order of the 2 axes"),
    (lambda: ones(2, 3).transpose(0, 2), ValueError, "transpose: axis 2 does not exist"),
    (lambda: ones(2, 3).flatten(1, 0), ValueError, "flatten: start_axis 1 comes after end_axis 0"),
    (lambda: ones(2).broadcast_to(3), ValueError, "broadcast_to: shape (2,) does not broadcast to (3,)"),
    (lambda: ones(2)[3], IndexError, "(the tensor has shape (2,))"),
    (lambda: engine.concatenate([]), ValueError, "concatenate: got no tensors"),
    (
        lambda: engine.concatenate([ones(2, 3), ones(2, 4)]),
        ValueError,
        "shapes [(2, 3), (2, 4)] do not join along axis 0",
    ),
    (
        lambda: engine.stack([ones(2), ones(3)]),
        ValueError,
        "stack: shapes [(2,), (3,)] at axis 0; all must be equal",
    ),
    (lambda: ones(4).split([1, 2]), ValueError, "split: lengths [1, 2] do not add up to the 4"),
    (lambda: ones(4).split(0), ValueError, "split: length 0, expected at least 1"),
    (
        lambda: engine.pad(ones(2), (1,)),
        ValueError,
        "pad: padding (1,) for shape (2,); expected (before, after)",
    ),
    (lambda: engine.pad(ones(2), (-1, 0)), ValueError, "none negative"),
    (
        lambda: engine.embedding([0, 5], ones(5, 2)),
        IndexError,
        "embedding: index 5 is outside a table of 5 rows",
    ),
    (lambda: engine.embedding([-1], ones(5, 2)), IndexError, "embedding: index -1 is outside"),
    (
        lambda: engine.embedding([0.5], ones(5, 2)),
        TypeError,
        "embedding: got float64 indices, expected integers",
    ),
    (
        lambda: engine.mse_loss(ones(3, 1), ones(3)),
        ValueError,
        "mse_loss: got shapes (3, 1) and (3,), expected the same",
    ),
    (
        lambda: engine.mse_loss(ones(3), ones(3), "avg"),
        ValueError,
        "reduction='avg', expected 'mean', 'sum' or 'none'",
    ),
    (lambda: engine.cross_entropy(ones(2, 3), [0, 3]), ValueError, "label 3 is outside the 3 classes 0 to 2"),
    (lambda: engine.cross_entropy(ones(2, 3), [0, 1, 2]), ValueError, "labels (3,) do not fit scores (2, 3)"),
    (
        lambda: engine.cross_entropy(ones(2, 3), [0.0, 1.0]),
        TypeError,
        "float64 labels, expected integer class numbers",
    ),
    (lambda: engine.cross_entropy(ones(1, 3), [-100]), ValueError, "the mean over no samples has no value"),
    (
        lambda: engine.cross_entropy(ones(1, 3), [0], label_smoothing=2),
        ValueError,
        "label_smoothing=2, expected",
    ),
    (lambda: engine.binary_cross_entropy([2.0], [1.0]), ValueError, "probabilities must lie in [0, 1]"),
    (lambda: engine.binary_cross_entropy([0.5], Tensor([1.0], True)), TypeError, "use target.detach()"),
    (
        lambda: engine.conv2d(ones(1, 4, 8, 8), ones(2, 3, 3, 3)),
        ValueError,
        "conv2d: kernel (2, 3, 3, 3) does not fit 4 input channels; groups=1 needs (out, 4, kh, kw)",
    ),
    (
        lambda: engine.conv2d(ones(1, 4, 8, 8), ones(3, 3, 1)),
        ValueError,
        "conv2d: kernel (3, 3, 1) does not fit 4 input channels; groups=1 needs (out, 4, kh, kw)",
    ),
    (
        lambda: engine.conv2d(ones(1, 4, 8, 8), ones(2, 4, 3, 3), groups=3),
        ValueError,
        "groups=3 needs (out, 4 / groups",
    ),
    (
        lambda: engine.conv2d(ones(1, 4, 8, 8), ones(3, 2, 3, 3), groups=2),
        ValueError,
        "3 output channels do not divide",
    ),
    (
        lambda: engine.conv2d(ones(4, 8, 8), ones(2, 4, 3, 3)),
        ValueError,
        "got x of shape (4, 8, 8), expected 4 axes",
    ),
    (
        lambda: engine.conv2d(ones(1, 1, 2, 2), ones(1, 1, 3, 3)),
        ValueError,
        "kernel (3, 3) with dilation (1, 1) is larger",
    ),
    (
        lambda: engine.conv2d(ones(1, 1, 4, 4), ones(1, 1, 3, 3), stride=0),
        ValueError,
        "stride=0, expected an integer of at least 1, or 2",
    ),
    (
        lambda: engine.conv2d(ones(1, 1, 4, 4), ones(1, 1, 3, 3), padding="same"),
        ValueError,
        "padding='same', expected an integer",
    ),
    (
        lambda: engine.conv2d(ones(1, 1, 4, 4), ones(2, 1, 3, 3), ones(3)),
        ValueError,
        "conv2d: bias (3,) does not fit 2 output channels",
    ),
    (
        lambda: engine.conv2d(np.ones((1, 1, 4, 4), int), ones(2, 1, 3, 3)),
        TypeError,
        "conv2d: got int64 values",
    ),
    (
        lambda: engine.conv3d(ones(1, 1, 4, 4, 4), ones(1, 2, 3, 3, 3)),
        ValueError,
        "groups=1 needs (out, 1, kt, kh, kw)",
    ),
    (
        lambda: engine.conv_transpose2d(ones(1, 2, 4, 4), ones(3, 2, 3, 3)),
        ValueError,
        "needs (2, out / groups, kh, kw)",
    ),
    (
        lambda: engine.conv_transpose2d(ones(1, 2, 4, 4), ones(2, 2, 3, 3), stride=2, output_padding=2),
        ValueError,
        "output_padding (2, 2) must be smaller than the stride (2, 2)",
    ),
    (
        lambda: engine.max_pool2d(ones(1, 1, 4, 4), 5),
        ValueError,
        "max_pool2d: window (5, 5) is larger than the image",
    ),
    (lambda: engine.max_pool2d(ones(1, 1, 4, 4), 2, padding=2), ValueError, "more than half the kernel"),
    (lambda: engine.mean_pool2d(ones(1, 4, 4), 2), ValueError, "mean_pool2d: got x of shape (1, 4, 4)"),
    (
        lambda: engine.batch_norm(ones(1, 2), None, None, training=True),
        ValueError,
        "training needs at least 2, or use eval()",
    ),
    (
        lambda: engine.batch_norm(ones(4, 2), np.ones(3), np.ones(3)),
        ValueError,
        "running_mean (3,) does not fit 2 channels",
    ),
    (lambda: engine.layer_norm(ones(4, 2), 3), ValueError, "x (4, 2) does not end in normalized_shape (3,)"),
    (
        lambda: engine.layer_norm(ones(4, 2), 2, ones(3)),
        ValueError,
        "layer_norm: weight (3,) does not fit x (4, 2); expected (2,)",
    ),
    (
        lambda: engine.group_norm(ones(4, 3, 2), 2),
        ValueError,
        "channels of x (4, 3, 2) do not divide into num_groups=2",
    ),
    (
        lambda: engine.group_norm(ones(4, 4, 2), 2, ones(2)),
        ValueError,
        "group_norm: weight (2,) does not fit",
    ),
    (
        lambda: engine.attention(ones(2, 3), ones(4, 5), ones(4, 3)),
        ValueError,
        "attention: queries (2, 3), keys (4, 5) and values (4, 3) do not fit",
    ),
    (
        lambda: engine.attention(ones(2, 1, 3), ones(1, 1, 3), ones(1, 1, 3)),
        ValueError,
        "with equal leading axes",
    ),
    (
        lambda: engine.attention(ones(2, 3), ones(4, 3), ones(4, 3), causal=True),
        ValueError,
        "causal needs as many queries as keys, got 2 and 4",
    ),
    (
        lambda: engine.attention(ones(2, 3), ones(4, 3), ones(4, 3), mask=np.ones((2, 4))),
        TypeError,
        "got a mask of float64, expected booleans",
    ),
    (
        lambda: engine.attention(ones(2, 3), ones(4, 3), ones(4, 3), mask=np.ones((3, 4), bool)),
        ValueError,
        "a mask (3, 4) does not broadcast to (2, 4)",
    ),
    (lambda: engine.attention(ones(3), ones(3), ones(3)), ValueError, "expected (..., query, dim)"),
    (
        lambda: engine.attention(np.arange(6).reshape(2, 3), ones(4, 3), ones(4, 3)),
        TypeError,
        "attention: got int64 values",
    ),
    (lambda: engine.dropout(ones(2), 1.5), ValueError, "dropout: p=1.5, expected a probability"),
    (lambda: nn.Dropout(-1), ValueError, "Dropout: p=-1"),
    (
        lambda: nn.Conv2d(3, 4, 3, groups=2),
        ValueError,
        "groups=2 must divide in_channels=3 and out_channels=4",
    ),
    (lambda: nn.BatchNorm2d(3)(ones(2, 4, 5, 5)), ValueError, "expected (batch, 3, height, width)"),
    (lambda: nn.BatchNorm2d(3, momentum=None), ValueError, "momentum=None, expected a number"),
    (lambda: nn.GroupNorm(2, 3), ValueError, "num_channels=3 do not divide into num_groups=2"),
    (lambda: gradcheck(lambda x: x, np.arange(2)), TypeError, "no input is floating point"),
]


@pytest.mark.parametrize(("make", "error", "message"), REFUSED, ids=[message[:40] for _, _, message in REFUSED])
def test_bad_input_is_refused_with_a_remedy(make, error, message):
    with pytest.raises(error, match=re.escape(message)):
        make()


def test_gradcheck_names_operation_input_index_expected_and_got():
    def wrong(gradient, needs, x):
        gradient = 2 * gradient * x
        gradient[1, 0] += 0.5
        return (gradient,)

    def square(a, x):
        return a.sum() + engine.record(x._data**2, wrong, (x._data,), x._node).sum()

    with pytest.raises(AssertionError, match=r"square: gradient of input 1 at index \(1, 0\): expected \S+, got \S+"):
        gradcheck(square, np.ones(2), np.array([[1.0, 2.0], [3.0, 4.0]]))
    gradcheck(lambda x: (x * x, x.sum()), np.ones(3, np.float32))
