"""Optical flow and three kinds of networks for videos, in PyTorch.

The flow methods stand in `pytorch_flow`. Notation: clips x are (batch, channels, time, height, width), flows
(..., 2, height, width).
"""

import math

import torch
import torch.nn.functional as F
from torch import nn

from mylib.shared.docstrings import complete_from_twin
from mylib.vision.convnets.contract import check_images
from mylib.vision.convnets.pytorch import BatchNorm2d
from mylib.vision.video import contract
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
    r"""y[n, o, t, i, j] = b[o] + sum_{c, r, u, v} w[o, c, r, u, v] x[n, c, t s + r - p, i s + u - p, j s + v - p]."""
    biases = None if bias is None else bias.shape
    contract.check_layer(x.shape, weight.shape, biases, stride, padding, dilation, groups)
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


# The same text on both sides: it passes on what layers return, which have their own mathematics.
def frame_features(channels_in, width):
    """Layers from images (batch, channels_in, height, width) to (batch, 4 width, height / 8, width / 8)."""
    layers = []
    for before, after in ((channels_in, width), (width, 2 * width), (2 * width, 4 * width)):
        layers += [nn.Conv2d(before, after, 3, 2, 1, bias=False), BatchNorm2d(after), nn.ReLU()]
    return nn.Sequential(*layers)


class TwoStreamNet(nn.Module):
    """One network sees a frame, one sees stacked flow; their probabilities are averaged."""

    def __init__(self, classes, length=5, channels_in=1, width=8):
        super().__init__()
        contract.check_network("TwoStreamNet", classes=classes, length=length, channels_in=channels_in, width=width)
        self.spatial = Stream(channels_in, classes, width)
        self.temporal = Stream(2 * length, classes, width)

    # The same text on both sides: a mean of two networks reads alike in any library.
    def forward(self, frame, flow):
        """Logarithms of the averaged probabilities.

        Shapes (batch, channels_in, height, width) and (batch, 2 length, height, width) to (batch, classes).
        """
        contract.check_streams(len(frame), len(flow))
        streams = self.spatial(frame).log_softmax(1), self.temporal(flow).log_softmax(1)
        return torch.stack(streams).logsumexp(0) - math.log(2)


class Conv3dNet(nn.Module):
    """Three 3D convolutions, each with norm and ReLU, the mean over time and positions, and class scores."""

    def __init__(self, classes, channels_in=1, width=8):
        super().__init__()
        contract.check_network("Conv3dNet", classes=classes, channels_in=channels_in, width=width)
        self.channels_in = channels_in
        layers = []
        shapes = (channels_in, width, (1, 2, 2)), (width, 2 * width, 2), (2 * width, 4 * width, 2)
        for before, after, stride in shapes:
            layers += [nn.Conv3d(before, after, 3, stride, 1, bias=False), nn.BatchNorm3d(after), nn.ReLU()]
        self.features = nn.Sequential(*layers)
        self.linear = nn.Linear(4 * width, classes)

    def forward(self, x):
        """(batch, channels_in, time, height, width) to (batch, classes)."""
        contract.check_clips("Conv3dNet", x.shape, self.channels_in)
        return self.linear(self.features(x).mean((2, 3, 4)))


class RecurrentVideoNet(nn.Module):
    """Frame by frame, with a memory: h_t = tanh(W f_t + b + U h_{t-1}), scores V h_T + c after the last frame."""

    def __init__(self, classes, image_size=32, channels_in=1, width=8, hidden=64):
        super().__init__()
        contract.check_network(
            "RecurrentVideoNet", classes=classes, channels_in=channels_in, width=width, hidden=hidden
        )
        contract.check_image_size(image_size)
        self.image_size, self.channels_in, self.hidden = image_size, channels_in, hidden
        self.features = frame_features(channels_in, width)
        self.input = nn.Linear(4 * width * (image_size // 8) ** 2, hidden)
        self.recurrent = nn.Linear(hidden, hidden, bias=False)
        self.linear = nn.Linear(hidden, classes)

    def forward(self, x):
        """(batch, channels_in, time, image_size, image_size) to (batch, classes)."""
        contract.check_clips("RecurrentVideoNet", x.shape, self.channels_in, self.image_size)
        batch, channels, time, height, width = x.shape
        frames = x.permute(0, 2, 1, 3, 4).reshape(batch * time, channels, height, width)
        drive = self.input(self.features(frames).flatten(1))  # W f_t + b for every t
        drive = drive.reshape(batch, time, self.hidden)
        h = drive[:, 0].tanh()  # h_{-1} is 0
        for t in range(1, time):
            h = (drive[:, t] + self.recurrent(h)).tanh()
        return self.linear(h)


complete_from_twin(globals())
