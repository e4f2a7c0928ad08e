# %% right: plain Python, one image at a time
import math


def looc(queries, keys, queues, temperature):
    heads, batch = len(queries), len(queries[0])

    def cosine(a, b):
        return float(a @ b) / math.sqrt(float(a @ a) * float(b @ b))

    total = 0.0
    for i in range(heads):
        for b in range(batch):
            q = queries[i][b]
            same = [cosine(q, keys[i][j][b]) / temperature for j in range(heads)]
            seen = (same if i > 0 else same[:1]) + [cosine(q, old) / temperature for old in queues[i]]
            top = max(seen)
            total += top + math.log(sum(math.exp(v - top) for v in seen)) - same[i]
    return total / heads / batch


# %% right: all heads at once, logaddexp
def looc(queries, keys, queues, temperature):
    def unit(v):
        return v / np.sqrt((v**2).sum(-1, keepdims=True))

    q, k, s = unit(queries), unit(keys), unit(queues)
    own = np.einsum("hbd,hvbd->hvb", q, k) / temperature
    old = np.einsum("hbd,hsd->hsb", q, s) / temperature
    positive = np.einsum("hhb->hb", own).copy()
    own[0, 1:] = -np.inf
    return np.mean(np.logaddexp.reduce(np.concatenate([own, old], axis=1), axis=1) - positive)


# %% right: the softmax itself, as log of 1 plus what the others add
def looc(queries, keys, queues, temperature):
    n, losses = len(queries) - 1, []
    for i in range(n + 1):
        q = queries[i] / np.linalg.norm(queries[i], axis=1)[:, None]
        others = [keys[i, j] for j in range(n + 1) if j != i and i != 0]
        right = (q * keys[i, i]).sum(1) / np.linalg.norm(keys[i, i], axis=1)
        wrong = [(q * other).sum(1) / np.linalg.norm(other, axis=1) for other in others]
        wrong = np.array(wrong).reshape(len(others), len(q))
        queue = queues[i] / np.linalg.norm(queues[i], axis=1, keepdims=True)
        wrong = np.concatenate([wrong, queue @ q.T])  # (others + size, batch)
        gaps = (wrong - right) / temperature
        top = np.maximum(gaps.max(axis=0), 0)
        losses.append(top + np.log(np.exp(-top) + np.exp(gaps - top).sum(axis=0)))
    return float(np.mean(losses))


# %% right: a mask, and sorting out the largest
def looc(queries, keys, queues, temperature):
    q, k, s = [x / np.linalg.norm(x, axis=-1, keepdims=True) for x in (queries, keys, queues)]
    h, b, _ = q.shape
    scores = np.concatenate([(q[:, None] * k).sum(-1).transpose(0, 2, 1), q @ s.transpose(0, 2, 1)], -1) / temperature
    use = np.ones(scores.shape, bool)
    use[0, :, 1:h] = False
    top = np.where(use, scores, -np.inf).max(-1, keepdims=True)
    e = np.where(use, np.exp(np.where(use, scores - top, 0)), 0).sum(-1)
    picked = np.stack([scores[i, :, i] for i in range(h)])
    return (np.log(e) + top[..., 0] - picked).sum() / (h * b)


# %% wrong: the other keys are no negatives
def looc(queries, keys, queues, temperature):
    q, k, s = [x / np.linalg.norm(x, axis=-1, keepdims=True) for x in (queries, keys, queues)]
    losses = []
    for i in range(len(q)):
        seen = np.concatenate([(q[i] * k[i, i]).sum(-1)[:, None], q[i] @ s[i].T], 1) / temperature
        top = seen.max(1, keepdims=True)
        losses.append(np.mean(top[:, 0] + np.log(np.exp(seen - top).sum(1)) - seen[:, 0]))
    return np.mean(losses)


# %% wrong: the other keys count in head 0, too
def looc(queries, keys, queues, temperature):
    q, k, s = [x / np.linalg.norm(x, axis=-1, keepdims=True) for x in (queries, keys, queues)]
    losses = []
    for i in range(len(q)):
        seen = np.concatenate([(q[i] * k[i]).sum(-1).T, q[i] @ s[i].T], 1) / temperature
        top = seen.max(1, keepdims=True)
        losses.append(np.mean(top[:, 0] + np.log(np.exp(seen - top).sum(1)) - seen[:, i]))
    return np.mean(losses)


# %% wrong: divided by n
def looc(queries, keys, queues, temperature):
    q, k, s = [x / np.linalg.norm(x, axis=-1, keepdims=True) for x in (queries, keys, queues)]
    losses = []
    for i in range(len(q)):
        same = (q[i] * k[i]).sum(-1).T / temperature
        seen = np.concatenate([same if i else same[:, :1], q[i] @ s[i].T / temperature], 1)
        top = seen.max(1, keepdims=True)
        losses.append(np.mean(top[:, 0] + np.log(np.exp(seen - top).sum(1)) - same[:, i]))
    return sum(losses) / max(1, len(q) - 1)


# %% wrong: key 0 is no negative
def looc(queries, keys, queues, temperature):
    q, k, s = [x / np.linalg.norm(x, axis=-1, keepdims=True) for x in (queries, keys, queues)]
    losses = []
    for i in range(len(q)):
        same = (q[i] * k[i]).sum(-1).T / temperature
        seen = np.concatenate([same[:, 1:] if i else same[:, :1], q[i] @ s[i].T / temperature], 1)
        top = seen.max(1, keepdims=True)
        losses.append(np.mean(top[:, 0] + np.log(np.exp(seen - top).sum(1)) - same[:, i]))
    return np.mean(losses)


# %% wrong: one softmax over all heads
def looc(queries, keys, queues, temperature):
    q, k, s = [x / np.linalg.norm(x, axis=-1, keepdims=True) for x in (queries, keys, queues)]
    seen, right = [], []
    for i in range(len(q)):
        same = (q[i] * k[i]).sum(-1).T / temperature
        seen += [same if i else same[:, :1], q[i] @ s[i].T / temperature]
        right.append(same[:, i])
    seen = np.concatenate(seen, 1)
    top = seen.max(1)
    return np.mean(top + np.log(np.exp(seen - top[:, None]).sum(1)) - np.array(right))


# %% wrong: the positive is counted twice
def looc(queries, keys, queues, temperature):
    q, k, s = [x / np.linalg.norm(x, axis=-1, keepdims=True) for x in (queries, keys, queues)]
    losses = []
    for i in range(len(q)):
        same = (q[i] * k[i]).sum(-1).T / temperature
        seen = np.concatenate([same[:, [i]], same if i else same[:, :1], q[i] @ s[i].T / temperature], 1)
        top = seen.max(1, keepdims=True)
        losses.append(np.mean(top[:, 0] + np.log(np.exp(seen - top).sum(1)) - same[:, i]))
    return np.mean(losses)


# %% wrong: the temperature divides the queue's scores alone
def looc(queries, keys, queues, temperature):
    q, k, s = [x / np.linalg.norm(x, axis=-1, keepdims=True) for x in (queries, keys, queues)]
    losses = []
    for i in range(len(q)):
        same = (q[i] * k[i]).sum(-1).T
        seen = np.concatenate([same if i else same[:, :1], q[i] @ s[i].T / temperature], 1)
        top = seen.max(1, keepdims=True)
        losses.append(np.mean(top[:, 0] + np.log(np.exp(seen - top).sum(1)) - same[:, i]))
    return np.mean(losses)


# %% wrong: head and view exchanged
def looc(queries, keys, queues, temperature):
    q, k, s = [x / np.linalg.norm(x, axis=-1, keepdims=True) for x in (queries, keys, queues)]
    losses = []
    for i in range(len(q)):
        same = (q[i] * k[:, i]).sum(-1).T / temperature
        seen = np.concatenate([same if i else same[:, :1], q[i] @ s[i].T / temperature], 1)
        top = seen.max(1, keepdims=True)
        losses.append(np.mean(top[:, 0] + np.log(np.exp(seen - top).sum(1)) - same[:, i]))
    return np.mean(losses)


# %% wrong: dot products instead of cosines
def looc(queries, keys, queues, temperature):
    q, k, s = queries, keys, queues
    losses = []
    for i in range(len(q)):
        same = (q[i] * k[i]).sum(-1).T / temperature
        seen = np.concatenate([same if i else same[:, :1], q[i] @ s[i].T / temperature], 1)
        top = seen.max(1, keepdims=True)
        losses.append(np.mean(top[:, 0] + np.log(np.exp(seen - top).sum(1)) - same[:, i]))
    return np.mean(losses)


# %% wrong: a sum over the batch
def looc(queries, keys, queues, temperature):
    q, k, s = [x / np.linalg.norm(x, axis=-1, keepdims=True) for x in (queries, keys, queues)]
    losses = []
    for i in range(len(q)):
        same = (q[i] * k[i]).sum(-1).T / temperature
        seen = np.concatenate([same if i else same[:, :1], q[i] @ s[i].T / temperature], 1)
        top = seen.max(1, keepdims=True)
        losses.append(np.sum(top[:, 0] + np.log(np.exp(seen - top).sum(1)) - same[:, i]))
    return np.mean(losses)


# %% wrong: exp overflows
def looc(queries, keys, queues, temperature):
    q, k, s = [x / np.linalg.norm(x, axis=-1, keepdims=True) for x in (queries, keys, queues)]
    losses = []
    for i in range(len(q)):
        same = (q[i] * k[i]).sum(-1).T / temperature
        seen = np.concatenate([same if i else same[:, :1], q[i] @ s[i].T / temperature], 1)
        losses.append(np.mean(np.log(np.exp(seen).sum(1)) - same[:, i]))
    return np.mean(losses)


# %% wrong: the largest of the whole batch is taken out
def looc(queries, keys, queues, temperature):
    q, k, s = [x / np.linalg.norm(x, axis=-1, keepdims=True) for x in (queries, keys, queues)]
    losses = []
    for i in range(len(q)):
        same = (q[i] * k[i]).sum(-1).T / temperature
        seen = np.concatenate([same if i else same[:, :1], q[i] @ s[i].T / temperature], 1)
        top = seen.max()
        losses.append(np.mean(top + np.log(np.exp(seen - top).sum(1)) - same[:, i]))
    return np.mean(losses)


# %% wrong: clipped, for stability
def looc(queries, keys, queues, temperature):
    q, k, s = [x / np.linalg.norm(x, axis=-1, keepdims=True) for x in (queries, keys, queues)]
    losses = []
    for i in range(len(q)):
        same = np.clip((q[i] * k[i]).sum(-1).T / temperature, -50, 50)
        seen = np.concatenate([same if i else same[:, :1], np.clip(q[i] @ s[i].T / temperature, -50, 50)], 1)
        losses.append(np.mean(np.log(np.exp(seen).sum(1)) - same[:, i]))
    return np.mean(losses)


# %% wrong: axes of length 1 are squeezed away
def looc(queries, keys, queues, temperature):
    q, k, s = [x / np.linalg.norm(x, axis=-1, keepdims=True) for x in (queries, keys, queues)]
    total = 0.0
    for i in range(len(q)):
        same = (q[i] * k[i]).sum(-1).reshape(len(q), -1).T / temperature
        if len(q) > 1:
            same = same.squeeze()
        seen = np.column_stack([same if i else same[..., :1], q[i] @ s[i].T / temperature])
        top = seen.max(axis=1)
        total += np.mean(top + np.log(np.exp(seen - top[:, None]).sum(axis=1)) - same[..., i])
    return total / len(q)


# %% wrong: the vectors are brought to length 1 in place
def looc(queries, keys, queues, temperature):
    for x in (queries, keys, queues):
        x /= 2 * np.linalg.norm(x, axis=-1, keepdims=True)
    q, k, s = 2 * queries, 2 * keys, 2 * queues
    losses = []
    for i in range(len(q)):
        same = (q[i] * k[i]).sum(-1).T / temperature
        seen = np.concatenate([same if i else same[:, :1], q[i] @ s[i].T / temperature], 1)
        top = seen.max(1, keepdims=True)
        losses.append(np.mean(top[:, 0] + np.log(np.exp(seen - top).sum(1)) - same[:, i]))
    return np.mean(losses)


# %% wrong: made for rotation and colour, and no third augmentation
def looc(queries, keys, queues, temperature):
    q, k, s = [x / np.linalg.norm(x, axis=-1, keepdims=True) for x in (queries, keys, queues)]
    losses = []
    for i in range(len(q)):
        others = [j for j in (0, 1, 2) if i and j != i and j < len(q)]
        right = (q[i] * k[i, i]).sum(-1)[:, None]
        seen = np.concatenate([right, (q[i] * k[i, others]).sum(-1).T, q[i] @ s[i].T], 1) / temperature
        top = seen.max(1, keepdims=True)
        losses.append(np.mean(top[:, 0] + np.log(np.exp(seen - top).sum(1)) - seen[:, 0]))
    return np.mean(losses)
