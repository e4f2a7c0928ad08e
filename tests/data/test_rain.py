"""Rain on photographs: two renderers of one rain, and pairs that belong together."""

import numpy as np
import pytest

from mylib import data


def psnr(rainy, clean):
    return (-10 * np.log10(((rainy - clean) ** 2).mean(axis=(1, 2, 3)))).mean()


def test_rain_repeats_with_its_seed_and_differs_without():
    first, again, other = (data.rainy_photographs(seed, 4) for seed in (3, 3, 4))
    for one, two in zip(first, again, strict=True):
        np.testing.assert_array_equal(one, two)
        assert one.dtype == np.float32
        assert one.shape == (4, 3, 32, 32)
        assert 0 <= one.min() < one.max() <= 1
    assert not np.array_equal(first[1], other[1])
    assert not np.array_equal(first[1], data.rainy_photographs(3, 4, part="test")[1])


def test_rain_of_both_kinds_and_densities_falls_on_the_same_pictures():
    _, clean = data.rainy_photographs(5, 6)
    for options in ({"rain": "storm"}, {"density": "sparse"}, {"rain": "storm", "gap": 0.3}):
        np.testing.assert_array_equal(data.rainy_photographs(5, 6, **options)[1], clean)


def test_rain_without_a_gap_is_streaks_and_goes_away_from_them_step_by_step():
    streaks, _ = data.rainy_photographs(6, 24)
    away = [
        np.abs(data.rainy_photographs(6, 24, rain="storm", gap=gap)[0] - streaks).mean() for gap in (0, 0.25, 0.5, 1)
    ]
    assert away[0] == 0
    assert (np.diff(away) > 0.005).all()


def test_rain_of_streaks_is_light_added_to_few_pixels_and_the_same_in_all_channels():
    rainy, clean = data.rainy_photographs(7, 24)
    added = rainy.astype(float) - clean
    assert (added >= 0).all()
    assert 0.1 < (added > 0).mean() < 0.6
    free = rainy.max(axis=1) < 1  # where nothing was clipped
    np.testing.assert_allclose(added.max(axis=1)[free], added.min(axis=1)[free], atol=1e-6)


def test_rain_that_is_sparse_leaves_most_pixels_alone_and_loses_less():
    dense, clean = data.rainy_photographs(8, 48)
    sparse, _ = data.rainy_photographs(8, 48, density="sparse")
    assert (sparse == clean).mean() > 0.8
    assert (sparse <= dense).all()
    assert psnr(sparse, clean) > psnr(dense, clean) + 4


def test_rain_of_a_storm_veils_the_upper_part_and_has_many_angles():
    rainy, clean = data.rainy_photographs(9, 96, rain="storm")
    spread = [
        rows.std(axis=(1, 2, 3)).mean()
        for rows in (rainy[:, :, :8], clean[:, :, :8], rainy[:, :, 24:], clean[:, :, 24:])
    ]
    assert spread[0] / spread[1] < spread[2] / spread[3] < 1.2  # contrast is lost, more of it far away
    turns = []
    for rain in ("streaks", "storm"):
        fallen = data.rainy_photographs(10, 96, rain=rain, density="sparse")
        light = (fallen[0] - fallen[1]).mean(axis=1)
        down, right = np.gradient(light, axis=(1, 2))
        # Doubled angles of the gradients of one picture, weighted by their squares: 1 where all agree.
        turns.append(np.abs(((right + 1j * down) ** 2).sum(axis=(1, 2)) / (right**2 + down**2).sum(axis=(1, 2))).mean())
    assert turns[1] < turns[0] - 0.1


def test_rain_means_the_same_at_every_size():
    small, large = (data.rainy_photographs(11, 48, size=size) for size in (32, 64))
    assert psnr(*large) == pytest.approx(psnr(*small), abs=1.0)  # decibels; thin lines are blurred by large pixels


@pytest.mark.parametrize(
    "options",
    [{"count": 0}, {"size": 8}, {"rain": "snow"}, {"density": "some"}, {"gap": 1.5}, {"gap": -0.1}, {"part": "all"}],
    ids=str,
)
def test_rain_refuses_what_cannot_be_drawn(options):
    with pytest.raises(ValueError, match="rainy_photographs: expected"):
        data.rainy_photographs(**options)
