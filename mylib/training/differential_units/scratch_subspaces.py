"""Which row of the table holds, and what c1 and c2 mean there."""

from typing import NamedTuple

import numpy as np

from mylib.training.differential_units import contract


class Units(NamedTuple):
    """Coefficients of units of one row: those that count as 0 are 0."""

    a: np.ndarray
    b: np.ndarray
    c: np.ndarray
    c1: np.ndarray
    c2: np.ndarray


def subspace(a, b, c, epsilon=0.01):
    r"""Row of the table, 0 to 10, that solves a y'' + b y' + c y = u(t).

    A coefficient with an absolute value below epsilon counts as 0, and so does D = b^2 - 4ac, which is computed with
    coefficients that count as 0. Rows: 0 none; 1 c; 2 b; 3 b, c; 4 a; 5 and 6 a, c with c/a above and below 0; 7 a, b;
    8, 9, 10 all three with D below, above and at 0.

    Args:    a, b, c: coefficients; their shapes broadcast.
             epsilon: the threshold; with 0 only an exact 0 counts as 0.
    Returns: integer array of the broadcast shape.
    Raises:  ValueError: shapes that do not broadcast, or a negative epsilon.
             TypeError: values that are not floating point.
    Source:  Torkamani et al. (2020), table 1; the slide has rows 1 to 7. Differs: the authors' code changes a and c
             where D counts as 0.

    Example:
        >>> subspace([0.0, 1.0, 1.0], [1.0, 0.0, 2.0], [0.0, 1.0, 1.0]).tolist()  # ReLU, sine, double root
        [2, 5, 10]
    """
    arrays = arrays_of("subspace", a=a, b=b, c=c)
    contract.check_epsilon("subspace", epsilon)
    return rows_of(*np.broadcast_arrays(*arrays), epsilon)[0]


def initial_values(a, b, c, c1, c2, epsilon=0.01):
    r"""y(0) and y'(0) of the solution that c1 and c2 choose: the numbers an integrator starts from.

    Row 2 and 3: y(0) = c1. Row 4: c1, c2. Row 5: c1, omega c2. Row 6: c1 + c2, omega (c1 - c2). Row 7: c2 - c1 a/b, c1.
    Row 8: c1, p c1 + s c2. Row 9: c1 + c2, (p - s) c1 + (p + s) c2. Row 10: c2, c1 + p c2. With p = -b/(2a),
    s = sqrt|D|/(2a), omega = sqrt|c/a|.

    Args:    a, b, c, c1, c2: coefficients; their shapes broadcast.
             epsilon: as in `subspace`.
    Returns: two arrays of the broadcast shape; nan where the row leaves nothing to choose.
    Raises:  ValueError: shapes that do not broadcast, or a negative epsilon.
             TypeError: values that are not floating point.
    Source:  elementary, from the table's homogeneous parts. Differs: none.

    Example:
        >>> value, slope = initial_values(1.0, 0.0, 4.0, 3.0, 5.0)  # 5 sin 2t + 3 cos 2t
        >>> value.item(), slope.item()
        (3.0, 10.0)
    """
    arrays = np.broadcast_arrays(*arrays_of("initial_values", a=a, b=b, c=c, c1=c1, c2=c2))
    contract.check_epsilon("initial_values", epsilon)
    row, *cleaned = rows_of(*arrays[:3], epsilon)
    start, slope = start_of(row, Units(*cleaned, *arrays[3:]))
    return np.where(row < 2, np.nan, start), np.where(row < 4, np.nan, slope)


def rows_of(a, b, c, epsilon):
    """Rows, and the coefficients with an exact 0 where one counts as 0."""
    a, b, c = (np.where(_counts_as_zero(one, epsilon), 0, one) for one in (a, b, c))
    discriminant = b * b - 4 * a * c
    mixed = np.where(_counts_as_zero(discriminant, epsilon), 10, np.where(discriminant < 0, 8, 9))
    second = np.where(b == 0, np.where(c == 0, 4, np.where((c > 0) == (a > 0), 5, 6)), np.where(c == 0, 7, mixed))
    first = np.where(b == 0, np.where(c == 0, 0, 1), np.where(c == 0, 2, 3))
    return np.where(a == 0, first, second), a, b, c


def _counts_as_zero(x, epsilon):
    return (np.abs(x) < epsilon) | (x == 0)


def start_of(row, k):
    """Value and slope at 0 (from the left) of the function that each row is, rows 0 and 1 too."""
    one = np.ones_like(k.a)
    a, b, c = (np.where(value == 0, one, value) for value in k[:3])  # no division by 0 in rows that do without
    p, omega = -b / (2 * a), np.sqrt(np.abs(c / a))
    s = np.sqrt(np.abs(b * b - 4 * a * c)) / (2 * a)
    values = [0 * one, 0.5 / c, k.c1, k.c1, k.c1, k.c1, k.c1 + k.c2, k.c2 - k.c1 * a / b, k.c1, k.c1 + k.c2, k.c2]
    slopes = [one, 0.25 / c, 0 * one, -k.c1 * c / b, k.c2, omega * k.c2, omega * (k.c1 - k.c2), k.c1]
    slopes += [p * k.c1 + s * k.c2, (p - s) * k.c1 + (p + s) * k.c2, k.c1 + p * k.c2]
    return np.choose(row, values), np.choose(row, slopes)


def arrays_of(operation, **given):
    """What was given as arrays of one floating type, whole numbers in the type of the others; shapes that broadcast."""
    given = {name: getattr(value, "data", value) if hasattr(value, "_node") else value for name, value in given.items()}
    numbers = {name for name, value in given.items() if isinstance(value, int | float) and not isinstance(value, bool)}
    found = {
        name: value if isinstance(value, np.ndarray | np.generic) else _from_list(value)
        for name, value in given.items()
        if name not in numbers
    }
    # Coefficients may be whole numbers, which take the type of the rest; t may not.
    types = [value.dtype for name, value in found.items() if value.dtype.kind not in "iu" or name in ("t", "x")]
    contract.check_types(operation, map(str, types))
    dtype = np.result_type(*types) if types else np.dtype(np.float64)
    arrays = {name: np.asarray(found.get(name, value), dtype) for name, value in given.items()}
    try:
        np.broadcast_shapes(*(array.shape for array in arrays.values()))
    except ValueError:
        contract.check_shapes(operation, {name: array.shape for name, array in arrays.items()}, fits=False)
    return list(arrays.values())


def _from_list(value):
    array = np.asarray(value)
    return array.astype(np.float32) if array.dtype.kind in "if" and isinstance(value, list | tuple) else array
