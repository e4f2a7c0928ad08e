"""The bank's files are pieces of notebooks, run by tests/classroom/authoring/test_exercises.py; pytest must not import them."""

collect_ignore_glob = ["*/*.py"]
