"""curriculum_labels against semilearn (the authors' library), PyTorch and SciPy."""

import importlib
import importlib.util
import sys
import types
from importlib.machinery import ModuleSpec
from pathlib import Path

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from scipy import ndimage, stats

from tests.few_labels.curriculum_labels.cases import RNG, tracked
from tests.twins import array


def folder_of_semilearn():
    return Path(next(iter(importlib.util.find_spec("semilearn").submodule_search_locations)))


def criterion(monkeypatch):
    """One file and its neighbour, loaded alone: importing the whole package asks for packages that are not here."""
    package = importlib.util.module_from_spec(ModuleSpec("alone", None, is_package=True))
    package.__path__ = [str(folder_of_semilearn() / "core/criterions")]
    for name in [package.__name__, *(f"alone.{one}" for one in ("consistency", "cross_entropy"))]:
        monkeypatch.delitem(sys.modules, name, raising=False)
    monkeypatch.setitem(sys.modules, "alone", package)
    return importlib.import_module("alone.consistency").consistency_loss


@pytest.mark.parametrize("hard", [True, False])
def test_the_loss_is_semilearns(side, monkeypatch, hard):
    module, make = side
    theirs = criterion(monkeypatch)
    weak, strong = RNG(0).normal(0, 2, (2, 50, 6))
    loss, used = module.consistency_loss(make(weak), tracked(module, strong), 0.7, hard, 0.4)
    q = torch.tensor(weak).softmax(dim=-1)
    mask = (q.max(dim=-1).values >= 0.7).double()
    targets = q.argmax(dim=-1) if hard else (torch.tensor(weak) / 0.4).softmax(dim=-1)
    expected = theirs(torch.tensor(strong), targets, "ce", mask=mask)
    assert array(used).tolist() == mask.bool().tolist()
    assert 5 < mask.sum() < 45
    assert loss.item() == pytest.approx(expected.item(), rel=1e-12)


@pytest.mark.parametrize("warm_up", [True, False])
def test_thresholds_and_memory_are_semilearns_over_many_steps(side, monkeypatch, warm_up):
    """Their hook keeps its own memory; ours is counted by public functions. No probability is at a threshold."""
    module, make = side

    class MaskingHook:
        def compute_prob(self, logits):
            return logits.softmax(dim=-1)

    path = folder_of_semilearn() / "algorithms/flexmatch"
    for name, content in (("semilearn", {}), (".algorithms", {}), (".algorithms.hooks", {"MaskingHook": MaskingHook})):
        stand_in = types.SimpleNamespace(**content)
        monkeypatch.setitem(sys.modules, f"semilearn{name}" if name[0] == "." else name, stand_in)
    utils = importlib.util.spec_from_file_location("flexmatch_alone", path / "utils.py")
    theirs = importlib.util.module_from_spec(utils)
    utils.loader.exec_module(theirs)
    hook = theirs.FlexMatchThresholdingHook(60, 4, thresh_warmup=warm_up)
    rng, remembered = RNG(1), np.full(60, -1)
    for step in range(25):
        positions = rng.choice(60, 12, replace=False)
        logits = rng.normal(0, 1 + step / 5, (12, 4)) + [step / 5, 0, 0, -1]
        counts = module.learning_effect(make(remembered), 4)
        beta = module.normalised_effect(counts, int((remembered == -1).sum()) if warm_up else None)
        _, used = module.consistency_loss(make(logits), make(logits), module.flexible_threshold(beta, 0.9))
        # Their shares are kept in float32.
        np.testing.assert_allclose(array(beta), hook.classwise_acc.numpy(), rtol=1e-6)
        mask = hook.masking(types.SimpleNamespace(p_cutoff=0.9), torch.tensor(logits), torch.tensor(positions))
        assert array(used).tolist() == mask.bool().tolist()
        q = torch.tensor(logits).softmax(dim=-1).numpy()
        sure = q.max(axis=1) > 0.9
        remembered[positions[sure]] = q.argmax(axis=1)[sure]
        np.testing.assert_array_equal(remembered, hook.selected_label.numpy())
    assert 0 < (remembered == -1).sum() < 30


def test_the_loss_is_pytorchs_cross_entropy_on_what_is_used(side):
    module, make = side
    weak, strong = RNG(2).normal(0, 3, (2, 40, 5))
    loss, used = module.consistency_loss(make(weak), make(strong), 0.8)
    losses = F.cross_entropy(torch.tensor(strong), torch.tensor(weak).argmax(dim=1), reduction="none").numpy()
    assert loss.item() == pytest.approx((losses * array(used)).sum() / 40, rel=1e-12)


def test_entropy_is_that_of_torchs_and_scipys_distributions(side):
    module, make = side
    logits = RNG(3).normal(0, 3, (20, 7))
    got = array(module.entropy(make(logits)))
    np.testing.assert_allclose(got, torch.distributions.Categorical(logits=torch.tensor(logits)).entropy(), rtol=1e-12)
    np.testing.assert_allclose(got, stats.entropy(np.exp(logits), axis=1), rtol=1e-12)


def test_l2_consistency_is_semilearns_mse(side, monkeypatch):
    module, make = side
    theirs = criterion(monkeypatch)
    logits, q = RNG(4).normal(size=(9, 4)), RNG(5).dirichlet(np.ones(4), 9)
    expected = theirs(torch.tensor(logits), torch.tensor(q), "mse").item()
    assert module.l2_consistency_loss(make(logits), make(q)).item() == pytest.approx(expected, rel=1e-12)


def test_weak_views_are_scipys_shifts_by_whole_pixels(side):
    module, make = side
    images = RNG(6).random((30, 2, 14, 28))
    views = array(module.weak_augment(make(images), RNG(7)))
    seen = set()
    for image, view in zip(images, views, strict=True):
        fits = [
            (down, right)
            for down in (-1, 0, 1)
            for right in (-2, -1, 0, 1, 2)
            if np.allclose(ndimage.shift(image, (0, down, right), order=0, cval=0), view, rtol=0, atol=1e-12)
        ]
        assert len(fits) == 1
        seen |= set(fits)
    assert {down for down, _ in seen} == {-1, 0, 1}
    assert {right for _, right in seen} == {-2, -1, 0, 1, 2}


def test_strong_views_are_scipys_affine_maps(side):
    """Rotation, shear, zoom and shift as one linear interpolation, held against SciPy's; then its blur and cutout."""
    from mylib.few_labels.curriculum_labels.views import draw_shifts, draw_strong

    module, make = side
    images = ndimage.gaussian_filter(RNG(8).random((12, 1, 20, 26)), (0, 0, 1.5, 1.5))
    views = array(module.strong_augment(make(images), RNG(9), operations=5, cutout=0.2))
    rng = RNG(9)
    shifts, drawn = draw_shifts(rng, 12, 20, 26), draw_strong(rng, 12, 20, 26, 5, 0.2)
    middle = np.array([9.5, 12.5])
    for n in range(12):
        cosine, sine = np.cos(drawn.angle[n]), np.sin(drawn.angle[n])
        # In (up, right) coordinates, where a turn is counter-clockwise; rows of SciPy's map point down.
        turn = np.array([[cosine, sine], [-sine, cosine]])
        forward = drawn.zoom[n] * np.array([[1, 0], [drawn.shear[n], 1]]) @ turn
        flip = np.diag([-1, 1])
        back = flip @ np.linalg.inv(forward) @ flip
        moved = np.array([shifts.down[n], shifts.right[n]])
        padded = np.pad(images[n, 0], 8)  # so that SciPy's edges fade to zero as ours do
        expected = ndimage.affine_transform(
            padded, back, offset=8 + middle - moved - back @ middle, order=1, output_shape=(20, 26)
        )
        weights = [
            np.exp(-0.5 * ((np.arange(side)[:, None] - np.arange(side)) / drawn.blur[n]) ** 2) for side in (20, 26)
        ]
        rows, columns = (one / one.sum(axis=1, keepdims=True) for one in weights)
        expected = rows @ expected @ columns.T
        mean = expected.mean()
        expected = np.clip(mean + drawn.contrast[n] * (expected - mean), 0, 1)
        expected[drawn.top[n] : drawn.top[n] + 4, drawn.left[n] : drawn.left[n] + 4] = 0
        np.testing.assert_allclose(views[n, 0], expected, rtol=0, atol=1e-10)
