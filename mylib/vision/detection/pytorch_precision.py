"""Average precision in PyTorch: how good a ranked list of detections is."""

import torch

from mylib.shared.devices import widest_float, with_float64
from mylib.vision.detection import contract
from mylib.vision.detection.pytorch_boxes import iou


def average_precision(detections, truth, thresholds=None, overlap=None):
    r"""Area under the precision-recall curve, for each class and each IoU that counts as a hit; mean over classes.

    Ranks and matches are read back image by image. On an Apple GPU, which has no float64, the CPU computes, and the
    result is float32 on the device.
    """
    contract.check_evaluation(len(detections), len(truth), sum(len(labels) for _, labels in truth))
    for boxes, scores, labels in detections:
        contract.check_detections(len(boxes), len(scores), len(labels), bool(scores.isfinite().all()))
    overlap, device = overlap or iou, truth[0][1].device
    home = with_float64(device)
    detections, truth = ([tuple(v.to(home) for v in image) for image in part] for part in (detections, truth))
    if thresholds is None:
        thresholds = torch.linspace(0.5, 0.95, 10, dtype=torch.float64, device=home)
    elif torch.is_tensor(thresholds):
        thresholds = thresholds.to(home)  # before it becomes float64, which its device may not have
    thresholds = torch.as_tensor(thresholds, dtype=torch.float64, device=home)
    classes = torch.cat([labels for _, labels in truth]).unique()
    means = torch.stack([_of_class(c, detections, truth, thresholds, overlap) for c in classes]).mean(dim=0)
    return means.to(device, widest_float(device))


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
