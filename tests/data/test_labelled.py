"""Few labels: as many of each class, drawn evenly, repeated by their seed."""

import numpy as np
import pytest

from mylib import data


def test_each_class_keeps_as_many_labels_as_asked():
    labels = np.random.default_rng(0).integers(0, 7, 500) * 3  # classes 0, 3, ..., 18
    for per_class in (1, 4, np.int64(25)):
        chosen = data.few_labels(labels, per_class, seed=3)
        assert chosen.dtype == np.int64
        assert (np.diff(chosen) > 0).all()  # sorted, none twice
        np.testing.assert_array_equal(np.bincount(labels[chosen], minlength=19)[::3], np.full(7, per_class))


def test_all_of_a_class_can_be_taken():
    np.testing.assert_array_equal(data.few_labels([2, 0, 2, 0], 2), np.arange(4))


def test_a_seed_repeats_its_draw_and_another_gives_another():
    labels = np.repeat(np.arange(10), 40)
    np.testing.assert_array_equal(data.few_labels(labels, 4, seed=1), data.few_labels(labels, 4, seed=1))
    assert (data.few_labels(labels, 4, seed=1) != data.few_labels(labels, 4, seed=2)).any()


def test_every_image_of_a_class_is_drawn_equally_often():
    labels = np.array([0] * 5 + [1] * 20)
    counts = sum(np.bincount(data.few_labels(labels, 2, seed=seed), minlength=25) for seed in range(1000))
    # Binomial: 2 of 5 and 2 of 20; five standard deviations either way.
    np.testing.assert_allclose(counts[:5], 400, atol=5 * np.sqrt(1000 * 0.4 * 0.6))
    np.testing.assert_allclose(counts[5:], 100, atol=5 * np.sqrt(1000 * 0.1 * 0.9))


def test_labels_stay_as_they_are():
    labels = np.repeat(np.arange(3), 5)
    data.few_labels(labels, 2)
    np.testing.assert_array_equal(labels, np.repeat(np.arange(3), 5))


@pytest.mark.parametrize(
    ("labels", "per_class", "error", "message"),
    [
        ([0, 0, 1], 2, ValueError, "got 2; class 1 has 1"),
        ([0, 0, 1], 0, ValueError, "at least 1 .* got 0"),
        ([], 1, TypeError, "expected integers, got labels of float64"),
        (np.zeros(0, int), 1, ValueError, "there are no images"),
        ([[0], [1]], 1, ValueError, r"expected labels of shape \(n,\), got \(2, 1\)"),
        ([0, 1], 1.0, TypeError, "per_class=1.0"),
    ],
)
def test_what_cannot_be_drawn_is_refused(labels, per_class, error, message):
    with pytest.raises(error, match=message):
        data.few_labels(labels, per_class)
