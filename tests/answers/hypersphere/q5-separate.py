# %% right: each point away from its neighbours, more and more from the nearest
def separate(classes, dims, seed):
    rng = np.random.default_rng(seed)
    points = rng.normal(size=(classes, dims))
    points /= np.linalg.norm(points, axis=1, keepdims=True)
    for step in range(1500):
        share = step / 1500
        beta, rate = 5 * 1000**share, 0.3 * 0.001**share
        cosines = points @ points.T
        np.fill_diagonal(cosines, -np.inf)
        pushes = np.exp(beta * (cosines - cosines.max(axis=1, keepdims=True)))
        pushes /= pushes.sum(axis=1, keepdims=True)
        points = points - rate * (pushes + pushes.T) @ points / 2
        points /= np.linalg.norm(points, axis=1, keepdims=True)
    return points


# %% right: the closest pair only, many small steps
def separate(classes, dims, seed):
    rng = np.random.default_rng(seed)
    points = rng.normal(size=(classes, dims))
    points /= np.linalg.norm(points, axis=1, keepdims=True)
    for rate in np.geomspace(0.3, 1e-4, 15000):
        cosines = points @ points.T
        cosines[np.arange(classes), np.arange(classes)] = -2
        k, l = divmod(int(cosines.argmax()), classes)
        points[k], points[l] = points[k] - rate * points[l], points[l] - rate * points[k]
        points[k] /= np.sqrt(points[k] @ points[k])
        points[l] /= np.sqrt(points[l] @ points[l])
    return points


# %% right: like charges that repel, with a growing power of the distance
def separate(classes, dims, seed):
    points = np.random.default_rng(seed).normal(size=(classes, dims))
    points /= np.linalg.norm(points, axis=1, keepdims=True)
    eye = np.eye(classes, dtype=bool)
    for share in np.linspace(0, 1, 1200):
        power, rate = 2 * 60**share, 0.1 * 0.05**share
        apart = points[:, None] - points[None]
        squared = (apart**2).sum(axis=2)
        squared[eye] = np.inf
        weight = (squared.min() / squared) ** power
        push = (weight[:, :, None] * apart).sum(axis=1)
        push -= (push * points).sum(axis=1, keepdims=True) * points
        points = points + rate * push
        points /= np.linalg.norm(points, axis=1, keepdims=True)
    return points


# %% wrong: random points
def separate(classes, dims, seed):
    points = np.random.default_rng(seed).normal(size=(classes, dims))
    return points / np.linalg.norm(points, axis=1, keepdims=True)


# %% wrong: far too few steps
def separate(classes, dims, seed):
    rng = np.random.default_rng(seed)
    points = rng.normal(size=(classes, dims))
    points /= np.linalg.norm(points, axis=1, keepdims=True)
    for step in range(5):
        share = step / 1500
        beta, rate = 5 * 1000**share, 0.3 * 0.001**share
        cosines = points @ points.T
        np.fill_diagonal(cosines, -np.inf)
        pushes = np.exp(beta * (cosines - cosines.max(axis=1, keepdims=True)))
        pushes /= pushes.sum(axis=1, keepdims=True)
        points = points - rate * (pushes + pushes.T) @ points / 2
        points /= np.linalg.norm(points, axis=1, keepdims=True)
    return points


# %% wrong: away from the mean only
def separate(classes, dims, seed):
    points = np.random.default_rng(seed).normal(size=(classes, dims))
    for _ in range(100):
        points = points - points.mean(axis=0)
        points /= np.linalg.norm(points, axis=1, keepdims=True)
    return points


# %% wrong: another result at each call
def separate(classes, dims, seed):
    rng = np.random.default_rng()
    points = rng.normal(size=(classes, dims))
    points /= np.linalg.norm(points, axis=1, keepdims=True)
    for step in range(1500):
        share = step / 1500
        beta, rate = 5 * 1000**share, 0.3 * 0.001**share
        cosines = points @ points.T
        np.fill_diagonal(cosines, -np.inf)
        pushes = np.exp(beta * (cosines - cosines.max(axis=1, keepdims=True)))
        pushes /= pushes.sum(axis=1, keepdims=True)
        points = points - rate * (pushes + pushes.T) @ points / 2
        points /= np.linalg.norm(points, axis=1, keepdims=True)
    return points


# %% wrong: not put back onto the sphere
def separate(classes, dims, seed):
    rng = np.random.default_rng(seed)
    points = rng.normal(size=(classes, dims))
    points /= np.linalg.norm(points, axis=1, keepdims=True)
    for step in range(1500):
        share = step / 1500
        beta, rate = 5 * 1000**share, 0.3 * 0.001**share
        cosines = points @ points.T
        np.fill_diagonal(cosines, -np.inf)
        pushes = np.exp(beta * (cosines - cosines.max(axis=1, keepdims=True)))
        pushes /= pushes.sum(axis=1, keepdims=True)
        points = points - rate * (pushes + pushes.T) @ points / 2
    return 2 * points


# %% wrong: steps towards the neighbours
def separate(classes, dims, seed):
    rng = np.random.default_rng(seed)
    points = rng.normal(size=(classes, dims))
    points /= np.linalg.norm(points, axis=1, keepdims=True)
    for step in range(1500):
        share = step / 1500
        beta, rate = 5 * 1000**share, 0.3 * 0.001**share
        cosines = points @ points.T
        np.fill_diagonal(cosines, -np.inf)
        pushes = np.exp(beta * (cosines - cosines.max(axis=1, keepdims=True)))
        pushes /= pushes.sum(axis=1, keepdims=True)
        points = points + rate * (pushes + pushes.T) @ points / 2
        points /= np.linalg.norm(points, axis=1, keepdims=True)
    return points


# %% wrong: the mean of all cosines is made small, which is content with opposite clumps
def separate(classes, dims, seed):
    rng = np.random.default_rng(seed)
    points = rng.normal(size=(classes, dims))
    points /= np.linalg.norm(points, axis=1, keepdims=True)
    for step in range(1500):
        share = step / 1500
        beta, rate = 5 * 1000**share, 0.3 * 0.001**share
        cosines = points @ points.T
        np.fill_diagonal(cosines, -np.inf)
        pushes = 1.0 * (cosines > -2)
        pushes /= pushes.sum(axis=1, keepdims=True)
        points = points - rate * (pushes + pushes.T) @ points / 2
        points /= np.linalg.norm(points, axis=1, keepdims=True)
    return points


# %% wrong: as many one-hot codes as fit
def separate(classes, dims, seed):
    return np.eye(dims)[np.arange(classes) % dims]
