"""Feedback pages and the report, made from the graded class."""

import csv
import re
import shutil

import pytest
from bs4 import BeautifulSoup

from mylib.classroom.course.folders import open_course
from mylib.classroom.reports.feedback import feedback
from mylib.classroom.reports.table import Row, rows, tables, write_csv
from tests.classroom.tiny import TOPIC


@pytest.fixture(scope="module")
def pages(graded):
    course, _ = graded
    return {path.parent.parent.name: path for path in feedback(course)}


@pytest.fixture(scope="module")
def found(graded):
    return rows(graded[0])


def row(found, student, question):
    return next(one for one in found if (one.student, one.question) == (student, question))


def test_every_submission_has_a_page(graded, pages):
    assert sorted(pages) == sorted(one.student for one in graded[1].results)


def test_pages_load_nothing_from_elsewhere(pages):
    for path in pages.values():
        page = BeautifulSoup(path.read_text(), "html.parser")
        for element in page.find_all(["script", "link", "img", "iframe", "source", "video", "object"]):
            for attribute in ("src", "href", "data"):
                assert "//" not in element.get(attribute, "").split("data:")[0], f"{path}: {element}"
        assert not re.search(r"(import\s.*from|@import|url\()\s*['\"]?https?:", path.read_text())


def test_feedback_shows_the_message_and_no_hidden_test(pages):
    text = pages["ben"].read_text()
    assert "did you divide by N?" in text
    assert "4.0, " not in text
    for path in pages.values():
        assert "HIDDEN" not in path.read_text()
        assert "scale([], 3)" not in path.read_text()


def test_feedback_says_why_nothing_was_read(pages):
    assert "the file is not a notebook" in pages["dan"].read_text()
    assert "0 of 10 points" in pages["dan"].read_text()


def test_html_of_a_student_is_shown_and_not_run(pages):
    text = pages["loud"].read_text()
    assert "<script>1</script>" not in text
    assert "&lt;script&gt;1" in text


def test_report_has_a_row_per_student_and_question(graded, found):
    assert len(found) == 3 * len(graded[1].results)
    assert row(found, "ada", "q2-scale") == Row("ada", TOPIC, "q2-scale", 4, 4, False, "")
    assert row(found, "ada", "q3-explain").needs_manual
    assert row(found, "cleo", "q3-explain") == Row("cleo", TOPIC, "q3-explain", 0, 3, False, "")


def test_report_gives_reasons_and_repairs(found):
    assert row(found, "ben", "q1-mean").notes.endswith("did you divide by N?")
    assert "empty" in row(found, "empty", "q2-scale").notes
    assert row(found, "lost", "q1-mean").notes == "the locked cell was missing; put back"
    assert row(found, "lost", "q2-scale").notes == ""
    assert row(found, "dead", "q2-scale").notes == "not run: the answer ended its own process"


def test_csv_is_what_the_report_says(graded, found):
    with open(write_csv(graded[0], found), newline="") as file:
        table = list(csv.DictReader(file))
    assert list(table[0]) == [
        "student",
        "topic",
        "question",
        "points",
        "max_points",
        "needs_manual",
        "late",
        "late_penalty",
        "total",
        "total_max",
        "notes",
    ]
    ada = next(line for line in table if line["student"] == "ada" and line["question"] == "q1-mean")
    assert (float(ada["points"]), float(ada["max_points"]), ada["needs_manual"]) == (3, 3, "False")


def test_no_cell_of_the_csv_is_a_formula(graded):
    nasty = Row("=1+1", TOPIC, "q1-mean", 0, 3, False, "@SUM(A1)")
    text = write_csv(graded[0], [nasty]).read_text()
    assert "'=1+1" in text
    assert "'@SUM" in text


def test_tables_sum_up(found):
    by_question, by_student = tables(found)
    assert by_question.row_count == 3
    assert by_student.row_count == len({one.student for one in found})


def test_nothing_graded_is_said_plainly(course):
    for make in (rows, feedback):
        with pytest.raises(ValueError, match="run `mylib grade`"):
            make(course)


def test_a_folder_without_a_course_is_refused(tmp_path):
    with pytest.raises(ValueError, match="expected nbgrader_config.py"):
        open_course(tmp_path)


def test_grading_can_be_kept_elsewhere(graded, tmp_path):
    course = open_course(graded[0].root, output=tmp_path / "else")
    shutil.copytree(graded[0].build, course.build)
    assert len(rows(course)) == len(rows(graded[0]))
