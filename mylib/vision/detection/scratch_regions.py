"""What happens to regions in NumPy: RoI pooling, and which object each region shall find.

Notation as in `scratch_boxes`; K regions of a batch of maps are rows (batch index, x1, y1, x2, y2) in image pixels.
"""

import numpy as np

from mylib import engine
from mylib.engine.tensor import float_tensor
from mylib.vision.detection import contract
from mylib.vision.detection.scratch_boxes import check_boxes, encode_boxes, iou


def roi_pool(features, boxes, output_size, spatial_scale):
    r"""RoI max pooling: whatever the size of a box, the maximum of each of h x w bins of the map under it.

    A box is rounded to whole cells, r = floor(x s + 1/2) with scale s, at least one cell; of its L cells along an axis,
    bin i of P has those from floor(i L / P) up to ceil((i + 1) L / P). The search visits the cells of all bins of all
    boxes at once: the first cell of each, then the second. The gradient goes to the maximum; of several, to the first
    in row-major order.

    Args:    features: maps. Shape (batch, channels, height, width).
             boxes: batch index, x1, y1, x2, y2 in image pixels. Shape (k, 5).
             output_size: h = w, or (h, w).
             spatial_scale: s, cells per pixel: 1 / stride.
    Returns: Tensor. Shape (k, channels, h, w).
    Raises:  ValueError: shapes that do not fit, an output size or scale not above 0, or boxes that are not finite,
                 have x2 < x1 or y2 < y1, or name an image that is not there.
    Source:  Girshick (2015), "Fast R-CNN", section 2.1; slide "ROI pooling". Differs: the end of a box is exclusive,
             as coordinates are continuous, and a box is cut to the map before it is divided, so that no bin is empty.

    Example:
        >>> features = np.arange(16.0).reshape(1, 1, 4, 4)
        >>> roi_pool(features, [[0, 0, 0, 4, 4]], output_size=2, spatial_scale=1.0).numpy()[0, 0].tolist()
        [[5.0, 7.0], [13.0, 15.0]]
    """
    x, boxes, size = check_rois("roi_pool", features, boxes, output_size, spatial_scale)
    channels, height, width = x.shape[1:]
    top, bottom = _bins(boxes[:, 2], boxes[:, 4], size[0], spatial_scale, height)  # (k, h) each
    left, right = _bins(boxes[:, 1], boxes[:, 3], size[1], spatial_scale, width)
    image = boxes[:, 0].astype(int)[:, None, None] * height
    # Channels last, one cell a row; contiguous, since a batch of one would stay a view that reads slowly.
    cells = np.ascontiguousarray(x._data.transpose(0, 2, 3, 1)).reshape(-1, channels)
    first = (image + top[:, :, None]) * width + left[:, None, :]  # (k, h, w)
    best = cells.take(first, axis=0)  # (k, h, w, channels)
    place = np.broadcast_to(first[..., None], best.shape).copy() if x.requires_grad else None
    for u in range(np.max(bottom - top, initial=0)):
        for v in range(np.max(right - left, initial=0)):
            inside = (top + u < bottom)[:, :, None] & (left + v < right)[:, None, :]
            index = np.where(inside, first + u * width + v, first)  # beyond its end, a bin meets its first cell again
            found = cells.take(index, axis=0)
            if place is not None:  # not >=: the first maximum stays
                np.copyto(place, index[..., None], where=found > best)
            np.maximum(best, found, out=best)
    pooled = best.transpose(0, 3, 1, 2)
    return engine.record(pooled, roi_pool_backward, (place, x.shape), x._node)


def roi_pool_backward(gradient, needs, place, shape):
    """dL/dx = g, added up at the cells that were the maxima, else 0."""
    batch, channels, height, width = shape
    which = place * channels + np.arange(channels)
    weights = gradient.transpose(0, 2, 3, 1)
    to_x = np.bincount(which.ravel(), weights.ravel(), minlength=batch * height * width * channels)
    to_x = to_x.astype(gradient.dtype).reshape(batch, height, width, channels)
    return (to_x.transpose(0, 3, 1, 2),)


def roi_pool_loops(features, boxes, output_size, spatial_scale):
    r"""`roi_pool` as one would first write it down: what the fast one is tested against. No gradient.

    Args:    features, boxes, output_size, spatial_scale: as in `roi_pool`.
    Returns: array. Shape (k, channels, h, w).
    Raises:  ValueError: as `roi_pool`.
    Source:  Girshick (2015), "Fast R-CNN", section 2.1. Differs: as `roi_pool`.

    Example:
        >>> roi_pool_loops(np.arange(16.0).reshape(1, 1, 4, 4), [[0, 0, 0, 4, 4]], 2, 1.0)[0, 0].tolist()
        [[5.0, 7.0], [13.0, 15.0]]
    """
    x, boxes, (h, w) = check_rois("roi_pool", features, boxes, output_size, spatial_scale)
    x = x.numpy()
    pooled = np.zeros((len(boxes), x.shape[1], h, w), x.dtype)
    for k, (image, *corners) in enumerate(boxes):
        x1, y1, x2, y2 = (int(np.floor(value * spatial_scale + 0.5)) for value in corners)
        x1, y1 = min(max(x1, 0), x.shape[3] - 1), min(max(y1, 0), x.shape[2] - 1)
        x2, y2 = max(min(x2, x.shape[3]), x1 + 1), max(min(y2, x.shape[2]), y1 + 1)
        for i in range(h):
            for j in range(w):
                rows = slice(y1 + i * (y2 - y1) // h, y1 - (-(i + 1) * (y2 - y1) // h))
                columns = slice(x1 + j * (x2 - x1) // w, x1 - (-(j + 1) * (x2 - x1) // w))
                pooled[k, :, i, j] = x[int(image), :, rows, columns].max(axis=(1, 2))
    return pooled


def assign_targets(boxes, truth, labels, foreground=0.5, background=0.5, force=False):
    r"""Which object each anchor or proposal shall find, if any: the one that it overlaps most.

    Args:    boxes: anchors or proposals. Shape (..., n, 4).
             truth: boxes of the objects. Shape (..., m, 4).
             labels: classes from 0; -1 marks padding, which no box is assigned to. Shape (..., m).
             foreground: least IoU with an object to be assigned to it.
             background: IoU with every object below this makes a box background; between the two it is ignored.
             force: also assign to each object the boxes that overlap it most, however little.
    Returns: assigned: 0 background, 1 + label, or -1 ignored. int64, shape (..., n).
             deltas: `encode_boxes` of the assigned object; 0 where there is none. Shape (..., n, 4).
    Raises:  ValueError: shapes that do not fit, background above foreground, or bad boxes.
    Source:  Ren et al. (2015), section 3.1.2. Differs: none.

    Example:
        >>> assigned, _ = assign_targets([[0, 0, 10, 10], [0, 0, 10, 30]], [[0, 0, 10, 10]], [7], background=0.3)
        >>> assigned.tolist()
        [8, -1]
    """
    contract.check_targets(np.shape(boxes), np.shape(truth), np.shape(labels), foreground, background)
    boxes, truth = (check_boxes("assign_targets", values) for values in (boxes, truth))
    labels = np.asarray(labels, int)
    shared, boxes = boxes, np.broadcast_to(boxes, (*truth.shape[:-2], *boxes.shape[-2:]))
    if not truth.shape[-2]:
        return np.zeros(boxes.shape[:-1], int), np.zeros_like(boxes)
    # (..., n, m), in memory object by object: the long axis last is the fast one.
    overlap = np.where((labels >= 0)[..., None], iou(truth, shared), -1).swapaxes(-1, -2)
    best, which = overlap.max(axis=-1), overlap.argmax(axis=-1)
    positive = best >= foreground
    if force:
        top = overlap.max(axis=-2, keepdims=True)
        mine = (overlap == top) & (top > 0)
        forced = mine.any(axis=-1)
        # An object's best box is this object's, even where it overlaps another one more.
        which = np.where(forced & ~positive, np.where(mine, overlap, -1).argmax(axis=-1), which)
        positive |= forced
    assigned = np.where(positive, 1 + np.take_along_axis(labels, which, -1), np.where(best < background, 0, -1))
    matched = np.take_along_axis(truth, which[..., None], -2).astype(boxes.dtype)
    deltas = np.zeros_like(boxes)
    deltas[positive] = encode_boxes(matched[positive], boxes[positive])
    return assigned, deltas


def _bins(low, high, count, spatial_scale, length):
    """First and one-past-last cell of `count` bins along one axis, for every box. Integers, shapes (k, count)."""
    first = np.floor(low * spatial_scale + 0.5).astype(int).clip(0, length - 1)[:, None]
    cells = (np.floor(high * spatial_scale + 0.5).astype(int).clip(None, length)[:, None] - first).clip(1)
    steps = np.arange(count)
    return first + steps * cells // count, first - (-(steps + 1) * cells // count)


def check_rois(operation, features, boxes, output_size, spatial_scale):
    """Features as a Tensor, boxes as an array and the output size as a pair, refused unless they fit."""
    features, boxes = float_tensor(features, operation), np.asarray(boxes, float)
    boxes = boxes.reshape(-1, 5) if boxes.size == 0 else boxes
    size = contract.check_rois(operation, features.shape, boxes.shape, output_size, spatial_scale)
    good = np.isfinite(boxes).all(axis=1) & (boxes[:, 3:] >= boxes[:, 1:3]).all(axis=1)
    good &= (boxes[:, 0] >= 0) & (boxes[:, 0] < len(features)) & (boxes[:, 0] == np.floor(boxes[:, 0]))
    contract.check_roi_values(operation, len(features), boxes[~good].tolist())
    return features, boxes, size
