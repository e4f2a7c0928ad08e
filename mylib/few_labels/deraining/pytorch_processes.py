r"""Gaussian processes in PyTorch: a batched Cholesky factor, float32 at least also under autocast."""

import torch

from mylib.few_labels.deraining import contract
from mylib.shared.devices import at_least_float32, on_cpu, without_autocast


def cosine_kernel(x, y):
    r"""k(x, y) = x . y / (|x| |y|), 0 where one of them is all zeros."""
    contract.check_kernel("cosine_kernel", x.shape, y.shape)
    with without_autocast(x.device):
        (x, x_length), (y, y_length) = (_with_length(at_least_float32(one)) for one in (x, y))
        return (x @ y.mT) / (x_length * y_length.mT)


def _with_length(x):
    """Rows, and their lengths as a column; the length of zeros is taken as 1, and has no gradient."""
    length = torch.linalg.vector_norm(x, dim=-1, keepdim=True)
    return x, length.masked_fill(length == 0, 1)


def rbf_kernel(x, y, length_scale=1.0):
    r"""k(x, y) = exp(-|x - y|^2 / (2 l^2)), the squares by one matrix product and clipped at 0."""
    contract.check_kernel("rbf_kernel", x.shape, y.shape)
    contract.check_length(length_scale)
    with without_autocast(x.device):
        x, y = at_least_float32(x), at_least_float32(y)
        origin = y.detach().mean(dim=-2, keepdim=True)
        x, y = (x - origin) / length_scale, (y - origin) / length_scale
        x_half, y_half = (one.square().sum(dim=-1, keepdim=True) / 2 for one in (x, y))
        return (x @ y.mT - x_half - y_half.mT).clamp(max=0).exp()


def gp_posterior(queries, inputs, outputs, kernel=cosine_kernel, noise=1.0):
    r"""mu = V^T L^-1 Y, Sigma = k(z, z) - |V|^2 + sigma^2, with L L^T = K(F, F) + sigma^2 I and V = L^-1 K(F, z).

    On a GPU nobody looks whether the factor exists: without one, the results are NaN.
    """
    contract.check_posterior(queries.shape, inputs.shape, outputs.shape, noise, _computed_in(inputs.dtype))
    with without_autocast(queries.device):
        queries, inputs, outputs = map(at_least_float32, (queries, inputs, outputs))
        matrix = kernel(inputs, inputs)
        identity = torch.eye(matrix.shape[-1], dtype=matrix.dtype, device=matrix.device)
        factor, failed = torch.linalg.cholesky_ex(matrix + noise * identity)
        if on_cpu(failed):
            contract.check_definite(bool(failed.any()))
        whitened = torch.linalg.solve_triangular(factor, kernel(inputs, queries), upper=False)  # V
        mean = whitened.mT @ torch.linalg.solve_triangular(factor, outputs, upper=False)
        prior = kernel(queries.unsqueeze(-2), queries.unsqueeze(-2)).flatten(-3)
        return mean, prior - whitened.square().sum(dim=-2) + noise


def _computed_in(dtype):
    """The type that `at_least_float32` leads to."""
    return torch.promote_types(dtype, torch.float32)


def pseudo_latents(z, labelled, neighbours=8, kernel=cosine_kernel, noise=1.0):
    r"""mu, Sigma_n and Sigma_f of each latent: near and far ones are one batch of 2 n small processes."""
    contract.check_pseudo(z.shape, labelled.shape, neighbours, noise, _computed_in(labelled.dtype))
    labelled = labelled.detach()
    with torch.no_grad():
        likeness = kernel(z, labelled)
        order = torch.stack([-likeness, likeness]).sort(dim=-1, stable=True).indices[..., :neighbours]
    chosen = labelled[order]  # (2, n, neighbours, dim)
    mean, variance = gp_posterior(z.expand(2, *z.shape).unsqueeze(2), chosen, chosen, kernel, noise)
    near, far = variance.squeeze(2)
    return mean[0].squeeze(1).detach(), near, far


def pseudo_label_loss(z, mean, variance_near, variance_far, variance_weight=0.33, far_weight=1e-6):
    r"""L = mean over pictures of mean_d (z_d - mu_d)^2 / Sigma_n + v log(Sigma_n / Sigma_f^kappa)."""
    shapes = (one.shape for one in (z, mean, variance_near, variance_far))
    contract.check_pseudo_loss(*shapes, variance_weight, far_weight)
    z, mean = at_least_float32(z), at_least_float32(mean).detach()
    drawn = ((z - mean).square() / variance_near[:, None]).mean()
    certain = torch.log(variance_near).mean() - far_weight * torch.log(variance_far).mean()
    return torch.add(drawn, certain, alpha=variance_weight)
