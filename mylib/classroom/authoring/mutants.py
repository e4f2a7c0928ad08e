"""Mutants of the solutions: would a test notice if the answer were a little wrong?

Cosmic Ray's operators change one operator, number or keyword of an answer cell. A mutant is caught when its own
question loses points, be it to a time limit. What survives either shows that a test is missing, or is a right answer
too: then `tests/answers/<topic>/equivalent.toml` lists it with the reason.

    [[equivalent]]
    question = "q2-train"
    function = "train"
    before = "weight = weight + difference * example"
    after = ["weight = weight | difference * example"]
    reason = "One sentence."
"""

import ast
import contextlib
import functools
import re
import time
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from os.path import commonprefix
from typing import Any, cast

import cosmic_ray.plugins
from cosmic_ray.ast import ast_nodes, get_ast
from cosmic_ray.mutating import mutate_code
from rich.table import Table
from tqdm import tqdm

from mylib.classroom.authoring.bank import autograded, solution
from mylib.classroom.authoring.quick_run import Scores, run_all
from mylib.classroom.course.folders import Course
from mylib.classroom.course.limits import Limits
from mylib.classroom.notebook.questions import grade_id, question_of
from mylib.classroom.notebook.verdicts import Sides

ENOUGH = 95  # percent of the mutants that change behaviour
LEAST_SECONDS = 2  # for a cell of a mutant; some loop for ever
PATIENCE = 4  # seconds, where the solution's own time is not measured
# These two ask to be told which variable to change, and draw a random number to put there.
LEFT_OUT = {"core/VariableReplacer", "core/VariableInserter"}
OPERATORS = [
    cosmic_ray.plugins.get_operator(name)() for name in cosmic_ray.plugins.operator_names() if name not in LEFT_OUT
]
KEYS = {"question": str, "function": str, "before": str, "after": list, "reason": str}
ROW = r"(?m)^\| (\w+) \| ([^| ]+) \| ([\d |]+) \| [\d.-]+ \|$"  # not that of all questions, which has a blank
MISSED = r"(?m)^(?=- (\w+), )(- \w+, [\w-]+, `[^`]+`)$"
UNCAUGHT = "## Survivors that no test catches yet"
HEAD = ("topic", "question", "mutants", "caught", "equivalent", "survivors", "%")
INTRODUCTION = f"""\
# Solutions

`<topic>/<topic>.ipynb` is the instructor's version of an exercise, and its only source: `mylib release` generates
`exercises/` from it, without the answers and the hidden tests.

## What the tests notice

Written by `mylib mutants --write`. Cosmic Ray changes one operator, number or keyword of a solution at a time, and the
tests of the question run on each of these mutants. A mutant is caught when the question loses points. Some mutants are
right answers too: they do the same as the solution, or what the question leaves open, so that no fair test could tell.
They are listed below with the reason. Of all others at least {ENOUGH} % must be caught, question by question.
"""


@dataclass(frozen=True)
class Mutant:
    """An answer with one change.

    function: where, like `ConvNet.forward`; "" outside of functions.
    before, after: the changed line; of several that are alike, "# 2 of 3" says which.
    source: of the whole answer cell.
    """

    function: str
    before: str
    after: str
    source: str = field(repr=False)

    @property
    def change(self) -> tuple[str, str, str]:
        """What names it within its question."""
        return self.function, self.before, self.after

    def __str__(self) -> str:
        return "{}: {} -> {}".format(*self.change)


@dataclass(frozen=True)
class Tally:
    """What became of the mutants of a question.

    caught, survivors: lists of `Mutant`.
    equivalent: list of `Mutant` that survive because they are right answers too.
    stale: (function, before, after) from equivalent.toml that no surviving mutant bears out.
    """

    topic: str
    question: str
    caught: list[Mutant]
    equivalent: list[Mutant]
    survivors: list[Mutant]
    stale: list[tuple[str, str, str]]

    @property
    def mutants(self) -> int:
        """How many there are."""
        return len(self.caught) + len(self.equivalent) + len(self.survivors)

    @property
    def percent(self) -> float:
        """Caught, of those that change behaviour; 100 where there are none."""
        different = self.mutants - len(self.equivalent)
        return 100 * len(self.caught) / different if different else 100.0


@functools.cache
def mutants(source: str) -> tuple[Mutant, ...]:
    r"""Every answer that differs from this one by a single change.

    Args:    source: of an answer cell. Comments and docstrings are left alone.
    Returns: tuple of `Mutant`; what means the same to Python stands in it once, and the answer itself does not.
    Raises:  SyntaxError: not plain Python; a line with % or ! cannot be mutated.

    Example:
        >>> [str(one) for one in mutants("def double(x):\n    return 2 * x")][-2:]
        ['double: return 2 * x -> return 3 * x', 'double: return 2 * x -> return 1 * x']
    """
    found: dict[str, Mutant | None]
    found, nodes = {ast.unparse(ast.parse(source)): None}, list(ast_nodes(get_ast(source)))
    for operator in OPERATORS:
        for occurrence in range(sum(len(list(operator.mutation_positions(node))) for node in nodes)):
            mutated = mutate_code(source, operator, occurrence)
            with contextlib.suppress(SyntaxError):  # {**a} may become {/a}, which no student could run
                meaning = ast.unparse(ast.parse(mutated))
                if meaning not in found:
                    found[meaning] = _mutant(source, mutated)
    return tuple(filter(None, found.values()))


def _mutant(source: str, mutated: str) -> Mutant:
    """Name the change: the lines that differ, and the function around them."""
    old, new = source.splitlines(), mutated.splitlines()
    first = len(commonprefix([old, new]))
    last = len(commonprefix([old[first:][::-1], new[first:][::-1]]))
    before, after = (" ".join(line.strip() for line in lines[first : len(lines) - last]) for lines in (old, new))
    same = len(commonprefix([before, after]))
    if after[same:].startswith(" ") and before[same:][:1].isalnum():  # Cosmic Ray puts a blank before numbers
        after = after[:same] + after[same + 1 :]
    alike = [i for i, line in enumerate(old) if line.strip() == before]
    if len(alike) > 1:
        before += f"  # {alike.index(first) + 1} of {len(alike)}"
    return Mutant(_function(ast.parse(source), first + 1), before, after, mutated)


def _function(tree: ast.AST, line: int) -> str:
    """Dotted name of the innermost definition around a line."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            first = min(part.lineno for part in (node, *node.decorator_list))
            assert node.end_lineno is not None
            if first <= line <= node.end_lineno:
                return ".".join(filter(None, (node.name, _function(node, line))))
    return ""


def equivalents(course: Course, topic: str) -> list[dict[str, Any]]:
    """What `equivalent.toml` says of a topic.

    Args:    course: of `open_course`.
             topic: name.
    Returns: list of entries, dictionaries with the keys of `KEYS`; empty if there is no file.
    Raises:  ValueError: an entry without these keys, or for a question that the topic does not have.
    """
    path = course.answers / topic / "equivalent.toml"
    entries = tomllib.loads(path.read_text(encoding="utf-8"))["equivalent"] if path.exists() else []
    known = autograded(solution(course, topic))
    for entry in entries:
        if {key: type(value) for key, value in entry.items()} != KEYS or not entry["reason"].strip():
            raise ValueError(f"{path}: expected {', '.join(KEYS)} (after is a list), got {entry}")
        if entry["question"] not in known:
            raise ValueError(f"{path}: expected a question among {known}, got {entry['question']!r}")
    return entries


def all_mutants(course: Course, topic: str, question: str) -> tuple[Mutant, ...]:
    """The mutants of the solution's answer to a question."""
    return mutants(_answer(solution(course, topic), question))


def hunt(course: Course, sides: Sides, topic: str, question: str, most: int | None = None) -> Tally:
    """Run the mutants of a question and see which ones its tests catch.

    Args:    course: of `open_course`.
             sides: how tests meet answers.
             topic, question: names.
             most: run about so many, evenly spread over the answer; all without. Of a part, no entry is stale.
    Returns: `Tally`.
    Raises:  ValueError: the solution itself loses points, or a mistake in equivalent.toml.
    """
    if most:
        return sample(course, sides, topic, [question], most)[0]
    chosen = list(all_mutants(course, topic, question))
    seconds = _patience(course, sides, topic, question)
    lost = _lost(course, sides, topic, {question: chosen}, seconds)
    return _tally(course, topic, question, dict(zip(chosen, lost[question], strict=True)), whole=True)


def sample(course: Course, sides: Sides, topic: str, questions: Sequence[str], most: int) -> list[Tally]:
    """Run some of the mutants of each of these questions, in one walk through the notebook.

    Args:    course, sides, topic: as for `hunt`.
             questions: names.
             most: about so many of each, evenly spread over the answer.
    Returns: list of `Tally`; no entry is stale.
    Raises:  ValueError: a mistake in equivalent.toml.
    """
    chosen = {}
    for question in questions:
        found = all_mutants(course, topic, question)
        chosen[question] = list(found[:: -(-len(found) // most) or 1])
    lost = _lost(course, sides, topic, chosen, PATIENCE)
    return [
        _tally(course, topic, name, dict(zip(found, lost[name], strict=True)), whole=False)
        for name, found in chosen.items()
    ]


def _tally(course: Course, topic: str, question: str, lost: dict[Mutant, bool], whole: bool) -> Tally:
    """Which mutants lost points, and which of the others are excused."""
    named = {
        (entry["function"], entry["before"], after)
        for entry in equivalents(course, topic)
        if entry["question"] == question
        for after in entry["after"]
    }
    alive = [one for one in lost if not lost[one]]
    excused = [one for one in alive if one.change in named]
    stale = sorted(named - {one.change for one in excused}) if whole else []
    caught = [one for one in lost if lost[one]]
    return Tally(topic, question, caught, excused, [one for one in alive if one not in excused], stale)


def _patience(course: Course, sides: Sides, topic: str, question: str) -> float:
    """Seconds for a cell of a mutant: the solution's own decide."""
    notebook, start = solution(course, topic), time.monotonic()
    own = {question: [_answer(notebook, question)]}
    runs = run_all(notebook, sides, own, course.solution(topic).parent, own=True)
    if _loses(runs.answers[question][0], question):
        raise ValueError(f"{topic}: the solution itself loses points of {question}; run mylib answers")
    return max(LEAST_SECONDS, 3 * (time.monotonic() - start))


def _lost(
    course: Course, sides: Sides, topic: str, chosen: Mapping[str, Sequence[Mutant]], seconds: float
) -> dict[str, list[bool]]:
    """For every mutant, whether its question loses points with it."""
    sources = {question: [one.source for one in found] for question, found in chosen.items()}
    limits, folder = Limits(seconds, 1.5 * seconds), course.solution(topic).parent
    runs = run_all(solution(course, topic), sides, sources, folder, limits, own=True)
    return {name: [_loses(cells, name) for cells in found] for name, found in runs.answers.items()}


def _loses(cells: Scores, question: str) -> bool:
    return any(one.points < one.most for cell, one in cells.items() if question_of(cell) == question)


def _answer(notebook: Any, question: str) -> str:
    return cast(str, next(cell.source for cell in notebook.cells if grade_id(cell) == question))


def tallies(course: Course, sides: Sides, topic: str | None = None, question: str | None = None) -> list[Tally]:
    """Hunt the mutants of every question.

    Args:    course: of `open_course`.
             sides: how tests meet answers.
             topic, question: only these; all without.
    Returns: list of `Tally`.
    Raises:  ValueError: no such question.
    """
    known = [(name, one) for name in course.topics(topic) for one in autograded(solution(course, name))]
    todo = [one for one in known if question in (None, one[1])]
    if not todo:
        names = sorted({name for _, name in known})
        raise ValueError(f"mutants: expected a question among {names}, got {question!r}")
    return [hunt(course, sides, *one) for one in tqdm(todo, unit="question", disable=None)]


def table(found: Sequence[Tally]) -> Table:
    """A rich table of tallies.

    Args:    found: of `tallies`.
    """
    shown = Table(*HEAD, title="Mutants", box=None)
    for row in _with_percents([_counts(one) for one in found]):
        shown.add_row(*map(str, row))
    return shown


def page(course: Course, found: Sequence[Tally], before: str = "") -> str:
    """The text of solutions/README.md.

    Args:    course: of `open_course`.
             found: of `tallies`, for all questions of a topic or of all topics.
             before: the page as it is; what it says of other topics stays.
    """
    renewed = {one.topic for one in found}
    rows = [_counts(one) for one in found]
    rows += [
        (topic, question, *map(int, numbers.split(" | ")))
        for topic, question, numbers in re.findall(ROW, before)
        if topic not in renewed
    ]
    missed = [f"- {one.topic}, {one.question}, `{mutant}`" for one in found for mutant in one.survivors]
    missed += [line for topic, line in re.findall(MISSED, before) if topic not in renewed]
    rows.sort(key=lambda row: row[0])
    lines = [INTRODUCTION, f"| {' | '.join(HEAD)} |", f"|---|---|{'---:|' * (len(HEAD) - 2)}"]
    lines += [f"| {' | '.join(map(str, row))} |" for row in _with_percents(rows)]
    lines += ["", UNCAUGHT, "", *sorted(missed)] if missed else []
    lines += ["", "## Survivors that are right answers"]
    for topic in dict.fromkeys(row[0] for row in rows):
        entries = equivalents(course, topic)
        lines += ["", f"### {topic.capitalize()}", ""] if entries else []
        for entry in entries:
            after = ", ".join(f"`{text}`" if text else "nothing" for text in entry["after"])
            place = f"{entry['question']}, `{entry['function']}`"
            lines.append(f"- {place}: `{entry['before']}` → {after}. {entry['reason']}")
    return "\n".join(lines) + "\n"


def _counts(one: Tally) -> tuple[Any, ...]:
    parts = (len(part) for part in (one.caught, one.equivalent, one.survivors))
    return one.topic, one.question, one.mutants, *parts


def _with_percents(rows: Sequence[tuple[Any, ...]]) -> Iterator[tuple[Any, ...]]:
    """The rows, and one for all of them, each with the share that is caught of those that change behaviour."""
    total = [sum(column) for column in zip(*(row[2:] for row in rows), strict=True)]
    for row in (*rows, ("all", f"{len(rows)} questions", *total)):
        mutants_, caught, equivalent, _ = row[2:]
        different = mutants_ - equivalent
        percent = f"{100 * caught / different if different else 100:.1f}" if mutants_ else "-"
        yield *row, percent
