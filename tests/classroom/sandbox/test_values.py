"""What may cross: arrays and tensors come back as they were, and nothing malformed does more than raise WireError."""

import contextlib
import math
import socket
import struct

import hypothesis.extra.numpy as arrays
import hypothesis.strategies as st
import numpy as np
import pytest
import torch
from hypothesis import given

from mylib.classroom.sandbox import messages, values

SHAPES = st.lists(st.integers(0, 4), max_size=4).map(tuple)
STEPS = st.sampled_from([1, 2, -1, -2])


def refuse(thing):
    raise messages.WireError(f"got {thing!r:.60}, expected data")


def crossed(value):
    """The value after a journey over a socket."""
    buffers = []
    head = values.encode(value, refuse, buffers)
    here, there = socket.socketpair()
    with here, there:
        messages.send(here, head, buffers)
        return values.decode(*_split(messages.receive(there)))


def _split(message):
    head, buffers = message
    return head, refuse, buffers


@st.composite
def strided_arrays(draw):
    dtype = draw(st.sampled_from(list(values.ARRAYS.values())))
    array = draw(arrays.arrays(dtype, draw(SHAPES)))
    array = array.transpose(draw(st.permutations(range(array.ndim))))
    return array[tuple(slice(None, None, draw(STEPS)) for _ in array.shape)] if array.ndim else array


@given(strided_arrays())
def test_an_array_of_any_layout_comes_back_as_it_was(array):
    got = crossed(array)
    assert (got.dtype, got.shape) == (array.dtype, array.shape)
    assert got.tobytes() == array.tobytes()
    moved = [size > 1 for size in array.shape]
    if array.size:
        assert [step for step, real in zip(got.strides, moved, strict=True) if real] == [
            step for step, real in zip(array.strides, moved, strict=True) if real
        ]


@given(strided_arrays(), st.booleans())
def test_a_tensor_of_any_layout_comes_back_as_it_was(array, requires_grad):
    if array.dtype.name.startswith("uint") and array.dtype.itemsize > 1:
        array = array.astype(np.int64)
    tensor = torch.from_numpy(array.copy()).permute(tuple(reversed(range(array.ndim))))
    requires_grad = requires_grad and (tensor.is_floating_point() or tensor.is_complex())
    tensor = tensor.requires_grad_(requires_grad)
    got = crossed(tensor)
    assert (got.dtype, got.shape, got.requires_grad) == (tensor.dtype, tensor.shape, requires_grad)
    assert got.detach().numpy().tobytes() == tensor.detach().numpy().tobytes()
    if math.prod(tensor.shape) > 1:
        assert got.contiguous().shape == tensor.shape


@pytest.mark.parametrize("dtype", values.TENSORS.values(), ids=values.TENSORS)
def test_every_type_of_tensor_crosses_also_empty_and_without_axes(dtype):
    for tensor in (
        torch.ones(2, 3, dtype=dtype).T,
        torch.ones((), dtype=dtype),
        torch.ones(0, 3, dtype=dtype),
    ):
        got = crossed(tensor)
        assert got.dtype == dtype
        assert torch.equal(got, tensor)


def test_entries_that_share_their_memory_come_apart():
    array = np.broadcast_to(np.arange(3.0), (4, 3))
    assert np.array_equal(crossed(array), array)
    tensor = torch.arange(3.0).expand(4, 3)
    assert torch.equal(crossed(tensor), tensor)


def test_a_parameter_stays_one_and_a_read_only_array_too():
    parameter = torch.nn.Parameter(torch.ones(2), requires_grad=False)
    got = crossed(parameter)
    assert isinstance(got, torch.nn.Parameter)
    assert not got.requires_grad
    array = np.ones(2)
    array.flags.writeable = False
    assert not crossed(array).flags.writeable


def plain():
    return st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text() | st.binary(),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.lists(inner, max_size=3).map(tuple)
            | st.dictionaries(st.text() | st.integers() | st.booleans(), inner, max_size=3)
        ),
        max_leaves=10,
    )


@given(plain())
def test_plain_values_come_back_equal_and_of_the_same_type(value):
    got = crossed(value)
    assert got == value
    assert repr(got) == repr(value)  # 1, 1.0 and True are equal, and so are 0.0 and -0.0


@pytest.mark.parametrize(
    "value",
    [1j, {1, 2}, frozenset({"a"}), slice(1, None, -2), range(3, 9, 2), ..., torch.int8, np.dtype("f4")],
)
def test_the_other_plain_kinds_come_back(value):
    got = crossed(value)
    assert type(got) is type(value)
    assert got == value


def test_a_subclass_comes_back_as_the_plain_kind():
    class Same(list):
        def __eq__(self, other):
            return True

    class Odd(np.ndarray):
        pass

    assert type(crossed(Same([1]))) is list
    assert type(crossed(np.ones(2).view(Odd))) is np.ndarray
    with pytest.raises(messages.WireError):
        crossed(type("Float", (float,), {})(1.5))


def test_what_is_no_data_is_asked_for():
    for thing in (object(), len, np.array([None]), np.datetime64("2020"), torch.ones(2).to_sparse()):
        with pytest.raises(messages.WireError):
            values.encode(thing, refuse, [])


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
KINDS = st.sampled_from(
    [
        *(*values.PLAIN, "dict", "array", "tensor", "int", "bytes", "complex", "slice", "range", "ellipsis"),
        *("torch.dtype", "numpy.dtype", "object", "pickle", "function"),
    ]
)
FIELDS = {
    "is": KINDS | JSON,
    "items": JSON,
    "parts": JSON,
    "hex": JSON,
    "data": st.integers(-3, 3) | JSON,
    "dtype": st.sampled_from(["<f8", "float64", "|O8", "bool", "|b1"]) | JSON,
    "shape": st.lists(st.integers(-2, 10**12) | st.integers(0, 3), max_size=3) | JSON,
    "strides": st.lists(st.integers(-3, 10**12) | st.integers(0, 3), max_size=3) | JSON,
    "name": JSON,
    "scalar": JSON,
    "writeable": JSON,
    "requires_grad": JSON,
    "parameter": JSON,
}


@given(st.fixed_dictionaries({}, optional=FIELDS), st.lists(st.binary(max_size=32), max_size=3))
def test_a_malformed_value_raises_wire_error_and_nothing_else(tree, buffers):
    with contextlib.suppress(messages.WireError):
        values.decode(tree, refuse, [memoryview(bytearray(one)) for one in buffers])


@pytest.mark.parametrize("wrap", [lambda tree: {"is": "list", "items": [tree]}, lambda tree: [tree]])
def test_what_is_nested_too_deep_is_refused_or_stays_data(wrap):
    tree = {"is": "object"}
    for _ in range(500):
        tree = wrap(tree)
    try:
        got = values.decode(tree, lambda part: pytest.fail("an object came through"), [])
    except messages.WireError:
        return
    assert isinstance(got, list)


@given(st.binary(max_size=60))
def test_bytes_that_are_no_message_raise_wire_error_or_end_of_file(content):
    here, there = socket.socketpair()
    with here, there:
        here.sendall(content)
        here.close()
        with contextlib.suppress(messages.WireError, EOFError):
            messages.receive(there, max_bytes=1000)


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"5",
        b"[1]",
        b"[1, 2]",
        b"[1, [-1, 1]]",
        b"[1, [true]]",
        b"[1, [0.0]]",
        b"\xff\xfe",
        b"[" * 100_000,
        b"[" + b"9" * 5000 + b", []]",
    ],
)
def test_a_malformed_head_raises_wire_error(text):
    here, there = socket.socketpair()
    with here, there:
        here.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 400_000)
        here.sendall(struct.pack("!II", len(text), 0) + text)
        with pytest.raises(messages.WireError):
            messages.receive(there)


def test_a_message_that_is_too_large_is_refused_unread():
    here, there = socket.socketpair()
    with here, there:
        here.sendall(b"\0\0\0\x01" + b"\xff" * 4)
        with pytest.raises(messages.WireError, match="at most 256 MB"):
            messages.receive(there)
        here.sendall(b"\xff" * 8)
        with pytest.raises(messages.WireError, match="a head of at most 16 MB"):
            messages.receive(there)
