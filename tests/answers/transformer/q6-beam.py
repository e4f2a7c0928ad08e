# %% right: arrays of sums
def beam(next_scores, end, width, length):
    kept, sums = [[]], np.zeros(1)
    for _ in range(length):
        names, values = [], []
        for tokens, value in zip(kept, sums):
            if tokens and tokens[-1] == end:
                names.append(tokens)
                values.append(value)
            else:
                scores = np.asarray(next_scores(tokens))
                names += [tokens + [token] for token in range(len(scores))]
                values += list(value + scores)
        order = np.argsort(values)[::-1][:width]
        kept, sums = [names[i] for i in order], np.array(values)[order]
    return kept[0], sums[0]


# %% right: a heap, and a stop when all are finished
def beam(next_scores, end, width, length):
    import heapq

    kept = [(0.0, ())]
    for _ in range(length):
        if all(tokens and tokens[-1] == end for _, tokens in kept):
            break
        candidates = []
        for total, tokens in kept:
            if tokens and tokens[-1] == end:
                candidates.append((total, tokens))
            else:
                scores = next_scores(list(tokens))
                candidates.extend((total + scores[token], (*tokens, token)) for token in range(len(scores)))
        kept = heapq.nlargest(width, candidates)
    total, tokens = max(kept)
    return list(tokens), total


# %% right: recursion
def beam(next_scores, end, width, length):
    def go(kept, left):
        if left == 0:
            return kept[0]
        grown = []
        for tokens, total in kept:
            if tokens[-1:] == [end]:
                grown.append((tokens, total))
            else:
                grown.extend((tokens + [t], total + s) for t, s in enumerate(next_scores(tokens)))
        grown.sort(key=lambda pair: pair[1], reverse=True)
        return go(grown[:width], left - 1)

    return go([([], 0.0)], length)


# %% wrong: finished sequences go on
def beam(next_scores, end, width, length):
    kept = [([], 0.0)]
    for _ in range(length):
        candidates = [([*tokens, t], total + s) for tokens, total in kept for t, s in enumerate(next_scores(tokens))]
        kept = sorted(candidates, key=lambda c: -c[1])[:width]
    return kept[0]


# %% wrong: the first finished sequence wins
def beam(next_scores, end, width, length):
    kept = [([], 0.0)]
    for _ in range(length):
        candidates = [([*tokens, t], total + s) for tokens, total in kept for t, s in enumerate(next_scores(tokens))]
        kept = sorted(candidates, key=lambda c: -c[1])[:width]
        for tokens, total in kept:
            if tokens[-1] == end:
                return tokens, total
    return kept[0]


# %% wrong: multiplies the logarithms' exponentials, and returns a probability
def beam(next_scores, end, width, length):
    kept = [([], 1.0)]
    for _ in range(length):
        candidates = []
        for tokens, p in kept:
            if tokens[-1:] == [end]:
                candidates.append((tokens, p))
            else:
                candidates += [([*tokens, t], p * math.exp(s)) for t, s in enumerate(next_scores(tokens))]
        kept = sorted(candidates, key=lambda c: -c[1])[:width]
    return kept[0]


# %% wrong: asks for every candidate
def beam(next_scores, end, width, length):
    kept = [([], 0.0)]
    for _ in range(length):
        candidates = []
        for tokens, total in kept:
            if tokens[-1:] == [end]:
                candidates.append((tokens, total))
                continue
            for t in range(len(next_scores(tokens))):
                candidates.append(([*tokens, t], total + next_scores(tokens)[t]))
        kept = sorted(candidates, key=lambda c: -c[1])[:width]
    return kept[0]


# %% wrong: the last score alone
def beam(next_scores, end, width, length):
    kept = [([], 0.0)]
    for _ in range(length):
        candidates = []
        for tokens, total in kept:
            if tokens[-1:] == [end]:
                candidates.append((tokens, total))
                continue
            candidates += [([*tokens, t], float(s)) for t, s in enumerate(next_scores(tokens))]
        kept = sorted(candidates, key=lambda c: -c[1])[:width]
    return kept[0]


# %% wrong: returns the best of the finished
def beam(next_scores, end, width, length):
    kept = [([], 0.0)]
    for _ in range(length):
        candidates = []
        for tokens, total in kept:
            if tokens[-1:] == [end]:
                candidates.append((tokens, total))
                continue
            candidates += [([*tokens, t], total + s) for t, s in enumerate(next_scores(tokens))]
        kept = sorted(candidates, key=lambda c: -c[1])[:width]
    done = [pair for pair in kept if pair[0][-1] == end]
    return (done or kept)[0]


# %% wrong: the finished take no place in the beam
def beam(next_scores, end, width, length):
    kept = [([], 0.0)]
    for _ in range(length):
        candidates = []
        for tokens, total in kept:
            if tokens[-1:] == [end]:
                candidates.append((tokens, total))
                continue
            candidates += [([*tokens, t], total + s) for t, s in enumerate(next_scores(tokens))]
        candidates.sort(key=lambda c: -c[1])
        going = [c for c in candidates if c[0][-1] != end][:width]
        kept = sorted(going + [c for c in candidates if c[0][-1] == end], key=lambda c: -c[1])
    return kept[0]


# %% wrong: asks ahead, also after the last step
def beam(next_scores, end, width, length):
    kept = [([], 0.0, next_scores([]))]
    for _ in range(length):
        candidates = []
        for tokens, total, scores in kept:
            if scores is None:
                candidates.append((tokens, total))
            else:
                candidates += [([*tokens, t], total + s) for t, s in enumerate(scores)]
        best = sorted(candidates, key=lambda c: -c[1])[:width]
        known = {tuple(tokens): scores for tokens, _, scores in kept}
        kept = [
            (tokens, total, known.get(tuple(tokens)) if tokens[-1] == end else next_scores(tokens))
            for tokens, total in best
        ]
    return kept[0][:2]


# %% wrong: a finished sequence is never pushed out
def beam(next_scores, end, width, length):
    kept = [([], 0.0)]
    for _ in range(length):
        done = [pair for pair in kept if pair[0][-1:] == [end]]
        grown = [
            ([*tokens, t], total + s)
            for tokens, total in kept
            if tokens[-1:] != [end]
            for t, s in enumerate(next_scores(tokens))
        ]
        grown = sorted(grown, key=lambda c: -c[1])[: width - len(done)]
        kept = sorted(done + grown, key=lambda c: -c[1])
    return kept[0]


# %% wrong: the end is always 0
def beam(next_scores, end, width, length):
    kept = [([], 0.0)]
    for _ in range(length):
        candidates = []
        for tokens, total in kept:
            if tokens[-1:] == [0]:
                candidates.append((tokens, total))
                continue
            candidates += [([*tokens, t], total + s) for t, s in enumerate(next_scores(tokens))]
        kept = sorted(candidates, key=lambda c: -c[1])[:width]
    return kept[0]


# %% wrong: takes `width` from the heap, be there as many or not
def beam(next_scores, end, width, length):
    import heapq

    kept = [([], 0.0)]
    for _ in range(length):
        heap = []
        for tokens, total in kept:
            if tokens[-1:] == [end]:
                heapq.heappush(heap, (-total, tokens))
                continue
            for t, s in enumerate(next_scores(tokens)):
                heapq.heappush(heap, (-total - s, [*tokens, t]))
        best = [heapq.heappop(heap) for _ in range(width)]
        kept = [(tokens, -cost) for cost, tokens in best]
    return kept[0]


# %% wrong: the largest sum a token wins
def beam(next_scores, end, width, length):
    kept = [([], 0.0)]
    for _ in range(length):
        candidates = []
        for tokens, total in kept:
            if tokens[-1:] == [end]:
                candidates.append((tokens, total))
                continue
            candidates += [([*tokens, t], total + s) for t, s in enumerate(next_scores(tokens))]
        kept = sorted(candidates, key=lambda c: -c[1])[:width]
    return max(kept, key=lambda c: c[1] / len(c[0]))
