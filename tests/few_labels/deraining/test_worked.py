"""deraining against numbers of a calculation by hand."""

import numpy as np
import pytest

from tests.few_labels.deraining.cases import tracked
from tests.twins import array


def test_kernels_of_a_few_vectors(side):
    module, make = side
    x, y = make([[3.0, 4.0], [0.0, 2.0]]), make([[6.0, 8.0], [-4.0, 3.0]])
    np.testing.assert_allclose(array(module.cosine_kernel(x, y)), [[1, 0], [0.8, 0.6]], atol=1e-15)
    squares = np.array([[25, 50], [72, 17]])
    np.testing.assert_allclose(array(module.rbf_kernel(x, y)), np.exp(-squares / 2), rtol=1e-12)
    np.testing.assert_allclose(array(module.rbf_kernel(x, y, 5.0)), np.exp(-squares / 50), rtol=1e-12)


def test_a_vector_of_zeros_points_nowhere(side):
    module, make = side
    x = tracked(module, np.array([[0.0, 0.0], [1.0, 0.0]]))
    kernel = module.cosine_kernel(x, x)
    assert array(kernel).tolist() == [[0, 0], [0, 1]]
    kernel.sum().backward()
    assert np.isfinite(array(x.grad)).all()


@pytest.mark.parametrize(("z", "mean", "variance"), [(0.5, 0.338571, 1.402423), (3.0, 0.072666, 1.990349)])
def test_two_points_on_a_line(side, z, mean, variance):
    module, make = side
    points = make([[0.0], [1.0]])
    got = module.gp_posterior(make([[z]]), points, points, module.rbf_kernel, 1.0)
    np.testing.assert_allclose([one.item() for one in got], [mean, variance], atol=5e-7)


def test_near_and_far_latents_by_hand(side):
    """k of (1, 0) with the stored ones is 1, 0.6, -1, 0; one neighbour: mu = k / (1 + 1) F, Sigma = 2 - k^2 / 2."""
    module, make = side
    stored = [[2.0, 0.0], [0.6, 0.8], [-1.0, 0.0], [0.0, 3.0]]
    mean, near, far = module.pseudo_latents(make([[1.0, 0.0]]), make(stored), neighbours=1)
    np.testing.assert_allclose(
        array(mean), [[1.0, 0.0]], rtol=1e-12
    )  # half of (2, 0): shrunk, though it lies on the ray
    np.testing.assert_allclose([near.item(), far.item()], [1.5, 1.5], rtol=1e-12)
    mean, near, far = module.pseudo_latents(make([[0.0, 1.0]]), make(stored), neighbours=1)
    np.testing.assert_allclose(array(mean), [[0.0, 1.5]], rtol=1e-12, atol=1e-15)
    np.testing.assert_allclose([near.item(), far.item()], [1.5, 2.0], rtol=1e-12)  # farthest: k = 0 with (2, 0)


def test_of_equals_the_one_stored_first_is_taken(side):
    module, make = side
    stored = [[1.0, 0.0], [2.0, 0.0], [3.0, 0.0], [0.0, 1.0], [0.0, 2.0]]
    mean, *_ = module.pseudo_latents(make([[5.0, 0.0]]), make(stored), neighbours=1)
    np.testing.assert_allclose(array(mean), [[0.5, 0.0]], rtol=1e-12)


def test_the_loss_of_two_latents(side):
    """(1 + 9) / 2 / 2 + .5 (ln 2 - .1 ln 3) and 4 / 1 + .5 (0 - .1 ln 2), then their mean."""
    module, make = side
    z, mean = make([[1.0, 3.0], [2.0, 0.0]]), make([[0.0, 0.0], [0.0, -2.0]])
    got = module.pseudo_label_loss(z, mean, make([2.0, 1.0]), make([3.0, 2.0]), 0.5, 0.1)
    first, second = 2.5 + 0.5 * (np.log(2) - 0.1 * np.log(3)), 4 - 0.05 * np.log(2)
    assert got.item() == pytest.approx((first + second) / 2, rel=1e-12)


def test_the_slides_last_logarithm_has_no_value(side):
    """Sigma contains sigma^2: with sigma^2 = 1, 1 - Sigma_f is never above 0."""
    module, make = side
    rng = np.random.default_rng(0)
    for kernel in (module.cosine_kernel, module.rbf_kernel):
        _, _, far = module.pseudo_latents(make(rng.normal(size=(50, 4))), make(rng.normal(size=(40, 4))), 8, kernel)
        assert (1 - array(far) <= 0).all()


@pytest.mark.parametrize(("r", "loss", "slope"), [(0.0, 0, 0), (0.5, 0.125, 0.5), (-1.0, 0.5, -1), (3.0, 2.5, 1)])
def test_smooth_below_one_and_straight_above(side, r, loss, slope):
    module, make = side
    prediction = tracked(module, np.array([r + 0.25]))
    got = module.supervised_loss(prediction, make([0.25]))
    got.backward()
    np.testing.assert_allclose([got.item(), array(prediction.grad)[0]], [loss, slope], atol=1e-15)


def test_features_add_their_mean_squared_error(side):
    module, make = side
    y, t = make([[0.0, 0.5]]), make([[0.0, 0.0]])
    got = module.supervised_loss(y, t, lambda one: 4 * one, 0.1)
    assert got.item() == pytest.approx(0.0625 + 0.1 * 2, rel=1e-12)


def test_an_edge_is_seen_on_its_bright_side_up_and_down(side):
    """A step of height 1, from dark to light: Sobel across is 1 at two columns, with the other sign nowhere."""
    module, make = side
    image = np.zeros((1, 1, 6, 6))
    image[..., 3:] = 1
    found = array(module.edge_features(make(image)))[0]
    full = found[: 6 * 16].reshape(6, 4, 4)
    columns = [full[k].mean(axis=0).tolist() for k in range(6)]
    zeros = [0.0] * 4
    dark, light = [0.0, 0.25, 0.0, 0.0], [0.0, 0.0, 0.25, 0.0]  # Laplace: brighter to the right, darker to the left
    assert columns == [[0.0, 1.0, 1.0, 0.0], zeros, zeros, zeros, dark, light]
    assert found[6 * 16 :].tolist() == [1.0, 0, 0, 0, 0, 0]  # halved: 0, 0.5, 1


def test_psnr_of_one_grey_level_and_of_none(side):
    module, make = side
    x = np.full((3, 1, 2, 2), 0.5)
    y = x + np.array([0.1, 0.0, -0.01])[:, None, None, None]
    np.testing.assert_allclose(array(module.psnr(make(x), make(y))), [20, np.inf, 40], rtol=1e-12)
    bytes_ = array(module.psnr(make(x * 255), make(y * 255), 255))
    np.testing.assert_allclose(bytes_, [20, np.inf, 40], rtol=1e-9)


def test_psnr_takes_the_logarithm_of_each_picture(side):
    module, make = side
    x, y = np.zeros((2, 1, 1, 2)), np.array([[[[0.1, 0.1]]], [[[0.01, 0.01]]]])
    assert array(module.psnr(make(x), make(y))).mean() == pytest.approx(30)  # of the mean error it would be 22.97


def test_ssim_of_flat_pictures_compares_their_brightness(side):
    module, make = side
    x, y = np.full((1, 2, 12, 11), 0.5), np.full((1, 2, 12, 11), 0.7)
    expected = (2 * 0.35 + 1e-4) / (0.25 + 0.49 + 1e-4)
    np.testing.assert_allclose(array(module.ssim(make(x), make(y))), [expected], rtol=1e-9)


def test_the_slides_gains_are_differences_of_its_columns():
    """(labelled only, with unlabelled, gain) of the two tables; NIQE and BRISQUE are better when lower."""
    higher = [(20.24, 22.36, 2.12), (26.15, 27.26, 1.11), (20.01, 21.60, 1.59), (26.90, 26.98, 0.08)]
    lower = [(3.85, 3.78, 0.07), (25.77, 22.95, 2.82), (3.86, 3.84, 0.02), (26.61, 25.29, 1.32)]
    for before, after, gain in higher:
        assert round(after - before, 2) == gain
    for before, after, gain in lower:
        assert round(before - after, 2) == gain
