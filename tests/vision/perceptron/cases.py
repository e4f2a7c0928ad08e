"""What the tests of perceptron share."""

import numpy as np

AND = (np.array([[0.0, 0], [0, 1], [1, 0], [1, 1]]), np.array([0, 0, 0, 1]))


def separable(seed, n=60, features=4):
    """Points with labels from a hyperplane, pushed 0.3 away from it; the first has label 1."""
    rng = np.random.default_rng(seed)
    normal = rng.normal(size=features)
    normal /= np.linalg.norm(normal)
    x = rng.normal(size=(n, features))
    y = (x @ normal > 0).astype(int)
    x += 0.3 * np.outer(2 * y - 1, normal)
    order = np.argsort(-y, kind="stable")
    return x[order], y[order], normal
