"""The slide's algorithm line by line with numbers small enough for a hand, and both colours told apart."""

import numpy as np
import pytest

from tests.training.optimizers.cases import leaves, run
from tests.twins import array


def test_two_steps_of_sgdw_by_hand(side):
    """theta 1, g .5 twice, alpha .1, beta .9, lambda .01, eta 1 then .5."""
    module, array_of = side
    theta, m = array_of(np.array([1.0])), array_of(np.array([0.0]))
    g = array_of(np.array([0.5]))
    theta, m = module.sgdw_step(theta, g, m, 0.1, 0.9, 0.01)
    # m = .1 * .5 = .05; theta = 1 - .05 - .01
    assert (theta.item(), m.item()) == pytest.approx((0.94, 0.05), rel=1e-12)
    theta, m = module.sgdw_step(theta, g, m, 0.1, 0.9, 0.01, multiplier=0.5)
    # m = .9 * .05 + .5 * .05 = .07; theta = .94 - .07 - .5 * .01 * .94; with eta outside of the buffer it is .8878
    assert (theta.item(), m.item()) == pytest.approx((0.8653, 0.07), rel=1e-12)


def test_two_steps_of_sgd_with_the_penalty_by_hand(side):
    module, array_of = side
    theta, m, g = (array_of(np.array([value])) for value in (1.0, 0.0, 0.5))
    theta, m = module.sgdw_step(theta, g, m, 0.1, 0.9, 0.2, decoupled=False)
    # g = .5 + .2 = .7, m = .07, theta = .93; printed as on the slide it would be .93 - .2 = .73, decayed twice
    assert (theta.item(), m.item()) == pytest.approx((0.93, 0.07), rel=1e-12)
    theta, m = module.sgdw_step(theta, g, m, 0.1, 0.9, 0.2, multiplier=0.5, decoupled=False)
    # g = .5 + .186 = .686, m = .063 + .0343
    assert (theta.item(), m.item()) == pytest.approx((0.93 - 0.0973, 0.0973), rel=1e-12)


def test_two_steps_of_adamw_by_hand(side):
    """betas .5 and .75, no eps: m = .2, v = .04, hats .4 and .16; then g = .2."""
    module, array_of = side
    theta, m, v = (array_of(np.array([value])) for value in (2.0, 0.0, 0.0))
    options = {"learning_rate": 0.1, "betas": (0.5, 0.75), "eps": 0.0, "weight_decay": 0.05}
    theta, m, v = module.adamw_step(theta, array_of(np.array([0.4])), m, v, 1, **options)
    assert (theta.item(), m.item(), v.item()) == pytest.approx((2 - 0.1 - 0.1, 0.2, 0.04), rel=1e-12)
    theta, m, v = module.adamw_step(theta, array_of(np.array([0.2])), m, v, 2, multiplier=0.5, **options)
    # m = .1 + .1 = .2, m^ = .2 / .75; v = .03 + .01 = .04, v^ = .04 / .4375
    change = 0.1 * (0.2 / 0.75) / np.sqrt(0.04 / 0.4375) + 0.05 * 1.8
    assert (theta.item(), m.item(), v.item()) == pytest.approx((1.8 - 0.5 * change, 0.2, 0.04), rel=1e-12)


def test_adam_with_the_penalty_by_hand(side):
    """The penalty .5 * 2 = 1 goes through both moments: the first step is alpha, however large the decay."""
    module, array_of = side
    theta, m, v, g = (array_of(np.array([value])) for value in (2.0, 0.0, 0.0, -0.2))
    got = module.adamw_step(theta, g, m, v, 1, 0.1, (0.5, 0.75), 0.0, weight_decay=0.5, decoupled=False)
    assert [value.item() for value in got] == pytest.approx([1.9, 0.4, 0.16], rel=1e-12)


def test_eps_stands_outside_of_the_root(side):
    module, array_of = side
    theta, m, v, g = (array_of(np.array([value])) for value in (1.0, 0.0, 0.0, 0.01))
    got, _, _ = module.adamw_step(theta, g, m, v, 1, 0.1, eps=0.03)
    assert got.item() == pytest.approx(1 - 0.1 * 0.01 / 0.04, rel=1e-9)


@pytest.mark.parametrize("decoupled", [True, False])
def test_optimizers_do_the_same_steps(side, decoupled):
    module, array_of = side
    schedule = {1: 1.0, 2: 0.5, 3: 0.0, 4: 0.25}.__getitem__
    start, gradients = np.array([1.0, -2.0]), [np.array(g) for g in ([0.5, 0.1], [0.5, -3.0], [2.0, 0.0], [1.0, 1.0])]
    options = {"weight_decay": 0.03, "decoupled": decoupled}
    for name in ("SGDW", "AdamW"):
        parameters = leaves(module, [start])
        optimizer = getattr(module, name)(parameters, 0.1, schedule=schedule, **options)
        theta, state = array_of(start), [array_of(np.zeros(2))] * (1 if name == "SGDW" else 2)
        track = run(optimizer, parameters, [[g] for g in gradients])
        for step, ((got,), g) in enumerate(zip(track, gradients, strict=True), 1):
            rates = {"multiplier": schedule(step), **options}
            if name == "SGDW":
                theta, *state = module.sgdw_step(theta, array_of(g), *state, 0.1, 0.9, **rates)
            else:
                theta, *state = module.adamw_step(theta, array_of(g), *state, step, 0.1, **rates)
            np.testing.assert_allclose(got, array(theta), rtol=1e-12, err_msg=f"{name}, step {step}")


def test_cosine_by_hand(side):
    """Period 4: cos of 0, 45, 90 and 135 degrees; then the period doubles."""
    multiplier = side[0].cosine_multiplier
    half = np.sqrt(0.5)
    period = [1, 0.5 + 0.5 * half, 0.5, 0.5 - 0.5 * half]
    np.testing.assert_allclose([multiplier(t, 4) for t in range(1, 13)], period * 3, atol=1e-15)
    grown = [multiplier(t, 2, growth=2) for t in range(1, 8)]
    np.testing.assert_allclose(grown, [1, 0.5, *period, 1], atol=1e-15)


def test_constant_and_normalised_by_hand(side):
    module, _ = side
    assert [module.constant_multiplier(t) for t in (1, 2, 1000)] == [1.0, 1.0, 1.0]
    # 128 images a batch, 50,000 images, 100 epochs: 39,062.5 updates
    assert module.normalized_weight_decay(0.05, 128, 50_000, 100) == pytest.approx(0.05 / np.sqrt(39_062.5), rel=1e-12)
