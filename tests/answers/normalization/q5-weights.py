# %% right: rows and norm
def weight_norm(v, g):
    rows = v.reshape(len(v), -1)
    return (g[:, None] * rows / np.linalg.norm(rows, axis=1, keepdims=True)).reshape(v.shape)


def weight_norm_backward(gradient, v, g):
    rows, to_w = v.reshape(len(v), -1), gradient.reshape(len(v), -1)
    length = np.linalg.norm(rows, axis=1)
    to_g = (to_w * rows).sum(axis=1) / length
    to_v = (g / length)[:, None] * to_w - (g * to_g / length**2)[:, None] * rows
    return to_v.reshape(v.shape), to_g


# %% right: a loop over units, with the matrix that projects
def weight_norm(v, g):
    return np.stack([scale * unit / np.sqrt((unit * unit).sum()) for unit, scale in zip(v, g)])


def weight_norm_backward(gradient, v, g):
    to_v, to_g = np.zeros(v.shape), np.zeros(len(g))
    for k in range(len(v)):
        flat = v[k].ravel()
        length = np.sqrt(flat @ flat)
        projector = np.eye(len(flat)) - np.outer(flat, flat) / length**2
        to_v[k] = (g[k] / length * projector @ gradient[k].ravel()).reshape(v[k].shape)
        to_g[k] = flat @ gradient[k].ravel() / length
    return to_v, to_g


# %% right: keepdims over all but the first axis, and einsum
def _length(v):
    return (v**2).sum(axis=tuple(range(1, v.ndim)), keepdims=True) ** 0.5


def weight_norm(v, g):
    return g.reshape((-1,) + (1,) * (v.ndim - 1)) / _length(v) * v


def weight_norm_backward(gradient, v, g):
    length = _length(v)
    to_g = np.einsum("kj,kj->k", gradient.reshape(len(v), -1), (v / length).reshape(len(v), -1))
    shape = length.shape
    to_v = g.reshape(shape) / length * (gradient - to_g.reshape(shape) / length * v)
    return [to_v, to_g]


# %% wrong: one length for all units
def weight_norm(v, g):
    return v * g.reshape(-1, *[1] * (v.ndim - 1)) / np.linalg.norm(v)


def weight_norm_backward(gradient, v, g):
    column = (-1, *[1] * (v.ndim - 1))
    length = np.sqrt((v**2).reshape(len(v), -1).sum(axis=1))
    u = v / length.reshape(column)
    to_g = (gradient * u).reshape(len(v), -1).sum(axis=1)
    return (g / length).reshape(column) * (gradient - to_g.reshape(column) * u), to_g


# %% wrong: the length over the units
def weight_norm(v, g):
    return v * g.reshape(-1, *[1] * (v.ndim - 1)) / np.linalg.norm(v, axis=0)


def weight_norm_backward(gradient, v, g):
    column = (-1, *[1] * (v.ndim - 1))
    length = np.sqrt((v**2).reshape(len(v), -1).sum(axis=1))
    u = v / length.reshape(column)
    to_g = (gradient * u).reshape(len(v), -1).sum(axis=1)
    return (g / length).reshape(column) * (gradient - to_g.reshape(column) * u), to_g


# %% wrong: of filters each position has its own length
def weight_norm(v, g):
    return v * g.reshape(-1, *[1] * (v.ndim - 1)) / np.linalg.norm(v, axis=1, keepdims=True)


def weight_norm_backward(gradient, v, g):
    column = (-1, *[1] * (v.ndim - 1))
    length = np.sqrt((v**2).reshape(len(v), -1).sum(axis=1))
    u = v / length.reshape(column)
    to_g = (gradient * u).reshape(len(v), -1).sum(axis=1)
    return (g / length).reshape(column) * (gradient - to_g.reshape(column) * u), to_g


# %% wrong: the size of g counts, not its sign
def weight_norm(v, g):
    length = np.sqrt((v**2).reshape(len(v), -1).sum(axis=1))
    return v * (np.abs(g) / length).reshape(-1, *[1] * (v.ndim - 1))


def weight_norm_backward(gradient, v, g):
    column = (-1, *[1] * (v.ndim - 1))
    length = np.sqrt((v**2).reshape(len(v), -1).sum(axis=1))
    u = v / length.reshape(column)
    to_g = (gradient * u).reshape(len(v), -1).sum(axis=1)
    return (g / length).reshape(column) * (gradient - to_g.reshape(column) * u), to_g


# %% wrong: the part along v is left in
def weight_norm(v, g):
    length = np.sqrt((v**2).reshape(len(v), -1).sum(axis=1))
    return v * (g / length).reshape(-1, *[1] * (v.ndim - 1))


def weight_norm_backward(gradient, v, g):
    column = (-1, *[1] * (v.ndim - 1))
    length = np.sqrt((v**2).reshape(len(v), -1).sum(axis=1))
    to_g = (gradient * v / length.reshape(column)).reshape(len(v), -1).sum(axis=1)
    return (g / length).reshape(column) * gradient, to_g


# %% wrong: g is forgotten on the way to v
def weight_norm(v, g):
    length = np.sqrt((v**2).reshape(len(v), -1).sum(axis=1))
    return v * (g / length).reshape(-1, *[1] * (v.ndim - 1))


def weight_norm_backward(gradient, v, g):
    column = (-1, *[1] * (v.ndim - 1))
    length = np.sqrt((v**2).reshape(len(v), -1).sum(axis=1))
    u = v / length.reshape(column)
    to_g = (gradient * u).reshape(len(v), -1).sum(axis=1)
    return (gradient - to_g.reshape(column) * u) / length.reshape(column), to_g


# %% wrong: the length is forgotten on the way to v
def weight_norm(v, g):
    length = np.sqrt((v**2).reshape(len(v), -1).sum(axis=1))
    return v * (g / length).reshape(-1, *[1] * (v.ndim - 1))


def weight_norm_backward(gradient, v, g):
    column = (-1, *[1] * (v.ndim - 1))
    length = np.sqrt((v**2).reshape(len(v), -1).sum(axis=1))
    u = v / length.reshape(column)
    to_g = (gradient * u).reshape(len(v), -1).sum(axis=1)
    return g.reshape(column) * (gradient - to_g.reshape(column) * u), to_g


# %% wrong: v in place of its direction in the gradient of g
def weight_norm(v, g):
    length = np.sqrt((v**2).reshape(len(v), -1).sum(axis=1))
    return v * (g / length).reshape(-1, *[1] * (v.ndim - 1))


def weight_norm_backward(gradient, v, g):
    column = (-1, *[1] * (v.ndim - 1))
    length = np.sqrt((v**2).reshape(len(v), -1).sum(axis=1))
    u = v / length.reshape(column)
    along = (gradient * u).reshape(len(v), -1).sum(axis=1)
    to_v = (g / length).reshape(column) * (gradient - along.reshape(column) * u)
    return to_v, along * length


# %% wrong: linear layers only on the way back
def weight_norm(v, g):
    length = np.sqrt((v**2).reshape(len(v), -1).sum(axis=1))
    return v * (g / length).reshape(-1, *[1] * (v.ndim - 1))


def weight_norm_backward(gradient, v, g):
    column = (-1, *[1] * (v.ndim - 1))
    length = np.sqrt((v**2).reshape(len(v), -1).sum(axis=1))
    u = v / length.reshape(column)
    along = (gradient * u).sum(axis=1, keepdims=True)
    to_g = along.reshape(len(v), -1).sum(axis=1)
    return (g / length).reshape(column) * (gradient - along * u), to_g


# %% wrong: v is normalised in place
def weight_norm(v, g):
    length = np.sqrt((v**2).reshape(len(v), -1).sum(axis=1))
    v /= length.reshape(-1, *[1] * (v.ndim - 1))
    return v * g.reshape(-1, *[1] * (v.ndim - 1))


def weight_norm_backward(gradient, v, g):
    column = (-1, *[1] * (v.ndim - 1))
    length = np.sqrt((v**2).reshape(len(v), -1).sum(axis=1))
    u = v / length.reshape(column)
    to_g = (gradient * u).reshape(len(v), -1).sum(axis=1)
    return (g / length).reshape(column) * (gradient - to_g.reshape(column) * u), to_g


# %% wrong: the two results exchanged
def weight_norm(v, g):
    length = np.sqrt((v**2).reshape(len(v), -1).sum(axis=1))
    return v * (g / length).reshape(-1, *[1] * (v.ndim - 1))


def weight_norm_backward(gradient, v, g):
    column = (-1, *[1] * (v.ndim - 1))
    length = np.sqrt((v**2).reshape(len(v), -1).sum(axis=1))
    u = v / length.reshape(column)
    to_g = (gradient * u).reshape(len(v), -1).sum(axis=1)
    return to_g, (g / length).reshape(column) * (gradient - to_g.reshape(column) * u)


# %% wrong: automatic gradients
def weight_norm(v, g):
    length = np.sqrt((v**2).reshape(len(v), -1).sum(axis=1))
    return v * (g / length).reshape(-1, *[1] * (v.ndim - 1))


def weight_norm_backward(gradient, v, g):
    tensors = [torch.tensor(a, requires_grad=True) for a in (v, g)]
    length = tensors[0].flatten(1).norm(dim=1)
    w = tensors[0] * (tensors[1] / length).reshape(-1, *[1] * (v.ndim - 1))
    return [a.numpy() for a in torch.autograd.grad(w, tensors, torch.tensor(gradient))]
