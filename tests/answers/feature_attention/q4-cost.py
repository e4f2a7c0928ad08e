# %% right: sums of generators
def gate_cost(stages, reduction, kernel=None):
    if any(c % reduction != 0 for _, c, _ in stages):
        raise ValueError("the reduction must divide the channels")
    runs = 1 if kernel is None else 2
    conv = 0 if kernel is None else 2 * kernel**2
    bias = 0 if kernel is None else 1
    parameters = sum(n * (2 * c * c // reduction + c + c // reduction + conv + bias) for n, c, _ in stages)
    multiply_adds = sum(n * (runs * 2 * c * c // reduction + conv * s * s) for n, c, s in stages)
    return parameters, multiply_adds


# %% right: one gate at a time
def linear(a, b):
    return a * b + b, a * b


def gate_cost(stages, reduction, kernel=None):
    p, m = 0, 0
    for units, channels, size in stages:
        hidden, rest = divmod(channels, reduction)
        if rest:
            raise ValueError(f"{reduction} does not divide {channels}")
        for _ in range(units):
            for a, b in ((channels, hidden), (hidden, channels)):
                weights, products = linear(a, b)
                p += weights
                m += products if kernel is None else 2 * products
            if kernel is not None:
                p += 2 * kernel * kernel + 1
                m += 2 * kernel * kernel * size**2
    return p, m


# %% right: arrays
def gate_cost(stages, reduction, kernel=None):
    units, channels, size = np.array(stages, dtype=np.int64).reshape(-1, 3).T
    if (channels % reduction != 0).any():
        raise ValueError("channels are no multiple of the reduction")
    hidden = channels // reduction
    parameters = units * (2 * channels * hidden + channels + hidden)
    products = units * 2 * channels * hidden
    if kernel is not None:
        parameters = parameters + units * (2 * kernel**2 + 1)
        products = 2 * products + units * 2 * kernel**2 * size**2
    return int(parameters.sum()), int(products.sum())


# %% wrong: the layers of CBAM exist twice
def gate_cost(stages, reduction, kernel=None):
    p = m = 0
    for units, channels, size in stages:
        if channels % reduction:
            raise ValueError("does not divide")
        hidden = channels // reduction
        w = 2 * channels * hidden
        twice = 1 if kernel is None else 2
        k = 0 if kernel is None else 2 * kernel * kernel
        p += units * (twice * (w + channels + hidden) + k + (kernel is not None))
        m += units * (w * twice + k * size * size)
    return p, m


# %% wrong: forgets that there are several units
def gate_cost(stages, reduction, kernel=None):
    p = m = 0
    for _, channels, size in stages:
        if channels % reduction:
            raise ValueError("does not divide")
        hidden = channels // reduction
        w = 2 * channels * hidden
        k = 0 if kernel is None else 2 * kernel * kernel
        p += w + channels + hidden + k + (kernel is not None)
        m += w * (1 if kernel is None else 2) + k * size * size
    return p, m


# %% wrong: rounds down where the reduction does not divide
def gate_cost(stages, reduction, kernel=None):
    p = m = 0
    for units, channels, size in stages:
        hidden = channels // reduction
        w = 2 * channels * hidden
        k = 0 if kernel is None else 2 * kernel * kernel
        p += units * (w + channels + hidden + k + (kernel is not None))
        m += units * (w * (1 if kernel is None else 2) + k * size * size)
    return p, m


# %% wrong: numbers that are not whole
def gate_cost(stages, reduction, kernel=None):
    p = m = 0
    for units, channels, size in stages:
        if channels % reduction:
            raise ValueError("does not divide")
        hidden = channels / reduction
        w = 2 * channels * hidden
        k = 0 if kernel is None else 2 * kernel * kernel
        p += units * (w + channels + hidden + k + (kernel is not None))
        m += units * (w * (1 if kernel is None else 2) + k * size * size)
    return p, m


# %% wrong: the kernel enters once
def gate_cost(stages, reduction, kernel=None):
    parameters, products = 0, 0
    for units, channels, size in stages:
        if channels % reduction:
            raise ValueError(f"{reduction} does not divide {channels}")
        hidden = channels // reduction
        p = 2 * channels * hidden + hidden + channels
        m = 2 * channels * hidden
        if kernel is not None:
            m = 2 * m + 6 * kernel * size**2
            p += 6 * kernel + 1
        parameters += units * p
        products += units * m
    return parameters, products


# %% wrong: a kernel of 1 counts as none
def gate_cost(stages, reduction, kernel=None):
    parameters, products = 0, 0
    for units, channels, size in stages:
        if channels % reduction:
            raise ValueError(f"{reduction} does not divide {channels}")
        hidden = channels // reduction
        p = 2 * channels * hidden + hidden + channels
        m = 2 * channels * hidden
        if kernel is not None and kernel > 1:
            m = 2 * m + 2 * kernel**2 * size**2
            p += 2 * kernel**2 + 1
        parameters += units * p
        products += units * m
    return parameters, products


# %% wrong: refuses a reduction to one number
def gate_cost(stages, reduction, kernel=None):
    parameters, products = 0, 0
    for units, channels, size in stages:
        if channels % reduction or channels == reduction:
            raise ValueError(f"{reduction} does not divide {channels}")
        hidden = channels // reduction
        p = 2 * channels * hidden + hidden + channels
        m = 2 * channels * hidden
        if kernel is not None:
            m = 2 * m + 2 * kernel**2 * size**2
            p += 2 * kernel**2 + 1
        parameters += units * p
        products += units * m
    return parameters, products


# %% wrong: asks the first stage only
def gate_cost(stages, reduction, kernel=None):
    parameters, products = 0, 0
    if stages[0][1] % reduction:
        raise ValueError("no")
    for units, channels, size in stages:
        hidden = channels // reduction
        p = 2 * channels * hidden + hidden + channels
        m = 2 * channels * hidden
        if kernel is not None:
            m = 2 * m + 2 * kernel**2 * size**2
            p += 2 * kernel**2 + 1
        parameters += units * p
        products += units * m
    return parameters, products


# %% wrong: empties its argument
def gate_cost(stages, reduction, kernel=None):
    if any(channels % reduction for _, channels, _ in stages):
        raise ValueError("the reduction must divide the channels")
    parameters = products = 0
    while stages:
        units, channels, size = stages.pop()
        weights = 2 * channels * (channels // reduction)
        parameters += units * (weights + channels + channels // reduction)
        products += units * weights
        if kernel:
            parameters += units * (2 * kernel**2 + 1)
            products += units * (weights + 2 * (kernel * size) ** 2)
    return parameters, products


# %% wrong: the convolution is counted after the loop, for the last stage
def linear(a, b):
    return a * b + b, a * b


def gate_cost(stages, reduction, kernel=None):
    p, m = 0, 0
    for units, channels, size in stages:
        hidden, rest = divmod(channels, reduction)
        if rest:
            raise ValueError(f"{reduction} does not divide {channels}")
        for _ in range(units):
            for a, b in ((channels, hidden), (hidden, channels)):
                weights, products = linear(a, b)
                p += weights
                m += products if kernel is None else 2 * products
    if kernel is not None:
        p += units * (2 * kernel * kernel + 1)
        m += units * 2 * kernel * kernel * size**2
    return p, m
