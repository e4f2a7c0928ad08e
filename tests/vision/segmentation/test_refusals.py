"""Maps, labels, regions, networks and masks that segmentation refuses."""

import numpy as np
import pytest

from tests.vision.segmentation.cases import scenes


def test_bad_maps_and_losses_are_refused(side):
    module, array = side
    with pytest.raises(ValueError, match="channels and factor of at least 1, got 0 and 2"):
        module.bilinear_kernel(0, 2)
    with pytest.raises(ValueError, match="upsample_bilinear: expected"):
        module.upsample_bilinear(array(np.zeros((2, 3, 4))), 2)
    with pytest.raises(ValueError, match="factor of at least 1"):
        module.upsample_bilinear(array(np.zeros((1, 1, 3, 4))), 0)
    with pytest.raises(ValueError, match=r"conv_transpose2d: expected x .*, got \(1, 2, 3, 3\) and \(3, 2, 3, 3\)"):
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
    with pytest.raises(ValueError, match="mask_iou: expected a .* and b .*, where width is both 3 and 4"):
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


def test_bad_networks_and_images_are_refused(side):
    module, array = side
    with pytest.raises(ValueError, match="skips of 32 or 16 or 8, got 4"):
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
        with pytest.raises(ValueError, match=r"MaskRCNN: .* masks \(batch, objects, height, width\), got .* is both"):
            model.loss(array(images), array(truth), array(labels), array(np.ascontiguousarray(bad)))
