"""The tests' side: the instructor's locked and test cells, in a process that the answer cannot reach.

What they take from an answer comes over bridge.py, by name. All visible parts run before the first hidden one, and of a
hidden one nothing is said but its verdict and the hint that the instructor wrote.
"""

import ast
import builtins
import contextlib
import linecache
import socket
import time
import types
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import msgspec
import numpy as np

from mylib import check
from mylib.check.assertions import ChangedArgumentError
from mylib.check.from_scratch import find_banned, refuse
from mylib.classroom.notebook.clock import LOOP, CellTimeoutError, stopped, time_limit
from mylib.classroom.notebook.hints import hidden_line, hint_at
from mylib.classroom.notebook.text import printable
from mylib.classroom.notebook.verdicts import HIDDEN_GONE, NOT_RUN, Failure, Part, Test, Unusual, Verdict
from mylib.classroom.sandbox import messages
from mylib.classroom.sandbox.bridge import AnswerGoneError, Bridge, Handle

LONG = 2_000  # characters of a message; nobody reads on
VISIBLE_SHARE = 0.5  # of the time: a slow visible part must not take the hidden parts of others
HIDDEN_SLOW = f"it took longer than a test may; {LOOP}"


class RefusedError(AssertionError):
    """A forbidden call; the message is made of the student's own source, so it is shown of hidden tests too."""


class Tests:
    """The test cells of one submission, as the side that `mylib.check` asks.

    Args:    tests: of `Test`.
             locked: sources of the locked cells that they need.
             cell_seconds: for each part.
    """

    __test__ = False  # pytest: this is none of its own

    def __init__(self, tests: Sequence[Test], locked: Sequence[str], cell_seconds: float) -> None:
        self.tests, self.locked, self.cell_seconds = tests, locked, cell_seconds
        self.cells: Sequence[str] = ()
        self.modules: dict[str, str] = {}
        self.bridges: dict[int, Bridge] = {}
        self.bridge: Bridge
        self.test: Test
        self.base: dict[str, Any] = {
            "__name__": "__main__",
            "__builtins__": builtins,
            "display": lambda *_, **__: None,
        }
        self.spaces: dict[str, dict[str, Any]] = {}
        self.unusual: list[Unusual] = []
        check.use(self)

    def connect(self, sockets: Mapping[int, socket.socket]) -> None:
        """Meet the snapshots of the answer's process.

        Args:    sockets: {position of the snapshot: to it}.
        """
        self.bridges = {position: Bridge(sock) for position, sock in sockets.items()}

    def prepare(self) -> None:
        """Run the locked cells that tests need, and import all that tests import.

        Nothing that a student wrote is in this process yet, and no file of theirs will ever be beside it.
        """
        for position, source in enumerate(self.locked):
            part = _compiled(source, f"<locked {position}>")[0]
            exec(part.code, self.base)
        for test in self.tests:
            with contextlib.suppress(SyntaxError):  # told when it is run
                _import_all(ast.parse(test.source), self.base)

    def run(
        self,
        chosen: Sequence[str],
        seconds: float,
        begin: Callable[[str, bool], None],
        say: Callable[[Part], None],
        go_on: Callable[[], bool],
    ) -> None:
        """Run the visible parts, and then the hidden ones of tests whose visible part passed.

        Args:    chosen: names of the tests.
                 seconds: for all.
                 begin: is told the test and whether its hidden part begins.
                 say: is told what each part came to.
                 go_on: is asked, when all visible parts have run, whether to run the hidden ones.
        """
        start = time.monotonic()
        todo = [test for test in self.tests if test.name in chosen]
        credit: dict[str, float | None] = {}
        for hidden, share in ((False, VISIBLE_SHARE), (True, 1.0)):
            passed, deadline = [], start + share * seconds
            for test in todo:
                begin(test.name, hidden)
                left = max(0.01, min(self.cell_seconds, deadline - time.monotonic()))
                part = self.hidden(test, left) if hidden else self.visible(test, left)
                if part.verdict.credit is None:  # the last line may stand in the visible part
                    part = replace(part, verdict=replace(part.verdict, credit=credit.get(test.name)))
                credit[test.name] = part.verdict.credit
                passed += [test] if part.verdict.passed else []
                say(part)
            todo = passed
            if not hidden and not go_on():
                return

    def visible(self, test: Test, seconds: float) -> Part:
        """Run what the student sees of a test."""
        space = self.spaces[test.name] = dict(self.base)
        for earlier in list(self.spaces.values())[-2::-1]:
            space.update({name: value for name, value in earlier.items() if name not in space})
        return self.judge(test, space, False, seconds)

    def hidden(self, test: Test, seconds: float) -> Part:
        """Run the rest of a test; names that it binds are there for later tests."""
        space = self.spaces[test.name]
        part = self.judge(test, space, True, seconds)
        for later in self.spaces.values():
            later.update({name: value for name, value in space.items() if name not in later})
        return part

    def judge(self, test: Test, space: dict[str, Any], hidden: bool, seconds: float) -> Part:
        """Run one part of a test cell."""
        self.bridge, self.test, self.unusual = self.bridges[test.snapshot], test, []
        filename = f"<{test.name}>"
        try:
            part = _compiled(test.source, filename, test.answers)[hidden]
            with time_limit(seconds):
                if not hidden:
                    self.fetch(test.answers, space)
                exec(part.code, space)
                credit = _credit(eval(part.last, space)) if part.last else None
        except BaseException as error:
            slow, gone = isinstance(error, CellTimeoutError), isinstance(error, AnswerGoneError)
            if slow:
                self.bridge.sock.close()
            verdict = explain(error, test.source, filename, hidden, seconds)
            return Part(test.name, hidden, verdict, gone, slow, tuple(self.unusual))
        return Part(test.name, hidden, Verdict(credit=credit), unusual=tuple(self.unusual))

    def fetch(self, names: Sequence[str], space: dict[str, Any]) -> None:
        """Ask for the names that the test takes from the answer; a missing one stays missing."""
        for name in names:
            if name not in self.base:
                space.pop(name, None)
                value, found = self.bridge.fetch(name)
                if found:
                    space[name] = value

    def beside_answer(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """`mylib.check.beside_answer` in this process."""

        def run(*arguments: Any, **named: Any) -> Any:
            if not isinstance(function, types.FunctionType) or function.__module__ != "__main__":
                return self.bridge.do("call", function, arguments, named)
            source, name = _source(function)
            return self.bridge.run_source(source, name, arguments, named)

        return run

    @contextlib.contextmanager
    def copied_back(self) -> Iterator[None]:
        """`mylib.check.copied_back` in this process."""
        bridge, before = self.bridge, self.bridge.copy_back
        bridge.copy_back = True
        try:
            yield
        finally:
            bridge.copy_back = before

    def from_scratch(self, function: Any, banned: Sequence[str], names: dict[str, Any]) -> None:
        """`mylib.check.from_scratch` in this process: by the source alone."""
        if not isinstance(function, Handle) or not function._name:
            raise AssertionError(f"got {function!r:.60}, expected a function or class of the answer")
        # The answer is as it was where the test stands: what comes later has not changed it.
        cells = [source for source in self.cells[: self.test.place] if source]
        try:
            unread = refuse(function._name, cells, banned, self.modules)
        except AssertionError as error:
            raise RefusedError(str(error)) from None
        self.unusual += [Unusual(self.test.name, one.place, one.line, one.why) for one in unread]


def explain(error: BaseException, source: str, filename: str, hidden: bool, seconds: float) -> Verdict:
    """Say to the instructor all, and to the student what may be said.

    Args:    error: what ended the part.
             source, filename: of the test cell.
             hidden: it was the hidden part.
             seconds: that it had.
    """
    # The class of an error of the answer's stays in its process; its name comes with the error.
    name = printable(getattr(error, "of_the_answer", None) or type(error).__name__, 80)
    if isinstance(error, CellTimeoutError):
        known = Failure(name, stopped(seconds))
        return Verdict(Failure(NOT_RUN, HIDDEN_SLOW) if hidden else known, known)
    known = Failure(name, printable(str(error), LONG))
    if not hidden:
        return Verdict(known, known)
    if isinstance(error, AnswerGoneError):
        return Verdict(Failure(NOT_RUN, f"not run: {HIDDEN_GONE}"), known)
    if isinstance(error, RefusedError | ChangedArgumentError):
        return Verdict(Failure("AssertionError", known.message), known)
    hint = _hint(error, ast.parse(source), filename)
    return Verdict(Failure("AssertionError", f"a hidden test failed{hint and ': '}{hint}"), known)


def main(parcel: dict[str, Any], descriptors: Sequence[int]) -> None:
    """Run the tests when told to, and send what each part came to.

    Nothing that a student's code could show comes after the first hidden part: by then all outputs are collected, and
    all that is said of visible parts.

    Args:    parcel: what the instructor wrote: tests, locked, cell_seconds.
             descriptors: of the socket to whoever asks, and of one socket for every snapshot.
    """
    control, *sockets = (socket.socket(fileno=one) for one in descriptors)
    tests = Tests(msgspec.convert(parcel["tests"], list[Test]), parcel["locked"], parcel["cell_seconds"])
    tests.connect(dict(enumerate(sockets)))
    failure = ""
    try:
        tests.prepare()
    except Exception as error:
        failure = f"the instructor's locked cells failed: {type(error).__name__}: {error}"
    messages.send(control, {"ready": failure})
    go, _ = messages.receive(control)
    tests.cells, tests.modules = go["cells"], go["modules"]
    tests.run(
        go["tests"],
        go["seconds"],
        begin=lambda name, hidden: messages.send(control, {"begin": name, "hidden": hidden}),
        say=lambda part: messages.send(control, {"part": msgspec.to_builtins(part)}),
        go_on=lambda: _ask(control),
    )
    messages.send(control, {"done": True})


def _ask(control: socket.socket) -> bool:
    """Whether to run the hidden parts, now that all visible ones have run."""
    messages.send(control, {"visible": True})
    return bool(messages.receive(control)[0]["go_on"])


class Code(NamedTuple):
    """One part of a test cell: its code, and the expression at its end whose value is partial credit, or None."""

    code: types.CodeType
    last: types.CodeType | None


def _compiled(source: str, filename: str, answers: Sequence[str] = ()) -> list[Code]:
    """A cell as two parts: what the student sees, and the rest."""
    linecache.cache[filename] = (len(source), None, source.splitlines(keepends=True), filename)
    tree, lines = ast.parse(source, filename), source.splitlines()
    start = hidden_line(source)
    last = tree.body.pop() if tree.body and _is_credit(tree.body[-1], lines, answers) else None
    parts = []
    for hidden in (False, True):
        body = [one for one in tree.body if (one.lineno > start) == hidden]
        code = compile(ast.Module(body, []), filename, "exec")
        value = None
        if isinstance(last, ast.Expr) and (last.lineno > start) == hidden:
            value = compile(ast.Expression(last.value), filename, "eval")
        parts.append(Code(code, value))
    return parts


def _import_all(tree: ast.AST, names: dict[str, Any]) -> None:
    """Import what the statements of a test import, and what it bans; what fails, fails again where it stands."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import | ast.ImportFrom):
            with contextlib.suppress(Exception):
                exec(compile(ast.Module([node], []), "<imports>", "exec"), {"__name__": "__main__"})
        elif isinstance(node, ast.Call) and ast.unparse(node.func).endswith("from_scratch"):
            for banned in (*node.args[1:], *(one.value for one in node.keywords if one.arg == "banned")):
                with contextlib.suppress(Exception):
                    for dotted in eval(compile(ast.Expression(banned), "<banned>", "eval"), names):
                        find_banned(dotted)


def _is_credit(statement: ast.stmt, lines: list[str], answers: Sequence[str]) -> bool:
    """An expression, shown, and not a value that the answer itself returns."""
    if not isinstance(statement, ast.Expr) or lines[(statement.end_lineno or 0) - 1].rstrip().endswith(";"):
        return False
    root = statement.value
    while isinstance(root, ast.Call | ast.Attribute | ast.Subscript):
        root = root.func if isinstance(root, ast.Call) else root.value
    return not (isinstance(root, ast.Name) and root.id in answers)


def _credit(value: Any) -> float | None:
    """Partial credit as nbgrader reads it: the number that the last line shows."""
    return float(value) if type(value) in (int, float, np.float64) else None


def _source(function: types.FunctionType) -> tuple[str, str]:
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


def _hint(error: BaseException, tree: ast.AST, filename: str) -> str:
    """What the instructor wrote to say what a hidden check is about, without any value."""
    line, trace = 0, error.__traceback__
    while trace:
        if trace.tb_frame.f_code.co_filename == filename:
            line = trace.tb_lineno
        trace = trace.tb_next
    return hint_at(tree, line)
