"""Clusters beside SciPy's optimiser, brute force and scikit-learn; networks beside plain torch; votes beside loops."""

import itertools

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize
from scipy.stats import kendalltau
from sklearn.metrics import normalized_mutual_info_score

from mylib.attention.contrastive import pytorch as contrastive_pytorch
from mylib.attention.contrastive import scratch as contrastive_scratch
from mylib.representation.ordered_clustering import pytorch, scratch
from tests.representation.ordered_clustering.cases import (
    RNG,
    SIDES,
    SMALL,
    WRAP,
    best_value,
    objective_by_loops,
    random_pairs,
    values,
    votes_by_loops,
)

CONTRASTIVE = {scratch: contrastive_scratch, pytorch: contrastive_pytorch}


@settings(max_examples=25)
@given(seed=st.integers(0, 999), n=st.integers(1, 30), k=st.integers(1, 5), dim=st.integers(1, 4))
def test_alpha_zero_is_spherical_kmeans(seed, n, k, dim):
    x = RNG(seed).normal(size=(n, dim)) * RNG(seed).uniform(0.1, 9, (n, 1))
    k = min(k, n)
    for module, array in SIDES.values():
        centroids, labels = module.repulsive_kmeans(array(x), k, 0.0, seed)
        expected, expected_labels = CONTRASTIVE[module].spherical_kmeans(array(x), k, seed)
        assert values(labels).tolist() == values(expected_labels).tolist()
        np.testing.assert_allclose(values(centroids), values(expected), rtol=1e-12, atol=1e-12)


@settings(max_examples=25)
@given(seed=st.integers(0, 999), n=st.integers(2, 12), k=st.integers(2, 4), alpha=st.sampled_from([0.0, 0.1, 0.7, 2.0]))
def test_objective_is_its_double_sum(seed, n, k, alpha):
    rng = RNG(seed)
    x, c = rng.normal(size=(n, 3)), rng.normal(size=(k, 3))
    c /= np.linalg.norm(c, axis=1, keepdims=True)
    labels = rng.integers(0, k, n)
    expected = objective_by_loops(x, c, labels, alpha)
    for module, array in SIDES.values():
        got = module.repulsive_objective(array(x), array(c), array(labels), alpha)
        assert got == pytest.approx(expected, rel=1e-10, abs=1e-12)


@pytest.mark.parametrize("alpha", [0.0, 0.1, 0.5, 1.0])
def test_centroids_are_the_best_on_the_sphere(side, alpha):
    """SciPy maximises J over free vectors that are brought to length 1, labels fixed."""
    module, array = side
    x, k = RNG(1).normal(size=(20, 3)), 3
    start, _ = module.repulsive_kmeans(array(x), k, alpha, seed=2)
    centroids, labels = module.repulsive_kmeans(array(x), k, alpha, centroids=start, iterations=1)
    labels = values(labels)

    def loss(flat):
        c = flat.reshape(k, 3)
        return -objective_by_loops(x, c / np.linalg.norm(c, axis=1, keepdims=True), labels, alpha)

    best = minimize(loss, RNG(3).normal(size=3 * k), tol=1e-12)
    found = best.x.reshape(k, 3)
    np.testing.assert_allclose(
        values(centroids),
        found / np.linalg.norm(found, axis=1, keepdims=True),
        atol=1e-4,  # what an optimiser with numeric gradients reaches
    )
    assert -best.fun == pytest.approx(best_value(x, labels, k, alpha), rel=1e-7)


@pytest.mark.parametrize(
    ("seed", "k", "alpha"), [(0, 2, 0.1), (1, 2, 0.5), (2, 3, 0.1), (3, 2, 1.0), (4, 3, 0.0), (5, 2, 0.3)]
)
def test_twenty_starts_reach_the_best_of_all_labelings_of_eight_points(side, seed, k, alpha):
    """A local method: no start may be above the best, and for these draws one of twenty reaches it."""
    module, array = side
    x = RNG(seed).normal(size=(8, 2))
    best = max(best_value(x, np.array(labels), k, alpha) for labels in itertools.product(range(k), repeat=8))
    runs = [module.repulsive_kmeans(array(x), k, alpha, seed=start) for start in range(20)]
    reached = [module.repulsive_objective(array(x), c, labels, alpha) for c, labels in runs]
    assert max(reached) <= best + 1e-9
    assert max(reached) == pytest.approx(best, rel=1e-9)


@pytest.mark.parametrize("alpha", [0.0, 0.1, 0.5])
def test_clusters_that_are_far_apart_are_found(side, alpha):
    module, array = side
    truth = np.arange(90) % 3
    x = 4 * np.eye(3, 6)[truth] + RNG(4).normal(size=(90, 6))
    scores = [
        normalized_mutual_info_score(truth, values(module.repulsive_kmeans(array(x), 3, alpha, seed=s)[1]))
        for s in range(5)
    ]
    assert max(scores) > 0.95


@settings(max_examples=20)
@given(seed=st.integers(0, 999), references=st.integers(1, 6), levels=st.integers(1, 7), tau=st.floats(0, 2))
def test_votes_are_the_double_sum(seed, references, levels, tau):
    rng = RNG(seed)
    p = rng.dirichlet(np.ones(3), size=(4, references))
    known = rng.normal(size=(4, references)).round(1)
    known[:, 1:][rng.random((4, references - 1)) < 0.3] = np.nan
    thetas = np.unique(rng.normal(size=levels).round(1))
    expected = np.stack([votes_by_loops(p[q], known[q], thetas, tau) for q in range(4)])
    for module, array in SIDES.values():
        rank, posterior = module.estimate_rank(array(p), array(known), array(thetas), tau)
        np.testing.assert_allclose(values(posterior), expected, rtol=1e-12, atol=1e-15)
        picked = [thetas[np.flatnonzero(row >= row.max())[0]] for row in values(posterior)]
        assert values(rank).tolist() == picked


@settings(max_examples=20)
@given(seed=st.integers(0, 999), per_level=st.integers(1, 4), n=st.integers(0, 40))
def test_references_are_the_most_similar_of_each_level(seed, per_level, n):
    rng = RNG(seed)
    identity, clusters, ranks = rng.normal(size=(n, 3)), rng.integers(0, 3, n), rng.integers(1, 6, n).astype(float)
    query, theirs, levels = rng.normal(size=(7, 3)), rng.integers(0, 4, 7), np.array([1.0, 2.0, 4.0])
    expected = []
    for q, cluster in zip(query, theirs, strict=True):
        row = []
        for level in levels:
            cosines = {
                i: identity[i] @ q / np.linalg.norm(identity[i])
                for i in range(n)
                if clusters[i] == cluster and ranks[i] == level
            }
            best = sorted(cosines, key=lambda i: -cosines[i])[:per_level]
            row += best + [-1] * (per_level - len(best))
        expected.append(row)
    for module, array in SIDES.values():
        arguments = [array(part) for part in (identity, clusters, ranks, query, theirs, levels)]
        assert values(module.choose_references(*arguments, per_level)).tolist() == expected


def test_estimates_of_a_good_comparator_are_in_order(side):
    """Probabilities blurred around the truth: Kendall's tau of estimates and truth is high, and falls with the blur."""
    module, array = side
    rng, levels = RNG(0), np.log(np.arange(16.0, 78.0))
    truth = rng.choice(levels, 120)
    distance = (truth[:, None] - levels) / 0.1
    found = []
    for blur in (0.3, 3.0):
        noisy = distance + blur * 3 * rng.normal(size=distance.shape)
        logits = np.stack([noisy, np.zeros_like(noisy), -noisy], axis=2) / blur
        p = np.exp(logits - logits.max(axis=2, keepdims=True))
        p /= p.sum(axis=2, keepdims=True)
        references = array(np.broadcast_to(levels, distance.shape).copy())
        estimates, _ = module.estimate_rank(array(p), references, array(levels), 0.1)
        found.append(kendalltau(values(estimates), truth).statistic)
    assert found[0] > 0.9
    assert found[0] > found[1]


def plain(state, x, y):
    """The network of `SMALL` with torch's functions alone: 8 pixels become 4, 2, 1 and come back."""

    def encode(image):
        for layer in (0, 2, 4):
            weights = state[f"encoder.{layer}.weight"], state[f"encoder.{layer}.bias"]
            image = F.relu(F.conv2d(image, *weights, stride=2, padding=1))
        return image.flatten(1) @ state["encoder.7.weight"].T + state["encoder.7.bias"]

    def decode(h):
        image = (h @ state["decoder.0.weight"].T + state["decoder.0.bias"]).reshape(len(h), 6, 1, 1)
        for layer in (1, 3, 5):
            weights = state[f"decoder.1.{layer}.weight"], state[f"decoder.1.{layer}.bias"]
            image = F.conv_transpose2d(F.relu(image), *weights, stride=2, padding=1, output_padding=1)
        return torch.sigmoid(image)

    def compare(a, b):
        z = torch.cat([a, b], dim=1)
        for layer in (0, 2, 4):
            z = F.relu(z) if layer else z
            z = z @ state[f"comparator.{layer}.weight"].T + state[f"comparator.{layer}.bias"]
        return z

    hx, hy = encode(x), encode(y)
    units = [h[:, 3:] / h[:, 3:].norm(dim=1, keepdim=True) for h in (hx, hy)]
    return compare(hx[:, :3], hy[:, :3]), compare(hy[:, :3], hx[:, :3]), decode(hx), decode(hy), *units


def test_network_is_its_layers_one_by_one(side):
    module, _ = side
    model, (x, y, *_) = module.ORID(**SMALL).double(), random_pairs(1)
    state = {name: torch.tensor(values(value)) for name, value in model.state_dict().items()}
    expected = plain(state, torch.tensor(x), torch.tensor(y))
    for got, wanted in zip(model(*map(WRAP[module], (x, y))), expected, strict=True):
        np.testing.assert_allclose(values(got), values(wanted), rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("size", [5, 7, 8, 11, 28])
def test_images_of_any_side_come_back_in_their_size(side, size):
    module, _ = side
    model, x = module.ORID(1, size, 2), WRAP[module](np.zeros((2, 1, size, size), np.float32))
    assert tuple(model(x, x)[2].shape) == (2, 1, size, size)
