"""What both sides of video promise: the methods for flow, and what frames, flows, layers and networks refuse."""

from mylib.shared import expect, expect_choice, expect_range

METHODS = ("lucas_kanade", "horn_schunck")


# flow


def check_frames(operation, frame0, frame1):
    """Two frames of one size, which has a slope."""
    if frame0 != frame1 or len(frame0) < 2 or min(frame0[-2:]) < 3:
        raise ValueError(
            f"{operation}: expected two frames of the same shape (..., height, width), at least 3 x 3, got "
            f"{tuple(frame0)} and {tuple(frame1)}"
        )


def check_window(window, frame0, frame1):
    """A window that has a middle, and that the frames mirror at their border."""
    if window < 1 or window % 2 == 0:
        raise ValueError(f"lucas_kanade: expected an odd window of at least 1, got {window}; it then has a middle")
    check_frames("lucas_kanade", frame0, frame1)
    if window // 2 + 1 > min(frame0[-2:]):
        raise ValueError(
            f"lucas_kanade: a window of {window} pixels does not fit frames {tuple(frame0)}; use a smaller one"
        )


def check_rounds(smoothness, iterations):
    """A weight for the smoothness, and a number of rounds, perhaps none."""
    expect_range("horn_schunck", 0, None, open=True, smoothness=smoothness)
    expect_range("horn_schunck", 0, None, iterations=iterations)


def check_flow(flow, largest):
    """Two components at each pixel, and the length that gets full colour; None where the flow says it."""
    expect("flow_to_colour", flow=(flow, "... 2 height width"))
    if largest is not None:
        expect_range("flow_to_colour", 0, None, open=True, largest=largest)


def check_stack(frames, length, method):
    """More frames than flows in a stack, and how these are found."""
    expect_choice("stack_flow", METHODS, method=method)
    if len(frames) < 3 or not 1 <= length < frames[-3]:
        raise ValueError(
            f"stack_flow: expected frames (..., time, height, width) with time above length={length} >= 1, got "
            f"{tuple(frames)}"
        )


# layers and networks


def check_layer(x, weight, bias, stride, padding, dilation, groups):
    """Clips, kernels that fit them, and a bias for each kernel; `bias` is None where there is none."""
    if len(x) != 5 or len(weight) != 5 or groups < 1 or weight[1] * groups != x[1] or weight[0] % groups:
        raise ValueError(
            "conv3d: expected x (batch, channels, time, height, width) and weight (out, channels / "
            f"{groups}, k, k, k), got {tuple(x)} and {tuple(weight)}"
        )
    if bias is not None and bias != weight[:1]:
        raise ValueError(f"conv3d: bias {tuple(bias)} does not fit weight {tuple(weight)}; needs (out,)")
    options = (v if isinstance(v, tuple | list) else (v,) * 3 for v in (stride, padding, dilation))
    for size, k, s, p, d in zip(x[2:], weight[2:], *options, strict=True):
        if s < 1 or p < 0 or d < 1 or d * (k - 1) + 1 > size + 2 * p:
            raise ValueError(
                f"conv3d: kernel {tuple(weight[2:])} with stride={stride}, padding={padding} and dilation={dilation} "
                f"does not fit clips of {tuple(x[2:])}; use more padding or a smaller kernel"
            )


def check_network(network, **sizes):
    """What a network is made with."""
    expect_range(network, 1, None, **sizes)


def check_image_size(image_size):
    """Frames that three convolutions halve without a remainder."""
    if image_size < 8 or image_size % 8:
        raise ValueError(f"RecurrentVideoNet: expected image_size as a multiple of 8, got {image_size}")


def check_streams(frames, stacks):
    """How many of each there are."""
    if frames != stacks:
        raise ValueError(
            f"TwoStreamNet: expected a stack of flows for each frame, got {frames} frames and {stacks} stacks"
        )


def check_clips(network, clips, channels, size=None):
    """Clips of at least one frame, of any size or of the one that the network was made for."""
    sides = f"{size} {size}" if size else "height+ width+"
    expect(network, clips=(clips, f"batch {channels} time+ {sides}"))
