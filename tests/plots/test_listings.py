"""Listings: the code that a lecture shows is what runs, whole, without docstrings and refusals."""

import ast

from mylib import plots
from mylib.plots import listings


def shown(*objects, **options):
    text = plots.listing(*objects, **options)
    assert text.startswith("```python\n")
    assert text.endswith("\n```")
    return text.removeprefix("```python\n").removesuffix("\n```")


def documented(x):
    """One line of documentation.

    And more of it.
    """
    y = x + 1
    return y


class Documented:
    """Of the class."""

    factor = 2

    def double(self, x):
        """Of the method."""

        def inner(z):
            """Of the function inside."""
            return self.factor * z

        return inner(x)

    def nothing(self):
        """All that stands here."""


def test_a_listing_drops_docstrings_and_keeps_code_that_does_the_same():
    text = shown(documented, Documented)
    room = {}
    exec(compile(text, "shown", "exec"), room)
    assert room["documented"](2) == documented(2) == 3
    assert room["Documented"]().double(5) == 10
    assert room["Documented"]().nothing() is None
    for gone in ("One line", "And more", "Of the class", "Of the method", "Of the function inside"):
        assert gone not in text
    assert "All that stands here" in text  # without it the function would have no body


def test_a_listing_of_one_method_stands_at_the_margin():
    assert shown(Documented.double).startswith("def double(self, x):")


def test_a_listing_keeps_docstrings_on_request():
    (function,) = ast.parse(shown(documented, docstrings=True)).body
    assert ast.get_docstring(function).startswith("One line of documentation.")


def _half(x):
    return x / 2


def _quarter(x):
    return _half(_half(x))


def expect_positive(x):
    if x < 0:
        raise ValueError("negative")


def checked(x, names=()):
    """Doubles, and halves three times."""
    # A comment on what is refused.
    if x is None:
        raise ValueError("nothing")
    expect_positive(x)
    for name in names:
        if name == "":
            raise ValueError("no name")

    # A comment on what is done.
    y = 2 * x
    if y > 10:
        y = 10
    return _half(_quarter(y))


def refuse(x):
    expect_positive(x)


class Machine:
    def run(self, x):
        return self._step(x) + self._times(x)

    def _step(self, x):
        return x + 1

    @staticmethod
    def _times(x):
        return _half(x)


def test_refusals_are_left_out_and_the_helpers_of_helpers_follow_once():
    text = shown(checked)
    assert (
        text
        == """def checked(x, names=()):
    # A comment on what is done.
    y = 2 * x
    if y > 10:
        y = 10
    return _half(_quarter(y))


def _half(x):
    return x / 2


def _quarter(x):
    return _half(_half(x))"""
    )
    room = {}
    exec(compile(text, "shown", "exec"), room)
    assert room["checked"](8) == checked(8) == 1.25


def looped(xs):
    total = 0
    for x in xs:
        expect_positive(x)
        total += x
    if total > 5:
        expect_positive(5 - total)
    return total


def test_refusals_inside_of_loops_are_left_out_and_a_block_is_never_empty():
    assert (
        shown(looped)
        == """def looped(xs):
    total = 0
    for x in xs:
        total += x
    return total"""
    )


def test_refusals_are_kept_on_request():
    text = shown(checked, checks=True)
    assert "    # A comment on what is refused.\n    if x is None:" in text
    assert 'raise ValueError("no name")' in text


def test_a_function_that_only_refuses_is_shown_as_it_is():
    assert shown(refuse) == "def refuse(x):\n    expect_positive(x)"


def test_a_method_brings_the_private_methods_that_it_calls_and_a_class_has_them():
    alone = shown(Machine.run)
    assert [alone.count(f"def {name}(") for name in ("run", "_step", "_times", "_half")] == [1, 1, 1, 1]
    whole = shown(Machine)
    assert [whole.count(f"def {name}(") for name in ("run", "_step", "_times", "_half")] == [1, 1, 1, 1]


def test_a_helper_of_another_package_is_not_shown():
    assert "def _text" not in shown(foreign)


def foreign():
    return listings._text(foreign, True, True)


def test_a_folded_listing_opens_by_a_click():
    text = plots.listing(refuse, folded="How it refuses")
    assert text.startswith("<details><summary>How it refuses</summary>\n\n```python\ndef refuse")
    assert text.endswith("```\n\n</details>")


def test_source_displays_the_listing(monkeypatch):
    displayed = []
    monkeypatch.setattr(listings, "display", displayed.append)
    plots.source(refuse, folded="f")
    assert [one.data for one in displayed] == [plots.listing(refuse, folded="f")]
