"""`python -m mylib.classroom.cli`: the command line where `mylib` is not on the path."""

from mylib.classroom.cli import app

app(prog_name="mylib")
