# %% right: a loop over references
def posterior(p, references, levels, tau):
    theta = np.log(levels)
    total = np.zeros(len(levels))
    count = 0
    for votes, age in zip(p, references):
        if np.isnan(age):
            continue
        count += 1
        gap = theta - np.log(age)
        groups = [gap > tau, np.abs(gap) <= tau, gap < -tau]
        for vote, who in zip(votes, groups):
            n = who.sum()
            if n:
                total[who] += vote / n
    P = total / count
    return levels[P.argmax()], P


# %% right: one-hot relations
def posterior(p, references, levels, tau):
    keep = references == references
    gap = np.log(levels)[None] - np.log(references[keep])[:, None]
    relation = np.where(gap > tau, 0, np.where(gap < -tau, 2, 1))
    hot = np.eye(3)[relation]
    n = hot.sum(axis=1, keepdims=True)
    P = (hot * p[keep][:, None] / np.where(n > 0, n, 1)).sum(axis=2).mean(axis=0)
    return float(levels[int(np.argmax(P))]), P


# %% right: plain Python
import math


def posterior(p, references, levels, tau):
    def what(level, age):
        gap = math.log(level) - math.log(age)
        return 1 if abs(gap) <= tau else 0 if gap > 0 else 2

    known = [r for r in range(len(references)) if not math.isnan(references[r])]
    P = [0.0] * len(levels)
    for r in known:
        kinds = [what(level, references[r]) for level in levels]
        for m, kind in enumerate(kinds):
            P[m] += p[r][kind] / kinds.count(kind) / len(known)
    return levels[P.index(max(P))], P


# %% right: borders by counting levels
def posterior(p, references, levels, tau):
    ok = np.isfinite(references)
    P = np.zeros(len(levels))
    for row, age in zip(p[ok], references[ok]):
        low = int((levels < age * np.exp(-tau) * (1 - 1e-9)).sum())
        high = int((levels <= age * np.exp(tau) * (1 + 1e-9)).sum())
        for part, vote in ((slice(high, None), row[0]), (slice(low, high), row[1]), (slice(0, low), row[2])):
            size = len(P[part])
            if size > 0:
                P[part] += vote / size
    P /= ok.sum()
    return levels[np.argmax(P)], P


# %% wrong: votes not divided by their number of levels
def posterior(p, references, levels, tau):
    theta = np.log(levels)
    total = np.zeros(len(levels))
    count = 0
    for votes, age in zip(p, references):
        if np.isnan(age):
            continue
        count += 1
        gap = theta - np.log(age)
        groups = [gap > tau, np.abs(gap) <= tau, gap < -tau]
        for vote, who in zip(votes, groups):
            n = who.sum()
            if n:
                total[who] += vote
    P = total / count
    return levels[P.argmax()], P


# %% wrong: hard votes: the largest of the three takes all
def posterior(p, references, levels, tau):
    theta = np.log(levels)
    total = np.zeros(len(levels))
    count = 0
    for votes, age in zip(p, references):
        if np.isnan(age):
            continue
        count += 1
        votes = np.eye(3)[np.argmax(votes)]
        gap = theta - np.log(age)
        groups = [gap > tau, np.abs(gap) <= tau, gap < -tau]
        for vote, who in zip(votes, groups):
            n = who.sum()
            if n:
                total[who] += vote / n
    P = total / count
    return levels[P.argmax()], P


# %% wrong: the relation from the reference's side
def posterior(p, references, levels, tau):
    theta = np.log(levels)
    total = np.zeros(len(levels))
    count = 0
    for votes, age in zip(p, references):
        if np.isnan(age):
            continue
        count += 1
        gap = np.log(age) - theta
        groups = [gap > tau, np.abs(gap) <= tau, gap < -tau]
        for vote, who in zip(votes, groups):
            n = who.sum()
            if n:
                total[who] += vote / n
    P = total / count
    return levels[P.argmax()], P


# %% wrong: years compared with tau
def posterior(p, references, levels, tau):
    theta = levels
    total = np.zeros(len(levels))
    count = 0
    for votes, age in zip(p, references):
        if np.isnan(age):
            continue
        count += 1
        gap = theta - age
        groups = [gap > tau, np.abs(gap) <= tau, gap < -tau]
        for vote, who in zip(votes, groups):
            n = who.sum()
            if n:
                total[who] += vote / n
    P = total / count
    return levels[P.argmax()], P


# %% wrong: a share of the age instead of logarithms
def posterior(p, references, levels, tau):
    theta = np.log(levels)
    total = np.zeros(len(levels))
    count = 0
    for votes, age in zip(p, references):
        if np.isnan(age):
            continue
        count += 1
        gap = levels / age - 1
        groups = [gap > tau, np.abs(gap) <= tau, gap < -tau]
        for vote, who in zip(votes, groups):
            n = who.sum()
            if n:
                total[who] += vote / n
    P = total / count
    return levels[P.argmax()], P


# %% wrong: tau as a ratio of 1 + tau
def posterior(p, references, levels, tau):
    theta = np.log(levels)
    total = np.zeros(len(levels))
    count = 0
    for votes, age in zip(p, references):
        if np.isnan(age):
            continue
        count += 1
        gap = theta - np.log(age)
        tau_log = np.log(1 + tau)
        groups = [gap > tau_log, np.abs(gap) <= tau_log, gap < -tau_log]
        for vote, who in zip(votes, groups):
            n = who.sum()
            if n:
                total[who] += vote / n
    P = total / count
    return levels[P.argmax()], P


# %% wrong: missing references counted in the mean
def posterior(p, references, levels, tau):
    theta = np.log(levels)
    total = np.zeros(len(levels))
    count = 0
    for votes, age in zip(p, references):
        if np.isnan(age):
            continue
        count += 1
        gap = theta - np.log(age)
        groups = [gap > tau, np.abs(gap) <= tau, gap < -tau]
        for vote, who in zip(votes, groups):
            n = who.sum()
            if n:
                total[who] += vote / n
    P = total / len(references)
    return levels[P.argmax()], P


# %% wrong: a missing reference votes for all alike
def posterior(p, references, levels, tau):
    theta = np.log(levels)
    total = np.zeros(len(levels))
    count = 0
    for votes, age in zip(p, references):
        if np.isnan(age):
            total += 1 / len(levels)
            count += 1
            continue
        count += 1
        gap = theta - np.log(age)
        groups = [gap > tau, np.abs(gap) <= tau, gap < -tau]
        for vote, who in zip(votes, groups):
            n = who.sum()
            if n:
                total[who] += vote / n
    P = total / count
    return levels[P.argmax()], P


# %% wrong: made to sum to 1
def posterior(p, references, levels, tau):
    theta = np.log(levels)
    total = np.zeros(len(levels))
    count = 0
    for votes, age in zip(p, references):
        if np.isnan(age):
            continue
        count += 1
        gap = theta - np.log(age)
        groups = [gap > tau, np.abs(gap) <= tau, gap < -tau]
        for vote, who in zip(votes, groups):
            n = who.sum()
            if n:
                total[who] += vote / n
    P = total / total.sum()
    return levels[P.argmax()], P


# %% wrong: a lost vote goes to all levels
def posterior(p, references, levels, tau):
    theta = np.log(levels)
    total = np.zeros(len(levels))
    count = 0
    for votes, age in zip(p, references):
        if np.isnan(age):
            continue
        count += 1
        gap = theta - np.log(age)
        groups = [gap > tau, np.abs(gap) <= tau, gap < -tau]
        for vote, who in zip(votes, groups):
            n = who.sum()
            if n:
                total[who] += vote / n
            else:
                total += vote / len(levels)
    P = total / count
    return levels[P.argmax()], P


# %% wrong: a handful of references is enough
def posterior(p, references, levels, tau):
    theta = np.log(levels)
    total = np.zeros(len(levels))
    count = 0
    for votes, age in zip(p[:10], references[:10]):
        if np.isnan(age):
            continue
        count += 1
        gap = theta - np.log(age)
        groups = [gap > tau, np.abs(gap) <= tau, gap < -tau]
        for vote, who in zip(votes, groups):
            n = who.sum()
            if n:
                total[who] += vote / n
    P = total / count
    return levels[P.argmax()], P


# %% wrong: the number of the level
def posterior(p, references, levels, tau):
    theta = np.log(levels)
    total = np.zeros(len(levels))
    count = 0
    for votes, age in zip(p, references):
        if np.isnan(age):
            continue
        count += 1
        gap = theta - np.log(age)
        groups = [gap > tau, np.abs(gap) <= tau, gap < -tau]
        for vote, who in zip(votes, groups):
            n = who.sum()
            if n:
                total[who] += vote / n
    P = total / count
    return P.argmax(), P


# %% wrong: the mean of P instead of its largest
def posterior(p, references, levels, tau):
    theta = np.log(levels)
    total = np.zeros(len(levels))
    count = 0
    for votes, age in zip(p, references):
        if np.isnan(age):
            continue
        count += 1
        gap = theta - np.log(age)
        groups = [gap > tau, np.abs(gap) <= tau, gap < -tau]
        for vote, who in zip(votes, groups):
            n = who.sum()
            if n:
                total[who] += vote / n
    P = total / count
    return (levels * P).sum() / P.sum(), P


# %% wrong: of equal levels the highest
def posterior(p, references, levels, tau):
    theta = np.log(levels)
    total = np.zeros(len(levels))
    count = 0
    for votes, age in zip(p, references):
        if np.isnan(age):
            continue
        count += 1
        gap = theta - np.log(age)
        groups = [gap > tau, np.abs(gap) <= tau, gap < -tau]
        for vote, who in zip(votes, groups):
            n = who.sum()
            if n:
                total[who] += vote / n
    P = total / count
    return levels[len(P) - 1 - P[::-1].argmax()], P


# %% wrong: the reference must be a level
def posterior(p, references, levels, tau):
    theta = np.log(levels)
    total = np.zeros(len(levels))
    count = 0
    for votes, age in zip(p, references):
        if np.isnan(age):
            continue
        count += 1
        if age not in levels:
            continue
        gap = theta - np.log(age)
        groups = [gap > tau, np.abs(gap) <= tau, gap < -tau]
        for vote, who in zip(votes, groups):
            n = who.sum()
            if n:
                total[who] += vote / n
    P = total / count
    return levels[P.argmax()], P


# %% wrong: about equal means the reference's own level
def posterior(p, references, levels, tau):
    theta = np.log(levels)
    total = np.zeros(len(levels))
    count = 0
    for votes, age in zip(p, references):
        if np.isnan(age):
            continue
        count += 1
        gap = theta - np.log(age)
        groups = [gap > tau, levels == levels[np.abs(gap).argmin()], gap < -tau]
        for vote, who in zip(votes, groups):
            n = who.sum()
            if n:
                total[who] += vote / n
    P = total / count
    return levels[P.argmax()], P


# %% wrong: less than tau
def posterior(p, references, levels, tau):
    theta = np.log(levels)
    total = np.zeros(len(levels))
    count = 0
    for votes, age in zip(p, references):
        if np.isnan(age):
            continue
        count += 1
        gap = theta - np.log(age)
        groups = [gap >= tau, np.abs(gap) < tau, gap <= -tau]
        for vote, who in zip(votes, groups):
            n = who.sum()
            if n:
                total[who] += vote / n
    P = total / count
    return levels[P.argmax()], P


# %% wrong: NaN replaced in place
def posterior(p, references, levels, tau):
    p[np.isnan(p)] = 0
    p /= p.sum(axis=1, keepdims=True) + 1e-300
    p *= 0.999999999
    theta = np.log(levels)
    total = np.zeros(len(levels))
    count = 0
    for votes, age in zip(p, references):
        if np.isnan(age):
            continue
        count += 1
        gap = theta - np.log(age)
        groups = [gap > tau, np.abs(gap) <= tau, gap < -tau]
        for vote, who in zip(votes, groups):
            n = who.sum()
            if n:
                total[who] += vote / n
    P = total / count
    return levels[P.argmax()], P


# %% wrong: by PyTorch
def posterior(p, references, levels, tau):
    theta = np.log(levels)
    total = np.zeros(len(levels))
    count = 0
    for votes, age in zip(p, references):
        if np.isnan(age):
            continue
        count += 1
        gap = theta - np.log(age)
        groups = [gap > tau, np.abs(gap) <= tau, gap < -tau]
        for vote, who in zip(votes, groups):
            n = who.sum()
            if n:
                total[who] += vote / n
    P = torch.tensor(total).div(count).numpy()
    return levels[P.argmax()], P
