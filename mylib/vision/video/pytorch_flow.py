r"""Optical flow in PyTorch, batched and differentiable: see the twin, `scratch_flow`, for the derivations.

Frames are (..., height, width), flows (..., 2, height, width): u to the right, v downwards. Every tensor stays on the
device of the frames.
"""

import functools
import math

import torch

from mylib.vision.convolution.pytorch import correlate2d

METHODS = ("lucas_kanade", "horn_schunck")


def in_full_precision(compute):
    """A flow method that runs in at least float32, also under autocast.

    In half precision a gradient of 0.001 per pixel is lost when it is squared, and with it the motion.
    """

    @functools.wraps(compute)
    def run(frame0, frame1, *args, **kwargs):
        dtype = torch.promote_types(torch.promote_types(frame0.dtype, frame1.dtype), torch.float32)
        with torch.autocast(frame0.device.type, enabled=False):
            return compute(frame0.to(dtype), frame1.to(dtype), *args, **kwargs)

    return run


@in_full_precision
def lucas_kanade(frame0, frame1, window=9):
    r"""The motion that explains a window best, by least squares: two equations with two unknowns at each pixel.

    Args:    frame0, frame1: brightness, floating point. Shape (..., height, width), at least 3 x 3.
             window: height and width of the window, pixels, odd.
    Returns: flow (u, v), pixels per frame. Shape (..., 2, height, width).
    Raises:  ValueError: frames of different or too small shapes, or an even window.
    Source:  Lucas and Kanade (1981); slide "Two-stream networks". Differs: as the twin.
    """
    if window < 1 or window % 2 == 0:
        raise ValueError(f"lucas_kanade: expected an odd window of at least 1, got {window}; it then has a middle")
    dx, dy, dt = derivatives("lucas_kanade", frame0, frame1)
    if window // 2 + 1 > min(dx.shape[-2:]):
        raise ValueError(
            f"lucas_kanade: a window of {window} pixels does not fit frames {tuple(dx.shape)}; use a smaller one"
        )
    products = torch.stack([dx * dx, dx * dy, dy * dy, dx * dt, dy * dt])
    xx, xy, yy, xt, yt = separable(products, torch.ones(window, dtype=dx.dtype, device=dx.device))
    little = 1e-7 * window**2
    xx, yy = xx + little, yy + little
    determinant = xx * yy - xy * xy
    return torch.stack([xy * yt - yy * xt, xy * xt - xx * yt], dim=-3) / determinant.unsqueeze(-3)


@in_full_precision
def horn_schunck(frame0, frame1, smoothness=0.02, iterations=200):
    r"""The flow that fits the brightness and is smooth: the minimum of

        E = sum (I_x u + I_y v + I_t)^2 + alpha^2 (|grad u|^2 + |grad v|^2).

    Args:    frame0, frame1: brightness in [0, 1], floating point. Shape (..., height, width), at least 3 x 3.
             smoothness: alpha, above 0.
             iterations: rounds.
    Returns: flow (u, v), pixels per frame. Shape (..., 2, height, width).
    Raises:  ValueError: frames of different or too small shapes, smoothness not above 0, or negative iterations.
    Source:  Horn and Schunck (1981), equations 6 and 10; slide "Two-stream networks". Differs: as the twin.
    """
    if not smoothness > 0 or iterations < 0:
        raise ValueError(
            f"horn_schunck: expected smoothness above 0 and iterations of at least 0, got {smoothness} and {iterations}"
        )
    dx, dy, dt = derivatives("horn_schunck", frame0, frame1)
    gradient = torch.stack([dx, dy])  # (2, ..., height, width)
    weight = 1 / (smoothness**2 + gradient.square().sum(0))
    near = torch.tensor([[1, 2, 1], [2, 0, 2], [1, 2, 1]], dtype=dx.dtype, device=dx.device) / 12
    flow = torch.zeros_like(gradient)
    for _ in range(iterations):
        flow = correlate2d(flow, near, "replicate")
        flow = flow - gradient * (((gradient * flow).sum(0) + dt) * weight)
    return flow.movedim(0, -3)


def derivatives(name, frame0, frame1):
    """I_x, I_y and I_t of the slightly blurred frames; the first two are means over both frames."""
    if frame0.shape != frame1.shape or frame0.ndim < 2 or min(frame0.shape[-2:]) < 3:
        raise ValueError(
            f"{name}: expected two frames of the same shape (..., height, width), at least 3 x 3, got "
            f"{tuple(frame0.shape)} and {tuple(frame1.shape)}"
        )
    options = {"dtype": frame0.dtype, "device": frame0.device}
    blur = torch.tensor([1.0, 4, 6, 4, 1], **options) / 16
    slope = torch.tensor([[1.0, -8, 0, 8, -1]], **options) / 12
    first, second = separable(torch.stack([frame0, frame1]), blur)
    mean = (first + second) / 2
    return correlate2d(mean, slope, "replicate"), correlate2d(mean, slope.T, "replicate"), second - first


def separable(x, kernel):
    """Filter along the rows, then along the columns."""
    return correlate2d(correlate2d(x, kernel[None], "replicate"), kernel[:, None], "replicate")


def flow_to_colour(flow, largest=None):
    r"""A picture of a flow: the hue is the direction, the saturation the length; no motion is white.

    Args:    flow: (u, v). Shape (..., 2, height, width).
             largest: length that gets full colour, pixels; None is the longest of the flow.
    Returns: red, green and blue in [0, 1]. Shape (..., 3, height, width).
    Raises:  ValueError: not two components, or largest not above 0.
    Source:  Baker et al. (2011), the Middlebury code for colours. Differs: as the twin.
    """
    if flow.ndim < 3 or flow.shape[-3] != 2 or (largest is not None and not largest > 0):
        raise ValueError(
            "flow_to_colour: expected a flow (..., 2, height, width) and largest above 0, got "
            f"{tuple(flow.shape)} and {largest}"
        )
    u, v = flow.to(torch.promote_types(flow.dtype, torch.float32)).unbind(-3)
    length = torch.hypot(u, v)
    if largest is None:  # without a motion, or without a flow, there is nothing to divide by, and nothing to colour
        largest = length.amax() if length.numel() else length.new_zeros(())
        largest = largest.clamp_min(torch.finfo(length.dtype).tiny)
    saturation = (length / largest).clamp(max=1)
    hue = (torch.atan2(v, u) / (2 * math.pi)) % 1
    channels = [1 - saturation * (2 - ((6 * hue + shift) % 6 - 3).abs()).clamp(0, 1) for shift in (0, 4, 2)]
    return torch.stack(channels, dim=-3)


def stack_flow(frames, length, method="lucas_kanade"):
    r"""The input of a flow stream: `length` flows in a row as channels u_1, v_1, u_2, v_2, ...

    Args:    frames: brightness. Shape (..., time, height, width), time above `length`.
             length: L, flows in a stack.
             method: "lucas_kanade" or "horn_schunck", with its default options.
    Returns: the stack that begins at each frame. Shape (..., time - L, 2 L, height, width).
    Raises:  ValueError: too few frames, length below 1, or an unknown method.
    Source:  Simonyan and Zisserman (2014), equation 1; slide "Two-stream networks". Differs: as the twin.
    """
    if method not in METHODS:
        raise ValueError(f"stack_flow: expected method of {METHODS}, got {method!r}")
    if frames.ndim < 3 or not 1 <= length < frames.shape[-3]:
        raise ValueError(
            f"stack_flow: expected frames (..., time, height, width) with time above length={length} >= 1, got "
            f"{tuple(frames.shape)}"
        )
    compute = lucas_kanade if method == "lucas_kanade" else horn_schunck
    flows = compute(frames[..., :-1, :, :], frames[..., 1:, :, :])  # (..., time - 1, 2, height, width)
    return flows.unfold(-4, length, 1).movedim(-1, -4).flatten(-4, -3)
