r"""The losses in NumPy: an image has to be told from all others, by a bank, a batch, a queue, or prototypes.

Every loss here is a cross-entropy over similarities of unit vectors, divided by a temperature tau; all similarities of
a batch come from one matrix product. Vectors are brought to length 1 inside.
"""

import numpy as np

from mylib.attention.contrastive import contract
from mylib.engine import as_tensor, binary_cross_entropy_with_logits, concatenate, cross_entropy

TINY = 1e-24  # under the root: a vector of zeros has no direction, and no gradient that is not a number


def unit(v):
    """v / ||v|| along the last axis, as a Tensor."""
    v = as_tensor(v)
    return v / ((v * v).sum(axis=-1, keepdims=True) + TINY).sqrt()


def non_parametric_softmax(v, bank, temperature=0.07):
    r"""P(i|v) = exp(f_i . v / tau) / sum_j exp(f_j . v / tau): every image of the training set is a class of its own.

    In place of a weight vector for each class stands the vector f_i of image i itself, from a memory bank.

    Args:    v: embeddings. Shape (batch, dim).
             bank: f, one row for each training image. Shape (size, dim).
             temperature: tau above 0.
    Returns: probabilities. Shape (batch, size).
    Raises:  ValueError: shapes that do not fit, or a temperature that is not above 0.
    Source:  Wu et al. (2018), equation 2; slide "Non-Parametric Instance Discrimination". Differs: none.

    Example:
        >>> p = non_parametric_softmax([[2.0, 0.0]], [[1.0, 0.0], [-1.0, 0.0]], temperature=2 / np.log(3))
        >>> p.numpy().round(6).tolist()  # cosines 1 and -1, two apart: e^(log 3) = 3 to 1
        [[0.75, 0.25]]
    """
    v, bank = as_tensor(v), np.asarray(bank)
    contract.check_softmax(v.shape, bank.shape, temperature)
    return (unit(v) @ _unit_rows(bank, v).T / temperature).softmax(axis=-1)


def estimate_normaliser(v, bank, noise, temperature=0.07):
    r"""Z = n / m mean_i sum_j exp(f_j . v_i / tau), over the m noise images of each: the sum over all n, estimated.

    Args:    v: embeddings. Shape (batch, dim).
             bank: Shape (size, dim).
             noise: numbers of images drawn evenly. Shape (batch, m).
             temperature: tau above 0.
    Returns: a number. Wu et al. take it from the first batch and keep it.
    Source:  Wu et al. (2018), equation 8. Differs: none.
    """
    scores = _scores(as_tensor(v), np.asarray(bank), np.asarray(noise), temperature).data
    return float(np.exp(scores).mean() * len(bank))


def noise_contrastive_loss(v, indices, noise, bank, normaliser, temperature=0.07):
    r"""Is this the vector of image i, or noise? m + 1 yes-or-no questions for a softmax over n images.

    With P(i|v) = exp(f_i . v / tau) / Z and noise that draws each image with probability 1 / n, the posterior of "data"
    is h = P / (P + m / n), and

    J = -1/B sum_b [ log h(i_b, v_b) + sum_{j in noise_b} log(1 - h(j, v_b)) ].

    Since h is a sigmoid of log P - log(m / n), J is a binary cross-entropy of these logits.

    Args:    v: embeddings. Shape (batch, dim).
             indices: number of each image in the bank. Shape (batch,).
             noise: numbers of the noise images. Shape (batch, m).
             bank: Shape (size, dim).
             normaliser: Z, of `estimate_normaliser`.
             temperature: tau above 0.
    Returns: scalar J.
    Raises:  ValueError: shapes that do not fit, or a temperature or normaliser that is not above 0.
    Source:  Gutmann and Hyvarinen (2010); Wu et al. (2018), equations 4 to 7. Differs: none.

    Example:
        >>> loss = noise_contrastive_loss([[1.0, 0.0]], [0], [[1]], [[1.0, 0.0], [0.0, 1.0]], np.exp(1.0) * 2, 1.0)
        >>> round(loss.item(), 4)  # P = 1/2 = m/n, h = 1/2; and P = 1/(2 e): log 2 + log(1 + 1/e)
        1.0064
    """
    v, bank = as_tensor(v), np.asarray(bank)
    indices, noise = np.asarray(indices), np.asarray(noise)
    contract.check_noise(v.shape, indices.shape, noise.shape, bank.shape, normaliser, temperature)
    every = np.concatenate([indices[:, None], noise], axis=1)
    contract.check_numbers("noise_contrastive_loss", "indices and noise", every.min(), every.max(), len(bank))
    odds = np.log(normaliser) + np.log(noise.shape[1] / len(bank))
    logits = _scores(v, bank, every, temperature) - odds
    answers = np.zeros(every.shape, v.dtype)
    answers[:, 0] = 1
    return binary_cross_entropy_with_logits(logits, answers, reduction="sum") / len(v)


def nt_xent(z1, z2, temperature=0.5, gather=False):
    r"""Normalised temperature-scaled cross-entropy: each of 2 B views has to find the other view of its image.

    l(i, j) = -log exp(cos(z_i, z_j) / tau) / sum_{k != i} exp(cos(z_i, z_k) / tau),

    and the loss is the mean of l over the 2 B ordered pairs of views. All other views of the batch are the negatives.

    Args:    z1, z2: the two views, row by row of the same images. Shape (batch, dim).
             temperature: tau above 0.
             gather: negatives from all processes, in PyTorch; in NumPy False.
    Returns: scalar.
    Raises:  ValueError: shapes that do not fit, an empty batch, a temperature that is not above 0, or gather in NumPy.
    Source:  Chen et al. (2020), equation 1; slide "Contrastive learning". Differs: none.

    Example:
        >>> round(nt_xent(np.eye(2), np.eye(2), temperature=1.0).item(), 4)  # log(e + 2) - 1
        0.5514
    """
    if gather:
        raise ValueError("nt_xent: expected gather=False in NumPy, got True; the PyTorch twin knows processes")
    z1, z2 = as_tensor(z1), as_tensor(z2)
    contract.check_views(z1.shape, z2.shape, temperature)
    count = len(z1)
    z = unit(concatenate([z1, z2]))
    itself = np.zeros((2 * count, 2 * count), z.dtype)
    np.fill_diagonal(itself, -np.inf)
    partner = (np.arange(2 * count) + count) % (2 * count)
    return cross_entropy(z @ z.T / temperature + itself, partner)


def info_nce(q, k, queue, temperature=0.07):
    r"""L = -log exp(q . k / tau) / (exp(q . k / tau) + sum_j exp(q . k_j / tau)), the mean over the batch.

    Args:    q: queries. Shape (batch, dim).
             k: the key of each query, from the slow encoder. Shape (batch, dim).
             queue: keys of earlier batches, the negatives. Shape (size, dim).
             temperature: tau above 0.
    Returns: scalar.
    Raises:  ValueError: shapes that do not fit, an empty batch, or a temperature that is not above 0.
    Source:  van den Oord et al. (2018); He et al. (2020), equation 1; slide "Momentum Contrast". Differs: none.

    Example:
        >>> loss = info_nce([[1.0, 0.0]], [[1.0, 0.0]], [[0.0, 1.0]], temperature=1.0)
        >>> round(loss.item(), 4)  # log(1 + 1/e)
        0.3133
    """
    q, k, queue = as_tensor(q), as_tensor(k), np.asarray(queue)
    contract.check_keys(q.shape, k.shape, queue.shape, temperature)
    q, k = unit(q), unit(k)
    right = (q * k).sum(axis=1, keepdims=True)
    scores = concatenate([right, q @ _unit_rows(queue, q).T], axis=1) / temperature  # (batch, 1 + size)
    return cross_entropy(scores, np.zeros(len(q), np.int64))


def proto_nce(q, k, queue, clusterings, temperature=0.07):
    r"""L = info_nce - 1/M sum_m log exp(q . c_s / phi_s) / sum_j exp(q . c_j / phi_j): and find your prototype.

    M clusterings of all images, of different sizes, each give an image its centroid c_s. Each cluster has a temperature
    phi of its own, its `concentration`: loose clusters are pulled together, tight ones left alone.

    Args:    q, k, queue, temperature: as in `info_nce`.
             clusterings: list of M (centroids, labels, phi): shapes (clusters, dim), (batch,) and (clusters,); labels
                 say to which cluster each image of the batch belongs.
    Returns: scalar, the mean over the batch.
    Raises:  ValueError: as `info_nce`, no clusterings, or a phi that is not above 0.
    Source:  Li et al. (2021), equation 11; slide "Prototypical Contrastive Learning". Differs: all other centroids
             are negatives, where the paper draws some.

    Example:
        >>> c = (np.eye(2), [0], [1.0, 1.0])
        >>> round(proto_nce([[1.0, 0.0]], [[1.0, 0.0]], [[0.0, 1.0]], [c], temperature=1.0).item(), 4)  # twice 0.3133
        0.6265
    """
    loss = info_nce(q, k, queue, temperature)
    q = unit(q)
    contract.check_some_clusterings(clusterings)
    total = 0.0
    for centroids, labels, phi in clusterings:
        centroids, phi = _unit_rows(np.asarray(centroids), q), np.asarray(phi, q.dtype)
        contract.check_clustering(q.shape, centroids.shape, np.shape(labels), phi.shape, bool((phi > 0).all()))
        total = total + cross_entropy(q @ centroids.T / phi, np.asarray(labels))
    return loss + total / len(clusterings)


def _scores(v, bank, which, temperature):
    """f_j . v / tau for the chosen rows of each. Shapes (batch, dim), (size, dim), (batch, m) to (batch, m)."""
    rows = _unit_rows(bank[which], v)
    return (unit(v).unsqueeze(1) * rows).sum(axis=-1) / temperature


def _unit_rows(rows, like):
    """Constant rows of length 1, of the other's type."""
    return (rows / np.sqrt((rows * rows).sum(axis=-1, keepdims=True) + TINY)).astype(like.dtype)
