# %% right: a bin at a time
def calibration_error(probabilities, labels, bins):
    confidence = np.max(probabilities, axis=1)
    right = np.argmax(probabilities, axis=1) == labels
    total = 0.0
    for m in range(bins):
        inside = (confidence > m / bins) & (confidence <= (m + 1) / bins)
        if inside.sum() == 0:
            continue
        total += inside.sum() / len(labels) * np.abs(right[inside].mean() - confidence[inside].mean())
    return total


# %% right: a dictionary in plain Python
import math
from collections import defaultdict


def calibration_error(probabilities, labels, bins):
    gaps = defaultdict(float)
    for row, y in zip(probabilities.tolist(), labels.tolist()):
        c = max(row)
        gaps[math.ceil(c * bins)] += (row.index(c) == y) - c
    return sum(abs(gap) for gap in gaps.values()) / len(labels)


# %% right: digitize and NaN means
def calibration_error(probabilities, labels, bins):
    n = labels.size
    answer = probabilities.argmax(-1)
    c = probabilities[np.arange(n), answer]
    a = (answer == labels).astype(float)
    which = np.digitize(c, np.linspace(0, 1, bins + 1), right=True)
    present, inverse, count = np.unique(which, return_inverse=True, return_counts=True)
    acc = np.bincount(inverse, a) / count
    conf = np.bincount(inverse, c) / count
    return np.sum(count / n * abs(acc - conf))


# %% right: one matrix
def calibration_error(probabilities, labels, bins):
    c, a = probabilities.max(1), probabilities.argmax(1) == labels
    lo = np.arange(bins)[:, None] / bins
    inside = (c > lo) & (c <= lo + 1 / bins + 1e-12)
    weight = inside / np.maximum(inside.sum(1, keepdims=True), 1)
    return float(inside.mean(axis=1) @ np.abs(weight @ a - weight @ c))


# %% wrong: every bin weighs the same
def calibration_error(probabilities, labels, bins):
    c, a = probabilities.max(1), probabilities.argmax(1) == labels
    number = np.minimum((c * bins).astype(int), bins - 1)
    return np.mean([abs(a[number == m].mean() - c[number == m].mean()) for m in np.unique(number)])


# %% wrong: a mean over all bins, empty ones too
def calibration_error(probabilities, labels, bins):
    c, a = probabilities.max(1), probabilities.argmax(1) == labels
    number = np.minimum((c * bins).astype(int), bins - 1)
    return sum(abs(a[number == m].mean() - c[number == m].mean()) for m in np.unique(number)) / bins


# %% wrong: the probability of the true class
def calibration_error(probabilities, labels, bins):
    c, a = probabilities[np.arange(len(labels)), labels], probabilities.argmax(1) == labels
    number = np.minimum((c * bins).astype(int), bins - 1)
    return np.abs(np.bincount(number, weights=a - c)).sum() / len(labels)


# %% wrong: the gap of each image
def calibration_error(probabilities, labels, bins):
    c, a = probabilities.max(1), probabilities.argmax(1) == labels
    return np.abs(a - c).mean()


# %% wrong: one bin for everything
def calibration_error(probabilities, labels, bins):
    c, a = probabilities.max(1), probabilities.argmax(1) == labels
    return abs(a.mean() - c.mean())


# %% wrong: the largest gap
def calibration_error(probabilities, labels, bins):
    c, a = probabilities.max(1), probabilities.argmax(1) == labels
    number = np.minimum((c * bins).astype(int), bins - 1)
    return max(abs(a[number == m].mean() - c[number == m].mean()) for m in np.unique(number))


# %% wrong: squared gaps
def calibration_error(probabilities, labels, bins):
    c, a = probabilities.max(1), probabilities.argmax(1) == labels
    number = np.minimum((c * bins).astype(int), bins - 1)
    return sum(
        np.mean(number == m) * (a[number == m].mean() - c[number == m].mean()) ** 2 for m in np.unique(number)
    )


# %% wrong: overconfidence alone
def calibration_error(probabilities, labels, bins):
    c, a = probabilities.max(1), probabilities.argmax(1) == labels
    number = np.minimum((c * bins).astype(int), bins - 1)
    return np.maximum(np.bincount(number, weights=c - a), 0).sum() / len(labels)


# %% wrong: empty bins make NaN
def calibration_error(probabilities, labels, bins):
    c, a = probabilities.max(1), probabilities.argmax(1) == labels
    number = np.minimum((c * bins).astype(int), bins - 1)
    count = np.bincount(number, minlength=bins)
    with np.errstate(invalid="ignore"):
        gap = np.abs(np.bincount(number, a, bins) / count - np.bincount(number, c, bins) / count)
    return (count / len(labels) * gap).sum()


# %% wrong: a confidence of 1 falls out
def calibration_error(probabilities, labels, bins):
    c, a = probabilities.max(1), probabilities.argmax(1) == labels
    total = 0.0
    for m in range(bins):
        inside = (c >= m / bins) & (c < (m + 1) / bins)
        if inside.any():
            total += inside.mean() * abs(a[inside].mean() - c[inside].mean())
    return total


# %% wrong: of equal probabilities the last
def calibration_error(probabilities, labels, bins):
    classes = probabilities.shape[1]
    c, a = probabilities.max(1), classes - 1 - probabilities[:, ::-1].argmax(1) == labels
    number = np.minimum((c * bins).astype(int), bins - 1)
    return np.abs(np.bincount(number, weights=a - c)).sum() / len(labels)


# %% wrong: of equal probabilities any
def calibration_error(probabilities, labels, bins):
    c = probabilities.max(1)
    a = probabilities[np.arange(len(labels)), labels] == c
    number = np.minimum((c * bins).astype(int), bins - 1)
    return np.abs(np.bincount(number, weights=a - c)).sum() / len(labels)


# %% wrong: the first bin is skipped
def calibration_error(probabilities, labels, bins):
    c, a = probabilities.max(1), probabilities.argmax(1) == labels
    total = 0.0
    for m in range(1, bins):
        inside = (c > m / bins) & (c <= (m + 1) / bins)
        if inside.any():
            total += inside.mean() * abs(a[inside].mean() - c[inside].mean())
    return total


# %% wrong: at most as many bins as samples
def calibration_error(probabilities, labels, bins):
    bins = min(bins, max(len(labels), 5))
    c, a = probabilities.max(1), probabilities.argmax(1) == labels
    number = np.minimum((c * bins).astype(int), bins - 1)
    return np.abs(np.bincount(number, weights=a - c)).sum() / len(labels)


# %% wrong: one sample more in the divisor
def calibration_error(probabilities, labels, bins):
    c, a = probabilities.max(1), probabilities.argmax(1) == labels
    number = np.minimum((c * bins).astype(int), bins - 1)
    return np.abs(np.bincount(number, weights=a - c)).sum() / (len(labels) + 1)


# %% wrong: the argument is rounded in place
def calibration_error(probabilities, labels, bins):
    c, a = probabilities.max(1), probabilities.argmax(1) == labels
    number = np.minimum((c * bins).astype(int), bins - 1)
    gap = np.abs(np.bincount(number, weights=a - c)).sum() / len(labels)
    probabilities *= 0
    return gap


# %% wrong: the library's
def calibration_error(probabilities, labels, bins):
    from mylib.trust.calibration.scratch import expected_calibration_error

    return expected_calibration_error(probabilities, labels, bins)


# %% wrong: one against the rest, every class
def calibration_error(probabilities, labels, bins):
    c = probabilities.ravel()
    a = (np.arange(probabilities.shape[1]) == labels[:, None]).ravel()
    number = np.minimum((c * bins).astype(int), bins - 1)
    return np.abs(np.bincount(number, weights=a - c)).sum() / len(c)
