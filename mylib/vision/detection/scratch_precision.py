"""Average precision in NumPy: how good a ranked list of detections is."""

import numpy as np

from mylib.vision.detection import contract
from mylib.vision.detection.scratch_boxes import iou


def average_precision(detections, truth, thresholds=None, overlap=None):
    r"""Area under the precision-recall curve, for each class and each IoU that counts as a hit; mean over classes.

    A detection, by falling score, is a hit when its overlap with an object of its class that no better detection has
    taken reaches the threshold. After the first n detections, recall is hits / objects and precision hits / n.
    Precision at recall r is the largest precision at any recall of at least r, averaged over r = 0, 0.01, ..., 1.

    Args:    detections: for each image boxes (k, 4), scores (k,) and labels (k,).
             truth: for each image boxes (m, 4) and labels (m,).
             thresholds: IoUs; None is COCO's 0.5, 0.55, ..., 0.95.
             overlap: function of (k, ...) found and (m, ...) true objects to (k, m); None is `iou`, masks need another.
    Returns: mean over the classes that occur, one for each threshold: [0] is AP50, and the mean over COCO's
             thresholds is its AP. float64, shape (thresholds,).
    Raises:  ValueError: not one entry for each image, no object at all, or detections without a finite score each.
    Source:  Lin et al. (2014), "Microsoft COCO", and its evaluation code. Differs: no crowds, no size ranges, no limit
             on the number of detections.

    Example:
        >>> found = [([[0, 0, 10, 8], [50, 50, 60, 60]], [0.9, 0.4], [3, 3])]
        >>> average_precision(found, [([[0, 0, 10, 10]], [3])], thresholds=[0.5, 0.9]).tolist()
        [1.0, 0.0]
    """
    detections = [tuple(map(np.asarray, one)) for one in detections]
    truth = [tuple(map(np.asarray, one)) for one in truth]
    contract.check_evaluation(len(detections), len(truth), sum(len(labels) for _, labels in truth))
    for boxes, scores, labels in detections:
        contract.check_detections(len(boxes), len(scores), len(labels), np.isfinite(scores).all())
    overlap = overlap or iou
    thresholds = np.linspace(0.5, 0.95, 10) if thresholds is None else np.asarray(thresholds, float)
    classes = np.unique(np.concatenate([labels for _, labels in truth]))
    return np.mean([_of_class(c, detections, truth, thresholds, overlap) for c in classes], axis=0)


def _of_class(c, detections, truth, thresholds, overlap):
    """Average precision of one class at every threshold."""
    hits, scores, objects = [], [], 0
    for (boxes, confidence, labels), (true_boxes, true_labels) in zip(detections, truth, strict=True):
        mine, wanted = np.flatnonzero(labels == c), true_boxes[true_labels == c]
        mine = mine[np.argsort(-confidence[mine], kind="stable")]
        overlaps = overlap(boxes[mine], wanted) if len(mine) and len(wanted) else np.zeros((len(mine), 0))
        hits.append(_match(overlaps, thresholds))
        scores.append(confidence[mine])
        objects += len(wanted)
    order = np.argsort(-np.concatenate(scores), kind="stable")
    found = np.cumsum(np.concatenate(hits, axis=1)[:, order], axis=1)  # (thresholds, detections)
    precision = found / np.arange(1, found.shape[1] + 1)
    best_from_here = np.maximum.accumulate(precision[:, ::-1], axis=1)[:, ::-1]
    padded = np.pad(best_from_here, ((0, 0), (0, 1)))  # recall that is never reached: precision 0
    steps = np.linspace(0, 1, 101)
    return np.array([row[np.searchsorted(hit / objects, steps)].mean() for row, hit in zip(padded, found, strict=True)])


def _match(overlaps, thresholds):
    """Which detections of one image and class are hits. Shapes (k, m) and (t,) to booleans (t, k)."""
    hits = np.zeros((len(thresholds), len(overlaps)), bool)
    taken = np.zeros((len(thresholds), overlaps.shape[1]), bool)
    if not overlaps.size:
        return hits
    every = np.arange(len(thresholds))
    for i, row in enumerate(overlaps):  # by falling score: what is taken depends on all better ones
        free = np.where(taken | (row < thresholds[:, None]), -1.0, row)
        which = free.argmax(axis=1)
        hits[:, i] = free[every, which] >= 0
        taken[every, which] |= hits[:, i]
    return hits
