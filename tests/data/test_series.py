"""Carbon dioxide as statsmodels ships it, and the made curve: its formula, its gap, its noise."""

import numpy as np
import pytest
import statsmodels.api as sm
from scipy.stats import kstest

from mylib import data


def test_carbon_dioxide_is_what_statsmodels_ships():
    weeks = data.carbon_dioxide()
    expected = sm.datasets.co2.load_pandas().data["co2"].dropna()
    np.testing.assert_array_equal(weeks.values, expected.to_numpy())
    assert weeks.years.dtype == weeks.values.dtype == np.float64
    assert (np.diff(weeks.years) > 0).all()
    days = expected.index.to_series().dt
    np.testing.assert_array_equal(np.floor(weeks.years), days.year)
    length = np.where(days.is_leap_year, 366, 365)
    np.testing.assert_allclose(weeks.years % 1, (days.day_of_year - 1) / length, atol=1e-9)


def test_the_curve_is_its_formula():
    points = data.gapped_curve(seed=2, count=101)
    np.testing.assert_allclose(points.mean, np.sin(2 * points.x) + points.x / 2, rtol=1e-12)
    np.testing.assert_allclose(points.noise, 0.05 + 0.1 * (points.x + 3) / 2, rtol=1e-12)
    assert (np.diff(points.x) >= 0).all()
    assert (points.x < 0).sum() == 50
    assert np.abs(points.x).min() >= 1
    assert np.abs(points.x).max() <= 3


def test_places_are_uniform_and_noise_is_normal_with_its_deviation():
    points = data.gapped_curve(seed=0, count=4000)
    # each fails once in 1,000 seeds if true
    assert kstest((np.abs(points.x) - 1) / 2, "uniform").pvalue > 1e-3
    assert kstest((points.y - points.mean) / points.noise, "norm").pvalue > 1e-3
    left, right = np.sort(-points.x[points.x < 0]), np.sort(points.x[points.x > 0])
    assert (left[:50] != right[:50]).all()


def test_the_curve_repeats_with_its_seed_only():
    one, again, other = (data.gapped_curve(seed, 30) for seed in (1, 1, 2))
    np.testing.assert_array_equal(one.y, again.y)
    assert (one.x != other.x).all()


def test_a_curve_of_one_point_is_refused():
    with pytest.raises(ValueError, match="gapped_curve: expected count of at least 2, got 1; one point on either"):
        data.gapped_curve(count=1)
