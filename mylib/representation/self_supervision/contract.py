"""What both sides of self_supervision promise and refuse.

Only shapes and plain numbers come in. Whether values are looked at is each side's affair: NumPy always does, PyTorch
where that is free, on the CPU; what was found is refused here.
"""

from mylib.shared import expect, expect_range


def check_floating(operation, dtype):
    """Images of floating point: whole numbers from 0 to 255 would be taken for shares of white."""
    if "float" not in str(dtype):
        raise TypeError(f"{operation}: expected floating-point images in [0, 1], got {dtype}; divide by 255")


# rotations


def check_turns(images, turns, dtype, odd):
    """Quarter turns: one number for all, or one for each image; `odd`: whether a single image gets an odd one."""
    if "int" not in str(dtype):
        raise TypeError(f"rotate90: expected quarter_turns as integers, got {dtype}; 90 degrees are 1")
    if not turns:
        expect("rotate90", images=(images, "... height+ width+"))
        return
    axes = " ".join(["batch", *"_" * (len(images) - 3), "height+", "width+"])
    expect("rotate90", "or one integer for all", images=(images, axes), quarter_turns=(turns, "batch"))
    if odd:
        check_square("rotate90", images)


def check_square(operation, images):
    """Images that a quarter turn leaves in shape."""
    if images[-1] != images[-2]:
        raise ValueError(
            f"{operation}: expected square images for odd quarter turns, got {images[-2]} x {images[-1]} pixels; crop "
            "or pad them to squares"
        )


def check_batch(operation, images):
    """A batch of images."""
    expect(operation, "add the missing axes", images=(images, "batch+ channels+ height+ width+"))


# networks


def check_network(network, channels, width, blocks, **more):
    """Sizes of a network."""
    expect_range(network, 1, None, channels=channels, width=width, blocks=blocks, **more)


def check_block(network, block, blocks):
    """One of the blocks that there are."""
    expect_range(network, 1, blocks, "the maps after a block are asked for", block=block)


def check_images(network, images, channels, pooled):
    """Images with so many channels; `pooled`: they are halved on the way."""
    expect(network, "add the missing axes", images=(images, f"batch {channels} height+ width+"))
    if pooled and min(images[2:]) < 2:
        raise ValueError(f"{network}: expected images of at least 2 x 2 pixels, got {images[2]} x {images[3]}")


def check_even(images):
    """Images that are as large after halving and doubling."""
    if images[2] % 2 or images[3] % 2:
        raise ValueError(f"FillingNet: expected even height and width, got {images[2]} x {images[3]}; pad by a pixel")


# hidden parts


def check_square_size(images, size):
    """A square that fits."""
    check_batch("hide_square", images)
    if "int" not in type(size).__name__:
        raise TypeError(f"hide_square: expected size as an integer, got {size!r}; it counts pixels")
    expect_range("hide_square", 1, min(images[2:]), "it must fit into the images", size=size)


def check_filling(prediction, images, mask, dtype):
    """Predicted and true images, and which pixels were hidden."""
    pattern = "batch channels height width"
    expect(
        "filling_loss",
        "see hide_square",
        prediction=(prediction, pattern),
        images=(images, pattern),
        mask=(mask, "batch 1 height width"),
    )
    if "bool" not in str(dtype):
        raise TypeError(f"filling_loss: expected a boolean mask, got {dtype}; True is hidden")


def check_some_hidden(some):
    """`some`: whether a pixel is hidden at all."""
    if not some:
        raise ValueError("filling_loss: expected at least one hidden pixel, got none; a mean over nothing has no value")


# the future


def check_predictor(past, future, hypotheses, hidden):
    """Sizes of a predictor; one position has no step."""
    expect_range("PathPredictor", 2, None, "one position shows no step", past=past)
    expect_range("PathPredictor", 1, None, future=future, hypotheses=hypotheses, hidden=hidden)


def check_past(past, steps):
    """Positions seen."""
    expect("PathPredictor", past=(past, f"batch {steps} 2"))


def check_paths(operation, paths, target):
    """Predicted paths and the one that was taken."""
    expect(operation, paths=(paths, "batch+ hypotheses+ future+ 2"), target=(target, "batch future 2"))


def check_numbers(operation, bad, **given):
    """`bad`: whether a position is not a number."""
    if bad:
        names = " and ".join(given)
        raise ValueError(f"{operation}: expected {names} of finite numbers, got NaN or infinity; leave such paths out")


# what occurs together


def check_baskets(baskets, dtype, least_support, least_confidence):
    """A row for each basket, a column for each item."""
    expect("association_rules", baskets=(baskets, "n+ items"))
    if dtype != "bool":
        raise TypeError(f"association_rules: expected boolean baskets, got {dtype}; counts > 0 says what is in")
    expect_range("association_rules", 0, 1, least_support=least_support, least_confidence=least_confidence)
