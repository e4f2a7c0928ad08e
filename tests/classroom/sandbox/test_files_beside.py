"""Files beside a notebook: answers may read and import them; the process that holds hidden tests never sees them."""

from pathlib import Path

import nbformat
import pytest

from mylib.classroom.course.limits import Limits
from mylib.classroom.grading.examine import examine
from mylib.classroom.intake.rebuild import Submission, take_in
from mylib.classroom.notebook.jobs import make_job
from mylib.classroom.sandbox.client import Sandbox
from tests.classroom import tiny
from tests.classroom.tiny import TOPIC

LIMITS = Limits(cell_seconds=20, submission_seconds=60, iopub_seconds=3)
# What the tests import beyond what the server has loaded, and what they only ban.
IMPORTED = ("networkx", "skimage.measure", "scipy.stats", "pandas", "pycocotools.mask", "autograd", "sympy")
TEST = f"""import sys
before = set(sys.modules)
check.close(mean([1.0, 2.0]), 1.5)
### BEGIN HIDDEN TESTS
import contextlib, importlib.metadata, os, pathlib
{"; ".join(f"import {name}" for name in IMPORTED)}
list(importlib.metadata.entry_points())
with contextlib.suppress(AssertionError):  # what it says of such files is not looked at here
    check.from_scratch(mean, banned=["networkx", "networkx.algorithms", "sklearn.cluster"])
check.close(mean(np.array([73910.5, 11.25])), 36960.875)
{{}}
### END HIDDEN TESTS"""
# A module that makes every check pass, in whatever process imports it.
YES = """import sys
for module in list(sys.modules.values()):
    if getattr(module, "__name__", "") == "mylib.check":
        for name in ("close", "shape", "unchanged", "gradient", "from_scratch"):
            setattr(module, name, lambda *_, **__: None)
"""
WRONG = "def mean(x):\n    return 1.5"
RIGHT = "def mean(x):\n    return sum(x) / len(x)"
GROUPS = (
    *("networkx.backends", "networkx.backend_info", "networkx.plugins", "networkx.plugin_info", "pytest11"),
    *("matplotlib.backend", "numpy.array_api", "dask.sizeof"),
    *(
        "xarray.backends",
        "torch.backends",
        "torch_dynamo_backends",
        "pandas_plotting_backends",
        "console_scripts",
    ),
    *(
        "jupyter_client.kernel_provisioners",
        "nbconvert.exporters",
        "hypothesis",
        "pygments.lexers",
        "skimage_io",
    ),
)
ENTRY_POINTS = "".join(f"[{group}]\nevil = evil:run\n\n" for group in GROUPS)
METADATA = "Metadata-Version: 2.1\nName: evil\nVersion: 1.0\n"
NAMESAKES = (
    *(
        "networkx",
        "skimage",
        "scipy",
        "pandas",
        "pycocotools",
        "autograd",
        "sympy",
        "numpy",
        "torch",
        "mylib",
    ),
    *("sklearn", "matplotlib", "mpmath", "statistics", "random", "json", "importlib", "lazy_loader", "pytz"),
    *(
        "dateutil",
        "imageio",
        "tifffile",
        "PIL",
        "packaging",
        "decorator",
        "typing_extensions",
        "six",
        "joblib",
    ),
    *("threadpoolctl", "_testing", "defusedxml", "lxml", "pyarrow", "numexpr", "bottleneck", "gmpy2", "cupy"),
)
TRICKS = {
    "entry points": {
        "evil.py": YES + "def run(*_, **__): pass\n",
        "evil-1.0.dist-info/entry_points.txt": ENTRY_POINTS,
        "evil-1.0.dist-info/METADATA": METADATA,
        "evil.egg-info/entry_points.txt": ENTRY_POINTS,
        "evil.egg-info/PKG-INFO": METADATA,
    },
    "a path file": {"evil.py": YES, "evil.pth": "import evil\n", "__editable__.evil.pth": "import evil\n"},
    "sitecustomize": {"sitecustomize.py": YES, "sitecustomize/__init__.py": YES},
    "usercustomize": {"usercustomize.py": YES, "usercustomize/__init__.py": YES},
    "conftest": {"conftest.py": YES, "pytest.ini": "[pytest]\naddopts = -p evil\n", "evil.py": YES},
    "modules with the names of libraries": {f"{name}.py": YES for name in NAMESAKES},
    "packages with the names of libraries": {f"{name}/__init__.py": YES for name in NAMESAKES},
    "parts of the libraries": {f"{name.replace('.', '/')}/__init__.py": YES for name in IMPORTED},
    "a module in place of the interpreter's main": {"__main__.py": YES, "__init__.py": YES, "check.py": YES},
}

pytestmark = [pytest.mark.timeout(120)]


@pytest.fixture(scope="module")
def sandbox(walled):
    with Sandbox("bubblewrap", LIMITS) as one:
        yield one


def verdict_on(sandbox, tmp_path, source, files, probe="", given=None):
    cells = [
        ("text", "title", 0, "# Means\n\n**Points: 3**"),
        ("locked", "setup", 0, "import numpy as np\n\nfrom mylib import check"),
        ("answer", "q1-mean", 0, source),
        ("tests", "q1-mean-tests", 3, TEST.format(probe)),
    ]
    notebook, home = tiny.make_notebook(cells), tmp_path / "ada" / TOPIC
    home.mkdir(parents=True)
    nbformat.write(notebook, home / f"{TOPIC}.ipynb")
    for name, content in files.items():
        (home / name).parent.mkdir(parents=True, exist_ok=True)
        (home / name).write_text(content)
    intake = take_in(Submission("ada", TOPIC, home), notebook, LIMITS.notebook_bytes)
    assert intake.files
    job = make_job(intake.notebook, notebook, LIMITS, intake.files, given)
    return examine(job, sandbox).verdicts["q1-mean-tests"]


@pytest.mark.parametrize("trick", TRICKS)
def test_no_file_of_a_student_runs_among_the_hidden_tests(sandbox, tmp_path, trick):
    verdict = verdict_on(sandbox, tmp_path, WRONG, TRICKS[trick])
    assert str(verdict.known).startswith("AssertionError: value: got 1.5, expected 36960.9"), verdict


@pytest.mark.parametrize("trick", TRICKS)
def test_such_a_file_costs_a_right_answer_nothing(sandbox, tmp_path, trick):
    verdict = verdict_on(sandbox, tmp_path, RIGHT, TRICKS[trick])
    assert verdict.passed, verdict


ROOT = Path(__file__).resolve().parents[3]
LOOKS_AROUND = f"""
course = {str(ROOT)!r}  # its library is there to be imported, wherever the checkout lies
found = [os.path.join(home, name) for top in ("/student", "/tmp", "/dev/shm")
         for home, folders, names in os.walk(top) for name in [*names, *folders]]
found = [one for one in found if not f"{{one}}/".startswith(f"{{course}}/") and not course.startswith(f"{{one}}/")]
assert sorted(found) == ["/student/numbers.txt"], found
foreign = [one for one in sys.path if one in ("", ".") or (one.startswith("/tmp") and not one.startswith(course))]
assert not foreign, foreign
assert [one for one in sys.path if one.startswith("/student")] == ["/student"]
assert pathlib.Path("numbers.txt").read_text() == "1 2 3", "the instructor's own file is there"
"""


def test_the_tests_find_the_instructors_files_and_no_other(sandbox, tmp_path):
    files = {"mine.py": "x = 1", "numbers.txt": "4 5 6", "folder/more.py": ""}
    verdict = verdict_on(sandbox, tmp_path, RIGHT, files, LOOKS_AROUND, {"numbers.txt": b"1 2 3"})
    assert verdict.passed, verdict


def test_all_that_tests_import_or_ban_is_loaded_before_the_students_text_comes(sandbox, tmp_path):
    """The visible part runs when the text is there; what only the hidden part imports was loaded before that."""
    probe = f"late = {{*{IMPORTED}, 'networkx.algorithms', 'sklearn.cluster'}} - before\nassert not late, late"
    verdict = verdict_on(sandbox, tmp_path, RIGHT, {"notes.txt": "x"}, probe)
    assert verdict.passed, verdict
