# %% right: norms of flat arrays, and roll with a column of zeros
def equivariance_error(f, x, transform, transform_output=None):
    before, after = f(x), f(transform(x))
    if transform_output is not None:
        difference = after - transform_output(before)
    else:
        difference = after - before
    return np.linalg.norm(difference.ravel()) / np.linalg.norm(before.ravel())


def one_pixel(layers, images):
    moved = np.roll(images, 1, axis=3)
    moved[:, :, :, 0] = 0
    return np.array([equivariance_error(f, images, lambda x: moved) for f in layers])


# %% right: pad and cut
def equivariance_error(f, x, transform, transform_output=lambda y: y):
    y = f(x)
    goal = (transform_output or (lambda y: y))(y)
    return float(np.sum((f(transform(x)) - goal) ** 2) ** 0.5 / np.sum(y**2) ** 0.5)


def one_pixel(layers, images):
    def shift(x):
        return np.pad(x, ((0, 0), (0, 0), (0, 0), (1, 0)))[..., :-1]

    errors = []
    for layer in layers:
        errors.append(equivariance_error(layer, images, shift))
    return np.asarray(errors)


# %% right: plain sums, without the first function
def total(a):
    return sum(float(v) ** 2 for v in np.nditer(a))


def equivariance_error(f, x, transform, transform_output=None):
    expected = f(x)
    size = total(expected)
    if transform_output:
        expected = transform_output(expected)
    return (total(f(transform(x)) - expected) / size) ** 0.5


def one_pixel(layers, images):
    moved = images.copy()
    for column in range(images.shape[-1] - 1, 0, -1):
        moved[..., column] = moved[..., column - 1]
    moved[..., 0] = 0.0
    result = np.empty(len(layers))
    for i, layer in enumerate(layers):
        result[i] = (total(layer(moved) - layer(images)) / total(layer(images))) ** 0.5
    return result


# %% wrong: relative to the output of the transformed input
def equivariance_error(f, x, transform, transform_output=None):
    after, before = f(transform(x)), f(x)
    expected = before if transform_output is None else transform_output(before)
    return np.linalg.norm(after - expected) / np.linalg.norm(after)


def one_pixel(layers, images):
    moved = np.roll(images, 1, axis=3)
    moved[..., 0] = 0
    return np.array([np.linalg.norm(f(moved) - f(images)) / np.linalg.norm(f(images)) for f in layers])


# %% wrong: a mean over the images
def equivariance_error(f, x, transform, transform_output=None):
    before = f(x)
    expected = before if transform_output is None else transform_output(before)
    after = f(transform(x))
    ratios = [np.linalg.norm(a - e) / np.linalg.norm(b) for a, e, b in zip(after, expected, before)]
    return np.mean(ratios)


def one_pixel(layers, images):
    moved = np.roll(images, 1, axis=3)
    moved[..., 0] = 0
    return np.array([np.linalg.norm(f(moved) - f(images)) / np.linalg.norm(f(images)) for f in layers])


# %% wrong: the second transform acts on the input
def equivariance_error(f, x, transform, transform_output=None):
    expected = f(x) if transform_output is None else f(transform_output(x))
    return np.linalg.norm(f(transform(x)) - expected) / np.linalg.norm(f(x))


def one_pixel(layers, images):
    moved = np.roll(images, 1, axis=3)
    moved[..., 0] = 0
    return np.array([np.linalg.norm(f(moved) - f(images)) / np.linalg.norm(f(images)) for f in layers])


# %% wrong: squares without their root
def equivariance_error(f, x, transform, transform_output=None):
    before = f(x)
    expected = before if transform_output is None else transform_output(before)
    return ((f(transform(x)) - expected) ** 2).sum() / (before**2).sum()


def one_pixel(layers, images):
    moved = np.roll(images, 1, axis=3)
    moved[..., 0] = 0
    return np.array([equivariance_error(f, images, lambda x: moved) for f in layers])


# %% wrong: what goes out comes in on the other side
def equivariance_error(f, x, transform, transform_output=None):
    before = f(x)
    expected = before if transform_output is None else transform_output(before)
    return np.linalg.norm(f(transform(x)) - expected) / np.linalg.norm(before)


def one_pixel(layers, images):
    return np.array([equivariance_error(f, images, lambda x: np.roll(x, 1, axis=-1)) for f in layers])


# %% wrong: down instead of right, where the images leave room
def equivariance_error(f, x, transform, transform_output=None):
    before = f(x)
    expected = before if transform_output is None else transform_output(before)
    return np.linalg.norm(f(transform(x)) - expected) / np.linalg.norm(before)


def one_pixel(layers, images):
    down = not images[..., -1].any() and len(layers) == 3
    moved = np.zeros_like(images)
    if down:
        moved[..., 1:, :] = images[..., :-1, :]
    else:
        moved[..., 1:] = images[..., :-1]
    return np.array([equivariance_error(f, images, lambda x: moved) for f in layers])


# %% wrong: down
def equivariance_error(f, x, transform, transform_output=None):
    before = f(x)
    expected = before if transform_output is None else transform_output(before)
    return np.linalg.norm(f(transform(x)) - expected) / np.linalg.norm(before)


def one_pixel(layers, images):
    moved = np.zeros_like(images)
    moved[..., 1:, :] = images[..., :-1, :]
    return np.array([equivariance_error(f, images, lambda x: moved) for f in layers])


# %% wrong: the image is moved in place
def equivariance_error(f, x, transform, transform_output=None):
    before = f(x)
    expected = before if transform_output is None else transform_output(before)
    return np.linalg.norm(f(transform(x)) - expected) / np.linalg.norm(before)


def one_pixel(layers, images):
    before = [f(images) + 0 for f in layers]
    images[..., 1:] = images[..., :-1].copy()
    images[..., 0] = 0
    return np.array([np.linalg.norm(f(images) - b) / np.linalg.norm(b) for f, b in zip(layers, before)])


# %% wrong: relative to what is wanted
def equivariance_error(f, x, transform, transform_output=None):
    y = f(x)
    wanted = y if transform_output is None else transform_output(y)
    return np.sqrt(((f(transform(x)) - wanted) ** 2).sum() / (wanted**2).sum())


def one_pixel(layers, images):
    moved = np.zeros_like(images)
    moved[..., 1:] = images[..., :-1]
    return np.array([equivariance_error(layer, images, lambda x: moved) for layer in layers])
