"""The training loop of CAP, on the engine."""

import numpy as np

from mylib.attention.contrastive.scratch_memory import unit_rows
from mylib.attention.reid import contract
from mylib.attention.reid.batches import draw_batches
from mylib.attention.reid.scratch_clusters import dbscan, jaccard_distance
from mylib.attention.reid.scratch_proxies import CameraProxies, inter_camera_loss, intra_camera_loss
from mylib.engine import as_tensor, no_grad


class CAP:
    r"""Cluster all images, give each cluster a proxy for each camera, train one epoch, and again.

    L = L_intra + weight L_inter. In each epoch: features of all images, `jaccard_distance`, `dbscan`, a new
    `CameraProxies`; then batches of `proxies` x `shots` images, and after each step the memory follows. Noise is left
    out of the epoch.

    Args:    encoder: module from images to features.
             optimizer: of its parameters.
             images: Shape (n, channels, height, width).
             cameras: of each image; all equal: plain clusters, without L_inter. Shape (n,).
             labels: identities in place of clusters: supervised training. Shape (n,), or None.
             eps, min_samples: of `dbscan`.  k1, k2: of `jaccard_distance`.
             proxies, shots: proxies of a batch, and images of each.
             temperature, momentum, negatives: of the losses and the memory.
             weight: lambda of L_inter.
             warm_up_epochs: without L_inter, while clusters are still poor.
             augment: function of (images, rng) that changes a batch before it is encoded, or None.
             seed: of the batches.
    Raises:  ValueError: sizes that do not fit, or clustering that leaves nothing but noise.
    Source:  Wang et al. (2021), algorithm 1. Differs: a batch holds each of its images under its own view, no more
             than one; the paper's encoder is a ResNet-50 trained on ImageNet, ours is what it is given.
    """

    def __init__(
        self,
        encoder,
        optimizer,
        images,
        cameras,
        labels=None,
        *,
        eps=0.5,
        min_samples=4,
        k1=20,
        k2=6,
        proxies=16,
        shots=4,
        temperature=0.07,
        momentum=0.2,
        negatives=50,
        weight=0.5,
        warm_up_epochs=0,
        augment=None,
        seed=0,
    ):
        self.images, self.cameras = np.asarray(images), np.asarray(cameras)
        self.labels = None if labels is None else np.asarray(labels)
        shape = None if labels is None else self.labels.shape
        contract.check_training(self.images.shape, self.cameras.shape, shape, proxies, shots, weight)
        self.encoder, self.optimizer, self.augment = encoder, optimizer, augment
        self.eps, self.min_samples, self.k1, self.k2 = eps, min_samples, k1, k2
        self.proxies, self.shots = proxies, shots
        self.temperature, self.momentum, self.negatives = temperature, momentum, negatives
        self.weight, self.warm_up_epochs = weight, warm_up_epochs
        self.rng, self.epochs = np.random.default_rng(seed), 0

    def embed(self, images):
        """Features of length 1, in eval mode. Shape (n, dim)."""
        training = self.encoder.training
        self.encoder.eval()
        with no_grad():
            parts = [self.encoder(as_tensor(images[i : i + 256])).numpy() for i in range(0, len(images), 256)]
        self.encoder.train(training)
        return unit_rows(np.concatenate(parts))

    # The same text on both sides: it calls two functions that have their own mathematics.
    def cluster(self, features):
        """The labels if there are any, else clusters of these features. Shape (n,)."""
        if self.labels is not None:
            return self.labels
        return dbscan(jaccard_distance(features, self.k1, self.k2), self.eps, self.min_samples)

    def epoch(self):
        """One round. Returns a dictionary: mean loss, number of clusters and of proxies, share of noise."""
        features = self.embed(self.images)
        clusters = self.cluster(features)
        memory = CameraProxies(features, clusters, self.cameras, self.momentum)
        weight = self.weight if self.epochs >= self.warm_up_epochs else 0
        self.encoder.train()
        batches = draw_batches(memory.indices, self.proxies, self.shots, self.rng)
        losses = [self._step(chosen, memory, weight) for chosen in batches]
        self.epochs += 1
        return {
            "loss": float(np.mean(losses)),
            "clusters": len(np.unique(memory.clusters)),
            "proxies": len(memory.vectors),
            "noise": float((clusters < 0).mean()),
        }

    def _step(self, chosen, memory, weight):
        images, indices = self.images[chosen], memory.indices[chosen]
        if self.augment is not None:
            images = self.augment(images, self.rng)
        features = self.encoder(as_tensor(images))
        loss = intra_camera_loss(features, indices, memory, self.temperature)
        if weight:
            loss = loss + weight * inter_camera_loss(features, indices, memory, self.temperature, self.negatives)
        self.optimizer.zero_grad()
        loss.backward()
        self.optimizer.step()
        memory.update(features.numpy(), indices)
        return loss.item()
