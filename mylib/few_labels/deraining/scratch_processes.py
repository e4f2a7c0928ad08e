r"""Gaussian processes in NumPy, and what they say of a latent without a label.

Notation, as on the slides: z is a latent, F the stored latents of labelled pictures, K(a, b) the kernel's values,
sigma^2 the noise's variance, mu and Sigma mean and variance of the posterior; n marks near, f far.
"""

import numpy as np

from mylib.engine import Tensor, as_tensor, clip, exp, log, no_grad, record
from mylib.few_labels.deraining import contract


def cosine_kernel(x, y):
    r"""k(x, y) = x . y / (|x| |y|): near 1 where two vectors point the same way, -1 where they are opposed.

    A vector of zeros points nowhere: its kernel is 0 with everything, itself among it.

    Args:    x: Shape (..., n, dim).
             y: Shape (..., m, dim).
    Returns: Tensor. Shape (..., n, m).
    Raises:  ValueError: shapes that do not fit.
    Source:  Yasarla et al. (2020), whose code calls it linear; elementary. Differs: none.

    Example:
        >>> cosine_kernel([[3.0, 4.0]], [[6.0, 8.0], [-4.0, 3.0], [0.0, 0.0]]).numpy().round(6).tolist()
        [[1.0, 0.0, 0.0]]
    """
    x, y = as_tensor(x), as_tensor(y)
    contract.check_kernel("cosine_kernel", x.shape, y.shape)
    return _directions(x) @ _directions(y).swapaxes(-1, -2)


def _directions(x):
    """Rows of length 1; a row of zeros is divided by 1."""
    squares = (x * x).sum(axis=-1, keepdims=True)
    return x / (squares + (squares.data == 0)).sqrt()


def rbf_kernel(x, y, length_scale=1.0):
    r"""k(x, y) = exp(-|x - y|^2 / (2 l^2)), the squared exponential: 1 at distance 0, 0.61 at distance l, 0.01 at 3 l.

    Args:    x: Shape (..., n, dim).
             y: Shape (..., m, dim).
             length_scale: l, above 0.
    Returns: Tensor. Shape (..., n, m).
    Raises:  ValueError: shapes that do not fit, or a length that is not above 0.
    Source:  Rasmussen, Williams, "Gaussian processes for machine learning" (2006). Differs: none.

    Example:
        >>> rbf_kernel(np.zeros((1, 1)), [[0.0], [2.0]], length_scale=2.0).numpy().round(4).tolist()
        [[1.0, 0.6065]]
    """
    x, y = as_tensor(x), as_tensor(y)
    contract.check_kernel("rbf_kernel", x.shape, y.shape)
    contract.check_length(length_scale)
    middle = y.data.mean(axis=-2, keepdims=True) if y.size else 0  # from there, squares keep more of their digits
    x, y = x - middle, y - middle
    squares = (x * x).sum(axis=-1)[..., :, None] + (y * y).sum(axis=-1)[..., None, :] - 2 * x @ y.swapaxes(-1, -2)
    return exp(-clip(squares, 0, None) / (2 * length_scale**2))  # rounding leaves squares a little below 0


def gp_posterior(queries, inputs, outputs, kernel=cosine_kernel, noise=1.0):
    r"""What a Gaussian process expects at new places, and how sure it is.

    mu = K(z, F) A^-1 Y and Sigma = k(z, z) - K(z, F) A^-1 K(F, z) + sigma^2 with A = K(F, F) + sigma^2 I.
    A is symmetric: with W = A^-1 K(F, z), solved once for all queries, mu = W^T Y. Without data the mean is 0.

    Args:    queries: z. Shape (..., queries, dim).
             inputs: F. Shape (..., count, dim).
             outputs: Y, what was seen at the inputs. Shape (..., count, out).
             kernel: function of two sets of rows.
             noise: sigma^2, a variance.
    Returns: mean and variance, Tensors. Shapes (..., queries, out) and (..., queries); the variance is that of a new
             observation, noise included.
    Raises:  ValueError: shapes that do not fit, noise that is not above 0 (or, in float32, below 1e-6), or a kernel
             matrix that is not positive definite with it.
    Source:  Rasmussen, Williams (2006); slide "Gaussian Process Modeling and Pseudo-GT". Differs: none.

    Example:
        >>> points = np.array([[0.0], [1.0]])
        >>> mean, variance = gp_posterior(np.array([[0.5]]), points, points, rbf_kernel)
        >>> round(mean.item(), 6), round(variance.item(), 6)
        (0.338571, 1.402423)
    """
    queries, inputs, outputs = as_tensor(queries), as_tensor(inputs), as_tensor(outputs)
    contract.check_posterior(queries.shape, inputs.shape, outputs.shape, noise, inputs.dtype)
    to_inputs = kernel(queries, inputs)  # (..., queries, count)
    a = kernel(inputs, inputs) + noise * np.eye(inputs.shape[-2], dtype=inputs.dtype)
    weights = solve_positive(a, to_inputs.swapaxes(-1, -2)).swapaxes(-1, -2)  # W^T: (..., queries, count)
    each = queries[..., None, :]
    prior = kernel(each, each)[..., 0, 0]
    return weights @ outputs, prior - (weights * to_inputs).sum(axis=-1) + noise


def solve_positive(a, b):
    r"""X = A^-1 B for symmetric positive definite A, all matrices of a batch at once.

    A = L L^T (Cholesky), then L V = B from the first row down, and L^T X = V from the last row up.

    Args:    a: Shape (..., count, count).
             b: Shape (..., count, columns).
    Returns: Tensor X. Shape of b.
    Raises:  ValueError: A is not positive definite.
    Source:  elementary; gradient: dL/dB = A^-1 G and dL/dA = -(A^-1 G) X^T, where G = dL/dX, from A X = B.
             Differs: none.

    Example:
        >>> solve_positive([[4.0, 0.0], [0.0, 2.0]], [[8.0], [8.0]]).numpy().tolist()
        [[2.0], [4.0]]
    """
    a, b = as_tensor(a), as_tensor(b)
    try:
        factor = np.linalg.cholesky(a.data)
    except np.linalg.LinAlgError:
        contract.check_definite(True)
    x = _substituted(factor, b.data)
    return record(x, solve_backward, (factor, x), a._node, b._node)


def solve_backward(gradient, needs, factor, x):
    """dL/dA = -(A^-1 G) X^T,  dL/dB = A^-1 G."""
    to_b = _substituted(factor, gradient)
    return needs[0] and -to_b @ x.swapaxes(-1, -2), needs[1] and to_b


def _substituted(factor, b):
    """A^-1 b from A's Cholesky factor: forward, then backward, a row of all matrices at a time."""
    count = factor.shape[-1]
    x = np.array(np.broadcast_to(b, (*factor.shape[:-2], *b.shape[-2:])))
    for i in range(count):
        x[..., i, :] -= (factor[..., i, None, :i] @ x[..., :i, :])[..., 0, :]
        x[..., i, :] /= factor[..., i, i, None]
    for i in reversed(range(count)):
        x[..., i, :] -= (factor[..., i + 1 :, i, None].swapaxes(-1, -2) @ x[..., i + 1 :, :])[..., 0, :]
        x[..., i, :] /= factor[..., i, i, None]
    return x


def pseudo_latents(z, labelled, neighbours=8, kernel=cosine_kernel, noise=1.0):
    r"""A label for each latent that has none, and how sure the process is near labels and far from them.

    For each z the N nearest stored latents by kernel are inputs and outputs of a process of its own, which gives mu
    and Sigma_n; with the N farthest it gives Sigma_f. Of equals the one that is stored first is taken.

    Args:    z: latents of pictures without labels. Shape (n, dim).
             labelled: stored latents, held fixed. Shape (stored, dim).
             neighbours: N, near ones and as many far ones.
             kernel: function of two sets of rows, leading axes allowed.
             noise: sigma^2, a variance.
    Returns: mean, variance_near, variance_far, Tensors: (n, dim), (n,), (n,). The mean is a label, without gradient;
             both variances have one with respect to z.
    Raises:  ValueError: shapes that do not fit, more neighbours than are stored, noise that is not above 0 (or, in
             float32, below 1e-6).
    Source:  Yasarla et al. (2020); slide "Unlabeled Data training phase".
             Differs: the authors' code lets the gradient through the mean as well.

    Example:
        >>> stored = np.array([[1.0, 0.0], [0.0, 1.0], [-1.0, 0.0]])
        >>> mean, near, far = pseudo_latents(np.array([[2.0, 0.0]]), stored, neighbours=1)
        >>> mean.numpy().round(6).tolist(), near.numpy().round(6).item(), far.numpy().round(6).item()  # k is 1 and -1
        ([[0.5, 0.0]], 1.5, 1.5)
    """
    z, labelled = as_tensor(z), as_tensor(labelled).detach()
    contract.check_pseudo(z.shape, labelled.shape, neighbours, noise, labelled.dtype)
    with no_grad():
        likeness = kernel(z, labelled).data
    nearest = np.argsort(-likeness, axis=1, kind="stable")[:, :neighbours]
    farthest = np.argsort(likeness, axis=1, kind="stable")[:, :neighbours]
    near, far = (Tensor(labelled.data[chosen]) for chosen in (nearest, farthest))  # (n, neighbours, dim)
    mean, variance_near = gp_posterior(z[:, None], near, near, kernel, noise)
    _, variance_far = gp_posterior(z[:, None], far, far[:, :, :1], kernel, noise)
    return mean[:, 0].detach(), variance_near[:, 0], variance_far[:, 0]


def pseudo_label_loss(z, mean, variance_near, variance_far, variance_weight=0.33, far_weight=1e-6):
    r"""L = mean over pictures of mean_d (z_d - mu_d)^2 / Sigma_n + v (log Sigma_n - kappa log Sigma_f).

    z is drawn to its label, the more the surer the label is; its variance near labels shall be small, and far from them
    large. The slide's ||z - mu|| + log Sigma_n + log(1 - Sigma_f) has no value: Sigma_f >= sigma^2, and for
    sigma^2 = 1 the last logarithm is of a number that is not above 0.

    Args:    z: latents. Shape (n, dim).
             mean: mu, a label: no gradient. Shape (n, dim).
             variance_near: Sigma_n, above 0. Shape (n,).
             variance_far: Sigma_f, above 0. Shape (n,).
             variance_weight: v.
             far_weight: kappa.
    Returns: Tensor, a number.
    Raises:  ValueError: shapes that do not fit, no latent, or a weight below 0.
    Source:  the code of Yasarla et al. (2020). Differs: the mean has no gradient.

    Example:
        >>> round(pseudo_label_loss([[1.0, 3.0]], [[0.0, 0.0]], [2.0], [3.0], 0.5, 0.1).item(), 6)
        2.791643
    """
    z, mean = as_tensor(z), as_tensor(mean).detach()
    near, far = as_tensor(variance_near), as_tensor(variance_far)
    contract.check_pseudo_loss(z.shape, mean.shape, near.shape, far.shape, variance_weight, far_weight)
    squared = ((z - mean) ** 2).mean(axis=1)
    return (squared / near + variance_weight * (log(near) - far_weight * log(far))).mean()
