"""The docstring of a PyTorch name, completed with what its twin's says: one text to keep, two places to read it."""

import ast
import inspect
import itertools
import re
import sys
from pathlib import Path

SECTION = re.compile(r"^(Args|Returns|Raises|Source|Example):", re.MULTILINE)
FROM_TWIN = "The NumPy side says:"  # its own way of computing may be another one


def complete_from_twin(module):
    """Add to the docstrings of a PyTorch module what only its twin says: explanations, Args, Returns, Raises, Source.

    What the PyTorch docstring says itself stands first, and its own sections stay: it needs a line that says what is
    computed, and what differs. Examples are not taken over, since they call the other side. The twin's files are read
    as text and never imported.

    Args:    module: `globals()` at the end of pytorch.py; the twin is scratch*.py, or scratch/, in the same folder.
    Returns: None; the docstrings of the functions and classes in `__all__`, and of their methods, are complete
             afterwards.
    Source:  elementary. Differs: none.
    """
    if sys.flags.optimize > 1:
        return  # python -OO: there are no docstrings
    texts = _docstrings(Path(module["__file__"]).parent)
    public = (module[name] for name in module["__all__"])
    for thing in (one for one in public if inspect.isfunction(one) or inspect.isclass(one)):
        _complete(thing, texts.get(thing.__name__))
        for key, method in vars(thing).items() if inspect.isclass(thing) else ():
            if inspect.isfunction(method):
                _complete(method, texts.get(f"{thing.__name__}.{key}"))


def joined(own, twin):
    r"""One docstring out of two: text and sections of the first, then what only the second has.

    Args:    own, twin: docstrings.
    Returns: text without indentation.
    Source:  elementary. Differs: none.

    Example:
        >>> print(joined("x^2, fused.", "x^2.\n\nGrows fast.\n\nArgs:    x: number.\nReturns: number."))
        x^2, fused.
        <BLANKLINE>
        The NumPy side says:
        <BLANKLINE>
        Grows fast.
        <BLANKLINE>
        Args:    x: number.
        Returns: number.
    """
    (text, sections), (twin_text, twin_sections) = parts(own), parts(twin)
    example = sections.pop("Example", "")
    first, _, explanation = twin_text.partition("\n\n")
    if "=" in first and "=" not in text:  # an equation that the first one does not say
        explanation = twin_text
    sections = {**twin_sections, **sections}
    contract = [sections[name] for name in ("Args", "Returns", "Raises", "Source") if name in sections]
    if explanation:
        explanation = f"{FROM_TWIN}\n\n{explanation}"
    return "\n\n".join(filter(None, [text, explanation, "\n".join(contract), example]))


def _complete(thing, twin):
    if thing.__doc__ and twin:
        thing.__doc__ = joined(thing.__doc__, twin)


def parts(docstring):
    r"""A docstring taken apart.

    Args:    docstring: text.
    Returns: what stands before the sections, and {name: section} with the name in front of each.
    Source:  elementary. Differs: none.

    Example:
        >>> parts("x^2.\n\nArgs:    x: number.")
        ('x^2.', {'Args': 'Args:    x: number.'})
    """
    text = inspect.cleandoc(docstring)
    bounds = [0, *(match.start() for match in SECTION.finditer(text)), len(text)]
    first, *sections = (text[a:b].strip() for a, b in itertools.pairwise(bounds))
    return first, {section.partition(":")[0]: section for section in sections}


def _docstrings(folder):
    """All docstrings of functions, classes ("Name") and methods ("Name.method") in the NumPy side's files."""
    texts = {}
    for path in [*sorted(folder.glob("scratch*.py")), *sorted(folder.glob("scratch/**/*.py"))]:
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.FunctionDef | ast.ClassDef):
                texts[node.name] = ast.get_docstring(node)
            for method in node.body if isinstance(node, ast.ClassDef) else ():
                if isinstance(method, ast.FunctionDef):
                    texts[f"{node.name}.{method.name}"] = ast.get_docstring(method)
    return {name: text for name, text in texts.items() if text}
