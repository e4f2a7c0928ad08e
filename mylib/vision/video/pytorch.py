"""Optical flow and three kinds of networks for videos, in PyTorch.

The flow methods stand in `pytorch_flow`. Notation: clips x are (batch, channels, time, height, width), flows
(..., 2, height, width).
"""

import math

import torch
import torch.nn.functional as F
from torch import nn

from mylib.vision.convnets.contract import check_images
from mylib.vision.convnets.pytorch import BatchNorm2d
from mylib.vision.video.pytorch_flow import flow_to_colour, horn_schunck, lucas_kanade, stack_flow

__all__ = [
    "lucas_kanade",
    "horn_schunck",
    "flow_to_colour",
    "stack_flow",
    "conv3d",
    "TwoStreamNet",
    "Conv3dNet",
    "RecurrentVideoNet",
]


def conv3d(x, weight, bias=None, stride=1, padding=0, dilation=1, groups=1):
    r"""y[n, o, t, i, j] = b[o] + sum_{c, r, u, v} w[o, c, r, u, v] x[n, c, t s + r - p, i s + u - p, j s + v - p].

    Args:    x: clips. Shape (batch, channels, time, height, width).
             weight: kernels. Shape (out, channels / groups, k_t, k_h, k_w).
             bias: Shape (out,), or None.
             stride, padding, dilation: s, p and the step within the kernel, each a number or (time, vertical,
                 horizontal).
             groups: into how many independent groups the channels fall.
    Returns: Shape (batch, out, time', height', width').
    Raises:  ValueError: shapes that do not fit each other.
    Source:  Tran et al. (2015); slide "3D convolutional networks". Differs: none.
    """
    fits = x.ndim == weight.ndim == 5 and groups > 0 and weight.shape[1] * groups == x.shape[1]
    if not fits or weight.shape[0] % groups:
        raise ValueError(
            "conv3d: expected x (batch, channels, time, height, width) and weight (out, channels / "
            f"{groups}, k, k, k), got {tuple(x.shape)} and {tuple(weight.shape)}"
        )
    if bias is not None and bias.shape != weight.shape[:1]:
        raise ValueError(f"conv3d: bias {tuple(bias.shape)} does not fit weight {tuple(weight.shape)}; needs (out,)")
    options = [(v,) * 3 if isinstance(v, int) else v for v in (stride, padding, dilation)]
    for size, k, s, p, d in zip(x.shape[2:], weight.shape[2:], *options, strict=True):
        if s < 1 or p < 0 or d < 1 or d * (k - 1) + 1 > size + 2 * p:
            raise ValueError(
                f"conv3d: kernel {tuple(weight.shape[2:])} with stride={stride}, padding={padding} and "
                f"dilation={dilation} does not fit clips of {tuple(x.shape[2:])}; use more padding or a smaller kernel"
            )
    return F.conv3d(x, weight, bias, stride, padding, dilation, groups)


class Stream(nn.Module):
    """Three convolutions with stride 2, each with norm and ReLU; the mean over positions; class scores."""

    def __init__(self, channels_in, classes, width):
        super().__init__()
        self.features = frame_features(channels_in, width)
        self.linear = nn.Linear(4 * width, classes)

    def forward(self, x):
        """(batch, channels_in, height, width) to (batch, classes)."""
        check_images(self, x.shape, self.features[0].in_channels)
        return self.linear(self.features(x).mean((2, 3)))


def frame_features(channels_in, width):
    """Layers from images (batch, channels_in, height, width) to (batch, 4 width, height / 8, width / 8)."""
    layers = []
    for before, after in ((channels_in, width), (width, 2 * width), (2 * width, 4 * width)):
        layers += [nn.Conv2d(before, after, 3, 2, 1, bias=False), BatchNorm2d(after), nn.ReLU()]
    return nn.Sequential(*layers)


class TwoStreamNet(nn.Module):
    r"""One network sees a frame, one sees stacked flow; their probabilities are averaged.

    p(class) = (softmax(spatial(frame)) + softmax(temporal(flow))) / 2. The streams share nothing and are best trained
    one by one, as in the paper: `net.spatial` on frames, `net.temporal` on flows from `stack_flow`.

    Args:    classes: number of scores.
             length: flows in a stack, L; the temporal stream has 2 L input channels.
             channels_in: of a frame.
             width: channels of the first convolution of each stream.
    Raises:  ValueError: a number below 1; inputs with other channels; not a stack for each frame.
    Source:  Simonyan and Zisserman (2014); slide "Two-stream networks". Differs: small streams, trained from scratch.
    """

    def __init__(self, classes, length=5, channels_in=1, width=8):
        super().__init__()
        check_sizes("TwoStreamNet", classes=classes, length=length, channels_in=channels_in, width=width)
        self.spatial = Stream(channels_in, classes, width)
        self.temporal = Stream(2 * length, classes, width)

    def forward(self, frame, flow):
        """Logarithms of the averaged probabilities.

        Shapes (batch, channels_in, height, width) and (batch, 2 length, height, width) to (batch, classes).
        """
        if len(frame) != len(flow):
            raise ValueError(
                f"TwoStreamNet: expected a stack of flows for each frame, got {len(frame)} frames and {len(flow)} "
                "stacks"
            )
        streams = self.spatial(frame).log_softmax(1), self.temporal(flow).log_softmax(1)
        return torch.stack(streams).logsumexp(0) - math.log(2)


class Conv3dNet(nn.Module):
    r"""Three 3D convolutions, each with norm and ReLU, the mean over time and positions, and class scores.

    y[n, o, t, i, j] = sum_{c, r, u, v} w[o, c, r, u, v] x[n, c, t s_t + r - 1, i s + u - 1, j s + v - 1]

    Args:    classes: number of scores.
             channels_in: of a clip.
             width: channels of the first layer; the others have twice and four times as many.
    Raises:  ValueError: a number below 1, or clips of another shape.
    Source:  Tran et al. (2015); slide "3D convolutional networks". Differs: three layers with strides for eight with
             pooling.
    """

    def __init__(self, classes, channels_in=1, width=8):
        super().__init__()
        check_sizes("Conv3dNet", classes=classes, channels_in=channels_in, width=width)
        self.channels_in = channels_in
        layers = []
        shapes = (channels_in, width, (1, 2, 2)), (width, 2 * width, 2), (2 * width, 4 * width, 2)
        for before, after, stride in shapes:
            layers += [nn.Conv3d(before, after, 3, stride, 1, bias=False), nn.BatchNorm3d(after), nn.ReLU()]
        self.features = nn.Sequential(*layers)
        self.linear = nn.Linear(4 * width, classes)

    def forward(self, x):
        """(batch, channels_in, time, height, width) to (batch, classes)."""
        check_clips("Conv3dNet", x.shape, self.channels_in)
        return self.linear(self.features(x).mean((2, 3, 4)))


class RecurrentVideoNet(nn.Module):
    r"""Frame by frame, with a memory: h_t = tanh(W f_t + b + U h_{t-1}), scores V h_T + c after the last frame.

    At each step two inputs: the current frame's features f_t, and the previous step's output h_{t-1}.

    Args:    classes: number of scores.
             image_size: height and width of a frame, a multiple of 8.
             channels_in: of a frame.
             width: channels of the first convolution.
             hidden: length of h.
    Raises:  ValueError: a number below 1, an image_size that is no multiple of 8, or clips of another shape.
    Source:  Elman (1990), Donahue et al. (2015); slide "Recurrent networks". Differs: small convolutions for a
             pre-trained network, a plain recurrence for an LSTM.
    """

    def __init__(self, classes, image_size=32, channels_in=1, width=8, hidden=64):
        super().__init__()
        check_sizes("RecurrentVideoNet", classes=classes, channels_in=channels_in, width=width, hidden=hidden)
        if image_size < 8 or image_size % 8:
            raise ValueError(f"RecurrentVideoNet: expected image_size as a multiple of 8, got {image_size}")
        self.image_size, self.channels_in, self.hidden = image_size, channels_in, hidden
        self.features = frame_features(channels_in, width)
        self.input = nn.Linear(4 * width * (image_size // 8) ** 2, hidden)
        self.recurrent = nn.Linear(hidden, hidden, bias=False)
        self.linear = nn.Linear(hidden, classes)

    def forward(self, x):
        """(batch, channels_in, time, image_size, image_size) to (batch, classes)."""
        check_clips("RecurrentVideoNet", x.shape, self.channels_in, self.image_size)
        batch, channels, time, height, width = x.shape
        frames = x.permute(0, 2, 1, 3, 4).reshape(batch * time, channels, height, width)
        drive = self.input(self.features(frames).flatten(1))  # W f_t + b for every t
        drive = drive.reshape(batch, time, self.hidden)
        h = drive[:, 0].tanh()  # h_{-1} is 0
        for t in range(1, time):
            h = (drive[:, t] + self.recurrent(h)).tanh()
        return self.linear(h)


def check_sizes(network, **sizes):
    """Raise unless all sizes are at least 1."""
    if min(sizes.values()) < 1:
        raise ValueError(f"{network}: expected sizes of at least 1, got {sizes}")


def check_clips(network, shape, channels, size=None):
    """Raise unless a batch of clips has this shape."""
    if len(shape) != 5 or shape[1] != channels or min(shape[2:]) < 1 or (size and shape[3:] != (size, size)):
        sides = f"{size}, {size}" if size else "height, width"
        raise ValueError(f"{network}: expected clips (batch, {channels}, time, {sides}), got {tuple(shape)}")
