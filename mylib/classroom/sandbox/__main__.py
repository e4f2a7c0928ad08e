"""The server as a process: `python -m` this package, the number of its control socket, and whether it is walled."""

import gc
import sys

gc.disable()  # what is imported stays: looking for garbage among it takes a tenth of the start
from mylib.classroom.sandbox.server import serve  # noqa: E402

serve(int(sys.argv[1]), sys.argv[2] == "walled")
