"""Numbers against one other number: carbon dioxide against time, and a made curve with a gap."""

from typing import NamedTuple

import numpy as np


class Series(NamedTuple):
    """A quantity in time.

    Args:    years: time as years with a fraction, rising. float64, shape (n,).
             values: float64, shape (n,).
    """

    years: np.ndarray
    values: np.ndarray


class Curve(NamedTuple):
    """Points around a curve, and what made them.

    Args:    x: from -3 to 3, rising. float64, shape (n,).
             y: what was measured. float64, shape (n,).
             mean: the curve at x. float64, shape (n,).
             noise: standard deviation of y around it. float64, shape (n,).
    """

    x: np.ndarray
    y: np.ndarray
    mean: np.ndarray
    noise: np.ndarray


def carbon_dioxide():
    r"""CO2 above Mauna Loa, week by week from 1958 to 2001; weeks without a measurement are left out.

    Returns: `Series`, values in parts per million (ppm). n = 2,225.

    Example:
        >>> weeks = carbon_dioxide()
        >>> len(weeks.values), float(weeks.values[0]), weeks.years[[0, -1]].round(1).tolist()
        (2225, 316.1, [1958.2, 2002.0])

    Source:  Keeling, Whorf (2004), as shipped with statsmodels. Differs: weeks without a value are dropped.
    """
    import statsmodels.api as sm

    weeks = sm.datasets.co2.load_pandas().data["co2"].dropna()
    days = weeks.index.to_numpy().astype("datetime64[D]")
    starts = days.astype("datetime64[Y]")
    length = ((starts + 1).astype("datetime64[D]") - starts.astype("datetime64[D]")).astype(np.float64)
    years = 1970 + starts.astype(np.float64) + (days - starts).astype(np.float64) / length
    return Series(years, weeks.to_numpy(np.float64))


def gapped_curve(seed=0, count=300):
    r"""Points of $y = \sin(2x) + x/2 + s(x)\,\xi$ with $s(x) = 0.05 + 0.1\,(x + 3)/2$, none between -1 and 1.

    The noise grows from 0.05 at the left to 0.35 at the right: aleatoric uncertainty that is known. The gap and what
    lies beyond -3 and 3 are where a model has seen nothing. It imitates sensors that get worse with range; it leaves
    out outliers, and noise that is not normal.

    Args:    seed: of places and noise.
             count: number of points, half of them on either side of the gap, the odd one on the right.
    Returns: `Curve`.
    Raises:  ValueError: count below 2.

    Example:
        >>> points = gapped_curve(count=4)
        >>> bool((np.abs(points.x) >= 1).all()), bool(points.noise.max() < 0.35)
        (True, True)

    Source:  this course. Differs: none.
    """
    if count < 2:
        raise ValueError(
            f"gapped_curve: expected count of at least 2, got {count}; one point on either side of the gap"
        )
    rng = np.random.default_rng(seed)
    x = rng.uniform(1, 3, count)
    x[: count // 2] *= -1
    x.sort()
    mean, noise = np.sin(2 * x) + x / 2, 0.05 + 0.1 * (x + 3) / 2
    return Curve(x, mean + noise * rng.standard_normal(count), mean, noise)
