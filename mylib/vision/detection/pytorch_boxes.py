"""Boxes in PyTorch: overlap, coding, suppression of near-duplicates, and anchors.

Notation as in `scratch_boxes`. Public functions look at the values they get only where that is free, on the CPU: on a
GPU it would make the host wait, so there only shapes are checked, and a box with x2 < x1 has overlap 0. The names with
an underscore look at no values anywhere; a training step uses those.
"""

import math

import torch

LARGEST_LOG_RATIO = math.log(1000 / 16)


def on_cpu(values):
    """Whether looking at values costs nothing: on a GPU the host would wait, and a compiler would break its graph."""
    return values.device.type == "cpu" and not torch.compiler.is_compiling()


def box_area(boxes):
    r"""(x2 - x1) (y2 - y1).

    Args:    boxes: Shape (..., 4).
    Returns: areas in square pixels. Shape (...).
    Raises:  ValueError: the last axis is not 4; on the CPU also a number that is not finite, x2 < x1 or y2 < y1.
    Source:  elementary. Differs: none.

    Example:
        >>> box_area(torch.tensor([[0.0, 0, 2, 3], [1, 1, 1, 5]])).tolist()
        [6.0, 0.0]
    """
    return _area(_check_boxes("box_area", boxes))


def iou(a, b):
    r"""Intersection over union of every box of a with every box of b: |A and B| / |A or B|.

    Args:    a: Shape (..., n, 4).
             b: Shape (..., m, 4).
    Returns: numbers in [0, 1]. Shape (..., n, m); 0 where both boxes are empty.
    Raises:  ValueError: as `box_area`.
    Source:  Everingham et al. (2010). Differs: as in `scratch`.
    """
    return pairwise_iou(_check_boxes("iou", a), _check_boxes("iou", b))


def encode_boxes(boxes, references):
    r"""t = ((x - x_r) / w_r, (y - y_r) / h_r, ln(w / w_r), ln(h / h_r)): a box as seen from a reference box r.

    Args:    boxes: what to encode, of width and height above 0. Shape (..., 4).
             references: anchors or proposals, of width and height above 0. Shape (..., 4).
    Returns: t. Shape (..., 4).
    Raises:  ValueError: as `box_area`; on the CPU also a box without width or height.
    Source:  Girshick et al. (2014), appendix C. Differs: none.
    """
    boxes, references = _check_boxes("encode_boxes", boxes), _check_boxes("encode_boxes", references)
    for name, values in (("boxes", boxes), ("references", references)):
        if on_cpu(values) and (values[..., 2:] <= values[..., :2]).any():
            raise ValueError(
                f"encode_boxes: expected {name} of width and height above 0, got one without; drop it before"
            )
    return _encode(boxes, references)


def decode_boxes(deltas, references):
    r"""The box that t describes: x = x_r + t_x w_r, w = w_r e^{t_w}, and so for y and h. Undoes `encode_boxes`.

    Args:    deltas: t. Shape (..., 4).
             references: anchors or proposals. Shape (..., 4).
    Returns: boxes. Shape (..., 4).
    Raises:  ValueError: as `box_area`; on the CPU also deltas that are not finite.
    Source:  Girshick et al. (2014), appendix C. Differs: e^t is held below 62.5, as in later implementations.
    """
    references = _check_boxes("decode_boxes", references)
    if on_cpu(deltas) and not deltas.isfinite().all():
        raise ValueError("decode_boxes: expected finite deltas, got NaN or infinity; did training diverge?")
    return _decode(deltas, references)


def clip_boxes(boxes, height, width):
    r"""Cut boxes off at the border of the image.

    Args:    boxes: Shape (..., 4).
             height, width: of the image, pixels.
    Returns: Shape (..., 4); a box that lies outside has area 0 afterwards.
    Raises:  ValueError: as `box_area`.
    Source:  Ren et al. (2015). Differs: none.
    """
    return _clip(_check_boxes("clip_boxes", boxes), height, width)


def nms(boxes, scores, threshold):
    r"""Non-maximum suppression: go through the boxes by falling score, and drop what overlaps a kept one too much.

    How many are kept is known only to the device, so this call waits for it; a training step calls `_kept`, which
    marks the boxes instead of cutting them out.

    Args:    boxes: Shape (n, 4).
             scores: Shape (n,).
             threshold: largest IoU with a better box, between 0 and 1.
    Returns: indices of the kept boxes, by falling score; of equal scores, the lower index first. Shape (kept,).
    Raises:  ValueError: as `box_area`, not one score for each box, or a threshold outside [0, 1]; on the CPU also a
                 score that is not finite.
    Source:  Girshick et al. (2014). Differs: none.

    Example:
        >>> boxes = torch.tensor([[0.0, 0, 10, 10], [1, 1, 10, 10], [20, 20, 30, 30]])
        >>> nms(boxes, torch.tensor([0.8, 0.9, 0.3]), threshold=0.5)
        tensor([1, 2])
    """
    boxes = _check_boxes("nms", boxes)
    finite = not on_cpu(scores) or bool(scores.isfinite().all())
    if boxes.ndim != 2 or scores.shape != boxes.shape[:1] or not finite:
        raise ValueError(
            f"nms: expected boxes (n, 4) and n finite scores, got shapes {tuple(boxes.shape)} and "
            f"{tuple(scores.shape)}"
        )
    if not 0 <= threshold <= 1:
        raise ValueError(f"nms: expected a threshold in [0, 1], got {threshold}")
    order = scores.sort(descending=True, stable=True).indices
    return order[_kept(boxes[order], threshold)]


def anchors(height, width, stride, sizes, ratios=(1.0,)):
    r"""One box for every size and shape around the centre of every cell of a feature map.

    Args:    height, width: of the feature map, cells.
             stride: side of a cell in the image, pixels.
             sizes: root of the area, pixels; ratios: height over width.
    Returns: Shape (height * width * len(sizes) * len(ratios), 4): rows, then columns, then sizes, then ratios.
    Raises:  ValueError: a number that is not above 0.
    Source:  Ren et al. (2015), section 3.1.1. Differs: centred on the cell, as in `scratch`.

    Example:
        >>> anchors(1, 2, stride=8, sizes=[4], ratios=[1]).tolist()
        [[2.0, 2.0, 6.0, 6.0], [10.0, 2.0, 14.0, 6.0]]
    """
    if min(height, width, stride, *sizes, *ratios, 1) <= 0 or not len(sizes) or not len(ratios):
        raise ValueError(
            f"anchors: expected height, width, stride, sizes and ratios above 0, got {height}, {width}, {stride}, "
            f"{tuple(sizes)} and {tuple(ratios)}"
        )
    return _anchors(height, width, stride, sizes, ratios, torch.empty(0, dtype=torch.float64))


def _area(boxes):
    return (boxes[..., 2] - boxes[..., 0]) * (boxes[..., 3] - boxes[..., 1])


def pairwise_iou(a, b):
    """`iou` of boxes (..., n, 4) and (..., m, 4), unchecked. Shape (..., n, m); 0 where both boxes are empty."""
    top_left = torch.maximum(a[..., :, None, :2], b[..., None, :, :2])  # (..., n, m, 2)
    bottom_right = torch.minimum(a[..., :, None, 2:], b[..., None, :, 2:])
    shared = (bottom_right - top_left).clamp(min=0).prod(dim=-1)
    union = _area(a)[..., :, None] + _area(b)[..., None, :] - shared
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
    return torch.stack(
        [x1.clamp(0, width), y1.clamp(0, height), x2.clamp(0, width), y2.clamp(0, height)], dim=-1
    )


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
    halves = [
        like.new_full((1,), a * r / 2) for a in sizes for root in ratios for r in (root**-0.5, root**0.5)
    ]
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
    """The boxes, refused unless their shape is right and, on the CPU, each is one."""
    if boxes.ndim < 1 or boxes.shape[-1] != 4:
        raise ValueError(
            f"{operation}: expected boxes of shape (..., 4), got {tuple(boxes.shape)}; x1, y1, x2, y2"
        )
    if not boxes.is_floating_point():
        boxes = boxes.double()
    if on_cpu(boxes):
        if not boxes.isfinite().all():
            raise ValueError(
                f"{operation}: expected finite boxes, got NaN or infinity; did training diverge?"
            )
        wrong = (boxes[..., 2:] < boxes[..., :2]).any(dim=-1)
        if wrong.any():
            raise ValueError(
                f"{operation}: expected x1 <= x2 and y1 <= y2, got {boxes[wrong][0].tolist()}; is it x, y, width, "
                "height?"
            )
    return boxes
