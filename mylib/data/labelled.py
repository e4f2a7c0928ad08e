"""Which images keep their labels, when most have none."""

import numpy as np


def few_labels(labels, per_class, seed=0):
    r"""Positions of `per_class` images of each class: the labelled part of a set.

    All other labels are there for reports only. The unlabelled part is the whole set, these images among it.

    Args:    labels: integers. Shape (n,).
             per_class: how many of each class keep their label, at least 1.
             seed: of the draw.
    Returns: positions, sorted, int64. Shape (classes * per_class,), for the classes that occur.
    Raises:  ValueError: labels that are not one row, per_class below 1, or more than a class has. TypeError: labels or
             per_class that are no integers.

    Example:
        >>> labels = np.array([1, 0, 1, 0, 1, 0])
        >>> chosen = few_labels(labels, 2)
        >>> len(chosen), np.bincount(labels[chosen]).tolist()
        (4, [2, 2])

    Source:  the protocol of Sohn et al., "FixMatch" (NeurIPS 2020), section 4: as many labels for each class.
    """
    labels = np.asarray(labels)
    if labels.ndim != 1:
        raise ValueError(
            f"few_labels: expected labels of shape (n,), got {labels.shape}; give one number for each image"
        )
    if labels.dtype.kind not in "iu" or not isinstance(per_class, int | np.integer):
        raise TypeError(
            f"few_labels: expected integers, got labels of {labels.dtype} and per_class={per_class!r}; round them first"
        )
    classes, counts = np.unique(labels, return_counts=True)
    if per_class < 1 or per_class > (counts.min() if len(counts) else 0):
        rarest = f"class {classes[counts.argmin()]} has {counts.min()}" if len(classes) else "there are no images"
        raise ValueError(
            f"few_labels: expected per_class of at least 1 and no more than a class has, got {per_class}; {rarest}"
        )
    order = np.random.default_rng(seed).permutation(len(labels))
    order = order[np.argsort(labels[order], kind="stable")]  # class by class, in random order within each
    first = np.cumsum(counts) - counts
    return np.sort(order[(first[:, None] + np.arange(per_class)).ravel()])
