"""The ORID network in NumPy, its loss, and deep repulsive clustering: training and clustering in turn."""

import numpy as np

from mylib import engine
from mylib.attention.contrastive.scratch import spherical_kmeans
from mylib.engine import as_tensor, nn, no_grad
from mylib.representation.ordered_clustering import contract, wiring
from mylib.representation.ordered_clustering.rounds import Rounds, blocks, check_options
from mylib.representation.ordered_clustering.scratch_clusters import directions, repulsive_kmeans
from mylib.representation.ordered_clustering.scratch_ranks import choose_references, estimate_rank


class ORID(nn.Module):
    r"""Order-identity decomposition: h = [h_or, h_id]; a comparator sees h_or of two images, a decoder all of h.

    The comparator asks h_or for the order; the decoder, which gets h as it is, needs the rest too, and that goes to
    h_id. For clustering and likeness h_id has length 1; a row of zeros stays, with gradient 0.

    `encoder`: three convolutions of stride 2 and a linear map; `decoder`: a linear map and three transposed
    convolutions, with a sigmoid; `comparator`: two hidden layers of 32, three scores.

    Args:    channels: of the images. size: their side, pixels. width: channels after the first convolution.
             order_dim, identity_dim: lengths of h_or and h_id.
    Raises:  ValueError: a size below 1, or other images.
    Source:  Lee and Kim (2021). Differs: theirs has more and wider layers, batch normalisation, 128 and
             896 dimensions; their decoder also has to deceive a discriminator.

    Example:
        >>> model, x = ORID(channels=1, size=8, width=4), np.zeros((2, 1, 8, 8), np.float32)
        >>> [part.shape for part in model(x, x)]
        [(2, 3), (2, 3), (2, 1, 8, 8), (2, 1, 8, 8), (2, 24), (2, 24)]
    """

    def __init__(self, channels=3, size=16, width=32, order_dim=8, identity_dim=24):
        super().__init__()
        contract.check_network(
            channels=channels, size=size, width=width, order_dim=order_dim, identity_dim=identity_dim
        )
        self.channels, self.size, self.width = channels, size, width
        self.order_dim, self.identity_dim = order_dim, identity_dim
        self.encoder = wiring.make_encoder(nn, channels, size, width, order_dim + identity_dim)
        self.decoder = wiring.make_decoder(nn, channels, size, width, order_dim + identity_dim)
        self.comparator = wiring.make_comparator(nn, order_dim)

    def features(self, x):
        """H, raw: (batch, channels, size, size) to (batch, order_dim + identity_dim), the order part first."""
        x = as_tensor(x)
        contract.check_images(x.shape, self.channels, self.size)
        return self.encoder(x)

    def encode(self, x):
        """Images to (h_or, unit(h_id)), shapes (batch, order_dim) and (batch, identity_dim)."""
        return self._parts(self.features(x))

    def decode(self, features):
        """Raw h (batch, order_dim + identity_dim) to images (batch, channels, size, size)."""
        features = as_tensor(features)
        contract.check_features(features.shape, self.order_dim + self.identity_dim)
        first, grow = self.decoder
        side = wiring.sides(self.size)[-1]
        return grow(first(features).reshape(len(features), 2 * self.width, side, side))

    def compare(self, order_x, order_y):
        """h_or of x and of y, (..., order_dim) each, to the logits of older, about equal, younger, (..., 3)."""
        order_x, order_y = as_tensor(order_x), as_tensor(order_y)
        contract.check_compared(order_x.shape, order_y.shape, self.order_dim)
        return self.comparator(engine.concatenate([order_x, order_y], axis=-1))

    def forward(self, x, y):
        """Two batches of images to (logits, reversed logits, x', y', unit h_id of x, of y)."""
        h = [self.features(image) for image in (x, y)]
        (order_x, identity_x), (order_y, identity_y) = map(self._parts, h)
        forth, back = self.compare(order_x, order_y), self.compare(order_y, order_x)
        return forth, back, self.decode(h[0]), self.decode(h[1]), identity_x, identity_y

    def _parts(self, h):
        return h[:, : self.order_dim], _unit(h[:, self.order_dim :])


def _unit(h):
    """h / ||h|| in each row; d(h / ||h||) = (dh - h (h . dh) / ||h||^2) / ||h||, and 0 where h is 0."""
    square = (h * h).sum(axis=1, keepdims=True)
    some = square.data > 0
    length = engine.sqrt(engine.where(some, square, np.ones_like(square.data)))
    return h * engine.where(some, 1 / length, np.zeros_like(square.data))


def orid_loss(outputs, x, y, relation, centroids=None, labels=None, reconstruction_weight=5.0, cluster_weight=0.1):
    r"""[CE(compare(x, y), r) + CE(compare(y, x), 2 - r)] + 5 (|x - x'| + |y - y'|) + 0.1 (l(x) + l(y)).

    Absolute differences are averaged over pixels; l(x) = -h_id(x)^T c_j with j the cluster of the pair. All are means
    over the batch.

    Args:    outputs: what `ORID` returns for x and y.
             x, y: the images. Shape (batch, channels, size, size).
             relation: r of `order_relation`, x to y. Integers, shape (batch,).
             centroids, labels: shape (k, identity_dim), and the cluster of each pair, shape (batch,); or neither.
             reconstruction_weight, cluster_weight: at least 0.
    Returns: scalar Tensor.
    Raises:  ValueError: shapes that do not fit, other relations or labels, one of centroids and labels alone, a
                 negative weight.
    Source:  Lee and Kim (2021), with the weights of their code. Differs: their adversarial term is left
             out.

    Example:
        >>> model, x = ORID(1, 8, 4), np.full((3, 1, 8, 8), 0.5, np.float32)
        >>> orid_loss(model(x, x), x, x, [1, 1, 1], reconstruction_weight=0.0).item() > 0
        True
    """
    total, *_ = loss_parts(outputs, x, y, relation, centroids, labels, reconstruction_weight, cluster_weight)
    return total


def loss_parts(outputs, x, y, relation, centroids, labels, reconstruction_weight=5.0, cluster_weight=0.1):
    """The loss, and its three terms without their weights."""
    forth, back, x_again, y_again, identity_x, identity_y = map(as_tensor, outputs)
    x, y, relation = as_tensor(x), as_tensor(y), np.asarray(relation)
    clusters = [None if part is None else np.asarray(part) for part in (centroids, labels)]
    weights = {"reconstruction_weight": reconstruction_weight, "cluster_weight": cluster_weight}
    shapes = [None if part is None else part.shape for part in clusters]
    contract.check_loss(forth.shape, x.shape, y.shape, relation.shape, identity_x.shape, *shapes, **weights)
    contract.check_relations(relation.min(), relation.max())
    comparison = engine.cross_entropy(forth, relation) + engine.cross_entropy(back, 2 - relation)
    reconstruction = engine.abs(x - x_again).mean() + engine.abs(y - y_again).mean()
    total = comparison + reconstruction_weight * reconstruction
    if labels is None:
        return total, comparison, reconstruction, as_tensor(np.zeros((), forth.dtype))
    contract.check_labels("orid_loss", clusters[1].min(), clusters[1].max(), len(clusters[0]))
    own = clusters[0][clusters[1]].astype(forth.dtype)
    cluster = -((identity_x + identity_y) * own).sum(axis=1).mean()
    return total + cluster_weight * cluster, comparison, reconstruction, cluster


class DRC(Rounds):
    r"""Deep repulsive clustering: epochs of `orid_loss`, and clusters of h_id formed anew between them.

    Some epochs go by without clusters; then spherical k-means forms them, and every few epochs repulsive k-means goes
    on from the old centroids. Only images of one cluster are compared with each other. With k = 1 nothing is clustered.

    Args:    model: an `ORID`, which is trained in place. optimizer: of its parameters.
             images: the training set. Shape (n, channels, size, size).
             ranks: theta of each, such as log(age). Shape (n,).
             k: number of clusters.
             alpha: weight of the repulsive term. tolerance: tau.
             warmup: epochs before there are clusters. every: epochs from one clustering to the next.
             batch_size: pairs in an update. seed: of the pairs and of the first centroids.
    Raises:  ValueError: shapes or options that do not fit, or ranks that are NaN.
    Source:  Lee and Kim (2021); numbers as in their code. Differs: see `repulsive_kmeans`, `orid_loss`.

    Example:
        >>> images, ages = np.random.default_rng(0).random((8, 1, 8, 8), np.float32), np.arange(20, 28)
        >>> model = ORID(1, 8, 4)
        >>> drc = DRC(model, engine.optim.Adam(model.parameters()), images, np.log(ages), k=2, warmup=0, batch_size=4)
        >>> drc.epoch()["loss"] > 0, drc.centroids.shape, sorted(set(drc.labels.tolist()))
        (True, (2, 24), [0, 1])
    """

    def __init__(
        self,
        model,
        optimizer,
        images,
        ranks,
        k,
        alpha=0.1,
        tolerance=0.1,
        warmup=3,
        every=3,
        batch_size=64,
        seed=0,
    ):
        images, ranks = np.asarray(images), np.asarray(ranks, np.float64)
        check_options(images.shape, ranks, k, alpha, tolerance, warmup, every, batch_size)
        super().__init__(ranks, k, alpha, tolerance, warmup, every, batch_size, seed)
        self.model, self.optimizer, self.images = model, optimizer, images
        self.labels = np.zeros(len(images), np.int64)

    def estimate(self, images, levels, per_level=1):
        """Ranks of new images by comparing with training images of their cluster, and P: as `estimate_rank`."""
        order, identity = self._encoded(images)
        known_order, known_identity = self._encoded(self.images)
        clusters = np.zeros(len(identity), np.int64)
        if self.centroids is not None:
            clusters = (identity @ self.centroids.T).argmax(axis=1)
        known = known_identity, self.labels, self.ranks
        chosen = choose_references(*known, identity, clusters, levels, per_level)
        references = np.where(chosen >= 0, self.ranks[chosen], np.nan)
        probabilities = self._compared(order, known_order, chosen)
        return estimate_rank(probabilities, references, levels, self.tolerance)

    @no_grad()
    def _compared(self, order, known_order, chosen):
        """Softmax of the comparator, for each query and each of its references."""
        parts = [np.zeros((0, chosen.shape[1], 3))]
        for block in blocks(len(order), chosen.shape[1] * contract.HIDDEN):
            theirs = known_order[chosen[block]]  # (block, references, order_dim)
            mine = np.broadcast_to(order[block][:, None], theirs.shape)
            parts.append(engine.softmax(self.model.compare(mine, theirs), axis=-1).numpy())
        return np.concatenate(parts)

    @no_grad()
    def _encoded(self, images, batch_size=512):
        """h_or and unit h_id of many images."""
        parts = [self.model.encode(images[start : start + batch_size]) for start in range(0, len(images), batch_size)]
        return [np.concatenate([part.numpy() for part in side]) for side in zip(*parts, strict=True)]

    # The same text on both sides: each calls its own clusterings.
    def _cluster(self, alpha):
        _, identity = self._encoded(self.images)
        if self.centroids is None:
            self.centroids, self.labels = spherical_kmeans(identity, self.k, self.seed)
        else:
            self.centroids, self.labels = repulsive_kmeans(identity, self.k, alpha, centroids=self.centroids)

    def _labels(self):
        return self.labels

    def _cosine(self):
        c = directions("DRC", "centroids", self.centroids)
        return float((c @ c.T)[~np.eye(self.k, dtype=bool)].mean()) if self.k > 1 else float("nan")

    def _train(self, first, second, relation):
        """One update for each row of pairs; sums of the loss and its terms."""
        sums = np.zeros(4)
        for i, j, r in zip(first, second, relation, strict=True):
            x, y = self.images[i], self.images[j]
            clusters = (None, None) if self.centroids is None else (self.centroids, self.labels[i])
            parts = loss_parts(self.model(x, y), x, y, r, *clusters)
            self.optimizer.zero_grad()
            parts[0].backward()
            self.optimizer.step()
            sums += [part.item() for part in parts]
        return sums.tolist()
