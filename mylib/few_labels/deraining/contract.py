"""What both sides of deraining promise: what an epoch reports, and what is refused.

Only shapes and plain numbers come in. Whether values are looked at is each side's affair: NumPy always does, PyTorch
where that is free, on the CPU; what was found is refused here.
"""

from typing import NamedTuple

from mylib.shared import expect, expect_range

LEAST_NOISE = 1e-6  # in float32 less is lost beside a kernel's 1
WINDOW = 11  # side of the Gaussian window of `ssim`: a radius of 5


class Losses(NamedTuple):
    """Mean losses of the two phases of an epoch.

    Args:    labelled: mean of `supervised_loss` over the steps with labels.
             unlabelled: mean of `pseudo_label_loss` over the steps without, before its weight.
    """

    labelled: float
    unlabelled: float


def check_kernel(operation, x, y):
    """Rows of one length, in batches of one shape."""
    expect(operation, x=(x, "... n dim"), y=(y, "... m dim"))


def check_length(length_scale):
    """A length."""
    expect_range("rbf_kernel", 0, None, "it is a distance", open=True, length_scale=length_scale)


def check_noise(operation, noise, dtype):
    """A variance that is not lost in the numbers' digits."""
    expect_range(operation, 0, None, "it is a variance, and keeps the matrix invertible", open=True, noise=noise)
    if "float64" not in str(dtype) and noise < LEAST_NOISE:
        raise ValueError(
            f"{operation}: expected noise of at least {LEAST_NOISE} in {str(dtype).removeprefix('torch.')}, got "
            f"{noise}; compute in float64, or take more"
        )


def check_posterior(queries, inputs, outputs, noise, dtype):
    """An output for every input, and queries like inputs."""
    expect(
        "gp_posterior",
        "an output is a row: outputs[:, None]",
        queries=(queries, "... queries dim"),
        inputs=(inputs, "... count+ dim"),
        outputs=(outputs, "... count out"),
    )
    check_noise("gp_posterior", noise, dtype)


def check_definite(failed):
    """`failed`: whether a Cholesky factor does not exist."""
    if failed:
        raise ValueError(
            "gp_posterior: expected a kernel matrix that with the noise is positive definite, got one that is not; "
            "take more noise, or another kernel"
        )


def check_neighbours(operation, neighbours, stored):
    """At least one, and no more than there are."""
    expect_range(operation, 1, stored, f"{stored} latents are stored", neighbours=neighbours)


def check_pseudo(z, labelled, neighbours, noise, dtype):
    """Flat latents, more of them stored than are asked for."""
    expect("pseudo_latents", "flatten them: z.flatten(1)", z=(z, "n dim"), labelled=(labelled, "stored+ dim"))
    check_neighbours("pseudo_latents", neighbours, labelled[0])
    check_noise("pseudo_latents", noise, dtype)


def check_pseudo_loss(z, mean, variance_near, variance_far, variance_weight, far_weight):
    """Latents with a label and two variances each."""
    expect(
        "pseudo_label_loss",
        z=(z, "n+ dim+"),
        mean=(mean, "n dim"),
        variance_near=(variance_near, "n"),
        variance_far=(variance_far, "n"),
    )
    expect_range("pseudo_label_loss", 0, None, variance_weight=variance_weight, far_weight=far_weight)


def check_supervised(prediction, target, weight):
    """Two things of one shape."""
    expect("supervised_loss", prediction=(prediction, "..."), target=(target, "..."))
    expect_range("supervised_loss", 0, None, weight=weight)


def check_features(images):
    """Large enough for a filter at half the size."""
    expect("edge_features", images=(images, "n+ channels+ height width"))
    expect_range("edge_features", 6, None, "at half the size 3 pixels are left", height=images[2], width=images[3])


def check_psnr(x, y, data_range):
    """Pairs of pictures, one shape."""
    expect("psnr", "the first axis counts the pictures: x[None]", x=(x, "... last"), y=(y, "... last"))
    if len(x) < 2:
        raise ValueError(f"psnr: expected pictures (n, ...), got {tuple(x)}; one picture is x[None]")
    expect_range("psnr", 0, None, "1 for pictures in [0, 1]", open=True, data_range=data_range)


def check_ssim(x, y, data_range):
    """Pairs of pictures, as large as the window."""
    expect("ssim", x=(x, "n channels+ height width"), y=(y, "n channels height width"))
    expect_range("ssim", WINDOW, None, "the window has to fit in", height=x[2], width=x[3])
    expect_range("ssim", 0, None, "1 for pictures in [0, 1]", open=True, data_range=data_range)


def check_sizes(channels, width, latent):
    """Of a network."""
    expect_range("Derainer", 1, None, channels=channels, width=width, latent=latent)


def check_images(operation, images, channels="channels+"):
    """Pictures that two halvings leave whole."""
    expect(operation, images=(images, f"n+ {channels} height+ width+"))
    if images[2] % 4 or images[3] % 4:
        raise ValueError(
            f"{operation}: expected images with sides divisible by 4, got {images[2]} x {images[3]}; crop or pad them"
        )


def check_floating(operation, dtype):
    """Pictures are numbers with a fraction."""
    if "float" not in str(dtype):
        raise TypeError(
            f"{operation}: expected images of floating point, got {str(dtype).removeprefix('torch.')}; divide by 255"
        )


def check_unit(operation, low, high):
    """`low`, `high`: the extreme values of pictures."""
    if not (low >= 0 and high <= 1):
        raise ValueError(
            f"{operation}: expected images in [0, 1], got values from {low:.4g} to {high:.4g}; divide by 255, or clip"
        )


def check_training(rainy, clean, unlabelled, neighbours, noise, unlabelled_weight, batch_size):
    """Pairs of pictures, and others of the same channels."""
    expect(
        "Syn2Real",
        "labelled = (rainy, clean)",
        rainy=(rainy, "count+ channels+ height+ width+"),
        clean=(clean, "count channels height width"),
        unlabelled=(unlabelled, "others+ channels height width"),
    )
    check_images("Syn2Real", rainy)
    check_neighbours("Syn2Real", neighbours, rainy[0])
    expect_range("Syn2Real", 0, None, "it is a variance", open=True, noise=noise)
    expect_range("Syn2Real", 0, None, unlabelled_weight=unlabelled_weight)
    expect_range("Syn2Real", 1, None, batch_size=batch_size)
