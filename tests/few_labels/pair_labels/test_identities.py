"""pair_labels against limits, symmetries, and what may carry a gradient."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from mylib import engine
from mylib.few_labels.pair_labels import pytorch, scratch
from tests.few_labels.pair_labels.cases import RNG, SIDES, guesses, softmax, tracked
from tests.twins import array

NN = {scratch: engine.nn, pytorch: torch.nn}

# sharpening


def test_temperature_one_changes_nothing_and_zero_takes_all(side):
    module, make = side
    q = guesses(0, 30, 5)
    np.testing.assert_allclose(array(module.sharpen(make(q), 1.0)), q, rtol=1e-12)
    np.testing.assert_allclose(array(module.sharpen(make(q), 1e-6)), np.eye(5)[q.argmax(axis=1)], atol=1e-12)


def test_equal_largest_classes_share_and_a_uniform_guess_stays(side):
    module, make = side
    got = array(module.sharpen(make(np.array([[0.4, 0.2, 0.4], [1 / 3] * 3])), 1e-6))
    np.testing.assert_allclose(got, [[0.5, 0, 0.5], [1 / 3] * 3], atol=1e-12)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10**6), st.floats(0.05, 0.95), st.integers(2, 12))
def test_sharpening_keeps_the_order_and_lowers_the_entropy(seed, temperature, classes):
    q = guesses(seed, 7, classes)
    for module, make in SIDES.values():
        got = array(module.sharpen(make(q), temperature))
        np.testing.assert_allclose(got.sum(axis=1), 1, rtol=1e-12)
        assert (got.max(axis=1) >= q.max(axis=1) - 1e-12).all()
        np.testing.assert_array_equal(got.argmax(axis=1), q.argmax(axis=1))
        entropies = [array(module.entropy(make(np.log(np.maximum(one, 1e-300))))) for one in (got, q)]
        assert (entropies[0] <= entropies[1] + 1e-9).all()


def test_sharpening_twice_is_sharpening_by_the_product(side):
    module, make = side
    q = make(guesses(1, 10, 4))
    np.testing.assert_allclose(
        array(module.sharpen(module.sharpen(q, 0.5), 0.4)), array(module.sharpen(q, 0.2)), atol=1e-12
    )


def test_axes_in_front_are_kept_and_zeros_stay_zero(side):
    module, make = side
    q = make(np.array([[[1.0, 0.0], [0.25, 0.75]]], np.float32))
    got = module.sharpen(q)
    assert got.shape == (1, 2, 2)
    assert array(got).dtype == np.float32
    np.testing.assert_allclose(array(got), [[[1, 0], [0.1, 0.9]]], rtol=1e-6)
    assert module.sharpen(make(np.zeros((0, 3)))).shape == (0, 3)


# guesses


def linear(module, seed=2, inputs=6, classes=4):
    model = NN[module].Linear(inputs, classes).double()
    rng = RNG(seed)
    state = {"weight": torch.tensor(rng.normal(size=(classes, inputs))), "bias": torch.tensor(rng.normal(size=classes))}
    model.load_state_dict(state)
    return model


def test_equal_views_are_one_view_and_the_order_of_views_does_not_matter(side):
    module, make = side
    model, views = linear(module), RNG(3).normal(size=(3, 5, 6))
    one = array(module.average_pseudo_label(model, make(views[:1])))
    same = array(module.average_pseudo_label(model, make(views[[0, 0, 0]])))
    np.testing.assert_allclose(same, one, rtol=1e-12)
    turned = array(module.average_pseudo_label(model, make(views[::-1].copy())))
    np.testing.assert_allclose(turned, array(module.average_pseudo_label(model, make(views))), rtol=1e-12)


def test_each_image_is_averaged_over_its_own_views(side):
    module, make = side
    model, views = linear(module), RNG(4).normal(size=(3, 5, 6))
    state = {name: np.asarray(value) for name, value in model.state_dict().items()}
    p = softmax(views @ state["weight"].T + state["bias"])
    mean = np.array([[p[:, image, c].mean() for c in range(4)] for image in range(5)])
    expected = mean**2 / (mean**2).sum(axis=1, keepdims=True)
    np.testing.assert_allclose(array(module.average_pseudo_label(model, make(views))), expected, rtol=1e-10)


@pytest.mark.parametrize("training", [True, False])
def test_the_model_answers_in_eval_mode_and_gets_its_modes_back(side, training):
    module, make = side
    nn = NN[module]
    model = nn.Sequential(linear(module), nn.Dropout(0.5), linear(module, 5, 4)).train(training)
    model[1].train(not training)
    views = make(RNG(6).normal(size=(2, 5, 6)))
    first, second = (array(module.average_pseudo_label(model, views)) for _ in range(2))
    np.testing.assert_array_equal(first, second)
    assert [one.training for one in (model, *model)] == [training, training, not training, training]


def test_modes_come_back_after_an_error_too(side):
    module, make = side
    model = NN[module].Sequential(linear(module)).train()
    with pytest.raises((ValueError, RuntimeError)):
        module.average_pseudo_label(model, make(np.ones((2, 3, 5))))
    assert model.training
    assert model[0].training


def test_a_guess_has_no_graph_and_leaves_no_gradient(side):
    module, make = side
    model = linear(module)
    guess = module.average_pseudo_label(model, make(np.ones((2, 3, 6))))
    assert not getattr(guess, "requires_grad", False)
    assert all(parameter.grad is None for parameter in model.parameters())


# how alike


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10**6), st.integers(1, 9))
def test_the_coefficient_is_symmetric_and_one_only_for_equals(seed, classes):
    p, q = guesses(seed, 6, classes), guesses(seed + 1, 6, classes)
    for module, make in SIDES.values():
        one, other = (array(module.bhattacharyya(make(a), make(b))) for a, b in ((p, q), (q, p)))
        np.testing.assert_allclose(one, other, rtol=1e-12)
        assert ((one >= 0) & (one <= 1 + 1e-12)).all()
        np.testing.assert_allclose(array(module.bhattacharyya(make(p), make(p))), 1, rtol=1e-12)


def test_the_coefficient_has_a_finite_slope_at_zero(side):
    module, make = side
    p, q = tracked(module, np.array([[1.0, 0.0, 0.0]])), tracked(module, np.array([[0.25, 0.75, 0.0]]))
    module.bhattacharyya(p, q).sum().backward()
    np.testing.assert_allclose(array(p.grad), [[0.25, 0, 0]])  # 1/2 sqrt(q / p)
    np.testing.assert_allclose(array(q.grad), [[1.0, 0, 0]])


# pairs


def test_one_sure_class_for_all_is_the_distance_to_it(side):
    """q = one-hot c for all: L_P = 2 mean (1 - sqrt(p_c)); the 2 counts each pair in both orders."""
    module, make = side
    logits = RNG(7).normal(size=(8, 5))
    got = module.pair_loss(make(logits), make(np.eye(5)[[2] * 8])).item()
    assert got == pytest.approx(2 * np.mean(1 - np.sqrt(softmax(logits)[:, 2])), rel=1e-12)


def test_no_guess_is_surer_than_one(side):
    module, make = side
    logits = tracked(module, RNG(8).normal(size=(6, 3)))
    loss = module.pair_loss(logits, make(np.eye(3)[[0, 0, 1, 1, 2, 2]]), confidence=1.0)
    loss.backward()
    assert loss.item() == 0.0
    np.testing.assert_array_equal(array(logits.grad), 0)


@pytest.mark.parametrize("n", [1, 2, 5])
def test_no_pair_is_a_loss_of_zero_with_a_gradient_of_zero(side, n):
    module, make = side
    logits = tracked(module, RNG(9).normal(size=(n, 5)))
    loss = module.pair_loss(logits, make(np.eye(5)[:n]))
    loss.backward()
    assert loss.item() == 0.0
    np.testing.assert_array_equal(array(logits.grad), 0)


def test_guesses_get_no_gradient(side):
    module, make = side
    logits, q = tracked(module, RNG(10).normal(size=(12, 4))), tracked(module, guesses(10))
    loss = module.pair_loss(logits, q, 0.5, 0.5)
    loss.backward()
    assert loss.item() > 0
    assert np.abs(array(logits.grad)).max() > 0
    assert q.grad is None or not np.abs(array(q.grad)).any()


@pytest.mark.parametrize("apart", [200.0, 2000.0])
def test_logits_far_apart_and_guesses_with_zeros_give_numbers(side, apart):
    module, make = side
    for dtype in (np.float32, np.float64):
        logits = tracked(module, np.array([[apart, 0, 0], [0, apart, 0]], dtype))
        loss = module.pair_loss(logits, make(np.eye(3, dtype=dtype)[[1, 1]]))
        loss.backward()
        assert loss.item() == pytest.approx(1.0)
        assert np.isfinite(array(logits.grad)).all()


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10**6), st.integers(2, 9), st.floats(0, 1), st.floats(0, 1))
def test_products_and_loops_agree(seed, n, confidence, similarity):
    q, logits = guesses(seed, n, 3), RNG(seed).normal(size=(n, 3))
    ours, loops = tracked(scratch, logits), tracked(scratch, logits)
    one = scratch.pair_loss(ours, q, confidence, similarity)
    two = scratch.pair_loss_loops(loops, q, confidence, similarity)
    one.backward(), two.backward()
    assert one.item() == pytest.approx(two.item(), rel=1e-9, abs=1e-12)
    np.testing.assert_allclose(ours.grad, loops.grad, rtol=1e-9, atol=1e-12)


def test_the_order_of_the_views_does_not_matter(side):
    module, make = side
    q, logits, order = guesses(11), RNG(11).normal(size=(12, 4)), RNG(12).permutation(12)
    one = module.pair_loss(make(logits), make(q), 0.5, 0.5).item()
    assert module.pair_loss(make(logits[order]), make(q[order]), 0.5, 0.5).item() == pytest.approx(one, rel=1e-12)


def test_nothing_is_changed_in_place(side):
    module, make = side
    q, logits = make(guesses(13)), make(RNG(13).normal(size=(12, 4)))
    kept = array(q).copy(), array(logits).copy()
    module.sharpen(q), module.pair_loss(logits, q, 0.5, 0.5), module.bhattacharyya(q, q)
    np.testing.assert_array_equal(array(q), kept[0])
    np.testing.assert_array_equal(array(logits), kept[1])


# training


def small(module, seed=0, **options):
    """SimPLE on 14 x 14 noise with a linear model."""
    rng, nn = RNG(seed), NN[module]
    images, labels = rng.random((6, 1, 14, 14)), np.array([0, 1, 2, 0, 1, 2])
    model = nn.Sequential(nn.Flatten(), nn.Linear(196, 3)).double()
    weights = {"1.weight": rng.normal(0, 0.2, (3, 196)), "1.bias": rng.normal(size=3)}
    model.load_state_dict({name: torch.tensor(value) for name, value in weights.items()})
    make = np.asarray if module is scratch else torch.tensor
    optimizer = (engine if module is scratch else torch).optim.SGD(model.parameters(), 0.1)
    unlabelled = make(rng.random((9, 1, 14, 14)))
    options = {"batch_size": 4, "confidence": 0.4, "similarity": 0.5} | options
    return module.SimPLE(model, optimizer, (make(images), make(labels)), unlabelled, **options)


def weights_of(model):
    return {name: array(value).copy() for name, value in model.state_dict().items()}


def test_the_loss_is_the_sum_of_its_parts_with_their_weights(side):
    module, _ = side
    training = small(module, unlabelled_weight=3.0, pair_weight=7.0, ramp_up_steps=4)
    for step in range(6):
        found = {name: float(value) for name, value in training.step().items()}
        r = min(1, step / 4)
        expected = found["supervised"] + r * (3 * found["unlabelled"] + 7 * found["pair"])
        assert found["loss"] == pytest.approx(expected, rel=1e-9)
        assert found["pair"] > 0
        assert 0 < found["anchors"] <= 1


def test_without_weights_and_ramp_it_is_supervised_training_with_the_same_views(side):
    """r = 0 at every step of a long ramp equals weights of 0."""
    module, _ = side
    plain, ramped = small(module, unlabelled_weight=0.0, pair_weight=0.0), small(module, ramp_up_steps=10**12)
    for _ in range(3):
        plain.step(), ramped.step()
    for name, value in weights_of(plain.model).items():
        np.testing.assert_allclose(weights_of(ramped.model)[name], value, rtol=1e-8)


def test_the_average_follows_by_its_share(side):
    module, _ = side
    training = small(module, decay=0.75)
    average = weights_of(training.average)
    for _ in range(3):
        training.step()
        now = weights_of(training.model)
        average = {name: 0.75 * value + 0.25 * now[name] for name, value in average.items()}
        for name, value in weights_of(training.average).items():
            np.testing.assert_allclose(value, average[name], rtol=1e-12)


def test_a_step_is_no_longer_than_the_clipped_gradient(side):
    module, _ = side
    training = small(module, max_norm=0.01)
    before = weights_of(training.model)
    training.step()
    moved = np.sqrt(sum(((value - before[name]) ** 2).sum() for name, value in weights_of(training.model).items()))
    assert moved == pytest.approx(0.1 * 0.01, rel=1e-3)  # torch divides by the norm plus 1e-6


def test_a_seed_repeats_itself_and_another_one_does_not(side):
    module, _ = side
    losses = [[float(small(module, seed=0) and t.step()["loss"]) for _ in range(2)] for t in _three(module)]
    assert losses[0] == losses[1] != losses[2]


def _three(module):
    first, second, third = (small(module) for _ in range(3))
    third.rng = RNG(1)
    return first, second, third


def test_running_statistics_go_to_the_average(side):
    module, _ = side
    nn = NN[module]
    training = small(module)
    model = nn.Sequential(nn.BatchNorm2d(1), nn.Flatten(), nn.Linear(196, 3)).double()
    optimizer = (engine if module is scratch else torch).optim.SGD(model.parameters(), 0.1)
    training = module.SimPLE(model, optimizer, (training.images, training.labels), training.unlabelled, batch_size=4)
    training.step()
    ours, theirs = weights_of(training.average), weights_of(model)
    np.testing.assert_array_equal(ours["0.running_mean"], theirs["0.running_mean"])
    assert theirs["0.running_mean"][0] != 0


def test_unlabelled_images_teach_two_blobs():
    """Two classes, one label each, on images of two patterns: the average names nearly all of the others."""
    rng = RNG(20)
    patterns = np.zeros((2, 1, 14, 14), np.float32)
    patterns[0, 0, 3:6, 3:11], patterns[1, 0, 3:11, 4:7] = 0.8, 0.8
    labels = rng.integers(0, 2, 60)
    images = np.clip(patterns[labels] + rng.normal(0, 0.1, (60, 1, 14, 14)), 0, 1).astype(np.float32)
    first = [int(np.flatnonzero(labels == c)[0]) for c in (0, 1)]
    torch.manual_seed(0)
    model = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(196, 2))
    optimizer = torch.optim.SGD(model.parameters(), 0.1)
    known = torch.tensor(images[first]), torch.tensor(labels[first])
    unlabelled = torch.tensor(images)
    training = pytorch.SimPLE(model, optimizer, known, unlabelled, batch_size=16, decay=0.9, ramp_up_steps=80)
    for _ in range(80):
        training.step()
    right = (training.average(torch.tensor(images)).argmax(dim=1).numpy() == labels).mean()
    assert right > 0.9  # chance 0.5, standard error 0.065
