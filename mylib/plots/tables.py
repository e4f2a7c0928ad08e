"""Tables: as HTML, which a screen reader and a phone can read; as text where there is no browser."""

import html

from IPython.display import display

from mylib.claims import number


def table(heads, rows, caption="", digits=4):
    """Display a table; the first column names the rows.

    Args:    heads: names of the columns, with their units.
             rows: sequences of texts and numbers; None is an empty cell, and a row whose first cell starts with "Ours"
                 is set apart.
             caption: a sentence above it.
             digits: that a number which is not whole is given.
    Raises:  ValueError: a row has not one cell for each column.
    """
    for row in rows:
        if len(row) != len(heads):
            raise ValueError(f"table: expected {len(heads)} cells in each row, got {len(row)} in {list(row)!r}")
    shown = [[_text(value, digits) for value in row] for row in rows]
    display({"text/html": _html(heads, rows, shown, caption), "text/plain": _plain(heads, shown, caption)}, raw=True)


def _text(value, digits):
    if value is None or isinstance(value, str):
        return value or ""
    return str(value) if isinstance(value, bool) else number(value, digits)


def _html(heads, rows, shown, caption):
    numeric = [any(not isinstance(row[at], str | None) for row in rows) for at in range(len(heads))]
    align = [f'style="text-align:{"right" if one else "left"}"' for one in numeric]
    top = "".join(f'<th scope="col" {how}>{html.escape(head)}</th>' for head, how in zip(heads, align, strict=True))
    body = ""
    for first, *rest in shown:
        cells = "".join(f"<td {how}>{html.escape(text)}</td>" for text, how in zip(rest, align[1:], strict=True))
        weight = ' style="font-weight:bold"' if first.startswith("Ours") else ""
        body += f'<tr{weight}><th scope="row" style="text-align:left">{html.escape(first)}</th>{cells}</tr>'
    title = f'<caption style="text-align:left">{html.escape(caption)}</caption>' if caption else ""
    return f"<table>{title}<thead><tr>{top}</tr></thead><tbody>{body}</tbody></table>"


def _plain(heads, shown, caption):
    widths = [max(len(row[at]) for row in [list(heads), *shown]) for at in range(len(heads))]
    lines = [
        "  ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)).rstrip()
        for row in [heads, *shown]
    ]
    return "\n".join([caption, *lines] if caption else lines)
