r"""The vision Transformer in PyTorch: an image as a sequence of patches. Notation as in `scratch`."""

import torch
import torch.nn.functional as F
from torch import nn

from mylib.attention.transformer.pytorch import EncoderLayer
from mylib.attention.vision_transformer import contract
from mylib.attention.vision_transformer.sizes import vit_preset
from mylib.shared.docstrings import complete_from_twin

__all__ = [
    "patchify",
    "unpatchify",
    "PatchEmbedding",
    "ViT",
    "vit_preset",
    "attention_rollout",
    "position_similarity",
]


def patchify(images, patch):
    r"""Cut images into square patches, each laid out as one row: channel, then row, then column."""
    contract.check_patches(images.shape, patch)
    batch, channels, height, width = images.shape
    x = images.reshape(batch, channels, height // patch, patch, width // patch, patch)
    return x.permute(0, 2, 4, 1, 3, 5).reshape(batch, height // patch * (width // patch), channels * patch**2)


def unpatchify(patches, patch, height, width):
    r"""Put the rows of `patchify` back into images."""
    contract.check_rows(patches.shape, patch, height, width)
    batch, _, row = patches.shape
    x = patches.reshape(batch, height // patch, width // patch, row // patch**2, patch, patch)
    return x.permute(0, 3, 1, 4, 2, 5).reshape(batch, row // patch**2, height, width)


class PatchEmbedding(nn.Module):
    r"""A linear map of each patch to dim numbers; the same as a convolution whose stride is its kernel."""

    def __init__(self, channels, patch, dim):
        super().__init__()
        contract.check_embedding(channels, patch, dim)
        self.patch = patch
        self.projection = nn.Conv2d(channels, dim, patch, stride=patch)

    def forward(self, images):
        """Shapes (batch, channels, height, width) to (batch, patches, dim)."""
        contract.check_images(images.shape, self.projection.in_channels, self.patch)
        return self.projection(images).flatten(2).transpose(1, 2)


class ViT(nn.Module):
    r"""Patches, a class token and learned positions through an encoder; the class token's result names the image."""

    def __init__(self, image_size, patch, dim, depth, heads, mlp_dim, classes, channels=3, dropout=0.0):
        super().__init__()
        contract.check_model(image_size, patch, depth, classes)
        self.image_size, self.side = image_size, image_size // patch
        self.embedding = PatchEmbedding(channels, patch, dim)
        self.class_token = nn.Parameter(torch.zeros(1, 1, dim))
        self.positions = nn.Parameter(torch.empty(1, self.side**2 + 1, dim).normal_(0, 0.02))
        options = {"norm_first": True, "activation": "gelu", "bias": True}
        self.layers = nn.ModuleList([EncoderLayer(dim, heads, mlp_dim, dropout, **options) for _ in range(depth)])
        self.norm = nn.LayerNorm(dim)
        self.head = nn.Linear(dim, classes)

    # The same text on both sides: it only passes on what layers return, which have their own mathematics.
    def forward(self, images):
        """Shapes (batch, channels, image_size, image_size) to (batch, classes)."""
        x = self._embed(images)
        for layer in self.layers:
            x = layer(x)
        return self.head(self.norm(x[:, 0]))

    # The same text on both sides: it only passes on what layers return, which have their own mathematics.
    @torch.no_grad()
    def attention_maps(self, images):
        """The weights of every layer: a list of (batch, heads, tokens, tokens), the class token first.

        In eval mode, if the model has dropout: a layer looks at what the layers before it have computed.
        """
        x, maps = self._embed(images), []
        for layer in self.layers:
            maps.append(layer.weights(x))
            x = layer(x)
        return maps

    def _embed(self, images):
        contract.check_image_size(images.shape, self.image_size)
        x = self.embedding(images)
        first = self.class_token.expand(len(x), -1, -1)
        return torch.cat([first, x], dim=1) + self.positions  # (batch, patches + 1, dim)


def attention_rollout(maps):
    r"""How much of each token's result comes from each token of the input, through all layers."""
    contract.check_maps([layer.shape for layer in maps])
    eye = torch.eye(maps[0].shape[-1], dtype=maps[0].dtype, device=maps[0].device)
    rollout = eye.expand(len(maps[0]), -1, -1)
    for layer in maps:
        rollout = (layer.mean(dim=1) + eye) / 2 @ rollout
    return rollout


def position_similarity(model):
    r"""The cosine between the position vectors of each two patches."""
    vectors = F.normalize(model.positions.detach()[0, -(model.side**2) :], dim=1)  # (patches, dim)
    return (vectors @ vectors.T).reshape((model.side,) * 4)


complete_from_twin(globals())
