# %% right: into an array made beforehand
def descend(gradient, w0, learning_rate, steps):
    path = np.empty((steps + 1, len(w0)))
    path[0] = w0
    for k in range(steps):
        path[k + 1] = path[k] - learning_rate * gradient(path[k])
    return path


# %% right: with copies
def descend(gradient, w0, learning_rate, steps):
    w = np.array(w0, dtype=float)
    positions = [w.copy()]
    for _ in range(steps):
        w -= learning_rate * gradient(w)
        positions.append(w.copy())
    return np.stack(positions)


# %% right: recursion
def descend(gradient, w0, learning_rate, steps):
    start = np.asarray(w0, dtype=float)
    if steps == 0:
        return start[None]
    rest = descend(gradient, start - learning_rate * gradient(start), learning_rate, steps - 1)
    return np.concatenate([start[None], rest])


# %% wrong: uphill
def descend(gradient, w0, learning_rate, steps):
    path = [np.array(w0, dtype=float)]
    for _ in range(steps):
        path.append(path[-1] + learning_rate * gradient(path[-1]))
    return np.array(path)


# %% wrong: the gradient of the start in every step
def descend(gradient, w0, learning_rate, steps):
    path = [np.array(w0, dtype=float)]
    slope = gradient(path[0])
    for _ in range(steps):
        path.append(path[-1] - learning_rate * slope)
    return np.array(path)


# %% wrong: returns the last position only
def descend(gradient, w0, learning_rate, steps):
    w = np.array(w0, dtype=float)
    for _ in range(steps):
        w = w - learning_rate * gradient(w)
    return w


# %% wrong: the same array again and again, changed in place
def descend(gradient, w0, learning_rate, steps):
    w = np.array(w0, dtype=float)
    path = [w]
    for _ in range(steps):
        w -= learning_rate * gradient(w)
        path.append(w)
    return np.array(path)


# %% wrong: rounds to the type of the start
def descend(gradient, w0, learning_rate, steps):
    path = np.empty((steps + 1, len(w0)), dtype=np.asarray(w0).dtype)
    path[0] = w0
    for k in range(steps):
        path[k + 1] = path[k] - learning_rate * gradient(path[k])
    return path


# %% wrong: moves the caller's start
def descend(gradient, w0, learning_rate, steps):
    path = [np.array(w0, dtype=float)]
    for _ in range(steps):
        w0 -= learning_rate * gradient(w0)
        path.append(w0.copy())
    return np.array(path)


# %% wrong: takes two weights for granted
def descend(gradient, w0, learning_rate, steps):
    path = np.empty((steps + 1, 2))
    path[0] = w0
    for k in range(steps):
        path[k + 1] = path[k] - learning_rate * gradient(path[k])
    return path


# %% wrong: stops where nothing moves
def descend(gradient, w0, learning_rate, steps):
    path = [np.array(w0, dtype=float)]
    for _ in range(steps):
        step = learning_rate * gradient(path[-1])
        if np.allclose(step, 0):
            break
        path.append(path[-1] - step)
    return np.array(path)


# %% wrong: one list for all calls
def descend(gradient, w0, learning_rate, steps, path=[]):
    path.append(np.array(w0, dtype=float))
    for _ in range(steps):
        path.append(path[-1] - learning_rate * gradient(path[-1]))
    return np.array(path)


# %% wrong: cannot start at whole numbers
def descend(gradient, w0, learning_rate, steps):
    w = w0.copy()
    path = [w.copy()]
    for _ in range(steps):
        w -= learning_rate * gradient(w)
        path.append(w.copy())
    return np.array(path)
