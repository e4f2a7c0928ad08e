"""A grade is computed again when something that it depends on has changed, says what, and for nothing else."""

import shutil
from pathlib import Path

import nbformat
import pytest
from traitlets.config import Config

from mylib.classroom.authoring.release import skeleton
from mylib.classroom.course.limits import Limits
from mylib.classroom.grading import fingerprint as module
from mylib.classroom.grading.fingerprint import fingerprint, given
from mylib.classroom.grading.run import grade
from mylib.classroom.intake.rebuild import Submission, take_in
from tests.classroom import tiny
from tests.classroom.tiny import TOPIC


@pytest.fixture
def compare(course, tmp_path):
    """What a change makes of the fingerprint of a submission. Returns: why it would be graded again."""
    home = tmp_path / "inbox" / "ada" / TOPIC
    home.mkdir(parents=True)

    def parts(before=None, limits=None):
        release = skeleton(course, TOPIC, register=False)
        if not (home / f"{TOPIC}.ipynb").exists():
            nbformat.write(tiny.answer(release, q1_mean=tiny.MEAN), home / f"{TOPIC}.ipynb")
        intake = take_in(Submission("ada", TOPIC, home), release, 1_000_000)
        return fingerprint(intake, given(course, TOPIC, release, limits or Limits()), before)

    first = parts()
    assert parts(first.parts).current

    def run(change, **options):
        change(course, home)
        return parts(first.parts, **options).why

    return run


def rewrite(old, new):
    def change(course, _):
        path = course.solution(TOPIC)
        path.write_text(path.read_text().replace(old, new))

    return change


def beside_the_solution(course, _):
    (course.solution(TOPIC).parent / "mean.txt").write_text("1.5")


def beside_the_notebook(_, home):
    (home / "mean.txt").write_text("1.5")


def other_answer(course, home):
    release = skeleton(course, TOPIC, register=False)
    nbformat.write(tiny.answer(release, q1_mean="def mean(x): return 0"), home / f"{TOPIC}.ipynb")


def handed_in_later(_, home):
    (home / "timestamp.txt").write_text("2024-05-06 07:08:09 UTC")


def strict(course, _):
    course.config.merge(Config({"LateSubmissionPlugin": {"penalty_method": "zero"}}))


CHANGES = {
    "the submission": [other_answer, beside_the_notebook],
    "the solution": [rewrite("one number", "a single number")],
    "a file beside the solution": [beside_the_solution],
    "the time of handing in": [handed_in_later],
    "the late penalty": [strict],
}


@pytest.mark.parametrize(("what", "change"), [(what, one) for what, changes in CHANGES.items() for one in changes])
def test_what_a_grade_depends_on_is_named_when_it_changes(compare, what, change):
    assert compare(change) == f"graded again because of a change in {what}"


def test_a_limit_is_named(compare):
    change = "graded again because of a change in a limit"
    assert compare(lambda *_: None, limits=Limits(cell_seconds=31)) == change
    assert compare(lambda *_: None, limits=Limits(cell_seconds=30.0)) == ""


def outputs_in_the_solution(course, _):
    notebook = nbformat.read(course.solution(TOPIC), as_version=4)
    notebook.cells[1].outputs = [nbformat.v4.new_output("stream", text="seen")]
    notebook.cells[1].execution_count = 7
    nbformat.write(notebook, course.solution(TOPIC))


def another_exercise(course, _):
    shutil.copytree(course.solution(TOPIC).parent, course.solutions / "more")


@pytest.mark.parametrize("change", [outputs_in_the_solution, another_exercise], ids=lambda one: one.__name__)
def test_what_a_grade_does_not_depend_on_changes_nothing(compare, change):
    assert compare(change) == ""


def code(tmp_path, text):
    module._code.cache_clear()
    (tmp_path / "one.py").write_text(text)
    return module._code((tmp_path / "one.py",))


def test_comments_docstrings_and_layout_of_our_code_do_not_count_and_all_else_does(tmp_path):
    first = code(tmp_path, '"""One."""\n\n\ndef f(x):\n    """Two."""\n    return x + 1\n')
    assert code(tmp_path, '"""Another."""\ndef f(x):  # why\n    """Three."""\n\n    return (x + 1)\n') == first
    assert code(tmp_path, '"""One."""\n\n\ndef f(x):\n    """Two."""\n    return x + 2\n') != first


def test_no_version_of_a_package_counts_and_every_topic_that_the_exercise_imports_does(course):
    notebook = nbformat.read(course.solution(TOPIC), as_version=4)
    notebook.cells[1].source += "\nfrom mylib.vision.convolution import scratch"
    nbformat.write(notebook, course.solution(TOPIC))
    parts = given(course, TOPIC, None, Limits()).parts
    topics = {name for name in parts if name.startswith("mylib.")}
    assert topics >= {"mylib.check", "mylib.engine", "mylib.data", "mylib.fit", "mylib.vision.convolution"}
    assert not [name for name in topics if name.startswith(("mylib.attention", "mylib.vision.video"))]


def test_the_rooms_that_decide_a_grade_count_and_pages_about_it_do_not():
    names = {
        path.relative_to(module.HOME).as_posix()
        for path in module._below(module.HOME / "classroom" / room for room in module.CLASSROOM)
    }
    assert {"classroom/grading/examine.py", "classroom/sandbox/test_side.py"} <= names
    assert not [name for name in names if "reports" in Path(name).parts or "cli" in Path(name).parts]


def test_force_grades_again_and_what_a_person_gave_stays_while_the_text_does(walled, course, tmp_path):
    from nbgrader.api import Gradebook

    def given_by_a_person():
        with Gradebook(course.db_url) as book:
            found = book.find_grade("q3-explain", TOPIC, TOPIC, "ada")
            return found.manual_score, found.needs_manual_grade

    inbox, blank = tmp_path / "inbox", skeleton(course, TOPIC, register=False)
    tiny.hand_in(inbox, "ada", tiny.answer(blank, q1_mean=tiny.MEAN, q3_explain="It is linear."))
    grade(course, inbox, jobs=1)
    with Gradebook(course.db_url) as book:
        mark = book.find_grade("q3-explain", TOPIC, TOPIC, "ada")
        mark.manual_score, mark.needs_manual_grade = 2, False
        book.db.commit()
    [again] = grade(course, inbox, jobs=1, force=True).results
    assert (again.points, again.regraded) == (3 + 2, "")
    assert given_by_a_person() == (2, False)
    rewrite("one number", "a single number")(course, None)
    [again] = grade(course, inbox, jobs=1).results
    assert again.regraded == "graded again because of a change in the solution"
    assert given_by_a_person() == (2, False)
    other = tiny.answer(blank, q1_mean=tiny.MEAN, q3_explain="It is not.")
    nbformat.write(other, inbox / "ada" / TOPIC / f"{TOPIC}.ipynb")
    grade(course, inbox, jobs=1)
    assert given_by_a_person() == (2, True)


def test_nbgraders_own_autograde_is_refused_and_deletes_nothing(graded):
    from nbgrader.apps.api import NbGraderAPI

    course, _ = graded
    path = course.build / "autograded" / "ada" / TOPIC / f"{TOPIC}.ipynb"
    before = path.read_bytes()
    done = NbGraderAPI(course.directory(), config=course.config).autograde(TOPIC, "ada")
    assert not done["success"]
    assert "mylib grade" in done.get("error", "") + done.get("log", "")
    assert path.read_bytes() == before
