"""What exercises assert with: right answers pass in silence, wrong ones get a message that leads to the cause."""

import functools

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from scipy import signal
from torch import nn

from mylib import check, engine

same_thing = np.convolve  # an alias, as a notebook might hold one


def convolve(a, b):
    """Innocent, although a banned function has the same name."""
    return sum(x * y for x, y in zip(a, b, strict=True))


def with_own_function(a, b):
    return convolve(a, b)


def with_direct_call(a, b):
    return np.convolve(a, b)


def with_alias(a, b):
    return same_thing(a, b)


def with_local_alias(a, b):
    slide = np.convolve
    return slide(a, b)


def with_import_from(a, b):
    from numpy import convolve as c

    return c(a, b)


def with_import_as(a, b):
    import numpy as n

    return n.convolve(a, b)


def with_submodule_import(a, b):
    import scipy.signal

    return scipy.signal.convolve(a, b)


def helper(a, b):
    return np.convolve(a, b)


def with_helper(a, b):
    return helper(a, b)


@torch.no_grad()
def with_decorator(a, b):
    return np.convolve(a, b)


@functools.cache
def with_cache(a):
    return np.convolve([1.0], [a])


def with_package(a, b):
    return signal.convolve(a, b)


def with_method_on_a_local_tensor(x):
    shifted = x - x.max()
    return shifted.softmax(-1)


def with_local_variable_named_like_a_module(x):
    signal = np.asarray(x) * 2.0
    return signal.sum()


def with_argument_named_like_a_module(signal):
    return signal.mean()


class OwnMethod:
    def softmax(self, x):
        return np.exp(x) / np.exp(x).sum()

    def __call__(self, x):
        return self.softmax(x)


class InMethod(nn.Module):
    def forward(self, x):
        return F.softmax(x, dim=-1)


class InStaticMethod:
    @staticmethod
    def run(x):
        return F.softmax(x, dim=-1)


class Heir(InMethod):
    pass


class Renamed(nn.Linear):
    pass


class Composed(nn.Module):
    def __init__(self):
        super().__init__()
        self.inner = InMethod()


model = InMethod()


def with_instance(x):
    return model(x)


def test_shape_accepts_any_kind_of_array_and_none_for_any_size():
    for array in (np.zeros((2, 3)), torch.zeros(2, 3), engine.Tensor(np.zeros((2, 3)))):
        assert check.shape(array, (None, 3)) is None


def test_shape_names_both_shapes_and_the_hint():
    with pytest.raises(AssertionError, match=r"got shape \(5, 5\), expected \(7, 7\): did you pad\?"):
        check.shape(np.zeros((5, 5)), (7, 7), hint="did you pad?")


@pytest.mark.parametrize("got", [np.zeros(3), np.zeros((3, 1))])
def test_shape_tells_a_vector_from_a_column(got):
    other = (3, 1) if got.ndim == 1 else (3,)
    with pytest.raises(AssertionError, match="expected"):
        check.shape(got, other)


def test_shape_refuses_what_is_not_an_array():
    with pytest.raises(AssertionError, match="got NoneType None, expected an array of shape"):
        check.shape(None, (2,))


def test_close_takes_numbers_lists_and_tensors():
    for got in (
        [1.0, 2.0],
        np.array([1, 2]),
        torch.tensor([1.0, 2.0], requires_grad=True),
        engine.Tensor([1.0, 2.0]),
    ):
        assert check.close(got, [1.0, 2.0]) is None
    assert check.close(3, 3.0) is None
    assert check.close([], []) is None


def test_close_allows_float32_rounding_and_no_more():
    check.close(1 + 0.9e-5, 1.0)  # the documented relative tolerance is 1e-5
    with pytest.raises(AssertionError, match="got 1.00002, expected 1"):
        check.close(1 + 2e-5, 1.0)


def test_close_names_the_worst_entry_and_the_hint():
    with pytest.raises(AssertionError, match=r"loss\[1, 0\]: got 9, expected 3: did you divide by N\?"):
        check.close([[1.0, 2.1], [9.0, 4.0]], [[1, 2], [3, 4]], hint="did you divide by N?", name="loss")


def test_close_finds_a_nan_among_larger_errors():
    with pytest.raises(AssertionError, match=r"value\[1\]: got nan, expected 2"):
        check.close([100.0, np.nan], [1.0, 2.0])


def test_close_takes_nan_where_nan_is_expected_and_tells_infinity_from_a_number():
    check.close([np.nan, np.inf], [np.nan, np.inf])
    with pytest.raises(AssertionError, match=r"value\[0\]: got 1, expected inf"):
        check.close([1.0], [np.inf])


def test_close_asks_for_a_return_where_it_gets_none():
    with pytest.raises(AssertionError, match="mean: got None, expected a value: does the function return"):
        check.close(None, 3.0, name="mean")


def test_close_does_not_broadcast():
    with pytest.raises(AssertionError, match=r"got shape \(2, 1\), expected \(2,\): keep the axis\?"):
        check.close([[1.0], [1.0]], [1.0, 1.0], hint="keep the axis?")


@pytest.mark.parametrize("got", [["a"], "abc", [[1.0], [1.0, 2.0]], {"loss": 1.0}])
def test_close_says_that_it_expected_numbers(got):
    with pytest.raises(AssertionError, match="expected (an array of )?numbers"):
        check.close(got, [1.0])


def test_gradient_accepts_the_derivative_of_a_cube():
    x = np.array([[1.0, -2.0], [0.5, 3.0]])
    assert check.gradient(lambda x: (x**3).sum(), x, 3 * x**2) is None


def test_gradient_names_the_worst_entry():
    x = np.array([1.0, 2.0, 3.0])
    got = 2 * x + [0.0, 0.01, -5.0]
    with pytest.raises(AssertionError, match=r"gradient\[2\]: got 1, expected 6: one sign\?"):
        check.gradient(lambda x: (x**2).sum(), x, got, hint="one sign?")


def test_gradient_leaves_x_alone_and_takes_integers():
    x = np.array([1, 2])
    check.gradient(lambda x: (x**2).sum(), x, [2.0, 4.0])
    assert x.tolist() == [1, 2]


def test_unchanged_returns_the_result():
    assert check.unchanged(lambda a, b: float(a @ b), np.ones(3), np.full(3, 2.0)) == 6.0


@pytest.mark.parametrize("make", [np.array, torch.tensor])
def test_unchanged_names_the_argument_that_was_mutated(make):
    def careless(a, b):
        b += 1
        return a

    with pytest.raises(AssertionError, match="argument number 2 in place: work on a copy"):
        check.unchanged(careless, make([1.0]), make([2.0]))


def test_unchanged_is_not_confused_by_nan():
    kept = check.unchanged(lambda a: a[0], np.array([4.0, np.nan]))
    assert kept == 4.0


REFUSED = {
    "a direct call": (with_direct_call, "numpy.convolve"),
    "the function itself under a new name": (np.convolve, "numpy.convolve"),
    "an alias of the notebook": (with_alias, "numpy.convolve"),
    "a local alias": (with_local_alias, "numpy.convolve"),
    "an import from inside": (with_import_from, "numpy.convolve"),
    "an import under another name inside": (with_import_as, "numpy.convolve"),
    "an import of a submodule inside": (with_submodule_import, "scipy.signal.convolve"),
    "a helper of the student's": (with_helper, "numpy.convolve"),
    "a decorated function": (with_decorator, "numpy.convolve"),
    "a cached function": (with_cache, "numpy.convolve"),
    "a whole package": (with_package, "scipy"),
    "a package imported inside": (with_submodule_import, "scipy.signal"),
    "a method on a local tensor": (with_method_on_a_local_tensor, "torch.Tensor.softmax"),
    "a method of a class": (InMethod, "torch.nn.functional.softmax"),
    "a static method": (InStaticMethod, "torch.nn.functional.softmax"),
    "the base of a class": (Heir, "torch.nn.functional.softmax"),
    "a subclass of the banned class": (Renamed, "torch.nn.Linear"),
    "a class made inside a class": (Composed, "torch.nn.functional.softmax"),
    "an instance of the student's class": (with_instance, "torch.nn.functional.softmax"),
}


@pytest.mark.parametrize(("answer", "banned"), REFUSED.values(), ids=REFUSED)
def test_from_scratch_refuses(answer, banned):
    with pytest.raises(AssertionError, match="write it yourself"):
        check.from_scratch(answer, banned=[banned])


ALLOWED = {
    "an innocent function of the same name": (convolve, "numpy.convolve"),
    "a call of an innocent function of the same name": (with_own_function, "numpy.convolve"),
    "another function of the same package": (with_own_function, "numpy.correlate"),
    "a local variable named like a module": (with_local_variable_named_like_a_module, "scipy"),
    "an argument named like a module": (with_argument_named_like_a_module, "scipy"),
    "an own method named like a banned one": (OwnMethod, "torch.Tensor.softmax"),
    "a package whose name begins like the banned one": (with_package, "sci"),
    "a base that is not banned": (Heir, "torch.nn.Linear"),
}


@pytest.mark.parametrize(("answer", "banned"), ALLOWED.values(), ids=ALLOWED)
def test_from_scratch_allows(answer, banned, monkeypatch):
    if banned == "sci":
        monkeypatch.setattr(check, "_find", lambda name: (np, None))  # some module of that short name
    assert check.from_scratch(answer, banned=[banned]) is None


def test_from_scratch_names_the_line_and_the_call():
    with pytest.raises(
        AssertionError, match="line 2 of with_direct_call uses numpy.convolve: write it yourself"
    ):
        check.from_scratch(with_direct_call, banned=["numpy.convolve"])


@pytest.mark.parametrize("name", ["numpy.convolv", "no_such_package.f", "torch.Tensor.no_such_method"])
def test_from_scratch_refuses_a_banned_name_that_does_not_exist(name):
    with pytest.raises(ValueError, match="from_scratch: expected an (existing|importable) name to ban"):
        check.from_scratch(convolve, banned=[name])


def test_to_array_takes_tensors_that_require_gradients():
    np.testing.assert_array_equal(check.to_array(torch.ones(2, requires_grad=True)), [1.0, 1.0])
    np.testing.assert_array_equal(check.to_array(engine.Tensor([1.0, 2.0], requires_grad=True)), [1.0, 2.0])
