"""Things that move on a plane: people who come to a fork, and balls that are thrown, some against nature's laws."""

from typing import NamedTuple

import numpy as np

WALKING_SPEED = 1.3  # metres a second
WALKING_STEP = 0.4  # seconds between two positions
CHOICES = ("left", "ahead", "right")
CHANCES = (0.4, 0.2, 0.4)
DIRECTIONS = np.array([[-1.0, 0.0], [0.0, 1.0], [1.0, 0.0]])  # of the choices; all come from the south

EVENTS = (None, "hover", "teleport", "through floor")
GRAVITY = 9.81  # metres a second squared
FALLING_STEP = 0.1  # seconds between two positions
BOUNCE = 0.8  # speed after the floor over speed before
SHORTEST = 14  # positions: every throw has met the floor by then


class Paths(NamedTuple):
    """Walks towards a junction and beyond it.

    Args:    past: positions seen, metres east and north. float32, shape (n, past, 2).
             future: positions to come. float32, shape (n, future, 2).
             choice: 0 turned left, 1 went on, 2 turned right. int64, shape (n,).
    """

    past: np.ndarray
    future: np.ndarray
    choice: np.ndarray


def junction_paths(seed=0, count=1000, past=8, future=12, noise=0.05, part="train"):
    """Agents who walk north to a junction, each in a place of its own, and turn left, go on, or turn right.

    An agent walks 1.3 m/s and is seen every 0.4 s. Its last position seen lies at most one step before the junction's
    middle; nothing seen tells which way it will take.

    It imitates pedestrians before a fork. It leaves out other agents, maps, changes of speed, rounded corners, and
    other directions to come from.

    Args:    seed: of everything that is drawn.
             count: number of agents.
             past, future: positions in each part.
             noise: standard deviation of the error of every position, metres.
             part: "train" or "test": other agents.
    Returns: `Paths`.
    Raises:  ValueError: a count or future below 1, a past below 2, a negative noise, or an unknown part.

    Example:
        >>> paths = junction_paths(count=5)
        >>> paths.past.shape, paths.future.shape, paths.choice.shape
        ((5, 8, 2), (5, 12, 2), (5,))

    Source:  this course; its steps are those in which Gupta et al. (2018) cut the paths of real pedestrians.
    """
    if count < 1 or past < 2 or future < 1 or not 0 <= noise < np.inf or part not in ("train", "test"):
        raise ValueError(
            "junction_paths: expected count and future of at least 1, past of at least 2, a finite noise of at least 0 "
            f"and part 'train' or 'test', got {count}, {future}, {past}, {noise} and {part!r}"
        )
    rng = np.random.default_rng([seed, part == "test"])
    choice = rng.choice(3, size=count, p=CHANCES)
    middle = rng.uniform(-10, 10, (count, 1, 2))
    ahead = rng.uniform(0, 1, (count, 1))  # of a step, from the last position seen to the middle
    steps = np.arange(1 - past, future + 1) - ahead  # (count, past + future); 0 in the middle of the junction
    north, onwards = np.minimum(steps, 0), np.maximum(steps, 0)
    way = north[:, :, None] * DIRECTIONS[1] + onwards[:, :, None] * DIRECTIONS[choice][:, None]
    places = middle + WALKING_SPEED * WALKING_STEP * way + noise * rng.normal(size=way.shape)
    places = places.astype(np.float32)
    return Paths(places[:, :past], places[:, past:], choice)


def thrown_balls(seed=0, count=100, length=20, event=None):
    """Balls that fly under gravity and bounce off a floor, or do what no ball does.

    The same seed throws the same balls whatever the event, so that the first position that differs tells when it came.

    It imitates the films by which infants are asked what surprises them (violation of expectation). It leaves out the
    third dimension, spin, the ball's size, the resistance of air, walls, and errors of measurement.

    Args:    seed: of everything that is drawn.
             count: number of throws.
             length: positions of a throw, every 0.1 s, at least 14.
             event: None; "hover": in the air the ball stops for good; "teleport": it goes on 0.7 to 1.5 m beside; or
                 "through floor": it falls on where it should bounce.
    Returns: metres along the floor and above it. float32, shape (count, length, 2).
    Raises:  ValueError: a count below 1, a length below 14, or an unknown event.

    Example:
        >>> thrown_balls(count=3).shape
        (3, 20, 2)

    Source:  this course, after Riochet et al. (2018), IntPhys.
    """
    if count < 1 or length < SHORTEST or event not in EVENTS:
        raise ValueError(
            f"thrown_balls: expected count of at least 1, length of at least {SHORTEST} and event of {EVENTS}, got "
            f"{count}, {length} and {event!r}"
        )
    rng = np.random.default_rng(seed)
    times = FALLING_STEP * np.arange(length)
    along = rng.uniform(0.5, 2.0, (count, 1)) * rng.choice([-1, 1], (count, 1)) * times + rng.uniform(-1, 1, (count, 1))
    height, speed = rng.uniform(1, 2, count), rng.uniform(1, 4, count)  # at first, metres and metres a second upwards
    order, jump = rng.random((count, length)), rng.uniform(0.7, 1.5, count) * rng.choice([-1, 1], count)
    above = _bouncing(height, speed, length)
    if event == "through floor":
        flying = height[:, None] + speed[:, None] * times - GRAVITY * times**2 / 2
        above = np.where(np.minimum.accumulate(flying, axis=1) < 0, flying, above)
    places = np.stack([along, above], axis=-1)
    if event in ("hover", "teleport"):
        # In the middle third, where the ball is at least 0.3 m high; if it never is, where it is highest.
        middle = slice(length // 3, 2 * length // 3)
        chance = np.where(above[:, middle] >= 0.3, order[:, middle], above[:, middle] - 10)
        start = length // 3 + chance.argmax(axis=1)
        after = np.arange(length) >= start[:, None]
        if event == "hover":
            places = np.where(after[:, :, None], places[np.arange(count), start][:, None], places)
        else:
            places[:, :, 0] += after * jump[:, None]
    return places.astype(np.float32)


def _bouncing(height, speed, length):
    """Heights of balls that bounce, one row for each; every flight is a parabola, solved for the time of its end."""
    heights = [height]
    for _ in range(length - 1):
        left = np.full(len(height), FALLING_STEP)
        for _ in range(8):  # bounces in one step; a ball with more of them lies on the floor
            impact = np.sqrt(speed**2 + 2 * GRAVITY * height)
            landing = (speed + impact) / GRAVITY  # seconds to the floor
            hits = landing < left
            flight = np.where(hits, landing, left)
            height = np.where(hits, 0.0, height + speed * flight - GRAVITY * flight**2 / 2)
            speed = np.where(hits, BOUNCE * impact, speed - GRAVITY * flight)
            left = left - flight
        rests = left > 0
        height, speed = np.where(rests, 0.0, np.maximum(height, 0.0)), np.where(rests, 0.0, speed)
        heights.append(height)
    return np.stack(heights, axis=1)
