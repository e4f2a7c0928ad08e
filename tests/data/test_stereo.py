"""The stereo pair: colours and depth at the disparity."""

import numpy as np
import pytest

from mylib import data


def test_stereo_pair_shows_the_same_colours_at_the_disparity_and_others_elsewhere():
    pair = data.stereo_pair()
    assert pair.left.shape == pair.right.shape == (3, 500, 741)
    assert pair.left.dtype == pair.disparity.dtype == pair.depth.dtype == np.float32
    rows, columns = np.nonzero(np.isfinite(pair.disparity))
    matching = np.rint(columns - pair.disparity[rows, columns]).astype(int)
    seen = matching >= 0
    rows, columns, matching = rows[seen], columns[seen], matching[seen]
    at_match = np.abs(pair.left[:, rows, columns] - pair.right[:, rows, matching]).mean()
    at_same_place = np.abs(pair.left[:, rows, columns] - pair.right[:, rows, columns]).mean()
    assert at_match < 0.05 < at_same_place


def test_stereo_pair_depth_falls_with_disparity_and_is_that_of_a_room():
    pair = data.stereo_pair(factor=4)
    known = np.isfinite(pair.disparity)
    assert 0.8 < known.mean() < 1
    np.testing.assert_array_equal(known, np.isfinite(pair.depth))
    assert 1.5 < pair.depth[known].min() < pair.depth[known].max() < 6, "metres"
    nearest, farthest = np.nanargmax(pair.disparity), np.nanargmin(pair.disparity)
    assert pair.depth.flat[nearest] == np.nanmin(pair.depth)
    assert pair.depth.flat[farthest] == np.nanmax(pair.depth)


def test_stereo_pair_scales_disparity_with_the_picture():
    whole, half = data.stereo_pair(), data.stereo_pair(factor=2)
    assert half.left.shape == (3, 250, 370)
    np.testing.assert_allclose(half.left[:, 10, 20], whole.left[:, 20:22, 40:42].mean(axis=(1, 2)), rtol=1e-5)
    assert np.nanmean(half.disparity) == pytest.approx(np.nanmean(whole.disparity) / 2, rel=0.01)
    assert np.nanmean(half.depth) == pytest.approx(np.nanmean(whole.depth), rel=0.01)


def test_stereo_pair_refuses_a_factor_that_leaves_nothing():
    with pytest.raises(ValueError, match="factor from 1 to 100, got 0"):
        data.stereo_pair(factor=0)
