"""Digits on photographs: the difference of a real digit and a real window, digit by digit and place by place."""

import numpy as np
import pytest

from mylib import data
from mylib.data.blended import HEIGHT, PHOTOGRAPHS


@pytest.fixture(scope="module")
def pictures():
    return data.digits_on_photographs(seed=3, part="test")


def test_rows_are_those_of_mnist(pictures):
    source = data.mnist(3, test_fraction=0.5)
    assert pictures.images.dtype == np.float32
    assert pictures.labels.dtype == np.int64
    assert pictures.images.shape == (2500, 3, 28, 28)
    assert 0 <= pictures.images.min() <= pictures.images.max() <= 1
    np.testing.assert_array_equal(pictures.labels, source.test_labels)
    train = data.digits_on_photographs(seed=3, part="train")
    np.testing.assert_array_equal(train.labels, source.train_labels)


def test_each_is_the_difference_to_a_window_of_one_photograph(pictures):
    # The corner has no ink: it is the window's own. Where it lies is searched in all photographs, mirrored ones too.
    digits = data.mnist(3, test_fraction=0.5).test_images
    photographs = [data.photograph(name, height=HEIGHT) for name in PHOTOGRAPHS]
    seen = set()
    for row in range(0, 2500, 250):
        assert digits[row, :, :4, :4].max() == 0
        corner, found = pictures.images[row, :, :4, :4], None
        for number, photograph in enumerate(photographs):
            for mirrored in (False, True):
                scene = photograph[:, :, ::-1] if mirrored else photograph
                views = np.lib.stride_tricks.sliding_window_view(scene, (4, 4), axis=(1, 2))
                hits = np.argwhere((views == corner[:, None, None]).all(axis=(0, 3, 4)))
                for top, left in hits:
                    window = scene[:, top : top + 28, left : left + 28]
                    if window.shape == (3, 28, 28) and np.array_equal(
                        np.abs(window - digits[row]), pictures.images[row]
                    ):
                        found = number, mirrored
        assert found, row
        seen.add(found)
    assert len(seen) > 3


def test_ink_turns_a_photograph_to_its_negative(pictures):
    digits = data.mnist(3, test_fraction=0.5).test_images
    full = np.broadcast_to(digits == 1, pictures.images.shape)
    none = np.broadcast_to(digits == 0, pictures.images.shape)
    means = pictures.images[full].mean(), pictures.images[none].mean()
    # Ink lies anywhere on the windows: 1 minus their mean. Windows of one digit's strokes are alike; hence the .03.
    assert means[0] == pytest.approx(1 - means[1], abs=0.03)


def test_they_repeat_with_their_seed_and_part_only(pictures):
    np.testing.assert_array_equal(pictures.images, data.digits_on_photographs(3, "test").images)
    other = data.digits_on_photographs(4, "test")
    assert (pictures.images != other.images).any(axis=(1, 2, 3)).all()
    assert len(data.digits_on_photographs(0, "train", test_fraction=0.1).images) == 4500


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"part": "both"}, "part 'train' or 'test', got 'both'"),
        ({"test_fraction": 1.5}, "test_fraction between 0 and 1, got 1.5"),
    ],
)
def test_digits_on_photographs_refuses(given, said):
    with pytest.raises(ValueError, match=said):
        data.digits_on_photographs(**given)
