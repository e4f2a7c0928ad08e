# %% right: loops
def learning_effect(remembered, positions, guesses, classes):
    after = list(remembered)
    for n, c in zip(positions, guesses):
        after[n] = c
    return np.array(after, dtype=int), np.array([sum(1 for u in after if u == c) for c in range(classes)])


# %% right: comparisons with all classes
def learning_effect(remembered, positions, guesses, classes):
    after = np.array(remembered)
    np.put(after, positions, guesses)
    return after, (after[:, None] == np.arange(classes)).sum(axis=0)


# %% right: only what is used is counted
def learning_effect(remembered, positions, guesses, classes):
    after = np.copy(remembered)
    after[positions] = guesses
    return after, np.bincount(after[after >= 0], minlength=classes)


# %% right: add at
def learning_effect(remembered, positions, guesses, classes):
    last = dict(zip(positions.tolist(), guesses.tolist()))
    after = np.array([last.get(n, u) for n, u in enumerate(remembered.tolist())])
    counts = np.zeros(classes, dtype=np.int64)
    np.add.at(counts, after[after != -1], 1)
    return after, counts


# %% wrong: -1 counts as the last class
def learning_effect(remembered, positions, guesses, classes):
    after = remembered.copy()
    after[positions] = guesses
    counts = np.zeros(classes, int)
    np.add.at(counts, after, 1)
    return after, counts


# %% wrong: bincount of negative numbers
def learning_effect(remembered, positions, guesses, classes):
    after = remembered.copy()
    after[positions] = guesses
    return after, np.bincount(after, minlength=classes)


# %% wrong: this step's guesses alone are counted
def learning_effect(remembered, positions, guesses, classes):
    after = remembered.copy()
    after[positions] = guesses
    return after, np.bincount(guesses, minlength=classes)


# %% wrong: counted before the step
def learning_effect(remembered, positions, guesses, classes):
    after = remembered.copy()
    after[positions] = guesses
    return after, np.bincount(remembered + 1, minlength=classes + 1)[1:]


# %% wrong: old guesses are counted beside the new ones
def learning_effect(remembered, positions, guesses, classes):
    after = remembered.copy()
    after[positions] = guesses
    return after, np.bincount(np.append(remembered, guesses) + 1, minlength=classes + 1)[1:]


# %% wrong: the argument is changed
def learning_effect(remembered, positions, guesses, classes):
    remembered[positions] = guesses
    return remembered, np.bincount(remembered + 1, minlength=classes + 1)[1:]


# %% wrong: the first guess counts
def learning_effect(remembered, positions, guesses, classes):
    after = remembered.copy()
    after[positions[::-1]] = guesses[::-1]
    return after, np.bincount(after + 1, minlength=classes + 1)[1:]


# %% wrong: the largest guess counts
def learning_effect(remembered, positions, guesses, classes):
    after = remembered.copy()
    order = np.argsort(guesses, kind="stable")
    after[positions[order]] = guesses[order]
    return after, np.bincount(after + 1, minlength=classes + 1)[1:]


# %% wrong: only classes that occur
def learning_effect(remembered, positions, guesses, classes):
    after = remembered.copy()
    after[positions] = guesses
    return after, np.array([(after == c).sum() for c in range(max(remembered.max(), after.max()) + 1)])


# %% wrong: an empty step counts nothing
def learning_effect(remembered, positions, guesses, classes):
    if len(positions) == 0:
        return remembered.copy(), np.zeros(classes, int)
    after = remembered.copy()
    after[positions] = guesses
    return after, np.bincount(after + 1, minlength=classes + 1)[1:]


# %% wrong: an image keeps its first class
def learning_effect(remembered, positions, guesses, classes):
    after = remembered.copy()
    free = remembered[positions] == -1
    after[positions[free]] = guesses[free]
    return after, np.bincount(after + 1, minlength=classes + 1)[1:]


# %% wrong: at most one image of each class a step
def learning_effect(remembered, positions, guesses, classes):
    after = remembered.copy()
    after[positions] = guesses
    counts = np.bincount(remembered + 1, minlength=classes + 1)[1:]
    for n, c in dict(zip(positions, guesses)).items():
        if remembered[n] != -1:
            counts[remembered[n]] -= 1
    counts[guesses] += 1
    return after, counts
