# %% right: one example at a time
def update_bound(x, y, weight, bias):
    length = float(np.sqrt(sum(w * w for w in weight) + bias * bias))
    radius, margin = 0.0, float("inf")
    for row, label in zip(x, y):
        radius = max(radius, float(np.sqrt(sum(v * v for v in row) + 1)))
        side = 1 if label == 1 else -1
        margin = min(margin, side * (float(np.dot(row, weight)) + bias) / length)
    return (radius / margin) ** 2 if margin > 0 else float("inf")


# %% right: squares throughout
def update_bound(x, y, weight, bias):
    votes = np.where(np.asarray(y) == 1, 1.0, -1.0) * (x @ weight + bias)
    if votes.min() <= 0:
        return np.inf
    return (np.square(x).sum(axis=1) + 1).max() * (np.square(weight).sum() + bias**2) / votes.min() ** 2


# %% right: column_stack and concatenate
def update_bound(x, y, weight, bias):
    wide = np.column_stack([x, np.ones(x.shape[0])])
    w = np.concatenate([np.atleast_1d(weight), [bias]])
    sign = 2 * np.asarray(y) - 1
    gamma = np.min(sign * wide.dot(w)) / np.sqrt(w.dot(w))
    if not gamma > 0:
        return np.inf
    return (np.sqrt((wide**2).sum(1)).max() / gamma) ** 2


# %% wrong: the radius without the 1 of the bias
def update_bound(x, y, weight, bias):
    w = np.append(weight, bias)
    margin = ((2 * y - 1) * (x @ weight + bias)).min() / np.linalg.norm(w)
    return (np.linalg.norm(x, axis=1).max() / margin) ** 2 if margin > 0 else np.inf


# %% wrong: the margin is not divided by the length of w
def update_bound(x, y, weight, bias):
    margin = ((2 * y - 1) * (x @ weight + bias)).min()
    radius = np.sqrt((x**2).sum(axis=1) + 1).max()
    return (radius / margin) ** 2 if margin > 0 else np.inf


# %% wrong: divides by the length of the weights without the bias
def update_bound(x, y, weight, bias):
    margin = ((2 * y - 1) * (x @ weight + bias)).min() / np.linalg.norm(weight)
    radius = np.sqrt((x**2).sum(axis=1) + 1).max()
    return (radius / margin) ** 2 if margin > 0 else np.inf


# %% wrong: the mean margin instead of the smallest
def update_bound(x, y, weight, bias):
    w = np.append(weight, bias)
    votes = (2 * y - 1) * (x @ weight + bias)
    margin = votes.mean() / np.linalg.norm(w)
    radius = np.sqrt((x**2).sum(axis=1) + 1).max()
    return (radius / margin) ** 2 if votes.min() > 0 else np.inf


# %% wrong: forgets the square
def update_bound(x, y, weight, bias):
    w = np.append(weight, bias)
    margin = ((2 * y - 1) * (x @ weight + bias)).min() / np.linalg.norm(w)
    radius = np.sqrt((x**2).sum(axis=1) + 1).max()
    return radius / margin if margin > 0 else np.inf


# %% wrong: the absolute value hides examples on the wrong side
def update_bound(x, y, weight, bias):
    w = np.append(weight, bias)
    margin = np.abs(x @ weight + bias).min() / np.linalg.norm(w)
    radius = np.sqrt((x**2).sum(axis=1) + 1).max()
    return (radius / margin) ** 2


# %% wrong: divides the weights in place
def update_bound(x, y, weight, bias):
    extended = np.c_[x, np.ones(len(x))]
    length = np.sqrt(weight @ weight + bias**2)
    weight /= length
    gamma = ((2 * y - 1) * (x @ weight + bias / length)).min()
    return np.inf if gamma <= 0 else (np.linalg.norm(extended, axis=1).max() / gamma) ** 2


# %% wrong: changes the labels of the caller
def update_bound(x, y, weight, bias):
    y[y == 0] = -1
    z = y * (x @ weight + bias) / np.sqrt(weight @ weight + bias**2)
    return np.inf if z.min() <= 0 else ((x**2).sum(1).max() + 1) / z.min() ** 2


# %% wrong: looks at the side of the first example only
def update_bound(x, y, weight, bias):
    extended = np.c_[x, np.ones(len(x))]
    w = np.append(weight, bias)
    z = extended @ w
    gamma = np.abs(z).min() / np.linalg.norm(w)
    if gamma == 0 or (z[0] > 0) != (y[0] == 1):
        return np.inf
    return (np.linalg.norm(extended, axis=1).max() / gamma) ** 2


# %% wrong: rounds the bound down
def update_bound(x, y, weight, bias):
    xt = np.hstack([x, np.ones((len(x), 1))])
    wt = np.append(weight, bias)
    s = 2 * np.asarray(y) - 1
    gamma = (s * (xt @ wt)).min() / np.linalg.norm(wt) if np.any(wt) else 0
    return np.inf if gamma <= 0 else int((np.linalg.norm(xt, axis=1).max() / gamma) ** 2)
