"""The two sides of test_time: answers, gradients, and weights after steps; in mixed precision, and on its device."""

import numpy as np
import pytest
import torch

from mylib import syllabus
from mylib.few_labels.curriculum_labels import pytorch as labels_pytorch
from mylib.few_labels.curriculum_labels import scratch as labels_scratch
from mylib.trust.test_time import pytorch, scratch
from tests.trust.test_time.cases import SIDES, images, network, values
from tests.twins import TOLERANCE, assert_close, assert_same_function, assert_same_help, share_random_weights


def test_entropy_agrees_in_value_and_gradient():
    assert_same_function(scratch.entropy, pytorch.entropy, np.random.default_rng(0).normal(0, 3, (6, 10)))


def pseudo_labels(side):
    """The loss of "PL" on that side."""
    losses = labels_scratch if side == "scratch" else labels_pytorch
    return lambda logits: losses.consistency_loss(logits, logits, 0.4)[0]


def both(dtype, make=None, loss=None, seed=0, momentum=0.9, **options):
    """Models with the same random weights, and Tent with SGD, of each side."""
    models = [(make or (lambda side: network(side.nn)))(side) for side in SIDES.values()]
    if dtype is np.float64:
        models[0].double(), models[1].double()
    share_random_weights(*models, dtype, seed)
    for side, model in zip(SIDES, models, strict=True):
        functions = SIDES[side].functions
        functions.configure_model(model)
        optimizer = SIDES[side].sgd(functions.collect_params(model)[0], 0.05, momentum)
        yield model, functions.Tent(model, optimizer, loss=loss and loss(side), **options)


@pytest.mark.parametrize("loss", [None, pseudo_labels])
@pytest.mark.parametrize("options", [{}, {"steps": 2}, {"episodic": True}])
@pytest.mark.parametrize("norm", ["engine", "convnets"])
def test_answers_gradients_and_weights_agree_over_three_batches(norm, options, loss):
    def make(side):
        return network(side.nn, side.convnets.BatchNorm2d if norm == "convnets" else None)

    for dtype in TOLERANCE:
        (ours, our_tent), (theirs, their_tent) = both(dtype, make, loss, **options)
        for seed in range(3):
            x = images(seed, dtype=dtype)
            one, two = values(our_tent(x)), values(their_tent(torch.tensor(x)))
            assert one.dtype == two.dtype == dtype
            assert_close(one, two, dtype, f"answer {seed}")
            gradients = {name: parameter.grad for name, parameter in theirs.named_parameters()}
            for name, parameter in ours.named_parameters():
                assert (parameter.grad is None) == (gradients[name] is None), name
                if parameter.grad is not None:
                    assert_close(parameter.grad, gradients[name].numpy(), dtype, f"gradient of {name}, batch {seed}")
        expected = theirs.state_dict()
        for name, value in ours.state_dict().items():
            assert_close(value, expected[name].numpy(), dtype, f"{name} after three batches")


@pytest.mark.parametrize("depth", [20])
def test_a_resnet_adapts_alike(depth):
    def make(side):
        return side.convnets.ResNet(depth, classes=10, width=4)

    (ours, our_tent), (theirs, their_tent) = both(np.float64, make)
    for seed in range(2):
        x = np.random.default_rng(seed).normal(size=(4, 3, 8, 8))
        assert_close(values(our_tent(x)), values(their_tent(torch.tensor(x))), np.float64, "answer")
    expected = theirs.state_dict()
    for name, value in ours.state_dict().items():
        assert_close(value, expected[name].numpy(), np.float64, name)


def test_adam_agrees_over_three_batches_and_after_reset():
    tents = []
    for side, (model, _) in zip(SIDES.values(), both(np.float64), strict=True):
        tents.append(side.functions.Tent(model, side.adam(side.functions.collect_params(model)[0], 0.01)))
    for _ in range(2):
        for seed in range(3):
            x = images(seed)
            assert_close(values(tents[0](x)), values(tents[1](torch.tensor(x))), np.float64, "answer")
        for tent in tents:
            tent.reset()


def test_plain_arrays_and_tensors_are_taken_by_scratch():
    answers = []
    for wrap in (np.asarray, SIDES["scratch"].make, np.asfortranarray):
        (_, tent), _ = both(np.float64)
        answers.append(values(tent(wrap(images(1)))))
    np.testing.assert_array_equal(answers[0], answers[1])
    # Another layout is summed in another order.
    np.testing.assert_allclose(answers[0], answers[2], rtol=1e-9)


def device_tent(device, optimizer=torch.optim.Adam):
    """Tent on one device, and images there."""
    torch.manual_seed(0)
    model = pytorch.configure_model(network(torch.nn).to(device))
    parameters, _ = pytorch.collect_params(model)
    x = torch.rand(8, 2, 6, 6, generator=torch.Generator().manual_seed(1)).to(device)
    return pytorch.Tent(model, optimizer(parameters, lr=1e-3), episodic=True), x


def test_a_call_asks_its_device_for_no_value():
    # Tensors on the meta device have shapes and no values: whatever reads one back raises.
    tent, x = device_tent("meta", torch.optim.SGD)
    assert (tent(x).device.type, tent(x).shape) == ("meta", (8, 3))


def test_mixed_precision_takes_the_entropy_in_float32():
    tent, x = device_tent("cpu")
    expected = tent(x)
    with torch.autocast("cpu", torch.bfloat16):
        mixed = tent(x)
    assert mixed.dtype == torch.bfloat16
    assert all(p.grad.dtype == torch.float32 for p in tent.model.parameters() if p.requires_grad)
    # bfloat16 has 8 bits; the answers are of order 1
    torch.testing.assert_close(mixed.float(), expected, atol=0.05, rtol=0)


def test_the_model_compiles_whole():
    tent, x = device_tent("cpu")
    compiled = torch.compile(tent.model, backend="eager", fullgraph=True)
    other = pytorch.Tent(compiled, torch.optim.Adam(pytorch.collect_params(compiled)[0], lr=1e-3), episodic=True)
    torch.testing.assert_close(other(x), tent(x))


@pytest.mark.gpu
def test_a_call_never_waits_for_the_gpu():
    tent, x = device_tent("cuda")
    tent(x)  # what is made once may wait
    torch.cuda.synchronize()
    torch.cuda.set_sync_debug_mode("error")
    try:
        answer = tent(x)
    finally:
        torch.cuda.set_sync_debug_mode("default")
    assert answer.is_cuda


@pytest.mark.gpu
def test_the_gpu_answers_as_the_cpu():
    answers = []
    for device in ("cpu", "cuda"):
        tent, x = device_tent(device)
        tent.episodic = False
        tent(x)
        answers.append(tent(x).cpu())
    # Adam's first step is the sign of the gradient: entries near 0 may go either way, by 0.002 at most.
    torch.testing.assert_close(*answers, atol=2e-2, rtol=0)


def test_help_is_complete_on_both_sides():
    topic = next(topic for topic in syllabus.topics() if topic.name == "test_time")
    assert {method.name for method in topic.methods} == set(scratch.__all__) == set(pytorch.__all__)
    for name in scratch.__all__:
        assert_same_help(getattr(scratch, name), getattr(pytorch, name))
