r"""Ordered data in NumPy: which is older, order and identity of an image, clusters that repel, ranks by comparison.

Notation, as on the slides: theta is a rank, tau the tolerance; h_or and h_id are the parts of the feature h; c_j is a
centroid, C_j its cluster, alpha the weight of the repulsive term, k the number of clusters.
"""

from mylib.representation.ordered_clustering.pairs import draw_pairs
from mylib.representation.ordered_clustering.scratch_clusters import repulsive_kmeans, repulsive_objective
from mylib.representation.ordered_clustering.scratch_networks import DRC, ORID, orid_loss
from mylib.representation.ordered_clustering.scratch_ranks import (
    choose_references,
    cumulative_score,
    estimate_rank,
    order_relation,
)

__all__ = [
    "order_relation",
    "draw_pairs",
    "ORID",
    "orid_loss",
    "repulsive_objective",
    "repulsive_kmeans",
    "DRC",
    "choose_references",
    "estimate_rank",
    "cumulative_score",
]
