"""The two sides of losses: values, gradients, weights after three steps; PyTorch compiled, autocast, on a device."""

import numpy as np
import pytest
import torch

from mylib import engine, syllabus
from mylib.training.losses import pytorch, scratch
from tests.training.losses.cases import RNG, SIDES, gaussian_batch, values
from tests.twins import (
    TOLERANCE,
    assert_close,
    assert_same_function,
    assert_same_help,
    assert_same_module,
    share_random_weights,
)


def typed(module, array, like):
    """A constant of a test as that side takes it, in the type of its first argument."""
    return array if module is scratch else torch.tensor(array).to(like.dtype if array.dtype.kind == "f" else torch.long)


def sides(function):
    return [
        lambda *x, module=module: function(module, *x, lambda a: typed(module, a, x[0])) for module, _ in SIDES.values()
    ]


@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
@pytest.mark.parametrize("gamma", [0.0, 0.5, 2.0])
def test_weighted_losses_agree(reduction, gamma):
    rng = RNG(0)
    z, labels, alpha = 3 * rng.normal(size=(6, 4)), rng.integers(0, 4, 6), rng.uniform(0.1, 3, 4)
    assert_same_function(*sides(lambda m, z, t: m.focal_loss(z, t(labels), gamma, t(alpha), reduction)), z)
    assert_same_function(*sides(lambda m, z, t: m.focal_loss(z, t(labels), gamma, None, reduction)), z)
    assert_same_function(*sides(lambda m, z, t: m.balanced_cross_entropy(z, t(labels), t(alpha), reduction)), z)


def test_class_weights_agree():
    labels = np.concatenate([np.arange(4), RNG(1).integers(0, 4, 50)])
    ours, theirs = scratch.class_weights(labels, 4), pytorch.class_weights(torch.tensor(labels), 4)
    assert_close(ours, theirs.numpy(), np.float64, "weights")


def of_type(loss, like):
    return loss.double() if str(like.dtype).endswith("float64") else loss


@pytest.mark.parametrize("reduction", ["mean", "sum"])
def test_losses_of_centres_agree_from_the_same_seed(reduction):
    rng = RNG(2)
    x, a, labels = rng.normal(size=(6, 5)), rng.uniform(size=(6, 5)), rng.integers(0, 4, 6)
    options = {"reduction": reduction, "seed": 3}
    for name in ("CenterLoss", "IslandLoss"):
        make = lambda m, x, name=name: of_type(getattr(m, name)(4, 5, **options), x)  # noqa: E731
        assert_same_function(*sides(lambda m, x, t, make=make: make(m, x)(x, t(labels))), x)
    make = lambda m, x: of_type(m.SparseCenterLoss(4, 5, **options), x)  # noqa: E731
    assert_same_function(*sides(lambda m, x, a, t: make(m, x)(x, a, t(labels))), x, a)


@pytest.mark.parametrize("name", ["CenterLoss", "IslandLoss", "SparseCenterLoss"])
def test_centres_agree_after_three_updates(name):
    rng = RNG(3)
    for dtype in TOLERANCE:
        losses = [getattr(module, name)(5, 3, alpha=0.7, seed=1) for module, _ in SIDES.values()]
        if dtype is np.float64:
            losses = [loss.double() for loss in losses]
        for _ in range(3):
            x, labels = rng.normal(size=(6, 3)).astype(dtype), rng.integers(0, 4, 6)  # class 4 is absent
            extra = [rng.uniform(size=(6, 3)).astype(dtype)] if name == "SparseCenterLoss" else []
            for loss, (_, array) in zip(losses, SIDES.values(), strict=True):
                loss.update(*map(array, [x, *extra, labels]))
        assert values(losses[0].centers).dtype == dtype
        assert_close(losses[0].centers, values(losses[1].centers), dtype, "centers")
        if name == "IslandLoss":
            assert_close(losses[0].pair_term().numpy(), values(losses[1].pair_term()), dtype, "pairs")


def test_double_features_move_single_centres_alike():
    x, labels = RNG(4).normal(size=(6, 3)), np.array([0, 0, 1, 2, 2, 2])
    losses = [module.CenterLoss(3, 3) for module, _ in SIDES.values()]
    for loss, (_, array) in zip(losses, SIDES.values(), strict=True):
        loss.update(array(x), array(labels))
    assert [values(loss.centers).dtype for loss in losses] == [np.float32, np.float32]
    assert_close(losses[0].centers, values(losses[1].centers), np.float32, "centers")


@pytest.mark.parametrize("covariance", ["full", "diagonal"])
def test_gccs_losses_agree(covariance):
    x, labels = gaussian_batch(RNG(5), [9, 0, 12, 8], 4)
    make = lambda m, x: of_type(m.GCCSLoss(4, 4.0, 0.8, 0.2, covariance), x)  # noqa: E731
    assert_same_function(*sides(lambda m, x, t: make(m, x)(x, t(labels))), x)


def test_gaussians_agree():
    rng = RNG(6)
    factor, mean, target = rng.normal(size=(3, 4, 4)), rng.normal(size=(3, 4)), rng.normal(size=4)
    covariance = factor @ factor.swapaxes(1, 2) + np.eye(4)
    assert_same_function(
        *sides(lambda m, mean, target, t: m.gaussian_kl(mean, t(covariance), target, 1.5)), mean, target
    )
    assert_same_function(*sides(lambda m, s, t: m.gaussian_kl(t(mean), s, t(target), 1.5)), covariance)
    assert_same_function(*sides(lambda m, x, t: m.kurtosis(x)), rng.normal(size=(9, 4)))


def test_regions_agree():
    rng = RNG(7)
    assert_same_function(*sides(lambda m, x, t: m.region_crops(x)), rng.random((2, 3, 11, 14)))
    bias = sides(lambda m, crops, whole, t: m.region_biased_loss(crops, whole, 0.1))
    assert_same_function(*bias, rng.random((6, 5)), rng.random(6))


class Pooled:
    """Both outputs of a RegionAttention as one, for a comparison of modules."""

    def __init__(self, layer, join):
        self.layer, self.join = layer, join

    def __getattr__(self, name):
        return getattr(self.layer, name)

    def __call__(self, x):
        return self.join(self.layer(x))


def test_region_attention_twins_agree():
    features = RNG(8).normal(size=(3, 6, 4))
    joins = (lambda both: engine.concatenate(list(both), axis=1), lambda both: torch.cat(both, dim=1))
    makes = [
        lambda module=module, join=join: Pooled(module.RegionAttention(4), join)
        for (module, _), join in zip(SIDES.values(), joins, strict=True)
    ]
    assert_same_module(*makes, features)


def dimension_attention(training):
    """Makers of both sides, in training or in evaluation."""
    return [lambda m=m: m.DimensionAttention(12, 5, hidden=(7, 4)).train(training) for m, _ in SIDES.values()]


def test_dimension_attention_twins_agree():
    # In training a batch norm takes away what the bias before it adds: its gradient is rounding, compared below.
    assert_same_module(*dimension_attention(training=False), RNG(9).normal(size=(6, 2, 3, 2)))


def test_dimension_attention_twins_agree_in_training():
    maps = RNG(9).normal(size=(6, 2, 3, 2))
    for dtype in TOLERANCE:
        ours, theirs = (make() for make in dimension_attention(training=True))
        if dtype is np.float64:
            ours.double(), theirs.double()
        share_random_weights(ours, theirs, dtype)
        outputs = ours(maps.astype(dtype)), theirs(torch.tensor(maps.astype(dtype)))
        weight = RNG(10).normal(size=(6, 5)).astype(dtype)
        outputs[0].backward(weight), outputs[1].backward(torch.tensor(weight))
        assert_close(outputs[0].numpy(), values(outputs[1]), dtype, "output")
        expected = dict(theirs.named_parameters())
        for name, parameter in ours.named_parameters():
            if name in ("linears.0.bias", "linears.1.bias"):
                assert max(np.abs(parameter.grad).max(), expected[name].grad.abs().max()) < 10 * np.finfo(dtype).eps
            else:
                assert_close(parameter.grad, expected[name].grad.numpy(), dtype, name)
        for name, value in ours.state_dict().items():  # running moments too
            assert_close(value, theirs.state_dict()[name].numpy(), dtype, name)


@pytest.mark.parametrize("method", [m.name for m in syllabus.topic("losses").methods])
def test_help_says_on_both_sides_what_the_twin_says(method):
    assert_same_help(getattr(scratch, method), getattr(pytorch, method))


# PyTorch


def training_step(device, dtype=torch.float32):
    """Every differentiable method once, forward, backward and update; returns the total and its leaves."""
    make = {"device": device, "dtype": dtype, "requires_grad": True}
    torch.manual_seed(0)
    z, a = torch.randn(40, 3, **make), torch.rand(40, 3, **make)
    labels = torch.arange(40, device=device) % 3
    images = torch.rand(2, 1, 28, 28, **make)
    alpha = torch.ones(3, device=device)
    losses = [pytorch.CenterLoss(3, 3), pytorch.IslandLoss(3, 3), pytorch.GCCSLoss(3), pytorch.SparseCenterLoss(3, 3)]
    center, island, gccs, sparse = (loss.to(device) for loss in losses)
    regions = pytorch.RegionAttention(28).to(device)
    pooled, weights = regions(pytorch.region_crops(images).to(torch.float32).mean((2, 3)))
    total = pytorch.focal_loss(z, labels, 2.0, alpha) + pytorch.balanced_cross_entropy(z, labels, alpha)
    total = total + center(z, labels) + island(z, labels) + gccs(z, labels) + sparse(z, a, labels) + pooled.sum()
    total = total + pytorch.region_biased_loss(weights[:, 1:], weights[:, 0])
    total.backward()
    center.update(z, labels)
    island.update(z, labels)
    sparse.update(z, a, labels)
    return total, (z, a, images)


def test_training_step_asks_the_device_for_no_value():
    # Tensors on the meta device have shapes and no values: whatever reads one back raises.
    total, leaves = training_step("meta")
    assert all(leaf.grad is not None for leaf in leaves)
    assert total.dtype == torch.float32


def test_losses_compile_whole():
    compiled = lambda function: torch.compile(function, backend="eager", fullgraph=True)  # noqa: E731
    torch.manual_seed(0)
    z, labels = torch.randn(30, 3), torch.arange(30) % 3
    a, alpha = torch.rand(30, 3), torch.tensor([1.0, 2.0, 0.5])
    calls = [
        (pytorch.focal_loss, (z, labels, 2.0, alpha)),
        (pytorch.balanced_cross_entropy, (z, labels, alpha)),
        (pytorch.class_weights, (labels, 3)),
        (pytorch.CenterLoss(3, 3), (z, labels)),
        (pytorch.IslandLoss(3, 3), (z, labels)),
        (pytorch.SparseCenterLoss(3, 3), (z, a, labels)),
        (pytorch.GCCSLoss(3), (z, labels)),
        (pytorch.kurtosis, (z,)),
        (pytorch.region_crops, (torch.rand(2, 1, 10, 12),)),
        (pytorch.region_biased_loss, (a, a[:, 0])),
        (pytorch.DimensionAttention(6, 2, (4,)).eval(), (torch.rand(3, 6),)),
    ]
    for function, arguments in calls:
        torch.testing.assert_close(compiled(function)(*arguments), function(*arguments))
    pooled, weights = compiled(pytorch.RegionAttention(3))(torch.rand(2, 4, 3))
    assert (pooled.shape, weights.shape) == ((2, 6), (2, 4))


@pytest.mark.parametrize("name", ["CenterLoss", "IslandLoss"])
def test_updates_compile_whole(name):
    z, labels = torch.randn(8, 3), torch.arange(8) % 3
    plain, compiled = getattr(pytorch, name)(4, 3), getattr(pytorch, name)(4, 3)
    plain.update(z, labels)
    torch.compile(compiled.update, backend="eager", fullgraph=True)(z, labels)
    torch.testing.assert_close(compiled.centers, plain.centers)


def test_half_precision_is_taken_to_float32():
    """300^2 is more than float16 holds; a sum of squares of 64 such features far more."""
    x = torch.full((2, 64), 300.0, dtype=torch.float16)
    labels = torch.tensor([0, 1])
    loss = pytorch.CenterLoss(2, 64)
    expected = (x.double() - loss.centers[labels]).square().sum() / 2
    assert loss(x, labels).dtype == torch.float32
    assert loss(x, labels).item() == pytest.approx(expected.item(), rel=1e-5)
    assert pytorch.focal_loss(x[:, :3], labels).dtype == torch.float32


def test_step_under_autocast_has_float32_losses_and_updates():
    with torch.autocast("cpu", torch.bfloat16):
        total, leaves = training_step("cpu")
    expected, _ = training_step("cpu")
    assert total.dtype == torch.float32
    assert all(torch.isfinite(leaf.grad).all() for leaf in leaves)
    assert total.item() == pytest.approx(expected.item(), rel=1e-2)  # the attention's products have three digits


@pytest.mark.gpu
def test_training_step_stays_on_the_gpu():
    total, leaves = training_step("cuda")
    expected, _ = training_step("cpu")
    assert total.is_cuda
    assert all(leaf.grad.is_cuda for leaf in leaves)
    assert torch.isfinite(total)
    assert torch.isfinite(expected)
