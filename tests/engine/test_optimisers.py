"""Optimisers against torch, step by step, and the flat memory behind them."""

import numpy as np
import pytest
import torch

from mylib.engine import Tensor, nn, optim

RULES = {
    "sgd": (optim.SGD, torch.optim.SGD, {}),
    "momentum": (optim.SGD, torch.optim.SGD, {"momentum": 0.9}),
    "nesterov": (optim.SGD, torch.optim.SGD, {"momentum": 0.8, "nesterov": True, "weight_decay": 0.1}),
    "sgd_decay": (optim.SGD, torch.optim.SGD, {"weight_decay": 0.1}),
    "adam": (optim.Adam, torch.optim.Adam, {}),
    "adam_decay": (optim.Adam, torch.optim.Adam, {"betas": (0.8, 0.95), "eps": 1e-4, "weight_decay": 0.1}),
    "adamw": (optim.AdamW, torch.optim.AdamW, {}),
    "adamw_decay": (optim.AdamW, torch.optim.AdamW, {"weight_decay": 0.3, "betas": (0.5, 0.9)}),
}
each_rule = pytest.mark.parametrize(("ours", "theirs", "options"), RULES.values(), ids=RULES.keys())
SHAPES = [(3, 4), (5,), (), (2, 1, 3), (300, 301)]  # the last does not fit into one block


@each_rule
def test_rule_equals_torch_over_many_steps_with_a_schedule_and_missing_gradients(ours, theirs, options):
    rng = np.random.default_rng(0)
    values = [rng.standard_normal(shape) for shape in SHAPES]
    mine = [Tensor(v, requires_grad=True) for v in values]
    other = [torch.tensor(v, requires_grad=True) for v in values]
    a, b = ours(mine, learning_rate=0.05, **options), theirs(other, lr=0.05, **options)
    for step in range(8):
        a.learning_rate = b.param_groups[0]["lr"] = 0.05 / (1 + step)
        a.zero_grad(), b.zero_grad()
        for i, (p, q) in enumerate(zip(mine, other, strict=True)):
            if (step + i) % 3 or step < 2:  # every parameter misses some steps, in another order
                g = rng.standard_normal(p.shape)
                p.backward(g), q.backward(torch.tensor(g))
        a.step(), b.step()
        for p, q in zip(mine, other, strict=True):
            # state by state the same double arithmetic: what differs is the order of a few roundings
            np.testing.assert_allclose(p.data, q.detach().numpy(), rtol=1e-12, atol=1e-13)


@each_rule
def test_state_dict_data_and_gradients_may_change_after_the_optimizer_is_made(ours, theirs, options):
    model = nn.Sequential(nn.Linear(3, 4), nn.Linear(4, 2)).double()
    other = torch.nn.Sequential(torch.nn.Linear(3, 4), torch.nn.Linear(4, 2)).double()
    a, b = (
        ours(model.parameters(), learning_rate=0.1, **options),
        theirs(other.parameters(), lr=0.1, **options),
    )
    x = np.random.default_rng(0).standard_normal((5, 3))
    model.load_state_dict(other.state_dict())
    for step in range(4):
        a.zero_grad(), b.zero_grad()
        (model(Tensor(x)) ** 2).sum().backward()
        (other(torch.from_numpy(x)) ** 2).sum().backward()
        if step == 1:  # clipping by replacing the arrays
            for p, q in zip(model.parameters(), other.parameters(), strict=True):
                p.grad, q.grad = p.grad * 0.5, q.grad * 0.5
        if step == 2:
            model[0].bias.data = model[0].bias.data * 2
            with torch.no_grad():
                other[0].bias.mul_(2)
        a.step(), b.step()
    for name, value in other.state_dict().items():
        np.testing.assert_allclose(model.state_dict()[name], value.numpy(), rtol=1e-11, atol=1e-12)


def test_two_optimizers_may_share_parameters():
    w = Tensor(np.ones(2), requires_grad=True)
    first, second = optim.SGD([w], 0.1), optim.SGD([w], 0.01)
    for optimizer in (first, second, first):
        w.grad = None
        (w * 1).sum().backward()
        optimizer.step()
    np.testing.assert_allclose(w.data, 1 - 0.1 - 0.01 - 0.1)


def test_gradients_still_accumulate_between_steps():
    w = Tensor(np.ones(2), requires_grad=True)
    optimizer = optim.SGD([w], 1.0)
    (w * 1).sum().backward()
    (w * 2).sum().backward()
    np.testing.assert_array_equal(w.grad, [3, 3])
    optimizer.step()
    np.testing.assert_array_equal(w.data, [-2, -2])
    optimizer.zero_grad()
    optimizer.step()
    np.testing.assert_array_equal(w.data, [-2, -2])


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: optim.SGD([], 0.1), "got no parameters"),
        (
            lambda: optim.SGD([Tensor([1.0], True)], -0.1),
            "learning_rate=-0.1, expected a number of at least 0",
        ),
        (lambda: optim.SGD([Tensor([1.0], True)], 0.1, nesterov=True), "nesterov=True needs a momentum"),
        (
            lambda: optim.Adam([Tensor([1.0], True)], betas=(1.0, 0.9)),
            r"betas=\(1.0, 0.9\), expected two numbers",
        ),
        (lambda: optim.AdamW([Tensor([1.0], True)], eps=-1), "AdamW: eps=-1"),
        (lambda: optim.SGD([Tensor([1.0], True) * 2], 0.1), "expected leaf Tensors"),
        (lambda: optim.SGD([np.ones(2)], 0.1), "got ndarray, expected leaf Tensors"),
        (lambda: optim.SGD([Tensor([1.0], True), Tensor(np.ones(1), True)], 0.1), "several dtypes"),
        (lambda: optim.SGD([Tensor([1.0], True)] * 2, 0.1), "listed twice"),
    ],
)
def test_bad_options_are_refused_by_name(make, message):
    with pytest.raises((ValueError, TypeError), match=message):
        make()


def test_changing_the_dtype_after_making_the_optimizer_is_refused():
    layer = nn.Linear(2, 2)
    optimizer = optim.SGD(layer.parameters(), 0.1)
    layer.double()
    layer(Tensor(np.ones((1, 2)))).sum().backward()
    with pytest.raises(ValueError, match="became float64; make a new optimizer"):
        optimizer.step()
