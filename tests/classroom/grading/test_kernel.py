"""What a cell shows is kept as it was shown, in time that grows with its length, and an end says nothing more."""

import nbformat
import pytest

from mylib.classroom.course.limits import Limits
from mylib.classroom.grading import kernel
from mylib.classroom.grading.examine import examine
from mylib.classroom.intake import rebuild as intake
from mylib.classroom.notebook.jobs import make_job
from mylib.classroom.notebook.questions import grade_id
from mylib.classroom.notebook.verdicts import HIDDEN_GONE as GONE
from mylib.classroom.sandbox.client import Sandbox
from tests.classroom import tiny
from tests.classroom.sandbox import vault
from tests.timing import growth

LIMITS = Limits(cell_seconds=12, submission_seconds=40, iopub_seconds=2, resident_bytes=500_000_000)
RIGHT = {"q1-mean": vault.MEAN, "q2-scale": vault.SCALE, "q3-slope": vault.SLOPE}

pytestmark = pytest.mark.timeout(120)


@pytest.fixture(scope="module")
def sandbox(walled):
    with Sandbox("bubblewrap", LIMITS) as one:
        yield one


@pytest.fixture
def found(sandbox):
    """Examine answers. Returns: a function to what `examine` returns."""

    def run(answers):
        notebook = tiny.make_notebook(vault.CELLS)
        for cell in notebook.cells:
            cell.source = (RIGHT | answers).get(grade_id(cell), cell.source)
        return examine(make_job(notebook, tiny.make_notebook(vault.CELLS), LIMITS), sandbox)

    return run


def failed(result):
    return {name for name, verdict in result.verdicts.items() if not verdict.passed}


def stream(text, name="stdout"):
    return nbformat.v4.new_output("stream", name=name, text=text)


@pytest.mark.parametrize(
    ("written", "seen"),
    [
        ("50%\r100%", "100%"),
        ("50%\r100%\ndone", "100%\ndone"),
        ("100%\r", "100%"),
        ("1\r2\r\n3\r4", "2\n4"),
        ("\r\r", ""),
        ("", ""),
    ],
)
def test_of_a_line_that_is_written_over_the_last_state_is_kept(written, seen):
    assert kernel._merged([stream(written)])[0].text == seen


def test_streams_are_merged_where_they_first_showed_something():
    display = nbformat.v4.new_output("display_data", data={"text/plain": "x"})
    merged = kernel._merged([stream("a"), display, stream("e", "stderr"), stream("b")])
    assert [one.get("text", "x") for one in merged] == ["ab", "x", "e"]


def test_a_long_line_takes_time_in_proportion_to_its_length():
    assert growth(lambda n: kernel._merged([stream("x" * n), stream("y\r" * (n // 2))]), 250_000) < 8


@pytest.mark.parametrize("text", ["[", "![a](", "[](attachment:", "![](attachment:x"])
def test_many_brackets_take_time_in_proportion_to_their_number(text):
    assert growth(lambda n: intake.PICTURE.sub("", text * (n // len(text))), 250_000) < 8


def test_a_picture_becomes_its_caption():
    assert intake.PICTURE.sub(r"\1", "a ![b](attachment:c.png) d") == "a b d"


def test_a_display_that_a_later_cell_changes_costs_nothing(found):
    """The notebook's own kernel allows it, and animations use it."""
    first = "from IPython.display import display\nshown = display('one', display_id=True)\n" + vault.MEAN
    result = found({"q1-mean": first, "q2-scale": "shown.update('two')\n" + vault.SCALE})
    assert not failed(result)
    assert not result.broken
    assert "one" in str(result.outputs["q1-mean"])


def test_a_display_that_its_own_cell_changes_shows_the_last_state(found):
    source = "from IPython.display import display\nshown = display('one', display_id=True)\nshown.update('two')\n"
    shown = str(found({"q1-mean": source + vault.MEAN}).outputs["q1-mean"])
    assert "two" in shown
    assert "one" not in shown


def test_widgets_and_odd_displays_cost_nothing(found):
    source = "from IPython.display import display\ndisplay({'text/plain': 7}, raw=True)\nprint('after')\n"
    source += "from comm import create_comm\ncreate_comm(target_name='jupyter.widget', data={'state': {}})\n"
    result = found({"q3-slope": source + vault.SLOPE})
    assert not failed(result)
    assert "after" in str(result.outputs["q3-slope"])


CHOOSES_ITS_END = """import os
import signal
import threading
import time


def watch():
    while True:
        if os.path.exists("/tmp/number"):
            END
        time.sleep(0.01)


threading.Thread(target=watch, daemon=True).start()


def scale(x, k):
    if len(x) == 2:
        return [3, 6]
    open("/tmp/new", "w").write(str(int(x[0]) % 100 + 64))
    os.rename("/tmp/new", "/tmp/number")
    time.sleep(1)
    os._exit(0)
"""


@pytest.mark.parametrize("end", ["os._exit(int(open('/tmp/number').read()))", "os.kill(os.getpid(), signal.SIGABRT)"])
def test_how_a_process_ends_in_a_hidden_test_is_not_told(found, end):
    """An exit code carries eight bits of a hidden input; the instructor reads it, the student does not."""
    result = found({"q2-scale": CHOOSES_ITS_END.replace("END", end)})
    verdict = result.verdicts["q2-scale-tests-2"]
    assert verdict.told.message == f"not run: {GONE}"
    assert not any(word in str(result.outputs) + verdict.told.message for word in ("exit code", "signal"))
    assert failed(result) <= {"q2-scale-tests-2", "q3-slope-tests"}


@pytest.mark.parametrize("churn", [False, True])
def test_memory_is_counted_also_while_processes_come_and_go(found, churn):
    source = "import os\nimport threading\n\n\ndef churn():\n    while True:\n"
    source += "        if os.fork() == 0:\n            os._exit(0)\n        os.wait()\n\n\n"
    source += "threading.Thread(target=churn, daemon=True).start()\n" if churn else ""
    source += "held = [np.ones(12_500_000) for _ in range(5)]\nimport time\ntime.sleep(4)\n"
    result = found({"q3-slope": source})
    assert "of memory" in str(result.broken)
    assert failed(result) == {"q3-slope-tests"}


def test_too_many_processes_are_counted_and_ended(found):
    source = "import subprocess\nimport time\n"
    source += "some = [subprocess.Popen(['/bin/sleep', '60']) for _ in range(70)]\ntime.sleep(10)\n"
    result = found({"q3-slope": source})
    assert "more than 64 processes" in str(result.broken)
    assert failed(result) == {"q3-slope-tests"}


USUAL = """
import gc, types, matplotlib.pyplot as plt, torch
torch.optim.Adam([torch.zeros(1, requires_grad=True)]).step()
plt.plot([1, 2]), plt.title("$x^2$"), plt.show()
print([one.__name__ for one in gc.get_objects() if type(one) is types.ModuleType])
"""


def test_usual_cells_import_nothing_after_the_fork(found):
    """What the collector does not see was made before it: an import would cost a submission more than all the rest."""
    shown = found({"q1-mean": vault.MEAN + USUAL}).outputs
    outputs = [one for cell in shown.values() for one in cell.outputs]
    assert [one["output_type"] for one in outputs] == ["display_data", "stream"]
    assert outputs[1]["text"] == "[]\n"
