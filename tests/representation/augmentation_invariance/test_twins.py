"""The two sides of augmentation_invariance; PyTorch compiled, in mixed precision, and on its device."""

import numpy as np
import pytest
import torch

from mylib import engine, syllabus
from mylib.attention.contrastive import pytorch as torch_contrastive
from mylib.attention.contrastive import scratch as contrastive
from mylib.representation.augmentation_invariance import pytorch, scratch
from tests.representation.augmentation_invariance.cases import RNG, trunk, vectors
from tests.twins import TOLERANCE, assert_close, assert_same_function, assert_same_help, assert_same_module
from tests.twins import share_random_weights as share


@pytest.mark.parametrize(("heads", "batch"), [(1, 3), (2, 1), (4, 5)])
def test_losses_and_gradients_agree(heads, batch):
    queries, keys, queues = vectors(heads, heads, batch)
    assert_same_function(
        lambda q, k: scratch.looc_loss(q, k, queues, 0.3),
        lambda q, k: pytorch.looc_loss(q, k, torch.tensor(queues), 0.3),
        queries,
        keys,
    )


@pytest.mark.parametrize("names", [(), ("rotation",), ("colour", "rotation", "texture")])
@pytest.mark.parametrize("crop", [False, True])
def test_views_agree(names, crop):
    images, textures = RNG(1).random((5, 3, 6, 6)), RNG(2).random((3, 1, 6, 6)) if "texture" in names else None
    ours = scratch.leave_one_out_views(images, RNG(3), names, crop, textures)
    textures = None if textures is None else torch.tensor(textures)
    theirs = pytorch.leave_one_out_views(torch.tensor(images), RNG(3), names, crop, textures)
    for our, their in zip(ours, theirs, strict=True):
        assert_close(their, our, np.float64, "views")


def test_colours_and_blends_agree_in_both_types():
    for dtype in TOLERANCE:
        images, textures = (RNG(seed).random((4, 3, 5, 7)).astype(dtype) for seed in (4, 5))
        turns, share_of = RNG(6).uniform(-2, 2, 4), RNG(7).random(4)
        ours = scratch.hue_rotation(images, turns), scratch.blend_texture(images, textures, share_of)
        x, t = torch.tensor(images), torch.tensor(textures)
        theirs = pytorch.hue_rotation(x, torch.tensor(turns)), pytorch.blend_texture(x, t, torch.tensor(share_of))
        for our, their in zip(ours, theirs, strict=True):
            assert (our.dtype, their.dtype) == (dtype, x.dtype)
            assert_close(their, our, dtype, "images")


def test_networks_agree_in_outputs_gradients_and_after_three_steps():
    def make(module, layers):
        return module.LooC(trunk(layers), 6, heads=3, hidden=5, out_features=4)

    images = RNG(8).random((4, 3, 8, 8))
    assert_same_module(lambda: make(scratch, engine.nn), lambda: make(pytorch, torch.nn), images)


def test_three_steps_of_training_agree():
    """Views, keys of the slow encoder, loss, optimiser, queues: weights and queues after each step."""
    for dtype in TOLERANCE:
        sides = []
        for module, layers, memory in ((scratch, engine.nn, contrastive), (pytorch, torch.nn, torch_contrastive)):
            models = [module.LooC(trunk(layers), 6, heads=2, hidden=5, out_features=4) for _ in range(2)]
            queues = [memory.KeyQueue(12, 4, seed=seed) for seed in range(2)]
            if dtype is np.float64:
                for one in (*models, *queues):
                    one.double()
            sides.append((module, *models, queues))
        (_, ours, our_slow, our_queues), (_, theirs, their_slow, their_queues) = sides
        share(ours, theirs, dtype)
        for ours_one, theirs_one in ((our_slow, their_slow), *zip(our_queues, their_queues, strict=True)):
            share(ours_one, theirs_one, dtype, seed=1)
            if hasattr(ours_one, "keys") and not hasattr(ours_one, "trunk"):
                rows = RNG(2).normal(size=(12, 4)).astype(dtype)
                ours_one.push(rows), theirs_one.push(torch.tensor(rows))
        first = engine.optim.SGD(ours.parameters(), 0.1, momentum=0.9)
        second = torch.optim.SGD(theirs.parameters(), 0.1, momentum=0.9)
        images = RNG(9).random((4, 3, 8, 8)).astype(dtype)
        for step in range(3):
            query, keys = scratch.leave_one_out_views(images, RNG(step), ("rotation",))
            contrastive.momentum_update(our_slow, ours, 0.9)
            with engine.no_grad():
                k = our_slow(keys.reshape(8, 3, 8, 8)).reshape(2, 2, 4, 4)
            loss = scratch.looc_loss(ours(query), k, np.stack([queue.keys for queue in our_queues]))
            first.zero_grad(), loss.backward(), first.step()
            scratch.push(our_queues, k)
            query, keys = pytorch.leave_one_out_views(torch.tensor(images), RNG(step), ("rotation",))
            torch_contrastive.momentum_update(their_slow, theirs, 0.9)
            with torch.no_grad():
                k = their_slow(keys.flatten(0, 1)).unflatten(1, (2, 4))
            loss = pytorch.looc_loss(theirs(query), k, torch.stack([queue.keys for queue in their_queues]))
            second.zero_grad(), loss.backward(), second.step()
            pytorch.push(their_queues, k)
            pairs = [(ours, theirs), (our_slow, their_slow), *zip(our_queues, their_queues, strict=True)]
            for one, other in pairs:
                expected = other.state_dict()
                for name, value in one.state_dict().items():
                    assert_close(value, expected[name].numpy(), dtype, f"{name} after step {step}")


def training_step(device, dtype=torch.float32):
    """Everything that a step of training calls, on one device."""
    torch.manual_seed(0)
    model = pytorch.LooC(trunk(torch.nn), 6, heads=4).to(device)
    queues = [torch_contrastive.KeyQueue(8, 32).to(device) for _ in range(4)]
    images = torch.ones(4, 3, 8, 8, device=device)
    names, textures = ("rotation", "colour", "texture"), torch.ones(2, 1, 8, 8, device=device)
    query, keys = pytorch.leave_one_out_views(images, RNG(0), names, textures=textures)
    with torch.autocast(device if device != "meta" else "cpu", torch.bfloat16, enabled=dtype is not torch.float32):
        z = model(query)
        with torch.no_grad():
            k = model(keys.flatten(0, 1)).unflatten(1, (4, 4))
        loss = pytorch.looc_loss(z, k, torch.stack([queue.keys for queue in queues]))
    loss.backward()
    pytorch.push(queues, k)
    return loss, model.embed_all(query)


def test_a_step_stays_on_its_device():
    """On the meta device there are no values: whoever looked at one would fail."""
    loss, spaces = training_step("meta")
    assert (loss.device.type, spaces.device.type, tuple(spaces.shape)) == ("meta", "meta", (4, 128))


def test_mixed_precision_gives_a_loss_in_float32():
    loss, plain = training_step("cpu", torch.bfloat16)[0], training_step("cpu")[0]
    assert loss.dtype == torch.float32
    assert loss.item() == pytest.approx(plain.item(), rel=0.02)  # bfloat16 has three digits


@pytest.mark.gpu
def test_a_step_on_the_gpu(gpu):
    loss, _ = training_step(str(gpu).partition(":")[0])
    assert loss.item() == pytest.approx(training_step("cpu")[0].item(), rel=1e-3)  # convolutions in TF32


def test_the_losses_and_views_compile_in_one_graph():
    queries, keys, queues = (torch.tensor(one) for one in vectors(50, 3))
    images, turns, half = torch.rand(2, 3, 4, 4), torch.tensor([0.1, 0.7]), torch.tensor([0.5, 0.2])
    model = pytorch.LooC(trunk(torch.nn), 6, heads=2)
    for function, arguments in (
        (pytorch.looc_loss, (queries, keys, queues)),
        (pytorch.hue_rotation, (images, turns)),
        (pytorch.blend_texture, (images, images.flip(0), half)),
        (model, (torch.rand(2, 3, 8, 8),)),
    ):
        compiled = torch.compile(function, fullgraph=True, backend="eager")
        torch.testing.assert_close(compiled(*arguments), function(*arguments))


def test_both_sides_help_alike():
    for method in syllabus.topic("augmentation_invariance").methods:
        assert_same_help(getattr(scratch, method.name), getattr(pytorch, method.name))
