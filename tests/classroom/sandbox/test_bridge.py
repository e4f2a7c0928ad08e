"""The tests' side of the bridge: a handle is refused as a value, errors and context cross, and no more than that."""

import contextlib
import socket
import threading
import types

import numpy as np
import pytest
import torch

from mylib.classroom.sandbox import bridge as bridges
from mylib.classroom.sandbox import messages
from mylib.classroom.sandbox.answer_side import Lender
from mylib.classroom.sandbox.bridge import AnswerError, AnswerGoneError, Bridge, Handle

# The answer's side; a thread stands for its process.
ANSWER = '''
import numpy as np
import torch


class Model:
    """Holds a weight."""

    def __init__(self):
        self.weight = 2.0

    def __call__(self, x):
        return self.weight * x

    def __getitem__(self, key):
        return [10, 20, 30][key]

    def __len__(self):
        return 3

    def __iter__(self):
        return iter([10, 20, 30])

    def __eq__(self, other):
        return True

    __bool__ = lambda self: True
    __hash__ = lambda self: 1
    __contains__ = lambda self, item: True


model = Model()
number = 1.5


def fails(kind, *arguments):
    raise kind(*arguments)


def fails_as(base):
    raise type("Mine", (base,), {})("mine")


def fill(array, value=7):
    array[...] = value


def append(items):
    items.append(5)
    items[0] = 9


def apply(function, *arguments):
    return function(*arguments)


def draws():
    return float(torch.rand(())), float(np.random.rand())


def divides():
    return float(np.float64(1) / np.float64(0))


def tracks(x):
    return (x * 2).requires_grad
'''


@pytest.fixture
def bridge():
    space = {"__name__": "answer"}
    exec(ANSWER, space)
    here, there = socket.socketpair()
    lender = threading.Thread(target=Lender(there, space).run, daemon=True)
    state = torch.get_rng_state(), np.random.get_state()  # noqa: NPY002
    lender.start()
    with here:
        yield Bridge(here)
        here.shutdown(socket.SHUT_RDWR)
    lender.join(5)
    there.close()
    torch.set_rng_state(state[0])
    np.random.set_state(state[1])  # noqa: NPY002


def get(bridge, name):
    value, found = bridge.fetch(name)
    assert found
    return value


def test_data_is_fetched_as_data_and_a_missing_name_is_missing(bridge):
    assert bridge.fetch("number") == (1.5, True)
    assert bridge.fetch("nothing") == (None, False)
    assert isinstance(get(bridge, "model"), Handle)


REFUSED = {
    "==": lambda h: h == 1,
    "!=": lambda h: h != 1,
    "<": lambda h: h < 1,
    "reflected ==": lambda h: h == 1,
    "array ==": lambda h: np.ones(2) == h,
    "tensor ==": lambda h: torch.ones(2) == h,
    "+": lambda h: h + 1,
    "reflected -": lambda h: 1 - h,
    "@": lambda h: h @ np.ones(2),
    "reflected @": lambda h: np.ones(2) @ h,
    "//": lambda h: h // 1,
    "%": lambda h: 3 % h,
    "&": lambda h: h & 1,
    "-": lambda h: -h,
    "~": lambda h: ~h,
    "abs": abs,
    "bool": bool,
    "not": lambda h: not h,
    "and": lambda h: h and 1,
    "float": float,
    "int": int,
    "complex": complex,
    "round": round,
    "index": lambda h: [1, 2][h],
    "hash": hash,
    "set": lambda h: {h},
    "key": lambda h: {}.get(h),
    "np.asarray": np.asarray,
    "np.allclose": lambda h: np.allclose(h, 1),
    "in a list": lambda h: 1 in [h],
    "format": lambda h: f"{h:.3f}",
}


@pytest.mark.parametrize("what", REFUSED)
def test_a_handle_is_refused_as_a_value(bridge, what):
    with pytest.raises((TypeError, ValueError)):
        REFUSED[what](get(bridge, "model"))


def test_a_handle_is_of_no_kind_but_its_own(bridge):
    model = get(bridge, "model")
    assert model.__class__ is Handle
    assert not isinstance(model, int | float | list | np.ndarray | torch.Tensor)
    assert 99 not in model  # its items are asked for, its opinion is not
    assert 20 in model


def test_a_handle_is_called_indexed_asked_and_set(bridge):
    model = get(bridge, "model")
    assert model(3) == 6.0
    assert model[1] == 20
    assert len(model) == 3
    assert list(model) == [10, 20, 30]
    model.weight = 5.0
    assert (model.weight, model(1)) == (5.0, 5.0)
    assert not hasattr(model, "nothing")
    assert repr(model) == "<Model of the answer>"


@pytest.mark.parametrize("kind", [ValueError, TypeError, IndexError, KeyError, ZeroDivisionError, OSError])
def test_an_error_arrives_as_the_built_in_kind_that_it_is(bridge, kind):
    with pytest.raises(kind, match="told"):
        get(bridge, "fails")(kind, "told")
    with pytest.raises(kind, match="mine") as caught:
        get(bridge, "fails_as")(kind)
    assert type(caught.value) is kind
    assert caught.value.of_the_answer == "Mine"


def test_an_error_that_ends_a_loop_does_not_end_the_tests_own(bridge):
    fails = get(bridge, "fails")
    with pytest.raises(AnswerError):
        list(map(fails, [StopIteration]))
    with pytest.raises(AnswerError):
        next(fails(StopIteration) for _ in [1])


@pytest.mark.parametrize("kind", [KeyboardInterrupt, SystemExit, GeneratorExit, BaseException])
def test_an_error_that_no_test_expects_becomes_an_error_of_the_answers(bridge, kind):
    with pytest.raises(AnswerError):
        get(bridge, "fails")(kind, "told")


def test_an_error_that_takes_other_arguments_still_arrives(bridge):
    with pytest.raises(AnswerError):
        get(bridge, "fails")(UnicodeDecodeError, "utf-8", b"x", 0, 1, "why")


@pytest.mark.parametrize("make", [lambda: np.zeros(3), lambda: np.zeros((4, 3)).T[::2], lambda: torch.zeros(3)])
def test_answers_work_on_copies_unless_asked_otherwise(bridge, make):
    ours, fill = make(), get(bridge, "fill")
    fill(ours)
    assert not ours.any()
    bridge.copy_back = True
    fill(ours)
    assert (ours == 7).all()


def test_lists_are_copied_back_too(bridge):
    ours = [1, 2]
    get(bridge, "append")(ours)
    assert ours == [1, 2]
    bridge.copy_back = True
    get(bridge, "append")(ours)
    assert ours == [9, 2, 5]


def test_what_is_copied_back_reaches_the_arguments_and_nothing_else(bridge):
    frozen = np.zeros(2)
    frozen.flags.writeable = False
    bridges._copy_back((frozen, np.zeros(2), {"a": 1}), (np.ones(2), np.ones(3), [1]))
    assert not frozen.any()


def test_a_function_of_the_test_is_called_back(bridge):
    seen = []

    def double(x):
        seen.append(x)
        return 2 * x

    double.__module__ = "__main__"
    assert get(bridge, "apply")(double, 4) == 8
    assert seen == [4]


def test_a_call_back_may_call_the_answer_again(bridge):
    apply, model = get(bridge, "apply"), get(bridge, "model")
    inner = types.FunctionType((lambda x: model(x) + 1).__code__, {}, closure=_cells(model))
    inner.__module__ = "__main__"
    assert apply(inner, 3) == 7.0


def _cells(value):
    return (types.CellType(value),)


def test_an_error_in_a_call_back_is_told_to_the_answer(bridge):
    def broken():
        raise ValueError("ours")

    broken.__module__ = "__main__"
    with pytest.raises(RuntimeError, match="ValueError: ours"):
        get(bridge, "apply")(broken)


def test_random_numbers_are_those_of_the_test(bridge):
    torch.manual_seed(3)
    np.random.seed(3)  # noqa: NPY002
    expected = float(torch.rand(())), float(np.random.rand())  # noqa: NPY002
    torch.manual_seed(3)
    np.random.seed(3)  # noqa: NPY002
    assert get(bridge, "draws")() == expected


def test_arithmetic_errors_and_gradients_are_as_the_test_has_set_them(bridge):
    divides, tracks = get(bridge, "divides"), get(bridge, "tracks")
    with np.errstate(divide="raise"), pytest.raises(ArithmeticError):
        divides()
    with np.errstate(divide="ignore"):
        assert divides() == float("inf")
    x = torch.ones(2, requires_grad=True)
    assert tracks(x)
    with torch.no_grad():
        assert not tracks(x)


def test_a_handle_of_an_earlier_cell_is_not_taken_for_one_of_this(bridge):
    other = Handle(Bridge(bridge.sock), 0, "Model")
    with pytest.raises(ValueError, match="earlier cell"):
        get(bridge, "apply")(other)


NONSENSE = [
    5,
    None,
    [],
    "value",
    {},
    {"value": {"is": "pickle", "data": 0}},
    {"value": {"is": "object", "key": "0", "type": ""}},
    {"value": {"is": "object", "key": True, "type": ""}},
    {"value": {"is": "object"}},
    {"error": 5, "message": "", "name": ""},
    {"error": ["ValueError"]},
    {"call": 99},
]


@pytest.mark.parametrize("reply", NONSENSE, ids=map(str, NONSENSE))
def test_nonsense_is_the_end_of_the_answer_and_is_not_repeated(reply):
    here, there = socket.socketpair()
    with here, there:
        messages.send(there, reply, [b"SEEN"])
        there.shutdown(socket.SHUT_WR)
        with pytest.raises((AnswerGoneError, messages.WireError)) as caught:
            Bridge(here).fetch("mean")
        assert "SEEN" not in str(caught.value)


@pytest.mark.parametrize("kinds", [["exec"], ["SystemExit"], ["KeyboardInterrupt"], ["__import__"], [["x"]], []])
def test_an_error_can_name_no_class_but_that_of_an_exception(kinds):
    here, there = socket.socketpair()
    with here, there:
        messages.send(there, {"error": kinds, "name": "", "message": "x"})
        with pytest.raises(AnswerError) as caught:
            Bridge(here).fetch("mean")
        assert caught.value.of_the_answer


def test_a_test_that_allows_any_error_still_sees_that_the_answer_is_gone():
    here, there = socket.socketpair()
    there.close()
    one = Bridge(here)
    for _ in range(2):
        with pytest.raises(AnswerGoneError):
            one.fetch("mean")
    with contextlib.suppress(OSError):
        here.close()
