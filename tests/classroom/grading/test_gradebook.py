"""Stock nbgrader on what mylib writes: export, validate, exchange and feedback, each as its own command."""

import csv
import os
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import nbformat
import pytest
from bs4 import BeautifulSoup
from nbgrader.api import Gradebook
from nbgrader.utils import parse_utc
from traitlets.utils.importstring import import_item

from mylib.classroom.authoring.release import release, skeleton
from mylib.classroom.grading.run import grade
from mylib.classroom.reports.feedback import STEPS, feedback
from tests.classroom import tiny
from tests.classroom.tiny import TOPIC

HOSTILE = (
    "<img src=x onerror=\"document.title='taken'\"><script>document.title='taken'</script>"
    "[a link](javascript:alert(1)) <a href='evil.html'>page</a> <span class='btn' style='top: 0'>press</span>"
)
HONEST = "It is linear: $a < b$, so `x < y`.\n\n> as a *quotation* says\n\n| a | b |\n|---|---|\n| 1 | 2 |"
HIDDEN = ("HIDDEN TESTS", "np.array([4.0])", "scale([], 3)")
WRONG = "def mean(x):\n    return sum(x)"
HINT = "AssertionError: value: got 3, expected 1.5: did you divide by N?"


@pytest.fixture(scope="module")
def classroom(walled, tmp_path_factory):
    """A released course with three graded students."""
    course = tiny.make_course(tmp_path_factory.mktemp("classroom") / "course")
    release(course, TOPIC)
    blank = skeleton(course, TOPIC, register=False)
    ada = tiny.answer(blank, q1_mean=tiny.MEAN, q2_scale=tiny.SCALE, q3_explain=HONEST)
    ben = tiny.answer(blank, q1_mean=WRONG, q2_scale=tiny.SCALE, q3_explain=HOSTILE)
    ben.cells.append(nbformat.v4.new_markdown_cell(f"A remark of my own. {HOSTILE}"))
    shown = f'from IPython.display import HTML, display\n\ndisplay(HTML("""{HOSTILE}"""))'
    ben.cells.append(nbformat.v4.new_code_cell(shown))
    for student, notebook in {"ada": ada, "ben": ben, "cleo": blank}.items():
        tiny.hand_in(course.submitted, student, notebook)
    done = grade(course, course.submitted, jobs=1)
    assert not done.problems
    return course, {one.student: one.points for one in done.results}


@pytest.fixture
def home(tmp_path):
    """A folder that is nobody's course: settings, caches and notebooks of a student."""
    return tmp_path


def nbgrader(home, folder, *arguments):
    """One stock command, as it would be typed in a folder."""
    scripts = Path(sys.executable).parent
    folders = {name: str(home / name.lower()) for name in ("JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "IPYTHONDIR")}
    environment = {key: value for key, value in os.environ.items() if not key.startswith("MYLIB_")}
    environment |= folders | {"HOME": str(home), "PATH": f"{scripts}{os.pathsep}{os.environ['PATH']}"}
    done = subprocess.run(
        [scripts / "nbgrader", *map(str, arguments)],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=200,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_export_has_the_points_of_every_student(classroom, home):
    course, points = classroom
    nbgrader(home, course.root, "export", "--to", home / "grades.csv")
    with open(home / "grades.csv", newline="") as file:
        found = {row["student_id"]: row for row in csv.DictReader(file)}
    assert {student: float(row["score"]) for student, row in found.items()} == points
    assert points == {"ada": 7, "ben": 4, "cleo": 0}
    assert {(row["assignment"], float(row["max_score"])) for row in found.values()} == {(TOPIC, 10)}


def test_validate_praises_right_answers(classroom, home):
    right = tiny.answer(released(classroom), q1_mean=tiny.MEAN, q2_scale=tiny.SCALE, q3_explain=HONEST)
    nbformat.write(right, home / "right.ipynb")
    said = nbgrader(home, home, "validate", "right.ipynb")
    assert said == "Success! Your notebook passes all the tests.\n"


def test_validate_shows_the_hint_for_a_wrong_answer_and_nothing_of_the_right_one(classroom, home):
    wrong = tiny.answer(released(classroom), q1_mean=WRONG, q2_scale=tiny.SCALE, q3_explain=HONEST)
    nbformat.write(wrong, home / "wrong.ipynb")
    said = nbgrader(home, home, "validate", "wrong.ipynb")
    assert said.startswith("VALIDATION FAILED ON 1 CELL(S)!")
    assert HINT in said
    assert "scale(" not in said


def test_validate_warns_of_a_changed_test(classroom, home):
    notebook = tiny.answer(released(classroom), q1_mean=WRONG, q1_mean_tests="pass", q2_scale=tiny.SCALE)
    nbformat.write(notebook, home / "changed.ipynb")
    said = nbgrader(home, home, "validate", "changed.ipynb")
    assert said.startswith("THE CONTENTS OF 1 TEST CELL(S) HAVE CHANGED!")


def test_the_exchange_carries_an_exercise_out_and_its_answers_back_to_be_graded(walled, course, home):
    """release_assignment, fetch_assignment, submit, collect; then `grade` reads what was collected."""
    release(course, TOPIC)
    place = (TOPIC, "--course", "learning", f"--Exchange.root={home / 'exchange'}")
    nbgrader(home, course.root, "release_assignment", *place)
    nbgrader(home, home, "fetch_assignment", *place)
    path = home / TOPIC / f"{TOPIC}.ipynb"
    assert path.read_bytes() == course.exercise(TOPIC).read_bytes()
    nbformat.write(tiny.answer(nbformat.read(path, 4), q1_mean=tiny.MEAN, q2_scale=tiny.SCALE), path)
    nbgrader(home, home, "submit", *place, "--CourseDirectory.student_id=ada")
    nbgrader(home, course.root, "collect", *place)
    stamp = parse_utc((course.submitted / "ada" / TOPIC / "timestamp.txt").read_text())

    [result] = grade(course, course.submitted, jobs=1).results
    assert (result.student, result.points, result.problem) == ("ada", 7, "")
    with Gradebook(course.db_url) as gradebook:
        assert gradebook.find_submission(TOPIC, "ada").timestamp == stamp
        gradebook.find_assignment(TOPIC).duedate = stamp - timedelta(minutes=5)
        gradebook.db.commit()
        assert gradebook.find_submission(TOPIC, "ada").total_seconds_late == 300
    [again] = grade(course, course.submitted, jobs=1).results
    assert again.regraded == "graded again because of a change in the due date"
    again = grade(course, course.submitted, jobs=1)
    assert (again.results, again.unchanged) == ([], [("ada", TOPIC)])


@pytest.fixture(scope="module", params=["mylib", "nbgrader"])
def pages(request, classroom, tmp_path_factory):
    """Feedback of every student, made by either."""
    course, folder = classroom[0], tmp_path_factory.mktemp("feedback")
    if request.param == "mylib":
        feedback(course, folder)
    else:
        option = f"--CourseDirectory.feedback_directory={folder}"
        nbgrader(tmp_path_factory.mktemp("home"), course.root, "generate_feedback", TOPIC, option)
    return {path.parents[1].name: path.read_text(encoding="utf-8") for path in folder.glob(f"*/{TOPIC}/*.html")}


def test_feedback_shows_the_hint_and_no_hidden_test(pages):
    assert sorted(pages) == ["ada", "ben", "cleo"]
    assert HINT in BeautifulSoup(pages["ben"], "html.parser").text
    for student, page in pages.items():
        shown = BeautifulSoup(page, "html.parser").text
        assert "check.close(mean([1.0, 2.0]), 1.5" in shown
        assert not [text for text in HIDDEN if text in shown], student


def test_nothing_that_a_student_wrote_runs_in_feedback(pages):
    page = BeautifulSoup(pages["ben"], "html.parser")
    assert page.text.count("document.title='taken'") >= 4, "expected what was written, as text"
    assert not [one for one in page.find_all("script") if "taken" in one.text]
    for element in page.find_all(True):
        assert not [name for name in element.attrs if name.startswith("on")], element
        assert not element.get("href", "").startswith("javascript:"), element
    assert not page.select(".text_cell_render a[href^=evil], .text_cell_render .btn, [style*=top]")


def test_formulas_code_quotations_and_tables_of_an_answer_are_shown_as_written(pages):
    page = BeautifulSoup(pages["ada"], "html.parser")
    answer = next(one for one in page.select(".text_cell_render") if "It is linear" in one.text)
    assert "a < b" in answer.text
    assert answer.find("code").text == "x < y"
    assert answer.find("blockquote").find("em").text == "quotation"
    assert [cell.text for cell in answer.find_all("td")] == ["1", "2"]


def test_the_configuration_names_the_steps_of_our_own_feedback(shared):
    names = shared.config.GenerateFeedback.preprocessors
    assert [import_item(name) for name in names] == STEPS


def released(classroom):
    return nbformat.read(classroom[0].exercise(TOPIC), as_version=4)
