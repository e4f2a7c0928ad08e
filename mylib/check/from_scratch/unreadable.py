"""What hides a call from a reader: text that is run, names put together, values that come out of nowhere."""

import builtins
import functools
import sys

from mylib.check.from_scratch.library import MISSING, Thing, thing
from mylib.check.from_scratch.words import words

BUILTINS = words("eval exec compile __import__ globals locals vars setattr delattr getattr breakpoint input")
# With all that lies in them.
DOTTED = words(
    """__main__ importlib imp pkgutil runpy code codeop zipimport ctypes gc pickle _pickle dill
    cloudpickle marshal shelve joblib.load IPython.get_ipython inspect dis symtable pdb bdb subprocess
    multiprocessing atexit ast sys.modules sys.meta_path sys.path sys.path_hooks sys._getframe sys._current_frames
    sys.settrace sys.setprofile types.FunctionType types.CodeType types.CellType os.system os.popen os.fork
    os.posix_spawn os.execv os.execve operator.attrgetter operator.methodcaller unittest.mock typing.get_type_hints
    logging.config timeit.timeit timeit.repeat cProfile.run profile.run numpy.testing numpy.f2py numpy.load
    numpy.ctypeslib torch.load torch.package torch.hub torch.ops torch._C torch._VF torch.library torch.jit
    torch.utils.cpp_extension pandas.eval pandas.read_pickle sympy.lambdify sympy.sympify pytest.MonkeyPatch
    autograd"""
)
ATTRIBUTES = words(
    """__dict__ __globals__ __builtins__ __code__ __closure__ __subclasses__ __getattribute__ __reduce__ __reduce_ex__
    __mro__ __bases__ __base__ __self__ __func__ __loader__ __spec__ __wrapped__ __defaults__ __kwdefaults__
    __annotations__ __import__ f_globals f_locals f_builtins f_back f_code tb_frame gi_frame cr_frame ag_frame
    cell_contents co_code co_consts eval_js load_module exec_module import_module"""
)


def hides(one: Thing) -> str:
    """The name under which a thing is known to run or find what nobody can read, or "".

    Args:    one: that reached code uses.
    """
    if one.object is not MISSING and (name := _objects(len(sys.modules)).get(id(one.object))):
        return name
    if one.dotted == "builtins":
        return "builtins"
    return next((name for name in DOTTED if f"{one.dotted}.".startswith(f"{name}.")), "")


@functools.lru_cache(1)
def _objects(_loaded: int) -> dict[int, str]:
    """Identity to name, of what is loaded: it may stand elsewhere under another name."""
    known = [(thing(name).object, name) for name in DOTTED]
    known += [(getattr(builtins, name), name) for name in BUILTINS if hasattr(builtins, name)]
    return {id(found): name for found, name in known if found is not MISSING}
