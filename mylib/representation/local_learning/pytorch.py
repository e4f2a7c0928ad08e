r"""Learning without backpropagation through layers, in PyTorch.

Notation as in `scratch`.
"""

import torch
import torch.nn.functional as F
from torch import nn

from mylib.representation.local_learning import contract
from mylib.representation.local_learning.contract import ClappUpdate
from mylib.representation.local_learning.glimpses import draw_glimpses
from mylib.shared.devices import at_least_float32, on_cpu
from mylib.shared.docstrings import complete_from_twin

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
    r"""u = z^T W c for each pair, in float32 at least also under autocast."""
    contract.check_score(z.shape, c.shape, w.shape)
    return torch.linalg.vecdot(at_least_float32(z @ w), at_least_float32(c))


def hinge_loss(score, y):
    r"""L = mean max(0, 1 - y u); the values of y are looked at on the CPU only."""
    contract.check_hinge(score.shape, y.shape)
    _check_answers("hinge_loss", y)
    return F.relu(torch.rsub(y.to(score.dtype) * score, 1)).mean()


def cpc_loss(z, c, w, negatives):
    r"""L = -mean log softmax(u, u_1, ..., u_count)_0, u = z^T W c, u_j = z_j^T W c: which of 1 + count came next?"""
    contract.check_cpc(z.shape, c.shape, w.shape, negatives.shape)
    prediction = F.linear(c, w)
    positive = torch.linalg.vecdot(at_least_float32(z), at_least_float32(prediction))
    others = at_least_float32(torch.bmm(negatives, prediction.to(negatives.dtype)[:, :, None]).squeeze(2))
    # log(e^u + sum e^u_j) - u, all on one row
    return (torch.logsumexp(torch.column_stack([positive, others]), dim=1) - positive).mean()


@torch.no_grad()
def clapp_update(x, x_before, weight, bias, w_pred, w_retro, y):
    r"""CLAPP's rule, as products of factors: broadcast gamma, dendritic W c, local rho'(a) x.

    Nothing of size (batch, out, in) is made: what a position's neuron is told and its slope make one matrix, which is
    multiplied with the inputs of all positions. y is looked at on the CPU only.
    """
    contract.check_floating("clapp_update", x.dtype, "x")
    contract.check_floating("clapp_update", x_before.dtype, "x_before")
    contract.check_update(*(one.shape for one in (x, x_before, weight, bias, w_pred, w_retro, y)))
    _check_answers("clapp_update", y)
    glimpses = torch.stack([x, x_before])  # (2, batch, positions, in)
    activity = F.linear(glimpses, weight, bias).relu()
    z, c = mean = activity.mean(dim=2)  # each (batch, out)
    told = torch.stack([F.linear(c, w_pred), F.linear(z, w_retro)])  # to z by c, to c by z
    surprised = y * (mean * told).sum(dim=2) < 1  # (2, batch)
    gamma = torch.where(surprised, y, 0).to(x.dtype)[:, :, None]
    learns = (gamma * told)[:, :, None] * (activity > 0) / (x.shape[0] * x.shape[1])  # (2, batch, positions, out)
    learns, inputs = learns.flatten(0, 2), glimpses.flatten(0, 2)
    by_pred, by_retro = gamma / x.shape[0]
    return ClappUpdate(learns.T @ inputs, learns.sum(dim=0), z.T @ (by_pred * c), c.T @ (by_retro * z))


def _check_answers(operation, y):
    if on_cpu(y) and not (found := y.abs() == 1).all():
        contract.check_answers(operation, y[~found].unique().tolist())


class ClappLayer(nn.Module):
    r"""A convolution with ReLU, and two matrices with which it predicts itself from one glimpse to the next."""

    def __init__(self, channels_in, channels_out, kernel=3, stride=1):
        super().__init__()
        contract.check_layer(channels_in, channels_out, kernel, stride)
        self.convolution = nn.Conv2d(channels_in, channels_out, kernel, stride, padding=kernel // 2)
        self.w_pred = nn.Parameter(torch.empty(channels_out, channels_out))
        self.w_retro = nn.Parameter(torch.empty(channels_out, channels_out))
        for matrix in (self.w_pred, self.w_retro):
            nn.init.normal_(matrix, std=channels_out**-0.5)

    def forward(self, x):
        """Images or maps (batch, channels_in, height, width) to maps (batch, channels_out, height', width')."""
        return F.relu(self.convolution(x))

    def local_loss(self, now, before, y):
        r"""Mean of max(0, 1 - y z^T W^pred c) + max(0, 1 - y c^T W^retro z), z and c means over positions."""
        times = contract.saccades_for_each("local_loss", now.shape, before.shape, y.shape)
        z, c = now.mean(dim=(2, 3)), before.mean(dim=(2, 3)).repeat(times, 1)
        told_by_c = prediction_score(z, c.detach(), self.w_pred)
        told_by_z = prediction_score(c, z.detach(), self.w_retro)
        return (hinge_loss(told_by_c, y) + hinge_loss(told_by_z, y)) * times


class ClappNet(nn.Module):
    r"""Layers that learn by themselves: the graph is cut before each module, and each module has its own loss."""

    def __init__(self, channels=1, widths=(32, 64, 128), strides=(1, 2, 2), modules=(1, 1, 1)):
        super().__init__()
        self.ends = contract.module_ends(widths, strides, modules)
        layers = zip((channels, *widths), widths, strides, strict=False)
        self.layers = nn.ModuleList(ClappLayer(one, two, stride=stride) for one, two, stride in layers)

    def forward(self, images):
        """Images (batch, channels, height, width) to the list of all layers' maps."""
        maps = []
        for number, layer in enumerate(self.layers):
            starts = number == 0 or number - 1 in self.ends
            x = maps[-1] if maps else images
            maps.append(layer(x.detach() if starts else x))
        return maps

    def losses(self, now, before, y):
        r"""The loss of each module, at its last layer; both glimpses go through the layers as one batch."""
        contract.saccades_for_each("ClappNet", now.shape, before.shape, y.shape)
        sizes = len(now), len(before)
        maps = self(torch.cat([now, before]))
        both = [(self.layers[end], maps[end].split(sizes)) for end in self.ends]
        return [layer.local_loss(*glimpses, y) for layer, glimpses in both]

    @torch.no_grad()
    def encode(self, images, layer, grid=1):
        r"""Features for a probe: a layer's maps, as means over grid x grid cells of the image, without gradient."""
        contract.check_encode(layer, len(self.layers), grid, images.shape)
        maps = nn.Sequential(*self.layers[:layer])(images)
        contract.check_grid(grid, *maps.shape[2:])
        return F.adaptive_avg_pool2d(maps, grid).flatten(1)


complete_from_twin(globals())
