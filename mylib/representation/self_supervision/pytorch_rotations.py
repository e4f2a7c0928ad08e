"""Quarter turns of images, the labels that they give, and the network that is asked for them, in PyTorch."""

import numbers

import torch
import torch.nn.functional as F
from torch import nn

from mylib.representation.self_supervision import contract


def rotate90(images, quarter_turns):
    r"""Turn images counter-clockwise by quarter turns: rows and columns change places, and one axis is flipped.

    Turns of their own are one gather for the whole batch. They are looked at only where images are no squares, which
    waits for the device that they lie on.
    """
    contract.check_floating("rotate90", images.dtype)
    if isinstance(quarter_turns, numbers.Integral):
        contract.check_turns(images.shape, (), type(quarter_turns).__name__, False)
        return torch.rot90(images, int(quarter_turns) % 4, (-2, -1))
    turns = torch.as_tensor(quarter_turns)
    height, width = images.shape[-2:] if images.ndim > 1 else (0, 0)
    odd = height != width and bool((turns % 2).any())
    contract.check_turns(images.shape, turns.shape, turns.dtype, odd)
    if not turns.ndim:
        return torch.rot90(images, int(turns) % 4, (-2, -1))
    turns = turns.to(images.device, non_blocking=True) % 4
    places = torch.arange(height * width, device=images.device).view(height, width)
    # Where each pixel comes from, for each number of turns: the same turn, made with the pixels' numbers.
    source = torch.stack([torch.rot90(places, turn).flatten() for turn in range(4)])  # (4, pixels)
    source = source[turns].view(len(turns), *(1,) * (images.ndim - 3), -1)
    pixels = images.flatten(-2)
    return pixels.gather(-1, source.expand_as(pixels)).view_as(images)


def rotation_batch(images):
    r"""Every image four times, turned by 0, 1, 2, 3 quarter turns, and these numbers as its labels.

    The labels are made on the images' device.
    """
    contract.check_floating("rotation_batch", images.dtype)
    contract.check_batch("rotation_batch", images.shape)
    contract.check_square("rotation_batch", images.shape)
    transposed = images.mT
    turned = (images, transposed.flip(-2), images.flip((-2, -1)), transposed.flip(-1))
    labels = torch.arange(4, device=images.device).repeat(len(images))
    return torch.stack(turned, dim=1).flatten(0, 1), labels


class ConvolutionalBlocks(nn.Module):
    r"""Blocks of a 3 x 3 convolution, a batch norm and a ReLU; before the second one the maps are halved."""

    def __init__(self, name, channels, width, blocks):
        super().__init__()
        self.name, self.channels = name, channels
        sizes = [channels, width, *[2 * width] * (blocks - 1)]
        self.blocks = nn.ModuleList(
            nn.Sequential(
                nn.Conv2d(before, after, 3, padding=1, bias=False), nn.BatchNorm2d(after), nn.ReLU(inplace=True)
            )
            for before, after in zip(sizes, sizes[1:], strict=False)
        )

    def features(self, images, block):
        """Maps after block 1, 2, ...: images to (batch, width or 2 width, height, width)."""
        contract.check_block(self.name, block, len(self.blocks))
        contract.check_floating(self.name, images.dtype)
        contract.check_images(self.name, images.shape, self.channels, block > 1)
        for number, layers in enumerate(self.blocks[:block]):
            images = layers(F.max_pool2d(images, 2) if number == 1 else images)
        return images


class RotNet(ConvolutionalBlocks):
    r"""A small convolutional network that says by how many quarter turns an image was turned."""

    def __init__(self, channels=1, width=32, blocks=4, classes=4):
        contract.check_network("RotNet", channels, width, blocks, classes=classes)
        super().__init__("RotNet", channels, width, blocks)
        self.linear = nn.Linear(width * min(blocks, 2), classes)

    def forward(self, images):
        """(batch, channels, height, width) to logits (batch, classes)."""
        return self.linear(self.features(images, len(self.blocks)).mean((2, 3)))
