"""What must hold for any numbers: who follows which shift, whose shares sum to 1, what a rigid motion changes."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from mylib.representation.equivariance import pytorch, scratch
from mylib.vision.convolution.scratch import correlate2d, max_pool2d
from tests.representation.equivariance.cases import RNG, SIDES, SMALL, poses, tracked, values


def moved(rows, columns):
    return lambda x: scratch.translate(x, rows, columns, wrap=True)


@settings(max_examples=20, deadline=None)
@given(rows=st.integers(-9, 9), columns=st.integers(-9, 9))
def test_convolution_that_wraps_follows_every_shift(rows, columns):
    images, kernel = RNG(0).normal(size=(2, 8, 8)), RNG(1).normal(size=(3, 3))
    shift = moved(rows, columns)
    error = scratch.equivariance_error(lambda x: correlate2d(x, kernel, padding="wrap"), images, shift, shift)
    assert error < 1e-12


@pytest.mark.parametrize(("shift", "follows"), [(2, True), (4, True), (-6, True), (1, False), (3, False)])
def test_pooling_by_two_follows_even_shifts_only(shift, follows):
    images = RNG(2).random((2, 1, 12, 12))

    def pool(x):
        return max_pool2d(x, 2)

    error = scratch.equivariance_error(pool, images, moved(shift, 0), moved(shift // 2, 0))
    assert (error == 0) if follows else (error > 0.05)
    # Nor is it invariant: a shift of one pixel changes the maxima.
    assert scratch.equivariance_error(pool, images, moved(shift, 0)) > 0.05


def test_global_pooling_of_a_wrapped_image_forgets_every_shift():
    images = RNG(3).random((3, 1, 7, 9))
    assert scratch.equivariance_error(lambda x: x.max(axis=(2, 3)), images, moved(3, -4)) == 0


def test_error_reads_a_whole_batch_and_is_relative_to_f_of_x(side):
    module, array = side
    x = RNG(4).normal(size=(3, 1, 4, 5))
    # f(T x) is twice as long as f(x): |2 a - a| / |a| = 1; relative to f(T x) it were a half.
    error = module.equivariance_error(lambda a: a, array(x), lambda a: 2 * a)
    assert isinstance(error, float)
    assert error == pytest.approx(1, rel=1e-12)
    assert module.equivariance_error(lambda a: a, array(100 * x), lambda a: 2 * a) == pytest.approx(1, rel=1e-12)
    assert module.equivariance_error(lambda a: a, array(x), lambda a: 2 * a, lambda a: 2 * a) == 0


def test_error_takes_engine_tensors_and_layers():
    net = scratch.PrimaryCapsules(1, types=2, dim=3, kernel=3, stride=1)
    images = np.zeros((1, 1, 9, 9), np.float32)
    images[..., 4, 4] = 1

    def shifted(capsules):  # (batch, types * positions, dim): positions are rows of a 7 x 7 map
        maps = capsules.reshape(1, 2, 7, 7, 3).transpose(0, 1, 4, 2, 3)
        return scratch.translate(maps, 1, 1).transpose(0, 1, 3, 4, 2).reshape(1, 98, 3)

    # The bias fills the border, where zeros come in: compare without it.
    net.convolution.bias.data = np.zeros(6, np.float32)
    assert scratch.equivariance_error(net, images, lambda x: scratch.translate(x, 1, 1), shifted) < 1e-6


@settings(max_examples=20, deadline=None)
@given(shape=st.tuples(*[st.integers(1, 4)] * 4), iterations=st.integers(1, 4))
def test_each_part_divides_itself_among_the_wholes(shape, iterations):
    votes = 3 * RNG(5).normal(size=shape)
    for module, array in SIDES.values():
        capsules, couplings = map(values, module.dynamic_routing(array(votes), iterations))
        np.testing.assert_allclose(couplings.sum(axis=2), 1, rtol=1e-12)
        assert (np.linalg.norm(capsules, axis=2) < 1).all()


def test_order_of_the_parts_does_not_matter_and_images_do_not_meet(side):
    module, array = side
    votes, order = RNG(6).normal(size=(3, 6, 4, 2)), RNG(7).permutation(6)
    capsules, couplings = map(values, module.dynamic_routing(array(votes)))
    again, permuted = map(values, module.dynamic_routing(array(votes[:, order])))
    np.testing.assert_allclose(again, capsules, rtol=1e-12)
    np.testing.assert_allclose(permuted, couplings[:, order], rtol=1e-12)
    alone = values(module.dynamic_routing(array(votes[1:2]))[0])
    np.testing.assert_allclose(alone, capsules[1:2], rtol=1e-12)


def test_one_round_is_a_squashed_share_of_all_votes(side):
    module, array = side
    votes = RNG(8).normal(size=(2, 5, 3, 4))
    capsules, couplings = map(values, module.dynamic_routing(array(votes), 1))
    expected = values(module.squash(array(votes.sum(axis=1) / 3)))
    np.testing.assert_allclose(capsules, expected, rtol=1e-12)
    np.testing.assert_allclose(couplings, 1 / 3, rtol=1e-12)


def test_with_a_single_whole_routing_is_a_sum(side):
    module, array = side
    votes = RNG(9).normal(size=(2, 5, 1, 4))
    capsules, couplings = map(values, module.dynamic_routing(array(votes), 4))
    np.testing.assert_array_equal(couplings, 1)
    np.testing.assert_allclose(capsules, values(module.squash(array(votes.sum(axis=1)))), rtol=1e-12)


def test_rotating_all_votes_rotates_the_capsules(side):
    module, array = side
    votes, turn = RNG(10).normal(size=(2, 5, 3, 4)), np.linalg.qr(RNG(11).normal(size=(4, 4)))[0]
    capsules = values(module.dynamic_routing(array(votes))[0])
    np.testing.assert_allclose(values(module.dynamic_routing(array(votes @ turn))[0]), capsules @ turn, rtol=1e-9)


def test_calls_keep_nothing_and_change_nothing(side):
    module, array = side
    votes = array(RNG(12).normal(size=(2, 5, 3, 4)))
    before = values(votes).copy()
    first, second = (values(module.dynamic_routing(votes)[0]) for _ in range(2))
    np.testing.assert_array_equal(first, second)
    np.testing.assert_array_equal(values(votes), before)


def test_squash_keeps_directions_and_its_lengths_are_n2_over_1_plus_n2(side):
    module, array = side
    s = RNG(13).normal(size=(6, 4)) * np.array([[1e-6], [0.01], [0.5], [1], [30], [1e5]])
    n = np.linalg.norm(s, axis=1)
    v = module.squash(array(s))
    np.testing.assert_allclose(values(module.capsule_lengths(v)), n**2 / (1 + n**2), rtol=1e-12)
    np.testing.assert_allclose(values(v) / np.linalg.norm(values(v), axis=1)[:, None], s / n[:, None], rtol=1e-12)


def test_capsules_of_length_zero_have_no_gradient(side):
    module, _ = side
    for function in (module.squash, module.capsule_lengths, lambda x: module.capsule_lengths(module.squash(x))):
        x = tracked(module, np.array([[0.0, 0.0], [3.0, 4.0]]))
        function(x).sum().backward()
        assert np.asarray(x.grad)[0].tolist() == [0, 0]
        assert (np.asarray(x.grad)[1] != 0).all()


def test_long_enough_and_short_enough_capsules_cost_nothing(side):
    module, array = side
    lengths = array(np.array([[0.95, 0.05, 0.1]]))
    assert module.margin_loss(lengths, array(np.array([0]))).item() == 0
    assert module.margin_loss(lengths, array(np.array([[1, 0, 0]]))).item() == 0
    assert module.margin_loss(lengths, array(np.array([[True, False, False]]))).item() == 0


def test_empty_batches_keep_their_shapes(side):
    module, array = side
    assert [tuple(x.shape) for x in module.dynamic_routing(array(np.zeros((0, 5, 3, 4))))] == [(0, 3, 4), (0, 5, 3)]
    assert tuple(module.squash(array(np.zeros((0, 4)))).shape) == (0, 4)
    assert tuple(module.CapsNet(**SMALL)(array(np.zeros((0, 1, 13, 13), np.float32))).shape) == (0, 4, 5)


@pytest.mark.parametrize("size", [17, 18, 19, 21])
def test_smallest_images_have_their_capsules(size):
    with torch.device("meta"):
        net = pytorch.CapsNet(image_size=size)
        assert net(torch.zeros(1, 1, size, size)).shape == (1, 10, 16)


def test_votes_move_with_the_whole_and_a_rigid_whole_agrees(side):
    module, array = side
    rng = RNG(14)
    relations, wholes, motion = poses(rng, 5), poses(rng, 4), poses(rng, 1)[0]
    parts = wholes[:, None] @ relations
    votes = module.pose_votes(array(parts), array(relations))
    np.testing.assert_allclose(values(votes), np.broadcast_to(wholes[:, None], parts.shape), atol=1e-12)
    np.testing.assert_allclose(values(module.vote_disagreement(votes)), 0, atol=1e-12)
    loose = poses(rng, 4, 5)
    before = values(module.pose_votes(array(loose), array(relations)))
    after = module.pose_votes(array(motion @ loose), array(relations))
    np.testing.assert_allclose(values(after), motion @ before, atol=1e-11)  # entries up to about 30
    assert (values(module.vote_disagreement(after)) > 0.1).all()


def test_parts_in_a_wrong_arrangement_disagree(side):
    module, array = side
    relations = poses(RNG(15), 5)
    parts = relations[[1, 2, 3, 4, 0]][None]  # the same parts, each at its neighbour's place
    votes = module.pose_votes(array(parts), array(relations))
    assert module.vote_disagreement(votes).item() > 0.1
