r"""Windows in NumPy: cutting a map, shifting it, who may look at whom, attention inside. Notation as in scratch.py."""

import math

import numpy as np

from mylib.attention.shifted_windows import contract
from mylib.engine import as_tensor, concatenate, embedding, generator, nn, pad, softmax, where
from mylib.engine.tensor import float_tensor

SCORES = 2**26  # bytes of scores in memory at once, 64 MB


def window_partition(x, window):
    r"""Cut maps into squares of `window` x `window` tokens, row by row.

    Args:    x: shape (batch, height, width, dim). window: side M, a divisor of height and width.
    Returns: Tensor of shape (batch windows, window, window, dim); all windows of the first map, then of the next.
    Raises:  ValueError: another shape, or a window that does not divide it.
    Source:  Liu et al. (2021), section 3.2. Differs: none.

    Example:
        >>> window_partition(np.arange(8.0).reshape(1, 2, 4, 1), 2).numpy()[1].ravel().tolist()
        [2.0, 3.0, 6.0, 7.0]
    """
    x = as_tensor(x)
    contract.check_partition(x.shape, window)
    batch, height, width, dim = x.shape
    rows, columns = height // window, width // window
    x = x.reshape(batch, rows, window, columns, window, dim)
    return x.permute(0, 1, 3, 2, 4, 5).reshape(batch * rows * columns, window, window, dim)


def window_reverse(windows, window, height, width):
    r"""Put the windows of `window_partition` back into maps.

    Args:    windows: shape (batch windows, window, window, dim). window: side. height, width: of the maps.
    Returns: Tensor of shape (batch, height, width, dim).
    Raises:  ValueError: windows that do not fill such maps.
    Source:  Liu et al. (2021), section 3.2. Differs: none.

    Example:
        >>> x = np.arange(24.0).reshape(1, 4, 6, 1)
        >>> bool((window_reverse(window_partition(x, 2), 2, 4, 6) == x).all())
        True
    """
    windows = as_tensor(windows)
    contract.check_windows(windows.shape, window, height, width)
    rows, columns, dim = height // window, width // window, windows.shape[3]
    batch = len(windows) // (rows * columns)
    x = windows.reshape(batch, rows, columns, window, window, dim)
    return x.permute(0, 1, 3, 2, 4, 5).reshape(batch, height, width, dim)


def cyclic_shift(x, shift):
    r"""Roll maps: y[r, c] = x[(r + s) mod h, (c + s) mod w]; what leaves at the top comes in at the bottom.

    Args:    x: shape (batch, height, width, dim). shift: s, up and left if positive, down and right if negative.
    Returns: Tensor of x's shape.
    Raises:  ValueError: another shape.
    Source:  Liu et al. (2021), figure 4. Differs: none.

    Example:
        >>> cyclic_shift(np.arange(9.0).reshape(1, 3, 3, 1), 1).numpy()[0, :, :, 0].astype(int).tolist()
        [[4, 5, 3], [7, 8, 6], [1, 2, 0]]
    """
    x = as_tensor(x)
    contract.check_map("cyclic_shift", x.shape)
    height, width = x.shape[1:3]
    down, right = shift % max(height, 1), shift % max(width, 1)
    if down:
        x = concatenate([x[:, down:], x[:, :down]], axis=1)
    if right:
        x = concatenate([x[:, :, right:], x[:, :, :right]], axis=2)
    return x


def shifted_window_mask(height, width, window, shift):
    r"""Who may look at whom in each window of a map that was rolled by `shift`.

    A region has a number: rows [0, h - M) are 0, [h - M, h - s) are 1, [h - s, h) are 2, times the same for columns.
    Two tokens of one window see each other if and only if their regions have the same number.

    Args:    height, width: h and w, multiples of the window. window: side M. shift: s, from 0 to M - 1.
    Returns: booleans, shape (windows, window^2, window^2), True where a query (row) may look at a key (column).
    Raises:  ValueError: a map that windows do not fill, or another shift.
    Source:  Liu et al. (2021), section 3.2. Differs: booleans, where the authors add -100 to scores.

    Example:
        >>> shifted_window_mask(2, 4, 2, 1)[0].astype(int).tolist()  # rows 0 and 1 were no neighbours
        [[1, 1, 0, 0], [1, 1, 0, 0], [0, 0, 1, 1], [0, 0, 1, 1]]
    """
    contract.check_fill("shifted_window_mask", height, width, window)
    contract.check_shift("shifted_window_mask", window, shift)
    if shift == 0:
        return np.ones(((height // window) * (width // window), window**2, window**2), bool)
    rows, columns = (
        (np.arange(size) >= size - window).astype(int) + (np.arange(size) >= size - shift) for size in (height, width)
    )
    regions = (3 * rows[:, None] + columns).reshape(1, height, width, 1)
    regions = window_partition(regions, window).numpy().reshape(-1, window**2)  # (windows, tokens)
    return regions[:, :, None] == regions[:, None, :]


def relative_position_index(window):
    r"""The row of the bias table for each query and key: (dr + M - 1)(2M - 1) + (dc + M - 1), d as query minus key.

    Args:    window: side M of the window.
    Returns: integers from 0 to (2M - 1)^2 - 1, shape (window^2, window^2).
    Raises:  ValueError: a window below 1.
    Source:  Liu et al. (2021), section 3.2. Differs: none.

    Example:
        >>> relative_position_index(2)[0].tolist()
        [4, 3, 1, 0]
    """
    contract.check_shift("relative_position_index", window, 0)
    row, column = np.divmod(np.arange(window**2), window)
    down = row[:, None] - row + window - 1  # 0 to 2M - 2
    right = column[:, None] - column + window - 1
    return down * (2 * window - 1) + right


class WindowAttention(nn.Module):
    r"""softmax(Q K^T / sqrt(d) + B + mask) V in each window and head, d = dim / heads; then a linear layer.

    B depends on where the key stands as seen from the query: `relative_bias` has a row for each of the (2M - 1)^2
    offsets and a column for each head. The mask is 0 or minus infinity.

    Args:    dim: of the tokens. heads: a divisor of it. window: side M of the windows, at most.
             relative: have the bias B.
    Raises:  ValueError: heads that do not divide dim, sizes below 1, or windows that do not fit.
             TypeError: a mask that is not boolean.
    Source:  Liu et al. (2021), equation 4. Differs: the mask is exact, where the authors' -100 leaks e^-100; smaller
             windows read the offsets that they have; weights start as torch's, the table with deviation 0.02.

    Example:
        >>> WindowAttention(8, 2, 3)(np.zeros((4, 3, 3, 8), np.float32)).shape
        (4, 3, 3, 8)
    """

    def __init__(self, dim, heads, window, relative=True):
        super().__init__()
        contract.check_heads(dim, heads, window)
        self.dim, self.heads, self.window = dim, heads, window
        self.qkv = nn.Linear(dim, 3 * dim)
        self.projection = nn.Linear(dim, dim)
        drawn = generator().normal(0, 0.02, ((2 * window - 1) ** 2, heads)).astype(np.float32)
        self.relative_bias = nn.Parameter(drawn) if relative else None
        self.index = relative_position_index(window)

    def forward(self, windows, mask=None):
        """Windows of the shape (n, M, M, dim), or (n, M^2, dim), to the same shape.

        The mask has a square for each window of a map; n is a multiple of its length.
        """
        windows, mask, side = self._checked(windows, mask)
        q, k, v = self._heads(windows)
        room = max(1, SCORES // (self.heads * side**4 * q.dtype.itemsize))  # windows whose scores fit
        period = 1 if mask is None else len(mask)
        room = room // period * period or period
        parts = [
            self._weights(q[start : start + room], k[start : start + room], mask, side) @ v[start : start + room]
            for start in range(0, max(1, len(q)), room)
        ]
        heads = parts[0] if len(parts) == 1 else concatenate(parts)  # (n, heads, tokens, d)
        return self.projection(heads.swapaxes(1, 2).reshape(*windows.shape))

    def weights(self, windows, mask=None):
        """How each head distributes its attention. Shape (n, heads, M^2, M^2)."""
        windows, mask, side = self._checked(windows, mask)
        q, k, _ = self._heads(windows)
        return self._weights(q, k, mask, side)

    def _checked(self, windows, mask):
        windows = float_tensor(windows, "WindowAttention")
        mask = None if mask is None else np.asarray(mask)
        given = (None, True) if mask is None else (mask.shape, mask.dtype == np.bool_)
        return windows, mask, contract.check_attention(windows.shape, self.dim, self.window, *given)

    def _heads(self, windows):
        """Queries, keys and values, each (n, heads, tokens, d)."""
        n, tokens = len(windows), math.prod(windows.shape[1:-1])
        parts = self.qkv(windows).reshape(n, tokens, 3, self.heads, self.dim // self.heads)
        return (parts[:, :, part].swapaxes(1, 2) for part in range(3))

    def _weights(self, q, k, mask, side):
        scores = q @ k.swapaxes(-1, -2) / math.sqrt(q.shape[-1])  # (n, heads, tokens, tokens)
        if self.relative_bias is not None:
            scores = scores + self._bias(side)
        if mask is not None:
            windows = np.tile(mask, (len(q) // len(mask), 1, 1))[:, None]  # (n, 1, tokens, tokens)
            scores = where(windows, scores, scores.dtype.type(-np.inf))
        return softmax(scores)

    def _bias(self, side):
        """B of a window of this side. Shape (heads, side^2, side^2)."""
        m = self.window
        index = self.index.reshape(m, m, m, m)[:side, :side, :side, :side].reshape(side**2, side**2)
        return embedding(index, self.relative_bias).permute(2, 0, 1)


def dense_shift_attention(x, attention, window, shift=0):
    r"""Attention in shifted windows without a roll and without windows: one mask over all h w tokens.

    The cuts lie at s, s + M, s + 2M, ..., so that the token in row r is in stretch floor((r - s) / M), and likewise its
    column. A query looks at the keys that share both stretches, with the bias of the offset as it is in the map. This
    is what `SwinBlock` computes, with (h w)^2 scores instead of M^2 h w.

    Args:    x: maps, shape (batch, height, width, dim). attention: `WindowAttention` of that dim.
             window: side M, at most that of `attention`. shift: s, from 0 to M - 1.
    Returns: Tensor of x's shape.
    Raises:  ValueError: another shape or shift.
    Source:  Liu et al. (2021), section 3.2. Differs: the authors roll the map; where M does not divide a side, both pad
             with zeros at the right and at the bottom, which keys of the last windows see.

    Example:
        >>> layer, x = WindowAttention(4, 2, 3), np.ones((1, 3, 3, 4), np.float32)
        >>> bool(np.allclose(dense_shift_attention(x, layer, 3), layer(x)))  # one window: all see all
        True
    """
    x = float_tensor(x, "dense_shift_attention")
    contract.check_input("dense_shift_attention", x.shape, attention.dim)
    contract.check_shift("dense_shift_attention", window, shift)
    batch, height, width, dim = x.shape
    x = pad(x, (0, 0, 0, -width % window, 0, -height % window))
    row, column = np.divmod(np.arange(x.shape[1] * x.shape[2]), x.shape[2])
    stretches = [(place - shift) // window for place in (row, column)]
    together = np.logical_and(*(one[:, None] == one for one in stretches))  # (tokens, tokens)
    q, k, v = attention._heads(x)
    scores = q @ k.swapaxes(-1, -2) / math.sqrt(q.shape[-1])
    if attention.relative_bias is not None:
        m = attention.window
        offsets = ((row[:, None] - row) + m - 1) * (2 * m - 1) + (column[:, None] - column) + m - 1
        scores = scores + embedding(np.where(together, offsets, 0), attention.relative_bias).permute(2, 0, 1)
    weights = softmax(where(together, scores, scores.dtype.type(-np.inf)))
    y = attention.projection((weights @ v).swapaxes(1, 2).reshape(*x.shape))
    return y[:, :height, :width]
