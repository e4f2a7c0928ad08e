"""What the verbs of the command line share: the application, common options, one-line errors."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperGroup

if TYPE_CHECKING:
    from mylib.classroom.course.folders import Course

TOPIC = Annotated[str | None, typer.Option("--topic", help="Only this topic.", metavar="NAME")]
OUTPUT = Annotated[Path | None, typer.Option("--output", help="Folder in place of build/classroom.", metavar="DIR")]

JOBS = Annotated[int | None, typer.Option(min=1, help="Lectures at a time; all cores without.", metavar="N")]


class Verbs(TyperGroup):
    """Says a user's mistake in one line; exit code 2. With --debug the traceback follows."""

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """Find the verb; an option that is given twice is a mistake: one of its values would be lost."""
        name, command, rest = super().resolve_command(ctx, args)
        for option in command.params if command else ():
            flags = getattr(option, "is_flag", True) or getattr(option, "multiple", True)
            times = sum(arg == one or arg.startswith(f"{one}=") for arg in rest for one in option.opts)
            if times > 1 and not flags:
                ctx.fail(f"{option.opts[0]} stands {times} times; give it once")
        return name, command, rest

    def invoke(self, ctx: Any) -> Any:
        """Run the verb."""
        try:
            return super().invoke(ctx)
        except (typer.Exit, typer.Abort):
            raise
        except ModuleNotFoundError as error:
            if ctx.params.get("debug") or str(error.name).split(".")[0] == "mylib":
                raise
            typer.echo(
                f"mylib: expected the package {error.name}, found none: "
                "pip install 'every-method-twice[classroom]' (for a GPU, PyTorch's own page says how)",
                err=True,
            )
            raise typer.Exit(2) from error
        except (ValueError, TypeError, OSError, RuntimeError) as error:
            if ctx.params.get("debug"):
                raise
            typer.echo(f"mylib: {error}", err=True)
            raise typer.Exit(2) from error


app = typer.Typer(
    cls=Verbs,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,  # Markdown would take <student>/<topic> for a tag and drop it
    add_completion=False,
)
state: dict[str, Path | None] = {"course": None}


def _version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        typer.echo(f"mylib {version('every-method-twice')}")
        raise typer.Exit(0)


@app.callback()
def main(
    course: Annotated[
        Path | None, typer.Option(help="A folder of the course; the current one without.", metavar="DIR")
    ] = None,
    debug: Annotated[bool, typer.Option("--debug", help="Show tracebacks.")] = False,
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Say which version this is.")
    ] = False,
) -> None:
    """Run the lectures, release exercises, grade submissions, give feedback and report."""
    state["course"] = course


def course_of(output: Path | None = None) -> "Course":
    """The course that --course names, or the one around the current folder.

    Args:    output: folder in place of build/classroom.
    """
    from mylib.classroom.course.folders import open_course

    return open_course(state["course"], output)


def own_course() -> None:
    """Refuse a --course that is not the one this package lies in: lectures and syllabus belong together."""
    from mylib import syllabus

    if not (syllabus.ROOT / "lectures").is_dir():
        raise ValueError(f"not a course folder: expected lectures/ in {syllabus.ROOT}, found none; use a checkout")
    if state["course"] is not None and course_of().root != syllabus.ROOT:
        raise ValueError(f"--course: expected {syllabus.ROOT}, whose syllabus this mylib has, got {state['course']}")


def show(*tables: Any) -> None:
    """Print rich tables."""
    from rich.console import Console

    console = Console(markup=False, emoji=False, highlight=False)  # a student's text is never markup
    for table in tables:
        console.print(table)
