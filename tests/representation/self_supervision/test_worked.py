"""Turns, losses and rules of a few numbers by hand."""

import math

import numpy as np
import pytest

from tests.representation.self_supervision.cases import RNG
from tests.twins import array

# rotations

IMAGE = np.array([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])
TURNED = {
    0: IMAGE,
    1: [[3, 6], [2, 5], [1, 4]],  # the right-hand column becomes the top row
    2: [[6, 5, 4], [3, 2, 1]],
    3: [[4, 1], [5, 2], [6, 3]],
}


@pytest.mark.parametrize("turn", range(-5, 10))
def test_a_quarter_turn_by_hand_whatever_its_sign(side, turn):
    module, make = side
    np.testing.assert_array_equal(array(module.rotate90(make(IMAGE), turn)), TURNED[turn % 4])
    np.testing.assert_array_equal(array(module.rotate90(make(IMAGE), make(np.array(turn)))), TURNED[turn % 4])


def test_every_image_by_turns_of_its_own(side):
    module, make = side
    square = np.array([[1.0, 2.0], [3.0, 4.0]])
    got = array(module.rotate90(make(np.stack([square] * 5)[:, None]), make(np.array([-1, 0, 5, 2, 3]))))
    expected = [[[3, 1], [4, 2]], square, [[2, 4], [1, 3]], [[4, 3], [2, 1]], [[3, 1], [4, 2]]]
    np.testing.assert_array_equal(got[:, 0], expected)


def test_half_turns_of_images_that_are_no_squares(side):
    module, make = side
    got = array(module.rotate90(make(np.stack([IMAGE] * 3)), make(np.array([2, 0, -2]))))
    np.testing.assert_array_equal(got, [TURNED[2], IMAGE, TURNED[2]])


def test_a_batch_of_rotations_goes_image_by_image(side):
    module, make = side
    images = np.array([[[[1.0, 2.0], [3.0, 4.0]]], [[[5.0, 6.0], [7.0, 8.0]]]])
    turned, labels = module.rotation_batch(make(images))
    first, second = [[1, 2], [3, 4]], [[5, 6], [7, 8]]
    expected = [first, [[2, 4], [1, 3]], [[4, 3], [2, 1]], [[3, 1], [4, 2]]]
    expected += [second, [[6, 8], [5, 7]], [[8, 7], [6, 5]], [[7, 5], [8, 6]]]
    np.testing.assert_array_equal(array(turned)[:, 0], expected)
    assert array(labels).dtype == np.int64
    assert array(labels).tolist() == [0, 1, 2, 3, 0, 1, 2, 3]


# hidden parts


def test_the_filling_loss_by_hand(side):
    """Errors 2, 1, 0 and -1 in the hidden corner, 100 elsewhere: (4 + 1 + 0 + 1) / 4."""
    module, make = side
    images = np.arange(9.0).reshape(1, 1, 3, 3)
    mask = np.zeros((1, 1, 3, 3), bool)
    mask[:, :, 1:, 1:] = True
    prediction = images + 100
    prediction[:, :, 1:, 1:] = images[:, :, 1:, 1:] + [[2, 1], [0, -1]]
    assert module.filling_loss(make(prediction), make(images), make(mask)).item() == pytest.approx(1.5, rel=1e-12)


def test_the_number_of_hidden_pixels_counts_every_channel(side):
    module, make = side
    images, mask = np.zeros((2, 3, 2, 2)), np.zeros((2, 1, 2, 2), bool)
    mask[0, 0, 0, 0] = mask[1, 0, 1] = True  # one pixel of the first image, two of the second, in 3 channels each
    prediction = np.stack([np.full((3, 2, 2), 1.0), np.full((3, 2, 2), 2.0)])
    got = module.filling_loss(make(prediction), make(images), make(mask)).item()
    assert got == pytest.approx((3 * 1 + 6 * 4) / 9, rel=1e-12)


def test_a_square_of_the_size_of_the_image_hides_it_all(side):
    module, make = side
    hidden, mask = module.hide_square(make(RNG(0).normal(size=(2, 3, 4, 4))), 4, RNG(1))
    assert array(mask).all()
    assert not array(hidden).any()


# the future


def test_one_guess_is_the_mean_squared_distance(side):
    module, make = side
    paths = np.array([[[[0.0, 0.0], [1.0, 1.0]]], [[[2.0, 0.0], [0.0, 3.0]]]])  # (2 paths, 1 guess, 2 times, 2)
    target = np.array([[[3.0, 4.0], [1.0, 1.0]], [[2.0, 1.0], [0.0, 0.0]]])
    expected = ((25 + 0) / 2 + (1 + 9) / 2) / 2
    assert module.winner_takes_all_loss(make(paths), make(target)).item() == pytest.approx(expected, rel=1e-12)


def test_the_winner_is_chosen_for_each_path_by_its_mean_over_time(side):
    module, make = side
    # Path 1: guess 0 costs (1 + 1) / 2, guess 1 (0 + 9) / 2. Path 2: guess 1 costs 0.
    paths = np.array([[[[1.0, 0.0], [1.0, 0.0]], [[0.0, 0.0], [3.0, 0.0]]], [[[5.0, 5.0]] * 2, [[0.0, 0.0]] * 2]])
    target = np.zeros((2, 2, 2))
    assert module.winner_takes_all_loss(make(paths), make(target)).item() == pytest.approx((1 + 0) / 2, rel=1e-12)


def test_displacements_by_hand_with_a_winner_of_its_own_for_each(side):
    """Guess 0 is nearer on average (2.5 against 3), guess 1 at the end (0 against 5)."""
    module, make = side
    paths = np.array([[[[0.0, 0.0], [3.0, 4.0]], [[6.0, 0.0], [0.0, 0.0]]]])
    got = module.displacement_errors(make(paths), make(np.zeros((1, 2, 2))))
    assert got == pytest.approx((2.5, 0.0), abs=1e-12)
    assert all(type(number) is float for number in got)


def test_a_fork_at_plus_and_minus_one_in_closed_form(side):
    """One guess: best at 0, with loss 1. Two guesses: at +1 and -1, with loss 0."""
    module, make = side
    target = np.tile([[[1.0, 0.0]], [[-1.0, 0.0]]], (10, 1, 1))  # (20, 1, 2)
    places = np.linspace(-1, 1, 41)
    losses = [
        module.winner_takes_all_loss(make(np.tile([[[[x, 0.0]]]], (20, 1, 1, 1))), make(target)).item() for x in places
    ]
    assert places[int(np.argmin(losses))] == pytest.approx(0, abs=1e-12)
    np.testing.assert_allclose(losses, 1 + places**2, rtol=1e-12)
    two = np.tile([[[[1.0, 0.0]], [[-1.0, 0.0]]]], (20, 1, 1, 1))
    assert module.winner_takes_all_loss(make(two), make(target)).item() == 0


# what occurs together


def test_rules_of_four_baskets_by_hand():
    """A: 3 of 4 baskets, B: 2, C: 2; A and B twice, A and C once, B and C once."""
    from mylib.representation.self_supervision.scratch import association_rules

    baskets = np.array([[1, 1, 0], [1, 1, 1], [1, 0, 0], [0, 0, 1]], bool)
    lift = pytest.approx(2 * 4 / (3 * 2))
    assert association_rules(baskets) == [
        (0, 1, 0.5, pytest.approx(2 / 3), lift),
        (1, 0, 0.5, 1.0, lift),
        (1, 2, 0.25, 0.5, 1.0),
        (2, 1, 0.25, 0.5, 1.0),
        (2, 0, 0.25, 0.5, pytest.approx(1 * 4 / (2 * 3))),
    ]
    assert [rule[:2] for rule in association_rules(baskets, 0.5, 0.9)] == [(1, 0)]
    assert [rule[:2] for rule in association_rules(baskets, 0.5, 1.0)] == [(1, 0)], "equal to the limit is kept"


def test_items_that_never_occur_have_no_rules():
    from mylib.representation.self_supervision.scratch import association_rules

    baskets = np.array([[1, 0, 1], [1, 0, 0]], bool)
    assert [rule[:2] for rule in association_rules(baskets, 0.0, 0.0)] == [(0, 2), (2, 0)]


# networks


def test_a_network_that_says_a_quarter_each_has_the_loss_log_4(side):
    module, make = side
    images, labels = module.rotation_batch(make(RNG(2).normal(size=(3, 1, 6, 6)).astype(np.float32)))
    net = module.RotNet(width=2)
    state = {name: 0 * make(array(value)) for name, value in net.state_dict().items() if "linear" in name}
    net.load_state_dict({**net.state_dict(), **state})
    logits = array(net(images)).astype(float)
    log_p = logits - np.log(np.exp(logits).sum(axis=1, keepdims=True))
    loss = -log_p[np.arange(12), array(labels)].mean()
    assert loss == pytest.approx(math.log(4), rel=1e-6)  # logits are float32
