r"""A Transformer with a hierarchy (Swin) in PyTorch. Notation as in `scratch`."""

import torch
import torch.nn.functional as F
from torch import nn

from mylib.attention.shifted_windows import contract
from mylib.attention.shifted_windows.sizes import multiply_adds, parameter_count, stages, swin_preset
from mylib.attention.transformer.pytorch import FeedForward
from mylib.attention.vision_transformer.pytorch import PatchEmbedding
from mylib.shared.docstrings import complete_from_twin

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
]


def window_partition(x, window):
    r"""Cut maps into squares of `window` x `window` tokens, row by row."""
    contract.check_partition(x.shape, window)
    x = x.unflatten(2, (x.shape[2] // window, window)).unflatten(1, (x.shape[1] // window, window))
    return x.transpose(2, 3).flatten(0, 2)  # (batch, row, column, window, window, dim), joined


def window_reverse(windows, window, height, width):
    r"""Put the windows of `window_partition` back into maps."""
    contract.check_windows(windows.shape, window, height, width)
    grid = height // window, width // window
    x = windows.unflatten(0, (len(windows) // (grid[0] * grid[1]), *grid))
    return x.transpose(2, 3).flatten(3, 4).flatten(1, 2)


def cyclic_shift(x, shift):
    r"""Roll maps: y[r, c] = x[(r + s) mod h, (c + s) mod w]; what leaves at the top comes in at the bottom."""
    contract.check_map("cyclic_shift", x.shape)
    return x.roll((-shift, -shift), (1, 2))


def shifted_window_mask(height, width, window, shift):
    r"""Who may look at whom in each window of a map that was rolled by `shift`.

    Tokens that were neighbours before the roll lie in the same stretch of M rows, counted from row s, and of M columns.
    The mask is made on torch's default device.
    """
    contract.check_fill("shifted_window_mask", height, width, window)
    contract.check_shift("shifted_window_mask", window, shift)
    return _mask(height, width, window, shift, None)


def _mask(height, width, window, shift, device):
    """`shifted_window_mask` on a device."""
    places = (torch.arange(side, device=device) for side in (height, width))
    stretches = [torch.div(place - shift, window, rounding_mode="floor") + 1 for place in places]
    names = stretches[0][:, None] * (width // window + 2) + stretches[1]  # of each token, before the roll
    names = window_partition(cyclic_shift(names[None, :, :, None], shift), window).flatten(1)
    return names.unsqueeze(1) == names.unsqueeze(2)


def relative_position_index(window):
    r"""The row of the bias table for each query and key: (dr + M - 1)(2M - 1) + (dc + M - 1), d as query minus key."""
    contract.check_shift("relative_position_index", window, 0)
    places = torch.arange(window)
    code = (places[:, None] * (2 * window - 1) + places).flatten()  # linear in row and column, so that offsets subtract
    return code[:, None] - code + 2 * window * (window - 1)


class WindowAttention(nn.Module):
    r"""softmax(Q K^T / sqrt(d) + B + mask) V in each window and head, d = dim / heads; then a linear layer."""

    def __init__(self, dim, heads, window, relative=True):
        super().__init__()
        contract.check_heads(dim, heads, window)
        self.dim, self.heads, self.window = dim, heads, window
        self.qkv = nn.Linear(dim, 3 * dim)
        self.projection = nn.Linear(dim, dim)
        table = torch.empty((2 * window - 1) ** 2, heads).normal_(0, 0.02) if relative else None
        self.relative_bias = nn.Parameter(table) if relative else None
        self.register_buffer("index", relative_position_index(window), persistent=False)

    def forward(self, windows, mask=None):
        """Windows of the shape (n, M, M, dim), or (n, M^2, dim), to the same shape."""
        side = self._check(windows, mask)
        q, k, v = self._heads(windows)
        y = F.scaled_dot_product_attention(q, k, v, attn_mask=self._added(mask, side, q))
        return self.projection(y.transpose(1, 2).reshape(windows.shape))

    def weights(self, windows, mask=None):
        """How each head distributes its attention. Shape (n, heads, M^2, M^2)."""
        side = self._check(windows, mask)
        q, k, _ = self._heads(windows)
        scores = q @ k.transpose(2, 3) * q.shape[3] ** -0.5
        added = self._added(mask, side, q)
        return (scores if added is None else scores + added).softmax(dim=3)

    def _check(self, windows, mask):
        given = (None, True) if mask is None else (mask.shape, mask.dtype is torch.bool)
        return contract.check_attention(windows.shape, self.dim, self.window, *given)

    def _heads(self, windows):
        """Queries, keys and values, each (n, heads, tokens, d)."""
        parts = self.qkv(windows.flatten(1, -2)).unflatten(2, (3, self.heads, -1))
        return parts.permute(2, 0, 3, 1, 4).unbind(0)

    def _added(self, mask, side, q):
        """What is added to the scores: bias and mask, broadcasting to (n, heads, tokens, tokens), or None."""
        added = None
        if self.relative_bias is not None:
            index = self.index
            if side < self.window:
                index = index.view(4 * (self.window,))[:side, :side, :side, :side].reshape(side**2, side**2)
            added = self.relative_bias[index].permute(2, 0, 1).unsqueeze(0).to(q.dtype)
        if mask is not None:
            hidden = torch.zeros((), dtype=q.dtype, device=q.device).masked_fill(~mask, -torch.inf).unsqueeze(1)
            added = hidden if added is None else added + hidden  # (windows, heads or 1, tokens, tokens)
            added = added.repeat(len(q) // len(mask), 1, 1, 1)
        return added


class SwinBlock(nn.Module):
    r"""z + A(LN(z)), then z + MLP(LN(z)), where A is attention in windows: W-MSA, or SW-MSA with a shift."""

    def __init__(self, dim, heads, window, shift=0, mlp_ratio=4, drop_path=0.0, relative=True, size=None):
        super().__init__()
        contract.check_block(mlp_ratio, drop_path)
        contract.check_shift("SwinBlock", window, shift)
        self.dim, self.window, self.shift, self.drop_path = dim, window, shift, drop_path
        self.norm1, self.norm2 = nn.LayerNorm(dim), nn.LayerNorm(dim)
        self.attention = WindowAttention(dim, heads, window, relative)
        self.mlp = FeedForward(dim, int(mlp_ratio * dim), "gelu")
        self.size, mask = None, None
        if size is not None and min(size) > window and shift:
            self.size = tuple(side + -side % window for side in size)
            mask = shifted_window_mask(*self.size, window, shift)
        self.register_buffer("mask", mask, persistent=False)

    def forward(self, x):
        """Shapes (batch, height, width, dim) to the same."""
        contract.check_input("SwinBlock", x.shape, self.dim)
        x = x + self._dropped(self._attend(self.norm1(x)))
        return x + self._dropped(self.mlp(self.norm2(x)))

    def weights(self, x):
        """How each window's heads distribute their attention. Shape (batch windows, heads, M^2, M^2)."""
        contract.check_input("SwinBlock", x.shape, self.dim)
        window, shift, x = self._rolled(self.norm1(x))
        return self.attention.weights(window_partition(x, window), self._mask_of(x, window, shift))

    def _attend(self, x):
        height, width = x.shape[1:3]
        window, shift, x = self._rolled(x)
        windows = self.attention(window_partition(x, window), self._mask_of(x, window, shift))
        x = window_reverse(windows, window, *x.shape[1:3])
        return (cyclic_shift(x, -shift) if shift else x)[:, :height, :width]

    def _rolled(self, x):
        """Window and shift for this map, and the map, padded and rolled."""
        height, width = x.shape[1:3]
        side = min(height, width)
        window, shift = (self.window, self.shift) if side > self.window else (side, 0)
        if height % window or width % window:
            x = F.pad(x, (0, 0, 0, -width % window, 0, -height % window))
        return window, shift, cyclic_shift(x, shift) if shift else x

    def _mask_of(self, x, window, shift):
        """Made once for the expected size; for another one on the device of x."""
        if not shift:
            return None
        if self.size == tuple(x.shape[1:3]):
            return self.mask
        return _mask(*x.shape[1:3], window, shift, x.device)

    def _dropped(self, x):
        if not self.training or not self.drop_path:
            return x
        keep = 1 - self.drop_path
        drawn = torch.empty(len(x), 1, 1, 1, dtype=x.dtype, device=x.device).bernoulli_(keep)
        return x * drawn.div_(keep)


class PatchMerging(nn.Module):
    r"""Four neighbours become one token: LN of (x[2r, 2c], x[2r+1, 2c], x[2r, 2c+1], x[2r+1, 2c+1]), times W."""

    def __init__(self, dim):
        super().__init__()
        contract.check_merging(dim)
        self.dim, self.norm = dim, nn.LayerNorm(4 * dim)
        self.reduction = nn.Linear(4 * dim, 2 * dim, bias=False)

    def forward(self, x):
        """Shapes (batch, height, width, dim) to (batch, height / 2, width / 2, 2 dim), halved upwards."""
        contract.check_merged(x.shape, self.dim)
        if x.shape[1] % 2 or x.shape[2] % 2:
            x = F.pad(x, (0, 0, 0, x.shape[2] % 2, 0, x.shape[1] % 2))
        x = x.unflatten(2, (-1, 2)).unflatten(1, (-1, 2))  # (batch, row, down, column, right, dim)
        return self.reduction(self.norm(x.permute(0, 1, 3, 4, 2, 5).flatten(3)))


class Swin(nn.Module):
    r"""Patches, an embedding with a norm, stages of blocks with merging between, a norm, the mean of tokens, a head."""

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
        options = {"mlp_ratio": mlp_ratio, "relative": relative}
        self.stages, self.merges = nn.ModuleList(), nn.ModuleList()
        for stage in stages(image_size, patch, dim, depths, heads, window, drop_path, shifted):
            if len(self.stages):
                self.merges.append(PatchMerging(stage["dim"] // 2))
            fixed = stage["dim"], stage["heads"], stage["window"]
            size = stage["side"], stage["side"]
            self.stages.append(
                nn.ModuleList([SwinBlock(*fixed, **block, **options, size=size) for block in stage["blocks"]])
            )
        self.norm = nn.LayerNorm(stage["dim"])
        self.head = nn.Linear(stage["dim"], classes)

    # The same text on both sides: it only passes on what layers return, which have their own mathematics.
    def forward(self, images):
        """Shapes (batch, channels, height, width) to (batch, classes)."""
        return self.head(self.norm(self._maps(images)[-1]).mean((1, 2)))

    # The same text on both sides: it only passes on what layers return, which have their own mathematics.
    def features(self, images):
        """The map of each stage before merging, as a backbone: a list of (batch, channels, height, width)."""
        return [level.permute(0, 3, 1, 2) for level in self._maps(images)]

    def _maps(self, images):
        contract.check_images(images.shape, self.channels, self.patch)
        side = images.shape[2] // self.patch
        x = self.embedding_norm(self.embedding(images)).unflatten(1, (side, -1))
        maps = []
        for number, blocks in enumerate(self.stages):
            x = self.merges[number - 1](x) if number else x
            for block in blocks:
                x = block(x)
            maps.append(x)
        return maps


complete_from_twin(globals())
