"""Ranking, k-reciprocal sets, DBSCAN and losses against SciPy, scikit-learn, torch, and loops from the papers."""

import math

import numpy as np
import pytest
import scipy.spatial.distance
import torch
from sklearn.cluster import DBSCAN
from sklearn.metrics import average_precision_score

from tests.attention.reid.cases import RNG, memory_of, random_ranking
from tests.twins import array, unit

# ranking


def test_distances_are_those_of_scipy(side):
    module, make = side
    x, y = RNG(0).normal(size=(7, 5)), RNG(1).normal(size=(4, 5))
    got = array(module.euclidean_distances(make(x), make(y)))
    np.testing.assert_allclose(got, scipy.spatial.distance.cdist(x, y), rtol=1e-9)


def test_average_precision_is_that_of_scikit_learn_without_the_left_out(side):
    module, make = side
    d, ids_q, ids_g, cams_q, cams_g = random_ranking(3)
    expected = []
    for row, person, camera in zip(d, ids_q, cams_q, strict=True):
        keep = ~((ids_g == person) & (cams_g == camera))
        expected.append(average_precision_score(ids_g[keep] == person, -row[keep]))
    got = module.mean_average_precision(*map(make, (d, ids_q, ids_g, cams_q, cams_g)))
    assert float(got) == pytest.approx(np.mean(expected), rel=1e-7)


def test_cumulative_match_by_a_loop(side):
    module, make = side
    d, ids_q, ids_g, cams_q, cams_g = random_ranking(4, gallery=120, people=20)
    first = []
    for row, person, camera in zip(d, ids_q, cams_q, strict=True):
        listed = [j for j in np.argsort(row) if not (ids_g[j] == person and cams_g[j] == camera)]
        first.append([ids_g[j] == person for j in listed].index(True) + 1)
    got = array(module.cumulative_match(*map(make, (d, ids_q, ids_g, cams_q, cams_g))))
    assert got.shape == (4,)
    np.testing.assert_allclose(got, [(np.array(first) <= r).mean() for r in (1, 5, 10, 20)], rtol=1e-6)


def jaccard_by_sets(x, k1, k2):
    """Steps 1 to 5 with Python's sets, written from the paper."""
    x, n = unit(x), len(x)
    d = ((x[:, None] - x) ** 2).sum(-1)
    order = [sorted(range(n), key=lambda j, i=i: (j != i, d[i, j])) for i in range(n)]

    def reciprocal(i, k):
        return {j for j in order[i][: k + 1] if i in order[j][: k + 1]}

    v = np.zeros((n, n))
    for i in range(n):
        mine = reciprocal(i, k1)
        wide = set(mine)
        for j in mine:
            theirs = reciprocal(j, round(k1 / 2))
            if len(theirs & mine) > 2 / 3 * len(theirs):
                wide |= theirs
        for j in wide:
            v[i, j] = math.exp(-d[i, j])
        v[i] /= v[i].sum()
    v = np.array([v[order[i][:k2]].mean(0) for i in range(n)])
    return np.array([[1 - np.minimum(a, b).sum() / np.maximum(a, b).sum() for b in v] for a in v])


# k-reciprocal neighbours


@pytest.mark.parametrize(("k1", "k2"), [(1, 1), (5, 1), (7, 3), (12, 4), (29, 6)])
def test_jaccard_distances_are_those_of_sets(side, k1, k2):
    module, make = side
    x = RNG(5).normal(size=(30, 4)) + 4 * np.eye(4)[np.arange(30) % 3]
    got = array(module.jaccard_distance(make(x), k1, k2))
    np.testing.assert_allclose(got, jaccard_by_sets(x, k1, k2), atol=1e-9)


@pytest.mark.parametrize(("seed", "k1"), [(6, 7), (8, 12)])
def test_only_reciprocal_neighbours_widen_a_list(side, seed, k1):
    """Here another image's list overlaps by more than 2/3, too, and must not be taken."""
    module, make = side
    x = RNG(seed).normal(size=(30, 3))
    got = array(module.jaccard_distance(make(x), k1, 1))
    np.testing.assert_allclose(got, jaccard_by_sets(x, k1, 1), atol=1e-9)


@pytest.mark.parametrize(("k1", "k2"), [(1, 1), (2, 1), (2, 2)])
def test_fewer_neighbours_than_twins(side, k1, k2):
    """Each image stands in its own list, also where others at distance 0 have smaller numbers."""
    module, make = side
    x = np.repeat(np.eye(3), 4, axis=0)
    got = array(module.jaccard_distance(make(x), k1, k2))
    np.testing.assert_allclose(got, jaccard_by_sets(x, k1, k2), atol=1e-12)


# DBSCAN


@pytest.mark.parametrize("seed", [10, 11])
@pytest.mark.parametrize("eps", [0.1, 0.3, 0.6, 5.0])
@pytest.mark.parametrize("min_samples", [1, 2, 5])
def test_dbscan_is_that_of_scikit_learn_border_points_too(side, seed, eps, min_samples):
    module, make = side
    x = RNG(seed).normal(size=(90, 2))
    d = scipy.spatial.distance.cdist(x, x)
    expected = DBSCAN(eps=eps, min_samples=min_samples, metric="precomputed").fit_predict(d)
    np.testing.assert_array_equal(array(module.dbscan(make(d), eps, min_samples)), expected)


INDICES = np.array([0, 3, 1, 2, 0])


def intra_by_loops(f, memory, tau):
    """The slide's equation, camera by camera."""
    total, vectors, cameras = 0.0, array(memory.vectors), array(memory.cameras)
    for camera in set(cameras[INDICES].tolist()):
        mine = [i for i, j in enumerate(INDICES) if cameras[j] == camera]
        for i in mine:
            s = np.exp(vectors @ f[i] / tau)
            total -= math.log(s[INDICES[i]] / s[cameras == camera].sum()) / len(mine)
    return total


def inter_by_loops(f, memory, tau, negatives):
    total, vectors = 0.0, array(memory.vectors)
    cameras, clusters = array(memory.cameras), array(memory.clusters)
    for row, j in zip(f, INDICES, strict=True):
        s = np.exp(vectors @ row / tau)
        p = [k for k in range(len(s)) if clusters[k] == clusters[j] and cameras[k] != cameras[j]]
        q = [k for k in range(len(s)) if clusters[k] != clusters[j]]
        q = sorted(q, key=lambda k, s=s: -s[k])[:negatives]
        for k in p:
            total -= math.log(s[k] / (s[p].sum() + s[q].sum())) / len(p)
    return total / len(f)


# losses


@pytest.mark.parametrize("tau", [0.07, 0.5])
def test_both_losses_by_the_slides_sums(side, tau):
    module, make = side
    memory, _ = memory_of(module, make)
    f = RNG(16).normal(size=(5, 4))
    got = module.intra_camera_loss(make(f), make(INDICES), memory, tau)
    assert got.item() == pytest.approx(intra_by_loops(unit(f), memory, tau), rel=1e-9)
    for negatives in (1, 2, 50):
        got = module.inter_camera_loss(make(f), make(INDICES), memory, tau, negatives)
        assert got.item() == pytest.approx(inter_by_loops(unit(f), memory, tau, negatives), rel=1e-9)


def test_with_one_camera_intra_is_a_plain_cross_entropy_and_inter_is_zero(side):
    module, make = side
    x, f = RNG(21).normal(size=(9, 3)), RNG(22).normal(size=(9, 3))
    memory = module.CameraProxies(make(x), make(np.arange(9) % 3), make(np.zeros(9, int)))
    expected = torch.nn.functional.cross_entropy(
        torch.tensor(unit(f) @ array(memory.vectors).T / 0.2), torch.arange(9) % 3
    )
    got = module.intra_camera_loss(make(f), make(np.arange(9) % 3), memory, 0.2)
    assert got.item() == pytest.approx(expected.item(), rel=1e-9)
    assert module.inter_camera_loss(make(f), make(np.arange(9) % 3), memory, 0.2).item() == 0


@pytest.mark.parametrize("seed", range(4))
def test_distances_that_torch_has_rounded_are_clustered_as_exact_ones(side, seed):
    """torch.cdist multiplies, and is symmetric but for 1e-6 of a distance; no distance lies that near the radius."""
    module, make = side
    x = torch.tensor(RNG(seed).normal(size=(500, 8)).astype(np.float32))
    rounded = torch.cdist(x, x, compute_mode="use_mm_for_euclid_dist").numpy()
    exact = scipy.spatial.distance.cdist(x.double().numpy(), x.double().numpy())
    assert np.abs(exact - 2.0).min() > np.abs(exact - rounded)[exact > 0.1].max()
    expected = DBSCAN(eps=2.0, min_samples=4, metric="precomputed").fit_predict(exact)
    np.testing.assert_array_equal(array(module.dbscan(make(rounded), 2.0, 4)), expected)
