"""Coloured digits: real strokes, inks of one brightness, even turns, and labels that say nothing of each other."""

import colorsys

import numpy as np
import pytest

from mylib import data
from mylib.data.coloured import inks


def test_every_digit_of_a_part_comes_once_in_its_ink_and_position():
    found, source = data.coloured_digits(seed=3, size=28, part="test"), data.mnist(0)
    assert found.images.dtype == np.float32
    assert {labels.dtype for labels in found[1:]} == {np.dtype(np.int64)}
    np.testing.assert_array_equal(found.digits, source.test_labels)
    for index in range(0, 1000, 97):
        upright = np.rot90(found.images[index], -found.turns[index], axes=(1, 2))
        ink = inks(8)[found.hues[index]]
        np.testing.assert_allclose(upright, source.test_images[index] * ink[:, None, None], atol=1e-6)


def test_a_smaller_picture_has_the_mean_of_each_block():
    large, small = (data.coloured_digits(seed=1, size=size, part="test").images for size in (28, 14))
    blocks = large.reshape(1000, 3, 14, 2, 14, 2).mean(axis=(3, 5))
    np.testing.assert_allclose(small, blocks, atol=1e-6)


def test_inks_have_one_brightness_their_own_hue_and_reach_the_rim():
    colours = inks(12)
    np.testing.assert_allclose(colours.sum(axis=1), 1.5)
    assert (colours.min(), colours.max()) == pytest.approx((0, 1))
    for number in range(0, 12, 2):  # at sixths the hue of the standard library is the same angle
        assert colorsys.rgb_to_hsv(*colours[number])[0] == pytest.approx(number / 12)
    np.testing.assert_allclose(inks(3), [[1, 0.25, 0.25], [0.25, 1, 0.25], [0.25, 0.25, 1]])


def test_digit_hue_and_turn_say_nothing_of_each_other():
    found = data.coloured_digits(seed=0)
    counts = np.zeros((10, 8, 4))
    np.add.at(counts, (found.digits, found.hues, found.turns), 1)
    # 12.5 of each kind on average; the sum of squared deviations over 12.5 has 319 degrees of freedom, less 9 for the
    # digits, which are as they are: four standard deviations of a chi-squared variable.
    statistic = ((counts - 12.5) ** 2 / 12.5).sum()
    assert abs(statistic - 310) < 4 * np.sqrt(2 * 310)


def test_they_repeat_with_their_seed_and_part_only():
    first = data.coloured_digits(1, part="test")
    np.testing.assert_array_equal(first.images, data.coloured_digits(1, part="test").images)
    assert (first.hues != data.coloured_digits(2, part="test").hues).mean() > 0.8
    assert len(data.coloured_digits(1).images) == 4000


@pytest.mark.parametrize("options", [{"part": "validation"}, {"size": 10}, {"hues": 0}])
def test_other_parts_sizes_and_no_hue_are_refused(options):
    with pytest.raises(ValueError, match="coloured_digits: expected part 'train' or 'test', size of"):
        data.coloured_digits(**options)
