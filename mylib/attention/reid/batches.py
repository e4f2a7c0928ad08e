"""How both twins draw batches: so many images of each of so many proxies."""

import numpy as np


def draw_batches(indices, proxies, shots, rng):
    """Numbers of images: in each batch `shots` images of each of `proxies` proxies; images come again if too few.

    Args:    indices: the proxy of each image, -1 without. Shape (n,).
             rng: NumPy's generator.
    Returns: list of integer arrays; every proxy is drawn once in an epoch.

    Example:
        >>> batches = draw_batches(np.array([0, 0, 1, -1]), proxies=2, shots=2, rng=np.random.default_rng(0))
        >>> [sorted(batch.tolist()) for batch in batches]  # image 2 is alone: it comes twice; image 3 is noise
        [[0, 1, 2, 2]]
    """
    members = np.flatnonzero(indices >= 0)
    members = members[np.lexsort((rng.random(len(members)), indices[members]))]  # by proxy, shuffled inside
    counts = np.bincount(indices[members])
    first = np.cumsum(counts) - counts
    order = rng.permutation(len(counts))
    chosen = members[first[order, None] + np.arange(shots) % counts[order, None]]  # (all proxies, shots)
    return [chosen[start : start + proxies].ravel() for start in range(0, len(order), proxies)]
