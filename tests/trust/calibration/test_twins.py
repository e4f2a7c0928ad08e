"""The two sides of calibration; PyTorch compiled, and on its device."""

import inspect

import numpy as np
import pytest
import torch
from torch.utils._python_dispatch import TorchDispatchMode

from mylib import engine, syllabus
from mylib.trust.calibration import pytorch, scratch
from tests.trust.calibration.cases import RNG, forecasts, softmax
from tests.twins import TOLERANCE, assert_close, assert_same_function, assert_same_help


@pytest.mark.parametrize("scheme", ["width", "mass"])
@pytest.mark.parametrize("bins", [1, 4, 15, 60])
def test_bins_and_errors_agree(scheme, bins):
    for dtype in TOLERANCE:
        logits, labels = forecasts(bins, n=317)
        logits[::3] = np.round(logits[::3])
        logits[::6] = logits[0]  # ties
        p = softmax(logits).astype(dtype)
        given = p.max(axis=1), p.argmax(axis=1) == labels
        ours, theirs = (
            scratch.reliability_bins(*given, bins, scheme),
            pytorch.reliability_bins(*map(torch.tensor, given), bins, scheme),
        )
        for name, one, two in zip(ours._fields, ours, theirs, strict=True):
            assert (one.dtype == np.float64) == (two.dtype == torch.float64), name
            np.testing.assert_allclose(one, two.numpy(), rtol=1e-9, err_msg=name)  # both add in float64
        for norm in ("l1", "max"):
            one = scratch.expected_calibration_error(p, labels, bins, scheme, norm)
            two = pytorch.expected_calibration_error(torch.tensor(p), torch.tensor(labels), bins, scheme, norm)
            assert isinstance(one, float)
            assert two.shape == ()
            assert one == pytest.approx(two.item(), rel=1e-9)


def test_float32_probabilities_are_added_in_float64():
    p = np.full((200_000, 2), 0.3, np.float32)
    p[:, 1] = 0.7
    labels = np.zeros(200_000, np.int64)
    for got in (
        scratch.expected_calibration_error(p, labels),
        pytorch.expected_calibration_error(torch.tensor(p), torch.tensor(labels)).item(),
    ):
        assert got == pytest.approx(float(np.float32(0.7)), rel=1e-12)


def test_temperatures_agree_and_scale_alike():
    for seed, classes, scale in ((0, 2, 1.0), (1, 10, 20.0), (2, 5, 1e4), (3, 100, 0.01)):
        for dtype in TOLERANCE:
            logits, labels = forecasts(seed, 200, classes, scale)
            logits = logits.astype(dtype)
            ours = scratch.TemperatureScaling().fit(logits, labels)
            theirs = pytorch.TemperatureScaling().fit(torch.tensor(logits), torch.tensor(labels))
            assert isinstance(ours.temperature, float)
            assert ours.temperature == pytest.approx(theirs.temperature.item(), rel=1e-9)  # both in float64
            one, two = ours(logits), theirs(torch.tensor(logits))
            assert one.dtype == dtype == two.numpy().dtype
            assert_close(one, two.numpy(), dtype, "scaled logits")


def test_scaled_logits_are_differentiable():
    logits, labels = forecasts(4, 50)
    ours = scratch.TemperatureScaling().fit(engine.Tensor(logits), labels)
    theirs = pytorch.TemperatureScaling().fit(torch.tensor(logits), torch.tensor(labels))
    assert_same_function(ours, theirs, logits)
    assert not theirs.temperature.requires_grad


def test_logits_with_a_graph_are_fitted_without_it():
    logits, labels = forecasts(5, 50)
    z = torch.tensor(logits, requires_grad=True)
    scaling = pytorch.TemperatureScaling().fit(z, torch.tensor(labels))
    assert not scaling.temperature.requires_grad
    engine_z = engine.Tensor(logits, requires_grad=True)
    assert scratch.TemperatureScaling().fit(engine_z, labels).temperature == pytest.approx(scaling.temperature.item())


def test_the_temperature_travels_in_state_dict():
    logits, labels = forecasts(6, 50)
    fitted = pytorch.TemperatureScaling().fit(torch.tensor(logits), torch.tensor(labels))
    fresh = pytorch.TemperatureScaling()
    fresh.load_state_dict(fitted.state_dict())
    assert fresh.temperature.item() == fitted.temperature.item() != 1
    assert not list(fresh.parameters())


def test_risks_and_actions_agree():
    rng = RNG(7)
    for dtype in TOLERANCE:
        p, loss = rng.dirichlet(np.ones(4), 40).astype(dtype), rng.normal(size=(3, 4)).astype(dtype)
        given = torch.tensor(p), torch.tensor(loss)
        np.testing.assert_allclose(
            scratch.conditional_risk(p, loss), pytorch.conditional_risk(*given).numpy(), rtol=1e-9, atol=1e-12
        )
        assert (scratch.bayes_action(p, loss) == pytorch.bayes_action(*given).numpy()).all()
    whole = np.array([[0, 1], [4, 0]])
    p = np.array([[0.1, 0.9], [0.2, 0.8]])
    assert scratch.bayes_action(p, whole).tolist() == [1, 0]  # 0.8 and 0.8: the first
    assert pytorch.bayes_action(torch.tensor(p), torch.tensor(whole)).tolist() == [1, 0]


def test_metrics_ask_their_device_for_no_value():
    # Tensors on the meta device have shapes and no values: whatever reads one back raises.
    p, labels = torch.rand(20, 4, device="meta"), torch.ones(20, dtype=torch.long, device="meta")
    for scheme in ("width", "mass"):
        bins = pytorch.reliability_bins(p[:, 0], labels == 1, 5, scheme)
        error = pytorch.expected_calibration_error(p, labels, 5, scheme)
        assert {one.device.type for one in (*bins, error)} == {"meta"}
    assert pytorch.bayes_action(p, torch.rand(3, 4, device="meta")).device.type == "meta"


class Reads(TorchDispatchMode):
    """Counts how often a number is read from a tensor."""

    count = 0

    def __torch_dispatch__(self, function, types, args=(), kwargs=None):
        self.count += function is torch.ops.aten._local_scalar_dense.default
        return function(*args, **(kwargs or {}))


def test_newtons_loop_reads_nothing_from_a_device(monkeypatch):
    logits, labels = forecasts(8, 50)
    given = torch.tensor(logits), torch.tensor(labels)
    free = pytorch.TemperatureScaling().fit(*given).temperature.item()
    monkeypatch.setattr(pytorch, "on_cpu", lambda values: False)  # as on a GPU: no look in between
    with Reads() as reads:
        scaling = pytorch.TemperatureScaling().fit(*given)
    assert reads.count == 0
    assert scaling.temperature.item() == pytest.approx(free, rel=1e-9)
    with pytest.raises(ValueError, match="a wrong answer among the held-out samples"):
        pytorch.TemperatureScaling().fit(given[0], given[0].argmax(dim=1))


def test_metrics_compile_whole():
    logits, labels = forecasts(9, 60)
    p, labels = torch.tensor(softmax(logits)), torch.tensor(labels)
    for scheme in ("width", "mass"):
        error = torch.compile(pytorch.expected_calibration_error, backend="eager", fullgraph=True)
        torch.testing.assert_close(
            error(p, labels, 7, scheme), pytorch.expected_calibration_error(p, labels, 7, scheme)
        )
    action = torch.compile(pytorch.bayes_action, backend="eager", fullgraph=True)
    loss = torch.rand(3, 5, dtype=torch.float64)
    torch.testing.assert_close(action(p, loss), pytorch.bayes_action(p, loss))


@pytest.mark.gpu
def test_everything_stays_on_the_gpu():
    logits, labels = forecasts(10, 500)
    p, z, y = (torch.tensor(value, device="cuda") for value in (softmax(logits), logits, labels))
    loss = torch.rand(3, 5, device="cuda")
    pytorch.expected_calibration_error(p, y, 15, "mass")  # what is made once may wait
    pytorch.bayes_action(p, loss)
    torch.cuda.synchronize()
    torch.cuda.set_sync_debug_mode("error")
    try:
        errors = [pytorch.expected_calibration_error(p, y, 15, scheme) for scheme in ("width", "mass")]
        actions = pytorch.bayes_action(p, loss)
        torch.cuda.set_sync_debug_mode("default")
        scaling = pytorch.TemperatureScaling().fit(z, y)
    finally:
        torch.cuda.set_sync_debug_mode("default")
    assert all(one.is_cuda for one in (*errors, actions, scaling.temperature, scaling(z)))
    for got, scheme in zip(errors, ("width", "mass"), strict=True):
        expected = scratch.expected_calibration_error(softmax(logits), labels, 15, scheme)
        assert got.item() == pytest.approx(expected, rel=1e-9)
    assert scaling.temperature.item() == pytest.approx(scratch.TemperatureScaling().fit(logits, labels).temperature)


def test_both_sides_say_the_same_of_their_arguments():
    for method in syllabus.topic("calibration").methods:
        assert_same_help(getattr(scratch, method.name), getattr(pytorch, method.name))
    help_of_fit = inspect.getdoc(pytorch.TemperatureScaling.fit)
    assert "of any size: 1e4 is no harder than 1" in help_of_fit
    assert "every answer right (T would be 0)" in help_of_fit
