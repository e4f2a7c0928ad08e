# %% right: one example at a time
def predict(x, weight, bias):
    answers = []
    for row in x:
        z = bias
        for a, b in zip(row, weight):
            z += a * b
        answers.append(1 if z > 0 else 0)
    return np.array(answers, dtype=int)


# %% right: einsum and where
def predict(x, weight, bias):
    z = np.einsum("nf,f->n", x, weight) + bias
    return np.where(z > 0, 1, 0)


# %% right: heaviside, which takes the value at zero
def predict(x, weight, bias):
    return np.heaviside(np.dot(x, weight) + bias, 0).astype(np.int64)


# %% right: a helper of one's own
def threshold(z):
    return np.greater(z, 0)


def predict(x, weight, bias):
    return threshold((x * weight).sum(axis=1) + bias).astype(int)


# %% wrong: forgets the bias
def predict(x, weight, bias):
    return (x @ weight > 0).astype(int)


# %% wrong: 1 at exactly zero
def predict(x, weight, bias):
    return (x @ weight + bias >= 0).astype(int)


# %% wrong: returns True and False
def predict(x, weight, bias):
    return x @ weight + bias > 0


# %% wrong: rounds the sigmoid: a small positive z becomes 0
def predict(x, weight, bias):
    p = 1 / (1 + np.exp(-(x @ weight + bias)))
    return np.round(p).astype(int)


# %% wrong: sums over the examples instead of the features
def predict(x, weight, bias):
    return (np.sum(x * weight, axis=0) + bias > 0).astype(int)


# %% wrong: calls the course's own perceptron
def predict(x, weight, bias):
    from mylib.vision.perceptron import scratch

    unit = scratch.Perceptron(len(weight))
    unit.weight, unit.bias = np.asarray(weight), np.array([bias])
    return unit.predict(x)


# %% wrong: changes its argument in place
def predict(x, weight, bias):
    x *= weight
    return (x.sum(axis=1) + bias > 0).astype(int)


# %% wrong: cuts weights to whole numbers
def predict(x, weight, bias):
    return (np.asarray(x, int) @ np.asarray(weight, int) + bias > 0).astype(int)
