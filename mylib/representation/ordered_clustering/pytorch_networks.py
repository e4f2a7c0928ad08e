"""The ORID network in PyTorch, its loss, and deep repulsive clustering: training and clustering in turn."""

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

from mylib.attention.contrastive.pytorch import spherical_kmeans
from mylib.representation.ordered_clustering import contract, wiring
from mylib.representation.ordered_clustering.pytorch_clusters import repulsive_kmeans
from mylib.representation.ordered_clustering.pytorch_ranks import choose_references, estimate_rank
from mylib.representation.ordered_clustering.rounds import Rounds, blocks, check_options
from mylib.shared.devices import on_cpu


class ORID(nn.Module):
    r"""Order-identity decomposition: both images of a pair go through encoder and decoder as one batch."""

    def __init__(self, channels=3, size=16, width=32, order_dim=8, identity_dim=24):
        super().__init__()
        sizes = {"channels": channels, "size": size, "width": width}
        contract.check_network(**sizes, order_dim=order_dim, identity_dim=identity_dim)
        self.channels, self.size, self.width = channels, size, width
        self.order_dim, self.identity_dim = order_dim, identity_dim
        dim = order_dim + identity_dim
        self.encoder = wiring.make_encoder(nn, channels, size, width, dim)
        self.decoder = wiring.make_decoder(nn, channels, size, width, dim)
        self.comparator = wiring.make_comparator(nn, order_dim)

    def features(self, x):
        """H, raw: (batch, channels, size, size) to (batch, order_dim + identity_dim), the order part first."""
        contract.check_images(x.shape, self.channels, self.size)
        return self.encoder(x)

    def encode(self, x):
        """Images to (h_or, unit(h_id)), shapes (batch, order_dim) and (batch, identity_dim)."""
        order, identity = self.features(x).split([self.order_dim, self.identity_dim], dim=1)
        return order, unit(identity)

    def decode(self, features):
        """Raw h (batch, order_dim + identity_dim) to images (batch, channels, size, size)."""
        contract.check_features(features.shape, self.order_dim + self.identity_dim)
        side = wiring.sides(self.size)[-1]
        return self.decoder[1](self.decoder[0](features).unflatten(1, (2 * self.width, side, side)))

    def compare(self, order_x, order_y):
        """h_or of x and of y, (..., order_dim) each, to the logits of older, about equal, younger, (..., 3)."""
        contract.check_compared(order_x.shape, order_y.shape, self.order_dim)
        return self.comparator(torch.cat([order_x, order_y], dim=-1))

    def forward(self, x, y):
        """Two batches of images to (logits, reversed logits, x', y', unit h_id of x, of y)."""
        h = self.features(torch.cat([x, y]))
        order, identity = h.split([self.order_dim, self.identity_dim], dim=1)
        ours, theirs = order.split([len(x), len(y)])
        pairs = torch.cat([ours, theirs]), torch.cat([theirs, ours])
        both_ways = self.compare(*pairs).split([len(x), len(y)])
        images, identities = self.decode(h).split([len(x), len(y)]), unit(identity).split([len(x), len(y)])
        return *both_ways, *images, *identities


def unit(h):
    """Rows of length 1; a row of zeros divided by infinity stays, and so does a gradient of 0."""
    length = torch.linalg.vector_norm(h, dim=1, keepdim=True)
    return h / length.masked_fill(length == 0, torch.inf)


def orid_loss(outputs, x, y, relation, centroids=None, labels=None, reconstruction_weight=5.0, cluster_weight=0.1):
    r"""Cross-entropy both ways, 5 times the absolute error, 0.1 times minus the cosine to the pair's centroid."""
    return loss_parts(outputs, x, y, relation, centroids, labels, reconstruction_weight, cluster_weight)[0]


def loss_parts(outputs, x, y, relation, centroids, labels, reconstruction_weight=5.0, cluster_weight=0.1):
    """The loss, and its three terms without their weights."""
    forth, back, x_again, y_again, identity_x, identity_y = outputs
    weights = {"reconstruction_weight": reconstruction_weight, "cluster_weight": cluster_weight}
    shapes = [None if part is None else part.shape for part in (centroids, labels)]
    contract.check_loss(forth.shape, x.shape, y.shape, relation.shape, identity_x.shape, *shapes, **weights)
    if on_cpu(relation):
        contract.check_relations(*map(int, relation.aminmax()))
    comparison = F.cross_entropy(forth, relation) + F.cross_entropy(back, 2 - relation)
    reconstruction = F.l1_loss(x_again, x) + F.l1_loss(y_again, y)
    total = comparison + reconstruction_weight * reconstruction
    if labels is None:
        return total, comparison, reconstruction, torch.zeros_like(total)
    if on_cpu(labels):
        contract.check_labels("orid_loss", *map(int, labels.aminmax()), len(centroids))
    own = centroids.to(identity_x.dtype)[labels]
    cluster = -torch.einsum("bd,bd->b", identity_x + identity_y, own).mean()
    return total + cluster_weight * cluster, comparison, reconstruction, cluster


class DRC(Rounds):
    r"""Deep repulsive clustering: images and clusters stay on the model's device, losses are read once an epoch."""

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
        self.device = next(model.parameters()).device
        images, ranks = torch.as_tensor(images).to(self.device), torch.as_tensor(ranks)
        host_ranks = ranks.cpu().numpy().astype(np.float64)
        check_options(images.shape, host_ranks, k, alpha, tolerance, warmup, every, batch_size)
        super().__init__(host_ranks, k, alpha, tolerance, warmup, every, batch_size, seed)
        self.model, self.optimizer, self.images = model, optimizer, images
        self.labels = torch.zeros(len(images), dtype=torch.long, device=self.device)

    @torch.no_grad()
    def estimate(self, images, levels, per_level=1):
        """Ranks of new images by comparing with training images of their cluster, and P: as `estimate_rank`."""
        levels, ranks = torch.as_tensor(levels).to(self.device), self._on_device(self.ranks)
        order, identity = self._encoded(torch.as_tensor(images).to(self.device))
        known_order, known_identity = self._encoded(self.images)
        clusters = torch.zeros(len(identity), dtype=torch.long, device=self.device)
        if self.centroids is not None:
            clusters = (identity @ self.centroids.T).argmax(dim=1)
        chosen = choose_references(known_identity, self.labels, ranks, identity, clusters, levels, per_level)
        references = torch.where(chosen >= 0, ranks[chosen], torch.nan)
        probabilities = [order.new_zeros(0, chosen.shape[1], 3)]
        for block in blocks(len(order), chosen.shape[1] * contract.HIDDEN):
            theirs = known_order[chosen[block]]  # (block, references, order_dim)
            logits = self.model.compare(order[block, None].expand_as(theirs), theirs)
            probabilities.append(logits.softmax(dim=-1))
        return estimate_rank(torch.cat(probabilities), references, levels, self.tolerance)

    @torch.no_grad()
    def _encoded(self, images, batch_size=512):
        """h_or and unit h_id of many images."""
        parts = [self.model.encode(part) for part in images.split(batch_size)]
        return [torch.cat(side) for side in zip(*parts, strict=True)]

    def _on_device(self, array):
        """NumPy's numbers where the model is; a device without float64 gets float32."""
        tensor = torch.from_numpy(array)
        return (tensor.float() if self.device.type == "mps" and tensor.is_floating_point() else tensor).to(self.device)

    # The same text on both sides: each calls its own clusterings.
    def _cluster(self, alpha):
        _, identity = self._encoded(self.images)
        if self.centroids is None:
            self.centroids, self.labels = spherical_kmeans(identity, self.k, self.seed)
        else:
            self.centroids, self.labels = repulsive_kmeans(identity, self.k, alpha, centroids=self.centroids)

    def _labels(self):
        return self.labels.cpu().numpy()

    def _cosine(self):
        k, c = self.k, F.normalize(self.centroids)
        return float((c @ c.T).sum() - k) / (k * k - k)

    def _train(self, first, second, relation):
        """One update for each row of pairs; sums of the loss and its terms."""
        sums = torch.zeros(4, device=self.device)
        pairs = zip(*(self._on_device(part) for part in (first, second, relation)), strict=True)
        for i, j, r in pairs:
            x, y = self.images[i], self.images[j]
            clusters = (None, None) if self.centroids is None else (self.centroids, self.labels[i])
            parts = loss_parts(self.model(x, y), x, y, r, *clusters)
            self.optimizer.zero_grad(set_to_none=True)
            parts[0].backward()
            self.optimizer.step()
            sums += torch.stack([part.detach() for part in parts])
        return sums.tolist()
