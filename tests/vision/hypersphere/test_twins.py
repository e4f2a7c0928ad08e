"""The two sides of hypersphere: losses, networks, and PyTorch under autocast, compiled, and on its device."""

import numpy as np
import pytest
import torch

from mylib import syllabus
from mylib.vision.hypersphere import pytorch, scratch
from tests.twins import assert_close, assert_same_function, assert_same_help, assert_same_module, share_random_weights
from tests.vision.hypersphere.cases import RNG, largest_cosine


def test_twins_separate_equally_well():
    # Two generators, two descents: the points differ, the optimum does not.
    for classes, dims in ((7, 3), (20, 6)):
        ours, theirs = (largest_cosine(module.separated_prototypes(classes, dims)) for module in (scratch, pytorch))
        # 20 points in 6 dimensions have local optima, within 0.02 of each other in twenty runs.
        assert ours == pytest.approx(float(theirs), abs=0.03)


def test_prototypes_can_be_made_where_nothing_else_is_learned():
    with torch.no_grad():
        assert largest_cosine(pytorch.separated_prototypes(3, 2)) == pytest.approx(-0.5, abs=5e-4)


def test_loss_twins_agree():
    rng = RNG(5)
    z, p, labels = rng.normal(size=(6, 4)), rng.normal(size=(3, 4)), rng.integers(0, 3, 6)
    targets, triplets = rng.uniform(-1, 1, 6), np.array([[0, 1, 2, 1], [2, 0, 1, 0]])

    def in_type(function, module):
        tensor = (lambda a, like: a) if module is scratch else (lambda a, like: torch.tensor(a).to(like.dtype))
        return lambda x: function(module, x, tensor)

    cases = {
        "class": lambda m, x, t: m.prototype_loss(x, t(p, x), labels if m is scratch else torch.tensor(labels)),
        "number": lambda m, x, t: m.prototype_regression_loss(x, t(p[0], x), t(targets, x)),
        "ranking": lambda m, x, t: m.semantic_ranking_loss(x, triplets),
    }
    for function in cases.values():
        assert_same_function(in_type(function, scratch), in_type(function, pytorch), z)


@pytest.mark.parametrize("joint", [False, True])
def test_net_twins_agree(joint):
    images = RNG(6).uniform(size=(2, 1, 28, 28))
    makes = [lambda module=module: module.HypersphericalNet(4, 3, joint=joint) for module in (scratch, pytorch)]
    assert_same_module(*makes, images)


def test_joint_loss_twins_agree():
    ours, theirs = (module.HypersphericalNet(5, 4, joint=True) for module in (scratch, pytorch))
    share_random_weights(ours, theirs, np.float32)
    images = RNG(7).uniform(size=(3, 1, 28, 28)).astype(np.float32)
    labels, targets = np.array([4, 0, 2]), np.array([0.3, -0.9, 0.0], np.float32)
    our_loss = ours.loss(ours(images), labels, targets)
    their_loss = theirs.loss(theirs(torch.tensor(images)), torch.tensor(labels), torch.tensor(targets))
    our_loss.backward(), their_loss.backward()
    assert our_loss.item() == pytest.approx(their_loss.item(), rel=1e-5)
    expected = dict(theirs.named_parameters())
    for name, parameter in ours.named_parameters():
        assert_close(parameter.grad, expected[name].grad.numpy(), np.float32, name)


def test_losses_compile_without_looking_at_values():
    compiled = torch.compile(pytorch.prototype_loss, backend="eager", fullgraph=True)
    z, p, labels = torch.randn(4, 3), torch.randn(2, 3), torch.tensor([0, 1, 1, 0])
    torch.testing.assert_close(compiled(z, p, labels), pytorch.prototype_loss(z, p, labels))


@pytest.mark.parametrize("method", [m.name for m in syllabus.topic("hypersphere").methods if m.twins])
def test_help_says_on_both_sides_what_the_twin_says(method):
    assert_same_help(getattr(scratch, method), getattr(pytorch, method))


@pytest.mark.gpu
def test_losses_stay_on_the_gpu():
    z = torch.randn(4, 3, device="cuda", requires_grad=True)
    loss = pytorch.prototype_loss(z, torch.eye(3, device="cuda"), torch.tensor([0, 1, 2, 0], device="cuda"))
    loss.backward()
    assert loss.is_cuda
    assert z.grad.is_cuda


def test_net_trained_under_autocast_predicts_outside_of_it():
    net = pytorch.HypersphericalNet(4, 5, joint=True)
    labels, targets = torch.tensor([0, 3]), torch.tensor([0.1, -0.4])
    with torch.autocast("cpu", torch.bfloat16):
        z = net(torch.rand(2, 1, 28, 28))
        loss = net.loss(z, labels, targets)
    loss.backward()
    assert loss.dtype == torch.float32
    classes, found = net.predict(z)
    expected = net.predict(z.double())
    assert torch.equal(classes, expected[0])
    torch.testing.assert_close(found.double(), expected[1], atol=0.02, rtol=0)  # three digits


def test_training_step_asks_the_device_for_no_value():
    # Tensors on the meta device have shapes and no values: whatever reads one back raises.
    net = pytorch.HypersphericalNet(4, 5, joint=True).to("meta")
    labels = torch.empty(2, dtype=torch.long, device="meta")
    z = net(torch.empty(2, 1, 28, 28, device="meta"))
    net.loss(z, labels, torch.empty(2, device="meta")).backward()
    net.predict(z)
    assert all(parameter.grad is not None for parameter in net.parameters())
