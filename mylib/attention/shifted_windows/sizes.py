"""The sizes of Liu et al. (2021), what each stage of a size is made with, and what it costs, without making one."""

from mylib.attention.shifted_windows.contract import check_model
from mylib.shared import expect_choice, expect_range

PRESETS = {
    "T": {"dim": 96, "depths": (2, 2, 6, 2), "heads": (3, 6, 12, 24)},
    "S": {"dim": 96, "depths": (2, 2, 18, 2), "heads": (3, 6, 12, 24)},
    "B": {"dim": 128, "depths": (2, 2, 18, 2), "heads": (4, 8, 16, 32)},
    "L": {"dim": 192, "depths": (2, 2, 18, 2), "heads": (6, 12, 24, 48)},
}


def swin_preset(name, image_size=224, classes=1000):
    """The arguments of `Swin` for a size of the paper, so that `Swin(**swin_preset("T"))` makes it.

    Args:    name: "T", "S", "B" or "L": tiny, small, base or large.
             image_size: side of the images, a multiple of 4. At 384 windows have 12 tokens a side, else 7.
             classes: of the head.
    Returns: dictionary.
    Raises:  ValueError: another name, or a side that patches of 4 do not fill.
    Source:  Liu et al. (2021), section 3.3. Differs: none.

    Example:
        >>> swin_preset("B", 384)["window"]
        12
    """
    expect_choice("swin_preset", PRESETS, name=name)
    window = 12 if image_size == 384 else 7
    preset = {"image_size": image_size, "patch": 4, **PRESETS[name], "window": window, "classes": classes}
    check_model(**preset)
    return preset


def stages(image_size, patch, dim, depths, heads, window, drop_path=0.0, shifted=True):
    """What each stage is made with: its side in tokens, channels, heads, window, and shift and drop rate of its blocks.

    A map that is no larger than the window is one window, and is not shifted. Half-filled patches of four are padded,
    so that sides are halved upwards. The drop rate rises from 0 at the first block to `drop_path` at the last.
    """
    made, side, before, last = [], image_size // patch, 0, max(1, sum(depths) - 1)
    for stage, depth in enumerate(depths):
        shift = window // 2 if shifted and side > window else 0
        made.append(
            {
                "side": side,
                "dim": dim * 2**stage,
                "heads": heads[stage],
                "window": min(window, side),
                "blocks": [
                    {"shift": shift * (block % 2), "drop_path": drop_path * (before + block) / last}
                    for block in range(depth)
                ],
            }
        )
        side, before = -(-side // 2), before + depth
    return made


def parameter_count(
    image_size,
    patch=4,
    dim=96,
    depths=(2, 2, 6, 2),
    heads=(3, 6, 12, 24),
    window=7,
    classes=1000,
    channels=3,
    mlp_ratio=4,
    relative=True,
    **_,
):
    """Parameters of `Swin` with these arguments, by arithmetic.

    Args:    as for `Swin`.
    Returns: an integer.
    Raises:  ValueError: as `Swin`.
    Source:  Liu et al. (2021), section 3. Differs: none.

    Example:
        >>> parameter_count(**swin_preset("T"))
        28288354
    """
    check_model(image_size, patch, dim, depths, heads, window, classes)
    total = channels * patch**2 * dim + dim + 2 * dim  # patch embedding and its norm
    for number, stage in enumerate(stages(image_size, patch, dim, depths, heads, window)):
        c, hidden = stage["dim"], int(mlp_ratio * stage["dim"])
        table = (2 * stage["window"] - 1) ** 2 * stage["heads"] if relative else 0
        attention = 4 * c * c + 4 * c + table
        total += len(stage["blocks"]) * (attention + 2 * c * hidden + hidden + c + 4 * c)  # two norms: 4 c
        if number + 1 < len(depths):
            total += 8 * c * c + 8 * c  # 4c to 2c without a bias, and a norm of 4c
    return total + 2 * c + c * classes + classes


def multiply_adds(
    image_size,
    patch=4,
    dim=96,
    depths=(2, 2, 6, 2),
    heads=(3, 6, 12, 24),
    window=7,
    classes=1000,
    channels=3,
    mlp_ratio=4,
    **_,
):
    """Multiplications with an addition for one image; norms, softmax, GELU and biases are not counted.

    A layer of attention in windows of M x M costs 4 h w C^2 + 2 M^2 h w C, where h and w include the padding.

    Args:    as for `Swin`.
    Returns: an integer.
    Raises:  ValueError: as `Swin`.
    Source:  Liu et al. (2021), equation 2. Differs: patch embedding, merging and head are counted, too.

    Example:
        >>> round(multiply_adds(**swin_preset("T")) / 1e9, 3)
        4.491
    """
    check_model(image_size, patch, dim, depths, heads, window, classes)
    total = (image_size // patch) ** 2 * channels * patch**2 * dim
    for number, stage in enumerate(stages(image_size, patch, dim, depths, heads, window)):
        c, side, m = stage["dim"], stage["side"], stage["window"]
        padded = -(-side // m) * m
        attention = attention_cost(padded, padded, c, m)
        total += len(stage["blocks"]) * (attention + 2 * side**2 * c * int(mlp_ratio * c))
        if number + 1 < len(depths):
            total += (-(-side // 2)) ** 2 * 8 * c * c
    return total + c * classes


def attention_cost(height, width, dim, window=None):
    """Multiply-adds of a layer of attention: 4 h w C^2 + 2 M^2 h w C in windows, 4 h w C^2 + 2 (h w)^2 C without.

    Args:    height, width: of the map, tokens. dim: C. window: M, or None.
    Returns: an integer.
    Raises:  ValueError: sizes below 1.
    Source:  Liu et al. (2021), equations 1 and 2.

    Example:
        >>> attention_cost(56, 56, 96, 7), attention_cost(56, 56, 96)
        (145108992, 2003828736)
    """
    expect_range("attention_cost", 1, None, height=height, width=width, dim=dim, window=window or 1)
    tokens = height * width
    return 4 * tokens * dim**2 + 2 * (tokens if window is None else window**2) * tokens * dim
