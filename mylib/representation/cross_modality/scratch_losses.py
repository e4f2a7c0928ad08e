"""The two gaps, in NumPy: triplets with the hardest images of the other modality, and cross-entropy in each."""

import numpy as np

from mylib.engine import as_tensor, clip, cross_entropy, matmul, max, mean, min, relu, sqrt, sum, where
from mylib.representation.cross_modality import contract


def hardest_triplet_loss(anchors, candidates, labels_anchor, labels_candidate, margin=0.3):
    r"""1/M sum_i [ alpha + max_{j: y_j = y_i} D(a_i, c_j) - min_{k: y_k != y_i} D(a_i, c_k) ]_+, one direction.

    a_i is an anchor's feature, c_j and c_k those of candidates, of another modality; j and k run over all candidates.
    D(a, c) = sqrt(max(|a|^2 + |c|^2 - 2 a . c, 1e-12)), all pairs by one matrix product. Of several hardest images the
    first gets the gradient; a hinge that is exactly 0 gives none.

    Args:    anchors: features. Shape (rows, dim).
             candidates: Shape (others, dim).
             labels_anchor, labels_candidate: persons, any integers. Shapes (rows,) and (others,).
             margin: alpha, at least 0.
    Returns: Tensor, a scalar.
    Raises:  ValueError: shapes that do not fit, a margin below 0, or an anchor without an image of its person, or of
             another person, among the candidates. TypeError: labels that are no integers.
    Source:  Li et al. (2020), as read from the slide "Loss = CMG + MRG"; hardest images: Hermans, Beyer, Leibe (2017).
             Differs: the slide's second max is a min; a mean stands for its sum.

    Example:
        >>> infrared, x = [[0.0, 0.0], [4.0, 0.0]], [[1.0, 0.0], [3.0, 3.0]]
        >>> round(hardest_triplet_loss(infrared, x, [0, 1], [0, 1]).item(), 6)  # hinges 0 and 0.462278
        0.231139
        >>> hardest_triplet_loss(x, infrared, [0, 1], [0, 1]).item()
        0.0
    """
    operation, labels = "hardest_triplet_loss", (labels_anchor, labels_candidate)
    anchors, candidates, same = _pairs(operation, anchors, candidates, labels, margin)
    contract.check_partners(operation, *_alone(same))
    return mean(_hinges(_distances(anchors, candidates), same, margin))


def cross_modality_gap(features_a, features_b, labels_a, labels_b, margin=0.3):
    r"""L_{A-B} + L_{B-A}: `hardest_triplet_loss` in both directions, added.

    Args:    features_a, features_b: of two modalities. Shapes (rows, dim) and (others, dim).
             labels_a, labels_b: persons, any integers. Shapes (rows,) and (others,).
             margin: alpha, at least 0, the same in both directions.
    Returns: Tensor, a scalar.
    Raises:  ValueError: as `hardest_triplet_loss`, for either side. TypeError: labels that are no integers.
    Source:  Li et al. (2020), L_cross on the slide "Loss = CMG + MRG". Differs: as `hardest_triplet_loss`; the positive
             of X-I is an infrared image (the slide compares X with X).

    Example:
        >>> infrared, x = [[0.0, 0.0], [4.0, 0.0]], [[1.0, 0.0], [3.0, 3.0]]
        >>> round(cross_modality_gap(infrared, x, [0, 1], [0, 1]).item(), 6)
        0.231139
    """
    operation = "cross_modality_gap"
    a, b, same = _pairs(operation, features_a, features_b, (labels_a, labels_b), margin)
    for direction in (same, same.T):
        contract.check_partners(operation, *_alone(direction))
    distances = _distances(a, b)  # the other direction reads the same matrix by columns
    return mean(_hinges(distances, same, margin)) + mean(_hinges(distances.transpose(0, 1), same.T, margin))


def modality_respective_gap(logits, labels):
    r"""sum over modalities m of 1/B_m sum_b -log softmax(z^m_b)[y^m_b]: one classifier names the person in each.

    Args:    logits: list, one entry for each modality. Shapes (batch, identities), with batches of their own.
             labels: list of integers from 0. Shapes (batch,).
    Returns: Tensor, a scalar.
    Raises:  ValueError: lists of different lengths or empty, shapes that do not fit, labels outside of the classes.
             TypeError: no lists, or labels that are no integers.
    Source:  Li et al. (2020), slide "MRG: similar to typical cross entropy loss". Differs: the slide does not say
             whether modalities share a classifier and whether their terms are added; here both.

    Example:
        >>> flat = np.zeros((2, 4))
        >>> round(modality_respective_gap([flat, flat], [[0, 1], [2, 3]]).item(), 6)  # twice log 4
        2.772589
    """
    contract.check_list("logits", logits)
    contract.check_list("labels", labels)
    logits, labels = [as_tensor(z) for z in logits], [np.asarray(y) for y in labels]
    contract.check_modalities([z.shape for z in logits], [y.shape for y in labels])
    total = 0.0
    for z, y in zip(logits, labels, strict=True):
        contract.check_labels("modality_respective_gap", str(y.dtype), y.min(), y.max(), z.shape[1])
        total = total + cross_entropy(z, y)
    return total


def _pairs(operation, a, b, labels, margin):
    """Both sides as Tensors, and which pairs show the same person, (rows, others)."""
    a, b, labels_a, labels_b = as_tensor(a), as_tensor(b), *map(np.asarray, labels)
    contract.check_triplets(operation, a.shape, b.shape, labels_a.shape, labels_b.shape, margin)
    for side in (labels_a, labels_b):
        contract.check_labels(operation, str(side.dtype))
    return a, b, labels_a[:, None] == labels_b


def _alone(same):
    """Rows without a positive, and rows without a negative."""
    return np.flatnonzero(~same.any(axis=1)).tolist(), np.flatnonzero(same.all(axis=1)).tolist()


def _distances(a, b):
    """D of all pairs, (rows, others)."""
    squares = sum(a * a, axis=1)[:, None] + sum(b * b, axis=1) - 2 * matmul(a, b.transpose(0, 1))
    return sqrt(clip(squares, low=contract.LEAST_SQUARE))


def _hinges(distances, same, margin):
    """[alpha + hardest positive - hardest negative]_+ of each row."""
    positive = max(where(same, distances, -np.inf), axis=1)
    negative = min(where(same, np.inf, distances), axis=1)
    return relu(margin + positive - negative)
