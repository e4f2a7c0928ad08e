"""Verbs of those who teach and take it: collect, grade, validate, feedback, report, similar, doctor."""

import subprocess
from pathlib import Path
from typing import Annotated, cast

import typer

from mylib.classroom.cli.options import OUTPUT, TOPIC, app, course_of, show


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
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be done; write nothing.")] = False,
) -> None:
    """Sort the zip of a learning management system into the folders that `mylib grade` reads.

    Writes submitted/<student>/<topic>/ and students.csv, which says who is who. Exit code 1 if something in the zip
    could not be placed.

    Example: `mylib collect moodle.zip --topic convolution`, `mylib collect canvas.zip --dry-run`
    """
    from mylib.classroom.intake.collect import collect as run
    from mylib.classroom.intake.collect import summary

    course = course_of(output)
    done = run(course, archive, topic, replace, dry_run)
    if table := summary(done):
        show(table)
    for message in (*done.notes, *done.problems):
        typer.echo(message, err=True)
    place = "nothing was written" if dry_run else f"submissions in {course.submitted}"
    typer.echo(f"{done.sentence}; {place}" + (f" ({done.counts})" if done.counts else ""))
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
    sandbox: Annotated[str, typer.Option(help="bubblewrap or none.")] = "bubblewrap",
    trust: Annotated[
        bool,
        typer.Option("--trust-submissions", help="With --sandbox none: they may do whatever you may."),
    ] = False,
    cell_seconds: Annotated[float, typer.Option(min=0.1, help="Time limit of one cell or test.")] = 30,
    submission_seconds: Annotated[float, typer.Option(min=1, help="Time limit of a submission.")] = 120,
    force: Annotated[bool, typer.Option("--force", help="Grade again what is graded, too.")] = False,
) -> None:
    """Autograde what is new or has changed; what is graded is not graded again.

    Each that is graded again says what has changed. What a person has given for a text stays while the text does.

    Every submission runs behind walls (bubblewrap; `mylib doctor` says whether it is there). Exit code 0 if all were
    graded fully, 1 if one was not, 130 after Ctrl-C. The same command goes on where the last one stopped.

    Example: `mylib grade --submitted inbox`, `mylib grade --submitted inbox --student ada --dry-run`
    """
    from mylib.classroom.course.limits import Limits
    from mylib.classroom.grading.run import grade as run
    from mylib.classroom.grading.run import summary

    course = course_of(output)
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
        force=force,
    )
    show(summary(done))
    typer.echo(done.sentence)
    raise typer.Exit(130 if done.interrupted else 1 if done.problems else 0)


@app.command()
def validate(
    topic: TOPIC = None,
    notebook: Annotated[
        Path | None, typer.Option(help="In place of work/<topic>/<topic>.ipynb.", metavar="FILE")
    ] = None,
) -> None:
    """Run an exercise's visible tests as grading does, and say what they say; nothing is written.

    Example: `mylib validate --topic convolution`
    """
    from mylib.classroom.grading.validate import table
    from mylib.classroom.grading.validate import validate as run
    from mylib.classroom.publishing.start import WORK

    if bool(topic) == (notebook is not None):
        raise ValueError("validate: expected --topic NAME or --notebook FILE")
    release = None
    if topic:
        course = course_of()
        course.topics(topic)
        release = course.exercise(topic)
        mine = course.root / WORK / topic / f"{topic}.ipynb"
        notebook = mine if mine.exists() else release
    rows = run(cast(Path, notebook), release)
    show(table(rows))
    raise typer.Exit(1 if any(row.failed for row in rows) else 0)


@app.command()
def feedback(
    topic: TOPIC = None,
    student: Annotated[str | None, typer.Option(help="Only this student.", metavar="NAME")] = None,
    pack: Annotated[
        str | None,
        typer.Option(
            "--zip",
            help="moodle: also one zip a topic, for Upload multiple feedback files.",
            metavar="moodle",
        ),
    ] = None,
    output: OUTPUT = None,
) -> None:
    """Write one HTML page per graded submission: a file of its own, readable with the network off.

    Exit code 1 if a page could not be made; the others are written. What is too long for a page is left out of it,
    and it is said there and here.

    Example: `mylib feedback`, `mylib feedback --topic convolution --zip moodle`
    """
    from mylib.classroom.reports.feedback import make_feedback, write_zips

    if pack not in (None, "moodle"):
        raise ValueError(f"--zip: expected moodle, got {pack!r}")
    course = course_of(output)
    done = make_feedback(course, topic=topic, student=student)
    for path in write_zips(course, done) if pack else ():
        typer.echo(f"for Moodle: {path}")
    for message in done.messages:
        typer.echo(message, err=True)
    typer.echo(f"{len(done.pages)} pages in {course.build / 'feedback'}{done.sentence}")
    raise typer.Exit(1 if done.failed else 0)


@app.command()
def report(
    worksheet: Annotated[
        list[Path] | None,
        typer.Option(
            help="A grading worksheet that Moodle wrote, to be filled in as `moodle-<topic>.csv`; may be repeated.",
            metavar="FILE",
            show_default=False,
        ),
    ] = None,
    output: OUTPUT = None,
) -> None:
    """Show points per question and per student, and write them for people, spreadsheets and Canvas or Moodle.

    report.html has the distribution of points, and how hard and how telling each question is; report.csv every
    question of every student; canvas.csv and `moodle-<topic>.csv` are for import, with the names that `mylib collect`
    found. Points are those after nbgrader's penalty for lateness. Moodle's own worksheet is filled in where it is
    given, or lies beside report.csv as `worksheet-<topic>.csv`.

    Example: `mylib report`, `mylib report --worksheet Grades-CS101-sums.csv`
    """
    from mylib.classroom.reports.exports import write_exports
    from mylib.classroom.reports.page import write_page
    from mylib.classroom.reports.table import reasons, rows, tables, write_csv

    course = course_of(output)
    found = rows(course)
    notes: list[str] = []
    exported = write_exports(course, found, worksheet or [], notes)
    by_question, by_student = tables(found)
    show(*filter(None, (by_question, reasons(found), by_student)))
    for note in notes:
        typer.echo(note, err=True)
    typer.echo(f"{len(found)} rows in {write_csv(course, found)}")
    typer.echo(f"the class on a page in {write_page(course, found)}")
    for path in exported:
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
) -> None:
    """List pairs of answers that are alike once names and layout are set aside, for a person to read: no verdict.

    Writes similar/index.html with both answers of each pair side by side. Runs nothing of the students'.

    Example: `mylib similar`, `mylib similar --topic convolution --threshold 0.9`
    """
    from mylib.classroom.reports.similar import similar as run
    from mylib.classroom.reports.similar import table, write_pages

    course = course_of(output)
    listings, problems = run(course, submitted or course.submitted, topic, threshold)
    if shown := table(listings):
        show(shown)
    for problem in problems:
        typer.echo(problem, err=True)
    place = "no pages were written" if dry_run else f"pages in {write_pages(course, listings)}"
    typer.echo(f"{sum(len(one.pairs) for one in listings)} pairs in {len(listings)} questions; {place}")
    raise typer.Exit(1 if problems else 0)


@app.command()
def start(topic: TOPIC = None) -> None:
    """Copy exercises and lectures to work/, where you answer them; what is there already is never touched.

    Example: `mylib start`, `mylib start --topic convolution`
    """
    from mylib.classroom.publishing.start import start as run

    done = run(course_of(), topic)
    for path in done.kept:
        typer.echo(f"kept {done.folder / path}, which differs from the course's", err=True)
    typer.echo(f"{len(done.copied)} files copied to {done.folder}, {len(done.kept)} of yours kept")


@app.command(context_settings={"allow_extra_args": True, "ignore_unknown_options": True})
def lab(context: typer.Context) -> None:
    """Open JupyterLab on your copies in work/, which are made where they are missing; more options are JupyterLab's.

    Example: `mylib lab`, `mylib lab --no-browser --port 8899`
    """
    from mylib.classroom.publishing.start import lab_command
    from mylib.classroom.publishing.start import start as run

    course = course_of()
    run(course)
    command, environment = lab_command(course, context.args)
    raise typer.Exit(subprocess.run(command, cwd=course.root, env=environment).returncode)


@app.command()
def unusual(topic: TOPIC = None, output: OUTPUT = None) -> None:
    """List what the check for forbidden calls could not read in graded answers, for a person to look at: no verdict.

    Example: `mylib unusual --topic convolution`
    """
    from mylib.classroom.reports.unusual import table

    course = course_of(output)
    shown, count = table(course, topic)
    if count:
        show(shown)
    typer.echo(f"{count} places that no program could read; none cost a point")


@app.command()
def doctor(output: OUTPUT = None) -> None:
    """Say what this machine has for the course and what it lacks, with the command that gets it.

    Exit code 0 if all that is required is there, 1 otherwise. Changes nothing.

    Example: `mylib doctor`
    """
    from mylib.classroom.cli.doctor import examine, healthy

    findings = examine(output or course_of().build)
    for one in findings:
        typer.echo(one)
    raise typer.Exit(0 if healthy(findings) else 1)


@app.command("example-class")
def example_class(
    output: Annotated[
        Path | None, typer.Option(help="Folder; build/classroom/submitted without.", metavar="DIR")
    ] = None,
) -> None:
    """Write a small class to try the course with: full, partly wrong, blank and broken submissions.

    Example: `mylib example-class && mylib grade && mylib report`
    """
    from mylib.classroom.authoring.example_class import STUDENTS
    from mylib.classroom.authoring.example_class import example_class as write

    typer.echo(f"{', '.join(STUDENTS)} in {write(course_of(), output)}")
