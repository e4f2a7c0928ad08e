"""The plan of deep repulsive clustering, once for both sides: when points are clustered, which pairs are compared.

Each side brings what has mathematics: features, clusters, an update, and the comparison with references.
"""

import numpy as np

from mylib.representation.ordered_clustering import contract
from mylib.representation.ordered_clustering.pairs import draw_pairs

PARTS = "loss", "comparison", "reconstruction", "cluster"


class Rounds:
    """Training and clustering in turn; a side fills in `_cluster`, `_labels`, `_train` and `_cosine`."""

    def __init__(self, ranks, k, alpha, tolerance, warmup, every, batch_size, seed):
        self.ranks, self.k, self.alpha, self.tolerance = ranks, k, alpha, tolerance
        self.warmup, self.every, self.batch_size, self.seed = warmup, every, batch_size, seed
        self.epochs = 0
        self.rng = np.random.default_rng(seed)
        self.centroids = None

    def epoch(self):
        """Cluster where it is time, then one pass of updates: as many pairs as there are images, in whole batches.

        Returns: {"loss", "comparison", "reconstruction", "cluster"}: means over the updates; "moved": share of points
                 that changed their cluster, NaN where none was formed again; "cosine": mean over pairs of centroids,
                 NaN without two.
        """
        moved = float("nan")
        if self.k > 1 and self.epochs >= self.warmup and (self.epochs - self.warmup) % self.every == 0:
            moved = self._recluster()
        batches = max(1, len(self.ranks) // self.batch_size)
        drawn = draw_pairs(self.ranks, self._labels(), self.tolerance, self.rng, batches * self.batch_size)
        sums = self._train(*(part.reshape(batches, self.batch_size) for part in drawn))
        self.epochs += 1
        means = {name: value / batches for name, value in zip(PARTS, sums, strict=True)}
        cosine = float("nan") if self.centroids is None else self._cosine()
        return {**means, "moved": moved, "cosine": cosine}

    def _recluster(self):
        """Spherical k-means the first time, then repulsive k-means from the old centroids; the share that moved."""
        before, again = self._labels(), self.centroids is not None
        self._cluster(self.alpha if again else 0.0)
        return float((before != self._labels()).mean()) if again else float("nan")


def check_options(images, ranks, k, alpha, tolerance, warmup, every, batch_size):
    """Refuse what cannot be trained with."""
    options = {"warmup": warmup, "every": every, "batch_size": batch_size}
    contract.check_rounds(images, ranks.shape, k, alpha, tolerance, **options)
    contract.check_numbers("DRC", ranks=bool(np.isfinite(ranks).all()))


def blocks(count, width):
    """Slices of `count` rows such that a block of rows of `width` numbers stays small."""
    step = max(1, contract.PAIRS_AT_ONCE // max(1, width))
    return [slice(start, start + step) for start in range(0, count, step)]
