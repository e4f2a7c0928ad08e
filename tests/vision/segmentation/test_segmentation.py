"""The segmentation topic: the slide's table by hand, ONNX, scikit-learn, COCO and torch, adjoints, gradients, twins."""

import numpy as np
import onnx
import onnx.reference
import pycocotools.mask
import pytest
import sklearn.metrics
import torch
from hypothesis import given
from hypothesis import strategies as st

from mylib import data, engine
from mylib.vision.segmentation import pytorch, pytorch_instances, scratch, scratch_instances
from tests.twins import (
    TOLERANCE,
    assert_close,
    assert_same_function,
    assert_same_module,
    share_random_weights,
)

SIDES = {"scratch": (scratch, np.asarray), "pytorch": (pytorch, torch.tensor)}
# The 8 x 8 table of the slide "Mask R-CNN: ROI Align".
TABLE = np.array(
    [
        [0.1, 0.3, 0.2, 0.3, 0.2, 0.6, 0.8, 0.9],
        [0.4, 0.5, 0.1, 0.4, 0.7, 0.1, 0.4, 0.3],
        [0.2, 0.1, 0.3, 0.8, 0.6, 0.2, 0.1, 0.1],
        [0.4, 0.6, 0.2, 0.1, 0.3, 0.6, 0.1, 0.2],
        [0.1, 0.8, 0.3, 0.3, 0.5, 0.3, 0.3, 0.3],
        [0.2, 0.9, 0.4, 0.5, 0.1, 0.1, 0.1, 0.2],
        [0.3, 0.1, 0.8, 0.6, 0.3, 0.3, 0.6, 0.5],
        [0.5, 0.5, 0.2, 0.1, 0.1, 0.2, 0.1, 0.2],
    ]
)
REGION = np.array([[0.0, 0.75, 2.25, 6.75, 6.75]])  # 6 wide, 4.5 high, no side on a cell's border


@pytest.fixture(params=SIDES)
def side(request):
    return SIDES[request.param]


def numbers(value):
    """As an array, from either side."""
    return np.asarray(value.detach() if hasattr(value, "detach") else value.data)


def random_rois(rng, count, batch, size, least=0.5):
    corners = np.sort(rng.uniform(-2, size, (count, 2, 2)), axis=1)
    boxes = corners.reshape(count, 4) + [0, 0, least, least]
    return np.concatenate([rng.integers(0, batch, (count, 1)), boxes], axis=1)


def scenes(count=3, seed=0):
    made = data.digit_scenes(seed=seed, count=count)
    return made.images, *made.padded(), made.padded_masks()


def onnx_run(operation, inputs, **attributes):
    """One operation by ONNX's reference evaluator."""
    kinds = {
        "float32": onnx.TensorProto.FLOAT,
        "float64": onnx.TensorProto.DOUBLE,
        "int64": onnx.TensorProto.INT64,
    }
    values = [
        onnx.helper.make_tensor_value_info(name, kinds[str(array.dtype)], None)
        for name, array in inputs.items()
    ]
    result = onnx.helper.make_tensor_value_info("result", values[0].type.tensor_type.elem_type, None)
    node = onnx.helper.make_node(operation, list(inputs), ["result"], **attributes)
    model = onnx.helper.make_model(onnx.helper.make_graph([node], operation, values, [result]))
    return onnx.reference.ReferenceEvaluator(model).run(None, inputs)[0]


# worked values


def test_slides_table_pooled_with_rounding_by_hand(side):
    # The region's sides are rounded to 1, 2, 7, 7: six columns and five rows. Two bins of three columns; of five rows
    # the bins have three each, the middle row belongs to both.
    module, array = side
    from mylib.vision.detection import pytorch as detection_pytorch
    from mylib.vision.detection import scratch as detection_scratch

    pool = (detection_scratch if module is scratch else detection_pytorch).roi_pool
    got = numbers(pool(array(TABLE[None, None]), array(REGION), 2, 1.0))[0, 0]
    upper = [
        max(0.1, 0.3, 0.8, 0.6, 0.2, 0.1, 0.8, 0.3, 0.3),
        max(0.6, 0.2, 0.1, 0.3, 0.6, 0.1, 0.5, 0.3, 0.3),
    ]
    lower = [
        max(0.8, 0.3, 0.3, 0.9, 0.4, 0.5, 0.1, 0.8, 0.6),
        max(0.5, 0.3, 0.3, 0.1, 0.1, 0.1, 0.3, 0.3, 0.6),
    ]
    np.testing.assert_allclose(got, [upper, lower], rtol=1e-12)
    np.testing.assert_allclose(got, [[0.8, 0.6], [0.9, 0.6]], rtol=1e-12)


def test_slides_table_pooled_without_rounding_by_hand(side):
    # One point in the middle of each of 2 x 2 bins: columns 0.75 + 1.5 = 2.25 and 5.25, rows 3.375 and 5.625; in cells,
    # half a cell less: columns 1.75 and 4.75, rows 2.875 and 5.125.
    module, array = side
    got = numbers(module.roi_align(array(TABLE[None, None]), array(REGION), 2, 1.0, sampling_ratio=1))[0, 0]
    upper = 0.125 * TABLE[2] + 0.875 * TABLE[3]
    lower = 0.875 * TABLE[5] + 0.125 * TABLE[6]
    by_hand = [
        [0.25 * values[1] + 0.75 * values[2], 0.25 * values[4] + 0.75 * values[5]]
        for values in (upper, lower)
    ]
    np.testing.assert_allclose(got, by_hand, rtol=1e-12)
    # Row 2.875 between .1 .3 and .6 .2 in columns 1 and 2: .5375 and .2125, so .25 x .5375 + .75 x .2125.
    assert got[0, 0] == pytest.approx(0.29375)


def test_kernels_by_hand(side):
    module, _ = side
    two = np.asarray(module.bilinear_kernel(1, 2))[0, 0]
    np.testing.assert_allclose(two, np.outer([1, 3, 3, 1], [1, 3, 3, 1]) / 16, rtol=1e-6)
    three = np.asarray(module.bilinear_kernel(2, 3))
    assert three.shape == (2, 2, 5, 5)
    np.testing.assert_allclose(three[1, 1], np.outer([1, 2, 3, 2, 1], [1, 2, 3, 2, 1]) / 9, rtol=1e-6)
    assert not three[0, 1].any(), "channels do not mix"
    np.testing.assert_allclose(np.asarray(module.bilinear_kernel(1, 1)), 1)


def test_transposed_convolution_puts_a_copy_of_the_kernel_at_every_value(side):
    module, array = side
    x, kernel = np.array([[[[2.0, 0], [0, -1]]]]), np.array([[[[1.0, 2, 3], [4, 5, 6], [7, 8, 9]]]])
    expected = np.zeros((5, 5))
    expected[:3, :3] += 2 * kernel[0, 0]
    expected[2:, 2:] -= kernel[0, 0]
    np.testing.assert_allclose(
        numbers(module.conv_transpose2d(array(x), array(kernel), stride=2))[0, 0], expected
    )


def test_pixel_losses_by_hand(side):
    module, array = side
    logits = np.log(np.array([[[[0.5, 0.9]], [[0.5, 0.1]]]]))  # two classes, one row of two pixels
    got = module.pixel_loss(array(logits), array(np.array([[[1, 0]]])))
    assert got.item() == pytest.approx(-(np.log(0.5) + np.log(0.9)) / 2)
    assert module.pixel_loss(array(logits), array(np.array([[[1, -1]]]))).item() == pytest.approx(
        -np.log(0.5)
    )
    values, wanted = array(np.array([[[[1.0, 5.0, 2.0]]]])), array(np.array([[[[3.0, np.nan, 2.5]]]]))
    assert module.pixel_loss(values, wanted, "squared").item() == pytest.approx((4 + 0.25) / 2)


def test_maps_without_any_label_have_loss_zero_and_no_gradient():
    for tensor, module, kind in ((engine.Tensor, scratch, np.asarray), (torch.tensor, pytorch, torch.tensor)):
        outputs = tensor(np.array([[[[1.0, 5.0]], [[2.0, 0.0]]]]), requires_grad=True)
        loss = module.pixel_loss(outputs, kind(np.full((1, 1, 2), -1)))
        loss.backward()
        assert loss.item() == 0
        assert not np.asarray(outputs.grad).any()


def test_unknown_depth_gets_no_gradient_and_never_nan():
    for tensor, module, kind in ((engine.Tensor, scratch, np.asarray), (torch.tensor, pytorch, torch.tensor)):
        outputs = tensor(np.array([[[[1.0, 5.0, 2.0, 4.0]]]]), requires_grad=True)
        module.pixel_loss(outputs, kind(np.array([[[[3.0, np.nan, 2.5, np.inf]]]])), "squared").backward()
        np.testing.assert_allclose(np.asarray(outputs.grad)[0, 0, 0], [-2, 0, -0.5, 0])
        nothing = module.pixel_loss(outputs, kind(np.full((1, 1, 1, 4), np.nan)), "squared")
        assert nothing.item() == 0


def test_mean_iou_by_hand(side):
    # Class 0: 1 pixel in both, 3 in either; class 1: 1 and 2; class 2 does not occur; the last pixel does not count.
    module, array = side
    got = module.mean_iou(array(np.array([0, 0, 1, 0, 1])), array(np.array([0, 1, 1, 0, -1])), 3)
    assert float(got) == pytest.approx((2 / 3 + 1 / 2) / 2)
    assert float(module.mean_iou(array(np.array([2, 2])), array(np.array([0, 0])), 3)) == 0


def test_mask_overlap_by_hand(side):
    module, array = side
    a = np.array([[[1, 1], [0, 0]], [[0, 0], [0, 0]]], dtype=bool)
    b = np.array([[[1, 0], [1, 0]], [[1, 1], [0, 0]], [[0, 0], [0, 0]]], dtype=bool)
    np.testing.assert_allclose(module.mask_iou(array(a), array(b)), [[1 / 3, 1, 0], [0, 0, 0]])


# against independent packages


@given(seed=st.integers(0, 1000), ratio=st.sampled_from([0, 1, 2, 3]), size=st.sampled_from([1, 2, (3, 2)]),
       scale=st.sampled_from([1.0, 0.25]))  # fmt: skip
def test_roi_align_equals_onnx_and_the_loops(seed, ratio, size, scale):
    rng = np.random.default_rng(seed)
    features, rois = rng.normal(size=(2, 3, 7, 6)), random_rois(rng, 5, 2, 7 / scale)
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


@given(
    seed=st.integers(0, 1000), stride=st.integers(1, 3), padding=st.integers(0, 1), dilation=st.integers(1, 2)
)
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
    expected = sklearn.metrics.jaccard_score(
        target, predicted, average="macro", labels=np.union1d(target, predicted)
    )
    for module, array in SIDES.values():
        assert float(module.mean_iou(array(predicted), array(target), classes)) == pytest.approx(expected)


def test_mask_overlap_equals_cocos():
    rng = np.random.default_rng(5)
    a, b = rng.random((4, 9, 8)) < 0.4, rng.random((3, 9, 8)) < 0.4
    encoded = [
        [pycocotools.mask.encode(np.asfortranarray(m.astype(np.uint8))) for m in masks] for masks in (a, b)
    ]
    expected = pycocotools.mask.iou(*encoded, np.zeros(3))
    np.testing.assert_allclose(scratch.mask_iou(a, b), expected, rtol=1e-9)
    np.testing.assert_allclose(pytorch.mask_iou(torch.tensor(a), torch.tensor(b)), expected, rtol=1e-9)


# identities and limits


@given(seed=st.integers(0, 1000), stride=st.integers(1, 3), padding=st.integers(0, 2), dilation=st.integers(1, 2),
       groups=st.sampled_from([1, 2]))  # fmt: skip
def test_transposed_convolution_is_the_adjoint_of_convolution(seed, stride, padding, dilation, groups):
    # <conv2d(a, w), x> = <a, conv_transpose2d(x, w)> for all a and x; output_padding gives a's size back.
    rng = np.random.default_rng(seed)
    a, weight = rng.normal(size=(2, 4, 8, 7)), rng.normal(size=(6, 4 // groups, 3, 3))
    options = {"stride": stride, "padding": padding, "dilation": dilation, "groups": groups}
    y = engine.conv2d(a, weight, **options).numpy()
    x = rng.normal(size=y.shape)
    extra = tuple(
        n - ((m - 1) * stride - 2 * padding + dilation * 2 + 1)
        for n, m in zip(a.shape[2:], y.shape[2:], strict=True)
    )
    for module, array in SIDES.values():
        back = numbers(module.conv_transpose2d(array(x), array(weight), output_padding=extra, **options))
        assert np.vdot(y, x) == pytest.approx(np.vdot(a, back), rel=1e-9)


def test_enlarging_keeps_constants_and_straight_lines(side):
    module, array = side
    line = np.tile(np.arange(6.0), (1, 1, 3, 1))
    got = numbers(module.upsample_bilinear(array(line), 4))[0, 0]
    np.testing.assert_allclose(got[:, 2:-2], np.tile(np.arange(20) / 4 + 0.125, (12, 1)), rtol=1e-6)
    np.testing.assert_allclose(
        numbers(module.upsample_bilinear(array(np.full((1, 2, 2, 2), 7.0)), 5)), 7.0, rtol=1e-6
    )


def test_aligned_pooling_of_whole_cells_is_the_map_itself(side):
    module, array = side
    features = np.random.default_rng(6).normal(size=(1, 2, 6, 5))
    whole = array(np.array([[0.0, 0, 0, 20, 24]]))
    np.testing.assert_allclose(
        numbers(module.roi_align(array(features), whole, (6, 5), 0.25, 1)), features, rtol=1e-9
    )


def test_aligned_pooling_follows_a_shift_of_a_fraction_of_a_cell(side):
    # On a plane v = 3 x + 2 y the mean of a bin is the plane at its middle, wherever the box lies.
    module, array = side
    y, x = np.mgrid[:12, :12]
    plane = array((3.0 * x + 2 * y)[None, None])
    for dx, dy in ((0, 0), (0.3, 0), (0.25, 0.6)):
        got = numbers(
            module.roi_align(plane, array(np.array([[0.0, 2 + dx, 3 + dy, 8 + dx, 7 + dy]])), 2, 1.0, 3)
        )[0, 0]
        middle_x, middle_y = np.array([3.5, 6.5]) + dx - 0.5, np.array([4.0, 6.0]) + dy - 0.5
        np.testing.assert_allclose(got, 3 * middle_x + 2 * middle_y[:, None], rtol=1e-9)


def test_regions_far_outside_the_map_pool_zero(side):
    module, array = side
    features = array(np.ones((1, 2, 4, 4)))
    got = module.roi_align(features, array(np.array([[0.0, 50, 50, 60, 60]])), 2, 1.0)
    assert not numbers(got).any()


def test_a_mask_cropped_to_its_own_box_and_pasted_back_is_the_mask():
    made = data.digit_scenes(seed=2, count=6, scale=(1.2, 1.6), digits=(1, 2))
    boxes, _ = made.padded()
    masks = made.padded_masks()
    which = np.tile(np.arange(boxes.shape[1]), (6, 1))
    crops = scratch_instances.crop_masks(masks, boxes + [0, 0, 0.01, 0.01], which, 64)
    for i, (its_boxes, its_masks) in enumerate(zip(made.boxes, made.masks, strict=True)):
        mine = crops.reshape(6, -1, 64, 64)[i, : len(its_boxes)] - 0.5
        pasted = scratch_instances.paste(mine, its_boxes, 64, 64)
        # Steps of half a cell are lost at the outline of the strokes.
        assert (scratch.mask_iou(pasted, its_masks).diagonal() > 0.85).all()


def test_pasting_is_bilinear_enlarging_to_the_box():
    logits = np.random.default_rng(14).normal(size=(2, 5, 5))
    boxes = np.array([[3.0, 2, 13, 14], [6, 0, 10, 5]])
    expected = np.zeros((2, 16, 18), bool)
    for mask, values, (x1, y1, x2, y2) in zip(expected, logits, boxes.astype(int), strict=True):
        inside = torch.nn.functional.interpolate(
            torch.tensor(values)[None, None], (y2 - y1, x2 - x1), mode="bilinear"
        )
        mask[y1:y2, x1:x2] = inside[0, 0] > 0
    np.testing.assert_array_equal(scratch_instances.paste(logits, boxes, 16, 18), expected)
    got = pytorch_instances.paste(torch.tensor(logits), torch.tensor(boxes), 16, 18)
    np.testing.assert_array_equal(got, expected)


def test_masks_are_read_from_the_map_of_their_own_picture(side):
    module, array = side
    model, images = module.MaskRCNN(3, 4).eval(), array(scenes(3)[0])
    maps = numbers(model.backbone(images))
    model.masks_of = lambda features, boxes, labels, height, width: numbers(features)
    for i, (*_, used) in enumerate(model.detect(images)):
        np.testing.assert_allclose(used, maps[i : i + 1])


def test_networks_have_one_more_doubling_for_each_finer_skip(side):
    module, _ = side

    def count(skips):
        return sum(int(np.prod(p.shape)) for p in module.FCN(3, skips, 4).parameters())

    more = 16 * 3 + 3 + 3 * 3 * 16  # scores of one more map, and one more transposed convolution of 4 x 4
    assert count(8) - count(16) == count(16) - count(32) == more


def test_a_fresh_network_enlarges_its_coarse_scores_bilinearly(side):
    module, _ = side
    network = module.FCN(3, 8, 4)
    for layer in (network.double32, network.double16):
        np.testing.assert_allclose(numbers(layer.weight), np.asarray(module.bilinear_kernel(3, 2)))


# gradients


@given(seed=st.integers(0, 1000), ratio=st.sampled_from([0, 2]))
def test_aligned_pooling_gradient_agrees_with_differences(seed, ratio):
    rng = np.random.default_rng(seed)
    features, rois = rng.normal(size=(2, 2, 5, 6)), random_rois(rng, 4, 2, 20)
    engine.gradcheck(lambda x: scratch.roi_align(x, rois, (2, 3), 0.25, ratio), features)


def test_other_gradients_agree_with_differences():
    rng = np.random.default_rng(8)
    x, weight, bias = rng.normal(size=(2, 2, 3, 4)), rng.normal(size=(2, 3, 3, 3)), rng.normal(size=3)
    engine.gradcheck(lambda *a: scratch.conv_transpose2d(*a, stride=2, padding=1), x, weight, bias)
    engine.gradcheck(lambda a: scratch.upsample_bilinear(a, 3), x)
    labels = rng.integers(0, 2, (2, 3, 4))
    engine.gradcheck(lambda a: scratch.pixel_loss(a, labels), x)
    targets = np.where(rng.random(x.shape) < 0.3, np.nan, rng.normal(size=x.shape))
    engine.gradcheck(lambda a: scratch.pixel_loss(a, targets, "squared"), x)


# twins


def test_twin_functions():
    rng = np.random.default_rng(9)
    x, weight, bias = rng.normal(size=(2, 4, 5, 4)), rng.normal(size=(4, 3, 3, 3)), rng.normal(size=6)
    for options in ((1, 0, 0, 1, 2), (2, 1, 1, 1, 2), (3, 0, (1, 2), 2, 2)):
        assert_same_function(
            scratch.conv_transpose2d, pytorch.conv_transpose2d, x, weight, bias, constants=options
        )
    for factor in (2, 3):
        assert_same_function(scratch.upsample_bilinear, pytorch.upsample_bilinear, x, constants=(factor,))
    labels, values = rng.integers(-1, 4, (2, 5, 4)), np.where(rng.random(x.shape) < 0.2, np.nan, x + 1)
    assert_same_function(
        lambda a: scratch.pixel_loss(a, labels), lambda a: pytorch.pixel_loss(a, torch.tensor(labels)), x
    )
    assert_same_function(
        lambda a: scratch.pixel_loss(a, values, "squared"),
        lambda a: pytorch.pixel_loss(a, torch.tensor(values), "squared"),
        x,
    )
    np.testing.assert_allclose(scratch.bilinear_kernel(2, 5), pytorch.bilinear_kernel(2, 5), rtol=1e-6)


@pytest.mark.parametrize("ratio", [0, 1, 3])
def test_twin_aligned_pooling(ratio):
    rng = np.random.default_rng(10)
    features, rois = rng.normal(size=(2, 3, 7, 6)), random_rois(rng, 6, 2, 28)
    assert_same_function(
        lambda x: scratch.roi_align(x, rois, (2, 3), 0.25, ratio),
        lambda x: pytorch.roi_align(x, torch.tensor(rois).to(x.dtype), (2, 3), 0.25, ratio),
        features,
    )


@pytest.mark.parametrize("skips", [32, 16, 8])
def test_twin_networks(skips):
    x = np.random.default_rng(11).normal(size=(2, 3, 64, 64))
    assert_same_module(lambda: scratch.FCN(3, skips, 4), lambda: pytorch.FCN(3, skips, 4), x)


def test_twin_mask_heads():
    x = np.random.default_rng(12).normal(size=(3, 4, 5, 5))
    assert_same_module(lambda: scratch.MaskHead(4, 3), lambda: pytorch.MaskHead(4, 3), x)


@pytest.mark.parametrize("align", [True, False])
def test_twin_mask_rcnns_have_the_same_losses_gradients_and_detections(align):
    images, truth, labels, masks = scenes(2)
    for dtype in TOLERANCE:
        ours, theirs = scratch.MaskRCNN(10, 4, align=align), pytorch.MaskRCNN(10, 4, align=align)
        if dtype is np.float64:
            ours.double(), theirs.double()
        share_random_weights(ours, theirs, dtype)
        batch = images.astype(dtype), truth.astype(dtype), labels, masks
        got, expected = ours.loss(*batch), theirs.loss(*map(torch.tensor, batch))
        assert_close(got.numpy(), expected.detach(), dtype, "loss")
        got.backward()
        expected.backward()
        for name, parameter in ours.named_parameters():
            assert_close(
                parameter.grad, dict(theirs.named_parameters())[name].grad, dtype, f"gradient of {name}"
            )
        if dtype is np.float64:
            ours.eval(), theirs.eval()
            for one, other in zip(ours.detect(batch[0]), theirs.detect(torch.tensor(batch[0])), strict=True):
                assert len(one[0])
                for a, b in zip(one, other, strict=True):
                    assert_close(a, b, dtype, "detections")


def test_mask_rcnn_learns_a_few_scenes_by_heart():
    images, truth, labels, masks = scenes(3)
    for module, array, optimizer in (
        (scratch, np.asarray, engine.optim.Adam),
        (pytorch, torch.tensor, torch.optim.Adam),
    ):
        engine.manual_seed(0)
        torch.manual_seed(0)
        model = module.MaskRCNN(10, 8)
        step, losses = optimizer(model.parameters(), 5e-3), []
        for _ in range(30):
            step.zero_grad()
            loss = model.loss(*map(array, (images, truth, labels, masks)))
            loss.backward()
            step.step()
            losses.append(loss.item())
        assert losses[-1] < 0.5 * losses[0]


# the pytorch twin on a device


@pytest.mark.parametrize("align", [True, False])
def test_a_training_step_asks_the_device_for_no_value(align):
    # Tensors on the meta device have shapes and no values: whatever reads one back raises.
    model = pytorch.MaskRCNN(10, 4, align=align).to("meta")
    images, truth = torch.empty(2, 3, 64, 64, device="meta"), torch.empty(2, 4, 4, device="meta")
    labels = torch.empty(2, 4, dtype=torch.long, device="meta")
    loss = model.loss(images, truth, labels, torch.empty(2, 4, 64, 64, dtype=torch.bool, device="meta"))
    loss.backward()
    assert all(parameter.grad is not None for parameter in model.parameters())
    network = pytorch.FCN(1, 8, 4).to("meta")
    pytorch.pixel_loss(network(images), torch.empty(2, 1, 64, 64, device="meta"), "squared").backward()
    rois = torch.empty(5, 5, device="meta")
    assert pytorch.roi_align(images, rois, 2, 0.25, sampling_ratio=0).shape == (5, 3, 2, 2)


def test_as_many_points_as_cells_need_no_look_at_the_boxes():
    # A compiled call may not look either: like a GPU's, it makes room for boxes as large as the map.
    rng = np.random.default_rng(13)
    features, rois = torch.tensor(rng.normal(size=(2, 3, 7, 6))), random_rois(rng, 6, 2, 24)
    arguments = features, torch.tensor(rois.clip(0, 24)), (2, 3), 0.25, 0
    compiled = torch.compile(pytorch.roi_align, backend="eager", fullgraph=True)
    torch.testing.assert_close(compiled(*arguments), pytorch.roi_align(*arguments))


def test_a_training_step_compiles_as_one_graph():
    batch = [torch.tensor(value) for value in scenes(2)]
    model = pytorch.MaskRCNN(10, 4, count=4)
    compiled = torch.compile(model.loss, backend="eager", fullgraph=True)
    torch.testing.assert_close(compiled(*batch), model.loss(*batch))


@pytest.mark.gpu
def test_a_training_step_never_waits_for_the_gpu_and_gives_the_cpus_loss():
    images, truth, labels, masks = (torch.tensor(value) for value in scenes(3))
    model = pytorch.MaskRCNN(10, 4).double()
    expected = model.loss(images.double(), truth.double(), labels, masks).item()
    model = model.cuda()
    batch = images.double().cuda(), truth.double().cuda(), labels.cuda(), masks.cuda()
    model.loss(*batch).backward()  # kernels are loaded on first use
    torch.cuda.set_sync_debug_mode("error")
    try:
        loss = model.loss(*batch)
        loss.backward()
    finally:
        torch.cuda.set_sync_debug_mode("default")
    assert loss.item() == pytest.approx(expected, rel=1e-9)


# bad input


def test_bad_maps_and_losses_are_refused(side):
    module, array = side
    with pytest.raises(ValueError, match="channels and factor of at least 1, got 0, 2"):
        module.bilinear_kernel(0, 2)
    with pytest.raises(ValueError, match="upsample_bilinear: expected"):
        module.upsample_bilinear(array(np.zeros((2, 3, 4))), 2)
    with pytest.raises(ValueError, match="factor of at least 1"):
        module.upsample_bilinear(array(np.zeros((1, 1, 3, 4))), 0)
    with pytest.raises(ValueError, match="conv_transpose2d: "):
        module.conv_transpose2d(array(np.zeros((1, 2, 3, 3))), array(np.zeros((3, 2, 3, 3))))
    outputs = array(np.zeros((2, 3, 4, 4)))
    with pytest.raises(ValueError, match="expected kind of .*, got 'absolute'"):
        module.pixel_loss(outputs, outputs, "absolute")
    with pytest.raises(ValueError, match=r"targets \(2, 4, 4\) for cross_entropy"):
        module.pixel_loss(outputs, array(np.zeros((2, 3, 4, 4), int)))
    with pytest.raises(ValueError, match=r"targets \(2, 3, 4, 4\) for squared"):
        module.pixel_loss(outputs, array(np.zeros((2, 4, 4))), "squared")


def test_bad_label_maps_are_refused(side):
    module, array = side
    zeros = array(np.zeros(4, int))
    with pytest.raises(ValueError, match="two maps of one shape"):
        module.mean_iou(zeros, array(np.zeros(5, int)), 2)
    for predicted, target in ((np.full(4, 2), zeros), (zeros, np.full(4, -2)), (np.full(4, -1), zeros)):
        with pytest.raises(ValueError, match="classes 0 to 1 only"):
            module.mean_iou(array(np.asarray(predicted)), array(np.asarray(target)), 2)
    with pytest.raises(ValueError, match="at least one pixel that counts"):
        module.mean_iou(zeros, array(np.full(4, -1)), 2)
    with pytest.raises(ValueError, match="mask_iou: expected masks"):
        module.mask_iou(array(np.zeros((1, 3, 3), bool)), array(np.zeros((1, 3, 4), bool)))


def test_bad_regions_are_refused(side):
    module, array = side
    features, good = array(np.zeros((1, 2, 4, 4))), array(np.array([[0.0, 0, 0, 2, 2]]))
    for bad, message in (
        ([[0.0, 3, 0, 1, 2]], "x1 <= x2"),
        ([[0.0, np.nan, 0, 1, 2]], "all finite"),
        ([[2.0, 0, 0, 1, 2]], "index below 1"),
    ):
        with pytest.raises(ValueError, match=message):
            module.roi_align(features, array(np.array(bad)), 2, 1.0)
    for ratio in (-1, 1.5):
        with pytest.raises(ValueError, match="sampling_ratio of 0"):
            module.roi_align(features, good, 2, 1.0, ratio)


def test_no_regions_and_flat_regions_have_a_defined_result(side):
    module, array = side
    features = array(np.arange(16.0).reshape(1, 1, 4, 4))
    for ratio in (0, 2):
        assert tuple(module.roi_align(features, array(np.zeros((0, 5))), 2, 1.0, ratio).shape) == (0, 1, 2, 2)
        flat = numbers(
            module.roi_align(features, array(np.array([[0.0, 1.5, 1.5, 1.5, 1.5]])), 1, 1.0, ratio)
        )
        assert flat.item() == 5, "the value at that point"
    assert tuple(
        module.mask_iou(array(np.zeros((0, 3, 3), bool)), array(np.zeros((2, 3, 3), bool))).shape
    ) == (0, 2)


def test_bad_networks_and_images_are_refused(side):
    module, array = side
    with pytest.raises(ValueError, match="skips of 32, 16 or 8, got 4"):
        module.FCN(2, skips=4)
    with pytest.raises(ValueError, match="classes, width and channels of at least 1"):
        module.FCN(0)
    with pytest.raises(ValueError, match=r"sides that 32 divides, got \(1, 3, 64, 50\); pad them"):
        module.FCN(2, width=2)(array(np.zeros((1, 3, 64, 50), np.float32)))
    with pytest.raises(ValueError, match="channels and classes of at least 1"):
        module.MaskHead(0, 3)
    with pytest.raises(ValueError, match="at least 8 pixels a side"):
        module.MaskRCNN(3, 4).detect(array(np.zeros((1, 3, 4, 4), np.float32)))


def test_the_smallest_picture_is_one_cell_of_the_coarsest_map(side):
    module, array = side
    network, picture = module.FCN(2, width=2), np.zeros((1, 3, 32, 32), np.float32)
    assert tuple(network.eval()(array(picture)).shape) == (1, 2, 32, 32)
    with pytest.raises(ValueError, match="value per channel"):
        network.train()(array(picture))  # nothing to normalise with
    with pytest.raises(ValueError, match=r"sides that 32 divides, got \(1, 3, 16, 16\)"):
        network(array(picture[:, :, :16, :16]))


def test_masks_that_do_not_belong_to_the_objects_are_refused(side):
    module, array = side
    images, truth, labels, masks = scenes(1)
    model = module.MaskRCNN(10, 4)
    for bad in (masks[:, :-1], masks[..., :32]):
        with pytest.raises(
            ValueError, match=r"MaskRCNN: expected masks \(batch, objects, height, width\) = "
        ):
            model.loss(array(images), array(truth), array(labels), array(np.ascontiguousarray(bad)))


def test_what_stands_in_the_padding_does_not_matter(side):
    # Not even where padding comes first and looks like an object.
    module, array = side
    images, *objects = scenes(3)
    truth, labels, masks = (values[:, ::-1].copy() for values in objects)
    model, padding = module.MaskRCNN(10, 4).double(), labels < 0
    assert padding.any()
    losses = []
    for boxes, pixels in (np.zeros_like(truth), False), (np.broadcast_to(truth[:, -1:], truth.shape), True):
        truth[padding], masks[padding] = boxes[padding], pixels
        losses.append(model.loss(*map(array, (images.astype(np.float64), truth, labels, masks))).item())
    assert losses[0] == pytest.approx(losses[1], rel=1e-9)


@pytest.mark.parametrize("padding", [0, 1])
def test_pictures_without_objects_teach_no_mask(side, padding):
    module, array = side
    model, images = module.MaskRCNN(3, 4), scenes(2)[0]
    truth, labels = np.zeros((2, padding, 4), np.float32), np.full((2, padding), -1)
    masks = np.zeros((2, padding, 64, 64), bool)
    loss = model.loss(*map(array, (images, truth, labels, masks)))
    loss.backward()
    assert 0 < loss.item() < np.inf
    gradient = model.mask.score.weight.grad
    assert gradient is None or not np.asarray(gradient).any()


def test_pictures_without_detections_have_no_masks(side):
    module, array = side
    found = module.MaskRCNN(3, 4).eval().detect(array(np.zeros((1, 3, 64, 48), np.float32)), least_score=0.99)
    assert [tuple(values.shape) for values in found[0]] == [(0, 4), (0,), (0,), (0, 64, 48)]
