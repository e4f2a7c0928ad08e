"""Quarter turns of images, and the labels that they give, in PyTorch."""

import numbers

import torch

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
