"""The command line `mylib`: parse, call, print, exit code. Heavy imports wait until a verb needs them."""

from pathlib import Path
from typing import Annotated

import typer
from typer.core import TyperGroup

TOPIC = Annotated[str | None, typer.Option("--topic", help="Only this topic.", metavar="NAME")]
OUTPUT = Annotated[
    Path | None, typer.Option("--output", help="Folder in place of build/classroom.", metavar="DIR")
]

JOBS = Annotated[int | None, typer.Option(min=1, help="Lectures at a time; all cores without.", metavar="N")]


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
    """Run the lectures, release exercises, grade submissions, give feedback and report."""
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
def collect(
    archive: Annotated[Path, typer.Argument(help="The zip that Moodle or Canvas hands out.", metavar="ZIP")],
    topic: Annotated[
        str | None,
        typer.Option("--topic", help="Of all notebooks; without, the file names tell.", metavar="NAME"),
    ] = None,
    output: OUTPUT = None,
    replace: Annotated[
        bool,
        typer.Option("--replace", help="Put a newer submission in the place of another; the old is kept."),
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would be done; write nothing.")
    ] = False,
):
    """Sort the zip of a learning management system into the folders that `mylib grade` reads.

    Writes submitted/<student>/<topic>/ and students.csv, which says who is who. Exit code 1 if something in the zip
    could not be placed.

    Example: `mylib collect moodle.zip --topic convolution`, `mylib collect canvas.zip --dry-run`
    """
    from mylib.classroom.collect import collect as run
    from mylib.classroom.collect import summary

    course = _course(output)
    done = run(course, archive, topic, replace, dry_run)
    _print(summary(done))
    for problem in done.problems:
        typer.echo(problem, err=True)
    place = "nothing was written" if dry_run else f"submissions in {course.submitted}"
    typer.echo(f"{len(done.placed)} submissions, {len(done.problems)} problems; {place}")
    raise typer.Exit(1 if done.problems else 0)


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
    jobs: Annotated[
        int | None, typer.Option(min=1, help="Submissions at a time; all cores without.", metavar="N")
    ] = None,
    scheduler: Annotated[
        str | None,
        typer.Option(help="A running Dask scheduler, in place of processes here.", metavar="tcp://HOST:PORT"),
    ] = None,
    sandbox: Annotated[str, typer.Option(help="bubblewrap, docker or none.")] = "bubblewrap",
    trust: Annotated[
        bool,
        typer.Option("--trust-submissions", help="With --sandbox none: they may do whatever you may."),
    ] = False,
    cell_seconds: Annotated[float, typer.Option(min=0.1, help="Time limit of one cell or test.")] = 30,
    submission_seconds: Annotated[float, typer.Option(min=1, help="Time limit of a submission.")] = 120,
):
    """Autograde what is new or has changed; what is graded is not graded again.

    Every submission runs behind walls (bubblewrap; `mylib doctor` says whether it is there). Exit code 0 if all were
    graded fully, 1 if one was not, 130 after Ctrl-C. The same command goes on where the last one stopped.

    Example: `mylib grade --submitted inbox`, `mylib grade --submitted inbox --student ada --dry-run`
    """
    from mylib.classroom.course import Limits
    from mylib.classroom.grading import grade as run
    from mylib.classroom.grading import summary

    course = _course(output)
    limits = Limits(cell_seconds=cell_seconds, submission_seconds=submission_seconds)
    done = run(
        course,
        submitted or course.submitted,
        topic=topic,
        student=student,
        limits=limits,
        dry_run=dry_run,
        jobs=jobs,
        scheduler=scheduler,
        sandbox=sandbox,
        trust=trust,
    )
    _print(summary(done))
    typer.echo(done.sentence)
    raise typer.Exit(130 if done.interrupted else 1 if done.problems else 0)


@app.command()
def validate(
    topic: TOPIC = None,
    notebook: Annotated[
        Path | None, typer.Option(help="In place of exercises/<topic>/<topic>.ipynb.", metavar="FILE")
    ] = None,
):
    """Run an exercise's visible tests as grading does, and say what they say; nothing is written.

    Example: `mylib validate --topic convolution`
    """
    from mylib.classroom.validate import table
    from mylib.classroom.validate import validate as run

    if (topic is None) == (notebook is None):
        raise ValueError("validate: expected --topic NAME or --notebook FILE")
    rows = run(notebook or _course().exercises / topic / f"{topic}.ipynb")
    _print(table(rows))
    raise typer.Exit(1 if any(message for *_, message in rows) else 0)


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
    """Show points per question and per student, and write them for people, spreadsheets and Canvas or Moodle.

    report.html has the distribution of points, and how hard and how telling each question is; report.csv every
    question of every student; canvas.csv and moodle-<topic>.csv are for import, with the names that `mylib collect`
    found.

    Example: `mylib report`
    """
    from mylib.classroom.exports import write_exports
    from mylib.classroom.report import rows, tables, write_csv
    from mylib.classroom.report_page import write_page

    course = _course(output)
    found = rows(course)
    _print(*tables(found))
    typer.echo(f"{len(found)} rows in {write_csv(course, found)}")
    typer.echo(f"the class on a page in {write_page(course, found)}")
    for path in write_exports(course, found):
        typer.echo(f"for import: {path}")


@app.command()
def similar(
    submitted: Annotated[
        Path | None,
        typer.Option(help="Folder <student>/<topic>/<topic>.ipynb.", metavar="DIR", show_default=False),
    ] = None,
    topic: TOPIC = None,
    threshold: Annotated[float, typer.Option(help="Smallest share that is listed, up to 1.")] = 0.8,
    output: OUTPUT = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show the table; write no pages.")] = False,
):
    """List pairs of answers that are alike once names and layout are set aside, for a person to read: no verdict.

    Writes similar/index.html with both answers of each pair side by side. Runs nothing of the students'.

    Example: `mylib similar`, `mylib similar --topic convolution --threshold 0.9`
    """
    from mylib.classroom.similar import similar as run
    from mylib.classroom.similar import table, write_pages

    course = _course(output)
    listings, problems = run(course, submitted or course.submitted, topic, threshold)
    _print(table(listings))
    for problem in problems:
        typer.echo(problem, err=True)
    place = "no pages were written" if dry_run else f"pages in {write_pages(course, listings)}"
    typer.echo(f"{sum(len(one.pairs) for one in listings)} pairs in {len(listings)} questions; {place}")
    raise typer.Exit(1 if problems else 0)


@app.command()
def doctor(output: OUTPUT = None):
    """Say what this machine has for the course and what it lacks, with the command that gets it.

    Exit code 0 if all that is required is there, 1 otherwise. Changes nothing.

    Example: `mylib doctor`
    """
    from mylib.classroom.doctor import examine, healthy

    findings = examine(output or _course().build)
    for one in findings:
        typer.echo(one)
    raise typer.Exit(0 if healthy(findings) else 1)


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


@app.command()
def mutants(
    topic: TOPIC = None,
    question: Annotated[str | None, typer.Option(help="Only this question.", metavar="NAME")] = None,
    write: Annotated[
        bool, typer.Option("--write", help="Write solutions/README.md; all topics only.")
    ] = False,
):
    """Change the solutions' answers a little, one change at a time, and show which changes the tests notice.

    Example: `mylib mutants --topic convolution`, `mylib mutants --write`
    """
    from mylib.classroom.mutants import ENOUGH, page, table, tallies

    if write and (topic or question):
        raise ValueError("mutants: --write needs all topics; expected no --topic and no --question")
    course = _course()
    found = tallies(course, topic, question)
    _print(table(found))
    for one in found:
        for mutant in one.survivors:
            typer.echo(f"{one.topic}/{one.question} survives, in {mutant}", err=True)
        for entry in one.stale:
            typer.echo(f"{one.topic}/equivalent.toml, {one.question}: no mutant {entry} survives", err=True)
    if write:
        (course.solutions / "README.md").write_text(page(course, found), encoding="utf-8")
    raise typer.Exit(1 if any(one.percent < ENOUGH or one.stale for one in found) else 0)


@app.command()
def lectures(
    topic: TOPIC = None,
    jobs: JOBS = None,
    scale: Annotated[
        str, typer.Option(help="quick: two CPU cores; full: what one would run on a GPU.")
    ] = "quick",
    save: Annotated[bool, typer.Option("--save", help="Write the outputs back to lectures/.")] = False,
):
    """Execute the lectures with papermill, and write them as pages with an index to build/site/.

    Example: `mylib lectures`, `mylib lectures --topic backprop --save`
    """
    from mylib import syllabus
    from mylib.classroom import lectures as run
    from mylib.classroom import site

    if scale not in ("quick", "full"):
        raise ValueError(f"lectures: expected --scale quick or full, got {scale!r}")
    given = {} if scale == "quick" else {"SCALE": scale}  # quick is what the notebooks say themselves
    topics = [syllabus.topic(topic)] if topic else syllabus.topics()
    runs = run.execute(topics, jobs, **given)
    for one in runs:
        typer.echo(f"{one.topic}: {one.seconds:.0f} s{'' if not one.error else ', failed'}")
        if one.error:
            typer.echo(one.error, err=True)
        elif save:
            run.save(one)
    typer.echo(f"pages in {site.build(runs)}")
    raise typer.Exit(1 if any(one.error for one in runs) else 0)


@app.command()
def claims(
    topic: TOPIC = None,
    jobs: JOBS = None,
    seeds: Annotated[int, typer.Option(min=1, help="How many seeds, from 0.")] = 3,
):
    """Run every lecture with several seeds and collect what it claims in lectures/CLAIMS.md.

    With --topic the claims are shown and the page is left as it is.

    Example: `mylib claims --seeds 3`
    """
    from mylib import syllabus
    from mylib.classroom import lectures as run

    topics = [syllabus.topic(topic)] if topic else syllabus.topics()
    runs, rows = run.collect_claims(topics, jobs, range(seeds))
    for one in runs:
        if one.error:
            typer.echo(f"seed {one.seed}: {one.error}", err=True)
    failed = [row for row in rows if not row["holds"]]
    for row in failed:
        typer.echo(f"{row['name']} fails with seed {row['seed']}: {row['measured']}", err=True)
    page = run.claims_page(topics, rows)
    if topic:
        typer.echo(page)
    else:
        target = syllabus.ROOT / "lectures" / "CLAIMS.md"
        target.write_text(page, encoding="utf-8")
        typer.echo(f"{len(rows)} measurements of {len({row['name'] for row in rows})} claims in {target}")
    raise typer.Exit(1 if failed or any(one.error for one in runs) else 0)


@app.command()
def index(
    check: Annotated[
        bool, typer.Option("--check", help="Write nothing; fail if a file is out of date.")
    ] = False,
):
    """Write what follows from the syllabus: lectures/index.ipynb and the coverage table of README.md.

    Example: `mylib index`, `mylib index --check`
    """
    from mylib.classroom.index import generated

    stale = [
        path for path, text in generated().items() if not path.exists() or path.read_text("utf-8") != text
    ]
    for path in stale:
        if check:
            typer.echo(
                f"{path}: expected what the syllabus says, got something older; run mylib index", err=True
            )
        else:
            path.write_text(generated()[path], encoding="utf-8")
            typer.echo(f"wrote {path}")
    raise typer.Exit(1 if check and stale else 0)


def _course(output=None):
    from mylib.classroom.course import open_course

    return open_course(state["course"], output)


def _print(*tables):
    from rich.console import Console

    console = Console()
    for table in tables:
        console.print(table)
