"""local_learning against independent packages and closed forms."""

import numpy as np
import pytest
import torch
from info_nce import InfoNCE
from scipy import stats

from mylib.representation.local_learning import glimpses as drawn
from tests.representation.local_learning.cases import RNG, pictures
from tests.twins import unit


def test_with_unit_rows_and_no_weights_it_is_info_nce(side):
    """info-nce-pytorch normalises and divides by a temperature; both do nothing here."""
    module, make = side
    rng = RNG(0)
    z, c = unit(rng.normal(size=(2, 7, 5)))
    negatives = unit(rng.normal(size=(7, 9, 5)))
    theirs = InfoNCE(temperature=1.0, negative_mode="paired")(*map(torch.tensor, (c, z, negatives)))
    ours = module.cpc_loss(make(z), make(c), make(np.eye(5)), make(negatives))
    assert ours.item() == pytest.approx(theirs.item(), rel=1e-12)


@pytest.mark.parametrize(("rho", "count"), [(0.9, 7), (0.99, 7), (0.5, 63)])
def test_no_weights_prove_more_than_there_is(side, rho, count):
    """log N - L of correlated Gaussians of two dimensions: at most -log(1 - rho^2), three standard errors allowed."""
    module, make = side
    pairs = 100_000 // (1 + count)
    rng = RNG(1)
    c, noise = rng.normal(size=(2, pairs, 2))
    z, negatives = rho * c + np.sqrt(1 - rho**2) * noise, rng.normal(size=(pairs, count, 2))
    information = -np.log(1 - rho**2)  # -1/2 log(1 - rho^2) for each of two dimensions
    for w in (np.eye(2), rho / (1 - rho**2) * np.eye(2), -np.eye(2), *rng.normal(0, 3, (4, 2, 2))):
        rows = [
            module.cpc_loss(*map(make, (one, two, w, three))).item() for one, two, three in _tenths(z, c, negatives)
        ]
        bound = np.log(1 + count) - np.mean(rows)
        assert bound < information + 3 * np.std(rows, ddof=1) / np.sqrt(len(rows))
        assert bound < np.log(1 + count)


def test_with_good_weights_it_proves_most_of_it(side):
    """The best bilinear critic leaves out the squares; at rho = .5 with 63 negatives it still finds four fifths."""
    module, make = side
    rng, rho = RNG(2), 0.5
    c, noise = rng.normal(size=(2, 4000, 2))
    z, negatives = rho * c + np.sqrt(1 - rho**2) * noise, rng.normal(size=(4000, 63, 2))
    loss = module.cpc_loss(*map(make, (z, c, rho / (1 - rho**2) * np.eye(2), negatives))).item()
    assert 0.6 * -np.log(1 - rho**2) < np.log(64) - loss < -np.log(1 - rho**2)


def _tenths(*arrays):
    return zip(*(np.array_split(one, 10) for one in arrays), strict=True)


def test_eyes_stay_and_jump_evenly():
    images = pictures()
    found = drawn.draw_glimpses(images, RNG(3), 6000, window=6, drift=2)
    assert stats.binomtest(int((found.y == 1).sum()), 6000).pvalue > 1e-4
    assert stats.chisquare(np.bincount(found.scenes_before, minlength=3)).pvalue > 1e-4
    jumps = found.y == -1
    for scene in range(3):
        others = np.bincount(found.scenes[jumps & (found.scenes_before == scene)], minlength=3)
        assert others[scene] == 0
        assert stats.chisquare(np.delete(others, scene)).pvalue > 1e-4
    anywhere = found.places[jumps & (found.scenes == 0)]  # 4 rows, 9 columns of places
    assert stats.chisquare(np.bincount(anywhere @ [9, 1], minlength=36)).pvalue > 1e-4
