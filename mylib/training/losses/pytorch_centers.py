"""Where features should lie, in PyTorch: centres are buffers that move in place, without gradients."""

import torch
import torch.nn.functional as F
from torch import nn

from mylib.shared.devices import at_least_float32
from mylib.training.losses import contract
from mylib.training.losses.contract import SHORTEST
from mylib.training.losses.pytorch_weights import class_numbers


class CenterLoss(nn.Module):
    r"""L_C = 1/2 sum_i ||x_i - c_{y_i}||^2; `update` moves the centres, which are a buffer and no parameters."""

    def __init__(self, classes, dim, alpha=0.5, reduction="sum", seed=0):
        super().__init__()
        contract.check_centers(type(self).__name__, classes, dim, alpha, reduction)
        self.alpha, self.reduction = alpha, reduction
        self.register_buffer("centers", torch.from_numpy(contract.first_centers(classes, dim, seed)))

    def forward(self, features, labels):
        """The loss, a scalar. Shapes (batch, dim) and (batch,)."""
        contract.check_reduction(type(self).__name__, self.reduction, len(features))
        labels = _checked(self, features, labels)
        summed = (at_least_float32(features) - self.centers[labels]).square().sum() / 2
        return summed / len(features) if self.reduction == "mean" else summed

    @torch.no_grad()
    def update(self, features, labels):
        """Move the centres of the classes in this batch towards their features. Shapes as `forward`."""
        labels = _checked(self, features, labels)
        self.centers.add_(_towards(self.centers, features, labels), alpha=self.alpha)


class IslandLoss(CenterLoss):
    r"""L_IL = L_C + lambda_1 sum_{j != k} (cos(c_j, c_k) + 1), by the sum of all unit centres instead of by pairs."""

    def __init__(self, classes, dim, alpha=0.5, pair_weight=10.0, reduction="sum", seed=0):
        super().__init__(classes, dim, alpha, reduction, seed)
        contract.check_centers("IslandLoss", classes, dim, alpha, reduction, least=2)
        contract.check_pair_weight(pair_weight)
        self.pair_weight = pair_weight

    # The same text on both sides: it adds two terms that have their own mathematics.
    def forward(self, features, labels):
        """The loss, a scalar. Shapes (batch, dim) and (batch,)."""
        return super().forward(features, labels) + self.pair_weight * self.pair_term()

    def pair_term(self):
        """||sum_j u_j||^2 - sum_j ||u_j||^2 + K (K - 1), u_j the unit centres: a scalar, unweighted."""
        unit, _ = _directions(self.centers)
        return unit.sum(dim=0).square().sum() - unit.square().sum() + len(unit) * (len(unit) - 1)

    @torch.no_grad()
    def update(self, features, labels):
        """Move the centres towards their features, and all of them apart. Shapes as `forward`.

        The push on c_j is the part of sum_k u_k at right angles to u_j, over ||c_j||: u_j itself adds nothing to it.
        """
        labels = _checked(self, features, labels)
        unit, length = _directions(self.centers)
        everyone = unit.sum(dim=0).expand_as(unit)
        push = (everyone - (everyone * unit).sum(dim=1, keepdim=True) * unit) / length
        push = torch.where(unit.any(dim=1, keepdim=True), push, 0)
        step = _towards(self.centers, features, labels) - self.pair_weight / (len(unit) - 1) * push
        self.centers.add_(step, alpha=self.alpha)


class SparseCenterLoss(nn.Module):
    r"""L_SC = 1/(2B) sum_i sum_d A_id (x_id - c_{y_i d})^2; gradients reach features and weights."""

    def __init__(self, classes, dim, alpha=0.5, reduction="mean", seed=0):
        super().__init__()
        contract.check_centers("SparseCenterLoss", classes, dim, alpha, reduction)
        self.alpha, self.reduction = alpha, reduction
        self.register_buffer("centers", torch.from_numpy(contract.first_centers(classes, dim, seed)))

    def forward(self, features, attention, labels):
        """The loss, a scalar. Shapes (batch, dim), (batch, dim) and (batch,)."""
        contract.check_reduction("SparseCenterLoss", self.reduction, len(features))
        labels = _checked(self, features, labels, attention)
        squares = (at_least_float32(features) - self.centers[labels]).square()
        summed = (attention * squares).sum() / 2
        return summed / len(features) if self.reduction == "mean" else summed

    @torch.no_grad()
    def update(self, features, attention, labels):
        """Move the centres, in each dimension as far as it counts. Shapes as `forward`."""
        labels = _checked(self, features, labels, attention)
        self.centers.add_(_towards(self.centers, features, labels, attention), alpha=self.alpha)


class DimensionAttention(nn.Module):
    r"""A in (0, 1) for each feature dimension, out of the last feature map; of two scores the softmax is a sigmoid."""

    def __init__(self, in_features, dim, hidden=(3584, 512, 64)):
        super().__init__()
        contract.check_attention(in_features, dim, hidden)
        self.in_features, self.dim = in_features, dim
        sizes = (in_features, *hidden)
        self.linears = nn.ModuleList([nn.Linear(a, b) for a, b in zip(sizes[:-1], sizes[1:], strict=True)])
        self.norms = nn.ModuleList([nn.BatchNorm1d(size) for size in hidden])
        self.scores = nn.Linear(hidden[-1], 2 * dim)

    def forward(self, features):
        """Shapes (batch, ...) to (batch, dim)."""
        contract.check_map(features.shape, self.in_features)
        h = features.flatten(1)
        *before, last = zip(self.linears, self.norms, strict=True)
        for linear, norm in before:
            h = F.relu(norm(linear(h)))
        h = torch.tanh(last[1](last[0](h)))
        first, second = self.scores(h).unflatten(1, (self.dim, 2)).unbind(dim=2)
        return torch.sigmoid(second - first)


def _checked(loss, features, labels, attention=None):
    name, weights = type(loss).__name__, None if attention is None else attention.shape
    contract.check_features(name, features.shape, labels.shape, loss.centers.shape, weights)
    return class_numbers(name, labels, len(loss.centers))


def _towards(centers, features, labels, weights=None):
    """sum_{y_i = j} A_i (x_i - c_j) / (1 + n_j), from sums of A x and of A over each class. Shape (classes, dim)."""
    x = features.detach().to(torch.promote_types(features.dtype, centers.dtype))
    none = x.new_zeros(centers.shape)
    counts = none[:, 0].index_add(0, labels, torch.ones_like(x[:, 0]))[:, None]
    if weights is None:
        return (none.index_add(0, labels, x) - counts * centers) / (1 + counts)
    weights = weights.detach().to(x.dtype)
    pull = none.index_add(0, labels, weights * x) - none.index_add(0, labels, weights) * centers
    return pull / (1 + counts)


def _directions(centers):
    """Unit vectors, 0 for a centre without a direction, and lengths as a column, 1 there."""
    length = torch.linalg.vector_norm(centers, dim=1, keepdim=True)
    length = torch.where(length > SHORTEST, length, torch.inf)
    return centers / length, length.nan_to_num(posinf=1.0)
