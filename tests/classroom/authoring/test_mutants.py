"""Mutants are made, run and told apart; those of the course's own solutions are caught."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from mylib.classroom import cli
from mylib.classroom.authoring.bank import autograded, solution
from mylib.classroom.authoring.mutants import (
    Tally,
    all_mutants,
    equivalents,
    hunt,
    mutants,
    page,
    sample,
    tallies,
)
from mylib.classroom.course.folders import open_course
from mylib.classroom.sandbox.sides import SIDES
from tests.classroom.tiny import CELLS, TOPIC, make_course

COURSE = open_course(Path(__file__).resolve().parents[3])
TOPICS = COURSE.topics()
ENTRY = """
[[equivalent]]
question = "q2-scale"
function = "scale"
before = "return [k * v for v in x]"
after = ["return [k {} v for v in x]"]
reason = "Of the number 1 it is the same."
"""
every_topic = pytest.mark.parametrize("topic", TOPICS)


def course_with(folder, entries="", **sources):
    """The tiny course with other cells; keywords carry _ for -."""
    cells = [(*cell[:3], sources.get(cell[1].replace("-", "_"), cell[3])) for cell in CELLS]
    course = make_course(folder, cells)
    if entries:
        (course.answers / TOPIC / "equivalent.toml").write_text(entries)
    return course


@pytest.fixture
def weak(tmp_path):
    """Makes a course whose second question is tested with the number 1 only."""
    test = "assert scale([1], 3) == [3], 'multiply each entry'"
    return lambda entries="": course_with(tmp_path, entries, q2_scale_tests=test, q2_scale_tests_2=test)


def changes(source):
    return {one.change for one in mutants(source)}


def test_a_mutant_names_its_function_and_its_line():
    source = "class Net:\n    @staticmethod\n    def area(a, b=2):\n        return a * b\n"
    found = changes(source)
    assert ("Net.area", "return a * b", "return a // b") in found
    assert ("Net.area", "def area(a, b=2):", "def area(a, b=3):") in found
    assert ("Net.area", "@staticmethod", "") in found
    assert {("", "size = z >= 3", "size = z >= 4"), ("", "size = z >= 3", "size = z > 3")} <= changes("size = z >= 3")


def test_conditions_loops_and_keywords_are_mutated():
    source = "for i in x:\n    if i > 0 and True:\n        break"
    found = {after for _, _, after in changes(source)}
    assert {
        "for i in []:",
        "if not i > 0 and True:",
        "if i > 0 or True:",
        "if i > 0 and False:",
        "if i >= 0 and True:",
        "continue",
    } <= found


def test_what_means_the_same_to_python_is_one_mutant_and_text_is_none():
    source = 'def f(x):\n    """1 + 1"""\n    # 2 * 3\n    return +x'
    afters = [after for *_, after in changes(source)]
    assert sorted(afters) == ["return -x", "return not x", "return ~x"]
    sources = [one.source for one in mutants("y = a - b")]
    assert len(sources) == len(set(sources)) == 11


def test_what_python_cannot_read_is_no_mutant():
    afters = [after for *_, after in changes("f = lambda a: {**a}")]
    assert sorted(afters) == ["f = lambda a: {*a}", "f = lambda a: {+a}", "f = lambda a: {-a}"]


def test_a_change_over_several_lines_is_told_as_one():
    assert ("", "for i in range( 3, 4 ):", "for i in []:") in changes("for i in range(\n    3, 4\n):\n    pass")


def test_of_lines_that_are_alike_the_mutant_says_which():
    assert {before for _, before, _ in changes("x += 1\nx += 1")} == {"x += 1  # 1 of 2", "x += 1  # 2 of 2"}


def test_strong_tests_leave_no_survivor(shared):
    for one in tallies(shared, SIDES):
        assert (one.survivors, one.equivalent, one.stale, one.percent) == ([], [], [], 100)
        assert len(one.caught) == len(all_mutants(shared, TOPIC, one.question)) == 11


def test_weak_tests_leave_survivors(weak):
    found = hunt(weak(), SIDES, TOPIC, "q2-scale")
    survivors = {one.after for one in found.survivors}
    assert survivors == {f"return [k {operator} v for v in x]" for operator in ("/", "//", "**", "|")}
    assert (found.mutants, round(found.percent, 1)) == (11, 63.6)


def test_an_equivalent_mutant_with_a_reason_is_no_survivor(weak):
    found = hunt(weak(ENTRY.format("**")), SIDES, TOPIC, "q2-scale")
    assert [one.after for one in found.equivalent] == ["return [k ** v for v in x]"]
    assert len(found.survivors) == 3
    assert found.percent == pytest.approx(70)
    assert found.stale == []


@pytest.mark.parametrize("operator", ["@", "-"], ids=["no such mutant", "caught"])
def test_an_entry_that_no_survivor_bears_out_is_stale(weak, operator):
    found = hunt(weak(ENTRY.format(operator)), SIDES, TOPIC, "q2-scale")
    assert found.stale == [("scale", "return [k * v for v in x]", f"return [k {operator} v for v in x]")]


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        (ENTRY.replace("reason", "because"), "expected question, function, before, after, reason"),
        (ENTRY.replace('after = ["', 'after = "').replace('"]', '"'), "after is a list"),
        (ENTRY.replace("Of the number 1 it is the same.", " "), "expected question"),
        (ENTRY.replace("q2-scale", "q3-explain"), "expected a question among .*, got 'q3-explain'"),
    ],
)
def test_a_mistaken_entry_is_refused(weak, entry, message):
    with pytest.raises(ValueError, match=message):
        equivalents(weak(entry.format("**")), TOPIC)


def test_an_endless_mutant_is_caught(tmp_path, monkeypatch):
    monkeypatch.setattr("mylib.classroom.authoring.mutants.PATIENCE", 1)
    loop = "def mean(x):\n    done = False\n    while not done:\n        done = True\n    return np.mean(x)"
    found = hunt(course_with(tmp_path, q1_mean=loop), SIDES, TOPIC, "q1-mean", most=9)
    assert [one.after for one in found.caught] == ["done = False"]


def test_a_solution_that_loses_points_has_no_mutants_worth_running(tmp_path):
    with pytest.raises(ValueError, match="the solution itself loses points of q1-mean"):
        hunt(course_with(tmp_path, q1_mean="def mean(x):\n    return 2 * sum(x)"), SIDES, TOPIC, "q1-mean")


def test_a_part_is_spread_evenly_and_makes_no_entry_stale(weak):
    course = weak(ENTRY.format("-"))
    found = hunt(course, SIDES, TOPIC, "q2-scale", most=4)
    chosen = {one.after for one in found.caught + found.survivors}
    assert chosen == {one.after for one in all_mutants(course, TOPIC, "q2-scale")[::3]}
    assert found.stale == []


def test_the_page_is_a_table_and_the_reasons(weak):
    course = weak(ENTRY.format("**"))
    first, second = (all_mutants(course, TOPIC, name) for name in ("q1-mean", "q2-scale"))
    found = [
        Tally(TOPIC, "q1-mean", first, [], [], []),
        Tally(TOPIC, "q2-scale", second[:7], second[7:8], second[8:], []),
    ]
    text = page(course, [*found, Tally(TOPIC, "q4-none", [], [], [], [])])
    assert "| sums | q1-mean | 11 | 11 | 0 | 0 | 100.0 |\n| sums | q2-scale | 11 | 7 | 1 | 3 | 70.0 |" in text
    assert "| sums | q4-none | 0 | 0 | 0 | 0 | - |" in text
    assert "| all | 3 questions | 22 | 18 | 1 | 3 | 85.7 |" in text
    assert f"\n- sums, q2-scale, `{second[-1]}`\n" in text
    assert "`return [k * v for v in x]` → `return [k ** v for v in x]`. Of the number 1 it is the same." in text


def test_the_page_keeps_what_it_says_of_other_topics(weak, monkeypatch):
    monkeypatch.setattr("mylib.classroom.authoring.mutants.equivalents", lambda course, topic: [])
    course = weak()
    mutants = all_mutants(course, TOPIC, "q2-scale")
    old = [
        Tally("aaa", "q1-old", mutants[:3], mutants[3:4], mutants[4:6], []),
        Tally("zzz", "q1", mutants, [], [], []),
    ]
    before = page(course, [*old, Tally(TOPIC, "q9-gone", mutants, [], [], [])])
    text = page(course, [Tally(TOPIC, "q2-scale", mutants[:-1], [], mutants[-1:], [])], before)
    expected = ["| aaa | q1-old | 6 | 3 | 1 | 2 | 60.0 |", "| sums | q2-scale | 11 | 10 | 0 | 1 | 90.9 |"]
    expected += ["| zzz | q1 | 11 | 11 | 0 | 0 | 100.0 |", "| all | 3 questions | 28 | 24 | 1 | 3 | 88.9 |"]
    assert "\n".join(expected) in text
    assert "q9-gone" not in text
    assert [line for line in text.splitlines() if line.startswith("- ")] == [
        *sorted(f"- aaa, q1-old, `{one}`" for one in mutants[4:6]),
        f"- sums, q2-scale, `{mutants[-1]}`",
    ]


def test_the_verb_writes_the_page_shows_survivors_and_fails_below_the_limit(weak):
    course = weak()
    failed = verb(course, "--write")
    assert failed.exit_code == 1
    assert "q2-scale survives, in scale: return [k * v for v in x] -> return [k / v for v in x]" in failed.output
    assert "| sums | q2-scale | 11 | 7 | 0 | 4 | 63.6 |" in (course.solutions / "README.md").read_text("utf-8")
    assert verb(course, "--question", "q1-mean").exit_code == 0


def test_the_verb_refuses_what_it_cannot_do(shared):
    assert "mylib mutants" in verb(shared, "--help").output.split("Example:")[1]
    unknown = verb(shared, "--question", "q9-none")
    assert (unknown.exit_code, unknown.output) == (
        2,
        "mylib: mutants: expected a question among ['q1-mean', 'q2-scale'], got 'q9-none'\n",
    )
    assert "--write needs all questions" in verb(shared, "--question", "q1-mean", "--write").output


def verb(course, *arguments):
    return CliRunner().invoke(cli.app, ["--course", str(course.root), "mutants", *arguments])


@every_topic
def test_a_sample_of_the_mutants_of_each_solution_is_caught(topic):
    """Two of each question; `mylib mutants` runs all."""
    found = sample(COURSE, SIDES, topic, autograded(solution(COURSE, topic)), most=2)
    assert [f"{one.question}, {mutant}" for one in found for mutant in one.survivors] == []


@every_topic
def test_the_published_table_and_the_reasons_are_of_the_present_mutants(topic):
    text = (COURSE.solutions / "README.md").read_text(encoding="utf-8")
    entries = equivalents(COURSE, topic)
    for question in autograded(solution(COURSE, topic)):
        present = all_mutants(COURSE, topic, question)
        assert f"\n| {topic} | {question} | {len(present)} |" in text, "run mylib mutants --write"
        named = {
            (entry["function"], entry["before"], after)
            for entry in entries
            if entry["question"] == question
            for after in entry["after"]
        }
        assert named <= {one.change for one in present}
