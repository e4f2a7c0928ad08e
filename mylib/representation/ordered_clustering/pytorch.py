r"""Ordered data in PyTorch: which is older, order and identity of an image, clusters that repel, ranks by comparison.

Notation as in `scratch`. Values are looked at on the CPU only; no training step reads one back.
"""

from mylib.representation.ordered_clustering.pairs import draw_pairs
from mylib.representation.ordered_clustering.pytorch_clusters import repulsive_kmeans, repulsive_objective
from mylib.representation.ordered_clustering.pytorch_networks import DRC, ORID, orid_loss
from mylib.representation.ordered_clustering.pytorch_ranks import (
    choose_references,
    cumulative_score,
    estimate_rank,
    order_relation,
)
from mylib.shared.docstrings import complete_from_twin

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

complete_from_twin(globals())
