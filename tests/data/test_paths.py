"""Walks to a fork and thrown balls: what physics and the docstrings say of them."""

import numpy as np
import pytest

from mylib import data
from mylib.data import paths

# walks


def test_agents_walk_north_and_leave_by_the_exit_of_their_choice():
    walks = data.junction_paths(count=300, noise=0.0)
    stride = paths.WALKING_SPEED * paths.WALKING_STEP
    np.testing.assert_allclose(np.diff(walks.past, axis=1), np.broadcast_to([0, stride], (300, 7, 2)), atol=1e-5)
    onwards = np.diff(walks.future, axis=1)
    expected = np.broadcast_to(stride * paths.DIRECTIONS[walks.choice][:, None], onwards.shape)
    np.testing.assert_allclose(onwards, expected, atol=1e-5)  # float32 at 10 m
    across = walks.future[:, 0] - walks.past[:, -1]
    np.testing.assert_allclose(np.abs(across).sum(axis=1), stride, atol=1e-5)  # round a right angle, at the same speed
    assert (across[:, 1] >= -1e-5).all()


def test_choices_have_their_chances_and_nothing_seen_tells_them():
    walks = data.junction_paths(seed=1, count=6000)
    shares = np.bincount(walks.choice) / 6000
    np.testing.assert_allclose(shares, paths.CHANCES, atol=0.02)  # three standard errors of 0.0063
    seen = walks.past - walks.past[:, -1:]
    for step in range(7):
        means = [seen[walks.choice == choice, step].mean(axis=0) for choice in range(3)]
        # Two errors of 0.05 m: a mean of 1,200 has a standard error of 0.002.
        np.testing.assert_allclose(means, np.broadcast_to(means[0], (3, 2)), atol=0.012)


def test_the_noise_is_as_large_as_asked():
    clean, noisy = (data.junction_paths(seed=2, count=800, noise=noise) for noise in (0.0, 0.2))
    error = np.concatenate([noisy.past - clean.past, noisy.future - clean.future], axis=1)
    np.testing.assert_array_equal(clean.choice, noisy.choice)
    assert error.std() == pytest.approx(0.2, rel=0.02)  # of 32,000 numbers: 0.4 %
    assert abs(error.mean()) < 0.005


def test_walks_repeat_with_their_seed_and_differ_without():
    first, again = (data.junction_paths(seed=3, count=20) for _ in range(2))
    for one, two in zip(first, again, strict=True):
        np.testing.assert_array_equal(one, two)
    assert not np.array_equal(first.past, data.junction_paths(seed=4, count=20).past)
    assert not np.array_equal(first.past, data.junction_paths(seed=3, count=20, part="test").past)
    assert first.past.dtype == first.future.dtype == np.float32
    assert first.choice.dtype == np.int64
    assert data.junction_paths(count=2, past=3, future=1).future.shape == (2, 1, 2)


# balls


def test_a_ball_flies_as_the_law_of_fall_says_and_loses_speed_at_the_floor():
    balls = data.thrown_balls(count=300).astype(float)
    times = paths.FALLING_STEP * np.arange(20)
    for ball in balls:
        above = ball[:, 1]
        # Up to the first floor y = h + v t - g t^2 / 2, so that second differences are - g dt^2.
        floor = np.flatnonzero(np.diff(above, 2) > -0.0979)
        first = floor[0] + 1 if len(floor) else len(above)
        v = (above[1] - above[0]) / times[1] + paths.GRAVITY * times[1] / 2
        flight = above[0] + v * times[:first] - paths.GRAVITY * times[:first] ** 2 / 2
        np.testing.assert_allclose(above[:first], flight, atol=2e-5)
        assert 1 <= above[0] <= 2
        assert 1 <= v <= 4.001
    np.testing.assert_allclose(np.diff(balls[:, :, 0], 2, axis=1), 0, atol=1e-5)
    assert balls[:, :, 1].min() >= 0


def test_energy_falls_by_the_square_of_the_bounce():
    """A ball dropped from h comes up to e^2 h: its highest point between the first two floors, in small steps."""
    above = paths._bouncing(np.full(1, 1.5), np.zeros(1), 14)[0]
    fall = np.sqrt(2 * 1.5 / paths.GRAVITY)
    speed = paths.BOUNCE * np.sqrt(2 * paths.GRAVITY * 1.5)
    t = paths.FALLING_STEP * np.arange(14) - fall
    between = (t > 0) & (t < 2 * speed / paths.GRAVITY)
    np.testing.assert_allclose(above[between], (speed * t - paths.GRAVITY * t**2 / 2)[between], atol=1e-12)
    assert speed**2 / (2 * paths.GRAVITY) == pytest.approx(paths.BOUNCE**2 * 1.5)


def test_a_ball_comes_to_rest_and_stays_on_the_floor():
    above = paths._bouncing(np.full(2, 1.0), np.zeros(2), 120)
    assert (above >= 0).all()
    np.testing.assert_array_equal(above[:, -20:], 0)


@pytest.mark.parametrize("event", ["hover", "teleport", "through floor"])
def test_until_its_event_a_ball_is_the_possible_one(event):
    plain, odd = data.thrown_balls(seed=5, count=400), data.thrown_balls(seed=5, count=400, event=event)
    differs = (plain != odd).any(axis=2)
    start = differs.argmax(axis=1)
    assert differs.any(axis=1).all()
    for one, other, at in zip(plain, odd, start, strict=True):
        np.testing.assert_array_equal(one[:at], other[:at])
        if event == "hover":
            np.testing.assert_array_equal(other[at:], np.broadcast_to(other[at - 1], (20 - at, 2)))
        elif event == "teleport":
            jump = other[at:] - one[at:]
            np.testing.assert_allclose(jump, np.broadcast_to(jump[0], jump.shape), atol=1e-6)
            assert 0.69 < abs(jump[0, 0]) < 1.51
            assert jump[0, 1] == 0
        else:
            assert (other[at:, 1] < 0).all()
            np.testing.assert_allclose(np.diff(other[:, 1].astype(float), 2), -0.0981, atol=1e-5)  # float32
    if event != "through floor":
        place = np.arange(400), start - (event == "hover")
        assert (odd[(*place, 1)] >= 0.3).all(), "in the air"
        assert len(set(start.tolist())) > 4, "not always at the same moment"


def test_balls_repeat_with_their_seed_and_differ_without():
    np.testing.assert_array_equal(data.thrown_balls(seed=6, count=5), data.thrown_balls(seed=6, count=5))
    assert not np.array_equal(data.thrown_balls(seed=6, count=5), data.thrown_balls(seed=7, count=5))
    assert data.thrown_balls(count=2, length=30).shape == (2, 30, 2)
    assert data.thrown_balls(count=2).dtype == np.float32


# refusals


@pytest.mark.parametrize(
    ("function", "options"),
    [
        ("junction_paths", {"count": 0}),
        ("junction_paths", {"past": 1}),
        ("junction_paths", {"future": 0}),
        ("junction_paths", {"noise": -0.1}),
        ("junction_paths", {"noise": float("nan")}),
        ("junction_paths", {"part": "validation"}),
        ("thrown_balls", {"count": 0}),
        ("thrown_balls", {"length": 13}),
        ("thrown_balls", {"event": "explodes"}),
    ],
    ids=str,
)
def test_what_cannot_be_drawn_is_refused(function, options):
    with pytest.raises(ValueError, match=f"{function}: expected"):
        getattr(data, function)(**options)
