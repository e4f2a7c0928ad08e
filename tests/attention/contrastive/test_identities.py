"""Closed forms and limits of losses and memories, views as drawn, gradients by differences, and training."""

import math

import numpy as np
import pytest
import torch

from mylib import engine
from mylib.attention.contrastive import scratch
from mylib.attention.contrastive.views import draw_views
from tests.attention.contrastive.cases import RNG, blobs
from tests.twins import array, unit

# instance discrimination with a memory bank


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


# the queue as memory


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


def test_kmeans_ends_where_every_point_and_every_centroid_is_at_its_place(side):
    module, make = side
    x = RNG(30).normal(size=(200, 5))
    centroids, labels = (array(one) for one in module.spherical_kmeans(make(x), 7, seed=3))
    assert ((unit(x) @ centroids.T).argmax(1) == labels).all()
    assert set(labels) == set(range(7))
    for cluster in range(7):
        np.testing.assert_allclose(centroids[cluster], unit(unit(x)[labels == cluster].sum(0)), rtol=1e-9)


def test_an_empty_cluster_starts_again_at_the_farthest_point(side):
    """Three equal points are two of the first centroids with some seed: one of these keeps no point."""
    module, make = side
    x = np.array([[1.0, 0.0], [1.0, 0.0], [1.0, 0.0], [1.0, 0.2], [-1.0, 0.1]])
    for seed in range(8):
        _, labels = module.spherical_kmeans(make(x), 3, seed=seed)
        assert len(np.unique(array(labels))) == 3


def test_as_many_clusters_as_points_and_one_for_all(side):
    module, make = side
    x = RNG(32).normal(size=(5, 3))
    centroids, labels = (array(one) for one in module.spherical_kmeans(make(x), 5))
    np.testing.assert_allclose(centroids[labels], unit(x), rtol=1e-12)
    centroids, _ = module.spherical_kmeans(make(x), 1)
    np.testing.assert_allclose(array(centroids)[0], unit(unit(x).sum(0)), rtol=1e-12)


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


# views


def test_a_crop_is_a_part_of_the_image_enlarged(side):
    """Of an image that is linear in its place, the crop is the line between the crop's ends."""
    module, make = side
    ramp = np.broadcast_to((np.arange(16) + 0.5) / 16, (3, 1, 16, 16))  # grows to the right
    got = array(module.augment(make(ramp.copy()), RNG(60), blur=False, contrast=False))
    views = draw_views(RNG(60), 3, blur=False, contrast=False)
    expected = views.left[:, None] + (np.arange(16) + 0.5) / 16 * views.width[:, None]
    inside = np.clip(expected, 0.5 / 16, 15.5 / 16)  # beyond the last pixel's centre the image goes on as it ends
    np.testing.assert_allclose(got, np.broadcast_to(inside[:, None, None], got.shape), atol=1e-12)
    tall = array(module.augment(make(ramp.swapaxes(2, 3).copy()), RNG(60), blur=False, contrast=False))
    expected = views.top[:, None] + (np.arange(16) + 0.5) / 16 * views.height[:, None]
    inside = np.clip(expected, 0.5 / 16, 15.5 / 16)
    np.testing.assert_allclose(tall, np.broadcast_to(inside[:, None, :, None], tall.shape), atol=1e-12)


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


# gradients


@pytest.mark.parametrize("name", ["nt_xent", "info_nce", "proto_nce", "noise_contrastive_loss"])
def test_the_losses_gradients_are_their_differences(name):
    a, b, rows = RNG(87).normal(size=(3, 4)), RNG(88).normal(size=(3, 4)), RNG(89).normal(size=(5, 4))
    clusters = [(rows, np.array([0, 2, 4]), np.full(5, 0.4))]
    functions = {
        "nt_xent": lambda x, y: scratch.nt_xent(x, y, 0.3),
        "info_nce": lambda x, y: scratch.info_nce(x, y, rows, 0.3),
        "proto_nce": lambda x, y: scratch.proto_nce(x, y, rows, clusters, 0.3),
        "noise_contrastive_loss": lambda x, y: (
            scratch.noise_contrastive_loss(x, [0, 1, 2], rows.argsort(0)[:3], rows, 9.0, 0.3) + (y * 0.5).sum()
        ),
    }
    engine.gradcheck(functions[name], a, b)


def test_a_vector_of_zeros_has_a_finite_gradient(side):
    module, _ = side
    z = np.zeros((2, 3))
    traced = engine.Tensor(z, requires_grad=True) if module is scratch else torch.tensor(z, requires_grad=True)
    module.nt_xent(traced, traced, 0.5).backward()
    assert np.isfinite(array(traced.grad)).all()


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
