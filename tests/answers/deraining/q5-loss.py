# %% right: a picture at a time
def unlabelled_loss(z, mean, variance_near, variance_far, weights, v, kappa):
    total = 0
    for a, b, near, far, w in zip(z, mean.detach(), variance_near, variance_far, weights):
        total = total + w * (((a - b) ** 2).mean() / near + v * torch.log(near) - v * kappa * torch.log(far))
    return total / weights.sum(), 1 - variance_far > 0


# %% right: mse_loss and a clone
import torch.nn.functional as F


def unlabelled_loss(z, mean, variance_near, variance_far, weights, v, kappa):
    target = mean.clone().detach()
    each = F.mse_loss(z, target, reduction="none").mean(1) / variance_near
    each = each + v * (torch.log(variance_near) - kappa * torch.log(variance_far))
    shares = weights / weights.sum()
    with torch.no_grad():
        finite = torch.isfinite(torch.log(1 - variance_far))
    return shares @ each, finite


# %% right: the mean made under no_grad, a division of all entries
def unlabelled_loss(z, mean, variance_near, variance_far, weights, v, kappa):
    with torch.no_grad():
        mu = mean * 1.0
    drawn = ((z - mu) ** 2 / variance_near[:, None]).sum(1) / z.shape[1]
    bracket = drawn + v * torch.log(variance_near / variance_far**kappa)
    return torch.dot(weights, bracket) / torch.sum(weights), torch.lt(variance_far, 1.0).detach()


# %% wrong: the gradient goes through the mean
def unlabelled_loss(z, mean, variance_near, variance_far, weights, v, kappa):
    drawn = (z - mean).square().mean(dim=1) / variance_near
    certain = variance_near.log() - kappa * variance_far.log()
    return (weights * (drawn + v * certain)).sum() / weights.sum(), variance_far < 1


# %% wrong: the mean itself is detached
def unlabelled_loss(z, mean, variance_near, variance_far, weights, v, kappa):
    mean.requires_grad_(False)
    drawn = (z - mean).square().mean(dim=1) / variance_near
    certain = variance_near.log() - kappa * variance_far.log()
    return (weights * (drawn + v * certain)).sum() / weights.sum(), variance_far < 1


# %% wrong: z is detached, too
def unlabelled_loss(z, mean, variance_near, variance_far, weights, v, kappa):
    drawn = (z.detach() - mean.detach()).square().mean(dim=1) / variance_near
    certain = variance_near.log() - kappa * variance_far.log()
    return (weights * (drawn + v * certain)).sum() / weights.sum(), variance_far < 1


# %% wrong: the variance near is detached in the division
def unlabelled_loss(z, mean, variance_near, variance_far, weights, v, kappa):
    drawn = (z - mean.detach()).square().mean(dim=1) / variance_near.detach()
    certain = variance_near.log() - kappa * variance_far.log()
    return (weights * (drawn + v * certain)).sum() / weights.sum(), variance_far < 1


# %% wrong: no gradient of any variance near
def unlabelled_loss(z, mean, variance_near, variance_far, weights, v, kappa):
    near = variance_near.detach()
    drawn = (z - mean.detach()).square().mean(dim=1) / near
    return (weights * (drawn + v * (near.log() - kappa * variance_far.log()))).sum() / weights.sum(), variance_far < 1


# %% wrong: no gradient of the variance far away
def unlabelled_loss(z, mean, variance_near, variance_far, weights, v, kappa):
    drawn = (z - mean.detach()).square().mean(dim=1) / variance_near
    certain = variance_near.log() - kappa * variance_far.detach().log()
    return (weights * (drawn + v * certain)).sum() / weights.sum(), variance_far < 1


# %% wrong: the sum over the dimensions
def unlabelled_loss(z, mean, variance_near, variance_far, weights, v, kappa):
    drawn = (z - mean.detach()).square().sum(dim=1) / variance_near
    certain = variance_near.log() - kappa * variance_far.log()
    return (weights * (drawn + v * certain)).sum() / weights.sum(), variance_far < 1


# %% wrong: the length, not its square
def unlabelled_loss(z, mean, variance_near, variance_far, weights, v, kappa):
    drawn = (z - mean.detach()).norm(dim=1) / variance_near
    certain = variance_near.log() - kappa * variance_far.log()
    return (weights * (drawn + v * certain)).sum() / weights.sum(), variance_far < 1


# %% wrong: not divided by the variance
def unlabelled_loss(z, mean, variance_near, variance_far, weights, v, kappa):
    drawn = (z - mean.detach()).square().mean(dim=1)
    certain = variance_near.log() - kappa * variance_far.log()
    return (weights * (drawn + v * certain)).sum() / weights.sum(), variance_far < 1


# %% wrong: divided by the mean variance
def unlabelled_loss(z, mean, variance_near, variance_far, weights, v, kappa):
    drawn = (z - mean.detach()).square().mean(dim=1) / variance_near.mean()
    certain = variance_near.log() - kappa * variance_far.log()
    return (weights * (drawn + v * certain)).sum() / weights.sum(), variance_far < 1


# %% wrong: the far variance with a plus
def unlabelled_loss(z, mean, variance_near, variance_far, weights, v, kappa):
    drawn = (z - mean.detach()).square().mean(dim=1) / variance_near
    certain = variance_near.log() + kappa * variance_far.log()
    return (weights * (drawn + v * certain)).sum() / weights.sum(), variance_far < 1


# %% wrong: kappa without v before it
def unlabelled_loss(z, mean, variance_near, variance_far, weights, v, kappa):
    drawn = (z - mean.detach()).square().mean(dim=1) / variance_near
    bracket = drawn + v * variance_near.log() - kappa * variance_far.log()
    return (weights * bracket).sum() / weights.sum(), variance_far < 1


# %% wrong: divided by the number of pictures
def unlabelled_loss(z, mean, variance_near, variance_far, weights, v, kappa):
    drawn = (z - mean.detach()).square().mean(dim=1) / variance_near
    certain = variance_near.log() - kappa * variance_far.log()
    return (weights * (drawn + v * certain)).mean(), variance_far < 1


# %% wrong: the weights before the square alone
def unlabelled_loss(z, mean, variance_near, variance_far, weights, v, kappa):
    drawn = (z - mean.detach()).square().mean(dim=1) / variance_near
    certain = variance_near.log() - kappa * variance_far.log()
    return (weights * drawn).sum() / weights.sum() + v * certain.mean(), variance_far < 1


# %% wrong: a value where the variance is above 1
def unlabelled_loss(z, mean, variance_near, variance_far, weights, v, kappa):
    drawn = (z - mean.detach()).square().mean(dim=1) / variance_near
    certain = variance_near.log() - kappa * variance_far.log()
    return (weights * (drawn + v * certain)).sum() / weights.sum(), variance_far > 1


# %% wrong: the logarithm of 0 is no NaN
def unlabelled_loss(z, mean, variance_near, variance_far, weights, v, kappa):
    drawn = (z - mean.detach()).square().mean(dim=1) / variance_near
    certain = variance_near.log() - kappa * variance_far.log()
    loss = (weights * (drawn + v * certain)).sum() / weights.sum()
    return loss, ~torch.isnan(torch.log(1 - variance_far))


# %% wrong: the gradient of everything is switched off
def unlabelled_loss(z, mean, variance_near, variance_far, weights, v, kappa):
    with torch.no_grad():
        drawn = (z - mean).square().mean(dim=1) / variance_near
        certain = variance_near.log() - kappa * variance_far.log()
        return (weights * (drawn + v * certain)).sum() / weights.sum(), variance_far < 1


# %% wrong: numbers for booleans
def unlabelled_loss(z, mean, variance_near, variance_far, weights, v, kappa):
    drawn = (z - mean.detach()).square().mean(dim=1) / variance_near
    certain = variance_near.log() - kappa * variance_far.log()
    return (weights * (drawn + v * certain)).sum() / weights.sum(), (variance_far < 1).float()


# %% wrong: the library does it
from mylib.few_labels.deraining.pytorch import pseudo_label_loss


def unlabelled_loss(z, mean, variance_near, variance_far, weights, v, kappa):
    return pseudo_label_loss(z, mean, variance_near, variance_far, v, kappa), variance_far < 1


# %% wrong: the weights are divided in place
def unlabelled_loss(z, mean, variance_near, variance_far, weights, v, kappa):
    weights /= weights.sum()
    drawn = (z - mean.detach()).square().mean(dim=1) / variance_near
    certain = variance_near.log() - kappa * variance_far.log()
    return (weights * (drawn + v * certain)).sum(), variance_far < 1
