"""test_time against closed forms, limits and identities."""

import copy

import numpy as np
import pytest
import torch

from mylib.few_labels.curriculum_labels import pytorch as labels_pytorch
from mylib.few_labels.curriculum_labels import scratch as labels_scratch
from tests.trust.test_time.cases import SIDES, images, network, prepared, randomise, state, values

ENTROPY = {"scratch": labels_scratch, "pytorch": labels_pytorch}


def test_entropy_is_that_of_curriculum_labels(side):
    assert side.functions.entropy in {labels_scratch.entropy, labels_pytorch.entropy}


@pytest.mark.parametrize("momentum", [0.0, 0.9])
def test_after_steps_all_but_scale_and_shift_is_bit_equal(side, momentum):
    model, _, tent = prepared(side, momentum=momentum)
    names, before = side.functions.collect_params(model)[1], state(model)
    for seed in range(3):
        tent(side.make(images(seed)))
    for name, value in state(model).items():
        assert np.array_equal(value, before[name]) == (name not in names), name


def test_a_learning_rate_of_0_is_batch_statistics_alone(side):
    model, _, tent = prepared(side, rate=0.0)
    plain, before = copy.deepcopy(model), state(model)
    for seed in range(3):
        x = side.make(images(seed))
        np.testing.assert_array_equal(values(tent(x)), values(plain(x)))
    for name, value in state(model).items():
        np.testing.assert_array_equal(value, before[name])


@pytest.mark.parametrize("optimizer", ["sgd", "adam"])
def test_reset_brings_back_weights_and_the_memory_of_the_optimizer(side, optimizer):
    model = network(side.nn).double()
    randomise(model, 1)
    side.functions.configure_model(model)
    parameters, _ = side.functions.collect_params(model)
    made = side.sgd(parameters, 0.05, 0.9) if optimizer == "sgd" else side.adam(parameters, 0.01)
    tent, before = side.functions.Tent(model, made), state(model)
    runs = []
    for _ in range(3):  # three times: what reset loads must not be what the next steps write into
        runs.append([values(tent(side.make(images(seed)))).copy() for seed in range(4)])
        tent.reset()
        for name, value in state(model).items():
            np.testing.assert_array_equal(value, before[name])
    np.testing.assert_array_equal(runs[0], runs[1])
    np.testing.assert_array_equal(runs[0], runs[2])
    assert not np.array_equal(runs[0][0], runs[0][1])


@pytest.mark.parametrize("optimizer", ["sgd", "adam"])
def test_reset_keeps_what_the_optimizer_remembered_before(side, optimizer):
    model = network(side.nn).double()
    randomise(model, 2)
    side.functions.configure_model(model)
    parameters, _ = side.functions.collect_params(model)
    made = side.sgd(parameters, 0.05, 0.9) if optimizer == "sgd" else side.adam(parameters, 0.01)
    side.functions.Tent(model, made)(side.make(images(8)))  # now it has moments
    tent = side.functions.Tent(model, made)
    runs = []
    for _ in range(3):
        runs.append([values(tent(side.make(images(seed)))).copy() for seed in range(3)])
        tent.reset()
    np.testing.assert_array_equal(runs[0], runs[1])
    np.testing.assert_array_equal(runs[0], runs[2])


def test_episodes_do_not_depend_on_each_other(side):
    model, _, tent = prepared(side, episodic=True)
    x, other = side.make(images(1)), side.make(images(2))
    first = values(tent(x))
    tent(other)
    np.testing.assert_array_equal(values(tent(x)), first)
    np.testing.assert_array_equal(values(tent(x)), first)


def test_episodic_with_one_step_answers_as_batch_statistics_do(side):
    model, _, tent = prepared(side, episodic=True)
    plain = copy.deepcopy(model)
    for seed in range(3):
        x = side.make(images(seed))
        np.testing.assert_array_equal(values(tent(x)), values(plain(x)))  # the step helps nobody


def test_steps_on_one_batch_lower_its_entropy(side):
    _, _, tent = prepared(side, rate=0.01, momentum=0.0)
    x = side.make(images(3, count=20))
    found = [values(side.functions.entropy(tent(x))).mean() for _ in range(20)]
    assert (np.diff(found) < 0).all()


def test_the_order_of_a_batch_only_orders_its_answers(side):
    order = np.random.default_rng(0).permutation(8)
    x, answers = images(4), []
    for taken in (np.arange(8), order):
        model, _, tent = prepared(side)
        tent(side.make(x[taken]))
        answers.append(values(tent(side.make(x[taken]))))
    np.testing.assert_allclose(answers[0][order], answers[1], rtol=1e-9)


def test_scaling_and_shifting_images_per_channel_changes_nothing_where_the_norm_comes_first(side):
    # Batch statistics take out brightness and contrast of each channel; running ones do not.
    def first(nn):
        return nn.Sequential(nn.BatchNorm2d(2, eps=1e-15), nn.Conv2d(2, 4, 3), nn.Flatten(), nn.Linear(64, 3))

    x = images(5)
    changed = x * np.array([3.0, 0.2])[:, None, None] + np.array([-1.0, 4.0])[:, None, None]
    answers = []
    for given in (x, changed):
        _, _, tent = prepared(side, make=first)
        tent(side.make(given))
        answers.append(values(tent(side.make(given))))
    np.testing.assert_allclose(answers[0], answers[1], rtol=1e-8)


def test_the_step_happens_under_the_callers_no_grad(side):
    model, _, tent = prepared(side)
    free = copy.deepcopy(model), side.functions
    before, x = state(model), side.make(images(6))
    with side.no_grad():
        tent(x)
        after = state(model)
        assert not np.array_equal(after["1.weight"], before["1.weight"])
        leaf = side.make(np.ones(2))
        leaf.requires_grad = True
        assert not (leaf * 2).requires_grad  # and no_grad still holds afterwards
    optimizer = side.sgd(side.functions.collect_params(free[0])[0], 0.05, 0.9)
    side.functions.Tent(free[0], optimizer)(x)
    np.testing.assert_array_equal(state(free[0])["1.weight"], after["1.weight"])


def test_an_answer_has_no_graph_and_arguments_do_not_change(side):
    _, _, tent = prepared(side)
    given = images(7)
    x = side.make(given.copy())
    answer = tent(x)
    assert not answer.requires_grad
    np.testing.assert_array_equal(values(x), given)


def test_gradients_that_were_there_before_do_not_count(side):
    changed, x = [], side.make(images(8))
    for stale in (False, True):
        model, _, tent = prepared(side)
        if stale:
            (model(x) * 100).sum().backward()
        tent(x)
        changed.append(state(model)["1.weight"])
    np.testing.assert_array_equal(*changed)


def test_the_mode_of_the_model_does_not_matter(side):
    # eval before preparing, and train afterwards: no running statistics come back.
    answers = []
    for before, after in ((True, None), (False, None), (True, False)):
        model = network(side.nn).double()
        randomise(model, 9)
        model.train(before)
        side.functions.configure_model(model)
        if after is not None:
            model.train(after)
        tent = side.functions.Tent(model, side.sgd(side.functions.collect_params(model)[0], 0.1))
        answers.append([values(tent(side.make(images(seed)))) for seed in range(2)])
    np.testing.assert_array_equal(answers[0], answers[1])
    np.testing.assert_array_equal(answers[0], answers[2])


def test_convnets_own_norm_adapts_as_the_engines(side):
    found = []
    for norm in (None, side.convnets.BatchNorm2d):
        model, _, tent = prepared(side, make=lambda nn, norm=norm: network(nn, norm))
        found.append([values(tent(side.make(images(seed)))) for seed in range(3)])
    np.testing.assert_array_equal(*found)


def test_parameters_are_found_by_kind_once_and_without_scale_none(side):
    nn = side.nn
    shared = nn.BatchNorm2d(2)
    tied = nn.BatchNorm2d(2)
    tied.weight = shared.weight
    model = nn.Sequential(shared, nn.Sequential(shared, nn.BatchNorm2d(2, affine=False)), tied, nn.LayerNorm(6))
    parameters, names = side.functions.collect_params(model)
    assert names == ["0.weight", "0.bias", "2.bias"]
    assert [id(one) for one in parameters] == [id(shared.weight), id(shared.bias), id(tied.bias)]
    assert side.functions.collect_params(shared)[1] == ["weight", "bias"]


def test_norms_without_scale_use_the_batch_too(side):
    nn = side.nn
    model = nn.Sequential(nn.BatchNorm2d(2, affine=False), nn.BatchNorm2d(2)).double()
    x = side.make(images(10))
    side.functions.configure_model(model)
    np.testing.assert_allclose(values(model(x)).mean(axis=(0, 2, 3)), 0, atol=1e-12)


def test_huge_logits_give_numbers(side):
    model, _, tent = prepared(side)
    weights = state(model)
    weights["8.weight"] *= 1e5
    if isinstance(model, torch.nn.Module):
        weights = {name: torch.tensor(value) for name, value in weights.items()}
    model.load_state_dict(weights)
    answers = [values(tent(side.make(images(seed)))) for seed in range(3)]
    assert np.abs(answers[0]).max() > 1e4
    assert np.isfinite(answers).all()
    assert all(np.isfinite(value).all() for value in state(model).values())


def test_pseudo_labels_below_the_threshold_teach_nothing(side):
    losses = ENTROPY["scratch" if side.functions.__name__.endswith("scratch") else "pytorch"]
    used = []

    def loss(logits):
        value, chosen = losses.consistency_loss(logits, logits, 0.9)
        used.append(int(values(chosen).sum()) if hasattr(chosen, "detach") else int(chosen.sum()))
        return value

    model, _, tent = prepared(side, momentum=0.0, loss=loss)
    before, x = state(model), images(11)
    weights = {name: value * (0.01 if name.startswith("8") else 1) for name, value in before.items()}
    if isinstance(model, torch.nn.Module):
        weights = {name: torch.tensor(value) for name, value in weights.items()}
    model.load_state_dict(weights)  # nobody is sure
    tent(side.make(x))
    np.testing.assert_array_equal(state(model)["1.weight"], before["1.weight"])
    tent.reset()
    tent(side.make(x))  # some are
    assert used[0] == 0 < used[1]
    assert not np.array_equal(state(model)["1.weight"], before["1.weight"])


def test_a_last_batch_of_one_image_has_its_positions_as_statistics(side):
    _, _, tent = prepared(side)
    assert values(tent(side.make(images(12, count=1)))).shape == (1, 3)


def test_inference_mode_does_not_stop_the_step():
    model, _, tent = prepared(SIDES["pytorch"])
    before = state(model)
    with torch.inference_mode():
        answer = tent(torch.tensor(images(13)) * 1)
    assert answer.shape == (8, 3)
    assert not np.array_equal(state(model)["1.weight"], before["1.weight"])


@pytest.mark.parametrize(("norm", "shape"), [("BatchNorm1d", (6, 4)), ("BatchNorm3d", (6, 4, 2, 3, 3))])
def test_every_batch_norm_of_torch_adapts(norm, shape):
    side, x = SIDES["pytorch"], torch.tensor(np.random.default_rng(0).normal(3, 2, shape))
    model = torch.nn.Sequential(getattr(torch.nn, norm)(4), torch.nn.Flatten()).double()
    side.functions.configure_model(model)
    parameters, names = side.functions.collect_params(model)
    assert names == ["0.weight", "0.bias"]
    side.functions.Tent(model, side.sgd(parameters, 0.1))(x)
    assert not torch.equal(parameters[0], torch.ones_like(parameters[0]))
