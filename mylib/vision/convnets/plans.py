"""What a network of a given depth is made of: the papers' tables."""

from typing import NamedTuple

from mylib.shared import expect_choice, expect_range
from mylib.vision.convnets.contract import ORDERS, STYLES

__all__ = ["BASIC", "BOTTLENECK", "ORDERS", "Plan", "plan"]

# He et al. (2015), table 1; 200 from He et al. (2016). Depth: blocks in each stage.
BASIC = {18: (2, 2, 2, 2), 34: (3, 4, 6, 3)}
BOTTLENECK = {50: (3, 4, 6, 3), 101: (3, 4, 23, 3), 152: (3, 8, 36, 3), 200: (3, 24, 36, 3)}


class Plan(NamedTuple):
    """A network before it is built.

    Args:    style: "imagenet" or "cifar".
             counts: blocks in each stage.
             bottleneck: whether they have three layers.
             width: channels of the stem; each stage after the first has twice as many as the one before.
    """

    style: str
    counts: tuple
    bottleneck: bool
    width: int

    def blocks(self):
        """For each stage, for each block: channels in, channels out and stride."""
        channels, stages = self.width, []
        for stage, count in enumerate(self.counts):
            out = self.width * 2**stage * (4 if self.bottleneck else 1)
            stages.append([(channels if i == 0 else out, out, 2 if i == 0 < stage else 1) for i in range(count)])
            channels = out
        return stages


def plan(network, depth, style=None, width=None, bottleneck=True):
    """The plan of a network of `depth` layers with weights (shortcuts not counted).

    Args:    network: name for the messages.
             depth: 18 or 34 (basic blocks), 50, 101, 152 or 200 (bottlenecks); or 6 n + 2 for "cifar".
             style: "imagenet", "cifar" or None: "imagenet" where that has the depth.
             width: of the stem; None is the paper's, 64 or 16.
             bottleneck: whether the network has the depths made of bottlenecks.
    Returns: a `Plan`.
    Raises:  ValueError: an option that is none, or a depth that the style does not have.
    """
    known = {**BASIC, **BOTTLENECK} if bottleneck else BASIC
    if style is None:
        style = "imagenet" if depth in known else "cifar"
    expect_choice(network, STYLES, style=style)
    if width is not None:
        expect_range(network, 1, None, width=width)
    if style == "imagenet" and depth in known:
        return Plan(style, known[depth], depth in BOTTLENECK, width or 64)
    if style == "cifar" and depth >= 8 and depth % 6 == 2:
        return Plan(style, ((depth - 2) // 6,) * 3, False, width or 16)
    raise ValueError(
        f"{network}: expected depth of {tuple(known)} for style 'imagenet', or 8, 14, 20, ... (6 n + 2) for 'cifar', "
        f"got {depth} with style {style!r}"
    )
