"""Of what a student wrote or showed: HTML that shows, none that runs, loads or looks like a part of the page."""

import base64
import re
import secrets
from collections.abc import Callable
from pathlib import Path
from typing import Any

import bleach
from bs4 import BeautifulSoup
from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath
from pygments.token import STANDARD_TYPES

from mylib.classroom.reports.formulas import mathml

# What a written answer may be made of. Links lead to other sites only: nothing that the grading server answers to.
_TAGS = """
br del div h1 h2 h3 h4 h5 h6 hr p pre span sub sup table tbody td th thead tr
"""
TAGS = bleach.ALLOWED_TAGS | frozenset(_TAGS.split())
PICTURE = re.compile(r"data:image/(png|jpeg|gif);base64,[A-Za-z0-9+/=\s]*")
LARGEST_PICTURE = 2_000_000  # bytes of a file of the instructor's that is put into a page
LOWEST_HEADING = 6


def _is_outside(tag: str, name: str, value: str) -> bool:
    return name == "href" and bool(re.match("(https?|mailto):", value, re.IGNORECASE))


def _is_highlight(tag: str, name: str, value: str) -> bool:
    return name == "class" and value == "highlight"


def _is_token(tag: str, name: str, value: str) -> bool:
    return name == "class" and value in STANDARD_TYPES.values()


def _is_picture(tag: str, name: str, value: str) -> bool:
    return name == "alt" or (name == "src" and bool(PICTURE.fullmatch(value)))


# Of highlighted code; any other class could make a text look like a part of the page.
ATTRIBUTES: dict[str, Callable[[str, str, str], bool]] = {
    "a": _is_outside,
    "div": _is_highlight,
    "span": _is_token,
}


def clean_markdown(source: str) -> str:
    """A student's Markdown as HTML, formulas as they were written; what is not allowed is shown as text."""
    html = MarkdownWithMath(renderer=IPythonRenderer(escape=False, exclude_anchor_links=True)).render(source)
    return str(bleach.clean(html, tags=TAGS, attributes=ATTRIBUTES))


def instructors_markdown(source: str, attachments: dict[str, Any]) -> str:
    """An instructor's Markdown as HTML: it may hold anything."""
    return MarkdownWithMath(renderer=IPythonRenderer(escape=False, attachments=attachments)).render(source)


class _Renderer(IPythonRenderer):
    """Puts a token where a formula stands, so that it passes what cleans; nobody can guess it."""

    def __init__(self, **options: Any) -> None:
        super().__init__(escape=False, exclude_anchor_links=True, **options)
        self.nonce, self.formulas = secrets.token_hex(16), list[str]()

    def _token(self, tex: str, block: bool) -> str:
        self.formulas.append(mathml(tex.strip(), block))
        return f"formula{self.nonce}n{len(self.formulas) - 1}e"

    def inline_math(self, body: str) -> str:
        """As `$x$`."""
        return self._token(body, False)

    def block_math(self, body: str) -> str:
        """As `$$x$$`."""
        return self._token(body, True)

    def latex_environment(self, name: str, body: str) -> str:
        r"""As `\begin{align} ... \end{align}`."""
        tex = rf"\begin{{{name}}}{body}\end{{{name}}}"
        return self._token(tex, True)

    def put_in(self, html: str) -> str:
        """The formulas in the places of their tokens."""
        return re.sub(rf"formula{self.nonce}n(\d{{1,9}})e", lambda match: self.formulas[int(match[1])], html)


class Texts:
    """Makes HTML of the texts of one page; knows the level of the last heading, so that none is skipped."""

    def __init__(self, level: int, folder: Path) -> None:
        """Begin a page.

        Args:    level: of the heading above everything.
                 folder: of pictures that the instructor's texts show.
        """
        self.top = self.level = level
        self.folder = folder.resolve()

    def students(self, source: str) -> str:
        """A student's Markdown as HTML."""
        renderer = _Renderer()
        html = bleach.clean(MarkdownWithMath(renderer=renderer).render(source), tags=TAGS, attributes=ATTRIBUTES)
        return self._tidy(renderer.put_in(html))

    def instructors(self, source: str, attachments: dict[str, Any]) -> str:
        """An instructor's Markdown as HTML."""
        renderer = _Renderer(attachments=attachments)
        return self._tidy(renderer.put_in(MarkdownWithMath(renderer=renderer).render(source)))

    def shown_html(self, html: str) -> str:
        """HTML that a cell showed."""
        soup = BeautifulSoup(html, "html.parser")
        for element in soup.find_all(["style", "script", "template"]):
            element.decompose()
        attributes = ATTRIBUTES | {"img": _is_picture}
        protocols = bleach.ALLOWED_PROTOCOLS | {"data"}
        cleaned = bleach.clean(str(soup), tags=TAGS | {"img"}, attributes=attributes, protocols=protocols, strip=True)
        return self._tidy(cleaned)

    def _tidy(self, html: str) -> str:
        """Headings in order, nothing that loads or runs, no names that the page has itself, a text for pictures."""
        soup = BeautifulSoup(html, "html.parser")
        for element in soup.find_all(["script", "iframe", "object", "embed", "link", "style", "form"]):
            element.decompose()
        for element in soup.find_all(True):
            for name in [one for one in element.attrs if one == "id" or one.startswith("on")]:
                del element[name]
            if re.fullmatch("h[1-6]", element.name):
                self._shift(element)
            elif element.name == "img":
                self._embed(element)
            elif element.name == "a":
                self._unlink(element)
            elif element.name == "input":  # of a list of tasks
                element["aria-label"] = "done" if element.has_attr("checked") else "to do"
            elif element.name in ("td", "th") and element.get("style"):
                element["class"] = str(element["style"]).rsplit(":", 1)[-1].strip(" ;")
                del element["style"]
        return str(soup)

    def _shift(self, heading: Any) -> None:
        if not heading.get_text().strip():
            heading.name = "p"
            return
        wanted = int(heading.name[1]) + self.top
        self.level = min(wanted, self.level + 1, LOWEST_HEADING)
        heading.name = f"h{self.level}"

    def _unlink(self, link: Any) -> None:
        if not re.match("(https?|mailto):", str(link.get("href", "")), re.IGNORECASE):
            link.name = "span"
            link.attrs = {}

    def _embed(self, image: Any) -> None:
        """A picture becomes a part of the page; what lies elsewhere is named."""
        address, alt = str(image.get("src", "")), str(image.get("alt") or "")
        path = (self.folder / address).resolve()
        if not address.startswith("data:image/"):
            kind = {".png": "png", ".jpg": "jpeg", ".jpeg": "jpeg", ".gif": "gif"}.get(path.suffix.lower())
            inside = path.is_relative_to(self.folder) and path.is_file() and not path.is_symlink()
            if not kind or not inside or path.stat().st_size > LARGEST_PICTURE:
                image.replace_with(f"[picture: {alt or 'without a description'}]")
                return
            address = picture(path.read_bytes(), kind)
        image.attrs = {"src": address, "alt": alt or "picture without a description"}


def picture(content: bytes, kind: str) -> str:
    """The address that holds a picture itself."""
    return f"data:image/{kind};base64,{base64.b64encode(content).decode()}"
