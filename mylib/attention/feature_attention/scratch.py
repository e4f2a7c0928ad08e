r"""Attention to channels and to places, in NumPy: squeeze-and-excitation, CBAM, and how a ResNet gets them.

Notation: u or F, feature maps (batch, C, H, W); z, one number per channel; s or M_c, the weight of each channel; M_s,
the weight of each place; sigma, the logistic function; r, the reduction. Each weight lies in (0, 1) and multiplies what
it was computed from.
"""

import numpy as np

from mylib.attention.feature_attention import contract
from mylib.engine import as_tensor, concatenate, nn, relu, sigmoid
from mylib.vision.convnets.scratch_blocks import ResidualUnit

__all__ = ["SqueezeExcitation", "ChannelAttention", "SpatialAttention", "CBAM", "attend"]


class SqueezeExcitation(nn.Module):
    r"""x_c = s_c u_c with s = sigma(W_2 relu(W_1 z)) and z_c = 1 / (H W) sum_{i,j} u_c(i, j).

    Squeeze: each channel to its mean. Excite: two linear layers, the first to C / r numbers. Scale: each channel times
    its weight.

    Args:    channels: C.
             reduction: r, divides C.
    Raises:  ValueError: channels that the reduction does not divide; maps of other channels.
    Source:  Hu, Shen and Sun (2018), equations 2 to 4; slide "SE block". Differs: the layers have biases, as in the
             authors' code; the printed numbers of parameters count them.

    Example:
        >>> SqueezeExcitation(8, reduction=4)(np.zeros((2, 8, 5, 6), np.float32)).shape
        (2, 8, 5, 6)
    """

    def __init__(self, channels, reduction=16):
        super().__init__()
        contract.check_reduction("SqueezeExcitation", channels, reduction)
        self.channels = channels
        self.down = nn.Linear(channels, channels // reduction)
        self.up = nn.Linear(channels // reduction, channels)

    def weights(self, x):
        """How much of each channel is kept, s in (0, 1). Shapes (batch, C, H, W) to (batch, C)."""
        contract.check_maps(self, x.shape, self.channels)
        z = as_tensor(x).mean((2, 3))
        return sigmoid(self.up(relu(self.down(z))))

    def forward(self, x):
        """(batch, C, H, W), each channel times its weight."""
        s = self.weights(x)
        return x * s.reshape(*s.shape, 1, 1)


class ChannelAttention(nn.Module):
    r"""F' = M_c F with M_c = sigma(W_1 relu(W_0 F_avg) + W_1 relu(W_0 F_max)): means and maxima, the same layers.

    Args:    channels: C.
             reduction: r, divides C.
    Raises:  ValueError: channels that the reduction does not divide; maps of other channels.
    Source:  Woo et al. (2018), equation 2. Differs: biases as in `SqueezeExcitation`; the paper's equation writes the
             ReLU in the text, and the slide leaves it out.

    Example:
        >>> ChannelAttention(8, reduction=4).weights(np.zeros((2, 8, 5, 6), np.float32)).shape
        (2, 8)
    """

    def __init__(self, channels, reduction=16):
        super().__init__()
        contract.check_reduction("ChannelAttention", channels, reduction)
        self.channels = channels
        self.down = nn.Linear(channels, channels // reduction)
        self.up = nn.Linear(channels // reduction, channels)

    def weights(self, x):
        """How much of each channel is kept, M_c in (0, 1). Shapes (batch, C, H, W) to (batch, C)."""
        contract.check_maps(self, x.shape, self.channels)
        x = as_tensor(x)
        average, maximum = (self.up(relu(self.down(z))) for z in (x.mean((2, 3)), x.max((2, 3))))
        return sigmoid(average + maximum)

    def forward(self, x):
        """(batch, C, H, W), each channel times its weight."""
        m = self.weights(x)
        return x * m.reshape(*m.shape, 1, 1)


class SpatialAttention(nn.Module):
    r"""F'' = M_s F' with M_s = sigma(f([mean_c F'; max_c F'])): a k x k convolution of two maps says where to look.

    Args:    kernel: k, odd.
    Raises:  ValueError: a kernel without a middle; something that is no batch of maps.
    Source:  Woo et al. (2018), equation 3. Differs: the convolution has a bias; the authors' code has
             a batch norm in its place.

    Example:
        >>> SpatialAttention().weights(np.zeros((2, 8, 5, 6), np.float32)).shape
        (2, 1, 5, 6)
    """

    def __init__(self, kernel=7):
        super().__init__()
        contract.check_kernel(kernel)
        self.conv = nn.Conv2d(2, 1, kernel, padding=kernel // 2)

    def weights(self, x):
        """How much of each place is kept, M_s in (0, 1). Shapes (batch, C, H, W) to (batch, 1, H, W)."""
        contract.check_maps(self, x.shape)
        x = as_tensor(x)
        return sigmoid(self.conv(concatenate([x.mean(1, keepdims=True), x.max(1, keepdims=True)], axis=1)))

    def forward(self, x):
        """(batch, C, H, W), each place times its weight."""
        return x * self.weights(x)


class CBAM(nn.Module):
    r"""F' = M_c(F) F, then F'' = M_s(F') F': first which channels, then where.

    Args:    channels: C.
             reduction: r, divides C.
             kernel: k of the spatial attention, odd.
    Raises:  ValueError: as `ChannelAttention` and `SpatialAttention`.
    Source:  Woo et al. (2018), equation 1. Differs: as its two parts.

    Example:
        >>> CBAM(8, reduction=4)(np.zeros((2, 8, 5, 6), np.float32)).shape
        (2, 8, 5, 6)
    """

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
        for name, layer in unit.named_modules():
            if name and "." not in name:
                setattr(self, name, layer)
        self.order, self.depth, self.training = unit.order, unit.depth, unit.training
        self.gate = gate.train(unit.training)

    def residual(self, x):
        """gate(F(x))."""
        return self.gate(super().residual(x))


def attend(resnet, kind, reduction=16):
    r"""Put attention into each residual unit of a network: x + F(x) becomes x + gate(F(x)).

    Args:    resnet: a `ResNet` or `ResNeXt` of `convnets`; it is changed. Its layers, weights and names stay.
             kind: "se" or "cbam".
             reduction: r, divides the channels of every unit.
    Returns: the network itself.
    Raises:  TypeError: a network without residual units, or a single unit. ValueError: an unknown kind, gates that are
                 there already, or channels that the reduction does not divide; the network is then as it was.
    Source:  Hu et al. (2018), figure 3; Woo et al. (2018), figure 3; slide "SE-ResNet Module". Differs: none.

    Example:
        >>> from mylib.vision.convnets.scratch import ResNet, count_parameters
        >>> count_parameters(ResNet(8, width=8)), count_parameters(attend(ResNet(8, width=8), "se", reduction=8))
        (52624, 53023)
    """
    modules = [module for _, module in resnet.named_modules()]
    units = [module for module in modules if isinstance(module, ResidualUnit) and module is not resnet]
    gates = [module for module in modules if isinstance(module, SqueezeExcitation | CBAM)]
    contract.check_attend(resnet, units, gates, kind)
    for unit in units:
        contract.check_reduction("attend", channels_of(unit), reduction)
    make = SqueezeExcitation if kind == "se" else CBAM
    for module in modules:
        for name, unit in list(module._modules.items()):
            if isinstance(unit, ResidualUnit):
                gate = make(channels_of(unit), reduction)
                gate = gate.double() if unit.conv1.weight.dtype == np.float64 else gate
                setattr(module, name, AttendedUnit(unit, gate))
    return resnet


def channels_of(unit):
    """Channels that come out of a residual unit."""
    return unit.layers()[-1][0].out_channels
