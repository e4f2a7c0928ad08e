"""What both twins read: the colours of a heat map, and the checks on shapes and options."""

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


def check_features(function, features, weights):
    """Raise unless these are the shapes of K maps and of a weight for each map and class."""
    if len(features) != 4 or len(weights) != 2 or features[1] != weights[1] or min(features[2:]) < 1:
        raise ValueError(
            f"{function}: expected features (batch, channels, height, width) of at least one pixel and weights "
            f"(classes, channels) of as many channels, got {tuple(features)} and {tuple(weights)}; pass the maps of "
            "the last convolution and the weight of the linear layer as they are"
        )


def check_labels(shape, kind_is_integer, batch):
    """Raise unless this is one label, or one for each image."""
    if not kind_is_integer or shape not in ((), (batch,)):
        raise ValueError(
            f"class_activation_map: expected label as an integer, or {batch} integers, one for each image, got "
            f"{'integers' if kind_is_integer else 'other values'} of shape {tuple(shape)}"
        )


def check_range(low, high, classes):
    """Raise unless all labels name a class."""
    if low < 0 or high >= classes:
        raise ValueError(
            f"class_activation_map: expected labels from 0 to {classes - 1}, got {low} to {high}; weights has one row "
            "for each class"
        )


def check_overlay(image, cam, opacity):
    """The whole factor between a picture's and a map's size, or an error."""
    fits = len(image) >= 3 and image[-3] in (1, 3) and image[:-3] == cam[:-2] and len(cam) >= 2
    if not fits or min(cam[-2:]) < 1:
        raise ValueError(
            f"overlay: expected image (..., 1 or 3, height, width) and cam (..., h, w), got {tuple(image)} and "
            f"{tuple(cam)}"
        )
    factor = image[-1] // cam[-1]
    if factor < 1 or (image[-2], image[-1]) != (factor * cam[-2], factor * cam[-1]):
        raise ValueError(
            f"overlay: expected an image that is a whole number of times as large as the map, got {image[-2]} x "
            f"{image[-1]} and {cam[-2]} x {cam[-1]}; crop or pad the image"
        )
    if not 0 <= opacity <= 1:
        raise ValueError(f"overlay: expected opacity in [0, 1], got {opacity}")
    return factor


def check_map(shape, threshold):
    """Raise unless this is the shape of maps, and the threshold a share of their maximum."""
    if len(shape) < 2 or min(shape[-2:]) < 1:
        raise ValueError(f"box_from_map: expected cam (..., height, width) of at least one pixel, got {tuple(shape)}")
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
    """Raise unless there is one box for each map."""
    if len(cams) < 2 or min(cams[-2:]) < 1 or boxes != (*cams[:-2], 4):
        raise ValueError(
            f"pointing_game: expected cams (..., height, width) and one box (..., 4) for each, got {tuple(cams)} and "
            f"{tuple(boxes)}"
        )
