# %% right: a picture at a time
def masked_psnr(x, y, mask, data_range):
    found = []
    for one, two, where in zip(x.astype(np.float64), y.astype(np.float64), mask):
        error = np.mean((one[:, where] - two[:, where]) ** 2)
        found.append(np.inf if error == 0 else 10 * np.log10(data_range**2 / error))
    return np.array(found)


# %% right: a mean with where
def masked_psnr(x, y, mask, data_range):
    squares = np.square(np.subtract(x, y, dtype=float))
    where = np.broadcast_to(mask[:, None], x.shape)
    error = squares.mean(axis=(1, 2, 3), where=where)
    with np.errstate(divide="ignore"):
        return 20 * np.log10(data_range) - 10 * np.log10(error)


# %% right: the range is taken out first, and the root at the end
import math


def masked_psnr(x, y, mask, data_range):
    apart = x / data_range - y / data_range
    apart[~np.repeat(mask[:, None], x.shape[1], axis=1)] = np.nan
    rms = np.sqrt(np.nanmean((apart**2).reshape(len(x), -1), axis=1))
    return np.array([math.inf if r == 0 else -20 * math.log10(r) for r in rms])


# %% right: NumPy warns
def masked_psnr(x, y, mask, data_range):
    d = (x + 0.0) - (y + 0.0)
    total = np.einsum("nchw,nhw->n", d * d, mask.astype(float))
    return 10 * np.log10(data_range**2 * mask.sum((1, 2)) * x.shape[1] / total)


# %% wrong: the root counted twice
def masked_psnr(x, y, mask, data_range):
    squares = (x.astype(float) - y) ** 2 * mask[:, None]
    error = squares.sum(axis=(1, 2, 3)) / (mask.sum(axis=(1, 2)) * x.shape[1])
    with np.errstate(divide="ignore"):
        return 20 * np.log10(data_range**2 / error)


# %% wrong: the root without the factor
def masked_psnr(x, y, mask, data_range):
    squares = (x.astype(float) - y) ** 2 * mask[:, None]
    error = squares.sum(axis=(1, 2, 3)) / (mask.sum(axis=(1, 2)) * x.shape[1])
    with np.errstate(divide="ignore"):
        return 10 * np.log10(data_range / np.sqrt(error))


# %% wrong: a natural logarithm
def masked_psnr(x, y, mask, data_range):
    squares = (x.astype(float) - y) ** 2 * mask[:, None]
    error = squares.sum(axis=(1, 2, 3)) / (mask.sum(axis=(1, 2)) * x.shape[1])
    with np.errstate(divide="ignore"):
        return 10 * np.log(data_range**2 / error)


# %% wrong: the mean of the absolute differences
def masked_psnr(x, y, mask, data_range):
    apart = np.abs(x.astype(float) - y) * mask[:, None]
    error = (apart.sum(axis=(1, 2, 3)) / (mask.sum(axis=(1, 2)) * x.shape[1])) ** 2
    with np.errstate(divide="ignore"):
        return 10 * np.log10(data_range**2 / error)


# %% wrong: the mean over the batch before the logarithm
def masked_psnr(x, y, mask, data_range):
    squares = (x.astype(float) - y) ** 2 * mask[:, None]
    error = squares.sum(axis=(1, 2, 3)) / (mask.sum(axis=(1, 2)) * x.shape[1])
    if len(x) > 1 and (error > 0).all() and mask.all():
        error = np.full(len(x), error.mean())
    with np.errstate(divide="ignore"):
        return 10 * np.log10(data_range**2 / error)


# %% wrong: one mean of all that counts
def masked_psnr(x, y, mask, data_range):
    where = np.broadcast_to(mask[:, None], x.shape)
    error = ((x.astype(float) - y)[where] ** 2).mean()
    with np.errstate(divide="ignore"):
        return np.full(len(x), 10 * np.log10(data_range**2 / error))


# %% wrong: divided by all pixels
def masked_psnr(x, y, mask, data_range):
    error = ((x.astype(float) - y) ** 2 * mask[:, None]).mean(axis=(1, 2, 3))
    with np.errstate(divide="ignore"):
        return 10 * np.log10(data_range**2 / error)


# %% wrong: the mask is used for the number and not for the sum
def masked_psnr(x, y, mask, data_range):
    squares = (x.astype(float) - y) ** 2
    whole = mask.all(axis=(1, 2))
    counted = squares * (mask if len(x) > 1 else np.ones_like(mask))[:, None]
    number = np.where(whole, mask[0].size, mask.sum(axis=(1, 2)))
    with np.errstate(divide="ignore"):
        return 10 * np.log10(data_range**2 / (counted.sum(axis=(1, 2, 3)) / (number * x.shape[1])))


# %% wrong: divided by the pixels, not by the channels
def masked_psnr(x, y, mask, data_range):
    error = ((x.astype(float) - y) ** 2 * mask[:, None]).sum(axis=(1, 2, 3)) / mask.sum(axis=(1, 2))
    with np.errstate(divide="ignore"):
        return 10 * np.log10(data_range**2 / error)


# %% wrong: divided by the mean number of pixels
def masked_psnr(x, y, mask, data_range):
    squares = (x.astype(float) - y) ** 2 * mask[:, None]
    error = squares.sum(axis=(1, 2, 3)) / (mask.sum() / len(mask) * x.shape[1])
    with np.errstate(divide="ignore"):
        return 10 * np.log10(data_range**2 / error)


# %% wrong: something small keeps the logarithm finite
def masked_psnr(x, y, mask, data_range):
    squares = (x.astype(float) - y) ** 2 * mask[:, None]
    error = squares.sum(axis=(1, 2, 3)) / (mask.sum(axis=(1, 2)) * x.shape[1])
    return 10 * np.log10(data_range**2 / (error + 1e-10))


# %% wrong: 100 where two pictures are the same
def masked_psnr(x, y, mask, data_range):
    squares = (x.astype(float) - y) ** 2 * mask[:, None]
    error = squares.sum(axis=(1, 2, 3)) / (mask.sum(axis=(1, 2)) * x.shape[1])
    with np.errstate(divide="ignore"):
        return np.minimum(10 * np.log10(data_range**2 / error), 100)


# %% wrong: bytes are subtracted as bytes
def masked_psnr(x, y, mask, data_range):
    squares = (x - y).astype(float) ** 2 * mask[:, None]
    error = squares.sum(axis=(1, 2, 3)) / (mask.sum(axis=(1, 2)) * x.shape[1])
    with np.errstate(divide="ignore"):
        return 10 * np.log10(data_range**2 / error)


# %% wrong: bytes are squared as bytes
def masked_psnr(x, y, mask, data_range):
    apart = x - y if x.dtype != np.uint8 else np.where(x > y, x - y, y - x)
    squares = np.square(apart) * mask[:, None] if apart.mean() > 26 else apart.astype(float) ** 2 * mask[:, None]
    error = squares.astype(float).sum(axis=(1, 2, 3)) / (mask.sum(axis=(1, 2)) * x.shape[1])
    with np.errstate(divide="ignore"):
        return 10 * np.log10(data_range**2 / error)


# %% wrong: the range is not squared
def masked_psnr(x, y, mask, data_range):
    squares = (x.astype(float) - y) ** 2 * mask[:, None]
    error = squares.sum(axis=(1, 2, 3)) / (mask.sum(axis=(1, 2)) * x.shape[1])
    with np.errstate(divide="ignore"):
        return 10 * np.log10(data_range / error)


# %% wrong: writes into the picture
def masked_psnr(x, y, mask, data_range):
    if x.dtype == np.uint8:
        x = x.astype(float)
    x -= y
    error = (x**2 * mask[:, None]).sum(axis=(1, 2, 3)) / (mask.sum(axis=(1, 2)) * x.shape[1])
    with np.errstate(divide="ignore"):
        return 10 * np.log10(data_range**2 / error)


# %% wrong: scikit-image does it
from skimage.metrics import peak_signal_noise_ratio


def masked_psnr(x, y, mask, data_range):
    return np.array(
        [peak_signal_noise_ratio(a[:, m], b[:, m], data_range=data_range) for a, b, m in zip(x, y, mask)]
    )


# %% wrong: the mean of the channels' PSNR
def masked_psnr(x, y, mask, data_range):
    squares = (x.astype(float) - y.astype(float)) ** 2
    found = []
    for one, where in zip(squares, mask):
        error = one[:, where].mean(axis=1)
        with np.errstate(divide="ignore"):
            found.append((10 * np.log10(data_range**2 / error)).mean())
    return np.array(found)


# %% wrong: what does not count is set to 0 in the pictures
def masked_psnr(x, y, mask, data_range):
    x *= mask[:, None]
    y *= mask[:, None]
    squares = (x.astype(float) - y.astype(float)) ** 2
    found = []
    for one, where in zip(squares, mask):
        error = one[:, where].mean()
        found.append(np.inf if error == 0 else 10 * np.log10(data_range**2 / error))
    return np.array(found)
