"""Shapes, numbers, schedules, parameters and states that optimizers refuses, and that nothing is updated then."""

import numpy as np
import pytest
import torch

from mylib import engine
from mylib.training.optimizers import pytorch, scratch
from tests.training.optimizers.cases import leaves, run
from tests.twins import array

BAD_NUMBERS = [
    ("learning_rate", -0.1, "learning_rate as a finite number of at least 0, got -0.1"),
    ("learning_rate", float("nan"), "learning_rate as a finite number of at least 0, got nan"),
    ("learning_rate", float("inf"), "got inf"),
    ("weight_decay", -1, "weight_decay as a finite number of at least 0, got -1"),
    ("momentum", 1.0, "momentum from 0 to below 1, got 1.0"),
    ("momentum", -0.5, "momentum from 0 to below 1"),
    ("betas", (0.9, 1.0), "betas from 0 to below 1, got 1.0"),
    ("betas", (-0.1, 0.9), "betas from 0 to below 1, got -0.1"),
    ("betas", (0.9,), "betas of two numbers"),
    ("eps", -1e-8, "eps as a finite number"),
]


@pytest.mark.parametrize(("option", "value", "message"), BAD_NUMBERS)
def test_numbers_out_of_range_are_refused(side, option, value, message):
    module, array_of = side
    one = array_of(np.ones(2))
    if option not in ("betas", "eps"):
        numbers = {"learning_rate": 0.1, "momentum": 0.9, "weight_decay": 0.0, option: value}
        with pytest.raises(ValueError, match=f"sgdw_step: expected .*{message}".replace("(", r"\(")):
            module.sgdw_step(one, one, one, **numbers)
        with pytest.raises(ValueError, match="SGDW: expected"):
            module.SGDW(leaves(module, [np.ones(2)]), **numbers)
    if option != "momentum":
        numbers = {"learning_rate": 0.1, option: value}
        with pytest.raises(ValueError, match=f"adamw_step: expected .*{message}".replace("(", r"\(")):
            module.adamw_step(one, one, one, one, 1, **numbers)
        with pytest.raises(ValueError, match="AdamW: expected"):
            module.AdamW(leaves(module, [np.ones(2)]), **numbers)


@pytest.mark.parametrize("multiplier", [-0.1, float("nan"), float("inf")])
def test_multipliers_out_of_range_are_refused(side, multiplier):
    module, array_of = side
    one = array_of(np.ones(2))
    with pytest.raises(ValueError, match="sgdw_step: expected multiplier as a finite number of at least 0"):
        module.sgdw_step(one, one, one, 0.1, 0.9, 0.0, multiplier)
    with pytest.raises(ValueError, match="adamw_step: expected multiplier"):
        module.adamw_step(one, one, one, one, 1, 0.1, multiplier=multiplier)


@pytest.mark.parametrize("step", [0, -1, 1.5, True])
def test_steps_that_do_not_count_from_1_are_refused(side, step):
    module, array_of = side
    one = array_of(np.ones(2))
    for call in (
        lambda: module.adamw_step(one, one, one, one, step, 0.1),
        lambda: module.cosine_multiplier(step, 10),
        lambda: module.constant_multiplier(step),
    ):
        with pytest.raises(ValueError, match="step as a whole number of at least 1, got .*; count from 1"):
            call()


def test_shapes_that_differ_are_refused(side):
    module, array_of = side
    two, three = array_of(np.ones(2)), array_of(np.ones((3, 1)))
    with pytest.raises(ValueError, match=r"sgdw_step: expected theta .*got \(2,\) and \(3, 1\) and \(2,\)"):
        module.sgdw_step(two, three, two, 0.1, 0.9, 0.0)
    with pytest.raises(ValueError, match="adamw_step: expected theta"):
        module.adamw_step(two, two, two, three, 1, 0.1)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -0.5])
def test_a_schedule_that_gives_no_multiplier_is_refused_and_nothing_moves(side, value):
    module = side[0]
    for name in ("SGDW", "AdamW"):
        parameters = leaves(module, [np.ones(2)])
        schedule = lambda step: 1.0 if step == 1 else value  # noqa: E731
        optimizer = getattr(module, name)(parameters, 0.1, weight_decay=0.1, schedule=schedule)
        before = run(optimizer, parameters, [[np.ones(2)]])[0][0]
        with pytest.raises(ValueError, match=f"{name}: expected a finite multiplier .* at step 2, got {value}"):
            run(optimizer, parameters, [[np.ones(2)]])
        np.testing.assert_array_equal(array(parameters[0].detach()), before)
        # and the step was not counted
        optimizer.schedule = lambda step: "1"
        with pytest.raises(TypeError, match="expected a number from the schedule at step 2, got str"):
            optimizer.step()


def test_what_is_no_schedule_is_refused(side):
    module = side[0]
    for name in ("SGDW", "AdamW"):
        with pytest.raises(TypeError, match="expected schedule as a function of the step or None, got float"):
            getattr(module, name)(leaves(module, [np.ones(2)]), 0.1, schedule=0.5)
    optimizer = module.SGDW(parameters := leaves(module, [np.ones(2)]), 0.1, schedule=lambda step: torch.ones(()))
    with pytest.raises(TypeError, match="a plain number, which no device has to be asked for"):
        run(optimizer, parameters, [[np.ones(2)]])


@pytest.mark.parametrize(
    ("period", "growth", "message"),
    [(0.5, 1, "period of? from 1"), (10, 0.9, "growth"), (float("nan"), 1, "period"), (float("inf"), 1, "period")],
)
def test_periods_that_shrink_are_refused(side, period, growth, message):
    with pytest.raises(ValueError, match="cosine_multiplier: expected " + message.replace(" of?", "")):
        side[0].cosine_multiplier(3, period, growth)


@pytest.mark.parametrize("numbers", [(-0.1, 1, 1, 1), (0.1, 0, 1, 1), (0.1, 1, -5, 1), (0.1, 1, 1, 0)])
def test_amounts_that_make_no_sense_are_refused(side, numbers):
    with pytest.raises(ValueError, match="normalized_weight_decay: expected"):
        side[0].normalized_weight_decay(*numbers)


def test_parameters_listed_twice_none_and_others_are_refused(side):
    module = side[0]
    (w,) = leaves(module, [np.ones(2)])
    for name in ("SGDW", "AdamW"):
        make = getattr(module, name)
        with pytest.raises(ValueError, match="twice"):
            make([w, w], 0.1)
        with pytest.raises(ValueError, match="parameter"):
            make([], 0.1)
        with pytest.raises(TypeError):
            make([np.ones(2)], 0.1)
        with pytest.raises((TypeError, ValueError), match="leaf"):
            make([w * 2], 0.1)


def test_scratch_refuses_several_dtypes_in_one_memory():
    weights = [engine.Tensor(np.ones(1, dtype), requires_grad=True) for dtype in (np.float32, np.float64)]
    with pytest.raises(ValueError, match="AdamW: parameters of several dtypes; use one optimizer for each"):
        scratch.AdamW(weights)


def test_torch_refuses_unknown_options_complex_weights_and_sparse_gradients():
    w = torch.ones(2, requires_grad=True)
    with pytest.raises(ValueError, match=r"AdamW: expected options of \['betas', .*got \['learning_rate'\]"):
        pytorch.AdamW([{"params": [w], "learning_rate": 0.1}])
    with pytest.raises(ValueError, match="AdamW: expected weight_decay"):
        pytorch.AdamW([{"params": [w], "weight_decay": -1}])
    with pytest.raises(TypeError, match="SGDW: expected real floating-point parameters"):
        pytorch.SGDW([torch.ones(2, dtype=torch.complex64, requires_grad=True)], 0.1)
    embedding = torch.nn.Embedding(3, 2, sparse=True)
    embedding(torch.tensor([0])).sum().backward()
    with pytest.raises(TypeError, match="SGDW: expected dense gradients"):
        pytorch.SGDW(embedding.parameters(), 0.1).step()


def test_scratch_refuses_the_state_of_another_optimizer():
    two, three = leaves(scratch, [np.ones(2), np.ones(3)])
    state = scratch.SGDW([two], 0.1).state_dict()
    with pytest.raises(ValueError, match="AdamW: expected a state with .*mean"):
        scratch.AdamW([two]).load_state_dict(state)
    with pytest.raises(ValueError, match=r"SGDW: expected a state with .*\(3,\)"):
        scratch.SGDW([three], 0.1).load_state_dict(state)
