"""Both sides of deraining agree: outputs, gradients, and weights after steps."""

import numpy as np
import pytest
import torch

from mylib.few_labels.deraining import pytorch, scratch
from tests.few_labels.deraining.cases import RNG, SIDES, SIZES, adam, pictures, random_derainer, rbf
from tests.twins import array, assert_same_function, assert_same_help, assert_same_module


@pytest.mark.parametrize("name", ["cosine_kernel", "rbf_kernel"])
def test_kernels(name):
    rng = RNG(0)
    x, y = rng.normal(size=(2, 4, 6)), rng.normal(size=(2, 5, 6))
    assert_same_function(getattr(scratch, name), getattr(pytorch, name), x, y)


@pytest.mark.parametrize("kernel", ["cosine_kernel", "rbf_kernel"])
def test_posteriors(kernel):
    rng = RNG(1)
    given = rng.normal(size=(2, 4, 6)), rng.normal(size=(2, 7, 6)), rng.normal(size=(2, 7, 3))

    def both(module):
        def mean_and_variance(*x):
            mean, variance = module.gp_posterior(*x, getattr(module, kernel), 0.5)
            return mean + 2 * variance[..., None]

        return mean_and_variance

    assert_same_function(both(scratch), both(pytorch), *given)


@pytest.mark.parametrize("output", [1, 2])
def test_variances_of_latents(output):
    rng = RNG(2)
    z, stored = rng.normal(size=(6, 5)), rng.normal(size=(20, 5))
    ours, theirs = (
        lambda z, m=m, make=make: m.pseudo_latents(z, like(z, make(stored)), 4, rbf(m, 1.5), 0.3)[output]
        for m, make in SIDES.values()
    )
    assert_same_function(ours, theirs, z)
    means = [array(m.pseudo_latents(make(z), make(stored), 4, rbf(m, 1.5), 0.3)[0]) for m, make in SIDES.values()]
    np.testing.assert_allclose(*means, rtol=1e-9, atol=1e-12)


def like(z, values):
    """Values in the type of z."""
    return values.to(z.dtype) if torch.is_tensor(values) else values.astype(z.dtype)


def test_losses():
    rng = RNG(3)
    z, mean, near, far = rng.normal(size=(4, 3)), rng.normal(size=(4, 3)), rng.uniform(1, 2, 4), rng.uniform(1, 2, 4)
    ours, theirs = (
        lambda z, near, far, m=m, make=make: m.pseudo_label_loss(z, like(z, make(mean)), near, far, 0.33, 0.1)
        for m, make in SIDES.values()
    )
    assert_same_function(ours, theirs, z, near, far)
    y, t = pictures(4), pictures(5)
    assert_same_function(scratch.supervised_loss, pytorch.supervised_loss, 3 * y, t)
    with_features = [lambda y, t, m=m: m.supervised_loss(y, t, m.edge_features, 0.5) for m in (scratch, pytorch)]
    assert_same_function(*with_features, y, t)


def test_edge_features():
    assert_same_function(scratch.edge_features, pytorch.edge_features, pictures(6, height=9, width=7))


@pytest.mark.parametrize(("dtype", "relative"), [(np.float64, 1e-9), (np.float32, 1e-4)])
def test_measures(dtype, relative):
    x, y = (pictures(seed, 3, 2, 16, 13).astype(dtype) for seed in (7, 8))
    for name in ("psnr", "ssim"):
        ours, theirs = (array(getattr(m, name)(make(x), make(y))) for m, make in SIDES.values())
        np.testing.assert_allclose(theirs, ours, rtol=relative)


@pytest.mark.parametrize("output", [0, 1])
def test_networks(output):
    def make(module):
        model = module.Derainer(**SIZES)
        forward = model.forward
        model.forward = lambda x: sum_of(forward(x)) if output else forward(x)[0]
        return model

    def sum_of(both):
        image, latent = both
        return image.sum() + (latent * latent).sum()

    assert_same_module(lambda: make(scratch), lambda: make(pytorch), pictures(9))


def trained_state(module, make, dtype, epochs=2, **options):
    model, _ = random_derainer(module, 4)
    if dtype is np.float32:
        model = model.float()
    rainy, clean, other = (pictures(seed, count).astype(dtype) for seed, count in ((10, 7), (11, 7), (12, 5)))
    options = {"neighbours": 3, "batch_size": 3, "unlabelled_weight": 0.5} | options
    trained = module.Syn2Real(
        model, adam(module, model), (make(rainy), make(clean)), make(other), features=module.edge_features, **options
    )
    losses = [trained.epoch() for _ in range(epochs)]
    return losses, {name: array(value) for name, value in trained.model.state_dict().items()}


def test_weights_after_epochs_of_both_phases():
    """Twelve steps of Adam in float64, in both phases: the same neighbours, labels and weights."""
    (ours, our_state), (theirs, their_state) = (trained_state(m, make, np.float64) for m, make in SIDES.values())
    np.testing.assert_allclose(theirs, ours, rtol=1e-9)
    for name, value in our_state.items():
        # 1e-7: Adam divides by gradients that are nearly 0 for some weights
        np.testing.assert_allclose(their_state[name], value, rtol=1e-7, atol=1e-9, err_msg=name)


def test_both_sides_say_the_same_of_their_arguments():
    for name in scratch.__all__:
        assert_same_help(getattr(scratch, name), getattr(pytorch, name))
    assert scratch.__all__ == pytorch.__all__


def test_half_precision_is_computed_in_float32():
    z = torch.randn(4, 6, dtype=torch.bfloat16)
    stored = torch.randn(12, 6, dtype=torch.bfloat16)
    with torch.autocast("cpu"):
        mean, near, far = pytorch.pseudo_latents(z, stored, 4)
        loss = pytorch.pseudo_label_loss(z, mean, near, far)
    assert {one.dtype for one in (mean, near, far, loss)} == {torch.float32}
    exact = pytorch.pseudo_latents(z.double(), stored.double(), 4)
    torch.testing.assert_close(mean.double(), exact[0], rtol=1e-4, atol=1e-5)


def test_nothing_waits_for_the_device_in_a_step():
    """On the meta device there are no values that anybody could look at."""
    with torch.device("meta"):
        z = torch.empty(4, 6, requires_grad=True)
        stored = torch.empty(12, 6)
        image = torch.empty(2, 3, 16, 16)
        loss = pytorch.pseudo_label_loss(z, *pytorch.pseudo_latents(z, stored, 4))
        y, _ = pytorch.Derainer(width=4, latent=4)(image)
        (loss + pytorch.supervised_loss(y, image)).backward()
    assert z.grad.is_meta
