# %% right: an array filled step by step
def paths(f, g, x0, horizon, noise):
    steps, n, d = noise.shape
    h = horizon / steps
    out = np.zeros((steps + 1, n, d))
    out[0] = x0
    sigma = np.reshape(g(x0), (n, 1)) * h**0.5
    for k, t in enumerate(np.arange(steps) * h):
        out[k + 1] = out[k] + f(t, out[k]) * h + sigma * noise[k]
    return out


# %% right: einsum, kicks first
def paths(f, g, x0, horizon, noise):
    h = horizon / noise.shape[0]
    kicks = np.einsum("i,kij->kij", g(x0), noise) * np.sqrt(h)
    x, t, all_states = x0.copy(), 0.0, [x0.copy()]
    for kick in kicks:
        x = x + h * f(t, x) + kick
        t = t + h
        all_states.append(x)
    return np.array(all_states)


# %% right: the noise divided by the step
def paths(f, g, x0, horizon, noise):
    dt = horizon / len(noise)
    deviations = g(x0)
    states = [x0]
    for number, xi in enumerate(noise):
        white = (deviations * xi.T).T / np.sqrt(dt)
        states.append(states[-1] + dt * (f(number * dt, states[-1]) + white))
    return np.stack(states, axis=0)


# %% wrong: h for its root
def paths(f, g, x0, horizon, noise):
    h = horizon / len(noise)
    strength = g(x0)[:, None]
    states = [x0]
    for k in range(len(noise)):
        x = states[-1]
        states.append(x + h * f(k * h, x) + strength * h * noise[k])
    return np.stack(states)


# %% wrong: g at the present state
def paths(f, g, x0, horizon, noise):
    h = horizon / len(noise)
    strength = g(x0)[:, None]
    states = [x0]
    for k in range(len(noise)):
        x = states[-1]
        states.append(x + h * f(k * h, x) + g(x)[:, None] * np.sqrt(h) * noise[k])
    return np.stack(states)


# %% wrong: one xi for all images
def paths(f, g, x0, horizon, noise):
    h = horizon / len(noise)
    strength = g(x0)[:, None]
    states = [x0]
    for k in range(len(noise)):
        x = states[-1]
        states.append(x + h * f(k * h, x) + strength * np.sqrt(h) * noise[k, :1])
    return np.stack(states)


# %% wrong: one xi for all entries of a state
def paths(f, g, x0, horizon, noise):
    h = horizon / len(noise)
    strength = g(x0)[:, None]
    states = [x0]
    for k in range(len(noise)):
        x = states[-1]
        states.append(x + h * f(k * h, x) + strength * np.sqrt(h) * noise[k, :, :1])
    return np.stack(states)


# %% wrong: the time of the end of the step
def paths(f, g, x0, horizon, noise):
    h = horizon / len(noise)
    strength = g(x0)[:, None]
    states = [x0]
    for k in range(len(noise)):
        x = states[-1]
        states.append(x + h * f((k + 1) * h, x) + strength * np.sqrt(h) * noise[k])
    return np.stack(states)


# %% wrong: the number of the step for its time
def paths(f, g, x0, horizon, noise):
    h = horizon / len(noise)
    strength = g(x0)[:, None]
    states = [x0]
    for k in range(len(noise)):
        x = states[-1]
        states.append(x + h * f(k, x) + strength * np.sqrt(h) * noise[k])
    return np.stack(states)


# %% wrong: g along the state where the sizes allow it
def paths(f, g, x0, horizon, noise):
    h = horizon / len(noise)
    strength = g(x0)
    strength = strength if strength.shape == x0.shape[1:] else strength[:, None]
    states = [x0]
    for k in range(len(noise)):
        x = states[-1]
        states.append(x + h * f(k * h, x) + strength * np.sqrt(h) * noise[k])
    return np.stack(states)


# %% wrong: drift along a path without noise
def paths(f, g, x0, horizon, noise):
    h = horizon / len(noise)
    strength = g(x0)[:, None]
    clean, moved, states = x0, 0 * x0, [x0]
    for k in range(len(noise)):
        clean = clean + h * f(k * h, clean)
        moved = moved + strength * np.sqrt(h) * noise[k]
        states.append(clean + moved)
    return np.stack(states)


# %% wrong: the drift at the start for all steps
def paths(f, g, x0, horizon, noise):
    h = horizon / len(noise)
    strength = g(x0)[:, None]
    states = [x0]
    for k in range(len(noise)):
        x = states[-1]
        states.append(x + h * f(k * h, x0) + strength * np.sqrt(h) * noise[k])
    return np.stack(states)


# %% wrong: noise of one's own
def paths(f, g, x0, horizon, noise):
    h = horizon / len(noise)
    strength = g(x0)[:, None]
    states = [x0]
    for k in range(len(noise)):
        x = states[-1]
        states.append(x + h * f(k * h, x) + strength * np.sqrt(h) * np.random.default_rng(0).normal(size=x.shape))
    return np.stack(states)


# %% wrong: moves the start itself
def paths(f, g, x0, horizon, noise):
    h = horizon / len(noise)
    strength = g(x0)[:, None]
    x0 += 0.0 * x0 + 1e-3
    states = [x0 - 1e-3]
    for k in range(len(noise)):
        x = states[-1]
        states.append(x + h * f(k * h, x) + strength * np.sqrt(h) * noise[k])
    return np.stack(states)
