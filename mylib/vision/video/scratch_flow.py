r"""Optical flow in NumPy: where each pixel of one frame has gone in the next, by two classic methods.

Both start from brightness constancy, I(x + u, y + v, t + 1) = I(x, y, t). To first order, with derivatives I_x, I_y and
I_t,

    I_x u + I_y v + I_t = 0:

one equation with two unknowns at each pixel. Lucas and Kanade let a window of pixels share one motion; Horn and Schunck
let the motion be smooth. Frames are (..., height, width), flows (..., 2, height, width): u to the right, v downwards.
"""

import numpy as np

from mylib.vision.convolution.scratch import correlate2d
from mylib.vision.video import contract

NEAR = np.array([[1, 2, 1], [2, 0, 2], [1, 2, 1]]) / 12  # Horn and Schunck's weights of the eight neighbours
BLUR = np.array([[1, 4, 6, 4, 1]]) / 16
SLOPE = np.array([[1, -8, 0, 8, -1]]) / 12  # a derivative with an error of fourth order


def lucas_kanade(frame0, frame1, window=9):
    r"""The motion that explains a window best, by least squares.

    At each pixel, with sums over the window around it,

        [ sum I_x^2    sum I_x I_y ] [u]       [ sum I_x I_t ]
        [ sum I_x I_y  sum I_y^2   ] [v]  =  - [ sum I_y I_t ].

    Where the window has no structure the matrix is singular, and where it has one direction only, the motion along an
    edge cannot be seen (the aperture problem): a little added to the diagonal lets the flow go to 0 there.

    Args:    frame0, frame1: brightness. Shape (..., height, width), at least 3 x 3.
             window: height and width of the window, pixels, odd.
    Returns: flow (u, v), pixels per frame. Shape (..., 2, height, width).
    Raises:  ValueError: frames of different or too small shapes, or an even window.
    Source:  Lucas and Kanade (1981); slide "Two-stream networks". Differs: one step without warping or pyramid, which
             is for motions of up to about a pixel; frames are blurred a little, derivatives are means over both.

    Example:
        >>> ramp = np.add.outer(np.sin(np.arange(16) / 2), np.sin(np.arange(16) / 3))
        >>> lucas_kanade(ramp, np.roll(ramp, 1, axis=1))[0, 8, 8].round(1)
        np.float64(1.0)
    """
    contract.check_window(window, np.shape(frame0), np.shape(frame1))
    dx, dy, dt = derivatives("lucas_kanade", frame0, frame1)
    ones = np.ones((1, window), dx.dtype)
    pairs = (dx, dx), (dx, dy), (dy, dy), (dx, dt), (dy, dt)
    xx, xy, yy, xt, yt = (separable(a * b, ones) for a, b in pairs)
    little = 1e-7 * window**2  # as much as a brightness gradient of 0.0003 per pixel
    xx, yy = xx + little, yy + little
    determinant = xx * yy - xy * xy
    u = (xy * yt - yy * xt) / determinant
    v = (xy * xt - xx * yt) / determinant
    return np.stack([u, v], axis=-3)


def horn_schunck(frame0, frame1, smoothness=0.02, iterations=200):
    r"""The flow that fits the brightness and is smooth.

    It is the minimum of

        E = sum (I_x u + I_y v + I_t)^2 + alpha^2 (|grad u|^2 + |grad v|^2).

    Setting its derivatives to 0 (the Euler-Lagrange equations, with the mean u' of the neighbours for the Laplacian),

        I_x (I_x u + I_y v + I_t) = alpha^2 (u' - u),    I_y (I_x u + I_y v + I_t) = alpha^2 (v' - v),

    and solving for u and v with u' and v' from the last round gives the iteration

        u <- u' - I_x e,   v <- v' - I_y e,   e = (I_x u' + I_y v' + I_t) / (alpha^2 + I_x^2 + I_y^2).

    Args:    frame0, frame1: brightness in [0, 1]. Shape (..., height, width), at least 3 x 3.
             smoothness: alpha, above 0, in units of the brightness gradient: where gradients are smaller, the
                 neighbours decide.
             iterations: rounds; the motion spreads by one pixel each.
    Returns: flow (u, v), pixels per frame. Shape (..., 2, height, width).
    Raises:  ValueError: frames of different or too small shapes, smoothness not above 0, or negative iterations.
    Source:  Horn and Schunck (1981), equations 6 and 10; slide "Two-stream networks". Differs: frames are blurred a
             little and derivatives are means over both; the paper averages over a cube of eight pixels.

    Example:
        >>> ramp = np.add.outer(np.sin(np.arange(16) / 2), np.sin(np.arange(16) / 3))
        >>> horn_schunck(ramp, np.roll(ramp, 1, axis=1))[0, 8, 8].round(1)
        np.float64(1.0)
    """
    contract.check_rounds(smoothness, iterations)
    dx, dy, dt = derivatives("horn_schunck", frame0, frame1)
    weight = 1 / (smoothness**2 + dx * dx + dy * dy)
    near, u, v = NEAR.astype(dx.dtype), np.zeros_like(dx), np.zeros_like(dx)
    for _ in range(iterations):
        u, v = correlate2d(u, near, "replicate"), correlate2d(v, near, "replicate")
        error = (dx * u + dy * v + dt) * weight
        u, v = u - dx * error, v - dy * error
    return np.stack([u, v], axis=-3)


def derivatives(name, frame0, frame1):
    """I_x, I_y and I_t of the slightly blurred frames; the first two are means over both frames.

    Differences see the finest details wrongly (half a pixel's wave has no slope at the pixels), so these go first.
    """
    frame0, frame1 = np.asarray(frame0), np.asarray(frame1)
    contract.check_frames(name, frame0.shape, frame1.shape)
    dtype = np.result_type(frame0, frame1, np.float32)
    blurred = [separable(frame.astype(dtype), BLUR.astype(dtype)) for frame in (frame0, frame1)]
    mean, slope = (blurred[0] + blurred[1]) / 2, SLOPE.astype(dtype)
    dx, dy = correlate2d(mean, slope, "replicate"), correlate2d(mean, slope.T, "replicate")
    return dx, dy, blurred[1] - blurred[0]


def separable(x, kernel):
    """Filter along the rows, then along the columns; beyond the border stands the nearest pixel."""
    return correlate2d(correlate2d(x, kernel, "replicate"), kernel.T, "replicate")


def flow_to_colour(flow, largest=None):
    r"""A picture of a flow: the hue is the direction, the saturation the length; no motion is white.

    Args:    flow: (u, v). Shape (..., 2, height, width).
             largest: length that gets full colour, pixels; None is the longest of the flow.
    Returns: red, green and blue in [0, 1]. Shape (..., 3, height, width).
    Raises:  ValueError: not two components, or largest not above 0.
    Source:  Baker et al. (2011), the Middlebury code for colours. Differs: the hues of a plain colour circle; red is to
             the right, then yellow-green down, cyan to the left, violet up.

    Example:
        >>> flow_to_colour(np.array([1.0, 0.0]).reshape(2, 1, 1)).ravel().tolist()
        [1.0, 0.0, 0.0]
    """
    flow = np.asarray(flow)
    contract.check_flow(flow.shape, largest)
    u, v = flow[..., 0, :, :], flow[..., 1, :, :]
    length = np.hypot(u, v)
    largest = length.max(initial=0.0) or 1.0 if largest is None else largest
    saturation = np.minimum(length / largest, 1)
    hue = (np.arctan2(v, u) / (2 * np.pi)) % 1
    # HSV with value 1: a channel is 1 less the saturation, as far as its colour is from the hue on the circle.
    channels = [1 - saturation * np.clip(2 - np.abs((6 * hue + shift) % 6 - 3), 0, 1) for shift in (0, 4, 2)]
    return np.stack(channels, axis=-3)


def stack_flow(frames, length, method="lucas_kanade"):
    r"""The input of a flow stream: `length` flows in a row as channels u_1, v_1, u_2, v_2, ...

    Args:    frames: brightness. Shape (..., time, height, width), time above `length`.
             length: L, flows in a stack.
             method: "lucas_kanade" or "horn_schunck", with its default options.
    Returns: the stack that begins at each frame. Shape (..., time - L, 2 L, height, width).
    Raises:  ValueError: too few frames, length below 1, or an unknown method.
    Source:  Simonyan and Zisserman (2014), equation 1; slide "Two-stream networks". Differs: the mean flow is not
             subtracted (our camera stands still).

    Example:
        >>> stack_flow(np.zeros((8, 16, 16)), length=3).shape
        (5, 6, 16, 16)
    """
    frames = np.asarray(frames)
    contract.check_stack(frames.shape, length, method)
    compute = lucas_kanade if method == "lucas_kanade" else horn_schunck
    flows = compute(frames[..., :-1, :, :], frames[..., 1:, :, :])  # (..., time - 1, 2, height, width)
    windows = flows.shape[-4] - length + 1
    stacks = [flows[..., i : i + windows, :, :, :] for i in range(length)]
    return np.concatenate(stacks, axis=-3)
