"""A hand-ranked list, DBSCAN on a few points, and proxies of a few images."""

import numpy as np
import pytest

from tests.attention.reid.cases import HAND, RNG, memory_of
from tests.twins import array, unit

# ranking


def test_the_hand_ranked_list(side):
    """The left-out images take no place: right ones stand at places 2 and 4."""
    module, make = side
    hand = {name: make(value) for name, value in HAND.items()}
    assert float(module.mean_average_precision(**hand)) == pytest.approx((1 / 2 + 2 / 4) / 2, rel=1e-12)
    found = array(module.cumulative_match(**hand, ranks=(1, 2, 3)))
    assert found.tolist() == [0, 1, 1]


def test_ranks_beyond_the_gallery_are_one(side):
    module, make = side
    got = module.cumulative_match(*map(make, ([[0.2, 0.1]], [1], [1, 2], [0], [1, 1])))
    assert array(got).tolist() == [0, 1, 1, 1]


# DBSCAN


def test_a_point_at_eps_counts_and_so_does_the_point_itself(side):
    module, make = side
    d = make([[0.0, 0.5], [0.5, 0.0]])
    assert array(module.dbscan(d, 0.5, 2)).tolist() == [0, 0]
    assert array(module.dbscan(d, 0.49, 2)).tolist() == [-1, -1]
    assert array(module.dbscan(d, 0.49, 1)).tolist() == [0, 1]  # clusters of one member


def test_a_border_point_does_not_join_two_clusters(side):
    """The point at 1 sees one core of each group and itself: it is no core, and goes with the first."""
    module, make = side
    for x, expected in (
        ([2.0, 2.1, 2.2, 2.3, 1.0, 0.0, -0.1, -0.2, -0.3], [0, 0, 0, 0, 0, 1, 1, 1, 1]),
        # It meets the second group's number before it hears of the first group's smaller one.
        ([2.3, 2.2, 2.1, 0.0, -0.1, -0.2, -0.3, 2.0, 1.0], [0, 0, 0, 1, 1, 1, 1, 0, 0]),
    ):
        points = np.array(x)
        assert array(module.dbscan(make(np.abs(points[:, None] - points)), 1.0, 4)).tolist() == expected


# proxies


def test_there_is_a_proxy_for_each_pair_in_the_order_of_cameras(side):
    memory, x = memory_of(*side)
    assert array(memory.cameras).tolist() == [0, 0, 1, 1]
    assert array(memory.clusters).tolist() == [1, 2, 0, 1]
    assert array(memory.indices).tolist() == [0, 2, -1, 3, 0, 2, 1]  # cluster 2 has one member
    expected = unit(np.stack([x[0] + x[4], x[6], x[1] + x[5], x[3]]))
    np.testing.assert_allclose(array(memory.vectors), expected, rtol=1e-9)


def test_the_memory_follows_image_after_image(side):
    module, make = side
    memory, _ = memory_of(module, make, momentum=0.3)
    memory.vectors[3] = 2 * memory.vectors[3]  # what no image touches is not brought to length 1 either
    before, f = array(memory.vectors).copy(), RNG(14).normal(size=(4, 4))
    memory.update(make(f), make([2, 0, 2, 2]))
    expected, g = before.copy(), unit(f)
    expected[0] = unit(0.3 * before[0] + 0.7 * g[1])
    expected[2] = unit(0.3 * (0.3 * (0.3 * before[2] + 0.7 * g[0]) + 0.7 * g[2]) + 0.7 * g[3])
    np.testing.assert_allclose(array(memory.vectors), expected, rtol=1e-9)
    assert (array(memory.vectors)[[1, 3]] == before[[1, 3]]).all()
