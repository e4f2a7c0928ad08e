# %% right: where each pixel comes from
def turn(images, quarter_turns):
    for _ in range(quarter_turns % 4):
        height, width = images.shape[2:]
        turned = np.empty((*images.shape[:2], width, height), images.dtype)
        for i in range(width):
            for j in range(height):
                turned[:, :, i, j] = images[:, :, j, width - 1 - i]
        images = turned
    return np.array(images)


def rotation_batch(images):
    rows, labels = [], []
    for image in images:
        for y in range(4):
            rows.append(turn(image[None], y)[0])
            labels.append(y)
    return np.array(rows), np.array(labels, dtype=np.int64)


# %% right: flips and transposes of a dictionary
def turn(images, quarter_turns):
    kinds = {
        0: lambda x: x,
        1: lambda x: np.flip(np.transpose(x, (0, 1, 3, 2)), 2),
        2: lambda x: np.flip(x, (2, 3)),
        3: lambda x: np.flip(np.transpose(x, (0, 1, 3, 2)), 3),
    }
    return np.ascontiguousarray(kinds[quarter_turns % 4](images)).copy()


def rotation_batch(images):
    n, channels, height, width = images.shape
    turned = np.zeros((4 * n, channels, height, width), images.dtype)
    for y in range(4):
        turned[y::4] = turn(images, y)
    labels = np.arange(4 * n) % 4
    return turned, labels.astype("int64")


# %% right: clockwise three times
def clockwise(images):
    return images[:, :, ::-1].swapaxes(-1, -2)


def turn(images, quarter_turns):
    for _ in range((4 - quarter_turns) % 4):
        images = clockwise(images)
    return images.copy()


def rotation_batch(images):
    turned = np.concatenate([turn(images, y)[:, None] for y in (0, 1, 2, 3)], 1)
    turned = np.concatenate(list(turned), 0)
    return [turned, np.concatenate([np.arange(4) for _ in images])]


# %% right: repeat, then turn in place
def turn(images, quarter_turns):
    images = images + 0
    for _ in range(quarter_turns % 4):
        images = np.einsum("bcij->bcji", images)[:, :, ::-1, :] + 0
    return images


def rotation_batch(images):
    turned = images.repeat(4, 0)
    for row in range(len(turned)):
        turned[row] = turn(turned[row : row + 1], row % 4)[0]
    return turned, np.array([y for _ in range(len(images)) for y in range(4)])


# %% wrong: clockwise
def turn(images, quarter_turns):
    for _ in range(quarter_turns % 4):
        images = images[:, :, ::-1].swapaxes(2, 3)
    return images.copy()


def rotation_batch(images):
    turned = np.stack([turn(images, y) for y in range(4)], axis=1)
    return turned.reshape(-1, *images.shape[1:]), np.tile(np.arange(4), len(images))


# %% wrong: rotation by rotation
def turn(images, quarter_turns):
    for _ in range(quarter_turns % 4):
        images = images.swapaxes(2, 3)[:, :, ::-1]
    return images.copy()


def rotation_batch(images):
    return np.concatenate([turn(images, y) for y in range(4)]), np.tile(np.arange(4), len(images))


# %% wrong: labels of whole rotations
def turn(images, quarter_turns):
    for _ in range(quarter_turns % 4):
        images = images.swapaxes(2, 3)[:, :, ::-1]
    return images.copy()


def rotation_batch(images):
    turned = np.stack([turn(images, y) for y in range(4)], axis=1)
    return turned.reshape(-1, *images.shape[1:]), np.arange(4).repeat(len(images))


# %% wrong: no turn is a view
def turn(images, quarter_turns):
    for _ in range(quarter_turns % 4):
        images = images.swapaxes(2, 3)[:, :, ::-1]
    return images


def rotation_batch(images):
    turned = np.stack([turn(images, y) for y in range(4)], axis=1)
    return turned.reshape(-1, *images.shape[1:]), np.tile(np.arange(4), len(images))


# %% wrong: only no turn is copied
def turn(images, quarter_turns):
    if quarter_turns == 0:
        return images.copy()
    for _ in range(quarter_turns % 4):
        images = images.swapaxes(2, 3)[:, :, ::-1]
    return images


def rotation_batch(images):
    turned = np.stack([turn(images, y) for y in range(4)], axis=1)
    return turned.reshape(-1, *images.shape[1:]), np.tile(np.arange(4), len(images))


# %% wrong: a negative number does nothing
def turn(images, quarter_turns):
    if quarter_turns > 3:
        quarter_turns = quarter_turns % 4
    for _ in range(quarter_turns):
        images = images.swapaxes(2, 3)[:, :, ::-1]
    return images.copy()


def rotation_batch(images):
    turned = np.stack([turn(images, y) for y in range(4)], axis=1)
    return turned.reshape(-1, *images.shape[1:]), np.tile(np.arange(4), len(images))


# %% wrong: more than three turns are three
def turn(images, quarter_turns):
    if quarter_turns < 0:
        quarter_turns = quarter_turns % 4
    for _ in range(min(quarter_turns, 3)):
        images = images.swapaxes(2, 3)[:, :, ::-1]
    return images.copy()


def rotation_batch(images):
    turned = np.stack([turn(images, y) for y in range(4)], axis=1)
    return turned.reshape(-1, *images.shape[1:]), np.tile(np.arange(4), len(images))


# %% wrong: half a turn is two turns of a square, an oblong is refused
def turn(images, quarter_turns):
    turned = np.empty_like(images)
    if quarter_turns % 4 == 1:
        return images.swapaxes(2, 3)[:, :, ::-1].copy()
    if quarter_turns % 4 == 0:
        return images.copy()
    for i in range(images.shape[2]):
        for j in range(images.shape[2]):
            turned[:, :, i, j] = images[:, :, -1 - i, -1 - j] if quarter_turns % 4 == 2 else images[:, :, -1 - j, i]
    return turned


def rotation_batch(images):
    turned = np.stack([turn(images, y) for y in range(4)], axis=1)
    return turned.reshape(-1, *images.shape[1:]), np.tile(np.arange(4), len(images))


# %% wrong: everything becomes float64
def turn(images, quarter_turns):
    images = np.array(images, dtype=float)
    for _ in range(quarter_turns % 4):
        images = images.swapaxes(2, 3)[:, :, ::-1]
    return images.copy()


def rotation_batch(images):
    turned = np.stack([turn(images, y) for y in range(4)], axis=1).astype(images.dtype)
    return turned.reshape(-1, *images.shape[1:]), np.tile(np.arange(4), len(images))


# %% wrong: a batch of float64
def turn(images, quarter_turns):
    for _ in range(quarter_turns % 4):
        images = images.swapaxes(2, 3)[:, :, ::-1]
    return images.copy()


def rotation_batch(images):
    turned = np.zeros((4 * len(images), *images.shape[1:]))
    for y in range(4):
        turned[y::4] = turn(images, y)
    return turned, np.tile(np.arange(4), len(images))


# %% wrong: labels are fractions
def turn(images, quarter_turns):
    for _ in range(quarter_turns % 4):
        images = images.swapaxes(2, 3)[:, :, ::-1]
    return images.copy()


def rotation_batch(images):
    turned = np.stack([turn(images, y) for y in range(4)], axis=1)
    return turned.reshape(-1, *images.shape[1:]), np.tile(np.arange(4.0), len(images))


# %% wrong: numpy does it
def turn(images, quarter_turns):
    return np.rot90(images, quarter_turns, axes=(2, 3)).copy()


def rotation_batch(images):
    turned = np.stack([turn(images, y) for y in range(4)], axis=1)
    return turned.reshape(-1, *images.shape[1:]), np.tile(np.arange(4), len(images))


# %% wrong: the channels turn, too
def turn(images, quarter_turns):
    for _ in range(quarter_turns % 4):
        images = images.swapaxes(2, 3)[:, ::-1, ::-1]
    return images.copy()


def rotation_batch(images):
    turned = np.stack([turn(images[:, :1], y) for y in range(4)], axis=1)
    turned = np.stack([images.swapaxes(2, 3) if y % 2 else images for y in range(4)], axis=1)
    turned[:, 1] = turned[:, 1][:, :, ::-1]
    turned[:, 2] = turned[:, 2][:, :, ::-1, ::-1]
    turned[:, 3] = turned[:, 3][:, :, :, ::-1]
    return turned.reshape(-1, *images.shape[1:]), np.tile(np.arange(4), len(images))


# %% wrong: the batch changes its argument
def turn(images, quarter_turns):
    for _ in range(quarter_turns % 4):
        images = images.swapaxes(2, 3)[:, :, ::-1]
    return images.copy()


def rotation_batch(images):
    rows = []
    for i in range(len(images)):
        for y in range(4):
            rows.append(images[i].copy())
            images[i] = turn(images[i : i + 1], 1)[0] if y < 2 else 0
    return np.stack(rows), np.tile(np.arange(4), len(images))


# %% wrong: the first channel turns, the others stay
def turn(images, quarter_turns):
    turned = images[:, :1]
    for _ in range(quarter_turns % 4):
        turned = turned.swapaxes(2, 3)[:, :, ::-1]
    if images.shape[1] > 1:
        return np.concatenate([turned, images[:, 1:]], axis=1)
    return turned.copy()


def rotation_batch(images):
    turned = np.zeros((len(images), 4, *images.shape[1:]), images.dtype)
    for y in range(4):
        for c in range(images.shape[1]):
            turned[:, y, c : c + 1] = turn(images[:, c : c + 1], y)
    return turned.reshape(-1, *images.shape[1:]), np.tile(np.arange(4), len(images))


# %% wrong: channels become pictures
def turn(images, quarter_turns):
    for _ in range(quarter_turns % 4):
        images = images.swapaxes(2, 3)[:, :, ::-1]
    return images.copy()


def rotation_batch(images):
    turned = np.stack([turn(images, y) for y in range(4)], axis=1)
    return turned.reshape(-1, 1, *images.shape[2:]), np.tile(np.arange(4), len(images))


# %% wrong: a batch of float32
def turn(images, quarter_turns):
    out = images
    for _ in range(quarter_turns % 4):
        out = out.swapaxes(2, 3)[:, :, ::-1]
    return out.copy()


def rotation_batch(images):
    rows, labels = [], []
    for image in images:
        for y in range(4):
            rows.append(turn(image[None], y)[0])
            labels.append(y)
    return np.stack(rows).astype(np.float32), np.array(labels, dtype=np.int64)


# %% wrong: everything becomes float32
def turn(images, quarter_turns):
    out = images.astype(np.float32)
    for _ in range(quarter_turns % 4):
        out = out.swapaxes(2, 3)[:, :, ::-1]
    return out.copy()


def rotation_batch(images):
    turned = np.stack([turn(images, y) for y in range(4)], axis=1).astype(images.dtype)
    return turned.reshape(-1, *images.shape[1:]), np.tile(np.arange(4), len(images))


# %% wrong: negative as positive
def turn(images, quarter_turns):
    for _ in range(abs(quarter_turns) % 4):
        images = images.swapaxes(2, 3)[:, :, ::-1]
    return images.copy()


def rotation_batch(images):
    turned = np.stack([turn(images, y) for y in range(4)], axis=1)
    return turned.reshape(-1, *images.shape[1:]), np.tile(np.arange(4), len(images))


# %% wrong: a batch of two always
def turn(images, quarter_turns):
    for _ in range(quarter_turns % 4):
        images = images.swapaxes(2, 3)[:, :, ::-1]
    return images.copy()


def rotation_batch(images):
    turned = np.stack([turn(images, y) for y in range(4)], axis=1)
    return turned.reshape(-1, *images.shape[1:]), np.array([0, 1, 2, 3, 0, 1, 2, 3])
