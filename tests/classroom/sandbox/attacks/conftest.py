"""Payloads, run by tests/classroom/sandbox/test_attacks.py behind walls; pytest must not import them."""

collect_ignore_glob = ["*.py"]
