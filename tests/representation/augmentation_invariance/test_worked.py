"""Losses of a few vectors, colours and blends by hand."""

import math

import numpy as np
import pytest

from mylib.representation.augmentation_invariance.views import draw_parameters
from tests.representation.augmentation_invariance.cases import RNG
from tests.twins import array

EAST, NORTH, WEST = np.array([1.0, 0.0]), np.array([0.0, 1.0]), np.array([-1.0, 0.0])


def test_two_heads_that_see_equal_views(side):
    module, make = side
    queries, keys = make(np.tile(EAST, (2, 1, 1))), make(np.tile(EAST, (2, 2, 1, 1)))
    loss = module.looc_loss(queries, keys, make(np.tile(NORTH, (2, 1, 1))), temperature=1.0).item()
    first, second = math.log(1 + math.exp(-1)), math.log(2 + math.exp(-1))
    assert (first, second) == (pytest.approx(0.313262, abs=5e-7), pytest.approx(0.861995, abs=5e-7))
    assert loss == pytest.approx((first + second) / 2, rel=1e-12)
    assert loss == pytest.approx(0.587628, abs=5e-7)


def test_key_0_is_a_negative_of_head_1_and_key_1_nothing_to_head_0(side):
    """Head 0: query east, key 0 north, key 1 east. Head 1: query east, key 0 west, key 1 north. Queues: west, twice."""
    module, make = side
    keys = np.array([[[NORTH], [EAST]], [[WEST], [NORTH]]])
    queues = np.tile(WEST, (2, 2, 1))
    loss = module.looc_loss(make(np.tile(EAST, (2, 1, 1))), make(keys), make(queues), temperature=0.5).item()
    e = math.exp(-2)  # cosine -1 at temperature 0.5
    assert loss == pytest.approx((math.log(1 + 2 * e) + math.log(e + 1 + 2 * e)) / 2, rel=1e-12)


@pytest.mark.parametrize("heads", [1, 2, 4])
def test_equal_cosines_leave_the_logarithm_of_how_many_are_seen(side, heads):
    module, make = side
    queries, keys = make(np.ones((heads, 3, 2))), make(np.ones((heads, heads, 3, 2)))
    loss = module.looc_loss(queries, keys, make(np.ones((heads, 7, 2))), temperature=0.3).item()
    n = heads - 1
    assert loss == pytest.approx((math.log(1 + 7) + n * math.log(n + 1 + 7)) / heads, rel=1e-12)


def test_the_temperature_is_0_2_unless_another_is_given(side):
    module, make = side
    queries, keys, queues = make([[EAST]]), make([[[EAST]]]), make([[NORTH]])
    assert module.looc_loss(queries, keys, queues).item() == pytest.approx(math.log(1 + math.exp(-5)), rel=1e-12)


def test_thirds_of_a_turn_exchange_the_channels(side):
    module, make = side
    images = RNG(0).random((4, 3, 5, 6))
    got = array(module.hue_rotation(make(images), make(np.array([0.0, 1.0, 1 / 3, -1 / 3]))))
    np.testing.assert_allclose(got[:2], images[:2], rtol=1e-12)
    np.testing.assert_allclose(got[2], images[2, [2, 0, 1]], atol=1e-15)  # green is what red was
    np.testing.assert_allclose(got[3], images[3, [1, 2, 0]], atol=1e-15)


def test_half_a_turn_takes_each_channel_through_the_mean(side):
    """Half a turn of (0.5, 0.3, 0.1): twice the mean 0.3 less the colour."""
    module, make = side
    colour = np.array([0.5, 0.3, 0.1]).reshape(1, 3, 1, 1)
    got = array(module.hue_rotation(make(colour), make(np.array([0.5])))).ravel()
    np.testing.assert_allclose(got, [0.1, 0.3, 0.5], atol=1e-15)
    red = array(module.hue_rotation(make(np.array([1.0, 0, 0]).reshape(1, 3, 1, 1)), make(np.array([0.5])))).ravel()
    np.testing.assert_allclose(red, [0, 2 / 3, 2 / 3], atol=1e-15)  # -1/3 is clipped


def test_a_texture_fills_what_is_dark(side):
    """Pixels black, half red, white; texture 0.8, share one half."""
    module, make = side
    images = np.array([[[[0.0, 0.5, 1.0]], [[0.0, 0.2, 1.0]], [[0.0, 0.0, 1.0]]]])
    expected = [[[[0.4, 0.5 + 0.25 * 0.3, 1.0]], [[0.4, 0.2 + 0.25 * 0.6, 1.0]], [[0.4, 0.25 * 0.8, 1.0]]]]
    for channels in (1, 3):
        got = array(module.blend_texture(make(images), make(np.full((1, channels, 1, 3), 0.8)), make(np.array([0.5]))))
        np.testing.assert_allclose(got, expected, rtol=1e-12)


def test_four_images_turned_by_hand(side):
    """Without crop and colour a view is the image, turned as drawn."""
    module, make = side
    images = RNG(1).random((6, 3, 5, 5))
    query, keys = module.leave_one_out_views(make(images), RNG(2), ("rotation",), crop=False)
    draws = draw_parameters(RNG(2), 6, ("rotation",), crop=False)
    for view, draw in zip([query, *keys], draws, strict=True):
        turned = np.stack([np.rot90(x, t, (1, 2)) for x, t in zip(images, draw["rotation"], strict=True)])
        np.testing.assert_array_equal(array(view), turned)
    np.testing.assert_array_equal(array(keys[1]), array(query))
    assert (array(keys[0]) != array(query)).any()


def test_each_queue_takes_its_own_positive_keys(side):
    from mylib.attention.contrastive import pytorch as torch_queues
    from mylib.attention.contrastive import scratch as numpy_queues

    module, make = side
    queues = [(numpy_queues if make is np.asarray else torch_queues).KeyQueue(4, 3, seed=seed) for seed in range(3)]
    before = [array(queue.keys).copy() for queue in queues]
    keys = RNG(3).normal(size=(3, 3, 2, 3)).astype(np.float32)
    module.push(queues, make(keys))
    module.push(queues[:1], make(keys[:1, 0]))  # of one view each: (heads, batch, dim)
    for head, queue in enumerate(queues):
        own = keys[head, head] / np.linalg.norm(keys[head, head], axis=1, keepdims=True)
        np.testing.assert_allclose(array(queue.keys)[:2], own, rtol=1e-5)
        expected = own if head == 0 else before[head][2:]
        np.testing.assert_allclose(array(queue.keys)[2:], expected, rtol=1e-5)
