"""The contrastive topic: losses by hand and in their limits, memories, views, k-means, the judges, twins, bad input."""

import copy
import itertools
import math

import numpy as np
import pytest
import scipy.ndimage
import torch
from sklearn.cluster import KMeans
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import adjusted_rand_score
from sklearn.neighbors import KNeighborsClassifier

from mylib import engine
from mylib.attention.contrastive import pytorch, scratch
from mylib.attention.contrastive.views import draw_views
from tests.attention.contrastive.joined_batch import run_processes
from tests.twins import array, assert_close, assert_same_function, assert_same_module, unit

SIDES = {
    "scratch": (scratch, np.asarray),
    "pytorch": (pytorch, lambda value: torch.tensor(np.asarray(value))),
}
RNG = np.random.default_rng


@pytest.fixture(params=SIDES)
def side(request):
    """A twin, and what makes its arrays."""
    return SIDES[request.param]


# instance discrimination with a memory bank


def test_the_non_parametric_softmax_by_hand(side):
    module, make = side
    # Cosines 1, 0 and -1 at temperature 1 / log 2: weights 2, 1 and 1/2.
    bank = make([[5.0, 0.0], [0.0, 0.1], [-1.0, 0.0]])
    p = array(module.non_parametric_softmax(make([[3.0, 0.0]]), bank, temperature=1 / math.log(2)))
    np.testing.assert_allclose(p, [[4 / 7, 2 / 7, 1 / 7]], rtol=1e-12)


def test_a_cold_softmax_takes_the_nearest_and_a_hot_one_all(side):
    module, make = side
    v, bank = RNG(0).normal(size=(4, 5)), RNG(1).normal(size=(30, 5))
    cold = array(module.non_parametric_softmax(make(v), make(bank), temperature=1e-4))
    assert (cold.argmax(1) == (unit(v) @ unit(bank).T).argmax(1)).all()
    assert cold.max(1).min() > 0.99
    hot = array(module.non_parametric_softmax(make(v), make(bank), temperature=1e6))
    np.testing.assert_allclose(hot, 1 / 30, rtol=1e-5)


def test_the_normaliser_from_all_images_is_the_sum_of_the_softmax(side):
    module, make = side
    v, bank = RNG(2).normal(size=(3, 4)), RNG(3).normal(size=(20, 4))
    every = np.tile(np.arange(20), (3, 1))
    got = float(module.estimate_normaliser(make(v), make(bank), make(every), temperature=0.3))
    assert got == pytest.approx(np.exp(unit(v) @ unit(bank).T / 0.3).sum(1).mean(), rel=1e-12)


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


def test_much_noise_gives_the_gradient_of_the_softmax():
    """Gutmann and Hyvarinen: with every image r times as noise the gradients differ by a part of order 1 / r."""
    v, bank, tau = RNG(7).normal(size=(2, 4)), unit(RNG(8).normal(size=(6, 4))), 0.5
    indices, gaps = np.array([1, 3]), []
    traced = engine.Tensor(v, requires_grad=True)
    engine.losses.nll_loss(scratch.non_parametric_softmax(traced, bank, tau).log(), indices).backward()
    for r in (10, 100, 1000):
        # Z of each vector on its own, so one vector at a time.
        found = []
        for row in range(2):
            one = engine.Tensor(v[row : row + 1], requires_grad=True)
            z = float(np.exp(unit(v[row]) @ bank.T / tau).sum())
            noise = np.tile(np.arange(6), r)[None]
            scratch.noise_contrastive_loss(one, indices[row : row + 1], noise, bank, z, tau).backward()
            found.append(one.grad[0] / 2)
        gaps.append(np.abs(np.array(found) - traced.grad).max())
    assert gaps[0] > 5 * gaps[1] > 25 * gaps[2]


def test_the_bank_moves_the_named_vectors_half_way(side):
    module, make = side
    bank = module.MemoryBank(5, 3, momentum=0.25)
    before, v = array(bank.vectors).copy(), RNG(9).normal(size=(2, 3)).astype(np.float32)
    bank.update(make([3, 0]), make(v))
    expected = before.copy()
    expected[[3, 0]] = unit(0.25 * before[[3, 0]] + 0.75 * unit(v))
    np.testing.assert_allclose(array(bank.vectors), expected, rtol=1e-5, atol=1e-6)  # float32
    assert np.abs(array(bank.vectors)[[1, 2, 4]] - before[[1, 2, 4]]).max() == 0


@pytest.mark.parametrize("momentum", [0.0, 1.0])
def test_the_ends_of_the_banks_momentum(side, momentum):
    module, make = side
    bank = module.MemoryBank(4, 3, momentum, seed=1)
    before, v = array(bank.vectors).copy(), unit(RNG(10).normal(size=(4, 3))).astype(np.float32)
    bank.update(make([0, 1, 2, 3]), make(v))
    np.testing.assert_allclose(array(bank.vectors), before if momentum else v, atol=1e-6)


# the batch as memory


def test_nt_xent_of_equal_vectors_is_the_logarithm_of_the_others(side):
    module, make = side
    same = make(np.ones((6, 3)))
    assert module.nt_xent(same, same, 0.3).item() == pytest.approx(math.log(2 * 6 - 1), rel=1e-9)


@pytest.mark.parametrize(("batch", "temperature"), [(1, 0.5), (2, 1.0), (5, 0.1)])
def test_nt_xent_of_perfect_views_at_right_angles(side, batch, temperature):
    """The partner has cosine 1, all 2 B - 2 others 0."""
    module, make = side
    views = make(3 * np.eye(batch, 6))
    e = math.exp(1 / temperature)
    got = module.nt_xent(views, views, temperature).item()
    assert got == pytest.approx(math.log((e + 2 * batch - 2) / e), rel=1e-9, abs=1e-12)


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


def test_two_processes_have_the_loss_and_the_gradients_of_one_with_the_joined_batch():
    run_processes(2)


def test_gather_without_other_processes_changes_nothing():
    z1, z2 = (torch.tensor(RNG(seed).normal(size=(5, 4))) for seed in (14, 15))
    assert torch.equal(pytorch.nt_xent(z1, z2, 0.2, gather=True), pytorch.nt_xent(z1, z2, 0.2))
    with pytest.raises(ValueError, match="expected gather=False in NumPy, got True"):
        scratch.nt_xent(z1.numpy(), z2.numpy(), gather=True)


# the queue as memory


def test_info_nce_by_hand(side):
    """Cosine 1 with the key, 0 and -1 with the queue: log(1 + 1/e + 1/e^2) at temperature 1."""
    module, make = side
    q, k, queue = make([[2.0, 0.0]]), make([[5.0, 0.0]]), make([[0.0, 1.0], [-3.0, 0.0]])
    got = module.info_nce(q, k, queue, temperature=1.0).item()
    assert got == pytest.approx(math.log(1 + math.exp(-1) + math.exp(-2)), rel=1e-12)


def test_info_nce_with_the_other_views_as_queue_is_nt_xent(side):
    """One image at a time: the negatives of a view are all views of other images."""
    module, make = side
    z1, z2 = RNG(16).normal(size=(3, 4)), RNG(17).normal(size=(3, 4))
    terms = []
    for a, b in ((z1, z2), (z2, z1)):
        for i in range(3):
            others = np.delete(np.concatenate([z1, z2]), [i, i + 3], axis=0)
            terms.append(module.info_nce(make(a[i : i + 1]), make(b[i : i + 1]), make(others), 0.4).item())
    assert module.nt_xent(make(z1), make(z2), 0.4).item() == pytest.approx(np.mean(terms), rel=1e-12)


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
    kept = unit(
        np.concatenate([batches[3], batches[1], batches[2]])
    )  # the fourth stands where the first stood
    np.testing.assert_allclose(array(queue.keys), kept, rtol=1e-5)
    assert array(queue.place).tolist() == [2]


def test_a_queue_may_be_changed_before_the_backward_pass():
    queue = pytorch.KeyQueue(4, 3)
    q = torch.tensor(RNG(18).normal(size=(2, 3)), dtype=torch.float32, requires_grad=True)
    k = torch.tensor(RNG(19).normal(size=(2, 3)), dtype=torch.float32)
    expected = torch.autograd.grad(pytorch.info_nce(q, k, queue.keys), q)[0]
    loss = pytorch.info_nce(q, k, queue.keys)
    queue.push(k)
    assert torch.allclose(torch.autograd.grad(loss, q)[0], expected)


@pytest.mark.parametrize("m", [0.0, 0.9, 1.0])
def test_the_key_encoder_follows_as_its_closed_form_says(side, m):
    """After t steps towards a query that stands still: m^t key + (1 - m^t) query."""
    module, _ = side
    nn = engine.nn if module is scratch else torch.nn
    key, query = nn.Linear(3, 2), nn.Linear(3, 2)
    start, goal = array(key.weight).copy(), array(query.weight).copy()
    for _ in range(5):
        module.momentum_update(key, query, m)
    np.testing.assert_allclose(array(key.weight), m**5 * start + (1 - m**5) * goal, rtol=1e-5, atol=1e-7)
    np.testing.assert_allclose(array(query.weight), goal)


# prototypes


def blobs(seed, clusters=4, each=30, dim=6, spread=0.15):
    rng = RNG(seed)
    centres = unit(rng.normal(size=(clusters, dim)))
    labels = np.repeat(np.arange(clusters), each)
    return centres[labels] + spread * rng.normal(size=(clusters * each, dim)), labels


def test_kmeans_ends_where_every_point_and_every_centroid_is_at_its_place(side):
    module, make = side
    x = RNG(30).normal(size=(200, 5))
    centroids, labels = (array(one) for one in module.spherical_kmeans(make(x), 7, seed=3))
    assert ((unit(x) @ centroids.T).argmax(1) == labels).all()
    assert set(labels) == set(range(7))
    for cluster in range(7):
        np.testing.assert_allclose(centroids[cluster], unit(unit(x)[labels == cluster].sum(0)), rtol=1e-9)


def test_kmeans_finds_separate_groups_like_scikit_learn(side):
    module, make = side
    x, groups = blobs(31)
    found = max(
        (array(module.spherical_kmeans(make(x), 4, seed=seed)[1]) for seed in range(5)),
        key=lambda labels: adjusted_rand_score(groups, labels),
    )
    theirs = KMeans(4, n_init=5, random_state=0).fit_predict(unit(x))
    assert adjusted_rand_score(theirs, found) == adjusted_rand_score(groups, found) == 1


def test_an_empty_cluster_starts_again_at_the_farthest_point(side):
    """Three equal points are two of the first centroids with some seed: one of these keeps no point."""
    module, make = side
    x = np.array([[1.0, 0.0], [1.0, 0.0], [1.0, 0.0], [1.0, 0.2], [-1.0, 0.1]])
    for seed in range(8):
        _, labels = module.spherical_kmeans(make(x), 3, seed=seed)
        assert len(np.unique(array(labels))) == 3


def test_two_empty_clusters_take_the_two_farthest_points_in_turn(side):
    module, make = side
    x = np.array([[1.0, 0.0]] * 6 + [[1.0, 1.0], [-1.0, 0.1]])
    seed = next(s for s in range(100) if max(np.random.default_rng(s).choice(8, 3, replace=False)) < 6)
    centroids, _ = module.spherical_kmeans(
        make(x), 3, seed=seed, iterations=1
    )  # starts with three equal centroids
    unit = x / np.linalg.norm(x, axis=1, keepdims=True)
    np.testing.assert_allclose(array(centroids)[1:], unit[[7, 6]], atol=1e-12)


def test_as_many_clusters_as_points_and_one_for_all(side):
    module, make = side
    x = RNG(32).normal(size=(5, 3))
    centroids, labels = (array(one) for one in module.spherical_kmeans(make(x), 5))
    np.testing.assert_allclose(centroids[labels], unit(x), rtol=1e-12)
    centroids, _ = module.spherical_kmeans(make(x), 1)
    np.testing.assert_allclose(array(centroids)[0], unit(unit(x).sum(0)), rtol=1e-12)


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


def test_a_cluster_of_one_takes_the_loosest_concentration(side):
    module, make = side
    x = np.array([[1.0, 0.0], [0.9, 0.1], [0.0, 1.0], [0.5, 0.9], [-1.0, 0.0]])
    labels = np.array([0, 0, 1, 1, 2])
    centroids = unit(np.array([x[labels == c].sum(0) for c in range(3)]))
    phi = array(module.concentration(make(x), make(centroids), make(labels)))
    assert phi[2] == phi[1] > phi[0] > 0
    alone = module.concentration(make(x[[0, 2]]), make(x[[0, 2]]), make([0, 1]), temperature=0.4)
    np.testing.assert_allclose(array(alone), 0.4)
    same = module.concentration(make(x[[0, 0, 4]]), make(x[[0, 4]]), make([0, 0, 1]), temperature=0.4)
    np.testing.assert_allclose(array(same), 0.4)


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


def test_a_crop_is_a_part_of_the_image_enlarged(side):
    """Of an image that is linear in its place, the crop is the line between the crop's ends."""
    module, make = side
    ramp = np.broadcast_to((np.arange(16) + 0.5) / 16, (3, 1, 16, 16))  # grows to the right
    got = array(module.augment(make(ramp.copy()), RNG(60), blur=False, contrast=False))
    views = draw_views(RNG(60), 3, blur=False, contrast=False)
    expected = views.left[:, None] + (np.arange(16) + 0.5) / 16 * views.width[:, None]
    inside = np.clip(
        expected, 0.5 / 16, 15.5 / 16
    )  # beyond the last pixel's centre the image goes on as it ends
    np.testing.assert_allclose(got, np.broadcast_to(inside[:, None, None], got.shape), atol=1e-12)
    tall = array(module.augment(make(ramp.swapaxes(2, 3).copy()), RNG(60), blur=False, contrast=False))
    expected = views.top[:, None] + (np.arange(16) + 0.5) / 16 * views.height[:, None]
    inside = np.clip(expected, 0.5 / 16, 15.5 / 16)
    np.testing.assert_allclose(tall, np.broadcast_to(inside[:, None, :, None], tall.shape), atol=1e-12)


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
            expected = scipy.ndimage.gaussian_filter(
                image, (0, sigma, sigma), mode="nearest", radius=(0, 2, 2)
            )
        np.testing.assert_allclose(blurred, expected, rtol=1e-9)


def test_mirrored_images_are_mirrored(side):
    module, make = side
    images = RNG(63).uniform(size=(8, 1, 5, 7))
    got = array(module.augment(make(images), RNG(64), crop=False, flip=True, blur=False, contrast=False))
    mirrored = draw_views(RNG(64), 8, crop=False, flip=True, blur=False, contrast=False).mirrored
    assert 0 < mirrored.sum() < 8
    expected = np.where(mirrored[:, None, None, None], images[..., ::-1], images)
    np.testing.assert_allclose(got, expected, rtol=1e-12)


def test_contrast_stretches_about_the_mean_and_stays_in_range(side):
    module, make = side
    images = RNG(65).uniform(size=(20, 1, 4, 4))
    got = array(module.augment(make(images), RNG(66), crop=False, blur=False))
    factors = draw_views(RNG(66), 20, crop=False, blur=False).contrast
    assert factors.min() < 0.7
    assert factors.max() > 1.3
    mean = images.mean(axis=(1, 2, 3), keepdims=True)
    expected = mean + factors[:, None, None, None] * (images - mean)
    assert expected.min() < 0
    assert expected.max() > 1
    np.testing.assert_allclose(got, np.clip(expected, 0, 1), rtol=1e-12)


def test_nothing_switched_on_leaves_images_alone_and_two_draws_differ(side):
    module, make = side
    images = RNG(67).uniform(size=(3, 1, 8, 8)).astype(np.float32)
    kept = images.copy()
    same = module.augment(make(images), RNG(0), crop=False, blur=False, contrast=False)
    np.testing.assert_allclose(array(same), images, atol=1e-6)
    rng = RNG(0)
    first, second = (array(module.augment(make(images), rng)) for _ in range(2))
    assert np.abs(first - second).max() > 0.05
    assert first.dtype == np.float32
    assert (images == kept).all()


def test_crops_keep_the_area_and_the_form_that_they_promise():
    views = draw_views(RNG(68), 5000)
    area, aspect = views.height * views.width, views.width / views.height
    # A side longer than the image is cut, which makes areas smaller and forms rounder.
    assert 0.35 < area.min() < 0.45
    assert area.max() > 0.95
    assert aspect.min() >= 3 / 4 - 1e-9
    assert aspect.max() <= 4 / 3 + 1e-9
    assert (views.top + views.height).max() <= 1 + 1e-9
    assert (views.left + views.width).max() <= 1 + 1e-9
    assert views.left.min() >= 0


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


def test_the_probe_is_scikit_learns_logistic_regression(side):
    """Same problem: scikit-learn divides the penalty's part by C = 1 / (n penalty)."""
    module, make = side
    x, labels = blobs(72, clusters=3, each=40, spread=0.8)
    x = x * np.array([1, 5, 0.1, 1, 2, 1]) + np.array([0, 3, 0, -1, 0, 0])
    probe = module.linear_probe(make(x), make(labels), penalty=0.05, steps=3000)
    mean, deviation = x.mean(0), x.std(0)
    theirs = LogisticRegression(C=1 / (len(x) * 0.05), tol=1e-10, max_iter=5000).fit(
        (x - mean) / deviation, labels
    )
    ours = array(probe.weight) * deviation
    # A constant added to all classes changes no probability; the penalty makes both sum to 0.
    np.testing.assert_allclose(ours, theirs.coef_, atol=1e-5)
    got = array(probe(make(x)))
    expected = theirs.decision_function((x - mean) / deviation)
    np.testing.assert_allclose(
        got - got.mean(1, keepdims=True), expected - expected.mean(1, keepdims=True), atol=1e-4
    )


def test_the_probe_bears_a_feature_that_never_changes(side):
    module, make = side
    x = np.column_stack([np.full(20, 0.3), np.repeat([0.0, 1.0], 10)])
    probe = module.linear_probe(make(x), make(np.repeat([0, 1], 10)))
    assert (array(probe(make(x))).argmax(1) == np.repeat([0, 1], 10)).all()


def test_low_shot_learns_from_k_of_each_class_only(side):
    """A probe on the chosen rows alone: the choice repeats with its seed, and every class gives k."""
    module, make = side
    x, labels = blobs(73, clusters=4, each=12, spread=0.5)
    first, again, other = (module.low_shot(make(x), make(labels), 2, seed=s) for s in (1, 1, 2))
    assert (array(first.weight) == array(again.weight)).all()
    assert np.abs(array(first.weight) - array(other.weight)).max() > 1e-3
    rng = RNG(1)
    chosen = np.concatenate([rng.choice(np.flatnonzero(labels == c), 2, replace=False) for c in range(4)])
    direct = module.linear_probe(make(x[chosen]), make(labels[chosen]))
    np.testing.assert_allclose(array(first.weight), array(direct.weight), rtol=1e-9)
    every, all_rows = module.low_shot(make(x), make(labels), 12), module.linear_probe(make(x), make(labels))
    np.testing.assert_allclose(array(every.weight), array(all_rows.weight), rtol=1e-6)  # in another order


# twins


@pytest.mark.parametrize("shape", [(1, 3), (4, 6)])
def test_the_twins_losses_agree_in_value_and_gradient(shape):
    a, b = RNG(80).normal(size=shape), RNG(81).normal(size=shape)
    rows = RNG(82).normal(size=(7, shape[1]))
    batch = shape[0]
    assert_same_function(
        lambda x: scratch.non_parametric_softmax(x, rows),
        lambda x: pytorch.non_parametric_softmax(x, torch.tensor(rows, dtype=x.dtype)),
        a,
    )
    assert_same_function(scratch.nt_xent, pytorch.nt_xent, a, b, constants=(0.2,))
    assert_same_function(
        lambda q, k: scratch.info_nce(q, k, rows, 0.2),
        lambda q, k: pytorch.info_nce(q, k, torch.tensor(rows, dtype=q.dtype), 0.2),
        a,
        b,
    )
    indices, noise = RNG(83).integers(0, 7, batch), RNG(84).integers(0, 7, (batch, 4))
    assert_same_function(
        lambda v: scratch.noise_contrastive_loss(v, indices, noise, rows, 20.0, 0.5),
        lambda v: pytorch.noise_contrastive_loss(
            v, torch.tensor(indices), torch.tensor(noise), torch.tensor(rows, dtype=v.dtype), 20.0, 0.5
        ),
        a,
    )
    labels, phi = RNG(85).integers(0, 7, batch), RNG(86).uniform(0.2, 1, 7)
    assert_same_function(
        lambda q, k: scratch.proto_nce(q, k, rows, [(rows, labels, phi)], 0.2),
        lambda q, k: pytorch.proto_nce(
            q,
            k,
            torch.tensor(rows, dtype=q.dtype),
            [(torch.tensor(rows, dtype=q.dtype), torch.tensor(labels), torch.tensor(phi, dtype=q.dtype))],
            0.2,
        ),
        a,
        b,
    )


@pytest.mark.parametrize("name", ["nt_xent", "info_nce", "proto_nce", "noise_contrastive_loss"])
def test_the_losses_gradients_are_their_differences(name):
    a, b, rows = RNG(87).normal(size=(3, 4)), RNG(88).normal(size=(3, 4)), RNG(89).normal(size=(5, 4))
    clusters = [(rows, np.array([0, 2, 4]), np.full(5, 0.4))]
    functions = {
        "nt_xent": lambda x, y: scratch.nt_xent(x, y, 0.3),
        "info_nce": lambda x, y: scratch.info_nce(x, y, rows, 0.3),
        "proto_nce": lambda x, y: scratch.proto_nce(x, y, rows, clusters, 0.3),
        "noise_contrastive_loss": lambda x, y: (
            scratch.noise_contrastive_loss(x, [0, 1, 2], rows.argsort(0)[:3], rows, 9.0, 0.3)
            + (y * 0.5).sum()
        ),
    }
    engine.gradcheck(functions[name], a, b)


def test_a_vector_of_zeros_has_a_finite_gradient(side):
    module, _ = side
    z = np.zeros((2, 3))
    traced = (
        engine.Tensor(z, requires_grad=True) if module is scratch else torch.tensor(z, requires_grad=True)
    )
    module.nt_xent(traced, traced, 0.5).backward()
    assert np.isfinite(array(traced.grad)).all()


def test_the_twins_views_clusters_and_judges_agree():
    images = RNG(90).uniform(size=(5, 2, 9, 11))
    for switches in itertools.product([False, True], repeat=4):
        names = dict(zip(("crop", "flip", "blur", "contrast"), switches, strict=True))
        ours = scratch.augment(images, RNG(91), **names)
        assert_close(pytorch.augment(torch.tensor(images), RNG(91), **names), ours, np.float64, str(names))
    x, labels = blobs(92, spread=0.9)
    centroids, found = scratch.spherical_kmeans(x, 9, seed=2)
    theirs, their_labels = pytorch.spherical_kmeans(torch.tensor(x), 9, seed=2)
    assert (found == their_labels.numpy()).all()
    assert_close(theirs, centroids, np.float64, "centroids")
    phi = scratch.concentration(x, centroids, found)
    assert_close(pytorch.concentration(torch.tensor(x), theirs, their_labels), phi, np.float64, "phi")
    probe, their_probe = (
        scratch.linear_probe(x, labels),
        pytorch.linear_probe(torch.tensor(x), torch.tensor(labels)),
    )
    # 300 steps of descent carry rounding on.
    np.testing.assert_allclose(
        probe.weight.numpy(), their_probe.weight.detach().numpy(), rtol=1e-7, atol=1e-9
    )
    np.testing.assert_allclose(probe.bias.numpy(), their_probe.bias.detach().numpy(), rtol=1e-7, atol=1e-9)


def test_the_twins_modules_agree_and_exchange_their_state():
    x = RNG(93).normal(size=(4, 6))
    assert_same_module(lambda: scratch.ProjectionHead(6, 5, 3), lambda: pytorch.ProjectionHead(6, 5, 3), x)
    for name in ("MemoryBank", "KeyQueue"):
        ours, theirs = getattr(scratch, name)(6, 3, seed=1), getattr(pytorch, name)(6, 3, seed=2)
        theirs.load_state_dict({key: torch.from_numpy(value) for key, value in ours.state_dict().items()})
        v = RNG(94).normal(size=(3, 3)).astype(np.float32)
        if name == "MemoryBank":
            ours.update(np.array([5, 0, 2]), v), theirs.update(torch.tensor([5, 0, 2]), torch.tensor(v))
        else:
            ours.push(v), theirs.push(torch.tensor(v))
        for key, value in theirs.state_dict().items():
            np.testing.assert_allclose(ours.state_dict()[key], value.numpy(), rtol=1e-5, atol=1e-7)
    slow, fast = scratch.ProjectionHead(3, 4, 2), scratch.ProjectionHead(3, 4, 2)
    their_slow, their_fast = pytorch.ProjectionHead(3, 4, 2), pytorch.ProjectionHead(3, 4, 2)
    for ours, theirs in ((slow, their_slow), (fast, their_fast)):
        theirs.load_state_dict({key: torch.from_numpy(value) for key, value in ours.state_dict().items()})
    scratch.momentum_update(slow, fast, 0.7), pytorch.momentum_update(their_slow, their_fast, 0.7)
    for key, value in their_slow.state_dict().items():
        np.testing.assert_allclose(slow.state_dict()[key], value.numpy(), rtol=1e-6, atol=1e-7)


def test_a_step_stays_on_its_device_and_compiles_in_one_graph():
    """On the meta device there are no values: whoever looked at one would fail."""
    q, k = torch.randn(4, 8, device="meta", requires_grad=True), torch.randn(4, 8, device="meta")
    queue = pytorch.KeyQueue(12, 8).to("meta")
    bank = pytorch.MemoryBank(20, 8).to("meta")
    numbers, noise = (
        torch.zeros(4, dtype=torch.long, device="meta"),
        torch.zeros(4, 5, dtype=torch.long, device="meta"),
    )
    phi = torch.ones(12, device="meta")
    normaliser = pytorch.estimate_normaliser(q, bank.vectors, noise)
    for loss in (
        pytorch.nt_xent(q, k),
        pytorch.info_nce(q, k, queue.keys),
        pytorch.noise_contrastive_loss(q, numbers, noise, bank.vectors, normaliser),
        pytorch.proto_nce(q, k, queue.keys, [(queue.keys, numbers, phi)]),
    ):
        loss.backward()
        assert loss.device.type == "meta"
    queue.push(k)
    bank.update(numbers, k)
    assert pytorch.augment(torch.randn(2, 1, 6, 6, device="meta"), RNG(0)).device.type == "meta"
    compiled = torch.compile(pytorch.nt_xent, fullgraph=True, backend="eager")
    a, b = torch.randn(4, 8), torch.randn(4, 8)
    torch.testing.assert_close(compiled(a, b), pytorch.nt_xent(a, b))


def test_the_losses_bear_mixed_precision():
    a, b = (torch.tensor(RNG(seed).normal(size=(6, 16)), dtype=torch.float32) for seed in (95, 96))
    queue = pytorch.KeyQueue(8, 16)
    for loss in (lambda: pytorch.nt_xent(a, b, 0.2), lambda: pytorch.info_nce(a, b, queue.keys, 0.2)):
        with torch.autocast("cpu", torch.bfloat16):
            mixed = loss()
        # bfloat16 keeps 8 bits: cosines are off by 1/256, logits by 1/256 / 0.2.
        assert mixed.dtype == torch.float32
        assert mixed.item() == pytest.approx(loss().item(), abs=0.03)


@pytest.mark.gpu
def test_memories_never_leave_the_gpu():
    queue, bank = pytorch.KeyQueue(12, 8).cuda(), pytorch.MemoryBank(20, 8).cuda()
    q = torch.randn(4, 8, device="cuda", requires_grad=True)
    torch.cuda.set_sync_debug_mode("error")
    try:
        loss = pytorch.info_nce(q, q.detach(), queue.keys) + pytorch.nt_xent(q, q.detach())
        loss.backward()
        queue.push(q.detach())
        bank.update(torch.arange(4, device="cuda"), q.detach())
    finally:
        torch.cuda.set_sync_debug_mode("default")
    assert queue.keys.is_cuda
    assert bank.vectors.is_cuda


# training


def test_each_loss_pulls_views_together_on_both_sides():
    """Thirty steps on random vectors: the cosine of the pairs rises from about 0 to nearly 1."""
    rows = RNG(97).normal(size=(8, 6))
    for loss in (
        lambda z1, z2: scratch.nt_xent(z1, z2, 0.5),
        lambda z1, z2: scratch.info_nce(z1, z2, rows, 0.5),
    ):
        z1, z2 = (engine.nn.Parameter(RNG(seed).normal(size=(8, 6))) for seed in (98, 99))
        optimizer = engine.optim.SGD([z1, z2], 1.0, momentum=0.9)
        for _ in range(30):
            optimizer.zero_grad()
            loss(z1, z2).backward()
            optimizer.step()
        assert (unit(z1.numpy()) * unit(z2.numpy())).sum(1).min() > 0.8


# bad input

V, BANK = np.ones((2, 3)), np.ones((5, 3))


@pytest.mark.parametrize("temperature", [0, -1.0, float("nan")])
def test_a_temperature_that_is_not_above_zero(side, temperature):
    module, make = side
    v, bank, labels = make(V), make(BANK), make(np.zeros(5, np.int64))
    calls = (
        lambda: module.non_parametric_softmax(v, bank, temperature),
        lambda: module.noise_contrastive_loss(v, make([0, 1]), make([[0], [1]]), bank, 1.0, temperature),
        lambda: module.nt_xent(v, v, temperature),
        lambda: module.info_nce(v, v, bank, temperature),
        lambda: module.proto_nce(v, v, bank, [(bank, make([0, 1]), make(np.ones(5)))], temperature),
        lambda: module.knn_predict(v, bank, labels, 2, temperature),
        lambda: module.concentration(bank, bank, labels, temperature=temperature),
    )
    for call in calls:
        with pytest.raises(ValueError, match="temperature.* above 0"):
            call()


BAD = {
    "a bank of another dimension": (
        lambda m, a: m.non_parametric_softmax(a(V), a(BANK[:, :2])),
        r"got \(2, 3\) and \(5, 2\)",
    ),
    "an empty batch": (lambda m, a: m.nt_xent(a(V[:0]), a(V[:0])), "at least one"),
    "views of other images": (lambda m, a: m.nt_xent(a(V), a(BANK)), r"got \(2, 3\) and \(5, 3\)"),
    "no queue": (lambda m, a: m.info_nce(a(V), a(V), a(BANK[:0])), "none of them empty"),
    "one noise image for all": (
        lambda m, a: m.noise_contrastive_loss(a(V), a([0, 1]), a([3, 4]), a(BANK), 1.0),
        r"noise \(2, m\)",
    ),
    "a normaliser of zero": (
        lambda m, a: m.noise_contrastive_loss(a(V), a([0, 1]), a([[3], [4]]), a(BANK), 0.0),
        "normaliser above 0, got 0.0",
    ),
    "no clusterings": (lambda m, a: m.proto_nce(a(V), a(V), a(BANK), []), "at least one clustering"),
    "a phi of zero": (
        lambda m, a: m.proto_nce(a(V), a(V), a(BANK), [(a(BANK), a([0, 1]), a(np.zeros(5)))]),
        "every phi above 0",
    ),
    "labels of all images": (
        lambda m, a: m.proto_nce(a(V), a(V), a(BANK), [(a(BANK), a([0, 1, 2]), a(np.ones(5)))]),
        r"labels \(2,\)",
    ),
    "a queue without room": (lambda m, a: m.KeyQueue(0, 3), "size and dim of at least 1, got 0 and 3"),
    "a batch that does not divide the queue": (
        lambda m, a: m.KeyQueue(10, 3).push(a(np.ones((4, 3)))),
        "divides the queue's size 10, got 4; drop the last batch, or take a size of 8",
    ),
    "a batch larger than the queue": (
        lambda m, a: m.KeyQueue(2, 3).push(a(np.ones((4, 3)))),
        "take a size of 4",
    ),
    "keys of another dimension": (lambda m, a: m.KeyQueue(4, 2).push(a(V)), r"expected keys \(batch, 2\)"),
    "a momentum of 2": (lambda m, a: m.MemoryBank(3, 3, momentum=2), "momentum from 0 to 1, got 2"),
    "more vectors than indices": (
        lambda m, a: m.MemoryBank(5, 3).update(a([0]), a(V)),
        r"got \(1,\) and \(2, 3\)",
    ),
    "more clusters than points": (lambda m, a: m.spherical_kmeans(a(V), 3), "k from 1 to n"),
    "points without clusters": (lambda m, a: m.concentration(a(V), a(BANK), a([0])), r"labels \(n,\)"),
    "more neighbours than there are": (
        lambda m, a: m.knn_predict(a(V), a(BANK), a(np.zeros(5, np.int64)), k=6),
        "k from 1 to 5",
    ),
    "a class with fewer examples": (
        lambda m, a: m.low_shot(a(BANK), a([0, 0, 0, 1, 1]), k=3),
        "k from 1 to 2",
    ),
    "no labels": (lambda m, a: m.linear_probe(a(BANK), a([0, 1])), r"labels \(n,\)"),
    "a penalty of zero": (lambda m, a: m.linear_probe(a(V), a([0, 1]), penalty=0.0), "penalty above 0"),
    "one image without its axes": (
        lambda m, a: m.augment(a(np.ones((8, 8))), RNG(0)),
        "add the missing axes",
    ),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_input_says_what_is_expected(side, case):
    call, message = BAD[case]
    with pytest.raises(ValueError, match=message):
        call(*side)


def test_integer_images_and_other_modules(side):
    module, make = side
    with pytest.raises(TypeError, match="divide by 255"):
        module.augment(make(np.ones((1, 1, 4, 4), np.int64)), RNG(0))
    nn = engine.nn if module is scratch else torch.nn
    with pytest.raises(ValueError, match="two modules with the same parameters"):
        module.momentum_update(nn.Linear(2, 3), nn.Linear(3, 2))
    layer = nn.Linear(2, 2)
    with pytest.raises(ValueError, match="m from 0 to 1"):
        module.momentum_update(layer, copy.deepcopy(layer), 1.5)
