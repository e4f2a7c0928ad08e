"""Other norms for networks of convnets, and squeeze-and-excitation for the tokens of a ViT, in PyTorch."""

import torch
from torch import nn

from mylib.attention.feature_attention.contract import check_reduction
from mylib.attention.feature_attention.pytorch import SqueezeExcitation
from mylib.attention.transformer.pytorch import MultiHeadAttention
from mylib.attention.vision_transformer.pytorch import ViT
from mylib.training.normalization import contract


class ChannelNorm(nn.GroupNorm):
    """A group norm in the place of a batch norm, whose weight and bias it goes on with."""

    def __init__(self, groups, batch_norm):
        super().__init__(groups, batch_norm.num_features, batch_norm.eps, affine=False)
        self.num_features = batch_norm.num_features  # dense blocks ask their norms for it
        self.weight, self.bias = batch_norm.weight, batch_norm.bias

    def forward(self, x):
        """(batch, channels, ...), each group of channels normalised."""
        return torch.group_norm(x, self.num_groups, self.weight, self.bias, self.eps)


class NoNorm(nn.Identity):
    """Nothing, in the place of a batch norm."""

    def __init__(self, batch_norm):
        super().__init__()
        self.num_features = batch_norm.num_features


def with_norm(resnet, kind, groups=32):
    r"""Replace every batch norm of a network by another norm, or by nothing."""
    found = [
        (module, name, old)
        for module in list(resnet.modules())
        for name, old in module.named_children()
        if isinstance(old, nn.BatchNorm2d)
    ]
    contract.check_norms(resnet, found, kind, groups)
    for module, name, old in found:
        new = NoNorm(old) if kind == "none" else ChannelNorm(contract.groups_for(kind, old.num_features, groups), old)
        module.add_module(name, new.train(old.training))
    return resnet


class AttendedAttention(MultiHeadAttention):
    """Attention whose result passes a gate for each channel: it takes over the layers of another one."""

    def __init__(self, attention, gate):
        nn.Module.__init__(self)  # the layers exist already: nothing of MultiHeadAttention's own is to be built
        for name, layer in attention.named_children():
            self.add_module(name, layer)
        self.dim, self.heads = attention.dim, attention.heads
        self.gate = gate
        self.train(attention.training)

    def forward(self, x, memory=None, mask=None, causal=False):
        """As `MultiHeadAttention`, then each channel of all tokens times its weight. Shape (batch, query, dim)."""
        y = super().forward(x, memory, mask, causal)
        maps = y.transpose(1, 2)[..., None]  # (batch, dim, query, 1)
        return y * self.gate.weights(maps)[:, None]


def attend_tokens(vit, reduction=16):
    r"""Squeeze-and-excitation after the attention of every encoder layer of a ViT, on its device and in its type."""
    known = isinstance(vit, ViT)
    contract.check_tokens(vit, known, sum(isinstance(m, SqueezeExcitation) for m in vit.modules()) if known else 0)
    for layer in vit.layers:
        check_reduction("attend_tokens", layer.attention.dim, reduction)
    for layer in vit.layers:
        gate = SqueezeExcitation(layer.attention.dim, reduction).to(vit.class_token)
        layer.attention = AttendedAttention(layer.attention, gate)
    return vit
