"""What both sides of segmentation promise: constants, and what maps, losses, networks and masks refuse."""

from mylib.shared import expect, expect_choice, expect_range

IGNORE = -1  # the label of pixels that do not count
HALF = 0.4999  # half a pixel covered, with room for rounding: where coordinates are whole, ties are common
SKIPS = (32, 16, 8)  # strides of the finest map that an FCN may use
KINDS = ("cross_entropy", "squared")


# one answer for every pixel


def check_layer(x, weight, groups):
    """Maps and kernels of a transposed convolution, and groups that divide the channels."""
    if len(x) != 4 or len(weight) != 4 or groups < 1 or weight[0] != x[1] or x[1] % groups:
        raise ValueError(
            f"conv_transpose2d: expected x (batch, channels, height, width) and weight (channels, out / {groups}, k, "
            f"k), got {tuple(x)} and {tuple(weight)}; is the weight one of conv2d, whose first axis is out?"
        )


def check_kernel(channels, factor):
    """Numbers that a kernel can be made of."""
    expect_range("bilinear_kernel", 1, None, channels=channels, factor=factor)


def check_enlarging(x, factor):
    """Maps, and a factor that does not make them vanish."""
    expect("upsample_bilinear", x=(x, "batch channels height width"))
    expect_range("upsample_bilinear", 1, None, factor=factor)


def check_network(classes, skips, width, channels):
    """What a network is made with."""
    expect_choice("FCN", SKIPS, skips=skips)
    expect_range("FCN", 1, None, classes=classes, width=width, channels=channels)


def check_images(images):
    """Images that five convolutions halve without a remainder."""
    if len(images) != 4 or images[2] % 32 or images[3] % 32 or not min(images):
        raise ValueError(
            "FCN: expected images (batch, channels, height, width) with sides that 32 divides, got "
            f"{tuple(images)}; pad them"
        )


def check_pixels(outputs, targets, kind):
    """Outputs, and targets of the shape that the kind of loss has."""
    expect_choice("pixel_loss", KINDS, kind=kind)
    outputs, targets = tuple(outputs), tuple(targets)
    wanted = outputs if kind == "squared" else (*outputs[:1], *outputs[2:])
    if len(outputs) != 4 or targets != wanted:
        raise ValueError(
            f"pixel_loss: expected outputs (batch, channels, height, width) and targets {wanted} for {kind}, got "
            f"{outputs} and {targets}"
        )


def check_maps(predicted, target):
    """Two maps of one shape, whatever it is."""
    if predicted != target:
        raise ValueError(f"mean_iou: expected two maps of one shape, got {tuple(predicted)} and {tuple(target)}")


def check_classes(good, classes):
    """`good`: whether there are pixels that count, all of them of one of the classes."""
    if not good:
        raise ValueError(
            f"mean_iou: expected at least one pixel that counts, and classes 0 to {classes - 1} only; -1 is for the "
            "target"
        )


# a mask for every object


def check_sampling(sampling_ratio):
    """A number of points, or 0."""
    if sampling_ratio < 0 or sampling_ratio != int(sampling_ratio):
        raise ValueError(
            f"roi_align: expected a sampling_ratio of 0 (as many as a bin has cells) or more, got {sampling_ratio}"
        )


def check_pairs(a, b):
    """Masks of one size."""
    expect("mask_iou", a=(a, "n height width"), b=(b, "m height width"))


def check_head(channels, classes):
    """What a mask head is made with."""
    expect_range("MaskHead", 1, None, channels=channels, classes=classes)


def check_masks(images, labels, masks):
    """For each object one mask, of the size of the images."""
    expect(
        "MaskRCNN",
        "one mask for each object",
        images=(images, "batch _ height width"),
        labels=(labels, "batch objects"),
        masks=(masks, "batch objects height width"),
    )
