r"""Contrastive learning in NumPy: four ways to remember the others, and three ways to judge what was learned.

NPID keeps a bank of all images, SimCLR the batch, MoCo a queue, PCL prototypes besides. Notation, as on the slides: v,
z, q and k are embeddings, brought to length 1; tau is the temperature.
"""

from mylib.attention.contrastive.scratch_clusters import concentration, spherical_kmeans
from mylib.attention.contrastive.scratch_judging import knn_predict, linear_probe, low_shot
from mylib.attention.contrastive.scratch_losses import (
    estimate_normaliser,
    info_nce,
    noise_contrastive_loss,
    non_parametric_softmax,
    nt_xent,
    proto_nce,
)
from mylib.attention.contrastive.scratch_memory import KeyQueue, MemoryBank, momentum_update
from mylib.attention.contrastive.scratch_views import ProjectionHead, augment

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
