"""A tiny house of lectures: one that runs, one that fails, and one that the syllabus names and nobody wrote."""

import functools
import json
import multiprocessing
from concurrent.futures import ProcessPoolExecutor

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from mylib import syllabus
from mylib.classroom.publishing import execute as lectures

CLAIM = syllabus.claim("mlp-solves-xor")  # of the real syllabus: the kernels of these tests read that one
PARAMETERS = 'SEED = 0\nSCALE = "quick"\nDEVICE = "auto"'
GOOD = [
    new_markdown_cell(
        "# A good lecture\n\n$x^2$, [the bad one](02_bad.ipynb#part), [exercise](../../exercises/good/good.ipynb)"
    ),
    new_code_cell(PARAMETERS, metadata={"tags": ["parameters"]}),
    new_code_cell("from mylib import claims, plots\nprint(SEED, SCALE, DEVICE)"),
    new_code_cell(
        "fig, axes = plots.figure(width=2, height=1)\nplots.show(fig, alt='An empty frame, x < 1 & \"y\".')",
        metadata={"tags": ["drawing"]},
    ),
    new_code_cell(
        f'claims.record("{CLAIM.name}", holds=SEED == 0, criterion="the seed is 0", '
        'measured={"starts solved": 19 + SEED}, scale="tiny")'
    ),
    new_code_cell("print('after the claim')"),
]
BAD = [
    new_markdown_cell("# A bad lecture\n\n## Part"),
    new_code_cell(PARAMETERS, metadata={"tags": ["parameters"]}),
    new_code_cell("print('before')"),
    new_code_cell("raise ValueError('no such digit: <7>')"),
    new_code_cell("print('never reached')"),
]


def stub(name, number, claims=()):
    facts = syllabus.Facts(f"The {name} & the ugly", "A deck", "slides 1 to 2", number, (), (), claims)
    return syllabus.Topic("vision", name, facts)


TOPICS = (stub("good", 1, (CLAIM,)), stub("bad", 2), stub("missing", 3))


@pytest.fixture(scope="module")
def house(tmp_path_factory):
    """Its folder."""
    root = tmp_path_factory.mktemp("house")
    for topic, cells in zip(TOPICS, (GOOD, BAD), strict=False):
        (root / topic.lecture).parent.mkdir(parents=True, exist_ok=True)
        notebook = new_notebook(cells=[cell.copy() for cell in cells])
        nbformat.write(lectures.tidy(notebook), root / topic.lecture)
    (root / "exercises" / "good").mkdir(parents=True)
    exercise = new_notebook(cells=[new_markdown_cell("# An exercise")])
    nbformat.write(exercise, root / "exercises" / "good" / "good.ipynb")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(syllabus, "ROOT", root)
        patch.setattr(syllabus, "topics", lambda: TOPICS)
        # Workers that start afresh would not know this house.
        fork = multiprocessing.get_context("fork")
        patch.setattr(lectures, "ProcessPoolExecutor", functools.partial(ProcessPoolExecutor, mp_context=fork))
        yield root


@pytest.fixture(scope="module")
def executed(house):
    """The tiny lectures executed with two seeds: the runs, by topic and seed, and the rows of their claims."""
    rows = house / "claims.jsonl"
    runs = lectures.execute(TOPICS, jobs=2, output=house / "out", seeds=(0, 1), claims_file=rows, DEVICE="cpu")
    return {(run.topic, run.seed): run for run in runs}, list(map(json.loads, rows.read_text().splitlines()))
