"""The command line `mylib`: parse, call, print, exit code. Heavy imports wait until a verb needs them."""

from pathlib import Path
from typing import Annotated

import typer
from typer.core import TyperGroup

TOPIC = Annotated[str | None, typer.Option("--topic", help="Only this topic.", metavar="NAME")]
OUTPUT = Annotated[
    Path | None, typer.Option("--output", help="Folder in place of build/classroom.", metavar="DIR")
]


class Verbs(TyperGroup):
    """Says a user's mistake in one line; exit code 2. With --debug the traceback follows."""

    def invoke(self, ctx):
        """Run the verb."""
        try:
            return super().invoke(ctx)
        except (typer.Exit, typer.Abort):
            raise
        except (ValueError, TypeError, OSError, RuntimeError) as error:
            if ctx.params.get("debug"):
                raise
            typer.echo(f"mylib: {error}", err=True)
            raise typer.Exit(2) from error


app = typer.Typer(
    cls=Verbs,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="markdown",
    add_completion=False,
)
state = {"course": None}


@app.callback()
def main(
    course: Annotated[
        Path | None, typer.Option(help="A folder of the course; the current one without.", metavar="DIR")
    ] = None,
    debug: Annotated[bool, typer.Option("--debug", help="Show tracebacks.")] = False,
):
    """Release exercises, grade submissions, give feedback and report."""
    state["course"] = course


@app.command()
def release(
    topic: TOPIC = None,
    check: Annotated[
        bool, typer.Option("--check", help="Write nothing; fail if exercises/ is not what would be released.")
    ] = False,
):
    """Generate exercises/ from solutions/, without answers and hidden tests.

    Example: `mylib release --topic convolution`, `mylib release --check`
    """
    from mylib.classroom.release import difference, orphans
    from mylib.classroom.release import release as write

    course = _course()
    stale = orphans(course) if topic is None else []
    failed = [f"{folder}: has no solution; remove it" for folder in stale]
    for name in course.topics(topic):
        if check:
            failed += [found] if (found := difference(course, name)) else []
        else:
            typer.echo(f"released {write(course, name)}")
    for message in failed:
        typer.echo(message, err=True)
    raise typer.Exit(1 if failed else 0)


@app.command()
def grade(
    submitted: Annotated[
        Path | None,
        typer.Option(help="Folder <student>/<topic>/<topic>.ipynb.", metavar="DIR", show_default=False),
    ] = None,
    topic: TOPIC = None,
    student: Annotated[str | None, typer.Option(help="Only this student.", metavar="NAME")] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Read the submissions and say what would be graded.")
    ] = False,
    output: OUTPUT = None,
    cell_seconds: Annotated[float, typer.Option(min=0.1, help="Time limit of one cell.")] = 30,
    submission_seconds: Annotated[float, typer.Option(min=1, help="Time limit of a submission.")] = 120,
):
    """Autograde every submission; exit code 1 if one could not be graded fully.

    Example: `mylib grade --submitted inbox`, `mylib grade --submitted inbox --student ada --dry-run`
    """
    from mylib.classroom.course import Limits
    from mylib.classroom.grading import grade as run
    from mylib.classroom.grading import summary

    course = _course(output)
    limits = Limits(cell_seconds=cell_seconds, submission_seconds=submission_seconds)
    done = run(course, submitted or course.submitted, topic, student, limits, dry_run)
    _print(summary(done))
    raise typer.Exit(1 if done.problems else 0)


@app.command()
def feedback(output: OUTPUT = None):
    """Write one HTML page per graded submission, readable with the network off.

    Example: `mylib feedback --output build/classroom`
    """
    from mylib.classroom.feedback import feedback as write

    course = _course(output)
    pages = write(course)
    typer.echo(f"{len(pages)} pages in {course.build / 'feedback'}")


@app.command()
def report(output: OUTPUT = None):
    """Write report.csv, and show points per question and per student.

    Example: `mylib report`
    """
    from mylib.classroom.report import rows, tables, write_csv

    course = _course(output)
    found = rows(course)
    _print(*tables(found))
    typer.echo(f"{len(found)} rows in {write_csv(course, found)}")


@app.command("example-class")
def example_class(
    output: Annotated[
        Path | None, typer.Option(help="Folder; build/classroom/submitted without.", metavar="DIR")
    ] = None,
):
    """Write a small class to try the course with: full, partly wrong, blank and broken submissions.

    Example: `mylib example-class && mylib grade && mylib report`
    """
    from mylib.classroom.example_class import STUDENTS
    from mylib.classroom.example_class import example_class as write

    typer.echo(f"{', '.join(STUDENTS)} in {write(_course(), output)}")


@app.command()
def answers(topic: TOPIC = None):
    """Run the bank of right and wrong answers, and show what each scores and what its author would read.

    Example: `mylib answers --topic convolution`
    """
    from mylib.classroom.answers import table, verdicts

    found = verdicts(_course(), topic)
    _print(table(found))
    surprises = [one for one in found if one.complaint]
    for one in surprises:
        typer.echo(f"{one.answer.name}\n{one.complaint}", err=True)
    typer.echo(f"{len(found)} answers, {len(surprises)} not as expected")
    raise typer.Exit(1 if surprises else 0)


def _course(output=None):
    from mylib.classroom.course import open_course

    return open_course(state["course"], output)


def _print(*tables):
    from rich.console import Console

    console = Console()
    for table in tables:
        console.print(table)
