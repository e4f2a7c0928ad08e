"""Calibration against closed forms, limits and identities."""

import time

import numpy as np
import pytest
import torch

from mylib.trust.calibration import scratch
from tests.trust.calibration.cases import RNG, both_sides, forecasts, softmax
from tests.twins import array


@both_sides
def test_one_bin_compares_the_means_and_both_schemes_agree(side):
    module, make = side
    logits, labels = forecasts(0)
    p = softmax(logits)
    expected = abs((p.argmax(axis=1) == labels).mean() - p.max(axis=1).mean())
    for scheme in ("width", "mass"):
        for norm in ("l1", "max"):
            got = module.expected_calibration_error(make(p), make(labels), 1, scheme, norm)
            assert float(got) == pytest.approx(expected, abs=1e-12)


@both_sides
def test_a_bin_for_each_sample_compares_each_sample(side):
    module, make = side
    logits, labels = forecasts(1, n=60)
    p = softmax(logits)
    gap = abs((p.argmax(axis=1) == labels) - p.max(axis=1))
    given = make(p), make(labels), 60, "mass"
    assert float(module.expected_calibration_error(*given)) == pytest.approx(gap.mean(), abs=1e-12)
    assert float(module.expected_calibration_error(*given, "max")) == pytest.approx(gap.max(), abs=1e-12)


@both_sides
@pytest.mark.parametrize("scheme", ["width", "mass"])
def test_the_order_of_samples_never_matters(side, scheme):
    module, make = side
    logits, labels = forecasts(2, n=101)
    logits[1::2] = np.round(logits[0])  # half of them alike: ties with right and wrong answers
    p = softmax(logits)
    order = RNG(3).permutation(101)
    one, two = (
        float(module.expected_calibration_error(make(p[rows]), make(labels[rows]), 13, scheme))
        for rows in (np.arange(101), order)
    )
    assert one == pytest.approx(two, abs=1e-12)


@both_sides
@pytest.mark.parametrize("scheme", ["width", "mass"])
def test_bins_keep_every_sample_and_the_means(side, scheme):
    module, make = side
    rng = RNG(4)
    confidence, correct = rng.random(237), rng.integers(0, 2, 237)
    edges, count, accuracy, mean = map(array, module.reliability_bins(make(confidence), make(correct), 10, scheme))
    assert count.sum() == 237
    assert (count @ accuracy) / 237 == pytest.approx(correct.mean(), abs=1e-12)
    assert (count @ mean) / 237 == pytest.approx(confidence.mean(), abs=1e-12)
    assert edges[0] == 0
    assert edges[-1] == 1
    assert (np.diff(edges) > 0).all()
    assert ((mean > edges[:-1]) & (mean <= edges[1:])).all()
    assert count.max() - count.min() <= (1 if scheme == "mass" else 237)


@both_sides
def test_finer_bins_never_lower_the_error(side):
    module, make = side
    logits, labels = forecasts(5)
    given = make(softmax(logits)), make(labels)
    errors = [float(module.expected_calibration_error(*given, bins)) for bins in (1, 2, 4, 8, 16, 64)]
    assert (np.diff(errors) > -1e-12).all()  # each bin is two of the next: |a + b| <= |a| + |b|
    assert errors[-1] > errors[0] + 0.01


@both_sides
def test_who_says_one_tenth_for_everything_is_calibrated(side):
    module, make = side
    labels = np.repeat(np.arange(10), 7)
    assert float(module.expected_calibration_error(make(np.full((70, 10), 0.1)), make(labels))) < 1e-12


@both_sides
def test_at_the_optimum_the_expected_logit_is_the_labels(side):
    module, make = side
    for seed in range(4):
        logits, labels = forecasts(seed, scale=4.0)
        scaled = array(module.TemperatureScaling().fit(make(logits), make(labels))(make(logits)))
        expected = (softmax(scaled) * logits).sum(axis=1).mean()
        assert expected == pytest.approx(logits[np.arange(400), labels].mean(), rel=1e-9)


@both_sides
def test_logits_of_another_size_or_place_change_the_temperature_as_they_must(side):
    module, make = side
    logits, labels = forecasts(6)
    fit = lambda z: float(module.TemperatureScaling().fit(make(z), make(labels)).temperature)  # noqa: E731
    base = fit(logits)
    for size in (1e-6, 0.1, 3.0, 1e4, 1e12):
        assert fit(size * logits) == pytest.approx(size * base, rel=1e-9)
    moved = logits + RNG(7).normal(0, 100, (400, 1))  # each row by its own constant
    assert fit(moved) == pytest.approx(base, rel=1e-9)
    # Calibrated logits need no temperature: scaled by their own, the next one is 1.
    assert fit(logits / base) == pytest.approx(1, rel=1e-9)


@both_sides
def test_the_answer_stays_and_the_limits_are_guessing_and_certainty(side):
    module, make = side
    logits, labels = forecasts(8)
    scaling = module.TemperatureScaling().fit(make(logits), make(labels))
    assert (array(scaling(make(logits))).argmax(axis=1) == logits.argmax(axis=1)).all()
    for temperature, expected in ((1e9, np.full((400, 5), 0.2)), (1e-9, np.eye(5)[logits.argmax(axis=1)])):
        scaling.temperature = torch.tensor(temperature) if module is not scratch else temperature
        np.testing.assert_allclose(softmax(array(scaling(make(logits)))), expected, atol=1e-6)


def test_images_may_change_their_order_of_confidence():
    logits = np.array([[3.0, 0.0, 0.0], [2.0, 0.0, -50.0]])
    first, second = (softmax(logits / t).max(axis=1) for t in (1.0, 10.0))
    assert first[0] > first[1]
    assert second[0] < second[1]


@both_sides
def test_a_temperature_of_few_errors_among_many_is_found(side):
    module, make = side
    logits = np.tile([30.0, 0.0, -5.0], (100_000, 1))
    labels = np.zeros(100_000, np.int64)
    labels[0] = 1
    scaling = module.TemperatureScaling().fit(make(logits), make(labels))
    scaled = softmax(array(scaling(make(logits[:1]))))
    expected = (softmax(logits[:1] / float(scaling.temperature)) * logits[:1]).sum()
    assert expected == pytest.approx(logits[np.arange(100_000), labels].mean(), rel=1e-9)
    assert scaled[0, 0] == pytest.approx(1 - 1e-5, abs=1e-6)


@both_sides
def test_many_seeds_and_scales_converge(side):
    module, make = side
    for seed in range(60):
        rng = RNG(seed)
        n, classes = int(rng.integers(3, 40)), int(rng.integers(2, 8))
        logits = rng.standard_t(1, (n, classes)) * 10 ** rng.uniform(-4, 4)  # heavy tails: hard for Newton alone
        labels = rng.integers(0, classes, n)
        try:
            scaling = module.TemperatureScaling().fit(make(logits), make(labels))
        except ValueError as error:
            assert "worse than guessing" in str(error) or "got none" in str(error)  # noqa: PT017
            continue
        p = softmax(logits / float(scaling.temperature))
        slope = ((p * logits).sum(axis=1) - logits[np.arange(n), labels]).mean()
        assert abs(slope) < 1e-9 * abs(logits).max()


@both_sides
def test_risks_are_linear_and_a_constant_cost_changes_no_decision(side):
    module, make = side
    rng = RNG(9)
    p, loss = rng.dirichlet(np.ones(3), 20), rng.normal(size=(4, 3))
    risk = array(module.conditional_risk(make(p), make(loss)))
    shifted = loss + rng.normal(size=(1, 3))  # what any action costs if j is true
    assert (array(module.bayes_action(make(p), make(shifted))) == risk.argmin(axis=1)).all()
    np.testing.assert_allclose(array(module.conditional_risk(make(p), make(3 * loss))), 3 * risk, rtol=1e-12)


@both_sides
def test_zero_one_costs_make_the_likeliest_class_the_action(side):
    module, make = side
    p = RNG(10).dirichlet(np.ones(5), 50)
    assert (array(module.bayes_action(make(p), make(1 - np.eye(5)))) == p.argmax(axis=1)).all()


@both_sides
def test_what_is_given_is_not_changed(side):
    module, make = side
    logits, labels = forecasts(11, n=30)
    p, loss = softmax(logits), np.eye(5)
    given = [make(value.copy()) for value in (logits, labels, p, loss, p.max(axis=1))]
    kept = [array(value).copy() for value in given]
    module.TemperatureScaling().fit(given[0], given[1])(given[0])
    for scheme in ("width", "mass"):
        module.expected_calibration_error(given[2], given[1], 15, scheme)
        module.reliability_bins(given[4], given[1] == 0, 15, scheme)
    module.bayes_action(given[2], given[3])
    for now, before in zip(given, kept, strict=True):
        np.testing.assert_array_equal(array(now), before)


@both_sides
@pytest.mark.parametrize("scheme", ["width", "mass"])
def test_time_grows_with_samples_not_with_bins(side, scheme):
    module, make = side
    rng = RNG(12)
    confidence, correct = make(rng.random(200_000)), make(rng.integers(0, 2, 200_000))

    def seconds(bins):
        best = np.inf
        for _ in range(3):
            start = time.process_time()
            module.reliability_bins(confidence, correct, bins, scheme)
            best = min(best, time.process_time() - start)
        return best

    assert seconds(10_000) < 8 * seconds(10)  # a loop over bins would be a hundred times slower
