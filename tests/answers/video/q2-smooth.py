# %% right: a loop over the pixels
def smooth_step(u, v, dx, dy, dt, smoothness):
    height, width = u.shape
    new_u, new_v = np.empty(u.shape), np.empty(v.shape)
    for i in range(height):
        for j in range(width):
            around = [(max(i - 1, 0), j), (min(i + 1, height - 1), j), (i, max(j - 1, 0)), (i, min(j + 1, width - 1))]
            mean_u = sum(u[place] for place in around) / 4
            mean_v = sum(v[place] for place in around) / 4
            e = dx[i, j] * mean_u + dy[i, j] * mean_v + dt[i, j]
            e /= smoothness**2 + dx[i, j] ** 2 + dy[i, j] ** 2
            new_u[i, j], new_v[i, j] = mean_u - dx[i, j] * e, mean_v - dy[i, j] * e
    return new_u, new_v


# %% right: both fields in one array
def smooth_step(u, v, dx, dy, dt, smoothness):
    flow, slope = np.stack([u, v]), np.stack([dx, dy])
    up = np.concatenate([flow[:, :1], flow[:, :-1]], axis=1)
    down = np.concatenate([flow[:, 1:], flow[:, -1:]], axis=1)
    left = np.concatenate([flow[:, :, :1], flow[:, :, :-1]], axis=2)
    right = np.concatenate([flow[:, :, 1:], flow[:, :, -1:]], axis=2)
    mean = (up + down + left + right) / 4
    error = ((slope * mean).sum(0) + dt) / (smoothness**2 + (slope**2).sum(0))
    return tuple(mean - slope * error)


# %% right: index arrays, and the two equations solved
def smooth_step(u, v, dx, dy, dt, smoothness):
    rows, columns = np.arange(u.shape[0]), np.arange(u.shape[1])
    up, down = np.maximum(rows - 1, 0), np.minimum(rows + 1, rows[-1])
    left, right = np.maximum(columns - 1, 0), np.minimum(columns + 1, columns[-1])
    mu = 0.25 * (u[up] + u[down] + u[:, left] + u[:, right])
    mv = 0.25 * (v[up] + v[down] + v[:, left] + v[:, right])
    k = smoothness * smoothness + dx * dx + dy * dy
    new_u = ((k - dx * dx) * mu - dx * dy * mv - dx * dt) / k
    new_v = ((k - dy * dy) * mv - dx * dy * mu - dy * dt) / k
    return [new_u, new_v]


# %% wrong: smoothness not squared
def smooth_step(u, v, dx, dy, dt, smoothness):
    def mean(x):
        wide = np.pad(x, 1, mode="edge")
        return (wide[:-2, 1:-1] + wide[2:, 1:-1] + wide[1:-1, :-2] + wide[1:-1, 2:]) / 4

    u, v = mean(u), mean(v)
    error = (dx * u + dy * v + dt) / (smoothness + dx**2 + dy**2)
    return u - dx * error, v - dy * error


# %% wrong: the old u instead of the mean
def smooth_step(u, v, dx, dy, dt, smoothness):
    def mean(x):
        wide = np.pad(x, 1, mode="edge")
        return (wide[:-2, 1:-1] + wide[2:, 1:-1] + wide[1:-1, :-2] + wide[1:-1, 2:]) / 4

    error = (dx * u + dy * v + dt) / (smoothness**2 + dx**2 + dy**2)
    return u - dx * error, v - dy * error


# %% wrong: zeros beyond the border
def smooth_step(u, v, dx, dy, dt, smoothness):
    def mean(x):
        wide = np.pad(x, 1)
        return (wide[:-2, 1:-1] + wide[2:, 1:-1] + wide[1:-1, :-2] + wide[1:-1, 2:]) / 4

    u, v = mean(u), mean(v)
    error = (dx * u + dy * v + dt) / (smoothness**2 + dx**2 + dy**2)
    return u - dx * error, v - dy * error


# %% wrong: wraps around
def smooth_step(u, v, dx, dy, dt, smoothness):
    def mean(x):
        wide = np.pad(x, 1, mode="wrap")
        return (wide[:-2, 1:-1] + wide[2:, 1:-1] + wide[1:-1, :-2] + wide[1:-1, 2:]) / 4

    u, v = mean(u), mean(v)
    error = (dx * u + dy * v + dt) / (smoothness**2 + dx**2 + dy**2)
    return u - dx * error, v - dy * error


# %% wrong: v from the new u
def smooth_step(u, v, dx, dy, dt, smoothness):
    def mean(x):
        wide = np.pad(x, 1, mode="edge")
        return (wide[:-2, 1:-1] + wide[2:, 1:-1] + wide[1:-1, :-2] + wide[1:-1, 2:]) / 4

    u, v = mean(u), mean(v)
    error = (dx * u + dy * v + dt) / (smoothness**2 + dx**2 + dy**2)
    u = u - dx * error
    error = (dx * u + dy * v + dt) / (smoothness**2 + dx**2 + dy**2)
    return u, v - dy * error


# %% wrong: forgets the change in time
def smooth_step(u, v, dx, dy, dt, smoothness):
    def mean(x):
        wide = np.pad(x, 1, mode="edge")
        return (wide[:-2, 1:-1] + wide[2:, 1:-1] + wide[1:-1, :-2] + wide[1:-1, 2:]) / 4

    u, v = mean(u), mean(v)
    error = (dx * u + dy * v) / (smoothness**2 + dx**2 + dy**2)
    return u - dx * error, v - dy * error


# %% wrong: adds the correction
def smooth_step(u, v, dx, dy, dt, smoothness):
    def mean(x):
        wide = np.pad(x, 1, mode="edge")
        return (wide[:-2, 1:-1] + wide[2:, 1:-1] + wide[1:-1, :-2] + wide[1:-1, 2:]) / 4

    u, v = mean(u), mean(v)
    error = (dx * u + dy * v + dt) / (smoothness**2 + dx**2 + dy**2)
    return u + dx * error, v + dy * error


# %% wrong: the mean of eight neighbours
def smooth_step(u, v, dx, dy, dt, smoothness):
    def mean(x):
        wide = np.pad(x, 1, mode="edge")
        corners = wide[:-2, :-2] + wide[2:, 2:] + wide[2:, :-2] + wide[:-2, 2:]
        return (wide[:-2, 1:-1] + wide[2:, 1:-1] + wide[1:-1, :-2] + wide[1:-1, 2:] + corners) / 8

    u, v = mean(u), mean(v)
    error = (dx * u + dy * v + dt) / (smoothness**2 + dx**2 + dy**2)
    return u - dx * error, v - dy * error


# %% wrong: changes u in place
def smooth_step(u, v, dx, dy, dt, smoothness):
    def mean(x):
        wide = np.pad(x, 1, mode="edge")
        return (wide[:-2, 1:-1] + wide[2:, 1:-1] + wide[1:-1, :-2] + wide[1:-1, 2:]) / 4

    u[:], v[:] = mean(u), mean(v)
    error = (dx * u + dy * v + dt) / (smoothness**2 + dx**2 + dy**2)
    return u - dx * error, v - dy * error


# %% wrong: mirrored at the border
def smooth_step(u, v, dx, dy, dt, smoothness):
    def mean(x):
        wide = np.pad(x, 1, mode="reflect")
        return (wide[:-2, 1:-1] + wide[2:, 1:-1] + wide[1:-1, :-2] + wide[1:-1, 2:]) / 4

    u, v = mean(u), mean(v)
    error = (dx * u + dy * v + dt) / (smoothness**2 + dx**2 + dy**2)
    return u - dx * error, v - dy * error


# %% wrong: e from the old u and v
def smooth_step(u, v, dx, dy, dt, smoothness):
    def mean(x):
        wide = np.pad(x, 1, mode="edge")
        return (wide[:-2, 1:-1] + wide[2:, 1:-1] + wide[1:-1, :-2] + wide[1:-1, 2:]) / 4

    error = (dx * u + dy * v + dt) / (smoothness**2 + dx**2 + dy**2)
    return mean(u) - dx * error, mean(v) - dy * error


# %% wrong: the new u only
def smooth_step(u, v, dx, dy, dt, smoothness):
    def mean(x):
        wide = np.pad(x, 1, mode="edge")
        return (wide[:-2, 1:-1] + wide[2:, 1:-1] + wide[1:-1, :-2] + wide[1:-1, 2:]) / 4

    u, v = mean(u), mean(v)
    return u - dx * (dx * u + dy * v + dt) / (smoothness**2 + dx**2 + dy**2)


# %% wrong: a single row has two neighbours only
def smooth_step(u, v, dx, dy, dt, smoothness):
    def mean(x):
        wide = np.pad(x, 1, mode="edge")
        return (wide[:-2, 1:-1] + wide[2:, 1:-1] + wide[1:-1, :-2] + wide[1:-1, 2:]) / 4

    u, v = (mean(x) if len(x) > 1 else 2 * mean(x) - x for x in (u, v))
    error = (dx * u + dy * v + dt) / (smoothness**2 + dx**2 + dy**2)
    return u - dx * error, v - dy * error
