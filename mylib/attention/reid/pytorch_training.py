"""The training loop of CAP, in PyTorch: all images stay on the device, and losses are read once an epoch."""

import numpy as np
import torch
import torch.nn.functional as F

from mylib.attention.reid import contract
from mylib.attention.reid.batches import draw_batches
from mylib.attention.reid.pytorch_clusters import dbscan, jaccard_distance
from mylib.attention.reid.pytorch_proxies import CameraProxies, inter_camera_loss, intra_camera_loss


class CAP:
    r"""Cluster all images, give each cluster a proxy for each camera, train one epoch, and again."""

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
        self.images, self.cameras, self.labels = images, cameras, labels
        shape = None if labels is None else tuple(labels.shape)
        contract.check_training(tuple(images.shape), tuple(cameras.shape), shape, proxies, shots, weight)
        self.encoder, self.optimizer, self.augment = encoder, optimizer, augment
        self.eps, self.min_samples, self.k1, self.k2 = eps, min_samples, k1, k2
        self.proxies, self.shots = proxies, shots
        self.temperature, self.momentum, self.negatives = temperature, momentum, negatives
        self.weight, self.warm_up_epochs = weight, warm_up_epochs
        self.rng, self.epochs = np.random.default_rng(seed), 0

    @torch.no_grad()
    def embed(self, images):
        """Features of length 1, in eval mode. Shape (n, dim)."""
        training = self.encoder.training
        self.encoder.eval()
        features = torch.cat([self.encoder(part) for part in images.split(256)])
        self.encoder.train(training)
        torch.clear_autocast_cache()  # its casts of the weights have no graph
        return F.normalize(features.to(torch.promote_types(features.dtype, torch.float32)))

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
        batches = draw_batches(memory.indices.cpu().numpy(), self.proxies, self.shots, self.rng)
        batches = [torch.as_tensor(chosen, device=self.images.device) for chosen in batches]
        losses = [self._step(chosen, memory, weight) for chosen in batches]
        self.epochs += 1
        return {
            "loss": torch.stack(losses).mean().item(),
            "clusters": len(memory.clusters.unique()),
            "proxies": len(memory.vectors),
            "noise": (clusters < 0).sum().item() / len(clusters),
        }

    def _step(self, chosen, memory, weight):
        images, indices = self.images[chosen], memory.indices[chosen]
        if self.augment is not None:
            images = self.augment(images, self.rng)
        features = self.encoder(images)
        loss = intra_camera_loss(features, indices, memory, self.temperature)
        if weight:
            loss = loss + weight * inter_camera_loss(features, indices, memory, self.temperature, self.negatives)
        self.optimizer.zero_grad()
        loss.backward()
        self.optimizer.step()
        torch.clear_autocast_cache()  # an epoch under autocast would go on with casts of the old weights
        memory.update(features, indices)
        return loss.detach()
