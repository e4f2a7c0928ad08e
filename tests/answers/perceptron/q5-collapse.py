# %% right: loops
def collapse(first_weight, first_bias, second_weight, second_bias):
    rows, inner, columns = len(second_weight), len(first_weight), first_weight.shape[1]
    weight, bias = np.zeros((rows, columns)), np.zeros(rows)
    for i in range(rows):
        for j in range(columns):
            weight[i, j] = sum(second_weight[i, k] * first_weight[k, j] for k in range(inner))
        bias[i] = second_bias[i] + sum(second_weight[i, k] * first_bias[k] for k in range(inner))
    return weight, bias


# %% right: einsum
def collapse(first_weight, first_bias, second_weight, second_bias):
    weight = np.einsum("ij,jk->ik", second_weight, first_weight)
    return weight, np.einsum("ij,j->i", second_weight, first_bias) + second_bias


# %% right: probes the two layers with unit vectors
def collapse(first_weight, first_bias, second_weight, second_bias):
    def both(x):
        return second_weight @ (first_weight @ x + first_bias) + second_bias

    features = first_weight.shape[1]
    bias = both(np.zeros(features))
    weight = np.stack([both(unit) - bias for unit in np.eye(features)], axis=1)
    return weight, bias


# %% wrong: the product in the other order
def collapse(first_weight, first_bias, second_weight, second_bias):
    return first_weight @ second_weight, second_weight @ first_bias + second_bias


# %% wrong: forgets that the second layer multiplies the first bias
def collapse(first_weight, first_bias, second_weight, second_bias):
    return second_weight @ first_weight, first_bias + second_bias


# %% wrong: forgets the first bias
def collapse(first_weight, first_bias, second_weight, second_bias):
    return second_weight @ first_weight, second_bias


# %% wrong: forgets the second bias
def collapse(first_weight, first_bias, second_weight, second_bias):
    return second_weight @ first_weight, second_weight @ first_bias


# %% wrong: multiplies entry by entry
def collapse(first_weight, first_bias, second_weight, second_bias):
    return second_weight * first_weight, second_weight @ first_bias + second_bias


# %% wrong: transposed weights
def collapse(first_weight, first_bias, second_weight, second_bias):
    return (second_weight @ first_weight).T, second_weight @ first_bias + second_bias


# %% wrong: adds to its argument, in place
def collapse(first_weight, first_bias, second_weight, second_bias):
    second_bias += second_weight @ first_bias
    return second_weight @ first_weight, second_bias


# %% wrong: rounds to whole numbers
def collapse(first_weight, first_bias, second_weight, second_bias):
    weight, bias = second_weight @ first_weight, second_weight @ first_bias + second_bias
    return weight.round(), bias.round()
