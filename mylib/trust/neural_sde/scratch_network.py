"""SDE-Net in NumPy: a drift that predicts, and a diffusion that grows where no data were."""

import numpy as np

from mylib.engine import as_tensor, concatenate, log, logsumexp, nn, sigmoid, stack
from mylib.trust.neural_sde import contract
from mylib.trust.neural_sde.scratch_solvers import sdeint


class SDENet(nn.Module):
    r"""dx = f(x, t) dt + g(x_0) dW from t = 0 to the horizon, x_0 = encoder(image), prediction = head(x at the end).

    f is an MLP of x and t. g = sigma sigmoid(MLP(x_0)) is one number an image, computed at x_0 and kept on the whole
    way; neither g nor `diffusion_logits` sends a gradient into the encoder. `sigma` and `horizon` are attributes and
    may be set anew, larger after training as in the paper. Train encoder, drift and head with the loss of the task, and
    `diffusion` with `diffusion_loss`, with an optimiser of its own.

    Args:    encoder: module, images to (batch, dim).
             head: module, (batch, dim) to the prediction.
             dim: size of the state.
             hidden: units between the two layers of either MLP.
             depth: steps of Euler and Maruyama.
             horizon: time at the end.
             sigma: upper limit of g.
    Raises:  ValueError: a size below 1, a horizon that is not above 0, sigma below 0, or an encoder of another size.
    Source:  Kong, Sun, Zhang (2020), and their code; slide "Neural Net as Deterministic Dynamical System" for the ODE.
             Differs: the state is a vector, the authors' code for images keeps maps and convolves them.

    Example:
        >>> net = SDENet(nn.Flatten(), nn.Linear(4, 3), dim=4, hidden=8)
        >>> images = np.ones((2, 1, 2, 2), np.float32)
        >>> net(images).shape, net.diffusion_logits(images).shape
        ((2, 3), (2,))
    """

    def __init__(self, encoder, head, dim, hidden=64, depth=6, horizon=4.0, sigma=0.5):
        super().__init__()
        contract.check_net(dim, hidden, depth, horizon, sigma)
        self.encoder, self.head = encoder, head
        self.drift = nn.Sequential(nn.Linear(dim + 1, hidden), nn.ReLU(), nn.Linear(hidden, dim))
        self.diffusion = nn.Sequential(nn.Linear(dim, hidden), nn.ReLU(), nn.Linear(hidden, 1))
        self.dim, self.depth, self.horizon, self.sigma = dim, depth, horizon, sigma

    def forward(self, x, noise=None):
        """One stochastic pass.

        Args:    x: images, as the encoder takes them.
                 noise: standard normal. Shape (depth, batch, dim); None draws it.
        Returns: what the head makes of x at the horizon.
        Raises:  ValueError: noise of another shape.
        """
        start = self._encoded(x)
        g = self.sigma * sigmoid(self._logits(start)).reshape(-1, 1)  # (batch, 1), at x_0
        clock = np.ones((len(start), 1), start.dtype)

        def f(t, state):
            return self.drift(concatenate([state, as_tensor(t * clock)], axis=1))

        path = sdeint(f, lambda t, state: g, start, [0.0, self.horizon], self.depth, noise)
        return self.head(path[-1])

    def diffusion_logits(self, x):
        """How far outside an image is: above 0 more outside than inside, once trained.

        Args:    x: images, as the encoder takes them.
        Returns: logits of g / sigma, no gradient into the encoder. Shape (batch,).
        """
        return self._logits(self._encoded(x))

    def _encoded(self, x):
        state = self.encoder(x)
        contract.check_encoded(state.shape, self.dim)
        return state

    def _logits(self, state):
        return self.diffusion(state.detach()).squeeze(1)


def diffusion_loss(logits_in, logits_out):
    r"""Cross-entropy of "outside?": mean log(1 + e^z) over what is inside + mean log(1 + e^(-z)) over what is outside.

    Small where g is small on data and large outside. Outside is made of data: x + 2 xi in the paper.

    Args:    logits_in: of data. Shape (n,).
             logits_out: of what is outside. Shape (m,).
    Returns: scalar.
    Raises:  ValueError: other shapes, or an empty side.
    Source:  Kong, Sun, Zhang (2020): min g inside, max g outside; their code makes it a cross-entropy. Differs: none.

    Example:
        >>> round(diffusion_loss([0.0, 0.0], [0.0]).item(), 4)  # 2 log 2
        1.3863
    """
    inside, outside = as_tensor(logits_in), as_tensor(logits_out)
    contract.check_diffusion_loss(inside.shape, outside.shape)
    return _softplus(inside).mean() + _softplus(-outside).mean()


def _softplus(z):
    """log(e^0 + e^z), which neither overflows nor has a kink."""
    return logsumexp(stack([z, z * 0]), axis=0)


def gaussian_nll(mean, std, target):
    r"""Mean of 1/2 log 2 pi + log s + (y - mu)^2 / (2 s^2): how unlikely the targets are under N(mu, s^2), in nats.

    Args:    mean: mu. Any shape.
             std: s, above 0. Shape of mean.
             target: y. Shape of mean.
    Returns: scalar.
    Raises:  ValueError: shapes that differ, no target, or a deviation that is not above 0.
    Source:  elementary; the head of Kong, Sun, Zhang (2020) for regression. Differs: their code's loss, log s^2 +
             (y - mu)^2 / s^2, is twice this less log 2 pi.

    Example:
        >>> round(gaussian_nll([1.0], [2.0], [3.0]).item(), 4)  # 0.9189 + log 2 + 1/2
        2.1121
    """
    mean, std, target = as_tensor(mean), as_tensor(std), as_tensor(target)
    contract.check_gaussian(mean.shape, std.shape, target.shape)
    contract.check_deviations("gaussian_nll", std.data[~(std.data > 0)].tolist(), zero_allowed=False)
    z = (target - mean) / std
    return (0.5 * np.log(2 * np.pi).item() + log(std) + z * z / 2).mean()
