"""Boxes in PyTorch: overlap, coding, suppression of near-duplicates, and anchors.

Notation as in `scratch_boxes`. Public functions look at the values they get only where that is free, on the CPU: on a
GPU it would make the host wait, so there only shapes are checked, and a box with x2 < x1 has overlap 0. The names with
an underscore look at no values anywhere; a training step uses those.
"""

import torch

from mylib.shared.devices import at_least_float32, on_cpu, widest_float
from mylib.vision.detection import contract
from mylib.vision.detection.contract import LARGEST_LOG_RATIO

TILE = 64  # boxes whose order of suppression is settled at once


def box_area(boxes):
    r"""(x2 - x1) (y2 - y1) of each box.

    Raises:  ValueError: the last axis is not 4; on the CPU also a number that is not finite, x2 < x1 or y2 < y1.

    Example:
        >>> box_area(torch.tensor([[0.0, 0, 2, 3], [1, 1, 1, 5]])).tolist()
        [6.0, 0.0]
    """
    return _area(_check_boxes("box_area", boxes))


def iou(a, b):
    r"""Intersection over union of every box of a with every box of b, by broadcasting."""
    return pairwise_iou(_check_boxes("iou", a), _check_boxes("iou", b))


def encode_boxes(boxes, references):
    r"""Boxes as seen from reference boxes.

    Raises:  ValueError: as `box_area`; on the CPU also a box without width or height.
    """
    boxes, references = _check_boxes("encode_boxes", boxes), _check_boxes("encode_boxes", references)
    for name, values in (("boxes", boxes), ("references", references)):
        if on_cpu(values):
            contract.check_boxes_have_area(name, bool((values[..., 2:] > values[..., :2]).all()))
    return _encode(boxes, references)


def decode_boxes(deltas, references):
    r"""The boxes that deltas describe; undoes `encode_boxes`.

    Raises:  ValueError: as `box_area`; on the CPU also deltas that are not finite.
    """
    references = _check_boxes("decode_boxes", references)
    if on_cpu(deltas):
        contract.check_deltas(bool(deltas.isfinite().all()))
    return _decode(at_least_float32(deltas), references)


def clip_boxes(boxes, height, width):
    r"""Cut boxes off at the border of the image."""
    return _clip(_check_boxes("clip_boxes", boxes), height, width)


def nms(boxes, scores, threshold):
    r"""Non-maximum suppression in tiles: the best 64 boxes settle who of them stays, and those strike out of the rest.

    Each tile reads back which of its boxes overlap, and which of the rest are left: a wait for the device for every 64
    boxes that are still there, in a memory of 64 times n. A training step calls `_kept`, which marks the boxes instead
    of cutting them out and waits for nothing.

    Raises:  ValueError: as `box_area`, not one score for each box, or a threshold outside [0, 1]; on the CPU also a
                 score that is not finite.

    Example:
        >>> boxes = torch.tensor([[0.0, 0, 10, 10], [1, 1, 10, 10], [20, 20, 30, 30]])
        >>> nms(boxes, torch.tensor([0.8, 0.9, 0.3]), threshold=0.5)
        tensor([1, 2])
    """
    boxes = _check_boxes("nms", boxes)
    contract.check_nms(boxes.shape, scores.shape, threshold)
    if on_cpu(scores):
        contract.check_scores(bool(scores.isfinite().all()))
    order, kept = scores.sort(descending=True, stable=True).indices, []
    while len(order):
        best, order = order[:TILE], order[TILE:]
        best = best[_settle(pairwise_iou(boxes[best], boxes[best]) > threshold)]
        kept.append(best)
        order = order[~(pairwise_iou(boxes[best], boxes[order]) > threshold).any(dim=0)]
    return torch.cat(kept) if kept else order


def _settle(over):
    """Which of a few boxes stay, the better ones first: each that stays strikes out those that it overlaps."""
    stays = [True] * len(over)
    for better, worse in over.triu(diagonal=1).nonzero().tolist():
        if stays[better]:
            stays[worse] = False
    return torch.tensor(stays, device=over.device)


def anchors(height, width, stride, sizes, ratios=(1.0,)):
    r"""One box for every size and shape around the centre of every cell of a feature map, in float64 on the CPU.

    Example:
        >>> anchors(1, 2, stride=8, sizes=[4], ratios=[1]).tolist()
        [[2.0, 2.0, 6.0, 6.0], [10.0, 2.0, 14.0, 6.0]]
    """
    contract.check_anchors(height, width, stride, sizes, ratios)
    return _anchors(height, width, stride, sizes, ratios, torch.empty(0, dtype=torch.float64))


def _area(boxes):
    return (boxes[..., 2] - boxes[..., 0]) * (boxes[..., 3] - boxes[..., 1])


def pairwise_iou(a, b):
    """`iou` of boxes (..., n, 4) and (..., m, 4), unchecked. Shape (..., n, m); 0 where both boxes are empty."""
    # Each coordinate in a row of its own: an innermost axis of two numbers is four times as slow on a CPU.
    a, b = (at_least_float32(boxes).movedim(-1, 0).contiguous() for boxes in (a, b))
    a, b = a[..., :, None], b[..., None, :]  # (4, ..., n, 1) and (4, ..., 1, m)
    width, height = ((torch.minimum(a[i + 2], b[i + 2]) - torch.maximum(a[i], b[i])).clamp(min=0) for i in (0, 1))
    shared = width * height
    union = (a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1]) - shared
    return torch.where(union > 0, shared / union.clamp(min=1e-30), 0)


def _encode(boxes, references):
    """`encode_boxes`; sizes are held above 1e-6 pixels, so that padding gives numbers that are masked, not NaN."""
    size, size_r = (_size(values).clamp(min=1e-6) for values in (boxes, references))
    return torch.cat([(_centre(boxes) - _centre(references)) / size_r, (size / size_r).log()], dim=-1)


def _decode(deltas, references):
    size = _size(references)
    middle = _centre(references) + deltas[..., :2] * size
    half = size * deltas[..., 2:].clamp(max=LARGEST_LOG_RATIO).exp() / 2
    return torch.cat([middle - half, middle + half], dim=-1)


def _clip(boxes, height, width):
    x1, y1, x2, y2 = boxes.unbind(-1)
    return torch.stack([x1.clamp(0, width), y1.clamp(0, height), x2.clamp(0, width), y2.clamp(0, height)], dim=-1)


def _kept(boxes, threshold):
    """Which boxes survive, the boxes standing by falling score already. Shapes (..., n, 4) to (..., n).

    A fixed point, as in `scratch`. On a GPU nobody asks whether it has been reached, since that would make the host
    wait: n rounds always suffice, because round i settles box i.
    """
    over = (pairwise_iou(boxes, boxes) > threshold).triu(diagonal=1)
    keep = torch.ones(boxes.shape[:-1], dtype=torch.bool, device=boxes.device)
    for _ in range(boxes.shape[-2]):
        again = ~(over & keep[..., None]).any(dim=-2)
        if on_cpu(boxes) and torch.equal(again, keep):
            break
        keep = again
    return keep


def _anchors(height, width, stride, sizes, ratios, like):
    """`anchors` as a tensor of the type and on the device of another; numbers go there one by one, without waiting."""
    halves = [like.new_full((1,), a * r / 2) for a in sizes for root in ratios for r in (root**-0.5, root**0.5)]
    halves = torch.cat(halves).reshape(-1, 2)  # (sizes * ratios, 2): w and h
    rows, columns = (torch.arange(n, dtype=like.dtype, device=like.device) for n in (height, width))
    y, x = torch.meshgrid(rows, columns, indexing="ij")
    centre = (torch.stack([x, y], dim=-1).reshape(-1, 1, 2) + 0.5) * stride
    return torch.cat([centre - halves, centre + halves], dim=-1).reshape(-1, 4)


def _centre(boxes):
    return (boxes[..., :2] + boxes[..., 2:]) / 2


def _size(boxes):
    return boxes[..., 2:] - boxes[..., :2]


def _check_boxes(operation, boxes):
    """The boxes in at least float32, refused unless their shape is right and, on the CPU, each is one."""
    contract.check_boxes(operation, boxes.shape)
    boxes = at_least_float32(boxes) if boxes.is_floating_point() else boxes.to(widest_float(boxes.device))
    if on_cpu(boxes):
        crossed = boxes[(boxes[..., 2:] < boxes[..., :2]).any(dim=-1)]
        contract.check_box_values(operation, bool(boxes.isfinite().all()), crossed.tolist())
    return boxes
