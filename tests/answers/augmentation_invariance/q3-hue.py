# %% right: the matrix of cosines
def turn_hues(images, turns):
    steps = (np.arange(3)[:, None] - np.arange(3)[None]) / 3
    matrix = 1 / 3 + 2 / 3 * np.cos(2 * np.pi * (np.asarray(turns)[:, None, None] - steps))
    return np.clip(np.einsum("bij,bjhw->bihw", matrix, images), 0, 1)


# %% right: Rodrigues with a cross product, pixel by pixel
def turn_hues(images, turns):
    axis = np.ones(3) / 3**0.5
    pixels = np.moveaxis(images, 1, -1)
    out = np.empty_like(pixels)
    for n, t in enumerate(turns):
        c, s = np.cos(2 * np.pi * t), np.sin(2 * np.pi * t)
        x = pixels[n]
        out[n] = c * x + s * np.cross(axis, x) + (1 - c) * (x @ axis)[..., None] * axis
    return np.moveaxis(out.clip(0.0, 1.0), -1, 1)


# %% right: complex numbers across the axis
def turn_hues(images, turns):
    w = np.exp(2j * np.pi / 3)
    powers = np.array([1, w, w**2])
    z = np.tensordot(powers, images, (0, 1)) * np.exp(2j * np.pi * np.asarray(turns))[:, None, None]
    grey = images.mean(1)
    back = np.stack([grey + 2 / 3 * (z * np.conj(p)).real for p in powers], axis=1)
    return np.minimum(np.maximum(back, 0), 1)


# %% right: a circulant from the eigenvalues
def turn_hues(images, turns):
    out = []
    for image, t in zip(images, turns):
        spectrum = np.fft.fft(image, axis=0)
        spectrum[1] *= np.exp(-2j * np.pi * t)
        spectrum[2] *= np.exp(2j * np.pi * t)
        out.append(np.fft.ifft(spectrum, axis=0).real)
    return np.clip(np.array(out), 0, 1)


# %% wrong: the channels are rolled
def turn_hues(images, turns):
    return np.stack([np.roll(image, round(3 * t), axis=0) for image, t in zip(images, turns)])


# %% wrong: between two rolled images, in proportion
def turn_hues(images, turns):
    out = []
    for image, t in zip(images, turns):
        whole = int(np.floor(3 * t))
        part = 3 * t - whole
        out.append((1 - part) * np.roll(image, whole, 0) + part * np.roll(image, whole + 1, 0))
    return np.clip(np.array(out), 0, 1)


# %% wrong: about the axis of brightness as the eye sees it
def turn_hues(images, turns):
    axis = np.array([0.299, 0.587, 0.114])
    axis = axis / np.linalg.norm(axis)
    k = np.array([[0, -axis[2], axis[1]], [axis[2], 0, -axis[0]], [-axis[1], axis[0], 0]])
    out = []
    for image, t in zip(images, turns):
        a = 2 * np.pi * t
        r = np.eye(3) + np.sin(a) * k + (1 - np.cos(a)) * k @ k
        out.append(np.tensordot(r, image, (1, 0)))
    return np.clip(np.array(out), 0, 1)


# %% wrong: nothing is clipped
def turn_hues(images, turns):
    angles = 2 * np.pi * np.asarray(turns)[:, None, None, None]
    grey = images.mean(axis=1, keepdims=True)
    across = (np.roll(images, 1, axis=1) - np.roll(images, -1, axis=1)) / np.sqrt(3)
    return grey + np.cos(angles) * (images - grey) + np.sin(angles) * across


# %% wrong: squeezed between 0 and 1 as a whole
def turn_hues(images, turns):
    angles = 2 * np.pi * np.asarray(turns)[:, None, None, None]
    grey = images.mean(axis=1, keepdims=True)
    across = (np.roll(images, 1, axis=1) - np.roll(images, -1, axis=1)) / np.sqrt(3)
    x = grey + np.cos(angles) * (images - grey) + np.sin(angles) * across
    low, high = min(x.min(), 0), max(x.max(), 1)
    return (x - low) / (high - low)


# %% wrong: the other way round
def turn_hues(images, turns):
    angles = -2 * np.pi * np.asarray(turns)[:, None, None, None]
    grey = images.mean(axis=1, keepdims=True)
    across = (np.roll(images, 1, axis=1) - np.roll(images, -1, axis=1)) / np.sqrt(3)
    return np.clip(grey + np.cos(angles) * (images - grey) + np.sin(angles) * across, 0, 1)


# %% wrong: the first image's turn for all
def turn_hues(images, turns):
    angle = 2 * np.pi * np.asarray(turns)[0]
    if np.ptp(np.asarray(turns) % 1) == 0:
        angle = 2 * np.pi * turns[-1]
    grey = images.mean(axis=1, keepdims=True)
    across = (np.roll(images, 1, axis=1) - np.roll(images, -1, axis=1)) / np.sqrt(3)
    return np.clip(grey + np.cos(angle) * (images - grey) + np.sin(angle) * across, 0, 1)


# %% wrong: the hue of HSV
import colorsys


def turn_hues(images, turns):
    out = np.empty_like(images)
    for n, t in enumerate(turns):
        for i in range(images.shape[2]):
            for j in range(images.shape[3]):
                h, s, v = colorsys.rgb_to_hsv(*images[n, :, i, j])
                out[n, :, i, j] = colorsys.hsv_to_rgb((h + t) % 1, s, v)
    return out


# %% wrong: the hue of HSV, written out
def turn_hues(images, turns):
    high, low = images.max(axis=1, keepdims=True), images.min(axis=1, keepdims=True)
    spread = np.where(high > low, high - low, 1)
    r, g, b = np.moveaxis(images, 1, 0)
    top = images.argmax(axis=1)
    d = spread[:, 0]
    hue = np.choose(top, [(g - b) / d % 6, (b - r) / d + 2, (r - g) / d + 4]) / 6
    hue = (hue + np.asarray(turns)[:, None, None]) % 1
    channels = [np.clip(np.abs((6 * hue - shift) % 6 - 3) - 1, 0, 1) for shift in (0, 2, 4)]
    return low + (high - low) * np.stack(channels, axis=1)


# %% wrong: clipped before the rotation
def turn_hues(images, turns):
    angles = 2 * np.pi * np.asarray(turns)[:, None, None, None]
    images = np.clip(images, 0, 1)
    grey = images.mean(axis=1, keepdims=True)
    across = (np.roll(images, 1, axis=1) - np.roll(images, -1, axis=1)) / np.sqrt(3)
    return np.clip(grey + np.cos(angles) * (images - grey), 0, 1) + np.clip(np.sin(angles) * across, -1, 1)


# %% wrong: negative turns count as positive
def turn_hues(images, turns):
    angles = 2 * np.pi * np.abs(np.asarray(turns))[:, None, None, None]
    grey = images.mean(axis=1, keepdims=True)
    across = (np.roll(images, 1, axis=1) - np.roll(images, -1, axis=1)) / np.sqrt(3)
    return np.clip(grey + np.cos(angles) * (images - grey) + np.sin(angles) * across, 0, 1)
