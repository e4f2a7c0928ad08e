"""Digits that grow with age: two laws, two looks, individuals; strokes measured on bars whose thickness is known."""

import numpy as np
import pytest
from scipy.ndimage import distance_transform_edt
from scipy.stats import spearmanr

from mylib import data

SAME = {"count": 600, "size": 28}


def darkness(pictures):
    """How much ink there is, as a share: nought for the picture's paper, one for its ink."""
    flat = pictures.images.transpose(0, 2, 3, 1).reshape(len(pictures.images), -1, 3)
    light = flat.sum(axis=2)
    low, high = light.min(axis=1, keepdims=True), light.max(axis=1, keepdims=True)
    return ((high - light) / (high - low)).mean(axis=1)


def test_growing_digits_have_shapes_types_and_ranges():
    some = data.growing_digits(seed=1, count=40, kinds=3, size=12)
    assert some.images.shape == (40, 3, 12, 12)
    assert some.images.dtype == np.float32
    assert 0 <= some.images.min() < some.images.max() <= 1
    for values, low, high in ((some.ages, 16, 77), (some.kinds, 0, 2), (some.digits, 0, 9)):
        assert values.dtype == np.int64
        assert low <= values.min() <= values.max() <= high
    assert set(some.kinds.tolist()) == {0, 1, 2}


def test_every_age_occurs_about_equally_often():
    ages = data.growing_digits(seed=0, count=6200, size=8).ages
    counts = np.bincount(ages, minlength=78)[16:]
    assert counts.min() > 0
    assert ((counts - 100) ** 2 / 100).sum() < 110  # chi-squared with 61 degrees of freedom: above 110 once in 10,000


def test_growing_digits_repeat_with_their_seed_and_part_only():
    first = data.growing_digits(3, 20)
    np.testing.assert_array_equal(first.images, data.growing_digits(3, 20).images)
    for other in (data.growing_digits(4, 20), data.growing_digits(3, 20, part="test")):
        assert np.abs(first.images - other.images).mean() > 0.02


def test_parts_share_no_individual(monkeypatch):
    seen = []
    from mylib.data import growing

    monkeypatch.setattr(growing, "_to_line", lambda images: seen.append(images) or np.zeros((len(images), 28, 28)))
    data.growing_digits(0, 5000, size=8)
    data.growing_digits(0, 300, size=8, part="test")
    train, test = ({image.tobytes() for image in images} for images in seen)
    assert len(train) == 4000, "more pictures than digits: each digit is used before one is used again"
    assert not train & test


@pytest.mark.parametrize("kind", [0, 1])
def test_strokes_thicken_with_age(kind):
    some = data.growing_digits(seed=2, **SAME)
    of_kind = some.kinds == kind
    assert spearmanr(some.ages[of_kind], darkness(some)[of_kind]).statistic > 0.6  # an 8 has more strokes than a 1


def test_one_kind_thickens_fast_then_slowly_and_the_other_the_reverse():
    some = data.growing_digits(seed=5, count=1500, size=28)
    dark = darkness(some)
    young, middle, old = some.ages < 26, abs(some.ages - 46) < 6, some.ages > 67
    for kind, sign in ((0, 1), (1, -1)):
        of_kind = some.kinds == kind
        steps = [dark[group & of_kind].mean() for group in (young, middle, old)]
        assert sign * ((steps[1] - steps[0]) - (steps[2] - steps[1])) > 0.02


def test_radius_follows_the_law_for_a_single_kind():
    """With one kind the law is a straight line; the distance transform is undone by counting pixels of a long 1."""
    some = data.growing_digits(seed=7, count=800, kinds=1, size=28)
    ones = some.digits == 1
    area = darkness(some)[ones]
    u = (some.ages[ones] - 16) / 61
    slope, _ = np.polyfit(u, area, 1)
    residual = area - np.polyval(np.polyfit(u, area, 1), u)
    assert slope > 5 * residual.std()


def test_kinds_have_colours_of_their_own():
    some = data.growing_digits(seed=6, count=300)
    paper = some.images[:, :, 0, 0]
    means = np.stack([paper[some.kinds == kind].mean(axis=0) for kind in (0, 1)])
    spread = max(paper[some.kinds == kind].std(axis=0).max() for kind in (0, 1))
    assert np.abs(means[0] - means[1]).max() > 5 * spread


def test_shrinking_keeps_the_mean_brightness():
    large, small = (data.growing_digits(seed=8, count=30, size=size).images for size in (28, 16))
    # pixel noise of 0.02 over 256 pixels, and what is clipped at 1: a thousandth or two
    np.testing.assert_allclose(large.mean(axis=(2, 3)), small.mean(axis=(2, 3)), atol=0.012)


@pytest.mark.parametrize("rows", [1, 2, 3, 5, 7])
def test_thickness_of_a_bar_is_that_of_its_middle_line(rows):
    bar = np.zeros((1, 1, 20, 60))
    bar[:, :, 4 : 4 + rows, 5:55] = 1
    middle = distance_transform_edt(bar[0, 0])[4 + rows // 2, 30]
    assert data.stroke_thickness(bar)[0] == pytest.approx(2 * middle, rel=0.06)  # the line's ends bend to the corners


def test_thickness_of_nothing_is_zero_and_touches_the_border_well():
    assert data.stroke_thickness(np.zeros((2, 1, 5, 5))).tolist() == [0, 0]
    assert data.stroke_thickness(np.zeros((0, 1, 5, 5))).shape == (0,)
    full = data.stroke_thickness(np.ones((1, 1, 3, 41)))  # the paper begins outside the picture
    assert full[0] == pytest.approx(4, rel=0.1)


def test_thicker_digits_measure_thicker():
    digits = data.mnist().train_images[:50]
    thick = np.stack([distance_transform_edt(image[0] <= 0.5) <= 1 for image in digits])[:, None].astype(float)
    assert (data.stroke_thickness(thick) > data.stroke_thickness(digits) + 0.5).mean() > 0.95


@pytest.mark.parametrize("wrong", [{"count": 0}, {"kinds": 0}, {"size": 7}, {"part": "all"}])
def test_growing_digits_refuse_what_makes_no_pictures(wrong):
    with pytest.raises(ValueError, match="growing_digits: expected count and kinds of at least 1, size of at least 8"):
        data.growing_digits(**wrong)


def test_thickness_refuses_colours():
    with pytest.raises(ValueError, match=r"expected images \(n, 1, height, width\), got \(2, 3, 8, 8\); take one"):
        data.stroke_thickness(np.zeros((2, 3, 8, 8)))
