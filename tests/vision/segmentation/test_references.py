"""Pooling, transposed convolution, enlarging and overlaps against ONNX, torch, scikit-learn and COCO."""

import numpy as np
import onnx
import onnx.reference
import pycocotools.mask
import pytest
import sklearn.metrics
import torch
from hypothesis import given
from hypothesis import strategies as st

from mylib.vision.segmentation import pytorch, pytorch_instances, scratch, scratch_instances
from tests.twins import array as numbers
from tests.vision.segmentation.cases import SIDES, random_rois


def onnx_run(operation, inputs, **attributes):
    """One operation by ONNX's reference evaluator."""
    kinds = {
        "float32": onnx.TensorProto.FLOAT,
        "float64": onnx.TensorProto.DOUBLE,
        "int64": onnx.TensorProto.INT64,
    }
    values = [onnx.helper.make_tensor_value_info(name, kinds[str(array.dtype)], None) for name, array in inputs.items()]
    result = onnx.helper.make_tensor_value_info("result", values[0].type.tensor_type.elem_type, None)
    node = onnx.helper.make_node(operation, list(inputs), ["result"], **attributes)
    model = onnx.helper.make_model(onnx.helper.make_graph([node], operation, values, [result]))
    return onnx.reference.ReferenceEvaluator(model).run(None, inputs)[0]


@given(seed=st.integers(0, 1000), ratio=st.sampled_from([0, 1, 2, 3]), size=st.sampled_from([1, 2, (3, 2)]),
       scale=st.sampled_from([1.0, 0.25]))  # fmt: skip
def test_roi_align_equals_onnx_and_the_loops(seed, ratio, size, scale):
    rng = np.random.default_rng(seed)
    features, rois = rng.normal(size=(2, 3, 7, 6)), random_rois(rng, 5, 2, 7 / scale)
    rois[0, 3], rois[1, 3:] = rois[0, 1], rois[1, 1:3]  # one without width, one that is a point
    h, w = (size, size) if isinstance(size, int) else size
    inputs = {"x": features, "rois": rois[:, 1:], "batch": rois[:, 0].astype(np.int64)}
    expected = onnx_run(
        "RoiAlign", inputs, output_height=h, output_width=w, sampling_ratio=ratio, spatial_scale=scale,
        coordinate_transformation_mode="half_pixel", mode="avg",
    )  # fmt: skip
    np.testing.assert_allclose(
        scratch.roi_align_loops(features, rois, size, scale, ratio), expected, rtol=1e-9, atol=1e-9
    )
    np.testing.assert_allclose(
        numbers(scratch.roi_align(features, rois, size, scale, ratio)), expected, rtol=1e-9, atol=1e-9
    )
    got = pytorch.roi_align(torch.tensor(features), torch.tensor(rois), size, scale, ratio)
    np.testing.assert_allclose(got, expected, rtol=1e-9, atol=1e-9)


@given(seed=st.integers(0, 1000), stride=st.integers(1, 3), padding=st.integers(0, 1), dilation=st.integers(1, 2))
def test_transposed_convolution_equals_onnx(seed, stride, padding, dilation):
    # Without groups, which this reference does not compute; the adjoint below holds those.
    rng = np.random.default_rng(seed)
    x, weight, bias = rng.normal(size=(2, 4, 4, 3)), rng.normal(size=(4, 3, 3, 2)), rng.normal(size=3)
    expected = onnx_run(
        "ConvTranspose",
        {"x": x, "w": weight, "b": bias},
        strides=[stride] * 2,
        pads=[padding] * 4,
        dilations=[dilation] * 2,
    )
    options = {"stride": stride, "padding": padding, "dilation": dilation}
    for module, array in SIDES.values():
        got = numbers(module.conv_transpose2d(array(x), array(weight), array(bias), **options))
        np.testing.assert_allclose(got, expected, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("factor", [1, 2, 3, 4, 8])
def test_enlarging_equals_torchs_interpolation_also_at_the_border(factor):
    x = np.random.default_rng(3).normal(size=(2, 3, 4, 5))
    expected = torch.nn.functional.interpolate(torch.tensor(x), scale_factor=factor, mode="bilinear")
    np.testing.assert_allclose(numbers(scratch.upsample_bilinear(x, factor)), expected, rtol=1e-6, atol=1e-7)


@given(seed=st.integers(0, 1000), classes=st.integers(1, 5), count=st.integers(1, 30))
def test_mean_iou_equals_scikit_learns(seed, classes, count):
    rng = np.random.default_rng(seed)
    predicted, target = rng.integers(0, classes, (2, count))
    expected = sklearn.metrics.jaccard_score(target, predicted, average="macro", labels=np.union1d(target, predicted))
    for module, array in SIDES.values():
        assert float(module.mean_iou(array(predicted), array(target), classes)) == pytest.approx(expected)


def test_mask_overlap_equals_cocos():
    rng = np.random.default_rng(5)
    a, b = rng.random((4, 9, 8)) < 0.4, rng.random((3, 9, 8)) < 0.4
    encoded = [[pycocotools.mask.encode(np.asfortranarray(m.astype(np.uint8))) for m in masks] for masks in (a, b)]
    expected = pycocotools.mask.iou(*encoded, np.zeros(3))
    np.testing.assert_allclose(scratch.mask_iou(a, b), expected, rtol=1e-9)
    np.testing.assert_allclose(pytorch.mask_iou(torch.tensor(a), torch.tensor(b)), expected, rtol=1e-9)


def test_pasting_is_bilinear_enlarging_to_the_box():
    logits = np.random.default_rng(14).normal(size=(2, 5, 5))
    boxes = np.array([[3.0, 2, 13, 14], [6, 0, 10, 5]])
    expected = np.zeros((2, 16, 18), bool)
    for mask, values, (x1, y1, x2, y2) in zip(expected, logits, boxes.astype(int), strict=True):
        inside = torch.nn.functional.interpolate(torch.tensor(values)[None, None], (y2 - y1, x2 - x1), mode="bilinear")
        mask[y1:y2, x1:x2] = inside[0, 0] > 0
    np.testing.assert_array_equal(scratch_instances.paste(logits, boxes, 16, 18), expected)
    got = pytorch_instances.paste(torch.tensor(logits), torch.tensor(boxes), 16, 18)
    np.testing.assert_array_equal(got, expected)
