"""What both twins ask of their arguments: shapes and numbers only."""


def check_sizes(operation, **given):
    """Raise unless all sizes are at least 1."""
    if min(given.values()) < 1:
        raise ValueError(f"{operation}: expected sizes of at least 1, got {given}")


def check_patches(operation, shape, patch):
    """Raise unless patches fill such images."""
    if patch < 1 or len(shape) != 4 or shape[2] % patch or shape[3] % patch:
        raise ValueError(
            f"{operation}: patches of side {patch} do not fill images of shape {tuple(shape)}; expected (batch, "
            "channels, height, width), height and width multiples of patch; pad or resize them"
        )


def check_rows(shape, patch, height, width):
    """Raise unless these are the patches of such images."""
    fits = patch >= 1 and len(shape) == 3 and not height % patch and not width % patch and not shape[2] % patch**2
    if not fits or shape[1] != height // patch * (width // patch):
        raise ValueError(
            f"unpatchify: {tuple(shape)} are no patches of side {patch} of images of {height} x {width}; expected "
            "(batch, height width / patch^2, channels patch^2)"
        )


def check_channels(shape, channels):
    """Raise unless images have so many channels."""
    if len(shape) != 4 or shape[1] != channels:
        raise ValueError(
            f"PatchEmbedding: expected (batch, {channels}, height, width), got {tuple(shape)}; "
            "set channels to that of the images"
        )


def check_maps(shapes):
    """Raise unless there are layers, and their weights are square and alike."""
    if not shapes or any(len(s) != 4 or s[2] != s[3] or s != shapes[0] for s in shapes):
        raise ValueError(
            f"attention_rollout: expected layers of one shape (batch, heads, tokens, tokens), got "
            f"{list(map(tuple, shapes))}"
        )
