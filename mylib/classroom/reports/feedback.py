"""Feedback pages: nbgrader's HTML, readable with the network off, without the hidden tests."""

import re
import shutil
from pathlib import Path

import bleach
import jupyter_server_mathjax
from bs4 import BeautifulSoup
from jinja2 import DictLoader, pass_context
from nbconvert.exporters import HTMLExporter
from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath
from nbconvert.preprocessors import CSSHTMLHeaderPreprocessor
from nbconvert.preprocessors.sanitize import SanitizeHTML
from nbgrader import utils
from nbgrader.converters import GenerateFeedback
from nbgrader.preprocessors import ClearHiddenTests, GetGrades, NbGraderPreprocessor
from pygments.token import STANDARD_TYPES
from tqdm import tqdm

from mylib.classroom.course.nbgrader import convert
from mylib.classroom.grading.gradebook import load_results
from mylib.classroom.notebook.mathjax import FONTS
from mylib.classroom.notebook.verdicts import failure

# A page lies in <student>/<topic>/, the formulas' scripts beside the students.
MATHJAX = "../../mathjax/MathJax.js?config=TeX-AMS-MML_HTMLorMML-full,Safe"
MATHJAX_MACRO = """
{%- macro mathjax(url="") -%}
<script src="PATH"></script>
FONTS
<script type="text/x-mathjax-config">
MathJax.Hub.Config({tex2jax: {inlineMath: [["$", "$"], ["\\\\(", "\\\\)"]],
                              displayMath: [["$$", "$$"], ["\\\\[", "\\\\]"]], processEnvironments: true}});
</script>
{%- endmacro %}
""".replace("PATH", MATHJAX).replace("FONTS", FONTS)

# What a written answer may be made of. Links lead to other sites only: nothing that the grading server answers to.
TAGS = bleach.ALLOWED_TAGS | {
    "br",
    "del",
    "div",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "hr",
    "p",
    "pre",
    "span",
}
TAGS |= {"sub", "sup", "table", "tbody", "td", "th", "thead", "tr"}
ATTRIBUTES = {
    "a": lambda tag, name, value: name == "href" and re.match("(https?|mailto):", value, re.IGNORECASE),
    # Of highlighted code; any other class could make a text look like a part of the page.
    "div": lambda tag, name, value: name == "class" and value == "highlight",
    "span": lambda tag, name, value: name == "class" and value in STANDARD_TYPES.values(),
}


@pass_context
def harmless_markdown(context, source):
    """In place of nbconvert's filter markdown2html: of a student's text only HTML that shows, none that runs.

    What is not allowed is shown as text, for a person to read. The instructor's locked cells may hold anything.

    Args:    context: of the template; names the cell.
             source: Markdown.
    Returns: HTML.
    """
    cell = context.get("cell")
    if cell and utils.is_locked(cell):
        renderer = IPythonRenderer(escape=False, attachments=cell.get("attachments", {}))
        return MarkdownWithMath(renderer=renderer).render(source)
    html = MarkdownWithMath(renderer=IPythonRenderer(escape=False, exclude_anchor_links=True)).render(source)
    return bleach.clean(html, tags=TAGS, attributes=ATTRIBUTES)


class OfflineExporter(HTMLExporter):
    """Loads nothing from the network: nbgrader's template asks for MathJax on a CDN, whatever is configured."""

    def __init__(self, **kwargs):
        super().__init__(extra_loaders=[DictLoader({"mathjax.html.j2": MATHJAX_MACRO})], **kwargs)

    def default_filters(self):
        """The usual ones, but for students' text."""
        yield from super().default_filters()
        yield "markdown2html", harmless_markdown

    def from_notebook_node(self, nb, resources=None, **kw):
        """Convert, then remove what would still be loaded from elsewhere: a student's pictures and scripts."""
        html, resources = super().from_notebook_node(nb, resources, **kw)
        page = BeautifulSoup(html, "html.parser")
        for element in page.select("script[src], link[href], img[src], iframe[src]"):
            address = element.get("src", element.get("href"))
            if element.name == "iframe" or "//" in address.split("data:")[0][:10]:
                element.decompose()
        for link in page.select("a[href]"):
            if link["href"].strip().lower().startswith(("javascript:", "data:", "vbscript:")):
                del link["href"]
        return str(page), resources


class StudentsView(NbGraderPreprocessor):
    """Of a test: its name, its points and the message of its failure, never the lines of hidden tests."""

    def preprocess_cell(self, cell, resources, cell_index):
        """Replace tracebacks of test cells, which quote the source, by their last line."""
        if cell.cell_type == "code" and utils.is_grade(cell) and not utils.is_solution(cell):
            for output in cell.outputs:
                if output.output_type == "error":
                    output.traceback = [failure(output.ename, output.evalue)]
        return cell, resources


class SanitizeOutputs(SanitizeHTML):
    """Makes the HTML that a student's code shows harmless: an instructor opens these pages too."""

    enabled = True

    def preprocess_cell(self, cell, resources, cell_index):
        """Clean outputs; of texts `harmless_markdown` takes care."""
        if cell.cell_type == "code":
            return super().preprocess_cell(cell, resources, cell_index)
        return cell, resources


# nbgrader_config.py has the same list, by name, for the stock command and for formgrader's button.
STEPS = [GetGrades, ClearHiddenTests, StudentsView, SanitizeOutputs, CSSHTMLHeaderPreprocessor]


def feedback(course, output=None):
    """Write one page per graded submission.

    Args:    course: of `open_course`.
             output: folder; build/classroom/feedback without.
    Returns: list of the pages' paths.
    Raises:  ValueError: nothing has been graded.
             RuntimeError: some pages could not be made; the others are written.
    """
    output, pages, failed = Path(output or course.build / "feedback").resolve(), [], []
    graded = load_results(course)
    if not graded:
        raise ValueError(f"feedback: expected graded submissions in {course.build}; run `mylib grade`")
    static = Path(jupyter_server_mathjax.__file__).parent / "static"
    shutil.copytree(static, output / "mathjax", dirs_exist_ok=True)
    for student, topic in tqdm(graded, unit="page", desc="feedback"):
        directory = course.directory(
            assignment_id=topic,
            student_id=student,
            autograded_directory=course.build / "autograded",
            feedback_directory=output,
        )
        converter = GenerateFeedback(coursedir=directory, config=course.config.copy(), force=True)
        converter.exporter_class = OfflineExporter
        converter.preprocessors = STEPS
        try:
            convert(converter)
            pages.append(output / student / topic / f"{topic}.html")
        except RuntimeError as error:  # one page that cannot be made must not keep the others back
            failed.append(f"{student}/{topic}: {error}")
    if failed:
        raise RuntimeError(f"feedback: {len(pages)} pages written, {len(failed)} not:\n" + "\n".join(failed))
    return pages
