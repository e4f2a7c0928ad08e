# %% right: all clusters with one-hot rows
def spread(x, labels, clusters, alpha):
    members = np.eye(clusters)[labels]  # (n, clusters)
    sums = members.T @ x
    lengths = np.linalg.norm(sums, axis=1, keepdims=True)
    centroids = sums / np.where(lengths > 0, lengths, 1)
    count = members.sum(axis=0)
    total = members.T @ np.linalg.norm(x - centroids[labels], axis=1)
    phi = total / (np.maximum(count, 1) * np.log(np.maximum(count, 1) + alpha))
    return np.where(count < 2, phi[count > 1].max(), phi)


# %% right: bincount
def spread(x, labels, clusters, alpha):
    count = np.bincount(labels, minlength=clusters)
    sums = np.stack([np.bincount(labels, column, clusters) for column in x.T], axis=1)
    directions = sums / np.maximum(np.linalg.norm(sums, axis=1), 1e-12)[:, None]
    gaps = np.sqrt(((x - directions[labels]) ** 2).sum(axis=1))
    phi = np.full(clusters, -1.0)
    several = np.flatnonzero(count > 1)
    phi[several] = np.bincount(labels, gaps, clusters)[several] / count[several]
    phi[several] /= np.log(count[several] + alpha)
    phi[phi < 0] = phi.max()
    return phi


# %% right: distances from cosines
def spread(x, labels, clusters, alpha):
    found = []
    for c in range(clusters):
        points = x[labels == c]
        if len(points) < 2:
            found.append(None)
            continue
        total = points.sum(axis=0)
        cosines = points @ total / np.sqrt(total @ total)
        distance = np.sqrt(np.maximum(2 - 2 * cosines, 0))
        found.append(distance.mean() / np.log(len(points) + alpha))
    largest = max(value for value in found if value is not None)
    return np.array([largest if value is None else value for value in found])


# %% wrong: a cluster of one has no spread
def spread(x, labels, clusters, alpha):
    phi = np.zeros(clusters)
    for cluster in range(clusters):
        members = x[labels == cluster]
        if len(members):
            centroid = members.sum(axis=0) / np.linalg.norm(members.sum(axis=0))
            phi[cluster] = np.linalg.norm(members - centroid, axis=1).sum() / (
                len(members) * np.log(len(members) + alpha)
            )
    return phi


# %% wrong: the mean is not brought back to length 1
def spread(x, labels, clusters, alpha):
    phi = np.zeros(clusters)
    for cluster in range(clusters):
        members = x[labels == cluster]
        if len(members) > 1:
            distances = np.linalg.norm(members - members.mean(axis=0), axis=1)
            phi[cluster] = distances.sum() / (len(members) * np.log(len(members) + alpha))
    phi[np.bincount(labels, minlength=clusters) < 2] = phi.max()
    return phi


# %% wrong: squared distances
def spread(x, labels, clusters, alpha):
    phi = np.zeros(clusters)
    for cluster in range(clusters):
        members = x[labels == cluster]
        if len(members) > 1:
            centroid = members.sum(axis=0) / np.linalg.norm(members.sum(axis=0))
            phi[cluster] = ((members - centroid) ** 2).sum() / (len(members) * np.log(len(members) + alpha))
    phi[np.bincount(labels, minlength=clusters) < 2] = phi.max()
    return phi


# %% wrong: a sum without the division by Z
def spread(x, labels, clusters, alpha):
    phi = np.zeros(clusters)
    for cluster in range(clusters):
        members = x[labels == cluster]
        if len(members) > 1:
            centroid = members.sum(axis=0) / np.linalg.norm(members.sum(axis=0))
            phi[cluster] = np.linalg.norm(members - centroid, axis=1).sum() / np.log(len(members) + alpha)
    phi[np.bincount(labels, minlength=clusters) < 2] = phi.max()
    return phi


# %% wrong: alpha outside of the logarithm
def spread(x, labels, clusters, alpha):
    phi = np.zeros(clusters)
    for cluster in range(clusters):
        members = x[labels == cluster]
        if len(members) > 1:
            centroid = members.sum(axis=0) / np.linalg.norm(members.sum(axis=0))
            distances = np.linalg.norm(members - centroid, axis=1)
            phi[cluster] = distances.sum() / (len(members) * (np.log(len(members)) + alpha))
    phi[np.bincount(labels, minlength=clusters) < 2] = phi.max()
    return phi


# %% wrong: an empty cluster is nan
def spread(x, labels, clusters, alpha):
    phi = np.full(clusters, np.nan)
    for cluster in range(clusters):
        members = x[labels == cluster]
        if len(members) > 1:
            centroid = members.sum(axis=0) / np.linalg.norm(members.sum(axis=0))
            distances = np.linalg.norm(members - centroid, axis=1)
            phi[cluster] = distances.sum() / (len(members) * np.log(len(members) + alpha))
    phi[np.bincount(labels, minlength=clusters) == 1] = np.nanmax(phi)
    return phi


# %% wrong: the mean of the others in place of the largest
def spread(x, labels, clusters, alpha):
    phi = np.full(clusters, np.nan)
    for c in range(clusters):
        points = x[labels == c]
        if len(points) < 2:
            continue
        centre = points.sum(axis=0)
        centre = centre / np.linalg.norm(centre)
        far = np.linalg.norm(points - centre, axis=1).sum()
        phi[c] = far / (len(points) * np.log(len(points) + alpha))
    phi[np.isnan(phi)] = np.nanmean(phi)
    return phi


# %% wrong: two points are too few
def spread(x, labels, clusters, alpha):
    phi = np.zeros(clusters)
    for cluster in range(clusters):
        members = x[labels == cluster]
        if len(members):
            centroid = members.sum(axis=0) / np.linalg.norm(members.sum(axis=0))
            distances = np.linalg.norm(members - centroid, axis=1)
            phi[cluster] = distances.mean() / np.log(len(members) + alpha)
    phi[np.bincount(labels, minlength=clusters) <= 2] = phi.max()
    return phi


# %% wrong: 0 is taken for missing
def spread(x, labels, clusters, alpha):
    phi = np.zeros(clusters)
    for c in range(clusters):
        points = x[labels == c]
        if len(points) >= 2:
            centre = points.sum(axis=0)
            centre = centre / np.linalg.norm(centre)
            phi[c] = np.linalg.norm(points - centre, axis=1).sum() / (len(points) * np.log(len(points) + alpha))
    phi[phi == 0] = phi.max()
    return phi
