"""What stands outside the notebook: the libraries, and the banned names among theirs.

Nothing is imported because an answer names it: what is not loaded already is known by its dotted name only.
"""

import builtins
import functools
import importlib
import importlib.util
import inspect
import sys
import warnings
from dataclasses import dataclass
from pathlib import Path

MISSING = object()


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


def find_banned(dotted):
    """Import what an exercise bans.

    Raises:  ValueError: it does not exist (a mistake in the exercise).
    """
    parts = dotted.split(".")
    for cut in range(len(parts), 0, -1):
        try:
            found = importlib.import_module(".".join(parts[:cut]))
        except ImportError:
            continue
        owner = None
        for part in parts[cut:]:
            if not hasattr(found, part):
                raise ValueError(
                    f"from_scratch: expected an existing name to ban, got {dotted!r}; no {part!r} there"
                )
            owner, found = found, getattr(found, part)
        return Banned(dotted, found, owner if inspect.isclass(owner) else None)
    raise ValueError(f"from_scratch: expected an importable name to ban, got {dotted!r}")


def thing(dotted):
    """What a dotted name stands for, as far as it is loaded."""
    first, *rest = dotted.split(".")
    found = Thing(first, sys.modules.get(first, MISSING) if first else MISSING)
    for part in rest:
        found = attribute(found, part)
    return found


def builtin(name):
    """One of Python's own names."""
    return Thing(f"builtins.{name}", getattr(builtins, name, MISSING))


def attribute(base, name):
    """An attribute of a thing; a module's is looked up without asking the module, which might import it."""
    dotted = f"{base.dotted}.{name}"
    if base.object is MISSING:
        return Thing(dotted)
    if inspect.ismodule(base.object):
        own = vars(base.object).get(name, MISSING)
        if own is MISSING:
            own = sys.modules.get(f"{base.object.__name__}.{name}", MISSING)
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


def star(module):
    """The public names of a module that is loaded, or None."""
    found = thing(module).object
    if not inspect.ismodule(found):
        return None
    names = vars(found)
    return set(names.get("__all__", [name for name in names if not name.startswith("_")]))


def is_banned(one, banned):
    """The thing is what `banned` names, lies in the package that it names, or is the same under another name."""
    if f"{one.dotted}.".startswith(f"{banned.name}."):
        return True
    if one.object is MISSING:  # what a module would load on demand: known by its package and its name only
        package, last = one.dotted.split(".")[0], one.dotted.split(".")[-1]
        alike = banned.name.startswith(f"{package}.") and banned.name.endswith(f".{last}")
        return alike and not inspect.ismodule(banned.target)
    if inspect.ismodule(banned.target):
        return any(f"{home}.".startswith(f"{banned.name}.") for home in homes(one.object))
    if one.object is banned.target:
        return True
    if inspect.isclass(banned.target):
        return inspect.isclass(one.object) and issubclass(one.object, banned.target)
    if banned.owner:
        same = getattr(one.object, "__name__", None) == banned.target.__name__
        return same and isinstance(getattr(one.object, "__self__", None), banned.owner)
    return _is_torch_twin(one, banned)


def homes(found):
    """Modules that an object says it comes from; a class also those of its bases."""
    if inspect.ismodule(found):
        return [found.__name__]
    lineage = inspect.getmro(found) if inspect.isclass(found) else [found]
    homes = [getattr(part, "__module__", None) for part in lineage]
    return [home for home in homes if isinstance(home, str)]


def _is_torch_twin(one, banned):
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
    return (
        one.dotted.count(".") == 1 + one.dotted.startswith("torch.special.") and _plain(one.dotted) in wanted
    )


def _plain(dotted):
    name = dotted.rsplit(".", 1)[-1].strip("_")
    for prefix in ("native_", "special_", "cudnn_", "mkldnn_", "miopen_"):
        name = name.removeprefix(prefix)
    return name


def is_installed(dotted):
    """The top-level module belongs to Python or an installed library, and is no file beside the notebook."""
    return _is_installed(dotted.split(".")[0])


@functools.cache
def _is_installed(top):
    if top in ("mylib", "__main__") or top in sys.builtin_module_names:
        return True
    try:
        spec = importlib.util.find_spec(top) if top else None
    except (ImportError, ValueError):  # loaded without a specification
        return top in sys.modules
    if spec is None:
        return False
    places = [spec.origin] if spec.has_location else list(spec.submodule_search_locations or [])
    return not any(Path.cwd() in (Path(place).parent, Path(place).parent.parent) for place in places)


def is_module(one):
    """The thing is a module that is loaded."""
    return inspect.ismodule(one.object)


def is_code(found):
    """A module, class or function: what a library consists of, in contrast to values that it makes."""
    return inspect.ismodule(found) or inspect.isclass(found) or inspect.isroutine(found)
