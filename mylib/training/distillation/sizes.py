"""The sizes of Touvron et al. (2021), and what they cost, counted without making one."""

from mylib.attention.vision_transformer import sizes as vit

PRESETS = {
    "Ti/16": {"patch": 16, "dim": 192, "depth": 12, "heads": 3, "mlp_dim": 768},
    "S/16": {"patch": 16, "dim": 384, "depth": 12, "heads": 6, "mlp_dim": 1536},
    "B/16": {"patch": 16, "dim": 768, "depth": 12, "heads": 12, "mlp_dim": 3072},
}


def parameter_count(dim, classes, **sizes):
    """Parameters of `DeiT` with these arguments: those of the `ViT`, a token, its position and a second head.

    Args:    as for `DeiT`.
    Returns: an integer.
    Source:  Touvron et al. (2021), section 4.

    Example:
        >>> parameter_count(image_size=224, **PRESETS["Ti/16"], classes=1000)
        5910800
    """
    return vit.parameter_count(dim=dim, classes=classes, **sizes) + 2 * dim + dim * classes + classes


def multiply_adds(image_size, patch, dim, depth, mlp_dim, classes, **others):
    """Multiplications with an addition for one image in `DeiT`; norms, softmax, GELU and biases are not counted.

    One more token passes every layer: its own linear maps, and its products with n + 2 queries, keys and values.

    Args:    as for `DeiT`.
    Returns: an integer.
    Source:  Touvron et al. (2021), section 4.

    Example:
        >>> round(multiply_adds(224, **PRESETS["B/16"], classes=1000) / 1e9, 3)
        17.657
    """
    n = vit.tokens(image_size, patch)  # patches and the class token
    more = (4 * dim + 2 * mlp_dim) * dim + 2 * dim * ((n + 1) ** 2 - n**2)
    plain = vit.multiply_adds(image_size, patch, dim, depth, mlp_dim, classes, **others)
    return plain + depth * more + dim * classes
