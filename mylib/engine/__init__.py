"""A small deep-learning engine in NumPy: tensors that remember, operations with hand-derived gradients, layers.

Read it in this order: tape, tensor, elementwise, linear, reductions, losses; then convolution, pooling and norms; then
nn and optim. Each operation is a pair of functions, forward and backward, and every name means what it means in torch
unless its docstring says so under "Differs".

>>> from mylib.engine import Tensor, nn
>>> model = nn.Sequential(nn.Linear(2, 8), nn.Tanh(), nn.Linear(8, 1))
>>> loss = mse_loss(model(Tensor([[0.0, 1.0]])), [[1.0]])
>>> loss.backward()
>>> model[0].weight.grad.shape
(8, 2)
"""

from mylib.engine import methods as _methods  # noqa: F401 - gives Tensor its methods
from mylib.engine import nn, optim
from mylib.engine.activations import gelu, leaky_relu, relu, sigmoid, tanh
from mylib.engine.attention import attention
from mylib.engine.checking import gradcheck
from mylib.engine.convolution import conv2d, conv3d, conv_transpose2d
from mylib.engine.elementwise import (
    abs,
    add,
    clip,
    div,
    exp,
    log,
    maximum,
    minimum,
    mul,
    neg,
    pow,
    sqrt,
    sub,
    where,
)
from mylib.engine.fast import memory as _memory  # noqa: F401 - freed memory stays with the process
from mylib.engine.linear import linear, matmul
from mylib.engine.losses import (
    binary_cross_entropy,
    binary_cross_entropy_with_logits,
    cross_entropy,
    mse_loss,
    nll_loss,
)
from mylib.engine.norms import batch_norm, group_norm, instance_norm, layer_norm
from mylib.engine.pooling import max_pool2d, mean_pool2d
from mylib.engine.random import dropout, generator, manual_seed
from mylib.engine.reductions import log_softmax, logsumexp, max, mean, min, softmax, sum, var
from mylib.engine.shaping import (
    broadcast_to,
    concatenate,
    embedding,
    flatten,
    index,
    pad,
    permute,
    reshape,
    split,
    squeeze,
    stack,
    swapaxes,
    transpose,
    unsqueeze,
)
from mylib.engine.tape import no_grad
from mylib.engine.tensor import Tensor, as_tensor, record

__all__ = [
    "Tensor",
    "abs",
    "add",
    "as_tensor",
    "attention",
    "batch_norm",
    "binary_cross_entropy",
    "binary_cross_entropy_with_logits",
    "broadcast_to",
    "clip",
    "concatenate",
    "conv2d",
    "conv3d",
    "conv_transpose2d",
    "cross_entropy",
    "div",
    "dropout",
    "embedding",
    "exp",
    "flatten",
    "gelu",
    "generator",
    "gradcheck",
    "group_norm",
    "index",
    "instance_norm",
    "layer_norm",
    "leaky_relu",
    "linear",
    "log",
    "log_softmax",
    "logsumexp",
    "manual_seed",
    "matmul",
    "max",
    "max_pool2d",
    "maximum",
    "mean",
    "mean_pool2d",
    "min",
    "minimum",
    "mse_loss",
    "mul",
    "neg",
    "nll_loss",
    "nn",
    "no_grad",
    "optim",
    "pad",
    "permute",
    "pow",
    "record",
    "relu",
    "reshape",
    "sigmoid",
    "softmax",
    "split",
    "sqrt",
    "squeeze",
    "stack",
    "sub",
    "sum",
    "swapaxes",
    "tanh",
    "transpose",
    "unsqueeze",
    "var",
    "where",
]
