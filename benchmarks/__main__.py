"""The command line: `python -m benchmarks [--quick] [ROW ...]`."""

import os

# One thread each, and the BLAS kernel of this processor: some machines pin an older one for all processes.
for _variable in ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE"):
    os.environ.pop(_variable, None)
for _variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[_variable] = "1"

from typing import Annotated  # noqa: E402

import typer  # noqa: E402
from rich.console import Console  # noqa: E402
from rich.table import Table  # noqa: E402
from tqdm import tqdm  # noqa: E402

from benchmarks import (  # noqa: E402
    few_labels_pairs,
    grading,
    memory,
    representation_clapp,
    rows,
    timing,
    training_deu,
    trust_neural_sde,
    trust_tent,
)


def main(
    only: Annotated[list[str] | None, typer.Argument(help="Rows whose name contains one of these words.")] = None,
    quick: Annotated[bool, typer.Option("--quick", help="Few repetitions and a short epoch: a smoke test.")] = False,
    seconds: Annotated[float, typer.Option(help="How long each row may take.")] = 4.0,
) -> None:
    """Time the engine beside single-threaded torch and HIPS autograd, A and B in turn, and print ratios.

    Ratios are engine / peer: below 1 the engine is faster. "best" divides the two fastest runs; "median" is the middle
    of the ratios of neighbouring runs.
    """
    console = Console(width=150)
    console.print(timing.machine())
    chosen = [r for r in rows.rows(quick) if not only or any(word in r.name for word in only)]
    table = Table("row", "engine", "peer", "best", "median", "peer is", title="engine / peer, one thread each")
    for row in tqdm(chosen, desc="timing", leave=False):
        result = timing.compare(row.ours, row.peers, 0.3 if quick else seconds)
        unit, scale = ("us", 1e6 / row.per) if result.ours / row.per < 1e-3 else ("ms", 1e3 / row.per)
        table.add_row(
            row.name,
            f"{result.ours * scale:.2f} {unit}",
            f"{result.peer * scale * row.peer_scale:.2f} {unit}",
            f"{result.best / row.peer_scale:.2f}",
            f"{result.median / row.peer_scale:.2f}",
            f"{result.peer_name}{row.note}",
        )
    console.print(table)
    if not only or "memory" in only:
        console.print(memory.report(quick))
        console.print(training_deu.memory_report())
        console.print(representation_clapp.memory_report())
        console.print(few_labels_pairs.memory_report())
        console.print(trust_neural_sde.memory_report())
        console.print(trust_tent.memory_report())
    if not only or "grading" in only:
        console.print(grading.report(quick))
    if not only or "floor" in only:
        console.print(timing.floor_report(quick))


if __name__ == "__main__":
    typer.run(main)
