"""A part of each image is hidden, and a network fills it in, in NumPy."""

import numpy as np

from mylib import engine
from mylib.engine import nn
from mylib.representation.self_supervision import contract
from mylib.representation.self_supervision.scratch_rotations import ConvolutionalBlocks
from mylib.representation.self_supervision.squares import draw_squares


def hide_square(images, size, rng):
    r"""Set a square of each image to 0, at a random place wholly inside.

    Args:    images: Shape (batch, channels, height, width); Tensor or array.
             size: of the square, pixels.
             rng: NumPy generator; it draws what `draw_squares` says.
    Returns: new images of the type that came in, and mask, boolean, True where hidden. Shapes (batch, channels, height,
             width) and (batch, 1, height, width).
    Raises:  ValueError: another shape, or a square that does not fit. TypeError: integer images, or a size that is no
             integer.
    Source:  Pathak et al. (2016), section 3.3. Differs: one square, where the paper also hides several blocks and
             free shapes.

    Example:
        >>> hidden, mask = hide_square(np.ones((3, 1, 4, 4)), 2, np.random.default_rng(0))
        >>> hidden.sum(axis=(1, 2, 3)).tolist(), mask.shape
        ([12.0, 12.0, 12.0], (3, 1, 4, 4))
    """
    images = images if isinstance(images, engine.Tensor) else np.asarray(images)
    contract.check_floating("hide_square", images.dtype)
    contract.check_square_size(images.shape, size)
    mask = draw_squares(rng, len(images), *images.shape[2:], size)
    if isinstance(images, engine.Tensor):
        return engine.where(mask, 0.0, images), mask
    return np.where(mask, images.dtype.type(0), images), mask


def filling_loss(prediction, images, mask):
    r"""Mean squared error over the hidden pixels alone: sum_hidden (p - x)^2 / (number of hidden pixels).

    Visible pixels are what the network was given; they count neither in the sum nor in the number.

    Args:    prediction: p. Shape (batch, channels, height, width).
             images: x, as they were before a part was hidden. The same shape.
             mask: True where hidden, for all channels. Boolean, shape (batch, 1, height, width).
    Returns: the loss, a scalar Tensor.
    Raises:  ValueError: shapes that do not fit, or nothing hidden. TypeError: a mask that is not boolean.
    Source:  Pathak et al. (2016), equation 1. Differs: without the adversarial loss; a mean over hidden pixels, not
             over all.

    Example:
        >>> mask = np.array([[[[True, False]]]])
        >>> filling_loss(np.array([[[[3.0, 9.0]]]]), np.array([[[[1.0, 0.0]]]]), mask).item()
        4.0
    """
    prediction, images, mask = engine.as_tensor(prediction), engine.as_tensor(images), np.asarray(mask)
    contract.check_filling(prediction.shape, images.shape, mask.shape, mask.dtype)
    contract.check_some_hidden(mask.any())
    # Selected before it is squared: 0 times an infinite visible pixel would be no number.
    error = engine.where(mask, prediction - images, 0.0)
    return (error * error).sum() / float(mask.sum() * images.shape[1])


class FillingNet(ConvolutionalBlocks):
    r"""RotNet's blocks, and a way back to an image: maps enlarged by 2 where they were halved, then a convolution.

    Args:    channels: of the images.
             width, blocks: as in `RotNet`.
    Raises:  ValueError: a size below 1.
    Source:  Pathak et al. (2016), section 3.1, an encoder and a decoder. Differs: a network of a few layers.

    Example:
        >>> FillingNet(width=4)(np.zeros((2, 1, 14, 14), np.float32)).shape
        (2, 1, 14, 14)
    """

    def __init__(self, channels=1, width=32, blocks=4):
        contract.check_network("FillingNet", channels, width, blocks)
        super().__init__("FillingNet", channels, width, blocks)
        # Kernel and stride of 2: each position becomes four, and none overlap.
        self.enlarge = nn.ConvTranspose2d(2 * width, width, 2, 2) if blocks > 1 else nn.Identity()
        self.to_image = nn.Conv2d(width, channels, 3, padding=1)

    def forward(self, images):
        """(batch, channels, height, width) to predicted images of the same shape."""
        images = engine.as_tensor(images)
        x = self.features(images, len(self.blocks))
        if len(self.blocks) > 1:
            contract.check_even(images.shape)
        return self.to_image(self.enlarge(x))
