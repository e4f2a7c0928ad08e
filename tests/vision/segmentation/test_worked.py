"""The slide's table pooled by hand, and kernels, losses and overlaps of a few numbers."""

import numpy as np
import pytest
import torch

from mylib import engine
from mylib.vision.segmentation import pytorch, scratch
from tests.twins import array as numbers

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
    by_hand = [[0.25 * values[1] + 0.75 * values[2], 0.25 * values[4] + 0.75 * values[5]] for values in (upper, lower)]
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
    np.testing.assert_allclose(numbers(module.conv_transpose2d(array(x), array(kernel), stride=2))[0, 0], expected)


def test_pixel_losses_by_hand(side):
    module, array = side
    logits = np.log(np.array([[[[0.5, 0.9]], [[0.5, 0.1]]]]))  # two classes, one row of two pixels
    got = module.pixel_loss(array(logits), array(np.array([[[1, 0]]])))
    assert got.item() == pytest.approx(-(np.log(0.5) + np.log(0.9)) / 2)
    assert module.pixel_loss(array(logits), array(np.array([[[1, -1]]]))).item() == pytest.approx(-np.log(0.5))
    values, wanted = array(np.array([[[[1.0, 5.0, 2.0]]]])), array(np.array([[[[3.0, np.nan, 2.5]]]]))
    assert module.pixel_loss(values, wanted, "squared").item() == pytest.approx((4 + 0.25) / 2)


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
