# Attacks that should cost their own question and no other. Headings: name | question | points that are honest.

# %% a reply of empty lists, a quarter of a gigabyte | q1-mean | 7
FLOOD = """
import socket, struct
from mylib.classroom.sandbox import answer_side
def run(self):
    from mylib.classroom.sandbox import messages
    while True:
        head, _ = messages.receive(self.sock)
        if head.get("name") == "mean":
            text = b"[[" + b"[]," * 80_000_000 + b"[]],[]]"
            self.sock.sendall(struct.pack("!II", len(text), 0) + text)
        else:
            self.reply(self.answer, head, _)
answer_side.Lender.run = run
"""
exec(FLOOD)


def mean(x):
    return 0


# %% noise into every socket that is open | q1-mean | 7
import os
import socket
import stat


def mean(x):
    return 0


for descriptor in range(3, 256):
    try:
        if stat.S_ISSOCK(os.fstat(descriptor).st_mode):
            one = socket.socket(fileno=os.dup(descriptor))
            one.setblocking(False)
            if one.family == socket.AF_UNIX and not one.getsockname():
                one.send(b"noise" * 1000)
            one.detach()
    except OSError:
        pass


# %% ten million keys | q1-mean | 7
def mean(x):
    return {key: None for key in range(10_000_000)}


# %% a list of ten million texts | q1-mean | 7
def mean(x):
    return ["x"] * 10_000_000


# %% an array of a gigabyte | q1-mean | 7
def mean(x):
    return np.zeros(140_000_000)


# %% a message of a hundred megabytes | q1-mean | 7
def mean(x):
    raise ValueError("x" * 100_000_000)


# %% a hundred thousand errors inside each other | q1-mean | 7
def mean(x):
    error = ValueError("deep")
    for _ in range(100_000):
        error.__cause__, error = error, ValueError("deep")
    raise error


# %% lists inside lists, as deep as may be | q1-mean | 7
def mean(x):
    value = []
    for _ in range(39):
        value = [value] * 2
    return value


# %% a name of a million letters | q1-mean | 7
Kind = type("x" * 1_000_000, (), {})


def mean(x):
    return Kind()


# %% ends the process when it is asked | q1-mean | 7
import os


def mean(x):
    os._exit(0)


# %% stops its own process | q1-mean | 7
import os
import signal


def mean(x):
    os.kill(os.getpid(), signal.SIGSTOP)


# %% sleeps as long as the hidden input says | q1-mean | 7
import time


def mean(x):
    if not isinstance(x, list):
        time.sleep(float(x[1]) / 4)
    return sum(x) / len(x) if isinstance(x, list) else 0


# %% ends with the hidden input as its code | q1-mean | 7
import os


def mean(x):
    if not isinstance(x, list):
        os._exit(int(x[1]))
    return sum(x) / len(x)


# %% dies by a signal that the hidden input chooses | q1-mean | 7
import os
import signal


def mean(x):
    if not isinstance(x, list):
        os.kill(os.getpid(), signal.SIGSEGV if x[0] > 10 else signal.SIGILL)
    return sum(x) / len(x)


# %% answers otherwise when all is run again | q1-mean | 7
import os

STARTED = os.times().elapsed


def mean(x):
    if not isinstance(x, list):
        os._exit(1)
    return sum(x) / len(x)
