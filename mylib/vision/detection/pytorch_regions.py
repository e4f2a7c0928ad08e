"""What happens to regions in PyTorch: RoI pooling, and which object each region shall find.

Notation as in `scratch_regions`. Values are looked at on the CPU only, as in `pytorch_boxes`.
"""

import itertools

import torch
import torch.nn.functional as F

from mylib.shared.devices import at_least_float32, on_cpu
from mylib.vision.detection import contract
from mylib.vision.detection.pytorch_boxes import _check_boxes, _encode, pairwise_iou


def roi_pool(features, boxes, output_size, spatial_scale):
    r"""RoI max pooling: whatever the size of a box, the maximum of each of h x w bins of the map under it.

    The cells of each bin are a bag, and one fused call finds the maxima of all bags and where they were. How many
    cells a bin can have follows from the map's size, so nothing is read back from the device. Without gradients the
    first cells of all bags are compared with the second, and so on, which needs no list of places.

    Raises:  ValueError: shapes that do not fit, or an output size or scale not above 0; on the CPU also boxes that are
                 not finite, have x2 < x1, or name an image that is not there.
    """
    size = check_rois("roi_pool", features, boxes, output_size, spatial_scale)
    boxes = at_least_float32(boxes)
    batch, channels, height, width = features.shape
    top, bottom = _bins(boxes[:, 2], boxes[:, 4], size[0], spatial_scale, height)  # (k, h) each
    left, right = _bins(boxes[:, 1], boxes[:, 3], size[1], spatial_scale, width)
    image = boxes[:, 0].long()[:, None, None] * height
    # Channels last, one cell a row; contiguous, since a batch of one would stay a view that reads ten times slower.
    cells = features.permute(0, 2, 3, 1).reshape(-1, channels).contiguous()
    rows, columns = _cells(top, bottom, height), _cells(left, right, width)  # (k, h, cells) and (k, w, cells)
    if features.requires_grad and torch.is_grad_enabled():
        row = (image[..., None, None] + rows[:, :, None, :, None]) * width
        bags = (row + columns[:, None, :, None, :]).flatten(3).flatten(0, 2)  # (k * h * w, cells)
        pooled = F.embedding_bag(bags, cells, mode="max")  # keeps the places of the maxima for the way back
        return pooled.reshape(len(boxes), *size, channels).permute(0, 3, 1, 2)
    best = _take(cells, (image + top[:, :, None]) * width + left[:, None, :])  # (k, h, w, channels)
    for u, v in list(itertools.product(range(rows.shape[2]), range(columns.shape[2])))[1:]:
        cell = (image + rows[:, :, None, u]) * width + columns[:, None, :, v]
        best = torch.maximum(best, _take(cells, cell))
    return best.permute(0, 3, 1, 2)


def assign_targets(boxes, truth, labels, foreground=0.5, background=0.5, force=False):
    r"""Which object each anchor or proposal shall find, if any: the one that it overlaps most.

    Raises:  ValueError: shapes that do not fit, or background above foreground; on the CPU also bad boxes.
    """
    contract.check_targets(boxes.shape, truth.shape, labels.shape, foreground, background)
    boxes, truth = _check_boxes("assign_targets", boxes), _check_boxes("assign_targets", truth)
    boxes = boxes.expand(*truth.shape[:-2], *boxes.shape[-2:])
    if not truth.shape[-2]:
        return torch.zeros(boxes.shape[:-1], dtype=torch.long, device=boxes.device), torch.zeros_like(boxes)
    overlap = torch.where((labels >= 0)[..., None, :], pairwise_iou(boxes, truth), -1)  # (..., n, m)
    best, which = overlap.max(dim=-1)
    positive = best >= foreground
    if force:
        top = overlap.amax(dim=-2, keepdim=True)
        mine = (overlap == top) & (top > 0)
        forced = mine.any(dim=-1)
        # An object's best box is this object's, even where it overlaps another one more.
        which = torch.where(forced & ~positive, torch.where(mine, overlap, -1).argmax(dim=-1), which)
        positive = positive | forced
    assigned = torch.where(positive, 1 + labels.gather(-1, which), torch.where(best < background, 0, -1))
    matched = truth.gather(-2, which[..., None].expand(*which.shape, 4))
    return assigned, torch.where(positive[..., None], _encode(matched, boxes), 0)


def _bins(low, high, count, spatial_scale, length):
    """First and one-past-last cell of `count` bins along one axis, for every box. int64, shapes (k, count)."""
    first = (low * spatial_scale + 0.5).floor().long().clamp(0, length - 1)[:, None]
    cells = ((high * spatial_scale + 0.5).floor().long().clamp(max=length)[:, None] - first).clamp(min=1)
    steps = torch.arange(count, device=low.device)
    return first + steps * cells // count, first - (-(steps + 1) * cells // count)


def _cells(first, last, length):
    """All cells of each bin along one axis; a bin with fewer than others has its first one again. (k, bins, cells)."""
    cells = first[..., None] + torch.arange(_deepest(first, last, length), device=first.device)
    return torch.where(cells < last[..., None], cells, first[..., None])


def _take(cells, index):
    """cells[index]; ten times as fast on a CPU."""
    return cells.index_select(0, index.flatten()).reshape(*index.shape, cells.shape[1])


def _deepest(first, last, length):
    """How many cells the largest bin may have: on a GPU, where looking would make the host wait, by the map's size."""
    if on_cpu(first):
        return int((last - first).max()) if len(first) else 1
    return -(-length // first.shape[1]) + 1


def check_rois(operation, features, boxes, output_size, spatial_scale):
    """The size of a pooled region as a pair; ValueError for arguments of `roi_pool` or `roi_align` that do not fit."""
    size = contract.check_rois(operation, features.shape, boxes.shape, output_size, spatial_scale)
    if on_cpu(boxes):
        good = boxes.isfinite().all(dim=1) & (boxes[:, 3:] >= boxes[:, 1:3]).all(dim=1)
        good &= (boxes[:, 0] >= 0) & (boxes[:, 0] < len(features)) & (boxes[:, 0] == boxes[:, 0].floor())
        contract.check_roi_values(operation, len(features), boxes[~good].tolist())
    return size
