"""The server as a process: `python -m` this package, the number of its control socket, and whether it is walled."""

import sys

from mylib.classroom.sandbox.server import serve

serve(int(sys.argv[1]), sys.argv[2] == "walled")
