"""What both sides of activation_maps promise: the colours of a heat map, and what they refuse.

Only shapes and plain numbers come in. Whether values are looked at is each side's affair; what was found is refused
here.
"""

from mylib.shared import expect, expect_choice, expect_range

# From no evidence to the most: dark violet, magenta, orange, pale yellow. Their brightness rises all the way, so that
# the order is seen without colour vision too.
HEAT = (
    (0.05, 0.03, 0.25),
    (0.45, 0.08, 0.43),
    (0.80, 0.25, 0.33),
    (0.97, 0.55, 0.08),
    (0.98, 0.98, 0.65),
)
SMALLEST = 4  # pixels: GAPNet halves an image twice


# the network and its maps


def check_network(classes, channels_in, width):
    """What a network is made with."""
    expect_range("GAPNet", 1, None, classes=classes, channels_in=channels_in, width=width)


def check_images(shape, channels):
    """Images that can be halved twice."""
    expect("GAPNet", images=(shape, f"batch {channels} height width"))
    height, width = shape[2:]
    expect_range("GAPNet", SMALLEST, None, "resize or pad the images", height=height, width=width)


def check_features(function, features, weights):
    """Shapes of K maps, and of a weight for each map and class."""
    expect(
        function,
        "pass the maps of the last convolution and the weight of the linear layer as they are",
        features=(features, "batch channels height+ width+"),
        weights=(weights, "classes channels"),
    )


def check_labels(shape, kind_is_integer, batch):
    """One label, or one for each image."""
    if not kind_is_integer or shape not in ((), (batch,)):
        raise ValueError(
            f"class_activation_map: expected label as an integer, or {batch} integers, one for each image, got "
            f"{'integers' if kind_is_integer else 'other values'} of shape {tuple(shape)}"
        )


def check_range(low, high, classes):
    """The least and the largest label; each names a class."""
    if low < 0 or high >= classes:
        raise ValueError(
            f"class_activation_map: expected labels from 0 to {classes - 1}, got {low} to {high}; weights has one row "
            "for each class"
        )


# pictures, boxes and points


def check_overlay(image, cam, opacity):
    """Shapes of pictures and maps, and the share of the colour. Returns: the whole factor between their sizes."""
    expect("overlay", image=(image, "... channels height width"), cam=(cam, "... h+ w+"))
    expect_choice("overlay", (1, 3), channels=image[-3])
    expect_range("overlay", 0, 1, opacity=opacity)
    factor = image[-1] // cam[-1]
    if factor < 1 or (image[-2], image[-1]) != (factor * cam[-2], factor * cam[-1]):
        raise ValueError(
            f"overlay: expected an image that is a whole number of times as large as the map, got {image[-2]} x "
            f"{image[-1]} and {cam[-2]} x {cam[-1]}; crop or pad the image"
        )
    return factor


def check_overlay_values(good):
    """`good`: whether the picture lies in [0, 1] and the map is finite."""
    if not good:
        raise ValueError("overlay: expected an image with values in [0, 1] and a finite map; scale the image first")


def check_map(shape, threshold):
    """Shape of maps, and the share of their maximum."""
    expect("box_from_map", cam=(shape, "... height+ width+"))
    if not 0 <= threshold < 1:
        raise ValueError(
            f"box_from_map: expected threshold as a share of the map's maximum, in [0, 1), got {threshold}"
        )


def refuse_map(maximum):
    """Nothing would be above the threshold."""
    raise ValueError(
        f"box_from_map: expected maps with a finite maximum above 0, got {maximum:.3g}, so that nothing is above the "
        "threshold; the class has no evidence in this image: take the label that scores highest"
    )


def check_pointing(cams, boxes):
    """Shapes of maps and boxes."""
    remedy = "there is one box for each map"
    expect("pointing_game", remedy, cams=(cams, "... height+ width+"), boxes=(boxes, "... 4"))
