"""Where the pages of a site lead."""

import re
from functools import cache
from html.parser import HTMLParser
from urllib.parse import unquote, urlsplit

from bs4 import BeautifulSoup

PICTURE = re.compile(r"(data:image/[^;]*;base64,)[A-Za-z0-9+/=]*")


def without_pictures(path):
    """The text of a page without the pictures that it holds itself: megabytes, which parsers go through by letters."""
    return PICTURE.sub(r"\1", path.read_text(encoding="utf-8"))


def parsed(path):
    """A page as a tree."""
    return BeautifulSoup(without_pictures(path), "html.parser")


def linked(page):
    """Every address that a page loads or leads to."""
    return [tag.get("href") or tag.get("src") for tag in page.select("[href], [src]")]


class Addresses(HTMLParser):
    """What a page loads, what it leads to, and the names of places in it; no tree is built, as there are many pages."""

    def __init__(self, text):
        super().__init__()
        self.loaded, self.led_to, self.names = set(), [], set()
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        """One tag that opens, or is empty."""
        found = dict(attrs)
        self.names.add(found.get("id"))
        if "src" in found or (tag == "link" and "href" in found):
            self.loaded.add(found.get("src") or found.get("href"))
        if "href" in found or "src" in found:
            self.led_to.append(found.get("href") or found.get("src"))


def dead_addresses(site, elsewhere):
    """Addresses of a site's pages that lead to no file and no place in one.

    elsewhere: whether links may lead to the web; what a page loads never may.
    """
    paths = [path for path in site.rglob("*.html") if "_static" not in path.parts]
    pages = {path.resolve(): Addresses(without_pictures(path)) for path in paths}

    @cache
    def file_of(folder, path):
        """The file that a relative path leads to from a folder, or None."""
        target = (folder / unquote(path)).resolve()
        return target if target.exists() else None

    dead = []
    for path, page in pages.items():
        for address in page.led_to:
            parts = urlsplit(address)
            if parts.scheme == "data" or (
                elsewhere and parts.scheme in ("http", "https") and address not in page.loaded
            ):
                continue
            target = file_of(path.parent, parts.path) if parts.path else path
            there = not parts.scheme and not parts.netloc and target
            if not there or (parts.fragment and target in pages and unquote(parts.fragment) not in pages[target].names):
                dead.append(f"{path.relative_to(site.resolve())}: {address}")
    return dead
