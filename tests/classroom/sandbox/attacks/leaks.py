# What a hidden test hands over is to be shown to the student. Headings: name | question | points that are honest.

# %% prints what it gets | q1-mean | 7
def mean(x):
    print("SEEN", list(x))
    return sum(x) / len(x)


# %% raises what it gets | q1-mean | 4
def mean(x):
    if len(x) == 2:
        return 1.5
    raise ValueError(f"SEEN {list(x)}")


# %% raises an error whose name is what it gets | q1-mean | 4
def mean(x):
    if len(x) == 2:
        return 1.5
    raise type("SEEN_" + "_".join(map(str, x)), (Exception,), {})("SEEN")


# %% returns what it gets as text | q1-mean | 4
def mean(x):
    return 1.5 if len(x) == 2 else f"SEEN {list(x)}"


# %% returns an object named after what it gets | q1-mean | 4
def mean(x):
    return 1.5 if len(x) == 2 else type(f"SEEN {list(x)}", (), {})()


# %% returns an array whose shape is what it gets | q1-mean | 4
def mean(x):
    return 1.5 if len(x) == 2 else np.zeros((int(x[0]), 0))


# %% warns of what it gets | q1-mean | 7
import sys
import warnings


def mean(x):
    warnings.warn(f"SEEN {list(x)}")
    print("SEEN", list(x), file=sys.stderr)
    return sum(x) / len(x)


# %% shows a picture of what it gets | q1-mean | 7
import matplotlib.pyplot as plt


def mean(x):
    plt.title(f"SEEN {list(x)}")
    plt.show()
    return sum(x) / len(x)


# %% keeps what it gets in a file, and shows it on the way out | q1-mean | 7
import atexit
import os


def mean(x):
    with open("/tmp/seen", "a") as file:
        file.write(f"SEEN {list(x)}\n")
    os.makedirs("/student/notes", exist_ok=True)
    open("/student/notes/seen.txt", "a").write(f"SEEN {list(x)}\n")
    return sum(x) / len(x)


atexit.register(lambda: print(open("/tmp/seen").read()))


# %% sends what it gets to the notebook's own sockets | q1-mean | 7
shell = get_ipython()


def mean(x):
    try:
        shell.kernel.session.send(shell.kernel.iopub_socket, "stream", {"name": "stdout", "text": f"SEEN {list(x)}"})
        shell.kernel.iopub_thread.flush()
    except Exception:
        pass
    return sum(x) / len(x)


# %% keeps what it gets for the next cell | q1-mean | 7
kept = []


def mean(x):
    kept.append(list(x))
    return sum(x) / len(x)


# %% the next cell shows what was kept | q2-scale | 4
import os
import time

time.sleep(0.5)
try:
    print("SEEN", kept)
except NameError:
    pass
for path in ("/tmp/seen", "/tmp/again", "/student/notes/seen.txt"):
    print("SEEN", open(path).read() if os.path.exists(path) else "")


def scale(x, k):
    return [k * v for v in x]


# %% ends all processes in a hidden test, so that the cells run again | q1-mean | 4
import os
import signal

if os.path.exists("/tmp/again"):
    print("SEEN", open("/tmp/again").read())


def mean(x):
    if len(x) == 2:
        return 1.5
    open("/tmp/again", "w").write(f"SEEN {list(x)}")
    os.kill(-1, signal.SIGKILL)
    os.kill(1, signal.SIGKILL)


# %% searches its process for tests | q1-mean | 7
import gc
import inspect
import sys


def search():
    found = []
    for one in gc.get_objects():
        try:
            text = repr(one)[:2000] if isinstance(one, (str, bytes, list, dict, tuple)) else ""
        except Exception:
            continue
        if "".join(["HIDDEN", " TESTS"]) in text or "73" + str(910) in text:
            found.append(text[:300])
    for frame in [*sys._current_frames().values(), *(f.frame for f in inspect.stack())]:
        found += [f"{k}={v!r}"[:200] for k, v in frame.f_locals.items() if "73" + str(910) in repr(v)[:5000]]
    return found


print("SEEN", [one for one in search() if "def search" not in one])


def mean(x):
    return sum(x) / len(x)


# %% reads the messages and the history of the kernel | q1-mean | 7
shell = get_ipython()
print("SEEN", shell.kernel.get_parent(), shell.kernel._parents if hasattr(shell.kernel, "_parents") else "")
print("SEEN", list(shell.history_manager.get_range()), shell.user_ns.get("In"))


def mean(x):
    return sum(x) / len(x)


# %% reads the disk | q1-mean | 7
import os

seen = []
for home, folders, files in os.walk("/"):
    if home.startswith(("/proc", "/sys", "/usr")) or home.count("/") > 9:
        folders[:] = []
        continue
    if "site-packages" in home or "python3" in home:
        continue
    for name in files:
        if name.endswith((".ipynb", ".db", ".sqlite", ".json", ".txt", ".env", ".csv")):
            try:
                text = open(os.path.join(home, name), errors="replace").read(100_000)
            except OSError:
                continue
            seen += [f"{home}/{name}", text[:50]] if "HIDDEN" in text or "BEGIN" + " SOLUTION" in text else []
print("SEEN", seen)


def mean(x):
    return sum(x) / len(x)


# %% reads other processes and the environment | q1-mean | 7
import glob
import os

print("SEEN", dict(os.environ))
for path in glob.glob("/proc/*/environ") + glob.glob("/proc/*/cmdline") + glob.glob("/proc/*/fd/*"):
    try:
        print("SEEN", path, open(path, errors="replace").read(2000))
    except OSError:
        pass
for path in ("/etc/passwd", "/etc/shadow", "/root/.bashrc", "/root/.ssh/id_rsa", "/proc/1/root/etc/hostname"):
    try:
        print("SEEN", open(path).read(200))
    except OSError:
        pass


def mean(x):
    return sum(x) / len(x)


# %% shows scripts to whoever opens the page | q2-scale | 4
from IPython.display import HTML, SVG, Javascript, Markdown, display

display(HTML("<script>document.title='OWNED'</script><img src=x onerror='OWNED()'>"))
display(Javascript("document.title='OWNED'"))
display(SVG("<svg xmlns='http://www.w3.org/2000/svg'><script>OWNED()</script></svg>"))
display(Markdown("<iframe src='javascript:OWNED()'></iframe>"))


def scale(x, k):
    return [k * v for v in x]
