"""SDE-Net in PyTorch."""

import math

import torch
import torch.nn.functional as F
from torch import nn

from mylib.shared.devices import at_least_float32, on_cpu
from mylib.trust.neural_sde import contract
from mylib.trust.neural_sde.pytorch_solvers import sdeint


class SDENet(nn.Module):
    r"""dx = f(x, t) dt + g(x_0) dW with g = sigma sigmoid(MLP(x_0)) of an encoded image, in float32 at least."""

    def __init__(self, encoder, head, dim, hidden=64, depth=6, horizon=4.0, sigma=0.5):
        super().__init__()
        contract.check_net(dim, hidden, depth, horizon, sigma)
        self.encoder, self.head = encoder, head
        self.drift = nn.Sequential(nn.Linear(dim + 1, hidden), nn.ReLU(), nn.Linear(hidden, dim))
        self.diffusion = nn.Sequential(nn.Linear(dim, hidden), nn.ReLU(), nn.Linear(hidden, 1))
        self.dim, self.depth, self.horizon, self.sigma = dim, depth, horizon, sigma

    def forward(self, x, noise=None):
        """One stochastic pass; t enters the drift's first layer as a part of its bias."""
        encoded = self.encoder(x)
        contract.check_encoded(encoded.shape, self.dim)
        encoded = at_least_float32(encoded)
        scale = self.sigma * torch.sigmoid(at_least_float32(self.diffusion(encoded.detach())))  # (batch, 1)
        first, *rest = self.drift

        def f(t, state):
            to_state, to_t = first.weight.split((self.dim, 1), dim=1)
            units = F.linear(state, to_state, torch.addcmul(first.bias, to_t[:, 0], t.to(first.bias.dtype)))
            for layer in rest:
                units = layer(units)
            return at_least_float32(units)

        ends = torch.linspace(0.0, float(self.horizon), 2, device=encoded.device, dtype=encoded.dtype)
        return self.head(sdeint(f, lambda t, state: scale, encoded, ends, self.depth, noise)[-1])

    def diffusion_logits(self, x):
        """How far outside an image is: the encoder is run without a graph."""
        with torch.no_grad():
            encoded = self.encoder(x)
        contract.check_encoded(encoded.shape, self.dim)
        return at_least_float32(self.diffusion(at_least_float32(encoded))).flatten()


def diffusion_loss(logits_in, logits_out):
    r"""Cross-entropy of "outside?": -mean log sigmoid(-z) inside - mean log sigmoid(z) outside, in float32 at least."""
    contract.check_diffusion_loss(logits_in.shape, logits_out.shape)
    inside, outside = at_least_float32(logits_in), at_least_float32(logits_out)
    return -(F.logsigmoid(inside.neg()).mean() + F.logsigmoid(outside).mean())


def gaussian_nll(mean, std, target):
    r"""Mean of 1/2 log(2 pi s^2) + (y - mu)^2 / (2 s^2); the values of std are looked at on the CPU only."""
    contract.check_gaussian(mean.shape, std.shape, target.shape)
    if on_cpu(std) and not (right := std > 0).all():
        contract.check_deviations("gaussian_nll", std[~right].tolist(), zero_allowed=False)
    squared = (target.sub(mean) / std).square()
    return squared.add(std.log(), alpha=2).mean().add(math.log(2 * math.pi)) / 2
