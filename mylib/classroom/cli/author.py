"""Verbs of those who write the course: release, answers, mutants, lectures, claims, index, site, slides, pdf."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from mylib.classroom.cli.options import JOBS, TOPIC, app, course_of, own_course, show

COURSE = ("lectures", "release", "example-class", "grade --submitted build/classroom/submitted", "feedback", "report")
STRANGE = "grade"  # the example class holds submissions that nobody can grade fully


@app.command()
def release(
    topic: TOPIC = None,
    check: Annotated[
        bool, typer.Option("--check", help="Write nothing; fail if exercises/ is not what would be released.")
    ] = False,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Also what somebody has changed there; a copy is kept.")
    ] = False,
) -> None:
    """Generate exercises/ from solutions/, without answers and hidden tests.

    Example: `mylib release --topic convolution`, `mylib release --check`
    """
    from mylib.classroom.authoring.bank import lost_by_solution
    from mylib.classroom.authoring.release import difference, orphans
    from mylib.classroom.authoring.release import release as write
    from mylib.classroom.sandbox.sides import SIDES

    course = course_of()
    failed = orphans(course) if topic is None else []
    for name in course.topics(topic):
        changed = difference(course, name)
        if check:
            failed += [changed] if changed else []
        elif changed and (lost := lost_by_solution(course, SIDES, name)):
            failed.append(f"{name}: the solution itself loses points, so every right answer would: {lost}")
        else:
            typer.echo(f"released {write(course, name, overwrite=overwrite)}")
    for message in failed:
        typer.echo(message, err=True)
    raise typer.Exit(1 if failed else 0)


@app.command()
def answers(
    topic: TOPIC = None,
    hints: Annotated[
        bool, typer.Option("--hints", help="Instead, take hidden checks out one by one: which are needed?")
    ] = False,
) -> None:
    """Run the bank of right and wrong answers, and show what each scores and what its author would read.

    With --hints: the hidden checks that no wrong answer fails on alone.

    Example: `mylib answers --topic convolution`, `mylib answers --topic convolution --hints`
    """
    from mylib.classroom.authoring import proofs
    from mylib.classroom.authoring.bank import table, verdicts
    from mylib.classroom.sandbox.sides import SIDES

    if hints:
        proved = proofs.all_proofs(course_of(), SIDES, topic)
        missing = [one for one in proved if not one.alone]
        show(proofs.table(proved))
        typer.echo(f"{len(proved)} hints of hidden checks, {len(missing)} without an answer that fails on it alone")
        raise typer.Exit(1 if missing else 0)
    found = verdicts(course_of(), SIDES, topic)
    show(table(found))
    surprises = [one for one in found if one.complaint]
    for one in surprises:
        typer.echo(f"{one.answer.name}\n{one.complaint}", err=True)
    typer.echo(f"{len(found)} answers, {len(surprises)} not as expected")
    raise typer.Exit(1 if surprises else 0)


@app.command()
def mutants(
    topic: TOPIC = None,
    question: Annotated[str | None, typer.Option(help="Only this question.", metavar="NAME")] = None,
    write: Annotated[bool, typer.Option("--write", help="Write what was found into solutions/README.md.")] = False,
) -> None:
    """Change the solutions' answers a little, one change at a time, and show which changes the tests notice.

    Example: `mylib mutants --question q3-layer`, `mylib mutants --topic convolution --write`
    """
    from mylib.classroom.authoring.mutants import ENOUGH, page, table, tallies
    from mylib.classroom.sandbox.sides import SIDES

    if write and question:
        raise ValueError("mutants: --write needs all questions of a topic; expected no --question")
    course = course_of()
    found = tallies(course, SIDES, topic, question)
    show(table(found))
    for one in found:
        for mutant in one.survivors:
            typer.echo(f"{one.topic}/{one.question} survives, in {mutant}", err=True)
        for entry in one.stale:
            typer.echo(f"{one.topic}/equivalent.toml, {one.question}: no mutant {entry} survives", err=True)
    if write:
        target = course.solutions / "README.md"
        before = target.read_text(encoding="utf-8") if target.exists() else ""
        target.write_text(page(course, found, before), encoding="utf-8")
    raise typer.Exit(1 if any(one.percent < ENOUGH or one.stale for one in found) else 0)


@app.command()
def lectures(
    topic: TOPIC = None,
    jobs: JOBS = None,
    scale: Annotated[str, typer.Option(help="quick: two CPU cores; full: what one would run on a GPU.")] = "quick",
    save: Annotated[bool, typer.Option("--save", help="Write the outputs back to lectures/.")] = False,
    listings: Annotated[
        bool, typer.Option("--listings", help="Execute nothing; renew only the code that lectures/ shows.")
    ] = False,
) -> None:
    """Execute the lectures with papermill, and publish what they show in build/site/.

    Example: `mylib lectures`, `mylib lectures --topic backprop --save`, `mylib lectures --listings`
    """
    from mylib import syllabus
    from mylib.classroom.publishing import execute as run
    from mylib.classroom.publishing import site

    if scale not in ("quick", "full"):
        raise ValueError(f"lectures: expected --scale quick or full, got {scale!r}")
    own_course()
    # quick is what the notebooks say themselves
    given: dict[str, Any] = {} if scale == "quick" else {"SCALE": scale}
    topics = [syllabus.topic(topic)] if topic else syllabus.topics()
    if listings:
        return _renew_listings(topics)
    runs = run.execute(topics, jobs, **given)
    for one in runs:
        typer.echo(f"{one.topic}: {one.cost}{'' if not one.error else ', failed'}")
        if one.error:
            typer.echo(one.error, err=True)
        elif save:
            run.save(one)
    typer.echo(f"pages in {site.build(topics, runs)}")
    raise typer.Exit(1 if any(one.error for one in runs) else 0)


@app.command("course")
def whole_course(
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say the steps, and do none.")] = False,
) -> None:
    """The main job: run and publish the lectures, release the exercises, grade an example class, report.

    A table at its end says what each step took. A lecture that fails does not stop the steps after it.

    Example: `mylib course`
    """
    import os
    import subprocess
    import sys
    import time

    from rich.table import Table

    from mylib import syllabus

    own_course()
    taken = Table("step", "seconds", "CPU seconds", "exit code", title="What each step took")
    failed = 0
    for step in COURSE:
        typer.echo(f"mylib {step}")
        if dry_run:
            continue
        start, before = time.perf_counter(), os.times()
        code = subprocess.run(
            [sys.executable, "-m", "mylib.classroom.cli", *step.split()], cwd=syllabus.ROOT
        ).returncode
        after = os.times()
        cpu = after.children_user + after.children_system - before.children_user - before.children_system
        taken.add_row(step.split()[0], f"{time.perf_counter() - start:.0f}", f"{cpu:.0f}", str(code))
        failed = failed or (code if step.split()[0] != STRANGE else code > 1)
        if code not in (0, 1):  # 1: something in it failed, and it said what
            break
    if not dry_run:
        show(taken)
    raise typer.Exit(failed)


@app.command()
def site(
    topic: TOPIC = None,
    executed: Annotated[
        bool, typer.Option("--executed", help="Show the last run of `mylib lectures`, where there is one.")
    ] = False,
    output: Annotated[Path | None, typer.Option(help="Folder in place of build/site.", metavar="DIR")] = None,
) -> None:
    """Write the course as a site that works from disk, without executing anything.

    Example: `mylib site`, `mylib site --topic backprop`, `mylib site --executed --output public`
    """
    from mylib import syllabus
    from mylib.classroom.publishing import execute as run
    from mylib.classroom.publishing import site as pages

    own_course()
    topics = [syllabus.topic(topic)] if topic else syllabus.topics()
    runs = run.last_runs(topics) if executed else []
    if executed and not runs:
        raise ValueError(f"site: expected executed lectures in {run.EXECUTED}, got none; run mylib lectures")
    typer.echo(f"pages in {pages.build(topics, runs, output or pages.SITE)}")


@app.command()
def slides(
    topic: TOPIC = None,
    output: Annotated[Path | None, typer.Option(help="Folder in place of build/slides.", metavar="DIR")] = None,
) -> None:
    """Write lectures as slides that work from disk: reveal.js, with what is said as notes (key S).

    Example: `mylib slides --topic convolution`, `mylib slides --output talks`
    """
    from mylib import syllabus
    from mylib.classroom.publishing import slides as decks

    own_course()
    topics = [syllabus.topic(topic)] if topic else syllabus.topics()
    for path in decks.build(topics, output or decks.SLIDES):
        typer.echo(f"slides in {path}")


@app.command()
def pdf(
    topic: TOPIC = None,
    output: Annotated[Path | None, typer.Option(help="Folder in place of build/pdf.", metavar="DIR")] = None,
) -> None:
    """Print lectures as PDF: their pages of the site, by a Chromium that is installed.

    Example: `mylib pdf --topic convolution`, `mylib pdf --output handouts`
    """
    from mylib import syllabus
    from mylib.classroom.publishing import pdf as printer

    own_course()
    topics = [syllabus.topic(topic)] if topic else syllabus.topics()
    for path in printer.build(topics, output or printer.PDF):
        typer.echo(f"printed {path}")


def _renew_listings(topics: Sequence[Any]) -> None:
    import nbformat

    from mylib import syllabus
    from mylib.classroom.publishing.listings import renew

    for topic in topics:
        path = syllabus.ROOT / topic.lecture
        notebook = nbformat.read(path, as_version=4)
        changed = renew(notebook)
        if changed:
            nbformat.write(notebook, path)
        typer.echo(f"{topic.name}: {changed} renewed")


@app.command()
def claims(
    topic: TOPIC = None,
    jobs: JOBS = None,
    seeds: Annotated[int, typer.Option(min=1, help="How many seeds, from 0.")] = 3,
) -> None:
    """Run every lecture with several seeds, keep what it measures in claims.json, and write lectures/CLAIMS.md.

    A claim that is not reproduced is a result and no error; a lecture that fails is one.

    Example: `mylib claims --seeds 3`, `mylib claims --topic convolution`
    """
    from mylib import claims as judge
    from mylib import syllabus
    from mylib.classroom.publishing import claims as page
    from mylib.classroom.publishing import execute as run

    own_course()
    topics = [syllabus.topic(topic)] if topic else syllabus.topics()
    runs, rows = run.collect_claims(topics, jobs, range(seeds))
    failed = {one.topic for one in runs if one.error}
    for one in runs:
        if one.error:
            typer.echo(f"seed {one.seed}: {one.error}", err=True)
    for written in (one for one in topics if one.name not in failed):
        page.keep(written, rows)
        for name, measured in judge.recorded(written).items():
            typer.echo(f"{name}: {judge.standing(measured)}, {judge.passed(measured)}")
    for name in sorted(failed):
        typer.echo(f"{name}: kept as it was, since a run failed", err=True)
    (syllabus.ROOT / "lectures" / "CLAIMS.md").write_text(page.page(), encoding="utf-8")
    raise typer.Exit(1 if failed else 0)


@app.command()
def index(
    check: Annotated[bool, typer.Option("--check", help="Write nothing; fail if a file is out of date.")] = False,
) -> None:
    """Write what follows from the topics' files: lectures/index.ipynb, lectures/CLAIMS.md and the table of README.md.

    Example: `mylib index`, `mylib index --check`
    """
    from mylib.classroom.publishing.index import generated

    own_course()
    stale = [path for path, text in generated().items() if not path.exists() or path.read_text("utf-8") != text]
    for path in stale:
        if check:
            typer.echo(f"{path}: expected what the syllabus says, got something older; run mylib index", err=True)
        else:
            path.write_text(generated()[path], encoding="utf-8")
            typer.echo(f"wrote {path}")
    raise typer.Exit(1 if check and stale else 0)
