# %% right: loops and lists
def collapse(first_weight, first_bias, second_weight, second_bias):
    outs, mids, ins = len(second_weight), len(first_weight), len(first_weight[0])
    weight = [[0.0] * ins for _ in range(outs)]
    bias = [float(b) for b in second_bias]
    for o in range(outs):
        for m in range(mids):
            bias[o] += second_weight[o][m] * first_bias[m]
            for i in range(ins):
                weight[o][i] += second_weight[o][m] * first_weight[m][i]
    return [weight, bias]


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
