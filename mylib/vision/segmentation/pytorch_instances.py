"""A mask for every object, in PyTorch: RoIAlign, the mask head and Mask R-CNN.

Notation as in `scratch_instances`. A training step looks at no values: eight regions of each image learn a mask, and
those that are no objects have weight 0.
"""

import torch
import torch.nn.functional as F
from torch import nn

from mylib.vision.detection.pytorch import STRIDE, FasterRCNN, detections_of, region_rows
from mylib.vision.detection.pytorch_boxes import on_cpu, pairwise_iou
from mylib.vision.detection.pytorch_regions import check_rois

HALF = 0.4999  # half a pixel covered, with room for rounding: where coordinates are whole, ties are common


def roi_align(features, boxes, output_size, spatial_scale, sampling_ratio=2):
    r"""Pool regions without rounding: the mean of bilinearly interpolated values at regular points of each bin.

    Each point reads the four cells around it; the points of all bins of all regions are read at once.

    Args:    features: Shape (batch, channels, height, width).
             boxes: batch index, x1, y1, x2, y2 in image pixels. Shape (k, 5).
             output_size: h = w, or (h, w).
             spatial_scale: cells per pixel: 1 / stride.
             sampling_ratio: points in each bin along each axis; 0 takes as many as a bin has cells, rounded up.
    Returns: Shape (k, channels, h, w).
    Raises:  ValueError: as `roi_pool`, or a sampling ratio below 0.
    Source:  He et al. (2017), "Mask R-CNN", section 3. Differs: as in `scratch`.
    """
    size = check_rois("roi_align", features, boxes, output_size, spatial_scale)
    if sampling_ratio < 0 or sampling_ratio != int(sampling_ratio):
        raise ValueError(
            f"roi_align: expected a sampling_ratio of 0 (as many as a bin has cells) or more, got {sampling_ratio}"
        )
    batch, channels, height, width = features.shape
    corners = boxes[:, 1:] * spatial_scale - 0.5
    rows = _points(corners[:, 1], corners[:, 3], size[0], height, sampling_ratio)
    columns = _points(corners[:, 0], corners[:, 2], size[1], width, sampling_ratio)
    cells = features.permute(0, 2, 3, 1).reshape(-1, channels).contiguous()  # a cell is one row
    image = boxes[:, 0].long()[:, None, None] * height
    y = 0
    for row, row_share in rows:  # the cell above and the cell below
        for column, column_share in columns:  # left and right
            index = (image + row[:, :, None]) * width + column[:, None, :]  # (k, h * points, w * points)
            share = (row_share[:, :, None] * column_share[:, None, :]).to(features.dtype)
            found = cells.index_select(0, index.flatten()).reshape(*index.shape, channels)
            y = y + found * share[..., None]
    points = rows[0][0].shape[1] // size[0], columns[0][0].shape[1] // size[1]  # in each bin
    y = y.reshape(len(boxes), size[0], points[0], size[1], points[1], channels).sum(dim=(2, 4))
    return y.permute(0, 3, 1, 2)


def mask_iou(a, b):
    r"""Intersection over union of every mask of a with every mask of b, counted in pixels.

    Args:    a: booleans. Shape (n, height, width).
             b: booleans. Shape (m, height, width).
    Returns: float64 in [0, 1]. Shape (n, m); 0 where both masks are empty.
    Raises:  ValueError: shapes that do not fit.
    Source:  Lin et al. (2014), "Microsoft COCO". Differs: none.
    """
    if a.ndim != 3 or b.ndim != 3 or a.shape[1:] != b.shape[1:]:
        raise ValueError(
            f"mask_iou: expected masks (n, height, width) and (m, height, width), got {tuple(a.shape)} and "
            f"{tuple(b.shape)}"
        )
    a, b = a.flatten(1).double(), b.flatten(1).double()
    both = a @ b.T
    return both / (a.sum(dim=1)[:, None] + b.sum(dim=1) - both).clamp(min=1)


class MaskHead(nn.Module):
    r"""The two layers that Mask R-CNN adds: a transposed convolution that doubles the size, and scores of each pixel.

    Args:    channels: of the pooled features.
             classes: one mask for each; only that of the object's class is used.
    Raises:  ValueError: a number below 1.
    Source:  He et al. (2017), figure 4, left. Differs: as in `scratch`.
    """

    def __init__(self, channels, classes):
        super().__init__()
        if min(channels, classes) < 1:
            raise ValueError(
                f"MaskHead: expected channels and classes of at least 1, got {channels}, {classes}"
            )
        self.enlarge = nn.ConvTranspose2d(channels, channels, 2, stride=2)
        self.score = nn.Conv2d(channels, classes, 1)

    def forward(self, pooled):
        """Shapes (k, channels, h, w) to logits (k, classes, 2 h, 2 w)."""
        return self.score(torch.relu(self.enlarge(pooled)))


class MaskRCNN(FasterRCNN):
    r"""Faster R-CNN with a mask head: boxes, classes, and which pixels of each box belong to the object.

    Args:    classes: without background; width: of the backbone.
             sizes, ratios, count: of the `RegionProposalNetwork`.
             align: pool by `roi_align`; False pools by `roi_pool`, which is what the paper compares with.
    Raises:  ValueError: as `FasterRCNN`.
    Source:  He et al. (2017). Differs: as in `scratch`.
    """

    pooled_mask, learned_from = 8, 8

    def __init__(self, classes=10, width=16, sizes=(12, 18, 24), ratios=(1.0, 2.0), count=32, align=True):
        super().__init__(classes, width, sizes, ratios, count)
        self.align = align
        self.mask = MaskHead(self.backbone.channels, classes)

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
        check_masks(masks.shape, images.shape, labels.shape)
        total, features, boxes, assigned = self._joint_loss(images, truth, labels)
        if not masks.shape[1]:
            return total  # no object, not even padding: there is no mask to learn
        order = (assigned <= 0).to(torch.int8).sort(dim=1, stable=True).indices[:, : self.learned_from]
        assigned = assigned.gather(1, order)  # objects first
        boxes = boxes.gather(1, order[..., None].expand(-1, -1, 4))
        overlap = torch.where((labels >= 0)[:, None], pairwise_iou(boxes, truth.to(boxes.dtype)), -1)
        targets = crop_masks(masks, boxes, overlap.argmax(dim=2), 2 * self.pooled_mask)
        logits = self.mask(self.extract(features, region_rows(boxes), self.pooled_mask))
        objects, classes = (assigned > 0).flatten(), (assigned - 1).clamp(min=0).flatten()
        chosen = logits.gather(1, classes[:, None, None, None].expand(-1, 1, *logits.shape[2:]))[:, 0]
        losses = F.binary_cross_entropy_with_logits(chosen, targets.to(chosen.dtype), reduction="none")
        return total + (losses.mean(dim=(1, 2)) * objects).sum() / objects.sum().clamp(min=1)

    @torch.no_grad()
    def detect(self, images, least_score=0.05, threshold=0.3):
        """What the pictures show, by falling score, after suppression within each class; waits for the device.

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
            return torch.zeros(0, height, width, dtype=torch.bool, device=boxes.device)
        logits = self.mask(self.extract(features, region_rows(boxes[None]), self.pooled_mask))
        return paste(logits[torch.arange(len(labels), device=labels.device), labels], boxes, height, width)


def check_masks(masks, images, labels):
    """Raise unless each object has one mask, of the size of the images."""
    if tuple(masks) != (*labels, *images[2:]):
        raise ValueError(
            f"MaskRCNN: expected masks (batch, objects, height, width) = {(*labels, *images[2:])}, got {tuple(masks)}"
        )


def crop_masks(masks, boxes, which, size):
    """The part of a mask in each box, scaled. Shapes (batch, m, ...), (batch, n, 4) to (batch * n, size, size)."""
    rows = region_rows(boxes)
    rows = torch.cat([rows[:, :1] * masks.shape[1] + which.flatten()[:, None], rows[:, 1:]], dim=1)
    return roi_align(masks.flatten(0, 1)[:, None].to(boxes.dtype), rows, size, 1.0)[:, 0] >= HALF


def paste(logits, boxes, height, width):
    """Masks of the size of the image: logits (k, size, size), stretched over their boxes, above 0 inside."""
    x1, y1, x2, y2 = boxes.to(logits.dtype)[:, :, None].unbind(1)  # (k, 1) each
    row, column = (torch.arange(n, dtype=logits.dtype, device=logits.device) + 0.5 for n in (height, width))
    y, x = (row - y1) / (y2 - y1).clamp(min=1e-6), (column - x1) / (x2 - x1).clamp(min=1e-6)  # 0 to 1 inside
    grid = torch.stack(
        [(2 * x - 1)[:, None].expand(-1, height, -1), (2 * y - 1)[:, :, None].expand(-1, -1, width)], -1
    )
    stretched = F.grid_sample(logits[:, None], grid, padding_mode="border", align_corners=False)[:, 0]
    inside = ((y >= 0) & (y <= 1))[:, :, None] & ((x >= 0) & (x <= 1))[:, None]
    return (stretched > 0) & inside


def _points(low, high, count, length, sampling_ratio):
    """The two cells around each point along one axis, and each one's share in the mean of its bin, in cells.

    Args:    low, high: of the regions. Shape (k,).
             count: bins; length: cells of the map; sampling_ratio: points in each bin, 0 for as many as it has cells.
    Returns: two pairs (cell, share). Shape (k, count * points) each.
    """
    low, size = low[:, None, None], (high - low)[:, None, None]
    if sampling_ratio:
        most, points = sampling_ratio, torch.full_like(size, sampling_ratio)
    else:  # on a GPU, where looking would make the host wait, by the map's size: larger boxes get no more points
        points = (size / count).ceil().clamp(min=1)
        looking = on_cpu(size)
        most = (int(points.max()) if len(size) else 1) if looking else -(-length // count) + 1
        points = points.clamp(max=most)
    step, bins = torch.arange(most, device=low.device), torch.arange(count, device=low.device)[:, None]
    place = low + (bins + (step + 0.5) / points) * size / count  # (k, count, points)
    share = ((step < points) & (place >= -1) & (place <= length)) / points
    place = place.clamp(0, length - 1)
    first = place.floor().long()
    right = place - first
    cells = first, (first + 1).clamp(max=length - 1)
    return [(c.flatten(1), (share * s).flatten(1)) for c, s in zip(cells, (1 - right, right), strict=True)]
