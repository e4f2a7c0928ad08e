"""What every test shares: one thread, no figure windows, repeatable drawing of shapes, and the rule for GPU tests."""

import os
import re

for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[variable] = "1"
os.environ.setdefault("MPLBACKEND", "agg")
os.environ.setdefault("MYLIB_STATIC", "1")  # lectures draw still pictures; nobody moves a slider

import hypothesis
import pytest

from tests.budget import Budget

# derandomize: the same shapes on every machine and every run; no deadline: machines differ in speed.
hypothesis.settings.register_profile("course", deadline=None, derandomize=True, max_examples=40)
hypothesis.settings.load_profile("course")


def pytest_addoption(parser):
    """`--topic NAME`: of the tests that are found, those about one topic."""
    parser.addoption("--topic", metavar="NAME", help="only tests in this topic's rooms, or with its name as case")


def pytest_configure(config):
    """Count what each room of the tests costs, and say at the end which is over its budget."""
    config.pluginmanager.register(Budget(), "budget")


def pytest_collection_modifyitems(config, items):
    """Leave out what is about other topics, if one is asked for."""
    if name := config.getoption("--topic"):
        others = [item for item in items if not _is_about(item, name)]
        config.hook.pytest_deselected(items=others)
        items[:] = [item for item in items if item not in others]


def _is_about(item, name):
    case = item.callspec.id.split(" ")[0] if hasattr(item, "callspec") else ""  # a description may follow
    return name in (*item.path.parts, item.path.stem[3:], *re.split(r"[^a-z0-9_]+", case))


def pytest_runtest_setup(item):
    """Skip GPU tests without a GPU, unless one was asked for."""
    if item.get_closest_marker("gpu"):
        import torch

        if not torch.cuda.is_available():
            if os.environ.get("MYLIB_DEVICE", "").startswith("cuda"):
                pytest.fail("MYLIB_DEVICE asks for CUDA, and this machine has none")
            pytest.skip("needs a CUDA device; this machine has none")
