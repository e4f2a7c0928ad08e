r"""Normalisation in NumPy: of what layers compute, and of their weights; and channel attention for tokens.

Notation: x are (batch, channels, ...), B images of C channels and H x W positions for short; S is the set of positions
that share a mean m and a variance v; z = (x - m) / sqrt(v + eps); gamma and beta are `weight` and `bias`; g is a
gradient dL/dy. Variances divide by the count, except the running one of batch norm.
"""

import numpy as np

from mylib import engine
from mylib.engine import as_tensor, record
from mylib.engine.tensor import Tensor
from mylib.training.normalization import contract
from mylib.training.normalization.scratch_networks import attend_tokens, with_norm
from mylib.training.normalization.scratch_weights import WeightNorm

__all__ = [
    "standardize",
    "batch_norm",
    "layer_norm",
    "instance_norm",
    "group_norm",
    "mean_only_batch_norm",
    "WeightNorm",
    "with_norm",
    "attend_tokens",
]


def standardize(x, axes, eps=1e-5):
    r"""z = (x - m) / sqrt(v + eps), mean m and variance v over the given axes: every norm is this and an affine map.

    Over (0, 2, 3) it is batch norm, over (1, 2, 3) layer norm, over (2, 3) instance norm, and over the last three of
    (B, G, C/G, H, W) group norm. Since m and v depend on x, all values of a set S share in the gradient:
    dL/dx = (g - mean(g) - z mean(g z)) / sqrt(v + eps), means over S.

    Args:    x: any shape.
             axes: a number or several, of either sign: what belongs to one set S.
             eps: keeps the divisor above 0.
    Returns: Tensor of x's shape and type; where all values of a set are equal, 0.
    Raises:  ValueError: axes that x does not have, one twice, or a set without values. TypeError: no axes, or x of
                 whole numbers.
    Source:  Ioffe and Szegedy (2015); Wu and He (2018). Differs: float16 is computed in float32.

    Example:
        >>> standardize([[1.0, 3.0], [0.0, 20.0]], axes=1).numpy().round(3).tolist()
        [[-1.0, 1.0], [-1.0, 1.0]]
    """
    x = _floating("standardize", x)
    axes = contract.axes_of(x.shape, axes)
    contract.check_eps("standardize", eps)
    wide = x.data.astype(np.result_type(x.dtype, np.float32), copy=False)
    centred = wide - wide.mean(axes, keepdims=True)
    scale = 1 / np.sqrt(np.square(centred).mean(axes, keepdims=True) + wide.dtype.type(eps))
    z = centred * scale
    return record(z.astype(x.dtype, copy=False), _standardize_backward, (z, scale, axes), x._node)


def _standardize_backward(gradient, needs, z, scale, axes):
    """What of g lies along 1, and along z, would not change z: both parts are taken out."""
    g = gradient.astype(z.dtype, copy=False)
    to_x = scale * (g - g.mean(axes, keepdims=True) - z * (g * z).mean(axes, keepdims=True))
    return (to_x.astype(gradient.dtype, copy=False),)


def batch_norm(x, running_mean, running_var, weight=None, bias=None, training=False, momentum=0.1, eps=1e-5):
    r"""y = gamma_c (x - m_c) / sqrt(v_c + eps) + beta_c: S is a channel of the whole batch, (B, H, W).

    In training m and v are the batch's own, and the running ones move towards them in place:
    running = (1 - momentum) running + momentum batch, with the *unbiased* variance, n / (n - 1) times v. In evaluation
    the running ones are used: this norm alone computes something else then.

    Args:    x: shape (batch, channels, ...).
             running_mean, running_var: arrays (channels,), float32 or wider; or None, both, to use the batch's always.
             weight, bias: gamma and beta, (channels,), or None.
             training: which statistics to use.
             momentum: weight of a new batch in the running statistics, in [0, 1].
             eps: keeps the divisor above 0.
    Returns: Tensor of x's shape and type.
    Raises:  ValueError: shapes that do not fit, or from a batch with fewer than two values per channel. TypeError: x of
                 whole numbers, or running statistics that cannot be changed in place.
    Source:  Ioffe and Szegedy (2015), algorithm 1. Differs: float16 is computed in float32.

    Example:
        >>> batch_norm([[[1.0]], [[3.0]]], None, None, training=True).numpy().round(3).tolist()
        [[[-1.0]], [[1.0]]]
    """
    x = _floating("batch_norm", x)
    running = {"running_mean": running_mean, "running_var": running_var}
    _check_buffers("batch_norm", running)
    shapes = {name: None if array is None else array.shape for name, array in running.items()}
    from_batch = training or running_mean is None
    parameters = (None if p is None else np.shape(p) for p in (weight, bias))
    contract.check_statistics("batch_norm", x.shape, shapes, *parameters, from_batch, momentum)
    contract.check_eps("batch_norm", eps)
    weight, bias = _widened(weight), _widened(bias)
    y = engine.batch_norm(_widened(x), running_mean, running_var, weight, bias, training, momentum, eps)
    return _cast(y, x.dtype)


def layer_norm(x, normalized_shape, weight=None, bias=None, eps=1e-5):
    r"""y = gamma (x - m) / sqrt(v + eps) + beta: S is what the last axes span, for each sample, or each token.

    Args:    x: shape (..., *normalized_shape).
             normalized_shape: lengths of the axes to normalise over, a number or several.
             weight, bias: gamma and beta, one for each value of S, or None.
             eps: keeps the divisor above 0.
    Returns: Tensor of x's shape and type.
    Raises:  ValueError: x does not end in `normalized_shape`, or weight or bias have another shape. TypeError: x of
                 whole numbers.
    Source:  Ba, Kiros and Hinton (2016), equation 4. Differs: float16 is computed in float32.

    Example:
        >>> layer_norm([[1.0, 3.0], [0.0, 20.0]], 2).numpy().round(3).tolist()
        [[-1.0, 1.0], [-1.0, 1.0]]
    """
    x = _floating("layer_norm", x)
    shapes = (None if p is None else np.shape(p) for p in (weight, bias))
    normalized_shape = contract.last_shape(x.shape, normalized_shape, *shapes)
    contract.check_eps("layer_norm", eps)
    return _cast(engine.layer_norm(_widened(x), normalized_shape, _widened(weight), _widened(bias), eps), x.dtype)


def instance_norm(x, weight=None, bias=None, eps=1e-5):
    r"""y = gamma_c (x - m) / sqrt(v + eps) + beta_c: S is one channel of one image, (H, W).

    Args:    x: shape (batch, channels, ...), at least one axis of positions.
             weight, bias: gamma and beta, (channels,), or None.
             eps: keeps the divisor above 0.
    Returns: Tensor of x's shape and type.
    Raises:  ValueError: x has no positions, or weight or bias do not fit. TypeError: x of whole numbers.
    Source:  Ulyanov, Vedaldi and Lempitsky (2016). Differs: no running statistics; float16 is computed in float32.

    Example:
        >>> instance_norm([[[1.0, 3.0], [0.0, 20.0]]]).numpy().round(3).tolist()
        [[[-1.0, 1.0], [-1.0, 1.0]]]
    """
    x = _floating("instance_norm", x)
    _check_groups("instance_norm", x, x.shape[1] if x.ndim > 1 else 1, weight, bias, eps, least=3)
    return _cast(engine.instance_norm(_widened(x), _widened(weight), _widened(bias), eps), x.dtype)


def group_norm(x, num_groups, weight=None, bias=None, eps=1e-5):
    r"""y = gamma_c (x - m) / sqrt(v + eps) + beta_c: S is a group of C / G channels of one image, (C/G, H, W).

    With G = C it is instance norm; with G = 1 it is layer norm over (C, H, W) whose gamma and beta are per channel.

    Args:    x: shape (batch, channels, ...).
             num_groups: G, a divisor of the channels; a group are channels that follow each other.
             weight, bias: gamma and beta, (channels,), or None.
             eps: keeps the divisor above 0.
    Returns: Tensor of x's shape and type.
    Raises:  ValueError: channels that do not divide into the groups, or weight or bias do not fit. TypeError: x of
                 whole numbers.
    Source:  Wu and He (2018), equation 7; slide "Group Normalisation". Differs: float16 is computed in float32.

    Example:
        >>> group_norm([[1.0, 3.0, 0.0, 20.0]], 2).numpy().round(3).tolist()
        [[-1.0, 1.0, -1.0, 1.0]]
    """
    x = _floating("group_norm", x)
    _check_groups("group_norm", x, num_groups, weight, bias, eps)
    return _cast(engine.group_norm(_widened(x), num_groups, _widened(weight), _widened(bias), eps), x.dtype)


def mean_only_batch_norm(x, running_mean, bias=None, training=False, momentum=0.1):
    r"""y = x - m_c + beta_c, with m_c over (B, H, W) as in batch norm, and no variance: what goes with weight norm.

    Args:    x: what a layer without a bias computes, w . x. Shape (batch, channels, ...).
             running_mean: array (channels,), changed in place in training; or None to use the batch's always.
             bias: beta, (channels,), or None.
             training: which mean to use.
             momentum: weight of a new batch in the running mean, in [0, 1].
    Returns: Tensor of x's shape and type.
    Raises:  ValueError: shapes that do not fit, or from a batch with fewer than two values per channel, of which
                 nothing would be left. TypeError: as `batch_norm`.
    Source:  Salimans and Kingma (2016), mean-only batch normalization. Differs: float16 is computed in float32.

    Example:
        >>> mean_only_batch_norm([[[1.0]], [[5.0]]], None).numpy().tolist()
        [[[-2.0]], [[2.0]]]
    """
    x = _floating("mean_only_batch_norm", x)
    _check_buffers("mean_only_batch_norm", {"running_mean": running_mean})
    shapes = {"running_mean": None if running_mean is None else running_mean.shape}
    from_batch = training or running_mean is None
    shape = None if bias is None else np.shape(bias)
    contract.check_statistics("mean_only_batch_norm", x.shape, shapes, None, shape, from_batch, momentum)
    column = (1, -1, *(1,) * (x.ndim - 2))
    wide = _widened(x)
    if from_batch:
        mean = wide.mean((0, *range(2, x.ndim)), keepdims=True)
        if running_mean is not None:
            running_mean += momentum * (mean.data.reshape(-1) - running_mean)
    else:
        mean = running_mean.astype(wide.dtype).reshape(column)
    y = wide - mean
    return _cast(y if bias is None else y + _widened(bias).reshape(column), x.dtype)


def _floating(operation, x):
    x = as_tensor(x)
    contract.check_floating(operation, x.dtype.kind == "f", x.dtype)
    return x


def _check_buffers(operation, running):
    for name, array in running.items():
        updatable = array is None or (isinstance(array, np.ndarray) and array.dtype.kind == "f")
        contract.check_buffer(operation, name, updatable, getattr(array, "dtype", type(array).__name__))


def _check_groups(operation, x, num_groups, weight, bias, eps, least=2):
    shapes = (None if p is None else np.shape(p) for p in (weight, bias))
    contract.check_groups(operation, x.shape, num_groups, *shapes, least)
    contract.check_eps(operation, eps)


def _widened(x):
    """In float32 where it has fewer digits: a sum of squares in float16 is infinite beyond 65,504."""
    return None if x is None else _cast(as_tensor(x), np.result_type(as_tensor(x).dtype, np.float32))


def _cast(x: Tensor, dtype):
    """x in another type; so is its gradient on the way back."""
    if x.dtype == dtype:
        return x
    return record(x.data.astype(dtype), _cast_backward, (x.dtype,), x._node)


def _cast_backward(gradient, needs, dtype):
    return (gradient.astype(dtype),)
