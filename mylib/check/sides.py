"""Where tests meet the answer: in one process, as in a notebook, or in two, as in grading.

`use` says which. Everything else here asks the side that is in use.
"""

import contextlib
import inspect
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Protocol

from mylib.check.from_scratch import refuse_live


class Side(Protocol):
    """How a test reaches an answer."""

    def beside_answer(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """The function, as one that runs in the answer's process."""

    def copied_back(self) -> contextlib.AbstractContextManager[None]:
        """A block in which changed arguments show in the test."""

    def from_scratch(self, function: Any, banned: Sequence[str], names: dict[str, Any]) -> None:
        """Refuse a banned call; `names` are the global names of whoever asks."""


class OneProcess:
    """A notebook: tests and answers stand beside each other."""

    def beside_answer(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """The function is there already."""
        return function

    @contextlib.contextmanager
    def copied_back(self) -> Iterator[None]:
        """Arguments are not copied."""
        yield

    def from_scratch(self, function: Any, banned: Sequence[str], names: dict[str, Any]) -> None:
        """The cells that were run are read."""
        refuse_live(function, banned, names)


_side: Side = OneProcess()


def use(side: Side) -> Side:
    """Let another side answer from now on.

    Args:    side: of `Side`.
    Returns: the side that was in use.
    """
    global _side
    before, _side = _side, side
    return before


def beside_answer(function: Callable[..., Any]) -> Callable[..., Any]:
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
    return _side.beside_answer(function)


def copied_back() -> contextlib.AbstractContextManager[None]:
    """Inside this block, what an answer changes in its arguments shows in the test's arrays and tensors too.

    In a notebook it always does; in grading (see `beside_answer`) answers work on copies otherwise.
    """
    return _side.copied_back()


def from_scratch(function: Any, banned: Sequence[str]) -> None:
    """The function, and every helper of the student's that it uses, calls none of the banned ones.

    The sources of the notebook's cells are read and not run.

    Args:    function: a function or class that a cell binds to a global name.
             banned: dotted names: a function ("numpy.convolve"), a method ("torch.Tensor.softmax"), a class, or a
                 whole package ("mylib", "scipy.signal").
    Raises:  AssertionError: naming the line and the banned call.
             ValueError: a banned name does not exist (a mistake in the exercise), or no global name holds the
                 function.
    """
    frame = inspect.currentframe()
    caller = frame.f_back if frame else None
    _side.from_scratch(function, banned, caller.f_globals if caller else {})
