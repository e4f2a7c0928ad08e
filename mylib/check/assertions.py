"""Comparisons: each failure tells the student what was expected, what came, and where to look."""

import copy
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from mylib.check.sides import copied_back


def shape(got: Any, expected: Sequence[int | None], hint: str = "") -> None:
    """The array has this shape.

    Args:    got: an array, a torch tensor or an engine Tensor.
             expected: tuple of sizes; None stands for any size.
             hint: a question that leads to the cause ("did you pad?").
    Raises:  AssertionError: naming both shapes and the hint.

    Example:
        >>> shape(np.zeros((5, 5)), (7, 7), hint="did you pad?")
        Traceback (most recent call last):
        AssertionError: got shape (5, 5), expected (7, 7): did you pad?
    """
    if not hasattr(got, "shape"):
        raise AssertionError(f"got {_brief(got)}, expected an array of shape {expected}: {hint or 'return an array'}")
    sizes = tuple(got.shape)
    if len(sizes) != len(expected) or any(e is not None and s != e for s, e in zip(sizes, expected, strict=True)):
        raise AssertionError(_message(f"got shape {sizes}, expected {tuple(expected)}", hint))


def close(
    got: Any,
    expected: Any,
    hint: str = "",
    relative: float = 1e-5,
    absolute: float = 1e-7,
    name: str = "value",
) -> None:
    """The numbers agree within a tolerance, and the shapes agree exactly.

    Args:    got, expected: numbers, arrays or tensors.
             hint: a question that leads to the cause.
             relative, absolute: |got - expected| <= absolute + relative |expected|. The defaults suit float32
                 arithmetic of a few hundred operations.
             name: of the quantity, for the message.
    Raises:  AssertionError: naming the worst entry, what came and what was expected.

    Example:
        >>> close([1.0, 2.0], [1.0, 2.5], hint="did you divide by N?")
        Traceback (most recent call last):
        AssertionError: value[1]: got 2, expected 2.5: did you divide by N?
    """
    if got is None:
        raise AssertionError(f"{name}: got None, expected a value: does the function return its result?")
    try:
        got_array = to_array(got)
    except ValueError:  # a list of rows of several lengths
        raise AssertionError(f"{name}: got {_brief(got)}, expected an array of numbers") from None
    expected_array = to_array(expected)
    if got_array.dtype.kind not in "biufc":
        raise AssertionError(f"{name}: got {_brief(got)}, expected numbers")
    shape(got_array, expected_array.shape, hint)
    if not got_array.size:
        return
    bad = ~np.isclose(got_array, expected_array, rtol=relative, atol=absolute, equal_nan=True)
    if bad.any():
        gap = np.where(bad, np.nan_to_num(np.abs(got_array - expected_array.astype(float)), nan=np.inf), -1.0)
        index = np.unravel_index(gap.argmax(), gap.shape)
        where = f"[{', '.join(map(str, index))}]" if index else ""
        came, wanted = _apart(got_array[index], expected_array[index])
        raise AssertionError(_message(f"{name}{where}: got {came}, expected {wanted}", hint))


def gradient(
    function: Callable[[np.ndarray[Any, Any]], Any],
    x: Any,
    got: Any,
    hint: str = "",
    step: float = 1e-6,
    relative: float = 1e-4,
) -> None:
    """`got` is the gradient of a scalar function at x, by central differences in float64.

    Args:    function: array to number.
             x: where. Any shape.
             got: the gradient to test. Shape of x.
             hint: a question that leads to the cause.
             step: of the difference; the error of the rule is about step squared.
             relative: tolerance; differences lose about half of float64's digits.
    Raises:  AssertionError: naming the worst entry.
    """
    x = to_array(x).astype(float)
    expected = np.empty_like(x)
    for index in np.ndindex(x.shape):
        up, down = x.copy(), x.copy()
        up[index] += step
        down[index] -= step
        expected[index] = (float(function(up)) - float(function(down))) / (2 * step)
    close(got, expected, hint, relative=relative, absolute=1e-6, name="gradient")


class ChangedArgumentError(AssertionError):
    """An argument was changed in place; the message holds no value, so it is shown of hidden tests too."""


def unchanged(function: Callable[..., Any], *inputs: Any, hint: str = "work on a copy") -> Any:
    """Calling the function leaves its inputs as they were.

    Args:    function: to call with the inputs.
             inputs: arrays or tensors.
             hint: the cure.
    Returns: what the function returns.
    Raises:  ChangedArgumentError: naming the input that changed.
    """
    copies = [_copy(value) for value in inputs]  # a view may share its memory with what other tests need
    with copied_back():
        result = function(*copies)
    for position, (value, old) in enumerate(zip(copies, map(to_array, inputs), strict=True)):
        if not np.array_equal(to_array(value), old, equal_nan=old.dtype.kind == "f"):
            raise ChangedArgumentError(f"the function changed its argument number {position + 1} in place: {hint}")
    return result


def to_array(value: Any) -> np.ndarray[Any, Any]:
    """A NumPy array of numbers out of an array, a torch tensor, an engine Tensor, or a list of numbers."""
    if hasattr(value, "detach"):
        value = value.detach()
    if hasattr(value, "cpu"):
        value = value.cpu()
    return np.asarray(value.data if type(value).__module__.startswith("mylib.engine") else value)


def _apart(got: Any, expected: Any) -> tuple[str, str]:
    """Two numbers with as many digits as it takes to tell them apart, 6 at least."""
    for digits in (6, 9, 12, 17):
        texts = f"{got:.{digits}g}", f"{expected:.{digits}g}"
        if texts[0] != texts[1]:
            break
    return texts


def _copy(value: Any) -> Any:
    """A copy that lies in memory as the value does, gradients wanted or not as before."""
    if isinstance(value, np.ndarray):
        return value.copy(order="K")
    if hasattr(value, "detach") and hasattr(value, "clone"):
        return value.detach().clone().requires_grad_(value.requires_grad)
    return copy.deepcopy(value)


def _message(fact: str, hint: str) -> str:
    return f"{fact}: {hint}" if hint else fact


def _brief(value: Any) -> str:
    return f"{type(value).__name__} {value!r:.60}"
