# %% right: each side of the sigmoid on its own
def sigmoid(z):
    z = np.asarray(z, dtype=float)
    result = np.empty_like(z)
    positive = z >= 0
    result[positive] = 1 / (1 + np.exp(-z[positive]))
    power = np.exp(z[~positive])
    result[~positive] = power / (1 + power)
    return result


def sigmoid_gradient(z):
    s = sigmoid(z)
    return s - s**2


def relu(z):
    return np.where(z > 0, z, 0)


def relu_gradient(z):
    return np.where(z > 0, 1.0, 0.0)


# %% right: the sigmoid through the hyperbolic tangent
def sigmoid(z):
    return 0.5 * (1 + np.tanh(0.5 * np.asarray(z)))


def sigmoid_gradient(z):
    e = np.exp(-np.abs(z))
    return e / (1 + e) ** 2


def relu(z):
    return z * (z > 0)


def relu_gradient(z):
    return np.heaviside(z, 0)


# %% right: clipping, and masks
def sigmoid(z):
    return 1 / (1 + np.exp(-np.clip(z, -500, 500)))


def sigmoid_gradient(z):
    return sigmoid(z) * sigmoid(-z)


def relu(z):
    copy = np.array(z)
    copy[copy < 0] = 0
    return copy


def relu_gradient(z):
    slope = np.zeros(np.shape(z))
    slope[np.asarray(z) > 0] = 1
    return slope


# %% wrong: the formula as it stands overflows
def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def sigmoid_gradient(z):
    return sigmoid(z) * (1 - sigmoid(z))


def relu(z):
    return np.maximum(z, 0)


def relu_gradient(z):
    return (z > 0).astype(float)


# %% wrong: the sigmoid is clipped at 20, the slope is not
def sigmoid(z):
    return 1 / (1 + np.exp(-np.clip(z, -20, 20)))


def sigmoid_gradient(z):
    e = np.exp(-np.abs(z))
    return e / (1 + e) ** 2


def relu(z):
    return np.maximum(z, 0)


def relu_gradient(z):
    return (z > 0).astype(float)


# %% wrong: the ReLU's slope is 1 at zero
def sigmoid(z):
    return 1 / (1 + np.exp(-np.clip(z, -500, 500)))


def sigmoid_gradient(z):
    return sigmoid(z) * (1 - sigmoid(z))


def relu(z):
    return np.maximum(z, 0)


def relu_gradient(z):
    return (z >= 0).astype(float)


# %% wrong: the ReLU changes its input
def sigmoid(z):
    return 1 / (1 + np.exp(-np.clip(z, -500, 500)))


def sigmoid_gradient(z):
    return sigmoid(z) * (1 - sigmoid(z))


def relu(z):
    z[z < 0] = 0
    return z


def relu_gradient(z):
    return (z > 0).astype(float)


# %% wrong: the ReLU of the whole array, not of each entry
def sigmoid(z):
    return 1 / (1 + np.exp(-np.clip(z, -500, 500)))


def sigmoid_gradient(z):
    return sigmoid(z) * (1 - sigmoid(z))


def relu(z):
    return np.max(z, initial=0)


def relu_gradient(z):
    return (z > 0).astype(float)


# %% wrong: scipy's sigmoid
def sigmoid(z):
    from scipy.special import expit

    return expit(z)


def sigmoid_gradient(z):
    return sigmoid(z) * (1 - sigmoid(z))


def relu(z):
    return np.maximum(z, 0)


def relu_gradient(z):
    return (z > 0).astype(float)


# %% right: through the logarithm of a sum, and squares
def sigmoid(z):
    return np.exp(-np.logaddexp(0, -z))


def sigmoid_gradient(z):
    return sigmoid(z) * (1 - sigmoid(z))


def relu(z):
    return (np.abs(z) + z) / 2


def relu_gradient(z):
    return z > 0


# %% wrong: both sides everywhere, of which where takes one
def sigmoid(z):
    return np.where(z >= 0, 1 / (1 + np.exp(-z)), np.exp(z) / (1 + np.exp(z)))


def sigmoid_gradient(z):
    return sigmoid(z) * (1 - sigmoid(z))


def relu(z):
    return np.maximum(z, 0)


def relu_gradient(z):
    return (z > 0).astype(float)


# %% wrong: clips at 20
def sigmoid(z):
    return 1 / (1 + np.exp(-np.clip(z, -20, 20)))


def sigmoid_gradient(z):
    return sigmoid(z) * (1 - sigmoid(z))


def relu(z):
    return np.maximum(z, 0)


def relu_gradient(z):
    return (z > 0).astype(float)


# %% wrong: a ReLU with an upper end
def sigmoid(z):
    return 0.5 * (1 + np.tanh(z / 2))


def sigmoid_gradient(z):
    return sigmoid(z) * (1 - sigmoid(z))


def relu(z):
    return np.clip(z, 0, 6)


def relu_gradient(z):
    return (z > 0).astype(float)


# %% wrong: fractions written into an array of whole numbers
def sigmoid(z):
    e = np.exp(-np.abs(z))
    out = np.empty_like(z)
    out[:] = np.where(z >= 0, 1, e) / (1 + e)
    return out


def sigmoid_gradient(z):
    return sigmoid(z) * (1 - sigmoid(z))


def relu(z):
    return np.maximum(z, 0)


def relu_gradient(z):
    return (z > 0).astype(float)


# %% wrong: axes of length 1 disappear
def sigmoid(z):
    return 0.5 * (1 + np.tanh(z / 2))


def sigmoid_gradient(z):
    return sigmoid(z) * (1 - sigmoid(z))


def relu(z):
    return np.squeeze(np.maximum(z, 0))


def relu_gradient(z):
    return (z > 0).astype(float)


# %% wrong: the formula of the right side from -1 on
def sigmoid(z):
    e = np.exp(-np.abs(z))
    return np.where(z > -1, 1, e) / (1 + e)


def sigmoid_gradient(z):
    return sigmoid(z) * (1 - sigmoid(z))


def relu(z):
    return np.maximum(z, 0)


def relu_gradient(z):
    return (z > 0).astype(float)


# %% wrong: the slope overflows, the sigmoid does not
def sigmoid(z):
    return 0.5 * (1 + np.tanh(z / 2))


def sigmoid_gradient(z):
    e = np.exp(-z)
    return e / (1 + e) ** 2


def relu(z):
    return np.maximum(z, 0)


def relu_gradient(z):
    return (z > 0).astype(float)


# %% wrong: PyTorch does it
def sigmoid(z):
    return torch.sigmoid(torch.as_tensor(np.array(z))).numpy()


def sigmoid_gradient(z):
    return sigmoid(z) * sigmoid(-z)


def relu(z):
    copy = z.copy()
    copy[copy < 0] = 0
    return copy


def relu_gradient(z):
    return np.heaviside(z, 0.0)
