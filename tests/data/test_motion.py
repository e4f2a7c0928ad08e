"""Moving digits: the motion is what the label says, and nothing else tells it."""

import numpy as np
import pytest

from mylib import data
from mylib.data import motion


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
