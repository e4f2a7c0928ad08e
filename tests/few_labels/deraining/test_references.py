"""deraining against scikit-learn's Gaussian process, scikit-image's measures, and a network written in functions."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from scipy import ndimage
from skimage.metrics import peak_signal_noise_ratio, structural_similarity
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process.kernels import RBF, DotProduct

from tests.few_labels.deraining.cases import RNG, pictures, random_derainer, rbf
from tests.twins import array, unit


def scikit(kernel, noise, queries, inputs, outputs):
    """Mean and variance of scikit-learn's process; its variance leaves the noise out."""
    process = GaussianProcessRegressor(kernel, alpha=noise, optimizer=None).fit(inputs, outputs)
    mean, deviation = process.predict(queries, return_std=True)
    deviation = deviation if deviation.ndim == 1 else deviation[:, 0]
    return mean.reshape(len(queries), -1), deviation**2 + noise


@pytest.mark.parametrize(("length", "noise"), [(0.7, 1.0), (2.0, 0.1), (5.0, 0.01)])
def test_the_posterior_is_scikit_learns(side, length, noise):
    module, make = side
    rng = RNG(0)
    inputs, queries = rng.normal(size=(20, 3)), rng.normal(size=(7, 3))
    expected = scikit(RBF(length), noise, queries, inputs, inputs)
    got = module.gp_posterior(make(queries), make(inputs), make(inputs), rbf(module, length), noise)
    np.testing.assert_allclose(array(got[0]), expected[0], rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(array(got[1]), expected[1], rtol=1e-11)


def test_with_unit_vectors_the_cosine_is_the_dot_product(side):
    module, make = side
    rng = RNG(1)
    inputs, queries = unit(rng.normal(size=(20, 5))), unit(rng.normal(size=(7, 5)))
    outputs = rng.normal(size=(20, 4))
    expected = scikit(DotProduct(0.0, sigma_0_bounds="fixed"), 0.5, queries, inputs, outputs)
    got = module.gp_posterior(make(queries), make(3 * inputs), make(outputs), noise=0.5)  # lengths do not count
    np.testing.assert_allclose(array(got[0]), expected[0], rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(array(got[1]), expected[1], rtol=1e-11)


def test_each_latent_has_a_process_of_its_own_neighbours(side):
    """scikit-learn, one latent at a time, on neighbours that are found by sorting."""
    module, make = side
    rng = RNG(2)
    z, stored = rng.normal(size=(6, 4)), rng.normal(size=(30, 4))
    mean, near, far = map(array, module.pseudo_latents(make(z), make(stored), 5, rbf(module, 2.0), 0.3))
    for i, one in enumerate(z):
        order = np.argsort(((stored - one) ** 2).sum(axis=1))
        for chosen, variance in ((order[:5], near[i]), (order[-5:], far[i])):
            expected = scikit(RBF(2.0), 0.3, one[None], stored[chosen], stored[chosen])
            assert variance == pytest.approx(expected[1][0], rel=1e-11)
            if variance == near[i]:
                np.testing.assert_allclose(mean[i], expected[0][0], rtol=1e-11, atol=1e-12)


@pytest.mark.parametrize("data_range", [1.0, 0.5])
def test_psnr_and_ssim_are_scikit_images(side, data_range):
    module, make = side
    x = pictures(3, 4, 3, 24, 17)
    y = np.clip(x + 0.1 * RNG(4).normal(size=x.shape), 0, 1)
    got = [array(module.psnr(make(x), make(y), data_range)), array(module.ssim(make(x), make(y), data_range))]
    options = {"gaussian_weights": True, "sigma": 1.5, "use_sample_covariance": False, "data_range": data_range}
    for i, (one, two) in enumerate(zip(x, y, strict=True)):
        assert got[0][i] == pytest.approx(peak_signal_noise_ratio(one, two, data_range=data_range), rel=1e-12)
        assert got[1][i] == pytest.approx(structural_similarity(one, two, channel_axis=0, **options), rel=1e-10)


def test_edge_features_are_scipys_sobel_and_laplace(side):
    module, make = side
    image = pictures(5, 1, 1, 12, 10)
    halved = image.reshape(1, 1, 6, 2, 5, 2).mean(axis=(3, 5))
    expected = []
    for one in (image[0, 0], halved[0, 0]):
        for found in (ndimage.sobel(one, 1) / 4, ndimage.sobel(one, 0) / 4, ndimage.laplace(one) / 4):
            inside = found[1:-1, 1:-1]
            expected += [np.maximum(inside, 0).ravel(), np.maximum(-inside, 0).ravel()]
    np.testing.assert_allclose(array(module.edge_features(make(image)))[0], np.concatenate(expected), atol=1e-14)


def test_smooth_l1_is_torchs(side):
    module, make = side
    y, t = 2 * RNG(6).normal(size=(2, 4, 5))
    expected = F.smooth_l1_loss(torch.tensor(y), torch.tensor(t)).item()
    assert module.supervised_loss(make(y), make(t)).item() == pytest.approx(expected, rel=1e-12)


def test_the_network_is_its_layers_written_out(side):
    module, make = side
    model, state = random_derainer(module)
    w = {name: torch.tensor(value) for name, value in state.items()}
    x = torch.tensor(pictures(7))

    def conv(name, maps, stride=1):
        return F.conv2d(maps, w[f"{name}.weight"], w[f"{name}.bias"], stride, 1)

    def grow(name, maps):
        return F.conv_transpose2d(maps, w[f"{name}.weight"], w[f"{name}.bias"], 2, 1).relu()

    whole = conv("enter", x).relu()
    half = conv("shrink", whole, 2).relu()
    z = conv("encode", half, 2)
    back = conv("mix", torch.cat([grow("grow", z), half], 1)).relu()
    rain = conv("leave", torch.cat([grow("spread", back), whole], 1))
    image, latent = map(array, model(make(x.numpy())))
    np.testing.assert_allclose(latent, z.numpy(), rtol=1e-10, atol=1e-12)
    np.testing.assert_allclose(image, (x - rain).numpy(), rtol=1e-10, atol=1e-12)
