"""Real data in one layout, divided the same way on every machine."""

import gzip
import struct

import numpy as np
import pytest

from mylib import data
from mylib.data import Dataset, images

SETS = {"mnist": (data.mnist, 28, 4000, 1000), "digits": (data.digits, 8, 1438, 359)}


@pytest.mark.parametrize(("load", "side", "train", "test"), SETS.values(), ids=SETS)
def test_digits_have_their_sizes_types_and_range(load, side, train, test):
    found = load()
    for pictures, labels, count in (
        (found.train_images, found.train_labels, train),
        (found.test_images, found.test_labels, test),
    ):
        assert pictures.shape == (count, 1, side, side)
        assert labels.shape == (count,)
        assert (pictures.dtype, labels.dtype) == (np.float32, np.int64)
        assert (pictures.min(), pictures.max()) == (0.0, 1.0)
        assert set(labels.tolist()) == set(range(10))


def test_mnist_shows_ink_on_black_with_the_known_mean():
    # The 60,000 digits have the mean 0.1307 (LeCun et al.); the mean of 5,000 of them lies within 0.005 of it.
    found = data.mnist()
    assert np.concatenate([found.train_images, found.test_images]).mean() == pytest.approx(0.1307, abs=0.005)
    assert found.train_images[:, :, [0, -1]].mean() < 0.001  # digits are centred: the border is empty


def test_mnist_has_five_hundred_of_each_digit_four_fifths_of_them_in_training():
    found = data.mnist()
    assert np.bincount(found.train_labels).tolist() == [400] * 10
    assert np.bincount(found.test_labels).tolist() == [100] * 10


def test_digits_are_those_of_scikit_learn():
    from sklearn.datasets import load_digits

    found, source = data.digits(), load_digits()
    ours = np.concatenate([found.train_images, found.test_images]).reshape(-1, 64) * 16
    assert sorted(map(tuple, ours)) == sorted(map(tuple, source.data))


@pytest.mark.parametrize("load", [data.mnist, data.digits])
def test_the_same_seed_divides_the_same_way_and_another_differs(load):
    first, again, other = load(seed=1), load(seed=1), load(seed=2)
    for name in Dataset._fields:
        np.testing.assert_array_equal(getattr(first, name), getattr(again, name))
    assert not np.array_equal(first.test_images, other.test_images)


def test_split_is_complete_disjoint_and_balanced():
    labels = np.random.default_rng(0).integers(0, 4, 1000)
    train, test = data.split(labels, test_fraction=0.3, seed=5)
    assert sorted([*train, *test]) == list(range(1000))
    # Each class is rounded on its own, to within half an example.
    held_out = np.bincount(labels[test], minlength=4)
    assert np.abs(held_out - 0.3 * np.bincount(labels)).max() <= 0.5


def test_split_mixes_the_classes():
    train, _ = data.split(np.repeat([0, 1], 500))
    assert 150 < (train[:400] < 500).sum() < 250  # 200 expected, with a standard deviation of 7


def test_split_repeats_with_its_seed_only():
    labels = np.repeat([0, 1], 50)
    for mine, again in zip(data.split(labels, seed=3), data.split(labels, seed=3), strict=True):
        np.testing.assert_array_equal(mine, again)
    assert not np.array_equal(data.split(labels, seed=3)[1], data.split(labels, seed=4)[1])


@pytest.mark.parametrize("fraction", [0, 1, -0.1, 1.5])
def test_split_refuses_a_fraction_that_leaves_nothing(fraction):
    with pytest.raises(ValueError, match=f"expected test_fraction between 0 and 1, got {fraction}"):
        data.split([0, 1], test_fraction=fraction)


def test_keep_takes_the_given_classes_and_numbers_them_in_the_order_given():
    full = data.digits()
    kept = full.keep([7, 2])
    for part in ("train", "test"):
        before, after = getattr(full, f"{part}_labels"), getattr(kept, f"{part}_labels")
        chosen = np.isin(before, [7, 2])
        np.testing.assert_array_equal(after, np.where(before[chosen] == 7, 0, 1))
        np.testing.assert_array_equal(getattr(kept, f"{part}_images"), getattr(full, f"{part}_images")[chosen])
    assert kept.train_labels.dtype == np.int64


def test_keep_refuses_a_class_that_is_not_there():
    with pytest.raises(ValueError, match=r"keep: expected classes among the labels, got \[11\]"):
        data.digits().keep([1, 11])


def test_flat_makes_each_image_a_row_in_reading_order():
    full = data.digits()
    flat = full.flat()
    assert flat.train_images.shape == (1438, 64)
    np.testing.assert_array_equal(flat.test_images[3][8:16], full.test_images[3, 0, 1])
    np.testing.assert_array_equal(flat.test_labels, full.test_labels)


def write_idx(path, array, opened=open):
    header = b"\0\0\x08" + bytes([array.ndim]) + struct.pack(f">{array.ndim}i", *array.shape)
    with opened(path, "wb") as file:
        file.write(header + array.astype(np.uint8).tobytes())


@pytest.fixture
def larger_set(tmp_path, monkeypatch):
    """A folder with MNIST's four files, two of them compressed; three images to train on and two to test on."""
    folder = tmp_path / "mnist"
    folder.mkdir()
    pixels = np.random.default_rng(0).integers(0, 256, (5, 28, 28))
    labels = np.array([3, 1, 4, 1, 5])
    write_idx(folder / "train-images-idx3-ubyte", pixels[:3])
    write_idx(folder / "train-labels-idx1-ubyte.gz", labels[:3], gzip.open)
    write_idx(folder / "t10k-images-idx3-ubyte.gz", pixels[3:], gzip.open)
    write_idx(folder / "t10k-labels-idx1-ubyte", labels[3:])
    monkeypatch.setenv("MYLIB_DATA", str(tmp_path))
    return folder, pixels, labels


def test_a_larger_set_is_read_from_the_folder_plain_or_compressed(larger_set):
    _, pixels, labels = larger_set
    found = data.mnist()
    np.testing.assert_array_equal(found.train_images[:, 0] * 255, pixels[:3].astype(np.float32))
    np.testing.assert_array_equal(found.test_images, (pixels[3:, None] / np.float32(255)).astype(np.float32))
    assert (found.train_labels.tolist(), found.test_labels.tolist()) == ([3, 1, 4], [1, 5])
    assert found.train_labels.dtype == np.int64


def test_a_folder_without_mnist_leaves_the_installed_digits(tmp_path, monkeypatch):
    monkeypatch.setenv("MYLIB_DATA", str(tmp_path))
    assert len(data.mnist().train_images) == 4000


CORRUPT = {
    "cut short": lambda content: content[:-1],
    "too long": lambda content: content + b"\0",
    "another type": lambda content: b"\0\0\x0d" + content[3:],
    "no header": lambda content: content[:3],
    "empty": lambda content: b"",
}


@pytest.mark.parametrize("damage", CORRUPT.values(), ids=CORRUPT)
def test_a_corrupt_file_is_named(larger_set, damage):
    path = larger_set[0] / "train-images-idx3-ubyte"
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(ValueError, match="expected an IDX file of unsigned bytes.*train-images-idx3-ubyte"):
        data.mnist()


def test_a_corrupt_compressed_file_is_named(larger_set):
    path = larger_set[0] / "train-labels-idx1-ubyte.gz"
    path.write_bytes(path.read_bytes()[:-9])
    with pytest.raises(ValueError, match="train-labels-idx1-ubyte.gz"):
        data.mnist()


def test_images_and_labels_of_different_lengths_are_refused(larger_set):
    write_idx(larger_set[0] / "t10k-labels-idx1-ubyte", np.array([1]))
    with pytest.raises(ValueError, match="2 images.*1 labels"):
        data.mnist()


def test_a_missing_file_is_named(larger_set):
    (larger_set[0] / "t10k-labels-idx1-ubyte").unlink()
    with pytest.raises(ValueError, match="t10k-labels-idx1-ubyte or the same with .gz, got neither"):
        data.mnist()


@pytest.mark.parametrize("name", ["astronaut", "camera", "cat", "coffee", "rocket"])
def test_photographs_are_there_in_float_and_range(name):
    picture = data.photograph(name)
    assert picture.dtype == np.float32
    assert len(picture) == (1 if name == "camera" else 3)
    assert 0 <= picture.min() < 0.1
    assert 0.9 < picture.max() <= 1
    assert picture.flags.c_contiguous


def test_a_photograph_keeps_its_pixels_where_it_is_not_scaled():
    from skimage import data as source

    pixels = source.astronaut()
    ours = data.photograph("astronaut")
    # One 8-bit level is 1/255; half of it rounds to another.
    assert np.abs(ours.transpose(1, 2, 0) - pixels / 255).max() < 1e-6


def test_one_side_alone_keeps_the_proportions():
    assert data.photograph("coffee").shape == (3, 400, 600)
    assert data.photograph("coffee", height=40).shape == (3, 40, 60)
    assert data.photograph("coffee", width=60).shape == (3, 40, 60)
    assert data.photograph("coffee", height=50, width=50).shape == (3, 50, 50)


def test_scaling_keeps_the_mean_brightness():
    # Averaging over blocks keeps the mean; anti-aliasing at the border changes it a little.
    assert data.photograph("camera", height=64).mean() == pytest.approx(data.photograph("camera").mean(), abs=0.01)


def test_grey_is_the_luminance_of_the_colours():
    colour, grey = data.photograph("cat"), data.photograph("cat", grey=True)
    expected = np.tensordot([0.2125, 0.7154, 0.0721], colour, 1)  # Rec. 709, as in skimage.color.rgb2gray
    np.testing.assert_allclose(grey[0], expected, atol=1e-5)  # weights rounded to four digits


@pytest.mark.parametrize("name", ["no_such_picture", "data_dir", "lfw_subset"])
def test_an_unknown_photograph_is_refused_with_names_that_exist(name):
    with pytest.raises(ValueError, match=f"got '{name}'.*astronaut, camera, cat"):
        data.photograph(name)


def test_the_installed_digits_cannot_be_changed_by_a_caller():
    first = data.mnist()
    first.train_images[:] = 0.5
    assert data.mnist().train_images.max() == 1.0
    assert images.mnist().train_images.min() == 0.0


def test_long_tail_falls_by_one_factor_from_the_largest_class():
    labels = np.random.default_rng(0).permutation(np.repeat(np.arange(5), 400))
    chosen = data.long_tailed(labels, ratio=100, seed=3)
    assert len(set(chosen.tolist())) == len(chosen)
    assert np.bincount(labels[chosen]).tolist() == [400, 126, 40, 13, 4]  # 400 / 100 ** (k / 4)
    assert np.bincount(labels[data.long_tailed(labels, ratio=1)]).tolist() == [400] * 5
    np.testing.assert_array_equal(chosen, data.long_tailed(labels, ratio=100, seed=3))
    assert set(chosen.tolist()) != set(data.long_tailed(labels, ratio=100, seed=4).tolist())


def test_long_tail_orders_unequal_classes_by_size_and_asks_no_class_for_more_than_it_has():
    labels = np.repeat([7, 3, 5], [20, 100, 50])
    chosen = labels[data.long_tailed(labels, ratio=4)]
    assert {k: int((chosen == k).sum()) for k in (3, 5, 7)} == {3: 80, 5: 40, 7: 20}
    assert len(data.long_tailed(np.array([0, 0, 1]), ratio=1000)) == 3  # each class keeps one at least


@pytest.mark.parametrize(
    ("labels", "ratio", "said"),
    [
        ([0, 1], 0.5, "ratio of at least 1, got 0.5"),
        ([0, 1], np.nan, "ratio of at least 1, got nan"),
        ([2, 2], 10, r"two classes or more, got \[2\]"),
        ([[0, 1]], 10, r"shape \(n,\), got \(1, 2\)"),
    ],
)
def test_long_tail_refuses(labels, ratio, said):
    with pytest.raises(ValueError, match=said):
        data.long_tailed(labels, ratio)


def test_digit_pairs_put_the_two_digits_of_their_class_side_by_side():
    pairs, single = data.digit_pairs(seed=1, train=230, test=100), data.mnist(seed=1)
    for part in ("train", "test"):
        images, labels = getattr(pairs, f"{part}_images"), getattr(pairs, f"{part}_labels")
        sources = zip(getattr(single, f"{part}_images"), getattr(single, f"{part}_labels"), strict=True)
        known = {image.tobytes(): label for image, label in sources}
        left, right = (np.ascontiguousarray(half) for half in (images[..., :28], images[..., 28:]))
        found = [10 * known[a.tobytes()] + known[b.tobytes()] for a, b in zip(left, right, strict=True)]
        assert found == labels.tolist()
        counts = np.bincount(labels, minlength=100)
        assert counts.max() - counts.min() <= 1
    np.testing.assert_array_equal(pairs.train_images, data.digit_pairs(seed=1, train=230, test=100).train_images)
    with pytest.raises(ValueError, match="100 pairs or more in each part, got 5000 and 99"):
        data.digit_pairs(test=99)
