"""From scratch, by source: does an answer call what it should write itself?

Only text is read: nothing of the student's is run, and nothing is imported because the student names it. `refuse`
follows what a function reaches (helpers, classes, decorators, defaults, values of the names that it uses, files beside
the notebook) and ignores all else. A banned call there is refused; what cannot be read there is a note to the
instructor (`Unread`) and costs nothing.

With a note: packages that are not on a list, `eval`, a computed `getattr`, `__dict__`, `importlib`, pickles, names that
no cell defines, modules that are handed on as arguments. With no note a cheat can still change a value, a library or a
name from elsewhere (`ops.append(np.convolve)`, `f.op = np.convolve`, `np.sum = np.convolve`, `exec`, `%run`), keep a
module in an object or a container, call the banned method on `self`, or call what calls the banned function inside.
"""

from mylib.check.from_scratch.library import find_banned
from mylib.check.from_scratch.live import refuse_live
from mylib.check.from_scratch.reading import Unread, refuse

__all__ = ["Unread", "find_banned", "refuse", "refuse_live"]
