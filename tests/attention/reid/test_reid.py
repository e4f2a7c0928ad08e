"""The reid topic: ranking by hand, k-reciprocal sets, DBSCAN against scikit-learn, proxies, losses, training."""

import math
import tracemalloc

import numpy as np
import pytest
import scipy.spatial.distance
import torch
from sklearn.cluster import DBSCAN
from sklearn.metrics import average_precision_score

from mylib import data, engine
from mylib.attention.reid import pytorch, scratch
from mylib.attention.reid.arguments import draw_batches
from tests.timing import growth
from tests.twins import array, assert_same_function, unit

SIDES = {
    "scratch": (scratch, np.asarray),
    "pytorch": (pytorch, lambda value: torch.tensor(np.asarray(value))),
}
RNG = np.random.default_rng


@pytest.fixture(params=SIDES)
def side(request):
    """A twin, and what makes its arrays."""
    return SIDES[request.param]


def wrong(side, name, *arguments, match, **options):
    module, make = side
    arguments = [make(value) if isinstance(value, (list, np.ndarray)) else value for value in arguments]
    with pytest.raises(ValueError, match=match):
        getattr(module, name)(*arguments, **options)


# ranking


def test_distances_are_those_of_scipy(side):
    module, make = side
    x, y = RNG(0).normal(size=(7, 5)), RNG(1).normal(size=(4, 5))
    got = array(module.euclidean_distances(make(x), make(y)))
    np.testing.assert_allclose(got, scipy.spatial.distance.cdist(x, y), rtol=1e-9)


def test_a_vector_is_at_distance_zero_from_itself_up_to_rounding(side):
    """A square that rounds to less than 0 must not become a NaN."""
    module, make = side
    x = 100 * RNG(2).normal(size=(40, 3))
    got = array(module.euclidean_distances(make(x), make(x)))
    assert np.abs(np.diag(got)).max() < 1e-5  # sqrt of 1e-16 times the squared length, 1e4


HAND = {  # one query of person 1 by camera 0; in the order of distance: out, no, yes, out, no, yes
    "distances": [[0.1, 0.2, 0.3, 0.4, 0.5, 0.6]],
    "ids_q": [1],
    "ids_g": [1, 2, 1, 1, 3, 1],
    "cams_q": [0],
    "cams_g": [0, 0, 1, 0, 1, 2],
}


def test_the_hand_ranked_list(side):
    """The left-out images take no place: right ones stand at places 2 and 4."""
    module, make = side
    hand = {name: make(value) for name, value in HAND.items()}
    assert float(module.mean_average_precision(**hand)) == pytest.approx((1 / 2 + 2 / 4) / 2, rel=1e-12)
    found = array(module.cumulative_match(**hand, ranks=(1, 2, 3)))
    assert found.tolist() == [0, 1, 1]


def test_the_order_of_the_gallery_does_not_matter(side):
    module, make = side
    order = np.array([3, 5, 0, 2, 4, 1])
    mixed = {
        name: np.array(value)[..., order] if name in ("distances", "ids_g", "cams_g") else np.array(value)
        for name, value in HAND.items()
    }
    got = module.mean_average_precision(**{name: make(value) for name, value in mixed.items()})
    assert float(got) == pytest.approx(0.5, rel=1e-12)


def random_ranking(seed, queries=30, gallery=60, people=5, cameras=3):
    rng = RNG(seed)
    ids_q, ids_g = rng.integers(0, people, queries), np.arange(gallery) % people
    cams_q, cams_g = rng.integers(0, cameras, queries), rng.integers(0, cameras, gallery)
    return rng.random((queries, gallery)), ids_q, ids_g, cams_q, cams_g


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


def test_ranks_beyond_the_gallery_are_one(side):
    module, make = side
    got = module.cumulative_match(*map(make, ([[0.2, 0.1]], [1], [1, 2], [0], [1, 1])))
    assert array(got).tolist() == [0, 1, 1, 1]


def test_a_query_without_a_match_in_the_gallery_is_an_error_that_names_it(side):
    arguments = [[0.1, 0.2], [0.1, 0.2]], [1, 2], [1, 2], [0, 0], [1, 0]  # person 2: by the same camera only
    for name in ("cumulative_match", "mean_average_precision"):
        wrong(side, name, *arguments, match="1 of 2 queries, the first is 1; leave")


def test_ranking_refuses_what_does_not_fit(side):
    good = [[0.1, 0.2]], [1], [1, 2], [0], [1, 1]
    for place, bad in ((0, [0.1, 0.2]), (1, [1, 2]), (2, [1]), (3, [[0]]), (4, [1, 1, 1])):
        arguments = list(good)
        arguments[place] = bad
        wrong(side, "mean_average_precision", *arguments, match="expected distances")
        wrong(side, "cumulative_match", *arguments, match="expected distances")
    wrong(side, "cumulative_match", *good, ranks=(0, 1), match="ranks of at least 1")
    wrong(side, "euclidean_distances", np.ones((2, 3)), np.ones((2, 4)), match="expected vectors")
    wrong(side, "cumulative_match", *good, ranks=(), match="a list of ranks of at least 1")
    wrong(side, "cumulative_match", *good, ranks=5, match="a list of ranks of at least 1, got 5")
    wrong(side, "euclidean_distances", np.ones((0, 3)), np.ones((2, 3)), match="none empty")


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_distances_that_are_no_numbers_cannot_be_ranked(side, bad):
    for name in ("cumulative_match", "mean_average_precision"):
        wrong(side, name, [[0.1, bad]], [1], [1, 2], [0], [1, 1], match="expected finite distances")


def test_distances_of_whole_numbers_are_refused_as_their_squares_overflow(side):
    module, make = side
    bytes_ = make(np.full((2, 3), 200, np.uint8))
    with pytest.raises(TypeError, match="floating point, got whole numbers.*divide pixels by 255"):
        module.euclidean_distances(bytes_, bytes_)


def test_a_query_that_is_alone_in_its_batch_and_vectors_that_lie_otherwise_in_memory(side):
    module, make = side
    d, ids_q, ids_g, cams_q, cams_g = random_ranking(30)
    arguments = ids_q, ids_g, cams_q, cams_g
    one = [float(module.mean_average_precision(*map(make, (d[[q]], ids_q[[q]], ids_g, cams_q[[q]], cams_g))))
           for q in range(len(d))]  # fmt: skip
    turned = make(np.ascontiguousarray(d.T)).T
    # The PyTorch twin counts in float32.
    assert float(module.mean_average_precision(turned, *map(make, arguments))) == pytest.approx(
        np.mean(one), rel=1e-6
    )


# k-reciprocal neighbours


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


def test_jaccard_distance_is_symmetric_zero_with_itself_and_at_most_one(side):
    module, make = side
    d = array(module.jaccard_distance(make(RNG(6).normal(size=(50, 8))), 10, 3))
    assert np.abs(d - d.T).max() == 0
    assert np.abs(np.diag(d)).max() < 1e-12
    assert 0 <= d.min() < d.max() == 1


def test_the_length_of_a_feature_does_not_matter(side):
    module, make = side
    x = RNG(7).normal(size=(20, 3))
    scaled = x * RNG(8).uniform(0.1, 10, (20, 1))
    got, expected = (array(module.jaccard_distance(make(value), 5, 2)) for value in (scaled, x))
    np.testing.assert_allclose(got, expected, atol=1e-9)


def test_twins_of_an_image_are_at_distance_zero(side):
    """Each is its own nearest, whatever the order of equal distances."""
    module, make = side
    x = np.repeat(np.eye(3), 4, axis=0)
    d = array(module.jaccard_distance(make(x), 3, 1))
    np.testing.assert_allclose(d, 1 - np.kron(np.eye(3), np.ones((4, 4))), atol=1e-12)


@pytest.mark.parametrize(("k1", "k2"), [(1, 1), (2, 1), (2, 2)])
def test_fewer_neighbours_than_twins(side, k1, k2):
    """Each image stands in its own list, also where others at distance 0 have smaller numbers."""
    module, make = side
    x = np.repeat(np.eye(3), 4, axis=0)
    got = array(module.jaccard_distance(make(x), k1, k2))
    np.testing.assert_allclose(got, jaccard_by_sets(x, k1, k2), atol=1e-12)


def test_many_features_take_memory_for_pairs_and_time_below_that_of_triples(side):
    """The plain form adds up over triples, 64 times as long for 4 times as many images; the size doubles twice here."""
    module, make = side

    def run(n):
        x = RNG(9).normal(size=(n, 64)) + 3 * np.eye(64)[np.arange(n) % 50]
        module.jaccard_distance(make(x.astype(np.float32)))

    assert growth(run, 500) < 40
    tracemalloc.start()
    run(2000)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < 1e9  # 2000^2 pairs are 16 MB, and 2000^3 triples 32 GB


def test_jaccard_distance_refuses_more_neighbours_than_there_are(side):
    x = np.ones((5, 2))
    wrong(side, "jaccard_distance", x, 5, 2, match="k1 from 1 to n - 1")
    wrong(side, "jaccard_distance", x, 0, 2, match="k1 from 1")
    wrong(side, "jaccard_distance", x, 3, 6, match="k2 from 1 to n")
    wrong(side, "jaccard_distance", x, 3, 0, match="k2 from 1 to n")
    wrong(side, "jaccard_distance", np.ones(5), 3, 1, match="expected features")
    for bad in (np.nan, np.inf):
        wrong(side, "jaccard_distance", x * [1.0, bad], 3, 2, match="finite features.*diverge")


def test_jaccard_distance_keeps_the_precision_of_the_features_however_they_lie(side):
    module, make = side
    x = RNG(31).normal(size=(40, 6))
    expected = array(module.jaccard_distance(make(x), 8, 3))
    assert expected.dtype == np.float64
    turned = make(np.ascontiguousarray(x.T)).T
    np.testing.assert_allclose(array(module.jaccard_distance(turned, 8, 3)), expected, atol=1e-12)
    assert array(module.jaccard_distance(make(x.astype(np.float32)), 8, 3)).dtype == np.float32


def test_jaccard_distance_ranks_in_full_precision_under_autocast():
    x = torch.tensor(RNG(32).normal(size=(60, 6)), dtype=torch.float32)
    expected = pytorch.jaccard_distance(x, 8, 3)
    with torch.autocast("cpu", torch.bfloat16):
        got = pytorch.jaccard_distance(x, 8, 3)
    assert torch.equal(got, expected)
    assert pytorch.jaccard_distance(x.bfloat16(), 8, 3).dtype == torch.float32


def test_pairs_are_added_in_several_rounds(monkeypatch):
    """Blocks of columns, each as long as its longest: the sum is that of one block."""
    from mylib.attention.reid import pytorch_clusters

    x = torch.tensor(RNG(33).normal(size=(50, 4)))
    expected = pytorch.jaccard_distance(x, 9, 3)
    for entries in (1, 300, 2000):
        monkeypatch.setattr(pytorch_clusters, "ENTRIES", entries)
        torch.testing.assert_close(pytorch.jaccard_distance(x, 9, 3), expected, rtol=0, atol=1e-12)


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


def test_dbscan_follows_a_long_chain_in_any_order(side):
    module, make = side
    place = RNG(12).permutation(300).astype(float)
    place[place >= 150] += 5  # a gap in the middle
    got = array(module.dbscan(make(np.abs(place[:, None] - place)), 1.0, 2))
    assert (got == got[np.argmin(place)]).sum() == 150
    assert set(got.tolist()) == {0, 1}


def test_labels_flow_along_a_chain_of_a_thousand_in_a_dozen_rounds(monkeypatch):
    rounds, equal = [], torch.equal
    monkeypatch.setattr(torch, "equal", lambda a, b: rounds.append(1) or equal(a, b))
    for place in (np.arange(1000.0), RNG(34).permutation(1000).astype(float)):
        rounds.clear()
        got = pytorch.dbscan(torch.tensor(np.abs(place[:, None] - place)), 1.0, 2)
        assert (got == 0).all()
        assert len(rounds) <= 12  # a round a neighbour would be 1,000


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


def test_dbscan_refuses_what_is_no_distance(side):
    d = np.array([[0.0, 1.0], [1.0, 0.0]])
    wrong(side, "dbscan", d, 0.0, 1, match="eps above 0")
    wrong(side, "dbscan", d, -1.0, 1, match="eps above 0")
    wrong(side, "dbscan", d, 0.5, 0, match="min_samples of at least 1")
    wrong(side, "dbscan", d[:1], 0.5, 1, match="square")
    wrong(side, "dbscan", d[:0, :0], 0.5, 1, match="square")
    wrong(side, "dbscan", d * np.nan, 0.5, 1, match="other values")
    wrong(side, "dbscan", np.array([[0.0, np.inf], [np.inf, 0.0]]), 0.5, 1, match="other values")
    wrong(side, "dbscan", -d, 0.5, 1, match="other values")
    wrong(side, "dbscan", np.array([[0.0, 1.0], [0.2, 0.0]]), 0.5, 1, match="other values")


# proxies

CLUSTERS, CAMERAS = np.array([1, 0, -1, 1, 1, 0, 2]), np.array([0, 1, 0, 1, 0, 1, 0])


def memory_of(module, make, dtype=np.float64, momentum=0.2, dim=4):
    x = RNG(13).normal(size=(7, dim)).astype(dtype)
    return module.CameraProxies(make(x), make(CLUSTERS), make(CAMERAS), momentum), unit(x)


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


@pytest.mark.parametrize("momentum", [0.0, 1.0])
def test_the_ends_of_the_momentum(side, momentum):
    module, make = side
    memory, _ = memory_of(module, make, momentum=momentum)
    before, f = array(memory.vectors).copy(), unit(RNG(15).normal(size=(2, 4)))
    memory.update(make(f), make([1, 1]))
    expected = f[1] if momentum == 0 else before[1]
    np.testing.assert_allclose(array(memory.vectors)[1], expected, rtol=1e-9)


def test_proxies_refuse_what_does_not_fit(side):
    x, zeros = np.ones((3, 2)), np.zeros(3, int)
    wrong(side, "CameraProxies", x, zeros - 1, zeros, match="not all of them noise")
    wrong(side, "CameraProxies", x, zeros[:2], zeros, match="expected features")
    wrong(side, "CameraProxies", x, zeros, zeros[:2], match="expected features")
    wrong(side, "CameraProxies", x, zeros, zeros, 1.5, match="momentum from 0 to 1")
    module, make = side
    memory, _ = memory_of(module, make)
    with pytest.raises(ValueError, match=r"CameraProxies.update: expected features \(batch, 4\)"):
        memory.update(make(np.ones((2, 3))), make([0, 1]))


# losses

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


def large(module, make, dtype=np.float64):
    """A memory of 3 cameras and 6 clusters, each image's proxy, and features."""
    clusters, cameras = np.arange(40) % 7 - 1, np.arange(40) * 5 % 3
    x = RNG(17).normal(size=(40, 5)).astype(dtype)
    memory = module.CameraProxies(make(x), make(clusters), make(cameras))
    rows = np.flatnonzero(clusters >= 0)[::2]
    return memory, array(memory.indices)[rows], RNG(18).normal(size=(len(rows), 5)).astype(dtype)


@pytest.mark.parametrize("name", ["intra_camera_loss", "inter_camera_loss"])
def test_the_losses_gradients_are_those_of_differences(name):
    memory, indices, f = large(scratch, np.asarray)
    engine.gradcheck(lambda f: getattr(scratch, name)(f, indices, memory, 0.3), f)


@pytest.mark.parametrize("name", ["intra_camera_loss", "inter_camera_loss"])
@pytest.mark.parametrize("options", [(0.07,), (0.5,), (0.2, 3)])
def test_the_losses_agree_with_their_twins(name, options):
    if name == "intra_camera_loss":
        options = options[:1]
    ours, indices, f = large(scratch, np.asarray)
    theirs, _, _ = large(pytorch, torch.tensor)
    assert_same_function(
        lambda f: getattr(scratch, name)(f, indices, ours, *options),
        lambda f: getattr(pytorch, name)(f, torch.tensor(indices), theirs, *options),
        f,
    )


def test_the_losses_of_half_precision_are_sums_in_single():
    memory, indices, f = large(pytorch, torch.tensor, np.float32)
    indices, f = torch.tensor(indices), torch.tensor(f)
    for loss in (pytorch.intra_camera_loss, pytorch.inter_camera_loss):
        with torch.autocast("cpu", torch.bfloat16):
            got = loss(f, indices, memory, 0.1)
        assert got.dtype == torch.float32
        # Cosines have 8 bits: an error of 0.004, divided by 0.1, against losses of several nats.
        assert got.item() == pytest.approx(loss(f, indices, memory, 0.1).item(), rel=0.02)


def test_intra_camera_loss_does_not_see_other_cameras(side):
    module, make = side
    memory, indices, f = large(module, make)
    mine = np.array([i for i, j in enumerate(indices) if array(memory.cameras)[j] == 1])
    before = module.intra_camera_loss(make(f[mine]), make(indices[mine]), memory).item()
    vectors = array(memory.vectors).copy()
    vectors[array(memory.cameras) != 1] = unit(RNG(19).normal(size=5))
    memory.vectors = make(vectors)
    assert module.intra_camera_loss(make(f[mine]), make(indices[mine]), memory).item() == before


def test_inter_camera_loss_does_not_see_an_images_own_proxy_but_others_of_its_camera(side):
    module, make = side
    memory, indices, f = large(module, make)
    j = indices[0]
    camera, cluster = array(memory.cameras)[j], array(memory.clusters)[j]
    stranger = np.flatnonzero((array(memory.cameras) == camera) & (array(memory.clusters) != cluster))[0]

    def loss():
        return module.inter_camera_loss(make(f[:1]), make(indices[:1]), memory, 0.5).item()

    before, vectors = loss(), array(memory.vectors).copy()
    for place, changes in ((j, False), (stranger, True)):
        moved = vectors.copy()
        moved[place] = unit(RNG(20).normal(size=5))
        memory.vectors = make(moved)
        assert (loss() != before) == changes


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


def inter_gradient(module, f, indices, memory):
    """Of the inter-camera loss with respect to the features."""
    if module is scratch:
        x = engine.Tensor(f, requires_grad=True)
        module.inter_camera_loss(x, indices, memory).backward()
        return x.grad
    x = torch.tensor(f, requires_grad=True)
    module.inter_camera_loss(x, torch.tensor(indices), memory).backward()
    return x.grad.numpy()


def test_images_without_a_positive_have_a_gradient_of_zero_not_of_nothing(side):
    """Cluster 2 is seen by camera 0 alone, and is its one member; in the other memory there is no second camera."""
    module, make = side
    memory, _ = memory_of(module, make)
    f = RNG(23).normal(size=(2, 4))
    gradient = inter_gradient(module, f, np.array([1, 0]), memory)
    assert (gradient[0] == 0).all()
    assert np.isfinite(gradient).all()
    assert np.abs(gradient[1]).max() > 0
    lonely = module.CameraProxies(make(f), make([0, 1]), make([3, 3]))
    assert (inter_gradient(module, f, np.array([1, 0]), lonely) == 0).all()


def test_the_losses_refuse_what_does_not_fit(side):
    module, make = side
    memory, _ = memory_of(module, make)
    f, j = np.ones((2, 4)), np.array([0, 1])
    for name in ("intra_camera_loss", "inter_camera_loss"):
        wrong(side, name, f[:, :3], j, memory, match=r"expected features \(batch, 4\)")
        wrong(side, name, f, j[:1], memory, match="expected features")
        wrong(side, name, f[:0], j[:0], memory, match="at least one")
        wrong(side, name, f, j, memory, 0.0, match="temperature above 0")
        noisy = make(np.array([0, -1]))  # must not be taken for the last proxy
        with pytest.raises((ValueError, IndexError), match="leave out the images that are noise|out of"):
            getattr(module, name)(make(f), noisy, memory)
        with pytest.raises((ValueError, RuntimeError), match="leave out the images that are noise|out of"):
            memory.update(make(f), noisy)
    wrong(side, "inter_camera_loss", f, j, memory, 0.1, 0, match="negatives of at least 1")


# training


def test_batches_hold_each_proxy_once_an_epoch_and_no_noise():
    indices = np.array([0, 1, 1, 2, -1, 2, 2, 2, 3])
    batches = draw_batches(indices, proxies=3, shots=2, rng=RNG(24))
    assert [len(batch) for batch in batches] == [6, 2]
    drawn = np.concatenate(batches)
    assert sorted(indices[drawn].tolist()) == [0, 0, 1, 1, 2, 2, 3, 3]
    assert len(set(drawn[indices[drawn] == 2])) == 2  # different images where there are enough
    assert set(drawn[indices[drawn] == 0]) == {0}


def test_every_epoch_draws_other_images_in_another_order():
    indices, rng = np.repeat(np.arange(8), 6), RNG(25)
    epochs = [np.concatenate(draw_batches(indices, proxies=3, shots=2, rng=rng)) for _ in range(30)]
    assert set(np.concatenate(epochs)) == set(range(48))  # one is missed with probability (2/3)^30
    assert len({tuple(indices[epoch]) for epoch in epochs}) == 30


def people_and_linear(module, seed=0, dtype=np.float32):
    """Pictures of few people, and a linear encoder with the same weights on both sides."""
    people = data.camera_people(seed, identities=8, cameras=2, shots=3)
    people = people._replace(images=people.images.astype(dtype))
    weights = (0.05 * RNG(seed).normal(size=(8, 3 * 32 * 16))).astype(dtype)
    if module is scratch:
        encoder = engine.nn.Sequential(engine.nn.Flatten(), engine.nn.Linear(1536, 8, bias=False))
        encoder[1].weight = engine.nn.Parameter(weights)
        return people, encoder, engine.optim.SGD(encoder.parameters(), 0.05)
    encoder = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(1536, 8, bias=False))
    encoder[1].weight = torch.nn.Parameter(torch.tensor(weights))
    return people, encoder, torch.optim.SGD(encoder.parameters(), 0.05)


SMALL = {"k1": 6, "k2": 2, "min_samples": 2, "proxies": 4, "shots": 2}


@pytest.mark.parametrize("supervised", [False, True])
def test_both_sides_train_to_the_same_weights(supervised):
    """In float64: a distance may lie 4e-6 beside the radius of a cluster, where float32 falls to either side."""
    results = []
    for module, make in SIDES.values():
        people, encoder, optimizer = people_and_linear(module, dtype=np.float64)
        labels = make(people.ids) if supervised else None
        cap = module.CAP(encoder, optimizer, make(people.images), make(people.cameras), labels, **SMALL)
        reports = [cap.epoch() for _ in range(3)]
        results.append((reports, array(encoder[1].weight)))
    (ours, our_weight), (theirs, their_weight) = results
    for our, their in zip(ours, theirs, strict=True):
        assert our == pytest.approx(their, rel=1e-9)
    np.testing.assert_allclose(our_weight, their_weight, rtol=1e-9, atol=1e-12)


def test_an_epoch_under_autocast_learns_what_one_in_full_precision_learns():
    """Casts of the weights are kept while autocast lasts: with the old ones nothing would be learned."""
    moves = []
    for enabled in (False, True):
        people, encoder, optimizer = people_and_linear(pytorch)
        before = encoder[1].weight.detach().clone()
        arguments = [torch.tensor(value) for value in (people.images, people.cameras, people.ids)]
        cap = pytorch.CAP(encoder, optimizer, *arguments, **SMALL)
        with torch.autocast("cpu", torch.bfloat16, enabled=enabled):
            cap.epoch(), cap.epoch()
        moves.append((encoder[1].weight - before).flatten().detach())
    assert torch.cosine_similarity(*moves, dim=0) > 0.99  # bfloat16 has 8 bits; old casts give less than 0


def test_supervised_training_takes_the_labels_and_lowers_the_loss(side):
    module, make = side
    people, encoder, optimizer = people_and_linear(module, 1)
    cap = module.CAP(encoder, optimizer, make(people.images), make(people.cameras), make(people.ids), **SMALL)
    reports = [cap.epoch() for _ in range(6)]
    assert reports[0]["clusters"] == 8
    assert (reports[0]["proxies"], reports[0]["noise"]) == (16, 0)
    assert reports[-1]["loss"] < 0.7 * reports[0]["loss"]


def test_the_warm_up_leaves_the_inter_camera_loss_out(side):
    """Two epochs of warm-up are two epochs of weight 0; the third differs."""
    module, make = side
    losses = {}
    for name, options in {"warm": {"warm_up_epochs": 2}, "none": {"weight": 0}}.items():
        people, encoder, optimizer = people_and_linear(module, 2)
        cap = module.CAP(
            encoder,
            optimizer,
            make(people.images),
            make(people.cameras),
            make(people.ids),
            **SMALL,
            **options,
        )
        losses[name] = [cap.epoch()["loss"] for _ in range(3)]
    assert losses["warm"][:2] == losses["none"][:2]
    assert losses["warm"][2] > losses["none"][2]


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("eps", 0.8),
        ("min_samples", 5),
        ("k1", 10),
        ("k2", 4),
        ("proxies", 3),
        ("shots", 3),
        ("temperature", 0.2),
        ("momentum", 0.7),
        ("negatives", 1),
        ("weight", 2.0),
        ("warm_up_epochs", 1),
        ("seed", 1),
    ],
)
def test_every_option_of_the_loop_changes_what_is_learned_and_alike_on_both_sides(option, value):
    weights, base = [], {"eps": 0.6, "temperature": 0.1}
    for module, make in SIDES.values():
        for options in (base, base | {option: value}):
            people, encoder, optimizer = people_and_linear(module, 6, dtype=np.float64)
            arguments = encoder, optimizer, make(people.images), make(people.cameras)
            cap = module.CAP(*arguments, **SMALL | options)
            cap.epoch(), cap.epoch()
            weights.append(array(encoder[1].weight))
    np.testing.assert_allclose(weights[1], weights[3], atol=1e-9)
    # Above what rounding does to the twins.
    assert np.abs(weights[1] - weights[0]).max() > 5e-4


def test_augment_sees_every_batch_of_an_encoder_in_training_mode(side):
    module, make = side
    people, encoder, optimizer = people_and_linear(module, 3)
    seen = []

    def augment(images, rng):
        seen.append((len(images), encoder.training))
        return images

    cap = module.CAP(
        *(encoder, optimizer, make(people.images), make(people.cameras), make(people.ids)),
        **SMALL,
        augment=augment,
    )
    encoder.eval()
    cap.epoch()
    assert seen == [(8, True)] * 4


def test_embedding_is_of_length_one_and_leaves_the_mode(side):
    module, make = side
    people, encoder, optimizer = people_and_linear(module, 4)
    cap = module.CAP(encoder, optimizer, make(people.images), make(people.cameras), **SMALL)
    for training in (True, False):
        encoder.train(training)
        features = array(cap.embed(make(people.images)))
        assert encoder.training == training
    np.testing.assert_allclose(np.linalg.norm(features, axis=1), 1, rtol=1e-5)
    assert features.shape == (48, 8)
    encoder.double()
    assert array(cap.embed(make(people.images.astype(np.float64)))).dtype == np.float64


def test_training_refuses_what_does_not_fit(side):
    module, make = side
    people, encoder, optimizer = people_and_linear(module, 5)
    images, cameras = make(people.images), make(people.cameras)
    with pytest.raises(ValueError, match="one camera, and one label"):
        module.CAP(encoder, optimizer, images, cameras[:-1])
    with pytest.raises(ValueError, match="one camera, and one label"):
        module.CAP(encoder, optimizer, images, cameras, cameras[:-1])
    with pytest.raises(ValueError, match="expected images"):
        module.CAP(encoder, optimizer, images[:0], cameras[:0])
    with pytest.raises(ValueError, match="proxies and shots of at least 1"):
        module.CAP(encoder, optimizer, images, cameras, shots=0)
    lonely = module.CAP(encoder, optimizer, images, cameras, **SMALL | {"min_samples": 48})
    with pytest.raises(ValueError, match="with noise alone, take a larger eps"):
        lonely.epoch()


@pytest.mark.gpu
def test_the_twin_stays_on_its_device():
    x = torch.randn(40, 5, device="cuda")
    labels, cameras = torch.arange(40, device="cuda") % 4, torch.arange(40, device="cuda") // 4 % 3
    memory = pytorch.CameraProxies(x, labels, cameras)
    assert pytorch.dbscan(pytorch.jaccard_distance(x, 5, 2), 0.5, 2).device == x.device
    assert pytorch.inter_camera_loss(x, memory.indices, memory).device == x.device
    memory.update(x, memory.indices)
    assert memory.vectors.device == x.device
