"""Four points on a circle, relations of ages, votes of a few references: numbers by hand."""

import numpy as np
import pytest

from tests.representation.ordered_clustering.cases import NN, WRAP, angles, degrees, values

FOUR, PAIRS = degrees(0, 30, 60, 90), np.array([0, 0, 1, 1])
CENTROIDS = {0.0: (15, 75), 0.1: (9.7913, 80.2087), 0.5: (-15, 105), 1.0: (-45, 135)}
BEST = {0.0: 3.863703, 0.1: 3.685738, 0.5: 3.346065, 1.0: 3.863703}


@pytest.mark.parametrize("alpha", CENTROIDS)
def test_centroids_of_four_points_move_apart(side, alpha):
    module, array = side
    start = array(degrees(10, 80))
    centroids, labels = module.repulsive_kmeans(array(FOUR), 2, alpha, centroids=start, iterations=1)
    assert values(labels).tolist() == PAIRS.tolist()
    np.testing.assert_allclose(angles(centroids), CENTROIDS[alpha], atol=5e-5)  # four decimals are given
    np.testing.assert_allclose(np.linalg.norm(values(centroids), axis=1), 1, rtol=1e-12)


@pytest.mark.parametrize("alpha", BEST)
def test_objective_of_four_points(side, alpha):
    module, array = side
    centroids = array(degrees(*CENTROIDS[alpha]))
    got = module.repulsive_objective(array(3 * FOUR), centroids, array(PAIRS), alpha)
    assert isinstance(got, float)
    assert got == pytest.approx(BEST[alpha], abs=1e-6)  # six decimals are given


def test_two_clusters_with_alpha_one_are_opposite(side):
    module, array = side
    centroids, _ = module.repulsive_kmeans(array(degrees(3, 40, 55, 170)), 2, 1.0, seed=3)
    np.testing.assert_allclose(values(centroids[0]), -values(centroids[1]), atol=1e-12)


def test_three_clusters_by_hand(side):
    """s_0 = (2, 0), s_1 = (0, 1), s_2 = (-1, 0), S = (1, 1), alpha / (k - 1) = 1/2."""
    module, array = side
    x = array(np.array([[1.0, 0], [5, 0], [0, 1], [-1, 0]]))
    centroids, labels = module.repulsive_kmeans(x, 3, 1.0, centroids=x[1:], iterations=1)
    assert values(labels).tolist() == [0, 0, 1, 2]
    pulls = np.array([[1.5 * 2 - 0.5, -0.5], [-0.5, 1.5 - 0.5], [-1.5 - 0.5, -0.5]])
    np.testing.assert_allclose(values(centroids), pulls / np.linalg.norm(pulls, axis=1, keepdims=True), rtol=1e-12)


def test_an_empty_cluster_starts_again_at_the_farthest_point(side):
    module, array = side
    x = degrees(0, 5, 100)
    start = array(degrees(0, 270))
    centroids, labels = module.repulsive_kmeans(array(x), 2, 0.0, centroids=start, iterations=1)
    assert values(labels).tolist() == [0, 0, 0]
    np.testing.assert_allclose(values(centroids)[1], x[2], atol=1e-12)
    _, labels = module.repulsive_kmeans(array(x), 2, 0.1, centroids=start)
    assert values(labels).tolist() == [0, 0, 1]


def test_a_sum_of_zero_leaves_its_centroid(side):
    module, array = side
    x = array(np.array([[1.0, 0], [-1, 0]]))
    centroids, labels = module.repulsive_kmeans(x, 1, 0.0, centroids=array(np.array([[0.0, 2.0]])))
    assert values(labels).tolist() == [0, 0]
    assert values(centroids).tolist() == [[0, 1]]


def test_relations_of_ages(side):
    module, array = side
    first, second = np.log([22.0, 20, 20, 21, 44, 40]), np.log([20.0, 22, 21, 20, 40, 40])
    # 22 / 20 is 1.1, and exp(0.1) is 1.105: a tenth more is about equal, 12 % are not
    assert values(module.order_relation(array(first), array(second), 0.1)).tolist() == [1, 1, 1, 1, 1, 1]
    got = module.order_relation(array(np.log([23.0, 20.0])), array(np.log([20.0, 23.0])), 0.1)
    assert values(got).tolist() == [0, 2]
    assert values(got).dtype == np.int64


def test_relation_at_exactly_the_tolerance_is_about_equal(side):
    module, array = side
    got = module.order_relation(array(np.array([1.5, 1.0, 1.5, 3])), array(np.array([1.0, 1.5, 1.25, 1])), 0.5)
    assert values(got).tolist() == [1, 1, 1, 0]
    got = module.order_relation(array(np.array([2, 3, 2])), array(np.array([2, 2, 3])), 0)
    assert values(got).tolist() == [1, 0, 2]
    got = module.order_relation(array(np.array([1.0, 2.0])), array(np.array([[1.0], [2.0]])), 0.5)
    assert values(got).tolist() == [[1, 0], [2, 1]]


def test_a_third_for_everything_leaves_three_levels_equal(side):
    module, array = side
    p = array(np.full((1, 1, 3), 1 / 3))
    rank, posterior = module.estimate_rank(p, array(np.array([[2.0]])), array(np.array([1.0, 2.0, 3.0])), 0.5)
    np.testing.assert_allclose(values(posterior), 1 / 3, rtol=1e-15)
    assert values(rank).tolist() == [1.0], "the lowest of equals"


def test_votes_of_two_references_by_hand(side):
    """Levels 1 to 4, tolerance 1/2. Reference 2: older 3, 4; equal 2; younger 1. Reference 4: older none."""
    module, array = side
    p = np.array([[[0.6, 0.3, 0.1], [0.4, 0.0, 0.6]]])
    rank, posterior = module.estimate_rank(
        array(p), array(np.array([[2.0, 4.0]])), array(np.array([1.0, 2.0, 3.0, 4.0])), 0.5
    )
    expected = np.array([0.1 + 0.2, 0.3 + 0.2, 0.3 + 0.2, 0.3 + 0.0]) / 2
    np.testing.assert_allclose(values(posterior)[0], expected, rtol=1e-12)
    assert values(rank).tolist() == [2.0]


def test_missing_references_have_no_vote(side):
    module, array = side
    p = np.array([[[0.0, 1.0, 0.0], [1.0, 0.0, 0.0]], [[0.0, 0.0, 1.0], [np.nan, np.nan, np.nan]]])
    references = np.array([[1.0, np.nan], [3.0, np.nan]])
    rank, posterior = module.estimate_rank(array(p), array(references), array(np.array([1.0, 2.0, 3.0])), 0.5)
    assert values(rank).tolist() == [1.0, 1.0]
    np.testing.assert_allclose(values(posterior), [[1, 0, 0], [0.5, 0.5, 0]], rtol=1e-12)


def test_references_of_a_few_images(side):
    """Cluster 0 has ranks 1 1 2, cluster 1 has 2 and 3; rank 9 is no level."""
    module, array = side
    identity = degrees(0, 50, 90, 20, 10, 0)
    known = array(2 * identity), array(np.array([0, 0, 0, 1, 1, 0])), array(np.array([1.0, 1, 2, 2, 3, 9]))
    query = array(degrees(60, 5, 0)), array(np.array([0, 1, 7])), array(np.array([1.0, 2.0, 3.0]))
    assert values(module.choose_references(*known, *query)).tolist() == [[1, 2, -1], [-1, 3, 4], [-1, -1, -1]]
    two = module.choose_references(*known, *query, per_level=2)
    assert values(two).tolist() == [[1, 0, 2, -1, -1, -1], [-1, -1, 3, -1, 4, -1], [-1] * 6]
    assert values(two).dtype == np.int64


def test_the_lower_index_of_equally_similar_references_comes_first(side):
    module, array = side
    identity = array(np.array([[0.0, 1], [1, 0], [1, 0], [1, 0]]))
    zeros, ones = array(np.zeros(4, int)), array(np.ones(4))
    query = array(np.array([[1.0, 0]])), array(np.zeros(1, int)), array(np.ones(1))
    chosen = module.choose_references(identity, zeros, ones, *query, per_level=3)
    assert values(chosen).tolist() == [[1, 2, 3]]


@pytest.mark.parametrize(("limit", "expected"), [(0, 25.0), (4.5, 50.0), (5, 75.0), (60, 100.0)])
def test_cumulative_score_counts_what_is_wrong_by_the_limit_at_most(side, limit, expected):
    module, array = side
    estimate, truth = array(np.array([20.0, 36, 44, 50])), array(np.array([25, 30, 40, 50]))
    got = module.cumulative_score(estimate, truth, limit)
    assert isinstance(got, float)
    assert got == expected
    assert module.cumulative_score(estimate, truth) == 75.0


def count(network):
    return sum(int(np.prod(parameter.shape)) for parameter in network.parameters())


def test_network_has_the_layers_of_its_sizes(side):
    module, _ = side
    model = module.ORID()
    assert model.order_dim + model.identity_dim == 32
    convolutions = 32 * 3 * 9 + 32 + 64 * 32 * 9 + 64 + 64 * 64 * 9 + 64
    assert count(model.encoder) == convolutions + 32 * (64 * 4) + 32
    back = 64 * 64 * 9 + 64 + 64 * 32 * 9 + 32 + 32 * 3 * 9 + 3
    assert count(model.decoder) == back + 64 * 4 * 32 + 64 * 4
    assert count(model.comparator) == 16 * 32 + 32 + 32 * 32 + 32 + 32 * 3 + 3
    assert isinstance(model, NN[module].Module)


def test_loss_by_hand(side):
    """Logits 0: log 3 both ways. |x - x'| = 1/4, |y - y'| = 1/2. Cosines to the centroid 0.6 and 0.8."""
    module, _ = side
    array = WRAP[module]
    logits, image = np.zeros((2, 3)), np.zeros((2, 1, 2, 2))
    identity = np.array([[0.6, 0.8], [0.6, 0.8]]), np.array([[0.8, 0.6], [0.8, 0.6]])
    outputs = [array(part) for part in (logits, logits, image + 0.25, image - 0.5, *identity)]
    x, relation, labels = array(image), array(np.array([0, 2])), array(np.array([1, 1]))
    centroids = array(np.array([[0.0, 1.0], [1.0, 0.0]]))
    expected = 2 * np.log(3) + 5 * 0.75
    assert module.orid_loss(outputs, x, x, relation).item() == pytest.approx(expected, rel=1e-12)
    got = module.orid_loss(outputs, x, x, relation, centroids, labels)
    assert got.item() == pytest.approx(expected - 0.1 * (0.6 + 0.8), rel=1e-12)
    got = module.orid_loss(outputs, x, x, relation, centroids, labels, 2.0, 1.0)
    assert got.item() == pytest.approx(2 * np.log(3) + 2 * 0.75 - 1.4, rel=1e-12)


def test_reverse_comparison_has_the_reverse_label(side):
    module, _ = side
    array = WRAP[module]
    sure = 100 * np.eye(3)
    image, identity = np.zeros((3, 1, 1, 1)), np.ones((3, 1))
    outputs = [array(part) for part in (sure, sure[::-1].copy(), image, image, identity, identity)]
    loss = module.orid_loss(outputs, array(image), array(image), array(np.arange(3)))
    assert loss.item() == pytest.approx(0, abs=1e-12)
