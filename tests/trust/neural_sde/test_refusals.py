"""What neural_sde refuses, and with which words."""

import numpy as np
import pytest

from mylib import engine
from tests.trust.neural_sde.cases import NN, field, sde_net

SOLVERS = ("odeint", "odeint_adjoint", "sdeint")


def call(name, module, make, solver, y0=None, t=(0.0, 1.0), **options):
    """One of the three solvers of a side."""
    y0 = make(np.ones((2, 3))) if y0 is None else y0
    if solver == "sdeint":
        return module.sdeint(lambda t, y: -y, lambda t, y: 0.1, y0, t, **options)
    return getattr(module, solver)(field(name), y0, t, **options)


@pytest.mark.parametrize("solver", SOLVERS)
@pytest.mark.parametrize("t", [[0.0, 1.0, 0.5], [0.0, 0.0], [0.0, np.nan], [0.0, np.inf]])
def test_times_that_turn_round_are_refused(name, side, solver, t):
    module, make = side
    way = "rising throughout" if solver == "sdeint" else "rising or falling throughout"
    operation = "sdeint" if solver == "sdeint" else "odeint"
    for given in (t, make(t)):
        with pytest.raises(ValueError, match=rf"{operation}: expected t {way}, got \[0.0, .*\]; "):
            call(name, module, make, solver, t=given)


def test_a_stochastic_equation_is_not_solved_backwards(name, side):
    module, make = side
    with pytest.raises(ValueError, match=r"got \[1.0, 0.0\]; an SDE is solved forwards only"):
        call(name, module, make, "sdeint", t=[1.0, 0.0])


@pytest.mark.parametrize("solver", SOLVERS)
@pytest.mark.parametrize("t", [0.5, [], [[0.0, 1.0]]])
def test_times_are_a_row_of_at_least_one(name, side, solver, t):
    module, make = side
    with pytest.raises(ValueError, match=r"expected t \(times,\) with times of at least 1, got .*; give the times"):
        call(name, module, make, solver, t=make(np.array(t, np.float64)))


@pytest.mark.parametrize("solver", SOLVERS)
def test_steps_are_whole_and_at_least_one(name, side, solver):
    module, make = side
    for steps in (0, -1):
        with pytest.raises(ValueError, match=f"int: expected steps of at least 1, got {steps}; steps are"):
            call(name, module, make, solver, steps=steps)
    with pytest.raises(ValueError, match=r"int: expected steps as a whole number, got 1.5; round it"):
        call(name, module, make, solver, steps=1.5)


@pytest.mark.parametrize("solver", SOLVERS[:2])
def test_unknown_methods_are_quoted(name, side, solver):
    module, make = side
    with pytest.raises(ValueError, match="odeint: expected method of 'euler' or 'midpoint' or 'rk4', got 'dopri5'"):
        call(name, module, make, solver, method="dopri5")


@pytest.mark.parametrize("solver", SOLVERS)
def test_states_of_whole_numbers_are_refused(name, side, solver):
    module, make = side
    with pytest.raises(TypeError, match="int: expected y0 of floating point, got .*int64; convert it first"):
        call(name, module, make, solver, y0=make(np.ones((2, 3), np.int64)))


def test_a_slope_must_not_change_the_shape_of_the_state(side):
    module, make = side
    with pytest.raises(ValueError, match=r"odeint: expected func\(t, y\) of a shape .* to y \(3,\), got \(2, 3\)"):
        module.odeint(lambda t, y: make(np.ones((2, 3))), make(np.ones(3)), [0.0, 1.0])
    zero = lambda t, y: 0.0  # noqa: E731
    with pytest.raises(ValueError, match=r"sdeint: expected diffusion\(t, y\) .* \(4, 3\), got \(4,\); .*g\[:, None\]"):
        module.sdeint(zero, lambda t, y: make(np.ones(4)), make(np.ones((4, 3))), [0.0, 1.0])
    with pytest.raises(ValueError, match=r"sdeint: expected drift\(t, y\) .* \(4, 3\), got \(4, 2\)"):
        module.sdeint(lambda t, y: make(np.ones((4, 2))), zero, make(np.ones((4, 3))), [0.0, 1.0])


def test_the_adjoint_wants_a_module(side):
    module, make = side
    with pytest.raises(TypeError, match="odeint_adjoint: expected func as a Module, .*, got function; odeint"):
        module.odeint_adjoint(lambda t, y: y, make(np.ones(2)), [0.0, 1.0])


def test_the_adjoint_in_numpy_says_when_it_cannot_differentiate():
    from mylib.trust.neural_sde import scratch

    loss = scratch.odeint_adjoint(field("scratch"), np.ones((2, 3)), [0.0, 1.0]).sum()
    with engine.no_grad(), pytest.raises(RuntimeError, match="odeint_adjoint: backward.. inside no_grad cannot"):
        loss.backward()


def test_noise_has_a_draw_for_each_step(name, side):
    module, make = side
    for shape in ((3, 2, 3), (2, 2, 2), (2, 3)):
        with pytest.raises(ValueError, match=r"sdeint: expected noise \(2, 2, 3\), got .*; one draw of y0's shape"):
            call(name, module, make, "sdeint", steps=2, noise=make(np.ones(shape)))
    net = sde_net(name, depth=4)
    with pytest.raises(ValueError, match=r"expected noise \(4, 5, 4\), got \(5, 4\)"):
        net(make(np.ones((5, 1, 2, 2))), make(np.ones((5, 4))))


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"dim": 0}, "dim, hidden and depth of at least 1, got 0, 6 and 4"),
        ({"depth": 0}, "dim, hidden and depth of at least 1, got 4, 6 and 0"),
        ({"horizon": 0}, "horizon above 0, got 0; it is the time at which the equation ends"),
        ({"sigma": -0.1}, "sigma of at least 0, got -0.1; 0 leaves an ordinary differential equation"),
    ],
)
def test_nets_refuse_sizes(name, side, options, words):
    module, nn = side[0], NN[name]
    given = {"dim": 4, "hidden": 6, "depth": 4} | options
    with pytest.raises(ValueError, match=f"SDENet: expected {words}"):
        module.SDENet(nn.Flatten(), nn.Identity(), **given)


def test_nets_refuse_encoders_of_another_size(name, side):
    module, make = side
    nn = NN[name]
    net = module.SDENet(nn.Identity(), nn.Identity(), 4)
    for shape in ((2, 3), (2, 1, 2, 2)):
        for function in (net, net.diffusion_logits):
            with pytest.raises(ValueError, match=r"SDENet: expected encoded \(batch, 4\), got .*; end the encoder"):
                function(make(np.ones(shape, np.float32)))


def test_losses_refuse_shapes_and_deviations(side):
    module, make = side
    for inside, outside in ((np.ones(0), np.ones(2)), (np.ones(2), np.ones((2, 1)))):
        with pytest.raises(ValueError, match=r"diffusion_loss: expected logits_in \(n,\) .* and logits_out \(m,\)"):
            module.diffusion_loss(make(inside), make(outside))
    with pytest.raises(ValueError, match=r"gaussian_nll: expected mean .*, got \(2,\) and \(1,\) and \(2,\); shapes"):
        module.gaussian_nll(make(np.ones(2)), make(np.ones(1)), make(np.ones(2)))
    with pytest.raises(ValueError, match=r"gaussian_nll: expected at least one target, got shape \(0,\)"):
        module.gaussian_nll(*[make(np.ones(0))] * 3)
    for bad in (0.0, -1.0, np.nan):
        with pytest.raises(ValueError, match=r"gaussian_nll: expected deviations above 0, got \[.*\]; softplus"):
            module.gaussian_nll(make([1.0, 1.0]), make([1.0, bad]), make([1.0, 1.0]))


def test_uncertainty_refuses_what_are_no_probabilities(side):
    module, make = side
    words = "classification_uncertainty: expected probabilities of at least 0 that add up to 1 within 0.0001, got"
    for row in ([0.5, 0.5002], [0.5, 0.4998], [1.5, -0.5], [np.nan, 1.0], [2.0, 1.0]):
        with pytest.raises(ValueError, match=words):
            module.classification_uncertainty(make([[[0.5, 0.5], row]]))
    module.classification_uncertainty(make([[[0.5, 0.50009]]]))
    for shape in ((2, 3), (0, 2, 3)):
        with pytest.raises(ValueError, match=r"expected probabilities .*; one pass: probabilities\[None\]"):
            module.classification_uncertainty(make(np.ones(shape)))
    with pytest.raises(ValueError, match=r"regression_uncertainty: expected means .*; one pass: means\[None\]"):
        module.regression_uncertainty(make(np.ones((2, 3))), make(np.ones((2, 2))))
    for bad in (-0.1, np.nan):
        with pytest.raises(ValueError, match="regression_uncertainty: expected deviations at least 0, got"):
            module.regression_uncertainty(make([[1.0, 1.0]]), make([[bad, 1.0]]))
    module.regression_uncertainty(make([[1.0]]), make([[0.0]]))


def test_auroc_refuses_nothing_and_nan(side):
    module, make = side
    for inside, outside in ((np.ones(0), np.ones(2)), (np.ones(2), np.ones(0)), (np.ones((2, 1)), np.ones(2))):
        with pytest.raises(ValueError, match=r"auroc: expected scores_in \(n,\) .* and scores_out \(m,\)"):
            module.auroc(make(inside), make(outside))
    for inside, outside in (([np.nan, 1.0], [1.0]), ([1.0], [0.0, np.nan])):
        with pytest.raises(ValueError, match="auroc: expected scores that can be ordered, got NaN; drop"):
            module.auroc(make(inside), make(outside))
