"""The doctor: what is missing is named with its remedy, on every kind of machine (with a PATH made up for it)."""

import json
import sys

import pytest
from typer.testing import CliRunner

from mylib.classroom import cli
from mylib.classroom.cli import doctor


@pytest.fixture
def machine(tmp_path, monkeypatch):
    """A Linux machine with these programs, which do what a shell script says, and these kernel settings."""

    def make(settings=(), system="Linux", **programs):
        for name, script in programs.items():
            path = tmp_path / "bin" / name.replace("_", "-")
            path.parent.mkdir(exist_ok=True)
            path.write_text(f"#!/bin/sh\n{script}\n")
            path.chmod(0o755)
        for name, value in dict(settings).items():
            path = tmp_path / "sys" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(f"{value}\n")
        monkeypatch.setenv("PATH", str(tmp_path / "bin"))
        monkeypatch.setattr(doctor, "SYSCTL", tmp_path / "sys")
        monkeypatch.setattr(doctor, "CONTAINERS", (tmp_path / "in-a-container",))
        monkeypatch.setattr(doctor.platform, "system", lambda: system)
        monkeypatch.setattr(doctor, "_one_process", lambda: doctor.Finding("sandbox", True, True, "made up"))
        return tmp_path

    return make


def test_a_program_that_is_there_and_starts_nothing_is_found_out(machine, monkeypatch, tmp_path):
    one_process = doctor._one_process
    machine(bwrap="exit 0", make="exit 0", git="exit 0")
    monkeypatch.setattr(doctor, "_one_process", one_process)
    findings = doctor.examine(tmp_path)
    [sandbox] = [one for one in findings if one.name == "sandbox"]
    assert not sandbox.ok
    assert "expected a process behind bubblewrap" in sandbox.text
    assert not doctor.healthy(findings)


@pytest.mark.usefixtures("walled")
def test_a_process_starts_behind_the_walls_here():
    assert doctor._one_process().ok


REFUSED = "echo 'bwrap: setting up uid map: Permission denied' >&2; exit 1"


def test_walls_that_stand(machine):
    there = machine(bwrap="exit 0")
    assert doctor.walls() == (True, f"{there}/bin/bwrap makes namespaces")


@pytest.mark.parametrize(
    ("manager", "command"),
    [
        ("apt_get", "sudo apt-get install -y bubblewrap"),
        ("dnf", "sudo dnf install -y bubblewrap"),
        ("pacman", "sudo pacman -S --noconfirm bubblewrap"),
        ("zypper", "sudo zypper install -y bubblewrap"),
        ("apk", "sudo apk add bubblewrap"),
        ("yum5", "install bubblewrap with the system's package manager"),
    ],
)
def test_a_missing_bubblewrap_comes_with_the_systems_command(machine, manager, command):
    machine(**{manager: "exit 0"})
    assert doctor.walls() == (False, f"no program bwrap; {command}")


@pytest.mark.parametrize(
    ("settings", "remedy"),
    [
        ({"kernel/apparmor_restrict_unprivileged_userns": 1}, "sudo tee /etc/apparmor.d/bwrap"),
        ({"kernel/unprivileged_userns_clone": 0}, "sudo sysctl -w kernel.unprivileged_userns_clone=1"),
        ({"user/max_user_namespaces": 0}, "sudo sysctl -w user.max_user_namespaces=15000"),
        ({"kernel/apparmor_restrict_unprivileged_userns": 0}, "ask whoever runs this machine"),
    ],
)
def test_a_system_that_forbids_namespaces_is_told_apart(machine, settings, remedy):
    machine(settings, bwrap=REFUSED)
    up, message = doctor.walls()
    assert not up
    assert "may not make namespaces (bwrap: setting up uid map: Permission denied)" in message
    assert remedy in message


def test_the_apparmor_profile_names_this_bubblewrap(machine):
    there = machine({"kernel/apparmor_restrict_unprivileged_userns": 1}, bwrap=REFUSED)
    assert f"{{ userns, }}\\n' {there}/bin/bwrap | sudo tee" in doctor.walls()[1]


def test_a_container_is_told_how_to_be_started(machine):
    (machine(bwrap=REFUSED) / "in-a-container").touch()
    assert "--security-opt seccomp=unconfined" in doctor.walls()[1]


def test_an_old_bubblewrap_is_told(machine):
    machine(bwrap="echo 'bwrap: Unknown option --disable-userns' >&2; exit 1")
    assert "older than 0.8" in doctor.walls()[1]


def test_a_program_that_does_not_start_is_told(machine):
    path = machine(bwrap="") / "bin" / "bwrap"
    path.write_text("#!/no/such/shell\n")
    assert "does not run" in doctor.walls()[1]


def test_other_systems_are_sent_to_linux(machine):
    machine(system="Darwin")
    assert doctor.walls() == (
        False,
        "Darwin has no bubblewrap; grade on Linux, or in a virtual machine with it",
    )


def found(findings, name):
    return next(one for one in findings if one.name == name)


def test_everything_has_one_line_and_what_is_required_decides(machine, tmp_path):
    machine(bwrap="exit 0", make="exit 0", git="exit 0", apt_get="exit 0")
    findings = doctor.examine(tmp_path / "not" / "yet")
    assert doctor.healthy(findings)
    assert all(len(str(one).splitlines()) == 1 for one in findings)
    assert str(found(findings, "chromium")) == (
        "optional chromium: not found, for mylib pdf and the browser tests; sudo apt-get install -y chromium"
    )
    assert str(found(findings, "make")) == f"ok       make: {tmp_path}/bin/make"
    (tmp_path / "bin" / "git").unlink()
    findings = doctor.examine(tmp_path)
    assert not doctor.healthy(findings)
    assert str(found(findings, "git")) == "missing  git: not found; sudo apt-get install -y git"


def test_another_name_of_a_program_counts(machine, tmp_path):
    machine(google_chrome="exit 0")
    assert found(doctor.examine(tmp_path), "chromium").text == f"{tmp_path}/bin/google-chrome"


def test_a_full_disk_and_an_old_python_are_told(machine, tmp_path, monkeypatch):
    machine()
    monkeypatch.setattr(doctor, "DISK_GB", 10**9)
    monkeypatch.setattr(doctor, "PYTHON", (99, 1))
    findings = doctor.examine(tmp_path)
    assert "expected 1000000000 GB" in found(findings, "disk").text
    assert "expected 99.1 or newer" in found(findings, "Python").text


def test_little_memory_is_told_with_the_number_of_jobs(machine, tmp_path, monkeypatch):
    machine()
    monkeypatch.setattr(doctor, "MEMORY_GB", 10**6)
    assert found(doctor.examine(tmp_path), "machine").remedy == "use --jobs 1"


@pytest.mark.parametrize(
    ("argv", "text"),
    [
        (None, "no kernel of that name"),
        (["/no/such/python"], "its Python /no/such/python is not there"),
        (["mute"], "cannot import mylib (ModuleNotFoundError: No module named 'mylib')"),
    ],
)
def test_a_kernel_that_cannot_run_the_notebooks_is_told(machine, tmp_path, monkeypatch, argv, text):
    from jupyter_client import kernelspec

    machine(mute="echo \"ModuleNotFoundError: No module named 'mylib'\" >&2; exit 1")
    folder = tmp_path / "kernels" / "python3"
    folder.mkdir(parents=True)
    if argv:
        spec = {"argv": argv, "display_name": "x", "language": "python"}
        (folder / "kernel.json").write_text(json.dumps(spec))
    monkeypatch.setattr(kernelspec.KernelSpecManager, "_kernel_dirs_default", lambda self: [str(folder.parent)])
    monkeypatch.setattr(kernelspec, "NATIVE_KERNEL_NAME", "other")
    kernel = found(doctor.examine(tmp_path), "kernel python3")
    assert not kernel.ok
    assert text in kernel.text
    assert kernel.remedy


def test_this_very_python_runs_the_notebooks(tmp_path):
    kernel = found(doctor.examine(tmp_path), "kernel python3")
    assert kernel.ok, kernel
    assert "mylib" in kernel.text


def test_the_verb_prints_every_finding_and_says_by_its_exit_code(machine, course):
    machine(make="exit 0", git="exit 0", dnf="exit 0")
    shown = CliRunner().invoke(cli.app, ["--course", str(course.root), "doctor"])
    assert shown.exit_code == 1
    assert "missing  bubblewrap: no program bwrap; sudo dnf install -y bubblewrap" in shown.output
    assert f"ok       Python: {'.'.join(map(str, sys.version_info[:3]))}" in shown.output
    machine(bwrap="exit 0")
    assert CliRunner().invoke(cli.app, ["--course", str(course.root), "doctor"]).exit_code == 0
    assert not course.build.exists()
