"""Adjoints, what aligned pooling keeps, limits, gradients by differences, and training."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from mylib import data, engine
from mylib.vision.segmentation import pytorch, scratch, scratch_instances
from tests.twins import array as numbers
from tests.vision.segmentation.cases import SIDES, random_rois, scenes


def test_maps_without_any_label_have_loss_zero_and_no_gradient():
    for tensor, module, kind in ((engine.Tensor, scratch, np.asarray), (torch.tensor, pytorch, torch.tensor)):
        outputs = tensor(np.array([[[[1.0, 5.0]], [[2.0, 0.0]]]]), requires_grad=True)
        loss = module.pixel_loss(outputs, kind(np.full((1, 1, 2), -1)))
        loss.backward()
        assert loss.item() == 0
        assert not np.asarray(outputs.grad).any()


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
        n - ((m - 1) * stride - 2 * padding + dilation * 2 + 1) for n, m in zip(a.shape[2:], y.shape[2:], strict=True)
    )
    for module, array in SIDES.values():
        back = numbers(module.conv_transpose2d(array(x), array(weight), output_padding=extra, **options))
        assert np.vdot(y, x) == pytest.approx(np.vdot(a, back), rel=1e-9)


SIZES = st.integers(1, 4)


@given(SIZES, SIZES, SIZES, st.tuples(SIZES, SIZES), st.tuples(SIZES, SIZES), st.tuples(SIZES, SIZES), st.data())
def test_transposed_convolution_is_its_plain_form(batch, channels, out, size, kernel, stride, drawn):
    padding = tuple(drawn.draw(st.integers(0, (k - 1) // 2)) for k in kernel)  # something is left
    rng = np.random.default_rng(0)
    x, weight = rng.normal(size=(batch, channels, *size)), rng.normal(size=(channels, out, *kernel))
    plain = scratch.plain_conv_transpose2d(x, weight, stride, padding)
    got = scratch.conv_transpose2d(x, weight, None, stride, padding).numpy()
    np.testing.assert_allclose(got, plain, rtol=1e-9, atol=1e-12)


def test_enlarging_keeps_constants_and_straight_lines(side):
    module, array = side
    line = np.tile(np.arange(6.0), (1, 1, 3, 1))
    got = numbers(module.upsample_bilinear(array(line), 4))[0, 0]
    np.testing.assert_allclose(got[:, 2:-2], np.tile(np.arange(20) / 4 + 0.125, (12, 1)), rtol=1e-6)
    np.testing.assert_allclose(numbers(module.upsample_bilinear(array(np.full((1, 2, 2, 2), 7.0)), 5)), 7.0, rtol=1e-6)


def test_aligned_pooling_of_whole_cells_is_the_map_itself(side):
    module, array = side
    features = np.random.default_rng(6).normal(size=(1, 2, 6, 5))
    whole = array(np.array([[0.0, 0, 0, 20, 24]]))
    np.testing.assert_allclose(numbers(module.roi_align(array(features), whole, (6, 5), 0.25, 1)), features, rtol=1e-9)


def test_aligned_pooling_follows_a_shift_of_a_fraction_of_a_cell(side):
    # On a plane v = 3 x + 2 y the mean of a bin is the plane at its middle, wherever the box lies.
    module, array = side
    y, x = np.mgrid[:12, :12]
    plane = array((3.0 * x + 2 * y)[None, None])
    for dx, dy in ((0, 0), (0.3, 0), (0.25, 0.6)):
        got = numbers(module.roi_align(plane, array(np.array([[0.0, 2 + dx, 3 + dy, 8 + dx, 7 + dy]])), 2, 1.0, 3))[
            0, 0
        ]
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


def test_no_regions_and_flat_regions_have_a_defined_result(side):
    module, array = side
    features = array(np.arange(16.0).reshape(1, 1, 4, 4))
    for ratio in (0, 2):
        assert tuple(module.roi_align(features, array(np.zeros((0, 5))), 2, 1.0, ratio).shape) == (0, 1, 2, 2)
    flat = array(np.array([[0.0, 1.5, 1.5, 1.5, 1.5]]))
    assert numbers(module.roi_align(features, flat, 1, 1.0, 2)).item() == 5, "the value at that point"
    assert tuple(module.mask_iou(array(np.zeros((0, 3, 3), bool)), array(np.zeros((2, 3, 3), bool))).shape) == (0, 2)


def test_a_flat_region_has_no_points_where_its_size_says_how_many(side):
    module, array = side
    features = (engine.Tensor if module is scratch else torch.tensor)(np.arange(1.0, 17).reshape(1, 1, 4, 4))
    features.requires_grad = True
    flat = [[0, 1.5, 1.5, 1.5, 1.5], [0, 1, 2, 3, 2], [0, 2, 1, 2, 3]]  # a point, and two lines
    y = module.roi_align(features, array(np.array([*flat, [0, 1, 1, 2, 2]], float)), 2, 1.0, 0)
    assert (numbers(y)[:3] == 0).all()
    assert (numbers(y)[3] > 0).all()
    y[:3].sum().backward()
    gradient = np.asarray(features.grad)
    assert gradient.shape == (1, 1, 4, 4)
    assert (gradient == 0).all()


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
