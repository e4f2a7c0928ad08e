"""The tests' side: the instructor's locked and test cells, in a process that the answer cannot reach.

What they take from an answer comes over bridge.py, by name. All visible parts run before the first
hidden one, and of a hidden one nothing is said but its verdict and the hint that the instructor wrote.
"""

import ast
import builtins
import contextlib
import linecache
import signal
import socket
import time
import types
from typing import NamedTuple

import numpy as np

from mylib import check
from mylib.check.from_scratch import refuse
from mylib.check.from_scratch.library import find_banned
from mylib.classroom.notebook.text import sound
from mylib.classroom.sandbox import messages
from mylib.classroom.sandbox.bridge import AnswerGoneError, Bridge, Handle

HIDDEN = "### BEGIN HIDDEN TESTS"


class CellTimeoutError(KeyboardInterrupt):
    """The test's time is up. Like an interrupt, `except Exception` does not catch it."""


class Tests:
    """All test cells of one submission.

    parcel: of `examine.py`: what the instructor wrote, the locked cells and the tests.
    written: what the student wrote, which is searched for forbidden calls; it comes when `prepare` is done.
    """

    def __init__(self, parcel, sockets):
        self.parcel, self.written = parcel, {"cells": [], "modules": []}
        self.bridges = [Bridge(sock) for sock in sockets]
        self.bridge = self.test = None
        self.base = {"__name__": "__main__", "__builtins__": builtins, "display": lambda *_, **__: None}
        self.spaces = {}
        check.use(self)
        signal.signal(signal.SIGALRM, _time_is_up)

    def prepare(self):
        """Run the locked cells that tests need, and import all that tests import.

        Nothing that a student wrote is in this process yet, and no file of theirs will ever be beside it.
        """
        for position, source in enumerate(self.parcel["locked"]):
            part = _compiled(source, f"<locked {position}>")[0]
            exec(part.code, self.base)
        for test in self.parcel["tests"]:
            _import_all(ast.parse(test["source"]), self.base)

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
        self.bridge, self.test = self.bridges[test["snapshot"]], test
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
        for part in ("error", "kind", "message", "detail"):
            verdict[part] = sound(verdict[part])

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

    def from_scratch(self, function, banned, names):
        """`mylib.check.from_scratch` in this process: by the source alone."""
        if not isinstance(function, Handle) or not function._name:
            raise AssertionError(f"got {function!r:.60}, expected a function or class of the answer")
        # The answer is as it was where the test stands: what comes later has not changed it.
        cells = self.written["modules"] + self.written["cells"][: self.test["place"]]
        try:
            refuse(function._name, [source for source in cells if source], banned)
        except AssertionError as error:
            error.names_only_the_source = True
            raise


def main(parcel, descriptors):
    """Run the tests when told to, visible parts first, and send a verdict for each part.

    Nothing that a student's code could show comes after the first hidden test: by then all outputs are collected.

    Args:    parcel: of `examine.py`.
             descriptors: of the socket to `examine`, and of one socket for every snapshot.
    """
    control, *sockets = (socket.socket(fileno=one) for one in descriptors)
    tests = Tests(parcel, sockets)
    failure = ""
    try:
        tests.prepare()
    except Exception as error:
        failure = f"the instructor's locked cells failed: {type(error).__name__}: {error}"
    messages.send(control, {"ready": failure})
    go, _ = messages.receive(control)
    tests.written = {part: go[part] for part in ("cells", "modules")}
    start = time.monotonic()
    todo, credit = [test for test in parcel["tests"] if test["name"] in go["tests"]], {}
    # Half of the time for the visible parts: a slow one must not take the hidden parts of others.
    for run, share in ((tests.visible, 0.5), (tests.hidden, 1.0)):
        passed, deadline = [], start + share * go["seconds"]
        for test in todo:
            test["seconds"] = max(0.01, min(parcel["cell_seconds"], deadline - time.monotonic()))
            verdict = run(test)
            if verdict["credit"] is None:  # the last line may stand in the visible part
                verdict["credit"] = credit.get(test["name"])
            credit[test["name"]] = verdict["credit"]
            if not verdict["error"]:
                passed.append(test)
            messages.send(control, {"test": test["name"], "hidden": run == tests.hidden, "verdict": verdict})
        todo = passed
    messages.send(control, {"done": True})


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


def _import_all(tree, names):
    """Import what the statements of a test import, and what it bans; what fails, fails again where it stands."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import | ast.ImportFrom):
            statement = ast.Module([node], [])
            with contextlib.suppress(Exception):
                exec(compile(statement, "<imports>", "exec"), {"__name__": "__main__"})
        elif isinstance(node, ast.Call) and ast.unparse(node.func).endswith("from_scratch"):
            for banned in (*node.args[1:], *(one.value for one in node.keywords if one.arg == "banned")):
                with contextlib.suppress(Exception):
                    for dotted in eval(compile(ast.Expression(banned), "<banned>", "eval"), names):
                        find_banned(dotted)


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


def _time_is_up(*_):
    raise CellTimeoutError("the test's time is up")
