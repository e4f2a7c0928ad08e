# %% right: a state that is filled at first
def adamw_step(theta, gradient, state, learning_rate, betas, eps, weight_decay, multiplier):
    if not state:
        state = {"step": 0, "mean": np.zeros_like(theta), "square": np.zeros_like(theta)}
    step = state["step"] + 1
    mean = betas[0] * state["mean"] + (1 - betas[0]) * gradient
    square = betas[1] * state["square"] + (1 - betas[1]) * gradient * gradient
    root = np.sqrt(square / (1 - betas[1] ** step))
    moved = theta - multiplier * learning_rate * mean / (1 - betas[0] ** step) / (root + eps)
    return moved - multiplier * weight_decay * theta, {"step": step, "mean": mean, "square": square}


# %% right: the state changed in place, powers of the betas kept
def adamw_step(theta, gradient, state, learning_rate, betas, eps, weight_decay, multiplier):
    b1, b2 = betas
    state.setdefault("powers", np.ones(2))
    state["powers"] = state["powers"] * np.array(betas)
    state["m"] = state.get("m", 0.0) + (1 - b1) * (gradient - state.get("m", 0.0))
    state["v"] = state.get("v", 0.0) + (1 - b2) * (gradient**2 - state.get("v", 0.0))
    m, v = (state[key] / (1 - power) for key, power in zip("mv", state["powers"]))
    theta = theta * (1 - multiplier * weight_decay) - multiplier * learning_rate * (m / (v**0.5 + eps))
    return theta, state


# %% right: sums of the past instead of means
def adamw_step(theta, gradient, state, learning_rate, betas, eps, weight_decay, multiplier):
    history = [*state.get("gradients", []), np.array(gradient)]
    t = len(history)
    hats = []
    for beta, power in zip(betas, (1, 2)):
        total = sum(beta ** (t - 1 - at) * one**power for at, one in enumerate(history))
        hats.append((1 - beta) * total / (1 - beta**t))
    change = learning_rate * hats[0] / (np.sqrt(hats[1]) + eps) + weight_decay * theta
    return theta - multiplier * change, {"gradients": history}


# %% wrong: the decay goes into the moments
def adamw_step(theta, gradient, state, learning_rate, betas, eps, weight_decay, multiplier):
    gradient = gradient + weight_decay * theta
    t = state.get("t", 0) + 1
    m = betas[0] * state.get("m", 0) + (1 - betas[0]) * gradient
    v = betas[1] * state.get("v", 0) + (1 - betas[1]) * gradient**2
    m_hat, v_hat = m / (1 - betas[0] ** t), v / (1 - betas[1] ** t)
    return theta - multiplier * learning_rate * m_hat / (np.sqrt(v_hat) + eps), {"t": t, "m": m, "v": v}


# %% wrong: no bias correction
def adamw_step(theta, gradient, state, learning_rate, betas, eps, weight_decay, multiplier):
    m = betas[0] * state.get("m", 0) + (1 - betas[0]) * gradient
    v = betas[1] * state.get("v", 0) + (1 - betas[1]) * gradient**2
    change = learning_rate * m / (np.sqrt(v) + eps) + weight_decay * theta
    return theta - multiplier * change, {"m": m, "v": v}


# %% wrong: the first step is number 0
def adamw_step(theta, gradient, state, learning_rate, betas, eps, weight_decay, multiplier):
    t = state.get("t", 0)
    m = betas[0] * state.get("m", 0) + (1 - betas[0]) * gradient
    v = betas[1] * state.get("v", 0) + (1 - betas[1]) * gradient**2
    with np.errstate(all="ignore"):
        m_hat, v_hat = m / np.float64(1 - betas[0] ** t), v / np.float64(1 - betas[1] ** t)
        change = learning_rate * m_hat / (np.sqrt(v_hat) + eps) + weight_decay * theta
    return theta - multiplier * change, {"t": t + 1, "m": m, "v": v}


# %% wrong: the first step is number 2
def adamw_step(theta, gradient, state, learning_rate, betas, eps, weight_decay, multiplier):
    t = state.get("t", 1) + 1
    m = betas[0] * state.get("m", 0) + (1 - betas[0]) * gradient
    v = betas[1] * state.get("v", 0) + (1 - betas[1]) * gradient**2
    m_hat, v_hat = m / (1 - betas[0] ** t), v / (1 - betas[1] ** t)
    change = learning_rate * m_hat / (np.sqrt(v_hat) + eps) + weight_decay * theta
    return theta - multiplier * change, {"t": t, "m": m, "v": v}


# %% wrong: eps under the root
def adamw_step(theta, gradient, state, learning_rate, betas, eps, weight_decay, multiplier):
    t = state.get("t", 0) + 1
    m = betas[0] * state.get("m", 0) + (1 - betas[0]) * gradient
    v = betas[1] * state.get("v", 0) + (1 - betas[1]) * gradient**2
    m_hat, v_hat = m / (1 - betas[0] ** t), v / (1 - betas[1] ** t)
    change = learning_rate * m_hat / np.sqrt(v_hat + eps) + weight_decay * theta
    return theta - multiplier * change, {"t": t, "m": m, "v": v}


# %% wrong: lambda is multiplied by the learning rate, as in torch
def adamw_step(theta, gradient, state, learning_rate, betas, eps, weight_decay, multiplier):
    t = state.get("t", 0) + 1
    m = betas[0] * state.get("m", 0) + (1 - betas[0]) * gradient
    v = betas[1] * state.get("v", 0) + (1 - betas[1]) * gradient**2
    m_hat, v_hat = m / (1 - betas[0] ** t), v / (1 - betas[1] ** t)
    change = m_hat / (np.sqrt(v_hat) + eps) + weight_decay * theta
    return theta - multiplier * learning_rate * change, {"t": t, "m": m, "v": v}


# %% wrong: the multiplier does not reach the decay
def adamw_step(theta, gradient, state, learning_rate, betas, eps, weight_decay, multiplier):
    t = state.get("t", 0) + 1
    m = betas[0] * state.get("m", 0) + (1 - betas[0]) * gradient
    v = betas[1] * state.get("v", 0) + (1 - betas[1]) * gradient**2
    m_hat, v_hat = m / (1 - betas[0] ** t), v / (1 - betas[1] ** t)
    change = multiplier * learning_rate * m_hat / (np.sqrt(v_hat) + eps)
    return theta - change - weight_decay * theta, {"t": t, "m": m, "v": v}


# %% wrong: the multiplier stands inside of the mean, as in SGDW
def adamw_step(theta, gradient, state, learning_rate, betas, eps, weight_decay, multiplier):
    t = state.get("t", 0) + 1
    m = betas[0] * state.get("m", 0) + (1 - betas[0]) * multiplier * learning_rate * gradient
    v = betas[1] * state.get("v", 0) + (1 - betas[1]) * gradient**2
    m_hat, v_hat = m / (1 - betas[0] ** t), v / (1 - betas[1] ** t)
    return theta - m_hat / (np.sqrt(v_hat) + eps) - multiplier * weight_decay * theta, {"t": t, "m": m, "v": v}


# %% wrong: the hats are remembered
def adamw_step(theta, gradient, state, learning_rate, betas, eps, weight_decay, multiplier):
    t = state.get("t", 0) + 1
    m = betas[0] * state.get("m", 0) + (1 - betas[0]) * gradient
    v = betas[1] * state.get("v", 0) + (1 - betas[1]) * gradient**2
    m, v = m / (1 - betas[0] ** t), v / (1 - betas[1] ** t)
    change = learning_rate * m / (np.sqrt(v) + eps) + weight_decay * theta
    return theta - multiplier * change, {"t": t, "m": m, "v": v}


# %% wrong: the betas are exchanged
def adamw_step(theta, gradient, state, learning_rate, betas, eps, weight_decay, multiplier):
    t, (b2, b1) = state.get("t", 0) + 1, betas
    m = b1 * state.get("m", 0) + (1 - b1) * gradient
    v = b2 * state.get("v", 0) + (1 - b2) * gradient**2
    m_hat, v_hat = m / (1 - b1**t), v / (1 - b2**t)
    change = learning_rate * m_hat / (np.sqrt(v_hat) + eps) + weight_decay * theta
    return theta - multiplier * change, {"t": t, "m": m, "v": v}


# %% wrong: the step is counted outside of the state
counter = {"t": 0}


def adamw_step(theta, gradient, state, learning_rate, betas, eps, weight_decay, multiplier):
    counter["t"] = counter["t"] + 1 if state else 1
    t = counter["t"]
    m = betas[0] * state.get("m", 0) + (1 - betas[0]) * gradient
    v = betas[1] * state.get("v", 0) + (1 - betas[1]) * gradient**2
    m_hat, v_hat = m / (1 - betas[0] ** t), v / (1 - betas[1] ** t)
    change = learning_rate * m_hat / (np.sqrt(v_hat) + eps) + weight_decay * theta
    return theta - multiplier * change, {"m": m, "v": v}


# %% wrong: decays the weights that have moved already
def adamw_step(theta, gradient, state, learning_rate, betas, eps, weight_decay, multiplier):
    t = state.get("t", 0) + 1
    m = betas[0] * state.get("m", 0) + (1 - betas[0]) * gradient
    v = betas[1] * state.get("v", 0) + (1 - betas[1]) * gradient**2
    m_hat, v_hat = m / (1 - betas[0] ** t), v / (1 - betas[1] ** t)
    theta = theta - multiplier * learning_rate * m_hat / (np.sqrt(v_hat) + eps)
    return theta - multiplier * weight_decay * theta, {"t": t, "m": m, "v": v}


# %% wrong: changes theta in place
def adamw_step(theta, gradient, state, learning_rate, betas, eps, weight_decay, multiplier):
    t = state.get("t", 0) + 1
    m = betas[0] * state.get("m", 0) + (1 - betas[0]) * gradient
    v = betas[1] * state.get("v", 0) + (1 - betas[1]) * gradient**2
    m_hat, v_hat = m / (1 - betas[0] ** t), v / (1 - betas[1] ** t)
    theta -= multiplier * (learning_rate * m_hat / (np.sqrt(v_hat) + eps) + weight_decay * theta)
    return theta, {"t": t, "m": m, "v": v}
