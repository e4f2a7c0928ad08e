"""What a public function asks of its arguments: one grammar for shapes, one form of message for both sides.

Every message says the operation, what it expected, what it got as the caller wrote it, and what to do. Only shapes and
plain numbers come in, never arrays: the same call serves NumPy, the engine and PyTorch, waits for no device, and leaves
no trace in a compiled graph.
"""


def expect(operation, remedy="", /, **given):
    r"""Raise unless shapes fit their patterns and each other.

    A pattern names axes, separated by spaces: a number is that size; a name stands for one size wherever it occurs in
    the call, of at least 1 with a + behind it; _ is any size; ... at the front is any number of axes, the same ones
    wherever it occurs; "" is a scalar.

    Args:    operation: name of the function.
             remedy: what the caller should do, or "".
             given: argument=(shape, pattern); a shape of None is an argument that was left out.
    Returns: None: silence is success.
    Raises:  ValueError: operation, the patterns, the shapes, and the axis that has two sizes if there is one.
    Source:  elementary; named axes as in einops (Rogozhnikov 2022). Differs: names are checked, nothing is rearranged.

    Example:
        >>> expect("info_nce", q=((8, 16), "batch dim"), k=((8, 16), "batch dim"), queue=((100, 16), "size+ dim"))
        >>> expect("dot", "pad", q=((8, 4), "n dim"), k=((8, 5), "n dim"))
        Traceback (most recent call last):
        ValueError: dot: expected q (n, dim) and k (n, dim), got (8, 4) and (8, 5), where dim is both 4 and 5; pad
    """
    sizes = {}
    for shape, pattern in given.values():
        if shape is not None and (problem := _mismatch(shape, pattern.split(), sizes)) is not None:
            raise ValueError(_message(operation, remedy, given, problem))


def _mismatch(shape, axes, sizes):
    """None if a shape fits; else which axis has two sizes, or "". Sizes that names stand for are added to `sizes`."""
    shape = list(shape)
    if axes[:1] == ["..."]:
        axes, free = axes[1:], len(shape) - len(axes) + 1
        if free < 0:
            return ""
        front, shape = tuple(shape[:free]), shape[free:]
        if sizes.setdefault("...", front) != front:
            return ""
    if len(axes) != len(shape):
        return ""
    for axis, size in zip(axes, shape, strict=True):
        name = axis.rstrip("+")
        if name.isdigit():
            if size != int(name):
                return ""
        elif axis != name and size < 1:
            return ""
        elif name != "_" and sizes.setdefault(name, size) != size:
            return f", where {name} is both {sizes[name]} and {size}"
    return None


def _message(operation, remedy, given, problem):
    given = {name: value for name, value in given.items() if value[0] is not None}
    expected = " and ".join(f"{name} {_written(pattern)}" for name, (_, pattern) in given.items())
    got = " and ".join(str(tuple(shape)) for shape, _ in given.values())
    return _sentence(operation, expected, f"{got}{problem}", remedy)


def _sentence(operation, expected, got, remedy):
    return f"{operation}: expected {expected}, got {got}" + (f"; {remedy}" if remedy else "")


def _written(pattern):
    """A pattern as a shape is written, with what + means."""
    axes = [axis.rstrip("+") for axis in pattern.split()]
    shape = f"({axes[0]},)" if len(axes) == 1 else f"({', '.join(axes)})"
    filled = [axis[:-1] for axis in pattern.split() if axis.endswith("+")]
    return shape + (f" with {' and '.join(filled)} of at least 1" if filled else "")


def expect_range(operation, low, high, remedy="", /, *, open=False, **given):
    r"""Raise unless numbers lie from `low` to `high`; strictly between them if `open`.

    Args:    operation: name of the function.
             low, high: None where there is no limit.
             remedy: what the caller should do, or "".
             open: the limits themselves are refused.
             given: argument=number, of Python or NumPy; NaN is in no range.
    Returns: None.
    Raises:  ValueError: operation, range and all that was given, in the order of the call.
    Source:  elementary. Differs: none.

    Example:
        >>> expect_range("nms", 0, 1, threshold=0.5)
        >>> expect_range("info_nce", 0, None, "try 0.07", open=True, temperature=0)
        Traceback (most recent call last):
        ValueError: info_nce: expected temperature above 0, got 0; try 0.07
        >>> expect_range("DenseBlock", 1, None, channels_in=8, layers=0, growth=4)
        Traceback (most recent call last):
        ValueError: DenseBlock: expected channels_in, layers and growth of at least 1, got 8, 0 and 4
    """
    for value in given.values():
        above = low is None or (value > low if open else value >= low)
        below = high is None or (value < high if open else value <= high)
        if not (above and below):
            expected = f"{_enumerated(given)} {_range(low, high, open)}"
            raise ValueError(_sentence(operation, expected, _enumerated(given.values()), remedy))


def _enumerated(things):
    *first, last = map(str, things)
    return f"{', '.join(first)} and {last}" if first else last


def _range(low, high, open):
    if high is None:
        return f"above {low}" if open else f"of at least {low}"
    if low is None:
        return f"below {high}" if open else f"of at most {high}"
    return f"between {low} and {high}" if open else f"from {low} to {high}"


def expect_choice(operation, choices, remedy="", /, **given):
    r"""Raise unless values are among the choices.

    Args:    operation: name of the function.
             choices: sequence of all that may be given.
             remedy: what the caller should do, or "".
             given: argument=value.
    Returns: None.
    Raises:  ValueError: operation, choices and the first value that is none of them.
    Source:  elementary. Differs: none.

    Example:
        >>> expect_choice("pool", ("max", "mean"), mode="median")
        Traceback (most recent call last):
        ValueError: pool: expected mode of 'max' or 'mean', got 'median'
    """
    for name, value in given.items():
        if not any(value is one or value == one for one in choices):
            listed = " or ".join(map(repr, choices))
            raise ValueError(_sentence(operation, f"{name} of {listed}", repr(value), remedy))
