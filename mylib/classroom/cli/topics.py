"""Verbs for the topics themselves: where their rooms are, new ones, and ones that move."""

from typing import TYPE_CHECKING, Annotated

import typer

from mylib.classroom.cli.options import app, course_of, own_course

if TYPE_CHECKING:
    from mylib.classroom.authoring.topics import Plan

AFTER = Annotated[
    str | None,
    typer.Option("--after", help="Topic of the part that it follows; the last without.", metavar="NAME"),
]
# What the course's own tests say of each topic.
GATES = ("tests/test_syllabus.py", "tests/check/test_bank_is_not_refused.py", "tests/classroom/authoring")
DRY_RUN = Annotated[bool, typer.Option("--dry-run", help="Say what would change; change nothing.")]
PLACE = Annotated[str, typer.Argument(help="Part and name of the topic.", metavar="PART/NAME")]


@app.command()
def rooms(
    topic: Annotated[str, typer.Argument(help="Name of the topic.", metavar="NAME")],
    tests: Annotated[
        bool, typer.Option("--tests", help="What pytest runs for this topic instead, with --topic NAME.")
    ] = False,
) -> None:
    """Print the paths of a topic's rooms.

    Example: `mylib rooms convolution`
    """
    from mylib import syllabus

    own_course()
    one = syllabus.topic(topic)
    for path in (one.tests, one.package, one.lecture, *GATES) if tests else (one.package, *one.rooms):
        typer.echo(path)


@app.command()
def new_topic(
    place: PLACE,
    title: Annotated[str, typer.Option(help="Title of the lecture.", metavar="TEXT")],
    after: AFTER = None,
    dry_run: DRY_RUN = False,
) -> None:
    """Make all rooms of a topic, with placeholders that the tests refuse until they are written.

    Example: `mylib new-topic training/losses --title "Losses" --after initialisation`
    """
    from mylib import syllabus
    from mylib.classroom.authoring.topics import new_topic as plan

    own_course()
    part, name = _part_and_name(place)
    _carry_out(plan(syllabus.ROOT, part, name, title, after), [name], dry_run)


@app.command()
def move_topic(place: PLACE, after: AFTER = None, dry_run: DRY_RUN = False) -> None:
    """Move a topic to another part or place; its rooms, links, imports and the numbers after it follow.

    Example: `mylib move-topic training/hypersphere --after losses --dry-run`
    """
    from mylib import syllabus
    from mylib.classroom.authoring.topics import move_topic as plan

    own_course()
    part, name = _part_and_name(place)
    _carry_out(plan(syllabus.ROOT, name, part, after), [], dry_run)


def _part_and_name(place: str) -> tuple[str, str]:
    part, slash, name = place.partition("/")
    if not slash or not part or not name:
        raise ValueError(f"expected a part and a name as in vision/convolution, got {place!r}")
    return part, name


def _carry_out(plan: "Plan", released: list[str], dry_run: bool) -> None:
    """Show a plan, carry it out, and renew what is generated from the rooms."""
    from mylib import syllabus
    from mylib.classroom.authoring.release import release
    from mylib.classroom.publishing.index import generated

    for line in plan.lines():
        typer.echo(line)
    if dry_run:
        typer.echo("nothing was changed")
        return
    plan.carry_out()
    syllabus.topics.cache_clear()
    for name in released:
        typer.echo(f"released {release(course_of(), name)}")
    for path, text in generated().items():
        path.write_text(text, encoding="utf-8")
    typer.echo("now: mylib release --check, make check")
