"""Networks of teachers and students in NumPy: a ViT with a distillation token, and a ResNet with stochastic depth."""

import numpy as np

from mylib.attention.vision_transformer.contract import check_image_size
from mylib.attention.vision_transformer.scratch import ViT
from mylib.engine import concatenate, generator, nn
from mylib.engine.tensor import as_tensor
from mylib.training.distillation import contract
from mylib.training.distillation.sizes import PRESETS
from mylib.vision.convnets.scratch_blocks import ResidualUnit


class DeiT(ViT):
    r"""A vision Transformer with two learned tokens: one answers for the labels, one for the teacher.

    x = [class; distillation; patches] + positions, through the encoder; then z_class = head(norm(x)_0) and
    z_distillation = distillation_head(norm(x)_1). In training both are returned, in evaluation (z_class +
    z_distillation) / 2. Parameters beyond `ViT`: `distillation_token` (1, 1, dim), `distillation_head`, and one more
    row in `positions`.

    Args:    image_size: side of the images. patch: side of a patch, a divisor.
             dim, depth, heads, mlp_dim: of the tokens, and of the encoder's layers.
             classes: scores. channels: of the images. dropout: of the layers.
    Raises:  ValueError: sizes that do not fit, or other images.
    Source:  Touvron et al. (2021), section 4; slide "Distillation through attention, DeiT". Differs: at test the paper
             adds the softmaxes of both heads, the authors' code averages the logits, as here. Layers start as those of
             `ViT` here do; the token starts at random (standard deviation 0.02).

    Example:
        >>> model = DeiT(8, 4, dim=8, depth=1, heads=2, mlp_dim=16, classes=5)
        >>> images = np.zeros((2, 3, 8, 8), np.float32)
        >>> [scores.shape for scores in model(images)], model.eval()(images).shape
        ([(2, 5), (2, 5)], (2, 5))
    """

    def __init__(self, image_size, patch, dim, depth, heads, mlp_dim, classes, channels=3, dropout=0.0):
        super().__init__(image_size, patch, dim, depth, heads, mlp_dim, classes, channels, dropout)
        drawn = generator().normal(0, 0.02, (1, self.side**2 + 3, dim)).astype(np.float32)
        self.distillation_token = nn.Parameter(drawn[:, :1])
        self.positions = nn.Parameter(drawn[:, 1:])  # of both tokens and all patches
        self.distillation_head = nn.Linear(dim, classes)

    def forward(self, images):
        """(batch, channels, image_size, image_size) to twice (batch, classes) in training, to their mean otherwise."""
        x = self._embed(images)
        for layer in self.layers:
            x = layer(x)
        x = self.norm(x[:, :2])  # the head of each token sees its own
        scores = self.head(x[:, 0]), self.distillation_head(x[:, 1])
        return scores if self.training else (scores[0] + scores[1]) / 2

    def _embed(self, images):
        images = as_tensor(images)
        check_image_size(images.shape, self.image_size)
        x = self.embedding(images)
        first = concatenate([self.class_token, self.distillation_token], axis=1)
        return concatenate([first.broadcast_to(len(x), 2, x.shape[2]), x], axis=1) + self.positions


def deit_preset(name, image_size=224, classes=1000):
    """`DeiT` in a size of the paper, with new weights.

    Args:    name: "Ti/16", "S/16" or "B/16": tiny, small or base, and the side of a patch.
             image_size: side of the images, a multiple of 16. classes: of both heads.
    Returns: `DeiT`; `sizes.parameter_count` and `sizes.multiply_adds` say what it costs.
    Raises:  ValueError: another name, or a side that the patches do not fill.
    Source:  Touvron et al. (2021), table 1. Differs: with the second head the parameters are 5.9, 22.4 and 87.3
             million.

    Example:
        >>> deit_preset("Ti/16", image_size=32, classes=10).positions.shape
        (1, 6, 192)
    """
    contract.check_preset(name, image_size)
    return DeiT(image_size, **PRESETS[name], classes=classes)


class StochasticUnit(ResidualUnit):
    """A residual unit that is left out at random: it takes over the layers of another one, under their names."""

    def __init__(self, unit, survival):
        nn.Module.__init__(self)  # the layers exist already: nothing of ResidualUnit's own is to be built
        for name, layer in unit._modules.items():
            setattr(self, name, layer)
        self.order, self.depth, self.survival = unit.order, unit.depth, survival
        self.training = unit.training

    def residual(self, x):
        """F(x) times b / p with b ~ Bernoulli(p) for each sample in training, F(x) in evaluation."""
        y = super().residual(x)
        if not self.training or self.survival == 1:
            return y
        stays = generator().random((len(y), 1, 1, 1)) < self.survival
        return y * (stays / self.survival).astype(y.dtype)


def stochastic_depth(resnet, survival=0.8):
    r"""Leave out residuals at random while training: unit l of L computes x + (b / p_l) F(x), b ~ Bernoulli(p_l).

    b is drawn for each sample alone, with p_l = 1 - l / L (1 - p_L); in evaluation x + F(x). Since E[b / p_l] = 1, both
    have the same mean. What follows the addition, such as a ReLU, stays.

    Args:    resnet: a network of `convnets` made of residual units; it is changed. Names and weights stay.
             survival: p_L of the last unit, above 0; 1 leaves the network as it was.
    Returns: the network itself, each residual unit wrapped.
    Raises:  ValueError: no residual units, units that are wrapped already, or another probability; the network is then
                 as it was.
    Source:  Huang et al. (2016), equations 2 and 4; Xie et al. (2020), who have 0.8. Differs: Huang et al. draw once
             for a batch and multiply by p_l in evaluation; EfficientNet, and this, draw for each sample and divide in
             training. F is computed for all samples, also where it is dropped.

    Example:
        >>> from mylib.vision.convnets.scratch import ResNet
        >>> network = stochastic_depth(ResNet(14, width=4), survival=0.5)
        >>> [round(unit.survival, 3) for stage in network.stages for unit in stage]
        [0.917, 0.833, 0.75, 0.667, 0.583, 0.5]
    """
    holders = list(resnet.modules())
    found = [(m, name, one) for m in holders for name, one in m._modules.items() if isinstance(one, ResidualUnit)]
    wrapped = sum(isinstance(unit, StochasticUnit) for _, _, unit in found)
    contract.check_depth(resnet, len(found), wrapped, survival)
    for (holder, name, unit), p in zip(found, contract.survivals(len(found), survival), strict=True):
        setattr(holder, name, StochasticUnit(unit, p))
    return resnet
