"""What a student reads of a hidden test that failed: the words that the instructor wrote beside it, and no value."""

import ast
import re
from collections.abc import Iterator

HIDDEN = "### BEGIN HIDDEN TESTS"
FILLED = "\0"  # stands for what an f-string would fill in: it could tell a hidden value


def hidden_line(source: str) -> int:
    """Number of the line that begins the hidden part of a test cell; beyond the last where there is none."""
    lines = source.splitlines()
    return next((i + 1 for i, line in enumerate(lines) if line.strip() == HIDDEN), len(lines) + 1)


def hints(tree: ast.AST) -> Iterator[tuple[ast.stmt | ast.expr, ast.expr]]:
    """Checks that have a hint: asserts and raised errors with a message, calls with `hint=` or a text at their end.

    Args:    tree: of a test cell.
    Returns: (the check, the expression of its hint), one after the other.
    """
    for node in ast.walk(tree):
        if isinstance(node, ast.Assert) and node.msg is not None:
            yield node, node.msg
        elif isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call) and node.exc.args:
            yield node, node.exc.args[0]
        elif isinstance(node, ast.Call):
            named = [keyword.value for keyword in node.keywords if keyword.arg == "hint"]
            last = [one for one in node.args[-1:] if ast.unparse(node.func).startswith("check.") and _is_text(one)]
            yield from ((node, hint) for hint in named or last)


def _is_text(node: ast.expr) -> bool:
    return isinstance(node, ast.JoinedStr) or (isinstance(node, ast.Constant) and isinstance(node.value, str))


def hint_at(tree: ast.AST, line: int) -> str:
    """The words of the smallest check with a hint that a line belongs to; "" if there is none.

    Args:    tree: of a test cell.
             line: where an error came up.
    """
    around = [(node, hint) for node, hint in hints(tree) if node.lineno <= line <= (node.end_lineno or 0)]
    around.sort(key=lambda pair: ((pair[0].end_lineno or 0) - pair[0].lineno, -pair[0].col_offset))
    return words(around[0][1]) if around else ""


def words(hint: ast.expr) -> str:
    """The words of a string; of an f-string those clauses into which nothing would be filled.

    Args:    hint: expression.

    Example:
        >>> words(ast.parse('f"kernel {k}, stride {s}: look at the borders"', mode="eval").body)
        'look at the borders'
    """
    if isinstance(hint, ast.Constant):
        return str(hint.value)
    if isinstance(hint, ast.JoinedStr):
        text = "".join(str(part.value) if isinstance(part, ast.Constant) else FILLED for part in hint.values)
        clauses = [clause.strip() for clause in re.split(r"(?<=[:;,])\s", text)]
        return " ".join(clause for clause in clauses if FILLED not in clause).rstrip(":;,")
    return ""
