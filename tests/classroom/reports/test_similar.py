"""Answers that are alike: found through renaming and reformatting, and never by chance of the question."""

import functools
import io
import itertools

import pytest
from bs4 import BeautifulSoup
from rich.console import Console
from typer.testing import CliRunner

from mylib.classroom import cli
from mylib.classroom.authoring.bank import autograded, bank, solution, untouched
from mylib.classroom.authoring.release import skeleton
from mylib.classroom.course.folders import open_course
from mylib.classroom.notebook.questions import grade_id
from mylib.classroom.reports.likeness import alike, answer, bound, release
from mylib.classroom.reports.similar import NOTE, _side_by_side, compare, similar, table, write_pages
from tests.classroom import tiny
from tests.classroom.tiny import ROOT, TOPIC

RELEASE = '''def pool(x, size):
    """The largest of each block."""
    # YOUR CODE HERE
    raise NotImplementedError()
'''
ANSWER = '''def pool(x, size):
    """The largest of each block."""
    height, width = x.shape[0] // size, x.shape[1] // size
    result = np.empty((height, width))
    for i in range(height):
        for j in range(width):
            block = x[i * size : (i + 1) * size, j * size : (j + 1) * size]
            result[i, j] = block.max()
    return result
'''
RENAMED = """# my own work
def pool(x: np.ndarray, size: int) -> np.ndarray:
    h, w = (x.shape[0] // size,
            x.shape[1] // size)          # sizes
    out = np.empty((h, w))
    for row in range(h):

        for column in range(w):
            # cut a piece, and take the largest
            piece = x[row*size:(row + 1)*size, column*size:(column+1)*size]
            out[row, column] = piece.max()
    return out"""
OTHER = """def pool(x, size):
    rows = np.lib.stride_tricks.sliding_window_view(x, (size, size))[::size, ::size]
    flat = rows.reshape(*rows.shape[:2], -1)
    return np.sort(flat, axis=2)[..., -1]
"""


def share(first, second, given=RELEASE):
    return alike(*(answer("", source, release(given)) for source in (first, second)))


def test_renamed_and_reformatted_is_the_same():
    assert share(ANSWER, RENAMED) == 1


def test_another_way_is_not_alike():
    assert share(ANSWER, OTHER) < 0.6


def test_a_helper_and_attributes_with_other_names_are_the_same():
    first = """
class pool:
    def __init__(self, a): self.w = scale(a)
    def run(self): return self.w + 1
def scale(b): return 2 * b
"""
    second = """
class pool:
    def __init__(self, n): self.weight = twice(n)
    def run(self): return self.weight + 1
def twice(m): return 2 * m
"""
    assert share(first, second) == 1


def test_other_library_calls_and_numbers_count():
    assert share(ANSWER, ANSWER.replace(".max()", ".min()")) < 1
    assert share(ANSWER, ANSWER.replace("+ 1", "+ 2")) < 1


def test_what_the_release_gives_does_not_count():
    long = RELEASE.replace("    # YOUR", "    a, b, c = x.shape[0], x.shape[1], np.zeros(9).reshape(3, 3)\n    # YOUR")
    first, second = (long.replace("raise NotImplementedError()", code) for code in ("return x", "y = [1]\n    del y"))
    assert share(first, second, given="") > share(first, second, given=long)
    assert share(first, second, given=long) < 0.3


def test_what_is_no_python_is_compared_as_text():
    broken = [source.replace("return ", "return return ") for source in (ANSWER, RENAMED.replace(": np.ndarray", ""))]
    assert share(*broken) > 0.85
    assert share(broken[0], RENAMED) > 0.8
    assert share(broken[0], OTHER) < 0.6


@pytest.mark.parametrize("source", ["x = (" * 5000, "\x00", "%%time\n" + ANSWER, "é = 'ü' \\"])
def test_anything_can_be_compared(source):
    assert 0 <= share(ANSWER, source) <= 1
    assert share(source, source) in (0, 1)


def test_magics_do_not_hide_a_copy():
    assert share("%matplotlib inline\n" + ANSWER, RENAMED) == 1


def test_short_long_and_blank_answers_are_no_pairs():
    sources = {
        "ada": ANSWER,
        "ben": RENAMED,
        "cleo": RELEASE,
        "dan": "pool = np.max",
        "eve": "x = 1\n" * 20_000,
    }
    listing = compare(TOPIC, "q1", RELEASE, sources, 0.8)
    assert [(pair.first.student, pair.second.student) for pair in listing.pairs] == [("ada", "ben")]
    assert (listing.short, listing.long, listing.usual) == (["dan"], ["eve"], None)


def test_an_answer_that_would_take_minutes_is_too_long_to_compare():
    sources = {"ada": ANSWER, "ben": RENAMED, "eve": "x(" * 9_000, "eva": "x (" * 9_000}
    listing = compare(TOPIC, "q1", RELEASE, sources, 0.8)
    assert listing.long == ["eva", "eve"]
    assert len(listing.pairs) == 1


def test_what_is_usual_is_the_median_of_all_pairs():
    listing = compare(TOPIC, "q1", RELEASE, {"a": ANSWER, "b": RENAMED, "c": OTHER}, 0.9)
    assert listing.usual == share(ANSWER, OTHER)


@functools.cache
def independent():
    """Shares between right answers of the bank, which differ on purpose; (share, names)."""
    course, found = open_course(ROOT), []
    for topic in course.topics():
        blank = untouched(solution(course, topic))
        for question in autograded(solution(course, topic)):
            given = release(next(cell.source for cell in blank.cells if grade_id(cell) == question))
            own = [answer(one.title, one.source, given) for one in bank(course, topic, question) if one.right]
            found += [
                (alike(a, b), f"{topic} {question} {a.student} {b.student}") for a, b in itertools.combinations(own, 2)
            ]
    return sorted(found, reverse=True)


def test_the_quick_bound_is_one():
    for one, two in itertools.combinations((ANSWER, RENAMED, OTHER, "x = ("), 2):
        first, second = (answer("", source, release(RELEASE)) for source in (one, two))
        assert bound(first, second) >= alike(first, second)
    assert bound(*(answer("", source, release(RELEASE)) for source in (ANSWER, "y = z"))) < 0.2


def test_right_answers_in_other_styles_stay_below_the_threshold():
    shares = [share for share, _ in independent()]
    # A few of the bank change a single line on purpose, and are found.
    assert sum(share >= 0.8 for share in shares) <= len(shares) // 40, independent()[:10]
    assert sorted(shares)[len(shares) // 2] < 0.55


@pytest.fixture
def inbox(course, tmp_path):
    blank = skeleton(course, TOPIC, register=False)
    for student, source in (("ada", ANSWER), ("ben", RENAMED + "  # <script>1</script>")):
        mean = source.replace("pool", "mean")
        tiny.hand_in(tmp_path, student, tiny.answer(blank, q1_mean=mean, q2_scale=tiny.SCALE))
    tiny.hand_in(tmp_path, "dan", b"{")
    return tmp_path


def test_pairs_are_found_in_submissions_and_nothing_is_executed(course, inbox):
    listings, problems = similar(course, inbox)
    assert [(one.question, len(one.pairs), one.short) for one in listings] == [
        ("q1-mean", 1, []),
        ("q2-scale", 0, ["ada", "ben"]),
    ]
    assert listings[0].pairs[0].alike == 1
    assert "dan/sums: the file is not a notebook" in problems[0]


def test_pages_show_both_say_what_they_are_not_and_escape(course, inbox):
    page = write_pages(course, similar(course, inbox)[0])
    index = BeautifulSoup(page.read_text(), "html.parser")
    assert "no verdict" in index.text
    assert "Too short to tell" in index.text
    pair = page.parent / index.find("a")["href"]
    assert "<script>" not in pair.read_text()
    shown = BeautifulSoup(pair.read_text(), "html.parser")
    assert {"ada", "ben"} <= {one.text for one in shown.find_all("th")}
    assert NOTE in shown.text
    assert not shown.select("script, link, img, iframe")


def test_what_moves_the_cursor_or_hides_is_shown_as_a_sign():
    pair = "x = 1  # \x1b[2J \u202e \u200b end\n" * 20
    listing = compare(TOPIC, "q1", RELEASE, {"ada": ANSWER + pair, "ben": ANSWER + pair + "y = 2"}, 0.5)
    shown = str(_side_by_side(listing.pairs[0]))
    assert not set(shown) & set("\x1b\u202e\u200b")
    assert "\ufffd" in shown


def test_students_names_are_no_markup_on_the_screen_and_a_large_class_is_a_short_table():
    answers = {f"[/b]{n}": ANSWER for n in range(20)}
    listing = compare(TOPIC, "q1", RELEASE, answers, 0.8)
    assert len(listing.pairs) == 190
    console = Console(width=120, record=True, file=io.StringIO())
    console.print(table([listing]))
    text = console.export_text()
    assert "[/b]0" in text
    assert "And 150 more pairs" in text
    assert table([compare(TOPIC, "q1", RELEASE, {}, 0.8)]) is None


def test_pages_of_pairs_that_are_gone_go(course, inbox):
    write_pages(course, similar(course, inbox)[0])
    write_pages(course, similar(course, inbox, threshold=1)[0])
    assert len(list(course.build.glob("similar/*/*/*.html"))) == 1
    write_pages(course, [compare(TOPIC, "q1-mean", "", {}, 0.8)])
    assert list(course.build.glob("similar/*/*/*.html")) == []


def test_the_verb_lists_pairs_and_a_dry_run_writes_nothing(course, inbox):
    def run(*arguments):
        start = ["--course", str(course.root), "similar", "--submitted", str(inbox)]
        return CliRunner().invoke(cli.app, [*start, *arguments])

    shown = run("--dry-run")
    assert (shown.exit_code, course.build.exists()) == (1, False)
    assert "1 pairs in 2 questions; no pages were written" in shown.output
    assert "no verdict" in " ".join(shown.output.split())
    assert run("--threshold", "2").exit_code == 2
    assert "index.html" in "".join(run().output.split())
