"""The command line `mylib`: parse, call, print, exit code. Heavy imports wait until a verb needs them."""

from mylib.classroom.cli import author as authoring
from mylib.classroom.cli import teach as teaching
from mylib.classroom.cli import topics
from mylib.classroom.cli.options import app

__all__ = ["app", "authoring", "teaching", "topics"]  # importing the verbs registers them
