# %% right: row by row
def softmax(scores):
    rows = []
    for row in scores:
        powers = np.exp(row - np.max(row))
        rows.append(powers / np.sum(powers))
    return np.array(rows)


# %% right: through the logarithm
def softmax(scores):
    top = np.max(scores, axis=-1)[:, None]
    log_sum = top + np.log(np.exp(scores - top).sum(axis=-1, keepdims=True))
    return np.exp(scores - log_sum)


# %% right: transposed and back
def softmax(scores):
    s = scores.T - scores.max(axis=1)
    e = np.exp(s)
    return (e / e.sum(axis=0)).T


# %% right: in float32
def softmax(scores):
    shifted = (scores - scores.max(axis=1, keepdims=True)).astype(np.float32)
    return np.exp(shifted) / np.exp(shifted).sum(axis=1)[:, None]


# %% wrong: as on the slide
def softmax(scores):
    exps = np.exp(scores)
    return exps / np.sum(exps)


# %% wrong: overflows
def softmax(scores):
    exps = np.exp(scores)
    return exps / exps.sum(axis=1, keepdims=True)


# %% wrong: along the wrong axis
def softmax(scores):
    powers = np.exp(scores - scores.max(axis=0))
    return powers / powers.sum(axis=0)


# %% wrong: the maximum of the whole batch
def softmax(scores):
    powers = np.exp(scores - scores.max())
    return powers / powers.sum(axis=1, keepdims=True)


# %% wrong: changes the scores in place
def softmax(scores):
    scores -= scores.max(axis=1, keepdims=True)
    np.exp(scores, out=scores)
    scores /= scores.sum(axis=1, keepdims=True)
    return scores


# %% wrong: scipy's
def softmax(scores):
    from scipy.special import softmax as library

    return library(scores, axis=1)


# %% wrong: clips instead of shifting
def softmax(scores):
    powers = np.exp(np.clip(scores, -500, 500))
    return powers / powers.sum(axis=1, keepdims=True)


# %% wrong: rounds to six digits
def softmax(scores):
    powers = np.exp(scores - scores.max(axis=1, keepdims=True))
    return np.round(powers / powers.sum(axis=1, keepdims=True), 6)


# %% wrong: looks for the largest score from 0 on
def softmax(scores):
    rows = []
    for row in scores:
        top = 0.0
        for score in row:
            top = score if score > top else top
        powers = np.exp(row - top)
        rows.append(powers / np.sum(powers))
    return np.array(rows)


# %% wrong: subtracts the first score
def softmax(scores):
    powers = np.exp(scores - scores[:, :1])
    return powers / powers.sum(axis=1, keepdims=True)


# %% wrong: divides the columns
def softmax(scores):
    powers = np.exp(scores - scores.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1)
