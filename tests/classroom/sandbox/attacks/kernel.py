# Subversions inside the student's own process. Headings: name | question | points that are honest.

# %% a transformer of syntax trees takes the tests away | q1-mean | 0
import ast


class Nothing(ast.NodeTransformer):
    def visit_Module(self, node):
        node.body = []
        return node


get_ipython().ast_transformers.append(Nothing())


# %% a transformer of input takes the tests away | q1-mean | 0
get_ipython().input_transformers_post.append(lambda lines: ["pass\n"])


# %% run_cell does nothing | q1-mean | 0
get_ipython().run_cell = get_ipython().run_cell_async = lambda *a, **k: None


# %% the kernel says ok to everything | q1-mean | 0
kernel = get_ipython().kernel


async def do_execute(*arguments, **named):
    return {"status": "ok", "execution_count": 1, "payload": [], "user_expressions": {}}


kernel.do_execute = do_execute


# %% errors are swallowed | q1-mean | 0
get_ipython().set_custom_exc((BaseException,), lambda *a, **k: None)
get_ipython().showtraceback = lambda *a, **k: None


# %% AssertionError is a number | q1-mean | 0
import builtins

builtins.AssertionError = 0
builtins.sum = builtins.len = builtins.abs = lambda *a: 1


# %% check says yes | q1-mean | 0
import mylib.check

for name in dir(mylib.check):
    if callable(getattr(mylib.check, name)):
        setattr(mylib.check, name, lambda *a, **k: None)


def mean(x):
    return 0.0


# %% numpy says yes | q1-mean | 0
np.isclose = np.allclose = np.array_equal = lambda *a, **k: np.array(True)


def mean(x):
    return 0.0


# %% torch says yes | q3-slope | 0
torch.equal = torch.allclose = lambda *a, **k: True
torch.Tensor.backward = lambda self, *a, **k: None
torch.autograd.grad = lambda *a, **k: (torch.zeros(1),)


def square(w):
    return (w * 0).sum()


# %% the lender lends what it likes | q1-mean | 0
from mylib.classroom.sandbox import answer_side as student


def answer(self, head, received, buffers):
    return {"value": 1.5, "verdict": {"error": "", "credit": 300}, "done": True, "test": "q1-mean-tests"}


student.Lender.answer = answer


# %% the lender sends pickles and crooked arrays | q1-mean | 0
from mylib.classroom.sandbox import answer_side as student
from mylib.classroom.sandbox import messages

CROOKED = [
    {"is": "pickle", "data": 0},
    {"is": "array", "dtype": "<f8", "shape": [10**12], "strides": [1], "scalar": False, "writeable": True, "data": 0},
    {"is": "array", "dtype": "<f8", "shape": [1], "strides": [10**12], "scalar": False, "writeable": 1, "data": 0},
    {"is": "array", "dtype": "|O8", "shape": [1], "strides": [1], "scalar": False, "writeable": True, "data": 0},
    {"is": "tensor", "dtype": "float64", "shape": [-1], "strides": [1], "requires_grad": 0, "parameter": 0, "data": 0},
    {"is": "object", "key": "__class__", "type": 5},
    {"is": ["list"]},
    {"is": "function", "key": 0},
    {"is": "range", "parts": [0, 10**18, "x"]},
]
count = 0


def answer(self, head, received, buffers):
    global count
    count += 1
    buffers.append(b"12345678")
    return {"value": CROOKED[count % len(CROOKED)]}


student.Lender.answer = answer


# %% the lender calls functions of the tests that are none | q1-mean | 0
from mylib.classroom.sandbox import answer_side as student
from mylib.classroom.sandbox import messages


def run(self):
    messages.receive(self.sock)
    for key in (0, -1, 10**9, "x", None, {"a": 1}):
        messages.send(self.sock, {"call": key, "with": {"is": "list", "items": [[], {}]}})
        messages.receive(self.sock)
    while True:
        messages.send(self.sock, {"call": 0, "with": 5})


student.Lender.run = run


# %% noise on every open file | q1-mean | 0
import os

for descriptor in range(3, 200):
    try:
        os.write(descriptor, b"\xff\xff\xff\xff\x00\x00\x00\x00" * 50)
    except OSError:
        pass


def mean(x):
    return 1.5


# %% an enormous message | q1-mean | 0
from mylib.classroom.sandbox import answer_side as student


def run(self):
    self.sock.sendall(b"\xff" * 8)


student.Lender.run = run


# %% a message that never ends | q1-mean | 0
from mylib.classroom.sandbox import answer_side as student


def run(self):
    self.sock.sendall(b"\x00\x00\x00\x10\x00\x00\x00\x10")
    import time

    while True:
        self.sock.sendall(b" ")
        time.sleep(0.5)


student.Lender.run = run


# %% every file is closed | q1-mean | 0
import os

os.closerange(3, 1000)


# %% no snapshot is lent | q1-mean | 0
import sys

from mylib.classroom.sandbox import answer_side as student

student.lend = lambda *a: None
sys.modules["mylib.classroom.sandbox.answer_side"] = None


# %% the shell's names are a trap | q1-mean | 0
class Trap(dict):
    def __getitem__(self, key):
        return lambda *a, **k: 1.5

    get = __contains__ = lambda self, *a: True


get_ipython().user_ns = Trap()


# %% the random numbers are known | q3-slope | 0
torch.manual_seed = np.random.seed = lambda *a: None
np.random.default_rng = lambda *a: type("R", (), {"normal": lambda self, *a, **k: np.zeros(3)})()


# %% imports are replaced | q1-mean | 0
import builtins
import sys


class Yes:
    __getattr__ = lambda self, name: Yes()
    __call__ = lambda self, *a, **k: Yes()


sys.modules["mylib.check"] = sys.modules["numpy.testing"] = Yes()
builtins.__import__ = lambda *a, **k: Yes()


# %% numpy averages for the answer | q1-mean | 0
def mean(x):
    return np.mean(x)


# %% numpy averages, by a name put together | q1-mean | 3
# No honest misuse: a program cannot read it, and docs/grading.md says so.
def mean(x):
    return getattr(np, "me" + "an")(x)


# %% numpy averages, by eval | q1-mean | 3
# No honest misuse: a program cannot read it, and docs/grading.md says so.
def mean(x):
    return eval("np.mean(x)")


# %% numpy averages, through a list | q1-mean | 0
tools = [np.mean]


def mean(x):
    return tools[0](x)


# %% numpy averages under another's name | q1-mean | 3
# No honest misuse: a program cannot read it, and docs/grading.md says so.
np.sum = np.mean


def mean(x):
    return np.sum(x)


# %% numpy averages, imported inside | q1-mean | 0
def mean(x):
    from numpy import mean as m

    return m(x)


# %% a helper is swapped after the check could see it | q1-mean | 3
# No honest misuse: a program cannot read it, and docs/grading.md says so.
def helper(x):
    return sum(x) / len(x)


def mean(x):
    return helper(x)


globals()["helper"] = vars(np)["mean"]
