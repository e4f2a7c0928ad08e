"""Feedback pages: points in words, formulas without scripts, limits, late penalties, Moodle's zip."""

import copy
import csv
import html.parser
import os
import re
import shutil
import time
import zipfile
from pathlib import Path

import nbformat
import psutil
import pytest
from bs4 import BeautifulSoup
from nbgrader.api import Gradebook
from nbgrader.plugins import BasePlugin
from nbgrader.utils import parse_utc
from typer.testing import CliRunner

from mylib.classroom import cli
from mylib.classroom.authoring.release import release, skeleton
from mylib.classroom.course.folders import open_course
from mylib.classroom.grading.run import grade
from mylib.classroom.intake.roster import Handed, write_roster
from mylib.classroom.reports import feedback as feedback_module
from mylib.classroom.reports import feedback_page
from mylib.classroom.reports.exports import write_exports
from mylib.classroom.reports.feedback import feedback, make_feedback, moodle_name, write_zips
from mylib.classroom.reports.feedback_page import head, lateness, make_page
from mylib.classroom.reports.formulas import mathml
from mylib.classroom.reports.marks import Grade, Mark, marks
from mylib.classroom.reports.processes import Done, in_processes
from mylib.classroom.reports.table import rows, tables, totals
from mylib.classroom.reports.titles import titles
from tests.classroom import tiny
from tests.classroom.tiny import ROOT, TOPIC

HERE = Path()
FULL = {
    "q1-mean-tests": Grade(3, 3),
    "q2-scale-tests": Grade(2, 2),
    "q2-scale-tests-2": Grade(2, 2),
    "q3-explain": Grade(0, 3, waits=True),
}


def notebook(**answers):
    """Graded, without outputs; hidden tests are out of it already."""
    made = tiny.answer(tiny.make_notebook(), **answers)
    for cell in made.cells:
        cell.source = re.sub(r"### BEGIN HIDDEN TESTS.*?### END HIDDEN TESTS", "", cell.source, flags=re.S)
    return made


def own(number, source, outputs=None):
    make = nbformat.v4.new_markdown_cell if outputs is None else nbformat.v4.new_code_cell
    cell = make(source, id=f"own-{number}")
    if outputs is not None:
        cell.outputs = outputs
    return cell


def locked(source):
    """A text of the instructor's."""
    cell = nbformat.v4.new_markdown_cell(source, id="text")
    cell.metadata.nbgrader = tiny.FLAGS["locked"] | {"grade_id": "text", "schema_version": 3, "task": False}
    return cell


def page_of(made, mark=None, **options):
    return make_page(made, mark or Mark("ada", TOPIC, FULL), options.pop("name", ""), HERE, **options)


def soup_of(made, mark=None, **options):
    return BeautifulSoup(page_of(made, mark, **options).text, "html.parser")


def test_an_unread_answer_is_not_read_yet_and_no_zero():
    page = soup_of(notebook())
    assert page.select_one(".points").text == "7 of 7 points so far, 1 answer not read yet (3 points)"
    lines = [[cell.text for cell in line.find_all("td")] for line in page.select("nav tr")[1:]]
    assert lines == [
        ["Question 1: mean", "3 of 3 points"],
        ["Question 2: scale", "4 of 4 points"],
        ["Question 3: explain", "not read yet (3 points)"],
    ]
    assert "not read yet (3 points)" in page.select_one("#q3-explain .mark").text
    assert "0.0" not in page.text


@pytest.mark.parametrize(
    ("grades", "penalty", "told"),
    [
        ([Grade(16, 18), Grade(0, 2, True)], 0, "16 of 18 points so far, 1 answer not read yet (2 points)"),
        ([Grade(0, 2, True)] * 2, 0, "0 of 0 points so far, 2 answers not read yet (4 points)"),
        ([Grade(7, 10)], 0, "7 of 10 points"),
        ([Grade(7, 10)], 3, "4 of 10 points"),
        ([Grade(7, 10)], 30, "0 of 10 points"),
        ([Grade(11.5, 11)], 0, "11 of 11 points"),
    ],
)
def test_the_head_says_the_points(grades, penalty, told):
    named = {f"q{n}": one for n, one in enumerate(grades)}
    assert head(Mark("ada", TOPIC, named, penalty=penalty)) == told


def test_a_penalty_and_lateness_are_told():
    mark = Mark("ada", TOPIC, FULL, penalty=3, late="late, 2 days")
    assert lateness(mark) == "Handed in late, 2 days: 3 of the 7 points earned are taken off."
    page = soup_of(notebook(), mark)
    assert page.select_one(".points").text.startswith("4 of 7 points so far")
    assert ["Taken off for handing in late", "-3"] in [
        [cell.text for cell in line.find_all("td")] for line in page.select("nav tr")
    ]
    assert "Handed in late." in soup_of(notebook(), Mark("ada", TOPIC, FULL, late="late")).text
    assert "Handed in" not in soup_of(notebook()).text


def test_questions_have_the_names_of_the_instructors_headings():
    made = notebook()
    made.cells.insert(2, nbformat.v4.new_markdown_cell("## 1. The `mean` (3 points)\n\nWrite it.", id="q1-text"))
    made.cells.insert(3, own(1, "## Not this one"))
    made.cells.insert(6, nbformat.v4.new_markdown_cell("## Scale a list", id="q2-text"))
    assert titles(made) == {
        "q1-mean": "Question 1: The mean",
        "q2-scale": "Question 2: Scale a list",
        "q3-explain": "Question 3: explain",
    }
    page = soup_of(made)
    assert "Test cell" not in page.text
    for link in page.select("nav a"):
        assert page.find(id=link["href"].removeprefix("#")), link
    assert page.find("section", attrs={"aria-label": "Test 2 of 2, Question 2: Scale a list"})


def test_every_exercise_of_the_course_has_names_for_its_questions():
    for path in sorted(ROOT.glob("exercises/*/*.ipynb")):
        found = titles(nbformat.read(path, as_version=4))
        assert len(set(found.values())) == len(found), path
        assert all(title.startswith("Question ") for title in found.values()), path


def test_a_page_is_one_file_that_asks_for_nothing():
    made = notebook(q3_explain="$$\\frac{a}{b}$$ ![x](https://x.org/a.png) <img src='//x.org/b.png'>")
    made.cells.insert(1, locked("![far](https://x.org/c.png) ![lost](d.png) <script src='e.js'></script>"))
    page = soup_of(made)
    assert not page.select("script, link, iframe, object, embed, [src]:not([src^=data])")
    assert "[picture: far]" in page.text
    assert page.html["lang"] == "en"
    assert len(page.find_all("math")) == 2


def test_a_picture_of_the_instructors_is_put_into_the_page(tmp_path):
    (tmp_path / "plan.png").write_bytes(b"\x89PNG")
    made = notebook()
    made.cells.insert(1, locked("![the plan](plan.png) ![out](../plan.png)"))
    text = make_page(made, Mark("ada", TOPIC, FULL), "", tmp_path).text
    image = BeautifulSoup(text, "html.parser").find("img")
    assert (image["alt"], image["src"]) == ("the plan", "data:image/png;base64,iVBORw==")
    assert "[picture: out]" in text


FORMULAS = {
    r"\sum_i x_i": "munder|msub",
    r"\frac{a}{b}": "mfrac",
    r"\begin{cases}1&x>0\\0&x<0\end{cases}": "mtable",
    r"\arg\min_\theta \ell": "mi",
    r"\hat{y} = \mathbf{W}x": "mover",
}


@pytest.mark.parametrize(("tex", "element"), FORMULAS.items())
def test_formulas_are_mathml_with_their_source(tex, element):
    made = BeautifulSoup(mathml(tex, True), "html.parser")
    assert made.find(re.compile(f"^({element})$"))
    assert made.math["alttext"] == tex
    assert made.annotation.text == tex
    assert "\\" not in made.semantics.find(True).text


BAD_FORMULAS = [
    r"\text{<script>alert(1)</script>}",
    r"\text{<img src=x onerror=alert(1)>}",
    r"\unknown{x}",
    r"\frac{",
    "x" * 3000,
    "{" * 1500,
    r"\text{</annotation><script>1</script>}",
]


@pytest.mark.parametrize("tex", BAD_FORMULAS, ids=range(len(BAD_FORMULAS)))
def test_what_is_no_formula_is_shown_as_code(tex):
    made = BeautifulSoup(mathml(tex, False), "html.parser")
    assert [one.name for one in made.find_all(True)] == ["code"]
    assert made.text == f"${tex}$"


def test_no_formula_links_or_has_a_style():
    made = mathml(r"\href{javascript:alert(1)}{x} \style{color:red}{y} \class{points}{z}", False)
    assert not re.search(r"href=|style=|class=\"points", made)


def test_every_formula_of_the_course_is_set():
    left = []
    for path in sorted(ROOT.glob("exercises/*/*.ipynb")):
        for cell in nbformat.read(path, as_version=4).cells:
            if cell.cell_type == "markdown":
                text = re.sub(r"```.*?```|`[^`]*`", "", cell.source, flags=re.S)
                found = re.findall(r"\$\$(.+?)\$\$|\$([^$\n]+)\$", text, flags=re.S)
                left += [one for pair in found for one in pair if one and "<code" in mathml(one, bool(pair[0]))]
    assert left == []


def test_what_a_student_writes_is_no_part_of_the_page():
    nasty = (
        "<script>taken</script><img src=x onerror=taken>[press](javascript:taken) <section id='q1-mean'>x</section>"
        "<div class='comment'>well done</div> <a href='evil.html'>page</a> $\\text{<script>taken</script>}$\n\n"
        "###### Deep\n\n# High\n\nformula0123n0e"
    )
    made = notebook(q3_explain=nasty)
    made.cells.append(own(1, nasty))
    made.cells.append(own(2, "print()", [shown("text/html", f"<style>*{{}}</style>{nasty}<b>kept</b>")]))
    page = soup_of(made)
    assert not page.select("script, [onerror], .text_cell_render .comment, a[href^=javascript], a[href^=evil]")
    assert len(page.select("[id=q1-mean]")) == 1
    assert page.find("b", string="kept")
    levels = [int(one.name[1]) for one in page.find_all(re.compile("^h[1-6]$"))]
    assert levels[0] == 1
    assert all(after - before <= 1 for before, after in zip(levels, levels[1:], strict=False))


def shown(kind, data, **metadata):
    return nbformat.v4.new_output("display_data", data={kind: data}, metadata=metadata)


def test_outputs_and_code_are_kept_and_control_characters_are_not():
    picture = shown("image/png", "aGVsbG8=\n", **{"image/png": {"alt": "a curve"}})
    outputs = [
        nbformat.v4.new_output("stream", name="stdout", text="one\n\x1b[31mtwo\x1b[0m \u202ethree"),
        picture,
        shown("image/png", "aGVsbG8="),
        shown("text/latex", "$x^2$"),
        shown("text/markdown", "*soft*"),
        nbformat.v4.new_output("execute_result", data={"text/plain": "[1, 2]", "text/html": "<table></table>"}),
        nbformat.v4.new_output("error", ename="KeyError", evalue="'x'", traceback=["\x1b[1mTrace\x1b[0m", "KeyError"]),
        shown("image/svg+xml", "<svg onload=taken>"),
        shown("image/png", '"><script>taken</script>'),
    ]
    made = notebook()
    made.cells.append(own(1, "x = 'a string'  # note", outputs))
    page = soup_of(made)
    blocks = [pre.text for pre in page.select("pre.output")]
    assert blocks[:2] == ["one\ntwo \ufffdthree", "[1, 2]"]
    assert "Trace\nKeyError" in blocks
    assert [image["alt"] for image in page.find_all("img")] == ["a curve", "What the code above drew"]
    assert page.find("msup")
    assert page.find("em", string="soft")
    assert page.select_one("span.s1, span.c1")
    assert not page.select("script, svg")
    assert "A picture is left out here" in page.text


def test_lines_that_end_as_on_windows_have_no_sign_in_them():
    page = soup_of(notebook(q1_mean="def mean(x):\r\n    return 1", q3_explain="one\r\ntwo"))
    assert "\ufffd" not in page.text
    assert "def mean(x):\n    return 1" in page.text


def test_names_and_comments_are_escaped():
    mark = Mark("ada", TOPIC, FULL, comments={"q1-mean": "<b>good</b> <script>1</script> $x^2$"})
    page = soup_of(notebook(), mark, name="<i>Ada</i>\x1b \u202e")
    assert page.select_one(".who").text == "<i>Ada</i>\ufffd \ufffd (ada)"
    comment = page.select_one("#q1-mean .comment")
    assert comment.find("b", string="good")
    assert comment.find("msup")
    assert not page.find("script")
    assert ", with a comment" in page.nav.text


def test_a_page_of_a_hundred_long_cells_is_short_and_says_so():
    made = notebook()
    made.cells[3].outputs = [
        nbformat.v4.new_output("error", ename="AssertionError", evalue="x", traceback=["AssertionError: did you pad?"])
    ]
    made.cells[2:2] = [own(n, "|a" * 7_500 + "\n" + "|-" * 7_500) for n in range(50)]
    made.cells += [own(n, "*a " * 10_000) for n in range(50, 99)]
    page = page_of(made)
    assert len(page.text) < 10_000_000
    assert len(page.cut) > 80
    soup = BeautifulSoup(page.text, "html.parser")
    assert "did you pad?" in soup.text
    assert "def mean" in soup.text
    assert re.search(r"Shortened here: \d+ of 107 cells", soup.header.text)
    assert "of 30,000 characters are left out here" in soup.main.text


def test_outputs_without_end_are_cut_and_tests_are_not():
    made = notebook()
    long = nbformat.v4.new_output("stream", name="stdout", text="y" * 200_000)
    made.cells[2].outputs = [copy.deepcopy(long) for _ in range(20)]
    made.cells[5].outputs = [nbformat.v4.new_output("error", ename="E", evalue="x", traceback=["E: the reason"])]
    page = page_of(made)
    assert page.text.count("y" * 1000) < 400
    assert "E: the reason" in page.text
    assert page.cut == ("q1-mean",)


def test_pictures_without_end_are_left_out(monkeypatch):
    monkeypatch.setattr(feedback_page, "PAGE_PICTURES", 10_000)
    made = notebook()
    made.cells.append(own(1, "", [shown("image/png", "A" * 6_000)] * 3))
    monkeypatch.setattr(feedback_page.Budget, "__init__", small_budget)
    page = soup_of(made)
    assert len(page.find_all("img")) == 1
    assert page.text.count("A picture is left out here") == 2


def small_budget(self):
    self.characters, self.pictures, self.cut = 300_000, 10_000, []


def test_what_takes_too_long_is_shown_as_it_was_written(monkeypatch):
    monkeypatch.setattr(feedback_page, "SLOW_SECONDS", 0)
    page = page_of(notebook(q3_explain="*soft* $x$"))
    assert page.plain
    assert "*soft* $x$" in page.text
    assert "would have taken too long" in page.text


def test_a_task_that_never_ends_or_kills_its_process_costs_only_itself():
    done = {one.task: one.problem for one in in_processes(time.sleep, [0.0, 600.0, 0.1], jobs=2, seconds=10)}
    assert done == {0.0: "", 600.0: "took more than 10 s", 0.1: ""}
    assert [one.problem for one in in_processes(os._exit, [3], jobs=1, seconds=30)] == ["its process ended"]
    [failed] = in_processes(os.listdir, ["/nowhere"], jobs=1, seconds=30)
    assert failed.problem.startswith("FileNotFoundError")
    assert [one.value for one in in_processes(abs, [-2], jobs=1, seconds=30)] == [2]
    assert list(in_processes(abs, [], jobs=1, seconds=30)) == []


def test_no_process_is_left_when_all_is_done_or_nobody_wants_the_rest():
    def family():
        return {
            one.pid
            for one in psutil.Process().children(recursive=True)
            if one.status() != psutil.STATUS_ZOMBIE and "resource_tracker" not in " ".join(one.cmdline())
        }

    before = family()
    assert len(list(in_processes(abs, [1, 2, 3], jobs=2, seconds=30))) == 3
    some = in_processes(time.sleep, [0.0, 600.0], jobs=2, seconds=900)
    next(some)
    assert len(family() - before) == 3, "one that forks, and two"
    some.close()
    deadline = time.monotonic() + 10
    while family() - before and time.monotonic() < deadline:
        time.sleep(0.1)
    assert family() - before == set()


@pytest.fixture
def copied(graded, tmp_path):
    """The graded class, for tests that change it."""
    shutil.copytree(graded[0].build, tmp_path / "built")
    return open_course(graded[0].root, output=tmp_path / "built")


def test_one_notebook_that_cannot_be_read_costs_only_its_own_page(copied):
    (copied.build / "autograded" / "ben" / TOPIC / f"{TOPIC}.ipynb").write_text("{")
    old = copied.build / "feedback" / "ben" / TOPIC / f"{TOPIC}.html"
    old.parent.mkdir(parents=True, exist_ok=True)
    old.write_text("an older page, with older points")
    done = make_feedback(copied)
    assert not old.exists()
    assert ("ada", TOPIC) in done.pages
    assert ("ben", TOPIC) not in done.pages
    assert done.failed[0].startswith(f"ben/{TOPIC}: no page: ")
    assert done.sentence == "; 1 not made"
    with pytest.raises(RuntimeError, match="12 pages written, 1 not"):
        feedback(copied)
    said = CliRunner().invoke(cli.app, ["--course", str(copied.root), "feedback", "--output", str(copied.build)])
    assert said.exit_code == 1
    assert "12 pages in" in said.output
    assert "ben/sums: no page" in said.output


def test_a_page_that_takes_too_long_is_made_once_more_without_markup(copied, monkeypatch):
    tries = []

    def of_two_tries(function, jobs, processes, seconds):
        for job in jobs:
            tries.append(job.plain)
            problem = "" if job.plain else "took more than 60 s"
            yield Done(job, function(job) if job.plain else None, problem, stopped=not job.plain)

    monkeypatch.setattr(feedback_module, "in_processes", of_two_tries)
    done = make_feedback(copied, student="ada")
    assert tries == [False, True]
    assert "would have taken too long" in done.pages["ada", TOPIC].read_text()
    assert done.cut == [f"ada/{TOPIC}: shown without mark-up, which would have taken too long"]
    assert done.sentence == "; 1 shortened"


def test_a_page_is_its_own_and_nothing_lies_beside_it(copied, capfd):
    pages = feedback(copied, copied.build / "pages")
    assert sorted(path for path in (copied.build / "pages").rglob("*") if path.is_file()) == sorted(pages)
    assert capfd.readouterr() == ("", ""), "a log that is no terminal gets no progress bar"


def test_pages_of_one_student_or_topic(copied):
    assert list(make_feedback(copied, student="ada").pages) == [("ada", TOPIC)]
    assert len(make_feedback(copied, topic=TOPIC, student="ben").pages) == 1
    with pytest.raises(ValueError, match="expected a graded submission of 'zoe', found none; graded are ada, ben"):
        make_feedback(copied, student="zoe")


def moodle_roster():
    return [
        Handed("ada", "Ada_King Lovelace", "moodle", TOPIC, "12", "", "", "x"),
        Handed("ben", "Zoë/Li", "moodle", TOPIC, "13", "", "", "x"),
        Handed("cleo", "Group A", "moodle", TOPIC, "14", "", "", "x"),
        Handed("dan", "dan", "canvas", TOPIC, "15", "", "", "x"),
    ]


def test_the_zip_is_what_moodle_takes_back(copied):
    write_roster(copied, [], moodle_roster())
    done = make_feedback(copied)
    [path] = write_zips(copied, done)
    with zipfile.ZipFile(path) as archive:
        assert sorted(archive.namelist()) == [
            "Ada King Lovelace_12_assignsubmission_file_/sums.html",
            "Zoë-Li_13_assignsubmission_file_/sums.html",
        ]
        for name in archive.namelist():
            # As Moodle reads it: name, participant, kind, plugin, rest.
            _, number, kind, plugin, rest = name.split("/")[0].split("_", 4)
            assert (number.isdigit(), kind, plugin, rest) == (True, "assignsubmission", "file", "")
        assert archive.read(archive.namelist()[0]) == done.pages["ada", TOPIC].read_bytes()
    assert "11 pages are left out" in done.notes[0]
    assert "cleo, dan" in done.notes[0].replace("changed, ", "")


def test_the_verb_packs_the_zip(copied):
    write_roster(copied, [], moodle_roster())
    start = ["--course", str(copied.root), "feedback", "--output", str(copied.build)]
    said = CliRunner().invoke(cli.app, [*start, "--student", "ada", "--zip", "moodle"])
    assert said.exit_code == 0, said.output
    assert "feedback-moodle-sums.zip" in "".join(said.output.split())
    assert CliRunner().invoke(cli.app, [*start, "--zip", "canvas"]).exit_code == 2


def test_a_name_in_the_zip_has_no_underscore():
    row = Handed("x", "_a/b\\c:d\x1b_", "moodle", TOPIC, "7", "", "", "")
    assert moodle_name(row) == "a-b-c-d\ufffd_7_assignsubmission_file_/sums.html"
    assert moodle_name(Handed("x", "_", "moodle", TOPIC, "7", "", "", "")).startswith("Participant_7_")


class ThreePointsADay(BasePlugin):
    """What an instructor would write."""

    def late_submission_penalty(self, student_id, score, total_seconds_late):
        return 3.0 * (total_seconds_late // 86400)


def test_a_late_submission_has_one_number_on_the_page_in_the_table_and_in_the_exports(walled, course):
    release(course, TOPIC)
    course.config.AssignLatePenalties.plugin_class = ThreePointsADay
    blank = skeleton(course, TOPIC, register=True)
    right = tiny.answer(blank, q1_mean=tiny.MEAN, q2_scale=tiny.SCALE)
    for student, day in {"ada": 2, "ben": 1, "cleo": 9}.items():
        tiny.hand_in(course.submitted, student, right)
        stamp = f"2026-03-0{day} 12:00:00 UTC\n"
        (course.submitted / student / TOPIC / "timestamp.txt").write_text(stamp)
    with Gradebook(course.db_url) as gradebook:
        gradebook.update_or_create_assignment(TOPIC, duedate=parse_utc("2026-03-01 12:00:00 UTC"))
    assert not grade(course, course.submitted, jobs=1).problems
    right = {"ada": 4, "ben": 7, "cleo": 0}

    found = marks(course)
    assert {student: found[student, TOPIC].total for student in right} == right
    assert found["ada", TOPIC].late == "late, 1 day"
    assert {key[0]: total.points for key, total in totals(rows(course)).items()} == right
    _, by_student = tables(rows(course))
    assert [str(cell) for cell in by_student.columns[2].cells] == ["4", "7", "0"]
    for path in write_exports(course, rows(course)):
        with open(path, newline="", encoding="utf-8-sig") as file:
            lines = list(csv.DictReader(file))
        name, column = ("Full name", "Grade") if "moodle" in path.name else ("SIS Login ID", "sums (10 points)")
        assert {line[name]: float(line[column]) for line in lines if line[name]} == right, path
    for path in feedback(course):
        text = BeautifulSoup(path.read_text(), "html.parser").select_one(".points").text
        assert text == f"{right[path.parent.parent.name]} of 10 points"


def test_a_page_is_sound_html():
    class Balanced(html.parser.HTMLParser):
        void = ("meta", "img", "br", "hr", "input")

        def __init__(self):
            super().__init__()
            self.open = []

        def handle_starttag(self, tag, attrs):
            self.open += [] if tag in self.void else [tag]

        def handle_endtag(self, tag):
            assert self.open.pop() == tag, (tag, self.getpos())

    parser = Balanced()
    parser.feed(page_of(notebook(q3_explain="*a\n\n> b\n\n- c $x$\n\n|a|b|\n|-|-|\n|1|2|")).text)
    assert parser.open == []
