"""Detectors in PyTorch: RoI pooling, the region proposal network, R-CNN, Fast R-CNN and Faster R-CNN.

Notation as in `scratch`. A training step never makes the host wait for the device: the number of proposals is fixed,
and what is padding, or neither object nor background, gets weight 0 instead of being cut out.
"""

import torch
import torch.nn.functional as F
from torch import nn

from mylib.shared.devices import at_least_float32
from mylib.shared.docstrings import complete_from_twin
from mylib.vision.detection import contract
from mylib.vision.detection.contract import BOX_UNIT, STRIDE
from mylib.vision.detection.pytorch_boxes import (
    _anchors,
    _clip,
    _decode,
    _kept,
    anchors,
    box_area,
    clip_boxes,
    decode_boxes,
    encode_boxes,
    iou,
    nms,
)
from mylib.vision.detection.pytorch_precision import average_precision
from mylib.vision.detection.pytorch_proposals import felzenszwalb, selective_search
from mylib.vision.detection.pytorch_regions import assign_targets, check_rois, roi_pool

__all__ = [
    "box_area",
    "iou",
    "encode_boxes",
    "decode_boxes",
    "clip_boxes",
    "nms",
    "anchors",
    "felzenszwalb",
    "selective_search",
    "roi_pool",
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
        x = torch.relu(self.norm1(self.conv1(images)))
        x = torch.relu(self.norm2(self.conv2(x)))
        return torch.relu(self.norm3(self.conv3(x)))


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
        x = torch.relu(self.hidden(pooled.flatten(1)))
        return self.classify(x), BOX_UNIT * self.regress(x)


class RegionProposalNetwork(nn.Module):
    """A small network that slides over the map and says, for every anchor, whether an object is there and where."""

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
        x = torch.relu(self.conv(features))
        logits = self.objectness(x).permute(0, 2, 3, 1).flatten(1)  # anchors of one cell stand side by side
        deltas = self.regress(x).permute(0, 2, 3, 1).reshape(len(x), -1, 4)
        # At least float32, also under autocast: bfloat16 cannot tell pixel 256 from 257.
        like = features.new_empty(0, dtype=torch.promote_types(features.dtype, torch.float32))
        boxes = _anchors(*features.shape[2:], self.stride, self.sizes, self.ratios, like)
        return boxes, logits, BOX_UNIT * deltas

    @torch.no_grad()
    def propose(self, boxes, logits, deltas, height, width):
        """The best `count` boxes of each image after suppression, and which of them are any, on the device.

        Returns: boxes (batch, count, 4), by falling score, and booleans (batch, count).
        """
        few = min(4 * self.count, len(boxes))
        order = logits.sort(dim=1, descending=True, stable=True).indices[:, :few]
        chosen = deltas.gather(1, order[..., None].expand(-1, -1, 4)).to(boxes.dtype)
        found = _clip(_decode(chosen, boxes[order]), height, width)
        usable = ((found[..., 2:] - found[..., :2]) >= 1).all(dim=-1)  # a box narrower than a pixel is none
        keep = _kept(found, self.threshold) & usable
        first = (~keep).to(torch.int8).sort(dim=1, stable=True).indices[:, : self.count]  # the kept ones, in order
        found, keep = found.gather(1, first[..., None].expand(-1, -1, 4)), keep.gather(1, first)
        missing = self.count - first.shape[1]
        return F.pad(found, (0, 0, 0, missing)), F.pad(keep, (0, missing))

    def loss(self, boxes, logits, deltas, truth, labels):
        """Objectness and regression loss; half of the weight on objects and half on background."""
        assigned, targets = assign_targets(boxes, truth, labels, foreground=0.5, background=0.3, force=True)
        losses = F.binary_cross_entropy_with_logits(logits, (assigned > 0).to(logits.dtype), reduction="none")
        return _balanced(losses, assigned) + _box_loss(deltas, targets, assigned)


class RCNN(nn.Module):
    """Cut out every proposal, scale it to 32 x 32, and send each one through the whole network."""

    crop, pooled = 32, 4

    def __init__(self, classes=10, width=16):
        super().__init__()
        contract.check_detector(type(self).__name__, classes, width)
        self.backbone = Backbone(width)
        self.head = Head(self.backbone.channels, self.pooled, classes)

    def forward(self, images, proposals):
        """Scores and deltas of every proposal."""
        scores, deltas = self.head(self.pool(images, region_rows(proposals)))
        batch, n, _ = proposals.shape
        return scores.reshape(batch, n, scores.shape[-1]), deltas.reshape(batch, n, 4)

    def pool(self, images, rois):
        """Features of each region, computed from its pixels alone. Shape (k, channels, 4, 4)."""
        return F.max_pool2d(self.backbone(self.warp(images, rois)), 2)

    def warp(self, images, rois):
        """Each region scaled to 32 x 32 by bilinear interpolation. Shape (k, 3, 32, 32)."""
        check_rois("RCNN", images, rois, self.crop, 1.0)
        rois = at_least_float32(rois)
        image, corner, size = rois[:, 0].long(), rois[:, 1:3], rois[:, 3:] - rois[:, 1:3]
        steps = (torch.arange(self.crop, dtype=rois.dtype, device=rois.device) + 0.5) / self.crop
        places = corner[:, None, :] + steps[:, None] * size[:, None, :] - 0.5  # (k, 32, 2): x and y
        low = places.floor()
        share = (places - low).to(images.dtype)
        limit = images.shape[3] - 1, images.shape[2] - 1
        x0, y0 = (low[..., axis].long().clamp(0, limit[axis]) for axis in (0, 1))
        x1, y1 = ((low[..., axis].long() + 1).clamp(0, limit[axis]) for axis in (0, 1))
        pixels, which = images.permute(0, 2, 3, 1), image[:, None, None]
        right, down = share[:, None, :, :1], share[:, :, None, 1:]
        upper = (
            pixels[which, y0[:, :, None], x0[:, None]] * (1 - right)
            + pixels[which, y0[:, :, None], x1[:, None]] * right
        )
        lower = (
            pixels[which, y1[:, :, None], x0[:, None]] * (1 - right)
            + pixels[which, y1[:, :, None], x1[:, None]] * right
        )
        return (upper * (1 - down) + lower * down).permute(0, 3, 1, 2)

    def loss(self, images, truth, labels, proposals):
        """Classification and box loss over the proposals and the objects' own boxes."""
        valid = torch.ones(proposals.shape[:2], dtype=torch.bool, device=proposals.device)
        boxes, assigned, targets = _candidates(proposals, valid, truth, labels)
        scores, deltas = self(images, boxes)
        return _head_loss(scores, deltas, assigned, targets)

    @torch.no_grad()
    def detect(self, images, proposals, least_score=0.05, threshold=0.3):
        """What the pictures show, by falling score, after suppression within each class; waits for the device."""
        return detections_of(self(images, proposals), proposals, images, None, least_score, threshold)


class FastRCNN(RCNN):
    """Send the whole image through the backbone once, and pool every proposal from that one map."""

    def pool(self, images, rois):
        """Features of each region, cut out of the map of its whole image. Shape (k, channels, 4, 4)."""
        return roi_pool(self.backbone(images), rois, self.pooled, 1 / STRIDE)


class FasterRCNN(FastRCNN):
    """Fast R-CNN whose proposals come from a network on the same map: one network from pixels to boxes."""

    def __init__(self, classes=10, width=16, sizes=(12, 18, 24), ratios=(1.0, 2.0), count=32):
        super().__init__(classes, width)
        self.rpn = RegionProposalNetwork(self.backbone.channels, sizes, ratios, STRIDE, count)

    # The same text on both sides: it passes on what layers return, which have their own mathematics.
    def forward(self, images):
        """What the network finds before suppression."""
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
        """The two losses of the proposals and the two of the detections, added."""
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
    @torch.no_grad()
    def detect(self, images, least_score=0.05, threshold=0.3):
        """As `RCNN.detect`, with the network's own proposals."""
        proposals, valid, *outputs = self(images)
        return detections_of(outputs, proposals, images, valid, least_score, threshold)


def region_rows(boxes):
    """(batch, n, 4) boxes as (batch * n, 5), each with the index of its image."""
    boxes = at_least_float32(boxes)  # bfloat16 cannot tell image 256 from 257
    batch, n, _ = boxes.shape
    index = torch.arange(batch, dtype=boxes.dtype, device=boxes.device)[:, None, None].expand(-1, n, 1)
    return torch.cat([index, boxes], dim=2).reshape(-1, 5)


def _candidates(proposals, valid, truth, labels):
    """Proposals and the objects' own boxes, with their targets; what is padding is ignored."""
    proposals = at_least_float32(proposals)
    truth = truth.to(proposals.dtype)
    boxes = torch.cat([proposals, truth], dim=1)
    valid = torch.cat([valid, labels >= 0], dim=1)
    assigned, targets = assign_targets(boxes, truth, labels)
    return boxes, torch.where(valid, assigned, -1), targets


def _head_loss(scores, deltas, assigned, targets):
    """Cross-entropy over classes and background, half of the weight on objects, plus the box loss."""
    losses = F.cross_entropy(scores.flatten(0, 1), assigned.flatten().clamp(min=0), reduction="none")
    return _balanced(losses.reshape(assigned.shape), assigned) + _box_loss(deltas, targets, assigned)


def _balanced(losses, assigned):
    """The mean over objects and the mean over background, half of each; what is ignored does not count."""
    losses = at_least_float32(losses)  # the sum over all anchors may be no number of float16
    means = [(losses * mask).sum() / mask.sum().clamp(min=1) for mask in (assigned > 0, assigned == 0)]
    return 0.5 * (means[0] + means[1])


def _box_loss(deltas, targets, assigned):
    """Smooth L1 of the deltas in units of `BOX_UNIT`, over objects only."""
    units = deltas.to(targets.dtype) / BOX_UNIT, targets / BOX_UNIT
    losses = F.smooth_l1_loss(*units, reduction="none").sum(-1)
    objects = assigned > 0
    return (losses * objects).sum() / objects.sum().clamp(min=1)


def detections_of(outputs, proposals, images, valid, least_score, threshold):
    """Every class of every proposal is a candidate; suppression within each class, image by image."""
    scores, deltas = outputs
    probabilities = scores.softmax(dim=-1)[..., 1:]
    if valid is not None:
        probabilities = probabilities * valid[..., None]
    height, width = images.shape[2:]
    proposals = at_least_float32(proposals)  # below, boxes are moved by more pixels than float16 can count
    boxes = _clip(_decode(deltas.to(proposals.dtype), proposals), height, width)
    found = []
    for candidates, chances in zip(boxes, probabilities, strict=True):
        which, label = (chances > least_score).nonzero(as_tuple=True)
        # Boxes of different classes are moved far apart, so that one suppression serves all classes.
        moved = candidates[which] + label[:, None] * 2 * max(height, width)
        keep = nms(moved, chances[which, label], threshold)
        found.append((candidates[which][keep], chances[which, label][keep], label[keep]))
    return found


complete_from_twin(globals())
