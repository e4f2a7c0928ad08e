"""Camera-aware proxies in NumPy: a memory with one vector for each cluster and camera, and the two losses."""

import numpy as np

from mylib.attention.contrastive.scratch_losses import unit
from mylib.attention.contrastive.scratch_memory import unit_rows
from mylib.attention.reid import contract
from mylib.engine import as_tensor, cross_entropy, nn, where


class CameraProxies(nn.Module):
    r"""A vector for each cluster and each camera that sees it: the mean of its images' features, brought to length 1.

    Proxies stand camera by camera, and by cluster inside a camera: those of camera c are the numbers A + 1 to A + Z_c
    of the slide, A being the number of proxies of the cameras before it.

    Args:    features: of all images. Shape (n, dim).
             clusters: of each image, -1 for noise, which gets no proxy. Shape (n,).
             cameras: of each image. Shape (n,).
             momentum: m of `update`, from 0 to 1.
    Attributes: vectors, shape (proxies, dim); clusters and cameras of the proxies, shape (proxies,); indices: the proxy
             of each of the n images, -1 for noise.
    Raises:  ValueError: shapes that do not fit, noise alone, or a momentum that is no share.
    Source:  Wang et al. (2021), "Camera-aware proxies"; slide "Model". Differs: `update` restores length 1
             after a batch, the authors' program after each image.

    Example:
        >>> memory = CameraProxies(np.eye(4, 2), clusters=[0, 0, 0, -1], cameras=[1, 0, 1, 0])
        >>> memory.cameras.tolist(), memory.indices.tolist()
        ([0, 1], [1, 0, 1, -1])
    """

    def __init__(self, features, clusters, cameras, momentum=0.2):
        super().__init__()
        features, clusters, cameras = np.asarray(features), np.asarray(clusters), np.asarray(cameras)
        members = clusters >= 0
        contract.check_groups(features.shape, clusters.shape, cameras.shape, momentum, members.any())
        self.momentum = momentum
        pairs, which = np.unique(np.stack([cameras[members], clusters[members]]), axis=1, return_inverse=True)
        known = unit_rows(features[members])
        sums = np.zeros((pairs.shape[1], features.shape[1]), known.dtype)
        np.add.at(sums, which, known)
        self.register_buffer("vectors", unit_rows(sums))
        self.register_buffer("cameras", pairs[0].astype(np.int64))
        self.register_buffer("clusters", pairs[1].astype(np.int64))
        self.register_buffer("indices", np.full(len(clusters), -1, np.int64))
        self.indices[members] = which

    def update(self, features, indices):
        r"""K'[j] <- m K'[j] + (1 - m) f(x_i) for the images of a batch, one after the other; then length 1.

        Args:    features: Shape (batch, dim).
                 indices: j, the proxy of each image. Shape (batch,).
        Raises:  ValueError: shapes that do not fit, or noise, which has no proxy.
        """
        features, indices = np.asarray(features), np.asarray(indices)
        contract.check_batch("CameraProxies.update", features.shape, indices.shape, self.vectors.shape)
        contract.check_indices("CameraProxies.update", indices.min(), indices.max(), self.vectors.shape)
        for row, j in zip(unit_rows(features), indices, strict=True):
            self.vectors[j] = self.momentum * self.vectors[j] + (1 - self.momentum) * row
        touched = np.unique(indices)
        self.vectors[touched] = unit_rows(self.vectors[touched])


def intra_camera_loss(features, indices, memory, temperature=0.07):
    r"""Tell an image's proxy from the other proxies of its own camera.

    L = - sum_c 1/N_c sum_{x_i in D_c} log exp(K'[j] . f(x_i) / tau) / sum_{k of camera c} exp(K'[k] . f(x_i) / tau).

    D_c are the images of the batch that camera c took, N_c their number, j the proxy of image i. Cameras are never
    compared with each other, so that nothing is learned from what sets them apart.

    Args:    features: f, brought to length 1 here. Shape (batch, dim).
             indices: j. Shape (batch,).
             memory: K', a `CameraProxies`; constant.
             temperature: tau above 0.
    Returns: scalar.
    Raises:  ValueError: shapes that do not fit, noise among the indices, or a temperature that is not above 0.
    Source:  Wang et al. (2021), the intra-camera loss; slide "Loss". Differs: none.

    Example:
        >>> memory = CameraProxies(np.eye(3), clusters=[0, 1, 0], cameras=[0, 0, 1])
        >>> round(intra_camera_loss([[1.0, 0.0, 0.0]], [0], memory, temperature=1.0).item(), 4)  # log(1 + 1/e)
        0.3133
    """
    f, indices = as_tensor(features), np.asarray(indices)
    contract.check_batch("intra_camera_loss", f.shape, indices.shape, memory.vectors.shape, temperature)
    contract.check_indices("intra_camera_loss", indices.min(), indices.max(), memory.vectors.shape)
    cameras = memory.cameras[indices]
    others = np.where(memory.cameras == cameras[:, None], 0, -np.inf).astype(f.dtype)
    losses = cross_entropy(_scores(f, memory, temperature) + others, indices, reduction="none")
    _, group, counts = np.unique(cameras, return_inverse=True, return_counts=True)
    return (losses / counts[group].astype(f.dtype)).sum()


def inter_camera_loss(features, indices, memory, temperature=0.07, negatives=50):
    r"""Pull an image to the proxies of its cluster in other cameras, away from the most similar ones of other clusters.

    L = - 1/N' sum_i 1/|P| sum_{p in P} log S(p, x_i) / (sum_{u in P} S(u, x_i) + sum_{q in Q} S(q, x_i)),

    S(p, x) = exp(K'[p] . f(x) / tau). P: proxies of the image's cluster in other cameras. Q: of the proxies of other
    clusters in all cameras, the `negatives` most similar. N': the images of the batch. An image whose cluster no other
    camera sees has an empty P, and adds 0.

    Args:    features, indices, memory, temperature: as in `intra_camera_loss`.
             negatives: |Q|; where there are fewer, all of them.
    Returns: scalar.
    Raises:  ValueError: as `intra_camera_loss`, or no negatives.
    Source:  Wang et al. (2021), the inter-camera loss; slide "Loss". Differs: the slide sums over the N' images; here
             it is their mean, so that the loss does not grow with the batch. The authors' program takes the mean over
             each camera's images, adds up the cameras, and counts the proxy of the image's own camera among P, so that
             no P is empty.

    Example:
        >>> memory = CameraProxies(np.eye(3), clusters=[0, 0, 1], cameras=[0, 1, 1])
        >>> f = [[0.0, 1.0, 0.0]]
        >>> round(inter_camera_loss(f, [0], memory, temperature=1.0).item(), 4)  # S is e for P, 1 for Q: log(1 + 1/e)
        0.3133
    """
    f, indices = as_tensor(features), np.asarray(indices)
    contract.check_batch("inter_camera_loss", f.shape, indices.shape, memory.vectors.shape, temperature)
    contract.check_indices("inter_camera_loss", indices.min(), indices.max(), memory.vectors.shape)
    contract.check_negatives(negatives)
    same = memory.clusters == memory.clusters[indices, None]
    positive = same & (memory.cameras != memory.cameras[indices, None])
    scores = _scores(f, memory, temperature)
    strangers = np.where(same, -np.inf, scores.numpy())
    hardest = np.argsort(-strangers, axis=1, kind="stable")[:, :negatives]
    allowed = np.zeros_like(positive)
    np.put_along_axis(allowed, hardest, np.isfinite(np.take_along_axis(strangers, hardest, 1)), axis=1)
    allowed |= positive
    counts = positive.sum(axis=1)
    has = counts > 0
    allowed[~has] = True  # any finite sum: these rows are multiplied by 0
    total = where(allowed, scores, -np.inf).logsumexp(axis=1)
    pulled = (scores * positive.astype(f.dtype)).sum(axis=1) / np.maximum(counts, 1).astype(f.dtype)
    return ((total - pulled) * has.astype(f.dtype)).mean()


def _scores(f, memory, temperature):
    """K'[k] . f(x_i) / tau. Shape (batch, proxies)."""
    return unit(f) @ memory.vectors.astype(f.dtype).T / temperature
