r"""Optical flow in PyTorch, batched and differentiable: see the twin, `scratch_flow`, for the derivations.

Frames are (..., height, width), flows (..., 2, height, width): u to the right, v downwards. Every tensor stays on the
device of the frames.
"""

import contextlib
import functools
import math

import torch

from mylib.vision.convolution.pytorch import correlate2d
from mylib.vision.video import contract


def in_full_precision(compute):
    """A flow method that runs in at least float32, also under autocast.

    In half precision a gradient of 0.001 per pixel is lost when it is squared, and with it the motion.
    """

    @functools.wraps(compute)
    def run(frame0, frame1, *args, **kwargs):
        dtype = torch.promote_types(torch.promote_types(frame0.dtype, frame1.dtype), torch.float32)
        device = frame0.device.type
        # The meta device, which computes shapes alone, has no autocast to turn off.
        known = torch.amp.is_autocast_available(device)
        with torch.autocast(device, enabled=False) if known else contextlib.nullcontext():
            return compute(frame0.to(dtype), frame1.to(dtype), *args, **kwargs)

    return run


@in_full_precision
def lucas_kanade(frame0, frame1, window=9):
    """The motion that explains a window best, by least squares; the frames are floating point."""
    contract.check_window(window, frame0.shape, frame1.shape)
    dx, dy, dt = derivatives("lucas_kanade", frame0, frame1)
    products = torch.stack([dx * dx, dx * dy, dy * dy, dx * dt, dy * dt])
    xx, xy, yy, xt, yt = separable(products, torch.ones(window, dtype=dx.dtype, device=dx.device))
    little = 1e-7 * window**2
    xx, yy = xx + little, yy + little
    determinant = xx * yy - xy * xy
    return torch.stack([xy * yt - yy * xt, xy * xt - xx * yt], dim=-3) / determinant.unsqueeze(-3)


@in_full_precision
def horn_schunck(frame0, frame1, smoothness=0.02, iterations=200):
    """The flow that fits the brightness and is smooth, u and v in one tensor; the frames are floating point."""
    contract.check_rounds(smoothness, iterations)
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
    contract.check_frames(name, frame0.shape, frame1.shape)
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
    """A picture of a flow: the hue is the direction, the saturation the length; no motion is white."""
    contract.check_flow(flow.shape, largest)
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
    """The input of a flow stream: `length` flows in a row as channels u_1, v_1, u_2, v_2, ..."""
    contract.check_stack(frames.shape, length, method)
    compute = lucas_kanade if method == "lucas_kanade" else horn_schunck
    flows = compute(frames[..., :-1, :, :], frames[..., 1:, :, :])  # (..., time - 1, 2, height, width)
    return flows.unfold(-4, length, 1).movedim(-1, -4).flatten(-4, -3)
