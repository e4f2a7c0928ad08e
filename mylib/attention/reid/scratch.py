r"""Person re-identification in NumPy: how it is judged, how people are grouped without labels, and what is learned.

Re-identification ranks a gallery of images by their distance to a query. Without labels, images are grouped by
clustering, and each group has a proxy for each camera (CAP). Notation, as on the slides: f(x) is an image's feature,
K' the memory of proxies, c a camera, tau the temperature.
"""

from mylib.attention.reid.scratch_clusters import dbscan, jaccard_distance
from mylib.attention.reid.scratch_proxies import CameraProxies, inter_camera_loss, intra_camera_loss
from mylib.attention.reid.scratch_ranking import cumulative_match, euclidean_distances, mean_average_precision
from mylib.attention.reid.scratch_training import CAP

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
