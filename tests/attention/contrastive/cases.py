"""What the tests of contrastive share."""

import numpy as np

from tests.twins import unit

RNG = np.random.default_rng


def blobs(seed, clusters=4, each=30, dim=6, spread=0.15):
    rng = RNG(seed)
    centres = unit(rng.normal(size=(clusters, dim)))
    labels = np.repeat(np.arange(clusters), each)
    return centres[labels] + spread * rng.normal(size=(clusters * each, dim)), labels
