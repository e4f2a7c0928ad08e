# %% right: a stack
def cluster(distances, eps, min_samples):
    n = len(distances)
    neighbours = [np.flatnonzero(row <= eps) for row in distances]
    labels, name = [-1] * n, -1
    for i in range(n):
        if labels[i] != -1 or len(neighbours[i]) < min_samples:
            continue
        name += 1
        stack = [i]
        while stack:
            j = stack.pop()
            if labels[j] == -1:
                labels[j] = name
                if len(neighbours[j]) >= min_samples:
                    stack.extend(neighbours[j])
    return np.array(labels)


# %% right: the smallest number flows
def cluster(distances, eps, min_samples):
    near = distances <= eps
    core = near.sum(axis=0) >= min_samples
    n = len(near)
    number = np.where(core, np.arange(n), n)
    while True:
        new = np.where(near & core, number, n).min(axis=1)
        new = np.where(core, np.minimum(new, number), number)
        if (new == number).all():
            break
        number = new
    number = np.where(near & core, number, n).min(axis=1)
    names = np.unique(number[number < n])
    return np.where(number < n, np.searchsorted(names, number), -1)


# %% right: union and find
def cluster(distances, eps, min_samples):
    near = distances <= eps
    core = near.sum(axis=1) >= min_samples
    parent = list(range(len(near)))

    def find(i):
        while parent[i] != i:
            i = parent[i]
        return i

    for i in np.flatnonzero(core):
        for j in np.flatnonzero(near[i] & core):
            parent[find(j)] = find(i)
    labels, names = np.full(len(near), -1), {}
    for i in range(len(near)):
        owners = np.flatnonzero(near[i] & core)
        if len(owners):
            labels[i] = names.setdefault(find(owners[0]), len(names))
    return labels


# %% wrong: the point itself is not counted
def cluster(distances, eps, min_samples):
    near = distances <= eps
    core = near.sum(axis=1) - 1 >= min_samples
    labels, name = np.full(len(near), -1), 0
    for i in np.flatnonzero(core):
        if labels[i] < 0:
            front = np.array([i])
            while len(front):
                labels[front] = name
                front = np.flatnonzero(near[front[core[front]]].any(axis=0) & (labels < 0))
            name += 1
    return labels


# %% wrong: border points carry on
def cluster(distances, eps, min_samples):
    near = distances <= eps
    core = near.sum(axis=1) >= min_samples
    labels, name = np.full(len(near), -1), 0
    for i in np.flatnonzero(core):
        if labels[i] < 0:
            front = np.array([i])
            while len(front):
                labels[front] = name
                front = np.flatnonzero(near[front].any(axis=0) & (labels < 0))
            name += 1
    return labels


# %% wrong: border points are noise
def cluster(distances, eps, min_samples):
    near = distances <= eps
    core = near.sum(axis=1) >= min_samples
    labels, name = np.full(len(near), -1), 0
    for i in np.flatnonzero(core):
        if labels[i] < 0:
            front = np.array([i])
            while len(front):
                labels[front] = name
                front = np.flatnonzero(near[front].any(axis=0) & (labels < 0) & core)
            name += 1
    return labels


# %% wrong: below eps only
def cluster(distances, eps, min_samples):
    near = distances < eps
    core = near.sum(axis=1) >= min_samples
    labels, name = np.full(len(near), -1), 0
    for i in np.flatnonzero(core):
        if labels[i] < 0:
            front = np.array([i])
            while len(front):
                labels[front] = name
                front = np.flatnonzero(near[front[core[front]]].any(axis=0) & (labels < 0))
            name += 1
    return labels


# %% right: a class that walks
class Walker:
    def __init__(self, near, core):
        self.near, self.core, self.labels = near, core, -np.ones(len(near), dtype=int)

    def walk(self, i, name):
        self.labels[i] = name
        if self.core[i]:
            for j in np.flatnonzero(self.near[i]):
                if self.labels[j] == -1:
                    self.walk(j, name)


def cluster(distances, eps, min_samples):
    near = np.asarray(distances) <= eps
    walker = Walker(near, near.sum(0) >= min_samples)
    for i in np.flatnonzero(walker.core):
        if walker.labels[i] == -1:
            walker.walk(i, walker.labels.max() + 1)
    return walker.labels


# %% wrong: labels are floats
def cluster(distances, eps, min_samples):
    near = distances <= eps
    core = near.sum(axis=1) >= min_samples
    labels = np.full(len(distances), -1.0)
    count = 0
    for i in range(len(distances)):
        if not core[i] or labels[i] >= 0:
            continue
        todo = [i]
        while todo:
            j = todo.pop()
            if labels[j] >= 0:
                continue
            labels[j] = count
            if core[j]:
                todo.extend(np.flatnonzero(near[j]))
        count += 1
    return labels


# %% wrong: the diagonal is overwritten
def cluster(distances, eps, min_samples):
    np.fill_diagonal(distances, np.inf)
    near = distances <= eps
    np.fill_diagonal(near, True)
    core = near.sum(axis=1) >= min_samples
    labels = np.full(len(distances), -1)
    count = 0
    for i in range(len(distances)):
        if not core[i] or labels[i] >= 0:
            continue
        todo = [i]
        while todo:
            j = todo.pop()
            if labels[j] >= 0:
                continue
            labels[j] = count
            if core[j]:
                todo.extend(np.flatnonzero(near[j]))
        count += 1
    return labels


# %% wrong: scikit-learn
from sklearn.cluster import DBSCAN


def cluster(distances, eps, min_samples):
    return DBSCAN(eps=eps, min_samples=min_samples, metric="precomputed").fit_predict(distances)


# %% wrong: clusters that meet stay two
def cluster(distances, eps, min_samples):
    near = distances <= eps
    core = near.sum(axis=1) >= min_samples
    labels = np.full(len(distances), -1)
    count = 0
    for i in range(len(distances)):
        if not core[i]:
            continue
        mates = [labels[j] for j in np.flatnonzero(near[i] & core) if labels[j] >= 0]
        if mates:
            labels[i] = mates[0]
        else:
            labels[i] = count
            count += 1
    for i in np.flatnonzero(~core):
        mates = np.flatnonzero(near[i] & core)
        if len(mates):
            labels[i] = labels[mates[0]]
    return labels


# %% wrong: noise stays noise
def cluster(distances, eps, min_samples):
    near = distances <= eps
    core = near.sum(axis=1) >= min_samples
    labels, seen, name = np.full(len(near), -1), np.zeros(len(near), bool), 0
    for i in range(len(near)):
        if seen[i]:
            continue
        seen[i] = True
        if not core[i]:
            continue
        labels[i], todo = name, [i]
        while todo:
            for j in np.flatnonzero(near[todo.pop()] & ~seen):
                seen[j] = True
                labels[j] = name
                if core[j]:
                    todo.append(j)
        name += 1
    return labels


# %% wrong: stops after two clusters
def cluster(distances, eps, min_samples):
    near = distances <= eps
    core = near.sum(axis=1) >= min_samples
    labels = np.full(len(distances), -1)
    count = 0
    for i in range(len(distances)):
        if not core[i] or labels[i] >= 0 or count >= 2:
            continue
        todo = [i]
        while todo:
            j = todo.pop()
            if labels[j] >= 0:
                continue
            labels[j] = count
            if core[j]:
                todo.extend(np.flatnonzero(near[j]))
        count += 1
    return labels


# %% wrong: clusters that meet leave a gap in the numbers
def cluster(distances, eps, min_samples):
    near = distances <= eps
    core = near.sum(axis=1) >= min_samples
    labels, count = np.full(len(distances), -1), 0
    for i in np.flatnonzero(core):
        met = np.unique(labels[near[i] & core & (labels >= 0)])
        if len(met):
            labels[np.isin(labels, met)] = met[0]
            labels[i] = met[0]
        else:
            labels[i] = count
            count += 1
    for i in np.flatnonzero(~core):
        mates = np.flatnonzero(near[i] & core)
        if len(mates):
            labels[i] = labels[mates[0]]
    return labels


# %% wrong: fails where nothing is a core
def cluster(distances, eps, min_samples):
    near = distances <= eps
    core = near.sum(axis=1) >= min_samples
    labels = np.full(len(near), -1)
    reach = near[np.ix_(core, core)].astype(int)
    for _ in range(len(near)):
        reach = (reach @ reach > 0).astype(int)
    labels[core] = np.unique(reach.argmax(axis=1), return_inverse=True)[1]
    for i in np.flatnonzero(~core):
        friends = np.flatnonzero(near[i] & core)
        if len(friends):
            labels[i] = labels[friends[0]]
    return labels


# %% wrong: takes one away, as if there always were noise
def cluster(distances, eps, min_samples):
    near = distances <= eps
    core = near.sum(axis=1) >= min_samples
    labels = np.arange(len(near))
    for _ in range(len(near)):
        labels = np.where(core, np.where(near & core, labels, len(near)).min(axis=1), labels)
    for i in np.flatnonzero(~core):
        friends = np.flatnonzero(near[i] & core)
        labels[i] = labels[friends[0]] if len(friends) else -1
    return np.unique(labels, return_inverse=True)[1] - 1


# %% wrong: a chain of 16 steps at most
def cluster(distances, eps, min_samples):
    near = distances <= eps
    core = near.sum(axis=1) >= min_samples
    reach = 1 * (near & core & core[:, None])
    for _ in range(4):
        reach = 1 * (reach @ reach > 0)
    labels, count = np.full(len(near), -1), 0
    for i in np.flatnonzero(core):
        if labels[i] < 0:
            labels[(near[reach[i] > 0]).any(axis=0) & (labels < 0)] = count
            count += 1
    return labels


# %% wrong: a list
def cluster(distances, eps, min_samples):
    near = distances <= eps
    core = near.sum(axis=1) >= min_samples
    labels, count = [-1] * len(near), 0
    for i in np.flatnonzero(core):
        if labels[i] < 0:
            todo = [i]
            while todo:
                j = todo.pop()
                if labels[j] < 0:
                    labels[j] = count
                    todo.extend(np.flatnonzero(near[j]) if core[j] else [])
            count += 1
    return labels
