# %% right: a loop over the layers
def collapse(weights, biases):
    weight, bias = np.eye(weights[0].shape[1]), np.zeros(weights[0].shape[1])
    for w, b in zip(weights, biases):
        weight = w @ weight
        bias = w @ bias + b
    return weight, bias


# %% right: reduce from the last layer on
from functools import reduce


def collapse(weights, biases):
    def join(last, first):
        return last[0] @ first[0], last[0] @ first[1] + last[1]

    return reduce(join, reversed(list(zip(weights, biases))))


# %% right: probes the layers with unit vectors
def collapse(weights, biases):
    def chain(x):
        for w, b in zip(weights, biases):
            x = w.dot(x) + b
        return x

    features = weights[0].shape[1]
    bias = chain(np.zeros(features))
    return [np.stack([chain(unit) - bias for unit in np.eye(features)], axis=1), bias]


# %% right: itself, on all but the first layer
def collapse(weights, biases):
    if len(weights) == 1:
        return weights[0].copy(), biases[0].copy()
    weight, bias = collapse(weights[1:], biases[1:])
    return np.einsum("ij,jk->ik", weight, weights[0]), np.einsum("ij,j->i", weight, biases[0]) + bias


# %% wrong: adds to its argument, in place
def collapse(weights, biases):
    weight, bias = weights[0], biases[0]
    for w, b in zip(weights[1:], biases[1:]):
        b += w @ bias
        weight, bias = w @ weight, b
    return weight, bias


# %% wrong: the product in the other order
def collapse(weights, biases):
    weight, bias = weights[0], biases[0]
    for w, b in zip(weights[1:], biases[1:]):
        weight, bias = weight @ w, w @ bias + b
    return weight, bias


# %% wrong: adds up the biases
def collapse(weights, biases):
    weight = weights[0]
    for w in weights[1:]:
        weight = w @ weight
    return weight, sum(biases)


# %% wrong: forgets the first bias
def collapse(weights, biases):
    weight = weights[0]
    for w in weights[1:]:
        weight = w @ weight
    return weight, biases[-1]


# %% wrong: multiplies entry by entry
def collapse(weights, biases):
    weight, bias = weights[0], biases[0]
    for w, b in zip(weights[1:], biases[1:]):
        weight, bias = w * weight, w @ bias + b
    return weight, bias


# %% wrong: transposed weights
def collapse(weights, biases):
    weight, bias = weights[0], biases[0]
    for w, b in zip(weights[1:], biases[1:]):
        weight, bias = w @ weight, w @ bias + b
    return weight.T, bias


# %% wrong: rounds to whole numbers
def collapse(weights, biases):
    weight, bias = weights[0], biases[0]
    for w, b in zip(weights[1:], biases[1:]):
        weight, bias = w @ weight, w @ bias + b
    return np.round(weight), np.round(bias)


# %% wrong: begins with the second layer
def collapse(weights, biases):
    weight, bias = weights[1] @ weights[0], weights[1] @ biases[0] + biases[1]
    for w, b in zip(weights[2:], biases[2:]):
        weight, bias = w @ weight, w @ bias + b
    return weight, bias


# %% wrong: two layers only, as the lecture shows
def collapse(weights, biases):
    if len(weights) == 1:
        return weights[0], biases[0]
    return weights[-1] @ weights[0], weights[-1] @ biases[0] + biases[-1]


# %% wrong: each bias is multiplied by the next layer only
def collapse(weights, biases):
    weight, bias = weights[0], biases[0]
    for k in range(1, len(weights)):
        weight, bias = weights[k] @ weight, weights[k] @ biases[k - 1] + biases[k]
    return weight, bias
