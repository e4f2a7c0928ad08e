"""The generator of the X modality, and an encoder for all three, in PyTorch."""

import torch
import torch.nn.functional as F
from torch import nn

from mylib.representation.cross_modality import contract


class XModality(nn.Module):
    r"""X = W_2 [W_1 v + b_1]_+ + b_2 at each pixel v: two 1 x 1 convolutions; X begins as the grey picture."""

    def __init__(self, channels=3, hidden=1):
        super().__init__()
        contract.check_generator(channels, hidden)
        self.channels = channels
        self.squeeze = nn.Conv2d(channels, hidden, kernel_size=1)
        self.expand = nn.Conv2d(hidden, channels, kernel_size=1)
        mixtures = F.normalize(torch.rand(hidden - 1, channels), p=1)  # alike, they would stay alike for ever
        luminance = torch.tensor([contract.first_weights(channels)])
        with torch.no_grad():
            self.squeeze.weight.copy_(torch.cat([luminance, mixtures])[:, :, None, None])
            nn.init.zeros_(self.expand.weight)[:, 0] = 1
            nn.init.zeros_(self.squeeze.bias)
            nn.init.zeros_(self.expand.bias)

    def forward(self, x):
        """Visible images to X, both (n, channels, height, width)."""
        contract.check_visible(x.shape, self.channels)
        return self.expand(F.relu(self.squeeze(x)))


class XModalNet(nn.Module):
    r"""Features f of images of any modality, and one classifier of persons for all modalities."""

    def __init__(self, identities, dim=64, width=16, x_modality=True):
        super().__init__()
        contract.check_sizes(identities, dim, width)
        self.identities, self.dim = identities, dim
        self.generator = XModality() if x_modality else None
        self.encoder = nn.Sequential(
            nn.Conv2d(3, width, kernel_size=3, stride=2, padding=1, bias=False),
            nn.BatchNorm2d(width),
            nn.ReLU(),
            nn.Conv2d(width, 2 * width, kernel_size=3, stride=2, padding=1, bias=False),
            nn.BatchNorm2d(2 * width),
            nn.ReLU(),
            nn.Conv2d(2 * width, 4 * width, kernel_size=3, padding=1, bias=False),
            nn.BatchNorm2d(4 * width),
            nn.ReLU(),
        )
        self.project = nn.Linear(contract.STRIPES * 4 * width, dim)
        self.classifier = nn.Linear(dim, identities)

    def forward(self, images):
        """Features of images (n, 3, height, width). Shape (n, dim)."""
        contract.check_images(images.shape)
        stripes = F.adaptive_avg_pool2d(self.encoder(images), (contract.STRIPES, 1))  # (n, 4 width, STRIPES, 1)
        return self.project(stripes.flatten(1))

    # The same text on both sides: it calls the generator, whose mathematics is written twice.
    def generate(self, visible):
        """X of visible images, both (n, 3, height, width)."""
        contract.check_has_generator(self.generator is not None)
        return self.generator(visible)

    def classify(self, features):
        """A score for each person. Shape (n, identities)."""
        contract.check_features(features.shape, self.dim)
        return self.classifier(features)
