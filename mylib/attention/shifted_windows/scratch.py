r"""A Transformer with a hierarchy (Swin) in NumPy: attention in windows that are shifted from block to block.

Notation: a map z has height x width tokens of dim numbers, channels last: (batch, height, width, dim). Windows have
M x M tokens (`window`); every second block cuts them `shift` = M // 2 tokens lower and further right. Four stages work
on patches of 4, 8, 16 and 32 pixels, with dim, 2 dim, 4 dim and 8 dim channels.
"""

import numpy as np

from mylib.attention.shifted_windows import contract
from mylib.attention.shifted_windows.scratch_windows import (
    WindowAttention,
    cyclic_shift,
    dense_shift_attention,
    relative_position_index,
    shifted_window_mask,
    window_partition,
    window_reverse,
)
from mylib.attention.shifted_windows.sizes import multiply_adds, parameter_count, stages, swin_preset
from mylib.attention.transformer.scratch import FeedForward
from mylib.attention.vision_transformer.scratch import PatchEmbedding
from mylib.engine import as_tensor, concatenate, generator, nn, pad
from mylib.engine.tensor import float_tensor

__all__ = [
    "window_partition",
    "window_reverse",
    "cyclic_shift",
    "shifted_window_mask",
    "relative_position_index",
    "WindowAttention",
    "SwinBlock",
    "PatchMerging",
    "Swin",
    "swin_preset",
    "parameter_count",
    "multiply_adds",
    "dense_shift_attention",
]


class SwinBlock(nn.Module):
    r"""z + A(LN(z)), then z + MLP(LN(z)), where A is attention in windows: W-MSA, or SW-MSA with a shift.

    With a shift the map is rolled by (-s, -s), cut into regular windows, attended under the mask, and rolled back. A
    map no larger than the window (in one direction) is cut at its own smaller side, without a shift. Where windows do
    not fill the map, zeros are added at the right and at the bottom after the norm; they are seen, and cut off again.

    Args:    dim, heads, window: as `WindowAttention`. shift: s, from 0 to window - 1.
             mlp_ratio: hidden over outer width of the two-layer network, which has a GELU between.
             drop_path: probability that, while training, either part is left out for an image (stochastic depth).
             relative: have a bias of positions.
             size: (height, width) of the maps to come, whose mask is then made once.
    Raises:  ValueError: sizes out of range, or maps of other channels.
    Source:  Liu et al. (2021), equation 3; Huang et al. (2016) for stochastic depth. Differs: as `WindowAttention`.

    Example:
        >>> SwinBlock(8, 2, window=3, shift=1)(np.zeros((2, 6, 7, 8), np.float32)).shape
        (2, 6, 7, 8)
    """

    def __init__(self, dim, heads, window, shift=0, mlp_ratio=4, drop_path=0.0, relative=True, size=None):
        super().__init__()
        contract.check_block(mlp_ratio, drop_path)
        contract.check_shift("SwinBlock", window, shift)
        self.dim, self.window, self.shift, self.drop_path = dim, window, shift, drop_path
        self.norm1, self.norm2 = nn.LayerNorm(dim), nn.LayerNorm(dim)
        self.attention = WindowAttention(dim, heads, window, relative)
        self.mlp = FeedForward(dim, int(mlp_ratio * dim), "gelu")
        self._masks = {}
        if size is not None:
            window, shift = self._cut(*size)
            self._mask(size[0] + -size[0] % window, size[1] + -size[1] % window, window, shift)

    def forward(self, x):
        """Shapes (batch, height, width, dim) to the same."""
        x = float_tensor(x, "SwinBlock")
        contract.check_input("SwinBlock", x.shape, self.dim)
        x = x + self._dropped(self._attend(self.norm1(x)))
        return x + self._dropped(self.mlp(self.norm2(x)))

    def weights(self, x):
        """How each window's heads distribute their attention. Shape (batch windows, heads, M^2, M^2)."""
        x = float_tensor(x, "SwinBlock")
        contract.check_input("SwinBlock", x.shape, self.dim)
        return self.attention.weights(*self._windows(self.norm1(x))[:2])

    def _attend(self, x):
        height, width = x.shape[1:3]
        windows, mask, (padded_height, padded_width), window, shift = self._windows(x)
        x = window_reverse(self.attention(windows, mask), window, padded_height, padded_width)
        return cyclic_shift(x, -shift)[:, :height, :width]

    def _windows(self, x):
        """The rolled map in windows, its mask or None, its size with the padding, and both cuts."""
        window, shift = self._cut(*x.shape[1:3])
        down, right = -x.shape[1] % window, -x.shape[2] % window
        if down or right:
            x = pad(x, (0, 0, 0, right, 0, down))
        size = x.shape[1:3]
        return window_partition(cyclic_shift(x, shift), window), self._mask(*size, window, shift), size, window, shift

    def _cut(self, height, width):
        """Window and shift for maps of this size."""
        side = min(height, width)
        return (self.window, self.shift) if side > self.window else (side, 0)

    def _mask(self, height, width, window, shift):
        """Made once for each size."""
        if not shift:
            return None
        if (height, width) not in self._masks:
            self._masks[height, width] = shifted_window_mask(height, width, window, shift)
        return self._masks[height, width]

    def _dropped(self, x):
        if not self.training or not self.drop_path:
            return x
        keep = 1 - self.drop_path
        drawn = np.floor(keep + generator().random((len(x), 1, 1, 1)))  # 1 with probability keep, else 0
        return x * (drawn / keep).astype(x.dtype)


class PatchMerging(nn.Module):
    r"""Four neighbours become one token: LN of (x[2r, 2c], x[2r+1, 2c], x[2r, 2c+1], x[2r+1, 2c+1]), times W.

    Args:    dim: C; 4 C channels go in, 2 C come out, without a bias.
    Raises:  ValueError: dim below 1, or maps of other channels.
    Source:  Liu et al. (2021), section 3.1; the order is that of the authors' code. Differs: none.

    Example:
        >>> PatchMerging(4)(np.zeros((1, 6, 5, 4), np.float32)).shape  # odd sides are padded with zeros
        (1, 3, 3, 8)
    """

    def __init__(self, dim):
        super().__init__()
        contract.check_merging(dim)
        self.dim, self.norm = dim, nn.LayerNorm(4 * dim)
        self.reduction = nn.Linear(4 * dim, 2 * dim, bias=False)

    def forward(self, x):
        """Shapes (batch, height, width, dim) to (batch, height / 2, width / 2, 2 dim), halved upwards."""
        x = float_tensor(x, "PatchMerging")
        contract.check_merged(x.shape, self.dim)
        if x.shape[1] % 2 or x.shape[2] % 2:
            x = pad(x, (0, 0, 0, x.shape[2] % 2, 0, x.shape[1] % 2))
        four = [x[:, row::2, column::2] for row, column in ((0, 0), (1, 0), (0, 1), (1, 1))]
        return self.reduction(self.norm(concatenate(four, axis=-1)))


class Swin(nn.Module):
    r"""Patches, an embedding with a norm, stages of blocks with merging between, a norm, the mean of tokens, a head.

    Args:    image_size: side of the images to expect; others of whole patches are taken, too.
             patch: side of a patch, a divisor. dim: channels of the first stage, doubled from stage to stage.
             depths, heads: blocks and heads of each stage. window: side of the windows, in tokens.
             classes: scores. channels: of the images. mlp_ratio: as `SwinBlock`.
             drop_path: rate at the last block; it rises from 0 at the first.
             shifted: shift every second block. relative: have biases of positions.
    Raises:  ValueError: sizes that do not fit, or images of no whole patches.
    Source:  Liu et al. (2021), section 3. Differs: linear layers start as torch's, where the authors draw with
             deviation 0.02 and zero biases; as `WindowAttention`.

    Example:
        >>> small = Swin(16, patch=2, dim=8, depths=(2, 2), heads=(2, 2), window=4, classes=5)
        >>> small(np.zeros((2, 3, 16, 16), np.float32)).shape
        (2, 5)
        >>> [level.shape for level in small.features(np.zeros((2, 3, 16, 16), np.float32))]
        [(2, 8, 8, 8), (2, 16, 4, 4)]
    """

    def __init__(
        self,
        image_size,
        patch=4,
        dim=96,
        depths=(2, 2, 6, 2),
        heads=(3, 6, 12, 24),
        window=7,
        classes=1000,
        channels=3,
        mlp_ratio=4,
        drop_path=0.0,
        shifted=True,
        relative=True,
    ):
        super().__init__()
        contract.check_model(image_size, patch, dim, depths, heads, window, classes)
        self.patch, self.channels = patch, channels
        self.embedding, self.embedding_norm = PatchEmbedding(channels, patch, dim), nn.LayerNorm(dim)
        plan = stages(image_size, patch, dim, depths, heads, window, drop_path, shifted)
        self.stages = nn.ModuleList(
            [
                nn.ModuleList(
                    [
                        SwinBlock(
                            stage["dim"],
                            stage["heads"],
                            stage["window"],
                            mlp_ratio=mlp_ratio,
                            relative=relative,
                            size=(stage["side"], stage["side"]),
                            **block,
                        )
                        for block in stage["blocks"]
                    ]
                )
                for stage in plan
            ]
        )
        self.merges = nn.ModuleList([PatchMerging(stage["dim"]) for stage in plan[:-1]])
        self.norm = nn.LayerNorm(plan[-1]["dim"])
        self.head = nn.Linear(plan[-1]["dim"], classes)

    # The same text on both sides: it only passes on what layers return, which have their own mathematics.
    def forward(self, images):
        """Shapes (batch, channels, height, width) to (batch, classes)."""
        return self.head(self.norm(self._maps(images)[-1]).mean((1, 2)))

    # The same text on both sides: it only passes on what layers return, which have their own mathematics.
    def features(self, images):
        """The map of each stage before merging, as a backbone: a list of (batch, channels, height, width)."""
        return [level.permute(0, 3, 1, 2) for level in self._maps(images)]

    def _maps(self, images):
        images = as_tensor(images)
        contract.check_images(images.shape, self.channels, self.patch)
        batch, _, height, width = images.shape
        x = self.embedding_norm(self.embedding(images))
        x = x.reshape(batch, height // self.patch, width // self.patch, x.shape[2])
        maps = []
        for number, blocks in enumerate(self.stages):
            x = self.merges[number - 1](x) if number else x
            for block in blocks:
                x = block(x)
            maps.append(x)
        return maps
