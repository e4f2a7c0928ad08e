"""One function for four norms, invariances, what is orthogonal, gradients by differences, constant rows, float16."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from mylib import engine
from mylib.training.normalization import pytorch, scratch
from tests.training.normalization.cases import NORMS, RNG, SIDES, VIT, Scratch, modules, numbers


def test_four_axis_sets_are_the_four_norms(side):
    x = RNG(0).normal(size=(3, 6, 4, 5))
    m, t = side.methods, side.tensor(x)
    pairs = {
        "batch": (m.standardize(t, (0, 2, 3)), m.batch_norm(t, None, None)),
        "layer": (m.standardize(t, (1, 2, 3)), m.layer_norm(t, (6, 4, 5))),
        "instance": (m.standardize(t, (2, 3)), m.instance_norm(t)),
        "group": (m.standardize(side.tensor(x.reshape(3, 2, 3, 4, 5)), (2, 3, 4)), m.group_norm(t, 2)),
    }
    for name, (got, expected) in pairs.items():
        np.testing.assert_allclose(
            numbers(got).reshape(x.shape), numbers(expected), rtol=1e-9, atol=1e-12, err_msg=name
        )


def test_one_group_is_layer_norm_and_as_many_as_channels_instance_norm(side):
    m, t = side.methods, side.tensor(RNG(1).normal(size=(2, 4, 3, 3)))
    np.testing.assert_allclose(numbers(m.group_norm(t, 1)), numbers(m.layer_norm(t, (4, 3, 3))), rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(numbers(m.group_norm(t, 4)), numbers(m.instance_norm(t)), rtol=1e-9, atol=1e-12)


@given(seed=st.integers(0, 99), scale=st.floats(0.1, 100), shift=st.floats(-100, 100))
def test_scale_and_shift_of_the_input_change_nothing(seed, scale, shift):
    x = RNG(seed).normal(size=(3, 6, 2, 2))
    w, b = RNG(seed + 1).normal(size=(2, 6))
    for side in SIDES.values():
        for name, norm in NORMS.items():
            w_, b_ = side.tensor(w), side.tensor(b)
            plain, moved = (norm(side.methods, side.tensor(v), w_, b_) for v in (x, scale * x + shift))
            # eps is not scaled along: v / (v + eps) differs by up to eps / v, with v above 0.01 s^2 here.
            np.testing.assert_allclose(numbers(moved), numbers(plain), rtol=2e-2, atol=2e-2, err_msg=name)


def test_invariance_is_exact_without_eps(side):
    x = RNG(2).normal(size=(4, 3, 5))
    y, moved = (side.methods.standardize(side.tensor(v), (0, 2), eps=0) for v in (x, -3 * x + 7))
    np.testing.assert_allclose(numbers(moved), -numbers(y), rtol=1e-9, atol=1e-12)


def test_mean_only_is_batch_norm_times_its_deviation(side):
    x = RNG(3).normal(1, 4, (5, 3, 2, 2))
    b = side.tensor(np.zeros(3))
    got = numbers(side.methods.mean_only_batch_norm(side.tensor(x), None, b))
    normed = numbers(side.methods.batch_norm(side.tensor(x), None, None, eps=0))
    np.testing.assert_allclose(got, normed * x.std((0, 2, 3)).reshape(3, 1, 1), rtol=1e-9, atol=1e-12)


def test_gradient_of_a_norm_is_orthogonal_to_ones_and_to_z(side):
    x = side.tensor(RNG(4).normal(size=(3, 7)), grad=True)
    y = side.methods.standardize(x, 1, eps=0)
    y.backward(side.tensor(RNG(5).normal(size=(3, 7))) if side is not Scratch else RNG(5).normal(size=(3, 7)))
    gradient = numbers(x.grad)
    np.testing.assert_allclose(gradient.sum(1), 0, atol=1e-12)
    np.testing.assert_allclose((gradient * numbers(y)).sum(1), 0, atol=1e-12)


def test_gradients_of_scratch_by_differences():
    rng = RNG(6)
    x = engine.Tensor(rng.normal(size=(3, 4, 2)), requires_grad=True)
    w, b = (engine.Tensor(rng.normal(size=4), requires_grad=True) for _ in range(2))
    for axes in (0, (0, 2), (-1, 1), (0, 1, 2)):
        engine.gradcheck(lambda x, axes=axes: scratch.standardize(x, axes) ** 3, x)
    engine.gradcheck(lambda x, w, b: scratch.group_norm(x, 2, w, b) ** 2, x, w, b)
    engine.gradcheck(lambda x, b: scratch.mean_only_batch_norm(x, None, b) ** 2, x, b)


@pytest.mark.parametrize("convolves", [False, True])
def test_dv_is_orthogonal_to_v_and_plain_steps_only_lengthen_it(side, convolves):
    layer = side.nn.Conv2d(3, 4, 3) if convolves else side.nn.Linear(6, 4)
    module = side.methods.WeightNorm(layer.double())
    optimizer = side.sgd(list(module.parameters()), 0.7)
    shape = (2, 3, 5, 5) if convolves else (5, 6)
    for step in range(4):
        y = module(side.tensor(RNG(step).normal(size=shape)))
        optimizer.zero_grad()
        (y * y * y).mean().backward()
        v, dv = numbers(module.v).reshape(4, -1).copy(), numbers(module.v.grad).reshape(4, -1).copy()
        np.testing.assert_allclose((v * dv).sum(1), 0, atol=1e-12)
        optimizer.step()
        longer = (numbers(module.v).reshape(4, -1) ** 2).sum(1)
        np.testing.assert_allclose(longer, (v**2).sum(1) + 0.7**2 * (dv**2).sum(1), rtol=1e-12)


def test_weight_norm_starts_with_the_layers_weights_and_g_is_their_length(side):
    for layer in (side.nn.Linear(5, 3), side.nn.Conv2d(4, 6, 3, groups=2, bias=False)):
        module = side.methods.WeightNorm(layer)
        np.testing.assert_allclose(numbers(module.weight), numbers(layer.weight), rtol=1e-6)  # float32
        length = np.linalg.norm(numbers(layer.weight).reshape(len(numbers(module.g)), -1), axis=1)
        np.testing.assert_allclose(numbers(module.g), length, rtol=1e-6)
        assert (module.bias is None) == (layer.bias is None)


def test_length_of_v_does_not_matter(side):
    module = side.methods.WeightNorm(side.nn.Linear(5, 3).double())
    x = side.tensor(RNG(7).normal(size=(4, 5)))
    before = numbers(module(x))
    side.set_weights(module, v=numbers(module.v) * np.array([[0.1], [3.0], [50.0]]))
    np.testing.assert_allclose(numbers(module(x)), before, rtol=1e-9)


@pytest.mark.parametrize("convolves", [False, True])
def test_initialize_gives_mean_0_and_variance_1_per_unit(side, convolves):
    layer = side.nn.Conv2d(2, 5, 3, stride=2, padding=1) if convolves else side.nn.Linear(6, 5)
    module = side.methods.WeightNorm(layer.double())
    x = side.tensor(RNG(8).normal(3, 2, (4, 2, 6, 6) if convolves else (4, 3, 6)))
    y = module.initialize(x)
    axes = (0, 2, 3) if convolves else (0, 1)
    np.testing.assert_allclose(numbers(y).mean(axes), 0, atol=1e-12)
    np.testing.assert_allclose(numbers(y).var(axes), 1, rtol=1e-12)
    np.testing.assert_allclose(numbers(module(x)), numbers(y), rtol=1e-9, atol=1e-12)
    assert not y.requires_grad


@pytest.mark.parametrize("name", NORMS)
def test_a_constant_row_stays_finite_and_so_does_its_gradient(side, name):
    x = side.tensor(np.full((2, 6, 2, 2), 5.0), grad=True)
    w, b = side.tensor(np.ones(6), grad=True), side.tensor(np.full(6, 2.0), grad=True)
    y = NORMS[name](side.methods, x, w, b)
    np.testing.assert_array_equal(numbers(y), 2.0)
    (y * y * y).sum().backward()
    assert np.isfinite(numbers(x.grad)).all()
    np.testing.assert_allclose(numbers(w.grad), 0, atol=1e-9)


@pytest.mark.parametrize("name", [*NORMS, "layer", "standardize", "mean only"])
def test_float16_keeps_its_statistics_in_float32(side, name):
    """Squares of 300 are 90,000, more than float16 holds; what comes out is float16 again, right to its 3 digits."""
    x = RNG(9).normal(0, 300, (4, 6, 3, 3))
    w, b = np.full(6, 2.0, np.float32), np.zeros(6, np.float32)
    norms = {
        **NORMS,
        "layer": lambda m, x, w, b: m.layer_norm(x, (6, 3, 3)),
        "standardize": lambda m, x, w, b: m.standardize(x, (0, 2, 3)),
        "mean only": lambda m, x, w, b: m.mean_only_batch_norm(x, None, b),
    }
    half = side.tensor(x.astype(np.float16), grad=True)
    y = norms[name](side.methods, half, side.tensor(w), side.tensor(b))
    assert str(y.dtype).endswith("float16")
    expected = numbers(norms[name](side.methods, side.tensor(x), *(side.tensor(v.astype(float)) for v in (w, b))))
    np.testing.assert_allclose(numbers(y).astype(float), expected, rtol=4e-3, atol=4e-3 * np.abs(expected).max())
    g = RNG(13).normal(size=x.shape).astype(np.float16)
    y.backward(g if side is Scratch else torch.tensor(g))
    assert str(half.grad.dtype).endswith("float16")
    assert np.isfinite(numbers(half.grad).astype(float)).all()


def test_a_sum_of_many_large_values_does_not_overflow_float16(side):
    x = (60000 * np.sign(RNG(10).normal(size=(64, 2, 8, 8)))).astype(np.float16)
    mean, var = side.buffer(np.zeros(2, np.float32)), side.buffer(np.ones(2, np.float32))
    y = numbers(side.methods.batch_norm(side.tensor(x), mean, var, training=True, momentum=1.0)).astype(float)
    np.testing.assert_allclose(np.abs(y), 1, atol=0.05)
    assert numbers(var).dtype == np.float32
    np.testing.assert_allclose(numbers(var), 60000.0**2, rtol=0.01)


@pytest.mark.parametrize("kind", ["group", "layer", "instance", "none"])
def test_with_norm_keeps_what_it_does_not_replace(side, kind):
    net = side.nets.ResNet(8, 3, 1, width=4)
    before = {name: numbers(value).copy() for name, value in net.state_dict().items()}
    assert side.methods.with_norm(net, kind, 2) is net
    after = {name: numbers(value) for name, value in net.state_dict().items()}
    gone = {name for name in before if "running" in name or "tracked" in name}
    if kind == "none":
        norms = {name.removesuffix("running_mean") for name in gone if name.endswith("running_mean")}
        gone |= {name for name in before if name.rpartition(".")[0] + "." in norms}
    assert set(after) == set(before) - gone
    for name, value in after.items():
        np.testing.assert_array_equal(value, before[name])
    assert not any(isinstance(module, side.nn.BatchNorm2d) for module in modules(net))


@pytest.mark.parametrize("kind", ["group", "none"])
@pytest.mark.parametrize(
    "make",
    [
        lambda nets: nets.ResNet(8, 3, 1, width=4, order="full_preactivation"),
        lambda nets: nets.PlainNet(8, 3, 1, width=4),
        lambda nets: nets.DenseNet(4, (2, 2), 3, 1, style="cifar"),
    ],
)
def test_every_kind_of_network_runs_with_other_norms(side, make, kind):
    net = side.methods.with_norm(make(side.nets), kind, 2)
    x = RNG(11).normal(size=(2, 1, 8, 8)).astype(np.float32)
    together = numbers(net(side.tensor(x)))
    alone = np.concatenate([numbers(net(side.tensor(x[i : i + 1]))) for i in range(2)])
    # float32 after some ten layers; images do not see each other, in training mode too
    np.testing.assert_allclose(together, alone, rtol=1e-3, atol=1e-4 * np.abs(alone).max())


def test_attend_tokens_keeps_what_was_there(side):
    vit = side.vit.ViT(8, 4, **VIT)
    before = {name: numbers(value).copy() for name, value in vit.state_dict().items()}
    assert side.methods.attend_tokens(vit, 4) is vit
    after = {name: numbers(value) for name, value in vit.state_dict().items()}
    assert {name for name in after if name not in before} == {
        f"layers.{i}.attention.gate.{part}.{kind}"
        for i in (0, 1)
        for part in ("down", "up")
        for kind in ("weight", "bias")
    }
    for name, value in before.items():
        np.testing.assert_array_equal(after[name], value)


def test_gates_that_are_fully_open_change_nothing(side):
    images = RNG(12).random((3, 1, 8, 8)).astype(np.float32)
    vit = side.vit.ViT(8, 4, **VIT)
    before = numbers(vit(side.tensor(images))).copy()
    side.methods.attend_tokens(vit, 4)
    for layer in vit.layers:
        side.set_weights(layer.attention.gate.up, bias=np.full(16, 60.0, np.float32))  # sigmoid(60) is 1
        side.set_weights(layer.attention.gate.up, weight=np.zeros((16, 4), np.float32))
    np.testing.assert_allclose(numbers(vit(side.tensor(images))), before, rtol=1e-5, atol=1e-6)
    maps = vit.attention_maps(side.tensor(images))
    np.testing.assert_allclose(numbers(maps[1]).sum(-1), 1, rtol=1e-5)


def test_modes_are_kept(side):
    net = side.nets.ResNet(8, 3, 1, width=4).eval()
    side.methods.with_norm(net, "group", 2)
    vit = side.methods.attend_tokens(side.vit.ViT(8, 4, **VIT).eval(), 4)
    layer = side.methods.WeightNorm(side.nn.Linear(2, 2).eval())
    assert not any(module.training for network in (net, vit, layer) for module in modules(network))


def test_images_with_channels_last_stay_so():
    x = torch.randn(2, 6, 5, 5).to(memory_format=torch.channels_last)
    w, b = torch.ones(6), torch.zeros(6)
    for name, norm in NORMS.items():
        assert norm(pytorch, x, w, b).is_contiguous(memory_format=torch.channels_last), name
    for y in (pytorch.standardize(x, (0, 2, 3)), pytorch.mean_only_batch_norm(x, None, b)):
        assert y.is_contiguous(memory_format=torch.channels_last)


def test_weights_are_computed_once_per_forward(side):
    looks = []

    class Counting(side.methods.WeightNorm):
        @property
        def weight(self):
            looks.append(1)
            return side.methods.WeightNorm.weight.fget(self)

    layer = Counting(side.nn.Linear(3, 2))
    layer(side.tensor(np.ones((4, 3), np.float32)))
    assert len(looks) == 1
