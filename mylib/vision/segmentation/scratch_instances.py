"""A mask for every object, in NumPy: RoIAlign, the mask head and Mask R-CNN.

Notation: regions and boxes as in the detection topic; the masks of an image have shape (m, height, width).
"""

import numpy as np

from mylib import engine
from mylib.engine import nn, relu
from mylib.vision.detection.scratch import STRIDE, FasterRCNN, detections_of, region_rows
from mylib.vision.detection.scratch_boxes import iou
from mylib.vision.detection.scratch_regions import check_rois
from mylib.vision.segmentation import contract
from mylib.vision.segmentation.contract import HALF


def roi_align(features, boxes, output_size, spatial_scale, sampling_ratio=2):
    r"""Pool regions without rounding: the mean of bilinearly interpolated values at regular points of each bin.

    Cell i of the map has its middle at i + 1/2, so the point p of the image lies at p s - 1/2 in cells. A value between
    cells is v(t) = sum_l x_l max(0, 1 - |t - l|) along each axis. Everything is linear: for each region, two matrices,
    one for rows and one for columns, of which each row adds up to 1.

    Args:    features: x. Shape (batch, channels, height, width).
             boxes: batch index, x1, y1, x2, y2 in image pixels. Shape (k, 5).
             output_size: h = w, or (h, w).
             spatial_scale: s, cells per pixel: 1 / stride.
             sampling_ratio: points in each bin along each axis; 0 takes as many as a bin has cells, rounded up.
    Returns: Tensor. Shape (k, channels, h, w).
    Raises:  ValueError: as `roi_pool`, or a sampling ratio below 0.
    Source:  He et al. (2017), "Mask R-CNN", section 3; slide "Mask R-CNN: ROI Align". Differs: none; points more than
             a cell outside the map count as 0, as in the authors' code; with sampling_ratio 0 a region without extent
             has no points, and gives 0, as in torchvision.

    Example:
        >>> ramp = np.arange(4.0).reshape(1, 1, 1, 4) + np.zeros((1, 1, 4, 1))
        >>> roi_align(ramp, [[0, 1, 0, 3, 4]], output_size=1, spatial_scale=1.0).numpy().item()
        1.5
    """
    x, boxes, (h, w) = check_rois("roi_align", features, boxes, output_size, spatial_scale)
    contract.check_sampling(sampling_ratio)
    channels, height, width = x.shape[1:]
    rows = _weights(boxes[:, 2], boxes[:, 4], h, spatial_scale, height, sampling_ratio).astype(x.dtype)
    columns = _weights(boxes[:, 1], boxes[:, 3], w, spatial_scale, width, sampling_ratio).astype(x.dtype)
    image = boxes[:, 0].astype(int)
    maps = x._data.transpose(0, 2, 3, 1)  # channels last
    y = np.empty((len(boxes), h, w, channels), x.dtype)
    for n in np.unique(image):  # all regions of one image in two matrix products
        mine = image == n
        along_rows = rows[mine].reshape(-1, height) @ maps[n].reshape(height, width * channels)
        y[mine] = columns[mine][:, None] @ along_rows.reshape(-1, h, width, channels)
    return engine.record(y.transpose(0, 3, 1, 2), roi_align_backward, (image, rows, columns, x.shape), x._node)


def roi_align_backward(gradient, needs, image, rows, columns, shape):
    """dL/dx = the same two products with the matrices transposed, added up over the regions of each image."""
    channels, height, width = shape[1:]
    to_x = np.zeros((shape[0], height, width, channels), gradient.dtype)
    g = gradient.transpose(0, 2, 3, 1)  # (k, h, w, channels)
    for n in np.unique(image):
        mine = image == n
        along_rows = columns[mine].swapaxes(1, 2)[:, None] @ g[mine]  # (regions, h, width, channels)
        flat = along_rows.reshape(-1, width * channels)
        to_x[n] = (rows[mine].reshape(-1, height).T @ flat).reshape(height, width, channels)
    return (to_x.transpose(0, 3, 1, 2),)


def roi_align_loops(features, boxes, output_size, spatial_scale, sampling_ratio=2):
    r"""`roi_align` as one would first write it down: what the fast one is tested against. No gradient.

    Args:    features, boxes, output_size, spatial_scale, sampling_ratio: as in `roi_align`.
    Returns: array. Shape (k, channels, h, w).
    Raises:  ValueError: as `roi_align`.
    Source:  He et al. (2017). Differs: as `roi_align`.

    Example:
        >>> ramp = np.arange(4.0).reshape(1, 1, 1, 4) + np.zeros((1, 1, 4, 1))
        >>> roi_align_loops(ramp, [[0, 1, 0, 3, 4]], 1, 1.0).item()
        1.5
    """
    x, boxes, (h, w) = check_rois("roi_align", features, boxes, output_size, spatial_scale)
    contract.check_sampling(sampling_ratio)
    x = x.numpy()
    pooled = np.zeros((len(boxes), x.shape[1], h, w), x.dtype)
    for k, (image, *corners) in enumerate(boxes):
        x1, y1, x2, y2 = (value * spatial_scale - 0.5 for value in corners)
        down, right = (sampling_ratio or int(np.ceil(size)) for size in ((y2 - y1) / h, (x2 - x1) / w))
        for i in range(h):
            for j in range(w):
                for u in range(down):
                    for v in range(right):
                        row = y1 + (i + (u + 0.5) / down) * (y2 - y1) / h
                        column = x1 + (j + (v + 0.5) / right) * (x2 - x1) / w
                        pooled[k, :, i, j] += _between_cells(x[int(image)], row, column) / (down * right)
    return pooled


def mask_iou(a, b):
    r"""Intersection over union of every mask of a with every mask of b, counted in pixels.

    Args:    a: booleans. Shape (n, height, width).
             b: booleans. Shape (m, height, width).
    Returns: array in [0, 1]. Shape (n, m); 0 where both masks are empty.
    Raises:  ValueError: shapes that do not fit.
    Source:  Lin et al. (2014), "Microsoft COCO". Differs: none.

    Example:
        >>> mask_iou([[[True, True, False]]], [[[False, True, True]]]).tolist()
        [[0.3333333333333333]]
    """
    a, b = np.asarray(a, bool), np.asarray(b, bool)
    contract.check_pairs(a.shape, b.shape)
    area = a.shape[1] * a.shape[2]
    a, b = (masks.reshape(len(masks), area).astype(float) for masks in (a, b))
    both = a @ b.T
    either = a.sum(axis=1)[:, None] + b.sum(axis=1) - both
    return np.divide(both, either, out=np.zeros_like(both), where=either > 0)


class MaskHead(nn.Module):
    r"""The two layers that Mask R-CNN adds: a transposed convolution that doubles the size, and scores of each pixel.

    Args:    channels: of the pooled features.
             classes: one mask for each; only that of the object's class is used.
    Raises:  ValueError: a number below 1.
    Source:  He et al. (2017), figure 4, left; slide "Mask R-CNN: Faster R-CNN + 2 layers". Differs: as many channels
             between the layers as come in.

    Example:
        >>> MaskHead(channels=4, classes=3)(np.zeros((2, 4, 7, 7), np.float32)).shape
        (2, 3, 14, 14)
    """

    def __init__(self, channels, classes):
        super().__init__()
        contract.check_head(channels, classes)
        self.enlarge = nn.ConvTranspose2d(channels, channels, 2, stride=2)
        self.score = nn.Conv2d(channels, classes, 1)

    def forward(self, pooled):
        """Shapes (k, channels, h, w) to logits (k, classes, 2 h, 2 w)."""
        return self.score(relu(self.enlarge(pooled)))


class MaskRCNN(FasterRCNN):
    r"""Faster R-CNN with a mask head: boxes, classes, and which pixels of each box belong to the object.

    Args:    classes: without background; width: of the backbone.
             sizes, ratios, count: of the `RegionProposalNetwork`.
             align: pool by `roi_align`; False pools by `roi_pool`, which is what the paper compares with.
    Raises:  ValueError: as `FasterRCNN`.
    Source:  He et al. (2017); slides "Mask R-CNN". Differs: masks are learned on eight regions of each image, objects
             first, and on maps pooled to 8 x 8, where the paper takes a quarter of the regions and 14 x 14.
    """

    pooled_mask, learned_from = 8, 8

    def __init__(self, classes=10, width=16, sizes=(12, 18, 24), ratios=(1.0, 2.0), count=32, align=True):
        super().__init__(classes, width, sizes, ratios, count)
        self.align = align
        self.mask = MaskHead(self.backbone.channels, classes)

    # The same text on both sides: it calls functions that have their own mathematics.
    def extract(self, features, rois, size):
        """Features of fixed size for each region of the maps. Shape (k, channels, size, size)."""
        if self.align:
            return roi_align(features, rois, size, 1 / STRIDE)
        return super().extract(features, rois, size)

    def loss(self, images, truth, labels, masks):
        """The four losses of Faster R-CNN, plus the cross-entropy of the mask's pixels, for the true class only.

        Args:    images: Shape (batch, 3, height, width).
                 truth, labels: of the objects; label -1 is padding. Shapes (batch, m, 4) and (batch, m).
                 masks: of the objects. Booleans, shape (batch, m, height, width).
        Returns: a number.
        Raises:  ValueError: not one mask of the images' size for each object, or bad boxes.
        """
        contract.check_masks(np.shape(images), np.shape(labels), np.shape(masks))
        total, features, boxes, assigned = self._joint_loss(images, truth, labels)
        if not masks.shape[1]:
            return total  # no object, not even padding: there is no mask to learn
        order = np.argsort(assigned <= 0, axis=1, kind="stable")[:, : self.learned_from]  # objects first
        assigned = np.take_along_axis(assigned, order, 1)
        boxes = np.take_along_axis(boxes, order[..., None], 1)
        overlap = np.where((labels >= 0)[:, None], iou(boxes, np.asarray(truth, boxes.dtype)), -1)
        targets = crop_masks(masks, boxes, overlap.argmax(axis=2), 2 * self.pooled_mask)
        logits = self.mask(self.extract(features, region_rows(boxes), self.pooled_mask))
        objects, classes = (assigned > 0).ravel(), np.maximum(assigned - 1, 0).ravel()
        chosen = logits[np.arange(len(classes)), classes]  # (k, size, size): the mask of the true class
        losses = engine.binary_cross_entropy_with_logits(chosen, targets.astype(logits.dtype), reduction="none")
        weights = (objects / max(objects.sum(), 1)).astype(logits.dtype)
        return total + (losses.mean(axis=(1, 2)) * weights).sum()

    # The same text on both sides: it calls functions that have their own mathematics.
    @engine.no_grad()
    def detect(self, images, least_score=0.05, threshold=0.3):
        """What the pictures show, by falling score, after suppression within each class.

        Args:    images: Shape (batch, 3, height, width).
                 least_score: detections below are dropped; threshold: of the suppression.
        Returns: for each image boxes (k, 4), scores (k,), labels (k,) and masks, booleans, (k, height, width).
        """
        features = self.backbone(images)
        proposals, valid = self.rpn.propose(*self.rpn(features), *images.shape[2:])
        outputs = self.classify(features, proposals)
        found = detections_of(outputs, proposals, images, valid, least_score, threshold)
        return [
            (boxes, scores, labels, self.masks_of(features[i : i + 1], boxes, labels, *images.shape[2:]))
            for i, (boxes, scores, labels) in enumerate(found)
        ]

    def masks_of(self, features, boxes, labels, height, width):
        """Masks of given boxes and classes on the map of one image. Booleans, shape (k, height, width)."""
        if not len(boxes):
            return np.zeros((0, height, width), bool)
        logits = self.mask(self.extract(features, region_rows(boxes[None]), self.pooled_mask)).numpy()
        return paste(logits[np.arange(len(labels)), labels], boxes, height, width)


def crop_masks(masks, boxes, which, size):
    """The part of a mask in each box, scaled. Shapes (batch, m, ...), (batch, n, 4) to (batch * n, size, size)."""
    batch, m, height, width = masks.shape
    rows = region_rows(boxes)
    rows[:, 0] = rows[:, 0] * m + which.ravel()
    flat = np.asarray(masks, boxes.dtype).reshape(batch * m, 1, height, width)
    return roi_align(flat, rows, size, 1.0).numpy()[:, 0] >= HALF


def paste(logits, boxes, height, width):
    """Masks of the size of the image: logits (k, size, size), stretched over their boxes, above 0 inside."""
    size = logits.shape[-1]
    sides = []
    for axis, length in ((1, height), (0, width)):
        low, high = boxes[:, axis, None], boxes[:, axis + 2, None]
        place = (np.arange(length) + 0.5 - low) / np.maximum(high - low, 1e-6)  # 0 to 1 inside the box
        inside = (place >= 0) & (place <= 1)
        cell = (place * size - 0.5).clip(0, size - 1)[..., None]
        sides.append(np.maximum(1 - np.abs(cell - np.arange(size)), 0) * inside[..., None])  # (k, length, size)
    return sides[0] @ logits @ sides[1].swapaxes(1, 2) > 0


def _weights(low, high, count, spatial_scale, length, sampling_ratio):
    """The matrix of each region along one axis: what each cell gives to each bin. Shape (k, count, length)."""
    low, size = (low * spatial_scale - 0.5)[:, None, None], ((high - low) * spatial_scale)[:, None, None]
    wanted = np.full(size.shape, sampling_ratio) if sampling_ratio else np.ceil(size / count)  # 0 without extent
    points = np.maximum(wanted, 1)
    bins, before, most = np.arange(count)[:, None], 0, sampling_ratio
    if not sampling_ratio:
        # Of the points of a large region only those from -1 to length give anything: those before are skipped, and two
        # points of a bin are more than half a cell apart. Regions with fewer points than others leave some out.
        spacing = np.where(points > 1, size / count / points, np.inf)
        before = np.floor((-1 - low - bins * size / count) / spacing - 1).clip(0)  # (k, count, 1)
        most = min(int(points.max(initial=0)), 2 * length + 5)
    step = before + np.arange(most)
    place = low + (bins + (step + 0.5) / points) * size / count  # (k, count, points)
    used = (step < wanted) & (place >= -1) & (place <= length)
    place, share = place.clip(0, length - 1), used / points
    cell, region, matrix = place.astype(int), np.arange(len(low))[:, None], np.zeros((len(low), count, length))
    # A point gives to the cells on both sides of it, and to no other; of one point no bin is named twice.
    for point, side in np.ndindex(most, 2):
        near = cell[..., point] + side
        given = np.maximum(1 - np.abs(place[..., point] - near), 0) * share[..., point]
        matrix[region, bins[:, 0], np.minimum(near, length - 1)] += given  # beyond the last cell that is 0
    return matrix


def _between_cells(maps, row, column):
    """Bilinear interpolation of (channels, height, width) at one point."""
    height, width = maps.shape[1:]
    if not (-1 <= row <= height and -1 <= column <= width):
        return 0.0
    row, column = min(max(row, 0), height - 1), min(max(column, 0), width - 1)
    top, left = int(row), int(column)
    bottom, right = min(top + 1, height - 1), min(left + 1, width - 1)
    upper = maps[:, top, left] * (left + 1 - column) + maps[:, top, right] * (column - left)
    lower = maps[:, bottom, left] * (left + 1 - column) + maps[:, bottom, right] * (column - left)
    return upper * (top + 1 - row) + lower * (row - top)
