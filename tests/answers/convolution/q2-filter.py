# %% right: a loop over the pixels
def filter_image(image, kernel):
    k = kernel.shape[0]
    padded = np.zeros((image.shape[0] + k - 1, image.shape[1] + k - 1))
    padded[k // 2 : k // 2 + image.shape[0], k // 2 : k // 2 + image.shape[1]] = image
    result = np.empty(image.shape)
    for i in range(image.shape[0]):
        for j in range(image.shape[1]):
            result[i, j] = np.sum(padded[i : i + k, j : j + k] * kernel)
    return result


# %% right: windows and einsum
def filter_image(image, kernel):
    padded = np.pad(image.astype(np.float64), len(kernel) // 2, mode="constant")
    windows = np.lib.stride_tricks.sliding_window_view(padded, kernel.shape)
    return np.einsum("ijuv,uv->ij", windows, kernel)


# %% right: only where the kernel meets the image
def filter_image(image, kernel):
    height, width = image.shape
    middle = len(kernel) // 2
    result = np.zeros((height, width))
    for i in range(height):
        for j in range(width):
            for u in range(len(kernel)):
                for v in range(len(kernel)):
                    a, b = i + u - middle, j + v - middle
                    if 0 <= a < height and 0 <= b < width:
                        result[i, j] += float(kernel[u, v]) * float(image[a, b])
    return result


# %% wrong: flips the kernel
def filter_image(image, kernel):
    padded = np.pad(image.astype(float), len(kernel) // 2)
    windows = np.lib.stride_tricks.sliding_window_view(padded, kernel.shape)
    return np.einsum("ijuv,uv->ij", windows, kernel[::-1, ::-1])


# %% wrong: copies the border instead of zeros
def filter_image(image, kernel):
    padded = np.pad(image.astype(float), len(kernel) // 2, mode="edge")
    windows = np.lib.stride_tricks.sliding_window_view(padded, kernel.shape)
    return np.einsum("ijuv,uv->ij", windows, kernel)


# %% wrong: pads by one pixel whatever the kernel
def filter_image(image, kernel):
    padded = np.pad(image.astype(float), 1)
    windows = np.lib.stride_tricks.sliding_window_view(padded, kernel.shape)
    return np.einsum("ijuv,uv->ij", windows, kernel)


# %% wrong: the kernel transposed
def filter_image(image, kernel):
    padded = np.pad(image.astype(float), len(kernel) // 2)
    windows = np.lib.stride_tricks.sliding_window_view(padded, kernel.shape)
    return np.einsum("ijuv,vu->ij", windows, kernel)


# %% wrong: keeps the image's whole numbers
def filter_image(image, kernel):
    k = len(kernel)
    padded = np.pad(image, k // 2)
    result = np.zeros_like(image)
    for i in range(image.shape[0]):
        for j in range(image.shape[1]):
            result[i, j] = (padded[i : i + k, j : j + k] * kernel).sum()
    return result


# %% wrong: divides by the number of weights
def filter_image(image, kernel):
    padded = np.pad(image.astype(float), len(kernel) // 2)
    windows = np.lib.stride_tricks.sliding_window_view(padded, kernel.shape)
    return np.einsum("ijuv,uv->ij", windows, kernel) / kernel.size


# %% wrong: scipy filters
def filter_image(image, kernel):
    from scipy.ndimage import correlate

    return correlate(image.astype(float), kernel, mode="constant")


# %% right: a product of spectra
def filter_image(image, kernel):
    (height, width), k = image.shape, len(kernel)
    size = (height + k - 1, width + k - 1)
    full = np.fft.irfft2(np.fft.rfft2(image, size) * np.fft.rfft2(kernel[::-1, ::-1], size), size)
    return full[k // 2 : k // 2 + height, k // 2 : k // 2 + width]


# %% right: in float32
def filter_image(image, kernel):
    padded = np.pad(image.astype(np.float32), len(kernel) // 2)
    windows = np.lib.stride_tricks.sliding_window_view(padded, kernel.shape)
    return (windows * kernel.astype(np.float32)).sum(axis=(2, 3))


# %% wrong: counts on how the image lies in memory
def filter_image(image, kernel):
    k, padded = len(kernel), np.pad(image.astype(float), len(kernel) // 2)
    steps = (8 * padded.shape[1], 8)
    windows = np.lib.stride_tricks.as_strided(padded, image.shape + (k, k), steps + steps)
    return np.einsum("ijuv,uv->ij", windows, kernel)


# %% wrong: overwrites the image
def filter_image(image, kernel):
    k, padded = len(kernel), np.pad(image, len(kernel) // 2)
    result = image if image.dtype == float else image.astype(float)
    for i in range(image.shape[0]):
        for j in range(image.shape[1]):
            result[i, j] = (padded[i : i + k, j : j + k] * kernel).sum()
    return result


# %% wrong: negative results are cut off
def filter_image(image, kernel):
    padded = np.pad(image.astype(float), len(kernel) // 2)
    windows = np.lib.stride_tricks.sliding_window_view(padded, kernel.shape)
    return np.einsum("ijuv,uv->ij", windows, kernel).clip(0)


# %% wrong: NumPy correlates row by row
def filter_image(image, kernel):
    k, padded = len(kernel), np.pad(image.astype(float), len(kernel) // 2)
    rows = range(len(image))
    return np.array([sum(np.correlate(padded[i + u], kernel[u], mode="valid") for u in range(k)) for i in rows])


# %% wrong: an image smaller than the kernel comes back as it is
def filter_image(image, kernel):
    k = len(kernel)
    if min(image.shape) < k:
        return image.astype(float)
    windows = np.lib.stride_tricks.sliding_window_view(np.pad(image.astype(float), k // 2), kernel.shape)
    return np.einsum("ijuv,uv->ij", windows, kernel)
