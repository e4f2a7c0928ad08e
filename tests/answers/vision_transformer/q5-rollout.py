# %% right: loops over images
def rollout(maps):
    results = []
    for image in range(len(maps[0])):
        product = np.eye(maps[0].shape[-1])
        for weights in maps:
            product = 0.5 * (weights[image].mean(axis=0) + np.eye(len(product))) @ product
        results.append(product)
    return np.array(results)


# %% right: from the last layer to the first
def rollout(maps):
    count = maps[0].shape[-1]
    product = np.tile(np.eye(count), (len(maps[0]), 1, 1))
    for weights in maps[::-1]:
        product = product @ (0.5 * np.mean(weights, axis=1) + 0.5 * np.eye(count))
    return product


# %% right: einsum and reduce
def rollout(maps):
    from functools import reduce

    heads, count = maps[0].shape[1], maps[0].shape[2]
    steps = [(np.einsum("nhij->nij", weights) / heads + np.identity(count)) / 2 for weights in maps]
    return reduce(lambda earlier, later: np.einsum("nij,njk->nik", later, earlier), steps)


# %% wrong: the layers in the other order
def rollout(maps):
    count = maps[0].shape[-1]
    product = np.tile(np.eye(count), (len(maps[0]), 1, 1))
    for weights in maps:
        product = product @ ((weights.mean(axis=1) + np.eye(count)) / 2)
    return product


# %% wrong: no residual connection
def rollout(maps):
    product = np.tile(np.eye(maps[0].shape[-1]), (len(maps[0]), 1, 1))
    for weights in maps:
        product = weights.mean(axis=1) @ product
    return product


# %% wrong: the largest head in place of the mean
def rollout(maps):
    count = maps[0].shape[-1]
    product = np.tile(np.eye(count), (len(maps[0]), 1, 1))
    for weights in maps:
        product = (weights.max(axis=1) + np.eye(count)) / 2 @ product
    return product


# %% wrong: the mean of the layers
def rollout(maps):
    return np.mean([(weights.mean(axis=1) + np.eye(weights.shape[-1])) / 2 for weights in maps], axis=0)


# %% wrong: works in the maps that were handed in
def rollout(maps):
    count = maps[0].shape[-1]
    product = np.tile(np.eye(count), (len(maps[0]), 1, 1))
    for weights in maps:
        weights += np.eye(count)
        product = weights.mean(axis=1) / 2 @ product
    return product


# %% wrong: transposed
def rollout(maps):
    count = maps[0].shape[-1]
    product = np.tile(np.eye(count), (len(maps[0]), 1, 1))
    for weights in maps:
        product = (weights.mean(axis=1).swapaxes(1, 2) + np.eye(count)) / 2 @ product
    return product


# %% wrong: the mean over heads at the end
def rollout(maps):
    product = np.eye(maps[0].shape[-1])
    for weights in maps:
        product = (weights + np.eye(product.shape[-1])) / 2 @ product
    return product.mean(axis=1)


# %% wrong: takes the first layer out of the list
def rollout(maps):
    product = (maps[0].mean(axis=1) + np.eye(maps[0].shape[-1])) / 2
    maps.pop(0)
    for weights in maps:
        product = (weights.mean(axis=1) + np.eye(weights.shape[-1])) / 2 @ product
    return product


# %% wrong: turns the list round
def rollout(maps):
    count = maps[0].shape[-1]
    product = np.tile(np.eye(count), (len(maps[0]), 1, 1))
    maps.reverse()
    for weights in maps:
        product = product @ (weights.mean(axis=1) + np.eye(count)) / 2
    return product


# %% wrong: the first image alone
def rollout(maps):
    product = np.eye(maps[0].shape[-1])
    for weights in maps:
        product = (weights[0].mean(axis=0) + np.eye(len(product))) / 2 @ product
    return product[None]


# %% wrong: sums the heads in the first of them
def rollout(maps):
    count = maps[0].shape[-1]
    product = np.tile(np.eye(count), (len(maps[0]), 1, 1))
    for weights in maps:
        total = weights[:, 0]
        for head in range(1, weights.shape[1]):
            total += weights[:, head]
        product = (total / weights.shape[1] + np.eye(count)) / 2 @ product
    return product


# %% wrong: a product of two matrices at least
def rollout(maps):
    count = maps[0].shape[-1]
    steps = [(weights.mean(axis=1) + np.eye(count)) / 2 for weights in maps[::-1]]
    return np.array([np.linalg.multi_dot([step[i] for step in steps]) for i in range(len(steps[0]))])
