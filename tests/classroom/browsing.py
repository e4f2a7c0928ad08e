"""A real browser for tests: pages as people see them, and what axe-core says of them."""

import contextlib
import os

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import sync_playwright

from mylib.classroom.publishing.assets import QUIET

PATIENCE_MS = 60_000  # a machine that grades beside this may be slow


@contextlib.contextmanager
def browser(program, folder):
    """A page of a new browser, as wide as a picture; what it showed last is kept where the walk fails."""
    with sync_playwright() as playwright:
        window = playwright.chromium.launch_persistent_context(
            folder / "profile",
            executable_path=program,
            args=QUIET,
            viewport={"width": 1200, "height": 800},
            env=os.environ | {"HOME": str(folder)},
        )
        page = window.pages[0] if window.pages else window.new_page()
        page.set_default_timeout(PATIENCE_MS)
        try:
            yield page
        except BaseException as error:
            page.screenshot(path=folder / "failed.png")
            error.add_note(f"the browser's last view: {folder / 'failed.png'}")
            raise
        finally:
            window.close()


def faults(page):
    """{rule: parts of the page that break it}, by axe's own rules."""
    response = Axe().run(page).response
    assert len(response["passes"]) > 10, "axe looked at the page"
    return {one["id"]: [node["html"][:200] for node in one["nodes"][:3]] for one in response["violations"]}
