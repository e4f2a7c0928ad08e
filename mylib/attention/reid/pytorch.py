r"""Person re-identification in PyTorch: how it is judged, how people are grouped without labels, what is learned.

Notation as in `scratch`. Everything stays on the device of its arguments; no training step reads a value back.
"""

from mylib.attention.reid.pytorch_clusters import dbscan, jaccard_distance
from mylib.attention.reid.pytorch_proxies import CameraProxies, inter_camera_loss, intra_camera_loss
from mylib.attention.reid.pytorch_ranking import cumulative_match, euclidean_distances, mean_average_precision
from mylib.attention.reid.pytorch_training import CAP
from mylib.shared.docstrings import complete_from_twin

__all__ = [
    "euclidean_distances",
    "cumulative_match",
    "mean_average_precision",
    "jaccard_distance",
    "dbscan",
    "CameraProxies",
    "intra_camera_loss",
    "inter_camera_loss",
    "CAP",
]

complete_from_twin(globals())
