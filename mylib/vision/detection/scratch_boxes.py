"""Boxes in NumPy: overlap, coding, suppression of near-duplicates, and anchors.

Notation: a box is x1, y1, x2, y2 in continuous pixel coordinates, where pixel i covers [i, i + 1]; its centre is
(x, y), its width w and its height h. Functions take any leading axes: boxes have shape (..., n, 4). They compute and
answer in float32 or float64: float16 has no room for the area of a box of 400 pixels.
"""

import numpy as np

from mylib.vision.detection import contract
from mylib.vision.detection.contract import LARGEST_LOG_RATIO


def box_area(boxes):
    r"""(x2 - x1) (y2 - y1).

    Args:    boxes: Shape (..., 4).
    Returns: array of areas in square pixels. Shape (...).
    Raises:  ValueError: the last axis is not 4, a number is not finite, or x2 < x1 or y2 < y1.
    Source:  elementary. Differs: none; a box of width or height 0 is a box of area 0.

    Example:
        >>> box_area([[0, 0, 2, 3], [1, 1, 1, 5]]).tolist()
        [6.0, 0.0]
    """
    boxes = check_boxes("box_area", boxes)
    return (boxes[..., 2] - boxes[..., 0]) * (boxes[..., 3] - boxes[..., 1])


def iou(a, b):
    r"""Intersection over union of every box of a with every box of b: |A and B| / |A or B|.

    Args:    a: Shape (..., n, 4).
             b: Shape (..., m, 4).
    Returns: array in [0, 1]. Shape (..., n, m); 0 where both boxes are empty.
    Raises:  ValueError: as `box_area`.
    Source:  Everingham et al. (2010), "The Pascal visual object classes challenge". Differs: pixel coordinates are
             continuous, so that no 1 is added to widths.

    Example:
        >>> iou([[0, 0, 2, 2]], [[1, 0, 3, 2], [5, 5, 6, 6]])
        array([[0.33333333, 0.        ]])
    """
    a, b = check_boxes("iou", a), check_boxes("iou", b)
    a, b = (
        np.moveaxis(a, -1, 0)[..., :, None],
        np.moveaxis(b, -1, 0)[..., None, :],
    )  # (4, ..., n, 1), (4, ..., 1, m)
    sides = [np.minimum(a[i + 2], b[i + 2]) - np.maximum(a[i], b[i]) for i in (0, 1)]
    shared = np.maximum(sides[0], 0) * np.maximum(sides[1], 0)
    union = (a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1]) - shared
    return np.divide(shared, union, out=np.zeros_like(shared), where=union > 0)


def encode_boxes(boxes, references):
    r"""t = ((x - x_r) / w_r, (y - y_r) / h_r, ln(w / w_r), ln(h / h_r)): a box as seen from a reference box r.

    Args:    boxes: what to encode, of width and height above 0. Shape (..., 4).
             references: anchors or proposals, of width and height above 0. Shape (..., 4).
    Returns: array t. Shape (..., 4).
    Raises:  ValueError: as `box_area`, or a box without width or height.
    Source:  Girshick et al. (2014), appendix C. Differs: none.

    Example:
        >>> encode_boxes([10, 10, 30, 20], [10, 5, 20, 15]).round(3).tolist()
        [0.5, 0.5, 0.693, 0.0]
    """
    boxes, references = check_boxes("encode_boxes", boxes), check_boxes("encode_boxes", references)
    for name, values in (("boxes", boxes), ("references", references)):
        contract.check_boxes_have_area(name, (values[..., 2:] > values[..., :2]).all())
    centre, size = _centre_and_size(boxes)
    centre_r, size_r = _centre_and_size(references)
    return np.concatenate([(centre - centre_r) / size_r, np.log(size / size_r)], axis=-1)


def decode_boxes(deltas, references):
    r"""The box that t describes: x = x_r + t_x w_r, w = w_r e^{t_w}, and so for y and h. Undoes `encode_boxes`.

    Args:    deltas: t. Shape (..., 4).
             references: anchors or proposals. Shape (..., 4).
    Returns: array of boxes. Shape (..., 4).
    Raises:  ValueError: as `box_area`, or deltas that are not finite.
    Source:  Girshick et al. (2014), appendix C. Differs: e^t is held below 62.5, as in later implementations.

    Example:
        >>> decode_boxes([0.5, 0.5, 0.0, 0.0], [10, 5, 20, 15]).tolist()
        [15.0, 10.0, 25.0, 20.0]
    """
    deltas, references = np.asarray(deltas), check_boxes("decode_boxes", references)
    contract.check_deltas(np.isfinite(deltas).all())
    deltas = deltas.astype(np.promote_types(deltas.dtype, np.float32), copy=False)
    centre, size = _centre_and_size(references)
    middle = centre + deltas[..., :2] * size
    half = size * np.exp(np.minimum(deltas[..., 2:], LARGEST_LOG_RATIO)) / 2
    return np.concatenate([middle - half, middle + half], axis=-1)


def clip_boxes(boxes, height, width):
    r"""Cut boxes off at the border of the image.

    Args:    boxes: Shape (..., 4).
             height, width: of the image, pixels.
    Returns: array. Shape (..., 4); a box that lies outside has area 0 afterwards.
    Raises:  ValueError: as `box_area`.
    Source:  Ren et al. (2015). Differs: none.

    Example:
        >>> clip_boxes([-3, 2, 12, 20], height=10, width=10).tolist()
        [0.0, 2.0, 10.0, 10.0]
    """
    boxes = check_boxes("clip_boxes", boxes)
    # Only the values: a float64 limit must not promote float32 boxes.
    limits = np.array([width, height, width, height], boxes.dtype)
    return np.clip(boxes, 0, limits)


def nms(boxes, scores, threshold):
    r"""Non-maximum suppression: go through the boxes by falling score, and drop what overlaps a kept one too much.

    With boxes in that order and O_ji true where j < i and IoU(j, i) > threshold, the kept set is the one solution of
    keep_i = no j with keep_j and O_ji. Iterating the right-hand side from "keep all" settles box i once all before it
    are settled; real sets need a few rounds.

    Args:    boxes: Shape (n, 4).
             scores: Shape (n,).
             threshold: largest IoU with a better box, between 0 and 1.
    Returns: indices of the kept boxes, by falling score; of equal scores, the lower index first. Shape (kept,).
    Raises:  ValueError: as `box_area`, not one finite score for each box, or a threshold outside [0, 1].
    Source:  Girshick et al. (2014). Differs: none.

    Example:
        >>> nms([[0, 0, 10, 10], [1, 1, 10, 10], [20, 20, 30, 30]], [0.8, 0.9, 0.3], threshold=0.5).tolist()
        [1, 2]
    """
    boxes, scores = _check_nms(boxes, scores, threshold)
    order = np.argsort(-scores, kind="stable")
    return order[kept(boxes[order], threshold)]


def kept(boxes, threshold):
    """Which boxes survive, the boxes standing by falling score already. Shapes (..., n, 4) to (..., n)."""
    over = np.triu(iou(boxes, boxes) > threshold, k=1)  # over[..., j, i]: the better j covers i
    keep = np.ones(boxes.shape[:-1], bool)
    for _ in range(boxes.shape[-2]):
        again = ~(over & keep[..., None]).any(axis=-2)
        if (again == keep).all():
            break
        keep = again
    return keep


def nms_loops(boxes, scores, threshold):
    r"""`nms` as one would first write it down: what the fast one is tested against.

    Args:    boxes, scores, threshold: as in `nms`.
    Returns: indices of the kept boxes, by falling score. Shape (kept,).
    Raises:  ValueError: as `nms`.
    Source:  Girshick et al. (2014). Differs: none.

    Example:
        >>> nms_loops([[0, 0, 10, 10], [1, 1, 10, 10], [20, 20, 30, 30]], [0.8, 0.9, 0.3], 0.5).tolist()
        [1, 2]
    """
    boxes, scores = _check_nms(boxes, scores, threshold)
    survivors = []
    for i in sorted(range(len(boxes)), key=lambda i: -scores[i]):
        if all(iou(boxes[i : i + 1], boxes[j : j + 1])[0, 0] <= threshold for j in survivors):
            survivors.append(i)
    return np.array(survivors, dtype=int)


def anchors(height, width, stride, sizes, ratios=(1.0,)):
    r"""One box for every size and shape around the centre of every cell of a feature map.

    An anchor of size a and ratio r has h = a sqrt(r) and w = a / sqrt(r): area a^2, and h / w = r.

    Args:    height, width: of the feature map, cells.
             stride: side of a cell in the image, pixels.
             sizes: a, pixels; ratios: r.
    Returns: array. Shape (height * width * len(sizes) * len(ratios), 4): rows, then columns, then sizes, then ratios.
    Raises:  ValueError: a number that is not above 0.
    Source:  Ren et al. (2015), section 3.1.1. Differs: nothing is rounded. The authors' code rounds the sides of an
             anchor of 16 pixels before it enlarges it, and counts whole pixels, so that the centre is that of the cell
             less half a pixel; torchvision rounds the corners, and takes the cell's upper left corner for the centre.

    Example:
        >>> anchors(1, 2, stride=8, sizes=[4], ratios=[1]).tolist()
        [[2.0, 2.0, 6.0, 6.0], [10.0, 2.0, 14.0, 6.0]]
    """
    contract.check_anchors(height, width, stride, sizes, ratios)
    sizes, roots = np.asarray(sizes, float)[:, None], np.sqrt(np.asarray(ratios, float))
    half = np.stack([sizes / roots, sizes * roots], axis=-1).reshape(-1, 2) / 2  # (sizes * ratios, 2): w, h
    rows, columns = np.meshgrid(np.arange(height), np.arange(width), indexing="ij")
    centre = (np.stack([columns, rows], axis=-1).reshape(-1, 1, 2) + 0.5) * stride  # (cells, 1, 2)
    return np.concatenate([centre - half, centre + half], axis=-1).reshape(-1, 4)


def check_boxes(operation, boxes):
    """The boxes in floating point of at least 32 bits, refused unless each is one."""
    boxes = np.asarray(boxes)
    contract.check_boxes(operation, boxes.shape)
    boxes = boxes.astype(np.promote_types(boxes.dtype, np.float32) if boxes.dtype.kind == "f" else float, copy=False)
    crossed = boxes[(boxes[..., 2:] < boxes[..., :2]).any(axis=-1)].reshape(-1, 4)
    contract.check_box_values(operation, np.isfinite(boxes).all(), crossed.tolist())
    return boxes


def _centre_and_size(boxes):
    return (boxes[..., :2] + boxes[..., 2:]) / 2, boxes[..., 2:] - boxes[..., :2]


def _check_nms(boxes, scores, threshold):
    boxes, scores = check_boxes("nms", boxes), np.asarray(scores)
    contract.check_nms(boxes.shape, scores.shape, threshold)
    contract.check_scores(np.isfinite(scores).all())
    return boxes, scores
