"""Features, labels, networks, maps and pictures that activation_maps refuses."""

import numpy as np
import pytest

from tests.attention.activation_maps.cases import FEATURES, WEIGHTS

# scores and maps


def test_bad_features_weights_and_labels_are_refused(side):
    module, array = side
    f, w = array(FEATURES), array(WEIGHTS)
    for features, weights in ((f[0], w), (f, w[0]), (f, array(WEIGHTS.T)), (f[:, :, :0], w)):
        with pytest.raises(ValueError, match=r"class_scores: expected features .* weights \(classes, channels\), got"):
            module.class_scores(features, weights)
        with pytest.raises(ValueError, match="class_activation_map: expected features"):
            module.class_activation_map(features, weights, 0)
    for label in (3, -1, array(np.array([7]))):
        with pytest.raises(ValueError, match="labels from 0 to 2, got .*; weights has one row for each class"):
            module.class_activation_map(f, w, label)
    for label in (1.0, True, array(np.array([1.0]))):
        with pytest.raises(ValueError, match="label as an integer, or 1 integers.*got other values"):
            module.class_activation_map(f, w, label)
    for label in (array(np.array([0, 1])), array(np.array([[0]]))):
        with pytest.raises(ValueError, match="one for each image, got integers of shape"):
            module.class_activation_map(f, w, label)


# the network


def test_bad_networks_and_images_are_refused(side):
    module, array = side
    for options in ({"classes": 0}, {"channels_in": 0}, {"width": 0}):
        with pytest.raises(ValueError, match="GAPNet: expected classes, channels_in and width of at least 1"):
            module.GAPNet(**options)
    network = module.GAPNet(2, 3, 2)
    for shape in ((2, 1, 8, 8), (3, 8, 8)):
        with pytest.raises(ValueError, match=r"GAPNet: expected images \(batch, 3, height, width\), got"):
            network(array(np.zeros(shape, np.float32)))
    for shape in ((2, 3, 3, 8), (2, 3, 8, 3)):
        with pytest.raises(ValueError, match="GAPNet: expected height and width of at least 4, got .*; resize or pad"):
            network(array(np.zeros(shape, np.float32)))
    assert tuple(network(array(np.zeros((2, 3, 4, 4), np.float32))).shape) == (2, 2)


# boxes


def test_a_box_needs_something_above_the_threshold(side):
    module, array = side
    good = np.ones((1, 2, 2))
    for bad in (0.0, -1.0, np.nan, np.inf, -np.inf):
        for cam in (
            bad * good,
            np.concatenate([good, bad * good]),
            np.concatenate([good * np.inf, bad * good]),
        ):
            with pytest.raises(ValueError, match="finite maximum above 0, got .*nothing is above the threshold"):
                module.box_from_map(array(cam))
    with pytest.raises(ValueError, match="got nan"):
        module.box_from_map(array(np.array([[1.0, np.nan]])))
    for threshold in (1.0, -0.1, np.nan):
        with pytest.raises(ValueError, match=r"threshold as a share of the map's maximum, in \[0, 1\), got"):
            module.box_from_map(array(good), threshold)
    for shape in ((3,), (2, 0, 3)):
        with pytest.raises(ValueError, match=r"cam \(..., height, width\)( with height and width of at least 1)?, got"):
            module.box_from_map(array(np.ones(shape)))


# pictures


def test_bad_pictures_are_refused(side):
    module, array = side
    image, cam = np.full((3, 4, 6), 0.5), np.ones((2, 3))
    with pytest.raises(ValueError, match="overlay: expected channels of 1 or 3, got 2"):
        module.overlay(array(image[:2]), array(cam))
    for bad_image, bad_cam in (
        (image[0], cam),
        (image, cam[None]),
        (image[None], cam),
        (image, cam[0]),
        (image, cam[:0]),
    ):
        with pytest.raises(ValueError, match=r"overlay: expected image \(..., channels, height, width\) and cam"):
            module.overlay(array(bad_image), array(bad_cam))
    for shape in ((2, 2), (3, 3), (4, 3), (8, 12)):
        with pytest.raises(ValueError, match="a whole number of times as large as the map, got 4 x 6 and"):
            module.overlay(array(image), array(np.ones(shape)))
    for opacity in (-0.1, 1.5):
        with pytest.raises(ValueError, match="opacity from 0 to 1, got"):
            module.overlay(array(image), array(cam), opacity)
    for bad_image, bad_cam in ((4 * image, cam), (-image, cam), (np.nan * image, cam), (image, np.nan * cam)):
        with pytest.raises(ValueError, match=r"values in \[0, 1\] and a finite map"):
            module.overlay(array(bad_image), array(bad_cam))


# pointing


def test_maps_without_their_boxes_are_refused(side):
    module, array = side
    for cams, boxes in (
        ((2, 3, 3), (4,)),
        ((3, 3), (1, 4)),
        ((3,), (4,)),
        ((2, 0, 3), (2, 4)),
        ((2, 3, 3), (2, 5)),
    ):
        with pytest.raises(ValueError, match=r"pointing_game: expected cams .* boxes \(..., 4\).*; there is one"):
            module.pointing_game(array(np.zeros(cams)), array(np.zeros(boxes)))
