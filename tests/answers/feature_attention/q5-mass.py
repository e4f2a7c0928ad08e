# %% right: a loop over the images
def mass_on(maps, masks):
    rows = [(cam[mask].sum() / cam.sum(), mask.sum() / mask.size) for cam, mask in zip(maps, masks)]
    return np.array(rows).reshape(len(maps), 2)


# %% right: einsum
def mass_on(maps, masks):
    n, h, w = maps.shape
    inside = np.einsum("nhw,nhw->n", maps, masks.astype(float))
    total = np.einsum("nhw->n", maps)
    return np.column_stack([inside / total, masks.reshape(n, h * w).sum(axis=1) / (h * w)])


# %% right: where
def mass_on(maps, masks):
    result = np.empty((len(maps), 2))
    result[:, 0] = np.where(masks, maps, 0).sum((-2, -1)) / maps.sum((-2, -1))
    result[:, 1] = np.mean(masks, axis=(-2, -1))
    return result


# %% wrong: one number for all images
def mass_on(maps, masks):
    mass = (maps * masks).sum() / maps.sum()
    return np.tile([mass, masks.mean()], (len(maps), 1))


# %% wrong: the mean on the mask instead of the mass
def mass_on(maps, masks):
    mass = (maps * masks).sum(axis=(1, 2)) / masks.sum(axis=(1, 2))
    return np.stack([mass, masks.mean(axis=(1, 2))], axis=1)


# %% wrong: the ratio to the outside
def mass_on(maps, masks):
    mass = (maps * masks).sum(axis=(1, 2)) / (maps * ~masks).sum(axis=(1, 2))
    return np.stack([mass, masks.mean(axis=(1, 2))], axis=1)


# %% wrong: a row for each number instead of each image
def mass_on(maps, masks):
    mass = (maps * masks).sum(axis=(1, 2)) / maps.sum(axis=(1, 2))
    return np.stack([mass, masks.mean(axis=(1, 2))])


# %% wrong: the area in pixels
def mass_on(maps, masks):
    mass = (maps * masks).sum(axis=(1, 2)) / maps.sum(axis=(1, 2))
    return np.stack([mass, masks.sum(axis=(1, 2))], axis=1)


# %% wrong: not divided by the sum
def mass_on(maps, masks):
    mass = (maps * masks).mean(axis=(1, 2))
    return np.stack([mass, masks.mean(axis=(1, 2))], axis=1)


# %% wrong: changes the maps in place
def mass_on(maps, masks):
    maps /= maps.sum(axis=(1, 2), keepdims=True)
    return np.stack([(maps * masks).sum(axis=(1, 2)), masks.mean(axis=(1, 2))], axis=1)


# %% wrong: adds a small number to the sum
def mass_on(maps, masks):
    mass = (maps * masks).sum(axis=(1, 2)) / (maps.sum(axis=(1, 2)) + 1e-8)
    return np.stack([mass, masks.mean(axis=(1, 2))], axis=1)


# %% wrong: takes maps for square
def mass_on(maps, masks):
    n, size = len(maps), maps.shape[1] ** 2
    mass = (maps * masks).sum(axis=(1, 2)) / maps.sum(axis=(1, 2))
    return np.stack([mass, masks.reshape(n, -1).sum(axis=1) / size], axis=1)


# %% wrong: the mean on the mask times its area, which an empty mask does not have
def mass_on(maps, masks):
    rows = []
    for one, mask in zip(maps, masks):
        area = mask.mean()
        rows.append([one[mask].mean() * area / one.mean(), area])
    return np.array(rows)


# %% wrong: stretches each map to its own range first
def mass_on(maps, masks):
    maps = maps - maps.min(axis=(1, 2), keepdims=True)
    maps = maps + (maps.max(axis=(1, 2), keepdims=True) == 0)
    mass = (maps * masks).sum(axis=(1, 2)) / maps.sum(axis=(1, 2))
    return np.stack([mass, masks.mean(axis=(1, 2))], axis=1)
