"""What every test shares: one thread, no figure windows, repeatable drawing of shapes, and the rule for GPU tests."""

import os

for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[variable] = "1"
os.environ.setdefault("MPLBACKEND", "agg")

import hypothesis
import pytest

# derandomize: the same shapes on every machine and every run; no deadline: machines differ in speed.
hypothesis.settings.register_profile("course", deadline=None, derandomize=True, max_examples=40)
hypothesis.settings.load_profile("course")


def pytest_runtest_setup(item):
    """Skip GPU tests without a GPU, unless one was asked for."""
    if item.get_closest_marker("gpu"):
        import torch

        if not torch.cuda.is_available():
            if os.environ.get("MYLIB_DEVICE", "").startswith("cuda"):
                pytest.fail("MYLIB_DEVICE asks for CUDA, and this machine has none")
            pytest.skip("needs a CUDA device; this machine has none")
