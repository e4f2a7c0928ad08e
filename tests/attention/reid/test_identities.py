"""Invariances and limits of ranking, distances, clusters and losses, gradients by differences, and training."""

import tracemalloc

import numpy as np
import pytest
import torch
from torch.utils._python_dispatch import TorchDispatchMode

from mylib import engine
from mylib.attention.reid import pytorch, pytorch_clusters, scratch, scratch_clusters
from mylib.attention.reid.batches import draw_batches
from tests.attention.reid.cases import HAND, RNG, SMALL, large, memory_of, people_and_linear, random_ranking
from tests.timing import growth
from tests.twins import array, unit

# ranking


def test_a_vector_is_at_distance_zero_from_itself_up_to_rounding(side):
    """A square that rounds to less than 0 must not become a NaN."""
    module, make = side
    x = 100 * RNG(2).normal(size=(40, 3))
    got = array(module.euclidean_distances(make(x), make(x)))
    assert np.abs(np.diag(got)).max() < 1e-5  # sqrt of 1e-16 times the squared length, 1e4


def test_the_order_of_the_gallery_does_not_matter(side):
    module, make = side
    order = np.array([3, 5, 0, 2, 4, 1])
    mixed = {
        name: np.array(value)[..., order] if name in ("distances", "ids_g", "cams_g") else np.array(value)
        for name, value in HAND.items()
    }
    got = module.mean_average_precision(**{name: make(value) for name, value in mixed.items()})
    assert float(got) == pytest.approx(0.5, rel=1e-12)


def test_a_query_that_is_alone_in_its_batch_and_vectors_that_lie_otherwise_in_memory(side):
    module, make = side
    d, ids_q, ids_g, cams_q, cams_g = random_ranking(30)
    arguments = ids_q, ids_g, cams_q, cams_g
    one = [float(module.mean_average_precision(*map(make, (d[[q]], ids_q[[q]], ids_g, cams_q[[q]], cams_g))))
           for q in range(len(d))]  # fmt: skip
    turned = make(np.ascontiguousarray(d.T)).T
    assert float(module.mean_average_precision(turned, *map(make, arguments))) == pytest.approx(np.mean(one), rel=1e-12)


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32, torch.float16])
def test_shares_and_means_are_as_exact_as_the_distances_and_never_less_than_float32(dtype):
    d, *names = (torch.tensor(value) for value in random_ranking(30))
    expected = [scratch.cumulative_match(d, *names), scratch.mean_average_precision(d, *names)]
    for function, value in zip((pytorch.cumulative_match, pytorch.mean_average_precision), expected, strict=True):
        got = function(d.to(dtype), *names)
        assert got.dtype == (torch.float64 if dtype == torch.float64 else torch.float32)
        if dtype == torch.float64:
            np.testing.assert_allclose(got, value, rtol=1e-14)


# k-reciprocal neighbours


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


class Largest(TorchDispatchMode):
    """The bytes of the largest tensor that an operation returned: `tracemalloc` sees NumPy's arrays only."""

    most = 0

    def __torch_dispatch__(self, function, types, args=(), kwargs=None):
        result = function(*args, **(kwargs or {}))
        for tensor in result if isinstance(result, tuple | list) else (result,):
            if isinstance(tensor, torch.Tensor):
                self.most = max(self.most, tensor.untyped_storage().nbytes())
        return result


def test_many_features_take_one_matrix_and_time_below_that_of_a_product_of_two(side):
    """Four times the images take 6 to 8 times as long, 16 in the limit; products of n x n matrices made it 18 to 29."""
    module, make = side

    def run(n):
        x = RNG(9).normal(size=(n, 64)) + 3 * np.eye(64)[np.arange(n) % 50]
        module.jaccard_distance(make(x.astype(np.float32)))

    assert growth(run, 500) < 14
    tracemalloc.start()
    with Largest() as tensors:
        run(2000)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    # 2000^2 distances are 16 MB, and so are the blocks of fixed size; dense neighbourhoods took 7.8 such matrices.
    assert most < 5 * 16e6
    assert (tensors.most > 1e6) == (module is pytorch)
    assert tensors.most < 2 * 16e6


def test_jaccard_distance_keeps_the_precision_of_the_features_however_they_lie(side):
    module, make = side
    x = RNG(31).normal(size=(40, 6))
    expected = array(module.jaccard_distance(make(x), 8, 3))
    assert expected.dtype == np.float64
    turned = make(np.ascontiguousarray(x.T)).T
    np.testing.assert_allclose(array(module.jaccard_distance(turned, 8, 3)), expected, atol=1e-12)
    assert array(module.jaccard_distance(make(x.astype(np.float32)), 8, 3)).dtype == np.float32


@pytest.mark.parametrize(("count", "k1", "k2"), [(2, 1, 1), (60, 7, 3), (130, 21, 6), (40, 39, 40), (64, 5, 64)])
def test_jaccard_distance_by_lists_is_that_by_matrices(side, count, k1, k2):
    module, make = side
    x = RNG(count).normal(size=(count, 6))
    x[: count // 3] = x[count // 3 : 2 * (count // 3)]  # twins, of which the first counts
    expected = scratch_clusters.plain_jaccard_distance(x, k1, k2)
    np.testing.assert_allclose(array(module.jaccard_distance(make(x), k1, k2)), expected, atol=1e-12)


@pytest.mark.parametrize("entries", [1, 200])
def test_jaccard_distance_does_not_depend_on_the_size_of_its_blocks(monkeypatch, side, entries):
    module, make = side
    x = RNG(32).normal(size=(60, 6))
    x[40:] = x[:20]  # twins have the same distances to all, of which the first counts
    expected = array(module.jaccard_distance(make(x), 7, 3))
    for clusters in (scratch_clusters, pytorch_clusters):
        monkeypatch.setattr(clusters, "ENTRIES", entries)
    got = array(module.jaccard_distance(make(x), 7, 3))
    np.testing.assert_allclose(got, expected, atol=1e-12)
    assert np.abs(got - got.T).max() == 0


# DBSCAN


def test_dbscan_follows_a_long_chain_in_any_order(side):
    module, make = side
    place = RNG(12).permutation(300).astype(float)
    place[place >= 150] += 5  # a gap in the middle
    got = array(module.dbscan(make(np.abs(place[:, None] - place)), 1.0, 2))
    assert (got == got[np.argmin(place)]).sum() == 150
    assert set(got.tolist()) == {0, 1}


# proxies


@pytest.mark.parametrize("momentum", [0.0, 1.0])
def test_the_ends_of_the_momentum(side, momentum):
    module, make = side
    memory, _ = memory_of(module, make, momentum=momentum)
    before, f = array(memory.vectors).copy(), unit(RNG(15).normal(size=(2, 4)))
    memory.update(make(f), make([1, 1]))
    expected = f[1] if momentum == 0 else before[1]
    np.testing.assert_allclose(array(memory.vectors)[1], expected, rtol=1e-9)


# losses


@pytest.mark.parametrize("name", ["intra_camera_loss", "inter_camera_loss"])
def test_the_losses_gradients_are_those_of_differences(name):
    memory, indices, f = large(scratch, np.asarray)
    engine.gradcheck(lambda f: getattr(scratch, name)(f, indices, memory, 0.3), f)


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
