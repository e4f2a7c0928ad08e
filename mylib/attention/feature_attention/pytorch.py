r"""Attention to channels and to places, in PyTorch; notation, layers and names as in `scratch`.

Nothing here looks at values, so that the modules run under autocast and `torch.compile` and never wait for the device.
"""

import torch
from torch import nn

from mylib.attention.feature_attention import contract
from mylib.shared.docstrings import complete_from_twin
from mylib.vision.convnets.pytorch_blocks import ResidualUnit

__all__ = ["SqueezeExcitation", "ChannelAttention", "SpatialAttention", "CBAM", "attend"]


class SqueezeExcitation(nn.Module):
    r"""x_c = s_c u_c with s = sigma(W_2 relu(W_1 z)) and z_c = 1 / (H W) sum_{i,j} u_c(i, j)."""

    def __init__(self, channels, reduction=16):
        super().__init__()
        contract.check_reduction("SqueezeExcitation", channels, reduction)
        self.channels = channels
        self.down = nn.Linear(channels, channels // reduction)
        self.up = nn.Linear(channels // reduction, channels)

    def weights(self, x):
        """How much of each channel is kept, s in (0, 1). Shapes (batch, C, H, W) to (batch, C)."""
        contract.check_maps(self, x.shape, self.channels)
        return torch.sigmoid(self.up(torch.relu(self.down(x.mean((2, 3))))))

    def forward(self, x):
        """(batch, C, H, W), each channel times its weight."""
        return x * self.weights(x)[:, :, None, None]


class ChannelAttention(nn.Module):
    r"""F' = M_c F with M_c = sigma(W_1 relu(W_0 F_avg) + W_1 relu(W_0 F_max)): means and maxima, the same layers."""

    def __init__(self, channels, reduction=16):
        super().__init__()
        contract.check_reduction("ChannelAttention", channels, reduction)
        self.channels = channels
        self.down = nn.Linear(channels, channels // reduction)
        self.up = nn.Linear(channels // reduction, channels)

    def weights(self, x):
        """How much of each channel is kept, M_c in (0, 1). Shapes (batch, C, H, W) to (batch, C)."""
        contract.check_maps(self, x.shape, self.channels)
        # Means and maxima in one product. Of equal maxima the first gets the gradient; amax would share it.
        pooled = torch.stack([x.mean((2, 3)), x.flatten(2).max(2).values])  # (2, batch, C)
        return torch.sigmoid(self.up(torch.relu(self.down(pooled))).sum(0))

    def forward(self, x):
        """(batch, C, H, W), each channel times its weight."""
        return x * self.weights(x)[:, :, None, None]


class SpatialAttention(nn.Module):
    r"""F'' = M_s F' with M_s = sigma(f([mean_c F'; max_c F'])): a k x k convolution of two maps says where to look."""

    def __init__(self, kernel=7):
        super().__init__()
        contract.check_kernel(kernel)
        self.conv = nn.Conv2d(2, 1, kernel, padding=kernel // 2)

    def weights(self, x):
        """How much of each place is kept, M_s in (0, 1). Shapes (batch, C, H, W) to (batch, 1, H, W)."""
        contract.check_maps(self, x.shape)
        pooled = torch.cat([x.mean(1, keepdim=True), x.max(1, keepdim=True).values], dim=1)
        return torch.sigmoid(self.conv(pooled))

    def forward(self, x):
        """(batch, C, H, W), each place times its weight."""
        return x * self.weights(x)


class CBAM(nn.Module):
    r"""F' = M_c(F) F, then F'' = M_s(F') F': first which channels, then where."""

    def __init__(self, channels, reduction=16, kernel=7):
        super().__init__()
        contract.check_reduction("CBAM", channels, reduction)
        self.channel = ChannelAttention(channels, reduction)
        self.spatial = SpatialAttention(kernel)

    def forward(self, x):
        """(batch, C, H, W), each channel and then each place times its weight."""
        return self.spatial(self.channel(x))


class AttendedUnit(ResidualUnit):
    """A residual unit x + gate(F(x)): it takes over the layers of another unit and adds a gate before the addition."""

    def __init__(self, unit, gate):
        nn.Module.__init__(self)  # the layers exist already: nothing of ResidualUnit's own is to be built
        for name, layer in unit.named_children():
            self.add_module(name, layer)
        self.order, self.depth, self.training = unit.order, unit.depth, unit.training
        self.gate = gate.train(unit.training)

    def residual(self, x):
        """gate(F(x))."""
        return self.gate(super().residual(x))


def attend(resnet, kind, reduction=16):
    r"""Put attention into each residual unit of a network: x + F(x) becomes x + gate(F(x)).

    The gates are put on the device and into the type of each unit.
    """
    modules = list(resnet.modules())
    units = [module for module in modules if isinstance(module, ResidualUnit) and module is not resnet]
    gates = [module for module in modules if isinstance(module, SqueezeExcitation | CBAM)]
    contract.check_attend(resnet, units, gates, kind)
    for unit in units:
        contract.check_reduction("attend", channels_of(unit), reduction)
    make = SqueezeExcitation if kind == "se" else CBAM
    for module in modules:
        for name, unit in list(module.named_children()):
            if isinstance(unit, ResidualUnit):
                gate = make(channels_of(unit), reduction).to(unit.conv1.weight)
                setattr(module, name, AttendedUnit(unit, gate))
    return resnet


def channels_of(unit):
    """Channels that come out of a residual unit."""
    return unit.layers()[-1][0].out_channels


complete_from_twin(globals())
