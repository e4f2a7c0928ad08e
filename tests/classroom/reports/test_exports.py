"""What the report gives away: files that Canvas and Moodle import, statistics of questions, the page of the class."""

import csv
import dataclasses
import io

import numpy as np
import pytest
from bs4 import BeautifulSoup
from rich.console import Console
from typer.testing import CliRunner

from mylib.classroom import cli
from mylib.classroom.intake.roster import Handed, write_roster
from mylib.classroom.reports.exports import write_exports
from mylib.classroom.reports.item_analysis import items
from mylib.classroom.reports.page import write_page
from mylib.classroom.reports.table import Row, reasons, rows, tables, totals, write_csv

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


def exported(course, found, *worksheets):
    """{file: its lines} and the notes of an export."""
    notes = []
    paths = write_exports(course, found, worksheets, notes)
    return {path.name: read(path) for path in paths}, notes


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
    Handed("s2", "Li", "moodle", "sums", "900", "", "2026-03-01 12:00:00", "c"),
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
    assert {"Identifier", "Grade", "Last modified (grade)"} <= set(head), "Moodle's importer demands them"
    li, other, _ = (dict(zip(head, line, strict=True)) for line in lines)
    assert (li["Identifier"], li["Full name"], li["Grade"], li["Maximum grade"]) == (
        "Participant 900",
        "Li",
        "2",
        "10",
    )
    assert li["Feedback comments"] == "q1: 1 of 4; q2: 0 of 4; q3: not read yet"
    assert (li["Last modified (grade)"], li["Last modified (submission)"]) == ("-", "2026-03-01 12:00:00")
    assert (other["Identifier"], other["ID number"], other["Full name"]) == ("", "s3", "s3")


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


def penalised(penalty, late="late, 2 hours"):
    return [dataclasses.replace(row, late=late, penalty=penalty) for row in made(POINTS[:1])]


def test_after_a_penalty_there_is_one_number_everywhere(built):
    write_roster(built, [], [Handed("s0", "Li", "moodle", "sums", "900", "", "", "c")])
    found = penalised(3.0)
    assert totals(found)["s0", "sums"].points == 4
    files, _ = exported(built, found)
    assert dict(zip(*files["moodle-sums.csv"], strict=True))["Grade"] == "4"
    assert "late, 2 hours: -3" in files["moodle-sums.csv"][1][-1]
    (built.build / "students.csv").unlink()
    files, _ = exported(built, found)
    assert files["canvas.csv"][2][-1] == "4"
    head, *lines = read(write_csv(built, found))
    table = [dict(zip(head, line, strict=True)) for line in lines]
    assert [(line["total"], line["late_penalty"], line["late"]) for line in table] == [
        ("4.0", "3.0", "late, 2 hours")
    ] * 3
    page = BeautifulSoup(write_page(built, found).read_text(), "html.parser")
    cells = [[cell.text for cell in row.find_all("td")] for row in page.find_all("tr")]
    assert ["sums", "1", "4.0", "4.0", "4.0", "4.0", "10", "0", "1"] in cells
    _, by_student = tables(found)
    assert [list(column.cells)[0] for column in by_student.columns][2:4] == ["4", "10"]
    assert [str(list(column.cells)[0]) for column in by_student.columns][5:7] == ["late, 2 hours", "-3"]


def test_a_penalty_never_makes_less_than_nothing(built):
    files, _ = exported(built, penalised(30.0))
    assert files["canvas.csv"][2][-1] == "0"


def test_no_more_than_the_maximum_is_exported_and_it_is_told(built):
    found = made(np.array([[4.5, 4, 3.0]]), (4, 4, 3))
    files, notes = exported(built, found)
    assert files["canvas.csv"][2][-1] == "11"
    assert dict(zip(*files["moodle-sums.csv"], strict=True))["Grade"] == "11"
    assert notes[0].startswith("s0/sums: 11.5 of 11 points in the gradebook")


def test_a_group_is_no_participant_and_is_refused_by_name(built):
    rows = [Handed("s0", "Group A", "moodle", "sums", "12", "", "", "c"), ROSTER[2]]
    write_roster(built, [], rows)
    files, notes = exported(built, made())
    assert not any("Participant 12" in line for line in files["moodle-sums.csv"])
    assert any("Group A (number 12) is left out: a group" in note for note in notes)


def test_who_handed_in_without_a_name_cannot_be_imported_into_canvas_and_is_told(built):
    write_roster(built, [], [Handed("s0", "anon", "canvas", "sums", "Ab3dE", "", "", "c")])
    files, notes = exported(built, made(POINTS[:1]))
    assert len(files["canvas.csv"]) == 2
    assert "s0 is left out" in notes[0]


ENGLISH = (
    '\ufeffIdentifier,"Full name","Email address",Status,Grade,"Maximum Grade","Grade can be changed",'
    '"Last modified (submission)","Last modified (grade)","Feedback comments"\r\n'
    '"Participant 900","Li, the ""first""",li@x.org,Submitted,,10.00,Yes,"Sunday, 1 March",-,\r\n'
    '"Participant 901","Bo Bo",bo@x.org,"No submission","1.00",10.00,Yes,-,-,"keep, this"\r\n'
    '"Participant 902","Cy Cy",s3,Submitted,,10.00,Yes,-,-,""\r\n'
)
GERMAN = (
    "ID;Vollständiger Name;Bewertung;Bestwertung;Feedback als Kommentar\nTeilnehmer/in900;Li;;10,00;\nGruppe A;;;10,00;"
)


def sheet(course, text, name="Grades-CS101-77.csv", encoding="utf-8"):
    path = course.root / name
    path.write_bytes(text.encode(encoding))
    return path


def test_moodles_own_worksheet_is_filled_in_and_nothing_else_of_it_changes(built):
    write_roster(built, [], [ROSTER[2]])
    path = sheet(built, ENGLISH)
    notes = []
    [filled] = [one for one in write_exports(built, made(), [path], notes) if "moodle" in one.name]
    expected = ENGLISH.replace(
        'Submitted,,10.00,Yes,"Sunday, 1 March",-,\r',
        'Submitted,2,10.00,Yes,"Sunday, 1 March",-,q1: 1 of 4; q2: 0 of 4; q3: 1 of 2\r',
    ).replace('Submitted,,10.00,Yes,-,-,""', 'Submitted,3,10.00,Yes,-,-,"q1: 0 of 4; q2: 1 of 4; q3: 2 of 2"')
    assert filled.read_bytes() == expected.encode()
    assert path.read_bytes() == ENGLISH.encode()
    assert any("1 rows without a graded submission: Bo Bo" in note for note in notes)
    assert any("3 students are in no row: s0, s1, s4" in note for note in notes)


@pytest.mark.parametrize("encoding", ["utf-8", "latin-1"])
def test_a_worksheet_in_another_language_is_known_by_its_numbers(built, encoding):
    write_roster(built, [], [ROSTER[2]])
    path = sheet(built, GERMAN, encoding=encoding)
    notes = []
    [filled] = write_exports(built, made(POINTS[:3]), [path], notes)
    expected = GERMAN.replace("Li;;10,00;", 'Li;2;10,00;"q1: 1 of 4; q2: 0 of 4; q3: 1 of 2"')
    assert filled.read_bytes() == expected.encode(encoding)
    assert any("row 3: expected a participant's number, got 'Gruppe A'; left as it is" in note for note in notes)


def test_a_worksheet_that_lies_beside_the_report_is_found(built):
    write_roster(built, [], [ROSTER[2]])
    (built.build / "worksheet-sums.csv").write_text(ENGLISH)
    files, _ = exported(built, made())
    assert files["moodle-sums.csv"][1][4] == "2"


def test_a_row_of_somebody_else_is_not_filled_in(built):
    write_roster(built, [], [ROSTER[2]])
    text = ENGLISH.replace("Li, the", "Ada, the")
    files, notes = exported(built, made(POINTS[:3]), sheet(built, text))
    assert files["moodle-sums.csv"][1][4] == ""
    assert any("it is called 'Ada, the \"first\"' here and 'Li' in the zip" in note for note in notes)


def test_a_grade_that_moodle_has_locked_is_left_alone(built):
    write_roster(built, [], [ROSTER[2]])
    text = ENGLISH.replace('Yes,"Sunday', 'No,"Sunday')
    files, notes = exported(built, made(POINTS[:3]), sheet(built, text))
    assert files["moodle-sums.csv"][1][4] == ""
    assert any("cannot be changed" in note for note in notes)


def test_another_maximum_in_moodle_is_told_and_never_exceeded(built):
    write_roster(built, [], [ROSTER[2]])
    files, notes = exported(built, made(), sheet(built, ENGLISH.replace("10.00", "1.00")))
    assert files["moodle-sums.csv"][1][4] == "1"
    assert any("the maximum is 1 in Moodle and 10 here" in note for note in notes)
    assert any("s2 has 2 points, and Moodle takes 1 at most" in note for note in notes)


def test_what_is_no_worksheet_is_refused(built):
    for text, message in (("a,b\n1,2\n", "got a, b"), ("", "Identifier and Grade")):
        with pytest.raises(ValueError, match=message):
            write_exports(built, made(), [sheet(built, text)])
    with pytest.raises(ValueError, match="found no file"):
        write_exports(built, made(), [built.root / "none.csv"])


def test_a_worksheet_that_fits_no_topic_is_refused(built):
    found = made() + made(topic="other")
    with pytest.raises(ValueError, match="shares no participant with any of other, sums"):
        write_exports(built, found, [sheet(built, ENGLISH)])
    write_roster(built, [], [ROSTER[2]])
    assert "moodle-sums.csv" in exported(built, found, sheet(built, ENGLISH))[0]


def test_students_text_is_no_markup_on_the_screen():
    nasty = "raise ValueError('expected a file in [/data], got none') \x1b]0;x\x07 [bold]"
    found = [dataclasses.replace(row, student="[/red]", notes=nasty) for row in made(POINTS[:1])]
    by_question, by_student = tables(found)
    assert "in [/data], got" in plain(by_student, 200)
    assert "[/red]" in plain(by_student, 200)
    assert "\x1b" not in plain(by_student, 200)
    assert "[bold]" in plain(reasons(found), 200)
    assert plain(by_question, 80)


@pytest.mark.parametrize("late", ["", "late, 3 days 2 hours"])
def test_names_and_points_stay_readable_on_a_narrow_screen(late):
    long = "AssertionError: " + "a reason without end " * 20
    found = [dataclasses.replace(row, notes=long, late=late, penalty=float(bool(late))) for row in made()]
    text = plain(tables(found)[1], 80)
    lines = [line for line in text.splitlines() if "AssertionError" in line or "│ s" in line]
    assert len(lines) == 5, text
    for student, line in enumerate(lines):
        assert f"│ s{student} " in line
        assert "│ sums" in line
        assert late in line


def plain(table, width):
    console = Console(width=width, record=True, file=io.StringIO())
    console.print(table)
    return console.export_text(styles=False)


def test_a_large_class_stays_readable():
    points = np.tile(POINTS, (60, 1))
    found = [
        dataclasses.replace(row, notes="timestamp.txt holds no date; graded as in time" if row.question == "q1" else "")
        for row in made(points)
    ]
    _, by_student = tables(found)
    assert by_student.row_count == 40
    assert "260 more submissions" in plain(by_student, 80)
    assert len(plain(by_student, 80).splitlines()) < 60, "a row is a line"
    shared = plain(reasons(found), 100)
    assert shared.count("timestamp.txt") == 1
    assert "300" in shared
    assert reasons(made()) is None
