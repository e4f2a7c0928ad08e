"""The two sides of cross_modality; PyTorch compiled, in mixed precision, and on its device."""

import numpy as np
import pytest
import torch

from mylib import engine, syllabus
from mylib.representation.cross_modality import pytorch, scratch
from tests.representation.cross_modality.cases import RNG, features, small_people
from tests.twins import (
    TOLERANCE,
    assert_close,
    assert_same_function,
    assert_same_help,
    assert_same_module,
    share_random_weights,
)


@pytest.mark.parametrize("name", ["hardest_triplet_loss", "cross_modality_gap"])
@pytest.mark.parametrize("margin", [0.0, 0.3, 3.0])
def test_losses_agree_in_value_and_gradient(name, margin):
    a, b, labels_a, labels_b = features(1, rows=10, others=12)

    def theirs(a, b):
        return getattr(pytorch, name)(a, b, torch.tensor(labels_a), torch.tensor(labels_b), margin)

    def ours(a, b):
        return getattr(scratch, name)(a, b, labels_a, labels_b, margin)

    assert_same_function(ours, theirs, a, b)


def test_respective_gaps_agree_in_value_and_gradient():
    rng = RNG(2)
    labels = [rng.integers(0, 4, rows) for rows in (3, 5)]
    assert_same_function(
        lambda y, z: scratch.modality_respective_gap([y, z], labels),
        lambda y, z: pytorch.modality_respective_gap([y, z], list(map(torch.tensor, labels))),
        *(rng.normal(size=(rows, 4)) for rows in (3, 5)),
    )


@pytest.mark.parametrize("hidden", [1, 4])
def test_generators_agree_over_three_steps(hidden):
    images = RNG(3).uniform(size=(2, 3, 5, 4))
    assert_same_module(lambda: scratch.XModality(hidden=hidden), lambda: pytorch.XModality(hidden=hidden), images)


class Whole:
    """Everything a network does, as one function of the visible and the infrared images."""

    def __init__(self, net):
        self.net = net

    def __getattr__(self, name):
        return getattr(self.net, name)

    def __call__(self, visible, infrared):
        features = self.net(self.net.generate(visible))
        return self.net.classify(features + self.net(infrared))


def test_networks_agree_over_three_steps():
    visible, infrared = RNG(4).uniform(size=(2, 12, 3, 16, 12))
    assert_same_module(
        lambda: Whole(scratch.XModalNet(4, dim=5, width=2)),
        lambda: Whole(pytorch.XModalNet(4, dim=5, width=2)),
        visible,
        infrared,
    )


@pytest.mark.parametrize("x_modality", [True, False])
def test_training_agrees_over_three_epochs(x_modality):
    """Four persons of two shots, four persons a batch: an epoch is a step, three of the optimiser's."""
    people = small_people()
    for dtype in TOLERANCE:
        nets = [module.XModalNet(4, dim=5, width=2, x_modality=x_modality) for module in (scratch, pytorch)]
        if dtype is np.float64:
            [net.double() for net in nets]
        share_random_weights(*nets, dtype)
        optimizers = (
            engine.optim.SGD(nets[0].parameters(), 0.02, momentum=0.9),
            torch.optim.SGD(nets[1].parameters(), 0.02, momentum=0.9),
        )
        ours, theirs = (
            module.XIV(net, optimizer, people, persons=4, shots=2, seed=5)
            for module, net, optimizer in zip((scratch, pytorch), nets, optimizers, strict=True)
        )
        for _ in range(3):
            got, expected = ours.epoch(), theirs.epoch()
            for key, value in expected.items():
                assert_close(got[key], value, dtype, key)
        expected = nets[1].state_dict()
        for name, value in nets[0].state_dict().items():
            assert_close(value, expected[name].numpy(), dtype, f"{name} after three steps")
        assert_close(ours.embed(people.images), theirs.embed(people.images).numpy(), dtype, "features")


def test_people_may_be_tensors():
    people = small_people()
    tensors = type(people)(*map(torch.tensor, people))
    losses = []
    for given in (people, tensors):
        torch.manual_seed(0)
        net = pytorch.XModalNet(4, dim=5, width=2)
        losses.append(pytorch.XIV(net, torch.optim.SGD(net.parameters(), 0.1), given, persons=2).epoch())
    assert losses[0] == losses[1]


def training_step(device, dtype=torch.float32):
    """Everything that a step of training calls, on one device."""
    torch.manual_seed(0)
    net = pytorch.XModalNet(4, dim=5, width=2).to(device)
    visible, infrared = torch.rand(2, 8, 3, 16, 8, device=device, dtype=dtype)
    labels = torch.arange(8, device=device) % 4
    features = net(torch.cat([infrared, net.generate(visible), visible])).chunk(3)
    loss = pytorch.modality_respective_gap([net.classify(one) for one in features], [labels] * 3)
    for others in features[1:]:
        loss = loss + pytorch.cross_modality_gap(features[0], others, labels, labels)
    loss = loss + pytorch.hardest_triplet_loss(features[1], features[2], labels, labels)
    loss.backward()
    return loss, net


def test_a_step_asks_its_device_for_no_value():
    # Tensors on the meta device have shapes and no values: whatever reads one back raises.
    loss, net = training_step("meta")
    assert loss.is_meta
    assert net.generator.squeeze.weight.grad.is_meta


def test_network_and_losses_compile_whole():
    torch.manual_seed(1)
    net = pytorch.XModalNet(4, dim=5, width=2)
    images = torch.rand(8, 3, 16, 8)
    a, b = torch.randn(2, 8, 5)
    labels = torch.arange(8) % 4
    for function, arguments in (
        (net, (images,)),
        (net.generate, (images,)),
        (net.classify, (a,)),
        (pytorch.hardest_triplet_loss, (a, b, labels, labels)),
        (pytorch.cross_modality_gap, (a, b, labels, labels)),
        (pytorch.modality_respective_gap, ([a, b], [labels, labels])),
    ):
        net.eval()
        compiled = torch.compile(function, backend="eager", fullgraph=True)
        torch.testing.assert_close(compiled(*arguments), function(*arguments))


def test_mixed_precision_keeps_the_losses_in_float32():
    expected, _ = training_step("cpu")
    with torch.autocast("cpu", torch.bfloat16):
        mixed, net = training_step("cpu")
    assert mixed.dtype == torch.float32
    assert all(torch.isfinite(parameter.grad).all() for parameter in net.parameters())
    # features have 8 bits: distances and logits of about 1 are off by some hundredths, of eight terms each
    assert mixed.item() == pytest.approx(expected.item(), abs=0.3)


def test_half_precision_chooses_by_distances_of_more_digits():
    """Two candidates at distance 300 and 300.5: in float16 their squares are infinite."""
    a, b = torch.zeros(1, 1).half(), torch.tensor([[300.0], [300.5], [301.5]]).half()
    loss = pytorch.hardest_triplet_loss(a, b, torch.tensor([0]), torch.tensor([0, 0, 1]), 2.0)
    assert loss.item() == pytest.approx(1.0)


def test_where_nobody_looks_an_anchor_alone_makes_the_loss_nan():
    a, b = torch.randn(2, 3, 2)
    compiled = torch.compile(pytorch.hardest_triplet_loss, backend="eager", fullgraph=True)
    assert compiled(a, b, torch.tensor([0, 1, 2]), torch.tensor([0, 1, 1])).isnan()
    assert compiled(a, b, torch.tensor([0, 0, 0]), torch.tensor([0, 0, 0])).isnan()
    assert compiled(a, b, torch.tensor([0, 1, 1]), torch.tensor([0, 1, 1])).isfinite()


@pytest.mark.gpu
def test_a_step_never_leaves_the_gpu():
    training_step("cuda")  # what is made once may wait
    torch.cuda.set_sync_debug_mode("error")
    try:
        loss, _ = training_step("cuda")
    finally:
        torch.cuda.set_sync_debug_mode("default")
    assert loss.is_cuda


def test_help_is_complete_on_both_sides():
    topic = next(topic for topic in syllabus.topics() if topic.name == "cross_modality")
    assert {method.name for method in topic.methods} == set(scratch.__all__) == set(pytorch.__all__)
    for name in scratch.__all__:
        assert_same_help(getattr(scratch, name), getattr(pytorch, name))
