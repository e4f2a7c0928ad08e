"""A notebook that lacks a package says which, and how to get it, instead of a traceback from somewhere inside."""

import importlib.util

import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from mylib.classroom.notebook.needs import NAME, SOURCE, said


@pytest.mark.parametrize("gone", [("torch",), ("mylib",), ("mylib", "torch")])
def test_what_is_missing_is_named_with_the_way_to_get_it(monkeypatch, gone):
    found = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name in gone else found(name))
    with pytest.raises(SystemExit, match=f"needs {' and '.join(gone)}, .*pip install .every-method-twice.torch,lab"):
        exec(SOURCE, {})


def test_where_all_is_there_nothing_is_said(capsys):
    exec(SOURCE, {})
    assert capsys.readouterr().out == ""


def test_the_cell_stands_before_the_first_import():
    ours, other = new_code_cell(SOURCE, id=NAME), new_code_cell("import numpy as np")
    assert said(new_notebook(cells=[new_markdown_cell("# A"), new_code_cell("SEED = 0"), ours, other]))
    assert not said(new_notebook(cells=[other, ours]))
    assert not said(new_notebook(cells=[new_code_cell(SOURCE.replace("torch", "jax"), id=NAME)]))
