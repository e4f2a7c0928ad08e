"""What the operations ask of their arguments: options as they need them, or an error that says the remedy."""

import math

import numpy as np

from mylib.engine.fast.lowering import output_lengths
from mylib.engine.tape import Leaf
from mylib.engine.tensor import Tensor


def reduced_axes(axis, ndim, operation):
    """`axis` as a tuple of non-negative integers, checked."""
    if axis is None:
        return tuple(range(ndim))
    axes = tuple(axis) if isinstance(axis, (tuple, list)) else (axis,)
    for a in axes:
        if not -ndim <= a < ndim:
            raise ValueError(f"{operation}: axis {a} does not exist in {ndim} axes; expected {-ndim} to {ndim - 1}")
    axes = tuple(a % ndim for a in axes)
    if len({*axes}) < len(axes):
        raise ValueError(f"{operation}: axis {axis} names the same axis twice")
    return axes


def count_of(x, axes, operation, least=1):
    """How many elements of x a result over the axes is made of; at least so many are needed."""
    count = math.prod(x.shape[axis] for axis in axes)
    if count < least:
        raise ValueError(f"{operation}: needs at least {least} elements per result, got {count} in shape {x.shape}")
    return count


def per_axis(operation, axes, **options):
    """Each option as a tuple with one integer per spatial axis, checked against its least value."""
    checked = []
    for name, value in options.items():
        values = tuple(value) if isinstance(value, (tuple, list)) else (value,) * axes
        least = 0 if "padding" in name else 1
        if len(values) != axes or not all(isinstance(v, (int, np.integer)) and v >= least for v in values):
            raise ValueError(
                f"{operation}: {name}={value!r}, expected an integer of at least {least}, or {axes} of them"
            )
        checked.append(values)
    return checked


def check_kernel(operation, x, weight, stride, padding, dilation, groups):
    """Raise unless images of shape x can be convolved with kernels of shape `weight`."""
    axes = len(stride)
    if len(x) != axes + 2:
        raise ValueError(f"{operation}: got x of shape {x}, expected {axes + 2} axes: (batch, channels, ...)")
    sides = ", ".join(("kt", "kh", "kw")[-axes:])
    if groups < 1 or x[1] % groups or len(weight) != axes + 2 or weight[1] * groups != x[1] or not x[1]:
        inputs = x[1] // groups if groups > 0 and x[1] % groups == 0 else f"{x[1]} / groups"
        raise ValueError(
            f"{operation}: kernel {weight} does not fit {x[1]} input channels; groups={groups} needs "
            f"(out, {inputs}, {sides})"
        )
    if weight[0] % groups or not weight[0]:
        raise ValueError(f"{operation}: {weight[0]} output channels do not divide into groups={groups}")
    if min(weight[2:]) < 1 or min(output_lengths(x[2:], weight[2:], stride, padding, dilation)) < 1:
        raise ValueError(
            f"{operation}: kernel {weight[2:]} with dilation {tuple(dilation)} is larger than the image {x[2:]} with "
            f"padding {tuple(padding)}; use more padding or a smaller kernel"
        )


def check_transposed_kernel(operation, x, weight, stride, extra, groups):
    """Raise unless x of this shape can be convolved transposed with kernels of shape `weight`."""
    if len(x) != 4 or not min(x[2:]):
        raise ValueError(f"{operation}: got x of shape {x}, expected (batch, channels, height, width)")
    if len(weight) != 4 or weight[0] != x[1] or groups < 1 or x[1] % groups or not min(weight):
        raise ValueError(
            f"{operation}: kernel {weight} does not fit {x[1]} input channels in groups={groups}; needs "
            f"({x[1]}, out / groups, kh, kw)"
        )
    if any(e >= s for e, s in zip(extra, stride, strict=True)):
        raise ValueError(f"{operation}: output_padding {extra} must be smaller than the stride {stride}")


def check_windows(operation, x, kernel, stride, padding):
    """Kernel, stride and padding as pairs, or a ValueError."""
    stride = kernel if stride is None else stride
    kernel, stride, padding = per_axis(operation, 2, kernel=kernel, stride=stride, padding=padding)
    if len(x) != 4:
        raise ValueError(f"{operation}: got x of shape {x}, expected (batch, channels, height, width)")
    if any(2 * p > k for p, k in zip(padding, kernel, strict=True)):
        raise ValueError(f"{operation}: padding {padding} is more than half the kernel {kernel}; pad x first")
    if any(n + 2 * p < k for n, p, k in zip(x[2:], padding, kernel, strict=True)):
        raise ValueError(f"{operation}: window {kernel} is larger than the image {x[2:]} with padding {padding}")
    return kernel, stride, padding


def class_labels(labels, shape, ignore_index, operation):
    """The labels as an array of our own, and which of them count; checked against the scores' shape."""
    labels = np.array(labels._data if isinstance(labels, Tensor) else labels)
    if len(shape) < 2 or labels.shape != (shape[0], *shape[2:]):
        raise ValueError(
            f"{operation}: labels {labels.shape} do not fit scores {shape}; expected scores (batch, classes, ...) and "
            "labels (batch, ...)"
        )
    if labels.dtype.kind not in "iu" and labels.size:
        raise TypeError(f"{operation}: got {labels.dtype} labels, expected integer class numbers")
    labels = labels.astype(np.intp)
    counted = labels != ignore_index
    wrong = counted & ((labels < 0) | (labels >= shape[1]))
    if wrong.any():
        raise ValueError(f"{operation}: label {labels[wrong][0]} is outside the {shape[1]} classes 0 to {shape[1] - 1}")
    return labels, counted


def check_fixed(target, operation):
    """Raise if a gradient is asked for where none is defined."""
    if target.requires_grad:
        raise TypeError(f"{operation}: the target requires a gradient, and none is defined; use target.detach()")


def check_attention(q, k, v, causal):
    """Raise unless queries, keys and values of these shapes belong together."""
    if min(len(q), len(k), len(v)) < 2 or q[:-2] != k[:-2] or k[:-1] != v[:-1] or q[-1] != k[-1]:
        raise ValueError(
            f"attention: queries {q}, keys {k} and values {v} do not fit; expected (..., query, dim), (..., key, dim) "
            "and (..., key, value) with equal leading axes"
        )
    if causal and q[-2] != k[-2]:
        raise ValueError(f"attention: causal needs as many queries as keys, got {q[-2]} and {k[-2]}")


def check_parameters(name, params, options):
    """Raise unless an optimiser can update these parameters, and its options are at least 0."""
    for option, value in options.items():
        if not value >= 0:
            raise ValueError(f"{name}: {option}={value}, expected a number of at least 0")
    if not params:
        raise ValueError(f"{name}: got no parameters; is the generator used up, or the model empty?")
    for p in params:
        if not isinstance(p, Tensor) or not isinstance(p._node, (Leaf, type(None))):
            raise TypeError(f"{name}: got {type(p).__name__}, expected leaf Tensors such as model.parameters()")
    if len({id(p) for p in params}) < len(params):
        raise ValueError(f"{name}: a parameter is listed twice; it would be updated twice per step")
    if len({p.dtype for p in params}) > 1:
        raise ValueError(f"{name}: parameters of several dtypes; use one optimizer for each, or model.float()")


def axis_of(operation, axis, ndim):
    """An axis as a number from 0 on."""
    if not -ndim <= axis < ndim:
        raise ValueError(f"{operation}: axis {axis} does not exist in {ndim} axes; expected {-ndim} to {ndim - 1}")
    return axis % ndim


def some(operation, tensors):
    """Tensors as a list that is not empty."""
    tensors = list(tensors)
    if not tensors:
        raise ValueError(f"{operation}: got no tensors; expected at least one")
    return tensors
