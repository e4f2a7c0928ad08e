"""What every test of data shares: only the installed sets are read, whatever the caller's own folder holds."""

import pytest


@pytest.fixture(autouse=True)
def _installed_data(monkeypatch):
    monkeypatch.delenv("MYLIB_DATA", raising=False)
