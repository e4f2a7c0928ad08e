"""What a PyTorch side may ask of a tensor's device; the NumPy side never imports this."""

import contextlib

import torch


def on_cpu(values):
    """Whether looking at values costs nothing: on a GPU the host would wait, and a compiler would break its graph.

    Args:    values: tensor.
    Returns: True or False.
    Source:  elementary. Differs: none.
    """
    return values.device.type == "cpu" and not torch.compiler.is_compiling()


def widest_float(device):
    """The floating-point type with most digits that a device computes in: Apple's GPUs have no float64.

    Args:    device: torch.device.
    Returns: torch.float64, or torch.float32 on "mps".
    Source:  elementary. Differs: none.

    Example:
        >>> widest_float(torch.device("cpu")), widest_float(torch.device("mps"))
        (torch.float64, torch.float32)
    """
    return torch.float32 if device.type == "mps" else torch.float64


def without_autocast(device):
    """A context in which nothing is rounded to half precision; the meta device knows no autocast.

    Args:    device: torch.device.
    Returns: context manager.
    Source:  elementary. Differs: none.

    Example:
        >>> with torch.autocast("cpu", torch.bfloat16), without_autocast(torch.device("cpu")):
        ...     (torch.ones(1, 1) @ torch.ones(1, 1)).dtype
        torch.float32
    """
    return contextlib.nullcontext() if device.type == "meta" else torch.autocast(device.type, enabled=False)


def at_least_float32(values):
    """The values, in float32 where they have fewer digits: in float16 the area of a 400-pixel box is infinite.

    Args:    values: tensor.
    Returns: tensor of float32 or float64.
    Source:  elementary. Differs: none.

    Example:
        >>> at_least_float32(torch.tensor([400.0], dtype=torch.float16)).square()
        tensor([160000.])
    """
    return values.to(torch.promote_types(values.dtype, torch.float32))


def with_float64(device):
    """Where to compute what needs float64: on the device itself, or on the CPU for "mps".

    Args:    device: torch.device.
    Returns: torch.device.
    Source:  elementary. Differs: none.

    Example:
        >>> with_float64(torch.device("mps"))
        device(type='cpu')
    """
    return device if widest_float(device) == torch.float64 else torch.device("cpu")
