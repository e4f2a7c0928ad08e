"""The two sides of ordered_clustering: values, gradients, weights after three steps; compiled, autocast, on a GPU."""

import numpy as np
import pytest
import torch

from mylib import engine, syllabus
from mylib.representation.ordered_clustering import pytorch, scratch
from tests.representation.ordered_clustering.cases import RNG, SIDES, SMALL, random_pairs, values
from tests.twins import TOLERANCE, assert_close, assert_same_help, share_random_weights


def make(dtype, seed=0, **sizes):
    """Both networks with the same random weights."""
    models = scratch.ORID(**SMALL | sizes), pytorch.ORID(**SMALL | sizes)
    if dtype is np.float64:
        for model in models:
            model.double()
    share_random_weights(*models, dtype, seed)
    return models


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("clustered", [False, True])
@pytest.mark.parametrize("size", [8, 7])
def test_networks_and_losses_agree_for_three_steps(dtype, clustered, size):
    models = make(dtype, size=size)
    optimizers = (
        engine.optim.SGD(models[0].parameters(), 0.1, momentum=0.9),
        torch.optim.SGD(models[1].parameters(), 0.1, momentum=0.9),
    )
    for step in range(3):
        x, y, relation, *clusters = random_pairs(step, dtype=dtype, size=size)
        clusters = clusters if clustered else [None, None]
        ours = [engine.Tensor(image, requires_grad=True) for image in (x, y)]
        theirs = [torch.tensor(image, requires_grad=True) for image in (x, y)]
        outputs = models[0](*ours), models[1](*theirs)
        for got, expected in zip(*outputs, strict=True):
            assert_close(got.numpy(), values(expected), dtype, "output")
        tensors = [None if part is None else torch.tensor(part) for part in (relation, *clusters)]
        losses = (
            scratch.orid_loss(outputs[0], *ours, relation, *clusters),
            pytorch.orid_loss(outputs[1], *theirs, *tensors),
        )
        assert_close(losses[0].numpy(), values(losses[1]), dtype, "loss")
        for optimizer, loss in zip(optimizers, losses, strict=True):
            optimizer.zero_grad()
            loss.backward()
        for our, their in zip(ours, theirs, strict=True):
            assert_close(our.grad, their.grad.numpy(), dtype, "gradient of the images")
        gradients = {name: p.grad.numpy() for name, p in models[1].named_parameters()}
        for name, parameter in models[0].named_parameters():
            assert_close(parameter.grad, gradients[name], dtype, f"gradient of {name}")
        for optimizer in optimizers:
            optimizer.step()
    for name, value in models[0].state_dict().items():
        assert_close(value, models[1].state_dict()[name].numpy(), dtype, name)


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_gradients_reach_all_outputs_and_centroids_get_none(dtype):
    models = make(dtype, seed=1)
    x, y, relation, centroids, labels = random_pairs(4, dtype=dtype)
    ours, theirs = models[0](x, y), models[1](*map(torch.tensor, (x, y)))
    weights = [RNG(9).normal(size=values(part).shape).astype(dtype) for part in theirs]
    sum((part * weight).sum() for part, weight in zip(ours, weights, strict=True)).backward()
    sum((part * torch.tensor(weight)).sum() for part, weight in zip(theirs, weights, strict=True)).backward()
    gradients = {name: p.grad.numpy() for name, p in models[1].named_parameters()}
    for name, parameter in models[0].named_parameters():
        assert_close(parameter.grad, gradients[name], dtype, name)


def test_clusterings_agree():
    """Clusters are choices between floats: compared in float64."""
    for seed in range(12):
        rng = RNG(seed)
        x, k, alpha = rng.normal(size=(40, 4)) + rng.normal(size=4), 2 + seed % 4, (0.0, 0.1, 0.5, 1.5)[seed % 4]
        ours, theirs = (
            scratch.repulsive_kmeans(x, k, alpha, seed),
            pytorch.repulsive_kmeans(torch.tensor(x), k, alpha, seed),
        )
        assert ours[1].tolist() == theirs[1].tolist()
        assert_close(ours[0], values(theirs[0]), np.float64, "centroids")
        start = rng.normal(size=(k, 4))
        ours = scratch.repulsive_kmeans(x, k, alpha, centroids=start)
        theirs = pytorch.repulsive_kmeans(torch.tensor(x), k, alpha, centroids=torch.tensor(start))
        assert ours[1].tolist() == theirs[1].tolist()
        assert_close(ours[0], values(theirs[0]), np.float64, "centroids")


@pytest.mark.parametrize("k", [1, 3])
def test_clustering_and_training_agree(k):
    """Same pairs, clusters, weights and estimates over epochs; float64, as clusters are choices."""
    models = make(np.float64, seed=2)
    images, ranks = RNG(0).random((30, 2, 8, 8)), np.log(RNG(1).integers(16, 40, 30))
    options = {"k": k, "warmup": 1, "every": 1, "batch_size": 10, "seed": 3}
    runs = (
        scratch.DRC(models[0], engine.optim.Adam(models[0].parameters(), 1e-3), images, ranks, **options),
        pytorch.DRC(models[1], torch.optim.Adam(models[1].parameters(), 1e-3), torch.tensor(images), ranks, **options),
    )
    for _ in range(4):
        ours, theirs = (run.epoch() for run in runs)
        for name, value in ours.items():
            # the sum of losses is kept in float32 on the PyTorch side: a report, not part of the training
            np.testing.assert_allclose(value, theirs[name], rtol=1e-5, err_msg=name)
        assert runs[0].labels.tolist() == runs[1].labels.tolist()
    if k > 1:
        assert_close(runs[0].centroids, values(runs[1].centroids), np.float64, "centroids")
    for name, value in models[0].state_dict().items():
        # Adam divides by roots of small numbers: what differs in the last digit differs in the eighth afterwards
        np.testing.assert_allclose(value, models[1].state_dict()[name].numpy(), rtol=1e-6, atol=1e-9, err_msg=name)
    queries, levels = RNG(5).random((7, 2, 8, 8)), np.unique(ranks)
    (rank, posterior), (their_rank, their_posterior) = (run.estimate(queries, levels, per_level=2) for run in runs)
    np.testing.assert_allclose(posterior, values(their_posterior), rtol=1e-6, atol=1e-9)
    np.testing.assert_array_equal(rank, values(their_rank))


def test_float32_is_kept():
    x = RNG(0).normal(size=(20, 3)).astype(np.float32)
    assert scratch.repulsive_kmeans(x, 2)[0].dtype == np.float32
    assert pytorch.repulsive_kmeans(torch.tensor(x), 2)[0].dtype == torch.float32
    for module, array in SIDES.values():
        got = module.repulsive_objective(array(x), array(x[:2]), array(np.zeros(20, int)), 0.1)
        wide = module.repulsive_objective(
            array(x.astype(float)), array(x[:2].astype(float)), array(np.zeros(20, int)), 0.1
        )
        assert got == pytest.approx(wide, rel=TOLERANCE[np.float32], abs=1e-4)  # terms of size 1 cancel


def test_methods_compile_whole():
    compiled = lambda function: torch.compile(function, backend="eager", fullgraph=True)  # noqa: E731
    torch.manual_seed(0)
    model = pytorch.ORID(**SMALL)
    x, y, relation, centroids, labels = map(torch.tensor, random_pairs(dtype=np.float32))
    torch.testing.assert_close(compiled(model)(x, y), model(x, y))

    def step(x, y, relation, centroids, labels):
        return pytorch.orid_loss(model(x, y), x, y, relation, centroids, labels)

    torch.testing.assert_close(
        compiled(step)(x, y, relation, centroids, labels), step(x, y, relation, centroids, labels)
    )
    p, references, levels = torch.rand(4, 3, 3).softmax(2), torch.randn(4, 3).round(), torch.arange(-2.0, 3.0)
    expected = pytorch.estimate_rank(p, references, levels, 0.5)
    for got, wanted in zip(compiled(pytorch.estimate_rank)(p, references, levels, 0.5), expected, strict=True):
        torch.testing.assert_close(got, wanted)
    assert compiled(pytorch.order_relation)(levels, levels.flip(0), 0.5).tolist() == [2, 2, 1, 0, 0]


def test_step_under_autocast_has_a_finite_loss():
    model = pytorch.ORID(**SMALL)
    x, y, relation, centroids, labels = map(torch.tensor, random_pairs(dtype=np.float32))
    with torch.autocast("cpu", torch.bfloat16):
        loss = pytorch.orid_loss(model(x, y), x, y, relation, centroids, labels)
    exact = pytorch.orid_loss(model(x, y), x, y, relation, centroids, labels)
    assert loss.item() == pytest.approx(exact.item(), rel=0.02)  # bfloat16 has two to three digits
    loss.backward()
    assert all(parameter.grad.isfinite().all() for parameter in model.parameters())


@pytest.mark.gpu
def test_training_and_estimates_stay_on_the_gpu():
    model = pytorch.ORID(**SMALL).cuda()
    images, ranks = RNG(0).random((30, 2, 8, 8)).astype(np.float32), np.log(RNG(1).integers(16, 40, 30))
    drc = pytorch.DRC(model, torch.optim.Adam(model.parameters()), images, ranks, 2, warmup=0, every=1, batch_size=10)
    for _ in range(2):
        assert np.isfinite(drc.epoch()["loss"])
    rank, posterior = drc.estimate(images[:5], np.unique(ranks))
    assert all(part.is_cuda for part in (drc.centroids, drc.labels, rank, posterior))


def test_both_sides_say_the_same():
    topic = next(one for one in syllabus.topics() if one.name == "ordered_clustering")
    for method in topic.methods:
        ours, theirs = getattr(scratch, method.name), getattr(pytorch, method.name)
        assert_same_help(ours, theirs)
    assert scratch.__all__ == pytorch.__all__
