"""The two sides of normalization: values, gradients, weights after three steps; PyTorch compiled and on its device."""

import copy

import numpy as np
import pytest
import torch

from mylib import engine, syllabus
from mylib.attention.vision_transformer import pytorch as vit_pytorch
from mylib.attention.vision_transformer import scratch as vit_scratch
from mylib.training.normalization import pytorch, scratch
from mylib.vision.convnets import pytorch as nets_pytorch
from mylib.vision.convnets import scratch as nets_scratch
from tests.training.normalization.cases import NORMS, RNG, VIT
from tests.twins import (
    TOLERANCE,
    assert_close,
    assert_same_function,
    assert_same_help,
    assert_same_module,
    share_random_weights,
)


@pytest.mark.parametrize("name", NORMS)
@pytest.mark.parametrize("shape", [(3, 6, 4, 5), (4, 6), (2, 6, 3)])
def test_twin_norms(name, shape):
    if name in ("instance", "group") and len(shape) == 2:
        shape = (4, 6, 5)  # two values in a row are -1 and 1 whatever they were, and all gradients rounding
    rng = RNG(40)  # another seed than that of the gradients, which else would be along z
    arrays = rng.normal(2, 3, shape), rng.normal(size=6), rng.normal(size=6)
    assert_same_function(lambda *a: NORMS[name](scratch, *a), lambda *a: NORMS[name](pytorch, *a), *arrays)


def test_twin_layer_norms():
    rng = RNG(1)
    arrays = rng.normal(size=(4, 3, 5)), rng.normal(size=(3, 5)), rng.normal(size=(3, 5))
    assert_same_function(
        lambda x, *a: scratch.layer_norm(x, (3, 5), *a), lambda x, *a: pytorch.layer_norm(x, [3, 5], *a), *arrays
    )


@pytest.mark.parametrize("axes", [0, -1, (1, 2), (0, 2, 3), (-2, 0, 1)])
def test_twin_standardize(axes):
    x = RNG(2).normal(1, 2, (3, 4, 2, 5))
    assert_same_function(lambda x: scratch.standardize(x, axes), lambda x: pytorch.standardize(x, axes), x)


@pytest.mark.parametrize("training", [False, True])
def test_twins_with_running_statistics(training):
    rng = RNG(3)
    x, w, b = rng.normal(size=(3, 2, 4)), rng.normal(size=2), rng.normal(size=2)
    for dtype in (np.float64, np.float32):
        mean, var = rng.normal(size=2).astype(dtype), rng.uniform(1, 2, 2).astype(dtype)
        for whole in (True, False):
            ours, theirs = [mean.copy(), var.copy()], [torch.tensor(mean), torch.tensor(var)]
            a = [engine.Tensor(v.astype(dtype), requires_grad=True) for v in (x, w, b)]
            t = [torch.tensor(v.astype(dtype), requires_grad=True) for v in (x, w, b)]
            if whole:
                got = scratch.batch_norm(a[0], *ours, a[1], a[2], training, 0.3)
                expected = pytorch.batch_norm(t[0], *theirs, t[1], t[2], training, 0.3)
            else:
                got = scratch.mean_only_batch_norm(a[0], ours[0], a[2], training, 0.3)
                expected = pytorch.mean_only_batch_norm(t[0], theirs[0], t[2], training, 0.3)
            g = RNG(4).normal(size=x.shape).astype(dtype)
            got.backward(g)
            expected.backward(torch.tensor(g))
            assert_close(got.numpy(), expected.detach(), dtype, "output")
            for our, their in zip(a, t, strict=True):
                if their.grad is not None:
                    assert_close(our.grad, their.grad, dtype, "gradient")
            for our, their in zip(ours, theirs, strict=True):
                assert_close(our, their, dtype, "running statistic")


@pytest.mark.parametrize(
    ("name", "options", "shape"),
    [
        ("Linear", (5, 4), (3, 5)),
        ("Linear", (5, 4, False), (2, 3, 5)),
        ("Conv2d", (4, 6, 3, 2, 1, 1, 2), (2, 4, 5, 6)),
        ("Conv2d", (2, 3, (1, 3), 1, (0, 1)), (2, 2, 4, 4)),
    ],
)
def test_twin_weight_norms(name, options, shape):
    makes = [
        lambda m=m, nn=nn: m.WeightNorm(getattr(nn, name)(*options))
        for m, nn in ((scratch, engine.nn), (pytorch, torch.nn))
    ]
    assert_same_module(*makes, RNG(5).normal(size=shape))


def test_twins_start_alike_from_a_batch():
    for ours, theirs, shape in (
        (engine.nn.Linear(5, 3), torch.nn.Linear(5, 3), (6, 5)),
        (engine.nn.Conv2d(2, 3, 3), torch.nn.Conv2d(2, 3, 3), (3, 2, 5, 5)),
    ):
        theirs.double().load_state_dict({name: torch.tensor(v) for name, v in ours.double().state_dict().items()})
        ours, theirs = scratch.WeightNorm(ours), pytorch.WeightNorm(theirs)
        x = RNG(6).normal(size=shape)
        assert_close(ours.initialize(x), theirs.initialize(torch.tensor(x)), np.float64, "output")
        for name, value in ours.state_dict().items():
            assert_close(value, theirs.state_dict()[name], np.float64, name)


@pytest.mark.parametrize("kind", ["group", "layer", "instance", "none"])
def test_twin_networks(kind):
    makes = [
        lambda m=m, n=n: m.with_norm(n.ResNet(8, 3, 1, width=4), kind, 2)
        for m, n in ((scratch, nets_scratch), (pytorch, nets_pytorch))
    ]
    assert_same_module(*makes, RNG(7).normal(size=(3, 1, 8, 6)), learning_rate=0.003)


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_twin_vits_with_gates(dtype):
    # Not by `assert_same_module`: the gradient of a key's bias is 0 but for rounding, which has no relative error.
    ours, theirs = (m.attend_tokens(v.ViT(8, 4, **VIT), 4) for m, v in ((scratch, vit_scratch), (pytorch, vit_pytorch)))
    if dtype is np.float64:
        ours.double(), theirs.double()
    share_random_weights(ours, theirs, dtype)
    optimizers = engine.optim.SGD(ours.parameters(), 0.1), torch.optim.SGD(theirs.parameters(), 0.1)
    for step in range(3):
        images = RNG(step).normal(size=(3, 1, 8, 8)).astype(dtype)
        mine, their = engine.Tensor(images, requires_grad=True), torch.tensor(images, requires_grad=True)
        got, expected = ours(mine), theirs(their)
        assert_close(got.numpy(), expected.detach(), dtype, "scores")
        for optimizer in optimizers:
            optimizer.zero_grad()
        (got * got).sum().backward()
        expected.square().sum().backward()
        assert_close(mine.grad, their.grad, dtype, "gradient of the images")
        gradients = {name: p.grad.numpy() for name, p in theirs.named_parameters()}
        largest = max(np.abs(gradient).max() for gradient in gradients.values())
        for name, p in ours.named_parameters():
            tolerance = TOLERANCE[dtype]
            np.testing.assert_allclose(p.grad, gradients[name], rtol=tolerance, atol=tolerance * largest, err_msg=name)
        for optimizer in optimizers:
            optimizer.step()
    for name, value in ours.state_dict().items():
        assert_close(value, theirs.state_dict()[name], dtype, name)


def test_norms_and_networks_compile_as_one_graph():
    x, w = torch.randn(4, 6, 5, 5), torch.rand(6)
    running = torch.zeros(6), torch.ones(6)
    calls = [
        lambda x: pytorch.standardize(x, (0, 2, 3)),
        lambda x: pytorch.batch_norm(x, running[0].clone(), running[1].clone(), w, training=True),
        lambda x: pytorch.group_norm(x, 3, w),
        lambda x: pytorch.instance_norm(x, w),
        lambda x: pytorch.layer_norm(x, (5,)),
        lambda x: pytorch.mean_only_batch_norm(x, running[0].clone(), w, training=True),
        pytorch.WeightNorm(torch.nn.Conv2d(6, 3, 3)),
        pytorch.with_norm(nets_pytorch.ResNet(8, 3, 6, width=4), "group", 2),
    ]
    for call in calls:
        compiled = torch.compile(call, backend="eager", fullgraph=True)
        torch.testing.assert_close(compiled(x), call(x))
    vit = pytorch.attend_tokens(vit_pytorch.ViT(8, 4, **VIT), 4)
    images = torch.randn(2, 1, 8, 8)
    torch.testing.assert_close(torch.compile(vit, backend="eager", fullgraph=True)(images), vit(images))


def test_training_step_asks_the_device_for_no_value():
    # Tensors on the meta device have shapes and no values: whatever reads one back raises.
    net = pytorch.with_norm(nets_pytorch.ResNet(8, 3, 1, width=4), "group", 2).to("meta")
    net(torch.empty(2, 1, 8, 8, device="meta")).sum().backward()
    layer = pytorch.WeightNorm(torch.nn.Linear(3, 2)).to("meta")
    running = torch.empty(2, device="meta"), torch.empty(2, device="meta")
    y = pytorch.mean_only_batch_norm(layer(torch.empty(4, 3, device="meta")), running[0], training=True)
    pytorch.batch_norm(y, *running, training=True).sum().backward()
    assert layer.v.grad is not None


def test_networks_copy_save_and_run_under_autocast():
    net = pytorch.with_norm(nets_pytorch.ResNet(8, 3, 1, width=4), "group", 2).eval()
    layer = pytorch.WeightNorm(torch.nn.Linear(4, 3))
    x, row = torch.randn(2, 1, 8, 8), torch.randn(5, 4)
    for module, value in ((net, x), (layer, row)):
        expected = module(value).detach()
        torch.testing.assert_close(copy.deepcopy(module)(value).detach(), expected)
        with torch.autocast("cpu", torch.bfloat16):
            half = module(value).float()
        # bfloat16 has 8 bits: 0.4 % of each of some ten products in a row.
        torch.testing.assert_close(half.detach(), expected, rtol=0, atol=0.05 * expected.abs().max().item() + 0.02)


@pytest.mark.parametrize("method", [m.name for m in syllabus.topic("normalization").methods if m.twins])
def test_help_says_on_both_sides_what_the_twin_says(method):
    assert_same_help(getattr(scratch, method), getattr(pytorch, method))


@pytest.mark.gpu
def test_everything_stays_on_the_gpu():
    net = pytorch.with_norm(nets_pytorch.ResNet(8, 3, 1, width=4).cuda(), "group", 2)
    vit = pytorch.attend_tokens(vit_pytorch.ViT(8, 4, **VIT).cuda().double(), 4)
    layer = pytorch.WeightNorm(torch.nn.Linear(4, 3).cuda())
    assert {p.device.type for module in (net, vit, layer) for p in module.parameters()} == {"cuda"}
    assert layer.initialize(torch.randn(5, 4, device="cuda")).is_cuda
    x = torch.randn(4, 6, 5, 5, device="cuda", dtype=torch.float16)
    w = torch.ones(6, device="cuda")
    for name, norm in NORMS.items():
        y = norm(pytorch, x, w, w)
        assert (y.is_cuda, y.dtype) == (True, torch.float16), name
