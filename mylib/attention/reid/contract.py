"""What both sides of reid promise: how exact distances must be, and what they refuse.

Only shapes and plain numbers come in. Whether values are looked at is each side's affair; what was found is refused
here.
"""

from mylib.shared import expect, expect_range

ROUNDING = 1e-3  # of the largest distance: of products in float32, the square root of 1e-7 is left of a distance of 0


# ranking


def check_vectors(x, y, floating):
    """Vectors of one dimension; `floating`: whether they are of floating point."""
    expect("euclidean_distances", x=(x, "n+ dim+"), y=(y, "m+ dim"))
    if not floating:
        raise TypeError(
            "euclidean_distances: expected vectors of floating point, got whole numbers, whose squares can overflow; "
            "divide pixels by 255.0"
        )


def check_ranks(shape, lowest):
    """A list of ranks, and the lowest."""
    expect("cumulative_match", "give a list", ranks=(shape, "count+"))
    expect_range("cumulative_match", 1, None, ranks=lowest)


def check_ranking(name, distances, ids_q, ids_g, cams_q, cams_g):
    """An identity and a camera for every row and every column."""
    expect(
        name,
        distances=(distances, "queries+ gallery+"),
        ids_q=(ids_q, "queries"),
        ids_g=(ids_g, "gallery"),
        cams_q=(cams_q, "queries"),
        cams_g=(cams_g, "gallery"),
    )


def check_matches(name, queries, missing, finite):
    """How many queries there are, which have no right answer left, and whether the distances are `finite`."""
    if not finite:
        raise ValueError(f"{name}: expected finite distances, got NaN or infinity; see euclidean_distances")
    if missing:
        raise ValueError(
            f"{name}: expected an image of each query's person from another camera in the gallery, got none for "
            f"{len(missing)} of {queries} queries, the first is {missing[0]}; leave these queries out"
        )


# clusters


def check_reciprocal(features, k1, k2, finite):
    """Features, whether they are `finite`, and how many neighbours are looked at."""
    expect("jaccard_distance", features=(features, "n dim+"))
    expect_range("jaccard_distance", 1, features[0] - 1, "take fewer neighbours", k1=k1)
    expect_range("jaccard_distance", 1, features[0], "take fewer neighbours", k2=k2)
    if not finite:
        raise ValueError(
            "jaccard_distance: expected finite features, got NaN or infinity; did training diverge? take a smaller "
            "learning rate"
        )


def check_dbscan(distances, eps, min_samples):
    """Distances between all points, and what is dense."""
    expect("dbscan", "see euclidean_distances", distances=(distances, "n+ n"))
    expect_range("dbscan", 0, None, open=True, eps=eps)
    expect_range("dbscan", 1, None, min_samples=min_samples)


def check_distances(good):
    """`good`: whether all are finite, not negative, and the same in both directions."""
    if not good:
        raise ValueError(
            "dbscan: expected a symmetric matrix of finite distances of at least 0, got other values; see "
            "euclidean_distances"
        )


# proxies and losses


def check_groups(features, clusters, cameras, momentum, members):
    """A cluster and a camera for each image; `members`: whether any is no noise."""
    expect("CameraProxies", features=(features, "n dim"), clusters=(clusters, "n"), cameras=(cameras, "n"))
    if not members:
        raise ValueError("CameraProxies: expected clusters, not all of them noise (-1), got none; take a larger eps")
    expect_range("CameraProxies", 0, 1, momentum=momentum)


def check_batch(name, features, indices, proxies, temperature=1.0):
    """One proxy for each vector of a batch, of the proxies' dimension."""
    expect(name, features=(features, f"batch+ {proxies[1]}"), indices=(indices, "batch"))
    expect_range(name, 0, None, "try 0.07", open=True, temperature=temperature)


def check_indices(name, lowest, highest, proxies):
    """The least and the largest index of a batch; noise, -1, would be taken for the last proxy."""
    if lowest < 0 or highest >= proxies[0]:
        raise ValueError(
            f"{name}: expected indices of proxies from 0 to {proxies[0] - 1}, got {lowest} to {highest}; leave out the "
            "images that are noise (-1)"
        )


def check_negatives(negatives):
    """How many strangers an image is pushed away from."""
    expect_range("inter_camera_loss", 1, None, negatives=negatives)


# training


def check_training(images, cameras, labels, proxies, shots, weight):
    """Images with a camera each, labels if any, and what a batch holds."""
    if not images[:1] or not images[0] or cameras != images[:1] or labels not in (None, images[:1]):
        raise ValueError(
            f"CAP: expected images, and for each one camera, and one label if any, got images {images}, cameras "
            f"{cameras} and labels {labels}"
        )
    expect_range("CAP", 1, None, proxies=proxies, shots=shots)
    expect_range("CAP", 0, None, weight=weight)
