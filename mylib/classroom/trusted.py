"""The tests' side: the instructor's locked and test cells, in a process that the answer cannot reach.

What a test calls or reads of an answer is asked for, by name, of the process where the answer lives. Numbers, strings,
containers, arrays and tensors come back as copies. Anything else is a `Handle`: it can be called, indexed and asked
for attributes; it cannot be compared, added up or taken for true, so no object of a student's can pretend to be equal.
"""

import ast
import builtins
import contextlib
import linecache
import pickle
import signal
import socket
import time
import types
from typing import NamedTuple

import numpy as np
import torch

from mylib import check, guard
from mylib.classroom import values, wire

HIDDEN = "### BEGIN HIDDEN TESTS"
ENDED = "the answer ended its own process"
NONSENSE = "the answer's process sent what is no data"


class CellTimeoutError(KeyboardInterrupt):
    """The test's time is up. Like an interrupt, `except Exception` does not catch it."""


class AnswerGoneError(RuntimeError):
    """The answer's process has died, or talks nonsense."""


class AnswerError(Exception):
    """An error of the answer's own kind."""


class Handle:
    """Something of the answer's that is no data."""

    __slots__ = ("_bridge", "_key", "_kind", "_name")

    def __init__(self, bridge, key, kind, name=""):
        for slot, value in zip(self.__slots__, (bridge, key, kind, name), strict=True):
            object.__setattr__(self, slot, value)

    def __call__(self, *arguments, **named):
        """Call it, over there."""
        return self._bridge.do("call", self, arguments, named)

    def __getitem__(self, key):
        return self._bridge.do("item", self, (key,))

    def __getattr__(self, name):
        if name.startswith("__array"):  # NumPy asks before it gives up
            raise AttributeError(name)
        return self._bridge.do("attribute", self, (name,))

    def __setattr__(self, name, value):
        self._bridge.do("set", self, (name, value))

    def __len__(self):
        return self._bridge.do("length", self)

    def __iter__(self):
        return iter(self._bridge.do("items", self))

    def __repr__(self):
        return f"<{self._kind} of the answer>"

    def _refuse(self, *_, **__):
        raise TypeError(f"got a {self._kind}, expected a number, an array or a tensor")

    __eq__ = __ne__ = __lt__ = __le__ = __gt__ = __ge__ = __bool__ = __array__ = _refuse
    __add__ = __radd__ = __sub__ = __rsub__ = __mul__ = __rmul__ = __truediv__ = __rtruediv__ = _refuse
    __matmul__ = __rmatmul__ = __pow__ = __neg__ = __abs__ = __float__ = __int__ = __index__ = _refuse
    __hash__ = None


class Bridge:
    """Requests to one snapshot of the answer's process."""

    def __init__(self, sock):
        self.sock, self.functions = sock, []
        self.copy_back, self.random = False, _random_state()

    def fetch(self, name):
        """The value of a global name; None, False where there is none."""
        reply, buffers = self.ask({"name": name}, [])
        if "missing" in reply:
            return None, False
        value = self.decode(reply["value"], buffers)
        return (Handle(self, value._key, value._kind, name) if isinstance(value, Handle) else value), True

    def do(self, what, function, arguments=(), named=None):
        """Run an operation over there.

        Args:    what: "call", "attribute", "set", "item", "length" or "items".
                 function: what it is done to: a `Handle`, or a library's own function.
                 arguments, named: data, handles, and functions of the tests, which are called back.
        Returns: data or a `Handle`.
        Raises:  what the answer raises, as the built-in kind that it is.
        """
        buffers = []
        return self.operate(what, {"of": self.encode(function, buffers)}, arguments, named or {}, buffers)

    def run_source(self, source, function, arguments, named):
        """Run a function of the tests over there, among the notebook's names."""
        return self.operate("call", {"source": source, "function": function}, arguments, named, [])

    def operate(self, what, request, arguments, named, buffers):
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

    def ask(self, request, buffers):
        """One request and its reply; in between, functions of the tests may be called."""
        try:
            wire.send(self.sock, request, buffers)
            while True:
                reply, received = wire.receive(self.sock)
                if "call" not in reply:
                    break
                self.serve(reply, received)
            if "error" in reply:
                raise _error(reply)
            return reply, received
        except (OSError, EOFError, wire.WireError, LookupError, TypeError, AttributeError) as problem:
            if isinstance(problem, AnswerGoneError) or getattr(problem, "of_the_answer", False):
                raise
            # Nothing of what was said is repeated: a student reads this, also where a hidden test was running.
            raise AnswerGoneError(ENDED if isinstance(problem, EOFError | OSError) else NONSENSE) from None

    def serve(self, request, received):
        """Call a function of the tests for the answer."""
        buffers = []
        try:
            arguments, named = self.decode(request["with"], received)
            value = self.functions[request["call"]](*arguments, **named)
            reply = {"returned": self.encode(value, buffers)}
        except (Exception, AnswerGoneError) as error:
            buffers = []
            reply = {"raised": {"is": "pickle", "data": 0}}
            buffers.append(pickle.dumps(RuntimeError(f"{type(error).__name__}: {error}")))
        wire.send(self.sock, reply, buffers)

    def context(self, buffers):
        """What NumPy and PyTorch would know if all were one process."""
        state = _random_state()
        changed = not _same_state(state, self.random)
        self.random = state
        return {
            "errors": np.geterr(),
            "gradients": torch.is_grad_enabled(),
            "random": self.encode(state, buffers) if changed else None,
        }

    def encode(self, value, buffers):
        """Data as data, handles by their key, own functions by theirs, the rest pickled."""
        return values.encode(value, lambda thing: self.thing(thing, buffers), buffers)

    def thing(self, value, buffers):
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

    def decode(self, tree, buffers):
        """What came, as data or handles."""

        def thing(part):
            if part["is"] != "object" or type(part["key"]) is not int:
                raise wire.WireError(f"got {part['is']!r:.40}, which may not cross")
            return Handle(self, part["key"], str(part["type"])[:80])

        return values.decode(tree, thing, buffers)


class Tests:
    """All test cells of one submission.

    parcel: of `mylib.classroom.examine`: sources of the locked cells, of the tests, and of the notebook's cells for
    the search for forbidden calls.
    """

    def __init__(self, parcel, sockets):
        self.parcel = parcel
        self.bridges = [Bridge(sock) for sock in sockets]
        self.bridge = None
        self.base = {"__name__": "__main__", "__builtins__": builtins, "display": lambda *_, **__: None}
        self.spaces = {}
        check.beside_answer, check.copied_back = self.beside_answer, self.copied_back
        check.from_scratch = self.from_scratch
        signal.signal(signal.SIGALRM, _time_is_up)

    def prepare(self):
        """Run the locked cells that tests need."""
        for position, source in enumerate(self.parcel["locked"]):
            part = _compiled(source, f"<locked {position}>")[0]
            exec(part.code, self.base)

    def visible(self, test):
        """Run what the student sees of a test.

        Returns: verdict, a dict; see `judge`.
        """
        space = self.spaces[test["name"]] = dict(self.base)
        for earlier in list(self.spaces.values())[-2::-1]:
            space.update({name: value for name, value in earlier.items() if name not in space})
        return self.judge(test, space, hidden=False)

    def hidden(self, test):
        """Run the rest of a test; names that it binds are there for later tests."""
        space = self.spaces[test["name"]]
        verdict = self.judge(test, space, hidden=True)
        for later in self.spaces.values():
            later.update({name: value for name, value in space.items() if name not in later})
        return verdict

    def judge(self, test, space, hidden):
        """Run one part of a test cell.

        Returns: {"error", "message": what the student reads, "kind", "detail": what the instructor reads, "credit":
        number or None, "gone": whether the answer's process is, "slow": whether the time was up}.
        """
        verdict = dict.fromkeys(("error", "message", "kind", "detail"), "")
        verdict |= {"credit": None, "gone": False, "slow": False}
        self.bridge = self.bridges[test["snapshot"]]
        filename = f"<{test['name']}>"
        try:
            parts = _compiled(test["source"], filename, test["answers"])
            signal.setitimer(signal.ITIMER_REAL, test["seconds"])
            if not hidden:
                self.fetch(test["answers"], space)
            exec(parts[hidden].code, space)
            if parts[hidden].last:
                verdict["credit"] = _credit(eval(parts[hidden].last, space))
        except BaseException as error:
            signal.setitimer(signal.ITIMER_REAL, 0)
            self.explain(verdict, error, test, filename, hidden)
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
        return verdict

    def fetch(self, names, space):
        """Ask for the names that the test takes from the answer; a missing one stays missing."""
        for name in names:
            if name not in self.base:
                space.pop(name, None)
                value, found = self.bridge.fetch(name)
                if found:
                    space[name] = value

    def explain(self, verdict, error, test, filename, hidden):
        """Say to the student what may be said, and to the instructor all."""
        name = getattr(error, "of_the_answer", None) or type(error).__name__
        verdict.update(error=name, kind=name, detail=str(error), gone=isinstance(error, AnswerGoneError))
        if isinstance(error, CellTimeoutError):
            verdict["slow"] = True
            verdict["detail"] = f"stopped after {test['seconds']:.3g} s; is there a loop that never ends?"
            self.bridge.sock.close()
        told = isinstance(error, CellTimeoutError | AnswerGoneError) or getattr(
            error, "names_only_the_source", False
        )
        verdict["message"] = verdict["detail"]
        if hidden and not told:
            hint = _hint(error, ast.parse(test["source"]), filename)
            verdict["error"], verdict["message"] = (
                "AssertionError",
                f"a hidden test failed{hint and ': '}{hint}",
            )

    def beside_answer(self, function):
        """`mylib.check.beside_answer` in this process."""

        def run(*arguments, **named):
            if not isinstance(function, types.FunctionType) or function.__module__ != "__main__":
                return self.bridge.do("call", function, arguments, named)
            source, name = _source(function)
            return self.bridge.run_source(source, name, arguments, named)

        return run

    @contextlib.contextmanager
    def copied_back(self):
        """`mylib.check.copied_back` in this process."""
        bridge, before = self.bridge, self.bridge.copy_back
        bridge.copy_back = True
        try:
            yield
        finally:
            bridge.copy_back = before

    def from_scratch(self, function, banned):
        """`mylib.check.from_scratch` in this process: by the source alone."""
        if not isinstance(function, Handle) or not function._name:
            raise AssertionError(f"got {function!r:.60}, expected a function or class of the answer")
        try:
            guard.refuse(function._name, self.parcel["cells"], banned)
        except AssertionError as error:
            error.names_only_the_source = True
            raise


def main(parcel, descriptors):
    """Run the tests when told to, visible parts first, and send a verdict for each part.

    Nothing that a student's code could show comes after the first hidden test: by then all outputs are collected.

    Args:    parcel: of `mylib.classroom.examine`.
             descriptors: of the socket to `examine`, and of one socket for every snapshot.
    """
    control, *sockets = (socket.socket(fileno=one) for one in descriptors)
    tests = Tests(parcel, sockets)
    failure = ""
    try:
        tests.prepare()
    except Exception as error:
        failure = f"the instructor's locked cells failed: {type(error).__name__}: {error}"
    wire.send(control, {"ready": failure})
    go, _ = wire.receive(control)
    deadline = time.monotonic() + go["seconds"]
    todo = [test for test in parcel["tests"] if test["name"] in go["tests"]]
    for run in (tests.visible, tests.hidden):
        passed = []
        for test in todo:
            test["seconds"] = max(0.01, min(parcel["cell_seconds"], deadline - time.monotonic()))
            wire.send(control, {"starts": test["name"]})
            verdict = run(test)
            if not verdict["error"]:
                passed.append(test)
            wire.send(control, {"test": test["name"], "hidden": run == tests.hidden, "verdict": verdict})
        todo = passed
    wire.send(control, {"done": True})


class Part(NamedTuple):
    """One part of a test cell: its code, and the expression at its end whose value is partial credit, or None."""

    code: types.CodeType
    last: types.CodeType | None


def _compiled(source, filename, answers=()):
    """A cell as two parts: what the student sees, and the rest."""
    linecache.cache[filename] = (len(source), None, source.splitlines(keepends=True), filename)
    tree, lines = ast.parse(source, filename), source.splitlines()
    start = next((i + 1 for i, line in enumerate(lines) if line.strip() == HIDDEN), len(lines) + 1)
    last = tree.body.pop() if tree.body and _is_credit(tree.body[-1], lines, answers) else None
    parts = []
    for hidden in (False, True):
        body = [one for one in tree.body if (one.lineno > start) == hidden]
        code = compile(ast.Module(body, []), filename, "exec")
        ours = last is not None and (last.lineno > start) == hidden
        parts.append(Part(code, compile(ast.Expression(last.value), filename, "eval") if ours else None))
    return parts


def _is_credit(statement, lines, answers):
    """An expression, shown, and not a value that the answer itself returns."""
    if not isinstance(statement, ast.Expr) or lines[statement.end_lineno - 1].rstrip().endswith(";"):
        return False
    root = statement.value
    while isinstance(root, ast.Call | ast.Attribute | ast.Subscript):
        root = root.func if isinstance(root, ast.Call) else root.value
    return not (isinstance(root, ast.Name) and root.id in answers)


def _credit(value):
    """Partial credit as nbgrader reads it: the number that the last line shows."""
    return float(value) if type(value) in (int, float, np.float64) else None


def _source(function):
    """The source of a function of the tests, without its decorators, and its name."""
    code = function.__code__
    tree = ast.parse("".join(linecache.getlines(code.co_filename)))
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef) and node.name == function.__name__:
            first = min([node.lineno, *(one.lineno for one in node.decorator_list)])
            if first == code.co_firstlineno:
                node.decorator_list = []
                return ast.unparse(node), node.name
    raise ValueError("beside_answer: expected a function made by def, got a lambda")


def _hint(error, tree, filename):
    """What the instructor wrote to say what a hidden check is about, without any value."""
    line, trace = None, error.__traceback__
    while trace:
        if trace.tb_frame.f_code.co_filename == filename:
            line = trace.tb_lineno
        trace = trace.tb_next
    found = [
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.Assert | ast.Call) and line and node.lineno <= line <= node.end_lineno
    ]
    for node in sorted(found, key=lambda node: (node.end_lineno - node.lineno, -node.col_offset)):
        if isinstance(node, ast.Assert) and node.msg is not None:
            return _literal(node.msg)
        for keyword in getattr(node, "keywords", []):
            if keyword.arg == "hint":
                return _literal(keyword.value)
    return ""


def _literal(node):
    """The words of a string; what an f-string would fill in becomes an ellipsis."""
    if isinstance(node, ast.Constant):
        return str(node.value)
    if isinstance(node, ast.JoinedStr):
        return "".join(_literal(part) if isinstance(part, ast.Constant) else "…" for part in node.values)
    return ""


def _error(reply):
    """What the answer raised, as a built-in exception; its class itself stays where it is."""
    message, name = str(reply["message"]), str(reply["name"])[:80]
    kind = next((getattr(builtins, kind, None) for kind in reply["error"] if isinstance(kind, str)), None)
    sound = isinstance(kind, type) and issubclass(kind, Exception)
    try:
        error = (kind if sound else AnswerError)(message)
    except Exception:  # some take other arguments, such as UnicodeDecodeError
        error = AnswerError(message)
    error.of_the_answer = name
    return error


def _copy_back(ours, theirs):
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


def _plain(values):
    return [value if isinstance(value, int | float | str) else None for value in values]


def _random_state():
    return torch.get_rng_state(), np.random.get_state()  # noqa: NPY002


def _same_state(a, b):
    return torch.equal(a[0], b[0]) and a[1][2] == b[1][2] and np.array_equal(a[1][1], b[1][1])


def _time_is_up(*_):
    raise CellTimeoutError("the test's time is up")
