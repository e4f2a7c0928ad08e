"""What one submission and one lecture may use, and how many threads a process has."""

from dataclasses import dataclass

# Contended OpenMP threads turn one second of a kernel into three and a half.
ONE_THREAD = {name: "1" for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")}
LECTURE_SECONDS = 45  # of one processor, at quick scale


@dataclass(frozen=True)
class Limits:
    """What one submission may use.

    cell_seconds: wall clock of one cell, or of one part of a test.
    submission_seconds: wall clock of everything.
    notebook_bytes: of the submitted file, and of the files beside it together.
    address_bytes: address space of one process; PyTorch alone takes 0.7 GB.
    resident_bytes: memory of all processes.
    processes: at a time.
    file_bytes, folder_bytes: of one file, and of all that is written.
    output_bytes: that one cell shows.
    iopub_seconds: for outputs to arrive; 4, the usual, discards sound submissions on a loaded machine.
    """

    cell_seconds: float = 30
    submission_seconds: float = 120
    notebook_bytes: int = 20_000_000
    address_bytes: int = 3_000_000_000
    resident_bytes: int = 2_000_000_000
    processes: int = 64
    file_bytes: int = 64_000_000
    folder_bytes: int = 128_000_000
    output_bytes: int = 1_000_000
    iopub_seconds: float = 30
