"""The library's own code in a lecture: what is explained is what runs, whole, and without what only refuses."""

import ast
import inspect
import re
import sys
import textwrap
from types import ModuleType

from IPython.display import Markdown, display

CHECK = re.compile(r"_?(check|expect)(_\w+)?")  # names of functions that refuse a bad argument, and do nothing else


def source(*objects, docstrings=False, checks=False, folded=""):
    """Show the source of functions, methods or classes, coloured, with the private helpers that they call.

    Args:    objects: functions, methods or classes.
             docstrings: keep them; the lecture's text usually says the same.
             checks: keep the lines that refuse bad arguments; they say nothing about the method.
             folded: a title to click on; the code is below it, for what a reader may leave out.
    """
    display(Markdown(listing(*objects, docstrings=docstrings, checks=checks, folded=folded)))


def listing(*objects, docstrings=False, checks=False, folded=""):
    """What `source` shows, as Markdown.

    Args:    objects, docstrings, checks, folded: as there.
    Returns: text.
    """
    pieces = [_text(thing, docstrings, checks) for thing in _with_helpers(objects)]
    code = "```python\n{}\n```".format("\n\n\n".join(pieces))
    return f"<details><summary>{folded}</summary>\n\n{code}\n\n</details>" if folded else code


def _text(thing, docstrings, checks):
    text = textwrap.dedent(inspect.getsource(thing)).rstrip()
    if not docstrings:
        text = _without(text, _docstrings)
    return text if checks else _without(text, _checks)


def _without(text, statements):
    """A text without the lines of some statements, and without a comment that stands above one of them."""
    lines = text.splitlines()
    for node in sorted(statements(ast.parse(text)), key=lambda node: -node.lineno):
        first, last = node.lineno - 1, node.end_lineno
        while lines[first - 1].strip().startswith("#"):
            first -= 1
        if lines[first - 1].endswith(":") and lines[last:] and not lines[last].strip():
            last += 1  # a body does not begin with a blank line
        del lines[first:last]
    return "\n".join(lines).rstrip()


def _docstrings(tree):
    """Docstrings of functions and classes; a body that has nothing else keeps it."""
    bodies = [node.body for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.ClassDef)]
    return [body[0] for body in bodies if len(body) > 1 and _is_text(body[0])]


def _is_text(node):
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)


def _checks(tree):
    """Statements of functions that only refuse; a function or a block that does nothing else keeps them."""
    blocks = []
    for node in ast.walk(tree):
        is_block = isinstance(node, ast.FunctionDef | ast.For | ast.While | ast.If | ast.With)
        if is_block and not _refuses(node):
            blocks += [node.body, getattr(node, "orelse", [])]
    found = []
    for block in blocks:
        refusing = [node for node in block if _refuses(node)]
        if len(refusing) < len([node for node in block if not _is_text(node)]):
            found += refusing
    return found


def _refuses(node):
    """Whether a statement can only raise: a call of check_* or expect_*, `if ...: raise`, or a loop over such."""
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
        return bool(CHECK.fullmatch(ast.unparse(node.value.func).rpartition(".")[2]))
    if isinstance(node, ast.If | ast.For) and not node.orelse:
        return all(isinstance(inner, ast.Raise) or _refuses(inner) for inner in node.body)
    return False


def _with_helpers(objects):
    """The objects, and behind them the private functions of their package that they call, and so on."""
    shown = list(objects)
    for thing in shown:  # it grows while it is read
        shown += [helper for helper in _helpers(thing) if not any(_holds(one, helper) for one in shown)]
    return shown


def _holds(thing, helper):
    """Whether the source of one is in the source of the other."""
    return (
        thing is helper
        or getattr(thing, "__module__", "") == helper.__module__
        and (helper.__qualname__.startswith(f"{thing.__qualname__}."))
    )


def _helpers(thing):
    """Private functions, methods and classes that a thing calls, which live in its package; checks are none."""
    module = sys.modules[inspect.unwrap(thing).__module__]
    owner = module
    for name in thing.__qualname__.split("."):
        owner, parent = getattr(owner, name, None), owner
    mine = thing if inspect.isclass(thing) else parent
    names = {"self": mine, "cls": mine, **vars(module)}
    found = {}
    for call in ast.walk(ast.parse(_text(thing, docstrings=False, checks=False))):
        helper = _private(call.func, names) if isinstance(call, ast.Call) else None
        if helper is not None and helper.__module__.rpartition(".")[0] == module.__name__.rpartition(".")[0]:
            found[helper.__qualname__] = helper
    return list(found.values())


def _private(called, names):
    """The private function that an expression names: `_name`, `module._name`, `self._name`; or None."""
    if isinstance(called, ast.Attribute) and isinstance(called.value, ast.Name):
        home, name = names.get(called.value.id), called.attr
        known = isinstance(home, ModuleType) or inspect.isclass(home)
        helper = inspect.getattr_static(home, name, None) if known else None
        helper = getattr(helper, "__func__", helper)  # of a static method or a class method
    elif isinstance(called, ast.Name):
        name, helper = called.id, names.get(called.id)
    else:
        return None
    is_private = name.startswith("_") and not name.startswith("__") and not CHECK.fullmatch(name)
    return helper if is_private and (inspect.isfunction(helper) or inspect.isclass(helper)) else None
