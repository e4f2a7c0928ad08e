"""Rankings, distances, clusters, proxies and training sets that reid refuses."""

import numpy as np
import pytest

from tests.attention.reid.cases import SMALL, memory_of, people_and_linear


def wrong(side, name, *arguments, match, **options):
    module, make = side
    arguments = [make(value) if isinstance(value, (list, np.ndarray)) else value for value in arguments]
    with pytest.raises(ValueError, match=match):
        getattr(module, name)(*arguments, **options)


# ranking


def test_a_query_without_a_match_in_the_gallery_is_an_error_that_names_it(side):
    arguments = [[0.1, 0.2], [0.1, 0.2]], [1, 2], [1, 2], [0, 0], [1, 0]  # person 2: by the same camera only
    for name in ("cumulative_match", "mean_average_precision"):
        wrong(side, name, *arguments, match="1 of 2 queries, the first is 1; leave")


def test_ranking_refuses_what_does_not_fit(side):
    good = [[0.1, 0.2]], [1], [1, 2], [0], [1, 1]
    for place, bad in ((0, [0.1, 0.2]), (1, [1, 2]), (2, [1]), (3, [[0]]), (4, [1, 1, 1])):
        arguments = list(good)
        arguments[place] = bad
        wrong(side, "mean_average_precision", *arguments, match="expected distances")
        wrong(side, "cumulative_match", *arguments, match="expected distances")
    wrong(side, "cumulative_match", *good, ranks=(0, 1), match="ranks of at least 1, got 0")
    wrong(
        side,
        "euclidean_distances",
        np.ones((2, 3)),
        np.ones((2, 4)),
        match="expected x .*where dim is both 3 and 4",
    )
    wrong(side, "cumulative_match", *good, ranks=(), match=r"expected ranks \(count,\) with .* got \(0,\); give a list")
    wrong(side, "cumulative_match", *good, ranks=5, match=r"got \(\); give a list")
    wrong(side, "euclidean_distances", np.ones((0, 3)), np.ones((2, 3)), match="n and dim of at least 1.* got")


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_distances_that_are_no_numbers_cannot_be_ranked(side, bad):
    for name in ("cumulative_match", "mean_average_precision"):
        wrong(side, name, [[0.1, bad]], [1], [1, 2], [0], [1, 1], match="expected finite distances")


def test_distances_of_whole_numbers_are_refused_as_their_squares_overflow(side):
    module, make = side
    bytes_ = make(np.full((2, 3), 200, np.uint8))
    with pytest.raises(TypeError, match="floating point, got whole numbers.*divide pixels by 255"):
        module.euclidean_distances(bytes_, bytes_)


# k-reciprocal neighbours


def test_jaccard_distance_refuses_more_neighbours_than_there_are(side):
    x = np.ones((5, 2))
    wrong(side, "jaccard_distance", x, 5, 2, match="k1 from 1 to 4, got 5; take fewer")
    wrong(side, "jaccard_distance", x, 0, 2, match="k1 from 1 to 4, got 0")
    wrong(side, "jaccard_distance", x, 3, 6, match="k2 from 1 to 5, got 6; take fewer")
    wrong(side, "jaccard_distance", x, 3, 0, match="k2 from 1 to 5, got 0")
    wrong(side, "jaccard_distance", np.ones(5), 3, 1, match="expected features")
    for bad in (np.nan, np.inf):
        wrong(side, "jaccard_distance", x * [1.0, bad], 3, 2, match="finite features.*diverge")


# DBSCAN


def test_dbscan_refuses_what_is_no_distance(side):
    d = np.array([[0.0, 1.0], [1.0, 0.0]])
    wrong(side, "dbscan", d, 0.0, 1, match="eps above 0")
    wrong(side, "dbscan", d, -1.0, 1, match="eps above 0")
    wrong(side, "dbscan", d, 0.5, 0, match="min_samples of at least 1")
    wrong(side, "dbscan", d[:1], 0.5, 1, match=r"distances \(n, n\) with n of at least 1, got")
    wrong(side, "dbscan", d[:0, :0], 0.5, 1, match=r"distances \(n, n\) with n of at least 1, got")
    wrong(side, "dbscan", d * np.nan, 0.5, 1, match="other values")
    wrong(side, "dbscan", np.array([[0.0, np.inf], [np.inf, 0.0]]), 0.5, 1, match="other values")
    wrong(side, "dbscan", -d, 0.5, 1, match="other values")
    wrong(side, "dbscan", np.array([[0.0, 1.0], [0.2, 0.0]]), 0.5, 1, match="other values")


# proxies


def test_proxies_refuse_what_does_not_fit(side):
    x, zeros = np.ones((3, 2)), np.zeros(3, int)
    wrong(side, "CameraProxies", x, zeros - 1, zeros, match="not all of them noise")
    wrong(side, "CameraProxies", x, zeros[:2], zeros, match="expected features")
    wrong(side, "CameraProxies", x, zeros, zeros[:2], match="expected features")
    wrong(side, "CameraProxies", x, zeros, zeros, 1.5, match="momentum from 0 to 1")
    module, make = side
    memory, _ = memory_of(module, make)
    with pytest.raises(ValueError, match=r"CameraProxies.update: expected features \(batch, 4\)"):
        memory.update(make(np.ones((2, 3))), make([0, 1]))


# losses


def test_the_losses_refuse_what_does_not_fit(side):
    module, make = side
    memory, _ = memory_of(module, make)
    f, j = np.ones((2, 4)), np.array([0, 1])
    for name in ("intra_camera_loss", "inter_camera_loss"):
        wrong(side, name, f[:, :3], j, memory, match=r"expected features \(batch, 4\)")
        wrong(side, name, f, j[:1], memory, match="expected features")
        wrong(side, name, f[:0], j[:0], memory, match="batch of at least 1")
        wrong(side, name, f, j, memory, 0.0, match="temperature above 0")
        noisy = make(np.array([0, -1]))  # must not be taken for the last proxy
        with pytest.raises((ValueError, IndexError), match="leave out the images that are noise|out of"):
            getattr(module, name)(make(f), noisy, memory)
        with pytest.raises((ValueError, RuntimeError), match="leave out the images that are noise|out of"):
            memory.update(make(f), noisy)
    wrong(side, "inter_camera_loss", f, j, memory, 0.1, 0, match="negatives of at least 1")


# training


def test_training_refuses_what_does_not_fit(side):
    module, make = side
    people, encoder, optimizer = people_and_linear(module, 5)
    images, cameras = make(people.images), make(people.cameras)
    with pytest.raises(ValueError, match="one camera, and one label"):
        module.CAP(encoder, optimizer, images, cameras[:-1])
    with pytest.raises(ValueError, match="one camera, and one label"):
        module.CAP(encoder, optimizer, images, cameras, cameras[:-1])
    with pytest.raises(ValueError, match="expected images"):
        module.CAP(encoder, optimizer, images[:0], cameras[:0])
    with pytest.raises(ValueError, match="proxies and shots of at least 1"):
        module.CAP(encoder, optimizer, images, cameras, shots=0)
    lonely = module.CAP(encoder, optimizer, images, cameras, **SMALL | {"min_samples": 48})
    with pytest.raises(ValueError, match="not all of them noise.*take a larger eps"):
        lonely.epoch()
