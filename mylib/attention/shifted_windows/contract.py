"""What both sides of shifted_windows refuse; only shapes and plain numbers come in."""

from mylib.shared import expect, expect_range

MAP = "batch height width dim"


def check_map(operation, shape):
    """A map of tokens, channels last."""
    expect(operation, "maps are channels-last", x=(shape, MAP))


def check_fill(operation, height, width, window):
    """A map that windows of this side fill."""
    expect_range(operation, 1, None, window=window, height=height, width=width)
    if height % window or width % window:
        raise ValueError(
            f"{operation}: expected height and width as multiples of window, got {height}, {width} and window "
            f"{window}; pad the map at the right and at the bottom"
        )


def check_partition(shape, window):
    """A map to be cut."""
    check_map("window_partition", shape)
    check_fill("window_partition", *shape[1:3], window)


def check_windows(shape, window, height, width):
    """Windows that fill whole maps of this size."""
    check_fill("window_reverse", height, width, window)
    expect("window_reverse", windows=(shape, f"windows {window} {window} dim"))
    count = (height // window) * (width // window)
    if shape[0] % count:
        raise ValueError(
            f"window_reverse: expected a multiple of {count} windows, which is what a map of {height} x {width} has, "
            f"got {shape[0]}; were some of them left out?"
        )


def check_shift(operation, window, shift):
    """A shift within a window."""
    expect_range(operation, 1, None, window=window)
    if not 0 <= shift < window:
        raise ValueError(
            f"{operation}: expected shift from 0 to {window - 1}, below the window, got {shift}; use window // 2"
        )


def check_heads(dim, heads, window):
    """Heads that share the channels."""
    expect_range("WindowAttention", 1, None, dim=dim, heads=heads, window=window)
    if dim % heads:
        raise ValueError(f"WindowAttention: expected heads that divide dim, got {heads} heads and dim {dim}")


def check_attention(shape, dim, window, mask, boolean):
    """Windows as squares (n, m, m, dim) or as rows (n, m^2, dim), m at most `window`; returns m.

    mask: its shape, or None. boolean: whether it is.
    """
    remedy = "windows as window_partition cuts them, or with their tokens in a row"
    pattern = f"n row column {dim}" if len(shape) == 4 else f"n tokens {dim}"
    expect("WindowAttention", remedy, windows=(shape, pattern))
    side = shape[1] if len(shape) == 4 else round(shape[1] ** 0.5)
    square = shape[1] == shape[2] if len(shape) == 4 else side * side == shape[1]
    if not square or not 1 <= side <= window:
        raise ValueError(
            f"WindowAttention: expected square windows of side 1 to {window}, got {tuple(shape)}; the table of "
            "positions reaches no farther"
        )
    if mask is not None:
        _check_mask(mask, boolean, shape[0], side * side)
    return side


def _check_mask(mask, boolean, count, tokens):
    """One square of booleans for each window of a map."""
    expect("WindowAttention", "see shifted_window_mask", mask=(mask, f"windows+ {tokens} {tokens}"))
    if not boolean:
        raise TypeError("WindowAttention: expected a mask of booleans, True where a query may look")
    if count % mask[0]:
        raise ValueError(
            f"WindowAttention: expected a mask for each window of a map, got masks for {mask[0]} and {count} windows, "
            "which are no whole number of maps"
        )


def check_block(mlp_ratio, drop_path):
    """What a block is made with, beyond attention and shift."""
    expect_range("SwinBlock", 0, None, open=True, mlp_ratio=mlp_ratio)
    if not 0 <= drop_path < 1:
        raise ValueError(f"SwinBlock: expected drop_path from 0 to below 1, got {drop_path}; 0.2 to 0.5 are usual")


def check_merging(dim):
    """Channels of the map before merging."""
    expect_range("PatchMerging", 1, None, dim=dim)


def check_merged(shape, dim):
    """A map with the channels that the layer was made for."""
    expect("PatchMerging", "maps are channels-last", x=(shape, f"batch height width {dim}"))


def check_input(operation, shape, dim):
    """A map with the channels that the block was made for, and at least one token."""
    expect(operation, "maps are channels-last", x=(shape, f"batch height+ width+ {dim}"))


def check_model(image_size, patch, dim, depths, heads, window, classes):
    """What a model, or a count of one, is made with."""
    expect_range("Swin", 1, None, image_size=image_size, patch=patch, dim=dim, window=window, classes=classes)
    if not len(depths) == len(heads) > 0 or min(*depths, *heads) < 1:
        raise ValueError(
            f"Swin: expected as many depths as heads, each at least 1, got {tuple(depths)} and {tuple(heads)}; each "
            "stage has one of both"
        )
    if image_size % patch:
        raise ValueError(
            f"Swin: expected image_size as a multiple of patch, got {image_size} and patch {patch}; resize the images"
        )
    if bad := [(dim * 2**stage, count) for stage, count in enumerate(heads) if dim * 2**stage % count]:
        raise ValueError(f"Swin: expected heads that divide each stage's channels, got {bad[0][1]} for {bad[0][0]}")


def check_images(shape, channels, patch):
    """Images that patches fill."""
    expect("Swin", images=(shape, f"batch {channels} height+ width+"))
    if shape[2] % patch or shape[3] % patch:
        raise ValueError(
            f"Swin: expected height and width as multiples of patch, got {shape[2]}, {shape[3]} and patch {patch}; "
            "pad or resize the images"
        )
