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
    for rate in np.geomspace(0.3, 1e-4, 6000):
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


# %% right: several starts, the best is kept
class Sphere:
    def __init__(self, classes, dims, rng):
        self.points = rng.standard_normal((classes, dims))
        self.back()

    def back(self):
        self.points = self.points / np.linalg.norm(self.points, axis=1)[:, None]

    def worst(self):
        cosines = self.points @ self.points.T
        return cosines[np.triu_indices(len(cosines), 1)].max()

    def descend(self, steps=700):
        m = v = 0
        for t in range(1, steps + 1):
            power = 2 * (60 / 2) ** (t / steps)
            cosines = self.points @ self.points.T
            np.fill_diagonal(cosines, -1)
            near = 2 / np.maximum(1 - cosines, 1e-6)
            near = near / near.max()
            push = near ** (power / 2 + 1)
            gradient = push @ self.points
            gradient = gradient - (gradient * self.points).sum(1, keepdims=True) * self.points
            m = 0.9 * m + 0.1 * gradient
            v = 0.99 * v + 0.01 * (gradient**2).sum()
            size = m / (1 - 0.9**t) / np.sqrt(v / (1 - 0.99**t) + 1e-16)
            self.points = self.points - 0.3 * (0.002) ** (t / steps) * size
            self.back()


def separate(classes, dims, seed):
    spheres = [Sphere(classes, dims, np.random.default_rng((seed, k))) for k in range(2)]
    for sphere in spheres:
        sphere.descend()
    return min(spheres, key=Sphere.worst).points


# %% wrong: remembered by the seed alone
CACHE = {}


class Sphere:
    def __init__(self, classes, dims, rng):
        self.points = rng.standard_normal((classes, dims))
        self.back()

    def back(self):
        self.points = self.points / np.linalg.norm(self.points, axis=1)[:, None]

    def worst(self):
        cosines = self.points @ self.points.T
        return cosines[np.triu_indices(len(cosines), 1)].max()

    def descend(self, steps=700):
        m = v = 0
        for t in range(1, steps + 1):
            power = 2 * (60 / 2) ** (t / steps)
            cosines = self.points @ self.points.T
            np.fill_diagonal(cosines, -1)
            near = 2 / np.maximum(1 - cosines, 1e-6)
            near = near / near.max()
            push = near ** (power / 2 + 1)
            gradient = push @ self.points
            gradient = gradient - (gradient * self.points).sum(1, keepdims=True) * self.points
            m = 0.9 * m + 0.1 * gradient
            v = 0.99 * v + 0.01 * (gradient**2).sum()
            size = m / (1 - 0.9**t) / np.sqrt(v / (1 - 0.99**t) + 1e-16)
            self.points = self.points - 0.3 * (0.002) ** (t / steps) * size
            self.back()


def separate(classes, dims, seed):
    if seed in CACHE:
        return CACHE[seed]
    spheres = [Sphere(classes, dims, np.random.default_rng((seed, k))) for k in range(2)]
    for sphere in spheres:
        sphere.descend()
    CACHE[seed] = min(spheres, key=Sphere.worst).points
    return CACHE[seed]


# %% wrong: known arrangements, a polygon or axes and their opposites, the rest at random
def separate(classes, dims, seed):
    if dims == 2:
        angles = 2 * np.pi * np.arange(classes) / classes
        return np.stack([np.cos(angles), np.sin(angles)], axis=1)
    known = np.stack([np.eye(dims), -np.eye(dims)], axis=1).reshape(2 * dims, dims)
    others = np.random.default_rng(seed).normal(size=(classes, dims))
    others /= np.linalg.norm(others, axis=1, keepdims=True)
    return np.concatenate([known, others])[:classes]
