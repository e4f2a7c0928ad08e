"""Corruptions: what each does to a picture, by its formula."""

import numpy as np
import pytest

from mylib import data
from mylib.data.corruptions import SEVERITIES


@pytest.fixture(scope="module")
def pictures():
    return data.mnist().test_images[:60]


@pytest.mark.parametrize("kind", SEVERITIES)
def test_corruption_grows_with_severity_and_leaves_its_input_alone(kind, pictures):
    before = pictures.copy()
    made = [data.corrupt(pictures, kind, severity, seed=2) for severity in range(6)]
    np.testing.assert_array_equal(pictures, before)
    np.testing.assert_array_equal(made[0], pictures)
    assert not np.shares_memory(made[0], pictures)
    distances = [np.abs(result - pictures).mean() for result in made]
    assert (np.diff(distances) > 0).all(), distances
    for result in made:
        assert (result.dtype, result.shape) == (np.float32, pictures.shape)
        assert 0 <= result.min() <= result.max() <= 1
    np.testing.assert_array_equal(made[3], data.corrupt(pictures, kind, 3, seed=2))


@pytest.mark.parametrize("kind", SEVERITIES)
def test_corruption_of_colour_pictures_of_any_size_and_of_none(kind):
    picture = np.random.default_rng(0).random((2, 3, 9, 14))
    assert data.corrupt(picture, kind, 5).shape == picture.shape
    assert data.corrupt(picture[:0], kind, 5).shape == (0, 3, 9, 14)


def test_noise_has_the_moments_of_its_table():
    grey = np.full((1, 1, 400, 400), 0.5, np.float32)
    deviation = [data.corrupt(grey, kind, 1).std() for kind in ("gaussian_noise", "shot_noise")]
    # Gaussian .08; Poisson: sqrt(.5 * 60) / 60. 160,000 draws: a standard error of 1 / sqrt(320,000) of the value.
    np.testing.assert_allclose(deviation, [0.08, 0.5**0.5 / 60**0.5], rtol=4 / 320_000**0.5)
    changed = data.corrupt(grey, "impulse_noise", 5) != 0.5
    assert changed.mean() == pytest.approx(0.27, abs=4 * (0.27 * 0.73 / 160_000) ** 0.5)


def test_corruptions_without_chance_give_what_their_formula_gives():
    from scipy.ndimage import gaussian_filter, rotate
    from skimage.transform import resize_local_mean

    picture = np.random.default_rng(1).random((20, 20)).astype(np.float32)
    batch = picture[None, None]
    np.testing.assert_allclose(data.corrupt(batch, "brightness", 3)[0, 0], (picture + 0.3).clip(0, 1), atol=1e-6)
    contrast = picture.mean() + 0.2 * (picture - picture.mean())
    np.testing.assert_allclose(data.corrupt(batch, "contrast", 3)[0, 0], contrast, atol=1e-6)
    np.testing.assert_allclose(
        data.corrupt(batch, "blur", 3)[0, 0], gaussian_filter(picture, 0.8, mode="nearest"), atol=1e-6
    )
    # 20 pixels at .4: 8 blocks; scikit-image takes local means with the same weights.
    small = resize_local_mean(picture, (8, 8))
    places = ((np.arange(20) + 0.5) * 8 / 20).astype(int)
    np.testing.assert_allclose(data.corrupt(batch, "pixelate", 3)[0, 0], small[np.ix_(places, places)], atol=1e-5)
    # To one side or the other, by the angle of the table.
    turned = data.corrupt(np.repeat(batch, 8, axis=0), "rotation", 3)
    both = [rotate(picture, angle, reshape=False, order=1, mode="nearest") for angle in (30, -30)]
    errors = np.array([[np.abs(one - other).max() for other in both] for one in turned[:, 0]])
    assert (errors.min(axis=1) < 1e-5).all()
    assert set(errors.argmin(axis=1).tolist()) == {0, 1}


def test_motion_blur_keeps_the_mean_inside_and_goes_along_a_line():
    point = np.zeros((40, 1, 41, 41), np.float32)
    point[:, 0, 20, 20] = 1
    ways = data.corrupt(point, "motion_blur", 3)[:, 0]
    np.testing.assert_allclose(ways.sum(axis=(1, 2)), 1, atol=0.15)  # bilinear weights of a slanted line
    rows, columns = np.mgrid[-20:21, -20:21]
    moments = np.array(
        [[(w * a * b).sum() for a, b in ((rows, rows), (rows, columns), (columns, columns))] for w in ways]
    )
    spread = [np.linalg.eigvalsh([[a, b], [b, c]]) for a, b, c in moments]
    assert all(long > 5 * short for short, long in spread)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"kind": "snow"}, "expected kind of .*'gaussian_noise'.* got 'snow'"),
        ({"severity": 6}, r"severity of 0 \(a copy\), 1, 2, 3, 4, 5, got 6"),
        ({"severity": 1.5}, "got 1.5"),
        ({"severity": True}, "got True"),
        ({"images": np.zeros((1, 28, 28))}, r"\(n, channels, height, width\) as floats, got \(1, 28, 28\)"),
        ({"images": np.zeros((1, 1, 2, 2), np.uint8)}, "divided by 255"),
        ({"images": np.full((1, 1, 2, 2), 1.5)}, r"values in \[0, 1\], got 1.5 to 1.5"),
        ({"images": np.full((1, 1, 2, 2), np.nan)}, r"values in \[0, 1\], got nan"),
    ],
)
def test_corrupt_refuses(change, said):
    with pytest.raises(ValueError, match=said):
        data.corrupt(**({"images": np.zeros((1, 1, 4, 4)), "kind": "blur", "severity": 1} | change))
