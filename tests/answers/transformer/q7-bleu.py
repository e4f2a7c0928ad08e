# %% right: dictionaries by hand
def bleu2(candidates, references):
    precision = []
    for n in (1, 2):
        hits, count = 0, 0
        for c, r in zip(candidates, references):
            left = {}
            for i in range(len(r) - n + 1):
                key = tuple(r[i : i + n])
                left[key] = left.get(key, 0) + 1
            for i in range(len(c) - n + 1):
                count += 1
                key = tuple(c[i : i + n])
                if left.get(key, 0) > 0:
                    left[key] -= 1
                    hits += 1
        precision.append(hits / count if count else 0.0)
    if min(precision) == 0:
        return 0.0
    c, r = sum(len(s) for s in candidates), sum(len(s) for s in references)
    penalty = 1.0 if c >= r else math.exp(1 - r / c)
    return penalty * (precision[0] * precision[1]) ** 0.5


# %% right: list.count
def bleu2(candidates, references):
    hits, counts = [0, 0], [0, 0]
    for c, r in zip(candidates, references):
        for n in (1, 2):
            mine = list(zip(*(c[k:] for k in range(n))))
            theirs = list(zip(*(r[k:] for k in range(n))))
            hits[n - 1] += sum(min(mine.count(gram), theirs.count(gram)) for gram in set(mine))
            counts[n - 1] += len(mine)
    if 0 in hits:
        return 0.0
    length = sum(map(len, candidates)) / sum(map(len, references))
    return min(1.0, np.exp(1 - 1 / length)) * math.exp(
        0.5 * (math.log(hits[0] / counts[0]) + math.log(hits[1] / counts[1]))
    )


# %% right: Counters that are subtracted
def bleu2(candidates, references):
    from collections import Counter

    shares = []
    for n in (1, 2):
        grams = [[Counter(zip(*(s[k:] for k in range(n)))) for s in side] for side in (candidates, references)]
        total = sum(sum(c.values()) for c in grams[0])
        wrong = sum(sum((c - r).values()) for c, r in zip(*grams))
        shares.append((total - wrong) / total if total else 0.0)
    c, r = (sum(len(s) for s in side) for side in (candidates, references))
    return 0.0 if 0 in shares else math.sqrt(shares[0] * shares[1]) * min(1.0, math.exp(1 - r / c))


# %% wrong: n-grams count as often as they are said
def bleu2(candidates, references):
    shares = []
    for n in (1, 2):
        right = total = 0
        for c, r in zip(candidates, references):
            there = {tuple(r[i : i + n]) for i in range(len(r) - n + 1)}
            grams = [tuple(c[i : i + n]) for i in range(len(c) - n + 1)]
            right += sum(gram in there for gram in grams)
            total += len(grams)
        if not right:
            return 0.0
        shares.append(right / total)
    c, r = sum(map(len, candidates)), sum(map(len, references))
    return min(1.0, math.exp(1 - r / c)) * math.sqrt(shares[0] * shares[1])


# %% wrong: no penalty for being short
def bleu2(candidates, references):
    from collections import Counter

    shares = []
    for n in (1, 2):
        right = total = 0
        for c, r in zip(candidates, references):
            a, b = (Counter(tuple(s[i : i + n]) for i in range(len(s) - n + 1)) for s in (c, r))
            right += sum((a & b).values())
            total += sum(a.values())
        if not right:
            return 0.0
        shares.append(right / total)
    return math.sqrt(shares[0] * shares[1])


# %% wrong: a penalty for being long, too
def bleu2(candidates, references):
    from collections import Counter

    shares = []
    for n in (1, 2):
        right = total = 0
        for c, r in zip(candidates, references):
            a, b = (Counter(tuple(s[i : i + n]) for i in range(len(s) - n + 1)) for s in (c, r))
            right += sum((a & b).values())
            total += sum(a.values())
        if not right:
            return 0.0
        shares.append(right / total)
    c, r = sum(map(len, candidates)), sum(map(len, references))
    return math.exp(1 - r / c) * math.sqrt(shares[0] * shares[1])


# %% wrong: the mean of each sentence's score
def bleu2(candidates, references):
    from collections import Counter

    scores = []
    for c, r in zip(candidates, references):
        shares = []
        for n in (1, 2):
            a, b = (Counter(tuple(s[i : i + n]) for i in range(len(s) - n + 1)) for s in (c, r))
            shares.append(sum((a & b).values()) / max(1, sum(a.values())))
        scores.append(min(1.0, math.exp(1 - len(r) / len(c))) * math.sqrt(shares[0] * shares[1]))
    return sum(scores) / len(scores)


# %% wrong: divides by zero where there is no bigram
def bleu2(candidates, references):
    from collections import Counter

    shares = []
    for n in (1, 2):
        right = total = 0
        for c, r in zip(candidates, references):
            a, b = (Counter(tuple(s[i : i + n]) for i in range(len(s) - n + 1)) for s in (c, r))
            right += sum((a & b).values())
            total += sum(a.values())
        shares.append(right / total)
    c, r = sum(map(len, candidates)), sum(map(len, references))
    return min(1.0, math.exp(1 - r / c)) * math.sqrt(shares[0] * shares[1])


# %% wrong: crosses off the words in the references themselves
def bleu2(candidates, references):
    shares = []
    for n in (2, 1):
        right = total = 0
        for c, r in zip(candidates, references):
            left = r if n == 1 else list(zip(r, r[1:]))
            for gram in list(c if n == 1 else zip(c, c[1:])):
                total += 1
                if gram in left:
                    left.remove(gram)
                    right += 1
        if not right:
            return 0.0
        shares.append(right / total)
    c, r = sum(map(len, candidates)), sum(map(len, references))
    return min(1.0, math.exp(1 - r / c)) * math.sqrt(shares[0] * shares[1])


# %% wrong: the n-grams of all references together
def bleu2(candidates, references):
    from collections import Counter

    shares = []
    for n in (1, 2):
        a, b = (
            Counter(tuple(s[i : i + n]) for s in side for i in range(len(s) - n + 1))
            for side in (candidates, references)
        )
        right = sum((a & b).values())
        if not right:
            return 0.0
        shares.append(right / sum(a.values()))
    c, r = sum(map(len, candidates)), sum(map(len, references))
    return min(1.0, math.exp(1 - r / c)) * math.sqrt(shares[0] * shares[1])


# %% wrong: a long candidate does not make up for a short one
def bleu2(candidates, references):
    from collections import Counter

    shares = []
    for n in (1, 2):
        right = total = 0
        for c, r in zip(candidates, references):
            a, b = (Counter(tuple(s[i : i + n]) for i in range(len(s) - n + 1)) for s in (c, r))
            right += sum((a & b).values())
            total += sum(a.values())
        if not right:
            return 0.0
        shares.append(right / total)
    c, missing = sum(map(len, candidates)), sum(max(0, len(r) - len(c)) for c, r in zip(candidates, references))
    return math.exp(-missing / c) * math.sqrt(shares[0] * shares[1])
