"""From scratch, by source: calls that are banned are found however they are spelled; honest answers pass."""

import functools
import sys

import nbformat
import numpy as np
import pytest
import torch
import torch.nn.functional as F
from nbclient import NotebookClient
from torch import nn

from mylib import check
from mylib.classroom.runner import run
from mylib.guard import refuse
from mylib.guard.notebook import in_force
from tests.classroom.tiny import make_cell

SETUP = "import numpy as np\nimport torch\nimport torch.nn.functional as F\nfrom torch import nn"
CONVOLVE = ("numpy.convolve",)
SOFTMAX = ("torch.nn.functional.softmax", "torch.Tensor.softmax", "torch.nn.Softmax")
CONV = ("torch.nn.functional.conv2d",)

# Name of the trick: (cells after the setup, what is banned). The function under test is always `f`.
EVASIONS = {
    "a direct call": (["def f(a, b):\n    return np.convolve(a, b)"], CONVOLVE),
    "an alias of the notebook": (["slide = np.convolve\ndef f(a, b): return slide(a, b)"], CONVOLVE),
    "an alias of an alias in another cell": (
        ["one = np.convolve", "two = one", "def f(a, b): return two(a, b)"],
        CONVOLVE,
    ),
    "the answer is the alias": (["f = np.convolve"], CONVOLVE),
    "the answer is imported": (["from numpy import convolve as f"], CONVOLVE),
    "a local alias": (["def f(a, b):\n    slide = np.convolve\n    return slide(a, b)"], CONVOLVE),
    "a local alias of the module": (["def f(a, b):\n    m = np\n    return m.convolve(a, b)"], CONVOLVE),
    "a conditional alias of the module": (
        ["def f(a, b):\n    m = np if len(a) else torch\n    return m.convolve(a, b)"],
        CONVOLVE,
    ),
    "two aliases at once": (["g, h = np.convolve, np.sum\ndef f(a, b): return g(a, b)"], CONVOLVE),
    "an alias made on the way": (["def f(a, b): return (g := np.convolve)(a, b)"], CONVOLVE),
    "an alias of the module made on the way": (["def f(a, b): return (g := np).convolve(a, b)"], CONVOLVE),
    "a list of operations": (["ops = [np.convolve]\ndef f(a, b): return ops[0](a, b)"], CONVOLVE),
    "a dictionary of operations": (["ops = {'c': np.convolve}\ndef f(a, b): return ops['c'](a, b)"], CONVOLVE),
    "a list that is filled later": (
        ["ops = []\nops.append(np.convolve)\ndef f(a, b): return ops[0](a, b)"],
        CONVOLVE,
    ),
    "a list that is filled by a function of Python": (
        ["ops = []\nlist.append(ops, np.convolve)\ndef f(a, b): return ops[0](a, b)"],
        CONVOLVE,
    ),
    "a dictionary that is filled later": (
        ["ops = {}\nops['c'] = np.convolve\ndef f(a, b): return ops['c'](a, b)"],
        CONVOLVE,
    ),
    "a registry with a decorator": (
        [
            "ops = {}\ndef register(g):\n    ops[g.__name__] = g\n    return g",
            "@register\ndef slide(a, b): return np.convolve(a, b)",
            "def f(a, b): return ops['slide'](a, b)",
        ],
        CONVOLVE,
    ),
    "an attribute of the function": (["def f(a, b): return f.op(a, b)\nf.op = np.convolve"], CONVOLVE),
    "an attribute set by setattr": (["def f(a, b): return f.op(a, b)\nsetattr(f, 'op', np.convolve)"], CONVOLVE),
    "an attribute of a class": (
        ["class Box: pass\nBox.op = np.convolve\ndef f(a, b): return Box.op(a, b)"],
        CONVOLVE,
    ),
    "partial": (
        ["from functools import partial\ng = partial(np.convolve, mode='same')\ndef f(a, b): return g(a, b)"],
        CONVOLVE,
    ),
    "a lambda": (["g = lambda a, b: np.convolve(a, b)\ndef f(a, b): return g(a, b)"], CONVOLVE),
    "map": (["def f(a, b): return list(map(np.convolve, [a], [b]))[0]"], CONVOLVE),
    "a helper": (["def g(a, b): return np.convolve(a, b)", "def f(a, b): return g(a, b)"], CONVOLVE),
    "a helper that stands below": (["def f(a, b): return g(a, b)", "def g(a, b): return np.convolve(a, b)"], CONVOLVE),
    "a nested function": (
        ["def f(a, b):\n    def g():\n        return np.convolve(a, b)\n    return g()"],
        CONVOLVE,
    ),
    "a function that makes the answer": (
        ["def make():\n    op = np.convolve\n    return lambda a, b: op(a, b)\nf = make()"],
        CONVOLVE,
    ),
    "a default argument": (["def f(a, b, op=np.convolve): return op(a, b)"], CONVOLVE),
    "a module as default argument": (["def f(a, b, *, m=np): return m.convolve(a, b)"], CONVOLVE),
    "a decorator": (
        ["def deco(g): return np.convolve\n@deco\ndef f(a, b): pass"],
        CONVOLVE,
    ),
    "an import inside": (["def f(a, b):\n    from numpy import convolve as c\n    return c(a, b)"], CONVOLVE),
    "a module imported inside": (["def f(a, b):\n    import numpy as n\n    return n.convolve(a, b)"], CONVOLVE),
    "a star import": (["from numpy import *\ndef f(a, b): return convolve(a, b)"], CONVOLVE),
    "a conditional definition": (
        ["def g(a, b): return a\nif True:\n    def g(a, b): return np.convolve(a, b)", "def f(a, b): return g(a, b)"],
        CONVOLVE,
    ),
    "a definition after an error": (
        ["def g(a, b): return np.convolve(a, b)\n1 / 0\ndef g(a, b): return a", "def f(a, b): return g(a, b)"],
        CONVOLVE,
    ),
    "a name made global by a function": (
        ["def install():\n    global g\n    g = np.convolve\ninstall()", "def f(a, b): return g(a, b)"],
        CONVOLVE,
    ),
    "a global of a function's variable": (
        ["def install():\n    global g\n    h = [np.convolve][0]\n    g = lambda a, b: h(a, b)\ninstall()",
         "def f(a, b): return g(a, b)"],
        CONVOLVE,
    ),
    "a shadow inside a comprehension only": (
        ["def f(a, b):\n    [0 for np in [1]]\n    return np.convolve(a, b)"],
        CONVOLVE,
    ),
    "a shadow inside a class only": (
        ["class A:\n    np = 1\n    def run(self, a, b): return np.convolve(a, b)\ndef f(a, b): return A().run(a, b)"],
        CONVOLVE,
    ),
    "a loop over functions": (["def f(a, b):\n    for g in (np.convolve,):\n        return g(a, b)"], CONVOLVE),
    "a loop over modules": (["def f(a, b):\n    for m in (np,):\n        return m.convolve(a, b)"], CONVOLVE),
    "a module as argument": (["def g(m, a, b): return m.convolve(a, b)\ndef f(a, b): return g(np, a, b)"], CONVOLVE),
    "a module in a container": (["def f(a, b): return [np][0].convolve(a, b)"], CONVOLVE),
    "a module as attribute": (
        ["class A:\n    def __init__(self): self.m = np\ndef f(a, b): return A().m.convolve(a, b)"],
        CONVOLVE,
    ),
    "getattr with a literal": (["def f(a, b): return getattr(np, 'convolve')(a, b)"], CONVOLVE),
    "getattr with a name put together": (["def f(a, b): return getattr(np, 'con' + 'volve')(a, b)"], CONVOLVE),
    "getattr under another name": (["get = getattr\ndef f(a, b): return get(np, 'convolve')(a, b)"], CONVOLVE),
    "operator.attrgetter": (
        ["import operator\ndef f(a, b): return operator.attrgetter('convolve')(np)(a, b)"],
        CONVOLVE,
    ),
    "methodcaller": (["from operator import methodcaller as m\ndef f(x): return m('softmax', -1)(x)"], SOFTMAX),
    "eval": (["def f(a, b):\n    return eval('np.convolve(a, b)')"], CONVOLVE),
    "eval by its method": (["def f(a, b): return eval.__call__('np.convolve')(a, b)"], CONVOLVE),
    "exec in another cell": (["def g(a): return a\nexec('g = np.convolve')", "def f(a): return g(a)"], CONVOLVE),
    "a name that no cell defines": (["def f(a, b): return hidden(a, b)"], CONVOLVE),
    "the last result of IPython": (["np.convolve", "def f(a, b): return _(a, b)"], CONVOLVE),
    "a table of results of IPython": (["np.convolve", "def f(a, b): return Out[2](a, b)"], CONVOLVE),
    "globals": (["globals()['g'] = np.convolve", "def g(a, b): pass\ndef f(a, b): return g(a, b)"], CONVOLVE),
    "vars of a module": (["def f(a, b): return vars(np)['convolve'](a, b)"], CONVOLVE),
    "the dictionary of a module": (["def f(a, b): return np.__dict__['convolve'](a, b)"], CONVOLVE),
    "sys.modules": (["import sys\ndef f(a, b): return sys.modules['numpy'].convolve(a, b)"], CONVOLVE),
    "sys.modules by way of a library": (
        ["import warnings\ndef f(a, b): return warnings.sys.modules['numpy'].convolve(a, b)"],
        CONVOLVE,
    ),
    "importlib": (["import importlib\ndef f(a, b): return importlib.import_module('numpy').convolve(a, b)"], CONVOLVE),
    "__import__": (["def f(a, b): return __import__('numpy').convolve(a, b)"], CONVOLVE),
    "__builtins__": (["def f(a, b): return __builtins__.eval('np')(a, b)"], CONVOLVE),
    "subclasses of object": (["def f(a): return ().__class__.__base__.__subclasses__()"], CONVOLVE),
    "the globals of a function": (["def f(a, b): return np.sum.__globals__['convolve'](a, b)"], CONVOLVE),
    "code that is exchanged": (
        ["def g(a, b): return np.convolve(a, b)", "def f(a, b): pass\nf.__code__ = g.__code__"],
        CONVOLVE,
    ),
    "defaults that are exchanged": (["def f(a, b, g=None): return g(a, b)\nf.__defaults__ = (np.convolve,)"], CONVOLVE),
    "pickle": (["import pickle\ndef f(a, b): return pickle.loads(b'cnumpy\\nconvolve\\n.')(a, b)"], CONVOLVE),
    "a file": (["def f(a, b): return open('numbers').read()"], CONVOLVE),
    "a command of the system": (["import os\ndef f(a, b): return os.system('true')"], CONVOLVE),
    "a magic": (["def f(a, b):\n    %run other.py\n    return 1"], CONVOLVE),
    "a magic that runs a file": (["def f(a, b): return a", "%run other.py"], CONVOLVE),
    "a cell magic that runs its cell": (["%%time\ndef f(a, b): return np.convolve(a, b)"], CONVOLVE),
    "a file beside the notebook": (["from my_own_helper import g\ndef f(a, b): return g(a, b)"], CONVOLVE),
    "a library's function is replaced": (["np.sum = np.convolve\ndef f(a, b): return np.sum(a, b)"], CONVOLVE),
    "a library's function is replaced by setattr": (
        ["setattr(np, 'sum', np.convolve)\ndef f(a, b): return np.sum(a, b)"],
        CONVOLVE,
    ),
    "a library's function is replaced in a loop": (
        ["for m in (np,):\n    m.sum = np.convolve\ndef f(a, b): return np.sum(a, b)"],
        CONVOLVE,
    ),
    "a library's class gets a method": (["torch.Tensor.mine = F.conv2d\ndef f(x, k): return x.mine(k)"], CONV),
    "the class of a value gets a method": (["type(torch.ones(1)).mine = F.conv2d\ndef f(x): return x.mine()"], CONV),
    "the same function under another name": (["def f(x, k): return torch.conv2d(x, k)"], CONV),
    "the general function below it": (["def f(x, k): return torch.convolution(x, k, None)"], CONV),
    "the operator below it": (["def f(x, k): return torch.ops.aten.conv2d(x, k)"], CONV),
    "torch's private part": (["def f(x, k): return torch._C._nn.slow_conv2d(x, k)"], CONV),
    "the function beside it": (["def f(x): return torch.softmax(x, -1)"], SOFTMAX),
    "a method on a local tensor": (["def f(x):\n    y = x - x.max()\n    return y.softmax(-1)"], SOFTMAX),
    "a method by getattr": (["def f(x): return getattr(x, 'softmax')(-1)"], SOFTMAX),
    "a method of the class": (["def f(x): return torch.Tensor.softmax(x, -1)"], SOFTMAX),
    "a method of the class's alias": (["def f(x):\n    T = torch.Tensor\n    return T.softmax(x, -1)"], SOFTMAX),
    "a method of the type": (["def f(x): return type(x).softmax(x, -1)"], SOFTMAX),
    "a method of a tensor's heir": (
        ["class T(torch.Tensor):\n    def run(self): return self.softmax(-1)\ndef f(x): return x.as_subclass(T).run()"],
        SOFTMAX,
    ),
    "a layer": (["def f(x): return nn.Softmax(-1)(x)"], SOFTMAX),
    "a layer of the notebook": (["layer = nn.Softmax(-1)\ndef f(x): return layer(x)"], SOFTMAX),
    "the heir of a layer": (["class f(nn.Softmax):\n    pass"], SOFTMAX),
    "the heir of a helper": (
        ["class A(nn.Module):\n    def forward(self, x): return F.softmax(x, -1)\nclass f(A): pass"],
        SOFTMAX,
    ),
    "a property": (["class f:\n    @property\n    def run(self): return F.softmax"], SOFTMAX),
    "a class attribute": (["class f:\n    op = staticmethod(F.softmax)"], SOFTMAX),
    "a list under another name": (
        ["ops = []\no = ops\nfor p in [o]:\n    p.append(np.convolve)\ndef f(a, b): return ops[0](a, b)"],
        CONVOLVE,
    ),
    "an attribute of a function under another name": (
        ["def g(a, b): return a\nh = g\nh.op = np.convolve\ndef f(a, b): return g.op(a, b)"],
        CONVOLVE,
    ),
    "an error that carries it": (
        ["class E(Exception): pass\ntry:\n    raise E(np.convolve)\nexcept E as e:\n    g = e.args[0]",
         "def f(a, b): return g(a, b)"],
        CONVOLVE,
    ),
    "a place that a module loads on demand": (["def f(a, b): return np.core.numeric.convolve(a, b)"], CONVOLVE),
    "a class made by type": (["f = type('f', (), {'__call__': lambda s, a, b: np.convolve(a, b)})()"], CONVOLVE),
    "a metaclass": (
        ["class M(type):\n    def __call__(cls, a, b): return np.convolve(a, b)\nclass f(metaclass=M): pass"],
        CONVOLVE,
    ),
    "attributes made on demand": (
        ["class A:\n    def __getattr__(self, n): return getattr(np, n)\ndef f(a, b): return A().convolve(a, b)"],
        CONVOLVE,
    ),
    "the shell's own names": (["ip = get_ipython()\nip.ex('g = 1')", "g = 2\ndef f(a): return g(a)"], CONVOLVE),
    "a frame's names": (
        ["g = 1\ndef f(a, b): return g(a, b)", "import sys\nsys._getframe().f_globals['g'] = np.convolve"],
        CONVOLVE,
    ),
    "a match": (["def f(a, b):\n    match np:\n        case m:\n            return m.convolve(a, b)"], CONVOLVE),
    "a whole package": (["from scipy import signal\ndef f(a, b): return signal.convolve(a, b)"], ("scipy",)),
    "a package that is not loaded": (
        ["from scipy.cluster.vq import kmeans\ndef f(a, b): return kmeans(a, b)"],
        ("scipy",),
    ),
    "a submodule imported inside": (
        ["def f(a, b):\n    import scipy.signal\n    return scipy.signal.convolve(a, b)"],
        ("scipy.signal.convolve",),
    ),
}  # fmt: skip


@pytest.mark.parametrize(("cells", "banned"), EVASIONS.values(), ids=EVASIONS)
def test_a_hidden_call_is_refused(cells, banned):
    with pytest.raises(
        AssertionError,
        match=r"write it yourself|can be checked|no cell defines|leave the libraries|into the cell",
    ):
        refuse("f", [SETUP, *cells], banned)


HONEST = {
    "a loop": (["def f(a, b):\n    return sum(x * y for x, y in zip(a, b))"], CONVOLVE),
    "another function of the package": (["def f(a, b): return np.correlate(a, b)"], CONVOLVE),
    "an own function of the banned name": (
        ["def convolve(a, b): return sum(a) * sum(b)\ndef f(a, b): return convolve(a, b)"],
        CONVOLVE,
    ),
    "an argument named like a module": (["def f(signal): return signal.convolve()"], ("scipy.signal",)),
    "a local variable named like a module": (["def f(x):\n    scipy = x * 2\n    return scipy.sum()"], ("scipy",)),
    "a package whose name begins alike": (["from scipy import signal\ndef f(a): return signal.detrend(a)"], ("sci",)),
    "an own method of the banned name": (
        ["class f:\n    def softmax(self, x): return np.exp(x)\n    def run(self, x): return self.softmax(x)"],
        SOFTMAX,
    ),
    "an own layer of the banned name": (
        [
            "class Mine(nn.Module):\n    def forward(self, x): return x.exp() / x.exp().sum()\n"
            "class f(nn.Module):\n    def __init__(self):\n        super().__init__()\n        self.softmax = Mine()\n"
            "    def forward(self, x): return self.softmax(x)"
        ],
        SOFTMAX,
    ),
    "a base that is not banned": (["class f(nn.Module):\n    pass"], ("torch.nn.Linear",)),
    "ordinary dunders": (
        [
            "class f:\n    def __init__(self, n): self.n = n\n    def __len__(self): return self.n\n"
            "    def __getitem__(self, i): return i\n    def __call__(self): return self.__class__.__name__"
        ],
        CONVOLVE,
    ),
    "einsum and stride tricks": (
        [
            "def f(x, k):\n    w = np.lib.stride_tricks.sliding_window_view(x, k.shape)\n"
            "    return np.einsum('ijkl,kl->ij', w, k)"
        ],
        CONVOLVE,
    ),
    "a layer made by a name that is put together": (
        [
            "class f(nn.Module):\n    def __init__(self, n):\n        super().__init__()\n        self.n = n\n"
            "        for i in range(n):\n            setattr(self, f'fc{i}', nn.Linear(2, 2))\n"
            "    def forward(self, x):\n        for i in range(self.n):\n            x = getattr(self, f'fc{i}')(x)\n"
            "        return x"
        ],
        SOFTMAX,
    ),
    "getattr with a literal": (["class f:\n    def run(self): return getattr(self, 'h', None)"], SOFTMAX),
    "evaluation mode": (["def f(model, x):\n    model.eval()\n    return model(x)"], SOFTMAX),
    "a regular expression": (["import re\npattern = re.compile('a')\ndef f(x): return pattern.match(x)"], SOFTMAX),
    "torch.compile": (["def f(model): return torch.compile(model)"], SOFTMAX),
    "a setting of a library": (["torch.backends.cudnn.deterministic = True\ndef f(x): return x.exp()"], SOFTMAX),
    "a setting of the pictures": (
        ["import matplotlib.pyplot as plt\nplt.rcParams['font.size'] = 9\ndef f(x): return x"],
        SOFTMAX,
    ),
    "pictures inline": (["%matplotlib inline\ndef f(x): return x", "!ls"], SOFTMAX),
    "a cell that is timed": (["%%time\ndef f(x): return x"], SOFTMAX),
    "a comparison with the library in the same cell": (
        ["def f(a, b): return a * b\nprint(np.convolve([1], [2]), f(1, 2))"],
        CONVOLVE,
    ),
    "another answer that may use it": (["def g(a, b): return np.convolve(a, b)", "def f(a, b): return a"], CONVOLVE),
    "a test that compares": (
        ["def f(a, b): return a * b", "expected = np.convolve([1], [2])\nassert f(1, 2) == expected[0]"],
        CONVOLVE,
    ),
    "a type as annotation": (["def f(x: 'torch.Tensor', k: F.conv2d = None) -> None: return x"], CONV),
    "a cell with a syntax error": (["def f(x): return x", "def g(:\n"], CONVOLVE),
    "constants and data of the notebook": (
        ["EPS = 1e-9\nKERNEL = np.ones(3)\ndef f(x): return x @ KERNEL + EPS", "print(F.relu(torch.tensor(KERNEL)))"],
        CONV,
    ),
    "data that tests hand to their own function": (
        [
            "KERNEL = np.ones(3)\ndef f(x): return x @ KERNEL",
            "def expected(n, kernel): return n * kernel\nfor k in (KERNEL,):\n    print(expected(2, k), F.relu(k))",
        ],
        ("torch",),
    ),
    "a cache": (["import functools\n@functools.lru_cache\ndef f(n): return n * f(n - 1) if n else 1"], CONVOLVE),
    "no gradient": (["@torch.no_grad()\ndef f(x): return x.exp()"], SOFTMAX),
    "a generator and an error": (
        ["def f(x):\n    if not len(x):\n        raise ValueError(f'empty: {x!r}')\n    yield from x"],
        CONVOLVE,
    ),
    "a data class": (
        ["from dataclasses import dataclass\n@dataclass\nclass f:\n    x: float = 0.0\n    y: float = 1.0"],
        CONVOLVE,
    ),
    "recursion and closures": (
        ["def f(x):\n    n = 0\n    def add(y):\n        nonlocal n\n        n += y\n    add(x)\n    return n"],
        CONVOLVE,
    ),
    "a top-level await": (["import asyncio\nawait asyncio.sleep(0)\ndef f(x): return x"], CONVOLVE),
}  # fmt: skip


@pytest.mark.parametrize(("cells", "banned"), HONEST.values(), ids=HONEST)
def test_an_honest_answer_passes(cells, banned, monkeypatch):
    if banned == ("sci",):
        banned = ("scipy.signal.c",)
        monkeypatch.setattr("scipy.signal.c", len, raising=False)
    assert refuse("f", [SETUP, *cells], banned) is None


def test_the_message_names_the_line_and_the_call():
    with pytest.raises(AssertionError) as refused:
        refuse("f", [SETUP, "# mine\ndef f(x, k):\n    x = x[None]\n    return F.conv2d(x, k)"], CONV)
    assert str(refused.value) == "line 3 of f uses torch.nn.functional.conv2d: write it yourself"


def test_the_message_names_the_means_by_which_a_call_is_hidden():
    with pytest.raises(AssertionError) as refused:
        refuse("f", ["def f(a):\n    return eval(a)"], CONVOLVE)
    assert str(refused.value) == "line 2 of f uses eval: write the calls out, so that they can be checked"


def test_a_cell_that_binds_names_by_text_is_quoted():
    with pytest.raises(AssertionError, match=r"`exec\('f = 2'\)` in a cell uses exec: write the calls out"):
        refuse("f", ["def f(a): return a", "x = 1\nexec('f = 2')"], CONVOLVE)


def test_a_method_is_named_and_not_its_class():
    cells = [SETUP, "class f(nn.Module):\n    def forward(self, x):\n        return F.softmax(x, -1)"]
    with pytest.raises(AssertionError, match="line 2 of forward uses torch.nn.functional.softmax"):
        refuse("f", cells, SOFTMAX)


def test_a_name_that_no_cell_defines_is_told():
    with pytest.raises(AssertionError, match="g is defined in no cell: define it with def or class"):
        refuse("g", ["def f(a): return a"], CONVOLVE)


@pytest.mark.parametrize("name", ["numpy.convolv", "no_such_package.f", "torch.Tensor.no_such_method"])
def test_a_banned_name_that_does_not_exist_is_a_mistake_of_the_exercise(name):
    with pytest.raises(ValueError, match="from_scratch: expected an (existing|importable) name to ban"):
        refuse("f", ["def f(a): return a"], [name])


def test_nothing_of_the_cells_is_executed_or_imported(tmp_path, monkeypatch):
    mark = tmp_path / "ran"
    (tmp_path / "mine.py").write_text(f"open({str(mark)!r}, 'w')")
    monkeypatch.syspath_prepend(tmp_path)
    cells = [
        f"open({str(mark)!r}, 'w').close()\nimport mine",
        "def f(a):\n    import xmlrpc.server\n    return a",
    ]
    assert refuse("f", cells, CONVOLVE) is None
    assert not mark.exists()
    assert not {"mine", "xmlrpc.server"} & set(sys.modules)


def test_a_deep_expression_is_refused_with_a_reason():
    with pytest.raises(AssertionError, match="nested too deeply"):
        refuse("f", ["def f(x): return " + "-" * 100_000 + "x"], CONVOLVE)


def test_a_long_expression_is_read():
    assert refuse("f", ["def f(x): return " + " + ".join(["x"] * 500)], CONVOLVE) is None


# In a running notebook, or a Python file such as this one.


def convolve(a, b):
    """Innocent, although a banned function has the same name."""
    return sum(x * y for x, y in zip(a, b, strict=True))


def with_direct_call(a, b):
    return np.convolve(a, b)


@torch.no_grad()
def with_decorator(a, b):
    return np.convolve(a, b)


@functools.cache
def with_cache(a):
    return np.convolve([1.0], [a])


class InStaticMethod:
    @staticmethod
    def run(x):
        return F.softmax(x, dim=-1)


class Renamed(nn.Linear):
    pass


same_thing = np.convolve
with_partial = functools.partial(np.convolve, mode="same")
with_lambda = lambda a, b: np.convolve(a, b)  # noqa: E731
model = InStaticMethod()

LIVE = {
    "a direct call": (with_direct_call, "numpy.convolve"),
    "the function itself under a new name": (same_thing, "numpy.convolve"),
    "a decorated function": (with_decorator, "numpy.convolve"),
    "a cached function": (with_cache, "numpy.convolve"),
    "a partial": (with_partial, "numpy.convolve"),
    "a lambda with a name": (with_lambda, "numpy.convolve"),
    "a static method": (InStaticMethod, "torch.nn.functional.softmax"),
    "a subclass of the banned class": (Renamed, "torch.nn.Linear"),
    "an object of the student's class": (model, "torch.nn.functional.softmax"),
}


@pytest.mark.parametrize(("answer", "banned"), LIVE.values(), ids=LIVE)
def test_from_scratch_refuses_a_live_object(answer, banned):
    with pytest.raises(AssertionError, match="write it yourself"):
        check.from_scratch(answer, banned=[banned])


def test_from_scratch_says_where():
    with pytest.raises(
        AssertionError, match="line 2 of with_direct_call uses numpy.convolve: write it yourself"
    ):
        check.from_scratch(with_direct_call, banned=["numpy.convolve"])


def test_from_scratch_wants_a_function_with_a_name():
    with pytest.raises(
        ValueError, match=r"expected a function or class that a cell binds to a name, got <lambda>"
    ):
        check.from_scratch(lambda a: a, banned=["numpy.convolve"])


TEST = "from mylib import check\ncheck.from_scratch(f, banned=['numpy.convolve'])"


def verdicts(*sources):
    """What the fast runner, which keeps a history as a kernel does, says of the last cell."""
    cells = [make_cell("locked", f"c{i}", 0, source) for i, source in enumerate(sources)]
    cells.append(make_cell("tests", "q1-f-tests", 1, TEST))
    [found] = run(nbformat.v4.new_notebook(cells=cells))
    return found["q1-f-tests"][2]


def test_a_notebook_is_read_from_its_history():
    helper = "slide = np.convolve"
    assert "uses numpy.convolve" in verdicts(SETUP, helper, "def f(a, b): return slide(a, b)")
    assert "uses numpy.convolve" in verdicts(SETUP, "f = np.convolve")
    assert verdicts(SETUP, helper, "def f(a, b): return a * b") == ""


def test_an_answer_that_was_corrected_and_run_again_passes():
    wrong = "def g(a, b): return np.convolve(a, b)\n\ndef f(a, b): return g(a, b)"
    assert "uses numpy.convolve" in verdicts(SETUP, wrong)
    assert verdicts(SETUP, wrong, "def f(a, b): return a * b") == ""


def test_a_class_without_methods_is_found_in_its_notebook():
    assert "uses numpy.convolve" in verdicts(SETUP, "class f:\n    op = np.convolve")


def test_what_was_run_again_is_not_in_force():
    history = ["x = 1", "def f():\n    return 1\ny = 2", "def f():\n    return 2", "f()"]
    assert in_force(history) == ["x = 1", "\n\ny = 2", "def f():\n    return 2", "f()"]
    assert in_force(["def f(): return 1\nf.op = 3", "def f(): return 2"]) == ["\n", "def f(): return 2"]


def test_a_kernel_is_read_from_its_history():
    sources = [SETUP, "def g(a, b):\n    return np.convolve(a, b)", "def f(a, b): return g(a, b)", TEST]
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source) for source in sources])
    NotebookClient(notebook, kernel_name="python3", allow_errors=True).execute()
    [output] = notebook.cells[-1].outputs
    assert output.evalue == "line 2 of g uses numpy.convolve: write it yourself"
