"""What exercises assert with: each failure tells the student what was expected, what came, and where to look."""

import ast
import contextlib
import importlib
import inspect
import textwrap
import warnings

import numpy as np


def shape(got, expected, hint=""):
    """The array has this shape.

    Args:    got: an array, a torch tensor or an engine Tensor.
             expected: tuple of sizes; None stands for any size.
             hint: a question that leads to the cause ("did you pad?").
    Raises:  AssertionError: naming both shapes and the hint.

    Example:
        >>> shape(np.zeros((5, 5)), (7, 7), hint="did you pad?")
        Traceback (most recent call last):
        AssertionError: got shape (5, 5), expected (7, 7): did you pad?
    """
    if not hasattr(got, "shape"):
        raise AssertionError(
            f"got {_brief(got)}, expected an array of shape {expected}: {hint or 'return an array'}"
        )
    sizes = tuple(got.shape)
    if len(sizes) != len(expected) or any(
        e is not None and s != e for s, e in zip(sizes, expected, strict=True)
    ):
        raise AssertionError(_message(f"got shape {sizes}, expected {tuple(expected)}", hint))


def close(got, expected, hint="", relative=1e-5, absolute=1e-7, name="value"):
    """The numbers agree within a tolerance, and the shapes agree exactly.

    Args:    got, expected: numbers, arrays or tensors.
             hint: a question that leads to the cause.
             relative, absolute: |got - expected| <= absolute + relative |expected|. The defaults suit float32
                 arithmetic of a few hundred operations.
             name: of the quantity, for the message.
    Raises:  AssertionError: naming the worst entry, what came and what was expected.

    Example:
        >>> close([1.0, 2.0], [1.0, 2.5], hint="did you divide by N?")
        Traceback (most recent call last):
        AssertionError: value[1]: got 2, expected 2.5: did you divide by N?
    """
    if got is None:
        raise AssertionError(f"{name}: got None, expected a value: does the function return its result?")
    try:
        got_array = to_array(got)
    except ValueError:  # a list of rows of several lengths
        raise AssertionError(f"{name}: got {_brief(got)}, expected an array of numbers") from None
    expected_array = to_array(expected)
    if got_array.dtype.kind not in "biufc":
        raise AssertionError(f"{name}: got {_brief(got)}, expected numbers")
    shape(got_array, expected_array.shape, hint)
    if not got_array.size:
        return
    bad = ~np.isclose(got_array, expected_array, rtol=relative, atol=absolute, equal_nan=True)
    if bad.any():
        gap = np.where(bad, np.nan_to_num(np.abs(got_array - expected_array.astype(float)), nan=np.inf), -1.0)
        index = np.unravel_index(gap.argmax(), gap.shape)
        where = f"[{', '.join(map(str, index))}]" if index else ""
        raise AssertionError(
            _message(f"{name}{where}: got {got_array[index]:.6g}, expected {expected_array[index]:.6g}", hint)
        )


def gradient(function, x, got, hint="", step=1e-6, relative=1e-4):
    """`got` is the gradient of a scalar function at x, by central differences in float64.

    Args:    function: array to number.
             x: where. Any shape.
             got: the gradient to test. Shape of x.
             hint: a question that leads to the cause.
             step: of the difference; the error of the rule is about step squared.
             relative: tolerance; differences lose about half of float64's digits.
    Raises:  AssertionError: naming the worst entry.
    """
    x = to_array(x).astype(float)
    expected = np.empty_like(x)
    for index in np.ndindex(x.shape):
        up, down = x.copy(), x.copy()
        up[index] += step
        down[index] -= step
        expected[index] = (float(function(up)) - float(function(down))) / (2 * step)
    close(got, expected, hint, relative=relative, absolute=1e-6, name="gradient")


def unchanged(function, *inputs, hint="work on a copy"):
    """Calling the function leaves its inputs as they were.

    Args:    function: to call with the inputs.
             inputs: arrays or tensors.
             hint: the cure.
    Returns: what the function returns.
    Raises:  AssertionError: naming the input that changed.
    """
    before = [to_array(value).copy() for value in inputs]
    with copied_back():
        result = function(*inputs)
    for position, (value, old) in enumerate(zip(inputs, before, strict=True)):
        if not np.array_equal(to_array(value), old, equal_nan=old.dtype.kind == "f"):
            raise AssertionError(f"the function changed its argument number {position + 1} in place: {hint}")
    return result


def beside_answer(function):
    """Mark a function of a test that must run beside the answer.

    Grading runs the tests in a process of their own, which the answer cannot reach. What it calls there runs in the
    student's process: arguments go over, and numbers, strings, containers, arrays and tensors come back as copies;
    anything else stays there, and can be called, indexed and asked for attributes. So what needs the object itself (a
    gradient through it, a training step, `isinstance`) goes into a function with this decorator, or is built by one:
    `beside_answer(some_model)(seed=0)`. The function runs among the names of the notebook, gets everything else as
    arguments, and returns data. It may hold no expected value: the student's process sees it.

    In a notebook, where all is one process, the function is returned as it is.

    Example:
        >>> @beside_answer
        ... def slope(function, x):
        ...     return 2 * function(x)
        >>> slope(abs, -3)
        6
    """
    return function


@contextlib.contextmanager
def copied_back():
    """Inside this block, what an answer changes in its arguments shows in the test's arrays and tensors too.

    In a notebook it always does; in grading (see `beside_answer`) answers work on copies otherwise.
    """
    yield


def from_scratch(function, banned):
    """The function, and every helper of the student's that it uses, calls none of the banned ones.

    Args:    function: a function or class written in the notebook.
             banned: dotted names: a function ("numpy.convolve"), a method ("torch.Tensor.softmax"), or a whole
                 package ("mylib", "scipy.signal").
    Raises:  AssertionError: naming the line and the banned call.
             ValueError: a banned name does not exist (a mistake in the exercise).
    """
    banned = [(name, *_find(name)) for name in banned]
    _refuse(_name(function), function, banned)
    todo, seen = [(function, None)], set()
    while todo:
        part, owner = todo.pop()
        part = inspect.unwrap(part)  # what a decorator such as torch.no_grad() wrapped is the student's own
        if id(part) in seen:
            continue
        seen.add(id(part))
        if inspect.isclass(part):
            # The source of a class cannot be found in a notebook; that of its methods can.
            for base in part.__mro__[1:]:
                _refuse(f"class {part.__name__}", base, banned)
            todo += [(method, part) for method in _methods(part)]
            todo += [(base, None) for base in part.__bases__ if base.__module__ == function.__module__]
            continue
        tree = ast.parse(textwrap.dedent(inspect.getsource(part)))
        names = _names_in_scope(part, tree, owner)
        for node in ast.walk(tree):
            _refuse_import(node, banned, part)
            if isinstance(node, ast.Name | ast.Attribute):
                used = _resolve(node, names)
                _refuse(f"line {node.lineno} of {part.__name__}", used, banned, node)
                if (own := _own(used, function.__module__)) is not None:
                    todo.append((own, None))


def to_array(value):
    """A NumPy array of numbers out of an array, a torch tensor, an engine Tensor, or a list of numbers."""
    if hasattr(value, "detach"):
        value = value.detach()
    if hasattr(value, "cpu"):
        value = value.cpu()
    return np.asarray(value.data if type(value).__module__.startswith("mylib.engine") else value)


def _find(dotted):
    """The object of a dotted name, and the class that it is a method of, or None."""
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
        return found, owner if inspect.isclass(owner) else None
    raise ValueError(f"from_scratch: expected an importable name to ban, got {dotted!r}")


def _methods(cls):
    for member in vars(cls).values():
        wrapped = (getattr(member, name, None) for name in ("__func__", "fget", "fset", "func"))
        yield from (method for method in (member, *wrapped) if inspect.isfunction(method))


def _own(used, notebook):
    """The student's function or class that a name leads to, or None."""
    if getattr(used, "__module__", None) != notebook:
        return None
    if inspect.isclass(used) or inspect.isfunction(inspect.unwrap(used)):
        return used
    return type(used) if type(used).__module__ == notebook else getattr(used, "__func__", None)


def _names_in_scope(part, tree, owner):
    """Name to object, as far as it is known before running: the function's own variables are not, its imports are."""
    closure = inspect.getclosurevars(part)
    names = {**closure.builtins, **part.__globals__, **closure.nonlocals}
    nodes = list(ast.walk(tree))
    arguments = [node.arg for node in nodes if isinstance(node, ast.arg)]
    stored = [node.id for node in nodes if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)]
    inner = [n.name for n in nodes if isinstance(n, ast.FunctionDef) and n is not tree.body[0]]
    for name in (*arguments, *stored, *inner):
        names.pop(name, None)
    for node in nodes:
        if isinstance(node, ast.Import | ast.ImportFrom):
            names |= _imported(node)
    if owner is not None and arguments:
        names[arguments[0]] = owner  # self.method is the class's own
    return names


def _imported(node):
    names = {}
    for alias in node.names:
        dotted = alias.name if isinstance(node, ast.Import) else f"{node.module}.{alias.name}"
        with contextlib.suppress(ValueError):  # what cannot be found fails when the answer runs
            if isinstance(node, ast.Import) and not alias.asname:
                _find(dotted)
                names[dotted.split(".")[0]] = importlib.import_module(dotted.split(".")[0])
            else:
                names[alias.asname or alias.name] = _find(dotted)[0]
    return names


def _resolve(node, names):
    """The object that a name or a chain of attributes stands for, or None where only running could tell."""
    if isinstance(node, ast.Name):
        return names.get(node.id)
    base = _resolve(node.value, names) if isinstance(node.value, ast.Name | ast.Attribute) else None
    with warnings.catch_warnings(), contextlib.suppress(Exception):  # a property may do anything
        warnings.simplefilter("ignore")
        return getattr(base, node.attr, None)
    return None


def _refuse(place, used, banned, node=None):
    for name, target, owner in banned:
        if inspect.ismodule(target):
            home = used.__name__ if inspect.ismodule(used) else getattr(used, "__module__", None) or ""
            hit = used is not None and f"{home}.".startswith(f"{name}.")
        else:
            hit = used is target or _is_method_call(node, used, target, owner)
        if hit:
            raise AssertionError(_message(f"{place} uses {name}", "write it yourself"))


def _name(thing):
    return getattr(thing, "__name__", type(thing).__name__)


def _is_method_call(node, used, target, owner):
    """`x.method`, with x an instance of the banned method's class, or unknown before running."""
    if owner is None or not isinstance(node, ast.Attribute) or node.attr != target.__name__:
        return False
    return used is None or isinstance(getattr(used, "__self__", None), owner)


def _refuse_import(node, banned, part):
    if isinstance(node, ast.Import):
        imported = [alias.name for alias in node.names]
    elif isinstance(node, ast.ImportFrom):
        imported = [f"{node.module}.{alias.name}" for alias in node.names]
    else:
        return
    for name, *_ in banned:
        for module in imported:
            if module == name or module.startswith(name + "."):
                raise AssertionError(
                    _message(f"line {node.lineno} of {part.__name__} imports {module}", "write it yourself")
                )


def _message(fact, hint):
    return f"{fact}: {hint}" if hint else fact


def _brief(value):
    return f"{type(value).__name__} {value!r:.60}"
