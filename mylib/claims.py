"""What a slide says beside what was measured: a card in the lecture, a line in lectures/CLAIMS.md."""

import html
import json
import numbers
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from IPython.display import HTML, display

from mylib import syllabus

VERDICTS = ("reproduced", "direction only", "not testable here")
COLOURS = {
    "reproduced": "#009E73",
    "direction only": "#E69F00",
    "not testable here": "#7F7F7F",
    "fails": "#D55E00",
}


class ClaimError(AssertionError):
    """A claim that the lecture makes did not hold in this run."""


def record(
    name: str,
    *,
    holds: object,
    measured: Mapping[str, Any],
    scale: str,
    verdict: str = "reproduced",
    why: str = "",
) -> None:
    """Draw the card of a claim and, where ``MYLIB_CLAIMS`` names a file, add a line of JSON to it.

    Args:    name: as in the syllabus.
             holds: whether what was measured agrees with the claim.
             measured: quantity, with its unit in the name, to number; what the card shows.
             scale: our data and sizes in a few words, to stand beside the slide's.
             verdict: "reproduced": the slide's own statement was tested; "direction only": it points the same way
                 at a smaller scale; "not testable here": nothing at our scale can confirm or refute it.
             why: the reason, needed with the latter two.
    Raises:  ClaimError: it does not hold. While claims are collected it is written down instead, and the
                 collecting command fails at the end.
             ValueError: unknown name or verdict, or a reason is missing.
    """
    claim = syllabus.claim(name)
    if verdict not in VERDICTS:
        raise ValueError(f"claims.record: expected a verdict of {VERDICTS}, got {verdict!r}; choose the nearest")
    if verdict != "reproduced" and not why:
        raise ValueError(f"claims.record: expected why= with the verdict {verdict!r}, got none; say the reason")
    holds = bool(holds) or verdict == "not testable here"
    display(HTML(_card(claim, verdict if holds else "fails", measured, scale, why)))
    if collecting := os.environ.get("MYLIB_CLAIMS"):
        row = {"name": name, "holds": holds, "verdict": verdict, "why": why, "scale": scale}
        row["measured"] = {quantity: _plain(value) for quantity, value in measured.items()}
        with Path(collecting).open("a") as file:
            file.write(json.dumps(row) + "\n")
    elif not holds:
        raise ClaimError(f"{name} does not hold: measured {measured}; the lecture must say so or be repaired")


def _card(claim: syllabus.Claim, verdict: str, measured: Mapping[str, Any], scale: str, why: str) -> str:
    quantities = "; ".join(f"{html.escape(quantity)}: <b>{number(value)}</b>" for quantity, value in measured.items())
    rows = [
        ("The slide says", html.escape(claim.says)),
        ("Its number and scale", html.escape(claim.scale)),
        ("Measured here", quantities),
        ("Our scale", html.escape(scale)),
        (
            "Verdict",
            f'<b style="color:{COLOURS[verdict]}">{verdict}</b>' + (f": {html.escape(why)}" if why else ""),
        ),
    ]
    cells = "".join(
        f'<tr><th scope="row" style="text-align:left;padding-right:1em;white-space:nowrap">{head}</th>'
        f'<td style="text-align:left">{body}</td></tr>'
        for head, body in rows
    )
    return (
        f'<div style="border-left:6px solid {COLOURS[verdict]};padding:0.4em 1em;margin:0.5em 0">'
        f"<b>Claim: {claim.name}</b><table>{cells}</table></div>"
    )


def number(value: Any) -> str:
    """A measured number with four digits, without an exponent where people do not expect one.

    Args:    value: a number, Python's or NumPy's.
    Returns: text.

    Example:
        >>> number(79400), number(98.765), number(12345.6), number(0.00001234)
        ('79,400', '98.77', '12,346', '1.234e-05')
    """
    value = _plain(value)
    whole = isinstance(value, int) or 1e4 <= abs(value) < 1e9
    return f"{value:,.0f}" if whole else f"{value:.4g}"


def _plain(value: Any) -> int | float:
    """Python's own int or float, so that a count stays a count in JSON."""
    return int(value) if isinstance(value, numbers.Integral) else float(value)
