# %% right: a bin at a time
def reliability(confidence, correct, bins):
    count = np.zeros(bins, dtype=int)
    accuracy, mean_confidence = np.zeros(bins), np.zeros(bins)
    for m in range(bins):
        inside = (confidence > m / bins) & (confidence <= (m + 1) / bins)
        if m == 0:
            inside = inside | (confidence == 0)
        count[m] = inside.sum()
        if count[m]:
            accuracy[m] = correct[inside].mean()
            mean_confidence[m] = confidence[inside].mean()
    return count, accuracy, mean_confidence


# %% right: rounded up
def reliability(confidence, correct, bins):
    number = np.clip(np.ceil(confidence * bins).astype(int) - 1, 0, bins - 1)
    one_hot = np.eye(bins)[number]
    count = one_hot.sum(axis=0)
    with np.errstate(invalid="ignore"):
        accuracy = np.nan_to_num(one_hot.T @ correct / count)
        mean_confidence = np.nan_to_num(one_hot.T @ confidence / count)
    return count.astype(np.int64), accuracy, mean_confidence


# %% right: lists in plain Python
def reliability(confidence, correct, bins):
    members = [[] for _ in range(bins)]
    for c, a in zip(confidence.tolist(), correct.tolist()):
        m = 0
        while m < bins - 1 and c > (m + 1) / bins:
            m += 1
        members[m].append((c, bool(a)))
    count = np.array([len(one) for one in members])
    accuracy = np.array([sum(a for _, a in one) / len(one) if one else 0.0 for one in members])
    mean_confidence = np.array([sum(c for c, _ in one) / len(one) if one else 0.0 for one in members])
    return [count, accuracy, mean_confidence]


# %% right: digitize
def reliability(confidence, correct, bins):
    number = np.digitize(confidence, np.linspace(0, 1, bins + 1)[1:-1], right=True)
    count = np.array([np.sum(number == m) for m in range(bins)], dtype="int32")
    safe = np.where(count == 0, 1, count)
    hits, sums = np.zeros(bins), np.zeros(bins)
    np.add.at(hits, number, correct)
    np.add.at(sums, number, confidence)
    return count, hits / safe, sums / safe


# %% wrong: bins are [lo, hi)
def reliability(confidence, correct, bins):
    number = np.minimum((confidence * bins).astype(int), bins - 1)
    count = np.bincount(number, minlength=bins)
    sums = [np.bincount(number, weights=values, minlength=bins) for values in (correct, confidence)]
    return count, sums[0] / np.maximum(count, 1), sums[1] / np.maximum(count, 1)


# %% wrong: a histogram with NumPy's edges
def reliability(confidence, correct, bins):
    count, _ = np.histogram(confidence, bins, (0, 1))
    hits, _ = np.histogram(confidence, bins, (0, 1), weights=correct.astype(float))
    sums, _ = np.histogram(confidence, bins, (0, 1), weights=confidence)
    return count, hits / np.maximum(count, 1), sums / np.maximum(count, 1)


# %% wrong: a confidence of 1 falls out
def reliability(confidence, correct, bins):
    count, accuracy, mean_confidence = np.zeros(bins, int), np.zeros(bins), np.zeros(bins)
    for m in range(bins):
        inside = (confidence > m / bins) & (confidence <= (m + 1) / bins) & (confidence < 1)
        inside |= (confidence == 0) & (m == 0)
        if inside.any():
            count[m], accuracy[m], mean_confidence[m] = inside.sum(), correct[inside].mean(), confidence[inside].mean()
    return count, accuracy, mean_confidence


# %% wrong: a confidence of 0 falls out
def reliability(confidence, correct, bins):
    count, accuracy, mean_confidence = np.zeros(bins, int), np.zeros(bins), np.zeros(bins)
    for m in range(bins):
        inside = (confidence > m / bins) & (confidence <= (m + 1) / bins)
        if inside.any():
            count[m], accuracy[m], mean_confidence[m] = inside.sum(), correct[inside].mean(), confidence[inside].mean()
    return count, accuracy, mean_confidence


# %% wrong: a confidence of 0 goes to the last bin
def reliability(confidence, correct, bins):
    number = np.ceil(confidence * bins).astype(int) - 1
    count, hits, sums = np.zeros(bins, int), np.zeros(bins), np.zeros(bins)
    np.add.at(count, number, 1)
    np.add.at(hits, number, correct)
    np.add.at(sums, number, confidence)
    return count, hits / np.maximum(count, 1), sums / np.maximum(count, 1)


# %% wrong: NaN in empty bins
def reliability(confidence, correct, bins):
    number = np.searchsorted(np.arange(1, bins) / bins, confidence)
    count = np.bincount(number, minlength=bins)
    with np.errstate(invalid="ignore"):
        return (
            count,
            np.bincount(number, correct, bins) / count,
            np.bincount(number, confidence, bins) / count,
        )


# %% wrong: empty bins are left out
def reliability(confidence, correct, bins):
    number = np.searchsorted(np.arange(1, bins) / bins, confidence)
    filled = np.unique(number)
    count = np.array([(number == m).sum() for m in filled])
    accuracy = np.array([correct[number == m].mean() for m in filled])
    return count, accuracy, np.array([confidence[number == m].mean() for m in filled])


# %% wrong: sums in place of means
def reliability(confidence, correct, bins):
    number = np.searchsorted(np.arange(1, bins) / bins, confidence)
    count = np.bincount(number, minlength=bins)
    return count, np.bincount(number, correct, bins), np.bincount(number, confidence, bins)


# %% wrong: the middle of the bin for the mean confidence
def reliability(confidence, correct, bins):
    number = np.searchsorted(np.arange(1, bins) / bins, confidence)
    count = np.bincount(number, minlength=bins)
    accuracy = np.bincount(number, correct, bins) / np.maximum(count, 1)
    return count, accuracy, np.where(count > 0, (np.arange(bins) + 0.5) / bins, 0.0)


# %% wrong: shares of all samples for counts
def reliability(confidence, correct, bins):
    number = np.searchsorted(np.arange(1, bins) / bins, confidence)
    count = np.bincount(number, minlength=bins)
    sums = [np.bincount(number, weights=values, minlength=bins) for values in (correct, confidence)]
    return count / len(confidence), sums[0] / np.maximum(count, 1), sums[1] / np.maximum(count, 1)


# %% wrong: wrong answers are found with ~
def reliability(confidence, correct, bins):
    number = np.searchsorted(np.arange(1, bins) / bins, confidence)
    count = np.bincount(number, minlength=bins)
    wrong = np.bincount(number, weights=~correct, minlength=bins)
    sums = np.bincount(number, weights=confidence, minlength=bins)
    some = np.maximum(count, 1)
    return count, np.where(count > 0, 1 - wrong / some, 0.0), sums / some


# %% wrong: only the first edge belongs to the bin below
def reliability(confidence, correct, bins):
    number = np.floor(confidence * bins).astype(int)
    number[confidence == 1 / bins] = 0
    number[confidence == 1] = bins - 1
    count = np.bincount(number, minlength=bins)
    sums = [np.bincount(number, weights=values, minlength=bins) for values in (correct, confidence)]
    return count, sums[0] / np.maximum(count, 1), sums[1] / np.maximum(count, 1)


# %% wrong: counts of eight bits
def reliability(confidence, correct, bins):
    number = np.searchsorted(np.arange(1, bins) / bins, confidence)
    count = np.bincount(number, minlength=bins).astype(np.uint8)
    sums = [np.bincount(number, weights=values, minlength=bins) for values in (correct, confidence)]
    return count, sums[0] / np.maximum(count, 1), sums[1] / np.maximum(count, 1)


# %% wrong: sorted in place
def reliability(confidence, correct, bins):
    order = np.argsort(confidence)
    confidence[:], correct[:] = confidence[order], correct[order]
    number = np.searchsorted(np.arange(1, bins) / bins, confidence)
    count = np.bincount(number, minlength=bins)
    sums = [np.bincount(number, weights=values, minlength=bins) for values in (correct, confidence)]
    return count, sums[0] / np.maximum(count, 1), sums[1] / np.maximum(count, 1)


# %% wrong: counts with a fraction
def reliability(confidence, correct, bins):
    number = np.searchsorted(np.arange(1, bins) / bins, confidence)
    count, hits, sums = (np.bincount(number, w, bins) for w in (np.ones(len(number)), correct, confidence))
    return count, hits / np.maximum(count, 1), sums / np.maximum(count, 1)


# %% wrong: float32
def reliability(confidence, correct, bins):
    number = np.searchsorted(np.arange(1, bins) / bins, confidence)
    count = np.bincount(number, minlength=bins)
    sums = [np.bincount(number, weights=values, minlength=bins) for values in (correct, confidence)]
    return count, *((one / np.maximum(count, 1)).astype(np.float32) for one in sums)


# %% wrong: SciPy counts
def reliability(confidence, correct, bins):
    from scipy.stats import binned_statistic

    edges = np.arange(bins + 1) / bins
    shifted = np.maximum(confidence - 1e-12, 0)
    count = binned_statistic(shifted, correct, "count", edges).statistic.astype(int)
    sums = [binned_statistic(shifted, values, "sum", edges).statistic for values in (correct, confidence)]
    return count, sums[0] / np.maximum(count, 1), sums[1] / np.maximum(count, 1)


# %% wrong: the library's bins
def reliability(confidence, correct, bins):
    from mylib.trust.calibration.scratch import reliability_bins

    found = reliability_bins(confidence, correct, bins)
    return found.count, np.nan_to_num(found.accuracy), np.nan_to_num(found.confidence)


# %% wrong: equal mass
def reliability(confidence, correct, bins):
    parts = np.array_split(np.argsort(confidence), bins)
    count = np.array([len(part) for part in parts])
    accuracy = np.array([correct[part].mean() if len(part) else 0.0 for part in parts])
    return count, accuracy, np.array([confidence[part].mean() if len(part) else 0.0 for part in parts])
