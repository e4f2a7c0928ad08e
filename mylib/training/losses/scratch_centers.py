"""Where features should lie, in NumPy: near the centre of their class, and the centres apart from each other."""

import numpy as np

from mylib.engine import as_tensor, batch_norm, nn, record, relu, softmax, tanh
from mylib.engine.losses import scaled_backward
from mylib.training.losses import contract
from mylib.training.losses.contract import SHORTEST
from mylib.training.losses.scratch_weights import class_numbers


class CenterLoss(nn.Module):
    r"""L_C = 1/2 sum_i ||x_i - c_{y_i}||^2: features gather at the centre of their class.

    The gradient is dL/dx_i = x_i - c_{y_i}. Centres are no parameters; `update` moves them after each step,

        c_j <- c_j - alpha sum_{y_i = j} (c_j - x_i) / (1 + n_j),   n_j examples of class j in the batch,

    so that a class that is absent stays, and a single example cannot carry its centre away.

    Args:    classes: K.
             dim: D, of the features.
             alpha: step of the centres, from 0 to 1.
             reduction: "sum" as on the slide, or "mean", which divides by B.
             seed: of the centres at the start, standard normal: the same on both sides.
    Raises:  ValueError: no room, alpha outside of its range, an unknown reduction; shapes that do not fit, a label that
                 is no class, a mean over no examples. TypeError: labels that are no integers.
    Source:  Wen et al. (2016), equations 2 to 4; slide "Center Loss". Differs: the code that the slide links to has a
             mean without the 1/2, and trains the centres by SGD.

    Example:
        >>> loss = CenterLoss(classes=2, dim=2, alpha=1.0)
        >>> loss.centers = np.zeros((2, 2))
        >>> loss([[3.0, 4.0]], [1]).item()
        12.5
        >>> loss.update([[3.0, 4.0]], [1])
        >>> loss.centers.tolist()  # half way: 1 / (1 + 1)
        [[0.0, 0.0], [1.5, 2.0]]
    """

    def __init__(self, classes, dim, alpha=0.5, reduction="sum", seed=0):
        super().__init__()
        contract.check_centers(type(self).__name__, classes, dim, alpha, reduction)
        self.alpha, self.reduction = alpha, reduction
        self.register_buffer("centers", contract.first_centers(classes, dim, seed))

    def forward(self, features, labels):
        """The loss, a scalar. Shapes (batch, dim) and (batch,)."""
        x, labels = self._checked(features, labels)
        apart = x.data - self.centers[labels]
        share = 1 / len(x) if self.reduction == "mean" else 1.0
        return record(0.5 * share * np.square(apart).sum(), scaled_backward, (share * apart,), x._node)

    def update(self, features, labels):
        """Move the centres of the classes in this batch towards their features. Shapes as `forward`; no gradient."""
        x, labels = self._checked(features, labels, "sum")
        self._step(_pull(self.centers, x.data, labels))

    def _step(self, direction):
        self.centers = (self.centers - self.alpha * direction).astype(self.centers.dtype)

    def _checked(self, features, labels, reduction=None):
        name = type(self).__name__
        x = as_tensor(features)
        contract.check_features(name, x.shape, np.shape(labels), self.centers.shape)
        contract.check_reduction(name, reduction or self.reduction, len(x))
        return x, class_numbers(name, labels, len(self.centers))


class IslandLoss(CenterLoss):
    r"""L_IL = L_C + lambda_1 sum_{j != k} (cos(c_j, c_k) + 1), over ordered pairs: centres turn away from each other.

    With u_j = c_j / ||c_j|| the sum over pairs is ||sum_j u_j||^2 - K + K (K - 1). Its minimum, K (K - 2), is reached
    whenever the u_j sum to 0: by a simplex, and also by centres that coincide in pairs. The pair term has no gradient
    in x; it acts through `update`, on all classes, absent ones too. What alpha multiplies there gains

        lambda_1 / (K - 1) sum_{k != j} [c_k / (||c_j|| ||c_k||) - cos(c_j, c_k) c_j / ||c_j||^2].

    Args:    classes, dim, alpha, seed: as `CenterLoss`; two classes at least.
             pair_weight: lambda_1, at least 0.
             reduction: "sum" or "mean" of the center loss; the pair term is never divided by B.
    Raises:  ValueError, TypeError: as `CenterLoss`; a pair_weight below 0.
    Source:  Cai et al. (2018); slide "Island Loss". Differs: the push is the mean over the other centres; the exact
             gradient of the double sum has 2 in place of 1 / (K - 1). A centre of length 0 has cosine 0 to all others.

    Example:
        >>> loss = IslandLoss(classes=2, dim=2)
        >>> loss.centers = np.array([[1.0, 0.0], [-3.0, 0.0]])
        >>> loss.pair_term().item()
        0.0
        >>> loss.centers = np.array([[1.0, 0.0], [3.0, 0.0]])
        >>> loss.pair_term().item()
        4.0
    """

    def __init__(self, classes, dim, alpha=0.5, pair_weight=10.0, reduction="sum", seed=0):
        super().__init__(classes, dim, alpha, reduction, seed)
        contract.check_centers("IslandLoss", classes, dim, alpha, reduction, least=2)
        contract.check_pair_weight(pair_weight)
        self.pair_weight = pair_weight

    def forward(self, features, labels):
        """The loss, a scalar. Shapes (batch, dim) and (batch,)."""
        return super().forward(features, labels) + self.pair_weight * self.pair_term()

    def pair_term(self):
        """The sum over ordered pairs of cos(c_j, c_k) + 1, unweighted: a scalar from 0 to 2 K (K - 1)."""
        unit, _ = _directions(self.centers)
        cosines = unit @ unit.T
        np.fill_diagonal(cosines, -1)  # a centre does not meet itself
        return as_tensor((cosines + 1).sum())

    def update(self, features, labels):
        """Move the centres towards their features, and all of them apart. Shapes as `forward`; no gradient."""
        x, labels = self._checked(features, labels, "sum")
        unit, length = _directions(self.centers)
        cosines = unit @ unit.T
        np.fill_diagonal(cosines, 0)
        others = unit.sum(axis=0) - unit
        push = (others - cosines.sum(axis=1, keepdims=True) * unit) / length
        push[~unit.any(axis=1)] = 0
        self._step(_pull(self.centers, x.data, labels) + self.pair_weight / (len(unit) - 1) * push)


class SparseCenterLoss(nn.Module):
    r"""L_SC = 1/(2B) sum_i sum_d A_id (x_id - c_{y_i d})^2: a weight for each dimension says where gathering counts.

    Gradients reach the features, A (x - c) / B, and the weights, (x - c)^2 / (2B). Centres move by
    c_j <- c_j - alpha sum_{y_i = j} A_i (c_j - x_i) / (1 + n_j).

    Args:    classes, dim, alpha, seed: as `CenterLoss`.
             reduction: "mean", which divides by B, or "sum".
    Raises:  ValueError, TypeError: as `CenterLoss`; weights of another shape than the features.
    Source:  Farzaneh and Qi (2021) and their code; slide "Sparse
             Center Loss". Differs: centres start standard normal as in `CenterLoss`, there by Kaiming's rule.

    Example:
        >>> loss = SparseCenterLoss(classes=1, dim=2)
        >>> loss.centers = np.zeros((1, 2))
        >>> loss([[2.0, 4.0]], [[1.0, 0.5]], [0]).item()  # (4 + 8) / 2
        6.0
    """

    def __init__(self, classes, dim, alpha=0.5, reduction="mean", seed=0):
        super().__init__()
        contract.check_centers("SparseCenterLoss", classes, dim, alpha, reduction)
        self.alpha, self.reduction = alpha, reduction
        self.register_buffer("centers", contract.first_centers(classes, dim, seed))

    def forward(self, features, attention, labels):
        """The loss, a scalar. Shapes (batch, dim), (batch, dim) and (batch,)."""
        x, weights, labels = self._checked(features, attention, labels, self.reduction)
        apart = x.data - self.centers[labels]
        share = 1 / len(x) if self.reduction == "mean" else 1.0
        slopes = share * weights.data * apart, 0.5 * share * np.square(apart)
        loss = 0.5 * share * (weights.data * np.square(apart)).sum()
        return record(loss, _two_slopes_backward, slopes, x._node, weights._node)

    def update(self, features, attention, labels):
        """Move the centres, in each dimension as far as it counts. Shapes as `forward`; no gradient."""
        x, weights, labels = self._checked(features, attention, labels, "sum")
        pull = _pull(self.centers, x.data, labels, weights.data)
        self.centers = (self.centers - self.alpha * pull).astype(self.centers.dtype)

    def _checked(self, features, attention, labels, reduction):
        name, x, weights = "SparseCenterLoss", as_tensor(features), as_tensor(attention)
        contract.check_features(name, x.shape, np.shape(labels), self.centers.shape, weights.shape)
        contract.check_reduction(name, reduction, len(x))
        return x, weights, class_numbers(name, labels, len(self.centers))


class DimensionAttention(nn.Module):
    r"""A in (0, 1) for each feature dimension, out of the last feature map: for which dimensions gathering shall count.

    The flattened map goes through layers of Linear, batch norm and ReLU, the last of them with tanh; one more Linear
    gives two scores for each dimension, and A is the second share of their softmax.

    Args:    in_features: numbers in a flattened map.
             dim: D, of the features.
             hidden: units of the layers.
    Raises:  ValueError: a layer without units; a map of another size; in training, a batch of one.
    Source:  Farzaneh and Qi (2021) and their code; slide "Sparse Center Loss". Differs: weights start as in any Linear
             layer, there by Kaiming's rule.

    Example:
        >>> a = DimensionAttention(8, dim=3, hidden=(4, 2))(np.arange(16.0, dtype=np.float32).reshape(2, 2, 2, 2))
        >>> a.shape, bool((a > 0).all() and (a < 1).all())
        ((2, 3), True)
    """

    def __init__(self, in_features, dim, hidden=(3584, 512, 64)):
        super().__init__()
        contract.check_attention(in_features, dim, hidden)
        self.in_features, self.dim = in_features, dim
        sizes = (in_features, *hidden)
        self.linears = nn.ModuleList([nn.Linear(a, b) for a, b in zip(sizes[:-1], sizes[1:], strict=True)])
        self.norms = nn.ModuleList([_BatchNorm1d(size) for size in hidden])
        self.scores = nn.Linear(hidden[-1], 2 * dim)

    def forward(self, features):
        """Shapes (batch, ...) to (batch, dim)."""
        contract.check_map(np.shape(features), self.in_features)
        h = as_tensor(features).reshape(len(features), self.in_features)
        for number, (linear, norm) in enumerate(zip(self.linears, self.norms, strict=True), 1):
            h = norm(linear(h))
            h = tanh(h) if number == len(self.norms) else relu(h)
        pairs = self.scores(h).reshape(len(h), self.dim, 2)
        return softmax(pairs, axis=2)[:, :, 1]


class _BatchNorm1d(nn.BatchNorm2d):
    """Batch norm of features without positions."""

    def forward(self, x):
        """(batch, features), normalised per feature."""
        if self.training:
            self.num_batches_tracked = self.num_batches_tracked + np.array(1)
        running = self.running_mean, self.running_var
        return batch_norm(x, *running, self.weight, self.bias, self.training, self.momentum, self.eps)


def _pull(centers, x, labels, weights=1.0):
    """sum_{y_i = j} A_i (c_j - x_i) / (1 + n_j) for each class: one product with the members. Shape (classes, dim)."""
    members = np.zeros((len(labels), len(centers)), centers.dtype)  # (batch, classes)
    members[np.arange(len(labels)), labels] = 1
    total = members.T @ (weights * (centers[labels] - x))  # (classes, dim)
    return total / (1 + members.sum(axis=0))[:, None]


def _directions(centers):
    """Unit vectors, 0 for a centre without a direction, and lengths as a column, 1 there."""
    length = np.linalg.norm(centers, axis=1, keepdims=True)
    there = length > SHORTEST
    length = np.where(there, length, 1)
    return np.where(there, centers / length, 0), length


def _two_slopes_backward(gradient, needs, to_features, to_attention):
    """dL/dx and dL/dA: the gradient times the slopes that the forward pass has found."""
    return needs[0] and gradient * to_features, needs[1] and gradient * to_attention
