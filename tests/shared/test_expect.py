"""The contract's grammar: what fits is silent on every side, what does not is quoted as the caller wrote it."""

import numpy as np
import pytest
import torch

from mylib import engine
from mylib.shared import expect, expect_choice, expect_range

KINDS = {
    "array": np.zeros,
    "tensor of the engine": lambda shape: engine.as_tensor(np.zeros(shape)),
    "tensor of torch": torch.zeros,
    "tensor without values": lambda shape: torch.zeros(shape, device="meta"),
}


@pytest.mark.parametrize("kind", KINDS)
def test_what_fits_is_silent_for_every_kind_of_array(kind):
    x, y, z = (KINDS[kind](shape) for shape in ((2, 3, 5), (2, 5, 7), ()))
    expect(
        "f",
        x=(x.shape, "batch time dim"),
        y=(y.shape, "batch dim 7"),
        z=(z.shape, ""),
        left_out=(None, "batch"),
    )
    expect("f", x=(x.shape, "... dim"), y=(x.shape, "... _"))


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"x": ((2, 3), "n")}, "f: expected x (n,), got (2, 3)"),
        ({"x": ((2, 3), "n 4")}, "f: expected x (n, 4), got (2, 3)"),
        ({"x": ((2,), "")}, "f: expected x (), got (2,)"),
        ({"x": ((0, 3), "n+ dim")}, "f: expected x (n, dim) with n of at least 1, got (0, 3)"),
        ({"x": ((3,), "... height width")}, "f: expected x (..., height, width), got (3,)"),
        (
            {"x": ((2, 3), "n dim"), "y": ((4, 5), "m dim")},
            "f: expected x (n, dim) and y (m, dim), got (2, 3) and (4, 5), where dim is both 3 and 5",
        ),
        (
            {"x": ((2, 3, 4), "... 4"), "y": ((2, 4), "... 4")},
            "f: expected x (..., 4) and y (..., 4), got (2, 3, 4) and (2, 4)",
        ),
        (
            {"x": ((2, 3), "n n"), "y": (None, "n")},
            "f: expected x (n, n), got (2, 3), where n is both 2 and 3",
        ),
    ],
)
def test_what_does_not_fit_is_quoted(given, message):
    with pytest.raises(ValueError) as caught:  # noqa: PT011  the whole message is compared
        expect("f", "look at x", **given)
    assert str(caught.value) == f"{message}; look at x"


def test_a_contract_leaves_no_trace_in_a_compiled_graph():
    def double(x, scale):
        expect("double", x=(x.shape, "batch dim+"))
        expect_range("double", 0, None, open=True, scale=scale)
        expect_choice("double", (1.5, 2.0), scale=scale)
        return scale * x

    graphs = []

    def keep(module, _):
        graphs.append([node.op for node in module.graph.nodes])
        return module.forward

    compiled = torch.compile(double, fullgraph=True, backend=keep)
    x = torch.arange(6.0).reshape(2, 3)
    torch.testing.assert_close(compiled(x, 2.0), 2 * x)
    assert graphs == [["placeholder", "call_function", "output"]]
    with pytest.raises(ValueError, match="expected x"):
        double(torch.zeros(2), 2.0)


@pytest.mark.parametrize(
    ("low", "high", "open", "inside", "outside", "words"),
    [
        (0, 1, False, (0, 0.5, 1), (-0.1, 1.1, float("nan")), "from 0 to 1"),
        (0, 1, True, (0.5,), (0, 1, float("nan")), "between 0 and 1"),
        (1, None, False, (1, 9), (0, float("nan")), "of at least 1"),
        (0, None, True, (0.1, float("inf")), (0,), "above 0"),
        (None, 3, False, (3, -9), (4,), "of at most 3"),
        (None, 3, True, (2,), (3,), "below 3"),
    ],
)
def test_numbers_are_held_against_their_range(low, high, open, inside, outside, words):
    for value in inside:
        expect_range("f", low, high, open=open, k=value)
        expect_range("f", low, high, open=open, k=np.float64(value))
    for value in outside:
        with pytest.raises(ValueError, match=f"^f: expected k {words}, got {value}; less$"):
            expect_range("f", low, high, "less", open=open, k=value)


def test_numbers_of_one_range_are_quoted_together():
    expect_range("f", 1, None, a=1, b=2, c=3)
    with pytest.raises(ValueError, match="^f: expected a, b and c of at least 1, got 1, 0 and 3$"):
        expect_range("f", 1, None, a=1, b=0, c=3)


def test_choices_are_listed():
    expect_choice("f", ("max", None), mode=None, other="max")
    with pytest.raises(ValueError, match="^f: expected mode of 'max' or None, got 'min'; take another$"):
        expect_choice("f", ("max", None), "take another", mode="min")
