"""Pages of the library: both twins of every public name side by side, and the rules of all gradients."""

import ast
import html
import importlib
import inspect
import re
from collections.abc import Iterator
from types import ModuleType
from typing import Any

from mylib import syllabus
from mylib.shared.docstrings import FROM_TWIN
from mylib.shared.docstrings import parts as taken_apart

SIDES = {"scratch": "NumPy, from scratch", "pytorch": "PyTorch"}
BACKWARD = "_backward"
RULES = """\
# Every gradient rule

The engine writes down, for each operation, what comes out and what goes back. *g* is the gradient dL/dy that arrives;
what is returned is the gradient of each input. Made from the docstrings of `mylib/engine`, in the order of its files.

"""


def topic_page(topic: syllabus.Topic) -> str:
    """MyST of a topic's public names: a heading for each, what it is, and both sides beneath.

    Args:    topic: of the syllabus, whose package can be imported.
    """
    sides = {side: _module(topic, side) for side in SIDES}
    titles = {method.name: method for method in topic.methods}
    public = [name for side in sides.values() for name in getattr(side, "__all__", ())]
    parts = [
        f"# {topic.title}: methods",
        f"From [the lecture](../../{topic.lecture.as_posix()}). `from {_dotted(topic, 'scratch')} import ...` is the "
        f"NumPy side, `from {_dotted(topic, 'pytorch')} import ...` the PyTorch one.",
    ]
    for name in dict.fromkeys((*(name for name in titles if name in public), *public)):
        parts.append(f"## {name}")
        if name in titles:
            parts.append(f"{titles[name].title}. *Slide: {titles[name].slide}.*")
        parts.append(_raw(_both(sides, name)))
    return "\n\n".join(parts) + "\n"


def _dotted(topic: syllabus.Topic, side: str) -> str:
    return ".".join((*topic.package.parts, side))


def _module(topic: syllabus.Topic, side: str) -> ModuleType:
    return importlib.import_module(_dotted(topic, side))


def _both(sides: dict[str, ModuleType], name: str) -> str:
    """Two columns; one where a name has only one side."""
    things = {side: getattr(module, name) for side, module in sides.items() if name in getattr(module, "__all__", ())}
    columns = [
        f'<section class="twin"><p class="side">{SIDES[side]}</p>'
        f"{_thing(name, thing, things.get('scratch') if side == 'pytorch' else None)}</section>"
        for side, thing in things.items()
    ]
    return f'<div class="twins">{"".join(columns)}</div>'


def _thing(name: str, thing: Any, twin: Any) -> str:
    """Signature, docstring, and of a class its own public methods."""
    if not callable(thing):
        return f"<pre>{html.escape(f'{name} = {thing!r}'[:400])}</pre>"
    parts = [_signature(name, thing), docstring(_doc(thing), _doc(twin))]
    for key, method in vars(thing).items() if inspect.isclass(thing) else ():
        if inspect.isfunction(method) and not key.startswith("_") and method.__doc__:
            parts += [_signature(key, method), docstring(_doc(method), _doc(getattr(twin, key, None)))]
    return "".join(parts)


def _doc(thing: Any) -> str:
    return "" if thing is None else inspect.getdoc(thing) or ""


def _signature(name: str, thing: Any) -> str:
    try:
        shown = str(inspect.signature(thing))
    except (TypeError, ValueError):
        shown = "(...)"
    shown = re.sub(r"<(?:function|class|built-in function) '?([\w.]+)'?[^>]*>", r"\1", shown)
    return f'<pre class="signature">{html.escape(name + shown)}</pre>'


def docstring(text: str, twin: str) -> str:
    """HTML of a docstring: paragraphs, then its sections.

    Args:    text: as `inspect.getdoc` gives it.
             twin: docstring of the other column; what only repeats it is left out.
    """
    (body, own), (_, known) = _sections(text), _sections(twin)
    body = body.split(FROM_TWIN)[0]  # what follows stands in the other column
    parts = [f"<p>{_marked(_joined(one))}</p>" for one in re.split(r"\n\s*\n", body) if one.strip()]
    listed = [
        f"<dt>{title}</dt>{''.join(f'<dd>{_marked(one)}</dd>' for one in _entries(title, said))}"
        for title, said in own.items()
        if title != "Example" and said != known.get(title)
    ]
    parts += [f"<dl>{''.join(listed)}</dl>"] if listed else []
    if own.get("Example") and own["Example"] != known.get("Example"):
        parts.append(f"<pre>{html.escape(inspect.cleandoc(own['Example']))}</pre>")
    return "".join(parts)


def _sections(text: str) -> tuple[str, dict[str, str]]:
    """What stands before the sections of a docstring, and {title: text without its title}."""
    before, sections = taken_apart(text)
    return before, {title: said.partition(":")[2].lstrip(" ") for title, said in sections.items()}


def _entries(title: str, said: str) -> list[str]:
    """The lines of a section, with those that go on joined; in Args and Raises each name begins a new one."""
    if title not in ("Args", "Raises"):
        return [_joined(said)]
    entries: list[str] = []
    for line in said.splitlines():
        if not entries or re.match(r"\s{0,9}[*\w][\w, *.]*: ", line):
            entries.append(line)
        else:
            entries[-1] += f"\n{line}"
    return [_joined(one) for one in entries]


def _marked(text: str) -> str:
    """HTML, with what stands between backticks as code."""
    return re.sub(r"`([^`]+)`", r"<code>\1</code>", html.escape(text))


def _joined(text: str) -> str:
    return " ".join(text.split())


def gradients_page() -> str:
    """MyST of the table of gradient rules."""
    rows = "".join(
        f'<tr><th scope="row"><code>{name}</code></th><td>{_marked(forward)}</td><td>{_marked(back)}</td></tr>'
        for name, forward, back in rules()
    )
    head = '<thead><tr><th scope="col">operation</th><th scope="col">y</th><th scope="col">gradients</th></tr></thead>'
    return RULES + _raw(f'<table class="table wide">{head}<tbody>{rows}</tbody></table>') + "\n"


def rules() -> Iterator[tuple[str, str, str]]:
    """Every gradient rule of the engine: (the operations that have it, what comes out, what goes back)."""
    for path in sorted((syllabus.ROOT / "mylib" / "engine").glob("*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        functions = {node.name: node for node in tree.body if isinstance(node, ast.FunctionDef)}
        for name, node in functions.items():
            if name.endswith(BACKWARD):
                operations = _users(functions, name) or [name.removesuffix(BACKWARD)]
                forward = functions.get(operations[0])
                yield ", ".join(operations), _first(_said(forward)) if forward else "", _first(_said(node))


def _users(functions: dict[str, ast.FunctionDef], name: str) -> list[str]:
    """The public functions of a file that name another one, themselves or through a private one."""
    found: list[str] = []
    for user, node in functions.items():
        named = any(isinstance(part, ast.Name) and part.id == name for part in ast.walk(node))
        if named and user != name and not user.endswith(BACKWARD):
            found += _users(functions, user) if user.startswith("_") else [user]
    return list(dict.fromkeys(found))


def _said(node: ast.FunctionDef) -> str:
    return ast.get_docstring(node) or ""


def _first(text: str) -> str:
    """First paragraph, on one line."""
    return _joined(text.split("\n\n")[0])


def _raw(text: str) -> str:
    fence = "`" * 8  # longer than any in a docstring
    return f"{fence}{{raw}} html\n{text}\n{fence}"
