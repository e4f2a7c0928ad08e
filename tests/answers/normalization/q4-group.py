# %% right: five axes and var
def group_norm(x, groups, weight, bias, eps=1e-5):
    b, c = x.shape[:2]
    parts = x.reshape(b, groups, c // groups, *x.shape[2:])
    axes = tuple(range(2, parts.ndim))
    mean = parts.mean(dim=axes, keepdim=True)
    var = ((parts - mean) ** 2).mean(dim=axes, keepdim=True)
    y = ((parts - mean) * (var + eps) ** -0.5).reshape(x.shape)
    shape = (1, c) + (1,) * (x.dim() - 2)
    return y * weight.view(shape) + bias.view(shape)


# %% right: a loop over groups, joined again
def group_norm(x, groups, weight, bias, eps=1e-5):
    done = []
    for part, w, b in zip(x.chunk(groups, dim=1), weight.chunk(groups), bias.chunk(groups)):
        flat = part.flatten(1)
        mean, var = flat.mean(1, keepdim=True), flat.var(1, unbiased=False, keepdim=True)
        z = ((flat - mean) / (var + eps).sqrt()).unflatten(1, part.shape[1:]) if part.dim() > 2 else (flat - mean) / (
            var + eps
        ).sqrt()
        done.append(z.transpose(1, -1).mul(w).add(b).transpose(1, -1))
    return torch.cat(done, dim=1)


# %% right: unflatten, correction 0, and expand
def group_norm(x, groups, weight, bias, eps=1e-5):
    rows = x.unflatten(1, (groups, -1)).flatten(2)
    std = (rows.var(dim=-1, correction=0, keepdim=True) + eps).sqrt()
    y = (rows - rows.mean(-1, keepdim=True)).div(std).reshape_as(x)
    weight, bias = (p[(...,) + (None,) * (x.ndim - 2)] for p in (weight, bias))
    return torch.addcmul(bias.expand_as(x), y, weight.expand_as(x))


# %% right: contiguous first, and view
def group_norm(x, groups, weight, bias, eps=1e-5):
    flat = x.contiguous().view(x.size(0) * groups, -1)
    m = flat.mean(dim=1)[:, None]
    v = torch.square(flat - m).mean(dim=1)[:, None]
    z = torch.rsqrt(v + eps) * (flat - m)
    c = [1, -1] + [1] * (x.dim() - 2)
    return z.view(x.shape) * weight.reshape(c) + bias.reshape(c)


# %% wrong: groups take every second channel
def group_norm(x, groups, weight, bias, eps=1e-5):
    parts = x.reshape(len(x), -1, groups, *x.shape[2:]).transpose(1, 2)
    rows = parts.reshape(len(x), groups, -1)
    z = (rows - rows.mean(2, keepdim=True)) / (rows.var(2, correction=0, keepdim=True) + eps).sqrt()
    z = z.reshape(parts.shape).transpose(1, 2).reshape(x.shape)
    column = (-1, *[1] * (x.ndim - 2))
    return z * weight.reshape(column) + bias.reshape(column)


# %% wrong: view, which wants contiguous memory
def group_norm(x, groups, weight, bias, eps=1e-5):
    rows = x.view(len(x), groups, -1)
    z = (rows - rows.mean(2, keepdim=True)) / (rows.var(2, correction=0, keepdim=True) + eps).sqrt()
    column = (-1, *[1] * (x.ndim - 2))
    return z.view(x.shape) * weight.view(column) + bias.view(column)


# %% wrong: height and width are forgotten
def group_norm(x, groups, weight, bias, eps=1e-5):
    parts = x.reshape(len(x), groups, -1, *x.shape[2:])
    z = (parts - parts.mean(2, keepdim=True)) / (parts.var(2, correction=0, keepdim=True) + eps).sqrt()
    column = (-1, *[1] * (x.ndim - 2))
    return z.reshape(x.shape) * weight.reshape(column) + bias.reshape(column)


# %% wrong: the unbiased variance
def group_norm(x, groups, weight, bias, eps=1e-5):
    rows = x.reshape(len(x), groups, -1)
    z = (rows - rows.mean(2, keepdim=True)) / (rows.var(2, keepdim=True) + eps).sqrt()
    column = (-1, *[1] * (x.ndim - 2))
    return z.reshape(x.shape) * weight.reshape(column) + bias.reshape(column)


# %% wrong: over the batch as well
def group_norm(x, groups, weight, bias, eps=1e-5):
    rows = x.reshape(len(x), groups, -1)
    z = (rows - rows.mean((0, 2), keepdim=True)) / (rows.var((0, 2), correction=0, keepdim=True) + eps).sqrt()
    column = (-1, *[1] * (x.ndim - 2))
    return z.reshape(x.shape) * weight.reshape(column) + bias.reshape(column)


# %% wrong: images only
def group_norm(x, groups, weight, bias, eps=1e-5):
    b, c, h, w = x.shape
    rows = x.reshape(b, groups, c // groups * h * w)
    z = (rows - rows.mean(2, keepdim=True)) / (rows.var(2, correction=0, keepdim=True) + eps).sqrt()
    return z.reshape(b, c, h, w) * weight[:, None, None] + bias[:, None, None]


# %% wrong: eps of the default
def group_norm(x, groups, weight, bias, eps=1e-5):
    rows = x.reshape(len(x), groups, -1)
    z = (rows - rows.mean(2, keepdim=True)) / (rows.var(2, correction=0, keepdim=True) + 1e-5).sqrt()
    column = (-1, *[1] * (x.ndim - 2))
    return z.reshape(x.shape) * weight.reshape(column) + bias.reshape(column)


# %% wrong: statistics outside of the graph
def group_norm(x, groups, weight, bias, eps=1e-5):
    rows = x.reshape(len(x), groups, -1)
    with torch.no_grad():
        mean, var = rows.mean(2, keepdim=True), rows.var(2, correction=0, keepdim=True)
    z = (rows - mean) / (var + eps).sqrt()
    column = (-1, *[1] * (x.ndim - 2))
    return z.reshape(x.shape) * weight.reshape(column) + bias.reshape(column)


# %% wrong: through NumPy
def group_norm(x, groups, weight, bias, eps=1e-5):
    rows = x.detach().reshape(len(x), groups, -1).numpy()
    z = (rows - rows.mean(2, keepdims=True)) / (rows.var(2, keepdims=True) + eps) ** 0.5
    column = (-1, *[1] * (x.ndim - 2))
    return torch.from_numpy(z).reshape(x.shape).to(x.dtype) * weight.reshape(column) + bias.reshape(column)


# %% wrong: weight and bias per group
def group_norm(x, groups, weight, bias, eps=1e-5):
    rows = x.reshape(len(x), groups, -1)
    z = (rows - rows.mean(2, keepdim=True)) / (rows.var(2, correction=0, keepdim=True) + eps).sqrt()
    y = z * weight[:groups, None] + bias[:groups, None]
    return y.reshape(x.shape)


# %% wrong: always in float64
def group_norm(x, groups, weight, bias, eps=1e-5):
    rows = x.double().reshape(len(x), groups, -1)
    z = (rows - rows.mean(2, keepdim=True)) / (rows.var(2, correction=0, keepdim=True) + eps).sqrt()
    column = (-1, *[1] * (x.ndim - 2))
    return z.reshape(x.shape) * weight.reshape(column) + bias.reshape(column)


# %% wrong: PyTorch's own
def group_norm(x, groups, weight, bias, eps=1e-5):
    return torch.nn.functional.group_norm(x, groups, weight, bias, eps)


# %% wrong: PyTorch's layer norm on the groups
def group_norm(x, groups, weight, bias, eps=1e-5):
    rows = x.reshape(len(x), groups, -1)
    z = torch.nn.functional.layer_norm(rows, rows.shape[2:], eps=eps)
    column = (-1, *[1] * (x.ndim - 2))
    return z.reshape(x.shape) * weight.reshape(column) + bias.reshape(column)


# %% wrong: x is centred in place
def group_norm(x, groups, weight, bias, eps=1e-5):
    rows = x.reshape(len(x), groups, -1)
    rows -= rows.mean(2, keepdim=True)
    z = rows / (rows.square().mean(2, keepdim=True) + eps).sqrt()
    column = (-1, *[1] * (x.ndim - 2))
    return z.reshape(x.shape) * weight.reshape(column) + bias.reshape(column)
