"""What exercises assert with: each failure tells the student what was expected, what came, and where to look."""

import contextlib
import inspect

import numpy as np

from mylib import guard


def shape(got, expected, hint=""):
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
        raise AssertionError(
            f"got {_brief(got)}, expected an array of shape {expected}: {hint or 'return an array'}"
        )
    sizes = tuple(got.shape)
    if len(sizes) != len(expected) or any(
        e is not None and s != e for s, e in zip(sizes, expected, strict=True)
    ):
        raise AssertionError(_message(f"got shape {sizes}, expected {tuple(expected)}", hint))


def close(got, expected, hint="", relative=1e-5, absolute=1e-7, name="value"):
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
        raise AssertionError(
            _message(f"{name}{where}: got {got_array[index]:.6g}, expected {expected_array[index]:.6g}", hint)
        )


def gradient(function, x, got, hint="", step=1e-6, relative=1e-4):
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


def unchanged(function, *inputs, hint="work on a copy"):
    """Calling the function leaves its inputs as they were.

    Args:    function: to call with the inputs.
             inputs: arrays or tensors.
             hint: the cure.
    Returns: what the function returns.
    Raises:  AssertionError: naming the input that changed.
    """
    before = [to_array(value).copy() for value in inputs]
    with copied_back():
        result = function(*inputs)
    for position, (value, old) in enumerate(zip(inputs, before, strict=True)):
        if not np.array_equal(to_array(value), old, equal_nan=old.dtype.kind == "f"):
            raise AssertionError(f"the function changed its argument number {position + 1} in place: {hint}")
    return result


def beside_answer(function):
    """Mark a function of a test that must run beside the answer.

    Grading runs the tests in a process of their own, which the answer cannot reach. What it calls there runs in the
    student's process: arguments go over, and numbers, strings, containers, arrays and tensors come back as copies;
    anything else stays there, and can be called, indexed and asked for attributes. So what needs the object itself (a
    gradient through it, a training step, `isinstance`) goes into a function with this decorator, or is built by one:
    `beside_answer(some_model)(seed=0)`. The function runs among the names of the notebook, gets everything else as
    arguments, and returns data. It may hold no expected value: the student's process sees it.

    In a notebook, where all is one process, the function is returned as it is.

    Example:
        >>> @beside_answer
        ... def slope(function, x):
        ...     return 2 * function(x)
        >>> slope(abs, -3)
        6
    """
    return function


@contextlib.contextmanager
def copied_back():
    """Inside this block, what an answer changes in its arguments shows in the test's arrays and tensors too.

    In a notebook it always does; in grading (see `beside_answer`) answers work on copies otherwise.
    """
    yield


def from_scratch(function, banned):
    """The function, and every helper of the student's that it uses, calls none of the banned ones.

    The sources of the notebook's cells are read and not run; grading, which has nothing but the sources, asks
    `guard.refuse` directly.

    Args:    function: a function or class that a cell binds to a global name.
             banned: dotted names: a function ("numpy.convolve"), a method ("torch.Tensor.softmax"), a class, or a
                 whole package ("mylib", "scipy.signal").
    Raises:  AssertionError: naming the line and the banned call, or the means by which a call could be hidden.
             ValueError: a banned name does not exist (a mistake in the exercise), or no global name holds the
                 function.
    """
    guard.refuse_live(function, banned, inspect.currentframe().f_back.f_globals)


def to_array(value):
    """A NumPy array of numbers out of an array, a torch tensor, an engine Tensor, or a list of numbers."""
    if hasattr(value, "detach"):
        value = value.detach()
    if hasattr(value, "cpu"):
        value = value.cpu()
    return np.asarray(value.data if type(value).__module__.startswith("mylib.engine") else value)


def _message(fact, hint):
    return f"{fact}: {hint}" if hint else fact


def _brief(value):
    return f"{type(value).__name__} {value!r:.60}"
