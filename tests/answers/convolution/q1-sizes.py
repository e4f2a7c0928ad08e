# %% right: counting the places
def output_shape(height, width, filters, kernel, stride=1, padding=0):
    rows = len(range(0, height + 2 * padding - kernel + 1, stride))
    columns = len(range(0, width + 2 * padding - kernel + 1, stride))
    return (rows, columns, filters)


def parameters(channels, filters, kernel):
    return filters * channels * kernel**2 + filters


# %% right: rounding down with floor
def output_shape(height, width, filters, kernel, stride=1, padding=0):
    sizes = [int(np.floor((n + 2 * padding - kernel) / stride + 1)) for n in (height, width)]
    return sizes[0], sizes[1], filters


def parameters(channels, filters, kernel):
    weights = filters * channels * kernel * kernel
    biases = filters
    return weights + biases


# %% right: divmod, and a list
def output_shape(height, width, filters, kernel, stride=1, padding=0):
    steps = [divmod(n + 2 * padding - kernel, stride)[0] for n in (height, width)]
    return [steps[0] + 1, steps[1] + 1, filters]


def parameters(channels, filters, kernel):
    return sum(kernel * kernel * channels + 1 for _ in range(filters))


# %% wrong: padding on one side only
def output_shape(height, width, filters, kernel, stride=1, padding=0):
    fit = lambda n: (n + padding - kernel) // stride + 1
    return fit(height), fit(width), filters


def parameters(channels, filters, kernel):
    return filters * (kernel * kernel * channels + 1)


# %% wrong: forgets the biases
def output_shape(height, width, filters, kernel, stride=1, padding=0):
    fit = lambda n: (n + 2 * padding - kernel) // stride + 1
    return fit(height), fit(width), filters


def parameters(channels, filters, kernel):
    return filters * kernel * kernel * channels


# %% wrong: one bias for every weight of a filter's depth
def output_shape(height, width, filters, kernel, stride=1, padding=0):
    fit = lambda n: (n + 2 * padding - kernel) // stride + 1
    return fit(height), fit(width), filters


def parameters(channels, filters, kernel):
    return filters * channels * (kernel * kernel + 1)


# %% wrong: rounds up
def output_shape(height, width, filters, kernel, stride=1, padding=0):
    fit = lambda n: -(-(n + 2 * padding - kernel) // stride) + 1
    return fit(height), fit(width), filters


def parameters(channels, filters, kernel):
    return filters * (kernel * kernel * channels + 1)


# %% wrong: fractions of a pixel
def output_shape(height, width, filters, kernel, stride=1, padding=0):
    fit = lambda n: (n + 2 * padding - kernel) / stride + 1
    return fit(height), fit(width), filters


def parameters(channels, filters, kernel):
    return filters * (kernel * kernel * channels + 1)


# %% wrong: height and width the wrong way round
def output_shape(height, width, filters, kernel, stride=1, padding=0):
    fit = lambda n: (n + 2 * padding - kernel) // stride + 1
    return fit(width), fit(height), filters


def parameters(channels, filters, kernel):
    return filters * (kernel * kernel * channels + 1)


# %% wrong: filters of colour images only
def output_shape(height, width, filters, kernel, stride=1, padding=0):
    fit = lambda n: (n + 2 * padding - kernel) // stride + 1
    return fit(height), fit(width), filters


def parameters(channels, filters, kernel):
    return filters * (kernel * kernel * 3 + 1)


# %% wrong: rounds to the nearest number
def output_shape(height, width, filters, kernel, stride=1, padding=0):
    fit = lambda n: round((n + 2 * padding - kernel) / stride) + 1
    return fit(height), fit(width), filters



def parameters(channels, filters, kernel):
    return filters * (kernel * kernel * channels + 1)


# %% wrong: divides image and padding apart
def output_shape(height, width, filters, kernel, stride=1, padding=0):
    fit = lambda n: (n - kernel) // stride + 2 * padding // stride + 1
    return fit(height), fit(width), filters



def parameters(channels, filters, kernel):
    return filters * (kernel * kernel * channels + 1)


# %% wrong: padding only where the stride is not 1
def output_shape(height, width, filters, kernel, stride=1, padding=0):
    pad = 2 * padding if stride > 1 else 0
    fit = lambda n: (n + pad - kernel) // stride + 1
    return fit(height), fit(width), filters



def parameters(channels, filters, kernel):
    return filters * (kernel * kernel * channels + 1)
