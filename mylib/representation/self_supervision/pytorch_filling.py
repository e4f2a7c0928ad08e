"""A part of each image is hidden, and a network fills it in, in PyTorch."""

import torch
from torch import nn

from mylib.representation.self_supervision import contract
from mylib.representation.self_supervision.pytorch_rotations import ConvolutionalBlocks
from mylib.representation.self_supervision.squares import draw_squares
from mylib.shared.devices import at_least_float32, on_cpu


def hide_square(images, size, rng):
    r"""Set a square of each image to 0, at a random place wholly inside.

    The places are drawn on the CPU, the same as in NumPy; the images stay where they are.
    """
    contract.check_floating("hide_square", images.dtype)
    contract.check_square_size(images.shape, size)
    mask = torch.from_numpy(draw_squares(rng, len(images), *images.shape[2:], size))
    mask = mask.to(images.device, non_blocking=True)
    return images.masked_fill(mask, 0.0), mask


def filling_loss(prediction, images, mask):
    r"""Mean squared error over the hidden pixels alone.

    On a GPU nobody looks whether anything is hidden: with nothing the loss is NaN.
    """
    contract.check_filling(prediction.shape, images.shape, mask.shape, mask.dtype)
    if on_cpu(mask):
        contract.check_some_hidden(bool(mask.any()))
    error = at_least_float32(prediction - images).masked_fill(~mask, 0.0)
    return error.square().sum() / (mask.sum() * images.shape[1])


class FillingNet(ConvolutionalBlocks):
    r"""RotNet's blocks, and a way back to an image: maps enlarged by 2 where they were halved, then a convolution."""

    def __init__(self, channels=1, width=32, blocks=4):
        contract.check_network("FillingNet", channels, width, blocks)
        super().__init__("FillingNet", channels, width, blocks)
        self.enlarge = nn.ConvTranspose2d(2 * width, width, 2, stride=2) if blocks > 1 else nn.Identity()
        self.to_image = nn.Conv2d(width, channels, 3, padding=1)

    def forward(self, images):
        """(batch, channels, height, width) to predicted images of the same shape."""
        maps = self.features(images, len(self.blocks))
        if len(self.blocks) > 1:
            contract.check_even(images.shape)
        return self.to_image(self.enlarge(maps))
