"""A mask for every object, in PyTorch: RoIAlign, the mask head and Mask R-CNN.

Notation as in `scratch_instances`. A training step looks at no values: eight regions of each image learn a mask, and
those that are no objects have weight 0.
"""

import torch
import torch.nn.functional as F
from torch import nn

from mylib.shared.devices import at_least_float32
from mylib.vision.detection.pytorch import STRIDE, FasterRCNN, detections_of, region_rows
from mylib.vision.detection.pytorch_boxes import pairwise_iou
from mylib.vision.detection.pytorch_regions import check_rois
from mylib.vision.segmentation import contract
from mylib.vision.segmentation.contract import HALF


def roi_align(features, boxes, output_size, spatial_scale, sampling_ratio=2):
    r"""Pool regions without rounding: the mean of bilinearly interpolated values at regular points of each bin.

    The points of a bin read four cells each: a bag of cells with shares, and one fused call adds up all bags. With
    sampling_ratio 0, where no one knows how many points there are without looking at the boxes, two matrix products
    instead, along rows and along columns: only points inside the map give anything, at most two for each cell.
    """
    size = check_rois("roi_align", features, boxes, output_size, spatial_scale)
    contract.check_sampling(sampling_ratio)
    height, width = features.shape[2:]
    corners = at_least_float32(boxes)[:, 1:] * spatial_scale - 0.5
    axes = (corners[:, 1], corners[:, 3], size[0], height), (corners[:, 0], corners[:, 2], size[1], width)
    maps, image = features.permute(0, 2, 3, 1).contiguous(), boxes[:, 0].long()  # channels last
    y = _by_points(maps, image, axes, sampling_ratio) if sampling_ratio else _by_cells(maps, image, axes)
    return y.permute(0, 3, 1, 2)


def mask_iou(a, b):
    """Intersection over union of every mask of a with every mask of b, counted in pixels.

    Returns: float64 in [0, 1]. Shape (n, m); 0 where both masks are empty.
    """
    contract.check_pairs(a.shape, b.shape)
    a, b = a.flatten(1).double(), b.flatten(1).double()
    both = a @ b.T
    return both / (a.sum(dim=1)[:, None] + b.sum(dim=1) - both).clamp(min=1)


class MaskHead(nn.Module):
    """The two layers that Mask R-CNN adds: a transposed convolution that doubles the size, and scores of each pixel."""

    def __init__(self, channels, classes):
        super().__init__()
        contract.check_head(channels, classes)
        self.enlarge = nn.ConvTranspose2d(channels, channels, 2, stride=2)
        self.score = nn.Conv2d(channels, classes, 1)

    def forward(self, pooled):
        """Shapes (k, channels, h, w) to logits (k, classes, 2 h, 2 w)."""
        return self.score(torch.relu(self.enlarge(pooled)))


class MaskRCNN(FasterRCNN):
    """Faster R-CNN with a mask head: boxes, classes, and which pixels of each box belong to the object."""

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
        """The four losses of Faster R-CNN, plus the cross-entropy of the mask's pixels, for the true class only."""
        contract.check_masks(images.shape, labels.shape, masks.shape)
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

    # The same text on both sides: it calls functions that have their own mathematics.
    @torch.no_grad()
    def detect(self, images, least_score=0.05, threshold=0.3):
        """What the pictures show, by falling score, after suppression within each class; waits for the device."""
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
    grid = torch.stack([(2 * x - 1)[:, None].expand(-1, height, -1), (2 * y - 1)[:, :, None].expand(-1, -1, width)], -1)
    stretched = F.grid_sample(logits[:, None], grid, padding_mode="border", align_corners=False)[:, 0]
    inside = ((y >= 0) & (y <= 1))[:, :, None] & ((x >= 0) & (x <= 1))[:, None]
    return (stretched > 0) & inside


def _by_points(maps, image, axes, points):
    """Each bin is a bag of cells: those around its points. (batch, height, width, channels) to (k, h, w, channels)."""
    (rows, row_shares), (columns, column_shares) = (_points(*axis, points) for axis in axes)
    lines = image[:, None, None] * maps.shape[1] + rows
    # (k, h, w, cells of the rows, cells of the columns)
    bags = lines[:, :, None, :, None] * maps.shape[2] + columns[:, None, :, None, :]
    shares = row_shares[:, :, None, :, None] * column_shares[:, None, :, None, :]
    bags, shares = (values.flatten(3).flatten(0, 2) for values in (bags, shares.to(maps.dtype)))
    y = F.embedding_bag(bags, maps.flatten(0, 2), mode="sum", per_sample_weights=shares)
    return y.reshape(len(image), rows.shape[1], columns.shape[1], maps.shape[3])


def _by_cells(maps, image, axes):
    """What each cell gives to each bin, added up along rows, then along columns. Shapes as in `_by_points`."""
    rows, columns = (_weights(*axis).to(maps.dtype) for axis in axes)
    lines = image[:, None, None] * maps.shape[1] + torch.arange(maps.shape[1], device=image.device)
    bags, shares = lines.expand(rows.shape).flatten(0, 1), rows.flatten(0, 1)  # (k * h, height)
    y = F.embedding_bag(bags, maps.flatten(0, 1).flatten(1), mode="sum", per_sample_weights=shares)
    return columns[:, None] @ y.reshape(*rows.shape[:2], *maps.shape[2:])  # (k, 1, w, width) @ (k, h, width, channels)


def _points(low, high, count, length, points):
    """The two cells around each point of each bin along one axis, and their shares in the mean of the bin, in cells.

    Args:    low, high: of the regions. Shape (k,).
             count: bins; length: cells of the map; points: in each bin.
    Returns: cells and shares. Shape (k, count, 2 * points) each.
    """
    low, size = low[:, None, None], (high - low)[:, None, None]
    step, bins = (torch.arange(n, dtype=low.dtype, device=low.device) for n in (points, count))
    bins = bins[:, None]
    return _cells_around(low + (bins + (step + 0.5) / points) * size / count, length, 1 / points)


def _weights(low, high, count, length):
    """What each cell gives to each bin along one axis, where a bin has as many points as cells: (k, count, length).

    A region without extent has no points. One far larger than the map has points without end, but two of a bin are more
    than half a cell apart: at most 2 (length + 2) of them lie from -1 to length, and those before are skipped.
    """
    low, size = low[:, None, None], (high - low)[:, None, None] / count  # of a bin
    wanted, bins = size.ceil(), torch.arange(count, device=low.device)[:, None]
    points = wanted.clamp(min=1)
    before = ((-1 - low - bins * size) * points / size.clamp(min=1) - 1).floor().clamp(min=0)
    before = torch.where(points > 1, before, 0)  # (k, count, 1)
    step = before + torch.arange(2 * length + 5, device=low.device)
    place = torch.where(step < wanted, low + (bins + (step + 0.5) / points) * size, -2)  # no point: outside
    cells, shares = _cells_around(place, length, 1 / points)
    return torch.zeros(*place.shape[:2], length, dtype=low.dtype, device=low.device).scatter_add(2, cells, shares)


def _cells_around(place, length, share):
    """Cells before and behind points, and their shares; a point more than a cell outside the map has none."""
    share = share * ((place >= -1) & (place <= length)).to(place.dtype)
    place = place.clamp(0, length - 1)
    first = place.floor()
    shares = torch.cat([share * (1 - place + first), share * (place - first)], dim=-1)
    return torch.cat([first, (first + 1).clamp(max=length - 1)], dim=-1).long(), shares
