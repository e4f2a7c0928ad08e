# %% right: einsum, and the largest value by corners
import itertools


def make_x(visible, squeeze, squeeze_bias, expand, expand_bias):
    hidden = np.einsum("nyxc,hc->nyxh", visible, squeeze) + squeeze_bias
    hidden = np.where(hidden > 0, hidden, 0.0)
    return np.einsum("nyxh,ch->nyxc", hidden, expand) + expand_bias


def dead(squeeze, squeeze_bias):
    corners = np.array(list(itertools.product([0.0, 1.0], repeat=squeeze.shape[1])))
    return (corners @ squeeze.T + squeeze_bias).max(axis=0) <= 0


# %% right: pixel by pixel in plain loops
def make_x(visible, squeeze, squeeze_bias, expand, expand_bias):
    x = np.empty(visible.shape)
    for place in np.ndindex(visible.shape[:-1]):
        h = [max(0.0, sum(w * v for w, v in zip(row, visible[place])) + b) for row, b in zip(squeeze, squeeze_bias)]
        x[place] = [sum(w * a for w, a in zip(row, h)) + b for row, b in zip(expand, expand_bias)]
    return x


def dead(squeeze, squeeze_bias):
    return np.array([sum(w for w in row if w > 0) + b <= 0 for row, b in zip(squeeze, squeeze_bias)])


# %% right: channels first and back
def make_x(visible, squeeze, squeeze_bias, expand, expand_bias):
    v = np.moveaxis(visible, -1, 0).reshape(visible.shape[-1], -1)
    h = squeeze.dot(v) + squeeze_bias[:, None]
    h = h * (h > 0)
    x = expand.dot(h) + expand_bias[:, None]
    return np.moveaxis(x.reshape(-1, *visible.shape[:-1]), 0, -1)


def dead(squeeze, squeeze_bias):
    brightest = (squeeze > 0).astype(float)
    return ~((squeeze * brightest).sum(1) + squeeze_bias > 0)


# %% right: tensordot and clip
def make_x(visible, squeeze, squeeze_bias, expand, expand_bias):
    h = np.clip(np.tensordot(visible, squeeze, axes=([3], [1])) + squeeze_bias, 0, None)
    return np.tensordot(h, expand, axes=([3], [1])) + expand_bias


def dead(squeeze, squeeze_bias):
    return np.logical_not(squeeze.clip(min=0).sum(-1) > -squeeze_bias)


# %% wrong: a ReLU behind the second layer
def make_x(visible, squeeze, squeeze_bias, expand, expand_bias):
    return np.maximum(np.maximum(visible @ squeeze.T + squeeze_bias, 0) @ expand.T + expand_bias, 0)


def dead(squeeze, squeeze_bias):
    return np.maximum(squeeze, 0).sum(axis=1) + squeeze_bias <= 0


# %% wrong: no ReLU
def make_x(visible, squeeze, squeeze_bias, expand, expand_bias):
    return (visible @ squeeze.T + squeeze_bias) @ expand.T + expand_bias


def dead(squeeze, squeeze_bias):
    return np.maximum(squeeze, 0).sum(axis=1) + squeeze_bias <= 0


# %% wrong: the ReLU before the first bias
def make_x(visible, squeeze, squeeze_bias, expand, expand_bias):
    return (np.maximum(visible @ squeeze.T, 0) + squeeze_bias) @ expand.T + expand_bias


def dead(squeeze, squeeze_bias):
    return np.maximum(squeeze, 0).sum(axis=1) + squeeze_bias <= 0


# %% wrong: reshaped where it should be transposed
def make_x(visible, squeeze, squeeze_bias, expand, expand_bias):
    h = np.maximum(visible @ squeeze.reshape(squeeze.shape[::-1]) + squeeze_bias, 0)
    return h @ expand.reshape(expand.shape[::-1]) + expand_bias


def dead(squeeze, squeeze_bias):
    return np.maximum(squeeze, 0).sum(axis=1) + squeeze_bias <= 0


# %% wrong: three colours in the code
def make_x(visible, squeeze, squeeze_bias, expand, expand_bias):
    v = visible.reshape(-1, 3)
    x = np.maximum(v @ squeeze.T + squeeze_bias, 0) @ expand.T + expand_bias
    return x.reshape(visible.shape)


def dead(squeeze, squeeze_bias):
    return np.maximum(squeeze, 0).sum(axis=1) + squeeze_bias <= 0


# %% wrong: clipped to what a screen shows
def make_x(visible, squeeze, squeeze_bias, expand, expand_bias):
    return np.minimum(np.maximum(visible @ squeeze.T + squeeze_bias, 0) @ expand.T + expand_bias, 5)


def dead(squeeze, squeeze_bias):
    return np.maximum(squeeze, 0).sum(axis=1) + squeeze_bias <= 0


# %% wrong: a ReLU that stops at 6, the formula without its first bias
def make_x(visible, squeeze, squeeze_bias, expand, expand_bias):
    return np.clip(visible @ squeeze.T, 0, 6) @ expand.T + expand_bias


def dead(squeeze, squeeze_bias):
    return np.maximum(squeeze, 0).sum(axis=1) + squeeze_bias <= 0


# %% wrong: the second bias belongs to the hidden channel
def make_x(visible, squeeze, squeeze_bias, expand, expand_bias):
    return np.maximum(visible @ squeeze.T + squeeze_bias + expand_bias.sum(), 0) @ expand.T


def dead(squeeze, squeeze_bias):
    return np.maximum(squeeze, 0).sum(axis=1) + squeeze_bias <= 0


# %% wrong: the hidden channel of white decides
def dead(squeeze, squeeze_bias):
    return squeeze.sum(axis=1) + squeeze_bias <= 0


def make_x(visible, squeeze, squeeze_bias, expand, expand_bias):
    return np.maximum(visible @ squeeze.T + squeeze_bias, 0) @ expand.T + expand_bias


# %% wrong: black, white and nothing between
def dead(squeeze, squeeze_bias):
    return np.maximum(squeeze.sum(axis=1), 0) + squeeze_bias <= 0


def make_x(visible, squeeze, squeeze_bias, expand, expand_bias):
    return np.maximum(visible @ squeeze.T + squeeze_bias, 0) @ expand.T + expand_bias


# %% wrong: all weights negative
def dead(squeeze, squeeze_bias):
    return (squeeze <= 0).all(axis=1) & (squeeze_bias <= 0)


def make_x(visible, squeeze, squeeze_bias, expand, expand_bias):
    return np.maximum(visible @ squeeze.T + squeeze_bias, 0) @ expand.T + expand_bias


# %% wrong: a thousand colours at random
def dead(squeeze, squeeze_bias):
    colours = np.random.default_rng(0).random((1000, squeeze.shape[1]))
    return (colours @ squeeze.T + squeeze_bias <= 0).all(axis=0)


def make_x(visible, squeeze, squeeze_bias, expand, expand_bias):
    return np.maximum(visible @ squeeze.T + squeeze_bias, 0) @ expand.T + expand_bias


# %% wrong: exactly 0 lives
def dead(squeeze, squeeze_bias):
    return np.maximum(squeeze, 0).sum(axis=1) + squeeze_bias < 0


def make_x(visible, squeeze, squeeze_bias, expand, expand_bias):
    return np.maximum(visible @ squeeze.T + squeeze_bias, 0) @ expand.T + expand_bias


# %% wrong: eight corners, whatever the number of channels
import itertools


def dead(squeeze, squeeze_bias):
    corners = np.array(list(itertools.product([0.0, 1.0], repeat=3)))
    return (corners @ squeeze[:, :3].T + squeeze_bias).max(axis=0) <= 0


def make_x(visible, squeeze, squeeze_bias, expand, expand_bias):
    return np.maximum(visible @ squeeze.T + squeeze_bias, 0) @ expand.T + expand_bias


# %% wrong: one answer for all channels
def dead(squeeze, squeeze_bias):
    return (np.maximum(squeeze, 0).sum(axis=1) + squeeze_bias <= 0).all()


def make_x(visible, squeeze, squeeze_bias, expand, expand_bias):
    return np.maximum(visible @ squeeze.T + squeeze_bias, 0) @ expand.T + expand_bias


# %% wrong: those that live
def dead(squeeze, squeeze_bias):
    return np.maximum(squeeze, 0).sum(axis=1) + squeeze_bias > 0


def make_x(visible, squeeze, squeeze_bias, expand, expand_bias):
    return np.maximum(visible @ squeeze.T + squeeze_bias, 0) @ expand.T + expand_bias
