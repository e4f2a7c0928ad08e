"""Networks of teachers and students in PyTorch: a ViT with a distillation token, and a ResNet with stochastic depth."""

import torch
from torch import nn

from mylib.attention.vision_transformer.contract import check_image_size
from mylib.attention.vision_transformer.pytorch import ViT
from mylib.training.distillation import contract
from mylib.training.distillation.sizes import PRESETS
from mylib.vision.convnets.pytorch_blocks import ResidualUnit


class DeiT(ViT):
    r"""A vision Transformer with two learned tokens: one answers for the labels, one for the teacher."""

    def __init__(self, image_size, patch, dim, depth, heads, mlp_dim, classes, channels=3, dropout=0.0):
        super().__init__(image_size, patch, dim, depth, heads, mlp_dim, classes, channels, dropout)
        self.distillation_token = nn.Parameter(torch.empty(1, 1, dim).normal_(0, 0.02))
        self.positions = nn.Parameter(torch.empty(1, self.side**2 + 2, dim).normal_(0, 0.02))
        self.distillation_head = nn.Linear(dim, classes)

    def forward(self, images):
        """(batch, channels, image_size, image_size) to twice (batch, classes) in training, to their mean otherwise."""
        x = self._embed(images)
        for layer in self.layers:
            x = layer(x)
        by_label, by_teacher = self.norm(x[:, :2]).unbind(dim=1)
        by_label, by_teacher = self.head(by_label), self.distillation_head(by_teacher)
        if self.training:
            return by_label, by_teacher
        return torch.lerp(by_label, by_teacher, 0.5)

    def _embed(self, images):
        check_image_size(images.shape, self.image_size)
        x = self.embedding(images)
        tokens = [token.expand(len(x), -1, -1) for token in (self.class_token, self.distillation_token)]
        return torch.cat([*tokens, x], dim=1) + self.positions  # (batch, patches + 2, dim)


def deit_preset(name, image_size=224, classes=1000):
    """`DeiT` in a size of the paper, with new weights; under `torch.device("meta")` it costs no memory."""
    contract.check_preset(name, image_size)
    return DeiT(image_size, **PRESETS[name], classes=classes)


class StochasticUnit(ResidualUnit):
    """A residual unit that is left out at random: it takes over the layers of another one, under their names."""

    def __init__(self, unit, survival):
        nn.Module.__init__(self)  # the layers exist already: nothing of ResidualUnit's own is to be built
        for name, layer in unit.named_children():
            self.add_module(name, layer)
        self.order, self.depth, self.survival = unit.order, unit.depth, survival
        self.training = unit.training

    def residual(self, x):
        """F(x) times b / p with b ~ Bernoulli(p) for each sample in training, F(x) in evaluation."""
        y = super().residual(x)
        if self.training and self.survival < 1:
            stays = torch.rand(len(y), 1, 1, 1, device=y.device) < self.survival
            y = y * stays.to(y.dtype).div(self.survival)
        return y


def stochastic_depth(resnet, survival=0.8):
    r"""Leave out residuals at random while training: unit l of L computes x + (b / p_l) F(x), b ~ Bernoulli(p_l)."""
    names = [name for name, unit in resnet.named_modules() if isinstance(unit, ResidualUnit)]
    wrapped = sum(isinstance(unit, StochasticUnit) for unit in resnet.modules())
    contract.check_depth(resnet, len(names), wrapped, survival)
    for name, p in zip(names, contract.survivals(len(names), survival), strict=True):
        resnet.set_submodule(name, StochasticUnit(resnet.get_submodule(name), p))
    return resnet
