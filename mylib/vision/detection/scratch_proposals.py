"""Object proposals in NumPy: graph-based segmentation, and selective search on top of it.

Notation: an image of n pixels is a graph, an edge (a, b, w) joins neighbouring pixels a and b that differ by w; |C| is
the number of pixels of a region C.
"""

from heapq import heapify, heappop, heappush

import numpy as np

from mylib.vision.convolution.scratch import conv1d
from mylib.vision.detection import contract
from mylib.vision.detection.contract import COLOUR_BINS, DIRECTIONS, TEXTURE_BINS


def felzenszwalb(image, scale, min_size, sigma=0.8):
    r"""Graph-based segmentation: go through the edges by rising w, and join the two regions of an edge if

    w <= min(Int(C1) + k / |C1|, Int(C2) + k / |C2|),

    where Int(C), the internal difference, is the largest w that was used to build C. A region grows as long as its
    border is no stronger than what is inside it, and small regions get credit: k / |C|.

    Args:    image: in [0, 1]. Shape (channels, height, width) or (height, width).
             scale: k, in grey levels of 0 to 255 times pixels; larger values give larger regions.
             min_size: pixels; smaller regions are joined to the neighbour across their weakest edge afterwards.
             sigma: of the Gaussian that smooths the image before, pixels; 0 does not smooth.
    Returns: region of each pixel, numbered in reading order of their first pixels. int64, shape (height, width).
    Raises:  ValueError: not an image of at least 2 x 2 finite pixels in [0, 1], its channels at the end, or a scale,
                 size or sigma below 0.
    Source:  Felzenszwalb and Huttenlocher (2004). Differs: w is the distance of colours over all channels at once, the
             authors' code segments with eight neighbours too.

    Example:
        >>> halves = np.repeat([[0.0, 0.0, 1.0, 1.0]], 4, axis=0)
        >>> felzenszwalb(halves, scale=10, min_size=1, sigma=0)[0].tolist()
        [0, 0, 1, 1]
    """
    pixels = _check_image("felzenszwalb", image)
    contract.check_segmentation(scale, min_size, sigma)
    a, b, w = _edges(255 * _smooth(pixels, sigma))
    order = np.argsort(w, kind="stable")
    a, b, w = a[order], b[order], w[order]
    n = pixels[0].size
    # Lists: reading one number out of an array costs ten times as much.
    parent, size, limit = list(range(n)), [1] * n, [float(scale)] * n  # limit: Int(C) + k / |C|

    def root(node):
        while parent[node] != node:
            parent[node] = node = parent[parent[node]]  # halve the path on the way
        return node

    for first, second, weight in zip(a.tolist(), b.tolist(), w.tolist(), strict=True):
        if parent[first] == parent[second]:
            continue  # one region already, and known without the way to its root
        one, other = root(first), root(second)
        if one != other and weight <= limit[one] and weight <= limit[other]:
            parent[other] = one
            size[one] += size[other]
            limit[one] = weight + scale / size[one]  # edges come by rising w: this one is the largest inside
    # Regions only grow: an edge inside of one, or between two that are large enough, stays such an edge.
    region, large = np.array([root(node) for node in range(n)]), np.array(size) >= min_size
    one, other = region[a], region[b]
    left = (one != other) & ~(large[one] & large[other])
    for first, second in zip(a[left].tolist(), b[left].tolist(), strict=True):
        one, other = root(first), root(second)
        if one != other and min(size[one], size[other]) < min_size:
            parent[other] = one
            size[one] += size[other]
    return _renumber(np.array([root(node) for node in range(n)])).reshape(pixels.shape[1:])


def selective_search(image, scale=100, min_size=20):
    r"""Join the two most similar neighbouring regions until one is left; the box of every region is a proposal.

    The similarity of two regions is the sum of four numbers in [0, 1]: the intersection sum_k min(a_k, b_k) of their
    colour histograms; that of their texture histograms (strength of the gradient in eight directions); 1 - (|A| + |B|)
    / |image|, which lets small regions join first; and 1 - (|box around both| - |A| - |B|) / |image|, which is large
    when they fill each other's holes.

    Args:    image: in [0, 1]. Shape (channels, height, width) or (height, width).
             scale, min_size: of `felzenszwalb`, where the regions come from.
    Returns: different boxes, those of the last joins first. Shape (n, 4).
    Raises:  ValueError: as `felzenszwalb`.
    Source:  Uijlings et al. (2013); slide "Backbone of R-CNN: Selective search". Differs: one colour space (that of
             the image) and one start instead of up to eighty; the order is that of the joins, without the paper's
             random factor.

    Example:
        >>> halves = np.repeat([[0.0] * 4 + [1.0] * 4], 8, axis=0)
        >>> selective_search(halves, scale=10, min_size=1)[0].tolist()
        [0.0, 0.0, 8.0, 8.0]
    """
    pixels = _check_image("selective_search", image)
    labels = felzenszwalb(pixels, scale, min_size)
    regions = _Regions(pixels, labels)
    pairs = _neighbours(labels)
    near = [set() for _ in range(regions.count)]
    for i, j in pairs.tolist():
        near[i].add(j)
        near[j].add(i)
    queue = list(zip((-regions.similarity(*pairs.T)).tolist(), *pairs.T.tolist(), strict=True))
    heapify(queue)
    while queue:
        _, i, j = heappop(queue)
        if near[i] is None or near[j] is None:
            continue  # one of the two has been joined to another region since
        new, around = regions.join(i, j), (near[i] | near[j]) - {i, j}
        near[i] = near[j] = None
        near.append(around)
        for k in around:
            near[k] -= {i, j}
            near[k].add(new)
        others = np.array(sorted(around), dtype=int)
        for likeness, k in zip(regions.similarity(new, others).tolist(), others.tolist(), strict=True):
            heappush(queue, (-likeness, k, new))
    boxes = regions.boxes[: regions.count][::-1]
    _, first = np.unique(boxes, axis=0, return_index=True)
    return boxes[np.sort(first)]


class _Regions:
    """What is known about each region: pixels, box and histograms; joined ones are added at the end."""

    def __init__(self, pixels, labels):
        n = labels.max() + 1
        self.area, self.count, size = labels.size, n, 2 * n - 1
        self.pixels, self.boxes = np.zeros(size), np.zeros((size, 4))
        self.pixels[:n] = np.bincount(labels.ravel())
        rows, columns = np.indices(labels.shape)
        for axis, places in enumerate((columns, rows)):
            low, high = np.full(n, labels.size), np.zeros(n, int)
            np.minimum.at(low, labels, places)
            np.maximum.at(high, labels, places + 1)
            self.boxes[:n, axis], self.boxes[:n, axis + 2] = low, high
        self.histograms = []
        strengths = _strengths(pixels)
        top = max(strengths.max(), 1e-12)
        for values, bins in ((pixels, COLOUR_BINS), (strengths / top, TEXTURE_BINS)):
            counts = np.zeros((size, len(values) * bins))
            counts[:n] = _histograms(values, labels, n, bins)
            self.histograms.append((counts, len(values)))

    def join(self, i, j):
        """Add the union of two regions; its number."""
        new = self.count
        self.count += 1
        self.pixels[new] = self.pixels[i] + self.pixels[j]
        self.boxes[new] = self._around(i, j)
        for counts, _ in self.histograms:
            counts[new] = counts[i] + counts[j]
        return new

    def similarity(self, i, j):
        """Sum of the four similarities of regions i and j, each a number or an array of numbers."""
        total = 2.0  # the two ones of size and fill
        for counts, channels in self.histograms:
            a, b = (counts[k] / (channels * self.pixels[k])[..., None] for k in (i, j))
            total = total + np.minimum(a, b).sum(axis=-1)
        both = self.pixels[i] + self.pixels[j]
        box = self._around(i, j)
        hull = (box[..., 2] - box[..., 0]) * (box[..., 3] - box[..., 1])
        return total - both / self.area - (hull - both) / self.area

    def _around(self, i, j):
        a, b = self.boxes[i], self.boxes[j]
        return np.concatenate([np.minimum(a[..., :2], b[..., :2]), np.maximum(a[..., 2:], b[..., 2:])], axis=-1)


def _edges(pixels):
    """Both ends and the colour distance of every pair of pixels that touch, also at a corner."""
    height, width = pixels.shape[1:]
    index = np.arange(height * width).reshape(height, width)
    everything = slice(None)
    shifts = (
        (everything, slice(0, -1), everything, slice(1, None)),  # right
        (slice(0, -1), everything, slice(1, None), everything),  # down
        (slice(0, -1), slice(0, -1), slice(1, None), slice(1, None)),  # down right
        (slice(1, None), slice(0, -1), slice(0, -1), slice(1, None)),  # up right
    )
    ends = [(index[i, j].ravel(), index[k, l].ravel()) for i, j, k, l in shifts]
    a, b = (np.concatenate(end) for end in zip(*ends, strict=True))
    flat = pixels.reshape(len(pixels), -1)
    return a, b, np.sqrt(np.square(flat[:, a] - flat[:, b]).sum(axis=0))


def _smooth(pixels, sigma):
    """A Gaussian along rows and columns; beyond the border the image is mirrored."""
    if not sigma:
        return pixels
    reach = int(4 * sigma + 0.5)
    kernel = np.exp(-0.5 * np.square(np.arange(-reach, reach + 1) / sigma))
    kernel /= kernel.sum()
    for _ in range(2):
        padded = np.pad(pixels, ((0, 0), (0, 0), (reach, reach)), mode="symmetric")
        pixels = conv1d(padded, kernel, padding="valid").swapaxes(1, 2)
    return pixels


def _strengths(pixels):
    """How fast each channel rises in eight directions. Shape (directions * channels, height, width)."""
    down, right = np.gradient(_smooth(pixels, 1.0), axis=(1, 2))
    angles = np.arange(DIRECTIONS) * 2 * np.pi / DIRECTIONS
    rise = np.cos(angles)[:, None, None, None] * right + np.sin(angles)[:, None, None, None] * down
    return np.maximum(rise, 0).reshape(-1, *pixels.shape[1:])


def _histograms(values, labels, n, bins):
    """Counts of values in [0, 1] by region. Shape (n, maps * bins)."""
    which = np.clip(np.floor(values * bins), 0, bins - 1).astype(int) + np.arange(len(values))[:, None, None] * bins
    flat = (labels * len(values) * bins + which).ravel()
    return np.bincount(flat, minlength=n * len(values) * bins).reshape(n, -1)


def _neighbours(labels):
    """Pairs of regions that share a side of a pixel, each once, the lower number first. Shape (pairs, 2)."""
    pairs = [
        np.stack([labels[:, :-1].ravel(), labels[:, 1:].ravel()], axis=1),
        np.stack([labels[:-1].ravel(), labels[1:].ravel()], axis=1),
    ]
    pairs = np.sort(np.concatenate(pairs), axis=1)
    return np.unique(pairs[pairs[:, 0] != pairs[:, 1]], axis=0)


def _renumber(roots):
    """The same division with numbers 0, 1, ... in order of first appearance."""
    _, first, inverse = np.unique(roots, return_index=True, return_inverse=True)
    return np.argsort(np.argsort(first))[inverse]


def _check_image(operation, image):
    """The pixels with an axis of channels, in float64, refused unless they are an image."""
    pixels = np.asarray(image, float)
    low, high = pixels.min(initial=1), pixels.max(initial=0)
    contract.check_image(operation, pixels.shape, np.isfinite(pixels).all(), low, high)
    return pixels[None] if pixels.ndim == 2 else pixels
