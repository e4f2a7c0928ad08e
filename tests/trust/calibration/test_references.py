"""Calibration against independent packages."""

import numpy as np
import pytest
import torch
from scipy import optimize, stats
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.calibration import CalibratedClassifierCV, calibration_curve
from sklearn.frozen import FrozenEstimator
from torchmetrics.functional.classification import multiclass_calibration_error

from mylib import data
from tests.trust.calibration.cases import FOUR, FOUR_LABELS, RNG, both_sides, forecasts, softmax
from tests.twins import array


@both_sides
@pytest.mark.parametrize("norm", ["l1", "max"])
@pytest.mark.parametrize("bins", [1, 7, 15])
def test_the_error_is_torchmetrics(side, norm, bins):
    module, make = side
    for seed, classes, n in ((0, 2, 50), (1, 5, 400), (2, 20, 30)):
        logits, labels = forecasts(seed, n, classes)
        p = softmax(logits)
        theirs = multiclass_calibration_error(torch.tensor(p), torch.tensor(labels), classes, n_bins=bins, norm=norm)
        got = module.expected_calibration_error(make(p), make(labels), bins, "width", norm)
        assert float(got) == pytest.approx(theirs.item(), abs=1e-6)  # its edges and sums are float32


@pytest.mark.parametrize(("norm", "expected"), [("l1", 0.35), ("max", 0.425)])
def test_on_an_edge_torchmetrics_takes_the_upper_bin(norm, expected):
    given = torch.tensor(FOUR), torch.tensor(FOUR_LABELS)
    theirs = multiclass_calibration_error(*given, 2, n_bins=10, norm=norm)
    assert theirs.item() == pytest.approx(expected, abs=1e-6)  # the paper's (lo, hi], ours, gives 0.30 and 0.40


@both_sides
@pytest.mark.parametrize("bins", [1, 10, 40])
def test_bins_are_scikit_learns_curve(side, bins):
    module, make = side
    rng = RNG(bins)
    confidence = np.concatenate([rng.beta(5, 2, 300), np.arange(11) / 10])
    correct = rng.random(311) < confidence
    accuracy, mean = calibration_curve(correct, confidence, n_bins=bins, strategy="uniform")
    got = module.reliability_bins(make(confidence), make(correct), bins)
    filled = array(got.count) > 0
    np.testing.assert_allclose(array(got.accuracy)[filled], accuracy, rtol=1e-12)
    np.testing.assert_allclose(array(got.confidence)[filled], mean, rtol=1e-12)
    statistic = stats.binned_statistic(confidence, confidence, "count", bins, range=(0, 1)).statistic
    assert array(got.count).sum() == statistic.sum() == 311


@both_sides
@pytest.mark.parametrize(("n", "bins"), [(10, 4), (23, 5), (100, 100), (7, 1)])
def test_equal_mass_divides_as_numpy_does(side, n, bins):
    module, make = side
    rng = RNG(n)
    confidence, correct = rng.permutation(n) / n, rng.integers(0, 2, n)
    got = module.reliability_bins(make(confidence), make(correct), bins, "mass")
    parts = np.array_split(np.argsort(confidence), bins)
    assert array(got.count).tolist() == [len(part) for part in parts]
    np.testing.assert_allclose(array(got.accuracy), [correct[part].mean() for part in parts], rtol=1e-12)
    np.testing.assert_allclose(array(got.confidence), [confidence[part].mean() for part in parts], rtol=1e-12)
    ends = [(confidence[a].max() + confidence[b].min()) / 2 for a, b in zip(parts, parts[1:], strict=False)]
    np.testing.assert_allclose(array(got.edges), [0, *ends, 1], rtol=1e-12)


class Logits(ClassifierMixin, BaseEstimator):
    """A trained classifier whose input are its logits."""

    def __init__(self, classes=5):
        self.classes = classes

    def fit(self, x, y):
        self.classes_ = np.arange(self.classes)
        return self

    def decision_function(self, x):
        return x

    def predict(self, x):
        return x.argmax(axis=1)


@both_sides
@pytest.mark.parametrize("scale", [0.3, 2.0, 30.0])
def test_the_temperature_is_scikit_learns(side, scale):
    module, make = side
    logits, labels = forecasts(3, scale=scale)
    frozen = FrozenEstimator(Logits().fit(None, None))
    theirs = CalibratedClassifierCV(frozen, method="temperature").fit(logits, labels)
    beta = theirs.calibrated_classifiers_[0].calibrators[0].beta_
    scaling = module.TemperatureScaling().fit(make(logits), make(labels))
    assert float(scaling.temperature) == pytest.approx(1 / beta, rel=1e-4)  # its search in log beta stops there
    np.testing.assert_allclose(softmax(array(scaling(make(logits)))), theirs.predict_proba(logits), atol=1e-4)


@both_sides
@pytest.mark.parametrize(("seed", "classes", "right"), [(0, 2, 0.9), (1, 10, 0.2), (2, 3, 0.5), (3, 10, 0.995)])
def test_the_temperature_is_where_a_search_in_brackets_ends(side, seed, classes, right):
    module, make = side
    logits, labels = forecasts(seed, 300, classes, 5.0, right)

    def loss(log_t):
        z = logits / np.exp(log_t)
        return (np.log(np.exp(z - z.max(1, keepdims=True)).sum(1)) + z.max(1) - z[np.arange(300), labels]).mean()

    found = optimize.minimize_scalar(loss, bounds=(-8, 8), method="bounded", options={"xatol": 1e-9})
    got = float(module.TemperatureScaling().fit(make(logits), make(labels)).temperature)
    assert np.log(got) == pytest.approx(
        found.x, abs=1e-6
    )  # a minimum is flat: the search sees eight digits of the loss
    assert loss(np.log(got)) <= found.fun + 1e-14


@both_sides
@pytest.mark.parametrize(("n", "confidence"), [(20, 0.8), (50, 0.95)])
def test_a_calibrated_forecasters_error_is_the_binomials_mean_deviation(side, n, confidence):
    module, make = side
    errors = []
    for seed in range(300):
        p, labels = data.calibrated_forecasts(seed, n, 4, confidence=confidence)
        errors.append(float(module.expected_calibration_error(make(p), make(labels), bins=1)))
    k = np.arange(n + 1)
    chance, deviation = stats.binom(n, confidence).pmf(k), np.abs(k / n - confidence)
    expected = chance @ deviation
    standard_error = np.sqrt(chance @ deviation**2 - expected**2) / np.sqrt(300)
    assert np.mean(errors) == pytest.approx(expected, abs=4 * standard_error)
    assert expected > 0.02


@both_sides
def test_the_decision_is_the_cheapest_of_all_enumerated(side):
    module, make = side
    rng = RNG(4)
    posterior, loss = rng.dirichlet(np.ones(4), 30), rng.normal(size=(6, 4))
    risks = [[sum(loss[i, j] * p[j] for j in range(4)) for i in range(6)] for p in posterior]
    np.testing.assert_allclose(array(module.conditional_risk(make(posterior), make(loss))), risks, rtol=1e-12)
    assert array(module.bayes_action(make(posterior), make(loss))).tolist() == [row.index(min(row)) for row in risks]
