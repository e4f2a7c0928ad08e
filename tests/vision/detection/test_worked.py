"""Boxes, suppression, pooling, targets, proposals, losses, scores and segments of a few numbers by hand."""

import numpy as np
import pytest
import torch

from mylib import engine
from mylib.vision.detection import pytorch, scratch


def test_overlap_by_hand(side):
    # 2 x 2 boxes: side by side, shifted by 1 (2 of 6 squares shared), inside one another, and two empty ones.
    module, array = side
    a = array(np.array([[0.0, 0, 2, 2], [3, 3, 3, 5]]))
    b = array(np.array([[2.0, 0, 4, 2], [1, 0, 3, 2], [0, 0, 1, 1], [0, 0, 2, 2], [3, 3, 3, 5]]))
    np.testing.assert_allclose(module.box_area(a), [4, 0])
    np.testing.assert_allclose(module.iou(a, b), [[0, 1 / 3, 1 / 4, 1, 0], [0, 0, 0, 0, 0]])


def test_coding_by_hand(side):
    # The reference has centre (15, 10), width 10 and height 20; the box has centre (20, 20), width 20 and height 10.
    module, array = side
    reference, box = array(np.array([10.0, 0, 20, 20])), array(np.array([10.0, 15, 30, 25]))
    expected = [0.5, 0.5, np.log(2), -np.log(2)]
    np.testing.assert_allclose(module.encode_boxes(box, reference), expected)
    np.testing.assert_allclose(module.decode_boxes(array(np.array(expected)), reference), box)


def test_anchors_by_hand(side):
    # One size of 8 pixels with h / w = 4: 4 wide and 16 high, centred in cells of 4 pixels.
    module, _ = side
    got = np.asarray(module.anchors(2, 1, stride=4, sizes=[8], ratios=[4.0]))
    np.testing.assert_allclose(got, [[0, -6, 4, 10], [0, -2, 4, 14]])
    assert module.anchors(3, 5, 16, [128, 256, 512], [0.5, 1, 2]).shape == (3 * 5 * 9, 4), "the paper's nine"


def test_nms_by_hand(side):
    module, array = side
    boxes = array(np.array([[0.0, 0, 10, 10], [0, 0, 10, 9], [0, 0, 10, 5], [20, 20, 30, 30]]))
    scores = array(np.array([0.7, 0.9, 0.8, 0.1]))
    assert module.nms(boxes, scores, 0.5).tolist() == [1, 3], "0.9 covers 0.7 (IoU 0.9) and 0.8 (IoU 5/9)"
    assert module.nms(boxes, scores, 5 / 9 + 1e-9).tolist() == [1, 2, 3], "the IoU must be above the threshold"
    assert module.nms(boxes, scores, 0.89).tolist() == [1, 2, 3]


def test_nms_keeps_what_only_a_dropped_box_covers(side):
    # 1 drops 2; 2 would have dropped 3, but is gone.
    module, array = side
    boxes = array(np.array([[0.0, 0, 10, 10], [4, 0, 14, 10], [8, 0, 18, 10]]))
    assert module.nms(boxes, array(np.array([3.0, 2, 1])), 0.4).tolist() == [0, 2]


def test_nms_prefers_the_lower_index_of_equal_scores(side):
    module, array = side
    boxes = array(np.array([[0.0, 0, 10, 10], [50, 50, 60, 60], [0, 0, 10, 10]]))
    assert module.nms(boxes, array(np.ones(3)), 0.5).tolist() == [0, 1]


def test_roi_pooling_by_hand(side):
    # Pixels (3, 2) to (14, 15) at 1 cell per 4 pixels: cells 0.75 to 3.5 and 0.5 to 3.75, rounded to 1 to 4 each;
    # three cells in two bins overlap in the middle one.
    module, array = side
    features = array(np.arange(16.0).reshape(1, 1, 4, 4))
    got = module.roi_pool(features, array(np.array([[0.0, 3, 2, 14, 15]])), 2, 0.25)
    assert np.asarray(got.detach() if hasattr(got, "detach") else got).reshape(-1).tolist() == [
        10,
        11,
        14,
        15,
    ]


def test_roi_pooling_sends_gradient_to_first_maximum_only():
    for tensor, module in ((engine.Tensor, scratch), (torch.tensor, pytorch)):
        features = tensor(np.array([[[[1.0, 7, 7], [7, 0, 2]]]]), requires_grad=True)
        module.roi_pool(
            features,
            np.array([[0.0, 0, 0, 3, 2]]) if module is scratch else torch.tensor([[0.0, 0, 0, 3, 2]]),
            1,
            1.0,
        ).sum().backward()
        np.testing.assert_array_equal(np.asarray(features.grad)[0, 0], [[0, 1, 0], [0, 0, 0]])


def test_targets_by_hand(side):
    # IoU with the object: 1, 0.5, 0.4 and 0. Between background (0.3) and foreground (0.5) a box is ignored.
    module, array = side
    boxes = array(np.array([[0.0, 0, 10, 10], [0, 0, 10, 20], [0, 0, 10, 25], [50, 50, 60, 60]]))
    truth, labels = array(np.array([[0.0, 0, 10, 10], [0, 0, 0, 0]])), array(np.array([3, -1]))
    assigned, deltas = module.assign_targets(boxes, truth, labels, foreground=0.5, background=0.3)
    assert assigned.tolist() == [4, 4, -1, 0]
    np.testing.assert_allclose(deltas[1], [0, -0.25, 0, -np.log(2)], atol=1e-12)
    assert not np.asarray(deltas)[2:].any()


def test_forced_targets_find_an_object_that_no_box_overlaps_enough(side):
    module, array = side
    boxes = array(np.array([[0.0, 0, 10, 10], [5, 0, 15, 10], [50, 50, 60, 60]]))
    truth, labels = array(np.array([[0.0, 0, 10, 3], [51, 51, 54, 54]])), array(np.array([1, 2]))
    assert module.assign_targets(boxes, truth, labels)[0].tolist() == [0, 0, 0]
    assert module.assign_targets(boxes, truth, labels, force=True)[0].tolist() == [2, 0, 3]


def test_padding_is_never_assigned(side):
    module, array = side
    boxes, truth = array(np.array([[0.0, 0, 10, 10]])), array(np.array([[0.0, 0, 10, 10]]))
    assigned, deltas = module.assign_targets(boxes, truth, array(np.array([-1])), force=True)
    assert assigned.tolist() == [0]
    assert not np.asarray(deltas).any()


def test_proposals_by_hand(side):
    # By falling objectness: 3 has its height shrunk to nothing, 2 and 1 are apart, 0 lies nearly on 2 and is dropped.
    module, array = side
    anchors = np.array([[0.0, 0, 10, 9], [30, 30, 40, 40], [-2, 0, 10, 9], [50, 0, 60, 10]])
    deltas = np.zeros((1, 4, 4))
    deltas[0, 1] = [0.5, 0, 0, np.log(0.5)]  # half a width to the right, half as high
    deltas[0, 3, 3] = -9
    logits = np.array([[0.5, 0.7, 2.0, 3.0]])
    rpn = module.RegionProposalNetwork(4, count=3)
    wrap = engine.Tensor if module is scratch else torch.tensor
    boxes, valid = rpn.propose(array(anchors), wrap(logits), wrap(deltas), 36, 64)
    assert np.asarray(valid).tolist() == [[True, True, False]]
    np.testing.assert_allclose(np.asarray(boxes)[0, :2], [[0, 0, 10, 9], [35, 32.5, 45, 36]])


def test_proposal_loss_by_hand(side):
    # One anchor on the object, one far away; logits of 0 cost ln 2 each, the deltas of the first are half a unit off.
    module, array = side
    anchors, truth = np.array([[0.0, 0, 10, 10], [40, 40, 50, 50]]), np.array([[[0.0, 0, 10, 10]]])
    deltas = np.zeros((1, 2, 4))
    deltas[0, :, 0] = 0.1
    wrap = engine.Tensor if module is scratch else torch.tensor
    loss = module.RegionProposalNetwork(4).loss(
        array(anchors), wrap(np.zeros((1, 2))), wrap(deltas), array(truth), array(np.array([[5]]))
    )
    assert loss.item() == pytest.approx(np.log(2) + 0.5**2 / 2)


def test_proposal_loss_of_an_object_that_no_anchor_overlaps_by_half_by_hand(side):
    # IoU with the object: 0.4, its best anchor; 0.36, ignored whatever its logit; 0, background. The best anchor is off
    # by -0.3 heights and ln 0.4: in units of 0.2 by 1.5 and 4.58, on the straight part of the loss.
    module, array = side
    anchors = np.array([[0.0, 0, 10, 25], [0, 0, 10, 28], [40, 40, 50, 50]])
    wrap = engine.Tensor if module is scratch else torch.tensor
    loss = module.RegionProposalNetwork(4).loss(
        array(anchors), wrap(np.array([[0.0, 100, 0]])), wrap(np.zeros((1, 3, 4))),
        array(np.array([[[0.0, 0, 10, 10]]])), array(np.array([[5]])),
    )  # fmt: skip
    assert loss.item() == pytest.approx(np.log(2) + (1.5 - 0.5) + (-np.log(0.4) / 0.2 - 0.5))


def test_proposals_that_are_none_are_never_detected(side):
    module, array = side
    wrap = engine.Tensor if module is scratch else torch.tensor
    outputs = wrap(np.array([[[0.0, 9, 0], [0, 9, 0]]])), wrap(np.zeros((1, 2, 4)))
    proposals, valid = array(np.array([[[0.0, 0, 9, 9], [30, 30, 40, 40]]])), array(np.array([[True, False]]))
    picture = array(np.zeros((1, 3, 48, 48)))
    boxes, scores, labels = module.detections_of(outputs, proposals, picture, valid, 0.05, 0.3)[0]
    np.testing.assert_allclose(boxes, [[0, 0, 9, 9]])
    assert labels.tolist() == [0]
    assert scores.tolist() == pytest.approx([1 / (1 + 2 * np.exp(-9))])


def test_average_precision_by_hand(side):
    # Two objects; hit, miss, hit. Precision is 1 up to recall 1/2 (51 of the 101 points), 2/3 up to recall 1.
    module, array = side
    boxes = np.array([[0.0, 0, 10, 10], [30, 30, 40, 40], [20, 0, 30, 10]])
    found = [(array(boxes), array(np.array([0.9, 0.8, 0.7])), array(np.zeros(3, int)))]
    truth = [(array(boxes[[0, 2]]), array(np.zeros(2, int)))]
    got = module.average_precision(found, truth, thresholds=[0.5])
    np.testing.assert_allclose(got, [(51 + 50 * 2 / 3) / 101], rtol=1e-12)


def test_an_overlap_equal_to_the_threshold_is_a_hit(side):
    module, array = side
    found = [(array(np.array([[0.0, 0, 10, 5]])), array(np.array([0.9])), array(np.zeros(1, int)))]
    truth = [(array(np.array([[0.0, 0, 10, 10]])), array(np.zeros(1, int)))]
    assert module.average_precision(found, truth, [0.5, 0.51]).tolist() == [1.0, 0.0]


def test_a_second_detection_of_the_same_object_is_a_miss(side):
    module, array = side
    box = array(np.array([[0.0, 0, 10, 10]] * 2))
    found = [(box, array(np.array([0.9, 0.8])), array(np.zeros(2, int)))]
    one, two = (
        [(array(np.array([[0.0, 0, 10, 10], *extra])), array(np.zeros(1 + len(extra), int)))]
        for extra in ([], [[30.0, 30, 40, 40]])
    )
    assert module.average_precision(found, one, [0.5]).tolist() == [1.0]
    np.testing.assert_allclose(module.average_precision(found, two, [0.5]), [51 / 101])


def test_segmentation_of_two_halves(side):
    module, array = side
    image = np.zeros((3, 6, 8))
    image[:, :, 4:] = 0.8
    labels = np.asarray(module.felzenszwalb(array(image), scale=50, min_size=1, sigma=0))
    np.testing.assert_array_equal(labels, np.repeat([[0] * 4 + [1] * 4], 6, axis=0))
    # Joining the halves would need 255 * 0.8 * sqrt(3) <= k / 24.
    assert np.asarray(module.felzenszwalb(array(image), scale=8500, min_size=1, sigma=0)).max() == 0
    assert np.asarray(module.felzenszwalb(array(image), scale=8400, min_size=1, sigma=0)).max() == 1
    assert np.asarray(module.felzenszwalb(array(image), scale=50, min_size=25, sigma=0)).max() == 0


def test_selective_search_finds_a_square_on_a_plain_ground(side):
    module, array = side
    image = np.full((3, 40, 40), 0.2)
    image[:, 10:22, 15:30] = 0.9
    boxes = np.asarray(module.selective_search(array(image), scale=50, min_size=5))
    overlap = scratch.iou(boxes, [[15, 10, 30, 22]])
    assert overlap.max() > 0.75, "smoothing moves the border by about a pixel"
    assert boxes[0].tolist() == [0, 0, 40, 40], "the last join is the whole image"


def test_box_loss_is_a_parabola_near_and_a_line_far_from_the_target():
    # In units of BOX_UNIT: half a unit off in one number costs 1/8, three units cost 5/2.
    deltas = engine.Tensor(np.array([[[0.1, 0, 0, 0], [0, 0.6, 0, 0], [9, 9, 9, 9]]]), requires_grad=True)
    value = scratch._box_loss(deltas, np.zeros((1, 3, 4)), np.array([[1, 2, 0]]))
    assert value.item() == pytest.approx((1 / 8 + 5 / 2) / 2)
    value.backward()
    np.testing.assert_allclose(deltas.grad[0, :2, :2], np.array([[0.5, 0], [0, 1]]) / 0.2 / 2, rtol=1e-12)
    assert not deltas.grad[0, 2].any(), "background has no box"


def test_balanced_loss_gives_objects_and_background_half_each():
    losses = np.array([[1.0, 3.0, 10.0, 10.0, 10.0, 99.0]])
    assigned = np.array([[1, 2, 0, 0, 0, -1]])
    for module, array in ((scratch, engine.Tensor), (pytorch, torch.tensor)):
        kind = np.asarray if module is scratch else torch.tensor
        assert module._balanced(array(losses), kind(assigned)).item() == pytest.approx(0.5 * 2 + 0.5 * 10)
