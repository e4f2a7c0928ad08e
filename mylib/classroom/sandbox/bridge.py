"""The bridge from the tests to the answer: what a test calls or reads of an answer is asked for in its process.

Numbers, strings, containers, arrays and tensors come back as copies. Anything else is a `Handle`: it can be called,
indexed and asked for attributes; it cannot be compared, added up or taken for true, so no object of a student's can
pretend to be equal.
"""

import builtins
import pickle
import socket
import types
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import torch

from mylib.classroom.sandbox import messages, values

ENDED = "the answer ended its own process"
NONSENSE = "the answer's process sent what is no data"
STOPS = StopIteration, StopAsyncIteration


class AnswerGoneError(RuntimeError):
    """The answer's process has died, or talks nonsense."""


class AnswerError(Exception):
    """An error of the answer's own kind."""


class Handle:
    """Something of the answer's that is no data."""

    __slots__ = ("_bridge", "_key", "_kind", "_name")

    def __init__(self, bridge: "Bridge", key: int, kind: str, name: str = "") -> None:
        for slot, value in zip(self.__slots__, (bridge, key, kind, name), strict=True):
            object.__setattr__(self, slot, value)

    def __call__(self, *arguments: Any, **named: Any) -> Any:
        """Call it, over there."""
        return self._bridge.do("call", self, arguments, named)

    def __getitem__(self, key: Any) -> Any:
        return self._bridge.do("item", self, (key,))

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__array"):  # NumPy asks before it gives up
            raise AttributeError(name)
        return self._bridge.do("attribute", self, (name,))

    def __setattr__(self, name: str, value: Any) -> None:
        self._bridge.do("set", self, (name, value))

    def __len__(self) -> Any:
        return self._bridge.do("length", self)

    def __iter__(self) -> Iterator[Any]:
        return iter(self._bridge.do("items", self))

    def __repr__(self) -> str:
        return f"<{self._kind} of the answer>"

    def _refuse(self, *_: Any, **__: Any) -> Any:
        raise TypeError(f"got a {self._kind}, expected a number, an array or a tensor")

    __eq__ = __ne__ = __lt__ = __le__ = __gt__ = __ge__ = __bool__ = __array__ = _refuse
    __add__ = __radd__ = __sub__ = __rsub__ = __mul__ = __rmul__ = __truediv__ = __rtruediv__ = _refuse
    __matmul__ = __rmatmul__ = __pow__ = __neg__ = __abs__ = __float__ = __int__ = __index__ = _refuse
    __hash__ = None  # type: ignore[assignment]  # Python's own way to say: not hashable


class Bridge:
    """Requests to one snapshot of the answer's process."""

    def __init__(self, sock: socket.socket) -> None:
        self.sock = sock
        self.functions: list[Callable[..., Any]] = []
        self.copy_back, self.random = False, _random_state()

    def fetch(self, name: str) -> tuple[Any, bool]:
        """The value of a global name; None, False where there is none."""
        reply, buffers = self.ask({"name": name}, [])
        if "missing" in reply:
            return None, False
        value = self.decode(reply["value"], buffers)
        return (Handle(self, value._key, value._kind, name) if isinstance(value, Handle) else value), True

    def do(
        self,
        what: str,
        function: Any,
        arguments: Sequence[Any] = (),
        named: dict[str, Any] | None = None,
    ) -> Any:
        """Run an operation over there.

        Args:    what: "call", "attribute", "set", "item", "length" or "items".
                 function: what it is done to: a `Handle`, or a library's own function.
                 arguments, named: data, handles, and functions of the tests, which are called back.
        Returns: data or a `Handle`.
        Raises:  what the answer raises, as the built-in kind that it is.
        """
        buffers: list[Any] = []
        return self.operate(what, {"of": self.encode(function, buffers)}, arguments, named or {}, buffers)

    def run_source(self, source: str, function: str, arguments: Sequence[Any], named: dict[str, Any]) -> Any:
        """Run a function of the tests over there, among the notebook's names."""
        return self.operate("call", {"source": source, "function": function}, arguments, named, [])

    def operate(
        self,
        what: str,
        request: dict[str, Any],
        arguments: Sequence[Any],
        named: dict[str, Any],
        buffers: list[Any],
    ) -> Any:
        """Send one operation with all that it needs, and take what comes back."""
        request |= {
            "do": what,
            "arguments": self.encode(tuple(arguments), buffers),
            "named": self.encode(named, buffers),
            "context": self.context(buffers),
            "copy_back": self.copy_back,
        }
        reply, received = self.ask(request, buffers)
        if self.copy_back:
            _copy_back((tuple(arguments), named), self.decode(reply["changed"], received))
        return self.decode(reply["value"], received)

    def ask(self, request: dict[str, Any], buffers: Sequence[Any]) -> tuple[dict[str, Any], list[Any]]:
        """One request and its reply; in between, functions of the tests may be called."""
        try:
            messages.send(self.sock, request, buffers)
            while True:
                reply, received = messages.receive(self.sock)
                if "call" not in reply:
                    break
                self.serve(reply, received)
            if not isinstance(reply, dict) or not reply.keys() & {"value", "missing", "error"}:
                raise messages.WireError("expected a value, a missing name or an error")
            if "error" in reply:
                raise _error(reply)
            return reply, received
        except (OSError, EOFError, messages.WireError, LookupError, TypeError, AttributeError) as problem:
            if isinstance(problem, AnswerGoneError) or getattr(problem, "of_the_answer", False):
                raise
            # Nothing of what was said is repeated: a student reads this, also where a hidden test was running.
            raise AnswerGoneError(ENDED if isinstance(problem, EOFError | OSError) else NONSENSE) from None

    def serve(self, request: Mapping[str, Any], received: Sequence[Any]) -> None:
        """Call a function of the tests for the answer."""
        buffers: list[Any] = []
        try:
            arguments, named = self.decode(request["with"], received)
            value = self.functions[request["call"]](*arguments, **named)
            reply = {"returned": self.encode(value, buffers)}
        except (Exception, AnswerGoneError) as error:
            buffers = []
            reply = {"raised": {"is": "pickle", "data": 0}}
            buffers.append(pickle.dumps(RuntimeError(f"{type(error).__name__}: {error}")))
        messages.send(self.sock, reply, buffers)

    def context(self, buffers: list[Any]) -> dict[str, Any]:
        """What NumPy and PyTorch would know if all were one process."""
        state = _random_state()
        changed = not _same_state(state, self.random)
        self.random = state
        return {
            "errors": np.geterr(),
            "gradients": torch.is_grad_enabled(),
            "random": self.encode(state, buffers) if changed else None,
        }

    def encode(self, value: Any, buffers: list[Any]) -> Any:
        """Data as data, handles by their key, own functions by theirs, the rest pickled."""
        return values.encode(value, lambda thing: self.thing(thing, buffers), buffers)

    def thing(self, value: Any, buffers: list[Any]) -> dict[str, Any]:
        """JSON for what is no data."""
        if isinstance(value, Handle):
            if value._bridge is not self:
                raise ValueError("this object belongs to an earlier cell's answer; make it in this cell")
            return {"is": "object", "key": value._key}
        if isinstance(value, types.FunctionType | types.MethodType) and value.__module__ == "__main__":
            self.functions.append(value)
            return {"is": "function", "key": len(self.functions) - 1}
        buffers.append(pickle.dumps(value))
        return {"is": "pickle", "data": len(buffers) - 1}

    def decode(self, tree: Any, buffers: Sequence[Any]) -> Any:
        """What came, as data or handles."""

        def thing(part: Any) -> Handle:
            if part["is"] != "object" or type(part["key"]) is not int:
                raise messages.WireError(f"got {part['is']!r:.40}, which may not cross")
            return Handle(self, part["key"], str(part["type"])[:80])

        return values.decode(tree, thing, buffers)


def _error(reply: Mapping[str, Any]) -> Exception:
    """What the answer raised, as a built-in exception; its class itself stays where it is."""
    message, name = str(reply["message"]), str(reply["name"])[:80] or "an error without a name"
    kind: Any = next((getattr(builtins, kind, None) for kind in reply["error"] if isinstance(kind, str)), None)
    # StopIteration would end a test's own loop, and so skip what it checks.
    sound = isinstance(kind, type) and issubclass(kind, Exception) and not issubclass(kind, STOPS)
    try:
        error: Exception = (kind if sound else AnswerError)(message)
    except Exception:  # some take other arguments, such as UnicodeDecodeError
        error = AnswerError(message)
    error.of_the_answer = name  # type: ignore[attr-defined]  # no class of exceptions declares it
    return error


def _copy_back(ours: Any, theirs: Any) -> None:
    """Show in the test's own arrays what the answer did to its copies of them."""
    if isinstance(ours, np.ndarray) and isinstance(theirs, np.ndarray) and ours.shape == theirs.shape:
        if ours.flags.writeable:
            ours[...] = theirs
    elif isinstance(ours, torch.Tensor) and isinstance(theirs, torch.Tensor) and ours.shape == theirs.shape:
        ours.detach().copy_(theirs.detach())
    elif isinstance(ours, dict) and isinstance(theirs, dict):
        for key in ours.keys() & theirs.keys():
            _copy_back(ours[key], theirs[key])
        ours.update({key: value for key, value in theirs.items() if key not in ours})
    elif isinstance(ours, list | tuple) and isinstance(theirs, list | tuple):
        for one, other in zip(ours, theirs, strict=False):
            _copy_back(one, other)
        if isinstance(ours, list) and (len(ours) != len(theirs) or _plain(ours) != _plain(theirs)):
            ours[:] = theirs


def _plain(values: Sequence[Any]) -> list[Any]:
    return [value if isinstance(value, int | float | str) else None for value in values]


def _random_state() -> tuple[torch.Tensor, Any]:
    return torch.get_rng_state(), np.random.get_state()  # noqa: NPY002


def _same_state(a: tuple[torch.Tensor, Any], b: tuple[torch.Tensor, Any]) -> bool:
    return torch.equal(a[0], b[0]) and a[1][2] == b[1][2] and np.array_equal(a[1][1], b[1][1])
