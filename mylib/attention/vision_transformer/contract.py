"""What both sides of vision_transformer refuse; only shapes and plain numbers come in."""

from mylib.shared import expect, expect_range


def check_sides(operation, height, width, patch):
    """Images that patches of this side fill."""
    if patch < 1 or height % patch or width % patch:
        raise ValueError(
            f"{operation}: expected height and width as multiples of patch, got {height}, {width} and patch {patch}; "
            "pad or resize the images"
        )


def check_patches(shape, patch):
    """Images to be cut."""
    expect("patchify", images=(shape, "batch channels height width"))
    check_sides("patchify", *shape[2:], patch)


def check_rows(shape, patch, height, width):
    """The patches of such images, as rows."""
    check_sides("unpatchify", height, width, patch)
    count = height // patch * (width // patch)
    remedy = f"an image of {height} x {width} has {count} patches"
    expect("unpatchify", remedy, patches=(shape, f"batch {count} row"))
    if shape[2] % patch**2:
        raise ValueError(f"unpatchify: expected rows of channels times {patch**2} numbers, got {tuple(shape)}")


def check_embedding(channels, patch, dim):
    """What an embedding is made with."""
    expect_range("PatchEmbedding", 1, None, channels=channels, patch=patch, dim=dim)


def check_images(shape, channels, patch):
    """Images that an embedding can cut."""
    expect("PatchEmbedding", "channels is that of the images", images=(shape, f"batch {channels} height width"))
    check_sides("PatchEmbedding", *shape[2:], patch)


def check_model(image_size, patch, depth, classes):
    """What a model is made with, beyond its embedding and its layers."""
    expect_range("ViT", 1, None, image_size=image_size, patch=patch, depth=depth, classes=classes)
    check_sides("ViT", image_size, image_size, patch)


def check_image_size(shape, image_size):
    """Images for which there are positions."""
    expect("ViT", "resize them", images=(shape, f"batch channels {image_size} {image_size}"))


def check_maps(shapes):
    """Weights of layers, all alike and square; at least one."""
    if not shapes:
        raise ValueError("attention_rollout: expected the weights of at least one layer, got none")
    axes = "batch heads tokens tokens"
    for shape in shapes:
        expect("attention_rollout", first=(shapes[0], axes), layer=(shape, axes))
