"""How good is a representation that saw no labels? Three judges in NumPy: neighbours, a linear layer, few labels."""

import numpy as np

from mylib.attention.contrastive import contract
from mylib.attention.contrastive.scratch_memory import unit_rows
from mylib.engine import nn


def knn_predict(features, bank, labels, k=20, temperature=0.07):
    r"""Each of the k nearest votes for its label with weight exp(cos / tau); the class with the most wins.

    Args:    features: to be classified. Shape (n, dim).
             bank: features with labels. Shape (size, dim).
             labels: integers from 0. Shape (size,).
             k: neighbours, from 1 to size.
             temperature: tau above 0.
    Returns: integers; of equal votes the lowest class. Shape (n,).
    Raises:  ValueError: shapes that do not fit, k out of range, or a temperature that is not above 0.
    Source:  Wu et al. (2018), section 3.4, with k = 200 on ImageNet. Differs: none.

    Example:
        >>> knn_predict([[1.0, 0.2]], [[1.0, 0.0], [0.0, 1.0], [0.1, 1.0]], [0, 1, 1], k=3).tolist()
        [0]
    """
    features, bank, labels = np.asarray(features), np.asarray(bank), np.asarray(labels)
    contract.check_knn(features.shape, bank.shape, labels.shape, k, temperature)
    contract.check_numbers("knn_predict", "labels", labels.min())
    cosines = unit_rows(features) @ unit_rows(bank).T  # (n, size)
    nearest = np.argpartition(-cosines, k - 1, axis=1)[:, :k]
    near = np.take_along_axis(cosines, nearest, axis=1)
    # Relative to the nearest: the same order of votes, and no overflow.
    weights = np.exp((near - near.max(axis=1, keepdims=True)) / temperature)
    one_hot = labels[nearest][:, :, None] == np.arange(labels.max() + 1)
    return (weights[:, :, None] * one_hot).sum(axis=1).argmax(axis=1)


def linear_probe(features, labels, penalty=1e-3, steps=300):
    r"""A linear layer on frozen features: multinomial logistic regression.

    Minimises mean cross-entropy(W x + b) + penalty / 2 ||W||^2 over features x with mean 0 and variance 1, by
    Nesterov's accelerated descent with the step 1 / L, where L = lambda_max(X^T X / n) / 2 + penalty bounds the
    curvature.

    Args:    features: Shape (n, dim).
             labels: integers from 0. Shape (n,).
             penalty: on the weights of the standardised features, not on the biases.
             steps: of the descent.
    Returns: `nn.Linear` from features as they are to classes.
    Raises:  ValueError: shapes that do not fit, or numbers that are not above 0.
    Source:  Alain and Bengio (2016); slide table 6. Differs: none.

    Example:
        >>> probe = linear_probe(np.array([[0.0], [1.0], [4.0], [5.0]]), np.array([0, 0, 1, 1]))
        >>> probe(np.array([[2.0], [3.0]])).numpy().argmax(axis=1).tolist()
        [0, 1]
    """
    features, labels = np.asarray(features), np.asarray(labels)
    contract.check_labelled("linear_probe", features.shape, labels.shape, penalty, steps)
    contract.check_numbers("linear_probe", "labels", labels.min())
    mean, deviation = features.mean(axis=0), np.maximum(features.std(axis=0), 1e-8)
    x = np.column_stack([(features - mean) / deviation, np.ones(len(features))])  # the last column is the bias
    y = np.eye(labels.max() + 1)[labels]
    shrink = np.append(np.full(features.shape[1], penalty), 0.0)[:, None]
    step = 1 / (np.linalg.eigvalsh(x.T @ x / len(x))[-1] / 2 + penalty)
    weight = ahead = np.zeros((x.shape[1], y.shape[1]))
    for t in range(steps):
        scores = x @ ahead
        p = np.exp(scores - scores.max(axis=1, keepdims=True))
        p /= p.sum(axis=1, keepdims=True)
        before, weight = weight, ahead - step * (x.T @ (p - y) / len(x) + shrink * ahead)
        ahead = weight + t / (t + 3) * (weight - before)
    slope = weight[:-1] / deviation[:, None]
    layer = nn.Linear(*slope.shape)
    if features.dtype == np.float64:
        layer.double()
    layer.load_state_dict({"weight": slope.T, "bias": weight[-1] - mean @ slope})
    return layer


def low_shot(features, labels, k, seed=0, penalty=1e-3, steps=300):
    r"""A linear probe on k examples of each class.

    Args:    features: Shape (n, dim).
             labels: integers from 0. Shape (n,).
             k: examples of each class, 1, 2, 4, 8, 16 on the slide.
             seed: of the choice.
             penalty, steps: of `linear_probe`.
    Returns: `nn.Linear` from features to classes.
    Raises:  ValueError: as `linear_probe`, or a class with fewer than k examples.
    Source:  Li et al. (2021), table 1. Differs: a linear layer with cross-entropy, where the paper
             trains a support vector machine.

    Example:
        >>> x, y = np.array([[0.0], [0.1], [1.0], [1.1]]), np.array([0, 0, 1, 1])
        >>> low_shot(x, y, k=1)(x).numpy().argmax(axis=1).tolist()
        [0, 0, 1, 1]
    """
    features, labels = np.asarray(features), np.asarray(labels)
    contract.check_labelled("low_shot", features.shape, labels.shape, penalty, steps)
    contract.check_numbers("low_shot", "labels", labels.min())
    counts = np.bincount(labels)
    contract.check_shots(counts[counts > 0].min(), k)
    rng = np.random.default_rng(seed)
    chosen = np.concatenate([rng.choice(np.flatnonzero(labels == one), k, replace=False) for one in np.unique(labels)])
    return linear_probe(features[chosen], labels[chosen], penalty, steps)
