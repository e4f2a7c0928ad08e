"""What a slide says beside what was measured: a card in the lecture, a section of lectures/CLAIMS.md.

A lecture measures with one seed; `mylib claims` runs it with several, and keeps them in the topic's claims.json. The
verdict follows from all of them: a claim is reproduced if its criterion is met with every seed.
"""

import html
import math
import numbers
import os
import statistics
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec
from IPython.display import HTML, display

from mylib import syllabus

VERDICTS = ("reproduced", "direction only", "not reproduced", "not testable here")
COLOURS = dict(zip(VERDICTS, ("#00704F", "#8A5A00", "#B34700", "#5C5C5C"), strict=True))  # at least 4.5 to 1 on white
UNKNOWN = "not testable here"


class ClaimError(AssertionError):
    """A theorem or a count that does not hold."""


class Measured(msgspec.Struct, forbid_unknown_fields=True):
    """One run's measurement of one claim.

    holds: the criterion was met; None where nothing here can tell.
    verdict: if it was.
    chance: what guessing gives, for quantities where that means something.
    """

    seed: int
    holds: bool | None
    verdict: str
    why: str
    criterion: str
    scale: str
    measured: dict[str, int | float | str]
    chance: dict[str, int | float | str] = {}


def record(
    name: str,
    *,
    holds: object,
    criterion: str,
    measured: Mapping[str, Any],
    scale: str,
    chance: Mapping[str, Any] | None = None,
    verdict: str = "reproduced",
    why: str = "",
) -> None:
    """Draw the card of a claim and, where ``MYLIB_CLAIMS`` names a file, add a line of JSON to it.

    Args:    name: as in the topic's topic.toml.
             holds: whether the criterion is met; None with the verdict "not testable here".
             criterion: what had to come out for the claim to hold, in a sentence that can be false.
             measured: quantity, with its unit in the name, to number; what the card shows, rivals among it.
             scale: our data and sizes in a few words, to stand beside the slide's.
             chance: quantity of `measured` to what guessing, or an untrained network, would give.
             verdict: what it comes to where the criterion is met. "reproduced": the slide's own statement was
                 tested; "direction only": it points the same way at a smaller scale; "not testable here": nothing
                 at our scale can confirm or refute it. Where it is not met, the verdict is "not reproduced".
             why: the reason, needed with the latter two.
    Raises:  ClaimError: a theorem or a count does not hold, which can only be a mistake. An experiment may come out
                 otherwise on another machine: the card says so. While claims are collected, it is written down.
             ValueError: unknown name, quantity or verdict, or a reason is missing.
    """
    claim = syllabus.claim(name)
    if verdict not in VERDICTS or verdict == "not reproduced":
        raise ValueError(f"claims.record: expected a verdict of {_named(verdict)}; 'not reproduced' follows from holds")
    if verdict != "reproduced" and not why:
        raise ValueError(f"claims.record: expected why= with the verdict {verdict!r}, got none; say the reason")
    if (holds is None) != (verdict == UNKNOWN):
        raise ValueError(
            f"claims.record: expected holds=None with the verdict {UNKNOWN!r} and only with it, got {holds!r} with "
            f"{verdict!r}; a claim that is measured must be able to fail"
        )
    if not criterion.strip():
        raise ValueError("claims.record: expected a criterion, got none; say what had to come out")
    if unknown := set(chance or {}) - set(measured):
        raise ValueError(f"claims.record: expected chance= for quantities of measured=, got {sorted(unknown)}")
    run = Measured(
        seed=-1,
        holds=None if holds is None else bool(holds),
        verdict=verdict,
        why=why,
        criterion=criterion,
        scale=scale,
        measured={quantity: _plain(value) for quantity, value in measured.items()},
        chance={quantity: _plain(value) for quantity, value in (chance or {}).items()},
    )
    collecting = os.environ.get("MYLIB_CLAIMS")
    before = [] if collecting else recorded(syllabus.home(name)).get(name, [])
    display(HTML(_card(claim, run, before)))
    if collecting:
        with Path(collecting).open("ab") as file:
            file.write(msgspec.json.encode({"name": name, **msgspec.to_builtins(run)}) + b"\n")
    elif run.holds is False and claim.kind != "experiment":
        raise ClaimError(f"{name} does not hold: measured {dict(measured)}, and it is a {claim.kind}")


def recorded(topic: syllabus.Topic) -> dict[str, list[Measured]]:
    """What `mylib claims` has measured: {claim: one `Measured` for each seed}.

    Raises:  ValueError: the file is not as this version writes it; `mylib claims` writes it again.
    """
    path = syllabus.ROOT / topic.measured
    if not path.exists():
        return {}
    try:
        return msgspec.json.decode(path.read_bytes(), type=dict[str, list[Measured]])
    except msgspec.DecodeError as error:
        raise ValueError(f"{topic.measured}: {error}; run `mylib claims --topic {topic.name}`") from None


def standing(runs: Sequence[Measured]) -> str:
    """The verdict over runs with several seeds: the weakest of them, and "not reproduced" if one fails.

    Example:
        >>> run = Measured(0, True, "direction only", "small", "a > b", "10 digits", {"a": 1})
        >>> standing([run, msgspec.structs.replace(run, verdict="reproduced")])
        'direction only'
        >>> standing([run, msgspec.structs.replace(run, holds=False)])
        'not reproduced'
    """
    if any(run.holds is False for run in runs):
        return "not reproduced"
    return max((run.verdict for run in runs), key=VERDICTS.index)


def passed(runs: Sequence[Measured]) -> str:
    """With how many seeds the criterion was met.

    Example:
        >>> run = Measured(0, True, "reproduced", "", "a > b", "10 digits", {"a": 1})
        >>> passed([run, msgspec.structs.replace(run, holds=False)])
        '1 of 2'
    """
    if any(run.holds is None for run in runs):
        return "not asked"
    return f"{sum(bool(run.holds) for run in runs)} of {len(runs)}"


def spread(values: Sequence[Any]) -> str:
    """Mean and standard deviation (of the sample) over seeds.

    Example:
        >>> spread([1, 2, 3]), spread([7, 7]), spread([1.0, "inf"]), spread([4.0])
        ('2 ± 1', '7 ± 0', '', '')
    """
    known = [float(value) for value in values]
    if len(known) < 2 or not all(map(math.isfinite, known)):
        return ""
    return f"{number(statistics.fmean(known))} ± {number(statistics.stdev(known), 2)}"


def number(value: Any, digits: int = 4) -> str:
    """A measured number with a few digits, without an exponent where people do not expect one.

    Args:    value: a number, Python's or NumPy's, or "inf", "nan".
             digits: that count.
    Returns: text.

    Example:
        >>> number(79400), number(98.765), number(12345.6), number(0.00001234), number(float("inf"))
        ('79,400', '98.77', '12,346', '1.234e-05', 'infinite')
    """
    value = _plain(value)
    if isinstance(value, str):
        return {"inf": "infinite", "-inf": "minus infinite", "nan": "undefined"}[value]
    whole = isinstance(value, int) or 1e4 <= abs(value) < 1e9
    return f"{value:,.0f}" if whole else f"{value:.{digits}g}"


def _plain(value: Any) -> int | float | str:
    """Python's own int or float, so that a count stays a count in JSON; what JSON has no number for, as text."""
    if isinstance(value, numbers.Integral):
        return int(value)
    return float(value) if math.isfinite(float(value)) else str(float(value))


def _named(verdict: str) -> str:
    return f"{tuple(one for one in VERDICTS if one != 'not reproduced')}, got {verdict!r}"


def _card(claim: syllabus.Claim, run: Measured, before: Sequence[Measured]) -> str:
    verdict, body = standing(before or [run]), html.escape
    reason = next((one.why for one in (*before, run) if one.why and one.verdict == verdict), "")
    rows = [
        ("The slide says", body(claim.says)),
        ("Its number and scale", body(claim.scale)),
        ("Holds if", body(run.criterion)),
        ("Measured here", "; ".join(_quantity(run, quantity, before) for quantity in run.measured)),
        ("Our scale", body(run.scale)),
    ]
    if before and claim.kind == "experiment":
        here = "" if run.holds is not False else "; not met in this run"
        rows.append(("Seeds", f"met with {passed(before)}{here}" if run.holds is not None else "not asked"))
    kind = "" if claim.kind == "experiment" else f" ({claim.kind})"
    rows.append(
        ("Verdict", f'<b style="color:{COLOURS[verdict]}">{verdict}</b>{kind}{": " + body(reason) if reason else ""}')
    )
    cells = "".join(
        f'<tr><th scope="row" style="text-align:left;padding-right:1em;white-space:nowrap">{head}</th>'
        f'<td style="text-align:left">{text}</td></tr>'
        for head, text in rows
    )
    return (
        f'<div style="border-left:6px solid {COLOURS[verdict]};padding:0.4em 1em;margin:0.5em 0">'
        f"<b>Claim: {claim.name}</b><table>{cells}</table></div>"
    )


def _quantity(run: Measured, quantity: str, before: Sequence[Measured]) -> str:
    """One number, with chance and with mean and deviation over the seeds where they are known."""
    beside = [f"chance {number(run.chance[quantity])}"] if quantity in run.chance else []
    if over := spread([one.measured[quantity] for one in before if quantity in one.measured]):
        beside.append(f"over seeds {over}")
    text = f"{html.escape(quantity)}: <b>{number(run.measured[quantity])}</b>"
    return f"{text} ({'; '.join(beside)})" if beside else text
