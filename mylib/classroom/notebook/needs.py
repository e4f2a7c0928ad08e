"""The cell with which every lecture and exercise begins: what is missing here, and how to get it."""

from typing import Any

NAME = "needs"  # of the cell; in exercises its grade id too
SOURCE = """\
from importlib.util import find_spec

missing = [name for name in ("mylib", "torch") if find_spec(name) is None]
if missing:
    raise SystemExit(
        f"This notebook needs {' and '.join(missing)}, which this Python does not have. In a copy of the course run "
        'make setup, elsewhere %pip install "every-method-twice[torch,lab]"; then restart the kernel.'
    )"""


def said(notebook: Any) -> bool:
    """Whether a notebook has the cell, before every other that imports something.

    Args:    notebook: nbformat notebook.
    """
    importing = [cell for cell in notebook.cells if cell.cell_type == "code" and "import " in cell.source]
    return bool(importing) and (importing[0].id, importing[0].source) == (NAME, SOURCE)
