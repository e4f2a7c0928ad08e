"""Quarter turns of images, the labels that they give, and the network that is asked for them, in NumPy."""

import numpy as np

from mylib import engine
from mylib.engine import nn
from mylib.representation.self_supervision import contract


def rotate90(images, quarter_turns):
    r"""Turn images counter-clockwise by quarter turns: rows and columns change places, and one axis is flipped.

    y[i, j] = x[j, width - 1 - i] for one turn, x[height - 1 - i, width - 1 - j] for two and
    x[height - 1 - j, i] for three. No pixel is interpolated, so that turning leaves no traces to tell it by.

    Args:    images: x. Shape (..., height, width); Tensor or array.
             quarter_turns: an integer of any sign, modulo 4, for all images; or one for each, of shape (batch,).
    Returns: new images, of the type that came in. Shape (..., height, width), or (..., width, height) after an odd
             turn of all.
    Raises:  ValueError: shapes that do not fit, or images that are no squares with an odd turn of their own.
             TypeError: integer images, or turns that are no integers.
    Source:  Gidaris, Singh, Komodakis (2018), section 2.2; slide "Self-supervised learning example". Differs: none.

    Example:
        >>> rotate90([[1.0, 2.0], [3.0, 4.0]], 1).tolist()
        [[2.0, 4.0], [1.0, 3.0]]
    """
    images = images if isinstance(images, engine.Tensor) else np.asarray(images)
    turns = np.asarray(quarter_turns)
    contract.check_floating("rotate90", images.dtype)
    contract.check_turns(images.shape, turns.shape, turns.dtype, bool((turns % 2).any()))
    if not turns.shape:
        return _turned(images, int(turns) % 4)
    stack = engine.stack if isinstance(images, engine.Tensor) else np.stack
    # All turns of all images, then one of each; images that are no squares only have the even ones.
    step = 1 if images.shape[-1] == images.shape[-2] else 2
    versions = stack([_turned(images, turn) for turn in range(0, 4, step)])  # (turns, batch, ..., height, width)
    return versions[turns % 4 // step, np.arange(len(turns))]


def _turned(images, turn):
    """All images by the same number of quarter turns, 0 to 3."""
    if turn % 2:
        images = images.swapaxes(-1, -2)
    rows = slice(None, None, -1 if turn in (1, 2) else 1)
    columns = slice(None, None, -1 if turn in (2, 3) else 1)
    turned = images[..., rows, columns]
    return turned if isinstance(turned, engine.Tensor) else np.array(turned, order="C")


def rotation_batch(images):
    r"""Every image four times, turned by y = 0, 1, 2, 3 quarter turns, and y as its label: nobody had to say it.

    Row 4 i + y is image i turned y times. The loss of RotNet, -1/(4 B) sum_i sum_y log F^y(g_y(x_i)), is then the mean
    cross-entropy of the batch.

    Args:    images: x. Shape (batch, channels, height, width), squares; Tensor or array.
    Returns: images of the type that came in, shape (4 batch, channels, height, width), and labels, int64, shape
             (4 batch,).
    Raises:  ValueError: another shape, or images that are no squares. TypeError: integer images.
    Source:  Gidaris, Singh, Komodakis (2018), section 2.1. Differs: none.

    Example:
        >>> turned, labels = rotation_batch(np.ones((2, 1, 3, 3)))
        >>> turned.shape, labels.tolist()
        ((8, 1, 3, 3), [0, 1, 2, 3, 0, 1, 2, 3])
    """
    images = images if isinstance(images, engine.Tensor) else np.asarray(images)
    contract.check_floating("rotation_batch", images.dtype)
    contract.check_batch("rotation_batch", images.shape)
    contract.check_square("rotation_batch", images.shape)
    stack = engine.stack if isinstance(images, engine.Tensor) else np.stack
    turned = stack([_turned(images, turn) for turn in range(4)], axis=1)  # (batch, 4, channels, height, width)
    return turned.reshape(-1, *images.shape[1:]), np.tile(np.arange(4), len(images))


class ConvolutionalBlocks(nn.Module):
    r"""Blocks of a 3 x 3 convolution, a batch norm and a ReLU; before the second one the maps are halved.

    Args:    name: of the network, for its errors.
             channels: of the images.
             width: channels after the first block; after the others there are twice as many.
             blocks: their number.
    """

    def __init__(self, name, channels, width, blocks):
        super().__init__()
        self.name, self.channels = name, channels
        self.blocks = nn.ModuleList()
        for block in range(blocks):
            before = channels if not block else width if block == 1 else 2 * width
            after = 2 * width if block else width
            layers = [nn.Conv2d(before, after, 3, padding=1, bias=False), nn.BatchNorm2d(after), nn.ReLU()]
            self.blocks.append(nn.Sequential(*layers))

    def features(self, images, block):
        """Maps after block 1, 2, ...: (batch, channels, height, width) to (batch, width, ...) or (batch, 2 width, ...).

        After the first block the maps are as large as the images, after all others half as large, rounded down.
        """
        contract.check_block(self.name, block, len(self.blocks))
        images = engine.as_tensor(images)
        contract.check_floating(self.name, images.dtype)
        contract.check_images(self.name, images.shape, self.channels, block > 1)
        x = self.blocks[0](images)
        x = engine.max_pool2d(x, 2) if block > 1 else x
        for layers in list(self.blocks)[1:block]:
            x = layers(x)
        return x


class RotNet(ConvolutionalBlocks):
    r"""A small convolutional network that says by how many quarter turns an image was turned.

    z = W mean over positions of the last block's maps + b.

    Args:    channels: of the images.
             width: channels after the first block; after the others there are twice as many.
             blocks: convolution, batch norm, ReLU; before the second 2 x 2 max pooling.
             classes: 4 rotations, or 10 digits where the same network is trained with labels.
    Raises:  ValueError: a size below 1.
    Source:  Gidaris, Singh, Komodakis (2018), section 3. Differs: the paper's blocks are those of a network in
             network, with three convolutions each; here each has one.

    Example:
        >>> net = RotNet(width=4)
        >>> images = np.zeros((2, 1, 14, 14), np.float32)
        >>> net(images).shape, net.features(images, 2).shape
        ((2, 4), (2, 8, 7, 7))
    """

    def __init__(self, channels=1, width=32, blocks=4, classes=4):
        contract.check_network("RotNet", channels, width, blocks, classes=classes)
        super().__init__("RotNet", channels, width, blocks)
        self.linear = nn.Linear(2 * width if blocks > 1 else width, classes)

    def forward(self, images):
        """(batch, channels, height, width) to logits (batch, classes)."""
        return self.linear(self.features(images, len(self.blocks)).mean((2, 3)))
