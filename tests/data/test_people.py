"""Drawn people before cameras: the same in every camera, cameras that differ, and cameras that see infrared."""

import hashlib

import numpy as np
import pytest

from mylib import data


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


@pytest.mark.parametrize(
    ("seed", "part", "digest"),
    [
        (0, "train", "c9aa544067819b2dc9e2852b9a4f1722d32508a01f4fbabb4039865fb7f1c618"),
        (7, "test", "9788b1ea98622396f31aa74165d03116364c91dddd7249c3adbbac52f34c59fc"),
    ],
)
def test_people_are_those_that_were_always_drawn(seed, part, digest):
    """In steps of 1/64; no number lies nearer than five roundings to where the step changes."""
    people = data.camera_people(seed, identities=3, cameras=2, shots=2, size=(24, 12), part=part)
    steps = np.round(people.images * 64).astype(np.int8)
    assert hashlib.sha256(np.ascontiguousarray(steps).tobytes()).hexdigest() == digest


# people by day and by night


def test_everyone_is_seen_by_day_and_by_night():
    people = data.infrared_people(seed=1, identities=5, visible=1, infrared=2, shots=3, size=(24, 12))
    assert people.images.shape == (45, 3, 24, 12)
    assert (people.images.dtype, people.ids.dtype, people.cameras.dtype) == (np.float32, np.int64, np.int64)
    assert people.infrared.dtype == bool
    assert 0 <= people.images.min() < people.images.max() <= 1
    np.testing.assert_array_equal(people.infrared, people.cameras >= 1)
    assert people.ids.tolist() == [person for person in range(5) for _ in range(9)]
    assert people.cameras[:9].tolist() == [0] * 3 + [1] * 3 + [2] * 3
    night, day = people.images[people.infrared], people.images[~people.infrared]
    np.testing.assert_array_equal(night, night[:, :1].repeat(3, axis=1))
    assert np.abs(day - day[:, :1]).mean() > 0.03


def test_infrared_people_repeat_with_their_seed_part_and_correlation_only():
    make = {"identities": 3, "visible": 1, "infrared": 1, "shots": 2}
    first = data.infrared_people(1, **make)
    np.testing.assert_array_equal(first.images, data.infrared_people(1, **make).images)
    for other in (data.infrared_people(2, **make), data.infrared_people(1, **make, part="test")):
        assert np.abs(first.images - other.images).mean() > 0.02
    other = data.infrared_people(1, **make, correlation=1.0)
    np.testing.assert_array_equal(other.images[~first.infrared], first.images[~first.infrared])
    assert np.abs(first.images - other.images)[first.infrared].mean() > 0.005


def test_by_day_they_are_the_figures_of_camera_people():
    by_day = data.camera_people(3, identities=4, cameras=3, shots=2)
    both = data.infrared_people(3, identities=4, visible=2, infrared=1, shots=2)
    np.testing.assert_array_equal(both.images[~both.infrared], by_day.images[by_day.cameras < 2])


def jackets(people, infrared):
    """Mean brightness of the middle of the upper body, as a person, over all pictures of one kind."""
    chosen = people.infrared == infrared
    patch = np.einsum("nchw,c->nhw", people.images[chosen, :, 9:15, 6:10], [0.299, 0.587, 0.114]).mean(axis=(1, 2))
    return np.array([patch[people.ids[chosen] == person].mean() for person in range(people.ids.max() + 1)])


def test_brightness_by_day_says_as_much_of_the_night_as_it_is_told_to():
    found = []
    for correlation in (0.0, 0.5, 1.0):
        people = data.infrared_people(4, identities=400, shots=1, correlation=correlation)
        found.append(np.corrcoef(jackets(people, False), jackets(people, True))[0, 1])
    # 400 people: a correlation of 0 is measured with deviation 1/20; gamma and clipping bend the line a little
    assert abs(found[0]) < 0.15
    assert 0.35 < found[1] < 0.65
    assert found[2] > 0.9


def test_the_lamp_falls_off_from_the_middle():
    people = data.infrared_people(5, identities=60, shots=1)
    wall = people.images[:, 0, 1:6, :5]  # beside the head: the wall alone
    inwards = {dark: wall[people.infrared == dark].mean(axis=0) for dark in (False, True)}
    ratios = {dark: mean[-1, -1] / mean[0, 0] for dark, mean in inwards.items()}
    assert ratios[True] > ratios[False] + 0.1


@pytest.mark.parametrize(
    "wrong", [{"identities": 0}, {"visible": 0}, {"infrared": 0}, {"shots": 0}, {"size": (32, 4)}, {"part": "gallery"}]
)
def test_infrared_people_refuse_numbers_that_make_no_pictures(wrong):
    with pytest.raises(ValueError, match="infrared_people: expected identities, visible, infrared and shots"):
        data.infrared_people(**wrong)


@pytest.mark.parametrize("correlation", [-0.1, 1.1, float("nan")])
def test_infrared_people_refuse_what_is_no_correlation(correlation):
    with pytest.raises(ValueError, match="infrared_people: expected correlation from 0 to 1, got"):
        data.infrared_people(correlation=correlation)
