"""What the tests of activation_maps share."""

import numpy as np

# Two maps of 2 x 3 places and the weights of three classes.
FEATURES = np.array([[[[1.0, 2.0, 0.0], [0.0, 4.0, 5.0]], [[3.0, 0.0, 0.0], [0.0, 1.0, 2.0]]]])
WEIGHTS = np.array([[1.0, 0.0], [0.0, -2.0], [0.5, 1.0]])


def normal(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape)
