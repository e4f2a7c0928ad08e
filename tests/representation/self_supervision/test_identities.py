"""What must hold whatever the numbers are."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from mylib import engine
from mylib.representation.self_supervision import pytorch, scratch
from mylib.representation.self_supervision.squares import draw_squares
from tests.representation.self_supervision.cases import RNG
from tests.twins import array

# rotations


def test_four_quarter_turns_are_none_and_turns_add_up(side):
    module, make = side
    images = make(RNG(3).normal(size=(3, 2, 4, 5)))
    turned = images
    for _ in range(4):
        turned = module.rotate90(turned, 1)
    np.testing.assert_array_equal(array(turned), array(images))
    twice = module.rotate90(module.rotate90(images, 3), 2)
    np.testing.assert_array_equal(array(twice), array(module.rotate90(images, 1)))


def test_what_comes_out_shares_no_memory_with_what_came_in(side):
    module, make = side
    images = RNG(4).normal(size=(2, 1, 3, 3))
    given = make(images.copy())
    for turns in (0, 2, make(np.zeros(2, np.int64))):
        array(module.rotate90(given, turns))[:] = 0
    array(module.rotation_batch(given)[0])[:] = 0
    array(module.hide_square(given, 1, RNG(0))[0])[:] = 0
    np.testing.assert_array_equal(array(given), images)


def test_the_batch_of_rotations_is_four_separate_calls_in_eval_mode(side):
    module, make = side
    images = make(RNG(5).normal(size=(3, 1, 8, 8)).astype(np.float32))
    net = module.RotNet(width=3).eval()
    together = array(net(module.rotation_batch(images)[0])).reshape(3, 4, 4)
    for turn in range(4):
        # float32, whose sums may be in another order for another size of batch
        np.testing.assert_allclose(together[:, turn], array(net(module.rotate90(images, turn))), rtol=1e-4, atol=1e-6)


# hidden parts


@settings(max_examples=40, deadline=None)
@given(st.integers(1, 7), st.integers(1, 7), st.data())
def test_every_square_lies_wholly_inside_its_image(height, width, draw):
    size = draw.draw(st.integers(1, min(height, width)))
    mask = draw_squares(RNG(draw.draw(st.integers(0, 99))), 5, height, width, size)
    assert mask.shape == (5, 1, height, width)
    for one in mask[:, 0]:
        rows, columns = np.flatnonzero(one.any(1)), np.flatnonzero(one.any(0))
        assert len(rows) == len(columns) == size
        assert rows[-1] - rows[0] == columns[-1] - columns[0] == size - 1
        assert one.sum() == size**2


def test_every_place_is_as_likely_as_any_other():
    mask = draw_squares(RNG(6), 6000, 4, 5, 3)[:, 0]
    corners = mask.reshape(6000, -1).argmax(axis=1)  # the first hidden pixel
    places, counts = np.unique(corners, return_counts=True)
    assert places.tolist() == [0, 1, 2, 5, 6, 7]
    np.testing.assert_allclose(counts / 6000, 1 / 6, atol=0.015)  # three standard errors of 0.0048


def test_hidden_pixels_are_zero_and_the_others_stay(side):
    module, make = side
    images = RNG(7).uniform(1, 2, size=(4, 3, 6, 5))
    hidden, mask = (array(value) for value in module.hide_square(make(images), 3, RNG(8)))
    inside = np.broadcast_to(mask, images.shape)
    assert (hidden[inside] == 0).all()
    np.testing.assert_array_equal(hidden[~inside], images[~inside])


@pytest.mark.parametrize("visible", [0.0, 1e30, np.inf, np.nan])
def test_visible_pixels_count_neither_in_the_loss_nor_in_its_gradient(side, visible):
    module, make = side
    images, prediction = RNG(9).normal(size=(2, 3, 2, 4, 4))
    _, mask = module.hide_square(make(images), 2, RNG(10))
    before = module.filling_loss(make(prediction), make(images), mask).item()
    changed = np.where(array(mask), prediction, visible)
    leaf = engine.Tensor(changed, requires_grad=True) if module is scratch else make(changed).requires_grad_()
    loss = module.filling_loss(leaf, make(images), mask)
    loss.backward()
    assert loss.item() == before
    assert (array(leaf.grad)[~np.broadcast_to(array(mask), images.shape)] == 0).all()


# the future


def test_who_moves_the_past_moves_every_future(side):
    module, make = side
    net = module.PathPredictor(4, 3, hypotheses=2, hidden=8).double()
    past, shift = RNG(11).normal(size=(5, 4, 2)), np.array([30.0, -7.0])
    there = array(net(make(past + shift)))
    np.testing.assert_allclose(there, array(net(make(past))) + shift, rtol=1e-9)


def test_a_far_guess_changes_neither_loss_nor_gradient(side):
    module, make = side
    paths, target = RNG(12).normal(size=(4, 3, 5, 2)), RNG(13).normal(size=(4, 5, 2))
    far = np.concatenate([paths, np.full((4, 1, 5, 2), 1e3)], axis=1)
    losses, gradients = [], []
    for guesses in (paths, far):
        leaf = engine.Tensor(guesses, requires_grad=True) if module is scratch else make(guesses).requires_grad_()
        loss = module.winner_takes_all_loss(leaf, make(target))
        loss.backward()
        losses.append(loss.item())
        gradients.append(array(leaf.grad))
    assert losses[0] == losses[1]
    np.testing.assert_array_equal(gradients[1][:, :3], gradients[0])
    np.testing.assert_array_equal(gradients[1][:, 3], 0)
    assert ((gradients[0] != 0).any(axis=(2, 3)).sum(axis=1) == 1).all(), "one winner for each path"


def test_of_equal_guesses_the_first_is_taught(side):
    module, make = side
    guesses = np.tile(RNG(14).normal(size=(3, 1, 2, 2)), (1, 4, 1, 1))
    leaf = engine.Tensor(guesses, requires_grad=True) if module is scratch else make(guesses).requires_grad_()
    module.winner_takes_all_loss(leaf, make(np.zeros((3, 2, 2)))).backward()
    gradient = array(leaf.grad)
    assert (gradient[:, 1:] == 0).all()
    np.testing.assert_allclose(gradient[:, 0], 2 * guesses[:, 0] / (3 * 2), rtol=1e-12)


def test_the_truth_among_the_guesses_has_no_error(side):
    module, make = side
    paths, target = RNG(15).normal(size=(4, 3, 5, 2)), RNG(16).normal(size=(4, 5, 2))
    paths[:, 1] = target
    assert module.displacement_errors(make(paths), make(target)) == (0.0, 0.0)
    assert module.winner_takes_all_loss(make(paths), make(target)).item() == 0


def test_the_gradient_of_the_loss_is_its_slope():
    target = RNG(17).normal(size=(3, 2, 2))
    paths = engine.Tensor(RNG(18).normal(size=(3, 4, 2, 2)), requires_grad=True)
    engine.gradcheck(lambda p: scratch.winner_takes_all_loss(p, target), paths)
    x = torch.tensor(RNG(18).normal(size=(3, 4, 2, 2)), requires_grad=True)
    assert torch.autograd.gradcheck(lambda p: pytorch.winner_takes_all_loss(p, torch.tensor(target)), [x])


# what occurs together


@settings(max_examples=30, deadline=None)
@given(st.integers(1, 30), st.integers(0, 6), st.integers(0, 999))
def test_rules_come_in_pairs_of_equal_lift_and_in_order(n, items, seed):
    baskets = RNG(seed).random((n, items)) < 0.4
    rules = scratch.association_rules(baskets, 0.0, 0.0)
    lifts = {rule[:2]: rule[4] for rule in rules}
    assert all(lifts[b, a] == lift for (a, b), lift in lifts.items())
    keys = [(-rule[4], rule[0], rule[1]) for rule in rules]
    assert keys == sorted(keys)
    assert len(rules) == 2 * sum((baskets[:, a] & baskets[:, b]).any() for a in range(items) for b in range(a))


def test_independent_items_have_lift_one():
    """All four combinations equally often."""
    baskets = np.array([[a, b] for a in (0, 1) for b in (0, 1)] * 5, bool)
    assert [rule[4] for rule in scratch.association_rules(baskets)] == [1.0, 1.0]
