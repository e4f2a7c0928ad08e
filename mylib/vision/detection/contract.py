"""What both sides of detection promise: constants, and what they refuse.

Only shapes and plain numbers come in. Whether values are looked at is each side's affair: NumPy always does, PyTorch
where that is free, on the CPU; what was found is refused here.
"""

import math

from mylib.shared import expect, expect_range

# The largest log-ratio of sizes that is decoded: a wild prediction becomes a box 62 times as large, and not infinity.
LARGEST_LOG_RATIO = math.log(1000 / 16)
# The heads predict box deltas in units of this, about their spread, so that outputs are of size 1.
BOX_UNIT = 0.2
STRIDE = 4  # of the backbone: one cell of its map is 4 pixels wide
COLOUR_BINS, TEXTURE_BINS, DIRECTIONS = 25, 10, 8  # of the histograms of selective search


# boxes


def check_boxes(operation, shape):
    """Rows of four coordinates, with any axes before."""
    expect(operation, "x1, y1, x2, y2", **{"boxes of shape": (shape, "... 4")})


def check_box_values(operation, finite, crossed):
    """`finite`: whether all coordinates are; `crossed`: those boxes whose end lies before their beginning."""
    if not finite:
        raise ValueError(f"{operation}: expected finite boxes, got NaN or infinity; did training diverge?")
    if len(crossed):
        raise ValueError(f"{operation}: expected x1 <= x2 and y1 <= y2, got {crossed[0]}; is it x, y, width, height?")


def check_boxes_have_area(name, have):
    """`have`: whether every box has a width and a height."""
    if not have:
        raise ValueError(f"encode_boxes: expected {name} of width and height above 0, got one without; drop it before")


def check_deltas(finite):
    """`finite`: whether all deltas are."""
    if not finite:
        raise ValueError("decode_boxes: expected finite deltas, got NaN or infinity; did training diverge?")


def check_nms(boxes, scores, threshold):
    """Shapes of boxes and scores, and the largest overlap."""
    expect("nms", "give n finite scores, one for each box", boxes=(boxes, "n 4"), scores=(scores, "n"))
    if not 0 <= threshold <= 1:
        raise ValueError(f"nms: expected a threshold in [0, 1], got {threshold}")


def check_scores(finite):
    """`finite`: whether all scores are."""
    if not finite:
        raise ValueError("nms: expected n finite scores, got NaN or infinity; did training diverge?")


def check_anchors(height, width, stride, sizes, ratios):
    """All above 0, and at least one size and ratio."""
    if min(height, width, stride, *sizes, *ratios, 1) <= 0 or not len(sizes) or not len(ratios):
        raise ValueError(
            f"anchors: expected height, width, stride, sizes and ratios above 0, got {height}, {width}, {stride}, "
            f"{tuple(sizes)} and {tuple(ratios)}"
        )


# regions


def check_rois(operation, features, boxes, output_size, spatial_scale):
    """Shapes of maps and regions, the size of what is pooled, and cells per pixel. Returns: that size as (h, w)."""
    size = tuple(output_size) if isinstance(output_size, tuple | list) else (output_size, output_size)
    expect(
        operation,
        "a region is its image's index, x1, y1, x2, y2",
        features=(features, "batch channels height width"),
        boxes=(boxes, "k 5"),
    )
    if len(size) != 2 or min(size) < 1 or spatial_scale <= 0 or not min(features):
        raise ValueError(
            f"{operation}: expected an output size of at least 1, once or twice, a scale above 0 and a map that is not "
            f"empty, got {output_size}, {spatial_scale} and {tuple(features)}"
        )
    return size


def check_roi_values(operation, batch, bad):
    """`bad`: those regions that are no box, or lie in no image of the batch."""
    if len(bad):
        raise ValueError(
            f"{operation}: expected rows of whole batch index below {batch}, x1 <= x2 and y1 <= y2, all finite, got "
            f"{bad[0]}"
        )


def check_targets(boxes, truth, labels, foreground, background):
    """Shapes of anchors, objects and labels, and the two overlaps."""
    check_boxes("assign_targets", boxes)
    expect("assign_targets", truth=(truth, "... m 4"), labels=(labels, "... m"))
    if not 0 <= background <= foreground <= 1:
        raise ValueError(f"assign_targets: expected 0 <= background <= foreground <= 1, got {background}, {foreground}")


# proposals


def check_image(operation, shape, finite, low, high):
    """`finite`, `low`, `high`: of the pixels; `shape` as the caller gave it, with or without channels."""
    channels, height, width = shape if len(shape) == 3 else (1, *shape) if len(shape) == 2 else (0, 0, 0)
    if channels > 4 and width in (3, 4):
        raise ValueError(
            f"{operation}: expected an image (channels, height, width), got {tuple(shape)}; if the last axis are "
            "colours, move the channels to the front"
        )
    if channels < 1 or min(height, width) < 2 or not finite:
        raise ValueError(
            f"{operation}: expected an image (channels, height, width) of at least 2 x 2 finite pixels, got "
            f"{tuple(shape)}"
        )
    if low < 0 or high > 1:
        raise ValueError(f"{operation}: expected pixels in [0, 1], got {low:g} to {high:g}; divide bytes by 255")


def check_segmentation(scale, min_size, sigma):
    """The three options of `felzenszwalb`."""
    expect_range("felzenszwalb", 0, None, scale=scale, min_size=min_size, sigma=sigma)


# detectors


def check_detector(name, classes, width):
    """What a detector is made with."""
    if classes < 1 or width < 1:
        raise ValueError(f"{name}: expected classes and width of at least 1, got {classes}, {width}")


def check_images(shape):
    """What a backbone looks at."""
    if len(shape) != 4 or shape[1] != 3 or min(shape[2:]) < 2 * STRIDE:
        raise ValueError(
            f"detector: expected images (batch, 3, height, width) of at least {2 * STRIDE} pixels a side, got "
            f"{tuple(shape)}; enlarge or pad them"
        )


def check_proposal_network(count, stride, sizes, ratios):
    """What a region proposal network is made with."""
    expect_range("RegionProposalNetwork", 1, None, count=count)
    check_anchors(1, 1, stride, sizes, ratios)


# evaluation


def check_evaluation(detections, truth, objects):
    """How many images were searched, how many have a truth, and how many objects that is."""
    if detections != truth or not objects:
        raise ValueError(
            "average_precision: expected detections and truth of the same images, with at least one object, got "
            f"{detections} and {truth} images"
        )


def check_detections(boxes, scores, labels, finite):
    """How many of each one image has, and whether all scores are finite."""
    if not boxes == scores == labels or not finite:
        raise ValueError(
            f"average_precision: expected a finite score and a label for each box, got {boxes} boxes, {scores} scores "
            f"and {labels} labels of one image"
        )
