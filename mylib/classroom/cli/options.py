"""What the verbs of the command line share: the application, common options, one-line errors."""

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


def course_of(output=None):
    """The course that --course names, or the one around the current folder.

    Args:    output: folder in place of build/classroom.
    """
    from mylib.classroom.course.folders import open_course

    return open_course(state["course"], output)


def show(*tables):
    """Print rich tables."""
    from rich.console import Console

    console = Console()
    for table in tables:
        console.print(table)
