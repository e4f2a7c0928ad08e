# %% right: two loops
def pair_term(centers):
    total = 0.0
    for j in range(len(centers)):
        for k in range(len(centers)):
            if j == k:
                continue
            size = np.sqrt(centers[j] @ centers[j]) * np.sqrt(centers[k] @ centers[k])
            total += 1 + (centers[j] @ centers[k] / size if size > 0 else 0.0)
    return total


# %% right: the sum of all unit vectors
def pair_term(centers):
    lengths = np.sqrt((centers**2).sum(axis=1))
    units = np.zeros_like(centers)
    units[lengths > 0] = centers[lengths > 0] / lengths[lengths > 0, None]
    together = units.sum(axis=0)
    count = len(centers)
    return together @ together - (lengths > 0).sum() + count * (count - 1)


# %% right: the upper triangle twice
def pair_term(centers):
    lengths = np.linalg.norm(centers, axis=1)
    products = np.outer(lengths, lengths)
    cosines = np.divide(centers @ centers.T, products, out=np.zeros_like(products), where=products > 0)
    return 2 * (cosines[np.triu_indices(len(centers), k=1)] + 1).sum()


# %% right: a mask, and NaN made zero
def pair_term(centers):
    with np.errstate(invalid="ignore"):
        unit = np.nan_to_num(centers / np.linalg.norm(centers, axis=-1)[:, None])
    cosines = np.einsum("jd,kd->jk", unit, unit)
    return float((cosines[~np.eye(len(unit), dtype=bool)] + 1).sum())


# %% wrong: each pair once
def pair_term(centers):
    length = np.linalg.norm(centers, axis=1, keepdims=True)
    unit = centers / np.where(length > 0, length, 1)
    return ((unit @ unit.T)[np.triu_indices(len(unit), k=1)] + 1).sum()


# %% wrong: a row meets itself
def pair_term(centers):
    length = np.linalg.norm(centers, axis=1, keepdims=True)
    unit = centers / np.where(length > 0, length, 1)
    return (unit @ unit.T + 1).sum()


# %% wrong: the diagonal is 0, and then 1
def pair_term(centers):
    length = np.linalg.norm(centers, axis=1, keepdims=True)
    unit = centers / np.where(length > 0, length, 1)
    cosines = unit @ unit.T
    np.fill_diagonal(cosines, 0)
    return (cosines + 1).sum()


# %% wrong: the lengths count
def pair_term(centers):
    products = centers @ centers.T
    np.fill_diagonal(products, -1)
    return (products + 1).sum()


# %% wrong: without the 1
def pair_term(centers):
    length = np.linalg.norm(centers, axis=1, keepdims=True)
    unit = centers / np.where(length > 0, length, 1)
    cosines = unit @ unit.T
    np.fill_diagonal(cosines, 0)
    return cosines.sum()


# %% wrong: the mean over the pairs
def pair_term(centers):
    length = np.linalg.norm(centers, axis=1, keepdims=True)
    unit = centers / np.where(length > 0, length, 1)
    return ((unit @ unit.T)[~np.eye(len(unit), dtype=bool)] + 1).mean()


# %% wrong: the size of the cosine
def pair_term(centers):
    length = np.linalg.norm(centers, axis=1, keepdims=True)
    unit = centers / np.where(length > 0, length, 1)
    return (np.abs(unit @ unit.T)[~np.eye(len(unit), dtype=bool)] + 1).sum()


# %% wrong: a zero row gives NaN
def pair_term(centers):
    with np.errstate(invalid="ignore"):
        unit = centers / np.linalg.norm(centers, axis=1, keepdims=True)
    cosines = unit @ unit.T
    np.fill_diagonal(cosines, -1)
    return (cosines + 1).sum()


# %% wrong: zero rows are left out
def pair_term(centers):
    length = np.linalg.norm(centers, axis=1)
    unit = centers[length > 0] / length[length > 0][:, None]
    cosines = unit @ unit.T
    np.fill_diagonal(cosines, -1)
    return (cosines + 1).sum()


# %% wrong: cosines of 1 are taken for the diagonal
def pair_term(centers):
    length = np.linalg.norm(centers, axis=1, keepdims=True)
    unit = centers / np.where(length > 0, length, 1)
    cosines = unit @ unit.T
    other = ~np.eye(len(unit), dtype=bool) & (cosines < 1 - 1e-9)
    return (cosines[other] + 1).sum()


# %% wrong: the angle instead of the cosine
def pair_term(centers):
    length = np.linalg.norm(centers, axis=1, keepdims=True)
    unit = centers / np.where(length > 0, length, 1)
    angles = np.arccos((unit @ unit.T).clip(-1, 1))
    other = ~np.eye(len(unit), dtype=bool)
    return (2 - 2 * angles[other] / np.pi).sum()


# %% wrong: rows that follow each other
def pair_term(centers):
    length = np.linalg.norm(centers, axis=1, keepdims=True)
    unit = centers / np.where(length > 0, length, 1)
    neighbours = (unit * np.roll(unit, 1, axis=0)).sum(axis=1)
    return (2 if len(unit) > 2 else 1) * (neighbours + 1).sum()


# %% wrong: the centres are normalised in place
def pair_term(centers):
    length = np.linalg.norm(centers, axis=1, keepdims=True)
    centers /= np.where(length > 0, length, 1)
    cosines = centers @ centers.T
    np.fill_diagonal(cosines, -1)
    return (cosines + 1).sum()
