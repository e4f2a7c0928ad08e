# %% right: einsum of the factors
def delta_w(x, x_before, weight, bias, w_pred, w_retro, y, leak):
    a, b = x @ weight.T + bias, x_before @ weight.T + bias
    z, c = np.where(a > 0, a, leak * a), np.where(b > 0, b, leak * b)
    slope_z, slope_c = np.where(a > 0, 1.0, leak), np.where(b > 0, 1.0, leak)
    told_z, told_c = c @ w_pred.T, z @ w_retro.T
    u, v = (z * told_z).sum(axis=1), (c * told_c).sum(axis=1)
    gamma, gamma_c = np.where(1 - y * u > 0, y, 0), np.where(1 - y * v > 0, y, 0)
    present = np.einsum("b,bj,bj,bi->ji", gamma, told_z, slope_z, x)
    earlier = np.einsum("b,bj,bj,bi->ji", gamma_c, told_c, slope_c, x_before)
    return (present + earlier) / len(y)


# %% right: one pair after the other, outer products
def delta_w(x, x_before, weight, bias, w_pred, w_retro, y, leak):
    def rho(a):
        return np.array([value if value > 0 else leak * value for value in a])

    def part(told, a, activity, inputs, sign):
        if sign * np.dot(activity, told) >= 1:
            return np.zeros_like(weight)
        return sign * np.outer(told * np.array([1.0 if value > 0 else leak for value in a]), inputs)

    total = np.zeros_like(weight)
    for now, then, sign in zip(x, x_before, y):
        a, a_then = weight @ now + bias, weight @ then + bias
        z, c = rho(a), rho(a_then)
        total += part(w_pred @ c, a, z, now, sign) + part(w_retro @ z, a_then, c, then, sign)
    return total / x.shape[0]


# %% right: both glimpses as one batch
def delta_w(x, x_before, weight, bias, w_pred, w_retro, y, leak):
    inputs = np.stack([x, x_before])
    a = inputs @ weight.T + bias
    activity = np.maximum(a, leak * a)
    told = np.stack([activity[1] @ w_pred.T, activity[0] @ w_retro.T])
    gate = y * (activity * told).sum(axis=-1) < 1
    signal = (y * gate)[..., None] * told * (leak + (1 - leak) * (a > 0))
    return np.tensordot(signal, inputs, axes=([0, 1], [0, 1])) / x.shape[0]


# %% right: a mean of matrices of single pairs
def delta_w(x, x_before, weight, bias, w_pred, w_retro, y, leak):
    def look(glimpse):
        a = glimpse @ weight.T + bias
        slope = (a > 0) + leak * (a <= 0)
        return slope * a, slope

    def part(activity, slope, glimpse, told):
        gamma = y * (1 - y * np.sum(activity * told, axis=1) > 0)
        return gamma[:, None, None] * (told * slope)[:, :, None] * glimpse[:, None, :]

    (z, slope_z), (c, slope_c) = look(x), look(x_before)
    both = part(z, slope_z, x, c @ w_pred.T) + part(c, slope_c, x_before, z @ w_retro.T)
    return both.mean(axis=0)


# %% wrong: gamma without its gate
def delta_w(x, x_before, weight, bias, w_pred, w_retro, y, leak):
    a, b = x @ weight.T + bias, x_before @ weight.T + bias
    z, c = np.where(a > 0, a, leak * a), np.where(b > 0, b, leak * b)
    slope_z, slope_c = np.where(a > 0, 1.0, leak), np.where(b > 0, 1.0, leak)
    told_z, told_c = c @ w_pred.T, z @ w_retro.T
    u, v = (z * told_z).sum(axis=1), (c * told_c).sum(axis=1)
    gamma, gamma_c = y, y
    present = np.einsum("b,bj,bj,bi->ji", gamma, told_z, slope_z, x)
    earlier = np.einsum("b,bj,bj,bi->ji", gamma_c, told_c, slope_c, x_before)
    return (present + earlier) / len(y)


# %% wrong: y is missing
def delta_w(x, x_before, weight, bias, w_pred, w_retro, y, leak):
    a, b = x @ weight.T + bias, x_before @ weight.T + bias
    z, c = np.where(a > 0, a, leak * a), np.where(b > 0, b, leak * b)
    slope_z, slope_c = np.where(a > 0, 1.0, leak), np.where(b > 0, 1.0, leak)
    told_z, told_c = c @ w_pred.T, z @ w_retro.T
    u, v = (z * told_z).sum(axis=1), (c * told_c).sum(axis=1)
    gamma, gamma_c = np.where(1 - y * u > 0, 1, 0), np.where(1 - y * v > 0, 1, 0)
    present = np.einsum("b,bj,bj,bi->ji", gamma, told_z, slope_z, x)
    earlier = np.einsum("b,bj,bj,bi->ji", gamma_c, told_c, slope_c, x_before)
    return (present + earlier) / len(y)


# %% wrong: activity in place of the slope
def delta_w(x, x_before, weight, bias, w_pred, w_retro, y, leak):
    a, b = x @ weight.T + bias, x_before @ weight.T + bias
    z, c = np.where(a > 0, a, leak * a), np.where(b > 0, b, leak * b)
    slope_z, slope_c = z, c
    told_z, told_c = c @ w_pred.T, z @ w_retro.T
    u, v = (z * told_z).sum(axis=1), (c * told_c).sum(axis=1)
    gamma, gamma_c = np.where(1 - y * u > 0, y, 0), np.where(1 - y * v > 0, y, 0)
    present = np.einsum("b,bj,bj,bi->ji", gamma, told_z, slope_z, x)
    earlier = np.einsum("b,bj,bj,bi->ji", gamma_c, told_c, slope_c, x_before)
    return (present + earlier) / len(y)


# %% wrong: a sum for a mean
def delta_w(x, x_before, weight, bias, w_pred, w_retro, y, leak):
    a, b = x @ weight.T + bias, x_before @ weight.T + bias
    z, c = np.where(a > 0, a, leak * a), np.where(b > 0, b, leak * b)
    slope_z, slope_c = np.where(a > 0, 1.0, leak), np.where(b > 0, 1.0, leak)
    told_z, told_c = c @ w_pred.T, z @ w_retro.T
    u, v = (z * told_z).sum(axis=1), (c * told_c).sum(axis=1)
    gamma, gamma_c = np.where(1 - y * u > 0, y, 0), np.where(1 - y * v > 0, y, 0)
    present = np.einsum("b,bj,bj,bi->ji", gamma, told_z, slope_z, x)
    earlier = np.einsum("b,bj,bj,bi->ji", gamma_c, told_c, slope_c, x_before)
    return (present + earlier)


# %% wrong: only the present part
def delta_w(x, x_before, weight, bias, w_pred, w_retro, y, leak):
    a, b = x @ weight.T + bias, x_before @ weight.T + bias
    z, c = np.where(a > 0, a, leak * a), np.where(b > 0, b, leak * b)
    slope_z, slope_c = np.where(a > 0, 1.0, leak), np.where(b > 0, 1.0, leak)
    told_z, told_c = c @ w_pred.T, z @ w_retro.T
    u, v = (z * told_z).sum(axis=1), (c * told_c).sum(axis=1)
    gamma, gamma_c = np.where(1 - y * u > 0, y, 0), np.where(1 - y * v > 0, y, 0)
    present = np.einsum("b,bj,bj,bi->ji", gamma, told_z, slope_z, x)
    earlier = np.einsum("b,bj,bj,bi->ji", gamma_c, told_c, slope_c, x_before)
    return present / len(y)


# %% wrong: only the earlier part
def delta_w(x, x_before, weight, bias, w_pred, w_retro, y, leak):
    a, b = x @ weight.T + bias, x_before @ weight.T + bias
    z, c = np.where(a > 0, a, leak * a), np.where(b > 0, b, leak * b)
    slope_z, slope_c = np.where(a > 0, 1.0, leak), np.where(b > 0, 1.0, leak)
    told_z, told_c = c @ w_pred.T, z @ w_retro.T
    u, v = (z * told_z).sum(axis=1), (c * told_c).sum(axis=1)
    gamma, gamma_c = np.where(1 - y * u > 0, y, 0), np.where(1 - y * v > 0, y, 0)
    present = np.einsum("b,bj,bj,bi->ji", gamma, told_z, slope_z, x)
    earlier = np.einsum("b,bj,bj,bi->ji", gamma_c, told_c, slope_c, x_before)
    return earlier / len(y)


# %% wrong: the sign of the gradient
def delta_w(x, x_before, weight, bias, w_pred, w_retro, y, leak):
    a, b = x @ weight.T + bias, x_before @ weight.T + bias
    z, c = np.where(a > 0, a, leak * a), np.where(b > 0, b, leak * b)
    slope_z, slope_c = np.where(a > 0, 1.0, leak), np.where(b > 0, 1.0, leak)
    told_z, told_c = c @ w_pred.T, z @ w_retro.T
    u, v = (z * told_z).sum(axis=1), (c * told_c).sum(axis=1)
    gamma, gamma_c = np.where(1 - y * u > 0, y, 0), np.where(1 - y * v > 0, y, 0)
    present = np.einsum("b,bj,bj,bi->ji", gamma, told_z, slope_z, x)
    earlier = np.einsum("b,bj,bj,bi->ji", gamma_c, told_c, slope_c, x_before)
    return -(present + earlier) / len(y)


# %% wrong: the gate of the present guess for both
def delta_w(x, x_before, weight, bias, w_pred, w_retro, y, leak):
    a, b = x @ weight.T + bias, x_before @ weight.T + bias
    z, c = np.where(a > 0, a, leak * a), np.where(b > 0, b, leak * b)
    slope_z, slope_c = np.where(a > 0, 1.0, leak), np.where(b > 0, 1.0, leak)
    told_z, told_c = c @ w_pred.T, z @ w_retro.T
    u, v = (z * told_z).sum(axis=1), (c * told_c).sum(axis=1)
    gamma, gamma_c = np.where(1 - y * u > 0, y, 0), np.where(1 - y * u > 0, y, 0)
    present = np.einsum("b,bj,bj,bi->ji", gamma, told_z, slope_z, x)
    earlier = np.einsum("b,bj,bj,bi->ji", gamma_c, told_c, slope_c, x_before)
    return (present + earlier) / len(y)


# %% wrong: the gate of the earlier guess for both
def delta_w(x, x_before, weight, bias, w_pred, w_retro, y, leak):
    a, b = x @ weight.T + bias, x_before @ weight.T + bias
    z, c = np.where(a > 0, a, leak * a), np.where(b > 0, b, leak * b)
    slope_z, slope_c = np.where(a > 0, 1.0, leak), np.where(b > 0, 1.0, leak)
    told_z, told_c = c @ w_pred.T, z @ w_retro.T
    u, v = (z * told_z).sum(axis=1), (c * told_c).sum(axis=1)
    gamma, gamma_c = np.where(1 - y * v > 0, y, 0), np.where(1 - y * v > 0, y, 0)
    present = np.einsum("b,bj,bj,bi->ji", gamma, told_z, slope_z, x)
    earlier = np.einsum("b,bj,bj,bi->ji", gamma_c, told_c, slope_c, x_before)
    return (present + earlier) / len(y)


# %% wrong: changes at the kink
def delta_w(x, x_before, weight, bias, w_pred, w_retro, y, leak):
    a, b = x @ weight.T + bias, x_before @ weight.T + bias
    z, c = np.where(a > 0, a, leak * a), np.where(b > 0, b, leak * b)
    slope_z, slope_c = np.where(a > 0, 1.0, leak), np.where(b > 0, 1.0, leak)
    told_z, told_c = c @ w_pred.T, z @ w_retro.T
    u, v = (z * told_z).sum(axis=1), (c * told_c).sum(axis=1)
    gamma, gamma_c = np.where(1 - y * u >= 0, y, 0), np.where(1 - y * v >= 0, y, 0)
    present = np.einsum("b,bj,bj,bi->ji", gamma, told_z, slope_z, x)
    earlier = np.einsum("b,bj,bj,bi->ji", gamma_c, told_c, slope_c, x_before)
    return (present + earlier) / len(y)


# %% wrong: full slope at zero
def delta_w(x, x_before, weight, bias, w_pred, w_retro, y, leak):
    a, b = x @ weight.T + bias, x_before @ weight.T + bias
    z, c = np.where(a > 0, a, leak * a), np.where(b > 0, b, leak * b)
    slope_z, slope_c = np.where(a >= 0, 1.0, leak), np.where(b >= 0, 1.0, leak)
    told_z, told_c = c @ w_pred.T, z @ w_retro.T
    u, v = (z * told_z).sum(axis=1), (c * told_c).sum(axis=1)
    gamma, gamma_c = np.where(1 - y * u > 0, y, 0), np.where(1 - y * v > 0, y, 0)
    present = np.einsum("b,bj,bj,bi->ji", gamma, told_z, slope_z, x)
    earlier = np.einsum("b,bj,bj,bi->ji", gamma_c, told_c, slope_c, x_before)
    return (present + earlier) / len(y)


# %% wrong: the mean over those that are not sure
def delta_w(x, x_before, weight, bias, w_pred, w_retro, y, leak):
    a, b = x @ weight.T + bias, x_before @ weight.T + bias
    z, c = np.where(a > 0, a, leak * a), np.where(b > 0, b, leak * b)
    slope_z, slope_c = np.where(a > 0, 1.0, leak), np.where(b > 0, 1.0, leak)
    told_z, told_c = c @ w_pred.T, z @ w_retro.T
    on, on_c = y * (z * told_z).sum(axis=1) < 1, y * (c * told_c).sum(axis=1) < 1
    present = (told_z * slope_z * (y * on)[:, None]).T @ x / max(1, on.sum())
    earlier = (told_c * slope_c * (y * on_c)[:, None]).T @ x_before / max(1, on_c.sum())
    return present + earlier


# %% wrong: a plain ReLU
def delta_w(x, x_before, weight, bias, w_pred, w_retro, y, leak):
    a, b = x @ weight.T + bias, x_before @ weight.T + bias
    z, c = np.maximum(a, 0), np.maximum(b, 0)
    slope_z, slope_c = (a > 0) * 1.0, (b > 0) * 1.0
    told_z, told_c = c @ w_pred.T, z @ w_retro.T
    u, v = (z * told_z).sum(axis=1), (c * told_c).sum(axis=1)
    gamma, gamma_c = np.where(1 - y * u > 0, y, 0), np.where(1 - y * v > 0, y, 0)
    present = np.einsum("b,bj,bj,bi->ji", gamma, told_z, slope_z, x)
    earlier = np.einsum("b,bj,bj,bi->ji", gamma_c, told_c, slope_c, x_before)
    return (present + earlier) / len(y)


# %% wrong: slopes exchanged
def delta_w(x, x_before, weight, bias, w_pred, w_retro, y, leak):
    a, b = x @ weight.T + bias, x_before @ weight.T + bias
    z, c = np.where(a > 0, a, leak * a), np.where(b > 0, b, leak * b)
    slope_z, slope_c = np.where(a > 0, 1.0, leak), np.where(b > 0, 1.0, leak)
    told_z, told_c = c @ w_pred.T, z @ w_retro.T
    u, v = (z * told_z).sum(axis=1), (c * told_c).sum(axis=1)
    gamma, gamma_c = np.where(1 - y * u > 0, y, 0), np.where(1 - y * v > 0, y, 0)
    present = np.einsum("b,bj,bj,bi->ji", gamma, told_z, slope_c, x)
    earlier = np.einsum("b,bj,bj,bi->ji", gamma_c, told_c, slope_z, x_before)
    return (present + earlier) / len(y)


# %% wrong: transposed prediction weights
def delta_w(x, x_before, weight, bias, w_pred, w_retro, y, leak):
    a, b = x @ weight.T + bias, x_before @ weight.T + bias
    z, c = np.where(a > 0, a, leak * a), np.where(b > 0, b, leak * b)
    slope_z, slope_c = np.where(a > 0, 1.0, leak), np.where(b > 0, 1.0, leak)
    told_z, told_c = c @ w_pred, z @ w_retro.T
    u, v = (z * told_z).sum(axis=1), (c * told_c).sum(axis=1)
    gamma, gamma_c = np.where(1 - y * u > 0, y, 0), np.where(1 - y * v > 0, y, 0)
    present = np.einsum("b,bj,bj,bi->ji", gamma, told_z, slope_z, x)
    earlier = np.einsum("b,bj,bj,bi->ji", gamma_c, told_c, slope_c, x_before)
    return (present + earlier) / len(y)


# %% wrong: transposed retrodiction weights
def delta_w(x, x_before, weight, bias, w_pred, w_retro, y, leak):
    a, b = x @ weight.T + bias, x_before @ weight.T + bias
    z, c = np.where(a > 0, a, leak * a), np.where(b > 0, b, leak * b)
    slope_z, slope_c = np.where(a > 0, 1.0, leak), np.where(b > 0, 1.0, leak)
    told_z, told_c = c @ w_pred.T, z @ w_retro
    u, v = (z * told_z).sum(axis=1), (c * told_c).sum(axis=1)
    gamma, gamma_c = np.where(1 - y * u > 0, y, 0), np.where(1 - y * v > 0, y, 0)
    present = np.einsum("b,bj,bj,bi->ji", gamma, told_z, slope_z, x)
    earlier = np.einsum("b,bj,bj,bi->ji", gamma_c, told_c, slope_c, x_before)
    return (present + earlier) / len(y)


# %% wrong: weights by input and output exchanged
def delta_w(x, x_before, weight, bias, w_pred, w_retro, y, leak):
    a, b = x @ weight.T + bias, x_before @ weight.T + bias
    z, c = np.where(a > 0, a, leak * a), np.where(b > 0, b, leak * b)
    slope_z, slope_c = np.where(a > 0, 1.0, leak), np.where(b > 0, 1.0, leak)
    told_z, told_c = c @ w_pred.T, z @ w_retro.T
    u, v = (z * told_z).sum(axis=1), (c * told_c).sum(axis=1)
    gamma, gamma_c = np.where(1 - y * u > 0, y, 0), np.where(1 - y * v > 0, y, 0)
    present = np.einsum("b,bj,bj,bi->ij", gamma, told_z, slope_z, x)
    earlier = np.einsum("b,bj,bj,bi->ij", gamma_c, told_c, slope_c, x_before)
    return (present + earlier) / len(y)


# %% wrong: the bias is forgotten in the earlier glimpse
def delta_w(x, x_before, weight, bias, w_pred, w_retro, y, leak):
    a, b = x @ weight.T + bias, x_before @ weight.T
    z, c = np.where(a > 0, a, leak * a), np.where(b > 0, b, leak * b)
    slope_z, slope_c = np.where(a > 0, 1.0, leak), np.where(b > 0, 1.0, leak)
    told_z, told_c = c @ w_pred.T, z @ w_retro.T
    u, v = (z * told_z).sum(axis=1), (c * told_c).sum(axis=1)
    gamma, gamma_c = np.where(1 - y * u > 0, y, 0), np.where(1 - y * v > 0, y, 0)
    present = np.einsum("b,bj,bj,bi->ji", gamma, told_z, slope_z, x)
    earlier = np.einsum("b,bj,bj,bi->ji", gamma_c, told_c, slope_c, x_before)
    return (present + earlier) / len(y)


# %% wrong: the size of the error as a factor
def delta_w(x, x_before, weight, bias, w_pred, w_retro, y, leak):
    a, b = x @ weight.T + bias, x_before @ weight.T + bias
    z, c = np.where(a > 0, a, leak * a), np.where(b > 0, b, leak * b)
    slope_z, slope_c = np.where(a > 0, 1.0, leak), np.where(b > 0, 1.0, leak)
    told_z, told_c = c @ w_pred.T, z @ w_retro.T
    u, v = (z * told_z).sum(axis=1), (c * told_c).sum(axis=1)
    gamma, gamma_c = y * np.maximum(0, 1 - y * u), y * np.maximum(0, 1 - y * v)
    present = np.einsum("b,bj,bj,bi->ji", gamma, told_z, slope_z, x)
    earlier = np.einsum("b,bj,bj,bi->ji", gamma_c, told_c, slope_c, x_before)
    return (present + earlier) / len(y)


# %% wrong: the library does it
from mylib.representation.local_learning.scratch import clapp_update


def delta_w(x, x_before, weight, bias, w_pred, w_retro, y, leak):
    return clapp_update(x[:, None], x_before[:, None], weight, bias, w_pred, w_retro, y).weight


# %% wrong: changes its argument
def delta_w(x, x_before, weight, bias, w_pred, w_retro, y, leak):
    a, b = x @ weight.T + bias, x_before @ weight.T + bias
    y *= -1
    y = -y
    z, c = np.where(a > 0, a, leak * a), np.where(b > 0, b, leak * b)
    slope_z, slope_c = np.where(a > 0, 1.0, leak), np.where(b > 0, 1.0, leak)
    told_z, told_c = c @ w_pred.T, z @ w_retro.T
    u, v = (z * told_z).sum(axis=1), (c * told_c).sum(axis=1)
    gamma, gamma_c = np.where(1 - y * u > 0, y, 0), np.where(1 - y * v > 0, y, 0)
    present = np.einsum("b,bj,bj,bi->ji", gamma, told_z, slope_z, x)
    earlier = np.einsum("b,bj,bj,bi->ji", gamma_c, told_c, slope_c, x_before)
    return (present + earlier) / len(y)
