"""The code that committed lectures show is what the library runs, and whole."""

import ast
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook, new_output

from mylib import plots
from mylib.classroom.publishing.listings import renew

ROOT = Path(__file__).resolve().parents[3]
LECTURES = sorted(ROOT.glob("lectures/[0-9]*/*.ipynb"))


def cell(source, *shown):
    outputs = [new_output("display_data", data={"text/markdown": text}) for text in shown]
    return new_code_cell(source, outputs=outputs)


def test_what_is_shown_is_renewed_and_nothing_else():
    picture = new_output("display_data", data={"image/png": "AAAA"})
    shows = cell(
        "import textwrap as t\nplots.source(t.dedent)\nplots.source(t.indent, docstrings=True)", *2 * ["```python\n```"]
    )
    shows.outputs.insert(1, picture)
    other = cell("print(1)", "```python\nkept\n```")
    notebook = new_notebook(cells=[cell("import textwrap"), shows, other])
    assert renew(notebook) == 2
    import textwrap

    texts = [one["data"].get("text/markdown") for one in shows.outputs]
    assert texts == [plots.listing(textwrap.dedent), None, plots.listing(textwrap.indent, docstrings=True)]
    assert other.outputs[0]["data"]["text/markdown"] == "```python\nkept\n```"
    assert renew(notebook) == 0


def test_a_cell_that_was_never_run_stays():
    notebook = new_notebook(cells=[cell("plots.source(print)")])
    assert renew(notebook) == 0
    assert notebook.cells[0].outputs == []


def test_names_that_no_import_gives_and_missing_outputs_are_refused():
    with pytest.raises(ValueError, match="expected imported names, got 'mine'"):
        renew(new_notebook(cells=[cell("mine = print\nplots.source(mine)", "```python\n```")]))
    with pytest.raises(ValueError, match="expected one output for each plots.source, got 1 for 2"):
        renew(new_notebook(cells=[cell("plots.source(a)\nplots.source(b)", "```python\n```")]))


@pytest.fixture(params=LECTURES, ids=lambda path: path.stem)
def lecture(request):
    return nbformat.read(request.param, as_version=4)


def test_a_lecture_shows_the_code_that_runs(lecture):
    """Where it does not: `mylib lectures --listings`."""
    assert renew(lecture) == 0


def test_what_shown_code_calls_in_private_is_shown_or_named(lecture):
    """Names with an underscore are nobody's outside of their file, so a reader cannot look them up."""
    shown, written = [], ""
    for one in lecture.cells:
        if one.cell_type == "markdown":
            written += one.source
        for output in one.get("outputs", []):
            text = output.get("data", {}).get("text/markdown", "")
            if "```python\n" in text:
                shown.append(ast.parse(text.partition("```python\n")[2].partition("\n```")[0]))
    nodes = [node for tree in shown for node in ast.walk(tree)]
    known = {node.name for node in nodes if isinstance(node, ast.FunctionDef | ast.ClassDef)}
    called = {ast.unparse(node.func).rpartition(".")[2] for node in nodes if isinstance(node, ast.Call)}
    private = {name for name in called if name.startswith("_") and not name.startswith("__")}
    assert {name for name in private - known if name not in written} == set()
