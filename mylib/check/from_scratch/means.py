"""The means to hide a call from a reader: text that is run, names put together, modules reached by text."""

import builtins
import functools
import inspect
import sys

from mylib.check.from_scratch.library import MISSING, homes, thing


def _words(text, everywhere):
    return dict.fromkeys(text.split(), everywhere)


# True: refused anywhere in the cells, since they can bind or replace what an answer uses; False: only in what the
# answer uses.
BUILTINS = _words("eval exec compile __import__ globals locals vars setattr delattr", True) | _words(
    "getattr open breakpoint input", False
)
MODULES = _words(
    """builtins __main__ importlib imp pkgutil runpy code codeop zipimport pkg_resources ctypes cffi gc pickle _pickle
    dill cloudpickle marshal shelve joblib mock IPython ipykernel traitlets lazy_loader werkzeug""",
    True,
) | _words(
    """pdb bdb trace pydoc doctest cProfile profile inspect dis ast symtable tokenize linecache traceback timeit
    subprocess multiprocessing socket atexit signal Cython unittest pytest""",
    False,
)
DOTTED = _words(
    """sys.modules sys.meta_path sys.path_hooks sys._getframe sys._current_frames sys.settrace sys.setprofile
    sys.displayhook sys.excepthook types.FunctionType types.CodeType types.CellType unittest.mock numpy.load
    numpy.f2py torch.load torch.package torch.hub torch.ops torch._C torch._VF torch.library
    torch.utils.cpp_extension pandas.eval pandas.read_pickle typing.get_type_hints inspect.get_annotations
    logging.config pytest.MonkeyPatch sympy.lambdify sympy.sympify functools.singledispatch
    functools.singledispatchmethod torch.jit.CompilationUnit""",
    True,
) | _words(
    """sys.path os.system os.popen os.fork os.posix_spawn os.execv os.execve os.spawnv io.open operator.attrgetter
    operator.methodcaller""",
    False,
)
ATTRIBUTES = _words(
    """__dict__ __globals__ __builtins__ __code__ __closure__ __subclasses__ __getattribute__ __getattr__ __setattr__
    __delattr__ __reduce__ __reduce_ex__ __getstate__ __setstate__ __mro__ __bases__ __base__ __self__ __func__
    __loader__ __spec__ __wrapped__ __defaults__ __kwdefaults__ __annotations__ __import__ __dir__ __objclass__ mro
    f_globals f_locals f_builtins f_back f_code tb_frame tb_next gi_frame gi_code cr_frame cr_code ag_frame ag_code
    cell_contents co_code co_consts co_names __traceback__ _module load_module exec_module""",
    True,
)
# Modules that run what they are given, also if it is a text.
RUNNERS = ("timeit", "cProfile", "profile", "trace", "pdb", "bdb", "pydoc")
# Parts of those modules that only show something.
SHOWING = ("IPython.display", "IPython.core.display", "IPython.core.display_functions", "IPython.lib.display")
# IPython's magics that bind nothing, or only what their own argument, read as code, says.
MAGICS = _words(
    """! matplotlib config load_ext autoreload precision pip conda pwd writefile bash html latex time timeit prun pinfo
    pinfo2""",
    True,
)


def hides(one, everywhere=False):
    """The name under which a thing is known as a means to hide a call, or "".

    Args:    one: of `Thing`.
             everywhere: only the means that are refused anywhere in the cells.
    """
    names = [one.dotted]
    if one.object is not MISSING:
        names += homes(one.object)[:1]
        name, always = _objects(len(sys.modules)).get(id(one.object), ("", False))
        if name and (always or not everywhere):
            return name
    reached = one.object.__name__ if inspect.ismodule(one.object) else one.dotted
    for name, always in DOTTED.items():
        if (always or not everywhere) and f"{reached}.".startswith(f"{name}."):
            return name
    for name in names:
        top = name.split(".")[0]
        shows = everywhere and any(f"{name}.".startswith(f"{part}.") for part in SHOWING)
        known = top in MODULES and (MODULES[top] or not everywhere) and not shows
        if known and not (top == "builtins" and _is_harmless_builtin(one)):
            return name if name == one.dotted else f"{one.dotted} of {top}"
    return ""


@functools.lru_cache(1)
def _objects(_loaded):
    """Identity to name, of the means that are loaded: they may stand elsewhere under another name."""
    known = [(thing(name).object, name, always) for name, always in DOTTED.items()]
    known += [
        (getattr(builtins, name), name, always)
        for name, always in BUILTINS.items()
        if hasattr(builtins, name)
    ]
    return {id(found): (name, always) for found, name, always in known if found is not MISSING}


def _is_harmless_builtin(one):
    """Python's own functions say that they live in `builtins`; the module itself gives access to all of them."""
    return one.object is not MISSING and not inspect.ismodule(one.object)
