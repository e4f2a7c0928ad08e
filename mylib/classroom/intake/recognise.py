"""Which of a student's cells is which answer, also where names, ids and whole cells were lost, split or doubled."""

import ast
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from mylib.classroom.notebook.questions import grade_id, is_answer
from mylib.classroom.notebook.symbols import defined


@dataclass(frozen=True)
class Found:
    """A cell as it was handed in: plain text, whatever the file says.

    name: its grade id, "" without.
    pictures: something is attached to it.
    """

    name: str
    id: str
    kind: str
    source: str
    pictures: bool = False


@dataclass
class Recognised:
    """What became clear.

    copies: {id of the instructor's cell: the student's cells for it, in order}.
    how: {id of the instructor's cell: in which other way than by name it was recognised}.
    own: the rest, in order, each with the id of the instructor's cell that it stands behind.
    """

    copies: dict[str, list[Found]] = field(default_factory=dict)
    how: dict[str, str] = field(default_factory=dict)
    own: list[tuple[str, Found]] = field(default_factory=list)


def recognise(targets: Sequence[Any], cells: Sequence[Found]) -> Recognised:
    """Match the student's cells with the instructor's.

    By name, then by id, then by text; an answer that is still missing, or untouched, is looked for between its
    neighbours, and then by the names that it has to define.

    Args:    targets: the instructor's cells.
             cells: the student's.
    Returns: `Recognised`.
    """
    matched = _certain(targets, cells)
    found = Recognised()
    for place, position in sorted(matched.items()):
        found.copies.setdefault(targets[position].id, []).append(cells[place])
        if not cells[place].name and is_answer(targets[position]):
            found.how[targets[position].id] = "the cell had lost its name; recognised by its id"
    for position, target in enumerate(targets):
        copies = found.copies.get(target.id, [])
        if is_answer(target) and not any(is_edited(copy.source, target.source) for copy in copies):
            places, how = _elsewhere(position, targets, cells, matched)
            if places:
                found.copies[target.id] = [cells[place] for place in places]
                found.how[target.id] = how
                matched |= dict.fromkeys(places, position)
    behind = targets[0].id if targets else ""
    for place, cell in enumerate(cells):
        if place in matched:
            behind = targets[matched[place]].id
        else:
            found.own.append((behind, cell))
    return found


def _certain(targets: Sequence[Any], cells: Sequence[Found]) -> dict[int, int]:
    """{place of a student's cell: position of the instructor's} by name, by id, and by the text of a given cell."""
    named = {grade_id(target): position for position, target in enumerate(targets) if grade_id(target)}
    ids = {target.id: position for position, target in enumerate(targets)}
    matched = {place: named[cell.name] for place, cell in enumerate(cells) if cell.name in named}
    for place, cell in enumerate(cells):
        position = ids.get(cell.id)
        if place not in matched and position is not None and position not in matched.values():
            matched[place] = position
    texts = {
        target.source.strip(): position
        for position, target in reversed(list(enumerate(targets)))
        if not is_answer(target) and position not in matched.values()
    }
    for place, cell in enumerate(cells):
        position = texts.get(cell.source.strip())
        if place not in matched and position is not None:
            matched[place] = position
            del texts[cell.source.strip()]
    return matched


def _elsewhere(
    position: int, targets: Sequence[Any], cells: Sequence[Found], matched: dict[int, int]
) -> tuple[list[int], str]:
    """Places of cells that answer a question although nothing on them says so, and how they were recognised."""
    target = targets[position]
    free = [
        place
        for place, cell in enumerate(cells)
        if place not in matched and cell.kind == target.cell_type and is_edited(cell.source, target.source)
    ]
    wanted = defined(target.source) if target.cell_type == "code" else set()
    naming = [place for place in free if wanted & defined(cells[place].source)]
    between = [place for place in free if _is_between(place, position, targets, matched)]
    if naming:
        first, last = naming[0], naming[-1]
        places = [place for place in between if first <= place <= last] or naming
        return sorted({*naming, *places}), "found in a cell of the student's own, by what it defines"
    if between and position not in matched.values():
        return between, "the cell was lost; what stands in its place is graded"
    return [], ""


def _is_between(place: int, position: int, targets: Sequence[Any], matched: dict[int, int]) -> bool:
    """The place lies between the neighbours of an answer, and of no other answer that is missing."""
    before = max((at for near, at in matched.items() if near < place), default=-1)
    after = min((at for near, at in matched.items() if near > place), default=len(targets))
    kind = targets[position].cell_type
    missing = [at for at in range(before + 1, after) if is_answer(targets[at]) and targets[at].cell_type == kind]
    return missing == [position]


def is_edited(source: str, stub: str) -> bool:
    """There is more in it than in the stub, of which a split may leave a piece.

    Args:    source: of the student's cell.
             stub: of the instructor's.
    """
    given = {line.strip() for line in stub.splitlines()} | {""}
    return any(line.strip() not in given for line in source.splitlines())


def joined(sources: Iterable[str], code: bool) -> tuple[str, int]:
    """The pieces of one answer as one text, each once.

    Args:    sources: in order.
             code: leave out pieces that are no Python, if the whole is none.
    Returns: the text; how many pieces were left out.
    """
    parts = list(dict.fromkeys(source.strip("\n") for source in sources if source.strip()))
    whole = "\n".join(parts)
    if not code or len(parts) < 2 or _parses(whole):
        return whole, 0
    sound = [part for part in parts if _parses(part)]
    return ("\n\n".join(sound), len(parts) - len(sound)) if sound else (whole, 0)


def _parses(source: str) -> bool:
    from IPython.core.inputtransformer2 import TransformerManager

    try:
        ast.parse(TransformerManager().transform_cell(source))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    return True
