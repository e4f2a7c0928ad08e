# %% right: whole periods, then cut
def multipliers(steps, period, growth):
    waves, length, total = [np.zeros(0)], period, 0
    while total < steps:
        waves.append(0.5 + 0.5 * np.cos(np.pi * np.arange(length) / length))
        total += length
        length *= growth
    return np.concatenate(waves)[:steps]


# %% right: a list, with the position found anew at each step
def where(step, period, growth):
    while step >= period:
        step, period = step - period, period * growth
    return step / period


def multipliers(steps, period, growth):
    return np.array([0.5 * (1 + np.cos(np.pi * where(step, period, growth))) for step in range(steps)])


# %% right: the square of half the angle, on arrays
def multipliers(steps, period, growth):
    current, length = np.arange(steps), np.full(steps, period)
    while (late := current >= length).any():
        current = np.where(late, current - length, current)
        length = np.where(late, length * growth, length)
    return np.cos(np.pi / 2 * current / length) ** 2


# %% right: Python's numbers
def multipliers(steps, period, growth):
    import math

    values, current = [], 0
    for _ in range(steps):
        values.append((1 + math.cos(math.pi * current / period)) / 2)
        current += 1
        if current >= period:
            period, current = period * growth, 0
    return np.array(values, dtype=float)


# %% wrong: the cosine in degrees
def multipliers(steps, period, growth):
    found, current, length = np.empty(steps), 0, period
    for step in range(steps):
        found[step] = 0.5 + 0.5 * np.cos(180 * current / length)
        current += 1
        if current == length:
            current, length = 0, growth * length
    return found


# %% wrong: begins at T_cur = 1
def multipliers(steps, period, growth):
    found, current, length = np.empty(steps), 0, period
    for step in range(steps):
        current += 1
        found[step] = 0.5 + 0.5 * np.cos(np.pi * current / length)
        if current == length:
            current, length = 0, growth * length
    return found


# %% wrong: the restart comes a step late
def multipliers(steps, period, growth):
    found, current, length = np.empty(steps), 0, period
    for step in range(steps):
        found[step] = 0.5 + 0.5 * np.cos(np.pi * current / length)
        current += 1
        if current > length:
            current, length = 0, growth * length
    return found


# %% wrong: down to 0 in each period
def multipliers(steps, period, growth):
    found, current, length = np.empty(steps), 0, period
    for step in range(steps):
        found[step] = 0.5 + 0.5 * np.cos(np.pi * current / max(length - 1, 1))
        current += 1
        if current == length:
            current, length = 0, growth * length
    return found


# %% wrong: the periods do not grow
def multipliers(steps, period, growth):
    return 0.5 + 0.5 * np.cos(np.pi * (np.arange(steps) % period) / period)


# %% wrong: periods grow by addition
def multipliers(steps, period, growth):
    found, current, length = np.empty(steps), 0, period
    for step in range(steps):
        found[step] = 0.5 + 0.5 * np.cos(np.pi * current / length)
        current += 1
        if current == length:
            current, length = 0, length + period * (growth - 1)
    return found


# %% wrong: the number of the period by a logarithm that rounds
def multipliers(steps, period, growth):
    if growth == 1:
        return 0.5 + 0.5 * np.cos(np.pi * (np.arange(steps) % period) / period)
    found = np.empty(steps)
    for step in range(steps):
        number = int(np.log(step * (growth - 1) / period + 1) / np.log(growth))
        before = period * (growth**number - 1) // (growth - 1)
        found[step] = 0.5 + 0.5 * np.cos(np.pi * (step - before) / (period * growth**number))
    return found


# %% wrong: always has a first step
def multipliers(steps, period, growth):
    found, current, length = [1.0], 0, period
    for _ in range(steps - 1):
        current += 1
        if current == length:
            current, length = 0, growth * length
        found.append(0.5 + 0.5 * np.cos(np.pi * current / length))
    return np.array(found)


# %% wrong: a whole cosine in each period
def multipliers(steps, period, growth):
    found, current, length = np.empty(steps), 0, period
    for step in range(steps):
        found[step] = 0.5 + 0.5 * np.cos(2 * np.pi * current / length)
        current += 1
        if current == length:
            current, length = 0, growth * length
    return found
