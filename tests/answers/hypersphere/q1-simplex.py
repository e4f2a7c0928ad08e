# %% right: the upper triangle
def largest_cosine(prototypes):
    unit = prototypes / np.sqrt((prototypes**2).sum(axis=1))[:, None]
    return (unit @ unit.T)[np.triu_indices(len(unit), k=1)].max()


def simplex(classes):
    points = np.eye(classes) - np.ones((classes, classes)) / classes
    return points / np.linalg.norm(points[0])


# %% right: loops over pairs
def largest_cosine(prototypes):
    best = -1.0
    for a in range(len(prototypes)):
        for b in range(a + 1, len(prototypes)):
            p, q = prototypes[a], prototypes[b]
            best = max(best, p @ q / np.sqrt((p @ p) * (q @ q)))
    return best


def simplex(classes):
    eye = np.eye(classes)
    centred = eye - eye.mean(axis=0)
    return np.stack([row / np.sqrt((row**2).sum()) for row in centred])


# %% right: a boolean mask, and the closed form
def largest_cosine(prototypes):
    gram = np.einsum("id,jd->ij", prototypes, prototypes)
    lengths = np.sqrt(np.diag(gram))
    cosines = gram / np.outer(lengths, lengths)
    return cosines[~np.eye(len(gram), dtype=bool)].max()


def simplex(classes):
    scale = np.sqrt(classes / (classes - 1))
    return scale * (np.eye(classes) - 1 / classes)


# %% wrong: the diagonal is not left out
def largest_cosine(prototypes):
    unit = prototypes / np.sqrt((prototypes**2).sum(axis=1))[:, None]
    return (unit @ unit.T).max()


def simplex(classes):
    points = np.eye(classes) - np.ones((classes, classes)) / classes
    return points / np.linalg.norm(points[0])


# %% wrong: the lengths count
def largest_cosine(prototypes):
    unit = prototypes
    return (unit @ unit.T)[np.triu_indices(len(unit), k=1)].max()


def simplex(classes):
    points = np.eye(classes) - np.ones((classes, classes)) / classes
    return points / np.linalg.norm(points[0])


# %% wrong: every cosine of 1 is taken for the diagonal
def largest_cosine(prototypes):
    unit = prototypes / np.sqrt((prototypes**2).sum(axis=1))[:, None]
    return max(c for c in (unit @ unit.T).ravel() if c < 1 - 1e-9)


def simplex(classes):
    points = np.eye(classes) - np.ones((classes, classes)) / classes
    return points / np.linalg.norm(points[0])


# %% wrong: the diagonal is set to zero, which hides negative cosines
def largest_cosine(prototypes):
    unit = prototypes / np.sqrt((prototypes**2).sum(axis=1))[:, None]
    cosines = unit @ unit.T
    np.fill_diagonal(cosines, 0)
    return cosines.max()


def simplex(classes):
    points = np.eye(classes) - np.ones((classes, classes)) / classes
    return points / np.linalg.norm(points[0])


# %% wrong: the size of the cosine instead of the cosine
def largest_cosine(prototypes):
    unit = prototypes / np.sqrt((prototypes**2).sum(axis=1))[:, None]
    return (unit @ unit.T)[np.triu_indices(len(unit), k=1)].__abs__().max()


def simplex(classes):
    points = np.eye(classes) - np.ones((classes, classes)) / classes
    return points / np.linalg.norm(points[0])


# %% wrong: normalised in place
def largest_cosine(prototypes):
    unit = prototypes
    unit /= np.sqrt((prototypes**2).sum(axis=1))[:, None]
    return (unit @ unit.T)[np.triu_indices(len(unit), k=1)].max()


def simplex(classes):
    points = np.eye(classes) - np.ones((classes, classes)) / classes
    return points / np.linalg.norm(points[0])


# %% wrong: one-hot codes for a simplex
def largest_cosine(prototypes):
    unit = prototypes / np.sqrt((prototypes**2).sum(axis=1))[:, None]
    return (unit @ unit.T)[np.triu_indices(len(unit), k=1)].max()


def simplex(classes):
    return np.eye(classes)


# %% wrong: the simplex is not put back onto the sphere
def largest_cosine(prototypes):
    unit = prototypes / np.sqrt((prototypes**2).sum(axis=1))[:, None]
    return (unit @ unit.T)[np.triu_indices(len(unit), k=1)].max()


def simplex(classes):
    points = np.eye(classes) - np.ones((classes, classes)) / classes
    return points


# %% right: plain Python, and a simplex in float32
import math


def largest_cosine(prototypes):
    rows = [[float(v) for v in row] for row in prototypes]
    best = -math.inf
    for i in range(len(rows)):
        for j in range(i):
            dot = sum(a * b for a, b in zip(rows[i], rows[j]))
            best = max(best, dot / (math.sqrt(sum(a * a for a in rows[i])) * math.sqrt(sum(b * b for b in rows[j]))))
    return best


def simplex(classes):
    codes = np.eye(classes, dtype=np.float32)
    codes = codes - codes.mean(axis=0)
    return codes / np.linalg.norm(codes, axis=1, keepdims=True)


# %% wrong: only rows that follow each other
def largest_cosine(prototypes):
    unit = prototypes / np.linalg.norm(prototypes, axis=1, keepdims=True)
    return max(unit[k] @ unit[k + 1] for k in range(len(unit) - 1))


def simplex(classes):
    codes = np.eye(classes) - 1 / classes
    return codes / np.linalg.norm(codes, axis=1, keepdims=True)


# %% wrong: the simplex of four classes for every number of classes
def largest_cosine(prototypes):
    unit = prototypes / np.linalg.norm(prototypes, axis=1, keepdims=True)
    cosines = unit @ unit.T
    return cosines[~np.eye(len(unit), dtype=bool)].max()


def simplex(classes):
    codes = np.eye(classes) - 1 / 4
    return codes / np.linalg.norm(codes, axis=1, keepdims=True)
