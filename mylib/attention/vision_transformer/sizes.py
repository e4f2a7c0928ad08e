"""The sizes of Dosovitskiy et al. (2021), and what a size costs, counted without making one."""

from mylib.attention.vision_transformer.contract import check_sides
from mylib.shared import expect_choice

PRESETS = {
    "B/16": {"patch": 16, "dim": 768, "depth": 12, "heads": 12, "mlp_dim": 3072},
    "L/16": {"patch": 16, "dim": 1024, "depth": 24, "heads": 16, "mlp_dim": 4096},
    "H/14": {"patch": 14, "dim": 1280, "depth": 32, "heads": 16, "mlp_dim": 5120},
}


def vit_preset(name, image_size=224, classes=1000):
    """The arguments of `ViT` for a size of the paper, so that `ViT(**vit_preset("B/16"))` makes it.

    Args:    name: "B/16", "L/16" or "H/14": base, large or huge, and the side of a patch.
             image_size: side of the images, a multiple of the patch. classes: of the head.
    Returns: dictionary.
    Raises:  ValueError: another name, or a side that the patches do not fill.
    Source:  Dosovitskiy et al. (2021), table 1.

    Example:
        >>> vit_preset("B/16")["depth"]
        12
    """
    expect_choice("vit_preset", PRESETS, name=name)
    check_sides("vit_preset", image_size, image_size, PRESETS[name]["patch"])
    return {"image_size": image_size, **PRESETS[name], "classes": classes}


def tokens(image_size, patch):
    """Patches of an image, and the class token. ValueError: the patches do not fill the image."""
    check_sides("tokens", image_size, image_size, patch)
    return (image_size // patch) ** 2 + 1


def parameter_count(image_size, patch, dim, depth, mlp_dim, classes, channels=3, **_):
    """Parameters of `ViT` with these arguments, by arithmetic; heads do not change them.

    Args:    as for `ViT`.
    Returns: an integer.
    Source:  Dosovitskiy et al. (2021), section 3.1.

    Example:
        >>> parameter_count(**vit_preset("B/16"))
        86567656
    """
    embedding = channels * patch**2 * dim + dim + (tokens(image_size, patch) + 1) * dim  # the class token, too
    layer = 4 * (dim * dim + dim) + 2 * dim * mlp_dim + mlp_dim + dim + 2 * 2 * dim
    return embedding + depth * layer + 2 * dim + dim * classes + classes


def multiply_adds(image_size, patch, dim, depth, mlp_dim, classes, channels=3, **_):
    """Multiplications with an addition for one image; norms, softmax, GELU and biases are not counted.

    Args:    as for `ViT`.
    Returns: an integer.
    Source:  Dosovitskiy et al. (2021), section 3.1.

    Example:
        >>> round(multiply_adds(**vit_preset("B/16", image_size=384)) / 1e9, 1)
        55.5
    """
    n = tokens(image_size, patch)
    embedding = (n - 1) * channels * patch**2 * dim
    layer = n * (4 * dim * dim + 2 * dim * mlp_dim) + 2 * n * n * dim  # products of queries and keys, and with values
    return embedding + depth * layer + dim * classes
