"""What both sides ask of their arguments: shapes and numbers only."""


def check_temperature(name, temperature):
    """Raise unless it is above 0."""
    if not temperature > 0:
        raise ValueError(
            f"{name}: expected a temperature above 0, got {temperature}; 0 would leave the nearest alone, try 0.1"
        )


def check_pair(name, what, v, rows):
    """Raise unless rows have the vectors' dimension, and there are some of both."""
    if len(v) != 2 or len(rows) != 2 or v[1] != rows[1] or 0 in (v[0], rows[0]):
        raise ValueError(
            f"{name}: expected vectors (batch, dim) and a {what} (size, dim), none of them empty, got {tuple(v)} and "
            f"{tuple(rows)}"
        )


def check_views(name, first, second):
    """Raise unless both are equal and hold at least one pair."""
    if len(first) != 2 or first != second or not first[0]:
        raise ValueError(
            f"{name}: expected two views (batch, dim) of the same images, at least one, got {tuple(first)} and "
            f"{tuple(second)}"
        )


def check_noise(indices, noise, v, normaliser):
    """Raise unless there are one image and m noise images for each vector."""
    if indices != v[:1] or len(noise) != 2 or noise[0] != v[0] or not noise[1]:
        raise ValueError(
            f"noise_contrastive_loss: expected indices ({v[0]},) and noise ({v[0]}, m), m at least 1, got "
            f"{tuple(indices)} and {tuple(noise)}"
        )
    if not normaliser > 0:
        raise ValueError(
            f"noise_contrastive_loss: expected a normaliser above 0, got {normaliser}; see estimate_normaliser"
        )


def check_clustering(q, centroids, labels, phi, positive):
    """Raise unless every image has a cluster and every cluster a concentration above 0."""
    if len(centroids) != 2 or centroids[1] != q[1] or tuple(labels) != tuple(q[:1]) or phi != centroids[:1]:
        raise ValueError(
            f"proto_nce: expected centroids (clusters, {q[1]}), labels ({q[0]},) and phi (clusters,), got "
            f"{tuple(centroids)}, {tuple(labels)} and {tuple(phi)}"
        )
    if not positive:
        raise ValueError("proto_nce: expected every phi above 0, got one that is not; see concentration")


def check_memory(name, size, dim):
    """Raise unless there is room."""
    if size < 1 or dim < 1:
        raise ValueError(f"{name}: expected size and dim of at least 1, got {size} and {dim}")


def check_share(name, what, m):
    """Raise unless m is a share."""
    if not 0 <= m <= 1:
        raise ValueError(f"{name}: expected {what} from 0 to 1, got {m}")


def check_push(size, dim, keys):
    """Raise unless a batch of keys fits the queue exactly."""
    if len(keys) != 2 or keys[1] != dim or not keys[0]:
        raise ValueError(f"KeyQueue: expected keys (batch, {dim}), at least one, got {tuple(keys)}")
    if size % keys[0]:
        raise ValueError(
            f"KeyQueue: expected a batch that divides the queue's size {size}, got {keys[0]}; drop the last batch, or "
            f"take a size of {keys[0] * max(1, size // keys[0])}"
        )


def check_update(bank, indices, v):
    """Raise unless there is one vector for each index."""
    if len(v) != 2 or v[1] != bank[1] or tuple(indices) != tuple(v[:1]):
        raise ValueError(
            f"MemoryBank: expected indices (batch,) and vectors (batch, {bank[1]}), got {tuple(indices)} and {tuple(v)}"
        )


def check_numbers(name, what, lowest, highest=None, size=None):
    """Raise unless numbers lie from 0 to size - 1: a negative one, noise, would be taken for the last."""
    if lowest < 0 or (size is not None and highest >= size):
        limit = "of at least 0" if size is None else f"from 0 to {size - 1}"
        got = lowest if lowest < 0 else highest
        raise ValueError(f"{name}: expected {what} {limit}, got {got}; leave out what has none (-1)")


def check_labelled(name, features, labels, penalty, steps):
    """Raise unless there is one label for each row, and something to learn from."""
    if len(features) != 2 or tuple(labels) != tuple(features[:1]) or not features[0]:
        raise ValueError(
            f"{name}: expected features (n, dim) and labels (n,), n at least 1, got {tuple(features)} and "
            f"{tuple(labels)}"
        )
    if not penalty > 0 or steps < 1:
        raise ValueError(f"{name}: expected a penalty above 0 and steps of at least 1, got {penalty} and {steps}")


def check_shots(counts, k):
    """Raise unless every class that occurs has k examples."""
    fewest = min(int(count) for count in counts if count)
    if not 1 <= k <= fewest:
        raise ValueError(f"low_shot: expected k from 1 to {fewest}, the size of the smallest class, got {k}")


def check_knn(features, bank, labels, k, temperature):
    """Raise unless there are k neighbours with labels."""
    check_pair("knn_predict", "bank", features, bank)
    if tuple(labels) != tuple(bank[:1]) or not 1 <= k <= bank[0]:
        raise ValueError(
            f"knn_predict: expected labels ({bank[0]},) and k from 1 to {bank[0]}, got {tuple(labels)} and k={k}"
        )
    check_temperature("knn_predict", temperature)


def check_clusters(shape, k, iterations):
    """Raise unless k clusters of these points can be asked for."""
    if len(shape) != 2 or not 1 <= k <= shape[0] or iterations < 1:
        raise ValueError(
            f"spherical_kmeans: expected points (n, dim), k from 1 to n and iterations of at least 1, got {shape}, {k} "
            f"and {iterations}; take fewer clusters"
        )


def check_concentration(x, centroids, labels, alpha, temperature):
    """Raise unless every point has a cluster, and the numbers are above 0."""
    if len(x) != 2 or len(centroids) != 2 or x[1] != centroids[1] or labels != x[:1]:
        raise ValueError(
            f"concentration: expected points (n, dim), centroids (k, dim) and labels (n,), got {x}, {centroids} and "
            f"{labels}"
        )
    if not (temperature > 0 and alpha > 0):
        raise ValueError(f"concentration: expected temperature and alpha above 0, got {temperature} and {alpha}")
