"""The command line `mylib`: parse, call, print, exit code. Heavy imports wait until a verb needs them."""

from mylib.classroom import authoring, teaching
from mylib.classroom.command import app

__all__ = ["app", "authoring", "teaching"]  # importing the verbs registers them
