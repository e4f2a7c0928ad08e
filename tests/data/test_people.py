"""Drawn people before cameras: the same in every camera, and cameras that differ."""

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
