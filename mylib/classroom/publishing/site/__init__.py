"""The course as a site: Sphinx with MyST-NB and the book theme, for reading from disk with the network off.

`pages` says what pages there are and writes their sources in the shape of the repository, so that links between
notebooks hold; `methods` makes the pages of the library's docstrings. Here Sphinx is set up and called.
"""

import io
import os
import re
import shutil
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from mylib import syllabus
from mylib.classroom.publishing import execute as lectures
from mylib.classroom.publishing.assets import MATHJAX, mathjax
from mylib.classroom.publishing.site import pages

SITE = syllabus.ROOT / "build" / "site"
OWN = Path(__file__).parent / "static"
MARK = "objects.inv"  # in the folder of every site that Sphinx has made


class Address(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where a course lies for everybody, from `[tool.mylib.site]` in pyproject.toml; empty: no such buttons.

    repository: URL of the repository on GitHub or GitLab.
    branch: of it.
    colab, binder: URLs of services that run notebooks from there.
    """

    repository: str = ""
    branch: str = "main"
    colab: str = ""
    binder: str = ""


def build(
    topics: Sequence[syllabus.Topic],
    runs: Sequence[lectures.Run] = (),
    site: str | Path = SITE,
    address: Address | None = None,
    jobs: int | None = None,
) -> Path:
    """Write the pages of topics, and those about the whole course; other pages stay as they are.

    Args:    topics: whose pages are made anew.
             runs: of `lectures.execute`; without one, a lecture is shown as it is committed. One that failed is shown
             as far as it got.
             site: folder to write to.
             address: of the course; without one, what pyproject.toml says.
             jobs: processes; the number of cores without.
    Returns: path of the first page.
    Raises:  ValueError: a folder that holds something else than a site, or a warning of Sphinx, such as a dead link.
    """
    site = Path(site)
    if site.exists() and any(site.iterdir()) and not (site / MARK).exists():
        raise ValueError(f"site: expected an empty folder or a site of this course, got {site}; name another")
    source = site.parent / f"{site.name}-source"
    other = pages.write(source, topics, {run.topic: run for run in runs})
    _sphinx(source, site, address or read_address(), jobs or os.cpu_count() or 1, whole=other)
    for topic, path in pages.lectures({run.topic: run for run in runs}).items():
        shutil.copy(path, site / "_sources" / topic.lecture)  # what the download button gives
    return site / "index.html"


def read_address() -> Address:
    """What `[tool.mylib.site]` of the course's pyproject.toml says.

    Raises:  ValueError: a key that is not known.
    """
    import tomllib

    path = syllabus.ROOT / "pyproject.toml"
    found = tomllib.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    try:
        return msgspec.convert(found.get("tool", {}).get("mylib", {}).get("site", {}), Address)
    except msgspec.ValidationError as error:
        raise ValueError(f"{path}, [tool.mylib.site]: {error}") from None


def _sphinx(source: Path, site: Path, address: Address, jobs: int, whole: bool) -> None:
    """Sphinx reads what has changed, and writes its pages, or all: it does not see that their contents changed."""
    from sphinx.application import Sphinx
    from sphinx.util.docutils import docutils_namespace, patch_docutils

    said = io.StringIO()
    with patch_docutils(), docutils_namespace(), warnings.catch_warnings():
        # What these libraries say of each other: the theme uses what a later Sphinx will not have.
        warnings.simplefilter("ignore", DeprecationWarning)
        warnings.simplefilter("ignore", PendingDeprecationWarning)
        app = Sphinx(
            srcdir=source,
            confdir=None,
            outdir=site,
            doctreedir=source.parent / f"{site.name}-doctrees",
            buildername="html",
            confoverrides=settings(address),
            status=None,
            warning=said,
            parallel=jobs,
        )
        app.build(force_all=whole)
    told = re.sub(r"\x1b\[[\d;]*m", "", said.getvalue()).strip()
    if app.statuscode or told:
        raise ValueError(f"site: expected pages without a warning, got:\n{told}")


def settings(address: Address) -> dict[str, Any]:
    """The configuration of Sphinx, as a conf.py would say it.

    Args:    address: of the course.
    """
    theme: dict[str, Any] = {
        "show_navbar_depth": 1,
        "show_toc_level": 2,
        "use_download_button": True,
        "navigation_with_keys": False,
        "navbar_start": [],
        "navbar_center": [],
        "navbar_end": [],
        "navbar_persistent": [],
        "pygments_light_style": "a11y-high-contrast-light",
        "pygments_dark_style": "a11y-high-contrast-dark",
        **_buttons(address),
    }
    return {
        "project": "Deep learning, every method twice",
        "author": "the contributors",
        "language": "en",
        "extensions": ["myst_nb", "sphinx_copybutton"],
        "html_theme": "sphinx_book_theme",
        "html_theme_options": theme,
        "html_title": "Deep learning, every method twice",
        "html_static_path": [str(OWN), str(mathjax())],
        "html_css_files": ["course.css"],
        "html_js_files": ["course.js"],
        "html_copy_source": True,
        "html_show_sourcelink": False,
        "copybutton_exclude": ".linenos, .gp, .go",
        "html_show_sphinx": False,
        "mathjax_path": MATHJAX,
        "mathjax3_config": {
            "tex": {"inlineMath": [["$", "$"], ["\\(", "\\)"]], "displayMath": [["$$", "$$"], ["\\[", "\\]"]]},
            "options": {"ignoreHtmlClass": "mathjax_ignore"},
        },
        "myst_update_mathjax": False,
        "myst_enable_extensions": ["dollarmath", "amsmath", "attrs_block", "colon_fence"],
        "myst_heading_anchors": 4,
        "nb_execution_mode": "off",
        "nb_merge_streams": True,
        "nb_code_prompt_show": "Code of this picture",
        "nb_code_prompt_hide": "Hide the code",
        "suppress_warnings": ["mystnb.unknown_mime_type"],
    }


def _buttons(address: Address) -> Mapping[str, Any]:
    if not address.repository:
        return {}
    return {
        "repository_url": address.repository,
        "repository_branch": address.branch,
        "path_to_docs": "",
        "use_repository_button": True,
        "launch_buttons": {
            key: value for key, value in (("colab_url", address.colab), ("binderhub_url", address.binder)) if value
        },
    }
