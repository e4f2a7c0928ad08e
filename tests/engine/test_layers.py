"""Modules against torch: weights cross in both directions, and training goes the same way afterwards."""

import copy

import numpy as np
import pytest
import torch

from mylib import engine
from mylib.engine import Tensor, nn, optim

LAYERS = {
    "linear": (nn.Linear(4, 3), torch.nn.Linear(4, 3), (5, 4)),
    "linear_no_bias": (nn.Linear(4, 3, bias=False), torch.nn.Linear(4, 3, bias=False), (2, 5, 4)),
    "conv2d": (nn.Conv2d(4, 6, 3, 2, 1, 1, 2), torch.nn.Conv2d(4, 6, 3, 2, 1, 1, 2), (2, 4, 7, 8)),
    "conv2d_pairs": (
        nn.Conv2d(2, 3, (3, 2), padding=(1, 0), dilation=(1, 2), bias=False),
        torch.nn.Conv2d(2, 3, (3, 2), padding=(1, 0), dilation=(1, 2), bias=False),
        (2, 2, 7, 8),
    ),
    "conv3d": (
        nn.Conv3d(2, 4, (2, 3, 3), padding=1),
        torch.nn.Conv3d(2, 4, (2, 3, 3), padding=1),
        (2, 2, 4, 5, 5),
    ),
    "conv_transpose2d": (
        nn.ConvTranspose2d(4, 6, 3, 2, 1, 1, 2, True, 1),
        torch.nn.ConvTranspose2d(4, 6, 3, 2, 1, 1, 2, True, 1),
        (2, 4, 5, 6),
    ),
    "max_pool": (nn.MaxPool2d(3, 2, 1), torch.nn.MaxPool2d(3, 2, 1), (2, 3, 7, 8)),
    "mean_pool": (nn.MeanPool2d(2), torch.nn.AvgPool2d(2), (2, 3, 7, 8)),
    "batch_norm": (nn.BatchNorm2d(3), torch.nn.BatchNorm2d(3), (4, 3, 5, 5)),
    "batch_norm_options": (
        nn.BatchNorm2d(3, 1e-3, 0.3, affine=False),
        torch.nn.BatchNorm2d(3, 1e-3, 0.3, affine=False),
        (4, 3, 5, 5),
    ),
    "batch_norm_untracked": (
        nn.BatchNorm2d(3, track_running_stats=False),
        torch.nn.BatchNorm2d(3, track_running_stats=False),
        (4, 3, 5, 5),
    ),
    "layer_norm": (nn.LayerNorm(6), torch.nn.LayerNorm(6), (2, 3, 6)),
    "layer_norm_axes": (nn.LayerNorm((3, 6), bias=False), torch.nn.LayerNorm((3, 6), bias=False), (2, 3, 6)),
    "group_norm": (nn.GroupNorm(2, 6), torch.nn.GroupNorm(2, 6), (2, 6, 4, 4)),
    "dropout_off": (nn.Dropout(0.0), torch.nn.Dropout(0.0), (3, 4)),
    "embedding": (nn.Embedding(7, 4), torch.nn.Embedding(7, 4), None),
    "flatten": (nn.Flatten(), torch.nn.Flatten(), (2, 3, 4)),
    "identity": (nn.Identity(), torch.nn.Identity(), (2, 3)),
    "relu": (nn.ReLU(), torch.nn.ReLU(), (3, 4)),
    "tanh": (nn.Tanh(), torch.nn.Tanh(), (3, 4)),
    "sigmoid": (nn.Sigmoid(), torch.nn.Sigmoid(), (3, 4)),
    "gelu": (nn.GELU(), torch.nn.GELU(), (3, 4)),
    "gelu_tanh": (nn.GELU("tanh"), torch.nn.GELU("tanh"), (3, 4)),
    # no bias before batch norm: its gradient is exactly zero, and two kinds of rounding noise cannot be compared
    "network": (
        nn.Sequential(
            nn.Conv2d(1, 4, 3, padding=1, bias=False),
            nn.BatchNorm2d(4),
            nn.ReLU(),
            nn.MaxPool2d(2),
            nn.Flatten(),
            nn.Linear(16, 5),
        ),
        torch.nn.Sequential(
            torch.nn.Conv2d(1, 4, 3, padding=1, bias=False),
            torch.nn.BatchNorm2d(4),
            torch.nn.ReLU(),
            torch.nn.MaxPool2d(2),
            torch.nn.Flatten(),
            torch.nn.Linear(16, 5),
        ),
        (6, 1, 4, 4),
    ),
}
each_layer = pytest.mark.parametrize(("ours", "theirs", "shape"), LAYERS.values(), ids=LAYERS.keys())
MODES = pytest.mark.parametrize("training", [True, False])


def randomise(theirs, rng):
    """Give every parameter and floating-point buffer of a torch module random values."""
    with torch.no_grad():
        for name, tensor in theirs.state_dict().items():
            if tensor.is_floating_point():
                values = torch.from_numpy(rng.uniform(0.5, 1.5, tuple(tensor.shape)))
                tensor.copy_(values if "var" in name else values - 1)


def close(got, expected, tolerance):
    """Equal within a tolerance relative to the largest value."""
    expected = np.asarray(expected)
    scale = np.abs(expected).max(initial=0) or 1
    np.testing.assert_allclose(np.asarray(got) / scale, expected / scale, rtol=0, atol=tolerance)


@each_layer
@MODES
@pytest.mark.parametrize(("dtype", "tolerance"), [(np.float64, 1e-9), (np.float32, 1e-4)])
def test_layer_equals_torch_and_so_do_three_steps_of_training(ours, theirs, shape, training, dtype, tolerance):
    rng = np.random.default_rng(7)
    ours, theirs = (ours.double(), theirs.double()) if dtype == np.float64 else (ours.float(), theirs.float())
    ours.train(training), theirs.train(training)
    randomise(theirs, rng)
    ours.load_state_dict(theirs.state_dict())
    theirs.zero_grad(), ours.zero_grad()
    parameters = list(ours.parameters())
    optimizer = optim.SGD(parameters, 0.1, momentum=0.9) if parameters else None
    theirs_optimizer = torch.optim.SGD(theirs.parameters(), 0.1, momentum=0.9) if parameters else None
    for _ in range(3):
        x = rng.integers(0, 7, (3, 2)) if shape is None else rng.standard_normal(shape).astype(dtype)
        a, b = (
            Tensor(x, requires_grad=shape is not None),
            torch.from_numpy(x).requires_grad_(shape is not None),
        )
        y, z = ours(a), theirs(b)
        close(y.data, z.detach(), tolerance)
        weights = rng.standard_normal(y.shape)
        y.backward(weights)
        z.backward(torch.from_numpy(weights.astype(dtype)))
        if shape is not None:
            close(a.grad, b.grad, tolerance)
        if not parameters:
            continue
        for (name, p), (other, q) in zip(ours.named_parameters(), theirs.named_parameters(), strict=True):
            assert name == other
            close(p.grad, q.grad, tolerance)
        optimizer.step(), theirs_optimizer.step()
        optimizer.zero_grad(), theirs_optimizer.zero_grad()
    for name, value in theirs.state_dict().items():
        close(ours.state_dict()[name], value, tolerance)


@each_layer
def test_state_dict_crosses_in_both_directions(ours, theirs, shape):
    theirs.load_state_dict({k: torch.from_numpy(v) for k, v in ours.state_dict().items()})
    assert list(ours.state_dict()) == list(theirs.state_dict())
    ours.load_state_dict(theirs.state_dict())
    ours.load_state_dict(ours.state_dict())
    for name, value in theirs.state_dict().items():
        assert np.array_equal(ours.state_dict()[name], value.numpy())
        assert ours.state_dict()[name].dtype == value.numpy().dtype


def test_state_dict_holds_copies():
    layer = nn.Linear(2, 2)
    state = layer.state_dict()
    state["weight"][:] = 9
    assert not (layer.weight.data == 9).any()
    layer.load_state_dict(state)
    state["weight"][:] = 1
    assert (layer.weight.data == 9).all()


def test_load_state_dict_lists_everything_that_is_wrong_and_loads_nothing():
    model = nn.Sequential(nn.Linear(2, 3), nn.BatchNorm2d(3))
    before = model.state_dict()
    state = {**before, "0.weight": np.ones((3, 4), np.float32), "extra": np.ones(1)}
    del state["1.running_mean"]
    with pytest.raises(ValueError, match="load_state_dict") as error:
        model.load_state_dict(state)
    for part in (
        "missing: 1.running_mean (3,)",
        "unexpected: extra",
        "mis-shaped: 0.weight is (3, 4), expected (3, 2)",
    ):
        assert part in str(error.value)
    assert all(np.array_equal(before[k], v) for k, v in model.state_dict().items())
    del state["0.weight"]
    assert model.load_state_dict(state, strict=False) == (["0.weight", "1.running_mean"], ["extra"])


INITIALISED = {
    "linear": (lambda: nn.Linear(50, 400), lambda: torch.nn.Linear(50, 400)),
    "conv2d": (lambda: nn.Conv2d(8, 300, 3, groups=2), lambda: torch.nn.Conv2d(8, 300, 3, groups=2)),
    "conv3d": (lambda: nn.Conv3d(4, 300, 2), lambda: torch.nn.Conv3d(4, 300, 2)),
    "transposed": (lambda: nn.ConvTranspose2d(40, 80, 3), lambda: torch.nn.ConvTranspose2d(40, 80, 3)),
    "embedding": (lambda: nn.Embedding(200, 100), lambda: torch.nn.Embedding(200, 100)),
}


@pytest.mark.parametrize(("ours", "theirs"), INITIALISED.values(), ids=INITIALISED.keys())
def test_initial_weights_follow_torchs_distribution(ours, theirs):
    from scipy.stats import ks_2samp

    torch.manual_seed(0)
    engine.manual_seed(0)
    theirs = theirs().state_dict()
    for name, values in ours().state_dict().items():  # two samples of one distribution: p is uniform in [0, 1]
        assert ks_2samp(values.ravel(), theirs[name].numpy().ravel()).pvalue > 0.001, name


def test_manual_seed_repeats_weights_and_dropout():
    def draw():
        engine.manual_seed(5)
        return nn.Linear(3, 3).weight.data, nn.Dropout(0.5)(Tensor(np.ones(100))).data

    for a, b in zip(draw(), draw(), strict=True):
        np.testing.assert_array_equal(a, b)


def test_dropout_keeps_the_expectation_and_its_gradient_uses_the_same_mask():
    engine.manual_seed(0)
    x = Tensor(np.ones(100_000), requires_grad=True)
    y = engine.dropout(x, 0.3)
    assert abs((y.data == 0).mean() - 0.3) < 0.01  # 7 standard deviations of 0.00145
    assert abs(y.data.mean() - 1) < 0.015
    y.sum().backward()
    np.testing.assert_array_equal(x.grad, y.data)
    np.testing.assert_array_equal(engine.dropout(x, 1.0).data, 0)
    assert engine.dropout(x, 0.3, training=False) is x
    layer = nn.Dropout(0.3).eval()
    assert layer(x) is x


class Tied(nn.Module):
    """Two layers that share a weight, a list, and a module in two places."""

    def __init__(self):
        super().__init__()
        self.first, self.second = nn.Linear(2, 2), nn.Linear(2, 2)
        self.second.weight = self.first.weight
        self.blocks = nn.ModuleList([nn.Linear(2, 2), nn.Identity()])
        self.again = self.blocks[0]
        self.register_buffer("mean", np.zeros(2, np.float32))

    def forward(self, x):
        """Everything in turn."""
        return self.again(self.blocks[0](self.second(self.first(x)))) + self.mean


def test_shared_parameters_count_once_and_are_saved_under_both_names():
    model = Tied()
    assert [n for n, _ in model.named_parameters()] == [
        "first.weight", "first.bias", "second.bias", "blocks.0.weight", "blocks.0.bias",
    ]  # fmt: skip
    assert {"second.weight", "again.weight", "mean"} <= set(model.state_dict())
    assert len(list(model.modules())) == 6
    assert [name for name, _ in model.named_modules()] == [
        "",
        "first",
        "second",
        "blocks",
        "blocks.0",
        "blocks.1",
    ]
    assert len(list(model.children())) == 4
    model(Tensor(np.ones((1, 2), np.float32))).sum().backward()
    assert all(p.grad is not None for p in model.parameters())
    model.zero_grad()
    assert all(p.grad is None for p in model.parameters())


def test_modules_register_replace_and_forget_what_is_assigned():
    model = nn.Module()
    model.w = nn.Parameter(np.ones(2, np.float32))
    model.w = None
    assert model.w is None
    assert list(model.parameters()) == []
    model.layer = nn.Identity()
    del model.layer
    with pytest.raises(AttributeError, match="Module has no attribute 'layer'"):
        _ = model.layer
    with pytest.raises(NotImplementedError, match="does not define forward"):
        model(1)

    class Hasty(nn.Module):
        def __init__(self):
            self.w = nn.Parameter(1.0)

    with pytest.raises(AttributeError, match=r"super\(\).__init__\(\) before assigning w"):
        Hasty()
    with pytest.raises(TypeError, match="got function, expected a Module"):
        nn.Sequential(engine.relu)


def test_train_and_eval_reach_every_module_and_frozen_parameters_stay():
    model = Tied().eval()
    assert not any(m.training for m in model.modules())
    assert all(m.training for m in model.train().modules())
    model.requires_grad_(False)
    before = model.state_dict()
    assert not model(Tensor([[1.0, 2.0]])).requires_grad
    model.first.requires_grad_(True)
    optimizer = optim.SGD(model.parameters(), 0.1)
    model(Tensor([[1.0, 2.0]])).sum().backward()
    optimizer.step()
    changed = {name for name, value in model.state_dict().items() if not np.array_equal(value, before[name])}
    assert changed == {"first.weight", "first.bias", "second.weight"}


def test_a_deep_copy_of_a_model_is_a_model_of_its_own():
    model = Tied()
    optimizer = optim.SGD(model.parameters(), 0.1)
    model(Tensor([[1.0, 2.0]])).sum().backward()
    twin = copy.deepcopy(model)
    assert twin.first.weight is twin.second.weight
    assert all(np.array_equal(v, model.state_dict()[k]) for k, v in twin.state_dict().items())
    optimizer.step()
    assert not np.array_equal(twin.first.weight.data, model.first.weight.data)
    twin.zero_grad()
    twin(Tensor([[1.0, 2.0]])).sum().backward()
    np.testing.assert_allclose(twin.first.weight.grad, model.first.weight.grad, rtol=1e-5)
    with pytest.raises(RuntimeError, match="only leaves can be copied"):
        copy.deepcopy(model(Tensor([[1.0, 2.0]])))


def test_a_model_prints_as_a_tree():
    text = repr(nn.Sequential(nn.Linear(2, 3), nn.Sequential(nn.ReLU())))
    assert text == ("Sequential(\n  (0): Linear(2, 3, bias=True)\n  (1): Sequential(\n    (0): ReLU()\n  )\n)")
