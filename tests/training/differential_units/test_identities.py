"""Continuity between rows, digits in float32, extremes, memory, symmetries, and a layer that learns."""

import tracemalloc

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from mylib import engine
from mylib.training.differential_units import pytorch, scratch
from tests.training.differential_units.cases import NAMES, RNG, SIDES, UNITS, deu, deu_gradient, random_units, values

T = np.linspace(0, 3, 31)


@pytest.mark.parametrize(
    ("on", "beside"),
    [
        ((1, 2, 0), (1, 2, 1e-4)),
        ((1, -2, 0), (1, -2, -1e-4)),
        ((2, 0, 1), (2, 1e-4, 1)),
        ((2, 0, -1), (2, 1e-4, -1)),
        ((2, 0, 0), (2, 1e-4, 1e-4)),
        ((1, 2, 1), (1, 2, 1 + 1e-4)),
        ((1, 2, 1), (1, 2, 1 - 1e-4)),
        ((0, 2, 3), (1e-5, 2, 3)),  # b/a > 0: the fast part has died at once
        ((0, 2, 0), (1e-5, 2, 0)),
    ],
)
def test_part_of_u_is_continuous_across_rows(side, on, beside):
    there, here = (deu(side, T, *units, 0, 0, epsilon=0) for units in (on, beside))
    assert np.abs(there - here).max() < 1e-3 * max(1, np.abs(there).max())  # the step, times at most 10 for t up to 3


def test_part_of_u_diverges_as_a_goes_to_0_against_the_sign_of_b(side):
    assert deu(side, np.array([1.0]), -1e-2, 2, 0, 0, 0, epsilon=0)[0] < -1e80  # (a/b^2) e^200


@pytest.mark.parametrize("sign", [1, -1])
@pytest.mark.parametrize("b", [0, 0.3, 1, 3])
def test_float32_keeps_its_digits_where_c_is_small(side, b, sign):
    """The plain (1 - C + pS)/c loses them all: its numerator is a difference of nearly equal numbers."""
    c = sign * np.geomspace(1e-6, 1, 25)
    t = np.geomspace(1e-3, 4, 40)[:, None]
    wide = deu(
        side, t.astype(np.float32).astype(np.float64), 1, b, c.astype(np.float32).astype(np.float64), 0, 0, epsilon=0
    )
    narrow = deu(side, t.astype(np.float32), 1, b, c.astype(np.float32), 0, 0, epsilon=0)
    np.testing.assert_allclose(narrow, wide, rtol=1e-5)


def test_float32_keeps_its_digits_where_both_roots_nearly_agree(side):
    t = np.geomspace(1e-3, 4, 40)[:, None].astype(np.float32)
    c = (1 + np.array([-1e-2, -1e-4, -1e-6, 0, 1e-6, 1e-4, 1e-2])).astype(np.float32)
    wide = deu(side, t.astype(np.float64), 1, 2, c.astype(np.float64), 0, 0, epsilon=0)
    np.testing.assert_allclose(deu(side, t, 1, 2, c, 0, 0, epsilon=0), wide, rtol=1e-5)


def test_values_and_slopes_are_finite_for_any_input(side):
    units = np.concatenate([random_units(200, 1), np.zeros((5, 1)), np.array(UNITS)[:, [1, 2, 3, 1, 2]].T], axis=1)
    for dtype in (np.float32, np.float64):
        t = np.array([[-1e4], [-30], [-1e-30], [0], [1e-30], [30], [1e4]], dtype)
        arrays = [one.astype(dtype) for one in units]
        assert np.isfinite(deu(side, t, *arrays)).all()
        assert all(not np.isnan(slope).any() for slope in deu_gradient(side, t, *arrays))


def test_layer_has_finite_gradients_far_out(side):
    module, array = side
    layer = module.DEU(227)
    units = np.concatenate([random_units(200, 1), np.array(UNITS)[:, [1, 2, 3, 1, 2]].T], axis=1).astype(np.float32)
    layer.load_state_dict({name: array(value) for name, value in zip(NAMES, units, strict=True)})
    x = np.repeat(np.array([[-1e4], [-30], [0], [30], [1e4]], np.float32), 227, axis=1)
    y = layer(array(x))
    assert np.abs(values(y)).max() == 1000
    y.sum().backward()
    assert all(np.isfinite(values(p.grad)).all() for p in layer.parameters())


def test_no_gradient_beyond_the_limit(side):
    module, array = side
    layer = module.DEU(1, limit=2.0)
    with torch.no_grad():
        for name, value in zip(NAMES, (0.0, 1.0, 0.0, 0.0, 0.0), strict=True):
            getattr(layer, name).data = array(np.array([value], np.float32))
    layer(array(np.array([[5.0], [1.5]], np.float32))).sum().backward()
    assert values(layer.b.grad).item() == -1.5  # of t = 1.5 alone, tu/b
    assert values(layer.c1.grad).item() == 1


@given(seed=st.integers(0, 10_000), scale=st.floats(0.2, 5))
def test_c1_and_c2_enter_linearly_and_the_equation_scales(seed, scale):
    """y is linear in c1, c2; and (k a, k b, k c) has the same homogeneous solutions and 1/k of the part of u."""
    units = random_units(6, seed)
    t = RNG(seed).normal(size=(5, 6))
    kept = scratch.subspace(*units[:3]) == scratch.subspace(*(scale * units[:3]))
    for module in SIDES.values():

        def at(c1, c2, by=1, module=module):
            return deu(module, t, *(by * units[:3]), c1, c2)

        forced, first, second = at(0, 0), at(1, 0) - at(0, 0), at(0, 1) - at(0, 0)
        size = np.abs(forced) + 2 * np.abs(first) + 3 * np.abs(second) + 1
        assert (np.abs(at(2, -3) - forced - 2 * first + 3 * second) < 1e-9 * size).all()
        same = kept & (scratch.subspace(*units[:3]) > 0)  # row 0 has no equation
        np.testing.assert_allclose(scale * at(0, 0, scale)[:, same], forced[:, same], rtol=1e-8, atol=1e-9)


def test_any_shapes_that_broadcast_give_what_each_element_gives(side):
    rng = RNG(3)
    t, a = rng.normal(size=(4, 1, 3)), rng.normal(size=(2, 1))
    b, c = rng.normal(size=3), rng.normal(size=(4, 1, 1))
    got = deu(side, t, a, b, c, 0.5, -1)
    slopes = deu_gradient(side, t, a, b, c, 0.5, -1)
    assert got.shape == (4, 2, 3)
    for i, j, k in np.ndindex(4, 2, 3):
        alone = t[i, 0, k], a[j, 0], b[k], c[i, 0, 0], 0.5, -1
        np.testing.assert_allclose(got[i, j, k], deu(side, *map(np.float64, alone)), rtol=1e-12)
        one = deu_gradient(side, *map(np.float64, alone))
        np.testing.assert_allclose([slope[i, j, k] for slope in slopes], one, rtol=1e-9, atol=1e-12)


def test_gradients_of_broadcast_inputs_are_summed():
    rng = RNG(4)
    given = [rng.normal(size=(4, 1, 3)), rng.normal(size=(2, 1)), rng.normal(size=3), rng.normal(size=(4, 1, 1))]
    given += [np.array(0.5), rng.normal(size=(1, 3))]
    ours = [engine.Tensor(x, requires_grad=True) for x in given]
    scratch.deu(*ours).sum().backward()
    slopes = scratch.deu_gradient(*given)
    for tensor, slope in zip(ours, slopes, strict=True):
        assert tensor.grad.shape == tensor.shape
        assert tensor.grad.sum() == pytest.approx(slope.sum(), rel=1e-12)


def test_images_have_a_unit_for_each_channel(side):
    module, array = side
    layer, x = module.DEU(3, seed=2), RNG(5).normal(size=(2, 3, 4, 5)).astype(np.float32)
    rows = values(layer(array(np.ascontiguousarray(x.transpose(0, 2, 3, 1).reshape(-1, 3)))))
    np.testing.assert_array_equal(values(layer(array(x))), rows.reshape(2, 4, 5, 3).transpose(0, 3, 1, 2))


def test_blocks_change_nothing(monkeypatch):
    units, t = random_units(50, 7), RNG(8).normal(size=(40, 50))
    for module, array in SIDES.values():
        results = []
        for block in (1 << 20, 500):
            monkeypatch.setattr(module, "BLOCK", block)
            given = [array(x) for x in (t, *units)]
            if module is pytorch:
                given = [x.requires_grad_() for x in given]
                y = module.deu(*given)
                results.append([y, *torch.autograd.grad(y.sum(), given)])
            else:
                results.append([module.deu(*given), *module.deu_gradient(*given)])
        for whole, parts in zip(*results, strict=True):
            np.testing.assert_allclose(values(parts), values(whole), rtol=1e-11, atol=1e-11)


def test_memory_stays_below_eight_arrays_of_the_input():
    layer = scratch.DEU(256)
    t = RNG(9).normal(size=(2048, 256)).astype(np.float32)
    tracemalloc.start()
    layer(t)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 8 * t.nbytes


def test_empty_batch(side):
    assert values(side[0].DEU(3)(side[1](np.zeros((0, 3), np.float32)))).shape == (0, 3)
    assert all(slope.shape == (0, 2) for slope in deu_gradient(side, np.zeros((0, 2)), 1, 1, 1, 0, 0))


def test_nan_stays_visible(side):
    assert np.isnan(deu(side, np.array([np.nan]), *np.array(UNITS, float).T[1:, :, None], 1, 1)).all()


def test_one_unit_learns_a_sine():
    """Gradient descent on the equation: from another frequency and another amplitude to sin(2t)."""
    t = np.linspace(-3, 0, 40)[:, None]
    units = [engine.Tensor(np.array([x]), requires_grad=True) for x in (1.0, 0.0, 3.0, 0.2, 0.7)]
    optimizer = engine.optim.Adam(units, 0.02)
    for _ in range(300):
        optimizer.zero_grad()
        loss = engine.mse_loss(scratch.deu(t, *units), np.sin(2 * t))
        loss.backward()
        optimizer.step()
    assert loss.item() < 1e-4
    a, _, c = (x.data.item() for x in units[:3])
    assert (c / a) ** 0.5 == pytest.approx(2, abs=0.05)
