"""Weak and strong views in PyTorch: one lookup of whole pixels, or one sampling grid for the whole batch."""

import torch
import torch.nn.functional as F

from mylib.few_labels.curriculum_labels import contract
from mylib.few_labels.curriculum_labels.views import draw_shifts, draw_strong, square_side


def weak_augment(images, rng):
    r"""omega: each image shifted by up to 2 of 28 pixels, the same share of another side; zeros come in.

    Two numbers for each image are drawn on the CPU; the images stay where they are.
    """
    contract.check_weak(images.shape, images.is_floating_point())
    count, _, height, width = images.shape
    shifts = draw_shifts(rng, count, height, width)
    down, right = torch.as_tensor(shifts.down), torch.as_tensor(shifts.right)
    rows = torch.arange(height) - down[:, None]  # where each row of a view comes from
    columns = torch.arange(width) - right[:, None]
    inside = ((rows >= 0) & (rows < height))[:, :, None] & ((columns >= 0) & (columns < width))[:, None]
    at = rows.clamp(0, height - 1)[:, :, None] * width + columns.clamp(0, width - 1)[:, None]
    at, inside = at.to(images.device), inside.to(images.device)
    y = images.flatten(2).gather(2, at.flatten(1)[:, None].expand(-1, images.shape[1], -1))
    return y.view_as(images).masked_fill(~inside[:, None], 0)


def strong_augment(images, rng, operations=2, cutout=0.36):
    r"""Omega: a weak view, then some of five operations, drawn anew for each image, then one black square.

    Nine numbers for each image are drawn on the CPU and sent in one piece; the images stay where they are.
    """
    contract.check_strong(images.shape, images.is_floating_point(), operations, cutout)
    count, _, height, width = images.shape
    shifts = draw_shifts(rng, count, height, width)
    views = draw_strong(rng, count, height, width, operations, cutout)
    numbers = torch.stack([torch.as_tensor(one, dtype=torch.float64) for one in (*shifts, *views)])
    down, right, angle, shear, zoom, contrast, blur, top, left = numbers.to(images.device, images.dtype)
    grid = F.affine_grid(_maps(angle, shear, zoom, down, right, height, width), images.shape, align_corners=False)
    y = F.grid_sample(images, grid, align_corners=False)
    soft = torch.as_tensor(views.blur.nonzero()[0]).to(images.device)  # known on the CPU: nobody waits for it
    rows, columns = _blurring(blur[soft], height), _blurring(blur[soft], width)
    y = y.index_copy(0, soft, torch.einsum("nij,ncjk,nlk->ncil", rows, y[soft], columns))
    y = (y + (contrast - 1)[:, None, None, None] * (y - y.mean(dim=(1, 2, 3), keepdim=True))).clamp(0, 1)
    side = square_side(cutout, height, width)
    return y.masked_fill((_between(top, side, height)[:, :, None] & _between(left, side, width)[:, None])[:, None], 0)


def _maps(angle, shear, zoom, down, right, height, width):
    """From places in the view to places in the image, both from -1 to 1 along each axis. Shape (n, 2, 3)."""
    cosine, sine = angle.cos() / zoom, angle.sin() / zoom
    # Rows point down here, so that what a rotation adds to the column changes its sign.
    across = torch.stack([cosine, (shear * cosine - sine) * height / width, -2 * right / width], dim=1)
    downward = torch.stack([sine * width / height, cosine + shear * sine, -2 * down / height], dim=1)
    return torch.stack([across, downward], dim=1)


def _blurring(sigma, size):
    """A Gaussian within the image is a softmax over where it looks. Shape (n, size, size)."""
    place = torch.arange(size, device=sigma.device, dtype=sigma.dtype)
    distance = (place[:, None] - place).square()
    return torch.softmax(-0.5 * distance / sigma.clamp(min=1e-3).square()[:, None, None], dim=-1)


def _between(start, extent, size):
    place = torch.arange(size, device=start.device)
    return (place >= start[:, None]) & (place < start[:, None] + extent)
