"""Execute lectures with papermill, in parallel, one thread each; keep what they show and collect what they claim."""

import contextlib
import json
import math
import os
import tempfile
from collections.abc import Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbformat
from tqdm import tqdm

from mylib import syllabus
from mylib.classroom.course.limits import LECTURE_SECONDS, ONE_THREAD
from mylib.classroom.course.nbgrader import private_sockets
from mylib.classroom.notebook.text import screen

FOLDED = {"drawing", "needs"}  # tags of cells whose code is not what people came for
CELL_SECONDS = 1800  # a cell that takes longer, even at full scale on a slow machine, never ends
KEPT = ("tags", "slideshow")  # of a cell's metadata
EXECUTED = syllabus.ROOT / "build" / "lectures"


@dataclass(frozen=True)
class Run:
    """One execution of one lecture: where its notebook is, what it took, and what went wrong, if anything.

    seconds: by the clock.
    cpu_seconds: of processors; nan where that is not known.
    """

    topic: str
    seed: int | None
    notebook: Path
    seconds: float
    error: str = ""
    cpu_seconds: float = math.nan

    @property
    def cost(self) -> str:
        """What it took, in words; a lecture should stay within `LECTURE_SECONDS` of a processor."""
        over = f", over its budget of {LECTURE_SECONDS}" if self.cpu_seconds > LECTURE_SECONDS else ""
        return f"{self.seconds:.0f} s, {self.cpu_seconds:.0f} CPU seconds{over}"


def execute(
    topics: Sequence[syllabus.Topic],
    jobs: int | None = None,
    output: str | Path = EXECUTED,
    seeds: Iterable[int | None] = (None,),
    claims_file: str | Path | None = None,
    **parameters: Any,
) -> list[Run]:
    """Execute every lecture of the topics for every seed; a failing one does not stop the others.

    Args:    topics: of the syllabus.
             jobs: lectures at a time; the number of cores without.
             output: folder for the executed notebooks.
             seeds: values of SEED; None keeps the lecture's own.
             claims_file: collects the claims there instead of raising at one that does not hold.
             parameters: other values for the cell tagged "parameters".
    Returns: list of `Run`, in the order of the topics.
    """
    with tempfile.TemporaryDirectory() as scratch, ProcessPoolExecutor(jobs or os.cpu_count()) as pool:
        pending = {}
        for topic in topics:
            for seed in seeds:
                given = parameters | ({} if seed is None else {"SEED": seed})
                collected = Path(scratch) / f"{topic.name}-{seed}.jsonl" if claims_file else None
                job = pool.submit(_execute_one, topic, seed, Path(output), given, collected)
                pending[job] = seed, collected
        runs = []
        with tqdm(total=len(pending), unit="lecture", desc="lectures", disable=None) as bar:
            try:
                for job in as_completed(pending):
                    runs.append(job.result())
                    bar.set_postfix_str(f"{runs[-1].topic} {runs[-1].seconds:.0f} s", refresh=False)
                    bar.update()
            except KeyboardInterrupt:  # a lecture that runs would be waited for, minutes
                _end(pool)
                raise
        if claims_file:
            with open(claims_file, "w", encoding="utf-8") as merged:
                for seed, path in pending.values():
                    assert path is not None
                    lines = path.read_text().splitlines() if path.exists() else []
                    merged.writelines(json.dumps(json.loads(line) | {"seed": seed or 0}) + "\n" for line in lines)
    order = [topic.name for topic in topics]
    return sorted(runs, key=lambda run: (order.index(run.topic), run.seed or 0))


def _end(pool: ProcessPoolExecutor) -> None:
    """End the processes of a pool, and the kernels that they have started."""
    import psutil

    pool.shutdown(wait=False, cancel_futures=True)
    for process in psutil.Process().children(recursive=True):
        with contextlib.suppress(psutil.Error):
            process.kill()


def collect_claims(
    topics: Sequence[syllabus.Topic], jobs: int | None, seeds: Iterable[int]
) -> tuple[list[Run], list[dict[str, Any]]]:
    """Execute the lectures once for each seed, and gather the claims that they record.

    Returns: list of `Run`, and list of rows as `claims.record` wrote them, each with its seed.
    """
    with tempfile.TemporaryDirectory() as folder:
        collected = Path(folder) / "claims.jsonl"
        runs = execute(topics, jobs, output=Path(folder), seeds=seeds, claims_file=collected)
        return runs, [json.loads(line) for line in collected.read_text().splitlines()]


def last_runs(topics: Sequence[syllabus.Topic], output: Path | None = None) -> list[Run]:
    """What an earlier `execute` has left of these topics; those that never ran are left out.

    Args:    topics: of the syllabus.
             output: the folder that it wrote to.
    """
    runs = []
    for topic in topics:
        path = (output or EXECUTED) / topic.lecture.name
        if path.exists():
            notebook = nbformat.read(path, as_version=4)
            failed = [
                f"{topic.lecture}, cell {number}: {out.ename}: {out.evalue}"
                for number, cell in enumerate(own_cells(notebook))
                for out in cell.get("outputs", ())
                if out.output_type == "error"
            ]
            seconds = notebook.metadata.get("papermill", {}).get("duration") or 0.0
            runs.append(Run(topic.name, None, path, seconds, failed[0] if failed else ""))
    return runs


def own_cells(notebook: Any) -> list[Any]:
    """The cells of an executed notebook without those that papermill adds where one fails."""
    return [cell for cell in notebook.cells if "papermill-error-cell-tag" not in cell.metadata.get("tags", ())]


def save(run: Run) -> None:
    """Write an executed lecture back to its place in lectures/, without what changes from run to run."""
    notebook = nbformat.read(run.notebook, as_version=4)
    target = syllabus.ROOT / syllabus.topic(run.topic).lecture
    target.parent.mkdir(parents=True, exist_ok=True)
    nbformat.write(tidy(notebook), target)


def tidy(notebook: Any) -> Any:
    """Remove times, versions and finished progress bars, so that running again changes only what it shows.

    Tags stay, and an instructor's marks for slides.

    Args:    notebook: an executed notebook; changed in place.
    Returns: the notebook.
    """
    notebook.metadata = {
        "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
        "language_info": {"name": "python"},
    }
    for cell in notebook.cells:
        cell.metadata = {key: cell.metadata[key] for key in KEPT if cell.metadata.get(key)}
        if FOLDED & set(cell.metadata.get("tags", ())):
            cell.metadata["jupyter"] = {"source_hidden": True}  # JupyterLab folds it; a click unfolds
        if cell.cell_type == "code":
            _drop_finished_progress_bars(cell)
            _join_streams(cell)
    return notebook


def _execute_one(
    topic: syllabus.Topic,
    seed: int | None,
    output: Path,
    parameters: dict[str, Any],
    claims_file: Path | None,
) -> Run:
    import time

    import papermill

    os.environ.update(ONE_THREAD, MYLIB_STATIC="1")
    if claims_file:
        os.environ["MYLIB_CLAIMS"] = str(claims_file)
    target = output / (topic.lecture.name if seed is None else f"{topic.lecture.stem}-seed{seed}.ipynb")
    target.parent.mkdir(parents=True, exist_ok=True)
    target.unlink(missing_ok=True)  # what an earlier run left is not what this one shows
    start, cpu, error = time.perf_counter(), _cpu_of_children(), ""
    try:
        with tempfile.TemporaryDirectory() as sockets:
            papermill.execute_notebook(
                syllabus.ROOT / topic.lecture,
                target,
                parameters=parameters,
                kernel_name="python3",
                progress_bar=False,
                execution_timeout=CELL_SECONDS,
                cwd=syllabus.ROOT,
                config=private_sockets(sockets),
            )
    except papermill.PapermillExecutionError as failure:
        error = f"{topic.lecture}, cell {failure.cell_index}: {failure.ename}: {failure.evalue}"
    except Exception as failure:
        error = f"{topic.lecture}: {type(failure).__name__}: {failure}"
    return Run(topic.name, seed, target, time.perf_counter() - start, error, _cpu_of_children() - cpu)


def _cpu_of_children() -> float:
    """CPU seconds of the kernels that this process has started and that have ended."""
    times = os.times()
    return times.children_user + times.children_system


def _drop_finished_progress_bars(cell: Any) -> None:
    # A bar that is done overwrites itself with blanks. Its pieces may stand in several outputs, between the prints of
    # the same cell.
    bars = [output for output in cell.outputs if output.output_type == "stream" and output.name == "stderr"]
    text = "".join(output.text for output in bars)
    if "\r" not in text:
        return
    left = [line.rstrip() for line in screen(text) if line.strip()]
    if left:
        bars.pop(0).text = "\n".join(left) + "\n"
    cell.outputs = [output for output in cell.outputs if not any(output is bar for bar in bars)]


def _join_streams(cell: Any) -> None:
    # Where the kernel cut a stream into pieces depends on the machine's speed.
    joined: list[Any] = []
    for output in cell.outputs:
        last: Any = joined[-1] if joined else None
        streams = last is not None and output.output_type == last.output_type == "stream"
        if streams and output.name == last.name:
            last.text += output.text
        else:
            joined.append(output)
    cell.outputs = joined
