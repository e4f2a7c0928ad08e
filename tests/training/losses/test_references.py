"""Losses beside scikit-learn, torch, fvcore, kornia and SciPy: what nobody here wrote."""

import warnings

import numpy as np
import pytest
import scipy.stats
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st
from kornia.losses import focal_loss as kornia_focal_loss
from sklearn.utils.class_weight import compute_class_weight
from torch.distributions import MultivariateNormal, kl_divergence

from mylib.training.losses import pytorch, scratch
from tests.training.losses.cases import RNG, SIDES, gaussian_batch, number, values

with warnings.catch_warnings():  # it calls torch.jit.script when imported, which torch has deprecated
    warnings.simplefilter("ignore", DeprecationWarning)
    from fvcore.nn import sigmoid_focal_loss


def scores(seed, batch=7, classes=4, scale=3.0):
    rng = RNG(seed)
    logits, labels = scale * rng.normal(size=(batch, classes)), rng.integers(0, classes, batch)
    return logits, labels, rng.uniform(0.1, 4, classes)


def test_class_weights_are_scikit_learns(side):
    module, array = side
    labels = np.concatenate([np.arange(5), RNG(0).integers(0, 5, 60)])
    expected = compute_class_weight("balanced", classes=np.arange(5), y=labels)
    np.testing.assert_allclose(values(module.class_weights(array(labels), 5)), expected, rtol=1e-12)


def test_balanced_cross_entropy_is_torchs_weighted_sum_over_the_batch(side):
    module, array = side
    logits, labels, alpha = scores(1)
    theirs = F.cross_entropy(*map(torch.tensor, (logits, labels, alpha)), reduction="sum") / len(labels)
    assert number(module.balanced_cross_entropy(*map(array, (logits, labels, alpha)))) == pytest.approx(theirs.item())
    torchs_mean = F.cross_entropy(*map(torch.tensor, (logits, labels, alpha)))
    assert theirs.item() != pytest.approx(torchs_mean.item(), rel=1e-2), "which divides by the sum of the weights"


@settings(max_examples=25)
@given(seed=st.integers(0, 999), gamma=st.sampled_from([0.0, 0.5, 1.0, 2.0, 3.5]), classes=st.integers(2, 6))
def test_focal_loss_is_kornias_sum_over_the_batch(seed, gamma, classes):
    logits, labels, alpha = scores(seed, classes=classes)
    z, y = torch.tensor(logits), torch.tensor(labels)
    theirs = kornia_focal_loss(z, y, alpha=None, gamma=gamma, reduction="sum", weight=torch.tensor(alpha)) / len(y)
    for module, array in SIDES.values():
        got = number(module.focal_loss(array(logits), array(labels), gamma, array(alpha)))
        assert got == pytest.approx(theirs.item(), rel=1e-9)


@pytest.mark.parametrize("gamma", [0.0, 1.0, 2.0])
@pytest.mark.parametrize("alpha", [-1, 0.25])
def test_two_classes_are_the_papers_binary_form(side, gamma, alpha):
    """fvcore's code is the authors': logits (0, z), weights (1 - alpha, alpha)."""
    module, array = side
    rng = RNG(2)
    z, labels = 2 * rng.normal(size=9), rng.integers(0, 2, 9)
    theirs = sigmoid_focal_loss(torch.tensor(z), torch.tensor(labels).double(), alpha, gamma, reduction="mean").item()
    weights = None if alpha < 0 else array(np.array([1 - alpha, alpha]))
    got = number(module.focal_loss(array(np.stack([np.zeros(9), z], 1)), array(labels), gamma, weights))
    assert got == pytest.approx(theirs, rel=1e-6)  # fvcore computes in float32


def test_gaussian_divergence_is_torchs(side):
    module, array = side
    rng = RNG(3)
    factors = rng.normal(size=(2, 4, 4))
    covariance = factors @ factors.swapaxes(1, 2) + 0.3 * np.eye(4)
    mean, target = rng.normal(size=(2, 4)), rng.normal(size=4)
    theirs = kl_divergence(
        MultivariateNormal(torch.tensor(mean), torch.tensor(covariance)),
        MultivariateNormal(torch.tensor(target), 1.7 * torch.eye(4, dtype=torch.float64)),
    )
    got = module.gaussian_kl(array(mean), array(covariance), array(target), 1.7)
    np.testing.assert_allclose(values(got), theirs, rtol=1e-9)


def test_kurtosis_is_scipys(side):
    module, array = side
    x = RNG(4).exponential(size=(30, 5))
    expected = scipy.stats.kurtosis(x, fisher=False, bias=True)
    np.testing.assert_allclose(values(module.kurtosis(array(x))), expected, rtol=1e-10)


@pytest.mark.parametrize("covariance", ["full", "diagonal"])
def test_gccs_loss_is_twice_torchs_divergence_and_scipys_kurtosis(side, covariance):
    module, array = side
    x, labels = gaussian_batch(RNG(5), counts=[9, 7, 0, 12], dim=4)
    loss = module.GCCSLoss(4, distance=6.0, variance=2.0, kurtosis_weight=0.3, covariance=covariance).double()
    expected = 0.0
    for k in (0, 1, 3):
        own = x[labels == k]
        spread = np.cov(own.T, bias=True)
        spread = spread if covariance == "full" else np.diag(np.diag(spread))
        gaussians = [
            MultivariateNormal(torch.tensor(own.mean(0)), torch.tensor(spread)),
            MultivariateNormal(6.0 * torch.eye(4, dtype=torch.float64)[k], 2.0 * torch.eye(4, dtype=torch.float64)),
        ]
        expected += 2 * kl_divergence(*gaussians).item()
        expected += 0.3 * ((scipy.stats.kurtosis(own, fisher=False) - 3) ** 2).sum()
    assert number(loss(array(x), array(labels))) == pytest.approx(expected, rel=1e-9)


def test_crops_are_enlarged_as_torch_does():
    images = RNG(6).random((2, 3, 17, 22))
    crop = torch.tensor(images[:, :, :13, :16])  # 12.75 and 16.5 pixels, rounded to even
    expected = F.interpolate(crop, (17, 22), mode="bilinear", align_corners=False)
    np.testing.assert_allclose(scratch.region_crops(images).numpy()[:, 1], expected, rtol=1e-9)


def test_attention_over_dimensions_is_torchs_layers_and_their_softmax():
    """The authors' network, layer by layer, from torch.nn; both sides with its weights."""
    torch.manual_seed(0)
    net = torch.nn.Sequential(
        *(torch.nn.Linear(12, 6), torch.nn.BatchNorm1d(6), torch.nn.ReLU()),
        *(torch.nn.Linear(6, 5), torch.nn.BatchNorm1d(5), torch.nn.ReLU()),
        *(torch.nn.Linear(5, 4), torch.nn.BatchNorm1d(4), torch.nn.Tanh()),
    ).double()
    heads = torch.nn.Linear(4, 6).double()
    x = RNG(7).normal(size=(8, 3, 2, 2))
    expected = heads(net(torch.tensor(x).flatten(1))).reshape(-1, 3, 2).softmax(dim=-1)[:, :, 1].detach()
    state = {f"linears.{i}.{n}": v for i in range(3) for n, v in net[3 * i].state_dict().items()}
    state |= {f"norms.{i}.{n}": v for i in range(3) for n, v in net[3 * i + 1].state_dict().items()}
    state |= {f"scores.{name}": value for name, value in heads.state_dict().items()}
    for module, array in SIDES.values():
        ours = module.DimensionAttention(12, 3, hidden=(6, 5, 4)).double()
        # As the batch left them: running moments do not matter in training.
        ours.load_state_dict(state)
        np.testing.assert_allclose(values(ours(array(x))), expected, rtol=1e-9)
    assert [p.shape for p in pytorch.DimensionAttention(12, 3).linears[0].parameters()][0] == (3584, 12)


def test_center_loss_is_half_of_torchs_squared_error(side):
    module, array = side
    rng = RNG(8)
    loss, x, labels = module.CenterLoss(5, 6, seed=3), rng.normal(size=(9, 6)), rng.integers(0, 5, 9)
    centers = torch.tensor(values(loss.centers), dtype=torch.float64)
    expected = F.mse_loss(torch.tensor(x), centers[torch.tensor(labels)], reduction="sum") / 2
    assert number(loss(array(x), array(labels))) == pytest.approx(expected.item(), rel=1e-9)


def test_step_of_the_island_update_follows_torchs_gradient_of_the_cosines(side):
    """Halves of the exact gradient of the double sum, averaged over the K - 1 others."""
    module, array = side
    centers = RNG(9).normal(size=(5, 3))
    leaf = torch.tensor(centers, requires_grad=True)
    cosines = F.cosine_similarity(leaf[:, None], leaf[None], dim=2)
    (cosines.sum() - cosines.diagonal().sum()).backward()
    loss = set_and_update(module, array, centers)
    np.testing.assert_allclose(values(loss.centers), centers - 0.5 * 2.0 / 4 * leaf.grad.numpy() / 2, rtol=1e-9)


def set_and_update(module, array, centers):
    """An island loss after an update with no examples at all: only the pairs push."""
    loss = module.IslandLoss(5, 3, alpha=0.5, pair_weight=2.0).double()
    loss.load_state_dict({"centers": torch.tensor(centers)})
    loss.update(array(np.zeros((0, 3))), array(np.zeros(0, int)))
    return loss
