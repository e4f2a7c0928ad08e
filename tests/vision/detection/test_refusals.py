"""Boxes, regions, targets, images and detectors that detection refuses."""

import numpy as np
import pytest

from tests.vision.detection.cases import scenes


def test_boxes_that_are_none_are_refused(side):
    module, array = side
    good = array(np.array([[0.0, 0, 2, 2]]))
    for bad, message in (
        ([[3.0, 0, 1, 2]], r"x1 <= x2 and y1 <= y2, got \[3.0, 0.0, 1.0, 2.0\]; is it x, y, width, height"),
        ([[0.0, np.nan, 1, 2]], "finite boxes, got NaN or infinity"),
        ([[0.0, 0, 1]], r"shape \(..., 4\), got \(1, 3\)"),
    ):
        bad = array(np.array(bad))
        for call in (
            lambda bad=bad: module.box_area(bad),
            lambda bad=bad: module.iou(good, bad),
            lambda bad=bad: module.encode_boxes(bad, good),
            lambda bad=bad: module.clip_boxes(bad, 4, 4),
            lambda bad=bad: module.nms(bad, array(np.ones(1)), 0.5),
        ):
            with pytest.raises(ValueError, match=message):
                call()


def test_boxes_without_area_cannot_be_encoded(side):
    module, array = side
    good, flat = array(np.array([[0.0, 0, 2, 2]])), array(np.array([[0.0, 0, 2, 0]]))
    with pytest.raises(ValueError, match="references of width and height above 0"):
        module.encode_boxes(good, flat)
    with pytest.raises(ValueError, match="boxes of width and height above 0"):
        module.encode_boxes(flat, good)
    with pytest.raises(ValueError, match="finite deltas"):
        module.decode_boxes(array(np.full((1, 4), np.nan)), good)


def test_bad_suppression_and_anchors_are_refused(side):
    module, array = side
    boxes = array(np.array([[0.0, 0, 2, 2]]))
    with pytest.raises(ValueError, match="n finite scores"):
        module.nms(boxes, array(np.ones(2)), 0.5)
    with pytest.raises(ValueError, match="n finite scores"):
        module.nms(boxes, array(np.array([np.nan])), 0.5)
    with pytest.raises(ValueError, match=r"threshold in \[0, 1\], got 1.5"):
        module.nms(boxes, array(np.ones(1)), 1.5)
    for arguments in ((0, 1, 4, [8]), (1, 1, 0, [8]), (1, 1, 4, []), (1, 1, 4, [-8])):
        with pytest.raises(ValueError, match="anchors: expected"):
            module.anchors(*arguments)


def test_bad_regions_are_refused(side):
    module, array = side
    features = array(np.zeros((1, 2, 4, 4)))
    for bad, message in (
        ([[0.0, 3, 0, 1, 2]], "x1 <= x2"),
        ([[0.0, np.nan, 0, 1, 2]], "all finite"),
        ([[1.0, 0, 0, 1, 2]], "batch index below 1"),
        ([[0.5, 0, 0, 1, 2]], "whole batch index"),
        ([[0.0, 0, 0, 1]], r"boxes \(k, 5\)"),
    ):
        with pytest.raises(ValueError, match=message):
            module.roi_pool(features, array(np.array(bad)), 2, 1.0)
    good = array(np.array([[0.0, 0, 0, 1, 1]]))
    with pytest.raises(ValueError, match="output size of at least 1"):
        module.roi_pool(features, good, 0, 1.0)
    with pytest.raises(ValueError, match="scale above 0"):
        module.roi_pool(features, good, 2, 0.0)


@pytest.mark.parametrize("name", ["RCNN", "FastRCNN"])
@pytest.mark.parametrize(("bad", "message"), [([30.0, 0, 10, 20], "x1 <= x2"), ([np.nan, 0, 9, 9], "finite")])
def test_detectors_refuse_proposals_and_objects_that_are_no_boxes(side, name, bad, message):
    module, array = side
    images, labels = array(scenes(1)[0]), array(np.array([[1]]))
    good, bad = (array(np.array([[box]], np.float32)) for box in ([0.0, 0, 20, 20], bad))
    model = getattr(module, name)(3, 4)
    for call in (
        lambda: model(images, bad),
        lambda: model.detect(images, bad),
        lambda: model.loss(images, good, labels, bad),
        lambda: model.loss(images, bad, labels, good),
    ):
        with pytest.raises(ValueError, match=message):
            call()


def test_bad_targets_and_evaluations_are_refused(side):
    module, array = side
    boxes = array(np.array([[0.0, 0, 2, 2]]))
    for bad, message in (([[3.0, 0, 1, 2]], "x1 <= x2"), ([[np.nan, 0, 1, 2]], "finite boxes")):
        for arguments in ((array(np.array(bad)), boxes), (boxes, array(np.array(bad)))):
            with pytest.raises(ValueError, match=f"assign_targets: expected .*{message}"):
                module.assign_targets(*arguments, array(np.array([0])))
    truth = [(boxes, array(np.array([0])))]
    for scores in ([0.5, 0.4], [np.nan]):
        with pytest.raises(ValueError, match="a finite score and a label for each box"):
            module.average_precision([(boxes, array(np.array(scores)), array(np.array([0])))], truth)
    with pytest.raises(ValueError, match="background <= foreground"):
        module.assign_targets(boxes, boxes, array(np.array([0])), foreground=0.3, background=0.5)
    with pytest.raises(ValueError, match=r"labels \(..., m\)"):
        module.assign_targets(boxes, boxes, array(np.array([0, 1])))
    with pytest.raises(ValueError, match="at least one object"):
        module.average_precision([], [])


def test_bad_images_and_detectors_are_refused(side):
    module, array = side
    for name in ("felzenszwalb", "selective_search"):
        with pytest.raises(ValueError, match="at least 2 x 2 finite pixels"):
            getattr(module, name)(array(np.zeros((3, 1, 5))), 10, 1)
        with pytest.raises(ValueError, match="at least 2 x 2 finite pixels"):
            getattr(module, name)(array(np.full((4, 4), np.nan)), 10, 1)
        with pytest.raises(ValueError, match=r"pixels in \[0, 1\], got 0 to 200; divide bytes by 255"):
            getattr(module, name)(array(np.array([[0.0, 200], [9, 1]])), 10, 1)
    with pytest.raises(ValueError, match="scale, min_size and sigma of at least 0"):
        module.felzenszwalb(array(np.zeros((4, 4))), -1, 1)
    for name in ("RCNN", "FastRCNN", "FasterRCNN"):
        with pytest.raises(ValueError, match=f"{name}: expected classes and width of at least 1, got 0, 16"):
            getattr(module, name)(0)
    with pytest.raises(ValueError, match="count of at least 1"):
        module.RegionProposalNetwork(8, count=0)
    small = array(np.zeros((1, 3, 6, 64), np.float32))
    with pytest.raises(ValueError, match=r"at least 8 pixels a side, got \(1, 3, 6, 64\); enlarge or pad"):
        module.FasterRCNN(3, 4)(small)
