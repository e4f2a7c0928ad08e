"""The detection topic: examples by hand, COCO's, ONNX's and scikit-image's code, gradients, twins, bad input."""

import contextlib
import io
import itertools

import numpy as np
import onnx
import onnx.reference
import pycocotools.coco
import pycocotools.cocoeval
import pycocotools.mask
import pytest
import skimage.segmentation
import torch
from hypothesis import given
from hypothesis import strategies as st

from mylib import data, engine
from mylib.vision.detection import pytorch, scratch
from tests.twins import TOLERANCE, assert_close, assert_same_function, share_random_weights

SIDES = {"scratch": (scratch, np.asarray), "pytorch": (pytorch, torch.tensor)}


@pytest.fixture(params=SIDES)
def side(request):
    return SIDES[request.param]


def random_boxes(rng, *shape, size=40.0):
    corners = np.sort(rng.uniform(0, size, (*shape, 2, 2)), axis=-2)
    return corners.reshape(*shape, 4) + [0, 0, 0.5, 0.5]  # never empty


def random_rois(rng, count, batch, size):
    return np.concatenate([rng.integers(0, batch, (count, 1)), random_boxes(rng, count, size=size)], axis=1)


def scenes(count=4, seed=0):
    made = data.digit_scenes(seed=seed, count=count)
    return made.images, *made.padded()


def random_proposals(images, n, seed=0):
    return random_boxes(np.random.default_rng(seed), len(images), n, size=60.0).astype(np.float32)


# worked values


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
    assert module.nms(boxes, scores, 5 / 9 + 1e-9).tolist() == [1, 2, 3], (
        "the IoU must be above the threshold"
    )
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


# against independent packages


def xywh(boxes):
    boxes = np.asarray(boxes, float)
    return np.concatenate([boxes[:, :2], boxes[:, 2:] - boxes[:, :2]], axis=1)


@given(n=st.integers(1, 6), m=st.integers(1, 6), seed=st.integers(0, 1000))
def test_overlap_equals_cocos(n, m, seed):
    rng = np.random.default_rng(seed)
    a, b = random_boxes(rng, n), random_boxes(rng, m)
    expected = pycocotools.mask.iou(xywh(a), xywh(b), np.zeros(m))
    np.testing.assert_allclose(scratch.iou(a, b), expected, rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(pytorch.iou(torch.tensor(a), torch.tensor(b)), expected, rtol=1e-9, atol=1e-12)


@given(n=st.integers(1, 25), threshold=st.sampled_from([0.1, 0.3, 0.5, 0.7]), seed=st.integers(0, 1000))
def test_nms_equals_onnx_and_the_loops(n, threshold, seed):
    rng = np.random.default_rng(seed)
    boxes, scores = random_boxes(rng, n).astype(np.float32), rng.permutation(n).astype(np.float32)
    node = onnx.helper.make_node("NonMaxSuppression", ["b", "s", "k", "t"], ["y"])
    kinds = {"b": "FLOAT", "s": "FLOAT", "k": "INT64", "t": "FLOAT", "y": "INT64"}
    values = [
        onnx.helper.make_tensor_value_info(name, getattr(onnx.TensorProto, kind), None)
        for name, kind in kinds.items()
    ]
    model = onnx.helper.make_model(onnx.helper.make_graph([node], "nms", values[:4], values[4:]))
    inputs = {"b": boxes[None][..., [1, 0, 3, 2]], "s": scores[None, None], "k": np.array([n])}
    inputs["t"] = np.array([threshold], np.float32)
    expected = onnx.reference.ReferenceEvaluator(model).run(None, inputs)[0][:, 2]
    assert scratch.nms(boxes, scores, threshold).tolist() == expected.tolist()
    assert scratch.nms_loops(boxes, scores, threshold).tolist() == expected.tolist()
    assert pytorch.nms(torch.tensor(boxes), torch.tensor(scores), threshold).tolist() == expected.tolist()


@pytest.mark.parametrize("seed", range(3))
def test_average_precision_equals_cocos(seed):
    rng = np.random.default_rng(seed)
    truth, found = [], []
    for _ in range(12):
        m = rng.integers(0, 5)
        boxes, labels = random_boxes(rng, m), rng.integers(0, 3, m)
        truth.append((boxes, labels))
        copies = np.repeat(boxes, 2, axis=0) + rng.normal(0, 1.5, (2 * m, 4))
        copies[:, 2:] = np.maximum(copies[:, 2:], copies[:, :2])
        wild = random_boxes(rng, 3)
        guess = np.concatenate([np.repeat(labels, 2), rng.integers(0, 3, 3)])
        scores = np.round(rng.random(2 * m + 3), 1)  # many ties
        found.append((np.concatenate([copies, wild]), scores, guess))
    expected = coco_average_precision(found, truth)
    np.testing.assert_allclose(scratch.average_precision(found, truth), expected, rtol=1e-9)
    as_tensors = [[tuple(map(torch.tensor, one)) for one in part] for part in (found, truth)]
    np.testing.assert_allclose(pytorch.average_precision(*as_tensors), expected, rtol=1e-9)


def coco_average_precision(found, truth):
    """Mean over the classes at each of COCO's thresholds, by COCO's own code."""
    number = itertools.count(1)
    annotations = [
        {
            "id": next(number),
            "image_id": i,
            "category_id": int(c),
            "bbox": box,
            "area": box[2] * box[3],
            "iscrowd": 0,
        }
        for i, (boxes, labels) in enumerate(truth)
        for box, c in zip(xywh(boxes).tolist(), labels, strict=True)
    ]
    results = [
        {"image_id": i, "category_id": int(c), "bbox": box, "score": float(score)}
        for i, (boxes, scores, labels) in enumerate(found)
        for box, score, c in zip(xywh(boxes).tolist(), scores, labels, strict=True)
    ]
    with contextlib.redirect_stdout(io.StringIO()):
        coco = pycocotools.coco.COCO()
        coco.dataset = {
            "images": [{"id": i} for i in range(len(truth))],
            "annotations": annotations,
            "categories": [{"id": c} for c in {a["category_id"] for a in annotations}],
        }
        coco.createIndex()
        evaluation = pycocotools.cocoeval.COCOeval(coco, coco.loadRes(results), "bbox")
        evaluation.evaluate()
        evaluation.accumulate()
    return evaluation.eval["precision"][:, :, :, 0, -1].mean(axis=(1, 2))  # thresholds, recalls, classes


@pytest.mark.parametrize(("scale", "min_size"), [(50, 5), (300, 20)])
def test_segmentation_equals_scikit_images(scale, min_size):
    for image in (
        data.photograph("coffee", height=60, width=80),
        np.random.default_rng(1).random((3, 30, 40)),
    ):
        expected = skimage.segmentation.felzenszwalb(
            image.transpose(1, 2, 0).astype(float), scale=scale, sigma=0.8, min_size=min_size
        )
        for module, array in SIDES.values():
            got = np.asarray(module.felzenszwalb(array(image), scale, min_size))
            assert same_division(got, expected)


def same_division(a, b):
    return len(np.unique(a)) == len(np.unique(b)) == len(np.unique(np.stack([a, b]).reshape(2, -1), axis=1).T)


# identities and limits


@given(seed=st.integers(0, 1000))
def test_decoding_undoes_encoding(seed):
    rng = np.random.default_rng(seed)
    boxes, references = random_boxes(rng, 2, 5), random_boxes(rng, 2, 5)
    for module, array in SIDES.values():
        deltas = module.encode_boxes(array(boxes), array(references))
        np.testing.assert_allclose(
            module.decode_boxes(deltas, array(references)), boxes, rtol=1e-9, atol=1e-9
        )


def test_deltas_do_not_change_when_image_and_boxes_are_enlarged_or_moved(side):
    module, array = side
    rng = np.random.default_rng(2)
    boxes, references = random_boxes(rng, 6), random_boxes(rng, 6)
    moved = [array(3.5 * values + 11) for values in (boxes, references)]
    np.testing.assert_allclose(
        module.encode_boxes(*moved),
        module.encode_boxes(array(boxes), array(references)),
        rtol=1e-9,
        atol=1e-9,
    )


def test_wild_deltas_decode_to_large_finite_boxes(side):
    module, array = side
    got = np.asarray(
        module.decode_boxes(array(np.array([0.0, 0, 900, 900])), array(np.array([0.0, 0, 2, 2])))
    )
    np.testing.assert_allclose(got[2:] - got[:2], [125, 125])


def test_clipping_leaves_what_is_inside_and_empties_what_is_outside(side):
    module, array = side
    boxes = array(np.array([[1.0, 2, 3, 4], [-9, -9, -5, 99], [-5, 5, 99, 99], [25, 21, 27, 99]]))
    got = module.clip_boxes(boxes, height=20, width=30)
    assert got.tolist() == [[1, 2, 3, 4], [0, 0, 0, 20], [0, 5, 30, 20], [25, 20, 27, 20]]


def test_nms_of_nms_changes_nothing_and_thresholds_at_the_ends_are_limits(side):
    module, array = side
    rng = np.random.default_rng(4)
    boxes, scores = random_boxes(rng, 30), rng.random(30)
    kept = np.asarray(module.nms(array(boxes), array(scores), 0.3))
    assert module.nms(array(boxes[kept]), array(scores[kept]), 0.3).tolist() == list(range(len(kept)))
    assert module.nms(array(boxes), array(scores), 1.0).tolist() == np.argsort(-scores).tolist()
    overlap = scratch.iou(boxes[np.asarray(module.nms(array(boxes), array(scores), 0.0))], boxes)
    assert (overlap > 0).any(axis=0).all(), "every box touches a kept one"


def test_pooling_the_whole_map_into_its_own_size_changes_nothing(side):
    module, array = side
    features = np.random.default_rng(5).normal(size=(2, 3, 6, 5))
    boxes = array(np.array([[0.0, 0, 0, 40, 48], [1, 0, 0, 40, 48]]))
    got = module.roi_pool(array(features), boxes, (6, 5), 1 / 8)
    np.testing.assert_array_equal(np.asarray(getattr(got, "data", got)), features)


def test_pooling_into_one_bin_is_the_maximum_of_the_box(side):
    module, array = side
    features = np.random.default_rng(6).normal(size=(1, 2, 9, 9))
    got = module.roi_pool(array(features), array(np.array([[0.0, 2, 3, 7, 8]])), 1, 1.0)
    np.testing.assert_array_equal(
        np.asarray(getattr(got, "data", got))[0, :, 0, 0], features[0, :, 3:8, 2:7].max(axis=(1, 2))
    )


@given(
    seed=st.integers(0, 1000),
    scale=st.sampled_from([1.0, 0.5, 0.25]),
    size=st.sampled_from([1, 2, (3, 2), 7]),
)
def test_fast_pooling_equals_the_loops(seed, scale, size):
    rng = np.random.default_rng(seed)
    features, rois = rng.normal(size=(2, 3, 8, 7)), random_rois(rng, 6, 2, 40)
    expected = scratch.roi_pool_loops(features, rois, size, scale)
    np.testing.assert_array_equal(scratch.roi_pool(features, rois, size, scale).numpy(), expected)
    np.testing.assert_array_equal(
        pytorch.roi_pool(torch.tensor(features), torch.tensor(rois), size, scale), expected
    )


def test_fast_rcnn_on_a_crop_of_its_own_equals_pooling_by_hand():
    # One proposal that is the whole image: RoI pooling is then max pooling of the backbone's map.
    images = scenes(2)[0].astype(np.float64)
    model = scratch.FastRCNN(3, 4).double().eval()
    whole = np.tile([[[0.0, 0, 64, 64]]], (2, 1, 1))
    expected = model.head(engine.max_pool2d(model.backbone(images), 4))
    for got, wanted in zip(model(images, whole), expected, strict=True):
        np.testing.assert_allclose(got.numpy()[:, 0], wanted.numpy(), rtol=1e-9)


def test_rcnn_warps_a_region_of_its_own_size_to_itself(side):
    module, array = side
    images = scenes(1)[0].astype(np.float64)
    got = module.RCNN().warp(array(images), array(np.array([[0.0, 8, 4, 40, 36]])))
    np.testing.assert_allclose(np.asarray(getattr(got, "data", got))[0], images[0, :, 4:36, 8:40], rtol=1e-12)


def test_selective_search_returns_the_hierarchy_of_its_regions(side):
    module, array = side
    image = data.photograph("cat", height=48, width=64)
    regions = np.asarray(module.felzenszwalb(array(image), 100, 20)).max() + 1
    boxes = np.asarray(module.selective_search(array(image), 100, 20))
    assert len(np.unique(boxes, axis=0)) == len(boxes) <= 2 * regions - 1
    assert (boxes[:, 2:] > boxes[:, :2]).all()
    assert (boxes >= 0).all()
    assert (boxes <= [64, 48, 64, 48]).all()


# gradients


@given(seed=st.integers(0, 1000), size=st.sampled_from([1, 2, (3, 2)]))
def test_pooling_gradient_agrees_with_differences(seed, size):
    # A permutation has no ties, and its neighbours are further apart than the step of the differences.
    rng = np.random.default_rng(seed)
    features, rois = rng.permutation(2 * 2 * 6 * 5).reshape(2, 2, 6, 5) / 10, random_rois(rng, 4, 2, 24)
    engine.gradcheck(lambda x: scratch.roi_pool(x, rois, size, 0.25), features)


@pytest.mark.parametrize("name", ["RCNN", "FastRCNN"])
def test_head_gradients_agree_with_differences(name):
    images, truth, labels = scenes(1)
    model = getattr(scratch, name)(10, 2).double().eval()
    proposals = random_proposals(images, 3).astype(float)
    weight = model.head.classify.weight.data.copy()

    def loss(w):
        scores = engine.matmul(model_features(model, images, proposals), engine.permute(w, 1, 0))
        return engine.cross_entropy(scores + model.head.classify.bias, [1, 0, 3])

    engine.gradcheck(loss, weight)


def model_features(model, images, proposals):
    rois = np.concatenate([np.zeros((3, 1)), proposals[0]], axis=1)
    return engine.relu(model.head.hidden(model.pool(images.astype(np.float64), rois).flatten(1)))


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


# twins


def test_twin_boxes():
    rng = np.random.default_rng(11)
    a, b = random_boxes(rng, 2, 6), random_boxes(rng, 2, 6)
    for dtype in TOLERANCE:
        one, other = a.astype(dtype), b.astype(dtype)
        for name, arguments in {"box_area": (one,), "iou": (one, other), "encode_boxes": (one, other),
                                "decode_boxes": (0.1 * one, other)}.items():  # fmt: skip
            got = getattr(scratch, name)(*arguments)
            assert got.dtype == dtype, name
            assert_close(got, getattr(pytorch, name)(*map(torch.tensor, arguments)), dtype, name)
    np.testing.assert_allclose(
        scratch.anchors(3, 4, 8, [8, 16], [0.5, 2]), pytorch.anchors(3, 4, 8, [8, 16], [0.5, 2])
    )


@given(seed=st.integers(0, 1000), force=st.booleans())
def test_twin_targets(seed, force):
    rng = np.random.default_rng(seed)
    boxes, truth, labels = random_boxes(rng, 2, 12), random_boxes(rng, 2, 3), rng.integers(-1, 4, (2, 3))
    ours = scratch.assign_targets(boxes, truth, labels, 0.4, 0.2, force)
    theirs = pytorch.assign_targets(*map(torch.tensor, (boxes, truth, labels)), 0.4, 0.2, force)
    np.testing.assert_array_equal(ours[0], theirs[0])
    np.testing.assert_allclose(ours[1], theirs[1], rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("size", [1, 2, (3, 2)])
def test_twin_pooling(size):
    rng = np.random.default_rng(12)
    rois = random_rois(rng, 5, 2, 28)
    for features in (
        rng.normal(size=(2, 3, 7, 6)),
        rng.integers(0, 3, (2, 3, 7, 6)).astype(float),
    ):  # the second has ties
        assert_same_function(
            lambda x: scratch.roi_pool(x, rois, size, 0.25),
            lambda x: pytorch.roi_pool(x, torch.tensor(rois).to(x.dtype), size, 0.25),
            features,
        )


def test_twin_proposals():
    image = data.photograph("astronaut", height=60, width=50)
    for name, options in (("felzenszwalb", (80, 8)), ("selective_search", (80, 8))):
        got = getattr(scratch, name)(image, *options)
        np.testing.assert_array_equal(
            got, getattr(pytorch, name)(torch.tensor(image), *options), err_msg=name
        )


@pytest.mark.parametrize("name", ["RCNN", "FastRCNN", "FasterRCNN"])
def test_twin_detectors_have_the_same_losses_gradients_and_weights_after_training_steps(name):
    images, truth, labels = scenes(3)
    extra = () if name == "FasterRCNN" else (random_proposals(images, 6),)
    for dtype in TOLERANCE:
        ours, theirs = getattr(scratch, name)(10, 4), getattr(pytorch, name)(10, 4)
        if dtype is np.float64:
            ours.double(), theirs.double()
        share_random_weights(ours, theirs, dtype)
        batch = [v.astype(dtype) if v.dtype.kind == "f" else v for v in (images, truth, labels, *extra)]
        optimizers = engine.optim.SGD(ours.parameters(), 0.01), torch.optim.SGD(theirs.parameters(), 0.01)
        for _ in range(3):
            losses = ours.loss(*batch), theirs.loss(*map(torch.tensor, batch))
            assert_close(losses[0].numpy(), losses[1].detach().numpy(), dtype, "loss")
            for optimizer, loss in zip(optimizers, losses, strict=True):
                optimizer.zero_grad()
                loss.backward()
            for key, parameter in ours.named_parameters():
                assert_close(
                    parameter.grad, dict(theirs.named_parameters())[key].grad, dtype, f"gradient of {key}"
                )
            for optimizer in optimizers:
                optimizer.step()
        for key, value in ours.state_dict().items():
            assert_close(value, theirs.state_dict()[key].numpy(), dtype, f"{key} after 3 steps")


@pytest.mark.parametrize("name", ["RCNN", "FastRCNN", "FasterRCNN"])
def test_twin_detections(name):
    images = scenes(2)[0].astype(np.float64)
    ours, theirs = getattr(scratch, name)(4, 4).double(), getattr(pytorch, name)(4, 4).double()
    share_random_weights(ours, theirs, np.float64)
    ours.eval(), theirs.eval()
    extra = () if name == "FasterRCNN" else (random_proposals(images, 6).astype(float),)
    for got, expected in zip(
        ours.detect(images, *extra),
        theirs.detect(torch.tensor(images), *map(torch.tensor, extra)),
        strict=True,
    ):
        assert len(got[0]), "random weights score every class above 0.05"
        for a, b in zip(got, expected, strict=True):
            assert_close(a, b, np.float64, "detections")


def test_a_detector_learns_a_few_scenes_by_heart():
    images, truth, labels = scenes(4)
    for module, array, optimizer in (
        (scratch, np.asarray, engine.optim.Adam),
        (pytorch, torch.tensor, torch.optim.Adam),
    ):
        engine.manual_seed(0)
        torch.manual_seed(0)
        model = module.FasterRCNN(10, 8)
        step = optimizer(model.parameters(), 5e-3)
        losses = []
        for _ in range(40):
            step.zero_grad()
            loss = model.loss(array(images), array(truth), array(labels))
            loss.backward()
            step.step()
            losses.append(loss.item())
        assert losses[-1] < 0.4 * losses[0]


# the pytorch twin on a device


@pytest.mark.parametrize("name", ["RCNN", "FastRCNN", "FasterRCNN"])
def test_a_training_step_asks_the_device_for_no_value(name):
    # Tensors on the meta device have shapes and no values: whatever reads one back raises.
    model = getattr(pytorch, name)(10, 4).to("meta")
    images, truth = torch.empty(2, 3, 64, 64, device="meta"), torch.empty(2, 4, 4, device="meta")
    labels = torch.empty(2, 4, dtype=torch.long, device="meta")
    extra = () if name == "FasterRCNN" else (torch.empty(2, 6, 4, device="meta"),)
    loss = model.loss(images, truth, labels, *extra)
    loss.backward()
    assert all(parameter.grad is not None for parameter in model.parameters())
    with pytest.raises(RuntimeError, match="cannot be called on meta tensors"):
        loss.item()


@pytest.mark.parametrize("name", ["RCNN", "FastRCNN", "FasterRCNN"])
def test_a_training_step_in_bfloat16_is_near_the_one_in_float32(name):
    images, truth, labels = scenes(3)
    extra = () if name == "FasterRCNN" else (random_proposals(images, 6),)
    torch.manual_seed(0)
    model = getattr(pytorch, name)(10, 4)
    batch = [torch.tensor(value) for value in (images, truth, labels, *extra)]
    expected = model.loss(*batch).item()
    with torch.autocast("cpu", torch.bfloat16):
        loss = model.loss(*batch)
    loss.backward()
    # bfloat16 has three digits, and other proposals may come through suppression.
    assert loss.item() == pytest.approx(expected, rel=0.15)


def test_room_for_the_largest_bin_follows_from_the_map_where_boxes_are_not_looked_at():
    # 7 rows in 4 bins: the second has rows 1 to 3, one more than 7 / 4 rounded up. A compiled call may not look.
    features = torch.arange(42.0).reshape(1, 1, 7, 6)
    rois = torch.cat(
        [
            torch.tensor([[0.0, 0, 0, 6, 7]]),
            torch.tensor(random_rois(np.random.default_rng(15), 9, 1, 6)).float(),
        ]
    )
    compiled = torch.compile(pytorch.roi_pool, backend="eager", fullgraph=True)
    torch.testing.assert_close(compiled(features, rois, 4, 1.0), pytorch.roi_pool(features, rois, 4, 1.0))


@pytest.mark.parametrize("name", ["RCNN", "FastRCNN", "FasterRCNN"])
def test_a_training_step_compiles_as_one_graph(name):
    images, truth, labels = scenes(2)
    extra = () if name == "FasterRCNN" else (random_proposals(images, 6),)
    model = getattr(pytorch, name)(10, 4)
    if name == "FasterRCNN":
        model.rpn.count = 4  # fewer rounds of suppression to trace
    batch = [torch.tensor(value) for value in (images, truth, labels, *extra)]
    compiled = torch.compile(model.loss, backend="eager", fullgraph=True)
    torch.testing.assert_close(compiled(*batch), model.loss(*batch))


@pytest.mark.gpu
@pytest.mark.parametrize("name", ["RCNN", "FastRCNN", "FasterRCNN"])
def test_a_training_step_never_waits_for_the_gpu_and_gives_the_cpus_loss(name):
    images, truth, labels = scenes(3)
    extra = () if name == "FasterRCNN" else (random_proposals(images, 6),)
    model = getattr(pytorch, name)(10, 4).double()
    batch = [
        torch.tensor(v).double() if v.dtype.kind == "f" else torch.tensor(v)
        for v in (images, truth, labels, *extra)
    ]
    expected = model.loss(*batch).item()
    model, batch = model.cuda(), [v.cuda() for v in batch]
    model.loss(*batch).backward()  # kernels are loaded on first use
    torch.cuda.set_sync_debug_mode("error")
    try:
        loss = model.loss(*batch)
        loss.backward()
        with torch.autocast("cuda", torch.bfloat16):
            model.loss(*batch).backward()
    finally:
        torch.cuda.set_sync_debug_mode("default")
    assert loss.item() == pytest.approx(expected, rel=1e-9)


# bad input


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


def test_empty_lists_of_boxes_have_a_defined_result(side):
    module, array = side
    none, one = array(np.zeros((0, 4))), array(np.array([[0.0, 0, 2, 2]]))
    assert tuple(module.iou(none, one).shape) == (0, 1)
    assert module.nms(none, array(np.zeros(0)), 0.5).tolist() == []
    assert tuple(module.roi_pool(array(np.zeros((1, 3, 4, 4))), array(np.zeros((0, 5))), 2, 1.0).shape) == (
        0,
        3,
        2,
        2,
    )
    wrap = engine.Tensor if module is scratch else torch.tensor
    features = wrap(np.ones((1, 3, 4, 4)), requires_grad=True)
    module.roi_pool(features, array(np.zeros((0, 5))), 2, 1.0).sum().backward()
    assert not np.asarray(features.grad).any()
    assigned, deltas = module.assign_targets(one, none, array(np.zeros(0, int)))
    assert assigned.tolist() == [0]
    assert deltas.tolist() == [[0, 0, 0, 0]]
    found = [(none, array(np.zeros(0)), array(np.zeros(0, int)))]
    assert module.average_precision(found, [(one, array(np.array([1])))], [0.5]).tolist() == [0.0]


@pytest.mark.parametrize("name", ["RCNN", "FastRCNN"])
def test_no_proposals_mean_no_detections_and_training_on_the_objects_alone(side, name):
    module, array = side
    images, truth, labels = scenes(2)
    model, none = getattr(module, name)(10, 4), array(np.zeros((2, 0, 4), np.float32))
    loss = model.loss(array(images), array(truth), array(labels), none)
    assert 0 < loss.item() < np.inf
    found = model.eval().detect(array(images), none)
    assert [[tuple(values.shape) for values in one] for one in found] == [[(0, 4), (0,), (0,)]] * 2


def test_a_region_outside_the_picture_pools_the_nearest_cells(side):
    module, array = side
    features = array(np.arange(16.0).reshape(1, 1, 4, 4))
    got = module.roi_pool(features, array(np.array([[0.0, 100, -50, 120, -40]])), 1, 1.0)
    assert np.asarray(getattr(got, "data", got)).item() == 3, "the corner at the top right"


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


def test_images_smaller_than_the_receptive_field_are_searched_all_the_same(side):
    module, array = side
    model = module.FasterRCNN(3, 4).eval()
    found = model.detect(
        array(np.random.default_rng(0).random((1, 3, 9, 11)).astype(np.float32)), least_score=0.0
    )
    boxes = np.asarray(found[0][0])
    assert (boxes >= 0).all()
    assert (boxes <= [11, 9, 11, 9]).all()


def test_a_picture_without_objects_trains_the_background(side):
    module, array = side
    model = module.FasterRCNN(3, 4)
    images = scenes(2)[0]
    loss = model.loss(array(images), array(np.zeros((2, 1, 4), np.float32)), array(np.full((2, 1), -1)))
    loss.backward()
    assert np.isfinite(loss.item())
    assert loss.item() > 0
