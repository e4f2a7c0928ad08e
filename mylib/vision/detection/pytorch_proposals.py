"""Object proposals in PyTorch: graph-based segmentation, and selective search on top of it.

Smoothing, edges, histograms and similarities are tensors on the device of the image. The order in which regions are
joined is one decision after the other, which no GPU makes faster: segmentation reads its sorted edges back, selective
search keeps one dense matrix of similarities and takes its maximum again and again. All of it is float64, which
Apple's GPUs do not have: for them the CPU computes.
"""

import math

import torch

from mylib.shared.devices import widest_float, with_float64
from mylib.vision.detection import contract
from mylib.vision.detection.contract import COLOUR_BINS, DIRECTIONS, TEXTURE_BINS


def felzenszwalb(image, scale, min_size, sigma=0.8):
    r"""Graph-based segmentation: by rising w, join the regions of an edge if w is at most Int(C) + k / |C| of both.

    Edges are made and sorted on the device, and read back to be joined.
    """
    pixels = _check_image("felzenszwalb", image)
    contract.check_segmentation(scale, min_size, sigma)
    ends, weights = _edges(255 * _smooth(pixels, sigma))
    weights, order = weights.sort(stable=True)
    forest = _Forest(pixels[0].numel(), float(scale))
    firsts, seconds = ends[:, order].tolist()  # two long lists: Python's collector looks again and again at many pairs
    for a, b, weight in zip(firsts, seconds, weights.tolist(), strict=True):
        a, b = forest.root(a), forest.root(b)
        if a != b and weight <= min(forest.limit[a], forest.limit[b]):
            joined = forest.join(a, b)
            forest.limit[joined] = weight + scale / forest.size[joined]
    for a, b in zip(firsts, seconds, strict=True):
        a, b = forest.root(a), forest.root(b)
        if a != b and min(forest.size[a], forest.size[b]) < min_size:
            forest.join(a, b)
    numbers, labels = {}, []
    for pixel in range(pixels[0].numel()):
        labels.append(numbers.setdefault(forest.root(pixel), len(numbers)))
    return torch.tensor(labels, device=image.device).reshape(pixels.shape[1:])


def selective_search(image, scale=100, min_size=20):
    r"""Join the two most similar neighbouring regions until one is left; the box of every region is a proposal.

    The n regions fill a dense n x n matrix of similarities, minus infinity where two are no neighbours; a join puts
    the union into the place of the first region and empties that of the second.

    Returns: different boxes, those of the last joins first. float64, float32 on an Apple GPU; shape (n, 4).
    """
    pixels = _check_image("selective_search", image)
    labels = felzenszwalb(pixels, scale, min_size)
    regions = _describe(pixels, labels)
    n, device = len(regions["pixels"]), pixels.device
    near = torch.zeros(n, n, dtype=torch.bool, device=device)
    for a, b in ((labels[:, :-1], labels[:, 1:]), (labels[:-1], labels[1:])):
        near[a.flatten(), b.flatten()] = True
    near = (near | near.T).fill_diagonal_(False)
    similarity = torch.full((n, n), -math.inf, dtype=torch.float64, device=device)
    a, b = near.triu().nonzero(as_tuple=True)
    similarity[a, b] = similarity[b, a] = _similarity(regions, a, b, labels.numel())
    boxes = [regions["boxes"].clone()]
    for _ in range(n - 1):
        i, j = divmod(int(similarity.argmax()), n)
        for name in ("pixels", "histograms"):
            regions[name][i] += regions[name][j]
        regions["boxes"][i] = _around(regions["boxes"][i], regions["boxes"][j])
        boxes.append(regions["boxes"][None, i].clone())
        near[i] |= near[j]
        near[:, i] = near[i]
        near[j] = near[:, j] = False
        near[i, i] = False
        similarity[j] = similarity[:, j] = -math.inf
        around = near[i].nonzero()[:, 0]
        similarity[i, around] = similarity[around, i] = _similarity(
            regions, torch.full_like(around, i), around, labels.numel()
        )
    found = torch.cat(boxes).flip(0)
    seen = dict.fromkeys(map(tuple, found.tolist()))
    return torch.tensor(list(seen), dtype=widest_float(image.device), device=image.device)


class _Forest:
    """Disjoint sets of pixels; the root of each knows its size and its limit Int(C) + k / |C|."""

    def __init__(self, count, scale):
        self.parent, self.size, self.limit = list(range(count)), [1] * count, [scale] * count

    def root(self, node):
        """The set's name; what is passed on the way points to it afterwards."""
        top = node
        while self.parent[top] != top:
            top = self.parent[top]
        while self.parent[node] != top:
            self.parent[node], node = top, self.parent[node]
        return top

    def join(self, a, b):
        """Hang the smaller set under the larger; the root of both."""
        if self.size[a] < self.size[b]:
            a, b = b, a
        self.parent[b] = a
        self.size[a] += self.size[b]
        return a


def _edges(pixels):
    """Pairs of pixels that touch, also at a corner, and how far their colours are apart. Shapes (2, e) and (e,)."""
    height, width = pixels.shape[1:]
    index = torch.arange(height * width, device=pixels.device).reshape(height, width)
    pairs = [
        (index[:, :-1], index[:, 1:]),
        (index[:-1], index[1:]),
        (index[:-1, :-1], index[1:, 1:]),
        (index[1:, :-1], index[:-1, 1:]),
    ]
    ends = torch.cat([torch.stack([a.flatten(), b.flatten()]) for a, b in pairs], dim=1)
    colours = pixels.flatten(1)
    return ends, (colours[:, ends[0]] - colours[:, ends[1]]).square().sum(dim=0).sqrt()


def _smooth(pixels, sigma):
    """A Gaussian along rows and columns; beyond the border the image is mirrored, its outermost pixel repeated."""
    if not sigma:
        return pixels
    reach = int(4 * sigma + 0.5)
    offsets = torch.arange(-reach, reach + 1, device=pixels.device)
    kernel = (-0.5 * (offsets.double() / sigma).square()).exp()
    for axis in (1, 2):
        n = pixels.shape[axis]
        places = torch.arange(n, device=pixels.device)[:, None] + offsets  # (n, taps)
        places = places.remainder(2 * n)
        places = torch.where(places < n, places, 2 * n - 1 - places)
        windows = pixels.movedim(axis, -1)[..., places]  # (..., n, taps)
        pixels = (windows @ (kernel / kernel.sum())).movedim(-1, axis)
    return pixels


def _describe(pixels, labels):
    """Pixels, box and stacked normalisable histograms of every region."""
    n, flat = int(labels.max()) + 1, labels.flatten()
    rows, columns = torch.meshgrid(*(torch.arange(s, device=flat.device) for s in labels.shape), indexing="ij")
    edges = []
    for places, reduce in ((columns, "amin"), (rows, "amin"), (columns + 1, "amax"), (rows + 1, "amax")):
        empty = torch.zeros(n, dtype=places.dtype, device=flat.device)
        edges.append(empty.scatter_reduce(0, flat, places.flatten(), reduce, include_self=False))
    gradients = torch.gradient(_smooth(pixels, 1.0), dim=(1, 2))
    angles = torch.arange(DIRECTIONS, dtype=torch.float64, device=flat.device) * 2 * math.pi / DIRECTIONS
    rise = angles.cos()[:, None, None, None] * gradients[1] + angles.sin()[:, None, None, None] * gradients[0]
    strengths = rise.clamp(min=0).flatten(0, 1)
    parts = []
    for values, bins in ((pixels, COLOUR_BINS), (strengths / strengths.max().clamp(min=1e-12), TEXTURE_BINS)):
        which = (values * bins).floor().clamp(0, bins - 1).long().flatten(1)
        which += torch.arange(len(values), device=flat.device)[:, None] * bins + flat * len(values) * bins
        counts = torch.bincount(which.flatten(), minlength=n * len(values) * bins).reshape(n, -1)
        parts.append(counts.double() / len(values))  # a region's histogram adds up to its number of pixels
    return {
        "pixels": torch.bincount(flat).double(),
        "boxes": torch.stack(edges, dim=1).double(),
        "histograms": torch.cat(parts, dim=1),
    }


def _similarity(regions, i, j, area):
    """Colour and texture intersection, plus what favours small regions and regions that fill each other's box."""
    shares = (regions["histograms"][k] / regions["pixels"][k, None] for k in (i, j))
    likeness = torch.minimum(*shares).sum(dim=1)
    both = regions["pixels"][i] + regions["pixels"][j]
    box = _around(regions["boxes"][i], regions["boxes"][j])
    hull = (box[:, 2] - box[:, 0]) * (box[:, 3] - box[:, 1])
    return likeness + (1 - both / area) + (1 - (hull - both) / area)


def _around(a, b):
    return torch.cat([torch.minimum(a[..., :2], b[..., :2]), torch.maximum(a[..., 2:], b[..., 2:])], dim=-1)


def _check_image(operation, image):
    """The pixels with an axis of channels, in float64, refused unless they are an image."""
    pixels = image.to(with_float64(image.device)).double()
    low, high = pixels.aminmax() if pixels.numel() else (0.0, 0.0)
    contract.check_image(operation, pixels.shape, bool(pixels.isfinite().all()), float(low), float(high))
    return pixels[None] if pixels.ndim == 2 else pixels
