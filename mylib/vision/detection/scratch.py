"""Detectors in NumPy: RoI pooling, the region proposal network, R-CNN, Fast R-CNN and Faster R-CNN.

Notation: images are (batch, 3, height, width); boxes as in `scratch_boxes`, (batch, n, 4) for n proposals of each
image; the objects of an image are `truth` (batch, m, 4) and `labels` (batch, m), padded with label -1.
"""

import numpy as np

from mylib import engine
from mylib.engine import Tensor, nn, relu
from mylib.vision.detection import contract
from mylib.vision.detection.contract import BOX_UNIT, STRIDE
from mylib.vision.detection.scratch_boxes import (
    anchors,
    box_area,
    clip_boxes,
    decode_boxes,
    encode_boxes,
    iou,
    kept,
    nms,
    nms_loops,
)
from mylib.vision.detection.scratch_precision import average_precision
from mylib.vision.detection.scratch_proposals import felzenszwalb, selective_search
from mylib.vision.detection.scratch_regions import assign_targets, check_rois, roi_pool, roi_pool_loops

__all__ = [
    "box_area",
    "iou",
    "encode_boxes",
    "decode_boxes",
    "clip_boxes",
    "nms",
    "nms_loops",
    "anchors",
    "felzenszwalb",
    "selective_search",
    "roi_pool",
    "roi_pool_loops",
    "RegionProposalNetwork",
    "assign_targets",
    "RCNN",
    "FastRCNN",
    "FasterRCNN",
    "average_precision",
]


class Backbone(nn.Module):
    """Three convolutions of stride 2, 2 and 1 with batch normalisation: images to maps of `STRIDE` pixels a cell.

    Args:    width: channels of the first; the others have twice as many.
    Source:  this course. Differs: the papers use AlexNet, ZF or VGG16, trained on ImageNet before.
    """

    def __init__(self, width):
        super().__init__()
        self.channels = 2 * width
        options = {"padding": 1, "bias": False}  # the normalisation that follows takes any constant away
        self.conv1, self.norm1 = nn.Conv2d(3, width, 3, stride=2, **options), nn.BatchNorm2d(width)
        self.conv2, self.norm2 = (
            nn.Conv2d(width, 2 * width, 3, stride=2, **options),
            nn.BatchNorm2d(2 * width),
        )
        self.conv3, self.norm3 = nn.Conv2d(2 * width, 2 * width, 3, **options), nn.BatchNorm2d(2 * width)

    # The same text on both sides: it passes on what layers return, which have their own mathematics.
    def forward(self, images):
        """Shapes (batch, 3, height, width) to (batch, channels, height / 4, width / 4), rounded up."""
        contract.check_images(images.shape)
        x = relu(self.norm1(self.conv1(images)))
        x = relu(self.norm2(self.conv2(x)))
        return relu(self.norm3(self.conv3(x)))


class Head(nn.Module):
    """Two linear layers on pooled features: scores of background and classes, and box deltas.

    Args:    channels: of the features; pooled: their height and width.
             classes: without background; hidden: units between the layers.
    Source:  Girshick (2015). Differs: one hidden layer, and one set of deltas for all classes.
    """

    def __init__(self, channels, pooled, classes, hidden=128):
        super().__init__()
        self.hidden = nn.Linear(channels * pooled * pooled, hidden)
        self.classify = nn.Linear(hidden, classes + 1)
        self.regress = nn.Linear(hidden, 4)

    # The same text on both sides: it passes on what layers return, which have their own mathematics.
    def forward(self, pooled):
        """Shapes (k, channels, h, w) to (k, classes + 1) and (k, 4)."""
        x = relu(self.hidden(pooled.flatten(1)))
        return self.classify(x), BOX_UNIT * self.regress(x)


class RegionProposalNetwork(nn.Module):
    r"""A small network that slides over the map and says, for every anchor, whether an object is there and where.

    Args:    channels: of the map.
             sizes, ratios: of the anchors, as in `anchors`.
             stride: of the map, pixels.
             count: proposals for each image.
             threshold: of the suppression among proposals.
    Raises:  ValueError: as `anchors`, or count below 1.
    Source:  Ren et al. (2015), section 3.1. Differs: one logit for each anchor instead of two; the loss is the mean
             over all objects' anchors and over all background anchors, where the paper draws 256 of them, half and
             half: its expectation, without chance. An anchor counts as an object's from IoU 0.5 on (paper: 0.7).
    """

    def __init__(self, channels, sizes=(12, 18, 24), ratios=(1.0, 2.0), stride=STRIDE, count=32, threshold=0.7):
        super().__init__()
        contract.check_proposal_network(count, stride, sizes, ratios)
        self.sizes, self.ratios, self.stride = sizes, ratios, stride
        self.count, self.threshold = count, threshold
        per_cell = len(sizes) * len(ratios)
        self.conv = nn.Conv2d(channels, channels, 3, padding=1)
        self.objectness = nn.Conv2d(channels, per_cell, 1)
        self.regress = nn.Conv2d(channels, 4 * per_cell, 1)

    def forward(self, features):
        """Shape (batch, channels, height, width) to anchors (n, 4), logits (batch, n) and deltas (batch, n, 4)."""
        x = relu(self.conv(features))
        # Anchors of one cell stand side by side: (batch, height, width, per cell).
        logits = self.objectness(x).permute(0, 2, 3, 1).flatten(1)
        deltas = self.regress(x).permute(0, 2, 3, 1).reshape(len(x), -1, 4)
        boxes = anchors(*features.shape[2:], self.stride, self.sizes, self.ratios).astype(features.dtype)
        return boxes, logits, BOX_UNIT * deltas

    def propose(self, boxes, logits, deltas, height, width):
        """The best `count` boxes of each image after suppression, and which of them are any.

        Args:    boxes, logits, deltas: of `forward`.
                 height, width: of the images, pixels.
        Returns: arrays: boxes (batch, count, 4), by falling score, and booleans (batch, count).
        """
        few = min(4 * self.count, len(boxes))
        order = np.argsort(-logits.numpy(), axis=1, kind="stable")[:, :few]
        chosen = np.take_along_axis(deltas.numpy(), order[..., None], 1)
        found = clip_boxes(decode_boxes(chosen, boxes[order]), height, width)
        usable = ((found[..., 2:] - found[..., :2]) >= 1).all(axis=-1)  # a box narrower than a pixel is none
        keep = kept(found, self.threshold) & usable
        first = np.argsort(~keep, axis=1, kind="stable")[:, : self.count]  # the kept ones, in order
        found, keep = np.take_along_axis(found, first[..., None], 1), np.take_along_axis(keep, first, 1)
        missing = ((0, 0), (0, self.count - first.shape[1]))
        return np.pad(found, (*missing, (0, 0))), np.pad(keep, missing)

    def loss(self, boxes, logits, deltas, truth, labels):
        """Objectness and regression loss; half of the weight on objects and half on background.

        Args:    boxes, logits, deltas: of `forward`.
                 truth, labels: as in `assign_targets`. Shapes (batch, m, 4) and (batch, m).
        Returns: a number.
        """
        assigned, targets = assign_targets(boxes, truth, labels, foreground=0.5, background=0.3, force=True)
        losses = engine.binary_cross_entropy_with_logits(logits, (assigned > 0).astype(logits.dtype), reduction="none")
        return _balanced(losses, assigned) + _box_loss(deltas, targets, assigned)


class RCNN(nn.Module):
    r"""Cut out every proposal, scale it to 32 x 32, and send each one through the whole network.

    Args:    classes: without background; width: of the backbone.
    Raises:  ValueError: classes or width below 1.
    Source:  Girshick et al. (2014); slide "R-CNN". Differs: a small backbone trained from random weights, where the
             paper fine-tunes AlexNet; softmax and one linear layer for the boxes, where it fits SVMs and ridge
             regressions afterwards; classes and boxes are learned together, with half of the weight on background.

    Example:
        >>> scores, deltas = RCNN(classes=2, width=4)(np.zeros((1, 3, 16, 16), np.float32), [[[0, 0, 8, 8]]])
        >>> scores.shape, deltas.shape
        ((1, 1, 3), (1, 1, 4))
    """

    crop, pooled = 32, 4

    def __init__(self, classes=10, width=16):
        super().__init__()
        contract.check_detector(type(self).__name__, classes, width)
        self.backbone = Backbone(width)
        self.head = Head(self.backbone.channels, self.pooled, classes)

    def forward(self, images, proposals):
        """Scores and deltas of every proposal.

        Args:    images: Shape (batch, 3, height, width).
                 proposals: Shape (batch, n, 4).
        Returns: Tensors (batch, n, classes + 1) and (batch, n, 4).
        """
        batch, n, _ = np.shape(proposals)
        scores, deltas = self.head(self.pool(images, region_rows(proposals)))
        return scores.reshape(batch, n, scores.shape[-1]), deltas.reshape(batch, n, 4)

    def pool(self, images, rois):
        """Features of each region, computed from its pixels alone. Shape (k, channels, 4, 4)."""
        return engine.max_pool2d(self.backbone(self.warp(images, rois)), 2)

    def warp(self, images, rois):
        """Each region scaled to 32 x 32 by bilinear interpolation. Shape (k, 3, 32, 32)."""
        images, _, _ = check_rois("RCNN", images, rois, self.crop, 1.0)
        images = images.numpy()
        image, corner, size = rois[:, 0].astype(int), rois[:, 1:3], rois[:, 3:] - rois[:, 1:3]
        steps = (np.arange(self.crop) + 0.5) / self.crop
        places = corner[:, None, :] + steps[:, None] * size[:, None, :] - 0.5  # (k, 32, 2): x and y
        low = np.floor(places)
        share = (places - low).astype(images.dtype)
        limit = images.shape[3] - 1, images.shape[2] - 1
        (x0, x1), (y0, y1) = (
            [(low[..., axis].astype(int) + step).clip(0, limit[axis]) for step in (0, 1)] for axis in (0, 1)
        )
        pixels, which = images.transpose(0, 2, 3, 1), image[:, None, None]
        right, down = share[:, None, :, :1], share[:, :, None, 1:]
        upper, lower = (
            pixels[which, y[:, :, None], x0[:, None]] * (1 - right) + pixels[which, y[:, :, None], x1[:, None]] * right
            for y in (y0, y1)
        )
        return Tensor((upper * (1 - down) + lower * down).transpose(0, 3, 1, 2))

    def loss(self, images, truth, labels, proposals):
        """Classification and box loss over the proposals and the objects' own boxes.

        Args:    images: Shape (batch, 3, height, width).
                 truth, labels: of the objects; label -1 is padding. Shapes (batch, m, 4) and (batch, m).
                 proposals: Shape (batch, n, 4).
        Returns: a number.
        """
        valid = np.ones(np.shape(proposals)[:2], bool)
        boxes, assigned, targets = _candidates(proposals, valid, truth, labels)
        scores, deltas = self(images, boxes)
        return _head_loss(scores, deltas, assigned, targets)

    @engine.no_grad()
    def detect(self, images, proposals, least_score=0.05, threshold=0.3):
        """What the pictures show, by falling score, after suppression within each class.

        Args:    images: Shape (batch, 3, height, width).
                 proposals: Shape (batch, n, 4).
                 least_score: detections below are dropped; threshold: of the suppression.
        Returns: for each image boxes (k, 4), scores (k,) and labels (k,).
        """
        return detections_of(self(images, proposals), proposals, images, None, least_score, threshold)


class FastRCNN(RCNN):
    r"""Send the whole image through the backbone once, and pool every proposal from that one map.

    Args:    classes: without background; width: of the backbone.
    Raises:  ValueError: classes or width below 1.
    Source:  Girshick (2015); slides "Fast R-CNN: Steps". Differs: as `RCNN`; the paper draws 64 proposals of each
             image, a quarter of them objects, where all are used here.
    """

    def pool(self, images, rois):
        """Features of each region, cut out of the map of its whole image. Shape (k, channels, 4, 4)."""
        return roi_pool(self.backbone(images), rois, self.pooled, 1 / STRIDE)


class FasterRCNN(FastRCNN):
    r"""Fast R-CNN whose proposals come from a network on the same map: one network from pixels to boxes.

    Args:    classes: without background; width: of the backbone.
             sizes, ratios, count: of the `RegionProposalNetwork`.
    Raises:  ValueError: as `FastRCNN` and `RegionProposalNetwork`.
    Source:  Ren et al. (2015); slide "Faster R-CNN". Differs: as `FastRCNN` and `RegionProposalNetwork`; all parts are
             trained at once ("approximate joint training").
    """

    def __init__(self, classes=10, width=16, sizes=(12, 18, 24), ratios=(1.0, 2.0), count=32):
        super().__init__(classes, width)
        self.rpn = RegionProposalNetwork(self.backbone.channels, sizes, ratios, STRIDE, count)

    # The same text on both sides: it passes on what layers return, which have their own mathematics.
    def forward(self, images):
        """What the network finds before suppression.

        Args:    images: Shape (batch, 3, height, width).
        Returns: proposals (batch, count, 4) and which of them are any (batch, count); scores
                 (batch, count, classes + 1) and deltas (batch, count, 4).
        """
        features = self.backbone(images)
        proposals, valid = self.rpn.propose(*self.rpn(features), *images.shape[2:])
        return proposals, valid, *self.classify(features, proposals)

    def extract(self, features, rois, size):
        """Features of fixed size for each region of the maps. Shape (k, channels, size, size)."""
        return roi_pool(features, rois, size, 1 / STRIDE)

    # The same text on both sides: it calls functions that have their own mathematics.
    def classify(self, features, proposals):
        """Scores and deltas of boxes on maps that are already there. Shapes (batch, n, ...)."""
        scores, deltas = self.head(self.extract(features, region_rows(proposals), self.pooled))
        batch, n, _ = proposals.shape
        return scores.reshape(batch, n, scores.shape[-1]), deltas.reshape(batch, n, 4)

    def propose(self, images):
        """The proposals alone: boxes (batch, count, 4) and which of them are any (batch, count)."""
        return self.rpn.propose(*self.rpn(self.backbone(images)), *images.shape[2:])

    def loss(self, images, truth, labels):
        """The two losses of the proposals and the two of the detections, added.

        Args:    images: Shape (batch, 3, height, width).
                 truth, labels: of the objects; label -1 is padding. Shapes (batch, m, 4) and (batch, m).
        Returns: a number.
        """
        return self._joint_loss(images, truth, labels)[0]

    # The same text on both sides: a sum of losses that have their own mathematics.
    def _joint_loss(self, images, truth, labels):
        """The loss, and what a further head needs: maps, boxes, and what each box shall find."""
        features = self.backbone(images)
        proposed = self.rpn(features)
        proposals, valid = self.rpn.propose(*proposed, *images.shape[2:])
        boxes, assigned, targets = _candidates(proposals, valid, truth, labels)
        scores, deltas = self.classify(features, boxes)
        total = self.rpn.loss(*proposed, truth, labels) + _head_loss(scores, deltas, assigned, targets)
        return total, features, boxes, assigned

    # The same text on both sides: it calls functions that have their own mathematics.
    @engine.no_grad()
    def detect(self, images, least_score=0.05, threshold=0.3):
        """As `RCNN.detect`, with the network's own proposals."""
        proposals, valid, *outputs = self(images)
        return detections_of(outputs, proposals, images, valid, least_score, threshold)


def region_rows(boxes):
    """(batch, n, 4) boxes as (batch * n, 5), each with the index of its image."""
    boxes = np.asarray(boxes)
    batch, n, _ = boxes.shape
    index = np.broadcast_to(np.arange(batch, dtype=float)[:, None, None], (batch, n, 1))
    return np.concatenate([index, boxes], axis=2).reshape(-1, 5)


def _candidates(proposals, valid, truth, labels):
    """Proposals and the objects' own boxes, with their targets; what is padding is ignored."""
    boxes = np.concatenate([proposals, np.asarray(truth, np.asarray(proposals).dtype)], axis=1)
    valid = np.concatenate([valid, np.asarray(labels) >= 0], axis=1)
    assigned, targets = assign_targets(boxes, truth, labels)
    return boxes, np.where(valid, assigned, -1), targets


def _head_loss(scores, deltas, assigned, targets):
    """Cross-entropy over classes and background, half of the weight on objects, plus the box loss."""
    flat = scores.reshape(-1, scores.shape[-1])
    losses = engine.cross_entropy(flat, np.maximum(assigned, 0).ravel(), reduction="none")
    return _balanced(losses.reshape(assigned.shape), assigned) + _box_loss(deltas, targets, assigned)


def _balanced(losses, assigned):
    """The mean over objects and the mean over background, half of each; what is ignored does not count."""
    objects, background = assigned > 0, assigned == 0
    weights = objects / max(objects.sum(), 1) + background / max(background.sum(), 1)
    return 0.5 * (losses * weights.astype(losses.dtype)).sum()


def _box_loss(deltas, targets, assigned):
    """Smooth L1 of the deltas in units of `BOX_UNIT`, over objects only: d^2 / 2 up to |d| = 1, |d| - 1/2 beyond."""
    distance = engine.abs((deltas - targets.astype(deltas.dtype)) / BOX_UNIT)
    inner = engine.minimum(distance, 1.0)
    weights = (assigned > 0) / max((assigned > 0).sum(), 1)
    return ((inner * (distance - 0.5 * inner)).sum(axis=-1) * weights.astype(deltas.dtype)).sum()


def detections_of(outputs, proposals, images, valid, least_score, threshold):
    """Every class of every proposal is a candidate; suppression within each class, image by image."""
    scores, deltas = outputs
    probabilities = engine.softmax(scores, axis=-1).numpy()[..., 1:]
    if valid is not None:
        probabilities = probabilities * valid[..., None]
    height, width = images.shape[2:]
    boxes = clip_boxes(decode_boxes(deltas.numpy(), proposals), height, width)
    found = []
    for candidates, chances in zip(boxes, probabilities, strict=True):
        which, label = np.nonzero(chances > least_score)
        # Boxes of different classes are moved far apart, so that one suppression serves all classes.
        moved = candidates[which] + label[:, None] * 2 * max(height, width)
        keep = nms(moved, chances[which, label], threshold)
        found.append((candidates[which][keep], chances[which, label][keep], label[keep]))
    return found
