r"""Normalisation in PyTorch: of what layers compute, and of their weights; and channel attention for tokens.

Notation as in `scratch`. The norms are torch's fused ones behind one contract. Nothing here looks at values on the way,
so that networks run under autocast and `torch.compile` and never wait for the device.
"""

import torch
import torch.nn.functional as F

from mylib.shared.docstrings import complete_from_twin
from mylib.training.normalization import contract
from mylib.training.normalization.pytorch_networks import attend_tokens, with_norm
from mylib.training.normalization.pytorch_weights import WeightNorm

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

HALVES = (torch.float16, torch.bfloat16)


def standardize(x, axes, eps=1e-5):
    r"""z = (x - m) / sqrt(v + eps) over the given axes; the gradient by autograd."""
    contract.check_floating("standardize", x.is_floating_point(), x.dtype)
    axes = contract.axes_of(x.shape, axes)
    contract.check_eps("standardize", eps)
    wide = x.float() if x.dtype in HALVES else x
    centred = wide - wide.mean(axes, keepdim=True)
    # Over axes that lie apart this is twice as fast, back and forth, as one pass of var_mean.
    variance = centred.square().mean(axes, keepdim=True)
    return (centred * torch.rsqrt(variance + eps)).to(x.dtype)


def batch_norm(x, running_mean, running_var, weight=None, bias=None, training=False, momentum=0.1, eps=1e-5):
    r"""y = gamma_c (x - m_c) / sqrt(v_c + eps) + beta_c, by torch's fused kernel."""
    contract.check_floating("batch_norm", x.is_floating_point(), x.dtype)
    running = {"running_mean": running_mean, "running_var": running_var}
    _check_buffers("batch_norm", running)
    from_batch = training or running_mean is None
    shapes = {name: _shape(tensor) for name, tensor in running.items()}
    contract.check_statistics("batch_norm", x.shape, shapes, _shape(weight), _shape(bias), from_batch, momentum)
    contract.check_eps("batch_norm", eps)
    if x.dtype in HALVES:  # its kernel takes half images with float32 statistics, and wants all of these alike
        weight, bias = (None if p is None else p.float() for p in (weight, bias))
    # F.batch_norm refuses eps = 0, which has a meaning where the variance is above 0.
    options = from_batch, momentum, eps, torch.backends.cudnn.enabled
    return torch.batch_norm(x, weight, bias, running_mean, running_var, *options)


def layer_norm(x, normalized_shape, weight=None, bias=None, eps=1e-5):
    r"""y = gamma (x - m) / sqrt(v + eps) + beta over the last axes, by torch's fused kernel."""
    contract.check_floating("layer_norm", x.is_floating_point(), x.dtype)
    normalized_shape = contract.last_shape(x.shape, normalized_shape, _shape(weight), _shape(bias))
    contract.check_eps("layer_norm", eps)
    return F.layer_norm(x, normalized_shape, *_like(x, weight, bias), eps)


def instance_norm(x, weight=None, bias=None, eps=1e-5):
    r"""y = gamma_c (x - m) / sqrt(v + eps) + beta_c for one channel of one image: `group_norm` with groups of one."""
    contract.check_floating("instance_norm", x.is_floating_point(), x.dtype)
    channels = x.shape[1] if x.ndim > 1 else 1
    contract.check_groups("instance_norm", x.shape, channels, _shape(weight), _shape(bias), 3)
    contract.check_eps("instance_norm", eps)
    return torch.group_norm(x, channels, *_like(x, weight, bias), eps)


def group_norm(x, num_groups, weight=None, bias=None, eps=1e-5):
    r"""y = gamma_c (x - m) / sqrt(v + eps) + beta_c for each group of channels of one image, by a fused kernel."""
    contract.check_floating("group_norm", x.is_floating_point(), x.dtype)
    contract.check_groups("group_norm", x.shape, num_groups, _shape(weight), _shape(bias))
    contract.check_eps("group_norm", eps)
    return torch.group_norm(x, num_groups, *_like(x, weight, bias), eps)  # F.group_norm refuses a single value


def mean_only_batch_norm(x, running_mean, bias=None, training=False, momentum=0.1):
    r"""y = x - m_c + beta_c: mean and bias become one vector, which is added in one pass."""
    contract.check_floating("mean_only_batch_norm", x.is_floating_point(), x.dtype)
    _check_buffers("mean_only_batch_norm", {"running_mean": running_mean})
    from_batch = training or running_mean is None
    shapes = {"running_mean": _shape(running_mean)}
    contract.check_statistics("mean_only_batch_norm", x.shape, shapes, None, _shape(bias), from_batch, momentum)
    if from_batch:
        axes = [axis for axis in range(x.ndim) if axis != 1]
        mean = x.mean(axes, dtype=torch.promote_types(x.dtype, torch.float32))
        if running_mean is not None:
            with torch.no_grad():
                running_mean.lerp_(mean.to(running_mean.dtype), momentum)
    else:
        mean = running_mean.to(torch.promote_types(x.dtype, torch.float32))
    shift = -mean if bias is None else bias - mean
    return (x + shift.view(-1, *[1] * (x.ndim - 2))).to(x.dtype)


def _shape(tensor):
    return None if tensor is None else tensor.shape


def _like(x, *parameters):
    """Parameters in the type of half-precision images, as layer and group norm want them on a GPU."""
    return [p.to(x.dtype) if p is not None and x.dtype in HALVES else p for p in parameters]


def _check_buffers(operation, running):
    for name, tensor in running.items():
        updatable = tensor is None or (torch.is_tensor(tensor) and tensor.is_floating_point())
        contract.check_buffer(operation, name, updatable, getattr(tensor, "dtype", type(tensor).__name__))


complete_from_twin(globals())
