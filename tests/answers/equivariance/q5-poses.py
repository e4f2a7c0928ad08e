# %% right: solved, not inverted
def pose_votes(part_poses, relations):
    turned = np.linalg.solve(np.swapaxes(relations, 1, 2), np.swapaxes(part_poses, 2, 3))
    return np.swapaxes(turned, 2, 3)


def displaced_part(part_poses, relations):
    votes = pose_votes(part_poses, relations)
    middle = np.median(votes, axis=1)
    return np.linalg.norm(votes - middle[:, None], axis=(2, 3)).argmax(axis=1)


# %% right: loops over images and parts
def pose_votes(part_poses, relations):
    result = np.empty(part_poses.shape)
    for b in range(part_poses.shape[0]):
        for i in range(part_poses.shape[1]):
            result[b, i] = np.dot(part_poses[b, i], np.linalg.inv(relations[i]))
    return result


def displaced_part(part_poses, relations):
    answers = []
    for votes in pose_votes(part_poses, relations):
        distances = [np.linalg.norm(vote - np.median(votes, axis=0)) for vote in votes]
        answers.append(int(np.argmax(distances)))
    return np.array(answers)


# %% right: the inverse by hand, einsum, a sort for the median
def inverse(r):
    a, b, x, c, d, y = r[..., 0, 0], r[..., 0, 1], r[..., 0, 2], r[..., 1, 0], r[..., 1, 1], r[..., 1, 2]
    det = a * d - b * c
    result = np.zeros_like(r)
    result[..., 0, 0], result[..., 0, 1] = d / det, -b / det
    result[..., 1, 0], result[..., 1, 1] = -c / det, a / det
    result[..., 0, 2] = (b * y - d * x) / det
    result[..., 1, 2] = (c * x - a * y) / det
    result[..., 2, 2] = 1
    return result


def pose_votes(part_poses, relations):
    return np.einsum("bpij,pjk->bpik", part_poses, inverse(relations))


def displaced_part(part_poses, relations):
    votes = pose_votes(part_poses, relations).reshape(len(part_poses), len(relations), 9)
    ordered = np.sort(votes, axis=1)
    n = len(relations)
    middle = (ordered[:, (n - 1) // 2] + ordered[:, n // 2]) / 2
    return np.argmax(((votes - middle[:, None, :]) ** 2).sum(-1), axis=-1).astype(np.int64)


# %% wrong: the inverse from the left
def pose_votes(part_poses, relations):
    return np.linalg.inv(relations) @ part_poses


def displaced_part(part_poses, relations):
    votes = part_poses @ np.linalg.inv(relations)
    apart = votes - np.median(votes, axis=1, keepdims=True)
    return (apart**2).sum(axis=(2, 3)).argmax(axis=1)


# %% wrong: the inverse entry by entry
def pose_votes(part_poses, relations):
    return part_poses @ np.divide(1, relations, out=np.zeros_like(relations), where=relations != 0)


def displaced_part(part_poses, relations):
    votes = part_poses @ np.linalg.inv(relations)
    apart = votes - np.median(votes, axis=1, keepdims=True)
    return (apart**2).sum(axis=(2, 3)).argmax(axis=1)


# %% wrong: the inverse of a rotation, for all relations
def pose_votes(part_poses, relations):
    turned = np.swapaxes(relations[:, :2, :2], 1, 2)
    inverse = np.tile(np.eye(3), (len(relations), 1, 1))
    inverse[:, :2, :2] = turned
    inverse[:, :2, 2] = -(turned @ relations[:, :2, 2:])[..., 0]
    return part_poses @ inverse


def displaced_part(part_poses, relations):
    votes = part_poses @ np.linalg.inv(relations)
    apart = votes - np.median(votes, axis=1, keepdims=True)
    return (apart**2).sum(axis=(2, 3)).argmax(axis=1)


# %% wrong: the first image only
def pose_votes(part_poses, relations):
    return (part_poses[0] @ np.linalg.inv(relations))[None]


def displaced_part(part_poses, relations):
    votes = part_poses @ np.linalg.inv(relations)
    apart = votes - np.median(votes, axis=1, keepdims=True)
    return (apart**2).sum(axis=(2, 3)).argmax(axis=1)


# %% wrong: one median and one answer for all images
def pose_votes(part_poses, relations):
    return part_poses @ np.linalg.inv(relations)


def displaced_part(part_poses, relations):
    votes = pose_votes(part_poses, relations)
    apart = votes - np.median(votes, axis=(0, 1))
    return (apart**2).sum(axis=(2, 3)).argmax(axis=1)


# %% wrong: far from the mean vote
def pose_votes(part_poses, relations):
    return part_poses @ np.linalg.inv(relations)


def displaced_part(part_poses, relations):
    votes = pose_votes(part_poses, relations)
    apart = votes - votes.mean(axis=1, keepdims=True)
    return (apart**2).sum(axis=(2, 3)).argmax(axis=1)


# %% wrong: the entry that is farthest off
def pose_votes(part_poses, relations):
    return part_poses @ np.linalg.inv(relations)


def displaced_part(part_poses, relations):
    votes = pose_votes(part_poses, relations)
    return np.abs(votes - np.median(votes, axis=1, keepdims=True)).max(axis=(2, 3)).argmax(axis=1)


# %% wrong: the part that agrees most
def pose_votes(part_poses, relations):
    return part_poses @ np.linalg.inv(relations)


def displaced_part(part_poses, relations):
    votes = pose_votes(part_poses, relations)
    apart = votes - np.median(votes, axis=1, keepdims=True)
    return (apart**2).sum(axis=(2, 3)).argmin(axis=1)


# %% wrong: poses are compared instead of votes
def pose_votes(part_poses, relations):
    return part_poses @ np.linalg.inv(relations)


def displaced_part(part_poses, relations):
    apart = part_poses - np.median(part_poses, axis=1, keepdims=True)
    return (apart**2).sum(axis=(2, 3)).argmax(axis=1)


# %% wrong: numbers of parts as fractions
def pose_votes(part_poses, relations):
    return part_poses @ np.linalg.inv(relations)


def displaced_part(part_poses, relations):
    votes = pose_votes(part_poses, relations)
    apart = votes - np.median(votes, axis=1, keepdims=True)
    result = np.zeros(len(votes))
    result[:] = (apart**2).sum(axis=(2, 3)).argmax(axis=1)
    return result


# %% wrong: sums of absolute differences
def pose_votes(part_poses, relations):
    return part_poses @ np.linalg.inv(relations)


def displaced_part(part_poses, relations):
    v = pose_votes(part_poses, relations)
    d = v - np.median(v, axis=1, keepdims=True)
    return np.abs(d).sum(axis=(2, 3)).argmax(axis=1)


# %% wrong: the upper of two middle votes
def pose_votes(part_poses, relations):
    return part_poses @ np.linalg.inv(relations)


def displaced_part(part_poses, relations):
    v = pose_votes(part_poses, relations)
    d = v - np.sort(v, axis=1)[:, v.shape[1] // 2][:, None]
    return (d**2).sum(axis=(2, 3)).argmax(axis=1)


# %% wrong: the lower of two middle votes
def pose_votes(part_poses, relations):
    return part_poses @ np.linalg.inv(relations)


def displaced_part(part_poses, relations):
    v = pose_votes(part_poses, relations)
    d = v - np.sort(v, axis=1)[:, (v.shape[1] - 1) // 2][:, None]
    return (d**2).sum(axis=(2, 3)).argmax(axis=1)
