# %% right: a row at a time
import math
import statistics


def bounds(h_joint, h_independent):
    brackets = []
    for h, others in zip(h_joint.tolist(), h_independent.tolist()):
        brackets.append(math.log(h) + sum(math.log1p(-other) for other in others))
    log_n = math.log(len(h_independent[0]))
    first = log_n + statistics.fmean(math.log(h) for h in h_joint)
    return [first, log_n + statistics.fmean(brackets), statistics.stdev(brackets) / math.sqrt(len(brackets))]


# %% right: N times the mean of all
def bounds(h_joint, h_independent):
    b, n = h_independent.shape
    first = np.mean(np.log(h_joint)) + np.log(n)
    fourth = first + n * np.log1p(-h_independent).mean()
    each = np.log(h_joint) + n * np.log1p(-h_independent).mean(axis=1)
    return first, fourth, np.sqrt(((each - each.mean()) ** 2).sum() / (b - 1) / b)


# %% right: one table of logarithms, as an array
def bounds(h_joint, h_independent):
    table = np.column_stack([np.log(h_joint), np.log(1 - h_independent)])
    n = table.shape[1] - 1
    total = table.sum(axis=1) + np.log(n)
    return np.array([np.log(n * np.exp(table[:, 0].mean())), total.mean(), np.std(total, ddof=1) * len(total) ** -0.5])


# %% wrong: bits
def bounds(h_joint, h_independent):
    brackets = np.log2(h_joint) + np.log2(1 - h_independent).sum(axis=1)
    n = np.log2(h_independent.shape[1])
    return n + np.log2(h_joint).mean(), n + brackets.mean(), brackets.std(ddof=1) / np.sqrt(len(h_joint))


# %% wrong: log(N + 1)
def bounds(h_joint, h_independent):
    brackets = np.log(h_joint) + np.log(1 - h_independent).sum(axis=1)
    n = np.log(h_independent.shape[1] + 1)
    return n + np.log(h_joint).mean(), n + brackets.mean(), brackets.std(ddof=1) / np.sqrt(len(h_joint))


# %% wrong: the mean over negatives without N
def bounds(h_joint, h_independent):
    brackets = np.log(h_joint) + np.log(1 - h_independent).mean(axis=1)
    n = np.log(h_independent.shape[1])
    return n + np.log(h_joint).mean(), n + brackets.mean(), brackets.std(ddof=1) / np.sqrt(len(h_joint))


# %% wrong: the slide's 1 - log h
def bounds(h_joint, h_independent):
    brackets = np.log(h_joint) + (1 - np.log(h_independent)).sum(axis=1)
    n = np.log(h_independent.shape[1])
    return n + np.log(h_joint).mean(), n + brackets.mean(), brackets.std(ddof=1) / np.sqrt(len(h_joint))


# %% wrong: the logarithm of the mean
def bounds(h_joint, h_independent):
    brackets = np.log(h_joint) + np.log(1 - h_independent).sum(axis=1)
    n = np.log(h_independent.shape[1])
    return n + np.log(h_joint.mean()), n + brackets.mean(), brackets.std(ddof=1) / np.sqrt(len(h_joint))


# %% wrong: B in the denominator
def bounds(h_joint, h_independent):
    brackets = np.log(h_joint) + np.log(1 - h_independent).sum(axis=1)
    n = np.log(h_independent.shape[1])
    return n + np.log(h_joint).mean(), n + brackets.mean(), brackets.std() / np.sqrt(len(h_joint))


# %% wrong: the standard deviation in place of the error
def bounds(h_joint, h_independent):
    brackets = np.log(h_joint) + np.log(1 - h_independent).sum(axis=1)
    n = np.log(h_independent.shape[1])
    return n + np.log(h_joint).mean(), n + brackets.mean(), brackets.std(ddof=1)


# %% wrong: N is the number of rows
def bounds(h_joint, h_independent):
    brackets = np.log(h_joint) + np.log(1 - h_independent).sum(axis=1)
    n = np.log(len(h_independent))
    return n + np.log(h_joint).mean(), n + brackets.mean(), brackets.std(ddof=1) / np.sqrt(len(h_joint))


# %% wrong: one negative, squeezed
def bounds(h_joint, h_independent):
    n = h_independent.shape[1]
    brackets = np.log(h_joint) + np.log(1 - h_independent.squeeze()).sum(axis=1)
    return np.log(n) + np.log(h_joint).mean(), np.log(n) + brackets.mean(), brackets.std(ddof=1) / np.sqrt(len(h_joint))


# %% wrong: clipped
def bounds(h_joint, h_independent):
    joint, others = np.clip(h_joint, 1e-6, 1 - 1e-6), np.clip(h_independent, 1e-6, 1 - 1e-6)
    brackets = np.log(joint) + np.log(1 - others).sum(axis=1)
    n = np.log(others.shape[1])
    return n + np.log(joint).mean(), n + brackets.mean(), brackets.std(ddof=1) / np.sqrt(len(joint))


# %% wrong: 1e-7 inside the logarithm
def bounds(h_joint, h_independent):
    brackets = np.log(h_joint + 1e-7) + np.log(1 - h_independent + 1e-7).sum(axis=1)
    n = np.log(h_independent.shape[1])
    return n + np.log(h_joint + 1e-7).mean(), n + brackets.mean(), brackets.std(ddof=1) / np.sqrt(len(h_joint))


# %% wrong: only the two bounds
def bounds(h_joint, h_independent):
    first = np.log(h_independent.shape[1]) + np.log(h_joint).mean()
    return first, first + np.log(1 - h_independent).sum(axis=1).mean()


# %% wrong: it writes into its arguments
def bounds(h_joint, h_independent):
    n = np.log(h_independent.shape[1])
    brackets = np.log(h_joint)
    np.subtract(1, h_independent, out=h_independent)
    brackets = brackets + np.log(h_independent).sum(axis=1)
    return n + np.log(h_joint).mean(), n + brackets.mean(), brackets.std(ddof=1) / np.sqrt(len(h_joint))
