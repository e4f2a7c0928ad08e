# %% right: sets of baskets
def rules(baskets, least_support, least_confidence):
    n, items = baskets.shape
    holders = [set(np.flatnonzero(baskets[:, item])) for item in range(items)]
    found = []
    for a in range(items):
        for b in range(items):
            both = len(holders[a] & holders[b])
            if a == b or both == 0:
                continue
            if both / n >= least_support and both / len(holders[a]) >= least_confidence:
                found.append((a, b, both / n, both / len(holders[a]), both * n / len(holders[a]) / len(holders[b])))
    return found


# %% right: pairs once, both ways
from itertools import combinations


def rules(baskets, least_support, least_confidence):
    n = baskets.shape[0]
    count = baskets.sum(axis=0)
    out = []
    for i, j in combinations(range(baskets.shape[1]), 2):
        both = np.logical_and(baskets[:, i], baskets[:, j]).sum()
        if both / n < least_support or both == 0:
            continue
        for a, b in ((i, j), (j, i)):
            if both / count[a] >= least_confidence:
                out.append((a, b, both / n, both / count[a], (both / count[a]) / (count[b] / n)))
    return out


# %% right: matrices, and sorted by lift
def rules(baskets, least_support, least_confidence):
    x = baskets.astype(np.int64)
    n_ab = x.T @ x
    n_a = np.diag(n_ab)
    n = x.shape[0]
    safe = np.maximum(n_a, 1)
    support = n_ab / n
    confidence = n_ab / safe[:, None]
    lift = n_ab * n / np.outer(safe, safe)
    good = (support >= least_support) & (confidence >= least_confidence) & ~np.eye(len(n_a), dtype=bool)
    found = [(int(a), int(b), support[a, b], confidence[a, b], lift[a, b]) for a, b in zip(*np.where(good))]
    return sorted(found, key=lambda rule: -rule[4])


# %% right: counters
from collections import Counter


def rules(baskets, least_support, least_confidence):
    single, pair = Counter(), Counter()
    for basket in baskets.tolist():
        inside = [item for item, there in enumerate(basket) if there]
        single.update(inside)
        pair.update((a, b) for a in inside for b in inside if a != b)
    n = len(baskets)
    numbers = ((a, b, c / n, c / single[a], c * n / (single[a] * single[b])) for (a, b), c in pair.items())
    return [rule for rule in numbers if rule[2] >= least_support and rule[3] >= least_confidence]


# %% wrong: confidence divided by the consequent
def rules(baskets, least_support, least_confidence):
    x, n = baskets.astype(float), len(baskets)
    both, found = x.T @ x, []
    for a, b in zip(*np.nonzero(both)):
        support, confidence = both[a, b] / n, both[a, b] / both[b, b]
        if a != b and support >= least_support and confidence >= least_confidence:
            found.append((a, b, support, confidence, both[a, b] * n / (both[a, a] * both[b, b])))
    return found


# %% wrong: a lift without n
def rules(baskets, least_support, least_confidence):
    x, n = baskets.astype(float), len(baskets)
    both, found = x.T @ x, []
    for a, b in zip(*np.nonzero(both)):
        support, confidence = both[a, b] / n, both[a, b] / both[a, a]
        if a != b and support >= least_support and confidence >= least_confidence:
            found.append((a, b, support, confidence, confidence / both[b, b]))
    return found


# %% wrong: more than the limits
def rules(baskets, least_support, least_confidence):
    x, n = baskets.astype(float), len(baskets)
    both, found = x.T @ x, []
    for a, b in zip(*np.nonzero(both)):
        support, confidence = both[a, b] / n, both[a, b] / both[a, a]
        if a != b and support > least_support and confidence > least_confidence:
            found.append((a, b, support, confidence, confidence * n / both[b, b]))
    return found


# %% wrong: support above the limit, confidence at it
def rules(baskets, least_support, least_confidence):
    x, n = baskets.astype(float), len(baskets)
    both, found = x.T @ x, []
    for a, b in zip(*np.nonzero(both)):
        support, confidence = both[a, b] / n, both[a, b] / both[a, a]
        if a != b and support > least_support and confidence >= least_confidence:
            found.append((a, b, support, confidence, confidence * n / both[b, b]))
    return found


# %% wrong: an item with itself
def rules(baskets, least_support, least_confidence):
    x, n = baskets.astype(float), len(baskets)
    both, found = x.T @ x, []
    for a, b in zip(*np.nonzero(both)):
        support, confidence = both[a, b] / n, both[a, b] / both[a, a]
        if support >= least_support and confidence >= least_confidence:
            found.append((a, b, support, confidence, confidence * n / both[b, b]))
    return found


# %% wrong: one direction
def rules(baskets, least_support, least_confidence):
    x, n = baskets.astype(float), len(baskets)
    both, found = x.T @ x, []
    for a, b in zip(*np.nonzero(both)):
        support, confidence = both[a, b] / n, both[a, b] / both[a, a]
        if a < b and support >= least_support and confidence >= least_confidence:
            found.append((a, b, support, confidence, confidence * n / both[b, b]))
    return found


# %% wrong: an item in no basket is an error
def rules(baskets, least_support, least_confidence):
    n, items = baskets.shape
    single, found = baskets.sum(0).tolist(), []
    for a in range(items):
        for b in range(items):
            both = int((baskets[:, a] & baskets[:, b]).sum())
            confidence = both / single[a]
            if a != b and both / n >= least_support and confidence >= least_confidence:
                found.append((a, b, both / n, confidence, both * n / (single[a] * single[b])))
    return found


# %% wrong: columns without an item are dropped, and the others counted anew
def rules(baskets, least_support, least_confidence):
    baskets = baskets[:, baskets.any(0)]
    x, n = baskets.astype(float), len(baskets)
    both, found = x.T @ x, []
    for a, b in zip(*np.nonzero(both)):
        support, confidence = both[a, b] / n, both[a, b] / both[a, a]
        if a != b and support >= least_support and confidence >= least_confidence:
            found.append((a, b, support, confidence, confidence * n / both[b, b]))
    return found


# %% wrong: empty baskets do not count
def rules(baskets, least_support, least_confidence):
    baskets = baskets[baskets.any(1)]
    x, n = baskets.astype(float), len(baskets)
    both, found = x.T @ x, []
    for a, b in zip(*np.nonzero(both)):
        support, confidence = both[a, b] / n, both[a, b] / both[a, a]
        if a != b and support >= least_support and confidence >= least_confidence:
            found.append((a, b, support, confidence, confidence * n / both[b, b]))
    return found


# %% wrong: without a rule there is nothing
def rules(baskets, least_support, least_confidence):
    x, n = baskets.astype(float), len(baskets)
    both, found = x.T @ x, []
    for a, b in zip(*np.nonzero(both)):
        support, confidence = both[a, b] / n, both[a, b] / both[a, a]
        if a != b and support >= least_support and confidence >= least_confidence:
            found.append((a, b, support, confidence, confidence * n / both[b, b]))
    return found or None


# %% wrong: the limits are exchanged
def rules(baskets, least_support, least_confidence):
    x, n = baskets.astype(float), len(baskets)
    both, found = x.T @ x, []
    for a, b in zip(*np.nonzero(both)):
        support, confidence = both[a, b] / n, both[a, b] / both[a, a]
        if a != b and support >= least_confidence and confidence >= least_support:
            found.append((a, b, support, confidence, confidence * n / both[b, b]))
    return found


# %% wrong: booleans are multiplied
def rules(baskets, least_support, least_confidence):
    n = len(baskets)
    both, found = baskets.T @ baskets, []
    for a, b in zip(*np.nonzero(both)):
        support, confidence = both[a, b] / n, both[a, b] / baskets[:, a].sum()
        if a != b and support >= least_support and confidence >= least_confidence:
            found.append((a, b, support, confidence, confidence * n / baskets[:, b].sum()))
    return found


# %% wrong: the support of one item
def rules(baskets, least_support, least_confidence):
    x, n = baskets.astype(float), len(baskets)
    both, found = x.T @ x, []
    for a, b in zip(*np.nonzero(both)):
        confidence = both[a, b] / both[a, a]
        if a != b and both[a, a] / n >= least_support and confidence >= least_confidence:
            found.append((a, b, both[a, b] / n, confidence, confidence * n / both[b, b]))
    return found
