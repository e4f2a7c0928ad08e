# %% right: cov, cholesky and one-hot targets
def gccs_bracket(features, labels, distance, variance):
    loss = 0
    for k in range(features.shape[1]):
        x = features[labels == k]
        if len(x) == 0:
            continue
        s = torch.cov(x.T, correction=0)
        log_det = 2 * torch.linalg.cholesky(s).diagonal().log().sum()
        mu = torch.zeros(x.shape[1], dtype=x.dtype)
        mu[k] = distance
        shift = (x.mean(0) - mu).square().sum()
        d = x.shape[1]
        loss = loss + d * float(np.log(variance)) - log_det - d + s.diagonal().sum() / variance + shift / variance
    return loss


# %% right: all classes at once
def gccs_bracket(features, labels, distance, variance):
    dim = features.shape[1]
    names, own = torch.unique(labels, return_inverse=True)
    members = torch.nn.functional.one_hot(own).to(features.dtype)
    counts = members.sum(0)
    means = members.T @ features / counts[:, None]
    d = features - means[own]
    covariances = torch.einsum("bk,bi,bj->kij", members, d, d) / counts[:, None, None]
    targets = distance * torch.nn.functional.one_hot(names, dim).to(features.dtype)
    log_det = torch.logdet(covariances)
    traces = covariances.diagonal(dim1=1, dim2=2).sum(1)
    off = ((means - targets) ** 2).sum(1)
    return (dim * np.log(variance) - log_det - dim + (traces + off) / variance).sum()


# %% right: the eigenvalues of the scaled covariance
def gccs_bracket(features, labels, distance, variance):
    parts = []
    for k in sorted(set(labels.tolist())):
        x = features[labels == k]
        centred = x - x.mean(dim=0, keepdim=True)
        values = torch.linalg.eigvalsh((centred[:, :, None] * centred[:, None, :]).mean(dim=0)) / variance
        unit = torch.nn.functional.one_hot(torch.tensor(k), x.shape[1])
        off = x.mean(dim=0) - distance * unit
        parts.append((values - 1 - torch.log(values)).sum() + off.dot(off) / variance)
    return torch.stack(parts).sum()


# %% wrong: n - 1 under the covariance
def gccs_bracket(features, labels, distance, variance):
    dim = features.shape[1]
    total = features.new_zeros(())
    for k in torch.unique(labels).tolist():
        own = features[labels == k]
        mean = own.mean(dim=0)
        centred = own - mean
        covariance = centred.T @ centred / (len(own) - 1)
        off = mean - distance * torch.eye(dim, dtype=features.dtype)[k]
        total = total + dim * np.log(variance) - torch.linalg.slogdet(covariance).logabsdet - dim
        total = total + (torch.trace(covariance) + (off**2).sum()) / variance
    return total


# %% wrong: D is forgotten
def gccs_bracket(features, labels, distance, variance):
    dim = features.shape[1]
    total = features.new_zeros(())
    for k in torch.unique(labels).tolist():
        own = features[labels == k]
        mean = own.mean(dim=0)
        centred = own - mean
        covariance = centred.T @ centred / len(own)
        off = mean - distance * torch.eye(dim, dtype=features.dtype)[k]
        total = total + dim * np.log(variance) - torch.linalg.slogdet(covariance).logabsdet
        total = total + (torch.trace(covariance) + (off**2).sum()) / variance
    return total


# %% wrong: the trace of the inverse
def gccs_bracket(features, labels, distance, variance):
    dim = features.shape[1]
    total = features.new_zeros(())
    for k in torch.unique(labels).tolist():
        own = features[labels == k]
        mean = own.mean(dim=0)
        centred = own - mean
        covariance = centred.T @ centred / len(own)
        off = mean - distance * torch.eye(dim, dtype=features.dtype)[k]
        total = total + dim * np.log(variance) - torch.linalg.slogdet(covariance).logabsdet - dim
        total = total + torch.trace(torch.linalg.inv(covariance)) * variance + (off**2).sum() / variance
    return total


# %% wrong: sigma squared is squared again
def gccs_bracket(features, labels, distance, variance):
    dim = features.shape[1]
    total = features.new_zeros(())
    for k in torch.unique(labels).tolist():
        own = features[labels == k]
        mean = own.mean(dim=0)
        centred = own - mean
        covariance = centred.T @ centred / len(own)
        off = mean - distance * torch.eye(dim, dtype=features.dtype)[k]
        total = total + dim * np.log(variance) - torch.linalg.slogdet(covariance).logabsdet - dim
        total = total + (torch.trace(covariance) + (off**2).sum()) / variance**2
    return total


# %% wrong: the variance is left out of the determinant
def gccs_bracket(features, labels, distance, variance):
    dim = features.shape[1]
    total = features.new_zeros(())
    for k in torch.unique(labels).tolist():
        own = features[labels == k]
        mean = own.mean(dim=0)
        centred = own - mean
        covariance = centred.T @ centred / len(own)
        off = mean - distance * torch.eye(dim, dtype=features.dtype)[k]
        total = total - torch.linalg.slogdet(covariance).logabsdet - dim
        total = total + (torch.trace(covariance) + (off**2).sum()) / variance
    return total


# %% wrong: the determinant itself
def gccs_bracket(features, labels, distance, variance):
    dim = features.shape[1]
    total = features.new_zeros(())
    for k in torch.unique(labels).tolist():
        own = features[labels == k]
        mean = own.mean(dim=0)
        centred = own - mean
        covariance = centred.T @ centred / len(own)
        off = mean - distance * torch.eye(dim, dtype=features.dtype)[k]
        total = total + dim * np.log(variance) - torch.log(torch.linalg.det(covariance)) - dim
        total = total + (torch.trace(covariance) + (off**2).sum()) / variance
    return total


# %% wrong: the quotient of determinants
def gccs_bracket(features, labels, distance, variance):
    dim = features.shape[1]
    total = features.new_zeros(())
    for k in torch.unique(labels).tolist():
        own = features[labels == k]
        mean = own.mean(dim=0)
        centred = own - mean
        covariance = centred.T @ centred / len(own)
        off = mean - distance * torch.eye(dim, dtype=features.dtype)[k]
        total = total + torch.log(variance**dim / torch.linalg.det(covariance)) - dim
        total = total + (torch.trace(covariance) + (off**2).sum()) / variance
    return total


# %% wrong: the logarithm of the diagonal
def gccs_bracket(features, labels, distance, variance):
    dim = features.shape[1]
    total = features.new_zeros(())
    for k in torch.unique(labels).tolist():
        own = features[labels == k]
        mean = own.mean(dim=0)
        centred = own - mean
        covariance = centred.T @ centred / len(own)
        off = mean - distance * torch.eye(dim, dtype=features.dtype)[k]
        total = total + dim * np.log(variance) - covariance.diagonal().log().sum() - dim
        total = total + (torch.trace(covariance) + (off**2).sum()) / variance
    return total


# %% wrong: a class that is absent gives NaN
def gccs_bracket(features, labels, distance, variance):
    dim = features.shape[1]
    total = features.new_zeros(())
    for k in range(int(labels.max()) + 1):
        own = features[labels == k]
        mean = own.mean(dim=0)
        centred = own - mean
        covariance = centred.T @ centred / len(own)
        off = mean - distance * torch.eye(dim, dtype=features.dtype)[k]
        total = total + dim * np.log(variance) - torch.linalg.slogdet(covariance).logabsdet - dim
        total = total + (torch.trace(covariance) + (off**2).sum()) / variance
    return total


# %% wrong: the mean over the classes
def gccs_bracket(features, labels, distance, variance):
    dim = features.shape[1]
    total = features.new_zeros(())
    for k in torch.unique(labels).tolist():
        own = features[labels == k]
        mean = own.mean(dim=0)
        centred = own - mean
        covariance = centred.T @ centred / len(own)
        off = mean - distance * torch.eye(dim, dtype=features.dtype)[k]
        total = total + dim * np.log(variance) - torch.linalg.slogdet(covariance).logabsdet - dim
        total = total + (torch.trace(covariance) + (off**2).sum()) / variance
    return total / len(torch.unique(labels))


# %% wrong: half of it, the divergence
def gccs_bracket(features, labels, distance, variance):
    dim = features.shape[1]
    total = features.new_zeros(())
    for k in torch.unique(labels).tolist():
        own = features[labels == k]
        mean = own.mean(dim=0)
        centred = own - mean
        covariance = centred.T @ centred / len(own)
        off = mean - distance * torch.eye(dim, dtype=features.dtype)[k]
        total = total + dim * np.log(variance) - torch.linalg.slogdet(covariance).logabsdet - dim
        total = total + (torch.trace(covariance) + (off**2).sum()) / variance
    return total / 2


# %% wrong: one target for all classes
def gccs_bracket(features, labels, distance, variance):
    dim = features.shape[1]
    total = features.new_zeros(())
    for k in torch.unique(labels).tolist():
        own = features[labels == k]
        mean = own.mean(dim=0)
        centred = own - mean
        covariance = centred.T @ centred / len(own)
        off = mean - distance * torch.eye(dim, dtype=features.dtype)[0]
        total = total + dim * np.log(variance) - torch.linalg.slogdet(covariance).logabsdet - dim
        total = total + (torch.trace(covariance) + (off**2).sum()) / variance
    return total


# %% wrong: the target at distance in every dimension
def gccs_bracket(features, labels, distance, variance):
    dim = features.shape[1]
    total = features.new_zeros(())
    for k in torch.unique(labels).tolist():
        own = features[labels == k]
        mean = own.mean(dim=0)
        centred = own - mean
        covariance = centred.T @ centred / len(own)
        off = mean - distance
        total = total + dim * np.log(variance) - torch.linalg.slogdet(covariance).logabsdet - dim
        total = total + (torch.trace(covariance) + (off**2).sum()) / variance
    return total


# %% wrong: the square of the distance is forgotten
def gccs_bracket(features, labels, distance, variance):
    dim = features.shape[1]
    total = features.new_zeros(())
    for k in torch.unique(labels).tolist():
        own = features[labels == k]
        mean = own.mean(dim=0)
        centred = own - mean
        covariance = centred.T @ centred / len(own)
        off = mean - distance * torch.eye(dim, dtype=features.dtype)[k]
        total = total + dim * np.log(variance) - torch.linalg.slogdet(covariance).logabsdet - dim
        total = total + torch.trace(covariance) / variance + torch.linalg.norm(off) / variance
    return total


# %% wrong: a number without a gradient
def gccs_bracket(features, labels, distance, variance):
    dim = features.shape[1]
    total = features.new_zeros(())
    for k in torch.unique(labels).tolist():
        own = features[labels == k]
        mean = own.mean(dim=0)
        centred = own - mean
        covariance = centred.T @ centred / len(own)
        off = mean - distance * torch.eye(dim, dtype=features.dtype)[k]
        total = total + dim * np.log(variance) - torch.linalg.slogdet(covariance).logabsdet - dim
        total = total + (torch.trace(covariance) + (off**2).sum()) / variance
    return total.detach()


# %% wrong: no gradient through the determinant
def gccs_bracket(features, labels, distance, variance):
    dim = features.shape[1]
    total = features.new_zeros(())
    for k in torch.unique(labels).tolist():
        own = features[labels == k]
        mean = own.mean(dim=0)
        centred = own - mean
        covariance = centred.T @ centred / len(own)
        off = mean - distance * torch.eye(dim, dtype=features.dtype)[k]
        total = total + dim * np.log(variance) - torch.linalg.slogdet(covariance.detach()).logabsdet - dim
        total = total + (torch.trace(covariance) + (off**2).sum()) / variance
    return total


# %% wrong: no gradient through the mean of the class
def gccs_bracket(features, labels, distance, variance):
    dim = features.shape[1]
    total = features.new_zeros(())
    for k in torch.unique(labels).tolist():
        own = features[labels == k]
        mean = own.mean(dim=0)
        centred = own - mean
        covariance = centred.T @ centred / len(own)
        off = mean - distance * torch.eye(dim, dtype=features.dtype)[k]
        total = total + dim * np.log(variance) - torch.linalg.slogdet(covariance).logabsdet - dim
        total = total + (torch.trace(covariance) + (off.detach() ** 2).sum()) / variance
    return total


# %% wrong: a covariance around the target
def gccs_bracket(features, labels, distance, variance):
    dim = features.shape[1]
    total = features.new_zeros(())
    for k in torch.unique(labels).tolist():
        own = features[labels == k]
        mean = own.mean(dim=0)
        centred = own - mean
        off = mean - distance * torch.eye(dim, dtype=features.dtype)[k]
        centred = own - distance * torch.eye(dim, dtype=features.dtype)[k]
        covariance = centred.T @ centred / len(own)
        total = total + dim * np.log(variance) - torch.linalg.slogdet(covariance).logabsdet - dim
        total = total + (torch.trace(covariance) + (off**2).sum()) / variance
    return total


# %% wrong: a ridge on the covariance
def gccs_bracket(features, labels, distance, variance):
    dim = features.shape[1]
    total = features.new_zeros(())
    for k in torch.unique(labels).tolist():
        own = features[labels == k]
        mean = own.mean(dim=0)
        centred = own - mean
        covariance = centred.T @ centred / len(own) + 1e-3 * torch.eye(dim, dtype=features.dtype)
        off = mean - distance * torch.eye(dim, dtype=features.dtype)[k]
        total = total + dim * np.log(variance) - torch.linalg.slogdet(covariance).logabsdet - dim
        total = total + (torch.trace(covariance) + (off**2).sum()) / variance
    return total


# %% wrong: features are centred in place
def gccs_bracket(features, labels, distance, variance):
    dim = features.shape[1]
    total = features.new_zeros(())
    for k in torch.unique(labels).tolist():
        chosen = labels == k
        mean = features[chosen].mean(dim=0)
        with torch.no_grad():
            features[chosen] -= mean.detach()
        covariance = features[chosen].T @ features[chosen] / chosen.sum()
        off = mean - distance * torch.eye(dim, dtype=features.dtype)[k]
        total = total + dim * np.log(variance) - torch.linalg.slogdet(covariance).logabsdet - dim
        total = total + (torch.trace(covariance) + (off**2).sum()) / variance
    return total
