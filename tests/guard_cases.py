"""What the guard must refuse, and what it must let pass: cells of a notebook, as a student might write them."""
# ruff: noqa: E501

SETUP = "import numpy as np\nimport torch\nimport torch.nn.functional as F\nfrom torch import nn"
CONVOLVE = ("numpy.convolve",)
SOFTMAX = ("torch.nn.functional.softmax", "torch.Tensor.softmax", "torch.nn.Softmax")
CONV = ("torch.nn.functional.conv2d",)
MANY = (*CONVOLVE, "torch.Tensor.softmax", "mylib")

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
    "an annotation that binds a name": (['def h(a, b): return a\ndef f(a, b, x: (h := np.convolve) = 1): return h(a, b)'], CONVOLVE),
    "an annotation that runs text": (["def h(a, b): return a\ndef k(x: exec('h = np.convolve')): pass\ndef f(a, b): return h(a, b)"], CONVOLVE),
    "an annotation of a variable": (['def h(a, b): return a\ny: (h := np.convolve) = 1\ndef f(a, b): return h(a, b)'], CONVOLVE),
    "a magic without its sign": (['def h(a, b): return a', 'run evil.py', 'def f(a, b): return h(a, b)'], CONVOLVE),
    "a magic that times a statement": (['def h(a, b): return a', '%time h = np.convolve', 'def f(a, b): return h(a, b)'], CONVOLVE),
    "a magic that times with options": (['def h(a, b): return a', "%timeit -n 1 -r 1 globals()['h'] = np.convolve", 'def f(a, b): return h(a, b)'], CONVOLVE),
    "an attribute set by way of a call": (['class B: pass\nbox = B()\ndef get(): return box\nget().op = np.convolve\ndef f(a, b): return box.op(a, b)'], CONVOLVE),
    "an item set by way of a call": (["box = {}\ndef get(): return box\nget()['x'] = np.convolve\ndef f(a, b): return box['x'](a, b)"], CONVOLVE),
    "a list that a lambda returns": (['box = []\nget = lambda: box\nget().append(np.convolve)\ndef f(a, b): return box[0](a, b)'], CONVOLVE),
    "a function that sets an attribute": (['def put(g): g.op = np.convolve\ndef f(a, b): return f.op(a, b)\nput(f)'], CONVOLVE),
    "a function that sets what it gets": (['def put(g, h): g.op = h\ndef f(a, b): return f.op(a, b)\nput(f, np.convolve)'], CONVOLVE),
    "a registry as a class": (['class R:\n    ops = []\n    @classmethod\n    def register(cls, g): cls.ops.append(g)\nR.register(np.convolve)\ndef f(a, b): return R.ops[0](a, b)'], CONVOLVE),
    "a registry behind two functions": (['ops = []\ndef put(g): ops.append(g)\ndef put2(g): put(g)\nput2(np.convolve)\ndef f(a, b): return ops[0](a, b)'], CONVOLVE),
    "a method under another name": (['ops = []\nput = ops.append\nput(np.convolve)\ndef f(a, b): return ops[0](a, b)'], CONVOLVE),
    "a method in a map": (['ops = []\nlist(map(ops.append, [np.convolve]))\ndef f(a, b): return ops[0](a, b)'], CONVOLVE),
    "a pair in a heap": (['import heapq\nops = []\nheapq.heappush(ops, (1, np.convolve))\ndef f(a, b): return ops[0][1](a, b)'], CONVOLVE),
    "a configuration of the log": (['import logging.config\ndef f(a, b): return logging.config.dictConfig({})'], CONVOLVE),
    "an import by text of another library": (["from traitlets.utils.importstring import import_item\ndef f(a, b): return import_item('numpy.convolve')(a, b)"], CONVOLVE),
    "a patch of pytest": (["import pytest\npytest.MonkeyPatch().setattr('numpy.sum', 1)\ndef f(a): return np.sum(a)"], CONVOLVE),
    "annotations that are run later": (['import typing\ndef k(x: "exec(\'h = 1\')"): pass\ntyping.get_type_hints(k)\ndef h(a): return a\ndef f(a): return h(a)'], CONVOLVE),
    "a queue": (['import queue\nq = queue.Queue()\nq.put(np.convolve)\ndef f(a, b): return q.get()(a, b)'], CONVOLVE),
    "a thread's own values": (['import threading\nt = threading.local()\nt.op = np.convolve\ndef f(a, b): return t.op(a, b)'], CONVOLVE),
    "a context variable": (["import contextvars\nc = contextvars.ContextVar('c')\nc.set(np.convolve)\ndef f(a, b): return c.get()(a, b)"], CONVOLVE),
    "a default dictionary": (['from collections import defaultdict\nd = defaultdict(lambda: np.convolve)\ndef f(a, b): return d[0](a, b)'], CONVOLVE),
    "a cached property": (['import functools\nclass A:\n    @functools.cached_property\n    def op(self): return np.convolve\na0 = A()\ndef f(a, b): return a0.op(a, b)'], CONVOLVE),
    "a generator": (['def gen():\n    while True: yield np.convolve\ng = gen()\ndef f(a, b): return next(g)(a, b)'], CONVOLVE),
    "a dispatch by type": (['from functools import singledispatch\n@singledispatch\ndef f(a, b): pass\n@f.register(list)\ndef _(a, b): return np.convolve(a, b)'], CONVOLVE),
    "an attribute set in a comprehension": (
        ["def f(a, b): return f.op(a, b)\n[0 for f.op in [np.convolve]]"],
        CONVOLVE,
    ),
    "an enumeration": (['import enum\nclass E(enum.Enum):\n    OP = enum.member(np.convolve)\ndef f(a, b): return E.OP.value(a, b)'], CONVOLVE),
    "an import inside a class": (['class A:\n    import numpy as m\n    def run(self, a, b): return self.m.convolve(a, b)\ndef f(a, b): return A().run(a, b)'], CONVOLVE),
    "a letter that Python reads as another": (['def f(a, b): return np.cｏnvolve(a, b)'], CONVOLVE),
    "a swap": (['g, h = 1, np.convolve\ng, h = h, g\ndef f(a, b): return g(a, b)'], CONVOLVE),
    "arguments unpacked": (['args = (np.convolve,)\ndef f(a, b): return (lambda g: g(a, b))(*args)'], CONVOLVE),
    "setattr on a namespace": (["import types\nns = types.SimpleNamespace()\nsetattr(ns, 'op', np.convolve)\ndef f(a, b): return ns.op(a, b)"], CONVOLVE),
    "vars": (['class A: pass\nvars(A)\ndef f(a): return a'], CONVOLVE),
    "the dictionary of an object": (['class A: pass\na0 = A()\na0.__dict__.update(op=np.convolve)\ndef f(a, b): return a0.op(a, b)'], CONVOLVE),
    "a property that is set": (['class A:\n    @property\n    def op(self): return self._o\n    @op.setter\n    def op(self, v): self._o = v\na0 = A()\na0.op = np.convolve\ndef f(a, b): return a0.op(a, b)'], CONVOLVE),
}  # fmt: skip

# Name of the style: (cells after the setup, what is banned).
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
    "timing with magics": (['def f(x): return x\n%timeit -n 3 f(2)', '%time f(3)'], MANY),
    "timing with a clock": (['import time\ndef f(x): return x\nt=time.perf_counter(); f(1); print(time.perf_counter()-t)'], MANY),
    "timing with timeit": (['import timeit\ndef f(x): return x\nprint(timeit.timeit(lambda: f(2), number=3))'], MANY),
    "an attribute of an argument is set": (['def f(layer, w):\n    layer.weight = w\n    return layer.weight @ w'], MANY),
    "a package is installed": (['%pip list\ndef f(x): return x'], MANY),
    "a line that is no Python": (['def f(x): return x', 'return x +'], MANY),
    "prints below the answer": (['def f(x): return x\nprint(f(np.arange(3)), F.relu(torch.ones(1)))'], MANY),
    "annotations of typing": (["from typing import Optional, List\ndef f(x: Optional[List[int]] = None) -> 'np.ndarray': return x"], MANY),
    "a picture": (['import matplotlib.pyplot as plt\ndef f(x):\n    fig, ax = plt.subplots()\n    ax.plot(x)\n    return fig'], MANY),
    "a message to stderr": (['import sys\ndef f(x):\n    print(x, file=sys.stderr)\n    return x'], MANY),
    "seeds": (['np.random.seed(0)\ntorch.manual_seed(0)\ndef f(x): return x'], MANY),
    "warnings are filtered": (["import warnings\nwarnings.filterwarnings('ignore')\ndef f(x):\n    with warnings.catch_warnings():\n        warnings.simplefilter('ignore')\n        return x"], MANY),
    "a template method": (['class A:\n    def run(self): return self.step()\n    def step(self): raise NotImplementedError\nclass f(A):\n    def step(self): return 1'], MANY),
    "super": (['class f(nn.Linear):\n    def __init__(self):\n        super().__init__(2, 2)\n    def forward(self, x):\n        return super().forward(x)'], MANY),
    "a device is chosen": (["device = 'cuda' if torch.cuda.is_available() else 'cpu'\ndef f(x): return x.to(device)"], MANY),
    "an example in the docstring": (["def f(x):\n    '''>>> f(1)\n    1\n    '''\n    return x\n"], MANY),
    "assertions": (["def f(x):\n    assert x.ndim == 2, f'{x.shape=}'\n    return x"], MANY),
    "a dictionary of own functions": (["ACT = {'relu': lambda z: np.maximum(z, 0), 'tanh': np.tanh}\ndef f(x, kind='relu'): return ACT[kind](x)"], MANY),
    "a module under another name": (['import itertools as it\ndef f(x): return list(it.product(x, x))'], MANY),
    "a counter of the notebook": (['COUNT = 0\ndef f(x):\n    global COUNT\n    COUNT += 1\n    return x'], MANY),
    "a main block": (["def f(x): return x\nif __name__ == '__main__':\n    print(f(1))"], MANY),
    "settings by call": (['np.set_printoptions(precision=3)\ntorch.set_default_dtype(torch.float32)\ndef f(x): return x'], MANY),
    "methods named like functions that are refused": (['def f(m): m.eval(); m.compile(); return m.open()'], MANY),
    "variables named like functions that are refused": (['def f(x):\n    vars = x + 1\n    input = vars\n    return input'], MANY),
    "a property with a setter": (['class f:\n    def __init__(self): self._w = 1\n    @property\n    def w(self): return self._w\n    @w.setter\n    def w(self, v): self._w = v'], MANY),
    "the type of an argument": (['def f(x): return type(x)(x) if isinstance(x, (list, tuple)) else x.__class__(x)'], MANY),
}  # fmt: skip
