"""What ordered_clustering refuses, and with which words."""

import numpy as np
import pytest

from tests.representation.ordered_clustering.cases import OPTIM, RNG, SMALL, WRAP, random_pairs, values

X, C, LABELS = np.eye(3), np.eye(3)[:2], np.array([0, 1, 1])
NAN = np.array([[1.0, 0.0, np.nan], [0, 1, 0]])


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"x": np.ones(3)}, r"repulsive_kmeans: expected x \(n, dim\)"),
        ({"k": 0}, "k from 1 to 3, got 0"),
        ({"k": 4}, "k from 1 to 3, got 4; take fewer"),
        ({"alpha": -0.1}, "alpha of at least 0, got -0.1; 0 is spherical"),
        ({"alpha": np.nan}, "alpha of at least 0, got nan"),
        ({"alpha": np.inf}, "expected a finite alpha, got inf"),
        ({"k": 1}, "alpha of 0 with one cluster, got 0.1; there is none to repel"),
        ({"iterations": 0}, "iterations of at least 1"),
        ({"x": NAN}, "finite numbers in x, got NaN"),
        ({"x": np.diag([1.0, 0.0])}, "rows of a length above 0, got 1 of zeros"),
        ({"centroids": np.eye(3)}, "where|expected"),
        ({"centroids": C[:, :2]}, "where dim is both 3 and 2"),
        ({"centroids": 0 * C}, "rows of a length above 0, got 2 of zeros"),
    ],
)
def test_kmeans_refuses(side, changed, message):
    module, array = side
    arguments = {"x": X, "k": 2} | changed
    arguments = {name: array(v) if isinstance(v, np.ndarray) else v for name, v in arguments.items()}
    with pytest.raises(ValueError, match=message):
        module.repulsive_kmeans(**arguments)


@pytest.mark.parametrize(
    ("x", "centroids", "labels", "alpha", "message"),
    [
        (X, C, LABELS[:2], 0.1, "where n is both 3 and 2"),
        (X, C[:, :2], LABELS, 0.1, "where dim is both 3 and 2"),
        (X, C, np.array([0, 1, 2]), 0.1, "labels from 0 to 1, got 2"),
        (X, C, np.array([0, 1, -1]), 0.1, "labels from 0 to 1, got -1"),
        (X, C, LABELS, -1, "alpha of at least 0"),
        (X, C[:1], 0 * LABELS, 0.1, "alpha of 0 with one cluster"),
        (np.zeros((3, 3)), C, LABELS, 0.1, "got 3 of zeros"),
        (np.full((3, 3), np.nan), C, LABELS, 0.1, "finite numbers in x"),
    ],
)
def test_objective_refuses(side, x, centroids, labels, alpha, message):
    module, array = side
    with pytest.raises(ValueError, match=message):
        module.repulsive_objective(array(x), array(centroids), array(labels), alpha)


def test_relation_refuses(side):
    module, array = side
    one, two = array(np.ones(2)), array(np.ones(3))
    with pytest.raises(ValueError, match=r"ranks of shapes that fit, got \(2,\) and \(3,\)"):
        module.order_relation(one, two, 0.1)
    for tolerance in (-0.1, np.nan):
        with pytest.raises(ValueError, match="order_relation: expected tolerance of at least 0"):
            module.order_relation(one, one, tolerance)
    with pytest.raises(ValueError, match="expected a finite tolerance, got inf"):
        module.order_relation(one, one, np.inf)
    with pytest.raises(ValueError, match="finite numbers in second, got NaN"):
        module.order_relation(one, array(np.array([np.nan, 1])), 0.1)


P, REFERENCES, LEVELS = np.full((2, 2, 3), 1 / 3), np.array([[1.0, 2.0], [2.0, np.nan]]), np.array([1.0, 2.0])


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"probabilities": P[:, :, :2]}, r"probabilities \(query, references, 3\)"),
        ({"references": REFERENCES[:1]}, "where query is both 2 and 1"),
        ({"levels": LEVELS[::-1].copy()}, "levels that ascend"),
        ({"levels": np.ones(2)}, "levels that ascend"),
        ({"levels": np.array([1, np.nan])}, "finite numbers in levels"),
        ({"levels": np.zeros(0)}, "levels of at least 1"),
        ({"tolerance": -1}, "tolerance of at least 0"),
        ({"probabilities": 2 * P}, "sum to 1, got others; apply softmax"),
        ({"probabilities": np.full((2, 2, 3), np.nan)}, "sum to 1"),
        ({"probabilities": P * 0 + np.array([-1, 1, 1])}, "of at least 0 that sum to 1"),
        ({"references": np.full((2, 2), np.nan)}, "at least one reference for each query"),
    ],
)
def test_estimate_refuses(side, changed, message):
    module, array = side
    arguments = {"probabilities": P, "references": REFERENCES, "levels": LEVELS, "tolerance": 0.1} | changed
    arguments = {name: array(v) if isinstance(v, np.ndarray) else v for name, v in arguments.items()}
    with pytest.raises(ValueError, match=message):
        module.estimate_rank(**arguments)


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"clusters": LABELS[:2]}, "where n is both 3 and 2"),
        ({"query_identity": np.ones((2, 4))}, "where dim is both 3 and 4"),
        ({"query_clusters": LABELS}, "where query is both 2 and 3"),
        ({"levels": np.array([2.0, 1.0])}, "levels that ascend"),
        ({"per_level": 0}, "per_level of at least 1"),
        ({"ranks": np.array([1, 2, np.nan])}, "finite numbers in ranks"),
        ({"query_identity": NAN}, "finite numbers in query_identity"),
    ],
)
def test_references_refuse(side, changed, message):
    module, array = side
    arguments = {
        "identity": X,
        "clusters": LABELS,
        "ranks": np.array([1.0, 2, 2]),
        "query_identity": C,
        "query_clusters": np.array([0, 1]),
        "levels": LEVELS,
    } | changed
    arguments = {name: array(v) if isinstance(v, np.ndarray) else v for name, v in arguments.items()}
    with pytest.raises(ValueError, match=message):
        module.choose_references(**arguments)


def test_score_refuses(side):
    module, array = side
    one = array(np.ones(2))
    with pytest.raises(ValueError, match="where n is both 2 and 3"):
        module.cumulative_score(one, array(np.ones(3)))
    with pytest.raises(ValueError, match="limit of at least 0, got -1"):
        module.cumulative_score(one, one, -1)
    with pytest.raises(ValueError, match="n of at least 1"):
        module.cumulative_score(one[:0], one[:0])
    with pytest.raises(ValueError, match="finite numbers in estimate"):
        module.cumulative_score(array(np.array([np.nan, 1])), one)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (([1.0, 2], [0], 0.1, 3), r"got \(2,\) and \(1,\)"),
        (([1.0, 2], [0, 0], -1, 3), "tolerance of at least 0"),
        (([1.0, np.nan], [0, 0], 0.1, 3), "finite numbers in ranks"),
        (([1.0, 2], [0, 0], 0.1, -3), "count of at least 0"),
        (([1.0, 2], [0, 1], 0.1, 3), "a cluster with two points or more, got none; nothing is compared with itself"),
        (([], [], 0.1, 3), "a cluster with two points or more"),
    ],
)
def test_pairs_refuse(side, arguments, message):
    module, _ = side
    ranks, labels, tolerance, count = arguments
    with pytest.raises(ValueError, match=message):
        module.draw_pairs(ranks, labels, tolerance, RNG(0), count)


@pytest.mark.parametrize("name", ["channels", "size", "width", "order_dim", "identity_dim"])
def test_network_refuses_sizes_below_one(side, name):
    module, _ = side
    with pytest.raises(ValueError, match=f"ORID: expected .*{name}.* of at least 1, got"):
        module.ORID(**(SMALL | {name: 0}))


def test_network_refuses_other_images_and_features(side):
    module, _ = side
    model, array = module.ORID(**SMALL), WRAP[module]
    with pytest.raises(ValueError, match=r"images \(batch, 2, 8, 8\), got \(1, 2, 9, 9\); make the network"):
        model.encode(array(np.zeros((1, 2, 9, 9), np.float32)))
    with pytest.raises(ValueError, match=r"features \(batch, 8\), got \(1, 5\); order and identity"):
        model.decode(array(np.zeros((1, 5), np.float32)))
    with pytest.raises(ValueError, match=r"order_x \(..., 3\) and order_y \(..., 3\), got \(1, 3\) and \(2, 3\)"):
        model.compare(array(np.zeros((1, 3), np.float32)), array(np.zeros((2, 3), np.float32)))


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"relation": np.array([0, 1, 3, 0, 0])}, "relation from 0 to 2, got 3; 0 older"),
        ({"relation": np.array([0, 1, -1, 0, 0])}, "relation from 0 to 2, got -1"),
        ({"relation": np.zeros(4, int)}, "where batch is both 5 and 4"),
        ({"labels": None}, "centroids and labels, or neither, got one of them"),
        ({"labels": np.full(5, 3)}, "labels from 0 to 2, got 3"),
        ({"centroids": np.eye(4)}, "where dim is both 5 and 4"),
        ({"cluster_weight": -1}, "of at least 0"),
        ({"reconstruction_weight": np.nan}, "of at least 0"),
    ],
)
def test_loss_refuses(side, changed, message):
    module, _ = side
    model, (x, y, relation, centroids, labels) = module.ORID(**SMALL).double(), random_pairs()
    arguments = {"x": x, "y": y, "relation": relation, "centroids": centroids, "labels": labels} | changed
    arguments = {name: WRAP[module](v) if isinstance(v, np.ndarray) else v for name, v in arguments.items()}
    with pytest.raises(ValueError, match=message):
        module.orid_loss(model(*map(WRAP[module], (x, y))), **arguments)


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"k": 0}, "DRC: expected k from 1 to 6, got 0"),
        ({"k": 7}, "k from 1 to 6, got 7"),
        ({"alpha": -1}, "alpha of at least 0"),
        ({"tolerance": np.nan}, "tolerance of at least 0"),
        ({"warmup": -1}, "warmup of at least 0"),
        ({"every": 0}, "every and batch_size of at least 1, got 0"),
        ({"batch_size": 0}, "every and batch_size of at least 1"),
        ({"ranks": np.arange(5.0)}, "where n is both 6 and 5"),
        ({"ranks": np.full(6, np.nan)}, "finite numbers in ranks"),
        ({"images": np.zeros((6, 8, 8), np.float32)}, r"images \(n, channels, height, width\)"),
    ],
)
def test_clustering_refuses(side, changed, message):
    module, _ = side
    model = module.ORID(**SMALL)
    arguments = {"images": np.zeros((6, 2, 8, 8), np.float32), "ranks": np.arange(6.0), "k": 2} | changed
    with pytest.raises(ValueError, match=message):
        module.DRC(model, OPTIM[module].SGD(model.parameters(), 0.1), **arguments)
    assert values(model.features(WRAP[module](np.zeros((1, 2, 8, 8), np.float32)))).shape == (1, 8)
