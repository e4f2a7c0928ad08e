"""Losses by their papers' definitions; clusters, blur, neighbours and the probe against SciPy and scikit-learn."""

import math

import numpy as np
import pytest
import scipy.ndimage
from sklearn.cluster import KMeans
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import adjusted_rand_score
from sklearn.neighbors import KNeighborsClassifier

from mylib.attention.contrastive.views import draw_views
from tests.attention.contrastive.cases import RNG, blobs
from tests.twins import array, unit

# instance discrimination with a memory bank


def test_noise_contrastive_loss_by_its_definition(side):
    """Posteriors written out as in the paper, for each image and each noise image."""
    module, make = side
    v, bank = unit(RNG(4).normal(size=(3, 4))), unit(RNG(5).normal(size=(10, 4)))
    indices, noise, z, tau = np.array([0, 4, 9]), RNG(6).integers(0, 10, (3, 5)), 31.0, 0.4
    expected = 0.0
    for vector, index, others in zip(v, indices, noise, strict=True):
        p = np.exp(bank @ vector / tau) / z
        h = p / (p + 5 / 10)
        expected -= (np.log(h[index]) + np.log(1 - h[others]).sum()) / 3
    got = module.noise_contrastive_loss(make(v), make(indices), make(noise), make(bank), z, tau)
    assert got.item() == pytest.approx(expected, rel=1e-12)


# the batch as memory


def test_nt_xent_by_its_definition_and_its_symmetries(side):
    module, make = side
    z1, z2, tau = RNG(11).normal(size=(4, 5)), RNG(12).normal(size=(4, 5)), 0.3
    z = unit(np.concatenate([z1, z2]))
    total = 0.0
    for i in range(8):
        partner = (i + 4) % 8
        others = sum(math.exp(z[i] @ z[k] / tau) for k in range(8) if k != i)
        total -= math.log(math.exp(z[i] @ z[partner] / tau) / others)
    assert module.nt_xent(make(z1), make(z2), tau).item() == pytest.approx(total / 8, rel=1e-12)
    assert module.nt_xent(make(z2), make(7 * z1), tau).item() == pytest.approx(total / 8, rel=1e-12)
    order = RNG(13).permutation(4)
    assert module.nt_xent(make(z1[order]), make(z2[order]), tau).item() == pytest.approx(total / 8, rel=1e-12)


# prototypes


def test_kmeans_finds_separate_groups_like_scikit_learn(side):
    module, make = side
    x, groups = blobs(31)
    found = max(
        (array(module.spherical_kmeans(make(x), 4, seed=seed)[1]) for seed in range(5)),
        key=lambda labels: adjusted_rand_score(groups, labels),
    )
    theirs = KMeans(4, n_init=5, random_state=0).fit_predict(unit(x))
    assert adjusted_rand_score(theirs, found) == adjusted_rand_score(groups, found) == 1


def test_concentration_by_its_definition(side):
    module, make = side
    x, labels = blobs(33, clusters=3, each=8)
    labels[:4] = 1  # sizes 4, 12 and 8
    centroids = unit(np.array([x[labels == c].sum(0) for c in range(3)]))
    phi = []
    for c in range(3):
        members = unit(x[labels == c])
        distance = sum(np.sqrt(((point - centroids[c]) ** 2).sum()) for point in members)
        phi.append(distance / (len(members) * math.log(len(members) + 7)))
    got = array(module.concentration(make(x), make(centroids), make(labels), alpha=7.0, temperature=0.3))
    np.testing.assert_allclose(got, 0.3 * np.array(phi) / np.mean(phi), rtol=1e-9)


def test_proto_nce_by_its_definition(side):
    module, make = side
    q, k, queue = (RNG(40 + n).normal(size=(size, 4)) for n, size in enumerate((3, 3, 6)))
    clusterings = [
        (RNG(50).normal(size=(2, 4)), np.array([0, 1, 1]), np.array([0.2, 0.7])),
        (RNG(51).normal(size=(5, 4)), np.array([4, 0, 2]), np.array([0.1, 0.2, 0.3, 0.4, 0.5])),
    ]
    expected = module.info_nce(make(q), make(k), make(queue), 0.3).item()
    for centroids, labels, phi in clusterings:
        for vector, label in zip(unit(q), labels, strict=True):
            weights = [math.exp(vector @ c / p) for c, p in zip(unit(centroids), phi, strict=True)]
            expected -= math.log(weights[label] / sum(weights)) / (3 * 2)
    made = [tuple(make(part) for part in one) for one in clusterings]
    got = module.proto_nce(make(q), make(k), make(queue), made, 0.3).item()
    assert got == pytest.approx(expected, rel=1e-12)


# views


def test_the_blur_is_scipys(side):
    module, make = side
    images = RNG(61).uniform(size=(6, 2, 9, 12))
    got = array(module.augment(make(images), RNG(62), crop=False, contrast=False))
    sigmas = draw_views(RNG(62), 6, crop=False, contrast=False).blur
    assert (sigmas == 0).any()
    assert (sigmas > 0.1).any()
    for image, sigma, blurred in zip(images, sigmas, got, strict=True):
        expected = image
        if sigma:
            expected = scipy.ndimage.gaussian_filter(image, (0, sigma, sigma), mode="nearest", radius=(0, 2, 2))
        np.testing.assert_allclose(blurred, expected, rtol=1e-9)


# judges


def test_knn_is_scikit_learns_with_the_same_weights(side):
    module, make = side
    x, labels = blobs(70, clusters=5, each=20, spread=0.6)
    new, _ = blobs(71, clusters=5, each=8, spread=0.6)

    def weights(distances):  # of unit vectors: d^2 = 2 - 2 cos
        return np.exp((1 - distances**2 / 2) / 0.2)

    theirs = KNeighborsClassifier(15, weights=weights, algorithm="brute").fit(unit(x), labels)
    got = array(module.knn_predict(make(new), make(3 * x), make(labels), k=15, temperature=0.2))
    assert (got == theirs.predict(unit(new))).all()


def test_the_probe_is_scikit_learns_logistic_regression(side):
    """Same problem: scikit-learn divides the penalty's part by C = 1 / (n penalty)."""
    module, make = side
    x, labels = blobs(72, clusters=3, each=40, spread=0.8)
    x = x * np.array([1, 5, 0.1, 1, 2, 1]) + np.array([0, 3, 0, -1, 0, 0])
    probe = module.linear_probe(make(x), make(labels), penalty=0.05, steps=3000)
    mean, deviation = x.mean(0), x.std(0)
    theirs = LogisticRegression(C=1 / (len(x) * 0.05), tol=1e-10, max_iter=5000).fit((x - mean) / deviation, labels)
    ours = array(probe.weight) * deviation
    # A constant added to all classes changes no probability; the penalty makes both sum to 0.
    np.testing.assert_allclose(ours, theirs.coef_, atol=1e-5)
    got = array(probe(make(x)))
    expected = theirs.decision_function((x - mean) / deviation)
    np.testing.assert_allclose(got - got.mean(1, keepdims=True), expected - expected.mean(1, keepdims=True), atol=1e-4)
