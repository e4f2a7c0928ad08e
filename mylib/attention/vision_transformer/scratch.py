r"""The vision Transformer in NumPy: an image as a sequence of patches.

Notation: an image (channels, height, width) is cut into n = height width / patch^2 patches, each a row of
channels patch^2 numbers; with the class token in front, the encoder of topic `transformer` sees n + 1 tokens.
"""

import numpy as np

from mylib.attention.transformer.scratch import EncoderLayer
from mylib.attention.vision_transformer import contract
from mylib.attention.vision_transformer.sizes import vit_preset
from mylib.engine import as_tensor, concatenate, generator, linear, nn, no_grad
from mylib.engine.tensor import float_tensor

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
    r"""Cut images into square patches, each laid out as one row: channel, then row, then column.

    Args:    images: shape (batch, channels, height, width). patch: its side, a divisor of both.
    Returns: Tensor of shape (batch, patches, channels patch^2); patches row by row.
    Raises:  ValueError: images of another shape, or a patch that does not divide them.
    Source:  Dosovitskiy et al. (2021), section 3.1. Differs: their code lays the channel last in a row.

    Example:
        >>> patchify(np.arange(16.0).reshape(1, 1, 4, 4), 2).numpy()[0, 1].tolist()
        [2.0, 3.0, 6.0, 7.0]
    """
    images = as_tensor(images)
    contract.check_patches(images.shape, patch)
    batch, channels, height, width = images.shape
    x = images.reshape(batch, channels, height // patch, patch, width // patch, patch)
    return x.permute(0, 2, 4, 1, 3, 5).reshape(batch, height // patch * (width // patch), channels * patch**2)


def unpatchify(patches, patch, height, width):
    r"""Put the rows of `patchify` back into images.

    Args:    patches: shape (batch, patches, channels patch^2). patch: its side. height, width: of the images.
    Returns: Tensor of shape (batch, channels, height, width).
    Raises:  ValueError: patches that do not fill such images.
    Source:  elementary.

    Example:
        >>> images = np.arange(32.0).reshape(1, 2, 4, 4)
        >>> bool((unpatchify(patchify(images, 2), 2, 4, 4) == images).all())
        True
    """
    patches = as_tensor(patches)
    contract.check_rows(patches.shape, patch, height, width)
    batch, _, row = patches.shape
    x = patches.reshape(batch, height // patch, width // patch, row // patch**2, patch, patch)
    return x.permute(0, 3, 1, 4, 2, 5).reshape(batch, row // patch**2, height, width)


class PatchEmbedding(nn.Module):
    r"""A linear map of each patch to dim numbers; the same as a convolution whose stride is its kernel.

    Args:    channels: of the images. patch: side of a patch. dim: of the tokens.
    Raises:  ValueError: sizes below 1, or images that do not fit.
    Source:  Dosovitskiy et al. (2021), equation 1. Differs: none.

    Example:
        >>> PatchEmbedding(3, 4, 10)(np.zeros((2, 3, 8, 12), np.float32)).shape
        (2, 6, 10)
    """

    def __init__(self, channels, patch, dim):
        super().__init__()
        contract.check_embedding(channels, patch, dim)
        self.patch = patch
        self.projection = nn.Conv2d(channels, dim, patch, stride=patch)  # holds the weights, as kernels

    def forward(self, images):
        """Shapes (batch, channels, height, width) to (batch, patches, dim)."""
        images = float_tensor(images, "PatchEmbedding")
        contract.check_images(images.shape, self.projection.in_channels, self.patch)
        weight = self.projection.weight
        rows = weight.reshape(weight.shape[0], weight.size // weight.shape[0])
        return linear(patchify(images, self.patch), rows, self.projection.bias)


class ViT(nn.Module):
    r"""Patches, a class token and learned positions through an encoder; the class token's result names the image.

    Args:    image_size: side of the images. patch: side of a patch, a divisor.
             dim, depth, heads, mlp_dim: of the tokens, and of the encoder's layers.
             classes: scores. channels: of the images. dropout: of the layers.
    Raises:  ValueError: sizes that do not fit, or other images.
    Source:  Dosovitskiy et al. (2021), equations 1 to 4. Differs: the norms' eps is 1e-5 and not 1e-6; no dropout after
             the positions and inside the two-layer networks; linear layers start as torch's, where the authors draw
             from Xavier's uniform distribution with biases near 0.

    Example:
        >>> ViT(8, 4, dim=8, depth=1, heads=2, mlp_dim=16, classes=5)(np.zeros((2, 3, 8, 8), np.float32)).shape
        (2, 5)
    """

    def __init__(self, image_size, patch, dim, depth, heads, mlp_dim, classes, channels=3, dropout=0.0):
        super().__init__()
        contract.check_model(image_size, patch, depth, classes)
        self.image_size, self.side = image_size, image_size // patch
        self.embedding = PatchEmbedding(channels, patch, dim)
        self.class_token = nn.Parameter(np.zeros((1, 1, dim), np.float32))
        drawn = generator().normal(0, 0.02, (1, self.side**2 + 1, dim))
        self.positions = nn.Parameter(drawn.astype(np.float32))
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
    @no_grad()
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
        images = as_tensor(images)
        contract.check_image_size(images.shape, self.image_size)
        x = self.embedding(images)
        first = self.class_token.broadcast_to(len(x), 1, x.shape[2])
        return concatenate([first, x], axis=1) + self.positions  # (batch, patches + 1, dim)


def attention_rollout(maps):
    r"""How much of each token's result comes from each token of the input, through all layers.

    With A_l the mean over heads of layer l, and half of every token passed on by the residual connection:
    R = (A_L + I)/2 ... (A_2 + I)/2 (A_1 + I)/2.

    Args:    maps: weights of each layer, first layer first. Shape of each (batch, heads, tokens, tokens).
    Returns: shape (batch, tokens, tokens); rows sum to 1.
    Raises:  ValueError: no layers, or shapes that do not fit.
    Source:  Abnar, Zuidema (2020). Differs: none.

    Example:
        >>> attention_rollout([np.full((1, 2, 2, 2), 0.5)])[0].tolist()
        [[0.75, 0.25], [0.25, 0.75]]
    """
    maps = [np.asarray(as_tensor(layer).data) for layer in maps]
    contract.check_maps([layer.shape for layer in maps])
    eye = np.eye(maps[0].shape[-1], dtype=maps[0].dtype)
    rollout = np.broadcast_to(eye, (len(maps[0]), *eye.shape))
    for layer in maps:
        rollout = (layer.mean(axis=1) + eye) / 2 @ rollout
    return rollout


def position_similarity(model):
    r"""The cosine between the position vectors of each two patches.

    Args:    model: `ViT`.
    Returns: shape (rows, columns, rows, columns), entries between -1 and 1, 0 for vectors of zeros; tokens that
                 stand before the patches (the class token) are left out.
    Source:  Dosovitskiy et al. (2021), figure 7 (centre).

    Example:
        >>> position_similarity(ViT(8, 4, 8, 1, 2, 16, 5)).shape
        (2, 2, 2, 2)
    """
    vectors = model.positions.data[0, -(model.side**2) :]  # (patches, dim)
    vectors = vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12)
    return (vectors @ vectors.T).reshape((model.side,) * 4)
