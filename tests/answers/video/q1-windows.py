# %% right: a loop over the pixels, with solve
def window_flow(dx, dy, dt, window):
    height, width = dx.shape
    half = window // 2
    flow = np.zeros((2, height, width))
    for i in range(height):
        for j in range(width):
            part = (slice(max(0, i - half), i + half + 1), slice(max(0, j - half), j + half + 1))
            x, y, t = dx[part].ravel(), dy[part].ravel(), dt[part].ravel()
            matrix = np.array([[x @ x, x @ y], [x @ y, y @ y]])
            if matrix[0, 0] * matrix[1, 1] - matrix[0, 1] ** 2 >= 1e-9:
                flow[:, i, j] = np.linalg.solve(matrix, [-(x @ t), -(y @ t)])
    return flow


# %% right: shifted copies added up
def box(x, window):
    half = window // 2
    padded = np.pad(x, half)
    total = np.zeros(x.shape)
    for i in range(window):
        for j in range(window):
            total += padded[i : i + x.shape[0], j : j + x.shape[1]]
    return total


def window_flow(dx, dy, dt, window):
    a, b, d = box(dx**2, window), box(dx * dy, window), box(dy**2, window)
    p, q = -box(dx * dt, window), -box(dy * dt, window)
    det = a * d - b**2
    good = det >= 1e-9
    flow = np.zeros((2, *dx.shape))
    flow[0][good] = ((d * p - b * q) / np.where(good, det, 1.0))[good]
    flow[1][good] = ((a * q - b * p) / np.where(good, det, 1.0))[good]
    return flow


# %% right: stacked 2 x 2 systems
def window_flow(dx, dy, dt, window):
    def sums(x):
        views = np.lib.stride_tricks.sliding_window_view(np.pad(x, window // 2), (window, window))
        return np.einsum("ijuv->ij", views)

    matrix = np.stack([np.stack([sums(dx * dx), sums(dx * dy)], -1), np.stack([sums(dx * dy), sums(dy * dy)], -1)], -2)
    right = -np.stack([sums(dx * dt), sums(dy * dt)], -1)[..., None]
    singular = matrix[..., 0, 0] * matrix[..., 1, 1] - matrix[..., 0, 1] ** 2 < 1e-9
    matrix[singular], right[singular] = np.eye(2), 0.0
    return np.linalg.solve(matrix, right)[..., 0].transpose(2, 0, 1)


# %% wrong: the sign
def window_flow(dx, dy, dt, window):
    total = lambda x: np.lib.stride_tricks.sliding_window_view(np.pad(x, window // 2), (window, window)).sum((2, 3))
    xx, xy, yy, xt, yt = total(dx * dx), total(dx * dy), total(dy * dy), total(dx * dt), total(dy * dt)
    det = xx * yy - xy * xy
    known = det >= 1e-9
    return np.stack([yy * xt - xy * yt, xx * yt - xy * xt]) / np.where(known, det, 1) * known


# %% wrong: v before u
def window_flow(dx, dy, dt, window):
    total = lambda x: np.lib.stride_tricks.sliding_window_view(np.pad(x, window // 2), (window, window)).sum((2, 3))
    xx, xy, yy, xt, yt = total(dx * dx), total(dx * dy), total(dy * dy), total(dx * dt), total(dy * dt)
    det = xx * yy - xy * xy
    known = det >= 1e-9
    return np.stack([xy * xt - xx * yt, xy * yt - yy * xt]) / np.where(known, det, 1) * known


# %% wrong: each direction by itself
def window_flow(dx, dy, dt, window):
    total = lambda x: np.lib.stride_tricks.sliding_window_view(np.pad(x, window // 2), (window, window)).sum((2, 3))
    xx, yy, xt, yt = total(dx * dx), total(dy * dy), total(dx * dt), total(dy * dt)
    return np.stack([-xt / np.where(xx > 1e-9, xx, 1), -yt / np.where(yy > 1e-9, yy, 1)])


# %% wrong: the border copied instead of left out
def window_flow(dx, dy, dt, window):
    pad = lambda x: np.pad(x, window // 2, mode="edge")
    total = lambda x: np.lib.stride_tricks.sliding_window_view(pad(x), (window, window)).sum((2, 3))
    xx, xy, yy, xt, yt = total(dx * dx), total(dx * dy), total(dy * dy), total(dx * dt), total(dy * dt)
    det = xx * yy - xy * xy
    known = det >= 1e-9
    return np.stack([xy * yt - yy * xt, xy * xt - xx * yt]) / np.where(known, det, 1) * known


# %% wrong: sums first, products afterwards
def window_flow(dx, dy, dt, window):
    total = lambda x: np.lib.stride_tricks.sliding_window_view(np.pad(x, window // 2), (window, window)).sum((2, 3))
    x, y, t = total(dx), total(dy), total(dt)
    xx, xy, yy, xt, yt = x * x, x * y, y * y, x * t, y * t
    det = xx * yy - xy * xy
    known = det >= 1e-9
    return np.stack([xy * yt - yy * xt, xy * xt - xx * yt]) / np.where(known, det, 1) * known


# %% wrong: divides by zero
def window_flow(dx, dy, dt, window):
    total = lambda x: np.lib.stride_tricks.sliding_window_view(np.pad(x, window // 2), (window, window)).sum((2, 3))
    xx, xy, yy, xt, yt = total(dx * dx), total(dx * dy), total(dy * dy), total(dx * dt), total(dy * dt)
    with np.errstate(all="ignore"):
        return np.stack([xy * yt - yy * xt, xy * xt - xx * yt]) / (xx * yy - xy * xy)


# %% wrong: a window that ends at the pixel
def window_flow(dx, dy, dt, window):
    pad = lambda x: np.pad(x, ((window - 1, 0), (window - 1, 0)))
    total = lambda x: np.lib.stride_tricks.sliding_window_view(pad(x), (window, window)).sum((2, 3))
    xx, xy, yy, xt, yt = total(dx * dx), total(dx * dy), total(dy * dy), total(dx * dt), total(dy * dt)
    det = xx * yy - xy * xy
    known = det >= 1e-9
    return np.stack([xy * yt - yy * xt, xy * xt - xx * yt]) / np.where(known, det, 1) * known


# %% wrong: least squares wherever it can, also where the motion cannot be known
def window_flow(dx, dy, dt, window):
    half, flow = window // 2, np.zeros((2, *dx.shape))
    for i in range(dx.shape[0]):
        for j in range(dx.shape[1]):
            part = np.s_[max(0, i - half) : i + half + 1, max(0, j - half) : j + half + 1]
            a = np.stack([dx[part].ravel(), dy[part].ravel()], axis=1)
            flow[:, i, j] = np.linalg.lstsq(a, -dt[part].ravel(), rcond=None)[0]
    return flow


# %% wrong: means in place of sums
def window_flow(dx, dy, dt, window):
    total = lambda x: np.lib.stride_tricks.sliding_window_view(np.pad(x, window // 2), (window, window)).mean((2, 3))
    xx, xy, yy, xt, yt = total(dx * dx), total(dx * dy), total(dy * dy), total(dx * dt), total(dy * dt)
    det = xx * yy - xy * xy
    known = det >= 1e-9
    return np.stack([xy * yt - yy * xt, xy * xt - xx * yt]) / np.where(known, det, 1) * known


# %% wrong: a small number added to the determinant
def window_flow(dx, dy, dt, window):
    total = lambda x: np.lib.stride_tricks.sliding_window_view(np.pad(x, window // 2), (window, window)).sum((2, 3))
    xx, xy, yy, xt, yt = total(dx * dx), total(dx * dy), total(dy * dy), total(dx * dt), total(dy * dt)
    det = xx * yy - xy * xy
    known = det >= 1e-9
    det = det + 1e-9
    return np.stack([xy * yt - yy * xt, xy * xt - xx * yt]) / np.where(known, det, 1) * known


# %% wrong: a limit of its own
def window_flow(dx, dy, dt, window):
    total = lambda x: np.lib.stride_tricks.sliding_window_view(np.pad(x, window // 2), (window, window)).sum((2, 3))
    xx, xy, yy, xt, yt = total(dx * dx), total(dx * dy), total(dy * dy), total(dx * dt), total(dy * dt)
    det = xx * yy - xy * xy
    known = det >= 1e-12
    return np.stack([xy * yt - yy * xt, xy * xt - xx * yt]) / np.where(known, det, 1) * known


# %% wrong: turns the sign of dt in place
def window_flow(dx, dy, dt, window):
    dt *= -1
    total = lambda x: np.lib.stride_tricks.sliding_window_view(np.pad(x, window // 2), (window, window)).sum((2, 3))
    xx, xy, yy, xt, yt = total(dx * dx), total(dx * dy), total(dy * dy), total(dx * dt), total(dy * dt)
    det = xx * yy - xy * xy
    known = det >= 1e-9
    return np.stack([yy * xt - xy * yt, xx * yt - xy * xt]) / np.where(known, det, 1) * known


# %% wrong: solves where there is nothing to solve
def window_flow(dx, dy, dt, window):
    half, flow = window // 2, np.zeros((2, *dx.shape))
    for i in range(dx.shape[0]):
        for j in range(dx.shape[1]):
            part = np.s_[max(0, i - half) : i + half + 1, max(0, j - half) : j + half + 1]
            a = np.stack([dx[part].ravel(), dy[part].ravel()], axis=1)
            flow[:, i, j] = np.linalg.solve(a.T @ a, -a.T @ dt[part].ravel())
    return flow


# %% wrong: np.convolve with "same", which is as long as the longer one
def window_flow(dx, dy, dt, window):
    ones = np.ones(window)

    def total(x):
        x = np.array([np.convolve(row, ones, "same") for row in x])
        return np.array([np.convolve(column, ones, "same") for column in x.T]).T

    xx, xy, yy, xt, yt = total(dx * dx), total(dx * dy), total(dy * dy), total(dx * dt), total(dy * dt)
    det = xx * yy - xy * xy
    known = det >= 1e-9
    return np.stack([xy * yt - yy * xt, xy * xt - xx * yt]) / np.where(known, det, 1) * known
