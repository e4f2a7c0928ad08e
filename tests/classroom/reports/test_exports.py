"""What the report gives away: files that Canvas and Moodle import, statistics of questions, the page of the class."""

import csv

import numpy as np
import pytest
from bs4 import BeautifulSoup
from typer.testing import CliRunner

from mylib.classroom import cli
from mylib.classroom.intake.roster import Handed, write_roster
from mylib.classroom.reports.exports import write_exports
from mylib.classroom.reports.item_analysis import items
from mylib.classroom.reports.page import write_page
from mylib.classroom.reports.table import Row, rows

# Points of five students (rows) in three questions (columns); most are 4, 4 and 2.
POINTS = np.array([[4, 3, 0], [3, 4, 2], [1, 0, 1], [0, 1, 2], [2, 2, 0]], dtype=float)
MOST = (4.0, 4.0, 2.0)


def made(points=POINTS, most=MOST, topic="sums", manual=()):
    return [
        Row(f"s{i}", topic, f"q{j + 1}", float(points[i, j]), most[j], j in manual, "")
        for i in range(points.shape[0])
        for j in range(points.shape[1])
    ]


def read(path):
    with open(path, newline="", encoding="utf-8-sig") as file:
        return list(csv.reader(file))


@pytest.fixture
def built(course):
    course.build.mkdir(parents=True)
    return course


def test_difficulty_is_the_mean_share_of_points():
    assert [item.difficulty for item in items(made())] == [0.5, 0.5, 0.5]
    assert items(made(POINTS[:2]))[0].difficulty == 3.5 / 4


def test_discrimination_is_the_correlation_with_the_rest():
    for j, item in enumerate(items(made())):
        rest = np.delete(POINTS, j, axis=1).sum(axis=1)
        assert item.discrimination == pytest.approx(np.corrcoef(POINTS[:, j], rest)[0, 1], abs=1e-12)
    # By hand: deviations (2, 1, -1, -2, 0) with (0, 3, -2, 0, -1), and (-1, 1, 0, 1, -1) with (3, 3, -3, -3, 0).
    first, _, third = items(made())
    assert (first.discrimination, third.discrimination) == pytest.approx((5 / 140**0.5, -3 / 144**0.5))


def test_discrimination_is_one_where_both_rise_together_and_has_no_rounding_beyond():
    ladder = np.array([[0.1, 0.3], [0.2, 0.6], [0.7, 2.1]])
    assert [item.discrimination for item in items(made(ladder, (1, 3)))] == pytest.approx([1, 1], abs=1e-12)
    assert all(item.discrimination <= 1 for item in items(made(ladder, (1, 3))))


@pytest.mark.parametrize(
    ("points", "why"),
    [
        (POINTS[:2], "fewer than 3 students"),
        (np.column_stack([np.ones(5), POINTS[:, 1:]]), "everybody has the same points here"),
        (np.column_stack([POINTS[:, 0], np.ones(5), np.ones(5)]), "everybody has the same points elsewhere"),
        (POINTS[:, :1], "no other question to compare with"),
    ],
)
def test_what_cannot_be_told_is_not_told(points, why):
    first = items(made(points))[0]
    assert (first.discrimination, first.why) == (None, why)
    assert first.difficulty is not None


def test_what_waits_for_a_person_is_in_no_sum():
    first, _, third = items(made(manual={2}))
    assert (third.difficulty, third.discrimination, third.why) == (None, None, "5 to be read by a person")
    assert first.discrimination == pytest.approx(np.corrcoef(POINTS[:, 0], POINTS[:, 1])[0, 1])


def test_remarks_say_what_stands_out():
    assert "do worse here" in items(made())[2].remark
    easy = np.column_stack([np.full(5, 4.0), POINTS[:, 1:]])
    assert items(made(easy))[0].remark == "nearly everybody has all points"
    hard = np.column_stack([[0, 0, 0, 0, 1], POINTS[:, 1:]])
    assert "hard" in items(made(hard))[0].remark


def test_topics_do_not_mix():
    other = made(np.ones((4, 2)), (1, 1), topic="other")
    assert [item for item in items(made() + other) if item.topic == "sums"] == items(made())


ROSTER = [
    Handed("s0", "Lovelace, Ada", "canvas", "sums", "17", "", "", "a"),
    Handed("s1", "=1+1", "canvas", "sums", "18", "late", "", "b"),
    Handed("s2", "Li", "moodle", "sums", "900", "", "", "c"),
]


def test_canvas_gets_its_columns_and_points_possible(built):
    write_roster(built, [], ROSTER)
    other = made(np.ones((1, 1)), (5,), topic="other")
    paths = {path.name: path for path in write_exports(built, made() + other)}
    head, possible, *lines = read(paths["canvas.csv"])
    assert head == [
        *("Student", "ID", "SIS User ID", "SIS Login ID", "Section"),
        *("other (5 points)", "sums (10 points)"),
    ]
    assert possible == ["    Points Possible", "", "", "", "", "5", "10"]
    assert lines[0] == ["Lovelace, Ada", "17", "", "", "", "1", "7"]
    assert lines[1] == ["'=1+1", "18", "", "", "", "", "9"]
    assert lines[2] == ["s3", "", "", "s3", "", "", "3"]
    assert not any(line[0] == "Li" for line in lines)


def test_moodle_gets_a_worksheet_for_each_topic(built):
    write_roster(built, [], ROSTER)
    [path] = [path for path in write_exports(built, made(manual={2})) if path.name == "moodle-sums.csv"]
    head, *lines = read(path)
    assert head == ["Identifier", "ID number", "Full name", "Grade", "Maximum grade", "Feedback comments"]
    assert lines[0] == ["Participant 900", "", "Li", "2", "10", "q1: 1 of 4; q2: 0 of 4; q3: to be read"]
    assert lines[1][:3] == ["", "s3", "s3"]


def test_without_a_roster_there_are_files_for_both(built):
    assert [path.name for path in write_exports(built, made())] == ["canvas.csv", "moodle-sums.csv"]
    assert all(path.parent == built.build for path in write_exports(built, made()))


def test_a_roster_of_one_system_gives_files_for_it_alone(built):
    write_roster(built, [], ROSTER[2:])
    assert [path.name for path in write_exports(built, made())] == ["moodle-sums.csv"]


def test_a_roster_with_other_columns_is_refused(built):
    (built.build / "students.csv").write_text("who,what\na,b\n")
    with pytest.raises(ValueError, match="expected the columns student, name"):
        write_exports(built, made())


def test_the_page_says_the_numbers_in_words_and_pictures(built):
    nasty = made(POINTS[:2], topic="<b>other</b>", manual={2})
    page = BeautifulSoup(write_page(built, made() + nasty).read_text(), "html.parser")
    assert len(page.find_all("img", alt=True)) == 2
    assert "q3: difficulty 0.50, discrimination -0.25" in page.find_all("img")[1]["alt"]
    assert page.find("b") is None
    cells = [[cell.text for cell in row.find_all("td")] for row in page.find_all("tr")]
    assert ["sums", "5", "5.0", "4.0", "2.0", "9.0", "10", "0"] in cells
    assert ["q1", "4", "0.50", "0.42", ""] in cells
    assert ["q3", "2", "cannot tell", "cannot tell", "2 to be read by a person"] in cells
    assert "correlation between the points of a question" in " ".join(page.text.split())


def test_the_page_loads_nothing(built):
    page = BeautifulSoup(write_page(built, made()).read_text(), "html.parser")
    assert not page.find_all(["script", "link", "iframe"])
    assert all(image["src"].startswith("data:") for image in page.find_all("img"))


def test_the_page_of_a_class_of_one(built):
    text = write_page(built, made(POINTS[:1] * 0, MOST)).read_text()
    assert "fewer than 3 students" in text


def test_a_graded_class_gets_all_files(graded):
    course, _ = graded
    shown = CliRunner().invoke(cli.app, ["--course", str(course.root), "report"])
    assert shown.exit_code == 0, shown.output
    for name in ("report.csv", "report.html", "canvas.csv", "moodle-sums.csv"):
        assert (course.build / name).stat().st_size
        assert name in "".join(shown.output.split())
    lines = {line[3]: line[5] for line in read(course.build / "canvas.csv")[2:]}
    ada = [row.points for row in rows(course) if row.student == "ada"]
    assert float(lines["ada"]) == sum(ada)
