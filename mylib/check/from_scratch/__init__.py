"""From scratch, by source: does an answer call what it should write itself?

Only the text of the notebook's cells is looked at; nothing of the student's is run, and nothing is imported because
the student names it. `refuse` follows what a function can reach: helpers, classes, methods, decorators, defaults,
assignments of the names that it uses. What cannot be followed by reading (text that is run, names that are put
together, modules handed on as values) is refused inside what the function reaches; what could bind or replace names
behind its back is refused anywhere in the cells.

Out of reach, and accepted as before: a method of an object that only running would show, unless it is called like a
banned method (`x.softmax()`); a library function that calls the banned one without saying so in its name.
"""

from mylib.check.from_scratch.notebook import refuse_live
from mylib.check.from_scratch.reach import refuse

__all__ = ["refuse", "refuse_live"]
