"""A hidden check is proved by an answer that fails on it and on nothing else."""

import nbformat
import pytest
from typer.testing import CliRunner

from mylib.classroom import cli
from mylib.classroom.authoring.proofs import Hint, hidden_hints, proofs, without
from mylib.classroom.notebook.questions import grade_id
from mylib.classroom.sandbox.sides import SIDES
from tests.classroom.tiny import BANK, CELLS, TOPIC, make_course, make_notebook

TESTS = """\
assert scale([1, 2], 3) == [3, 6], "multiply each entry"
### BEGIN HIDDEN TESTS
assert scale([], 3) == [], "an empty list"
for k in (0, 2):
    check.close(
        scale([1, 2], k), [k, 2 * k], hint=f"factor {k}: any factor"
    )
assert scale([-1], 3) == [-3], "a negative entry"
got = check.unchanged(scale, [1], 3, hint="the argument stays")
### END HIDDEN TESTS"""
ANSWERS = """# %% right: a list
def scale(x, k):
    return [k * v for v in x]

# %% wrong: fails on empty input
def scale(x, k):
    return [k * x[0]] + [k * v for v in x[1:]]

# %% wrong: forgets the sign, and an empty list
def scale(x, k):
    return [k * abs(v) for v in x] or None

# %% wrong: a factor of 0 is taken for none
def scale(x, k):
    return [(k or 1) * v for v in x]

# %% wrong: in place
def scale(x, k):
    x[:] = [k * v for v in x]
    return list(x)
"""
EMPTY, FACTOR, SIGN, PLACE = (
    Hint("q2-scale-tests", text) for text in ("an empty list", "any factor", "a negative entry", "the argument stays")
)


@pytest.fixture
def course(tmp_path):
    cells = [(*cell[:3], TESTS if cell[1] == "q2-scale-tests" else cell[3]) for cell in CELLS]
    cells = [cell for cell in cells if cell[1] not in ("q1-mean-tests", "q2-scale-tests-2")]
    return make_course(tmp_path, cells, BANK | {"q2-scale": ANSWERS})


def test_hints_of_hidden_checks_only_in_their_order():
    cells = [(*cell[:3], TESTS if cell[1] == "q2-scale-tests" else cell[3]) for cell in CELLS]
    found = [hint for hint in hidden_hints(make_notebook(cells)) if hint.cell == "q2-scale-tests"]
    assert found == [EMPTY, FACTOR, SIGN, PLACE]


def test_an_answer_proves_a_check_that_it_fails_on_alone(course):
    found = {one.hint: one for one in proofs(course, SIDES, TOPIC)}
    assert found[EMPTY].shown == ["fails on empty input", "forgets the sign, and an empty list"]
    assert found[EMPTY].alone == ["fails on empty input"], "the other one fails on a negative entry too"
    assert found[FACTOR].alone == ["a factor of 0 is taken for none"]
    assert (found[SIGN].shown, found[SIGN].alone) == ([], [])
    assert found[PLACE].alone == ["in place"], "a check whose value is used stays, and being read is proof enough"


def test_a_check_is_taken_out_whole_and_the_rest_still_runs(course):
    notebook = without(nbformat.read(course.solution(TOPIC), as_version=4), [FACTOR])
    source = next(cell.source for cell in notebook.cells if grade_id(cell) == "q2-scale-tests")
    assert "any factor" not in source
    assert "for k in (0, 2):\n    pass" in source
    compile(source, "tests", "exec")


def test_the_command_names_the_hints_without_a_proof(course, monkeypatch):
    monkeypatch.chdir(course.root)
    ran = CliRunner().invoke(cli.app, ["answers", "--hints"])
    assert ran.exit_code == 1
    assert "a negative entry" in ran.stdout
    assert "any factor" not in ran.stdout
    assert "4 hints of hidden checks, 1 without an answer that fails on it alone" in ran.stdout
