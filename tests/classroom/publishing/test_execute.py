"""Lectures: executed apart from each other, tidied, and what every committed one keeps to."""

import ast
import io
import json
import re
import time
from pathlib import Path

import nbformat
import pytest
from bs4 import BeautifulSoup
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output
from tqdm import tqdm

from mylib import claims, syllabus
from mylib.classroom.notebook.needs import said
from mylib.classroom.publishing import execute as lectures
from tests.classroom.publishing.conftest import CLAIM, TOPICS


def printed(notebook):
    return "".join(
        output.text
        for cell in notebook.cells
        for output in cell.get("outputs", [])
        if output.output_type == "stream" and output.name == "stdout"
    )


def test_a_failing_lecture_does_not_stop_the_others(executed):
    runs, _ = executed
    assert list(runs) == [(topic.name, seed) for topic in TOPICS for seed in (0, 1)]
    for seed in (0, 1):
        assert runs["good", seed].error == ""
        assert "after the claim" in printed(nbformat.read(runs["good", seed].notebook, as_version=4))
        assert runs["good", seed].seconds > 0


def test_a_failure_names_the_notebook_the_cell_and_the_error(executed):
    runs, _ = executed
    # One is injected, the parameters: the cell that fails is the fifth of the executed notebook, number 4.
    assert runs["bad", 0].error == "lectures/01_vision/02_bad.ipynb, cell 4: ValueError: no such digit: <7>"
    assert "lectures/01_vision/03_missing.ipynb" in runs["missing", 0].error


def test_a_failing_lecture_is_kept_as_far_as_it_got(executed):
    runs, _ = executed
    assert printed(nbformat.read(runs["bad", 0].notebook, as_version=4)) == "before\n"
    assert not runs["missing", 0].notebook.exists()


def test_seed_and_parameters_arrive_in_the_notebook(executed):
    runs, _ = executed
    for seed in (0, 1):
        text = printed(nbformat.read(runs["good", seed].notebook, as_version=4))
        assert f"{seed} quick cpu\n" in text


def test_claims_are_collected_per_seed_with_what_failed(executed):
    _, rows = executed
    kept = [(row["name"], row["seed"], row["holds"], row["measured"]) for row in rows]
    assert kept == [(CLAIM.name, seed, seed == 0, {"starts solved": 19 + seed}) for seed in (0, 1)]


def test_saving_writes_the_lecture_back_without_times(house, executed):
    runs, _ = executed
    before = (house / TOPICS[0].lecture).read_text()
    try:
        lectures.save(runs["good", 0])
        saved = nbformat.read(house / TOPICS[0].lecture, as_version=4)
    finally:
        (house / TOPICS[0].lecture).write_text(before)
    assert set(saved.metadata) == {"kernelspec", "language_info"}
    assert "papermill" not in json.dumps(saved)
    assert "after the claim" in printed(saved)


def stream(text, name="stdout"):
    return new_output("stream", name=name, text=text)


def bar(count=3, nested=False):
    """What tqdm really writes, piece by piece."""

    class Pieces(io.StringIO):
        def write(self, text):
            pieces.append(text)

    pieces = []
    for _ in tqdm(range(count), file=Pieces(), leave=False, mininterval=0):
        if nested:
            for _ in tqdm(range(2), file=Pieces(), leave=False, mininterval=0):
                time.sleep(0)
    return [piece for piece in pieces if piece]


def tidied(*outputs, **metadata):
    cell = new_code_cell("pass", outputs=list(outputs), metadata=metadata, execution_count=1)
    return lectures.tidy(new_notebook(cells=[cell])).cells[0]


@pytest.mark.parametrize("nested", [False, True])
def test_tidy_removes_a_finished_bar_whose_pieces_stand_between_prints(nested):
    pieces = bar(nested=nested)
    assert any("%" in piece for piece in pieces)
    mixed = []
    for number, piece in enumerate(pieces):
        mixed += [stream(piece, "stderr"), stream(f"{number}\n")]
    outputs = tidied(*mixed).outputs
    assert [(output.name, output.text) for output in outputs] == [
        ("stdout", "".join(f"{number}\n" for number in range(len(pieces))))
    ]


def test_tidy_keeps_what_else_was_written_to_stderr():
    outputs = tidied(stream("warning: cold\n", "stderr"), stream("a\n")).outputs
    assert [(output.name, output.text) for output in outputs] == [
        ("stderr", "warning: cold\n"),
        ("stdout", "a\n"),
    ]


def test_tidy_keeps_a_warning_and_drops_the_bar_beside_it():
    outputs = tidied(stream("warning: cold\n", "stderr"), *(stream(p, "stderr") for p in bar()), stream("a\n")).outputs
    assert [(output.name, output.text) for output in outputs] == [
        ("stderr", "warning: cold\n"),
        ("stdout", "a\n"),
    ]


def test_tidy_keeps_a_bar_that_never_finished():
    (output,) = tidied(stream("\r 10%|#   | 1/10", "stderr")).outputs
    assert "10%" in output.text


def test_tidy_joins_pieces_of_one_stream_and_keeps_pictures_where_they_are():
    picture = new_output("display_data", data={"image/png": "AAAA"})
    outputs = tidied(stream("a"), stream("b\n"), picture, stream("c\n")).outputs
    assert [output.get("text", "picture") for output in outputs] == ["ab\n", "picture", "c\n"]


def test_tidy_strips_times_and_versions_and_keeps_tags_and_marks_for_slides():
    notebook = new_notebook(
        cells=[
            new_code_cell(
                "pass",
                metadata={"tags": ["parameters"], "papermill": {"duration": 1.5}, "execution": {"t": "now"}},
            ),
            new_markdown_cell("text", metadata={"papermill": {"duration": 0.1}}),
            new_markdown_cell("said", metadata={"slideshow": {"slide_type": "notes"}}),
        ],
        metadata={
            "papermill": {"start_time": "now"},
            "language_info": {"name": "python", "version": "3.11.7"},
            "widgets": {},
        },
    )
    first, second, third = lectures.tidy(notebook).cells
    assert first.metadata == {"tags": ["parameters"]}
    assert second.metadata == {}
    assert third.metadata == {"slideshow": {"slide_type": "notes"}}
    assert notebook.metadata == {
        "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
        "language_info": {"name": "python"},
    }


def test_tidy_hides_the_code_of_drawings_only():
    for tag in ("drawing", "needs"):
        assert tidied(tags=[tag]).metadata == {"tags": [tag], "jupyter": {"source_hidden": True}}
    assert tidied(tags=["other"]).metadata == {"tags": ["other"]}


def test_tidy_twice_is_tidy_once():
    notebook = new_notebook(
        cells=[new_code_cell("pass", outputs=[*(stream(p, "stderr") for p in bar()), stream("a"), stream("b")])]
    )
    once = json.dumps(lectures.tidy(notebook))
    assert json.dumps(lectures.tidy(notebook)) == once


REAL = Path(__file__).resolve().parents[3]
COMMITTED = sorted(REAL.glob("lectures/[0-9]*/*.ipynb"))


@pytest.fixture(params=COMMITTED, ids=lambda path: path.stem)
def lecture(request):
    """A committed lecture, and its row of the syllabus."""
    topics = {topic.lecture.as_posix(): topic for topic in _real_topics()}
    name = request.param.relative_to(REAL).as_posix()
    return nbformat.read(request.param, as_version=4), topics[name]


def _real_topics():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(syllabus, "ROOT", REAL)
        return _TOPICS()


_TOPICS = syllabus.topics  # before a fixture puts the stubs there


def code(notebook):
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def outputs(notebook):
    return [output for cell in code(notebook) for output in cell.outputs]


def test_cells_have_names_of_their_own(lecture):
    names = [cell.id for cell in lecture[0].cells]
    assert len(set(names)) == len(names)


def test_there_is_one_cell_of_parameters_with_the_agreed_defaults(lecture):
    tagged = [cell for cell in lecture[0].cells if "parameters" in cell.metadata.get("tags", [])]
    assert len(tagged) == 1
    assert not [cell for cell in lecture[0].cells if "injected-parameters" in cell.metadata.get("tags", [])]
    values = {}
    for statement in ast.parse(tagged[0].source).body:
        values[statement.targets[0].id] = ast.literal_eval(statement.value)
    assert {name: values[name] for name in ("SEED", "SCALE", "DEVICE")} == {
        "SEED": 0,
        "SCALE": "quick",
        "DEVICE": "auto",
    }


def test_every_cell_was_run_once_in_order_and_shows_what_it_should(lecture):
    cells = code(lecture[0])
    assert [cell.execution_count for cell in cells] == list(range(1, len(cells) + 1))
    for cell in cells:
        for call in re.findall(r"^(plots\.(?:show|source|animate)|claims\.record|print)\(", cell.source, re.M):
            assert cell.outputs, f"{call} in cell {cell.id} left no output"


def test_no_output_is_an_error_or_a_warning(lecture):
    assert not [output for output in outputs(lecture[0]) if output.output_type == "error"]
    assert not [output for output in outputs(lecture[0]) if output.get("name") == "stderr"]


def test_no_output_names_a_folder_or_an_address_of_one_machine(lecture):
    for output in outputs(lecture[0]):
        texts = [output.get("text", ""), *map(str, output.get("data", {}).values())]
        for text in texts:
            text = re.sub(r"data:image/[\w+]+;base64,[\w+/=]+|^[\w+/=\n]{200,}$", "", text)
            found = re.search(r"(?<![\w.:/])/(home|root|usr|tmp|work|opt|var|Users)/|[A-Z]:\\|\b0x[0-9a-f]{6,}", text)
            assert not found, text[max(found.start() - 60, 0) : found.end() + 60]


def test_every_picture_has_alt_text_where_notebooks_and_nbconvert_show_it(lecture):
    """In the HTML: the alternative text of a notebook's own pictures stands in metadata that neither reads."""
    for output in outputs(lecture[0]):
        data = output.get("data", {})
        assert not [kind for kind in data if kind.startswith("image/")], "a picture without alt text: plots.show"
        for image in BeautifulSoup(data.get("text/html", ""), "html.parser").select("img"):
            assert len(image.get("alt", "").split()) > 3
    written = [cell.source for cell in lecture[0].cells if cell.cell_type == "markdown"]
    assert not [text for text in written if re.search(r"!\[\s*\]\(", text)]


def test_it_begins_by_saying_what_is_missing_here(lecture):
    assert said(lecture[0])


def test_a_reader_predicts_is_warned_and_can_check_what_was_learnt(lecture):
    text = "\n".join(cell.source for cell in lecture[0].cells if cell.cell_type == "markdown")
    assert text.count("**Predict, then run.**") >= 3
    assert re.search("^## Common mistakes", text, re.M)
    (questions,) = re.findall(r"(?ms)^## Check yourself\n(.*?)(?=^## |\Z)", text)
    assert questions.count("<details><summary>") == questions.count("</details>") == 5


def test_every_claim_was_measured_with_three_seeds(lecture):
    _, topic = lecture
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(syllabus, "ROOT", REAL)
        runs = claims.recorded(topic)
    assert sorted(runs) == sorted(claim.name for claim in topic.claims)
    for rows in runs.values():
        assert [row.seed for row in rows] == list(range(len(rows)))
        assert len(rows) >= 3


def test_headings_begin_with_the_title_and_do_not_skip_levels(lecture):
    text = "\n".join(cell.source for cell in lecture[0].cells if cell.cell_type == "markdown")
    text = re.sub(r"^```.*?^```", "", text, flags=re.M | re.S)
    levels = [len(marks) for marks in re.findall(r"^(#{1,6}) ", text, re.M)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after <= before + 1 for before, after in zip(levels, levels[1:], strict=False)), levels


def test_some_outputs_are_compared_when_the_lecture_is_run_again(lecture):
    marked = [cell for cell in code(lecture[0]) if "# NBVAL_CHECK_OUTPUT" in cell.source]
    assert marked
    assert all(cell.outputs for cell in marked)


def test_every_claim_of_the_topic_is_recorded_once_and_no_other(lecture):
    notebook, topic = lecture
    text = "\n".join(cell.source for cell in code(notebook))
    recorded = re.findall(r'claims\.record\(\s*"([\w-]+)"', text)
    assert sorted(recorded) == sorted(claim.name for claim in topic.claims)


def test_links_to_the_exercise_and_to_other_notebooks_exist(lecture):
    notebook, topic = lecture
    text = "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")
    links = re.findall(r"\]\(((?!https?:|#|mailto:)[^)\s]+)\)", text)
    folder = (REAL / topic.lecture).parent
    assert f"../../{topic.exercise.as_posix()}" in links
    missing = [link for link in links if not (folder / link.split("#")[0]).exists()]
    assert not missing
