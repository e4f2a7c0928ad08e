"""What both sides ask of their arguments: shapes and numbers only."""

import numpy as np


def check_ranks(ranks):
    """Raise unless there are ranks, each at least 1. A NumPy array."""
    if ranks.ndim != 1 or not ranks.size or (ranks < 1).any():
        raise ValueError(f"cumulative_match: expected a list of ranks of at least 1, got {ranks.tolist()}")


def check_vectors(name, x, y, floating):
    """Raise unless both hold vectors of one dimension, in `floating` point."""
    if len(x) != 2 or len(y) != 2 or x[1] != y[1] or 0 in (*x, *y):
        raise ValueError(f"{name}: expected vectors (n, dim) and (m, dim), none empty, got {tuple(x)} and {tuple(y)}")
    if not floating:
        raise TypeError(
            f"{name}: expected vectors of floating point, got whole numbers, whose squares can overflow; divide pixels "
            "by 255.0"
        )


def check_ranking(name, distances, ids_q, ids_g, cams_q, cams_g):
    """Raise unless every row and every column has an identity and a camera."""
    rows, columns = distances if len(distances) == 2 else (0, 0)
    if not rows or not columns or {ids_q, cams_q} != {(rows,)} or {ids_g, cams_g} != {(columns,)}:
        raise ValueError(
            f"{name}: expected distances (queries, gallery) with an identity and a camera for each row and column, got "
            f"{distances}, identities {ids_q} and {ids_g}, cameras {cams_q} and {cams_g}"
        )


def check_matches(name, matched, finite):
    """Raise unless distances are `finite`, and every query has a right answer left, an array of booleans in NumPy."""
    if not finite:
        raise ValueError(f"{name}: expected finite distances, got NaN or infinity; see euclidean_distances")
    missing = np.flatnonzero(~matched)
    if len(missing):
        raise ValueError(
            f"{name}: expected an image of each query's person from another camera in the gallery, got none for "
            f"{len(missing)} of {len(matched)} queries, the first is {missing[0]}; leave these queries out"
        )


def check_reciprocal(features, k1, k2, finite):
    """Raise unless there are so many neighbours, and numbers."""
    if len(features) != 2 or not 1 <= k1 < features[0] or not 1 <= k2 <= features[0] or not features[1]:
        raise ValueError(
            f"jaccard_distance: expected features (n, dim), k1 from 1 to n - 1 and k2 from 1 to n, got "
            f"{tuple(features)}, k1={k1} and k2={k2}; take fewer neighbours"
        )
    if not finite:
        raise ValueError(
            "jaccard_distance: expected finite features, got NaN or infinity; did training diverge? take a smaller "
            "learning rate"
        )


def check_dbscan(distances, fits, eps, min_samples):
    """Raise unless the matrix is square, `fits` (finite, not negative, symmetric), and the numbers are above 0."""
    if len(distances) != 2 or distances[0] != distances[1] or not distances[0] or not fits:
        raise ValueError(
            f"dbscan: expected a square, symmetric matrix of finite distances of at least 0, got shape "
            f"{tuple(distances)}{'' if fits else ' with other values'}; see euclidean_distances"
        )
    if not eps > 0 or min_samples < 1:
        raise ValueError(f"dbscan: expected eps above 0 and min_samples of at least 1, got {eps} and {min_samples}")


def check_groups(features, clusters, cameras, momentum, members):
    """Raise unless each image has a cluster and a camera, and some image is no noise."""
    if len(features) != 2 or {clusters, cameras} != {tuple(features[:1])} or not members:
        raise ValueError(
            f"CameraProxies: expected features (n, dim), clusters (n,) and cameras (n,), not all of them noise (-1), "
            f"got {tuple(features)}, {clusters} and {cameras}; with noise alone, take a larger eps"
        )
    if not 0 <= momentum <= 1:
        raise ValueError(f"CameraProxies: expected momentum from 0 to 1, got {momentum}")


def check_batch(name, features, indices, proxies, temperature=1.0):
    """Raise unless there is one proxy for each vector of a batch."""
    if len(features) != 2 or features[1] != proxies[1] or indices != tuple(features[:1]) or not indices[0]:
        raise ValueError(
            f"{name}: expected features (batch, {proxies[1]}) and indices (batch,), at least one, got "
            f"{tuple(features)} and {indices}"
        )
    if not temperature > 0:
        raise ValueError(f"{name}: expected a temperature above 0, got {temperature}; try 0.07")


def check_indices(name, indices, proxies):
    """Raise unless each index is that of a proxy; noise, -1, would be taken for the last one. A NumPy array."""
    if indices.min() < 0 or indices.max() >= proxies[0]:
        raise ValueError(
            f"{name}: expected indices of proxies from 0 to {proxies[0] - 1}, got {indices.min()} to {indices.max()}; "
            f"leave out the images that are noise (-1)"
        )


def check_negatives(negatives):
    """Raise unless at least one negative is wanted."""
    if negatives < 1:
        raise ValueError(f"inter_camera_loss: expected negatives of at least 1, got {negatives}")


def check_training(images, cameras, labels, proxies, shots, weight):
    """Raise unless a batch can be drawn."""
    if not images[:1] or not images[0] or cameras != images[:1] or (labels is not None and labels != images[:1]):
        raise ValueError(
            f"CAP: expected images, and for each one camera, and one label if any, got images {images}, cameras "
            f"{cameras} and labels {labels}"
        )
    if proxies < 1 or shots < 1 or weight < 0:
        raise ValueError(
            f"CAP: expected proxies and shots of at least 1 and weight of at least 0, got {proxies}, {shots}, {weight}"
        )
