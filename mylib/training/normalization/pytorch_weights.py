r"""Weight normalisation in PyTorch: a layer's weights as a length times a direction."""

import torch
import torch.nn.functional as F
from torch import nn

from mylib.training.normalization import contract


class WeightNorm(nn.Module):
    r"""w = g v / ||v|| for each unit, y = w . x + b; gradients by autograd through the norm."""

    def __init__(self, layer):
        super().__init__()
        convolves = isinstance(layer, nn.Conv2d)
        known = isinstance(layer, nn.Linear) or (convolves and layer.padding_mode == "zeros")
        contract.check_layer(layer, known)
        self.options = (layer.stride, layer.padding, layer.dilation, layer.groups) if convolves else None
        v = layer.weight.detach().clone()
        lengths = _lengths(v)
        if not v.is_meta:
            contract.check_directions(lengths.tolist())
        self.g = nn.Parameter(lengths.to(v.dtype), layer.weight.requires_grad)
        self.v = nn.Parameter(v, layer.weight.requires_grad)
        bias = layer.bias
        self.bias = None if bias is None else nn.Parameter(bias.detach().clone(), bias.requires_grad)
        self.train(layer.training)

    @property
    def weight(self):
        """w, of the layer's shape; computed anew at each look."""
        factor = self.g / _lengths(self.v)
        return (self.v * factor.view(-1, *[1] * (self.v.ndim - 1))).to(self.v.dtype)

    def forward(self, x):
        """X to y as the wrapped layer does."""
        return self._apply_weight(x, self.weight, self.bias)

    @torch.no_grad()
    def initialize(self, x):
        """Set g and b so that over this batch each unit has mean 0 and variance 1, and return that output."""
        contract.check_start(self.bias is not None, None)
        t = self._apply_weight(x, F.normalize(self.v.flatten(1), dim=1).view_as(self.v), None)
        rows = t.flatten(0, -2) if self.options is None else t.transpose(0, 1).flatten(1).T  # (samples, units)
        variance, mean = torch.var_mean(rows, 0, correction=0)
        deviation = variance.sqrt()
        contract.check_start(True, deviation.tolist())
        self.g.copy_(1 / deviation)
        self.bias.copy_(-mean / deviation)
        column = (-1,) if self.options is None else (-1, 1, 1)
        return (t - mean.view(column)) / deviation.view(column)

    def _apply_weight(self, x, weight, bias):
        if self.options is None:
            return F.linear(x, weight, bias)
        return F.conv2d(x, weight, bias, *self.options)


def _lengths(v):
    """||v|| of each unit, in float32 at least."""
    return torch.linalg.vector_norm(v.flatten(1), dim=1, dtype=torch.promote_types(v.dtype, torch.float32))
