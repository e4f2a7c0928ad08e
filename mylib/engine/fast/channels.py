"""One number per channel, applied to images or summed over them, in whatever order their memory lies.

Convolutions leave the channels last in memory. Broadcasting a vector of few channels then makes loops of a few
elements, five times slower than long ones: so the vector is repeated to the length of a whole sample. Sums over
positions are sums over the rows of a tall matrix, which BLAS does as a product with a row of ones.
"""

import numpy as np

from mylib.engine.fast.sums import sum_leading


def per_channel(ufunc, x, vector, in_place=False):
    """`ufunc(x, vector)` with the vector along axis 1 of x (batch, channels, ...)."""
    out = x if in_place else np.empty_like(x, dtype=np.result_type(x, vector))
    rows = channel_rows(x)
    if rows is None:
        return ufunc(x, vector.reshape(-1, *(1,) * (x.ndim - 2)), out=out)
    samples = rows.reshape(len(x), -1)
    ufunc(
        samples,
        np.tile(vector, samples.shape[1] // len(vector)),
        out=channel_rows(out).reshape(samples.shape),
    )
    return out


def sum_positions(x):
    """The sum over all axes but the channels'."""
    rows = channel_rows(x)
    return x.sum(axis=(0, *range(2, x.ndim))) if rows is None else sum_leading(rows, 1)


def channel_rows(x):
    """Channels-last memory (the spatial axes in any order) as (positions, channels): a view, or None."""
    spatial = sorted(range(2, x.ndim), key=lambda axis: -x.strides[axis])
    rows = x.transpose(0, *spatial, 1)
    return rows.reshape(-1, x.shape[1]) if rows.flags.c_contiguous and x.size else None
