"""A PyTorch docstring and its twin's, joined: own words first, nothing lost, nothing said twice, no twin imported."""

import inspect
import subprocess
import sys
import textwrap

import pytest

from mylib.shared.docstrings import complete_from_twin, joined

TWIN = '''
    """Squares x^2.

    A parabola.

    Args:    x: number,
                 any.
    Returns: x^2.
    Raises:  ValueError: NaN.
    Source:  Euclid. Differs: none.

    Example:
        >>> square(2)
        4
    """
'''


def test_own_sections_stay_and_the_others_are_the_twins():
    own = "Squares, fused.\n\nOn the device.\n\nRaises: ValueError: NaN, on the CPU.\n\nExample:\n    >>> 1"
    assert joined(own, textwrap.dedent(TWIN).strip().strip('"')) == (
        "Squares, fused.\n\nOn the device.\n\n"
        "The NumPy side says:\n\nA parabola.\n\nArgs:    x: number,\n             any.\nReturns: x^2.\n"
        "Raises: ValueError: NaN, on the CPU.\nSource:  Euclid. Differs: none.\n\nExample:\n    >>> 1"
    )


@pytest.fixture
def topic(tmp_path):
    """A PyTorch module whose twin cannot be imported: it is text."""
    scratch = f"import no_such_package\n\ndef square(x):{TWIN}\nclass Square:\n    '''As.\n\n    Args: none.'''\n"
    (tmp_path / "scratch_powers.py").write_text(scratch + f"    def forward(self, x):{textwrap.indent(TWIN, '    ')}")
    own = """
        from mylib.shared.docstrings import complete_from_twin
        __all__ = ["square", "Square", "TWO", "alone"]
        TWO = 2
        def square(x):
            "Squares, fused."
        def alone(x):
            "No twin."
        class Square:
            "Layer."
            def forward(self, x):
                "Squares, fused."
            def mine(self):
                "Mine."
        complete_from_twin(globals())
    """
    (tmp_path / "pytorch.py").write_text(textwrap.dedent(own))
    return tmp_path / "pytorch.py"


def test_functions_classes_and_methods_are_completed_without_importing_the_twin(topic):
    names = {"__file__": str(topic), "__name__": "pytorch"}
    exec(compile(topic.read_text(), topic, "exec"), names)
    for thing in (names["square"], names["Square"].forward):
        text = inspect.getdoc(thing)
        assert text.startswith(
            "Squares, fused.\n\nThe NumPy side says:\n\nA parabola.\n\nArgs:    x: number,\n             any.\nReturns:"
        )
        assert "Example" not in text, "it would call the other side"
    assert inspect.getdoc(names["Square"]) == "Layer.\n\nArgs: none."
    assert (names["alone"].__doc__, names["Square"].mine.__doc__) == ("No twin.", "Mine.")


def test_without_docstrings_nothing_happens(topic):
    code = f"import runpy; print(runpy.run_path({str(topic)!r})['square'].__doc__)"
    for option, words in (("-O", "Squares, fused."), ("-OO", "None")):
        done = subprocess.run([sys.executable, option, "-c", code], capture_output=True, text=True, check=True)
        assert done.stdout.startswith(words)


def test_where_the_twin_is_not_on_disk_the_docstring_stays(tmp_path):
    def square(x):
        """Squares."""

    complete_from_twin({"__file__": str(tmp_path / "pytorch.py"), "__all__": ["square"], "square": square})
    assert square.__doc__ == "Squares."


def test_an_equation_that_only_the_twin_has_is_kept():
    assert joined("Fused.", "y = x^2.\n\nGrows fast.") == "Fused.\n\nThe NumPy side says:\n\ny = x^2.\n\nGrows fast."
    assert joined("y = x^2, fused.", "y = x x.\n\nGrows.") == "y = x^2, fused.\n\nThe NumPy side says:\n\nGrows."
