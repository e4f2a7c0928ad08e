# %% right: a sum
def cumulative(estimate, truth, limit):
    error = abs(estimate - truth)
    return 100 * (error <= limit).sum() / len(error)


# %% right: plain Python
def cumulative(estimate, truth, limit):
    good = [a for a, b in zip(estimate, truth) if -limit <= a - b <= limit]
    return 100.0 * len(good) / len(truth)


# %% right: a count
def cumulative(estimate, truth, limit):
    far = np.count_nonzero(np.absolute(np.subtract(truth, estimate)) > limit)
    return (1 - far / estimate.size) * 100


# %% wrong: less than the limit
def cumulative(estimate, truth, limit):
    error = abs(estimate - truth)
    return 100 * (error < limit).sum() / len(error)


# %% wrong: a fraction
def cumulative(estimate, truth, limit):
    error = abs(estimate - truth)
    return (error <= limit).sum() / len(error)


# %% wrong: without the absolute value
def cumulative(estimate, truth, limit):
    error = estimate - truth
    return 100 * (error <= limit).sum() / len(error)


# %% wrong: errors rounded to whole years
def cumulative(estimate, truth, limit):
    error = np.round(abs(estimate - truth))
    return 100 * (error <= limit).sum() / len(error)


# %% wrong: whole per cent
def cumulative(estimate, truth, limit):
    error = abs(estimate - truth)
    return 100 * (error <= limit).sum() // len(error)


# %% wrong: relative to the truth
def cumulative(estimate, truth, limit):
    error = 100 * abs(estimate - truth) / truth
    return 100 * (error <= limit).sum() / len(error)


# %% wrong: in place
def cumulative(estimate, truth, limit):
    estimate -= truth
    error = abs(estimate)
    return 100 * (error <= limit).sum() / len(error)


# %% wrong: the older side alone counts
def cumulative(estimate, truth, limit):
    error = np.maximum(estimate - truth, 0)
    return 100 * (error <= limit).sum() / len(error)


# %% wrong: a limit of whole years
def cumulative(estimate, truth, limit):
    error = abs(estimate - truth)
    return 100 * (error <= int(limit)).sum() / len(error)
