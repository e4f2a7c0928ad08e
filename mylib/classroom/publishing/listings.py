"""The code that committed lectures show, kept as the library runs it: renewed without executing a lecture."""

import ast
from collections.abc import Iterator
from typing import Any

from mylib import plots

SHOW = "plots.source"


def renew(notebook: Any) -> int:
    """Write the library's code of today into the outputs of the cells that show it.

    Args:    notebook: executed; its outputs are changed.
    Returns: how many outputs changed.
    Raises:  ValueError: a cell shows its code in a loop, or by names that no import of the notebook gives.
    """
    names: dict[str, Any] = {}
    changed = 0
    for cell in notebook.cells:
        if cell.cell_type != "code" or cell.source.startswith("%%"):
            continue
        tree = ast.parse(cell.source)
        for statement in tree.body:
            if isinstance(statement, ast.Import | ast.ImportFrom):
                exec(compile(ast.Module([statement], []), "<imports>", "exec"), names)
        calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call) and ast.unparse(node.func) == SHOW]
        for call, output in _pairs(cell, calls):
            text = _listing(call, names)
            changed += output["data"]["text/markdown"] != text
            output["data"]["text/markdown"] = text
    return changed


def _pairs(cell: Any, calls: list[ast.Call]) -> Iterator[tuple[ast.Call, Any]]:
    """Each call, and the output that it made."""
    if not calls or not cell.outputs:
        return iter(())  # it shows no code, or was never executed
    shown = [one for one in cell.outputs if "```python" in one.get("data", {}).get("text/markdown", "")]
    if len(shown) != len(calls):
        raise ValueError(f"cell {cell.id}: expected one output for each {SHOW}, got {len(shown)} for {len(calls)}")
    return zip(calls, shown, strict=True)


def _listing(call: ast.Call, names: dict[str, Any]) -> str:
    call.func = ast.parse("plots.listing", mode="eval").body
    code = compile(ast.fix_missing_locations(ast.Expression(call)), "<listing>", "eval")
    try:
        text: str = eval(code, names | {"plots": plots})
    except NameError as error:
        raise ValueError(f"{ast.unparse(call)}: expected imported names, got {error.name!r}") from error
    return text
