r"""Contrastive learning in PyTorch: four ways to remember the others, and three ways to judge what was learned.

Notation as in `scratch`. Memories are buffers that never leave their device; no training step reads a value back.
"""

from mylib.attention.contrastive.pytorch_clusters import concentration, spherical_kmeans
from mylib.attention.contrastive.pytorch_judging import knn_predict, linear_probe, low_shot
from mylib.attention.contrastive.pytorch_losses import (
    estimate_normaliser,
    info_nce,
    noise_contrastive_loss,
    non_parametric_softmax,
    nt_xent,
    proto_nce,
)
from mylib.attention.contrastive.pytorch_memory import KeyQueue, MemoryBank, momentum_update
from mylib.attention.contrastive.pytorch_views import ProjectionHead, augment
from mylib.shared.docstrings import complete_from_twin

__all__ = [
    "MemoryBank",
    "non_parametric_softmax",
    "estimate_normaliser",
    "noise_contrastive_loss",
    "knn_predict",
    "augment",
    "ProjectionHead",
    "nt_xent",
    "KeyQueue",
    "momentum_update",
    "info_nce",
    "spherical_kmeans",
    "concentration",
    "proto_nce",
    "linear_probe",
    "low_shot",
]

complete_from_twin(globals())
