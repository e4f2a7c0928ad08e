"""Optical flow and three kinds of networks for videos, in NumPy.

The flow methods stand in `scratch_flow`. Notation: clips x are (batch, channels, time, height, width), flows
(..., 2, height, width), g is the gradient dL/dy.
"""

import math

import numpy as np

from mylib import engine
from mylib.engine import nn
from mylib.vision.convnets.contract import check_images
from mylib.vision.convnets.scratch import BatchNorm2d
from mylib.vision.video import contract
from mylib.vision.video.scratch_flow import flow_to_colour, horn_schunck, lucas_kanade, stack_flow

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

    A kernel sees a few frames at once, so that its weights can tell what moves. Gradients: as for images, each weight
    gets what it was multiplied with, dL/dw[o, c, r, u, v] = sum_{n, t, i, j} g[n, o, t, i, j] x[n, c, t s + r - p,
    i s + u - p, j s + v - p], each pixel likewise, and dL/db[o] = sum_{n, t, i, j} g[n, o, t, i, j].

    Args:    x: clips. Shape (batch, channels, time, height, width).
             weight: kernels. Shape (out, channels / groups, k_t, k_h, k_w).
             bias: Shape (out,), or None.
             stride, padding, dilation: s, p and the step within the kernel, each a number or (time, vertical,
                 horizontal).
             groups: into how many independent groups the channels fall.
    Returns: Tensor. Shape (batch, out, time', height', width').
    Raises:  ValueError: shapes that do not fit each other.
    Source:  Tran et al. (2015); slide "3D convolutional networks". Differs: none.

    Example:
        >>> blink = np.array([0.0, 1.0, 1.0]).reshape(1, 1, 3, 1, 1)
        >>> conv3d(blink, np.array([-1.0, 1.0]).reshape(1, 1, 2, 1, 1)).numpy().ravel().tolist()
        [1.0, 0.0]
    """
    biases = None if bias is None else np.shape(bias)
    contract.check_layer(np.shape(x), np.shape(weight), biases, stride, padding, dilation, groups)
    return engine.conv3d(x, weight, bias, stride, padding, dilation, groups)


def plain_conv3d(x, weight, stride, padding):
    """Every box of the padded clip times every kernel, of arrays."""
    x = np.pad(x, ((0, 0), (0, 0), *((p, p) for p in padding)))
    boxes = np.lib.stride_tricks.sliding_window_view(x, weight.shape[2:], axis=(2, 3, 4))
    boxes = boxes[:, :, :: stride[0], :: stride[1], :: stride[2]]  # (batch, channels, t', h', w', k_t, k_h, k_w)
    return np.einsum("nctijruv, ocruv -> notij", boxes, weight)


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
    r"""One network sees a frame, one sees stacked flow; their probabilities are averaged.

    p(class) = (softmax(spatial(frame)) + softmax(temporal(flow))) / 2. The streams share nothing and are best trained
    one by one, as in the paper: `net.spatial` on frames, `net.temporal` on flows from `stack_flow`.

    Args:    classes: number of scores.
             length: flows in a stack, L; the temporal stream has 2 L input channels.
             channels_in: of a frame.
             width: channels of the first convolution of each stream.
    Raises:  ValueError: a number below 1; inputs with other channels; not a stack for each frame.
    Source:  Simonyan and Zisserman (2014); slide "Two-stream networks". Differs: small streams, trained from scratch.

    Example:
        >>> net = TwoStreamNet(4, length=3)
        >>> log_p = net(np.zeros((2, 1, 16, 16), np.float32), np.zeros((2, 6, 16, 16), np.float32))
        >>> log_p.exp().sum(1).numpy().round(4).tolist()
        [1.0, 1.0]
    """

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
        return engine.stack(streams).logsumexp(0) - math.log(2)


class ClipNorm(BatchNorm2d):
    """Batch normalisation of clips: one mean per channel, over batch, time and positions."""

    def forward(self, x):
        """(batch, channels, time, height, width), normalised per channel."""
        batch, channels, time, height, width = x.shape
        return super().forward(x.reshape(batch, channels, time * height, width)).reshape(x.shape)


class Conv3dNet(nn.Module):
    r"""Three 3D convolutions, each with norm and ReLU, the mean over time and positions, and class scores.

    y[n, o, t, i, j] = sum_{c, r, u, v} w[o, c, r, u, v] x[n, c, t s_t + r - 1, i s + u - 1, j s + v - 1]

    Args:    classes: number of scores.
             channels_in: of a clip.
             width: channels of the first layer; the others have twice and four times as many.
    Raises:  ValueError: a number below 1, or clips of another shape.
    Source:  Tran et al. (2015); slide "3D convolutional networks". Differs: three layers with strides for eight with
             pooling.

    Example:
        >>> Conv3dNet(4)(np.zeros((2, 1, 8, 16, 16), np.float32)).shape
        (2, 4)
    """

    def __init__(self, classes, channels_in=1, width=8):
        super().__init__()
        contract.check_network("Conv3dNet", classes=classes, channels_in=channels_in, width=width)
        self.channels_in = channels_in
        layers = []
        shapes = (channels_in, width, (1, 2, 2)), (width, 2 * width, 2), (2 * width, 4 * width, 2)
        for before, after, stride in shapes:
            layers += [nn.Conv3d(before, after, 3, stride, 1, bias=False), ClipNorm(after), nn.ReLU()]
        self.features = nn.Sequential(*layers)
        self.linear = nn.Linear(4 * width, classes)

    def forward(self, x):
        """(batch, channels_in, time, height, width) to (batch, classes)."""
        contract.check_clips("Conv3dNet", x.shape, self.channels_in)
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

    Example:
        >>> RecurrentVideoNet(4, image_size=16)(np.zeros((2, 1, 5, 16, 16), np.float32)).shape
        (2, 4)
    """

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
        frames = engine.as_tensor(x).permute(0, 2, 1, 3, 4).reshape(batch * time, channels, height, width)
        drive = self.input(self.features(frames).flatten(1))  # W f_t + b for every t
        drive = drive.reshape(batch, time, self.hidden)
        h = drive[:, 0].tanh()  # h_{-1} is 0
        for t in range(1, time):
            h = (drive[:, t] + self.recurrent(h)).tanh()
        return self.linear(h)
