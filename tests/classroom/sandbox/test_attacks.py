"""Hostile submissions: none gains a point, shows a hidden test, reaches anything outside, or stops the others.

They run behind the walls only, and not at all where the walls do not hold.
"""

import contextlib
import csv
import hashlib
import io
import os
import re
import socket
import threading
import time
import unicodedata
from pathlib import Path

import nbformat
import psutil
import pytest
from bs4 import BeautifulSoup
from rich.console import Console

from mylib.classroom.authoring.release import skeleton
from mylib.classroom.course.limits import Limits
from mylib.classroom.grading.examine import examine
from mylib.classroom.grading.run import grade, summary
from mylib.classroom.notebook.jobs import make_job
from mylib.classroom.notebook.questions import is_test
from mylib.classroom.reports import exports, table
from mylib.classroom.reports.feedback import feedback
from mylib.classroom.reports.page import write_page
from mylib.classroom.sandbox.client import Sandbox
from tests.classroom import tiny
from tests.classroom.sandbox import vault

LIMITS = Limits(
    cell_seconds=5,
    submission_seconds=40,
    iopub_seconds=3,
    resident_bytes=1_500_000_000,
)
HONEST = vault.Attack("somebody honest", 10, vault.RIGHT | {"q3-slope": vault.SLOPE, "q4-explain": "It is linear."})
ALL = [*vault.payloads(["/"], 1, ""), *vault.hand_ins(["/"]), HONEST]
# They end or stop the processes that hold their own honest answers.
HURT_THEMSELVES = ("kills whom it can reach", "kills its own session, twice", "traces other processes")
PROBE = """import os
print("walls" if os.getpid() < 5 and not os.path.exists(FOLDER) and os.listdir("/proc") else "open")
"""

pytestmark = pytest.mark.timeout(900)


class Listener(threading.Thread):
    """Notes whoever connects."""

    def __init__(self):
        super().__init__(daemon=True)
        self.heard = []
        self.abstract = f"\0vault-{os.getpid()}"
        self.sockets = [socket.create_server(("127.0.0.1", 0)), socket.socket(socket.AF_UNIX)]
        self.sockets[1].bind(self.abstract)
        self.sockets[1].listen()
        self.port = self.sockets[0].getsockname()[1]

    def run(self):
        for one in self.sockets:
            threading.Thread(target=self.listen, args=(one,), daemon=True).start()

    def listen(self, one):
        while True:
            try:
                connection, address = one.accept()
            except OSError:
                return
            self.heard.append(address)
            connection.close()

    def close(self):
        for one in self.sockets:
            one.close()


def digest(folder):
    """{path: SHA-256} of everything in a folder, without following links."""
    found = {}
    for home, folders, files in os.walk(folder):
        for name in [*files, *folders]:
            path = os.path.join(home, name)
            regular = os.path.isfile(path) and not os.path.islink(path)
            content = Path(path).read_bytes() if regular else b""
            found[path] = (os.lstat(path).st_mode, hashlib.sha256(content).hexdigest())
    return found


def family():
    """Processes that come from this one."""
    found = set()
    for one in psutil.Process().children(recursive=True):
        with contextlib.suppress(psutil.Error):
            # Python's own tracker of shared memory stays until the tests end.
            if one.status() != "zombie" and "resource_tracker" not in " ".join(one.cmdline()):
                found.add(one.pid)
    return found


def refuse_without_walls(sandbox, folder):
    """No payload is started unless a harmless cell has shown that it cannot see the machine."""
    notebook = tiny.make_notebook([("answer", "q1-mean", 0, "pass")])
    probe = tiny.make_notebook([("answer", "q1-mean", 0, f"FOLDER = {str(folder)!r}\n{PROBE}")])
    shown = examine(make_job(probe, notebook, LIMITS), sandbox).outputs
    if "walls" not in str(shown):
        pytest.exit(f"the walls do not hold; no payload was started: {shown}", returncode=3)


@pytest.fixture(scope="module")
def walls(walled, tmp_path_factory):
    with Sandbox("bubblewrap", LIMITS) as sandbox:
        refuse_without_walls(sandbox, tmp_path_factory.getbasetemp())
        yield sandbox


@pytest.fixture(scope="module")
def siege(walls, tmp_path_factory):
    """The whole class of attackers, graded once by two workers, with everything that is looked at afterwards."""
    root = tmp_path_factory.mktemp("vault")
    course, other = tiny.make_course(root / "course", vault.CELLS, bank={}), root / "other"
    for place in (other, course.root):
        place.mkdir(exist_ok=True)
        (place / "canary.txt").write_text("canary: a file of somebody else")
    listener = Listener()
    listener.start()
    places = [str(other), str(course.root), str(course.build), str(root)]
    attacks = [*vault.payloads(places, listener.port, listener.abstract), *vault.hand_ins(places), HONEST]
    inbox = root / "inbox"
    vault.write_class(inbox, skeleton(course, tiny.TOPIC, register=False), attacks)
    watched = [inbox, other, course.solutions]
    before, relatives = {str(folder): digest(folder) for folder in watched}, family()
    os.environ["VAULT_SECRET"] = "canary in the environment"
    try:
        done = grade(course, inbox, limits=LIMITS, jobs=2)
    finally:
        del os.environ["VAULT_SECRET"]
        listener.close()
    deadline = time.monotonic() + 5
    while family() - relatives and time.monotonic() < deadline:
        time.sleep(0.1)
    pages = {path.parent.parent.name: path.read_text() for path in feedback(course)}
    return {
        "results": {result.student: result for result in done.results},
        "done": done,
        "pages": pages,
        "changed": {folder: digest(folder) != found for folder, found in before.items()},
        "heard": listener.heard,
        "left": family() - relatives,
        "course": course,
    }


def test_there_are_at_least_sixty_attacks_and_no_two_share_a_name():
    names = [attack.student for attack in ALL]
    assert len(names) >= 144 + 60  # sixty more than the corpus that they were added to
    assert len(set(names)) == len(names)


@pytest.mark.parametrize("attack", ALL, ids=[attack.student for attack in ALL])
def test_an_attack_earns_what_its_honest_part_earns(siege, attack):
    result = siege["results"][attack.student]
    expected = [attack.honest] if attack.name not in HURT_THEMSELVES else range(int(attack.honest) + 1)
    assert result.points in expected, f"{result.points}: {result.errors} {result.notes} {result.problem}"


@pytest.mark.parametrize("attack", ALL, ids=[attack.student for attack in ALL])
def test_an_attack_is_shown_no_secret(siege, attack):
    page = siege["pages"][attack.student]
    shown = [secret for secret in vault.SECRETS if secret in page]
    assert not shown, [page[page.index(secret) - 200 : page.index(secret) + 100] for secret in shown]


@pytest.mark.parametrize("attack", ALL, ids=[attack.student for attack in ALL])
def test_an_attack_ends_in_time(siege, attack):
    # The limit of a submission, and what the last step in progress takes to notice it.
    assert siege["results"][attack.student].seconds < LIMITS.submission_seconds + 10


def test_nobody_escaped(siege):
    for student, page in siege["pages"].items():
        assert "ESCAPED" not in page, student


def test_whoever_lost_points_was_given_a_reason(siege):
    for student, result in siege["results"].items():
        if result.points < 10:
            assert result.problem or result.errors or result.unreadable, student


def test_no_script_of_a_student_stands_in_a_page_or_a_graded_notebook(siege):
    for student, page in siege["pages"].items():
        refuse_scripts(page, student)
    for path in (siege["course"].build / "autograded").rglob("*.ipynb"):
        for cell in nbformat.read(path, 4).cells:
            for output in cell.get("outputs", []):
                data = output.get("data", {})
                assert "application/javascript" not in data, path
                refuse_scripts(str(data.get("text/html", "")) + str(data.get("image/svg+xml", "")), path)


def refuse_scripts(page, place):
    for element in BeautifulSoup(page, "html.parser").find_all(True):
        assert not [name for name in element.attrs if name.startswith("on")], (place, element)
        for name in ("href", "src", "data", "action"):
            assert not str(element.get(name, "")).lower().startswith("javascript:"), (place, element)
        assert element.name != "script" or "OWNED" not in element.text, place


def test_no_text_of_a_student_moves_a_cursor_or_ends_a_report(siege, capsys):
    """What an instructor reads: messages, tables on a terminal, pages, and files for spreadsheets."""
    course, done = siege["course"], siege["done"]
    found = table.rows(course)
    console = Console(file=io.StringIO(), width=200, force_terminal=True)
    for one in (summary(done), *table.tables(found)):
        console.print(one)
    spoken = re.sub(r"\x1b\[[\d;]*m", "", console.file.getvalue())  # rich's own colours
    files = [
        table.write_csv(course, found),
        write_page(course, found),
        *exports.write_exports(course, found),
    ]
    texts = [
        "\n".join(done.problems),
        spoken,
        *(path.read_text() for path in files),
        *siege["pages"].values(),
    ]
    for text in texts:
        odd = {letter for letter in text if unicodedata.category(letter) in ("Cc", "Cf", "Cs")} - set(
            "\n\r\t\ufeff\u200d"
        )
        assert not odd, (odd, [text[max(0, text.index(one) - 60) : text.index(one) + 60] for one in odd])


def test_no_cell_of_a_spreadsheet_begins_a_formula(siege):
    course = siege["course"]
    found = table.rows(course)
    for path in (table.write_csv(course, found), *exports.write_exports(course, found)):
        for row in csv.reader(path.read_text(encoding="utf-8-sig").splitlines()):
            assert not [cell for cell in row if cell.lstrip().startswith(("=", "+", "@"))], path


def test_no_time_and_no_code_of_a_hidden_part_is_told(siege):
    for name in ("sleeps as long", "ends with the hidden", "dies by a signal", "answers otherwise"):
        attack = next(one for one in ALL if one.name.startswith(name))
        path = siege["course"].build / "autograded" / attack.student / tiny.TOPIC / f"{tiny.TOPIC}.ipynb"
        cells = [cell for cell in nbformat.read(path, 4).cells if is_test(cell)]
        said = [output.get("evalue", "") for cell in cells for output in cell.outputs]
        assert any(said), name
        assert not re.search(r"stopped after|exit code|SIG[A-Z]+|signal", " ".join(said)), (name, said)


def test_no_file_of_anybody_else_has_changed(siege):
    assert not any(siege["changed"].values()), siege["changed"]


def test_nobody_called_out(siege):
    assert siege["heard"] == []


def test_no_process_is_left(siege):
    assert siege["left"] == set()


def test_nobody_is_left_without_a_grade(siege):
    assert siege["done"].left == []
    assert len(siege["results"]) == len(ALL)


def test_daemons_end_with_their_submission_and_not_with_the_server(walls, siege):
    """The server lives on; what a submission left behind must not."""
    payload = next(attack for attack in ALL if attack.name == "a daemon that stays")
    notebook = tiny.make_notebook(vault.CELLS)
    for cell in notebook.cells:
        cell.source = payload.answers.get(cell.metadata.get("nbgrader", {}).get("grade_id"), cell.source)
    walls.fork("tests", {"files": {}, "tests": [], "locked": [], "cell_seconds": 1}).close()
    server = psutil.Process(walls.server.pid)
    deadline = time.monotonic() + 10
    while len(server.children(recursive=True)) > 1 and time.monotonic() < deadline:
        time.sleep(0.05)
    resting = len(server.children(recursive=True))
    examine(make_job(notebook, tiny.make_notebook(vault.CELLS), LIMITS), walls)
    deadline = time.monotonic() + 10
    while len(server.children(recursive=True)) > resting and time.monotonic() < deadline:
        time.sleep(0.05)
    assert len(server.children(recursive=True)) == resting
