"""cross_modality against SciPy, NumPy's einsum, finite differences, and a ranking by hand."""

import numpy as np
import pytest
import torch
from scipy.spatial.distance import cdist
from scipy.special import log_softmax

from mylib import engine
from mylib.attention.reid import pytorch as reid_pytorch
from mylib.attention.reid import scratch as reid_scratch
from mylib.representation.cross_modality import scratch
from tests.representation.cross_modality.cases import RNG, SIDES, features
from tests.twins import array


def expected_loss(a, b, labels_a, labels_b, margin):
    """Row by row, with SciPy's distances."""
    hinges = []
    for row, label in zip(cdist(a, b), labels_a, strict=True):
        hinges.append(max(0, margin + row[labels_b == label].max() - row[labels_b != label].min()))
    return np.mean(hinges)


@pytest.mark.parametrize("seed", range(5))
def test_losses_are_those_of_scipys_distances(side, seed):
    module, make = side
    a, b, labels_a, labels_b = features(seed, rows=7 + seed, others=9, persons=3)
    for margin in (0.0, 0.3, 2.0):
        one, two = expected_loss(a, b, labels_a, labels_b, margin), expected_loss(b, a, labels_b, labels_a, margin)
        tensors = make(a), make(b), make(labels_a), make(labels_b)
        assert module.hardest_triplet_loss(*tensors, margin).item() == pytest.approx(one, rel=1e-9, abs=1e-12)
        assert module.cross_modality_gap(*tensors, margin).item() == pytest.approx(one + two, rel=1e-9, abs=1e-12)


def test_the_engines_gradient_is_the_slope():
    a, b, labels_a, labels_b = features(6)
    engine.gradcheck(lambda a, b: scratch.cross_modality_gap(a, b, labels_a, labels_b, 1.0), a, b)


def test_x_is_a_product_over_channels(side):
    module, make = side
    for channels, hidden in ((3, 1), (3, 4), (2, 3)):
        rng, generator = RNG(hidden), module.XModality(channels, hidden).double()
        state = {
            "squeeze.weight": rng.normal(size=(hidden, channels, 1, 1)),
            "squeeze.bias": rng.normal(size=hidden),
            "expand.weight": rng.normal(size=(channels, hidden, 1, 1)),
            "expand.bias": rng.normal(size=channels),
        }
        generator.load_state_dict({name: torch.tensor(value) for name, value in state.items()})
        image = rng.uniform(size=(2, channels, 3, 4))
        between = np.einsum("hc,ncyx->nhyx", state["squeeze.weight"][..., 0, 0], image)
        between = np.maximum(between + state["squeeze.bias"][:, None, None], 0)
        expected = np.einsum("ch,nhyx->ncyx", state["expand.weight"][..., 0, 0], between)
        expected += state["expand.bias"][:, None, None]
        np.testing.assert_allclose(array(generator(make(image))), expected, rtol=1e-9, atol=1e-12)


def test_the_respective_gap_is_scipys_log_softmax(side):
    module, make = side
    rng = RNG(8)
    logits = [rng.normal(0, 30, (rows, 5)) for rows in (4, 7, 1)]
    labels = [rng.integers(0, 5, len(z)) for z in logits]
    expected = sum(-log_softmax(z, axis=1)[np.arange(len(z)), y].mean() for z, y in zip(logits, labels, strict=True))
    got = module.modality_respective_gap([make(z) for z in logits], [make(y) for y in labels])
    assert got.item() == pytest.approx(expected, rel=1e-9)


def test_infrared_queries_are_ranked_in_a_visible_gallery():
    """By hand. Query of person 0 at 0: gallery at 1 (person 1), 2 (person 0), 3 (person 0): AP = (1/2 + 2/3) / 2.

    Query of person 1 at 5: distances 4 (its own person), 3, 2: third place, AP = 1/3.
    """
    for name, reid in (("scratch", reid_scratch), ("pytorch", reid_pytorch)):
        make = SIDES[name][1]
        queries, gallery = make([[0.0], [5.0]]), make([[1.0], [2.0], [3.0]])
        protocol = make([0, 1]), make([1, 0, 0]), make([2, 3]), make([0, 0, 1])  # ids, then cameras, infrared last
        distances = reid.euclidean_distances(queries, gallery)
        shares = array(reid.cumulative_match(distances, *protocol, ranks=(1, 2, 3)))
        np.testing.assert_allclose(shares, [0, 0.5, 1])
        average = float(reid.mean_average_precision(distances, *protocol))
        assert average == pytest.approx(((1 / 2 + 2 / 3) / 2 + 1 / 3) / 2)
