"""Prototypes against SciPy's descent and the slope of their objective; the loss against torch's cosine."""

import numpy as np
import pytest
import scipy.optimize
import scipy.special
import torch

from mylib.vision.hypersphere import scratch
from tests.vision.hypersphere.cases import RNG, SIDES, largest_cosine, number


def test_ten_points_in_space_beat_scipys_descent_from_the_same_start():
    """SciPy's BFGS on the same smooth objective at its last beta, from three starts, finds nothing better."""

    def smooth(flat, beta=1e4):
        points = flat.reshape(10, 3) / np.linalg.norm(flat.reshape(10, 3), axis=1, keepdims=True)
        cosines = (points @ points.T)[np.triu_indices(10, 1)]
        return cosines.max() + np.log(np.exp(beta * (cosines - cosines.max())).sum()) / beta

    best = min(
        scipy.optimize.minimize(smooth, RNG(seed).normal(size=30), method="BFGS", options={"maxiter": 60}).fun
        for seed in range(3)
    )
    ours = min(largest_cosine(scratch.separated_prototypes(10, 3, seed=seed)) for seed in range(3))
    assert ours <= best + 5e-4


@pytest.mark.parametrize("told", [False, True])
def test_first_step_of_the_descent_follows_the_slope_of_the_smooth_largest_cosine(side, told):
    """Its objective written out once more; its slope by differences; one step of size 0.1 from the same start."""
    module, _ = side
    if module is scratch:
        start = RNG(3).normal(size=(4, 3))
    else:
        start = torch.randn(4, 3, generator=torch.Generator().manual_seed(3), dtype=torch.float64).numpy()
    start /= np.linalg.norm(start, axis=1, keepdims=True)
    triplets = np.array([[0, 1, 2], [3, 2, 1]])

    def objective(flat):
        points = flat.reshape(4, 3) / np.linalg.norm(flat.reshape(4, 3), axis=1, keepdims=True)
        cosines = points @ points.T
        i, j, k = triplets.T
        ranking = np.log1p(np.exp(cosines[i, k] - cosines[i, j])).mean()
        crowding = scipy.special.logsumexp(10 * cosines[~np.eye(4, dtype=bool)]) / 10
        return 4 * crowding + (2.5 * ranking if told else 0)

    slope = scipy.optimize.approx_fprime(start.ravel(), objective, 1e-7).reshape(4, 3)
    expected = start - 0.1 * slope
    expected /= np.linalg.norm(expected, axis=1, keepdims=True)
    extra = {"triplets": triplets, "weight": 2.5} if told else {}
    got = module.separated_prototypes(4, 3, steps=1, seed=3, **extra)
    np.testing.assert_allclose(got, expected, atol=1e-6)  # forward differences


def test_loss_equals_torchs_cosine_similarity():
    rng = RNG(1)
    z, p, labels = rng.normal(size=(6, 4)), rng.normal(size=(3, 4)), rng.integers(0, 3, 6)
    expected = (1 - torch.cosine_similarity(torch.tensor(z), torch.tensor(p)[labels])).pow(2).sum()
    for module, array in SIDES.values():
        got = number(module.prototype_loss(array(z), array(p), array(labels)))
        assert got == pytest.approx(float(expected), rel=1e-9)
