"""The site: built by Sphinx from lectures as they ran or as they are committed, for reading from disk."""

import json
import re

import pytest
from bs4 import BeautifulSoup

from mylib import syllabus
from mylib.classroom.publishing import execute as lectures
from mylib.classroom.publishing import site
from mylib.classroom.publishing.site import methods, pages
from tests.classroom.publishing.addresses import dead_addresses, linked, parsed
from tests.classroom.publishing.conftest import TOPICS

FAILURE = "lectures/01_vision/02_bad.ipynb, cell 4: ValueError: no such digit: <7>"
ADDRESS = site.Address("https://github.com/o/course", "main", "https://colab.example.org", "https://binder.example.org")


@pytest.fixture(scope="module")
def built(house, executed):
    """The site of the runs with seed 0."""
    runs, _ = executed
    site.build(TOPICS, [runs[topic.name, 0] for topic in TOPICS], house / "site", jobs=1)
    return house / "site"


@pytest.fixture
def good(built):
    return parsed(built / "lectures" / "01_vision" / "01_good.html")


def article(page):
    return page.select_one("article.bd-article")


def test_every_address_of_every_page_is_on_disk(built):
    assert dead_addresses(built, elsewhere=False) == []
    assert {"index.html", "01_good.html", "02_bad.html", "good.html", "CLAIMS.html", "gradients.html"} <= {
        path.name for path in built.rglob("*.html")
    }


def test_styles_ask_nothing_of_the_network(built):
    for path in built.rglob("*.css"):
        found = re.findall(
            r"@import\s+[^;]*//[^;]*|url\(\s*['\"]?(?:https?:)?//[^)]*", path.read_text(encoding="utf-8")
        )
        assert not found, path


def test_formulas_are_drawn_by_one_file_from_disk(built, good):
    (script,) = [tag["src"] for tag in good.select("script[src]") if "tex-svg" in tag["src"]]
    file = built / "lectures" / "01_vision" / script.split("?")[0]
    assert file.stat().st_size > 1e6
    assert "x^2" in article(good).text


def test_every_image_keeps_its_own_alt_text(good):
    assert [image["alt"] for image in article(good).select("img")] == ['An empty frame, x < 1 & "y".']


def test_links_between_notebooks_lead_to_pages(good):
    links = {tag["href"] for tag in article(good).select("a[href]")}
    assert {"02_bad.html#part", "../../exercises/good/good.html"} <= links


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("[all](../index.ipynb)", "[all](../../index.md)"),
        ("[here](#Evaluation)", "[here](#evaluation)"),
        ("[other](../02_attention/01_maps.ipynb#Heads)", "[other](../02_attention/01_maps.ipynb#heads)"),
        ('<a href="../CLAIMS.md#a-claim">', '<a href="../CLAIMS.html#a-claim">'),
        ('<a href="https://example.org/x.ipynb">', '<a href="https://example.org/x.ipynb">'),
    ],
)
def test_links_are_written_as_the_site_has_them(text, shown):
    assert pages._links(text) == shown


def test_a_lecture_that_failed_is_shown_as_far_as_it_got_and_says_so(built):
    bad = article(parsed(built / "lectures" / "01_vision" / "02_bad.html"))
    assert FAILURE in bad.select_one(".error").text
    assert "before" in bad.text


def test_the_first_page_lists_every_lecture_and_says_which_failed(built):
    text = article(parsed(built / "index.html"))
    failures = [box.text for box in text.select(".admonition.error")]
    assert len(failures) == 2
    assert FAILURE in failures[0]
    assert "03_missing.ipynb" in failures[1]
    links = {tag.text: tag["href"] for tag in text.select("table a[href]")}
    assert links["The good & the ugly"] == "lectures/01_vision/01_good.html"
    assert links["good"] == "exercises/good/good.html"


def test_pages_name_their_language_and_fold_the_code_of_drawings(good):
    assert good.html["lang"] == "en"
    assert good.title.text.startswith("A good lecture")
    (folded,) = article(good).select("details")
    assert "Code of this picture" in folded.summary.text
    assert "plots.show" in folded.text
    assert folded.find("img") is None  # the picture itself stays in sight


def test_the_download_is_the_notebook_as_it_ran_and_the_exercise_as_it_was_released(built, house, executed):
    runs, _ = executed
    there = built / "_sources" / TOPICS[0].lecture
    assert there.read_bytes() == runs["good", 0].notebook.read_bytes()
    assert json.loads((built / "_sources" / TOPICS[0].exercise).read_text()) == json.loads(
        (house / TOPICS[0].exercise).read_text()
    )


def test_one_topic_is_made_anew_and_the_others_stay(house, built):
    pages_before = {path: path.read_bytes() for path in built.rglob("0*.html")}
    good, bad = (syllabus.ROOT / topic.lecture for topic in TOPICS[:2])
    before = {path: path.read_text() for path in (good, bad)}
    try:
        for path, text in before.items():
            path.write_text(text.replace("lecture", "changed lecture"))
        site.build(TOPICS[:1], (), built, jobs=1)
        after = {path: path.read_bytes() for path in pages_before}
    finally:
        for path, text in before.items():
            path.write_text(text)
    changed = {path.name for path in after if b"A good changed lecture" in after[path]}
    assert "01_good.html" in changed
    assert b"A bad changed lecture" not in after[next(path for path in after if path.name == "02_bad.html")]


def test_a_new_page_stands_in_the_contents_of_the_others(house, tmp_path):
    site.build(TOPICS, (), tmp_path / "site", jobs=1)
    page, new = tmp_path / "site" / TOPICS[1].lecture.with_suffix(".html"), syllabus.ROOT / TOPICS[1].exercise
    assert not any("exercises/bad/bad" in link for link in linked(parsed(page)))
    new.parent.mkdir(parents=True)
    new.write_text((syllabus.ROOT / TOPICS[0].exercise).read_text())
    try:
        site.build(TOPICS[:1], (), tmp_path / "site", jobs=1)
    finally:
        new.unlink()
    assert any("exercises/bad/bad" in link for link in linked(parsed(page)))


def test_a_folder_of_something_else_is_left_alone(tmp_path):
    (tmp_path / "thesis.txt").write_text("years")
    with pytest.raises(ValueError, match="expected an empty folder or a site of this course"):
        site.build((), (), tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]


def test_a_dead_link_is_an_error_that_names_it(house, tmp_path):
    path = syllabus.ROOT / TOPICS[0].lecture
    before = path.read_text()
    try:
        path.write_text(before.replace("02_bad.ipynb#part", "09_gone.ipynb"))
        with pytest.raises(ValueError, match="09_gone"):
            site.build(TOPICS, (), tmp_path / "site", jobs=1)
    finally:
        path.write_text(before)


def test_buttons_that_launch_a_notebook_lead_to_the_repository(house, tmp_path):
    site.build(TOPICS[:1], (), tmp_path / "site", ADDRESS, jobs=1)
    links = linked(parsed(tmp_path / "site" / TOPICS[0].lecture.with_suffix(".html")))
    where = TOPICS[0].lecture.as_posix()
    assert f"https://colab.example.org/github/o/course/blob/main/{where}" in links
    assert any(link.startswith("https://binder.example.org/v2/gh/o/course/main?") and where in link for link in links)


def test_the_address_is_read_strictly(house):
    path = syllabus.ROOT / "pyproject.toml"
    path.write_text("[tool.mylib.site]\nrepositry = 1\n")
    try:
        with pytest.raises(ValueError, match="repositry"):
            site.read_address()
        path.write_text('[tool.mylib.site]\nrepository = "https://x"\n')
        assert site.read_address() == site.Address("https://x")
    finally:
        path.unlink()


def test_runs_are_found_again(house, executed):
    assert [(run.topic, run.error) for run in lectures.last_runs(TOPICS, house / "none")] == []
    out = house / "last"
    runs = lectures.execute(TOPICS, jobs=2, output=out)
    again = lectures.last_runs(TOPICS, out)
    assert [(run.topic, run.notebook, run.error) for run in again] == [
        (run.topic, run.notebook, run.error) for run in runs[:2]
    ]


def test_a_docstring_is_shown_by_its_sections_and_the_twin_says_only_what_differs():
    left = (
        "y = x^2.\n\nGrows `fast`.\n\nArgs:    x: number.\n         k: another,\n             or none.\n"
        "Returns: number.\nRaises:  ValueError: x < 0.\nSource:  here.\n\nExample:\n    >>> 1 < 2\n    True"
    )
    page = BeautifulSoup(methods.docstring(left, ""), "html.parser")
    assert [tag.text for tag in page.select("p")] == ["y = x^2.", "Grows fast."]
    assert page.code.text == "fast"
    assert [(tag.name, tag.text) for tag in page.dl.find_all(["dt", "dd"])] == [
        ("dt", "Args"),
        ("dd", "x: number."),
        ("dd", "k: another, or none."),
        ("dt", "Returns"),
        ("dd", "number."),
        ("dt", "Raises"),
        ("dd", "ValueError: x < 0."),
        ("dt", "Source"),
        ("dd", "here."),
    ]
    assert page.pre.text == ">>> 1 < 2\nTrue"
    right = "x^2, fused.\n\nThe NumPy side says:\n\ny = x^2.\n\nArgs:    x: number.\n\nReturns: tensor."
    page = BeautifulSoup(methods.docstring(right, left), "html.parser")
    assert [tag.text for tag in page.select("p, dt, dd")][0] == "x^2, fused."
    assert "Grows" not in page.text
    assert "tensor." in page.text


def test_a_method_of_a_class_says_beside_its_twin_only_what_differs():
    class Left:
        """A layer."""

        def forward(self, x):
            """y = x.

            Args:    x: number.
            Returns: number.
            """

    class Right:
        """A layer, fused."""

        def forward(self, x):
            """y = x.

            Args:    x: number.
            Returns: tensor.
            """

    alone, beside = (methods._thing("Layer", Right, twin) for twin in (None, Left))
    assert "<dt>Args</dt>" in alone
    assert "<dt>Args</dt>" not in beside
    assert "<dd>tensor.</dd>" in beside
