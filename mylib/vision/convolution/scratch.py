"""Filters with border rules, the convolutional layer, pooling and LeNet, in NumPy.

Notation: image or signal x, kernel w of k taps, output y; images of a layer are (batch, channels, height, width); g is
the gradient dL/dy. Convolution and pooling are the engine's fast ones; `plain_...` is each as its equation says, and
`conv2d_loops` the layer as one would first write it down.
"""

import numpy as np

from mylib import engine
from mylib.engine import nn, relu
from mylib.engine.convolution import plain_conv2d as plain_conv2d  # `conv2d`: all windows times all kernels
from mylib.engine.pooling import plain_max_pool2d as plain_max_pool2d  # `max_pool2d`: the largest of each window
from mylib.vision.convolution import contract

__all__ = [
    "conv1d",
    "correlate2d",
    "convolve2d",
    "IDENTITY",
    "SHIFT_LEFT",
    "BOX",
    "SHARPEN",
    "conv2d",
    "conv2d_loops",
    "output_size",
    "conv_parameters",
    "max_pool2d",
    "mean_pool2d",
    "LeNet",
]

# The four filters of the slides' "Practice examples", to be used with `correlate2d`.
IDENTITY = np.array([[0, 0, 0], [0, 1, 0], [0, 0, 0]], dtype=float)
SHIFT_LEFT = np.array([[0, 0, 0], [0, 0, 1], [0, 0, 0]], dtype=float)
BOX = np.full((3, 3), 1 / 9)
SHARPEN = 2 * IDENTITY - BOX


def conv1d(signal, kernel, padding="zero"):
    r"""y[i] = sum_u w[u] x[i + u - (k - 1) / 2]: each point becomes a weighted sum of its neighbours.

    Args:    signal: x. Shape (..., n).
             kernel: w, an odd number of weights. Shape (k,).
             padding: what stands beyond the ends, as in `correlate2d`.
    Returns: array. Shape (..., n), or (..., n - k + 1) for "valid".
    Raises:  ValueError: as `correlate2d`.
    Source:  slide "1D convolutions". Differs: none; like deep-learning libraries, and unlike `numpy.convolve`, the
             kernel is not flipped.

    Example:
        >>> conv1d([0.0, 0.0, 5.0, 0.0, 0.0], np.full(5, 1 / 5)).tolist()
        [1.0, 1.0, 1.0, 1.0, 1.0]
    """
    signal, kernel = np.asarray(signal), np.asarray(kernel)
    contract.check_signal(signal.shape, kernel.shape)
    return correlate2d(signal[..., None, :], kernel[None], padding)[..., 0, :]


def correlate2d(image, kernel, padding="valid"):
    r"""y[i, j] = sum_{u, v} w[u, v] x[i + u - (k - 1) / 2, j + v - (k - 1) / 2]: the kernel as it stands.

    Beyond the border x is: not needed, since y is smaller ("valid"); 0 ("zero"); the opposite side ("wrap"); the
    nearest pixel ("replicate"); or the image mirrored at its outermost pixel, ... 2 1 [0 1 2] ("reflect").

    Args:    image: x, also a stack of images or channels, each filtered alone. Shape (..., height, width).
             kernel: w. Shape (k_h, k_w), odd unless padding is "valid".
             padding: the border rule.
    Returns: array. Shape of the image; smaller by k - 1 for "valid".
    Raises:  ValueError: unknown rule, an even kernel where the output keeps its size, or a kernel too large.
    Source:  slides "2D convolutions", "Dealing with the border". Differs: the slide's formula indexes the filter with
             x + i, which is a misprint for i: the filter does not move along with the image.

    Example:
        >>> correlate2d([[1.0, 2.0, 3.0]], [[0.0, 0.0, 1.0]], padding="wrap")
        array([[2., 3., 1.]])
    """
    image, kernel = np.asarray(image), np.asarray(kernel)
    contract.check_filter(image.shape, kernel.shape, padding)
    height, width = kernel.shape
    if padding != "valid":
        image = _extend(_extend(image, height // 2, padding, axis=-2), width // 2, padding, axis=-1)
    rows, columns = image.shape[-2] - height + 1, image.shape[-1] - width + 1
    y = np.zeros((*image.shape[:-2], rows, columns), np.result_type(image, kernel, np.float32))
    for u in range(height):
        for v in range(width):
            y += kernel[u, v] * image[..., u : u + rows, v : v + columns]
    return y


def convolve2d(image, kernel, padding="valid"):
    r"""y[i, j] = sum_{u, v} w[u, v] x[i - u + (k - 1) / 2, j - v + (k - 1) / 2]: the kernel turned by 180 degrees.

    Args:    image, kernel, padding: as in `correlate2d`.
    Returns: array. Shape of the image; smaller by k - 1 for "valid".
    Raises:  ValueError: as `correlate2d`.
    Source:  slide "Convolution errata".

    Example:
        >>> convolve2d(IDENTITY, [[1, 2, 3], [4, 5, 6], [7, 8, 9]], padding="zero")[1].tolist()
        [4.0, 5.0, 6.0]
    """
    return correlate2d(image, np.asarray(kernel)[::-1, ::-1], padding)


def conv2d(x, weight, bias=None, stride=1, padding=0, dilation=1, groups=1):
    r"""y[n, o, i, j] = b[o] + sum_{c, u, v} w[o, c, u, v] x[n, c, i s + u d - p, j s + v d - p].

    At every place the kernel's inner product with what lies below it; outside the image x is 0. `plain_conv2d` writes
    the sum as one product of matrices. Gradients: each weight gets what it was multiplied with, dL/dw[o, c, u, v] =
    sum_{n, i, j} g[n, o, i, j] x[n, c, i s + u d - p, j s + v d - p]; each pixel likewise, through every kernel that
    saw it; and dL/db[o] = sum_{n, i, j} g[n, o, i, j].

    Args:    x: images. Shape (batch, channels, height, width).
             weight: kernels. Shape (out, channels / groups, k_h, k_w).
             bias: Shape (out,), or None.
             stride, padding, dilation: s, p, d, each a number or (vertical, horizontal).
             groups: into how many independent groups the channels fall.
    Returns: Tensor. Shape (batch, out, height', width'), see `output_size`.
    Raises:  ValueError: shapes that do not fit each other.
    Source:  LeCun et al. (1989); slides "Convolutional networks", "Multiple neurons". Differs: none.

    Example:
        >>> conv2d([[[[0.0, 0.0, 1.0, 1.0]]]], [[[[-1.0, 1.0]]]]).numpy().tolist()
        [[[[0.0, 1.0, 0.0]]]]
    """
    contract.check_layer("conv2d", np.shape(x), np.shape(weight), groups)
    return engine.conv2d(x, weight, bias, stride, padding, dilation, groups)


def conv2d_loops(x, weight, bias=None, stride=1, padding=0, dilation=1, groups=1):
    r"""`conv2d` as seven loops: what the fast one is tested against, and about a thousand times slower.

    y[n, o, i, j] = b[o] + sum_{c, u, v} w[o, c, u, v] x[n, c, i s + u d - p, j s + v d - p]

    Args:    x: images. Shape (batch, channels, height, width).
             weight: kernels. Shape (out, channels / groups, k, k).
             bias: one number for each output channel, or None. Shape (out,).
             stride, padding, dilation, groups: s, p, d, and the number of groups; whole numbers.
    Returns: array. Shape (batch, out, height', width'), see `output_size`.
    Raises:  ValueError: shapes that do not fit.
    Source:  slides "Convolutional networks", "Multiple neurons".

    Example:
        >>> conv2d_loops([[[[1.0, 2.0, 4.0]]]], [[[[-1.0, 1.0]]]]).tolist()
        [[[[1.0, 2.0]]]]
    """
    x, weight = np.asarray(x), np.asarray(weight)
    contract.check_layer("conv2d_loops", x.shape, weight.shape, groups)
    batch, channels, height, width = x.shape
    out, per_group, k_h, k_w = weight.shape
    padded = np.zeros((batch, channels, height + 2 * padding, width + 2 * padding), x.dtype)
    padded[:, :, padding : padding + height, padding : padding + width] = x
    rows, columns = (output_size(size, k, stride, padding, dilation) for size, k in ((height, k_h), (width, k_w)))
    y = np.zeros((batch, out, rows, columns), np.result_type(x, weight))
    for n in range(batch):
        for o in range(out):
            first = o // (out // groups) * per_group  # the first input channel of this output's group
            for i in range(rows):
                for j in range(columns):
                    for c in range(per_group):
                        for u in range(k_h):
                            for v in range(k_w):
                                pixel = padded[n, first + c, i * stride + u * dilation, j * stride + v * dilation]
                                y[n, o, i, j] += weight[o, c, u, v] * pixel
    return y if bias is None else y + np.asarray(bias)[:, None, None]


def output_size(size, kernel, stride=1, padding=0, dilation=1):
    r"""Along one axis, how often the kernel fits: floor((n + 2 p - d (k - 1) - 1) / s) + 1.

    Args:    size: n, pixels of the input.
             kernel: k, taps; stride: s, at least 1; padding: p, on each side; dilation: d, at least 1.
    Returns: pixels of the output.
    Raises:  ValueError: a number out of range, or a kernel larger than the padded input.
    Source:  slides "2D convolutions", "Multiple neurons"; Dumoulin and Visin (2016).

    Example:
        >>> output_size(7, kernel=3), output_size(32, kernel=5, padding=2)
        (5, 32)
    """
    contract.check_sizes(size, kernel, stride, padding, dilation)
    reach = dilation * (kernel - 1) + 1  # pixels from the first tap to the last
    return (size + 2 * padding - reach) // stride + 1


def conv_parameters(channels_in, channels_out, kernel, groups=1, bias=True):
    r"""Parameters of a convolutional layer, D (k k C / groups + 1): the size of the image does not matter.

    Args:    channels_in: C, depth of the input; channels_out: D, number of filters.
             kernel: k, a number or (height, width).
             groups: into how many independent groups the channels fall.
             bias: whether each filter has one.
    Returns: a count.
    Raises:  ValueError: channels that the groups do not divide.
    Source:  slide "Filter and layer dimensionality".

    Example:
        >>> conv_parameters(3, 10, kernel=5)
        760
    """
    contract.check_groups(channels_in, channels_out, groups)
    height, width = (kernel, kernel) if np.isscalar(kernel) else kernel
    return channels_out * (height * width * channels_in // groups + bool(bias))


def max_pool2d(x, kernel, stride=None, padding=0):
    r"""y[n, c, i, j] = max_{u, v} x[n, c, i s + u - p, j s + v - p]: the largest value of each window.

    Gradient: g goes to the largest value of the window and to no other; of several, to the first in row-major order.

    Args:    x: images. Shape (batch, channels, height, width).
             kernel: of the window, a number or (height, width).
             stride: s, a number or pair; None is the kernel.
             padding: p, a number or pair, at most half the kernel; padded places never win.
    Returns: Tensor. Shape (batch, channels, height', width'), see `output_size`.
    Raises:  ValueError: a window that does not fit, or more padding.
    Source:  slide "Max pooling". Differs: none.

    Example:
        >>> max_pool2d([[[[1.0, 2.0, 5.0, 0.0], [4.0, 3.0, 0.0, 6.0]]]], 2).numpy().tolist()
        [[[[4.0, 6.0]]]]
    """
    return engine.max_pool2d(x, kernel, stride, padding)


def mean_pool2d(x, kernel, stride=None, padding=0):
    r"""y[n, c, i, j] = 1 / (k_h k_w) sum_{u, v} x[n, c, i s + u - p, j s + v - p]; padded zeros count as values.

    Gradient: every value of the window gets g / (k_h k_w).

    Args:    x, kernel, stride, padding: as in `max_pool2d`.
    Returns: Tensor. Shape (batch, channels, height', width').
    Raises:  ValueError: as `max_pool2d`.
    Source:  slide "Pooling image regions". Differs: torch's name is avg_pool2d.

    Example:
        >>> mean_pool2d([[[[1.0, 2.0], [3.0, 6.0]]]], 2).item()
        3.0
    """
    return engine.mean_pool2d(x, kernel, stride, padding)


def plain_mean_pool2d(x, kernel, stride):
    """The mean of every window of an array: a view of all windows, and one mean over the last two axes."""
    windows = np.lib.stride_tricks.sliding_window_view(x, kernel, axis=(2, 3))
    return windows[:, :, :: stride[0], :: stride[1]].mean(axis=(-2, -1))


class LeNet(nn.Module):
    r"""Two convolutions with pooling, then three fully connected layers; 61,706 parameters for ten classes.

    (1, 28, 28) -conv 5x5-> (6, 28, 28) -pool-> (6, 14, 14) -conv 5x5-> (16, 10, 10) -pool-> (16, 5, 5) -> 120 -> 84

    Args:    classes: number of scores.
    Raises:  ValueError: classes below 1; images of another size than 28 x 28 with one channel.
    Source:  LeCun et al. (1998); slide "The Convolutional Network". Differs: ReLU and max pooling for tanh and
             subsampling, every filter of the second layer sees all six maps, and a linear output.

    Example:
        >>> LeNet()(np.zeros((2, 1, 28, 28), dtype=np.float32)).shape
        (2, 10)
    """

    def __init__(self, classes=10):
        super().__init__()
        contract.check_classes(classes)
        self.conv1 = nn.Conv2d(1, 6, 5, padding=2)
        self.conv2 = nn.Conv2d(6, 16, 5)
        self.linear1 = nn.Linear(16 * 5 * 5, 120)
        self.linear2 = nn.Linear(120, 84)
        self.linear3 = nn.Linear(84, classes)

    def forward(self, x):
        """Scores of each class. Shapes (batch, 1, 28, 28) to (batch, classes)."""
        contract.check_digits(x.shape)
        x = max_pool2d(relu(self.conv1(x)), 2)  # (batch, 6, 14, 14)
        x = max_pool2d(relu(self.conv2(x)), 2)  # (batch, 16, 5, 5)
        x = x.reshape(len(x), -1)  # (batch, 400)
        return self.linear3(relu(self.linear2(relu(self.linear1(x)))))


def _extend(image, reach, rule, axis):
    """The image continued by `reach` pixels on both sides of one axis."""
    n = image.shape[axis]
    places = np.arange(-reach, n + reach)
    inside = (places >= 0) & (places < n)
    if rule == "wrap":
        places = places % n
    elif rule == "reflect":
        places = (n - 1) - np.abs((n - 1) - np.abs(places))
    extended = np.take(image, places.clip(0, n - 1), axis=axis)
    if rule == "zero":
        extended = extended * inside.reshape(-1, *[1] * (-1 - axis))
    return extended
