"""The rule that makes slides of a lecture: which blocks are shown, which are said, and where a slide begins.

An instructor's own mark, `slideshow.slide_type` in a cell's metadata as JupyterLab's property inspector writes it, wins
over the rule: the cell is then shown as it stands, left out, or said.
"""

import ast
import re
from collections.abc import Iterator
from typing import Any

from nbformat.v4 import new_markdown_cell, new_notebook

from mylib.classroom.publishing.slides.blocks import PREDICT, shown, split

LONG = 15  # lines of code above which a slide folds it
CHECKED = re.compile(r"(?m)^# NBVAL_\w+\n?")  # a mark for the tests
HERE = re.compile(r"(?<!!)\[([^\]]*)\]\((?!\w+:)[^)]*\)")  # links to other notebooks lead nowhere from a slide
STARTS = ("slide", "subslide")
LEADS_TO = ("equation", "list", "table", "code", "question", "picture", "quote")


def deck(notebook: Any) -> Any:
    """A notebook of one cell per block, each with its slide type, for nbconvert.

    Args:    notebook: an executed lecture; it is not changed.
    Returns: notebook; the metadata of its cells say "kind", "lead" (stays with what follows) and, of code, "code":
             shown, folded or hidden.
    """
    cells: list[Any] = []
    awaited = False  # the audience predicts: the result comes on a slide of its own
    for cell in notebook.cells:
        mark = cell.metadata.get("slideshow", {}).get("slide_type")
        if mark == "skip":
            continue
        if cell.cell_type == "markdown":
            below = bool(cells) and cells[-1].metadata.kind == "heading"
            made = list(_marked(cell, mark) if mark else _text(cell, below))
            awaited = awaited or any(PREDICT.match(one.source) for one in made)
        elif cell.cell_type == "code":
            made = list(_code(cell, mark))
            if awaited and made and cell.outputs:
                made[0].metadata.slideshow.slide_type = mark or "subslide"
                awaited = False
        else:
            continue
        cells += made
    return new_notebook(cells=cells, metadata=notebook.metadata)


def _text(cell: Any, below: bool) -> Iterator[Any]:
    """A text cell by the rule; `below` a heading, its first paragraph says on the slide what it is about."""
    blocks = split(cell.source)
    titled = any(block.level == 1 for block in blocks)
    for at, block in enumerate(blocks):
        below = blocks[at - 1].kind == "heading" if at else below
        follows = blocks[at + 1].kind if at + 1 < len(blocks) else ""
        if block.kind == "text" and titled and at > 1 and follows != "list":
            yield _cell(block.source, "notes", "text")  # below a title stands one line
        elif block.kind == "text":
            kept = shown(block, below)
            if kept:
                start = "subslide" if titled and at > 1 else "-"
                yield _cell(kept, start, "text", lead=follows in LEADS_TO or kept.endswith(":"))
            if kept != block.source:
                yield _cell(block.source, "notes", "text")
        else:
            start = {0: "-", 1: "slide", 2: "slide"}.get(block.level, "subslide")
            yield _cell(block.source, start, block.kind, lead=follows == "question", level=block.level)


def _marked(cell: Any, mark: str) -> Iterator[Any]:
    """A text cell as its mark says: nothing of it is left out, its headings start no slide, its first block may."""
    if mark == "notes":
        yield _cell(cell.source, "notes", "text")
        return
    for at, block in enumerate(split(cell.source)):
        yield _cell(block.source, mark if at == 0 else "-", block.kind, level=block.level)


def _code(cell: Any, mark: str | None) -> Iterator[Any]:
    """A code cell, if there is something to show: its results, and its code where that is the subject."""
    source = CHECKED.sub("", cell.source).strip()
    tags = cell.metadata.get("tags", ())
    lines = source.count("\n") + 1
    if not source or "drawing" in tags or (not mark and ("parameters" in tags or _aside(source))):
        code = "hidden"
    else:
        code = "shown" if mark or lines <= LONG else "folded"
    if code == "hidden" and not cell.outputs:
        return
    made = cell.copy()
    made.source = source
    made.metadata = _metadata(mark or "-", "code", code=code, lines=lines)
    yield made


def _aside(source: str) -> bool:
    """Whether code only serves: it begins with imports, or draws, tabulates or prints what a slide then shows."""
    try:
        body = ast.parse(source).body
    except SyntaxError:  # a magic
        return False
    calls = [
        ast.unparse(one.value.func) for one in body if isinstance(one, ast.Expr) and isinstance(one.value, ast.Call)
    ]
    shows = any(call.startswith(("plots.", "claims.")) for call in calls)
    return isinstance(body[0], ast.Import | ast.ImportFrom) or shows or calls.count("print") == len(body)


def _cell(source: str, start: str, kind: str, lead: bool = False, level: int = 0) -> Any:
    cell = new_markdown_cell(HERE.sub(r"\1", source))
    cell.metadata = _metadata(start, kind, lead=lead, level=level)
    return cell


def _metadata(start: str, kind: str, **more: Any) -> Any:
    from nbformat import from_dict

    return from_dict({"slideshow": {"slide_type": start}, "kind": kind, "lead": False, **more})
