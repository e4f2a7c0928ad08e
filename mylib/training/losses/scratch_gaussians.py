"""Features of a class as a round Gaussian, in NumPy: divergence of two Gaussians, kurtosis, and the GCCS loss."""

import numpy as np

from mylib.engine import as_tensor, nn, record
from mylib.engine.losses import scaled_backward
from mylib.training.losses import contract
from mylib.training.losses.scratch_weights import class_numbers


def gaussian_kl(mean, covariance, target_mean, target_variance):
    r"""KL(N(m, S) || N(mu, sigma^2 I)) = 1/2 [log(sigma^(2D) / det S) - D + tr(S) / sigma^2 + ||m - mu||^2 / sigma^2].

    It is 0 where both are the same, and grows with what is too wide, too narrow, or in the wrong place. Gradients:
    dL/dm = (m - mu) / sigma^2 and dL/dS = 1/2 (I / sigma^2 - S^-1).

    Args:    mean: m. Shape (..., D).
             covariance: S, positive definite. Shape (..., D, D).
             target_mean: mu. Shape (D,), or (..., D).
             target_variance: sigma^2, a number above 0.
    Returns: Tensor, nats. Shape (...).
    Raises:  ValueError: shapes that do not fit, a covariance that is not positive definite, a variance of 0 or below.
    Source:  elementary (Kullback and Leibler 1951); Ali et al. (2020) take twice this. Differs: none.

    Example:
        >>> gaussian_kl([0.0, 0.0], [[1.0, 0.0], [0.0, 1.0]], [3.0, 4.0], 1.0)
        Tensor(12.5)
    """
    m, s, mu = as_tensor(mean), as_tensor(covariance), as_tensor(target_mean)
    contract.check_gaussian(m.shape, s.shape, mu.shape, target_variance)
    contract.check_definite(bool(s.size) and not np.linalg.eigvalsh(s.data).min() > 0)
    dim = m.shape[-1]
    _, log_det = np.linalg.slogdet(s.data)
    log_det = record(log_det, _log_det_backward, (s.data,), s._node)
    trace = (s * np.eye(dim, dtype=s.dtype)).sum(axis=(-2, -1))
    apart = ((m - mu) ** 2).sum(axis=-1)
    return 0.5 * (dim * float(np.log(target_variance)) - log_det - dim + (trace + apart) / float(target_variance))


def kurtosis(features):
    r"""The mean of the fourth power of standardised features, for each dimension: 3 for a Gaussian, 1 for two spikes.

    For n draws of a true Gaussian it averages 3 (n - 1) / (n + 1).

    Args:    features: Shape (n, D), n at least 2.
    Returns: Tensor. Shape (D,).
    Raises:  ValueError: fewer than two examples, or a dimension without spread.
    Source:  Pearson (1905); Ali et al. (2020). Differs: divides by n, as SciPy's `kurtosis(fisher=False)` does.

    Example:
        >>> kurtosis([[-1.0], [1.0]])
        Tensor([1.])
    """
    x = as_tensor(features)
    contract.check_kurtosis(x.shape)
    centred = x - x.mean(axis=0, keepdims=True)
    square = centred**2
    variance = square.mean(axis=0)
    contract.check_spread("kurtosis", [f"dimension {d}" for d in np.flatnonzero(variance.data == 0)])
    return (square**2).mean(axis=0) / variance**2


class GCCSLoss(nn.Module):
    r"""Class k shall be a Gaussian N(mu e_k, sigma^2 I): the means form a simplex, and the arg max is the class.

    From the batch's n_k features of class k come the mean m, the covariance S (divided by n_k) and the kurtosis of each
    dimension. The loss is, summed over the classes that are present,

        [log(sigma^(2D) / det S) - D + tr(S) / sigma^2 + ||m - mu e_k||^2 / sigma^2] + lambda sum_d (kurtosis_d - 3)^2.

    With v = diag S, centred features d = x - m, and M3 the mean of d^3, the gradient in one example is 2 / n_k times

        (I / sigma^2 - S^-1) d + (m - mu e_k) / sigma^2 + 4 lambda (kurtosis - 3) [(d^3 - M3) / v^2 - kurtosis d / v].

    The loss does not reach 0 on a batch: even true Gaussians have a covariance that differs from sigma^2 I by chance.

    Args:    classes: K, which is also D.
             distance: mu, above 0.
             variance: sigma^2, above 0.
             kurtosis_weight: lambda, at least 0.
             covariance: "full", which needs more than D examples of each class in the batch, or "diagonal", which needs
                 two and leaves out what lies beside the diagonal.
    Raises:  ValueError: an option out of range; shapes that do not fit, a label that is no class, a class with too few
                 examples for its covariance, features without spread. TypeError: labels that are no integers.
    Source:  Ali et al. (2020); slide "GCCS Loss". Differs: the paper's mu, sigma and lambda were not available to us;
             the defaults are ours.

    Example:
        >>> loss = GCCSLoss(2, distance=4.0, kurtosis_weight=0.0, covariance="diagonal")
        >>> loss([[3.0, -1.0], [5.0, 1.0]], [0, 0]).item()  # the mean and the variances are those of the target
        0.0
    """

    def __init__(self, classes, distance=10.0, variance=1.0, kurtosis_weight=0.1, covariance="full"):
        super().__init__()
        contract.check_gccs(classes, distance, variance, kurtosis_weight, covariance)
        self.variance, self.kurtosis_weight, self.covariance = variance, kurtosis_weight, covariance
        self.register_buffer("targets", (distance * np.eye(classes)).astype(np.float32))

    def forward(self, features, labels):
        """The loss, a scalar. Shapes (batch, classes) and (batch,)."""
        x, labels, members, counts = self._checked(features, labels)
        present = np.flatnonzero(counts)
        members, counts = members[:, present], counts[present][:, None]  # (batch, present), (present, 1)
        own = np.searchsorted(present, labels)  # which of them each example belongs to
        mean = members.T @ x.data / counts
        d = x.data - mean[own]
        second, third, fourth = (members.T @ d**power / counts for power in (2, 3, 4))
        contract.check_spread("GCCSLoss", [f"class {k}" for k in present[(second == 0).any(axis=1)]])
        log_det, whitened = self._log_det(d, members, counts, second, own)
        off = mean - self.targets[present].astype(x.dtype)
        excess = fourth / second**2 - 3
        bracket = x.shape[1] * (np.log(self.variance) - 1) - log_det
        bracket = bracket + (second + off**2).sum(axis=1) / self.variance
        loss = (bracket + self.kurtosis_weight * (excess**2).sum(axis=1)).sum()
        tails = (d**3 - third[own]) / second[own] ** 2 - (excess[own] + 3) * d / second[own]
        slope = (d + off[own]) / self.variance - whitened + 4 * self.kurtosis_weight * excess[own] * tails
        slope = (2 / counts[own] * slope).astype(x.dtype)
        return record(np.asarray(loss, x.dtype), scaled_backward, (slope,), x._node)

    def _log_det(self, d, members, counts, second, own):
        """log det S of each class, and S^-1 d of each example."""
        if self.covariance == "diagonal":
            return np.log(second).sum(axis=1), d / second[own]
        s = (members.T[:, None] * d.T) @ d / counts[:, :, None]  # (present, dim, dim)
        sign, log_det = np.linalg.slogdet(s)
        contract.check_spread("GCCSLoss", [f"class {k} of those present" for k in np.flatnonzero(sign <= 0)])
        return log_det, (np.linalg.inv(s)[own] @ d[:, :, None])[:, :, 0]

    def _checked(self, features, labels):
        """Features, labels, who belongs to which class, and how many do."""
        x, classes = as_tensor(features), len(self.targets)
        contract.check_batch(x.shape, np.shape(labels), classes)
        labels = class_numbers("GCCSLoss", labels, classes)
        members = (labels[:, None] == np.arange(classes)).astype(x.dtype)
        counts = members.sum(axis=0)
        least = classes + 1 if self.covariance == "full" else 2
        few = {int(k): int(n) for k, n in enumerate(counts) if 0 < n < least}
        contract.check_counts(few, least, self.covariance)
        return x, labels, members, counts


def _log_det_backward(gradient, needs, s):
    """d log det S / dS = S^-T."""
    return (gradient[..., None, None] * np.linalg.inv(s).swapaxes(-1, -2),)
