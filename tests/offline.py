"""Run a command without a network: `python tests/offline.py pytest ...`.

On Linux, in a namespace of its own that has nothing but loopback (which Jupyter's kernels talk over). Where the system
does not allow that, the command runs all the same, and a line says so.
"""

import os
import platform
import shutil
import subprocess
import sys

LOOPBACK_UP = """
import fcntl, socket, struct
SIOCSIFFLAGS, IFF_UP = 0x8914, 0x1
with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
    fcntl.ioctl(any_socket, SIOCSIFFLAGS, struct.pack("16sh", b"lo", IFF_UP))
"""
ENTER = ["unshare", "--user", "--map-root-user", "--net", "--", sys.executable, "-c"]


def main(command):
    """Replace this process by the command."""
    if network_can_be_left():
        print("the network is off for this run", flush=True)
        program = f"{LOOPBACK_UP}\nimport os, sys\nos.execvp(sys.argv[1], sys.argv[1:])"
        os.execvp(ENTER[0], [*ENTER, program, *command])
    print("this system does not allow switching the network off; running with it", flush=True)
    os.execvp(command[0], command)


def network_can_be_left():
    """Whether this system lets a process into a network of its own."""
    if platform.system() != "Linux" or not shutil.which("unshare"):
        return False
    return subprocess.run([*ENTER, LOOPBACK_UP], capture_output=True).returncode == 0


if __name__ == "__main__":
    main(sys.argv[1:])
