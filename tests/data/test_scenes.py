"""Digits on photographs: boxes, masks and where they stand."""

import numpy as np
import pytest

from mylib import data


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
