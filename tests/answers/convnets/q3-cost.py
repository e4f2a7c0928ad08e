# %% right: a list of sizes first
def network_cost(layers, size):
    weights = [k * k * c * d // g for c, d, k, s, p, g in layers]
    places = []
    for c, d, k, s, p, g in layers:
        size = int(np.floor((size + 2 * p - k) / s)) + 1
        places.append(size**2)
    return sum(weights), sum(w * n for w, n in zip(weights, places))


# %% right: groups one by one
def network_cost(layers, size):
    parameters = cost = 0
    for layer in layers:
        c, d, k, s, p, g = layer
        positions = len(range(0, size + 2 * p - k + 1, s))
        for _ in range(g):
            per_group = (c // g) * (d // g) * k**2
            parameters += per_group
            cost += per_group * positions**2
        size = positions
    return parameters, cost


# %% right: recursion
def network_cost(layers, size):
    if not layers:
        return [0, 0]
    (c, d, k, s, p, g), *rest = layers
    after = (size - k + 2 * p + s) // s
    w = d * (c // g) * k * k
    more = network_cost(rest, after)
    return [w + more[0], w * after * after + more[1]]


# %% wrong: ignores the groups
def network_cost(layers, size):
    parameters = multiply_adds = 0
    for channels_in, channels_out, kernel, stride, padding, groups in layers:
        size = (size + 2 * padding - kernel) // stride + 1
        weights = kernel * kernel * channels_in * channels_out
        parameters += weights
        multiply_adds += size * size * weights
    return parameters, multiply_adds


# %% wrong: counts biases
def network_cost(layers, size):
    parameters = multiply_adds = 0
    for channels_in, channels_out, kernel, stride, padding, groups in layers:
        size = (size + 2 * padding - kernel) // stride + 1
        weights = kernel * kernel * (channels_in // groups) * channels_out
        parameters += weights + channels_out
        multiply_adds += size * size * weights
    return parameters, multiply_adds


# %% wrong: every layer at the first size
def network_cost(layers, size):
    parameters = multiply_adds = 0
    for channels_in, channels_out, kernel, stride, padding, groups in layers:
        out = (size + 2 * padding - kernel) // stride + 1
        weights = kernel * kernel * (channels_in // groups) * channels_out
        parameters += weights
        multiply_adds += out * out * weights
    return parameters, multiply_adds


# %% wrong: rounds sizes up
def network_cost(layers, size):
    parameters = multiply_adds = 0
    for channels_in, channels_out, kernel, stride, padding, groups in layers:
        size = -(-(size + 2 * padding - kernel) // stride) + 1
        weights = kernel * kernel * (channels_in // groups) * channels_out
        parameters += weights
        multiply_adds += size * size * weights
    return parameters, multiply_adds


# %% wrong: multiplications and additions apart
def network_cost(layers, size):
    parameters = operations = 0
    for channels_in, channels_out, kernel, stride, padding, groups in layers:
        size = (size + 2 * padding - kernel) // stride + 1
        weights = kernel * kernel * (channels_in // groups) * channels_out
        parameters += weights
        operations += 2 * size * size * weights
    return parameters, operations


# %% wrong: divides both channel numbers by the groups
def network_cost(layers, size):
    parameters = multiply_adds = 0
    for channels_in, channels_out, kernel, stride, padding, groups in layers:
        size = (size + 2 * padding - kernel) // stride + 1
        weights = kernel * kernel * (channels_in // groups) * (channels_out // groups)
        parameters += weights
        multiply_adds += size * size * weights
    return parameters, multiply_adds


# %% wrong: divides without rounding
def network_cost(layers, size):
    parameters = multiply_adds = 0
    for channels_in, channels_out, kernel, stride, padding, groups in layers:
        size = (size + 2 * padding - kernel) / stride + 1
        weights = kernel**2 * channels_in * channels_out / groups
        parameters += weights
        multiply_adds += size**2 * weights
    return parameters, multiply_adds


# %% wrong: takes the list apart
def network_cost(layers, size):
    parameters = adds = 0
    while layers:
        c, d, k, stride, padding, groups = layers.pop(0)
        size = (size + 2 * padding - k) // stride + 1
        parameters += k * k * c // groups * d
        adds += k * k * c // groups * d * size**2
    return parameters, adds


# %% wrong: the size over the stride, whatever kernel and padding
def network_cost(layers, size):
    parameters = 0
    adds = 0
    for cin, cout, k, s, p, g in layers:
        size = size // s
        w = k * k * (cin // g) * cout
        parameters += w
        adds += w * size * size
    return parameters, adds
