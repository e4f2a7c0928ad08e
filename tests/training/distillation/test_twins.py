"""The two sides of distillation: values, gradients, weights after three steps; PyTorch compiled, autocast, on a GPU."""

import numpy as np
import pytest
import torch

from mylib import engine, syllabus
from mylib.training.distillation import pytorch, scratch
from tests.training.distillation.cases import NETS, NN, RNG, SIDES, SMALL, blobs, logits_and_labels, softmax, values
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


@pytest.mark.parametrize("temperature", [0.7, 3.0, 30.0])
@pytest.mark.parametrize("weight", [0.1, 1.0])
def test_soft_losses_agree(temperature, weight):
    z, teacher, labels = logits_and_labels(0)
    call = lambda m, z, t: m.soft_distillation_loss(z, t(teacher), t(labels), temperature, weight)  # noqa: E731
    assert_same_function(*sides(call), z)
    call = lambda m, z, d, t: m.soft_distillation_loss(z, t(teacher), t(labels), temperature, 0.4, d)  # noqa: E731
    assert_same_function(*sides(call), z, z[::-1].copy())


def test_hard_losses_and_soft_targets_agree():
    z, teacher, labels = logits_and_labels(1)
    assert_same_function(*sides(lambda m, z, t: m.hard_distillation_loss(z, t(teacher), t(labels))), z)
    call = lambda m, z, d, t: m.hard_distillation_loss(z, t(teacher), t(labels), d)  # noqa: E731
    assert_same_function(*sides(call), z, z[::-1].copy())
    assert_same_function(*sides(lambda m, z, t: m.soft_cross_entropy(z, t(softmax(teacher)))), z)


def both_heads(model, labels, teacher, array):
    """The loss that DeiT is trained with."""
    module = scratch if array is engine.as_tensor else pytorch
    return lambda x: module.soft_distillation_loss(
        *(lambda a, b: (a, array(teacher), array(labels), 2.0, 0.5, b))(*model(x))
    )


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_deits_agree_for_three_steps(dtype):
    # Not by `assert_same_module`: the gradient of a key's bias is 0 but for rounding, which has no relative error.
    ours, theirs = scratch.DeiT(**SMALL), pytorch.DeiT(**SMALL)
    if dtype is np.float64:
        ours.double(), theirs.double()
    share_random_weights(ours, theirs, dtype)
    _, teacher, labels = logits_and_labels(2, batch=3, classes=5)
    losses = [
        both_heads(model, labels, teacher.astype(dtype), array)
        for model, array in ((ours, engine.as_tensor), (theirs, torch.as_tensor))
    ]
    optimizers = engine.optim.SGD(ours.parameters(), 0.1), torch.optim.SGD(theirs.parameters(), 0.1)
    for step in range(3):
        images = RNG(step).normal(size=(3, 2, 6, 6)).astype(dtype)
        inputs = engine.Tensor(images, requires_grad=True), torch.tensor(images, requires_grad=True)
        results = [loss(x) for loss, x in zip(losses, inputs, strict=True)]
        assert_close(results[0].numpy(), values(results[1]), dtype, "loss")
        for optimizer, result in zip(optimizers, results, strict=True):
            optimizer.zero_grad()
            result.backward()
        assert_close(inputs[0].grad, inputs[1].grad, dtype, "gradient of the images")
        gradients = {name: p.grad.numpy() for name, p in theirs.named_parameters()}
        largest = max(np.abs(gradient).max() for gradient in gradients.values())
        for name, p in ours.named_parameters():
            tolerance = TOLERANCE[dtype]
            np.testing.assert_allclose(p.grad, gradients[name], rtol=tolerance, atol=tolerance * largest, err_msg=name)
        for optimizer in optimizers:
            optimizer.step()
    for name, value in ours.state_dict().items():
        assert_close(value, theirs.state_dict()[name], dtype, name)
    assert_close(values(ours.eval()(images)), values(theirs.eval()(torch.tensor(images))), dtype, "evaluation")


def test_networks_with_stochastic_depth_agree_where_nothing_is_dropped():
    makes = [
        lambda m=m: m.stochastic_depth(NETS[m].ResNet(8, 3, 1, width=4, order="full_preactivation"), 1.0)
        for m, _ in SIDES.values()
    ]
    assert_same_module(*makes, RNG(3).normal(size=(3, 1, 8, 6)), learning_rate=0.003)


def test_units_agree_with_the_same_mask(monkeypatch):
    """Both sides draw from a uniform distribution and keep what lies below p: with equal draws they are equal."""
    draws = RNG(4).random((5, 1, 1, 1))
    fake = type("Fake", (), {"random": staticmethod(lambda shape: draws)})
    for dtype in TOLERANCE:
        ours, theirs = (m.stochastic_depth(NETS[m].ResNet(8, 3, 1, width=4), 0.3) for m, _ in SIDES.values())
        if dtype is np.float64:
            ours.double(), theirs.double()
        share_random_weights(ours, theirs, dtype)
        x = RNG(5).normal(size=(5, 1, 8, 8)).astype(dtype)
        with monkeypatch.context() as patch:
            patch.setattr("mylib.training.distillation.scratch_networks.generator", lambda: fake)
            patch.setattr(torch, "rand", lambda *shape, device=None: torch.tensor(draws))
            a, b = ours(engine.Tensor(x)), theirs(torch.tensor(x))
            (a * a).sum().backward()
            b.square().sum().backward()
        assert_close(a.numpy(), values(b), dtype, "scores")
        # Batch norms in a row: rounding grows with each, so that the smaller type is compared by its outputs alone.
        if dtype is np.float64:
            for (name, p), (_, q) in zip(ours.named_parameters(), theirs.named_parameters(), strict=True):
                np.testing.assert_allclose(p.grad, q.grad, rtol=1e-8, atol=1e-9 * abs(q.grad).max().item() + 1e-12)
                assert name


@pytest.mark.parametrize("soft", [True, False])
def test_pseudo_labels_and_balances_agree(soft):
    z = 4 * RNG(6).normal(size=(60, 5))
    z[7] = z[8] = [1.0, 3.0, 3.0, 0.0, 3.0]  # ties
    (kept, targets), (their_kept, their_targets) = (m.pseudo_labels(a(z), 0.3, soft) for m, a in SIDES.values())
    assert kept.tolist() == their_kept.tolist()
    assert_close(targets, values(their_targets), np.float64, "targets")
    for per_class in (1, 7, 40):
        ours, theirs = (m.balance(a(targets), per_class, seed=2) for m, a in SIDES.values())
        assert ours.tolist() == theirs.tolist()


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_rounds_agree_from_the_same_weights(dtype):
    (x, y), (others, _) = blobs(0, 20), blobs(1, 50)
    start = [{"weight": (RNG(n).normal(size=(3, 3)) / 3).astype(dtype), "bias": np.zeros(3, dtype)} for n in range(3)]

    def train(module):
        def make(number):
            model = NN[module].Linear(3, 3)
            model = model.double() if dtype is np.float64 else model
            model.load_state_dict({name: torch.tensor(value) for name, value in start[number].items()})
            return model

        options = {"threshold": 0.4, "epochs": 3, "batch_size": 8, "per_class": 20, "ratio": 2, "seed": 5}

        def noise(images, rng):
            drawn = 0.1 * rng.normal(size=tuple(images.shape)).astype(dtype)
            return images + (drawn if module is scratch else torch.tensor(drawn))

        data = (x.astype(dtype), y), others.astype(dtype)
        return module.noisy_student(make, *data, 2, augment=noise, progress=False, **options)

    for number, (ours, theirs) in enumerate(zip(train(scratch), train(pytorch), strict=True)):
        for name, value in ours.state_dict().items():
            assert_close(value, theirs.state_dict()[name], dtype, f"{name} of round {number}")


@pytest.mark.parametrize("method", [m.name for m in syllabus.topic("distillation").methods])
def test_help_says_on_both_sides_what_the_twin_says(method):
    assert_same_help(getattr(scratch, method), getattr(pytorch, method))


# float16


@pytest.mark.parametrize("name", ["soft_distillation_loss", "hard_distillation_loss"])
def test_half_precision_is_taken_to_float32(side, name):
    module, array = side
    z, teacher, labels = logits_and_labels(7)
    half = [array(part.astype(np.float16)) for part in (z, teacher)]
    exact = [array(part.astype(np.float16).astype(np.float64)) for part in (z, teacher)]
    loss, expected = (getattr(module, name)(*pair, array(labels)) for pair in (half, exact))
    assert str(loss.dtype).endswith("float32")
    assert loss.item() == pytest.approx(expected.item(), rel=1e-5)
    targets = array(softmax(teacher).astype(np.float16))
    assert module.soft_cross_entropy(half[0], targets).item() == pytest.approx(
        module.soft_cross_entropy(exact[0], array(softmax(teacher))).item(), rel=1e-3
    )


def test_gradient_of_half_precision_is_of_its_type(side):
    module, array = side
    z, teacher, labels = logits_and_labels(8)
    leaf = (
        engine.Tensor(z.astype(np.float16), requires_grad=True)
        if module is scratch
        else torch.tensor(z.astype(np.float16), requires_grad=True)
    )
    module.soft_distillation_loss(leaf, array(teacher), array(labels), 2.0, 0.5).backward()
    assert str(leaf.grad.dtype).endswith("float16")


# PyTorch


def training_step(device, dtype=torch.float32):
    """Every differentiable method once, forward and backward; returns the total and its leaves."""
    torch.manual_seed(0)
    make = {"device": device, "dtype": dtype, "requires_grad": True}
    z, other = torch.randn(6, 5, **make), torch.randn(6, 5, **make)
    teacher, labels = torch.randn(6, 5, device=device), torch.arange(6, device=device) % 5
    model = pytorch.DeiT(**SMALL).to(device)
    network = pytorch.stochastic_depth(NETS[pytorch].ResNet(8, 5, 2, width=4).to(device), 0.5)
    images = torch.rand(6, 2, 6, 6, device=device)
    total = pytorch.soft_distillation_loss(z, teacher, labels, distillation_logits=other)
    total = total + pytorch.hard_distillation_loss(z, teacher, labels, other)
    total = total + pytorch.soft_cross_entropy(z, teacher.softmax(1))
    first, second = model(images)
    total = total + pytorch.soft_distillation_loss(first, teacher, labels, distillation_logits=second)
    total = total + pytorch.soft_cross_entropy(network(images), teacher.softmax(1))
    total.backward()
    return total, [z, other, model.distillation_token, model.positions, network.linear.weight]


def test_training_step_asks_the_device_for_no_value():
    # Tensors on the meta device have shapes and no values: whatever reads one back raises.
    total, leaves = training_step("meta")
    assert all(leaf.grad is not None for leaf in leaves)
    assert total.dtype == torch.float32


def test_methods_compile_whole():
    compiled = lambda function: torch.compile(function, backend="eager", fullgraph=True)  # noqa: E731
    torch.manual_seed(0)
    z, teacher, labels = torch.randn(6, 5), torch.randn(6, 5), torch.arange(6) % 5
    for function, arguments in (
        (pytorch.soft_distillation_loss, (z, teacher, labels, 2.0, 0.3, teacher)),
        (pytorch.hard_distillation_loss, (z, teacher, labels)),
        (pytorch.soft_cross_entropy, (z, teacher.softmax(1))),
        (pytorch.DeiT(**SMALL).eval(), (torch.randn(2, 2, 6, 6),)),
        (pytorch.stochastic_depth(NETS[pytorch].ResNet(8, 5, 2, width=4), 0.5).eval(), (torch.randn(2, 2, 8, 8),)),
    ):
        torch.testing.assert_close(compiled(function)(*arguments), function(*arguments))
    first, second = compiled(pytorch.DeiT(**SMALL))(torch.randn(2, 2, 6, 6))
    assert (first.shape, second.shape) == ((2, 5), (2, 5))
    network = pytorch.stochastic_depth(NETS[pytorch].ResNet(8, 5, 2, width=4), 0.5)
    assert compiled(network)(torch.randn(2, 2, 8, 8)).shape == (2, 5)


def test_step_under_autocast_has_float32_losses():
    with torch.autocast("cpu", torch.bfloat16):
        total, leaves = training_step("cpu")
    assert total.dtype == torch.float32
    assert all(torch.isfinite(leaf.grad).all() for leaf in leaves)


@pytest.mark.gpu
def test_training_and_rounds_stay_on_the_gpu():
    total, leaves = training_step("cuda")
    assert total.is_cuda
    assert all(leaf.grad.is_cuda for leaf in leaves)
    (x, y), (others, _) = blobs(0, 20), blobs(1, 50)
    make = lambda number: torch.nn.Linear(3, 3).cuda()  # noqa: E731
    options = {"threshold": 0.0, "per_class": 10, "epochs": 2, "batch_size": 8, "progress": False}
    models = pytorch.noisy_student(make, (x, y), others, 1, **options)
    assert all(model.weight.is_cuda for model in models)
