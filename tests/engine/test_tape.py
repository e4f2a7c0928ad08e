"""The tape: sums, accumulation, long chains, memory, and values that cannot change behind its back."""

import gc
import inspect
import weakref

import numpy as np
import pytest

from mylib import engine
from mylib.engine import Tensor, no_grad, optim, tape


def leaf(*values, dtype=None):
    """A one-dimensional leaf."""
    return Tensor(np.array(values, dtype or np.float32), requires_grad=True)


def test_a_chain_of_10000_operations_runs_backward_and_is_freed_without_recursion():
    x = leaf(1.0)
    y = x
    for _ in range(10_000):
        y = y + 1
    y.backward()
    assert x.grad == 1
    for _ in range(100_000):
        y = y * 1.0
    y = x * 2
    for _ in range(100_000):  # dropped without backward: freeing must not recurse either
        y = y + 1
    del y


def test_a_tensor_used_twice_gets_the_sum():
    x = leaf(3.0)
    y = x * 2
    (y * y + y).sum().backward()  # d/dx (4 x^2 + 2 x) = 8 x + 2
    assert x.grad == 26


def test_a_diamond_visits_each_node_once_with_its_whole_gradient():
    x = leaf(2.0)
    y = x * x
    for _ in range(60):  # 2^60 paths, 60 nodes
        y = (y + y) * 0.5
    y.backward()
    assert x.grad == 4


def test_backward_on_two_forward_passes_accumulates():
    x = leaf(1.0, 2.0)
    (x * x).sum().backward()
    (x * x).sum().backward()
    np.testing.assert_array_equal(x.grad, [4, 8])
    x.grad = None
    (3 * x).sum().backward()
    np.testing.assert_array_equal(x.grad, [3, 3])


def test_second_backward_through_a_freed_graph_says_so():
    x = leaf(1.0)
    y = x * x
    y.backward()
    with pytest.raises(RuntimeError, match="already used by an earlier backward"):
        y.backward()
    z = leaf(1.0) * leaf(2.0)
    (z * 2).backward()
    with pytest.raises(RuntimeError, match="already used"):
        (z * 3).backward()


def test_backward_on_a_leaf_adds_the_gradient_itself():
    x = leaf(1.0)
    x.backward()
    x.backward(np.array([2.0]))
    assert x.grad == 3


def test_shared_gradients_are_not_shared_memory():
    a, b = leaf(1.0, 2.0), leaf(3.0, 4.0)
    (a + b).backward(np.ones(2))
    a.grad += 10
    np.testing.assert_array_equal(b.grad, [1, 1])


def test_assigned_gradients_are_copies_of_the_right_shape():
    a, b = leaf(1.0, 2.0), leaf(3.0, 4.0)
    b.grad = [1.0, 1.0]
    a.grad = b.grad
    a.grad *= 3
    np.testing.assert_array_equal(b.grad, [1, 1])
    np.testing.assert_array_equal(a.grad, [3, 3])
    with pytest.raises(ValueError, match=r"grad: got shape \(3,\), expected the tensor's shape \(2,\)"):
        a.grad = np.ones(3)
    with pytest.raises(RuntimeError, match="only a leaf with requires_grad=True"):
        (a * 2).grad = np.ones(2)
    with pytest.raises(RuntimeError, match="can only be set on leaves"):
        (a * 2).requires_grad = False


def test_no_gradient_is_computed_for_inputs_that_need_none():
    seen = []

    def spy(gradient, needs, *saved):
        seen.append([need is not None for need in needs])
        return gradient, None

    x, constant = leaf(1.0), Tensor([2.0])
    engine.record(x._data * 2, spy, (), x._node, constant._node).backward()
    assert seen == [[True, False]]
    assert constant.grad is None
    assert not (constant * 2).requires_grad
    for operation, shapes in [
        (engine.mul, [(2, 3), (3,)]),
        (engine.div, [(2, 3), (3,)]),
        (engine.matmul, [(2, 3), (3, 2)]),
        (engine.linear, [(2, 3), (4, 3), (4,)]),
        (engine.conv2d, [(1, 2, 4, 4), (3, 2, 3, 3), (3,)]),
        (engine.conv_transpose2d, [(1, 2, 4, 4), (2, 3, 3, 3), (3,)]),
    ]:
        for wanted in range(len(shapes)):
            inputs = [Tensor(np.ones(s), requires_grad=i == wanted) for i, s in enumerate(shapes)]
            node = operation(*inputs)._node
            result = node.backward(np.ones(operation(*inputs).shape), node.parents, *node.saved)
            assert [g is not None for g in result][: len(shapes)] == [i == wanted for i in range(len(shapes))]


def test_memory_is_freed_by_backward_without_the_garbage_collector():
    gc.collect()
    gc.disable()
    try:
        x = Tensor(np.ones((4, 1, 8, 8)), requires_grad=True)
        w = Tensor(np.ones((3, 1, 3, 3)), requires_grad=True)
        hidden = engine.max_pool2d(engine.relu(engine.conv2d(x, w)), 2)
        loss = engine.softmax(hidden.flatten(1)).sum()
        arrays = [weakref.ref(array) for array in held_arrays(loss._node)]
        assert len(arrays) > 4
        del hidden
        loss.backward()
        assert [ref() for ref in arrays if ref() is not None and ref() is not x._data and ref() is not w._data] == []
    finally:
        gc.enable()


def held_arrays(node):
    """Every array that a graph has saved."""
    for item in node.saved:
        if isinstance(item, np.ndarray):
            yield item
    for parent in node.parents:
        if isinstance(parent, tape.Node):
            yield from held_arrays(parent)


def test_no_grad_as_context_and_decorator_nests_and_survives_errors():
    x = leaf(1.0)
    with no_grad():
        with no_grad():
            assert not (x * x).requires_grad
        assert not (x * x).requires_grad
    with pytest.raises(KeyError), no_grad():
        raise KeyError
    assert (x * x).requires_grad

    @no_grad()
    def square(v):
        return v * v

    assert not square(x).requires_grad
    assert (x * x).requires_grad


def test_detach_stops_gradients_and_keeps_values():
    x = leaf(3.0)
    (x * (x * 1).detach()).backward()
    assert x.grad == 3
    assert not x.detach().requires_grad


@pytest.mark.parametrize("make", [lambda: leaf(1.0, 2.0), lambda: leaf(1.0, 2.0) * 2], ids=["leaf", "result"])
def test_values_cannot_be_changed_in_place(make):
    x = make()
    with pytest.raises(ValueError, match="read-only"):
        x.data[0] = 5
    with pytest.raises(ValueError, match="read-only"):
        x.numpy()[...] = 5
    with pytest.raises(ValueError, match="read-only"):
        np.asarray(x)[0] = 5
    with pytest.raises(TypeError, match="do not change in place"):
        x[0] = 5
    assert np.array(x).flags.writeable


def test_changing_the_array_a_tensor_was_made_from_does_not_reach_the_tensor():
    array = np.ones(3, np.float32)
    x, w = Tensor(array), leaf(1.0, 1.0, 1.0)
    loss = (w * x).sum() + (w * array).sum()
    array[:] = 7
    loss.backward()
    np.testing.assert_array_equal(w.grad, [2, 2, 2])


def test_new_values_for_a_leaf_do_not_reach_what_the_tape_saved():
    w = leaf(2.0)
    loss = w * w
    w.data = [5.0]
    loss.backward()
    assert w.grad == 4
    with pytest.raises(ValueError, match=r"got shape \(2,\)"):
        w.data = [1.0, 2.0]


def test_backward_after_an_optimizer_overwrote_its_parameters_is_refused():
    w = leaf(2.0)
    optimizer = optim.SGD([w], learning_rate=0.1)
    first, second = w * w, (w * 1).detach() * w
    first.backward()
    optimizer.step()
    with pytest.raises(RuntimeError, match="changed a parameter in place after the forward pass"):
        second.backward()
    optimizer.zero_grad()
    (w * w).backward()
    np.testing.assert_allclose(w.grad, 2 * w.data)


def test_detached_parameters_do_not_follow_the_optimizer():
    w = leaf(2.0)
    optimizer = optim.SGD([w], learning_rate=0.1)
    before = w.detach()
    (w * w).backward()
    optimizer.step()
    assert before.item() == 2


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_python_numbers_never_promote(dtype):
    x = leaf(1.0, 2.0, dtype=dtype)
    for y in (
        x + 1,
        1.5 - x,
        x * 2,
        3 / x,
        x**2,
        2**x,
        x * np.float64(0.5),
        x.mean(),
        x.var(),
        x.sum(),
        x.max(),
    ):
        assert y.dtype == dtype
    for operation in (
        engine.relu,
        engine.sigmoid,
        engine.gelu,
        engine.tanh,
        engine.softmax,
        engine.logsumexp,
    ):
        assert operation(x).dtype == dtype
    y = engine.dropout(x, 0.5) + engine.clip(x, 0, 1) + engine.leaky_relu(x) + engine.mse_loss(x, [0, 1])
    assert y.dtype == dtype
    y.backward(np.ones(2))
    assert x.grad.dtype == dtype


def test_default_dtypes():
    assert Tensor(1).dtype == Tensor([1, 2]).dtype == Tensor([[0.5]]).dtype == np.float32
    assert Tensor(np.ones(2)).dtype == np.float64
    assert Tensor(np.arange(2)).dtype == np.int64
    assert Tensor(np.array([True])).dtype == bool
    assert Tensor([1, 2], dtype=np.int64).dtype == np.int64
    assert Tensor(np.float64(0.5)).dtype == np.float64


def test_comparisons_and_conversions_are_plain():
    x = Tensor([1.0, 3.0])
    assert isinstance(x > 2, np.ndarray)
    np.testing.assert_array_equal(x > 2, [False, True])
    np.testing.assert_array_equal(x == Tensor([1.0, 2.0]), [True, False])
    np.testing.assert_array_equal(np.array([1.0, 1.0]) < x, [False, True])
    assert x.sum().item() == float(x.sum()) == 4
    assert f"{x.sum():.2f}" == "4.00"
    assert len(x) == 2
    assert [v.item() for v in x] == [1, 3]
    assert x in [x]
    assert isinstance(np.array([1.0, 2.0]) * x, Tensor)
    assert x.argmax() == 1


def test_the_tape_fits_on_a_lecture_page():
    assert len(inspect.getsource(tape).splitlines()) < 200
