"""Both sides of a test, for whoever runs answers without walls."""

from mylib.classroom.notebook.verdicts import Sides
from mylib.classroom.sandbox.answer_side import lend
from mylib.classroom.sandbox.test_side import Tests

SIDES = Sides(lend, Tests)
