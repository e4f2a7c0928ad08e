# %% right: ones, then the two others by masks
def relation(first, second, tau):
    difference = np.log(first) - np.log(second)
    answer = np.ones(len(first), dtype=np.int64)
    answer[difference > tau] = 0
    answer[difference < -tau] = 2
    return answer


# %% right: a comparison of ratios
def relation(first, second, tau):
    ratio, most = first / second, np.exp(tau)
    return np.where(ratio > most, 0, np.where(ratio * most < 1, 2, 1)).astype("int64")


# %% right: one age at a time
import math


def relation(first, second, tau):
    out = []
    for a, b in zip(first, second):
        gap = math.log(a) - math.log(b)
        out.append(1 if abs(gap) <= tau else 0 if gap > 0 else 2)
    return np.array(out, dtype=int)


# %% right: np.select
def relation(first, second, tau):
    x, y = np.log(np.asarray(first, float)), np.log(np.asarray(second, float))
    return np.select([x - y > tau, abs(x - y) <= tau], [np.int64(0), np.int64(1)], np.int64(2))


# %% wrong: years instead of logarithms
def relation(first, second, tau):
    difference = first - second
    answer = np.ones(len(first), dtype=np.int64)
    answer[difference > tau] = 0
    answer[difference < -tau] = 2
    return answer


# %% wrong: 0 and 2 swapped
def relation(first, second, tau):
    difference = np.log(first) - np.log(second)
    answer = np.ones(len(first), dtype=np.int64)
    answer[difference > tau] = 2
    answer[difference < -tau] = 0
    return answer


# %% wrong: less than tau, so that equal ages are older
def relation(first, second, tau):
    difference = np.log(first) - np.log(second)
    answer = np.ones(len(first), dtype=np.int64)
    answer[difference >= tau] = 0
    answer[difference <= -tau] = 2
    return answer


# %% wrong: about equal only if nearer than tau
def relation(first, second, tau):
    gap = np.log(first) - np.log(second)
    return np.where(np.abs(gap) < tau, 1, np.where(gap > 0, 0, 2)).astype(np.int64)


# %% wrong: per cent
def relation(first, second, tau):
    gap = (first - second) / np.minimum(first, second)
    return np.where(np.abs(gap) <= tau, 1, np.where(gap > 0, 0, 2)).astype(np.int64)


# %% wrong: 1 + tau as the ratio
def relation(first, second, tau):
    ratio = first / second
    return np.where(ratio > 1 + tau, 0, np.where(1 / ratio > 1 + tau, 2, 1)).astype(np.int64)


# %% wrong: logarithms to base 10
def relation(first, second, tau):
    difference = np.log10(first) - np.log10(second)
    answer = np.ones(len(first), dtype=np.int64)
    answer[difference > tau] = 0
    answer[difference < -tau] = 2
    return answer


# %% wrong: floats
def relation(first, second, tau):
    difference = np.log(first) - np.log(second)
    answer = np.ones(len(first), dtype=float)
    answer[difference > tau] = 0
    answer[difference < -tau] = 2
    return answer


# %% wrong: ages capped at 120
def relation(first, second, tau):
    difference = np.log(np.minimum(first, 120)) - np.log(np.minimum(second, 120))
    answer = np.ones(len(first), dtype=np.int64)
    answer[difference > tau] = 0
    answer[difference < -tau] = 2
    return answer


# %% wrong: the logarithm taken in place
def relation(first, second, tau):
    if first.dtype == float:
        np.log(first, out=first)
        difference = first - np.log(second)
    else:
        difference = np.log(first) - np.log(second)
    return 1 - (difference > tau).astype(np.int64) + (difference < -tau).astype(np.int64)


# %% wrong: no ages, no answer
def relation(first, second, tau):
    return np.array([1 if abs(g) <= tau else 0 if g > 0 else 2 for g in np.log(first) - np.log(second)])


# %% wrong: whole years of logarithms, rounded
def relation(first, second, tau):
    difference = np.round(np.log(first) - np.log(second), 2)
    answer = np.ones(len(first), dtype=np.int64)
    answer[difference > tau] = 0
    answer[difference < -tau] = 2
    return answer


# %% wrong: by PyTorch
def relation(first, second, tau):
    gap = torch.tensor(first).log() - torch.tensor(second).log()
    return (1 - (gap > tau).long() + (gap < -tau).long()).numpy()
