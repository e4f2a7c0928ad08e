"""The calibrated forecaster is right as often as it says; the biopsies are those of scikit-learn, divided."""

import numpy as np
import pytest
from scipy import stats
from sklearn.datasets import load_breast_cancer

from mylib import data

# forecasts


def test_each_class_comes_as_often_as_was_said():
    p, labels = data.calibrated_forecasts(seed=1, count=20_000, classes=4)
    np.testing.assert_allclose(p.sum(axis=1), 1, atol=1e-12)
    for k in range(4):
        said, came = p[:, k], labels == k
        for low in np.arange(0, 1, 0.2):
            inside = (said > low) & (said <= low + 0.2)
            error = np.sqrt((said[inside] * (1 - said[inside])).sum()) / inside.sum()
            assert abs(came[inside].mean() - said[inside].mean()) < 4 * error


def test_all_probabilities_alike_make_the_hits_binomial():
    hits = [
        (p.argmax(axis=1) == labels).sum()
        for p, labels in (data.calibrated_forecasts(seed, 50, 10, confidence=0.7) for seed in range(400))
    ]
    expected = stats.binom(50, 0.7)
    assert np.mean(hits) == pytest.approx(expected.mean(), abs=4 * expected.std() / 20)
    assert np.std(hits) == pytest.approx(expected.std(), rel=0.15)  # four standard errors of a deviation of 400


def test_a_given_confidence_is_that_of_every_forecast_at_any_class():
    p, labels = data.calibrated_forecasts(2, 3000, 5, confidence=0.6)
    assert (p.max(axis=1) == 0.6).all()
    np.testing.assert_allclose(np.sort(p, axis=1)[:, :-1], 0.1, atol=1e-15)
    np.testing.assert_allclose(np.bincount(p.argmax(axis=1), minlength=5) / 3000, 0.2, atol=0.03)
    wrong = p.argmax(axis=1) != labels
    assert np.bincount(labels[wrong], minlength=5).min() > 150  # each of the others: 240 expected


def test_sure_forecasters_are_right_and_sharper_ones_surer():
    p, labels = data.calibrated_forecasts(0, 100, 3, confidence=1)
    assert (p.argmax(axis=1) == labels).all()
    means = [data.calibrated_forecasts(0, 2000, 3, sharpness=s).probabilities.max(axis=1).mean() for s in (0.1, 1, 10)]
    assert means == sorted(means)
    assert means[1] == pytest.approx((1 + 1 / 2 + 1 / 3) / 3, abs=0.02)  # the longest of three pieces of a stick


def test_one_seed_gives_the_same_forecasts_and_another_others():
    one, same, other = (data.calibrated_forecasts(seed, 20) for seed in (0, 0, 1))
    for a, b in zip(one, same, strict=True):
        np.testing.assert_array_equal(a, b)
    assert not np.array_equal(one.labels, other.labels)
    assert one.labels.dtype == np.int64


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"count": 0}, "count of at least 1"),
        ({"classes": 1}, "classes of at least 2"),
        ({"sharpness": 0}, "sharpness above 0"),
        ({"sharpness": np.nan}, "sharpness above 0"),
        ({"confidence": 0.05}, r"confidence from 1 / 10 to 1, got 0.05"),
        ({"confidence": 1.1}, "got 1.1"),
    ],
)
def test_what_no_forecaster_can_be_is_refused(given, words):
    with pytest.raises(ValueError, match=words):
        data.calibrated_forecasts(**given)


# biopsies


def test_the_parts_are_all_biopsies_once_in_equal_shares():
    parts = {part: data.biopsies(3, part) for part in ("train", "held out", "test")}
    assert [len(one.diagnoses) for one in parts.values()] == [228, 113, 228]
    x, y = load_breast_cancer(return_X_y=True)
    assert sum((one.diagnoses == 0).sum() for one in parts.values()) == (y == 0).sum() == 212
    for one in parts.values():
        assert (one.diagnoses == 0).mean() == pytest.approx(212 / 569, abs=0.01)
    together = np.concatenate([one.measurements for one in parts.values()])
    # The scale is undone: the same numbers, in another order; float32 has seven digits.
    ours, theirs = ((one - one.mean(axis=0)) / one.std(axis=0) for one in (together.astype(float), x))
    np.testing.assert_allclose(np.sort(ours, axis=0), np.sort(theirs, axis=0), atol=1e-5)


def test_the_training_part_alone_sets_the_scale():
    train, test = (data.biopsies(0, part).measurements for part in ("train", "test"))
    np.testing.assert_allclose(train.mean(axis=0), 0, atol=1e-5)
    np.testing.assert_allclose(train.std(axis=0), 1, atol=1e-5)
    assert abs(test.mean(axis=0)).max() > 1e-3
    assert train.dtype == np.float32


def test_cancer_is_what_scikit_learn_calls_malignant():
    one = data.biopsies(0)
    radius = one.measurements[:, 0]  # cells of a cancer are larger
    assert radius[one.diagnoses == 0].mean() > radius[one.diagnoses == 1].mean() + 1
    assert load_breast_cancer().target_names.tolist() == ["malignant", "benign"]


def test_another_seed_divides_otherwise_and_an_unknown_part_is_refused():
    assert not np.array_equal(data.biopsies(0).measurements, data.biopsies(1).measurements)
    np.testing.assert_array_equal(data.biopsies(1, "test").diagnoses, data.biopsies(1, "test").diagnoses)
    with pytest.raises(ValueError, match="expected part of .*'held out'.*got 'dev'"):
        data.biopsies(part="dev")
