"""Intake: whatever a student hands in is read as data and rebuilt on the instructor's notebook."""

import copy
import json
import os

import nbformat
import pytest

from mylib.classroom.authoring.release import skeleton
from mylib.classroom.grading.run import unknown
from mylib.classroom.intake.rebuild import MAX_TEXT, Submission, find, take_in
from mylib.classroom.notebook.questions import grade_id
from tests.classroom.tiny import TOPIC

MEGABYTE = 1_000_000


@pytest.fixture(scope="module")
def blank(shared):
    return skeleton(shared, TOPIC, register=False)


@pytest.fixture
def hand_in(blank, tmp_path):
    """Write a notebook or bytes as a submission, and take it in."""

    def write(content, name=f"{TOPIC}.ipynb", **files):
        folder = tmp_path / "ada" / TOPIC
        folder.mkdir(parents=True, exist_ok=True)
        if content is not None:
            data = content if isinstance(content, bytes) else json.dumps(content).encode()
            (folder / name).write_bytes(data)
        for other, text in files.items():
            (folder / other.replace("_", ".")).write_text(text)
        return take_in(Submission("ada", TOPIC, folder), blank, MEGABYTE)

    return write


@pytest.fixture
def answered(blank):
    """The release with the first answer filled in."""
    notebook = copy.deepcopy(blank)
    cell(notebook, "q1-mean").source = "mean = np.mean"
    return notebook


def cell(notebook, name):
    return next(one for one in notebook.cells if grade_id(one) == name)


def texts(intake):
    return [": ".join(filter(None, note)) for note in intake.notes]


def sources(notebook):
    return [(grade_id(one), one.cell_type, one.source) for one in notebook.cells]


def test_a_sound_submission_gives_its_answers_and_no_notes(hand_in, answered, blank):
    taken = hand_in(answered)
    assert (taken.unreadable, taken.notes) == ("", [])
    assert sources(taken.notebook) == sources(answered)
    assert cell(blank, "q1-mean").source != "mean = np.mean"


def test_outputs_and_metadata_of_the_student_are_left_behind(hand_in, answered):
    target = cell(answered, "q1-mean")
    target.outputs = [nbformat.v4.new_output("display_data", {"text/html": "<script>1</script>"})]
    target.metadata["tags"] = ["skip-execution"]
    answered.metadata["kernelspec"]["name"] = "other"
    taken = hand_in(answered)
    assert cell(taken.notebook, "q1-mean").outputs == []
    assert "tags" not in cell(taken.notebook, "q1-mean").metadata
    assert taken.notebook.metadata.kernelspec.name == "python3"


def test_lost_test_cell_is_put_back(hand_in, answered, blank):
    answered.cells.remove(cell(answered, "q1-mean-tests"))
    taken = hand_in(answered)
    assert cell(taken.notebook, "q1-mean-tests").source == cell(blank, "q1-mean-tests").source
    assert texts(taken) == ["q1-mean-tests: the locked cell was missing; put back"]


def test_lost_answer_counts_as_not_answered(hand_in, answered, blank):
    answered.cells.remove(cell(answered, "q1-mean"))
    taken = hand_in(answered)
    assert cell(taken.notebook, "q1-mean").source == cell(blank, "q1-mean").source
    assert texts(taken) == ["q1-mean: the answer cell is missing; graded as not answered"]


@pytest.mark.parametrize("place", [0, -1])
def test_of_a_doubled_answer_the_edited_one_is_graded(hand_in, answered, blank, place):
    answered.cells.insert(place, copy.deepcopy(cell(blank, "q1-mean")))
    taken = hand_in(answered)
    assert cell(taken.notebook, "q1-mean").source == "mean = np.mean"
    assert texts(taken) == ["q1-mean: stands 2 times; the one that was edited is graded"]


def test_of_two_edited_answers_both_are_kept_in_order(hand_in, answered):
    double = copy.deepcopy(cell(answered, "q1-mean"))
    double.source = "mean = None"
    answered.cells.append(double)
    taken = hand_in(answered)
    assert cell(taken.notebook, "q1-mean").source == "mean = np.mean\nmean = None"
    assert texts(taken) == ["q1-mean: stands 2 times; all that was written in them is graded"]


ANSWER = "def mean(x):\n    total = sum(x)\n    return total / len(x)"


@pytest.mark.parametrize(
    ("pieces", "graded"),
    [
        ([ANSWER, ""], ANSWER),
        (["", ANSWER], ANSWER),
        ([ANSWER, "    raise NotImplementedError()"], ANSWER),
        (["def mean(x):\n    # YOUR CODE HERE", ANSWER], ANSWER),
        (["def mean(x):\n    total = sum(x)", "    return total / len(x)"], ANSWER),
        (["import math", ANSWER, "print(mean([1, 2]))"], f"import math\n{ANSWER}\nprint(mean([1, 2]))"),
        ([ANSWER, ANSWER], ANSWER),
        ([ANSWER, "this is no Python"], ANSWER),
        (["# a remark", ANSWER, ""], f"# a remark\n{ANSWER}"),
    ],
)
def test_a_split_answer_is_put_together_and_an_empty_piece_never_wins(hand_in, answered, pieces, graded):
    """JupyterLab's split copies the name of a cell to every piece."""
    first = cell(answered, "q1-mean")
    place = answered.cells.index(first)
    split = []
    for number, source in enumerate(pieces):
        split.append(copy.deepcopy(first))
        split[-1].source, split[-1].id = source, f"piece-{number}"
    answered.cells[place : place + 1] = split
    taken = hand_in(answered)
    assert cell(taken.notebook, "q1-mean").source == graded
    assert any("stands" in text for text in texts(taken))


@pytest.mark.parametrize("place", [2, 3, 4, -1])
def test_an_answer_that_was_deleted_and_written_again_is_found_by_what_it_defines(hand_in, answered, place):
    answered.cells.remove(cell(answered, "q1-mean"))
    answered.cells.insert(place, nbformat.v4.new_code_cell(ANSWER, id="mine"))
    taken = hand_in(answered)
    assert cell(taken.notebook, "q1-mean").source == ANSWER
    assert "q1-mean: found in a cell of the student's own, by what it defines" in texts(taken)
    assert not [one for one in taken.notebook.cells if one.id.startswith("own-")]


def test_an_answer_beside_an_untouched_stub_is_found(hand_in, blank):
    notebook = copy.deepcopy(blank)
    notebook.cells.insert(2, nbformat.v4.new_code_cell(ANSWER, id="mine"))
    taken = hand_in(notebook)
    assert cell(taken.notebook, "q1-mean").source == ANSWER
    assert taken.doubt == ""


def lose(notebook, *what):
    for one in notebook.cells:
        for name in what:
            one.pop(name, None) if name == "id" else one.metadata.pop(name, None)
    return notebook


def test_all_answers_are_recognised_where_names_and_ids_are_lost(hand_in, answered):
    """nbformat 4.0, and editors that write cells anew: nothing but types and texts is left."""
    cell(answered, "q2-scale").source = "def scale(x, k):\n    return [k * v for v in x]"
    cell(answered, "q3-explain").source = "It is linear."
    wanted = sources(answered)
    taken = hand_in(lose(answered, "id", "nbgrader") | {"nbformat_minor": 0})
    assert sources(taken.notebook) == wanted
    assert (taken.unreadable, taken.doubt) == ("", "")
    assert texts(taken).count("q3-explain: the cell was lost; what stands in its place is graded") == 1


def test_a_submission_in_which_nothing_is_recognised_is_to_be_looked_at(hand_in, blank):
    other = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("print('my homework')")])
    assert "no answer was recognised" in hand_in(other).doubt


def test_an_untouched_release_is_no_reason_to_look(hand_in, blank):
    assert hand_in(blank).doubt == ""


@pytest.mark.parametrize("copied", ["sums-Copy1.ipynb", "sums (1).ipynb", "final.ipynb"])
def test_work_in_a_copy_beside_the_untouched_notebook_is_graded_and_said_so(hand_in, answered, blank, copied, tmp_path):
    folder = tmp_path / "ada" / TOPIC
    folder.mkdir(parents=True)
    nbformat.write(answered, folder / copied)
    taken = hand_in(copy.deepcopy(blank))
    assert cell(taken.notebook, "q1-mean").source == "mean = np.mean"
    assert texts(taken)[0] == f"the notebook {copied} is graded in place of sums.ipynb, which was not worked on"


def test_the_notebook_of_the_topics_name_comes_first_where_both_were_worked_on(hand_in, answered, tmp_path):
    folder = tmp_path / "ada" / TOPIC
    folder.mkdir(parents=True)
    other = copy.deepcopy(answered)
    cell(other, "q1-mean").source = "mean = None"
    nbformat.write(other, folder / "sums-Copy1.ipynb")
    taken = hand_in(answered)
    assert cell(taken.notebook, "q1-mean").source == "mean = np.mean"
    assert texts(taken) == ["the notebook sums-Copy1.ipynb beside it is not graded"]


@pytest.mark.parametrize("name", ["a\x1b]0;owned\x07.txt", "turned\u202egnp.txt", "x" * 220 + ".txt", "a\nb.py"])
def test_a_file_whose_name_does_not_print_is_left_out_and_named_harmlessly(hand_in, answered, tmp_path, name):
    folder = tmp_path / "ada" / TOPIC
    folder.mkdir(parents=True)
    (folder / name).write_text("")
    taken = hand_in(answered)
    assert taken.files == {}
    [text] = texts(taken)
    assert text.endswith("is left out: rename it")
    assert text.isprintable()
    assert len(text) < 200


def test_retyped_answer_is_code_again(hand_in, answered):
    target = cell(answered, "q1-mean")
    retyped = nbformat.v4.new_markdown_cell(target.source, metadata=target.metadata)
    answered.cells[answered.cells.index(target)] = retyped
    taken = hand_in(answered)
    assert cell(taken.notebook, "q1-mean").cell_type == "code"
    assert texts(taken) == ["q1-mean: was a markdown cell; read as code"]


def test_unlocked_and_rewritten_test_cell_is_the_instructors_again(hand_in, answered, blank):
    target = cell(answered, "q1-mean-tests")
    target.metadata.nbgrader |= {"locked": False, "points": 100}
    target.source = "pass"
    taken = hand_in(answered)
    assert sources(taken.notebook)[3] == sources(blank)[3]
    assert cell(taken.notebook, "q1-mean-tests").metadata.nbgrader.points == 3
    assert texts(taken) == ["q1-mean-tests: the locked cell differs from the instructor's, which is run"]


def test_pasted_pictures_are_left_out_and_said_so(hand_in, answered):
    cell(answered, "q3-explain")["attachments"] = {"a.png": {"image/png": "AAAA"}}
    taken = hand_in(answered)
    assert "attachments" not in cell(taken.notebook, "q3-explain")
    assert texts(taken) == ["q3-explain: pasted pictures are left out"]


def test_a_text_that_would_take_minutes_to_show_is_cut_and_said_so(hand_in, answered):
    cell(answered, "q3-explain").source = "*a **b" * 100_000
    taken = hand_in(answered)
    assert len(cell(taken.notebook, "q3-explain").source) < MAX_TEXT + 100
    assert texts(taken) == [f"q3-explain: a text of more than {MAX_TEXT} characters is cut off there"]


def test_answer_without_its_name_is_found_by_its_id(hand_in, answered):
    del cell(answered, "q1-mean").metadata["nbgrader"]
    taken = hand_in(answered)
    assert cell(taken.notebook, "q1-mean").source == "mean = np.mean"
    assert texts(taken) == ["q1-mean: the cell had lost its name; recognised by its id"]


def test_cells_of_the_students_own_keep_their_places(hand_in, answered):
    answered.cells.insert(2, nbformat.v4.new_code_cell("import os", id="mine"))
    answered.cells.insert(5, nbformat.v4.new_code_cell(""))
    answered.cells.append(nbformat.v4.new_markdown_cell("so ![](attachment:x.png) it is"))
    taken = hand_in(answered)
    ids = [cell.id for cell in taken.notebook.cells]
    assert ids[1:4] == ["setup", "own-0", "q1-mean"]
    assert taken.notebook.cells[2].source == "import os"
    assert taken.notebook.cells[-1].source == "so *(picture left out: )* it is"
    assert texts(taken) == ["2 cell(s) of the student's own: run beside the answers, without points"]


def test_missing_cell_ids_are_no_reason_to_complain(hand_in, answered):
    for one in answered.cells:
        del one["id"]
    assert hand_in(answered | {"nbformat_minor": 4}).notes == []


def test_only_the_notebook_is_looked_at(hand_in, answered):
    assert hand_in(answered, torch_py="raise SystemExit").notes == []


def test_one_notebook_of_another_name_is_taken(hand_in, answered):
    taken = hand_in(answered, name="sums (1).ipynb")
    assert cell(taken.notebook, "q1-mean").source == "mean = np.mean"
    assert texts(taken) == ["the notebook sums (1).ipynb is graded in place of sums.ipynb"]


def test_the_time_of_collection_is_kept_if_it_is_one(hand_in, answered):
    assert hand_in(answered, timestamp_txt="2024-05-06 07:08:09 UTC\n").timestamp == "2024-05-06 07:08:09 UTC"
    late = hand_in(answered, timestamp_txt="tomorrow, perhaps")
    assert (late.timestamp, texts(late)) == ("", ["timestamp.txt holds no date; graded as in time"])


UNREADABLE = {
    "empty": (b"", "the file is empty"),
    "spaces": (b" \n", "the file is empty"),
    "binary": (bytes(range(256)), "the file is not text"),
    "utf-16": ("{}".encode("utf-16"), "the file is not text"),
    "cut off": (b'{"cells": [{"cell_type"', "no valid JSON"),
    "nested": (b"[" * 100_000, "no valid JSON"),
    "huge number": (b'{"cells": ' + b"9" * 5000 + b"}", "no valid JSON"),
    "a list": (b"[]", "JSON but not a notebook"),
    "a number": (b"1", "JSON but not a notebook"),
    "old format": (b'{"nbformat": 3, "worksheets": []}', "its format is 3, save it as format 4"),
    "cells are no list": (b'{"cells": {"a": 1}}', "it has no list of cells"),
    "too large": (b" " * (MEGABYTE + 1), "more than 1 MB"),
    "missing": (None, "expected the notebook sums.ipynb, found none"),
}


@pytest.mark.parametrize("name", UNREADABLE)
def test_what_cannot_be_read_has_a_plain_reason(hand_in, blank, name):
    content, reason = UNREADABLE[name]
    taken = hand_in(content)
    assert reason in taken.unreadable
    assert sources(taken.notebook) == sources(blank)


ODD_CELLS = [
    1,
    None,
    [],
    {},
    {"cell_type": 3, "source": {"a": 1}, "metadata": [], "id": 7},
    {"source": ["x", 1, None], "metadata": {"nbgrader": "q1-mean"}},
    {"source": "y", "metadata": {"nbgrader": {"grade_id": ["q1-mean"]}}},
]


def test_cells_of_any_shape_are_survived(hand_in, blank):
    taken = hand_in({"cells": ODD_CELLS})
    assert taken.unreadable == ""
    given = [one.source for one in taken.notebook.cells if not one.id.startswith("own-")]
    assert given == [one.source for one in blank.cells]


def test_half_a_surrogate_pair_can_be_written(hand_in, answered):
    cell(answered, "q1-mean").source = "# \ud800"
    taken = hand_in(answered)
    assert nbformat.writes(taken.notebook).encode("utf-8")


def test_links_and_pipes_are_refused_unread(hand_in, tmp_path, answered):
    (tmp_path / "secret.ipynb").write_text(nbformat.writes(answered))
    folder = tmp_path / "ada" / TOPIC
    folder.mkdir(parents=True)
    path = folder / f"{TOPIC}.ipynb"
    path.symlink_to(tmp_path / "secret.ipynb")
    assert hand_in(None).unreadable == "the file cannot be opened: it is a link"
    path.unlink()
    os.mkfifo(path)
    assert "a pipe or a device" in hand_in(None).unreadable
    path.unlink()
    path.mkdir()
    assert "a folder" in hand_in(None).unreadable


def test_a_linked_folder_is_refused(hand_in, tmp_path):
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "ada").mkdir()
    (tmp_path / "ada" / TOPIC).symlink_to(tmp_path / "elsewhere")
    taken = take_in(Submission("ada", TOPIC, tmp_path / "ada" / TOPIC), nbformat.v4.new_notebook(), 1)
    assert "got a file or a link" in taken.unreadable


def test_find_lists_submissions_and_names_what_is_none(tmp_path):
    for path in ("ada/sums", "ben/smus", "cleo/sums", "b[a]d/sums", ".hidden/sums"):
        (tmp_path / path).mkdir(parents=True)
    (tmp_path / "list.txt").write_text("")
    found, problems = find(tmp_path, ["sums"])
    assert [one.student for one in found] == ["ada", "cleo"]
    assert "list.txt: expected a student's folder" in "\n".join(problems)
    assert "b[a]d: a student's name may hold" in "\n".join(problems)
    [stray] = unknown(tmp_path, ["sums"])
    assert "ben/smus: expected a topic with a solution, got 'smus'" in stray
    assert [one.student for one in find(tmp_path, ["sums"], "cleo")[0]] == ["cleo"]


def test_find_refuses_a_missing_folder_and_an_unknown_student(tmp_path):
    with pytest.raises(ValueError, match="found no folder"):
        find(tmp_path / "none", ["sums"])
    with pytest.raises(ValueError, match="found none of 'zoe'"):
        find(tmp_path, ["sums"], "zoe")
