# %% right: an explicit inverse
def posterior(k_self, k_cross, k_inputs, outputs, noise, noise_new, prior):
    inverse = np.linalg.inv(k_inputs + np.diag(noise))
    mean = prior + k_cross @ inverse @ (outputs - prior)
    variance = k_self - np.diag(k_cross @ inverse @ k_cross.T) + noise_new
    return mean, variance


# %% right: Cholesky
def posterior(k_self, k_cross, k_inputs, outputs, noise, noise_new, prior):
    a = k_inputs.copy()
    a[np.diag_indices(len(a))] += noise
    factor = np.linalg.cholesky(a)
    v = np.linalg.solve(factor, k_cross.T)
    alpha = np.linalg.solve(factor.T, np.linalg.solve(factor, outputs - prior))
    return k_cross @ alpha + prior, k_self - (v**2).sum(axis=0) + noise_new


# %% right: a query at a time
def posterior(k_self, k_cross, k_inputs, outputs, noise, noise_new, prior):
    a = k_inputs + np.eye(len(noise)) * noise
    means, variances = [], []
    for own, k in zip(k_self, k_cross):
        w = np.linalg.solve(a, k)
        means.append(prior + w @ (outputs - prior))
        variances.append(own - w @ k + noise_new)
    return np.array(means), np.array(variances)


# %% right: as conditioning of one large Gaussian, lists come back
def posterior(k_self, k_cross, k_inputs, outputs, noise, noise_new, prior):
    count, means, variances = len(noise), [], []
    for own, k in zip(k_self, k_cross):
        joint = np.zeros((count + 1, count + 1))
        joint[:count, :count] = k_inputs + np.diag(noise)
        joint[count, :count] = joint[:count, count] = k
        joint[count, count] = own + noise_new
        precision = np.linalg.inv(joint)
        variances.append(1 / precision[count, count])
        means.append((prior - precision[count, :count] @ (outputs - prior) / precision[count, count]).tolist())
    return means, variances


# %% wrong: no noise on the diagonal of A
def posterior(k_self, k_cross, k_inputs, outputs, noise, noise_new, prior):
    weights = np.linalg.solve(k_inputs + 1e-8 * np.eye(len(noise)), k_cross.T)
    return prior + weights.T @ (outputs - prior), k_self - (k_cross.T * weights).sum(axis=0) + noise_new


# %% wrong: the variance without the noise of a new observation
def posterior(k_self, k_cross, k_inputs, outputs, noise, noise_new, prior):
    weights = np.linalg.solve(k_inputs + np.diag(noise), k_cross.T)
    return prior + weights.T @ (outputs - prior), k_self - (k_cross.T * weights).sum(axis=0)


# %% wrong: noise is added to every entry of K
def posterior(k_self, k_cross, k_inputs, outputs, noise, noise_new, prior):
    weights = np.linalg.solve(k_inputs + noise + 1e-6 * np.eye(len(noise)), k_cross.T)
    return prior + weights.T @ (outputs - prior), k_self - (k_cross.T * weights).sum(axis=0) + noise_new


# %% wrong: one noise for all, in the mean
def posterior(k_self, k_cross, k_inputs, outputs, noise, noise_new, prior):
    right = np.linalg.solve(k_inputs + np.diag(noise), k_cross.T)
    weights = np.linalg.solve(k_inputs + noise.mean() * np.eye(len(noise)), k_cross.T)
    return prior + weights.T @ (outputs - prior), k_self - (k_cross.T * right).sum(axis=0) + noise_new


# %% wrong: the mean noise of what was seen is added
def posterior(k_self, k_cross, k_inputs, outputs, noise, noise_new, prior):
    weights = np.linalg.solve(k_inputs + np.diag(noise), k_cross.T)
    return prior + weights.T @ (outputs - prior), k_self - (k_cross.T * weights).sum(axis=0) + noise[0]


# %% wrong: the noise of the new observation stands in A
def posterior(k_self, k_cross, k_inputs, outputs, noise, noise_new, prior):
    weights = np.linalg.solve(k_inputs + noise_new * np.eye(len(noise)), k_cross.T)
    return prior + weights.T @ (outputs - prior), k_self - (k_cross.T * weights).sum(axis=0) + noise_new


# %% wrong: the prior is added and never taken away
def posterior(k_self, k_cross, k_inputs, outputs, noise, noise_new, prior):
    weights = np.linalg.solve(k_inputs + np.diag(noise), k_cross.T)
    return prior + weights.T @ outputs, k_self - (k_cross.T * weights).sum(axis=0) + noise_new


# %% wrong: the prior is not used
def posterior(k_self, k_cross, k_inputs, outputs, noise, noise_new, prior):
    weights = np.linalg.solve(k_inputs + np.diag(noise), k_cross.T)
    return weights.T @ outputs, k_self - (k_cross.T * weights).sum(axis=0) + noise_new


# %% wrong: the first prior for all outputs
def posterior(k_self, k_cross, k_inputs, outputs, noise, noise_new, prior):
    weights = np.linalg.solve(k_inputs + np.diag(noise), k_cross.T)
    return prior[0] + weights.T @ (outputs - prior[0]), k_self - (k_cross.T * weights).sum(axis=0) + noise_new


# %% wrong: a kernel is 1 with itself
def posterior(k_self, k_cross, k_inputs, outputs, noise, noise_new, prior):
    weights = np.linalg.solve(k_inputs + np.diag(noise), k_cross.T)
    return prior + weights.T @ (outputs - prior), 1 - (k_cross.T * weights).sum(axis=0) + noise_new


# %% wrong: k_cross the wrong way round where it is square
def posterior(k_self, k_cross, k_inputs, outputs, noise, noise_new, prior):
    k = k_cross if k_cross.shape[0] == len(noise) > 2 else k_cross.T
    weights = np.linalg.solve(k_inputs + np.diag(noise), k)
    own = np.linalg.solve(k_inputs + np.diag(noise), k_cross.T)
    return prior + weights.T @ (outputs - prior), k_self - (k_cross.T * own).sum(axis=0) + noise_new


# %% wrong: the rows of the solution are taken for queries, as many as there are inputs
def posterior(k_self, k_cross, k_inputs, outputs, noise, noise_new, prior):
    a = k_inputs + np.diag(noise)
    weights = np.linalg.solve(a, k_cross.T)
    mean = prior + weights.T @ (outputs - prior)
    if len(k_cross) == len(noise):
        return mean, k_self - (k_cross.T * weights).sum(axis=0) + noise_new
    return mean, np.resize(k_self, len(noise)) - (k_cross[: len(noise)] * weights.T[: len(noise)]).sum(1) + noise_new


# %% wrong: the roots of the noises on the diagonal, in the variance
def posterior(k_self, k_cross, k_inputs, outputs, noise, noise_new, prior):
    weights = np.linalg.solve(k_inputs + np.diag(noise), k_cross.T)
    other = np.linalg.solve(k_inputs + np.diag(np.sqrt(noise)), k_cross.T)
    return prior + weights.T @ (outputs - prior), k_self - (k_cross.T * other).sum(axis=0) + noise_new


# %% wrong: the squares of the noises
def posterior(k_self, k_cross, k_inputs, outputs, noise, noise_new, prior):
    weights = np.linalg.solve(k_inputs + np.diag(noise**2), k_cross.T)
    return prior + weights.T @ (outputs - prior), k_self - (k_cross.T * weights).sum(axis=0) + noise_new


# %% wrong: the whole covariance of all queries
def posterior(k_self, k_cross, k_inputs, outputs, noise, noise_new, prior):
    weights = np.linalg.solve(k_inputs + np.diag(noise), k_cross.T)
    return prior + weights.T @ (outputs - prior), np.diag(k_self) - k_cross @ weights + noise_new * np.eye(len(k_self))


# %% wrong: standard deviations
def posterior(k_self, k_cross, k_inputs, outputs, noise, noise_new, prior):
    weights = np.linalg.solve(k_inputs + np.diag(noise), k_cross.T)
    variance = k_self - (k_cross.T * weights).sum(axis=0) + noise_new
    return prior + weights.T @ (outputs - prior), np.sqrt(variance)


# %% wrong: writes the noise into k_inputs
def posterior(k_self, k_cross, k_inputs, outputs, noise, noise_new, prior):
    k_inputs[np.diag_indices(len(noise))] += noise
    weights = np.linalg.solve(k_inputs, k_cross.T)
    return prior + weights.T @ (outputs - prior), k_self - (k_cross.T * weights).sum(axis=0) + noise_new


# %% wrong: scipy solves it
from scipy.linalg import cho_factor, cho_solve


def posterior(k_self, k_cross, k_inputs, outputs, noise, noise_new, prior):
    weights = cho_solve(cho_factor(k_inputs + np.diag(noise)), k_cross.T)
    return prior + weights.T @ (outputs - prior), k_self - (k_cross.T * weights).sum(axis=0) + noise_new


# %% wrong: a new observation has noise 1, as in the lecture
def posterior(k_self, k_cross, k_inputs, outputs, noise, noise_new, prior):
    weights = np.linalg.solve(k_inputs + np.diag(noise), k_cross.T)
    return prior + weights.T @ (outputs - prior), k_self - (k_cross.T * weights).sum(axis=0) + 1


# %% wrong: the prior is taken from the outputs in place
def posterior(k_self, k_cross, k_inputs, outputs, noise, noise_new, prior):
    outputs -= prior
    weights = np.linalg.solve(k_inputs + np.diag(noise), k_cross.T)
    return prior + weights.T @ outputs, k_self - (k_cross.T * weights).sum(axis=0) + noise_new


# %% wrong: a pseudo-inverse that cuts off
def posterior(k_self, k_cross, k_inputs, outputs, noise, noise_new, prior):
    a = k_inputs + np.diag(noise)
    mean = prior + k_cross @ np.linalg.pinv(a, rcond=0.2) @ (outputs - prior)
    weights = np.linalg.solve(a, k_cross.T)
    return mean, k_self - (k_cross.T * weights).sum(axis=0) + noise_new
