"""What an answer reaches, followed through the cells."""

import ast
from collections import deque
from collections.abc import Mapping, Sequence

from mylib.check.from_scratch import library
from mylib.check.from_scratch.cells import HARMLESS, Unread, magic, printable
from mylib.check.from_scratch.definitions import FUNCTIONS, Part, Source, statement_of, stores
from mylib.check.from_scratch.fills import Fills
from mylib.check.from_scratch.meaning import Meanings, Written
from mylib.check.from_scratch.places import Place, name_of
from mylib.check.from_scratch.recursion import deeper_recursion
from mylib.check.from_scratch.verdict import Refused, Verdict


def refuse(
    name: str, cells: Sequence[str], banned: Sequence[str], modules: Mapping[str, str] | None = None
) -> list[Unread]:
    r"""The function or class of that name uses none of the banned ones, as far as reading can tell.

    Args:    name: a global name of the notebook.
             cells: sources of its code cells in order, those that have run when the test runs.
             banned: dotted names: a function ("numpy.convolve"), a method ("torch.Tensor.softmax"), a class, or a
                 whole package ("mylib", "scipy.signal"); "mylib" does not mean its data.
             modules: path ("helpers.py", "pkg/mod.py") to source of files beside the notebook.
    Returns: what could not be read in code that the answer reaches; it costs nothing.
    Raises:  AssertionError: naming the line and the banned call, or an import of a package that is not allowed.
             ValueError: a banned name does not exist (a mistake in the exercise).

    Example:
        >>> refuse("f", ["import numpy as np", "def f(a, b):\n    return np.convolve(a, b)"], ["numpy.convolve"])
        Traceback (most recent call last):
        AssertionError: line 2 of f uses numpy.convolve: write it yourself
    """
    verdict = Verdict([library.find_banned(one) for one in banned])
    with deeper_recursion():
        try:
            Reader(name, cells, verdict, {} if modules is None else modules).read()
        except Refused as error:
            raise AssertionError(str(error)) from None
        except Exception as error:  # a fault of the guard must not cost a point
            verdict.add(
                Unread("the notebook", "", f"the search for banned calls failed: {type(error).__name__}")
            )
    return verdict.notes


class Reader:
    """Walks what is reached, and hands each node to the verdict; the first thing that is not allowed raises."""

    def __init__(self, name: str, cells: Sequence[str], verdict: Verdict, modules: Mapping[str, str]) -> None:
        self.name, self.cells, self.verdict = name, cells, verdict
        self.names, self.source = Meanings(modules), Source(cells)
        self.fills = Fills(self.names)
        self.pending = list[
            tuple[str, ast.AST, Part, Place]
        ]()  # set as an attribute that nothing reached reads
        self.todo, self.seen, self.reached = deque[tuple[ast.AST, Part, Place]](), set[ast.AST](), set[int]()

    def read(self) -> None:
        """Follow the name to all that it leads to."""
        part = self.source.part(self.name)
        self._push(part.probe, part, Place(self.name, 0))
        while self.todo or self._take_pending():
            node, part, place = self.todo.pop()
            if node in self.seen:
                continue
            self.seen.add(node)
            try:
                self._visit(node, part, place)
            except Refused:
                raise
            except Exception as error:  # the rest is still read
                self.verdict.note(node, part, place, f"the search failed here: {type(error).__name__}")
        sources = [self.source, *filter(None, self.names.sources.values())]
        self.verdict.settle_methods({name for source in sources for name in source.attributes})
        self._look_at_cells()

    def _visit(self, node: ast.AST, part: Part, place: Place) -> None:
        if isinstance(node, FUNCTIONS) and isinstance(part.scope(node), ast.ClassDef):
            place = Place.of(node)
        self.todo.extend((child, part, place) for child in reversed(_children(node)))
        for meaning in self.verdict.check(node, part, place, self.names):
            if isinstance(meaning, Written):
                self._follow(meaning)
        if isinstance(node, ast.Name):
            for one in part.definitions(node):
                if isinstance(one, ast.AST):
                    self._follow_definition(one, node.id, part)

    def _follow(self, written: Written) -> None:
        """Read a function or class, also one of a file beside the notebook."""
        node, part = written.node, written.part
        self._reach(node, part)
        if node not in self.seen and not self._is_inside(node, part):
            self._push(node, part, Place.of(node))
        self._follow_fills(node, part)

    def _follow_definition(self, node: ast.AST, name: str, part: Part) -> None:
        """Read what gives a name its value, unless it stands in a function that is read anyway."""
        self._reach(node, part)
        if isinstance(node, ast.Name) and not self._is_inside(node, part):
            above = statement_of(node, part)
            value = stores(above).get(node) if above else None
            if value is not None:
                self._push(value, part, Place(name, getattr(value, "lineno", 1)))
            self._follow_fills(node, part)

    def _follow_fills(self, node: ast.AST, part: Part) -> None:
        for name, one in self.fills.of(node, part):
            self.pending.append(
                (name, one, part, Place(f"what is done to {name_of(node)}", getattr(one, "lineno", 1)))
            )

    def _take_pending(self) -> bool:
        """Read what became an attribute that reached code reads."""
        read = {
            one.attr for one in self.seen if isinstance(one, ast.Attribute) and isinstance(one.ctx, ast.Load)
        }
        read |= {"", *(str(getattr(one, "value", "")) for one in self.seen if isinstance(one, ast.Constant))}
        waiting, self.pending = self.pending, []
        for one in waiting:
            name, node, part, place = one
            if name in read or name.startswith("__"):
                self._push(node, part, place)
            else:
                self.pending.append(one)
        return bool(self.todo)

    def _is_inside(self, node: ast.AST, part: Part) -> bool:
        """The node stands in a function or class that is read as a whole."""
        scope = part.scope(node)
        while scope is not None and scope not in self.seen:
            scope = part.scope(scope)
        return scope is not None

    def _push(self, node: ast.AST, part: Part, place: Place) -> None:
        self.todo.appendleft((node, part, place))  # after what is being read

    def _reach(self, node: ast.AST, part: Part) -> None:
        home = part.home(node)
        if home and part.source is self.source:
            self.reached.add(home.cell)

    def _look_at_cells(self) -> None:
        """Notes of texts that may define the answer again, and of magics in cells that it reaches."""
        for text in self.source.lost:
            if self.name in text:
                self.verdict.add(
                    Unread("a cell", printable(text), "too long, or nested too deeply, to be read")
                )
        for one in self.source.statements:
            name = magic(getattr(one.node, "value", None)) if one.cell in self.reached else None
            if name is not None and name not in HARMLESS:
                self.verdict.add(Unread("a cell", f"%{printable(name, 40)}", "a magic that may bind names"))


def _children(node: ast.AST) -> list[ast.AST]:
    """The parts of a node that are evaluated; an annotation says what a thing is, and calls nothing."""
    if isinstance(node, ast.arg):
        return []
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
        return [*node.decorator_list, node.args, *node.body]
    if isinstance(node, ast.AnnAssign):
        return [node.target, *filter(None, [node.value])]
    return list(ast.iter_child_nodes(node))
