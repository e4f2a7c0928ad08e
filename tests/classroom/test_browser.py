"""As a person would: a student and an instructor in JupyterLab, in a real browser.

Each walk leaves a picture in its temporary folder, and so does a page that somebody cannot read. Those of the README
are taken by

    MYLIB_SCREENSHOTS=docs pytest tests/classroom/test_browser.py
"""

import copy
import os
import re
import secrets
import shutil
import subprocess
import sys
import time
from pathlib import Path

import nbformat
import pytest
from bs4 import BeautifulSoup
from nbgrader.api import Gradebook
from playwright.sync_api import expect

from mylib.classroom.authoring.example_class import MARKER
from mylib.classroom.authoring.release import skeleton
from mylib.classroom.course.folders import open_course
from mylib.classroom.grading.run import grade
from mylib.classroom.notebook.questions import grade_id, is_answer
from mylib.classroom.publishing.start import lab_command
from mylib.classroom.reports.feedback import feedback
from mylib.classroom.reports.page import write_page
from mylib.classroom.reports.similar import compare, write_pages
from mylib.classroom.reports.table import rows
from tests.classroom.browsing import PATIENCE_MS, browser, faults
from tests.classroom.tiny import ROOT

TOPIC, MANUAL = "convolution", "q6-explain"
# No question about news in the way, and every cell in the page at once.
SETTINGS = {
    "notebook-extension/tracker": '{"windowingMode": "none"}',
}
HOSTILE = (
    "<img src=x onerror=\"document.title='taken'; top.document.title='taken'\">"
    "<script>document.title='taken'; alert('taken')</script> [press](javascript:alert('taken'))"
)
RIGHT_SIZES = """\
def output_shape(height, width, filters, kernel, stride=1, padding=0):
    rows = len(range(0, height + 2 * padding - kernel + 1, stride))
    columns = len(range(0, width + 2 * padding - kernel + 1, stride))
    return (rows, columns, filters)


def parameters(channels, filters, kernel):
    return filters * channels * kernel**2 + filters"""
OFF_BY_ONE = RIGHT_SIZES.replace(" + 1, stride", ", stride")
WITHOUT_PADDING = """\
def filter_image(image, kernel):
    windows = np.lib.stride_tricks.sliding_window_view(image, kernel.shape)
    return np.einsum("ijuv,uv->ij", windows, kernel)"""
REASON = "got shape (2, 3), expected (4, 5): did you pad?"
COMMENT = "Two of three: why is the filter of uneven size?"


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    """The course with its convolution exercise, all in a temporary folder."""
    root = tmp_path_factory.mktemp("course")
    shutil.copy(ROOT / "nbgrader_config.py", root)
    for room in ("solutions", "exercises"):
        shutil.copytree(ROOT / room / TOPIC, root / room / TOPIC)
    return open_course(root)


@pytest.fixture(scope="module")
def points(walled, course):
    """What three students have before a person reads their answers."""
    right = answers(course)
    right[MANUAL] = "Divided by 5, the weights sum to 1 and the mean stays. A larger filter is smoother."
    classroom = {
        "ada": right,
        "ben": right | {"q1-sizes": OFF_BY_ONE, MANUAL: HOSTILE},
        "cleo": {},
    }
    blank = skeleton(course, TOPIC, register=False)
    for student, given in classroom.items():
        path = course.submitted / student / TOPIC / f"{TOPIC}.ipynb"
        path.parent.mkdir(parents=True)
        notebook = filled(blank, given)
        if student == "ben":
            notebook.cells.append(nbformat.v4.new_markdown_cell(f"A remark of my own. {HOSTILE}"))
        nbformat.write(notebook, path)
    done = grade(course, course.submitted, jobs=1)
    assert not done.problems
    return {one.student: one.points for one in done.results}


@pytest.fixture(scope="module")
def lab(course, tmp_path_factory):
    """A running JupyterLab that knows nothing of this machine's user: its address and token."""
    home = tmp_path_factory.mktemp("home")
    for name, text in SETTINGS.items():
        path = home / "config" / "lab" / "user-settings" / "@jupyterlab" / f"{name}.jupyterlab-settings"
        path.parent.mkdir(parents=True)
        path.write_text(text)
    scripts, token = Path(sys.executable).parent, secrets.token_hex(16)
    environment = {key: value for key, value in os.environ.items() if not key.startswith("MYLIB_")} | {
        "HOME": str(home),
        "JUPYTER_CONFIG_DIR": str(home / "config"),
        "JUPYTER_DATA_DIR": str(home / "data"),
        "JUPYTER_RUNTIME_DIR": str(home / "runtime"),
        "IPYTHONDIR": str(home / "ipython"),
        "JUPYTER_TOKEN": token,
        "PATH": f"{scripts}{os.pathsep}{os.environ['PATH']}",
    }
    command, own = lab_command(course, ["--no-browser", "--ServerApp.ip=127.0.0.1", "--ServerApp.port=0"])
    environment["JUPYTER_CONFIG_PATH"] = own["JUPYTER_CONFIG_PATH"]
    log = home / "lab.log"
    with open(log, "w") as output:
        server = subprocess.Popen(command, cwd=course.root, env=environment, stdout=output, stderr=subprocess.STDOUT)
    try:
        yield _address(server, log), token
    finally:
        server.terminate()
        try:
            server.wait(timeout=30)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()


def _address(server, log):
    """Where the server listens, as it says once it does."""
    end = time.monotonic() + PATIENCE_MS / 1000
    while time.monotonic() < end:
        said = log.read_text()
        if found := re.search(r"http://127\.0\.0\.1:\d+", said):
            return found[0]
        if server.poll() is not None:
            break
        time.sleep(0.1)
    pytest.fail(f"JupyterLab did not start:\n{log.read_text()}")


def test_a_student_answers_right_and_wrong_and_validate_names_the_wrong_one_only(chromium, course, lab, tmp_path):
    address, token = lab
    exercise = course.exercise(TOPIC)
    done_before = {name: text for name, text in answers(course).items() if name not in ("q1-sizes", "q2-filter")}
    nbformat.write(filled(nbformat.read(exercise, as_version=4), done_before), exercise)
    with browser(chromium, tmp_path) as page:
        page.goto(f"{address}/lab/tree/exercises/{TOPIC}/{TOPIC}.ipynb?token={token}&reset")
        expect(page.get_by_role("button", name="Validate")).to_be_visible(timeout=PATIENCE_MS)
        page.locator(".jp-NotebookPanel-toolbar").get_by_text("Python 3").wait_for()
        expect(page.get_by_text("Jupyter news")).to_have_count(0)
        page.get_by_role("tab", name="File Browser").click()  # away, for more room
        type_answer(page, "def output_shape(", RIGHT_SIZES)
        type_answer(page, "def filter_image(", WITHOUT_PADDING)
        run_all(page)
        of_wrong = cell(page, "got = filter_image(small, identity)").locator(".jp-OutputArea")
        expect(of_wrong).to_contain_text(f"AssertionError: {REASON}", timeout=PATIENCE_MS)
        of_right = cell(page, "check.close(output_shape(7, 7, 1, 3)")
        expect(of_right.locator(".jp-InputPrompt")).to_have_text(re.compile(r"\[\d+\]:"))
        expect(of_right.locator(".jp-OutputArea-output")).to_have_count(0)

        dialog = validate(page)
        expect(dialog.get_by_text("The following cell failed:")).to_have_count(1)
        expect(dialog).to_contain_text(REASON)
        expect(dialog).not_to_contain_text("output_shape(")
        cell(page, "def filter_image(").scroll_into_view_if_needed()
        without_path_of_this_machine(page)
        dialog.locator("pre").last.evaluate("pre => pre.scrollIntoView(false)")
        picture(page, tmp_path, "student.png")
        dialog.get_by_role("button", name="Ok").click()

        type_answer(page, "def filter_image(", answers(course)["q2-filter"])
        expect(validate(page)).to_contain_text("Success! Your notebook passes all the tests.")
    saved = {grade_id(one): one.source for one in nbformat.read(exercise, as_version=4).cells}
    assert saved["q1-sizes"] == RIGHT_SIZES


def test_an_instructor_reads_an_answer_in_formgrader_and_the_gradebook_keeps_point_and_comment(
    chromium, course, points, lab, tmp_path
):
    address, token = lab
    assert points == {"ada": 20, "ben": 18, "cleo": 0}
    with browser(chromium, tmp_path) as page:
        form = formgrader(page, address, token)
        form.get_by_role("link", name="Manage Students").click()
        table = form.locator("#main-table")
        for student, score in points.items():
            row = table.get_by_role("row").filter(has=form.get_by_text(student, exact=True))
            expect(row).to_contain_text(f"{score:g} / 22", timeout=PATIENCE_MS)

        open_submission(form, "ada")
        with page.expect_response(stored("grade")):
            form.locator(f"#{MANUAL}").fill("1")
            form.locator(f"#{MANUAL}").press("Tab")
        with page.expect_response(stored("comment")):
            form.locator(f"#{MANUAL}-comment").fill(COMMENT)
            form.locator(f"#{MANUAL}-comment").press("Tab")
        picture(page, tmp_path, "instructor.png")
    with Gradebook(course.db_url) as gradebook:
        assert gradebook.find_grade(MANUAL, TOPIC, TOPIC, "ada").manual_score == 1
        assert gradebook.find_comment(MANUAL, TOPIC, TOPIC, "ada").comment == COMMENT
    reported = {row.student: row for row in rows(course) if row.question == MANUAL}
    assert (reported["ada"].points, reported["ada"].needs_manual) == (1, False)
    assert (reported["ben"].points, reported["ben"].needs_manual) == (0, True)


@pytest.mark.usefixtures("points")
def test_what_a_student_wrote_does_not_run_when_formgrader_shows_it(chromium, lab, tmp_path):
    address, token = lab
    with browser(chromium, tmp_path) as page:
        popups = []
        page.on("dialog", lambda popup: (popups.append(popup.message), popup.dismiss()))
        form = formgrader(page, address, token)
        open_submission(form, "ben")
        expect(form.get_by_text("<script>document.title='taken'")).to_have_count(2)
        expect(form.locator("img[src=x], a[href^=javascript]")).to_have_count(0)
        form.get_by_text("press", exact=True).first.click()
        titles = page.title(), form.locator("html").evaluate("document.title")
    assert titles == ("JupyterLab", TOPIC)
    assert popups == []


@pytest.mark.usefixtures("points")
def test_formgraders_own_button_makes_feedback_without_hidden_tests(chromium, course, lab, tmp_path):
    address, token = lab
    with browser(chromium, tmp_path) as page:
        form = formgrader(page, address, token)
        form.locator(".generate-feedback a").click()
        expect(form.get_by_text(f"Successfully generated feedback of '{TOPIC}'.")).to_be_visible(timeout=PATIENCE_MS)
    pages = {path.parents[1].name: path.read_text() for path in (course.build / "feedback").glob("*/*/*.html")}
    assert sorted(pages) == ["ada", "ben", "cleo"]
    for student, html in pages.items():
        text = BeautifulSoup(html, "html.parser").text
        assert "the slide's 7x7 image and 3x3 filter" in text, "expected the visible test"
        assert "HIDDEN TESTS" not in text, student


@pytest.fixture(scope="module")
def report_pages(points, course, tmp_path_factory):
    """Pages that are read in a browser: {name: path}. ada's has a mark-up of every kind, a picture and a comment."""
    with Gradebook(course.db_url) as gradebook:
        gradebook.find_comment(MANUAL, TOPIC, TOPIC, "ada").manual_comment = COMMENT
        gradebook.db.commit()
    path = course.build / "autograded" / "ada" / TOPIC / f"{TOPIC}.ipynb"
    notebook = nbformat.read(path, as_version=4)
    notebook.cells += [
        nbformat.v4.new_markdown_cell(RICH, id="own-90"),
        nbformat.v4.new_code_cell(CODE, id="own-91", outputs=OUTPUTS),
    ]
    nbformat.write(notebook, path)
    found = {
        f"feedback of {page.parents[1].name}": page for page in feedback(course, tmp_path_factory.mktemp("feedback"))
    }
    found["report"] = write_page(course, rows(course))
    filter_image = answers(course)["q2-filter"]
    alike = {
        "ada": filter_image,
        "ben": f"# mine\n{filter_image}",
        "cleo": filter_image.replace("image", "x"),
    }
    found["similar"] = write_pages(course, [compare(TOPIC, "q2-filter", "", alike, 0.5)])
    found["a pair"] = next(found["similar"].parent.glob("*/*/*.html"))
    return found


RICH = (
    "##### A heading too deep\n\n- a list of *soft* and `code` and [a link](https://example.org)\n\n> quoted\n\n"
    "|a|b|\n|-|-|\n|1|$\\frac{1}{2}$|\n\n```python\nx = 'a string'  # a comment\n```\n\n"
    "$$\\mathrm{softmax}(x)_i = \\frac{e^{x_i}}{\\sum_j e^{x_j}}, \\quad "
    "\\begin{cases}1 & x > 0\\\\0 & x < 0\\end{cases}$$\n\n"
    "# And one too high"
)
CODE = (
    '@decorator\nclass Net(nn.Module):\n    """Words."""\n\n    def f(self, x=1.5, *rest):  # why\n'
    "        return None if not x else f\"{x:.2f}\" + str(0x1f)\n\nraise ValueError('no')"
)
OUTPUTS = [
    nbformat.v4.new_output("stream", name="stderr", text="careful\n"),
    nbformat.v4.new_output("display_data", data={"text/html": "<table><tr><th>a</th></tr><tr><td>1</td></tr></table>"}),
    nbformat.v4.new_output("error", ename="ValueError", evalue="no", traceback=["Traceback", "ValueError: no"]),
]
PAGES = ("feedback of ada", "feedback of ben", "feedback of cleo", "report", "similar", "a pair")


@pytest.mark.parametrize("width", [1200, 380], ids=["wide", "telephone"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_everybody_can_read_the_pages(chromium, report_pages, tmp_path, scheme, width):
    """By axe's own rules: contrast, landmarks, headings, names, texts for pictures, what a keyboard reaches."""
    found = {}
    with browser(chromium, tmp_path) as page:
        page.emulate_media(color_scheme=scheme)
        page.set_viewport_size({"width": width, "height": 900})
        for name in PAGES:
            page.goto(report_pages[name].as_uri())
            here = faults(page)
            found |= {f"{name}: {rule}": nodes for rule, nodes in here.items()}
            if here:
                picture(page, tmp_path, f"{name}-{scheme}-{width}.png", keep=False)
    assert found == {}


@pytest.mark.parametrize("name", PAGES)
def test_a_page_sent_alone_shows_its_formulas_and_asks_for_nothing(chromium, report_pages, tmp_path, name):
    alone = tmp_path / "alone" / "page.html"
    alone.parent.mkdir()
    shutil.copy(report_pages[name], alone)
    with browser(chromium, tmp_path) as page:
        asked, said = [], []
        page.context.set_offline(True)
        page.on("request", lambda request: asked.append(request.url))
        page.on("console", lambda message: said.append(message.text))
        page.goto(alone.as_uri())
        sizes = page.locator("math").evaluate_all(
            "all => all.map(one => one.getBoundingClientRect()).map(box => [box.width, box.height])"
        )
        shown = page.locator("body").inner_text()
    assert [one for one in asked if not one.startswith("data:")] == [alone.as_uri()]
    assert said == []
    if name == "feedback of ada":
        assert len(sizes) >= 2
        assert all(width > 3 and height > 3 for width, height in sizes)
        assert "\\frac" not in shown, "a source that is shown beside the formula"
        assert COMMENT in shown


def answers(course):
    """{grade id: text} of the instructor's own."""
    solution = nbformat.read(course.solution(TOPIC), as_version=4)
    return {grade_id(one): MARKER.sub("", one.source) for one in solution.cells if is_answer(one)}


def filled(notebook, given):
    """A copy of the notebook with these answers."""
    notebook = copy.deepcopy(notebook)
    for one in notebook.cells:
        if is_answer(one):
            one.source = given.get(grade_id(one), one.source)
    return notebook


def cell(page, start):
    return page.locator(".jp-CodeCell").filter(has_text=start).first


def type_answer(page, start, source):
    """Click into the cell that starts so, and write over it."""
    cell(page, start).locator(".cm-content").click()
    page.keyboard.press("Control+a")
    page.keyboard.insert_text(source)


def run_all(page):
    page.get_by_role("menuitem", name="Run", exact=True).click()
    page.get_by_role("menuitem", name="Run All Cells", exact=True).click()


def validate(page):
    """Press the button, and wait for what it says."""
    page.get_by_role("button", name="Validate").click()
    dialog = page.locator(".jp-Dialog-content")
    dialog.locator("#validation-message").wait_for()
    return dialog


def without_path_of_this_machine(page):
    """A traceback says where the course is installed; the picture says only where in the course."""
    page.locator("pre span").filter(has_text=f"{ROOT}/").evaluate_all(
        "(spans, root) => spans.forEach(one => { one.textContent = one.textContent.replace(root, '') })",
        f"{ROOT}/",
    )


def formgrader(page, address, token):
    """Open it from JupyterLab's menu, and wait for the list of exercises."""
    page.goto(f"{address}/lab?token={token}&reset")
    page.get_by_role("menuitem", name="Nbgrader", exact=True).click()
    page.get_by_role("menuitem", name="Formgrader", exact=True).click()
    form = page.frame_locator("iframe")
    form.locator("#main-table").get_by_text(TOPIC, exact=True).wait_for()
    page.get_by_role("tab", name="File Browser").click()
    return form


def open_submission(form, student):
    """By the links of formgrader: the exercise, its notebook, the student."""
    form.get_by_role("link", name="Manual Grading").click()
    for _ in ("exercise", "notebook"):
        form.locator("#main-table").get_by_role("link", name=TOPIC).click()
    form.get_by_role("link", name="Submission #1").wait_for()
    form.get_by_role("button", name="Show All Names").click()
    form.locator("#main-table").get_by_role("link", name=student, exact=True).click()
    form.locator(f"#{MANUAL}-comment").scroll_into_view_if_needed()


def stored(what):
    """Whether a response says that formgrader has written a point or a comment."""
    return lambda answer: f"/formgrader/api/{what}/" in answer.url and answer.request.method == "PUT" and answer.ok


def picture(page, folder, name, keep=True):
    """Take a picture; with `keep` it is one of the README's."""
    for place in filter(None, (folder, keep and os.environ.get("MYLIB_SCREENSHOTS"))):
        page.screenshot(path=Path(place) / name, full_page=not keep)
