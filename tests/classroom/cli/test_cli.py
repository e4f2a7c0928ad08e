"""The command line: help, exit codes, one-line errors."""

import subprocess
import sys

import pytest
from typer.testing import CliRunner

from mylib.classroom import cli
from tests.classroom import tiny
from tests.classroom.tiny import TOPIC

VERBS = ("release", "collect", "grade", "feedback", "report", "similar", "doctor", "example-class", "answers")
VERBS += ("mutants", "validate", "start", "unusual", "course", "site", "slides", "pdf")


@pytest.fixture
def mylib(course):
    """Run a verb in the tiny course."""

    def run(*arguments):
        return CliRunner().invoke(cli.app, ["--course", str(course.root), *map(str, arguments)])

    return run


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_has_help_with_an_example(mylib, verb):
    shown = mylib(verb, "--help")
    assert shown.exit_code == 0
    assert f"mylib {verb}" in shown.output.split("Example:")[1]


def test_help_does_not_import_what_it_does_not_need():
    code = (
        "import sys\nfrom mylib.classroom import cli\n"
        "print(sorted({'torch', 'numpy', 'nbgrader', 'matplotlib'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout == "[]\n"


def test_release_then_check(mylib, course):
    stale = mylib("release", "--check")
    assert (stale.exit_code, course.exercises.exists()) == (1, False)
    assert "sums.ipynb: missing; run `mylib release`" in stale.output
    assert mylib("release").exit_code == 0
    assert mylib("release", "--check").exit_code == 0
    course.exercise(TOPIC).write_text(course.exercise(TOPIC).read_text() + "\n")
    assert mylib("release", "--check", "--topic", TOPIC).exit_code == 1


def test_lint_errors_are_shown_without_traceback(mylib, course):
    path = course.solution(TOPIC)
    path.write_text(path.read_text().replace("**Points: 10**", "**Points: 11**"))
    failed = mylib("release")
    assert failed.exit_code == 2
    assert "states 11 points, the cells add up to 10" in failed.output
    assert "Traceback" not in failed.output


def test_debug_shows_the_traceback(course):
    arguments = ["--debug", "--course", str(course.root), "report"]
    with pytest.raises(ValueError, match="run `mylib grade`"):
        CliRunner().invoke(cli.app, arguments, catch_exceptions=False)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            ["release", "--topic", "none"],
            "expected one with solutions/<topic>/<topic>.ipynb (sums), got 'none'",
        ),
        (["grade", "--submitted", "nowhere"], "found no folder nowhere"),
        (["grade", "--sandbox", "chroot"], "expected one of bubblewrap, none, got 'chroot'"),
        (["grade", "--sandbox", "none"], "add --trust-submissions"),
        (["validate"], "expected --topic NAME or --notebook FILE"),
        (["validate", "--notebook", "nowhere.ipynb"], "expected a notebook, got nowhere.ipynb"),
        (["report"], "run `mylib grade`"),
        (["feedback"], "run `mylib grade`"),
    ],
)
def test_mistakes_are_told_in_one_line(mylib, arguments, message):
    failed = mylib(*arguments)
    assert failed.exit_code == 2
    assert message in failed.output
    assert len(failed.output.strip().splitlines()) == 1


def test_example_class_needs_no_gradebook(mylib, course):
    assert mylib("example-class").exit_code == 0
    assert sorted(path.name for path in course.submitted.iterdir()) == ["ada", "ben", "cleo", "dan"]
    assert "BEGIN SOLUTION" not in (course.submitted / "ada" / TOPIC / f"{TOPIC}.ipynb").read_text()


def test_dry_run_writes_nothing_and_names_what_cannot_be_read(mylib, course, tmp_path):
    tiny.hand_in(tmp_path / "inbox", "dan", b"{")
    shown = mylib("grade", "--submitted", tmp_path / "inbox", "--dry-run")
    assert shown.exit_code == 1
    assert "dan/sums: the file is not a notebook" in shown.output
    assert not list(course.build.rglob("*"))


def test_grade_exit_codes(mylib, course, tmp_path):
    mylib("example-class", "--output", tmp_path / "inbox")
    output = tmp_path / "graded"
    fine = mylib("grade", "--submitted", tmp_path / "inbox", "--student", "ada", "--output", output)
    assert (fine.exit_code, course.build.exists()) == (0, False), fine.output
    assert "7/10" in fine.output
    broken = mylib("grade", "--submitted", tmp_path / "inbox", "--student", "dan", "--output", output)
    assert broken.exit_code == 1
    assert mylib("report", "--output", output).exit_code == 0
    assert (output / "report.csv").exists()
    assert mylib("feedback", "--output", output).exit_code == 0
    assert (output / "feedback" / "ada" / TOPIC / f"{TOPIC}.html").exists()


def test_answers_shows_the_bank_and_fails_on_surprises(mylib, course):
    shown = mylib("answers", "--topic", TOPIC)
    assert shown.exit_code == 0, shown.output
    assert "5 answers, 0 not as expected" in shown.output
    (course.answers / TOPIC / "q1-mean.py").write_text("# %% wrong: it is right\nmean = np.mean\n")
    surprised = mylib("answers")
    assert surprised.exit_code == 1
    assert "no test notices" in surprised.output


def test_the_version_is_told(mylib):
    shown = mylib("--version")
    assert (shown.exit_code, shown.output.split()[0]) == (0, "mylib")
    assert shown.output.split()[1][0].isdigit()


@pytest.mark.parametrize("verb", ["grade", "similar", "validate"])
def test_help_keeps_what_stands_in_angle_brackets(mylib, verb):
    shown = " ".join(mylib(verb, "--help").output.split())
    assert "<topic>/<topic>.ipynb" in shown.replace("< topic", "<topic")


def test_an_option_given_twice_is_refused_and_a_name_nearly_right_is_asked_about(mylib, tmp_path):
    twice = mylib("grade", "--topic", "sums", "--submitted", tmp_path, "--topic=other")
    assert twice.exit_code == 2
    assert "--topic stands 2 times; give it once" in twice.output + twice.stderr
    near = mylib("release", "--topic", "smus")
    assert near.exit_code == 2
    assert "did you mean 'sums'?" in near.output + near.stderr


@pytest.mark.parametrize("verb", ["lectures", "claims", "index"])
def test_another_course_is_refused_where_the_syllabus_of_this_one_decides(mylib, verb):
    done = mylib(verb)
    assert done.exit_code == 2
    assert "--course: expected" in done.output + done.stderr


def test_unusual_lists_what_no_program_could_read_and_start_says_what_it_did(mylib, course):
    assert "expected graded submissions" in mylib("unusual").stderr
    assert mylib("release").exit_code == 0
    assert "1 files copied to" in mylib("start").output
    assert "0 files copied to" in mylib("start").output


@pytest.mark.parametrize(
    ("steps", "codes", "exit_code"),
    [
        (("release --help", "grade --help"), ["0", "0"], 0),
        (("release --help", "index --no-such-option", "grade --help"), ["0", "2"], 2),  # a step that cannot run ends it
    ],
)
def test_the_whole_course_says_what_each_step_took_and_where_it_ended(monkeypatch, steps, codes, exit_code):
    monkeypatch.setattr("mylib.classroom.cli.author.COURSE", steps)
    ran = CliRunner().invoke(cli.app, ["course"])
    rows = [line.replace("│", " ").split() for line in ran.output.splitlines() if line.startswith("│")]
    ended = [step.split()[0] for step in steps][: len(codes)]
    assert [(row[0], row[-1]) for row in rows] == list(zip(ended, codes, strict=True))
    assert ran.exit_code == exit_code


def test_a_dry_run_of_the_whole_course_names_its_steps_and_does_none(monkeypatch):
    monkeypatch.setattr("mylib.classroom.cli.author.COURSE", ("no-such-verb", "another"))
    ran = CliRunner().invoke(cli.app, ["course", "--dry-run"])
    assert (ran.exit_code, ran.output) == (0, "mylib no-such-verb\nmylib another\n")
