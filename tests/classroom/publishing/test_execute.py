"""Lectures: executed apart from each other, tidied, published as pages, and what every committed one keeps to."""

import ast
import functools
import io
import json
import multiprocessing
import re
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import nbformat
import pytest
from bs4 import BeautifulSoup
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output
from tqdm import tqdm

from mylib import claims, syllabus
from mylib.classroom.publishing import execute as lectures
from mylib.classroom.publishing import site

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
    """A folder with two tiny lectures, and a third that the syllabus names and nobody wrote."""
    root = tmp_path_factory.mktemp("house")
    for topic, cells in zip(TOPICS, (GOOD, BAD), strict=False):
        (root / topic.lecture).parent.mkdir(parents=True, exist_ok=True)
        notebook = new_notebook(cells=[cell.copy() for cell in cells])
        nbformat.write(lectures.tidy(notebook), root / topic.lecture)
    (root / "exercises" / "good").mkdir(parents=True)
    nbformat.write(new_notebook(), root / "exercises" / "good" / "good.ipynb")
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


@pytest.fixture(scope="module")
def pages(house, executed):
    """The site of the runs with seed 0."""
    runs, _ = executed
    site.build([runs[topic.name, 0] for topic in TOPICS], house / "site")
    return house / "site"


def parsed(path):
    return BeautifulSoup(path.read_text(encoding="utf-8"), "html.parser")


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
    # One is injected, the parameters: the cell that fails is the fourth of the executed notebook, number 3.
    assert runs["bad", 0].error == "lectures/01_vision/02_bad.ipynb, cell 3: ValueError: no such digit: <7>"
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


def test_pages_load_nothing_from_elsewhere(pages):
    found = list(pages.glob("*/0*.html")) + [pages / "index.html"]
    assert len(found) == 3
    for path in found:
        page = parsed(path)
        sources = [tag["src"] for tag in page.select("script[src], img[src], iframe[src], source[src]")]
        sources += [tag["href"] for tag in page.select("link[href]")]
        assert not [source for source in sources if re.match(r"(https?:)?//", source)]
        styles = "".join(tag.text for tag in page.select("style"))
        assert not re.search(r"@import|url\(\s*['\"]?(https?:)?//", styles)
        assert not re.search(r"import\s[^;]*['\"]https?://", "".join(tag.text for tag in page.select("script")))


def test_what_a_page_loads_from_disk_is_there(pages):
    for path in pages.glob("01_vision/*.html"):
        scripts = [tag["src"] for tag in parsed(path).select("script[src]")]
        assert any("MathJax.js" in script for script in scripts)
        for script in scripts:
            assert (path.parent / script.split("?")[0]).is_file()
    fonts = re.search(r'webFont: "([\w-]+)"', parsed(pages / "01_vision" / "01_good.html").prettify())[1]
    assert list((pages / "mathjax").rglob(f"fonts/HTML-CSS/{fonts}/**/*.woff"))


def test_the_configuration_that_a_page_asks_mathjax_for_is_there(pages):
    (script,) = [
        tag["src"]
        for tag in parsed(pages / "01_vision" / "01_good.html").select("script[src]")
        if "MathJax.js" in tag["src"]
    ]
    for name in script.split("config=")[1].split(","):
        found = [pages / "mathjax" / "config" / f"{name}.js", pages / "mathjax" / "extensions" / f"{name}.js"]
        assert any(path.is_file() for path in found), name


def test_every_image_of_a_page_has_its_own_alt_text(pages):
    images = parsed(pages / "01_vision" / "01_good.html").select("img")
    assert [image["alt"] for image in images] == ['An empty frame, x < 1 & "y".']


def test_links_of_a_page_lead_to_pages_and_files_that_exist(pages):
    page = pages / "01_vision" / "01_good.html"
    links = [tag["href"] for tag in parsed(page).select("main a[href], nav a[href]")]
    links = [link for link in links if not link.startswith("#")]
    assert {"02_bad.html#part", "02_bad.html", "../index.html", "../exercises/good/good.ipynb"} <= set(links)
    for link in links:
        assert (page.parent / link.split("#")[0]).is_file(), link


@pytest.mark.parametrize(
    ("link", "page"),
    [
        ("02_bad.ipynb", "02_bad.html"),
        ("../02_attention/01_attention.ipynb#heads", "../02_attention/01_attention.html#heads"),
        ("../10_generation/02_text.ipynb", "../10_generation/02_text.html"),
        ("../index.ipynb", "../index.html"),
        ("https://example.org/02_bad.ipynb", "https://example.org/02_bad.ipynb"),
        ("../../exercises/good/good.ipynb", "../exercises/good/good.ipynb"),
    ],
)
def test_links_between_notebooks_become_links_between_pages(link, page):
    assert site._follow_links(f'<a href="{link}">', "../") == f'<a href="{page}">'


def test_every_link_of_the_index_leads_to_a_file(pages):
    links = [link["href"] for link in parsed(pages / "index.html").select("a")]
    assert "exercises/good/good.ipynb" in links
    assert all((pages / link).exists() for link in links)


def test_the_index_lists_every_lecture_and_says_which_failed(pages):
    good, bad, missing = parsed(pages / "index.html").select("li")
    assert (good.a["href"], good.a.text) == ("01_vision/01_good.html", "The good & the ugly")
    assert good.strong is None
    assert bad.a["href"] == "01_vision/02_bad.html"
    assert "failed: lectures/01_vision/02_bad.ipynb, cell 3: ValueError: no such digit: <7>" in bad.text
    assert missing.a is None
    assert "failed: lectures/01_vision/03_missing.ipynb" in missing.text


def test_pages_name_their_language_and_their_title_and_fold_the_code_of_drawings(pages):
    page = parsed(pages / "01_vision" / "01_good.html")
    assert page.html["lang"] == "en"
    assert page.title.text == "The good & the ugly"
    (folded,) = page.select("details")
    assert folded.summary.text == "Code of this picture"
    assert "plots.show" in folded.text
    assert folded.find("img") is None  # the picture itself stays in sight


def test_a_page_is_made_anew(house, pages):
    stale = house / "again" / "stale.html"
    stale.parent.mkdir()
    stale.write_text("old")
    site.build([], house / "again")
    assert not stale.exists()
    assert (house / "again" / "index.html").exists()


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


def test_tidy_strips_times_and_versions_and_keeps_tags():
    notebook = new_notebook(
        cells=[
            new_code_cell(
                "pass",
                metadata={"tags": ["parameters"], "papermill": {"duration": 1.5}, "execution": {"t": "now"}},
            ),
            new_markdown_cell("text", metadata={"papermill": {"duration": 0.1}}),
        ],
        metadata={
            "papermill": {"start_time": "now"},
            "language_info": {"name": "python", "version": "3.11.7"},
            "widgets": {},
        },
    )
    first, second = lectures.tidy(notebook).cells
    assert first.metadata == {"tags": ["parameters"]}
    assert second.metadata == {}
    assert notebook.metadata == {
        "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
        "language_info": {"name": "python"},
    }


def test_tidy_hides_the_code_of_drawings_only():
    assert tidied(tags=["drawing"]).metadata == {"tags": ["drawing"], "jupyter": {"source_hidden": True}}
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
