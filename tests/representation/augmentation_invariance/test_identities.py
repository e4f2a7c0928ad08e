"""What the draws share, symmetries of the loss and signs of its gradients, and a training that separates the spaces."""

import copy

import hypothesis
import numpy as np
import pytest
import torch
from hypothesis import strategies

from mylib import data, engine
from mylib.attention.contrastive import pytorch as contrastive
from mylib.representation.augmentation_invariance import contract, pytorch, scratch
from mylib.representation.augmentation_invariance.views import draw_parameters
from tests.representation.augmentation_invariance.cases import RNG, Mean, trunk, vectors
from tests.twins import array

# views

NAMES = strategies.lists(strategies.sampled_from(contract.AUGMENTATIONS), unique=True)


@hypothesis.given(NAMES, strategies.integers(0, 2**32), strategies.booleans())
@hypothesis.settings(max_examples=30, deadline=None)
def test_key_i_shares_parameter_i_and_no_other(names, seed, crop):
    query, *keys = draw_parameters(RNG(seed), 40, names, crop)
    assert len(keys) == len(names) + 1
    for place, key in enumerate(keys):
        assert key.keys() == query.keys() == {*names, *(["crop"] if crop else [])}
        for number, name in enumerate(names, start=1):
            equal = (key[name] == query[name]).reshape(40, -1).all(axis=1)
            # 40 images: a quarter turn agrees by chance for 10, never for 36 (probability below 1e-16).
            assert equal.all() if number == place else equal.sum() < 36, (place, name)
    if crop:
        assert len({draw["crop"] for draw in (query, *keys)}) == len(keys) + 1


def test_the_shared_parameter_is_a_copy():
    query, _, key = draw_parameters(RNG(0), 5, ("rotation",))
    key["rotation"][:] = 9
    assert query["rotation"].max() < 4


@pytest.mark.parametrize("names", [(), ("colour",), ("rotation", "colour", "texture"), ("texture", "rotation")])
def test_views_of_every_choice_have_their_shapes_and_stay_between_0_and_1(side, names):
    module, make = side
    images = RNG(1).random((3, 3, 8, 8)).astype(np.float32)
    textures = make(RNG(2).random((2, 3, 8, 8)).astype(np.float32)) if "texture" in names else None
    query, keys = module.leave_one_out_views(make(images), RNG(3), names, textures=textures)
    query, keys = array(query), array(keys)
    assert (query.shape, keys.shape) == ((3, 3, 8, 8), (len(names) + 1, 3, 3, 8, 8))
    assert (query.dtype, keys.dtype) == (np.float32, np.float32)
    assert 0 <= min(query.min(), keys.min()) < max(query.max(), keys.max()) <= 1


def test_no_images_give_no_views(side):
    module, make = side
    query, keys = module.leave_one_out_views(make(np.zeros((0, 3, 4, 4))), RNG(0))
    assert (tuple(query.shape), tuple(keys.shape)) == ((0, 3, 4, 4), (3, 0, 3, 4, 4))


@hypothesis.given(strategies.floats(-5, 5), strategies.integers(0, 999))
@hypothesis.settings(max_examples=25, deadline=None)
def test_colours_near_grey_keep_their_sum_and_come_back(turn, seed):
    images = RNG(seed).uniform(0.3, 0.7, (2, 3, 2, 2))
    there = scratch.hue_rotation(images, [turn, 0.0])
    np.testing.assert_allclose(there.sum(axis=1), images.sum(axis=1), rtol=1e-9)  # nothing is clipped
    np.testing.assert_allclose(scratch.hue_rotation(there, [-turn, 0.0]), images, rtol=1e-9)
    greys = np.repeat(images[:, :1], 3, axis=1)
    np.testing.assert_allclose(scratch.hue_rotation(greys, [turn, turn]), greys, rtol=1e-9)


def test_no_share_is_the_image_and_all_of_it_the_texture_on_black(side):
    module, make = side
    images, textures = RNG(4).random((2, 3, 4, 4)), RNG(5).random((2, 3, 4, 4))
    got = module.blend_texture(make(images), make(textures), make(np.zeros(2)))
    np.testing.assert_array_equal(array(got), images)
    got = module.blend_texture(make(np.zeros_like(images)), make(textures), make(np.ones(2)))
    np.testing.assert_allclose(array(got), textures, rtol=1e-12)


# loss


def loss_of(module, make, *arrays):
    return module.looc_loss(*map(make, arrays), 0.3).item()


def test_two_negatives_may_change_places_the_positive_may_not(side):
    module, make = side
    queries, keys, queues = vectors(30, 4)
    value = loss_of(module, make, queries, keys, queues)
    swapped = keys.copy()
    swapped[2, [0, 3]] = keys[2, [3, 0]]
    assert loss_of(module, make, queries, swapped, queues) == pytest.approx(value, rel=1e-12)
    swapped = keys.copy()
    swapped[2, [2, 3]] = keys[2, [3, 2]]
    assert abs(loss_of(module, make, queries, swapped, queues) - value) > 1e-3
    rolled = np.roll(queues, 2, axis=1)
    assert loss_of(module, make, queries, keys, rolled) == pytest.approx(value, rel=1e-12)


def test_lengths_do_not_count(side):
    module, make = side
    arrays = vectors(31, 3)
    value = loss_of(module, make, *arrays)
    stretched = [one * RNG(32).uniform(0.01, 100, (*one.shape[:-1], 1)) for one in arrays]
    assert loss_of(module, make, *stretched) == pytest.approx(value, rel=1e-12)
    for factor in (1e-300, 1e300):  # their squares are 0 and infinite
        assert loss_of(module, make, arrays[0] * factor, *arrays[1:]) == pytest.approx(value, rel=1e-9)


def test_a_low_temperature_overflows_nowhere(side):
    module, make = side
    arrays = vectors(33, 3)
    q, k, queue = (one / np.linalg.norm(one, axis=-1, keepdims=True) for one in arrays)
    total = 0.0
    for head in range(3):
        seen = (q[head] * k[head][: 1 if head == 0 else 3]).sum(-1).T  # (batch, views)
        seen = np.concatenate([seen, q[head] @ queue[head].T], axis=1)
        total += (seen.max(axis=1) - (q[head] * k[head, head]).sum(-1)).mean() / 3
    got = module.looc_loss(*map(make, arrays), 1e-5).item()
    assert got == pytest.approx(total * 1e5, rel=1e-4)  # the largest alone is left


def test_a_vector_of_zeros_has_cosine_0_and_no_gradient(side):
    module, make = side
    queries, keys, queues = vectors(34, 2)
    queries[1, 0] = 0
    leaf = engine.Tensor(queries, requires_grad=True) if module is scratch else make(queries).requires_grad_()
    loss = module.looc_loss(leaf, make(keys), make(queues), 0.5)
    loss.backward()
    gradient = np.asarray(leaf.grad)
    assert np.isfinite(loss.item())
    assert not gradient[1, 0].any()
    assert np.abs(gradient[1, 1:]).min() > 0


def test_the_other_keys_are_pushed_away_and_those_of_head_0_are_not():
    """Along the query the gradient of a positive is below 0, that of a negative above."""
    queries, keys, queues = vectors(35, 3)
    leaf = torch.tensor(keys, requires_grad=True)
    pytorch.looc_loss(torch.tensor(queries), leaf, torch.tensor(queues), 0.5).backward()
    unit = keys / np.linalg.norm(keys, axis=-1, keepdims=True)
    q = queries / np.linalg.norm(queries, axis=-1, keepdims=True)
    across = q[:, None] - (q[:, None] * unit).sum(-1, keepdims=True) * unit  # where a key's cosine grows
    signs = np.sign((leaf.grad.numpy() * across).sum(-1))  # (heads, views, batch)
    expected = np.ones((3, 3)) - 2 * np.eye(3)
    expected[0, 1:] = 0
    np.testing.assert_array_equal(signs, np.repeat(expected[:, :, None], 4, axis=2))


@pytest.mark.parametrize("heads", [1, 3])
def test_gradients_by_differences(heads):
    queries, keys, queues = vectors(36, heads, batch=2, dim=3, size=4)
    engine.checking.gradcheck(lambda q, k: scratch.looc_loss(q, k, queues, 0.4), queries, keys)


@pytest.mark.parametrize("side_name", ["scratch", "pytorch"])
def test_queues_may_take_in_keys_before_the_backward_pass(side_name):
    """The loss keeps a copy of what it needs: the gradient is that of the old queue."""
    queries, keys, queues = (one.astype(np.float32) for one in vectors(37, 2))
    gradients = []
    for early in (False, True):
        if side_name == "scratch":
            leaf, array = engine.Tensor(queries, requires_grad=True), queues.copy()
            loss = scratch.looc_loss(leaf, keys, array)
        else:
            leaf, array = torch.tensor(queries, requires_grad=True), torch.tensor(queues)
            loss = pytorch.looc_loss(leaf, torch.tensor(keys), array)
        if early:
            array[:] = 1.0
        loss.backward()
        gradients.append(np.asarray(leaf.grad))
    np.testing.assert_array_equal(*gradients)


# network and training


def test_a_trunk_that_keeps_axes_is_refused_when_it_is_called(side):
    module, make = side
    layers = engine.nn if module is scratch else torch.nn
    model = module.LooC(layers.Identity(), 3, heads=2)
    with pytest.raises(ValueError, match="the trunk's output .batch, 3., got .4, 3, 2, 2.; let the trunk end in one"):
        model(make(np.zeros((4, 3, 2, 2), np.float32)))


def test_spaces_side_by_side_are_the_heads_in_their_order(side):
    module, make = side
    layers = engine.nn if module is scratch else torch.nn
    model = module.LooC(trunk(layers), 6, heads=3, hidden=5, out_features=4)
    images = make(RNG(40).random((7, 3, 8, 8)).astype(np.float32))
    spaces, joined = array(model(images)), array(model.embed_all(images))
    np.testing.assert_allclose(np.linalg.norm(spaces, axis=-1), 1, rtol=1e-5)
    np.testing.assert_allclose(joined, np.concatenate(list(spaces), axis=1), rtol=1e-6)
    assert array(model.embed(images)).shape == (7, 6)


def test_training_makes_the_space_of_colour_sensitive_to_colour_alone():
    """100 steps on 64 digits: there the key of another colour is far, also turned alike; in space 0 all are near."""
    torch.manual_seed(0)
    rng, images = RNG(41), torch.tensor(data.coloured_digits(part="test").images[:64])
    widths, layers = (3, 8, 16, 32), []
    for before, after, stride in zip(widths, widths[1:], (2, 2, 1), strict=False):
        layers += [torch.nn.Conv2d(before, after, 3, stride, 1), torch.nn.BatchNorm2d(after), torch.nn.ReLU()]
    model = pytorch.LooC(torch.nn.Sequential(*layers, Mean(torch.nn)), 32, heads=3, out_features=16)
    key_model, queues = copy.deepcopy(model), [contrastive.KeyQueue(128, 16, seed=seed) for seed in range(3)]
    optimizer = torch.optim.Adam(model.parameters(), 3e-3)
    for _ in range(100):
        query, keys = pytorch.leave_one_out_views(images, rng)
        contrastive.momentum_update(key_model, model, 0.9)
        with torch.no_grad():
            keys = key_model(keys.flatten(0, 1)).unflatten(1, (3, len(images)))
        loss = pytorch.looc_loss(model(query), keys, torch.stack([queue.keys for queue in queues]))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        pytorch.push(queues, keys)
    with torch.no_grad():
        query, keys = pytorch.leave_one_out_views(images, RNG(43))
        z, k = model(query), model(keys.flatten(0, 1)).unflatten(1, (3, len(images)))
        cosines = (z[:, None] * k).sum(-1).mean(-1)  # (heads, views)
    assert cosines[2, 2] - cosines[2, :2].max() > 0.3, cosines
    assert cosines[0].min() > cosines[2, :2].max(), cosines
