"""What both sides of augmentation_invariance promise and refuse.

Only shapes, plain numbers and names come in. Values are looked at by NumPy always, by PyTorch on the CPU only, where
that is free; what was found is refused here.
"""

from mylib.shared import expect, expect_choice, expect_range

AUGMENTATIONS = ("rotation", "colour", "texture")  # that a head can be sensitive to; crops are no head's

# views


def check_floats(operation, **dtypes):
    """Images of floating point: whole numbers from 0 to 255 are no shares of white."""
    for name, dtype in dtypes.items():
        if "float" not in str(dtype):
            raise TypeError(f"{operation}: expected floating-point {name}, got {dtype}; divide images by 255")


def check_names(operation, augmentations):
    """Different names out of AUGMENTATIONS, as a tuple."""
    if isinstance(augmentations, str):
        raise TypeError(
            f"{operation}: expected augmentations as a tuple, got the string {augmentations!r}; write "
            f"({augmentations!r},)"
        )
    names = tuple(augmentations)
    for name in names:
        expect_choice(operation, AUGMENTATIONS, "crops are drawn anew for every view: crop=True", augmentations=name)
    if len(set(names)) < len(names):
        raise ValueError(f"{operation}: expected each augmentation once, got {names}; one head for each is enough")
    return names


def check_count(count):
    """Number of images."""
    expect_range("draw_parameters", 0, None, count=count)


def check_views(images, augmentations, textures, dtype, texture_dtype):
    """Colour images, squares where they are turned, and textures if and only if they are blended in."""
    name, names = "leave_one_out_views", check_names("leave_one_out_views", augmentations)
    expect(name, "a grey image three times is a colour image", images=(images, "batch 3 height+ width+"))
    check_floats(name, images=dtype)
    if "rotation" in names and images[2] != images[3]:
        raise ValueError(
            f"{name}: expected square images with 'rotation', got {images[2]} x {images[3]} pixels; crop or pad them"
        )
    if ("texture" in names) != (textures is not None):
        expected, got = ("textures", "none") if textures is None else ("no textures", "some")
        raise ValueError(f"{name}: expected {expected} with augmentations {names}, got {got}; give both or neither")
    if textures is not None:
        height, width = images[2:]
        check_channels(name, textures, f"count+ channels {height} {width}", 3)
        check_floats(name, textures=texture_dtype)
    return names


def check_channels(operation, textures, pattern, channels):
    """Textures are grey or have as many channels as the images."""
    expect(operation, "cut textures to the size of the images", textures=(textures, pattern))
    if textures[1] not in (1, channels):
        raise ValueError(
            f"{operation}: expected textures of 1 or {channels} channels, got {textures[1]}; take the mean"
        )


def check_hue(images, turns, dtype, finite):
    """Colour images, and a turn for each; `finite`: whether all turns are numbers."""
    remedy = "one number of turns for each image of three channels"
    expect("hue_rotation", remedy, images=(images, "batch 3 height width"), turns=(turns, "batch"))
    check_floats("hue_rotation", images=dtype)
    if not finite:
        raise ValueError("hue_rotation: expected finite turns, got inf or nan; 1 is once around")


def check_blend(images, textures, share, dtypes, lowest, highest):
    """A texture and a share for each image; `lowest` and `highest` of the shares."""
    remedy = "one share for each image"
    expect("blend_texture", remedy, images=(images, "batch channels+ height width"), share=(share, "batch"))
    check_channels("blend_texture", textures, " ".join(map(str, (images[0], "_", *images[2:]))), images[1])
    check_floats("blend_texture", **dict(zip(("images", "textures"), dtypes, strict=True)))
    for one in (lowest, highest):
        expect_range("blend_texture", 0, 1, "0 leaves the image as it is", share=one)


# loss and network


def check_loss(queries, keys, queues, dtypes, temperature):
    """As many heads as views, keys of every view in every head, and a queue for each head."""
    expect(
        "looc_loss",
        "head i needs a queue of its own, and the keys of all n + 1 views",
        queries=(queries, "heads+ batch+ dim+"),
        keys=(keys, "heads heads batch dim"),
        queues=(queues, "heads size+ dim"),
    )
    check_floats("looc_loss", **dict(zip(("queries", "keys", "queues"), dtypes, strict=True)))
    remedy = "0 would leave the nearest alone, try 0.2"
    expect_range("looc_loss", 0, None, remedy, open=True, temperature=temperature)


def check_sizes(**sizes):
    """Numbers of units and heads."""
    expect_range("LooC", 1, None, **sizes)


def check_features(features, dim):
    """What the trunk returns."""
    remedy = "let the trunk end in one vector for each image"
    expect("LooC", remedy, **{"the trunk's output": (features, f"batch {dim}")})


def check_push(queues, keys):
    """A queue for each head, and keys of one view or of all; the number of axes of the keys."""
    pattern = "heads heads batch+ dim" if len(keys) == 4 else "heads batch+ dim"
    expect("push", "one KeyQueue for each head", keys=(keys, pattern), queues=((queues,), "heads"))
    return len(keys)
