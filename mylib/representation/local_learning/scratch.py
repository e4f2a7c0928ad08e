r"""Learning without backpropagation through layers, in NumPy: contrastive prediction, and a rule that each layer knows.

Notation, as on the slides: x is the input of a layer, a = W x + b, rho(a) = max(0, a) its activity; z is the layer's
activity at the present glimpse, c at the earlier one; y = +1 after a fixation, -1 after a saccade; u is the score.
"""

import numpy as np

from mylib.engine import as_tensor, concatenate, cross_entropy, generator, nn, no_grad, relu
from mylib.representation.local_learning import contract
from mylib.representation.local_learning.contract import ClappUpdate
from mylib.representation.local_learning.glimpses import draw_glimpses

__all__ = [
    "prediction_score",
    "hinge_loss",
    "cpc_loss",
    "clapp_update",
    "ClappLayer",
    "ClappNet",
    "draw_glimpses",
]


def prediction_score(z, c, w):
    r"""u = z^T W c for each pair: how well W c, computed from the earlier glimpse, predicts the present one.

    Args:    z: present activity. Shape (batch, dim_z).
             c: earlier activity, the context. Shape (batch, dim_c).
             w: prediction weights W. Shape (dim_z, dim_c).
    Returns: u. Shape (batch,).
    Raises:  ValueError: shapes that do not fit, or an empty batch.
    Source:  van den Oord et al. (2018), equation 3; slide "Idea & model". Differs: none; neither z nor c is brought to
             length 1, and there is no temperature.

    Example:
        >>> prediction_score([[1.0, 2.0]], [[3.0, 0.0]], [[1.0, 0.0], [0.5, 0.0]]).numpy().tolist()  # (1 + 1) 3
        [6.0]
    """
    z, c, w = as_tensor(z), as_tensor(c), as_tensor(w)
    contract.check_score(z.shape, c.shape, w.shape)
    return (z * (c @ w.T)).sum(axis=1)


def hinge_loss(score, y):
    r"""L = mean max(0, 1 - y u): was it a fixation (y = 1) or a saccade (y = -1)? A sure and right guess costs nothing.

    At y u = 1, the kink, the gradient is 0.

    Args:    score: u. Shape (batch,).
             y: +1 or -1. Shape (batch,).
    Returns: scalar.
    Raises:  ValueError: shapes that do not fit, an empty batch, or another y.
    Source:  Illing et al. (2021); slide "Idea & model". Differs: none.

    Example:
        >>> hinge_loss([0.5, 3.0], [1, -1]).item()  # (0.5 + 4) / 2
        2.25
    """
    score = as_tensor(score)
    y = _answers("hinge_loss", y, score.dtype)
    contract.check_hinge(score.shape, y.shape)
    return relu(1 - y * score).mean()


def cpc_loss(z, c, w, negatives):
    r"""L = -mean log [ e^u / (e^u + sum_j e^(u_j)) ], u = z^T W c, u_j = z_j^T W c: which of N = 1 + count came next?

    log N - L is a lower bound of the mutual information of z and c, for every W: it cannot prove more than log N.

    Args:    z: what came next. Shape (batch, dim_z).
             c: context. Shape (batch, dim_c).
             w: W. Shape (dim_z, dim_c).
             negatives: z_j, from other scenes, for each row its own. Shape (batch, count, dim_z).
    Returns: scalar.
    Raises:  ValueError: shapes that do not fit, an empty batch, or no negative.
    Source:  van den Oord et al. (2018), equation 4; slide "Background". Differs: the negatives are given, the paper
             draws them.

    Example:
        >>> loss = cpc_loss([[1.0, 0.0]], [[1.0, 0.0]], np.eye(2), [[[0.0, 1.0]]])
        >>> round(loss.item(), 4)  # log(1 + 1/e)
        0.3133
    """
    z, c, w, negatives = as_tensor(z), as_tensor(c), as_tensor(w), as_tensor(negatives)
    contract.check_cpc(z.shape, c.shape, w.shape, negatives.shape)
    candidates = concatenate([z.unsqueeze(1), negatives], axis=1)  # (batch, 1 + count, dim_z)
    prediction = (c @ w.T).unsqueeze(1)  # (batch, 1, dim_z)
    scores = (candidates * prediction).sum(axis=-1)
    return cross_entropy(scores, np.zeros(len(z), np.int64))


def clapp_update(x, x_before, weight, bias, w_pred, w_retro, y):
    r"""CLAPP's rule: what a layer changes, from what its synapses see and one number that the whole layer hears.

    With a = W x + b at each of P positions, z_j = mean_p rho(a_jp), and c likewise of the earlier glimpse, each change
    is a mean over the batch of products of factors:

    Delta W_ji     = gamma  (W^pred c)_j   mean_p rho'(a_jp)   x_ip    of the present glimpse
                   + gamma' (W^retro z)_j  mean_p rho'(a^c_jp) x^c_ip  of the earlier one
    Delta W^pred   = gamma  z c^T,     gamma  = y if 1 - y z^T W^pred c > 0, else 0
    Delta W^retro  = gamma' c z^T,     gamma' = y if 1 - y c^T W^retro z > 0, else 0

    and the bias changes like a weight whose input is 1. It is minus the gradient of
    mean [ max(0, 1 - y z^T W^pred c) + max(0, 1 - y c^T W^retro z) ] with c fixed in the first and z in the second
    term. rho'(0) = 0.

    Args:    x: input at the present glimpse. Shape (batch, positions, in); a dense layer has one position.
             x_before: at the earlier glimpse. Shape (batch, positions, in).
             weight: W. Shape (out, in). bias: b. Shape (out,).
             w_pred, w_retro: Shape (out, out).
             y: +1 or -1. Shape (batch,).
    Returns: `ClappUpdate`, to be added times the learning rate.
    Raises:  ValueError: shapes that do not fit, an empty batch, or another y.
             TypeError: glimpses that are not of floating point.
    Source:  Illing et al. (2021); slide "Idea & model", where the second line has lost its gamma.
             Differs: one mean over all pairs, where the authors' code has one over fixations and one over saccades.

    Example:
        >>> x = np.array([[[1.0, 0.0]]])
        >>> change = clapp_update(x, 2 * x, np.eye(2), np.zeros(2), np.eye(2) / 4, np.zeros((2, 2)), [1])
        >>> change.weight.tolist(), change.w_pred.tolist()  # gamma 1, W^pred c = (1/2, 0), W^retro z = 0
        ([[0.5, 0.0], [0.0, 0.0]], [[2.0, 0.0], [0.0, 0.0]])
    """
    x, x_before, weight, bias = np.asarray(x), np.asarray(x_before), np.asarray(weight), np.asarray(bias)
    w_pred, w_retro = np.asarray(w_pred), np.asarray(w_retro)
    contract.check_floating("clapp_update", x.dtype, "x")
    contract.check_floating("clapp_update", x_before.dtype, "x_before")
    y = _answers("clapp_update", y, x.dtype)
    shapes = (one.shape for one in (x, x_before, weight, bias, w_pred, w_retro, y))
    contract.check_update(*shapes)
    (z, local, threshold), (c, local_c, threshold_c) = (_activity(one, weight, bias) for one in (x, x_before))
    predicted, retrodicted = c @ w_pred.T, z @ w_retro.T  # (W^pred c), (W^retro z): (batch, out)
    gamma = _broadcast(z, predicted, y)[:, None]
    gamma_c = _broadcast(c, retrodicted, y)[:, None]
    present, earlier = gamma * predicted, gamma_c * retrodicted
    return ClappUpdate(
        (present[:, :, None] * local + earlier[:, :, None] * local_c).mean(axis=0),
        (present * threshold + earlier * threshold_c).mean(axis=0),
        (gamma * z).T @ c / len(y),
        (gamma_c * c).T @ z / len(y),
    )


def _activity(x, weight, bias):
    """z (batch, out); the local factors mean_p rho'(a_jp) x_ip (batch, out, in) and mean_p rho'(a_jp) (batch, out)."""
    a = x @ weight.T + bias  # (batch, positions, out)
    slope = (a > 0).astype(x.dtype)
    local = slope.swapaxes(1, 2) @ x / x.shape[1]
    return np.maximum(a, 0).mean(axis=1), local, slope.mean(axis=1)


def _broadcast(activity, prediction, y):
    """The factor that the whole layer hears: y, or 0 where the guess was right and sure."""
    return np.where(1 - y * (activity * prediction).sum(axis=1) > 0, y, 0).astype(y.dtype)


def _answers(operation, y, dtype):
    """+1 and -1 as numbers of the scores' type."""
    y = as_tensor(y).data
    contract.check_answers(operation, np.unique(y[np.abs(y) != 1]).tolist())
    return y.astype(dtype)


class ClappLayer(nn.Module):
    r"""A convolution with ReLU, and two matrices with which it predicts itself from one glimpse to the next.

    Args:    channels_in, channels_out: of the maps.
             kernel, stride: of the convolution; it is padded by kernel // 2.
    Raises:  ValueError: a size below 1.
    Source:  Illing et al. (2021), figure 1. Differs: `w_pred` and `w_retro` are drawn from a normal distribution with
             deviation 1 / sqrt(channels_out), the authors' code draws an orthogonal matrix.

    Example:
        >>> layer = ClappLayer(1, 4)
        >>> layer(np.ones((2, 1, 6, 6), np.float32)).shape
        (2, 4, 6, 6)
    """

    def __init__(self, channels_in, channels_out, kernel=3, stride=1):
        super().__init__()
        contract.check_layer(channels_in, channels_out, kernel, stride)
        self.convolution = nn.Conv2d(channels_in, channels_out, kernel, stride, padding=kernel // 2)
        drawn = generator().normal(0, channels_out**-0.5, (2, channels_out, channels_out)).astype(np.float32)
        self.w_pred, self.w_retro = nn.Parameter(drawn[0]), nn.Parameter(drawn[1])

    def forward(self, x):
        """Images or maps (batch, channels_in, height, width) to maps (batch, channels_out, height', width')."""
        return self.convolution(x).relu()

    def local_loss(self, now, before, y):
        r"""Mean of max(0, 1 - y z^T W^pred c) + max(0, 1 - y c^T W^retro z), z and c means over positions.

        c is held fixed in the first term, z in the second. With two present maps for each earlier one (synchronous
        glimpses: fixations, then saccades) the two losses of each are added, not averaged.

        Args:    now: present maps after the ReLU. Shape (batch or 2 batch, channels_out, height, width).
                 before: earlier maps. Shape (batch, channels_out, height, width).
                 y: +1 or -1, for each of `now`.
        Returns: scalar.
        """
        now, before, y = as_tensor(now), as_tensor(before), as_tensor(y)
        times = contract.saccades_for_each("local_loss", now.shape, before.shape, y.shape)
        z, c = now.mean(axis=(2, 3)), before.mean(axis=(2, 3))
        c = concatenate([c] * times)
        forwards = hinge_loss(prediction_score(z, c.detach(), self.w_pred), y)
        backwards = hinge_loss(prediction_score(c, z.detach(), self.w_retro), y)
        return times * (forwards + backwards)


class ClappNet(nn.Module):
    r"""Layers that learn by themselves: the graph is cut before each module, and each module has its own loss.

    Args:    channels: of the images.
             widths, strides: one for each layer.
             modules: layers in each module. (1, 1, 1) is CLAPP, (3,) the same loss end to end, called hinge CPC.
    Raises:  ValueError: strides or modules that do not add up to the layers.
    Source:  Illing et al. (2021); Löwe et al. (2019) for the cuts. Differs: three layers, the paper
             has six; the prediction is of the same place, one step ahead.

    Example:
        >>> net = ClappNet(widths=(4, 8), strides=(1, 2), modules=(1, 1))
        >>> [maps.shape for maps in net(np.ones((2, 1, 6, 6), np.float32))]
        [(2, 4, 6, 6), (2, 8, 3, 3)]
    """

    def __init__(self, channels=1, widths=(32, 64, 128), strides=(1, 2, 2), modules=(1, 1, 1)):
        super().__init__()
        self.ends = contract.module_ends(widths, strides, modules)
        before = (channels, *widths)
        self.layers = nn.ModuleList(
            ClappLayer(before[i], before[i + 1], stride=stride) for i, stride in enumerate(strides)
        )

    def forward(self, images):
        """Images (batch, channels, height, width) to the list of all layers' maps."""
        x, maps = as_tensor(images).detach(), []
        for number, layer in enumerate(self.layers):
            x = layer(x)
            maps.append(x)
            if number in self.ends:
                x = x.detach()
        return maps

    def losses(self, now, before, y):
        r"""The loss of each module, at its last layer: add them and call `backward` once, or one by one.

        Args:    now, before: images as of `draw_glimpses`.
                 y: +1 or -1, for each of `now`.
        Returns: list of scalars, one for each module.
        Raises:  ValueError: shapes that do not fit, or another y.
        """
        now, before = as_tensor(now), as_tensor(before)
        contract.saccades_for_each("ClappNet", now.shape, before.shape, np.shape(y))
        present, earlier = self(now), self(before)
        return [self.layers[end].local_loss(present[end], earlier[end], y) for end in self.ends]

    def encode(self, images, layer, grid=1):
        r"""Features for a probe: the maps of a layer, as means over grid x grid cells of the image, without gradient.

        Cell i of a side of n positions goes from floor(i n / grid) to ceil((i + 1) n / grid), as in torch's adaptive
        pooling.

        Args:    images: Shape (batch, channels, height, width).
                 layer: from 1, the first.
                 grid: cells on a side.
        Returns: Shape (batch, width * grid * grid), channel by channel.
        Raises:  ValueError: no such layer, or more cells than positions.
        """
        x = as_tensor(images)
        contract.check_encode(layer, len(self.layers), grid, x.shape)
        with no_grad():
            for one in list(self.layers)[:layer]:
                x = one(x)
            contract.check_grid(grid, *x.shape[2:])
            rows, columns = (_cells(size, grid, x.dtype) for size in x.shape[2:])
            return (rows @ x @ columns.T).reshape(len(x), -1)


def _cells(size, grid, dtype):
    """A matrix that averages over cells. Shape (grid, size)."""
    start = np.arange(grid)[:, None] * size // grid
    end = -(-(np.arange(grid)[:, None] + 1) * size // grid)
    inside = (np.arange(size) >= start) & (np.arange(size) < end)
    return (inside / (end - start)).astype(dtype)
