"""Against torch's SGD, Adam and AdamW, against pytorch_optimizer's SGDW, the cosine against torch's scheduler."""

import numpy as np
import pytest
import pytorch_optimizer
import torch

from tests.training.optimizers.cases import RNG, SHAPES, leaves, random_gradients, run

ALPHA, LAMBDA, BETA = 0.05, 0.02, 0.8
OURS = {"lr": ALPHA, "weight_decay": LAMBDA / ALPHA}  # torch multiplies its decay by the learning rate
REFERENCES = {
    "SGDW": ("SGDW", {"momentum": BETA}, True, lambda p: pytorch_optimizer.SGDW(p, momentum=BETA, **OURS)),
    "SGD with L2": ("SGDW", {"momentum": BETA}, False, lambda p: torch.optim.SGD(p, ALPHA, BETA, weight_decay=LAMBDA)),
    "AdamW": ("AdamW", {"betas": (BETA, 0.95)}, True, lambda p: torch.optim.AdamW(p, betas=(BETA, 0.95), **OURS)),
    "Adam with L2": (
        "AdamW",
        {"betas": (BETA, 0.95), "eps": 1e-4},
        False,
        lambda p: torch.optim.Adam(p, ALPHA, (BETA, 0.95), 1e-4, weight_decay=LAMBDA),
    ),
    "SGD": ("SGDW", {"weight_decay": 0.0}, True, lambda p: torch.optim.SGD(p, ALPHA, 0.9)),
}


@pytest.mark.parametrize("missing", [False, True])
@pytest.mark.parametrize("reference", REFERENCES)
def test_optimizers_equal_those_of_others(side, reference, missing):
    """Six steps at a constant eta; with `missing`, each parameter has no gradient at some of them."""
    module, (name, options, decoupled, make) = side[0], REFERENCES[reference]
    start = [RNG(0).normal(size=shape) for shape in SHAPES]
    mine = leaves(module, start)
    theirs = [torch.tensor(value, requires_grad=True) for value in start]
    optimizer = getattr(module, name)(mine, ALPHA, **{"weight_decay": LAMBDA, "decoupled": decoupled, **options})
    gradients = random_gradients(1, SHAPES, 6, missing)
    got, expected = run(optimizer, mine, gradients), run(make(theirs), theirs, gradients)
    for ours, others in zip(got, expected, strict=True):
        for a, b in zip(ours, others, strict=True):
            np.testing.assert_allclose(a, b, rtol=1e-10, atol=1e-12)  # float64; sums in another order


@pytest.mark.parametrize("reference", ["SGDW", "SGD with L2"])
def test_a_rate_that_changes_stands_inside_of_the_buffer_here_and_outside_there(side, reference):
    """With eta outside, as torch's schedulers have it, the second step differs: this pins on which side ours is."""
    module, (name, options, decoupled, make) = side[0], REFERENCES[reference]
    start, gradients = [np.array([1.0])], [[np.array([0.5])], [np.array([0.5])]]
    mine = leaves(module, start)
    theirs = [torch.tensor(start[0], requires_grad=True)]
    schedule = {1: 1.0, 2: 0.5}.get
    options = {"weight_decay": LAMBDA, "decoupled": decoupled, "schedule": schedule, **options}
    optimizer = getattr(module, name)(mine, ALPHA, **options)
    other = make(theirs)
    scheduler = torch.optim.lr_scheduler.LambdaLR(other, lambda epoch: schedule(epoch + 1))
    got = run(optimizer, mine, gradients)
    expected = run(other, theirs, gradients[:1])
    scheduler.step()
    expected += run(other, theirs, gradients[1:])
    assert got[0][0] == pytest.approx(expected[0][0], rel=1e-12)
    past = BETA * (ALPHA * 0.5 if decoupled else ALPHA * (0.5 + LAMBDA))  # beta m, which torch halves too
    assert got[1][0] - expected[1][0] == pytest.approx(-past / 2, rel=1e-9)


@pytest.mark.parametrize(("period", "growth"), [(7, 1), (3, 2), (1, 3), (5, 1)])
def test_cosine_equals_torchs_warm_restarts(side, period, growth):
    parameter = torch.nn.Parameter(torch.zeros(1))
    optimizer = torch.optim.SGD([parameter], lr=1.0)
    scheduler = torch.optim.lr_scheduler.CosineAnnealingWarmRestarts(optimizer, T_0=period, T_mult=growth)
    for step in range(1, 60):
        got = side[0].cosine_multiplier(step, period, growth)
        assert got == pytest.approx(optimizer.param_groups[0]["lr"], abs=1e-12), step
        optimizer.step()
        scheduler.step()


def test_adamw_learns_as_torchs_does():
    """A small network from the same weights, 20 steps: the same loss at the end."""
    from mylib.training.optimizers import pytorch

    torch.manual_seed(0)
    x, y = torch.randn(64, 20), torch.randint(0, 5, (64,))
    first = torch.nn.Sequential(torch.nn.Linear(20, 16), torch.nn.ReLU(), torch.nn.Linear(16, 5)).double()
    second = torch.nn.Sequential(torch.nn.Linear(20, 16), torch.nn.ReLU(), torch.nn.Linear(16, 5)).double()
    second.load_state_dict(first.state_dict())
    optimizers = (
        pytorch.AdamW(first.parameters(), 1e-2, weight_decay=1e-3),
        torch.optim.AdamW(second.parameters(), 1e-2, weight_decay=1e-1),
    )
    losses = []
    for net, optimizer in zip((first, second), optimizers, strict=True):
        for _ in range(20):
            optimizer.zero_grad()
            loss = torch.nn.functional.cross_entropy(net(x.double()), y)
            loss.backward()
            optimizer.step()
        losses.append(loss.item())
    assert losses[0] == pytest.approx(losses[1], rel=1e-9)
    assert losses[0] < 1.0
