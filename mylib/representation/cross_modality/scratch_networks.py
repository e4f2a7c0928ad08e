"""The generator of the X modality, and an encoder for all three, in NumPy."""

import numpy as np

from mylib.engine import as_tensor, flatten, matmul, mean, nn, relu
from mylib.engine.random import generator
from mylib.representation.cross_modality import contract


class XModality(nn.Module):
    r"""X = W_2 [W_1 v + b_1]_+ + b_2 at each pixel v: two 1 x 1 convolutions with a ReLU between them, none after.

    Three channels are squeezed into `hidden` and expanded to three again: with one hidden channel, 10 numbers. At the
    start the first hidden channel is the luminance 0.299 red + 0.587 green + 0.114 blue, and every channel of X a copy
    of it: X begins as the grey picture. Drawn at random as usual, the one hidden channel is negative for every colour
    in about a fifth of the draws: the same grey for ever, and no gradient. Further hidden channels begin as random
    mixtures with positive weights, which do not yet count in X.

    Args:    channels: of the images.
             hidden: channels between both layers.
    Raises:  ValueError: a size below 1, or images of another shape.
    Source:  Li et al. (2020), slide "Introducing an auxiliary X modality". Differs: the slide gives no widths and no
             start; both are ours.

    Example:
        >>> x = XModality()(np.array([1.0, 0.0, 0.5], np.float32).reshape(1, 3, 1, 1))
        >>> [round(value.item(), 3) for value in x.numpy().ravel()]
        [0.356, 0.356, 0.356]
    """

    def __init__(self, channels=3, hidden=1):
        super().__init__()
        contract.check_generator(channels, hidden)
        self.channels = channels
        self.squeeze, self.expand = nn.Conv2d(channels, hidden, 1), nn.Conv2d(hidden, channels, 1)
        weights = generator().uniform(size=(hidden, channels))
        weights /= weights.sum(axis=1, keepdims=True)
        weights[0] = contract.first_weights(channels)
        counts = np.zeros((channels, hidden))
        counts[:, 0] = 1
        for layer, start in ((self.squeeze, weights), (self.expand, counts)):
            layer.weight.data = start[:, :, None, None].astype(np.float32)
            layer.bias.data = np.zeros(len(start), np.float32)

    def forward(self, x):
        """Visible images to X, both (n, channels, height, width)."""
        x = as_tensor(x)
        contract.check_visible(x.shape, self.channels)
        return self.expand(relu(self.squeeze(x)))


class XModalNet(nn.Module):
    r"""Features f of images of any modality, and one classifier of persons for all modalities.

    Three 3 x 3 convolutions to `width`, 2 `width` and 4 `width` channels, the first two with stride 2, each followed by
    batch normalisation and ReLU; means over four stripes from top to bottom, each of the whole width, since a jacket is
    above trousers; a linear layer to `dim`. Batch normalisation takes its statistics over all modalities of a batch.

    Args:    identities: persons to learn, at least 2.
             dim: of the features.
             width: channels of the first layer.
             x_modality: whether there is a `generator` of the X modality; False: the baseline of two modalities.
    Raises:  ValueError: sizes too small, images or features of another shape, `generate` of the baseline.
    Source:  Li et al. (2020). Differs: the paper's encoder is a ResNet-50 trained on ImageNet; this is small, and
             trained from nothing.

    Example:
        >>> net = XModalNet(identities=5, dim=8, width=2)
        >>> visible = np.zeros((4, 3, 16, 8), np.float32)
        >>> net(net.generate(visible)).shape, net.classify(net(visible)).shape
        ((4, 8), (4, 5))
    """

    def __init__(self, identities, dim=64, width=16, x_modality=True):
        super().__init__()
        contract.check_sizes(identities, dim, width)
        self.identities, self.dim = identities, dim
        self.generator = XModality() if x_modality else None
        blocks = []
        for before, after, stride in ((3, width, 2), (width, 2 * width, 2), (2 * width, 4 * width, 1)):
            convolution = nn.Conv2d(before, after, 3, stride=stride, padding=1, bias=False)
            blocks += [convolution, nn.BatchNorm2d(after), nn.ReLU()]
        self.encoder, self.project = nn.Sequential(*blocks), nn.Linear(contract.STRIPES * 4 * width, dim)
        self.classifier = nn.Linear(dim, identities)

    def forward(self, images):
        """Features of images (n, 3, height, width). Shape (n, dim)."""
        images = as_tensor(images)
        contract.check_images(images.shape)
        rows = mean(self.encoder(images), axis=3)  # (n, 4 width, rows)
        stripes = matmul(rows, _means_of_rows(rows.shape[2], rows.dtype))  # (n, 4 width, STRIPES)
        return self.project(flatten(stripes, 1))

    def generate(self, visible):
        """X of visible images, both (n, 3, height, width)."""
        contract.check_has_generator(self.generator is not None)
        return self.generator(visible)

    def classify(self, features):
        """A score for each person. Shape (n, identities)."""
        features = as_tensor(features)
        contract.check_features(features.shape, self.dim)
        return self.classifier(features)


def _means_of_rows(rows, dtype):
    """Weights of rows in stripes, (rows, STRIPES): stripe s is the mean from s rows/S down to (s + 1) rows/S."""
    weights = np.zeros((rows, contract.STRIPES), dtype)
    for stripe in range(contract.STRIPES):
        first, end = stripe * rows // contract.STRIPES, -(-(stripe + 1) * rows // contract.STRIPES)
        weights[first:end, stripe] = 1 / (end - first)
    return weights
