r"""The losses on images without labels, in NumPy: low entropy, and views that agree."""

import numpy as np

from mylib.engine import as_tensor, cross_entropy, log_softmax, softmax
from mylib.few_labels.curriculum_labels import contract


def entropy(logits):
    r"""H(p) = -sum_c p_c log p_c with p = softmax(logits), in nats: 0 for who is sure, log C for who knows nothing.

    Its gradient, -p_k (log p_k + H), pushes boundaries between classes out of where images are dense. A class with
    p_c = 0 adds nothing: log p is taken from the logits, where it is finite.

    Args:    logits: finite. Shape (n, classes).
    Returns: Tensor. Shape (n,).
    Raises:  ValueError: another shape.
    Source:  Grandvalet and Bengio (2004); slide "Entropy minimization". Differs: none.

    Example:
        >>> entropy(np.array([[0.0, 0.0], [2000.0, 0.0]])).numpy().round(6).tolist()  # log 2, and 0
        [0.693147, 0.0]
    """
    logits = as_tensor(logits)
    contract.check_entropy(logits.shape)
    log_p = log_softmax(logits, axis=-1)
    return (log_p.exp() * -log_p).sum(axis=-1)


def consistency_loss(logits_weak, logits_strong, threshold=0.95, hard=True, temperature=1.0):
    r"""1/n sum_i 1[max q_i > T(c_i)] H(target_i, p_i), q = softmax(weak), p = softmax(strong), c_i = arg max q_i.

    The target is c_i, or softmax(weak / temperature) if not `hard`. It is a label: no gradient goes to the weak view.
    The mean is over all n images, those below the threshold among them. FixMatch: one threshold; FlexMatch: one a
    class; UDA: not hard; pseudo-labels: the same logits twice.

    Args:    logits_weak, logits_strong: of two views of the same images. Shapes (n, classes).
             threshold: a number in [0, 1], or one for each class, (classes,), looked up at c_i; of equal probabilities
             the first is the largest.
             hard: whether the target is one class.
             temperature: of the target that is not hard; the mask is taken at 1. UDA: 0.4, with a threshold of 0.8.
    Returns: Tensor, a scalar; array of bool: which images were used. Shape (n,).
    Raises:  ValueError: shapes that do not fit, no image, a threshold outside [0, 1], a temperature not above 0.
    Source:  Sohn et al. (2020), equation 4; Xie et al. (2020); slides "FixMatch" and "UDA". Differs: strictly above the
             threshold, as printed; the authors' code uses an image at the threshold too.

    Example:
        >>> weak, strong = np.log([[0.96, 0.04], [0.2, 0.8]]), np.log([[0.5, 0.5], [0.5, 0.5]])
        >>> loss, used = consistency_loss(weak, strong)
        >>> round(loss.item(), 6), used.tolist()  # half of log 2: the second image counts as 0
        (0.346574, [True, False])
    """
    weak, strong, threshold = np.asarray(as_tensor(logits_weak).data), as_tensor(logits_strong), np.asarray(threshold)
    contract.check_consistency(weak.shape, strong.shape, temperature, threshold.shape)
    contract.check_thresholds("consistency_loss", threshold.min(), threshold.max())
    q = softmax(weak, axis=-1).numpy()
    guess = q.argmax(axis=-1)
    used = q.max(axis=-1) > (threshold[guess] if threshold.shape else float(threshold))
    if hard:
        losses = cross_entropy(strong, guess, reduction="none")
    else:
        losses = -(softmax(weak / temperature, axis=-1) * log_softmax(strong, axis=-1)).sum(axis=-1)
    return (losses * used.astype(strong.dtype)).mean(), used


def l2_consistency_loss(logits, pseudo_labels):
    r"""1/(C n) sum_j ||q_j - p_j||^2 with p = softmax(logits): squared, and a mean over the classes too.

    Args:    logits: Shape (n, classes).
             pseudo_labels: q, probabilities; labels, so that no gradient goes to them. Shape (n, classes).
    Returns: Tensor, a scalar.
    Raises:  ValueError: shapes that do not fit, no image, or rows of q that do not sum to 1 within 1e-4.
    Source:  Laine and Aila (2017); Hu et al. (2021), equation 5; slide "Consistency regularization". Differs: the slide
             prints one term twice, and so 0; they are two draws of a view.

    Example:
        >>> round(l2_consistency_loss([[0.0, 0.0]], [[1.0, 0.0]]).item(), 6)  # (0.5^2 + 0.5^2) / 2
        0.25
    """
    logits, q = as_tensor(logits), np.asarray(as_tensor(pseudo_labels).data)
    contract.check_soft_labels(logits.shape, q.shape)
    sums = q.sum(axis=-1)
    contract.check_sums(sums.min(), sums.max())
    difference = softmax(logits, axis=-1) - q
    return (difference * difference).mean()
