# %% right: loops
def bias_parameters(window, depths, heads):
    total = 0
    for stage in range(len(depths)):
        for _ in range(depths[stage]):
            total += heads[stage] * (2 * window - 1) * (2 * window - 1)
    return total


def layer_cost(height, width, dim, window):
    while height % window:
        height += 1
    while width % window:
        width += 1
    linear = 4 * height * width * dim * dim
    products = 2 * (height * width) * (window * window) * dim
    return linear + products


# %% right: NumPy
def bias_parameters(window, depths, heads):
    return int(np.dot(depths, heads)) * (4 * window**2 - 4 * window + 1)


def layer_cost(height, width, dim, window):
    windows = int(np.ceil(height / window) * np.ceil(width / window))
    tokens = window * window
    return windows * (4 * tokens * dim**2 + 2 * tokens**2 * dim)


# %% right: NumPy's whole numbers
def bias_parameters(window, depths, heads):
    return (np.array(depths) * np.array(heads)).sum() * (2 * window - 1) ** 2


def layer_cost(height, width, dim, window):
    rows, columns = (height + window - 1) // window, (width + window - 1) // window
    n = rows * columns * window * window
    return 4 * n * dim * dim + n * window * window * dim + n * window * window * dim


# %% wrong: a table has a row for each pair of tokens
def bias_parameters(window, depths, heads):
    return sum(d * h for d, h in zip(depths, heads)) * window**4


def layer_cost(height, width, dim, window):
    n = -(-height // window) * -(-width // window) * window**2
    return 4 * n * dim**2 + 2 * window**2 * n * dim


# %% wrong: one table for each stage
def bias_parameters(window, depths, heads):
    return sum(heads) * (2 * window - 1) ** 2


def layer_cost(height, width, dim, window):
    n = -(-height // window) * -(-width // window) * window**2
    return 4 * n * dim**2 + 2 * window**2 * n * dim


# %% wrong: a table for all heads
def bias_parameters(window, depths, heads):
    return sum(depths) * (2 * window - 1) ** 2


def layer_cost(height, width, dim, window):
    n = -(-height // window) * -(-width // window) * window**2
    return 4 * n * dim**2 + 2 * window**2 * n * dim


# %% wrong: all blocks times all heads
def bias_parameters(window, depths, heads):
    return sum(depths) * sum(heads) * (2 * window - 1) ** 2


def layer_cost(height, width, dim, window):
    n = -(-height // window) * -(-width // window) * window**2
    return 4 * n * dim**2 + 2 * window**2 * n * dim


# %% wrong: 27 for every window
def bias_parameters(window, depths, heads):
    return 9 * sum(d * h for d, h in zip(depths, heads))


def layer_cost(height, width, dim, window):
    n = -(-height // window) * -(-width // window) * window**2
    return 4 * n * dim**2 + 2 * window**2 * n * dim


# %% wrong: without padding
def bias_parameters(window, depths, heads):
    return sum(d * h for d, h in zip(depths, heads)) * (2 * window - 1) ** 2


def layer_cost(height, width, dim, window):
    return 4 * height * width * dim**2 + 2 * window**2 * height * width * dim


# %% wrong: three linear layers
def bias_parameters(window, depths, heads):
    return sum(d * h for d, h in zip(depths, heads)) * (2 * window - 1) ** 2


def layer_cost(height, width, dim, window):
    n = -(-height // window) * -(-width // window) * window**2
    return 3 * n * dim**2 + 2 * window**2 * n * dim


# %% wrong: all tokens with all
def bias_parameters(window, depths, heads):
    return sum(d * h for d, h in zip(depths, heads)) * (2 * window - 1) ** 2


def layer_cost(height, width, dim, window):
    n = -(-height // window) * -(-width // window) * window**2
    return 4 * n * dim**2 + 2 * n**2 * dim


# %% wrong: pads the rows only
def bias_parameters(window, depths, heads):
    return sum(d * h for d, h in zip(depths, heads)) * (2 * window - 1) ** 2


def layer_cost(height, width, dim, window):
    n = -(-height // window) * window * width
    return 4 * n * dim**2 + 2 * window**2 * n * dim


# %% wrong: one product
def bias_parameters(window, depths, heads):
    return sum(d * h for d, h in zip(depths, heads)) * (2 * window - 1) ** 2


def layer_cost(height, width, dim, window):
    n = -(-height // window) * -(-width // window) * window**2
    return 4 * n * dim**2 + window**2 * n * dim


# %% wrong: fractions
def bias_parameters(window, depths, heads):
    return float(sum(d * h for d, h in zip(depths, heads)) * (2 * window - 1) ** 2)


def layer_cost(height, width, dim, window):
    return np.ceil(height / window) * np.ceil(width / window) * (4 * window**2 * dim**2 + 2 * window**4 * dim)


# %% wrong: takes the stages apart
def bias_parameters(window, depths, heads):
    total = 0
    while depths:
        total += depths.pop() * heads.pop() * (2 * window - 1) ** 2
    return total


def layer_cost(height, width, dim, window):
    n = -(-height // window) * -(-width // window) * window**2
    return 4 * n * dim**2 + 2 * window**2 * n * dim
