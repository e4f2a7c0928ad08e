"""Every right answer of the bank passes `check.from_scratch`: read only, nothing is run."""

import ast
from pathlib import Path

import pytest

from mylib.check.from_scratch import refuse
from mylib.classroom.authoring.bank import bank, solution
from mylib.classroom.course.folders import open_course
from mylib.classroom.notebook.questions import grade_id, is_answer, is_test, questions

COURSE = open_course(Path(__file__).parents[2])


def searches(test, cells):
    """(name, what is banned) of every call of from_scratch in a test cell; lists may come from a locked function."""
    names, tree = {}, ast.parse(test.source)
    for function in (node for cell in cells if is_plain(cell) for node in ast.parse(cell.source).body):
        if isinstance(function, ast.FunctionDef) and function.name.startswith("banned"):
            exec(ast.unparse(function), names)
    loops = {ast.unparse(one.target): one.iter for one in ast.walk(tree) if isinstance(one, ast.For)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and ast.unparse(node.func).endswith("from_scratch"):
            [banned] = [*node.args[1:], *(one.value for one in node.keywords)]
            answer = ast.unparse(node.args[0])
            found = [ast.unparse(part) for part in loops[answer].elts] if answer in loops else [answer]
            yield from ((name, eval(ast.unparse(banned), names)) for name in found)


def is_plain(cell):
    return cell.cell_type == "code" and "%" not in cell.source[:1]


@pytest.mark.parametrize("topic", COURSE.topics())
def test_a_right_answer_is_neither_refused_nor_noted(topic):
    notebook, done = solution(COURSE, topic), 0
    tests = [cell for cell in notebook.cells if is_test(cell) and "from_scratch" in cell.source]
    for question in questions(notebook):
        answers = [one.source for one in bank(COURSE, topic, question.name) if one.right]
        for test in (test for test in tests if grade_id(test).startswith(f"{question.name}-")):
            before = notebook.cells[: notebook.cells.index(test)]
            cells = [cell for cell in before if cell.cell_type == "code" and not is_test(cell)]
            for answer in [None, *answers]:
                sources = [
                    answer if answer and is_answer(cell) and grade_id(cell) == question.name else cell.source
                    for cell in cells
                ]
                for name, banned in searches(test, notebook.cells):
                    done += 1
                    assert refuse(name, sources, banned) == []
    assert done, "no test of this topic calls from_scratch"
