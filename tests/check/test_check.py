"""What exercises assert with: right answers pass in silence, wrong ones get a message that leads to the cause."""

import numpy as np
import pytest
import torch

from mylib import check, engine


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


def test_to_array_takes_tensors_that_require_gradients():
    np.testing.assert_array_equal(check.to_array(torch.ones(2, requires_grad=True)), [1.0, 1.0])
    np.testing.assert_array_equal(check.to_array(engine.Tensor([1.0, 2.0], requires_grad=True)), [1.0, 2.0])


def test_a_function_that_changes_a_view_is_told_so_and_reaches_no_shared_data():
    labels = np.array([0, 1, 0, 1])

    def spoils(y):
        y[y == 0] = -1
        return y

    with pytest.raises(AssertionError, match="changed its argument number 1 in place"):
        check.unchanged(spoils, labels[:3])
    assert labels.tolist() == [0, 1, 0, 1]


def test_a_message_has_as_many_digits_as_it_takes_to_differ():
    with pytest.raises(AssertionError, match=r"got -4\.57904123, expected -4\.57904124"):
        check.close(-4.57904123, -4.57904124, relative=0, absolute=1e-10)
