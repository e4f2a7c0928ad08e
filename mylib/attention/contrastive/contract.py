"""What both sides of contrastive refuse.

Only shapes and plain numbers come in. Whether values are looked at is each side's affair: NumPy always does, PyTorch
where that is free, on the CPU; what was found is refused here.
"""

from mylib.shared import expect, expect_range


def check_numbers(operation, what, lowest, highest=0, size=None):
    """The least and the largest of numbers below `size`: a negative one, noise, would be taken for the last."""
    worst = lowest if lowest < 0 else highest
    limit = None if size is None else size - 1
    expect_range(operation, 0, limit, "leave out what has none (-1)", **{what: worst})


def check_temperature(operation, temperature):
    """What similarities are divided by."""
    expect_range(operation, 0, None, "0 would leave the nearest alone, try 0.1", open=True, temperature=temperature)


# losses


def check_softmax(v, bank, temperature):
    """Embeddings, and a bank of one row for each image."""
    expect("non_parametric_softmax", v=(v, "batch+ dim"), bank=(bank, "size+ dim"))
    check_temperature("non_parametric_softmax", temperature)


def check_noise(v, indices, noise, bank, normaliser, temperature):
    """One image and m noise images for each embedding."""
    name = "noise_contrastive_loss"
    expect(name, v=(v, "batch+ dim"), indices=(indices, "batch"), noise=(noise, "batch m+"), bank=(bank, "size+ dim"))
    check_temperature(name, temperature)
    expect_range(name, 0, None, "see estimate_normaliser", open=True, normaliser=normaliser)


def check_views(z1, z2, temperature):
    """Two views of the same images."""
    expect("nt_xent", z1=(z1, "batch+ dim"), z2=(z2, "batch dim"))
    check_temperature("nt_xent", temperature)


def check_keys(q, k, queue, temperature):
    """A key for each query, and others in a queue."""
    expect("info_nce", q=(q, "batch+ dim"), k=(k, "batch dim"), queue=(queue, "size+ dim"))
    check_temperature("info_nce", temperature)


def check_some_clusterings(clusterings):
    """At least one; the list itself."""
    if not clusterings:
        raise ValueError("proto_nce: expected at least one clustering, got none; info_nce does without")


def check_clustering(q, centroids, labels, phi, positive):
    """A cluster for every image, and a concentration for every cluster; `positive`: whether all are above 0."""
    expect(
        "proto_nce",
        q=(q, "batch dim"),
        centroids=(centroids, "clusters dim"),
        labels=(labels, "batch"),
        phi=(phi, "clusters"),
    )
    if not positive:
        raise ValueError("proto_nce: expected every phi above 0, got one that is not; see concentration")


# memories


def check_memory(name, size, dim):
    """Room for something."""
    expect_range(name, 1, None, size=size, dim=dim)


def check_share(operation, **share):
    """How much stays of what was there."""
    expect_range(operation, 0, 1, **share)


def check_push(size, dim, keys):
    """A batch of keys that fits the queue exactly."""
    expect("KeyQueue", keys=(keys, f"batch+ {dim}"))
    if size % keys[0]:
        raise ValueError(
            f"KeyQueue: expected a batch that divides the queue's size {size}, got {keys[0]}; drop the last batch, or "
            f"take a size of {keys[0] * max(1, size // keys[0])}"
        )


def check_update(bank, indices, v):
    """One vector for each index."""
    expect("MemoryBank", indices=(indices, "batch"), v=(v, f"batch {bank[1]}"))


def check_parameters(key, query):
    """Shapes of two modules' parameters, by their names."""
    if key != query:
        raise ValueError("momentum_update: expected two modules with the same parameters, got others; copy one")


# views, clusters and judges


def check_images(shape, floating):
    """A batch of images; `floating`: whether they are of floating point."""
    expect("augment", "add the missing axes", images=(shape, "batch channels+ height+ width+"))
    if not floating:
        raise TypeError("augment: expected floating-point images in [0, 1], got integers; divide by 255")


def check_clusters(x, k, iterations):
    """Points, and how many clusters they shall have."""
    expect("spherical_kmeans", x=(x, "n dim"))
    expect_range("spherical_kmeans", 1, x[0], "take fewer clusters", k=k)
    expect_range("spherical_kmeans", 1, None, iterations=iterations)


def check_concentration(x, centroids, labels, alpha, temperature):
    """A cluster for every point."""
    expect("concentration", x=(x, "n dim"), centroids=(centroids, "k dim"), labels=(labels, "n"))
    expect_range("concentration", 0, None, open=True, temperature=temperature, alpha=alpha)


def check_knn(features, bank, labels, k, temperature):
    """Neighbours with labels, and at least k."""
    expect("knn_predict", features=(features, "n+ dim"), bank=(bank, "size+ dim"), labels=(labels, "size"))
    expect_range("knn_predict", 1, bank[0], "the bank has so many", k=k)
    check_temperature("knn_predict", temperature)


def check_labelled(operation, features, labels, penalty, steps):
    """A label for each row, and how to learn from it."""
    expect(operation, features=(features, "n+ dim"), labels=(labels, "n"))
    expect_range(operation, 0, None, open=True, penalty=penalty)
    expect_range(operation, 1, None, steps=steps)


def check_shots(fewest, k):
    """`fewest`: examples of the smallest class that occurs."""
    expect_range("low_shot", 1, fewest, "the smallest class has so many", k=k)
