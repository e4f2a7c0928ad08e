"""Printed letters: the layout of MNIST, every letter and font, upright, and drawn by the seed alone."""

import numpy as np
import pytest

from mylib import data
from mylib.data.letters import FONTS


def test_letters_have_shapes_types_and_ranges():
    some = data.letters(seed=1, count=400)
    assert some.images.shape == (400, 1, 28, 28)
    assert some.images.dtype == np.float32
    assert some.labels.dtype == some.fonts.dtype == np.int64
    assert some.images.min() == 0
    assert 0.95 < some.images.max() <= 1
    assert set(some.labels.tolist()) == set(range(26))
    assert set(some.fonts.tolist()) == set(range(len(FONTS)))


def test_letters_repeat_with_their_seed_only():
    one, again, other = data.letters(3, 20), data.letters(3, 20), data.letters(4, 20)
    np.testing.assert_array_equal(one.images, again.images)
    assert (one.images != other.images).any()


def test_letters_lie_in_the_middle_and_have_as_much_ink_as_digits():
    images = data.letters(0, 500).images[:, 0]
    rows, columns = images.max(axis=2) > 0.1, images.max(axis=1) > 0.1
    for inside in (rows, columns):
        first, last = inside.argmax(axis=1), 27 - inside[:, ::-1].argmax(axis=1)
        middle, length = (first + last) / 2, last - first + 1
        assert np.abs(middle - 13.5).max() < 5  # moved by 1.5, and what is turned and slanted leans by 3.5
        assert np.abs((middle - 13.5).mean()) < 0.3
        assert length.max() <= 28
    longest = np.maximum(rows.sum(axis=1), columns.sum(axis=1))
    assert 18 < longest.mean() < 23
    digits = data.mnist().train_images
    assert images.mean() == pytest.approx(digits.mean(), rel=0.3)


def test_letters_stand_upright_and_are_not_mirrored():
    # L has its ink at the left and at the bottom, T at the top, J is not L
    many = data.letters(5, 2000)
    mean = {name: many.images[many.labels == ord(name) - ord("A"), 0].mean(axis=0) for name in "LTDP"}
    assert mean["L"][:, :14].sum() > 2 * mean["L"][:14, 14:].sum()
    assert mean["L"][14:].sum() > 1.3 * mean["L"][:14].sum()
    assert mean["T"][:10].sum() > 1.3 * mean["T"][18:].sum()
    assert mean["P"][:14].sum() > 1.2 * mean["P"][14:].sum()


def test_no_letters_are_refused():
    with pytest.raises(ValueError, match="letters: expected count of at least 1, got 0; 26 gives"):
        data.letters(count=0)
