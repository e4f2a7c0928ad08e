"""What pages need: scripts from the installed packages that bring them, and browsers that print."""

import importlib.util
from pathlib import Path

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
QUIET = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync"]
QUIET += ["--disable-background-networking", "--disable-component-update"]
MATHJAX = "tex-svg-full.js"  # one file: formulas as pictures of their own, without fonts to fetch


def mathjax() -> Path:
    """The file of MathJax 3.

    Raises:  ValueError: the package is missing.
    """
    return _package("sphinx-mathjax-offline") / "static" / "mathjax" / MATHJAX


def reveal() -> Path:
    """The folder of reveal.js, with `dist` and `plugin`.

    Raises:  ValueError: the package is missing.
    """
    return _package("sphinx_revealjs") / "_static" / "revealjs"


def _package(name: str) -> Path:
    found = importlib.util.find_spec(name)
    if not found or not found.submodule_search_locations:
        raise ValueError(f"expected the package {name}, got none; pip install 'every-method-twice[classroom]'")
    return Path(found.submodule_search_locations[0])
