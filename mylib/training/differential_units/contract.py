"""What both sides of differential_units promise: the rows of the table, thresholds, and what is refused.

Only shapes, dtypes' names and plain numbers come in, so the same call serves NumPy, the engine and PyTorch.
"""

from mylib.shared import expect, expect_range

# Which coefficients count as 0 in each row of the table, as positions in (a, b, c).
ZEROS = ((0, 1, 2), (0, 1), (0, 2), (0,), (1, 2), (1,), (1,), (2,), (), (), ())
EXPONENT = 14.0  # what a layer caps exponents at, as in the authors' code: e^14 is 1.2 million
LARGEST = {"float64": 600.0, "float32": 60.0}  # what the function caps them at: products with t stay finite


def shift_for(epsilon, precision):
    """Where a slope for a coefficient that counts as 0 is taken: at epsilon; for epsilon 0 at a small number.

    `precision` is the gap between 1 and the next number of the type; its third root balances rounding and bias.
    """
    return epsilon or precision ** (1 / 3)


def check_types(operation, types):
    """`types`: names of dtypes of what was given as arrays or tensors."""
    bad = sorted({name for name in types if name not in LARGEST})
    if bad:
        raise TypeError(
            f"{operation}: expected float32 or float64 values, got {', '.join(bad)}; convert them first, such as by "
            ".astype(np.float32) or .float()"
        )


def check_shapes(operation, shapes, fits):
    """`shapes`: name to shape; `fits`: whether they broadcast."""
    if not fits:
        names = " and ".join(shapes)
        raise ValueError(
            f"{operation}: expected {names} of shapes that broadcast, got {' and '.join(map(str, shapes.values()))}; "
            "give one coefficient for each unit, shape (units,), and t as (batch, units)"
        )


def check_epsilon(operation, epsilon):
    """A threshold."""
    expect_range(operation, 0, None, "0 counts only exact zeros as 0", epsilon=epsilon)


def check_layer(features, epsilon, limit):
    """Numbers of a layer."""
    expect_range("DEU", 1, None, features=features)
    check_epsilon("DEU", epsilon)
    expect_range("DEU", 0, None, "1000 as in the authors' code", open=True, limit=limit)


def check_input(shape, features):
    """Vectors, or images with a unit for each channel."""
    remedy = f"this layer has a unit for each of {features} features or channels"
    expect("DEU", remedy, x=(shape, f"batch {features}" if len(shape) != 4 else f"batch {features} height width"))
