"""Losses, memories, restarts of clusters and votes of a few vectors by hand."""

import math

import numpy as np
import pytest

from tests.attention.contrastive.cases import RNG
from tests.twins import array, unit

# instance discrimination with a memory bank


def test_the_non_parametric_softmax_by_hand(side):
    module, make = side
    # Cosines 1, 0 and -1 at temperature 1 / log 2: weights 2, 1 and 1/2.
    bank = make([[5.0, 0.0], [0.0, 0.1], [-1.0, 0.0]])
    p = array(module.non_parametric_softmax(make([[3.0, 0.0]]), bank, temperature=1 / math.log(2)))
    np.testing.assert_allclose(p, [[4 / 7, 2 / 7, 1 / 7]], rtol=1e-12)


def test_the_bank_moves_the_named_vectors_half_way(side):
    module, make = side
    bank = module.MemoryBank(5, 3, momentum=0.25)
    before, v = array(bank.vectors).copy(), RNG(9).normal(size=(2, 3)).astype(np.float32)
    bank.update(make([3, 0]), make(v))
    expected = before.copy()
    expected[[3, 0]] = unit(0.25 * before[[3, 0]] + 0.75 * unit(v))
    np.testing.assert_allclose(array(bank.vectors), expected, rtol=1e-5, atol=1e-6)  # float32
    assert np.abs(array(bank.vectors)[[1, 2, 4]] - before[[1, 2, 4]]).max() == 0


# the queue as memory


def test_info_nce_by_hand(side):
    """Cosine 1 with the key, 0 and -1 with the queue: log(1 + 1/e + 1/e^2) at temperature 1."""
    module, make = side
    q, k, queue = make([[2.0, 0.0]]), make([[5.0, 0.0]]), make([[0.0, 1.0], [-3.0, 0.0]])
    got = module.info_nce(q, k, queue, temperature=1.0).item()
    assert got == pytest.approx(math.log(1 + math.exp(-1) + math.exp(-2)), rel=1e-12)


def test_the_queue_drops_the_oldest_and_begins_again_at_its_end(side):
    module, make = side
    queue = module.KeyQueue(6, 2)
    first = array(queue.keys).copy()
    np.testing.assert_allclose(np.linalg.norm(first, axis=1), 1, rtol=1e-6)
    batches = [RNG(20 + n).normal(size=(2, 2)).astype(np.float32) for n in range(4)]
    queue.push(make(batches[0]))
    np.testing.assert_allclose(array(queue.keys)[2:], first[2:])
    for batch in batches[1:]:
        queue.push(make(batch))
    kept = unit(np.concatenate([batches[3], batches[1], batches[2]]))  # the fourth stands where the first stood
    np.testing.assert_allclose(array(queue.keys), kept, rtol=1e-5)
    assert array(queue.place).tolist() == [2]


# prototypes


def test_two_empty_clusters_take_the_two_farthest_points_in_turn(side):
    module, make = side
    x = np.array([[1.0, 0.0]] * 6 + [[1.0, 1.0], [-1.0, 0.1]])
    seed = next(s for s in range(100) if max(np.random.default_rng(s).choice(8, 3, replace=False)) < 6)
    centroids, _ = module.spherical_kmeans(make(x), 3, seed=seed, iterations=1)  # starts with three equal centroids
    unit = x / np.linalg.norm(x, axis=1, keepdims=True)
    np.testing.assert_allclose(array(centroids)[1:], unit[[7, 6]], atol=1e-12)


# judges


def test_one_neighbour_and_all_of_them(side):
    module, make = side
    bank, labels = np.array([[1.0, 0.0], [0.0, 1.0], [0.1, 1.0]]), np.array([2, 0, 0])
    assert array(module.knn_predict(make([[5.0, 1.0]]), make(bank), make(labels), k=1)).tolist() == [2]
    hot = module.knn_predict(make([[5.0, 1.0]]), make(bank), make(labels), k=3, temperature=100.0)
    assert array(hot).tolist() == [0]  # at a high temperature each has one vote
    two = module.knn_predict(make([[5.0, 1.0]]), make(bank), make(labels), k=2, temperature=100.0)
    assert array(two).tolist() == [2]  # the third is not asked


def test_votes_at_a_temperature_whose_exponentials_overflow(side):
    module, make = side
    bank, labels = np.array([[1.0, 0.1], [1.0, 0.0]]), np.array([0, 1])
    cold = module.knn_predict(make([[1.0, 0.0]]), make(bank), make(labels), k=2, temperature=1e-4)
    assert array(cold).tolist() == [1]  # e^10000 is infinite, for both


def test_a_queue_goes_on_at_its_beginning_whatever_the_sizes_of_the_batches(side):
    """Each of the batches divides the size; after the fourth the oldest key stands at place 2 of 12."""
    module, make = side
    queue, rng, pushed = module.KeyQueue(12, 2), np.random.default_rng(0), []
    for size in (4, 4, 4, 2, 4, 4, 4):
        pushed += list(rng.normal(size=(size, 2)).astype(np.float32))
        queue.push(make(np.array(pushed[-size:])))
    newest = np.array(pushed[-12:])
    newest /= np.linalg.norm(newest, axis=1, keepdims=True)
    assert int(queue.place[0]) == 26 % 12
    np.testing.assert_allclose(np.roll(np.asarray(queue.keys), -(26 % 12), axis=0), newest, rtol=1e-6)
