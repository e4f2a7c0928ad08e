"""Average precision in PyTorch: how good a ranked list of detections is."""

import torch

from mylib.vision.detection.pytorch_boxes import iou


def average_precision(detections, truth, thresholds=None, overlap=None):
    r"""Area under the precision-recall curve, for each class and each IoU that counts as a hit; mean over classes.

    A detection, by falling score, is a hit when its overlap with an object of its class that no better detection has
    taken reaches the threshold. Precision at recall r is the largest precision at any recall of at least r, averaged
    over r = 0, 0.01, ..., 1.

    Args:    detections: for each image boxes (k, 4), scores (k,) and labels (k,).
             truth: for each image boxes (m, 4) and labels (m,).
             thresholds: IoUs; None is COCO's 0.5, 0.55, ..., 0.95.
             overlap: function of (k, ...) found and (m, ...) true objects to (k, m); None is `iou`, masks need another.
    Returns: mean over the classes that occur, one for each threshold. float64, shape (thresholds,).
    Raises:  ValueError: not one entry for each image, no object at all, or detections without a finite score each.
    Source:  Lin et al. (2014), "Microsoft COCO", and its evaluation code. Differs: as in `scratch`.
    """
    if len(detections) != len(truth) or not sum(len(labels) for _, labels in truth):
        raise ValueError(
            f"average_precision: expected detections and truth of the same images, with at least one object, got "
            f"{len(detections)} and {len(truth)} images"
        )
    for boxes, scores, labels in detections:
        if not len(boxes) == len(scores) == len(labels) or not scores.isfinite().all():
            raise ValueError(
                f"average_precision: expected a finite score and a label for each box, got {len(boxes)} boxes, "
                f"{len(scores)} scores and {len(labels)} labels of one image"
            )
    overlap, device = overlap or iou, truth[0][1].device
    if thresholds is None:
        thresholds = torch.linspace(0.5, 0.95, 10, dtype=torch.float64, device=device)
    thresholds = torch.as_tensor(thresholds, dtype=torch.float64, device=device)
    classes = torch.cat([labels for _, labels in truth]).unique()
    return torch.stack([_of_class(c, detections, truth, thresholds, overlap) for c in classes]).mean(dim=0)


def _of_class(c, detections, truth, thresholds, overlap):
    """Average precision of one class at every threshold."""
    hits, scores, objects = [], [], 0
    for (boxes, confidence, labels), (true_boxes, true_labels) in zip(detections, truth, strict=True):
        order = confidence[labels == c].sort(descending=True, stable=True).indices
        chosen, wanted = boxes[labels == c][order], true_boxes[true_labels == c]
        hits.append(_match(overlap(chosen, wanted).double(), thresholds))
        scores.append(confidence[labels == c][order])
        objects += len(wanted)
    order = torch.cat(scores).sort(descending=True, stable=True).indices
    found = torch.cat(hits, dim=1)[:, order].cumsum(dim=1).double()  # (thresholds, detections)
    rank = torch.arange(1, found.shape[1] + 1, dtype=torch.float64, device=found.device)
    precision = (found / rank).flip(1).cummax(dim=1).values.flip(1) if found.shape[1] else found
    steps = torch.linspace(0, 1, 101, dtype=torch.float64, device=found.device).expand(len(found), 101)
    place = torch.searchsorted((found / objects).contiguous(), steps.contiguous())
    padded = torch.cat([precision, precision.new_zeros(len(found), 1)], dim=1)  # recall never reached: 0
    return padded.gather(1, place).mean(dim=1)


def _match(overlaps, thresholds):
    """Which detections of one image and class are hits. Shapes (k, m) and (t,) to booleans (t, k)."""
    hits = torch.zeros(len(thresholds), len(overlaps), dtype=torch.bool, device=overlaps.device)
    if not overlaps.numel():
        return hits
    taken = torch.zeros(len(thresholds), overlaps.shape[1], dtype=torch.bool, device=overlaps.device)
    for i, row in enumerate(overlaps):
        free = torch.where(taken | (row < thresholds[:, None]), -1.0, row)
        best, which = free.max(dim=1)
        hits[:, i] = best >= 0
        taken |= torch.nn.functional.one_hot(which, overlaps.shape[1]).bool() & hits[:, i, None]
    return hits
