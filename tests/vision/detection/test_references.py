"""Overlap, suppression, precision, segments and pooling against COCO, ONNX, scikit-image and plain loops."""

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

from mylib import data
from mylib.vision.detection import pytorch, scratch
from tests.vision.detection.cases import SIDES, random_boxes, random_rois


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
        onnx.helper.make_tensor_value_info(name, getattr(onnx.TensorProto, kind), None) for name, kind in kinds.items()
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
    np.testing.assert_array_equal(pytorch.roi_pool(torch.tensor(features), torch.tensor(rois), size, scale), expected)
