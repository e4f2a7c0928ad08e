"""Where the pages of a site lead."""

import re
from urllib.parse import unquote, urlsplit

from bs4 import BeautifulSoup


def parsed(path):
    """A page, without the pictures that it holds itself: megabytes, through which the parser goes letter by letter."""
    text = re.sub(r"(data:image/[^;]*;base64,)[A-Za-z0-9+/=]*", r"\1", path.read_text(encoding="utf-8"))
    return BeautifulSoup(text, "html.parser")


def linked(page):
    """Every address that a page loads or leads to."""
    return [tag.get("href") or tag.get("src") for tag in page.select("[href], [src]")]


def dead_addresses(site, elsewhere):
    """Addresses of a site's pages that lead to no file and no place in one.

    elsewhere: whether links may lead to the web; what a page loads never may.
    """
    pages = {path: parsed(path) for path in site.rglob("*.html") if "_static" not in path.parts}
    names = {path: {tag["id"] for tag in page.select("[id]")} for path, page in pages.items()}
    dead = []
    for path, page in pages.items():
        loaded = {tag.get("src") or tag.get("href") for tag in page.select("[src], link[href]")}
        for address in linked(page):
            parts = urlsplit(address)
            if parts.scheme == "data" or (elsewhere and parts.scheme in ("http", "https") and address not in loaded):
                continue
            target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
            there = not parts.scheme and not parts.netloc and target.exists()
            if not there or (parts.fragment and target in names and unquote(parts.fragment) not in names[target]):
                dead.append(f"{path.relative_to(site)}: {address}")
    return dead
