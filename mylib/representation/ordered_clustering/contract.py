"""What both sides of ordered_clustering promise and refuse; only shapes and plain numbers come in.

Values are looked at by NumPy always, by PyTorch on the CPU only, where that is free; what was found is refused here.
"""

from mylib.shared import expect, expect_range

OLDER, ABOUT_EQUAL, YOUNGER = range(3)  # what the first of two is to the second
HIDDEN = 32  # units in each of the comparator's two hidden layers
ROUNDING = 1e-2  # three probabilities may miss 1 by this much: that of float16
PAIRS_AT_ONCE = 2**18  # numbers in a block of a comparison of all with all: a few megabytes


def check_numbers(operation, **good):
    """`good`: the argument's name, and whether every number in it is finite."""
    for name, finite in good.items():
        if not finite:
            raise ValueError(
                f"{operation}: expected finite numbers in {name}, got NaN or infinity; leave such rows out"
            )


def check_tolerance(operation, tolerance):
    """How far apart two ranks count as equal."""
    expect_range(operation, 0, None, "0.1 of log(age) is a tenth of the age", tolerance=tolerance)
    if tolerance == float("inf"):
        raise ValueError(f"{operation}: expected a finite tolerance, got inf; all ranks would be equal")


def check_broadcast(first, second):
    """Two arrays of ranks that fit each other."""
    for one, other in zip(reversed(first), reversed(second), strict=False):
        if one != other and 1 not in (one, other):
            raise ValueError(
                f"order_relation: expected ranks of shapes that fit, got {tuple(first)} and {tuple(second)}; give one "
                "rank to compare with for each"
            )


# clusters


def check_repulsion(operation, k, alpha):
    """A weight of at least 0; 0 where there is no other cluster."""
    expect_range(operation, 0, None, "0 is spherical k-means", alpha=alpha)
    if alpha == float("inf"):
        raise ValueError(f"{operation}: expected a finite alpha, got inf; 0.1 is the authors' choice")
    if k == 1 and alpha != 0:
        raise ValueError(f"{operation}: expected alpha of 0 with one cluster, got {alpha}; there is none to repel")


def check_points(operation, zeros):
    """`zeros`: how many rows have no direction."""
    if zeros:
        raise ValueError(f"{operation}: expected rows of a length above 0, got {zeros} of zeros; leave them out")


def check_kmeans(x, k, alpha, iterations, centroids):
    """Points, how many clusters, and where these start."""
    expect("repulsive_kmeans", x=(x, "n dim+"), centroids=(centroids, f"{k} dim"))
    expect_range("repulsive_kmeans", 1, x[0], "take fewer clusters", k=k)
    expect_range("repulsive_kmeans", 1, None, iterations=iterations)
    check_repulsion("repulsive_kmeans", k, alpha)


def check_objective(x, centroids, labels, alpha):
    """A cluster for every point."""
    expect("repulsive_objective", x=(x, "n dim"), centroids=(centroids, "k+ dim"), labels=(labels, "n"))
    check_repulsion("repulsive_objective", centroids[0], alpha)


def check_labels(operation, lowest, highest, clusters):
    """The least and the largest label; a negative one would be taken for the last cluster."""
    worst = lowest if lowest < 0 else highest
    expect_range(operation, 0, clusters - 1, "number the clusters from 0", labels=worst)


# pairs


def check_pairs(ranks, labels, tolerance, count, several):
    """`several`: whether a cluster has two points."""
    expect("draw_pairs", ranks=(ranks, "n"), labels=(labels, "n"))
    expect_range("draw_pairs", 0, None, count=count)
    check_tolerance("draw_pairs", tolerance)
    if count and not several:
        raise ValueError(
            "draw_pairs: expected a cluster with two points or more, got none; nothing is compared with itself"
        )


# networks


def check_network(**sizes):
    """Numbers of at least 1."""
    expect_range("ORID", 1, None, **sizes)


def check_images(images, channels, size):
    """Images that the encoder was made for."""
    expect("ORID", "make the network for this size", images=(images, f"batch {channels} {size} {size}"))


def check_features(features, dim):
    """Both parts of the feature, of their own lengths."""
    expect("ORID.decode", "order and identity, as `features` gives them", features=(features, f"batch {dim}"))


def check_compared(order_x, order_y, dim):
    """Order parts of as many objects on either side."""
    expect("ORID.compare", order_x=(order_x, f"... {dim}"), order_y=(order_y, f"... {dim}"))


def check_loss(logits, x, y, relation, identity, centroids, labels, **weights):
    """Pairs of images, what they are to each other, and clusters or none."""
    if (centroids is None) != (labels is None):
        raise ValueError(
            "orid_loss: expected centroids and labels, or neither, got one of them; before there are clusters, leave "
            "out both"
        )
    expect(
        "orid_loss",
        logits=(logits, "batch+ 3"),
        x=(x, "batch channels height width"),
        y=(y, "batch channels height width"),
        relation=(relation, "batch"),
        identity=(identity, "batch dim"),
        centroids=(centroids, "k+ dim"),
        labels=(labels, "batch"),
    )
    expect_range("orid_loss", 0, None, **weights)


def check_relations(lowest, highest):
    """0, 1 or 2."""
    worst = lowest if lowest < 0 else highest
    expect_range("orid_loss", 0, 2, "0 older, 1 about equal, 2 younger", relation=worst)


def check_rounds(images, ranks, k, alpha, tolerance, **whole):
    """Something to learn from, and how."""
    expect("DRC", images=(images, "n channels height width"), ranks=(ranks, "n"))
    expect_range("DRC", 1, images[0], "take fewer clusters", k=k)
    expect_range("DRC", 2, None, "pairs are compared", images=images[0])
    expect_range("DRC", 0, None, "0 is spherical k-means", alpha=alpha)
    check_tolerance("DRC", tolerance)
    expect_range("DRC", 0, None, warmup=whole.pop("warmup"))
    expect_range("DRC", 1, None, **whole)


# ranks


def check_references(identity, clusters, ranks, query, query_clusters, levels, per_level):
    """Features, clusters and ranks of the same images."""
    expect(
        "choose_references",
        identity=(identity, "n dim"),
        clusters=(clusters, "n"),
        ranks=(ranks, "n"),
        query_identity=(query, "query dim"),
        query_clusters=(query_clusters, "query"),
        levels=(levels, "levels+"),
    )
    expect_range("choose_references", 1, None, per_level=per_level)


def check_votes(probabilities, references, levels, tolerance):
    """Three probabilities for each reference."""
    expect(
        "estimate_rank",
        probabilities=(probabilities, "query references+ 3"),
        references=(references, "query references"),
        levels=(levels, "levels+"),
    )
    check_tolerance("estimate_rank", tolerance)


def check_levels(operation, ascending):
    """`ascending`: whether each level is above the one before."""
    if not ascending:
        raise ValueError(f"{operation}: expected levels that ascend, got others; pass numpy.unique(levels)")


def check_probabilities(good):
    """`good`: whether each row of three sums to 1."""
    if not good:
        raise ValueError(
            "estimate_rank: expected probabilities of at least 0 that sum to 1, got others; apply softmax to the logits"
        )


def check_someone(fewest):
    """`fewest`: references of the query that has the fewest."""
    if fewest < 1:
        raise ValueError(
            "estimate_rank: expected at least one reference for each query, got a query with none; its cluster is empty"
        )


def check_score(estimate, truth, limit):
    """An estimate for each truth."""
    expect("cumulative_score", estimate=(estimate, "n+"), truth=(truth, "n"))
    expect_range("cumulative_score", 0, None, limit=limit)
