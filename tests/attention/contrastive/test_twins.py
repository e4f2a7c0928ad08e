"""The two sides of contrastive, and PyTorch over processes, in mixed precision, compiled, and on its device."""

import itertools

import numpy as np
import pytest
import torch

from mylib.attention.contrastive import pytorch, scratch
from tests.attention.contrastive.cases import RNG, blobs
from tests.attention.contrastive.joined_batch import run_processes
from tests.twins import assert_close, assert_same_function, assert_same_module


def test_two_processes_have_the_loss_and_the_gradients_of_one_with_the_joined_batch():
    run_processes(2)


def test_gather_without_other_processes_changes_nothing():
    z1, z2 = (torch.tensor(RNG(seed).normal(size=(5, 4))) for seed in (14, 15))
    assert torch.equal(pytorch.nt_xent(z1, z2, 0.2, gather=True), pytorch.nt_xent(z1, z2, 0.2))
    with pytest.raises(ValueError, match="expected gather=False in NumPy, got True"):
        scratch.nt_xent(z1.numpy(), z2.numpy(), gather=True)


def test_a_queue_may_be_changed_before_the_backward_pass():
    queue = pytorch.KeyQueue(4, 3)
    q = torch.tensor(RNG(18).normal(size=(2, 3)), dtype=torch.float32, requires_grad=True)
    k = torch.tensor(RNG(19).normal(size=(2, 3)), dtype=torch.float32)
    expected = torch.autograd.grad(pytorch.info_nce(q, k, queue.keys), q)[0]
    loss = pytorch.info_nce(q, k, queue.keys)
    queue.push(k)
    assert torch.allclose(torch.autograd.grad(loss, q)[0], expected)


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
    np.testing.assert_allclose(probe.weight.numpy(), their_probe.weight.detach().numpy(), rtol=1e-7, atol=1e-9)
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
