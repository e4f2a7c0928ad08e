"""How good is a representation that saw no labels? Three judges in PyTorch: neighbours, a linear layer, few labels."""

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

from mylib.attention.contrastive import contract


@torch.no_grad()
def knn_predict(features, bank, labels, k=20, temperature=0.07):
    r"""Each of the k nearest votes for its label with weight exp(cos / tau); the class with the most wins."""
    contract.check_knn(features.shape, bank.shape, labels.shape, k, temperature)
    contract.check_numbers("knn_predict", "labels", int(labels.min()))
    cosines = F.normalize(features) @ F.normalize(bank).T  # (n, size)
    near, nearest = cosines.topk(k, dim=1)
    weights = ((near - near[:, :1]) / temperature).exp()
    votes = weights.new_zeros(len(features), int(labels.max()) + 1)
    return votes.scatter_add_(1, labels[nearest], weights).argmax(dim=1)


@torch.no_grad()
def linear_probe(features, labels, penalty=1e-3, steps=300):
    r"""A linear layer on frozen features: multinomial logistic regression."""
    contract.check_labelled("linear_probe", features.shape, labels.shape, penalty, steps)
    contract.check_numbers("linear_probe", "labels", int(labels.min()))
    mean, deviation = features.mean(dim=0), features.std(dim=0, correction=0).clamp(min=1e-8)
    x = F.pad((features - mean) / deviation, (0, 1), value=1.0)  # the last column is the bias
    y = F.one_hot(labels).to(x.dtype)
    shrink = torch.full_like(x[0], penalty).index_fill(0, torch.tensor([x.shape[1] - 1], device=x.device), 0)[:, None]
    # The largest eigenvalue by the largest singular value of X: X^T X would square the rounding.
    step = 1 / (torch.linalg.matrix_norm(x, 2) ** 2 / len(x) / 2 + penalty)
    scaled, keep = (step / len(x)) * x.T, 1 - step * shrink
    weight = ahead = x.new_zeros(x.shape[1], y.shape[1])
    for t in range(steps):
        # ahead - step * slope, in few kernels: on few examples it is their number that costs.
        before, weight = weight, torch.addmm(keep * ahead, scaled, y - (x @ ahead).softmax(dim=1))
        ahead = torch.lerp(before, weight, 1 + t / (t + 3))
    layer = nn.Linear(features.shape[1], y.shape[1], device=x.device, dtype=x.dtype)
    layer.weight.copy_((weight[:-1] / deviation[:, None]).T)
    layer.bias.copy_(weight[-1] - layer.weight @ mean)
    return layer


def low_shot(features, labels, k, seed=0, penalty=1e-3, steps=300):
    r"""A linear probe on k examples of each class."""
    contract.check_labelled("low_shot", features.shape, labels.shape, penalty, steps)
    contract.check_numbers("low_shot", "labels", int(labels.min()))
    numbers = labels.cpu().numpy()
    counts = np.bincount(numbers)
    contract.check_shots(counts[counts > 0].min(), k)
    rng = np.random.default_rng(seed)
    chosen = np.concatenate(
        [rng.choice(np.flatnonzero(numbers == one), k, replace=False) for one in np.unique(numbers)]
    )
    chosen = torch.as_tensor(chosen, device=features.device)
    return linear_probe(features[chosen], labels[chosen], penalty, steps)
