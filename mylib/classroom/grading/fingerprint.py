"""What a grade depends on, and nothing else: where none of it has changed, nothing is graded again."""

import ast
import functools
import hashlib
import inspect
import json
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import nbformat
from IPython.core.inputtransformer2 import TransformerManager
from nbgrader.api import Gradebook, MissingEntry
from nbgrader.preprocessors import AssignLatePenalties

import mylib
from mylib.classroom.course.folders import Course
from mylib.classroom.course.limits import Limits
from mylib.classroom.grading.examined import Fingerprinted
from mylib.classroom.intake.rebuild import Intake
from mylib.classroom.notebook.questions import grade_id

HOME = Path(mylib.__file__).parent
# Parts of this package that run answers or tests, or that both may use without an import in the exercise.
PENALTIES = ("the time of handing in", "the due date", "the late penalty")  # nothing is run again for them
ALWAYS = ("check", "engine", "data", "fit.py")
CLASSROOM = ("notebook", "course", "intake/rebuild.py", "intake/recognise.py", "sandbox", "grading")


@dataclass(frozen=True)
class Given:
    """What the instructor gives for a topic, read once for a run.

    skeleton: the released notebook, made from the solution now.
    solution: the instructor's notebook.
    files: {name: bytes} beside it.
    parts: {what: SHA-256} of all that grades of the topic depend on.
    extensions: {student: how much longer the time of handing in is}.
    """

    skeleton: Any
    solution: Any
    files: dict[str, bytes]
    parts: dict[str, str]
    extensions: dict[str, str]


def given(course: Course, topic: str, skeleton: Any, limits: Limits) -> Given:
    """Read what the instructor gives for a topic.

    Args:    course: of `open_course`.
             topic: name.
             skeleton: the released notebook.
             limits: of a submission.
    """
    path = course.solution(topic)
    solution = nbformat.read(path, as_version=4)
    files = {
        one.relative_to(path.parent).as_posix(): one.read_bytes()
        for one in sorted(path.parent.rglob("*"))
        if one.is_file() and one.suffix != ".ipynb" and "__pycache__" not in one.parts
    }
    due, extensions = _due_date(course, topic)
    numbers = {name: float(value) for name, value in asdict(limits).items()}  # 30 s are 30.0 s
    code = [[grade_id(cell), cell.cell_type, cell.source, cell.metadata.get("nbgrader", {})] for cell in solution.cells]
    parts = {
        "the solution": _digest(code),
        "a file beside the solution": _digest({name: _sha256(content) for name, content in files.items()}),
        "a limit": _digest(numbers),
        "the due date": _digest(due),
        "the late penalty": _late_penalty(course),
        "the classroom": _code(_below(HOME / "classroom" / room for room in CLASSROOM)),
    }
    parts |= {f"mylib.{name.removesuffix('.py')}": _code(_below([HOME / name])) for name in ALWAYS}
    for topic_used in sorted(_topics_of(solution)):
        parts[f"mylib.{topic_used}"] = _code(_below([HOME / topic_used.replace(".", "/")]))
    return Given(skeleton, solution, files, parts, extensions)


def fingerprint(intake: Intake, given: Given, before: dict[str, str] | None) -> Fingerprinted:
    """What one grade depends on.

    Args:    intake: of `take_in`.
             given: of `given`.
             before: the parts of the grade that stands in the gradebook; None if there is none.
    """
    answers = [[cell.id, cell.cell_type, cell.source] for cell in intake.notebook.cells]
    files = {name: _sha256(content) for name, content in intake.files.items()}
    parts = {
        "the submission": _digest([answers, files, intake.notes, intake.unreadable, intake.doubt]),
        "the time of handing in": _digest([intake.timestamp, given.extensions.get(intake.submission.student)]),
    } | given.parts
    known = before or {}
    changed = sorted(name for name in {*parts, *known} if parts.get(name) != known.get(name)) if known else []
    why = f"graded again because of a change in {_listed(changed)}" if changed else ""
    examined = {name: digest for name, digest in parts.items() if name not in PENALTIES}
    return Fingerprinted(intake, parts, _digest(examined), why, current=before is not None and not changed)


def _listed(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def _digest(value: Any) -> str:
    return _sha256(json.dumps(value, sort_keys=True).encode())


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _due_date(course: Course, topic: str) -> tuple[str, dict[str, str]]:
    """What the gradebook says: the date, and the extensions of single students."""
    if not (course.build / "gradebook.db").exists():
        return "None", {}
    with Gradebook(course.db_url) as book:
        try:
            assignment = book.find_assignment(topic)
            extensions = {one.student.id: str(one.extension) for one in assignment.submissions if one.extension}
            found = str(assignment.duedate), extensions
        except MissingEntry:
            found = "None", {}
    book.engine.dispose()
    return found


def _late_penalty(course: Course) -> str:
    """The course's late policy: its settings, and the code of a plugin of its own."""
    late = AssignLatePenalties(config=course.config)
    plugin = late.plugin_class
    settings = {name: str(value) for name, value in plugin(parent=late).trait_values(config=True).items()}
    path = Path(inspect.getfile(plugin))
    return _digest([plugin.__name__, settings, "" if "nbgrader" in path.parts else _code((path,))])


def _topics_of(solution: Any) -> set[str]:
    """Dotted names, without `mylib.`, of the topics that a notebook imports, also by way of another topic."""
    found: set[str] = set()
    todo = [cell.source for cell in solution.cells if cell.cell_type == "code"]
    while todo:
        for dotted in _imports(todo.pop()):
            parts = dotted.split(".")
            package = HOME.joinpath(*parts[1:3])
            if parts[0] == "mylib" and len(parts) > 2 and package.is_dir() and parts[1] != "classroom":
                topic = ".".join(parts[1:3])
                if parts[1] not in ALWAYS and topic not in found:
                    found.add(topic)
                    todo += [path.read_text(encoding="utf-8") for path in sorted(package.rglob("*.py"))]
    return found


def _imports(source: str) -> Iterator[str]:
    try:
        tree = ast.parse(TransformerManager().transform_cell(source))
    except (SyntaxError, ValueError, RecursionError):
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def _below(places: Iterable[Path]) -> tuple[Path, ...]:
    return tuple(path for place in places for path in ([place] if place.is_file() else sorted(place.rglob("*.py"))))


@functools.cache
def _code(paths: tuple[Path, ...]) -> str:
    """SHA-256 of what code does: comments, docstrings and layout are set aside."""
    digest = hashlib.sha256()
    for path in paths:
        tree = ast.parse(path.read_text(encoding="utf-8"))
        for node in ast.walk(tree):
            body = getattr(node, "body", None)
            first = body[0] if isinstance(body, list) and body else None
            value = first.value if isinstance(first, ast.Expr) else None
            if isinstance(value, ast.Constant) and isinstance(value.value, str):
                value.value = ""
        digest.update(f"{path.name}\n{ast.dump(tree)}\n".encode())
    return digest.hexdigest()
