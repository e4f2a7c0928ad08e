"""The walls themselves: what they need, what they refuse, and that Jupyter's own tools can use them."""

import os
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from jupyter_client import KernelManager
from jupyter_client.provisioning import KernelProvisionerFactory

from mylib.classroom.course.limits import Limits
from mylib.classroom.grading.examine import examine
from mylib.classroom.notebook.jobs import make_job
from mylib.classroom.sandbox.client import Sandbox, shared
from mylib.classroom.sandbox.walls import WallsMissingError, require
from tests.classroom import tiny

SOLUTION = tiny.make_notebook()


def points(found):
    return {name for name, verdict in found.verdicts.items() if verdict.passed}


def test_without_bubblewrap_grading_stops_and_says_what_to_do(monkeypatch):
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(WallsMissingError, match="found no program bwrap; run `mylib doctor`"):
        require("bubblewrap")


def test_without_a_sandbox_somebody_must_say_that_they_trust(monkeypatch):
    with pytest.raises(WallsMissingError, match="--trust-submissions"):
        require("none")
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    with pytest.raises(WallsMissingError, match="got root"):
        require("none", trust=True)
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    require("none", trust=True)


def test_an_unknown_kind_is_refused():
    with pytest.raises(ValueError, match="expected one of bubblewrap, none, got 'chroot'"):
        require("chroot")


def test_without_walls_the_same_answers_earn_the_same_points():
    """The course's own solution: nothing else runs without walls here."""
    with Sandbox("none") as bare:
        found = examine(make_job(SOLUTION, SOLUTION, Limits()), bare)
    assert points(found) == {"q1-mean-tests", "q2-scale-tests", "q2-scale-tests-2"}


@pytest.mark.usefixtures("walled")
def test_any_jupyter_client_can_have_its_kernel_behind_the_walls(tmp_path, monkeypatch):
    """By the entry point and JUPYTER_DEFAULT_PROVISIONER_NAME alone."""
    monkeypatch.setenv("JUPYTER_DEFAULT_PROVISIONER_NAME", "mylib-walls")
    KernelProvisionerFactory.clear_instance()  # one that was made before has not read the variable
    manager = KernelManager(transport="ipc", ip=str(tmp_path / "k"))
    manager.start_kernel()
    client = manager.client()
    client.start_channels()
    said = []
    try:
        client.wait_for_ready(timeout=60)
        code = f"import os; print(os.getpid(), os.path.exists({str(tmp_path)!r}))"
        client.execute_interactive(code, timeout=30, output_hook=lambda m: said.append(m["content"].get("text", "")))
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)
        manager.context.destroy(linger=0)
        shared().close()
        shared.cache_clear()
        KernelProvisionerFactory.clear_instance()
    assert "1 False" in "".join(said)


@pytest.mark.usefixtures("walled")
def test_nbconvert_executes_behind_the_walls(tmp_path):
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("import os; print('pid', os.getpid())")])
    nbformat.write(notebook, tmp_path / "one.ipynb")
    scripts = Path(sys.executable).parent
    command = [scripts / "jupyter", "nbconvert", "--execute", "--to", "notebook", "--output", "two.ipynb"]
    command += ["--ExecutePreprocessor.kernel_name=python3", "--KernelManager.transport=ipc", "one.ipynb"]
    environment = os.environ | {"JUPYTER_DEFAULT_PROVISIONER_NAME": "mylib-walls", "HOME": str(tmp_path)}
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    assert nbformat.read(tmp_path / "two.ipynb", 4).cells[0].outputs[0].text == "pid 1\n"
