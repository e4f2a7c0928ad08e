"""Scores, maps, boxes and pointing of a few pixels by hand, and the network's layers."""

import numpy as np
import scipy.ndimage

from tests.attention.activation_maps.cases import FEATURES, WEIGHTS, normal
from tests.twins import array as numbers

# scores and maps


def test_scores_by_hand(side):
    module, array = side
    # Means: 12 / 6 = 2 and 6 / 6 = 1.
    got = numbers(module.class_scores(array(FEATURES), array(WEIGHTS)))
    np.testing.assert_allclose(got, [[2.0, -2.0, 2.0]], rtol=1e-15)


def test_maps_by_hand(side):
    module, array = side
    maps = [module.class_activation_map(array(FEATURES), array(WEIGHTS), c) for c in range(3)]
    np.testing.assert_allclose(numbers(maps[0]), FEATURES[:, 0])
    np.testing.assert_allclose(numbers(maps[1]), -2 * FEATURES[:, 1])
    np.testing.assert_allclose(numbers(maps[2]), [[[3.5, 1.0, 0.0], [0.0, 3.0, 4.5]]])


# the network


def test_network_has_the_layers_it_says(side):
    module, array = side
    network = module.GAPNet(classes=5, channels_in=2, width=3)
    shapes = {name: tuple(value.shape) for name, value in network.named_parameters()}
    convolutions = [shape for shape in shapes.values() if len(shape) == 4]
    assert convolutions == [(3, 2, 3, 3), (6, 3, 3, 3), (12, 6, 3, 3), (12, 12, 3, 3)]
    assert shapes["linear.weight"] == (5, 12)
    assert not any("bias" in name and "bn" not in name for name in shapes), "no biases but the norms'"
    x = array(normal(2, 2, 13, 10).astype(np.float32))
    features = network.features(x)
    assert tuple(features.shape) == (2, 12, 3, 2)
    assert (numbers(features) >= 0).all()
    assert (numbers(features) == 0).any(), "a ReLU ends the features"


# boxes


def test_a_spiral_is_one_region(side):
    module, array = side
    spiral = np.zeros((21, 21))
    y, x, dy, dx, length = 10, 10, 0, 1, 2
    while length < 20:
        for _ in range(2):
            for _ in range(length):
                spiral[y, x] = 1.0
                y, x = y + dy, x + dx
            dy, dx = dx, -dy
        length += 2
    spiral[0, 0] = 1.0
    rows, columns = np.nonzero(spiral[1:, 1:])
    expected = [columns.min() + 1, rows.min() + 1, columns.max() + 2, rows.max() + 2]
    assert scipy.ndimage.label(spiral, np.ones((3, 3)))[1] == 2
    np.testing.assert_array_equal(module.box_from_map(array(spiral)), expected)


def test_of_equal_regions_the_first_in_reading_order_counts(side):
    module, array = side
    cam = np.zeros((4, 7))
    cam[0, 5:], cam[1, 0:2], cam[3, 3:5] = 1.0, 1.0, 1.0
    np.testing.assert_array_equal(module.box_from_map(array(cam)), [5, 0, 7, 1])
    cam[3, 5] = 0.5  # now the last one is larger, though darker
    np.testing.assert_array_equal(module.box_from_map(array(cam)), [3, 3, 6, 4])
    one = np.zeros((1, 5))
    one[0, [1, 3]] = 1.0
    np.testing.assert_array_equal(module.box_from_map(array(one)), [1, 0, 2, 1])


def test_only_pixels_above_the_threshold_count(side):
    module, array = side
    cam = np.array([[0.25, 0.5, 1.0, -3.0]])
    for threshold, left in ((0.0, 0), (0.2, 0), (0.25, 1), (0.3, 1), (0.5, 2), (0.99, 2)):
        np.testing.assert_array_equal(
            module.box_from_map(array(8.0 * cam), threshold), [left, 0, 3, 1], err_msg=str(threshold)
        )


# pointing


def test_pointing_looks_at_the_middle_of_the_highest_pixel(side):
    module, array = side
    cam = np.zeros((3, 4))
    cam[1, 2] = 5.0  # its middle: x = 2.5, y = 1.5
    cases = {
        (2, 1, 3, 2): True,
        (2.5, 1.5, 2.5, 1.5): True,
        (0, 0, 2.4, 3): False,
        (2.6, 0, 4, 3): False,
        (0, 0, 4, 1.4): False,
        (0, 1.6, 4, 3): False,
    }
    cams, boxes = np.stack([cam] * len(cases)), np.array(list(cases))
    np.testing.assert_array_equal(module.pointing_game(array(cams), array(boxes)), list(cases.values()))
    for box, hit in cases.items():
        assert bool(module.pointing_game(array(cam), array(np.array(box)))) is hit
    again = module.pointing_game(array(cams.reshape(2, 3, 3, 4)), array(boxes.reshape(2, 3, 4)))
    np.testing.assert_array_equal(numbers(again).ravel(), list(cases.values()))


def test_of_several_highest_pixels_the_first_points(side):
    module, array = side
    cam = np.zeros((3, 3))
    cam[0, 2] = cam[2, 0] = 1.0
    assert bool(module.pointing_game(array(cam), array(np.array([2, 0, 3, 1]))))
    assert not bool(module.pointing_game(array(cam), array(np.array([0, 2, 1, 3]))))
