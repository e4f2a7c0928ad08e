"""deraining refuses what makes no sense, and says what was expected, what came, and what to do."""

import numpy as np
import pytest

from tests.few_labels.deraining.cases import adam, pictures

ROWS = np.ones((3, 2))


def refused(message, function, *arguments, error=ValueError, **options):
    with pytest.raises(error, match=message):
        function(*arguments, **options)


def test_kernels_want_rows_of_one_length(side):
    module, make = side
    for name in ("cosine_kernel", "rbf_kernel"):
        refused(
            rf"{name}: expected x \(..., n, dim\) and y \(..., m, dim\), got .* where dim is both 2 and 3",
            *(getattr(module, name), make(ROWS), make(np.ones((3, 3)))),
        )
        refused("expected x", getattr(module, name), make(np.ones(3)), make(ROWS))
    refused("length_scale above 0, got 0; it is a distance", module.rbf_kernel, make(ROWS), make(ROWS), 0)


def test_a_posterior_wants_an_output_for_each_input(side):
    module, make = side
    refused(
        "gp_posterior: .*where count is both 3 and 4", module.gp_posterior, *map(make, (ROWS, ROWS, np.ones((4, 2))))
    )
    refused("gp_posterior: .*outputs\\[:, None\\]", module.gp_posterior, *map(make, (ROWS, ROWS, np.ones(3))))
    refused("count of at least 1", module.gp_posterior, *map(make, (ROWS, np.ones((0, 2)), np.ones((0, 2)))))


@pytest.mark.parametrize("noise", [0, -1.0, float("nan")])
def test_noise_is_a_variance(side, noise):
    module, make = side
    pair = make(pictures(0)), make(pictures(0))
    for function, given in ((module.gp_posterior, 3), (module.pseudo_latents, 2)):
        refused(f"expected noise above 0, got {noise}", function, *[make(ROWS)] * given, noise=noise, **near(function))
    model = module.Derainer(2, 2, 2)
    refused("Syn2Real: expected noise above 0", module.Syn2Real, model, None, pair, pair[0], neighbours=1, noise=noise)


def near(function):
    return {"neighbours": 1} if function.__name__ == "pseudo_latents" else {}


def test_noise_is_not_lost_in_float32(side):
    module, make = side
    small = make(ROWS.astype(np.float32))
    message = "expected noise of at least 1e-06 in float32, got 1e-07; compute in float64, or take more"
    refused(f"gp_posterior: {message}", module.gp_posterior, small, small, small, noise=1e-7)
    refused(f"pseudo_latents: {message}", module.pseudo_latents, small, small, 1, noise=1e-7)
    module.gp_posterior(make(ROWS), make(ROWS), make(ROWS), noise=1e-7)


def test_a_kernel_must_be_one(side):
    module, make = side
    points = make(np.arange(3.0)[:, None])
    minus = lambda x, y: -module.rbf_kernel(x, y)  # noqa: E731
    refused("expected a kernel matrix .* positive definite", module.gp_posterior, points, points, points, minus, 0.1)


@pytest.mark.parametrize("neighbours", [0, 4])
def test_no_more_neighbours_than_are_stored(side, neighbours):
    module, make = side
    message = f"expected neighbours from 1 to 3, got {neighbours}; 3 latents are stored"
    refused(f"pseudo_latents: {message}", module.pseudo_latents, make(ROWS), make(ROWS), neighbours)
    three = make(pictures(1, 3))
    model = module.Derainer(2, 2, 2)
    refused(f"Syn2Real: {message}", module.Syn2Real, model, None, (three, three), three, neighbours=neighbours)


def test_latents_are_flat(side):
    module, make = side
    refused(
        r"pseudo_latents: .*flatten them: z.flatten\(1\)", module.pseudo_latents, make(np.ones((3, 2, 2))), make(ROWS)
    )
    refused("stored of at least 1", module.pseudo_latents, make(ROWS), make(np.ones((0, 2))))


def test_a_loss_wants_two_variances_for_each_latent(side):
    module, make = side
    one = make(np.ones(3))
    refused("where n is both 3 and 2", module.pseudo_label_loss, make(ROWS), make(ROWS), one, make(np.ones(2)))
    refused("where dim is both 2 and 1", module.pseudo_label_loss, make(ROWS), make(ROWS[:, :1]), one, one)
    refused(
        "variance_weight and far_weight of at least 0", module.pseudo_label_loss, make(ROWS), make(ROWS), one, one, -1
    )
    refused("supervised_loss: .*, got", module.supervised_loss, make(ROWS), make(ROWS[:2]))
    refused("supervised_loss: expected weight of at least 0", module.supervised_loss, make(ROWS), make(ROWS), None, -1)


def test_measures_want_pairs(side):
    module, make = side
    x = make(pictures(2, 2, 2, 12, 12))
    refused("psnr: expected x", module.psnr, x, x[:1])
    refused(r"psnr: .*one picture is x\[None\]", module.psnr, x[0, 0, 0], x[0, 0, 0])
    refused("ssim: expected x", module.ssim, x, x[:, :1])
    refused("ssim: expected height and width of at least 11, got 12 and 10", module.ssim, x[..., :10], x[..., :10])
    for measure in (module.psnr, module.ssim):
        refused("data_range above 0, got 0", measure, x, x, 0)


def test_features_want_room_for_a_filter(side):
    module, make = side
    refused(
        "edge_features: expected height and width of at least 6, got 5 and 8",
        module.edge_features,
        make(pictures(3, 1, 1, 5, 8)),
    )


def test_a_network_wants_pictures_that_can_be_halved_twice(side):
    module, make = side
    model = module.Derainer(2, 2, 2)
    x = pictures(4).astype(np.float32)
    refused("Derainer: expected images with sides divisible by 4, got 8 x 10; crop or pad", model, make(x[..., :10]))
    refused(r"Derainer: expected images \(n, 2, height, width\)", model, make(x[:, :1]))
    refused(r"Derainer: expected images in \[0, 1\], got values from .* to 2; divide by 255", model, make(x * 0 + 2))
    refused("Derainer: expected images in", model, make(-x))
    refused("Derainer: .*floating point, got int64; divide by 255", model, make(x.astype(int)), error=TypeError)
    refused("Derainer: expected channels, width and latent of at least 1, got 3, 0 and 4", module.Derainer, 3, 0, 4)


def test_training_wants_pairs_in_unit_range(side):
    module, make = side
    model = module.Derainer(2, 2, 2)
    x, optimizer = pictures(5), adam(module, model)

    def trainer(rainy, clean, other, **options):
        return module.Syn2Real(model, optimizer, (make(rainy), make(clean)), make(other), **{"neighbours": 1} | options)

    refused(r"labelled = \(rainy, clean\)", trainer, x, x[:3], x)
    refused("where channels is both 2 and 1", trainer, x, x, x[:, :1])
    refused("others of at least 1", trainer, x, x, x[:0])
    refused("sides divisible by 4, got 8 x 9", trainer, *[x[..., :9]] * 3)
    refused(r"images in \[0, 1\], got values", trainer, x, x, 255 * x)
    refused("floating point, got uint8", trainer, *[(255 * x).astype(np.uint8)] * 3, error=TypeError)
    refused("batch_size of at least 1, got 0", trainer, x, x, x, batch_size=0)
    refused("unlabelled_weight of at least 0", trainer, x, x, x, unlabelled_weight=-0.1)
