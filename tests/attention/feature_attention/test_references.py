"""Squeeze and excitation against transformers', spatial attention against torch's functions."""

import numpy as np
import torch
import torch.nn.functional as F
from transformers.models.regnet.modeling_regnet import RegNetSELayer

from mylib.attention.feature_attention import pytorch
from tests.attention.feature_attention.cases import give, normal
from tests.twins import array as numbers


def test_squeeze_excitation_equals_transformers(side):
    module, _, array = side
    theirs = RegNetSELayer(8, 2)
    gate = give(
        module.SqueezeExcitation(8, 4),
        down__weight=theirs.attention[0].weight.detach()[:, :, 0, 0],
        down__bias=theirs.attention[0].bias.detach(),
        up__weight=theirs.attention[2].weight.detach()[:, :, 0, 0],
        up__bias=theirs.attention[2].bias.detach(),
    )
    x = normal(3, 8, 4, 7).astype(np.float32)
    np.testing.assert_allclose(numbers(gate(array(x))), theirs(torch.tensor(x)).detach(), rtol=1e-5, atol=1e-6)


def test_spatial_attention_pools_like_torch():
    gate, x = pytorch.SpatialAttention(7), torch.tensor(normal(2, 5, 9, 8).astype(np.float32))
    pooled = torch.stack([x.mean(1), x.amax(1)], 1)
    expected = torch.sigmoid(F.conv2d(pooled, gate.conv.weight, gate.conv.bias, padding=3))
    np.testing.assert_allclose(gate.weights(x).detach(), expected.detach(), rtol=1e-6)
