# %% right: the map enlarged
def mass_on(maps, masks):
    f = masks.shape[1] // maps.shape[1]
    large = maps.repeat(f, axis=1).repeat(f, axis=2)
    mass = (large * masks).sum((1, 2)) / large.sum((1, 2))
    return np.stack([mass, masks.mean((1, 2))], axis=1)


# %% right: a loop over the images, with a Kronecker product
def mass_on(maps, masks):
    rows = []
    for one, mask in zip(maps, masks):
        f = mask.shape[1] // one.shape[1]
        large = np.kron(one, np.ones((f, f)))
        rows.append((large[mask].sum() / large.sum(), np.count_nonzero(mask) / mask.size))
    return np.array(rows)


# %% right: block after block
def mass_on(maps, masks):
    n, height, width = maps.shape
    f = masks.shape[2] // width
    result = np.empty((n, 2))
    for k in range(n):
        on = 0.0
        for i in range(height):
            for j in range(width):
                on += maps[k, i, j] * masks[k, i * f : (i + 1) * f, j * f : (j + 1) * f].mean()
        result[k] = on / maps[k].sum(), masks[k].mean()
    return result


# %% right: einsum over blocks
def mass_on(maps, masks):
    n, h, w = maps.shape
    f = masks.shape[1] // h
    inside = np.einsum("nhw,nhiwj->n", maps, masks.reshape(n, h, f, w, f).astype(float)) / f**2
    return np.column_stack([inside / maps.reshape(n, -1).sum(axis=1), masks.reshape(n, -1).mean(axis=1)])


# %% wrong: maps and masks of one size, as in the lecture
def mass_on(maps, masks):
    f = masks.shape[1] // maps.shape[1]
    large = maps
    mass = (large * masks).sum((1, 2)) / large.sum((1, 2))
    return np.stack([mass, masks.mean((1, 2))], axis=1)


# %% wrong: one number for all images
def mass_on(maps, masks):
    f = masks.shape[1] // maps.shape[1]
    large = maps.repeat(f, axis=1).repeat(f, axis=2)
    mass = (large * masks).sum() / large.sum() * np.ones(len(maps))
    return np.stack([mass, masks.mean((1, 2))], axis=1)


# %% wrong: the first pixel of each block
def mass_on(maps, masks):
    f = masks.shape[1] // maps.shape[1]
    mass = (maps * masks[:, ::f, ::f]).sum((1, 2)) / maps.sum((1, 2))
    return np.stack([mass, masks.mean((1, 2))], axis=1)


# %% wrong: a block counts where any pixel is on the mask
def mass_on(maps, masks):
    n, h, w = maps.shape
    f = masks.shape[1] // h
    touched = masks.reshape(n, h, f, w, f).any(axis=(2, 4))
    return np.stack([(maps * touched).sum((1, 2)) / maps.sum((1, 2)), masks.mean((1, 2))], axis=1)


# %% wrong: tiles the map instead of enlarging it
def mass_on(maps, masks):
    f = masks.shape[1] // maps.shape[1]
    large = np.tile(maps, (1, f, f))
    mass = (large * masks).sum((1, 2)) / large.sum((1, 2))
    return np.stack([mass, masks.mean((1, 2))], axis=1)


# %% wrong: the ratio to the outside
def mass_on(maps, masks):
    f = masks.shape[1] // maps.shape[1]
    large = maps.repeat(f, axis=1).repeat(f, axis=2)
    mass = (large * masks).sum((1, 2)) / (large * ~masks).sum((1, 2))
    return np.stack([mass, masks.mean((1, 2))], axis=1)


# %% wrong: the area in pixels
def mass_on(maps, masks):
    f = masks.shape[1] // maps.shape[1]
    large = maps.repeat(f, axis=1).repeat(f, axis=2)
    mass = (large * masks).sum((1, 2)) / large.sum((1, 2))
    return np.stack([mass, masks.sum((1, 2))], axis=1)


# %% wrong: a row for each number instead of each image
def mass_on(maps, masks):
    f = masks.shape[1] // maps.shape[1]
    large = maps.repeat(f, axis=1).repeat(f, axis=2)
    mass = (large * masks).sum((1, 2)) / large.sum((1, 2))
    return np.stack([mass, masks.mean((1, 2))])


# %% wrong: takes maps for square
def mass_on(maps, masks):
    f = masks.shape[1] // maps.shape[1]
    large = maps.repeat(f, axis=1).repeat(f, axis=2)
    mass = (large * masks).sum((1, 2)) / large.sum((1, 2))
    return np.stack([mass, masks.sum((1, 2)) / masks.shape[1] ** 2], axis=1)


# %% wrong: blocks of 2 x 2 only
def mass_on(maps, masks):
    f = 2
    large = maps.repeat(f, axis=1).repeat(f, axis=2)
    mass = (large * masks).sum((1, 2)) / large.sum((1, 2))
    return np.stack([mass, masks.mean((1, 2))], axis=1)


# %% wrong: adds a small number to the sum
def mass_on(maps, masks):
    f = masks.shape[1] // maps.shape[1]
    large = maps.repeat(f, axis=1).repeat(f, axis=2)
    mass = (large * masks).sum((1, 2)) / (large.sum((1, 2)) + 1e-6)
    return np.stack([mass, masks.mean((1, 2))], axis=1)


# %% wrong: the area of the whole batch
def mass_on(maps, masks):
    f = masks.shape[1] // maps.shape[1]
    large = maps.repeat(f, axis=1).repeat(f, axis=2)
    mass = (large * masks).sum((1, 2)) / large.sum((1, 2))
    return np.stack([mass, np.full(len(maps), masks[0].mean())], axis=1)


# %% wrong: changes the maps in place
def mass_on(maps, masks):
    maps /= maps.sum((1, 2), keepdims=True)
    f = masks.shape[1] // maps.shape[1]
    large = maps.repeat(f, axis=1).repeat(f, axis=2)
    mass = (large * masks).sum((1, 2)) / large.sum((1, 2))
    return np.stack([mass, masks.mean((1, 2))], axis=1)
