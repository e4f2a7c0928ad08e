"""What both sides of self_supervision promise and refuse.

Only shapes and plain numbers come in. Whether values are looked at is each side's affair: NumPy always does, PyTorch
where that is free, on the CPU; what was found is refused here.
"""

from mylib.shared import expect

# rotations


def check_floating(operation, dtype):
    """Images of floating point: whole numbers from 0 to 255 would be averaged as if they were shares of white."""
    if "float" not in str(dtype):
        raise TypeError(f"{operation}: expected floating-point images in [0, 1], got {dtype}; divide by 255")


def check_turns(images, turns, dtype, odd):
    """Quarter turns: one number for all, or one for each image; `odd`: whether a single image gets an odd one."""
    if "int" not in str(dtype):
        raise TypeError(f"rotate90: expected quarter_turns as integers, got {dtype}; 90 degrees are 1")
    if not turns:
        expect("rotate90", images=(images, "... height+ width+"))
        return
    expect(
        "rotate90",
        "or one integer for all",
        images=(images, f"{_axes(images)} height+ width+"),
        quarter_turns=(turns, "batch"),
    )
    if odd:
        check_square("rotate90", images)


def check_square(operation, images):
    """Images that a quarter turn leaves in shape."""
    if images[-1] != images[-2]:
        raise ValueError(
            f"{operation}: expected square images for odd quarter turns, got {images[-2]} x {images[-1]} pixels; crop "
            "or pad them to squares"
        )


def _axes(shape):
    """The first axis is the batch, whatever stands between it and the pixels."""
    return " ".join(["batch", *"_" * (len(shape) - 3)])
