"""deraining: limits of the process, what a gradient reaches, and what the two phases do."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from mylib.engine import gradcheck
from mylib.few_labels.deraining import pytorch, scratch
from mylib.few_labels.deraining.scratch_processes import solve_positive
from tests.few_labels.deraining.cases import RNG, adam, pictures, random_derainer, rbf, tracked
from tests.twins import array

# limits of the process


def test_without_noise_a_stored_latent_comes_back(side):
    module, make = side
    stored = RNG(0).normal(size=(9, 3))
    mean, variance = module.gp_posterior(make(stored), make(stored), make(stored), rbf(module, 1.0), 1e-9)
    np.testing.assert_allclose(array(mean), stored, atol=1e-6)
    np.testing.assert_allclose(array(variance), 0, atol=1e-8)


def test_far_away_the_mean_is_the_priors(side):
    module, make = side
    stored = RNG(1).normal(size=(9, 3))
    mean, variance = module.gp_posterior(make(stored + 100), make(stored), make(stored), module.rbf_kernel, 0.25)
    np.testing.assert_allclose(array(mean), 0, atol=1e-12)
    np.testing.assert_allclose(array(variance), 1.25, rtol=1e-12)


def test_much_noise_shrinks_every_label_to_zero(side):
    module, make = side
    z, stored = RNG(2).normal(size=(4, 3)), RNG(3).normal(size=(9, 3))
    lengths = []
    for noise in (0.01, 1.0, 100.0):
        mean, *_ = module.pseudo_latents(make(z), make(stored), 4, noise=noise)
        lengths.append(np.linalg.norm(array(mean), axis=1))
    assert (np.diff(lengths, axis=0) < 0).all()


@given(st.integers(0, 10**6), st.integers(1, 4), st.integers(1, 6), st.floats(0.05, 3))
def test_with_all_neighbours_it_is_the_plain_posterior(seed, n, stored, noise):
    rng = RNG(seed)
    z, labelled = rng.normal(size=(n, 3)), rng.normal(size=(stored, 3))
    for module, make in ((scratch, np.asarray), (pytorch, torch.tensor)):
        plain = module.gp_posterior(make(z), make(labelled), make(labelled), noise=noise)
        mean, near, far = module.pseudo_latents(make(z), make(labelled), stored, noise=noise)
        np.testing.assert_allclose(array(mean), array(plain[0]), rtol=1e-9, atol=1e-12)
        np.testing.assert_allclose(array(near), array(plain[1]), rtol=1e-9)
        np.testing.assert_allclose(array(far), array(plain[1]), rtol=1e-9)


def test_labels_lie_in_what_the_neighbours_span(side):
    module, make = side
    rng = RNG(4)
    z, stored = rng.normal(size=(5, 6)), rng.normal(size=(20, 6))
    stored[:, 3:] = 0
    mean, *_ = module.pseudo_latents(make(z), make(stored), 4)
    np.testing.assert_allclose(array(mean)[:, 3:], 0, atol=1e-15)


def test_batches_of_processes_are_independent(side):
    module, make = side
    rng = RNG(5)
    queries, inputs, outputs = (
        rng.normal(size=(2, 3, 4, 5)),
        rng.normal(size=(2, 3, 6, 5)),
        rng.normal(size=(2, 3, 6, 2)),
    )
    mean, variance = map(array, module.gp_posterior(make(queries), make(inputs), make(outputs), noise=0.2))
    assert (mean.shape, variance.shape) == ((2, 3, 4, 2), (2, 3, 4))
    for i in np.ndindex(2, 3):
        alone = module.gp_posterior(*map(make, (queries[i], inputs[i], outputs[i])), noise=0.2)
        np.testing.assert_allclose(mean[i], array(alone[0]), rtol=1e-10)
        np.testing.assert_allclose(variance[i], array(alone[1]), rtol=1e-10)


def test_distances_far_from_the_origin_stay_distances(side):
    """Squares by one product lose digits there, and are clipped at 0: a kernel is never above 1."""
    module, make = side
    x = RNG(6).normal(size=(8, 3)) + 1e4
    kernel = array(module.rbf_kernel(make(x), make(x)))
    assert (kernel <= 1).all()
    np.testing.assert_allclose(np.diag(kernel), 1, atol=1e-7)


# gradients


def test_the_solution_of_a_system_has_a_gradient():
    rng = RNG(7)
    root, b = rng.normal(size=(2, 4, 4)), rng.normal(size=(2, 4, 3))
    a = root @ root.swapaxes(1, 2) + np.eye(4)
    np.testing.assert_allclose(solve_positive(a, b).data, np.linalg.solve(a, b), rtol=1e-10)
    gradcheck(lambda root, b: solve_positive(root @ root.swapaxes(-1, -2) + np.eye(4), b), root, b)


@pytest.mark.parametrize("kernel", ["cosine_kernel", "rbf_kernel"])
def test_the_posterior_has_a_gradient_of_every_argument(kernel):
    rng = RNG(8)
    given_ = rng.normal(size=(2, 3, 4)), rng.normal(size=(2, 5, 4)), rng.normal(size=(2, 5, 2))

    def both(*x):
        mean, variance = scratch.gp_posterior(*x, getattr(scratch, kernel), 0.5)
        return mean + variance[..., None]

    gradcheck(both, *given_)


def test_a_label_has_no_gradient_and_its_variance_has(side):
    module, make = side
    z = tracked(module, RNG(9).normal(size=(4, 3)))
    mean, near, far = module.pseudo_latents(z, make(RNG(10).normal(size=(12, 3))), 3)
    assert not mean.requires_grad
    assert near.requires_grad
    assert far.requires_grad
    near.sum().backward()
    assert (np.abs(array(z.grad)).max(axis=1) > 1e-3).all()


def test_the_loss_draws_each_latent_to_its_label_by_its_certainty(side):
    """dL/dz = 2 (z - mu) / (n d Sigma) beside what goes through the variances."""
    module, make = side
    rng = RNG(11)
    values, mean, near = rng.normal(size=(4, 3)), tracked(module, rng.normal(size=(4, 3))), rng.uniform(1, 2, 4)
    z = tracked(module, values)
    module.pseudo_label_loss(z, mean, make(near), make(near + 1)).backward()
    expected = 2 * (values - array(mean)) / near[:, None] / 12
    np.testing.assert_allclose(array(z.grad), expected, rtol=1e-12)
    assert mean.grad is None


def test_absolute_error_stands_still_where_smooth_l1_does_not():
    """A constant for pixels of which one in ten is rained on: 0 is the best for |r|, their mean for r^2."""
    residual = torch.zeros(100, dtype=torch.float64)
    residual[:10] = 0.5
    guess = torch.full((), 0.01, dtype=torch.float64, requires_grad=True)
    (guess - residual).abs().mean().backward()
    assert guess.grad.item() == pytest.approx(0.8)  # down, to 0: do nothing
    guess.grad = None
    pytorch.supervised_loss(guess.expand(100), residual).backward()
    assert guess.grad.item() == pytest.approx(0.01 - 0.05)  # up, to the mean


# pictures


def test_features_do_not_see_brightness(side):
    module, make = side
    x = pictures(12)
    np.testing.assert_allclose(
        array(module.edge_features(make(x))), array(module.edge_features(make(x + 3))), atol=1e-12
    )


def test_the_same_picture_is_as_alike_as_can_be(side):
    module, make = side
    x = pictures(13, 3, 2, 16, 12)
    np.testing.assert_allclose(array(module.ssim(make(x), make(x))), 1, rtol=1e-10)
    assert np.isinf(array(module.psnr(make(x), make(x)))).all()


def test_measures_do_not_care_which_picture_comes_first(side):
    module, make = side
    x, y = pictures(14, 3, 2, 16, 12), pictures(15, 3, 2, 16, 12)
    for measure in (module.psnr, module.ssim):
        np.testing.assert_allclose(array(measure(make(x), make(y))), array(measure(make(y), make(x))), rtol=1e-12)


# training


def trainer(module, make, **options):
    model, _ = random_derainer(module, 3)
    rainy = pictures(20, 7)
    options = {"neighbours": 3, "batch_size": 3} | options
    optimizer = adam(module, model)
    return module.Syn2Real(model, optimizer, (make(rainy), make(rainy / 2)), make(pictures(21, 5)), **options)


def weights(trained):
    return {name: np.array(array(value)) for name, value in trained.model.state_dict().items()}


def moved(before, after):
    return {name.split(".")[0] for name in before if (before[name] != after[name]).any()}


def test_the_unlabelled_phase_moves_the_encoder_alone(side):
    module, make = side
    trained = trainer(module, make)
    trained.labelled_epoch()  # so that the optimiser has a memory of the decoder's gradients
    before = weights(trained)
    trained.unlabelled_epoch()
    assert moved(before, weights(trained)) == {"enter", "shrink", "encode"}


def test_the_labelled_phase_moves_everything_and_then_stores(side):
    module, make = side
    trained = trainer(module, make)
    before = weights(trained)
    trained.labelled_epoch()
    assert len(moved(before, weights(trained))) == 7
    now = array(trained.model(trained.rainy)[1]).reshape(7, -1)
    np.testing.assert_allclose(array(trained.latents), now, rtol=1e-10, atol=1e-12)
    stored = np.array(array(trained.latents))
    trained.unlabelled_epoch()
    np.testing.assert_array_equal(array(trained.latents), stored)  # until the next labelled phase


def test_latents_are_stored_before_the_first_unlabelled_phase(side):
    module, make = side
    trained = trainer(module, make)
    assert trained.latents is None
    loss = trained.unlabelled_epoch()
    assert np.isfinite(loss)
    assert array(trained.latents).shape == (7, 4 * 2 * 3)


def test_storing_leaves_the_models_mode(side):
    module, make = side
    trained = trainer(module, make)
    for mode in (True, False):
        trained.model.train(mode)
        trained.store()
        assert trained.model.training is mode


def test_an_epoch_is_both_phases_and_both_losses_fall(side):
    module, make = side
    trained = trainer(module, make, features=module.edge_features)
    losses = np.array([trained.epoch() for _ in range(12)])
    assert losses.shape == (12, 2)
    assert losses[-1, 0] < 0.7 * losses[0, 0]


def test_the_loss_that_is_reported_has_no_weight(side):
    module, make = side
    heavy, light = (trainer(module, make, unlabelled_weight=weight, batch_size=5) for weight in (1.0, 1e-3))
    assert heavy.unlabelled_epoch() == pytest.approx(light.unlabelled_epoch(), rel=1e-12)


def test_without_weight_the_unlabelled_phase_changes_nothing(side):
    module, make = side
    trained = trainer(module, make, unlabelled_weight=0.0)
    before = weights(trained)
    trained.unlabelled_epoch()
    assert not moved(before, weights(trained))
