r"""Weight normalisation in NumPy: a layer's weights as a length times a direction."""

import numpy as np

from mylib.engine import conv2d, linear, nn, no_grad, record
from mylib.engine.tensor import float_tensor
from mylib.training.normalization import contract


class WeightNorm(nn.Module):
    r"""w = g v / ||v|| for each unit, y = w . x + b: length and direction of the weights are trained apart.

    ||v|| is over all axes but the first: one number for each output. With u = v / ||v||,
    dL/dg = dL/dw . u and dL/dv = g / ||v|| (dL/dw - (dL/dw . u) u), at right angles to v. So a step of plain gradient
    descent with rate r makes v longer, ||v'||^2 = ||v||^2 + r^2 ||dL/dv||^2, and the next ones turn it less.

    Args:    layer: `Linear` or `Conv2d`. Its weights and bias are copied, and it is left as it was; the result computes
                 the same at first, with g = ||v||.
    Raises:  TypeError: another layer. ValueError: a unit whose weights are all 0.
    Source:  Salimans and Kingma (2016); slide "Weight Normalisation". Differs: phi is left to the
             network; torch's parametrization keeps g as (out, 1, ...).

    Example:
        >>> layer = nn.Linear(2, 1)
        >>> layer.weight.data = [[3.0, 4.0]]
        >>> WeightNorm(layer).g.numpy().tolist()
        [5.0]
    """

    def __init__(self, layer):
        super().__init__()
        flat = isinstance(layer, nn.Linear)
        contract.check_layer(layer, flat or (isinstance(layer, nn.Conv2d) and not isinstance(layer, nn.Conv3d)))
        self.options = None if flat else (layer.stride, layer.padding, layer.dilation, layer.groups)
        v = layer.weight.data
        lengths = _lengths(v)
        contract.check_directions(lengths.tolist())
        wanted = layer.weight.requires_grad
        self.g, self.v = nn.Parameter(lengths, wanted), nn.Parameter(v.copy(), wanted)
        self.bias = None if layer.bias is None else nn.Parameter(layer.bias.data.copy(), layer.bias.requires_grad)
        self.train(layer.training)

    @property
    def weight(self):
        """w, of the layer's shape; computed anew at each look."""
        g, v = self.g, self.v
        lengths = _lengths(v.data)
        column = (-1, *(1,) * (v.ndim - 1))
        u = v.data / lengths.reshape(column)
        return record(u * g.data.reshape(column), _weight_backward, (u, g.data, lengths), v._node, g._node)

    def forward(self, x):
        """X to y as the wrapped layer does."""
        return self._apply_weight(x, self.weight, self.bias)

    @no_grad()
    def initialize(self, x):
        """Set g and b so that over this batch each unit has mean 0 and variance 1, and return that output.

        With t = v . x / ||v|| over all samples and positions: g = 1 / std(t), b = -mean(t) / std(t).

        Args:    x: a batch as the layer gets it, with different inputs.
        Returns: Tensor of the layer's output, without a gradient: what the next layer is initialised with.
        Raises:  ValueError: a layer without a bias, or a unit whose output is the same everywhere.
        Source:  Salimans and Kingma (2016), data-dependent initialisation. Differs: none.
        """
        contract.check_start(self.bias is not None, None)
        column = (-1, *(1,) * (self.v.ndim - 1))
        t = self._apply_weight(x, self.v.data / _lengths(self.v.data).reshape(column), None)
        channel = t.ndim - 1 if self.options is None else 1
        axes = tuple(axis for axis in range(t.ndim) if axis != channel)
        mean, deviation = t.data.mean(axes), t.data.std(axes)
        contract.check_start(True, deviation.tolist())
        self.g.data, self.bias.data = 1 / deviation, -mean / deviation
        shape = [1] * t.ndim
        shape[channel] = -1
        return (t - mean.reshape(shape)) / deviation.reshape(shape)

    def _apply_weight(self, x, weight, bias):
        x = float_tensor(x, "WeightNorm")
        return linear(x, weight, bias) if self.options is None else conv2d(x, weight, bias, *self.options)


def _lengths(v):
    """||v|| of each unit."""
    return np.linalg.norm(v.reshape(len(v), -1), axis=1)


def _weight_backward(gradient, needs, u, g, lengths):
    """dL/dg is the part of dL/dw along v; dL/dv what is left of dL/dw without that part, times g / ||v||."""
    column = (-1, *(1,) * (u.ndim - 1))
    along = (gradient * u).reshape(len(u), -1).sum(axis=1)
    to_v = (g / lengths).reshape(column) * (gradient - along.reshape(column) * u) if needs[0] else None
    return to_v, along if needs[1] else None
