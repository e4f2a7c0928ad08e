"""From scratch, by source: does an answer call what it should write itself?

Only text is read: nothing of the student's is run, and nothing is imported because the student names it. `refuse`
follows what a function reaches (helpers, classes, decorators, defaults, assignments of the names that it uses, files
beside the notebook) and ignores all else. A banned call there is refused; what cannot be read there is a note to the
instructor (`Unread`) and costs nothing. Which definitions a name has is asked of beniget: the rules of Python's scopes
are long, and it keeps them.

A cheat can still, with no note: rebind or patch a name from a cell that the answer does not reach (`exec`,
`globals().update`, `%run`, `np.sum = np.convolve`), call a library function that calls the banned one inside, or hand
the banned function over in data that another cell fills. With a note: `eval`, a computed `getattr`, `__dict__`,
`importlib`, pickles, names that no cell defines, and modules that are handed on as values.
"""

from mylib.check.from_scratch.cells import Unread
from mylib.check.from_scratch.library import find_banned
from mylib.check.from_scratch.live import refuse_live
from mylib.check.from_scratch.reach import refuse

__all__ = ["Unread", "find_banned", "refuse", "refuse_live"]
