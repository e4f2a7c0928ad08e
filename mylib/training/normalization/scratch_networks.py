"""Other norms for networks of convnets, and squeeze-and-excitation for the tokens of a ViT, in NumPy."""

import numpy as np

from mylib.attention.feature_attention.contract import check_reduction
from mylib.attention.feature_attention.scratch import SqueezeExcitation
from mylib.attention.transformer.scratch import MultiHeadAttention
from mylib.attention.vision_transformer.scratch import ViT
from mylib.engine import nn
from mylib.training.normalization import contract


class ChannelNorm(nn.GroupNorm):
    """A group norm in the place of a batch norm, whose weight and bias it goes on with."""

    def __init__(self, groups, batch_norm):
        affine = batch_norm.weight is not None
        super().__init__(groups, batch_norm.num_features, batch_norm.eps, affine)
        self.num_features = batch_norm.num_features  # dense blocks ask their norms for it
        if affine:
            self.weight, self.bias = batch_norm.weight, batch_norm.bias


class NoNorm(nn.Identity):
    """Nothing, in the place of a batch norm."""

    def __init__(self, batch_norm):
        super().__init__()
        self.num_features = batch_norm.num_features


def with_norm(resnet, kind, groups=32):
    r"""Replace every batch norm of a network by another norm, or by nothing.

    Args:    resnet: a network of `convnets`; it is changed. What is not replaced keeps its names and weights, and a new
                 norm goes on with the weight and bias of the old one.
             kind: "group", "layer" (one group: all channels and positions; weight and bias stay per channel),
                 "instance" (as many groups as channels) or "none".
             groups: for "group". Where they do not divide the channels C, the largest divisor of C below `groups` is
                 taken: with 16 channels and the default, 16, which is instance norm; choose fewer.
    Returns: the network itself.
    Raises:  ValueError: an unknown kind, groups below 1, or no batch norm inside (so it cannot run twice); the
                 network is then as it was.
    Source:  Wu and He (2018). Differs: none.

    Example:
        >>> from mylib.vision.convnets.scratch import ResNet, count_parameters
        >>> network = with_norm(ResNet(8, width=8), "group", groups=4)
        >>> network.stem.bn.num_groups, count_parameters(network) == count_parameters(ResNet(8, width=8))
        (4, True)
    """
    holders = list(resnet.modules())
    found = [(m, name, one) for m in holders for name, one in m._modules.items() if isinstance(one, nn.BatchNorm2d)]
    contract.check_norms(resnet, found, kind, groups)
    for module, name, old in found:
        new = NoNorm(old) if kind == "none" else ChannelNorm(contract.groups_for(kind, old.num_features, groups), old)
        setattr(module, name, new.train(old.training))
    return resnet


class AttendedAttention(MultiHeadAttention):
    """Attention whose result passes a gate for each channel: it takes over the layers of another one."""

    def __init__(self, attention, gate):
        nn.Module.__init__(self)  # the layers exist already: nothing of MultiHeadAttention's own is to be built
        for name, layer in attention._modules.items():
            setattr(self, name, layer)
        self.dim, self.heads = attention.dim, attention.heads
        self.gate = gate
        self.train(attention.training)

    def forward(self, x, memory=None, mask=None, causal=False):
        """As `MultiHeadAttention`, then each channel of all tokens times its weight. Shape (batch, query, dim)."""
        y = super().forward(x, memory, mask, causal)
        s = self.gate.weights(y.swapaxes(1, 2).unsqueeze(3))  # (batch, dim, query, 1) to (batch, dim)
        return y * s.unsqueeze(1)


def attend_tokens(vit, reduction=16):
    r"""Squeeze-and-excitation in every encoder layer of a ViT: x + s f(x), s = sigma(W_2 relu(W_1 z)), z the mean.

    The gate stands after the attention's last product and before the addition. The mean is over all tokens, the class
    token among them.

    Args:    vit: a `ViT`; it is changed. Its layers keep their names and weights.
             reduction: r, divides the dim of the tokens.
    Returns: the network itself.
    Raises:  TypeError: no `ViT`. ValueError: gates that are there already, or a dim that the reduction does not divide;
                 the network is then as it was.
    Source:  Yuan et al. (2021); Hu et al. (2018); slide "Squeeze and Excitation". Differs: the authors'
             layers have no biases; ours are those of `feature_attention.SqueezeExcitation`.

    Example:
        >>> from mylib.vision.convnets.scratch import count_parameters
        >>> sizes = {"dim": 8, "depth": 2, "heads": 2, "mlp_dim": 16, "classes": 5}
        >>> count_parameters(attend_tokens(ViT(8, 4, **sizes), 4)) - count_parameters(ViT(8, 4, **sizes))
        84
    """
    gates = sum(isinstance(module, SqueezeExcitation) for module in vit.modules()) if isinstance(vit, ViT) else 0
    contract.check_tokens(vit, isinstance(vit, ViT), gates)
    dim = vit.layers[0].attention.dim
    check_reduction("attend_tokens", dim, reduction)
    for layer in vit.layers:
        gate = SqueezeExcitation(dim, reduction)
        gate = gate.double() if vit.class_token.dtype == np.float64 else gate
        layer.attention = AttendedAttention(layer.attention, gate)
    return vit
