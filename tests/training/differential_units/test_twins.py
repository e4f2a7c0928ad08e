"""The two sides of differential_units: values, slopes, layers; and PyTorch compiled, under autocast, on its device."""

import numpy as np
import pytest
import torch

from mylib import engine, syllabus
from mylib.training.differential_units import pytorch, scratch
from tests.training.differential_units.cases import RNG, random_units
from tests.twins import assert_close, assert_same_function, assert_same_help, assert_same_module

T = RNG(0).normal(size=(20, 400))


def test_rows_and_initial_values_agree():
    units = random_units(2000, 1)
    tensors = [torch.tensor(x) for x in units]
    rows = scratch.subspace(*units[:3])
    assert set(rows) == set(range(11))
    np.testing.assert_array_equal(pytorch.subspace(*tensors[:3]), rows)
    for ours, theirs in zip(scratch.initial_values(*units), pytorch.initial_values(*tensors), strict=True):
        np.testing.assert_allclose(theirs, ours, rtol=1e-12)


def test_values_and_slopes_agree_in_all_rows():
    """Slopes by hand against autograd, those of coefficients that count as 0 among them, row by row."""
    units = random_units(400, 2)
    rows = scratch.subspace(*units[:3])
    ours = [scratch.deu(T, *units).numpy(), *scratch.deu_gradient(T, *units)]
    tensors = [torch.tensor(x) for x in (T, *units)]
    theirs = [pytorch.deu(*tensors), *pytorch.deu_gradient(*tensors)]
    for row in range(11):
        for name, our, their in zip(("y", "t", "a", "b", "c", "c1", "c2"), ours, theirs, strict=True):
            assert_close(our[:, rows == row], their.numpy()[:, rows == row], np.float64, f"{name} of row {row}")


def test_gradients_of_all_inputs_agree():
    # Away from thresholds, which float32 may see on the other side; sums over the batch in both types.
    units = random_units(60, 3).round(3)
    units[:3] = np.where(np.abs(units[:3]) < 0.03, 0, units[:3])
    assert_same_function(scratch.deu, pytorch.deu, 0.5 * T[:, :60], *units)


@pytest.mark.parametrize("shape", [(6, 5), (2, 5, 3, 4)])
def test_layers_agree(shape):
    makes = [lambda module=module: module.DEU(5) for module in (scratch, pytorch)]
    for seed in range(3):
        assert_same_module(*makes, RNG(seed).normal(size=shape), seed=seed)


def test_trained_layers_agree_inside_a_network():
    """Weights after three steps of Adam, the same start: also of coefficients that begin in other rows."""
    weights = {
        "0.weight": RNG(4).normal(size=(7, 3)),
        "0.bias": RNG(5).normal(size=7),
        "2.weight": RNG(6).normal(size=(2, 7)),
    }
    weights |= {f"1.{name}": value for name, value in zip(("a", "b", "c", "c1", "c2"), random_units(7, 8), strict=True)}
    weights["2.bias"] = np.zeros(2)
    ours = engine.nn.Sequential(engine.nn.Linear(3, 7), scratch.DEU(7), engine.nn.Linear(7, 2)).double()
    theirs = torch.nn.Sequential(torch.nn.Linear(3, 7), pytorch.DEU(7), torch.nn.Linear(7, 2)).double()
    ours.load_state_dict(weights)
    theirs.load_state_dict({name: torch.tensor(value) for name, value in weights.items()})
    optimizers = engine.optim.Adam(ours.parameters(), 1e-2), torch.optim.Adam(theirs.parameters(), 1e-2)
    x, labels = RNG(7).normal(size=(16, 3)), RNG(8).integers(0, 2, 16)
    for _ in range(3):
        engine.cross_entropy(ours(x), labels).backward()
        torch.nn.functional.cross_entropy(theirs(torch.tensor(x)), torch.tensor(labels)).backward()
        for optimizer in optimizers:
            optimizer.step()
            optimizer.zero_grad()
    for name, value in ours.state_dict().items():
        assert_close(value, theirs.state_dict()[name].numpy(), np.float64, name)


def test_layer_compiles_without_a_break_and_gives_the_same():
    layer = pytorch.DEU(40)
    with torch.no_grad():
        for parameter, value in zip(layer.parameters(), random_units(40, 5), strict=True):
            parameter.copy_(torch.tensor(value))
    x = torch.randn(8, 40, generator=torch.Generator().manual_seed(0), requires_grad=True)
    compiled = torch.compile(layer, backend="eager", fullgraph=True)
    results = []
    for run in (layer, compiled):
        y = run(x)
        results.append([y, *torch.autograd.grad(y.tanh().sum(), [x, *layer.parameters()])])
    for plain, other in zip(*results, strict=True):
        # Slopes of coefficients that count as 0 are summed in another order; they reach 1e4.
        torch.testing.assert_close(other, plain, rtol=1e-4, atol=1e-4 * plain.abs().max().item())


def test_training_step_asks_the_device_for_no_value(monkeypatch):
    # Tensors on the meta device have shapes and no values: whatever reads one back raises.
    for shape, block in (((4, 5), 100), ((40, 5), 100)):  # the last one in two blocks
        monkeypatch.setattr(pytorch, "BLOCK", block)
        layer = pytorch.DEU(5).to("meta")
        layer(torch.empty(shape, device="meta")).sum().backward()
        assert all(parameter.grad is not None for parameter in layer.parameters())


def test_half_precision_input_is_computed_in_float32():
    net = torch.nn.Sequential(torch.nn.Linear(3, 4), pytorch.DEU(4))
    x = torch.randn(5, 3, generator=torch.Generator().manual_seed(1))
    with torch.autocast("cpu", torch.bfloat16):
        y = net(x)
    y.sum().backward()
    assert y.dtype == torch.float32
    torch.testing.assert_close(y, net(x), atol=0.1, rtol=0.1)  # bfloat16 has two or three digits


def test_parameters_of_another_type_are_promoted_and_keep_their_gradients_type():
    for module, array in ((scratch, engine.Tensor), (pytorch, torch.tensor)):
        a = array(np.float32([1.0]), requires_grad=True)
        y = module.deu(array(np.array([[0.5]])), a, 1.0, 1.0, 0.0, 0.0)
        y.sum().backward()
        assert "float64" in str(y.dtype)
        assert "float32" in str(a.grad.dtype)


@pytest.mark.parametrize("method", [m.name for m in syllabus.topic("differential_units").methods if m.twins])
def test_help_says_on_both_sides_what_the_twin_says(method):
    assert_same_help(getattr(scratch, method), getattr(pytorch, method))


@pytest.mark.gpu
def test_layer_stays_on_the_gpu_and_agrees_with_the_cpu():
    layer, x = pytorch.DEU(64), torch.randn(128, 64)
    expected = layer(x)
    expected.sum().backward()
    slopes = [parameter.grad.clone() for parameter in layer.parameters()]
    layer.zero_grad()
    layer.cuda()
    y = layer(x.cuda())
    y.sum().backward()
    assert y.is_cuda
    torch.testing.assert_close(y.cpu(), expected, rtol=1e-3, atol=1e-4)  # other orders of sums, other exp
    for parameter, slope in zip(layer.parameters(), slopes, strict=True):
        torch.testing.assert_close(parameter.grad.cpu(), slope, rtol=1e-3, atol=1e-3 * slope.abs().max().item())
