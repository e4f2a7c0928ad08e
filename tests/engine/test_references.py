"""The engine against packages that no one here wrote: ONNX's reference evaluator, HIPS autograd, SciPy."""

import autograd
import autograd.numpy as anp
import numpy as np
import pytest
import scipy.signal
import scipy.special
from autograd.scipy import special as aspecial
from onnx import TensorProto, helper
from onnx.reference import ReferenceEvaluator

from mylib import engine
from mylib.engine import Tensor

rng = np.random.default_rng(11)


def onnx(operator, *inputs, **attributes):
    """Run one ONNX operator with its reference implementation."""
    names = [f"x{i}" for i in range(len(inputs))]
    node = helper.make_node(operator, names, ["y"], **attributes)
    infos = [helper.make_tensor_value_info(n, TensorProto.FLOAT, x.shape) for n, x in zip(names, inputs, strict=True)]
    result = helper.make_tensor_value_info("y", TensorProto.FLOAT, None)
    model = helper.make_model(
        helper.make_graph([node], "one", infos, [result]), opset_imports=[helper.make_opsetid("", 20)]
    )
    return ReferenceEvaluator(model).run(None, dict(zip(names, inputs, strict=True)))[0]


def f32(*shape):
    """Standard normal float32 numbers."""
    return rng.standard_normal(shape).astype(np.float32)


IMAGE, KERNEL, BIAS, ROWS = f32(2, 4, 7, 8), f32(6, 2, 3, 3), f32(6), f32(3, 5)
CHANNEL, SCALE, SPREAD = f32(4), f32(4), np.abs(f32(4)) + 0.5
TRANSPOSED = f32(4, 3, 3, 3)
LABELS = rng.integers(0, 5, 3)

ONNX = {
    "Conv": (
        lambda: engine.conv2d(IMAGE, KERNEL, BIAS, stride=(2, 1), padding=(1, 2), dilation=(1, 2), groups=2),
        lambda: onnx("Conv", IMAGE, KERNEL, BIAS, strides=[2, 1], pads=[1, 2, 1, 2], dilations=[1, 2], group=2),
    ),
    "ConvTranspose": (
        lambda: engine.conv_transpose2d(IMAGE, TRANSPOSED, CHANNEL[:3], stride=2, padding=1, output_padding=1),
        lambda: onnx(
            "ConvTranspose",
            IMAGE,
            TRANSPOSED,
            CHANNEL[:3],
            strides=[2, 2],
            pads=[1] * 4,
            output_padding=[1, 1],
        ),
    ),
    "MaxPool": (
        lambda: engine.max_pool2d(IMAGE, 3, stride=2, padding=1),
        lambda: onnx("MaxPool", IMAGE, kernel_shape=[3, 3], strides=[2, 2], pads=[1] * 4),
    ),
    "AveragePool": (
        lambda: engine.mean_pool2d(IMAGE, (3, 2), stride=(2, 1), padding=1),
        lambda: onnx("AveragePool", IMAGE, kernel_shape=[3, 2], strides=[2, 1], pads=[1] * 4, count_include_pad=1),
    ),
    "BatchNormalization": (
        lambda: engine.batch_norm(IMAGE, CHANNEL, SPREAD, SCALE, CHANNEL),
        lambda: onnx("BatchNormalization", IMAGE, SCALE, CHANNEL, CHANNEL, SPREAD),
    ),
    "LayerNormalization": (
        lambda: engine.layer_norm(IMAGE, 8, f32(8) * 0 + 2, f32(8) * 0 + 1),
        lambda: onnx("LayerNormalization", IMAGE, f32(8) * 0 + 2, f32(8) * 0 + 1, axis=-1),
    ),
    "InstanceNormalization": (
        lambda: engine.instance_norm(IMAGE, SCALE, CHANNEL),
        lambda: onnx("InstanceNormalization", IMAGE, SCALE, CHANNEL),
    ),
    "Softmax": (lambda: engine.softmax(IMAGE, axis=1), lambda: onnx("Softmax", IMAGE, axis=1)),
    "LogSoftmax": (lambda: engine.log_softmax(ROWS), lambda: onnx("LogSoftmax", ROWS)),
    "Gemm": (
        lambda: engine.linear(ROWS, KERNEL.ravel()[:35].reshape(7, 5), f32(7) * 0 + 3),
        lambda: onnx("Gemm", ROWS, KERNEL.ravel()[:35].reshape(7, 5), f32(7) * 0 + 3, transB=1),
    ),
    "MatMul": (
        lambda: engine.matmul(IMAGE, IMAGE[0].swapaxes(1, 2)),
        lambda: onnx("MatMul", IMAGE, IMAGE[0].swapaxes(1, 2).copy()),
    ),
    "Gelu": (lambda: engine.gelu(ROWS), lambda: onnx("Gelu", ROWS)),
    "Gelu tanh": (lambda: engine.gelu(ROWS, "tanh"), lambda: onnx("Gelu", ROWS, approximate="tanh")),
    "LeakyRelu": (lambda: engine.leaky_relu(ROWS, 0.3), lambda: onnx("LeakyRelu", ROWS, alpha=0.3)),
    "Sigmoid": (lambda: engine.sigmoid(ROWS), lambda: onnx("Sigmoid", ROWS)),
    "ReduceLogSumExp": (
        lambda: engine.logsumexp(ROWS, keepdims=True),
        lambda: onnx("ReduceLogSumExp", ROWS, np.array([-1])),
    ),
    "NegativeLogLikelihoodLoss": (
        lambda: engine.nll_loss(ROWS, LABELS),
        lambda: onnx("NegativeLogLikelihoodLoss", ROWS, LABELS),
    ),
    "SoftmaxCrossEntropyLoss": (
        lambda: engine.cross_entropy(ROWS, LABELS),
        lambda: onnx("SoftmaxCrossEntropyLoss", ROWS, LABELS),
    ),
}


@pytest.mark.parametrize(("ours", "theirs"), ONNX.values(), ids=ONNX.keys())
def test_operation_equals_the_onnx_reference(ours, theirs):
    got, expected = ours(), theirs()
    assert got.dtype == np.float32
    np.testing.assert_allclose(got.data, expected, rtol=1e-4, atol=1e-5)


def exact_gelu(x):
    """The definition of GELU with HIPS autograd's erf."""
    return x * 0.5 * (1 + aspecial.erf(x / np.sqrt(2)))


X, Y, P = rng.standard_normal((3, 4)), rng.standard_normal(4), rng.uniform(0.5, 2, (3, 4))
HIPS = {
    "add": (lambda a, b: a + b, lambda a, b: a + b, (X, Y)),
    "sub": (lambda a, b: a - b, lambda a, b: a - b, (X, Y)),
    "mul": (lambda a, b: a * b, lambda a, b: a * b, (X, Y)),
    "div": (lambda a, b: a / b, lambda a, b: a / b, (Y, P)),
    "pow": (lambda a, b: a**b, lambda a, b: a**b, (P, Y)),
    "exp": (engine.exp, anp.exp, (X,)),
    "log": (engine.log, anp.log, (P,)),
    "sqrt": (engine.sqrt, anp.sqrt, (P,)),
    "abs": (engine.abs, anp.abs, (X,)),
    "tanh": (engine.tanh, anp.tanh, (X,)),
    "sigmoid": (engine.sigmoid, lambda x: 1 / (1 + anp.exp(-x)), (X,)),
    "relu": (engine.relu, lambda x: anp.maximum(x, 0.0), (X,)),
    "gelu": (engine.gelu, exact_gelu, (X,)),
    "maximum": (engine.maximum, anp.maximum, (X, Y)),
    "minimum": (engine.minimum, anp.minimum, (X, Y)),
    "where": (lambda a, b: engine.where(a > b, a, b), lambda a, b: anp.where(a > b, a, b), (X, P)),
    "clip": (lambda a: engine.clip(a, -1, 1), lambda a: anp.clip(a, -1, 1), (X,)),
    "matmul": (engine.matmul, anp.matmul, (X, Y)),
    "matmul batched": (engine.matmul, anp.matmul, (rng.standard_normal((2, 3, 3)), X)),
    "sum": (lambda a: a.sum(axis=0), lambda a: anp.sum(a, axis=0), (X,)),
    "mean": (lambda a: a.mean(axis=1, keepdims=True), lambda a: anp.mean(a, axis=1, keepdims=True), (X,)),
    "var": (lambda a: a.var(axis=1), lambda a: anp.var(a, axis=1, ddof=1), (X,)),
    "max": (lambda a: a.max(axis=1), lambda a: anp.max(a, axis=1), (X,)),
    "min": (lambda a: a.min(), anp.min, (X,)),
    "logsumexp": (engine.logsumexp, lambda a: anp.log(anp.sum(anp.exp(a), axis=-1)), (X,)),
    "softmax": (engine.softmax, lambda a: anp.exp(a) / anp.sum(anp.exp(a), axis=-1, keepdims=True), (X,)),
    "reshape": (lambda a: a.reshape(2, 6), lambda a: anp.reshape(a, (2, 6)), (X,)),
    "transpose": (lambda a: a.T, anp.transpose, (X,)),
    "index": (lambda a: a[[0, 2, 0]], lambda a: a[np.array([0, 2, 0])], (X,)),
    "concatenate": (lambda a, b: engine.concatenate([a, b]), lambda a, b: anp.concatenate([a, b]), (X, P)),
    "mse_loss": (engine.mse_loss, lambda a, b: anp.mean((a - b) ** 2), (X, P)),
}


@pytest.mark.parametrize(("ours", "theirs", "inputs"), HIPS.values(), ids=HIPS.keys())
def test_operation_and_gradients_equal_hips_autograd(ours, theirs, inputs):
    tensors = [Tensor(x, requires_grad=True) for x in inputs]
    y = ours(*tensors)
    np.testing.assert_allclose(y.data, theirs(*inputs), rtol=1e-12, atol=1e-12)
    weights = np.random.default_rng(1).standard_normal(y.shape)
    y.backward(weights)
    for i, tensor in enumerate(tensors):
        expected = autograd.grad(lambda *a: anp.sum(weights * theirs(*a)), i)(*inputs)
        np.testing.assert_allclose(tensor.grad, expected, rtol=1e-11, atol=1e-12)


def test_conv3d_equals_scipy_correlation():
    x, w = rng.standard_normal((1, 2, 5, 6, 7)), rng.standard_normal((1, 2, 3, 2, 3))
    expected = sum(scipy.signal.correlate(x[0, c], w[0, c], mode="valid") for c in range(2))
    np.testing.assert_allclose(engine.conv3d(x, w).data[0, 0], expected, rtol=1e-11, atol=1e-12)


@pytest.mark.parametrize("stride", [1, 2, 3])
def test_conv_transpose2d_is_the_adjoint_of_conv2d(stride):
    a, w = rng.standard_normal((2, 3, 9, 10)), rng.standard_normal((4, 3, 3, 2))
    x = rng.standard_normal(engine.conv2d(a, w, stride=stride, padding=1).shape)
    there = (engine.conv2d(a, w, stride=stride, padding=1) * x).sum().item()
    extra = [(n + 2 - k) % stride for n, k in zip(a.shape[2:], w.shape[2:], strict=True)]
    back = engine.conv_transpose2d(x, w, stride=stride, padding=1, output_padding=extra)
    assert back.shape == a.shape
    np.testing.assert_allclose((back * a).sum().item(), there, rtol=1e-11)


def test_saturated_and_extreme_values_stay_finite_and_right():
    np.testing.assert_array_equal(engine.softmax([1000.0, 0.0, -np.inf]).data, [1, 0, 0])
    assert engine.logsumexp([1000.0, 1000.0]).item() == pytest.approx(1000 + np.log(2))
    assert engine.logsumexp([-np.inf, -np.inf]).item() == -np.inf
    x = Tensor(np.array([-1000.0, -40.0, 0.0, 1000.0]), requires_grad=True)
    y = engine.sigmoid(x)
    np.testing.assert_allclose(y.data, scipy.special.expit(x.data), rtol=1e-14)
    y.sum().backward()
    assert np.isfinite(x.grad).all()
    assert engine.cross_entropy([[1000.0, 0.0]], [1]).item() == 1000
    assert engine.binary_cross_entropy([1.0, 0.0], [0.0, 1.0]).item() == 100
    assert engine.binary_cross_entropy_with_logits([1000.0], [0.0]).item() == 1000


def test_relu_has_slope_0_at_0():
    x = Tensor([-1.0, 0.0, 2.0], requires_grad=True)
    engine.relu(x).sum().backward()
    np.testing.assert_array_equal(x.grad, [0, 0, 1])


def test_max_pool_sends_gradient_to_first_maximum_only():
    image = np.array([[1, 7, 7, 0], [7, 7, 2, 9], [3, 3, 3, 3], [3, 3, 3, 3.0]])
    x = Tensor(image[None, None], requires_grad=True)
    engine.max_pool2d(x, 2).sum().backward()
    np.testing.assert_array_equal(x.grad[0, 0], [[0, 1, 0, 0], [0, 0, 0, 1], [1, 0, 1, 0], [0, 0, 0, 0]])


@pytest.mark.parametrize("axis", [None, 0, 1, (0, 1)])
def test_max_and_min_send_the_whole_gradient_to_the_first_of_equals(axis):
    for operation in (engine.max, engine.min):
        x = Tensor(np.zeros((2, 3)), requires_grad=True)
        operation(x, axis=axis).sum().backward()
        expected = np.zeros((2, 3))
        expected[{None: (0, 0), (0, 1): (0, 0), 0: (0,), 1: (slice(None), 0)}[axis]] = 1
        np.testing.assert_array_equal(x.grad, expected)


def test_maximum_of_equals_shares_the_gradient():
    a, b = Tensor([1.0], requires_grad=True), Tensor([1.0], requires_grad=True)
    engine.maximum(a, b).sum().backward()
    assert a.grad == b.grad == 0.5
