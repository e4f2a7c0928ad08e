"""lectures/CLAIMS.md: every claim of the course, what its slide says, and what was measured with each seed."""

from collections.abc import Sequence
from typing import Any

import msgspec

from mylib import syllabus
from mylib.claims import Measured, number, passed, recorded, spread, standing


def keep(topic: syllabus.Topic, rows: Sequence[dict[str, Any]]) -> None:
    """Write what was collected for one topic into its claims.json; what it no longer claims, is gone.

    Args:    topic: of the syllabus.
             rows: of `collect_claims`; those of other topics are left out.
    """
    found: dict[str, list[Measured]] = {}
    for claim in topic.claims:
        runs = [
            {key: value for key, value in row.items() if key != "name"} for row in rows if row["name"] == claim.name
        ]
        if runs:
            found[claim.name] = sorted(msgspec.convert(runs, list[Measured]), key=lambda run: run.seed)
    text = msgspec.json.format(msgspec.json.encode(found), indent=1)
    (syllabus.ROOT / topic.measured).write_bytes(text + b"\n")


def page() -> str:
    """The text of the page, from the claims.json of all topics: a table of all verdicts, then claim by claim."""
    summary = ["| claim | lecture | kind | verdict | seeds that met it |", "|---|---|---|---|---|"]
    parts = []
    for topic in syllabus.topics():
        runs = recorded(topic)
        lecture = f"[{topic.title}]({topic.lecture.relative_to('lectures').as_posix()})"
        for claim in topic.claims:
            verdict, seeds = _verdict(runs.get(claim.name, [])), passed(runs.get(claim.name, []))
            link = f"[{claim.name}](#{claim.name})"
            summary.append(f"| {link} | {lecture} | {claim.kind} | {verdict} | {seeds} |")
        if topic.claims:
            parts.append(f"## {lecture}")
            parts += [_section(claim, runs.get(claim.name, [])) for claim in topic.claims]
    text = [
        "# What the slides claim, and what we measured",
        "Written by `mylib claims` at quick scale. A claim is reproduced where its criterion is met with every seed; "
        "± is the standard deviation over the seeds. A theorem or a count cannot come out otherwise: what is measured "
        "illustrates it.",
        "\n".join(summary),
        *parts,
    ]
    return "\n\n".join(text) + "\n"


def _verdict(runs: Sequence[Measured]) -> str:
    return f"**{standing(runs)}**" if runs else "**not measured**"


def _section(claim: syllabus.Claim, runs: Sequence[Measured]) -> str:
    lines = [f"### {claim.name}", f"The slide: {claim.says} Its scale: {claim.scale}."]
    if not runs:
        return "\n\n".join([*lines, "**Not measured**: the lecture records no such claim."])
    said = standing(runs)
    reason = next((run.why for run in runs if run.why and run.verdict == said), "")
    seeds = "" if runs[0].holds is None else f" Met with {passed(runs)} seeds."
    lines.append(f"Holds if: {runs[0].criterion.rstrip('.')}.{seeds}")
    lines.append(f"Ours: {runs[0].scale}. Verdict: **{said}**{': ' if reason else ''}{reason}.")
    return "\n\n".join([*lines, _table(runs)])


def _table(runs: Sequence[Measured]) -> str:
    heads = ["measured", "chance", *(f"seed {run.seed}" for run in runs), "mean ± s.d."]
    lines = ["| " + " | ".join(heads) + " |", "|---|" + "---:|" * (len(heads) - 1)]
    for quantity in dict.fromkeys(quantity for run in runs for quantity in run.measured):
        values = [run.measured.get(quantity) for run in runs]
        chance = next((number(run.chance[quantity]) for run in runs if quantity in run.chance), "")
        shown = ["" if value is None else number(value) for value in values]
        over = spread([value for value in values if value is not None])
        lines.append("| " + " | ".join([quantity.replace("|", "\\|"), chance, *shown, over]) + " |")
    return "\n".join(lines)
