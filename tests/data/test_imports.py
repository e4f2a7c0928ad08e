"""Imports of Python's own library: what the sources say, and what the modules hold when they are imported."""

import ast
import json
import sys
import types

import numpy as np

from mylib import data
from mylib.data import imports


def test_every_module_has_a_basket_and_every_name_occurs():
    matrix, modules, names = data.standard_library_imports()
    assert matrix.shape == (len(modules), len(names))
    assert matrix.dtype == bool
    assert modules == sorted(set(modules))
    assert names == sorted(set(names))
    assert matrix.any(axis=0).all()
    assert matrix.any(axis=1).all()
    assert len(modules) > 100
    assert set(modules) | set(names) <= set(sys.stdlib_module_names)
    assert not any(name.startswith("_") for name in [*modules, *names])


def test_modules_that_hold_another_module_have_imported_it():
    """What runs here: a name of a loaded module that is itself a module of the library was imported by somebody."""
    import argparse
    import random
    import textwrap

    matrix, modules, names = data.standard_library_imports()
    for module in (argparse, random, textwrap, json):
        held = {
            thing.__name__
            for name, thing in vars(module).items()
            if isinstance(thing, types.ModuleType) and thing.__name__ in names and not name.startswith("_")
        }
        row = matrix[modules.index(module.__name__)]
        assert held <= {names[column] for column in np.flatnonzero(row)} | {module.__name__}


def test_imports_count_wherever_they_stand_and_those_of_the_own_package_do_not():
    source = """
import os.path, json as j, _thread, numpy
from xml.dom import minidom
from . import sibling
from .re import other
def late():
    try:
        import ast
    except ImportError:
        from math import pi
    else:
        import csv
    finally:
        import cmath
class A:
    if True:
        with open("x"):
            import copy
match 1:
    case 1:
        import bz2
text = "import glob"
"""
    expected = {"os", "json", "xml", "ast", "math", "csv", "cmath", "copy", "bz2"}
    assert imports._imported(ast.parse(source).body) == expected


def test_callers_get_arrays_of_their_own():
    matrix, _, _ = data.standard_library_imports()
    before = matrix.copy()
    matrix[:] = True
    np.testing.assert_array_equal(data.standard_library_imports()[0], before)
