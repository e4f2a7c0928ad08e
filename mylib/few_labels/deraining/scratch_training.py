r"""A network that subtracts rain, and its training in two alternating phases, in NumPy."""

import numpy as np

from mylib.engine import as_tensor, concatenate, nn, no_grad, relu
from mylib.few_labels.deraining import contract
from mylib.few_labels.deraining.scratch_pictures import supervised_loss
from mylib.few_labels.deraining.scratch_processes import cosine_kernel, pseudo_label_loss, pseudo_latents


class Derainer(nn.Module):
    r"""z = E(x), y = x - G(z, skips): an encoder of two halvings, a decoder that says what the rain has added.

    Args:    channels: of the pictures.
             width: channels of the maps at full size; twice as many at half size.
             latent: channels of z.
    Raises:  ValueError: a size below 1.
    Source:  Yasarla et al. (2020). Differs: plain convolutions, the paper has Res2Net blocks.

    Example:
        >>> image, latent = Derainer(width=4, latent=2)(np.zeros((1, 3, 16, 8), np.float32))
        >>> image.shape, latent.shape
        ((1, 3, 16, 8), (1, 2, 4, 2))
    """

    def __init__(self, channels=3, width=16, latent=16):
        super().__init__()
        contract.check_sizes(channels, width, latent)
        self.enter = nn.Conv2d(channels, width, 3, padding=1)
        self.shrink = nn.Conv2d(width, 2 * width, 3, stride=2, padding=1)
        self.encode = nn.Conv2d(2 * width, latent, 3, stride=2, padding=1)
        self.grow = nn.ConvTranspose2d(latent, 2 * width, 4, stride=2, padding=1)
        self.mix = nn.Conv2d(4 * width, 2 * width, 3, padding=1)
        self.spread = nn.ConvTranspose2d(2 * width, width, 4, stride=2, padding=1)
        self.leave = nn.Conv2d(2 * width, channels, 3, padding=1)

    def forward(self, images):
        """Rainy pictures to pictures without rain, not clipped, and latents.

        Args:    images: in [0, 1], sides divisible by 4. Shape (n, channels, height, width).
        Returns: image of the same shape, and latent z. Shape (n, latent, height / 4, width / 4).
        Raises:  ValueError: other shapes, or values outside [0, 1].
                 TypeError: whole numbers.
        """
        x = as_tensor(images)
        contract.check_floating("Derainer", x.dtype)
        contract.check_images("Derainer", x.shape, self.enter.weight.shape[1])
        _check_unit("Derainer", x.data)
        whole = relu(self.enter(x))
        half = relu(self.shrink(whole))
        latent = self.encode(half)
        grown = relu(self.mix(concatenate([relu(self.grow(latent)), half], axis=1)))
        rain = self.leave(concatenate([relu(self.spread(grown)), whole], axis=1))
        return x - rain, latent


class Syn2Real:
    r"""Rain with labels and rain without, in turn: an epoch of each.

    Labelled phase: steps on L_sup; then the latents of all labelled pictures are stored, in eval mode. Unlabelled
    phase: for each picture mu, Sigma_n and Sigma_f from the stored latents, steps on lambda L_unsup. No gradient of it
    reaches the decoder, whose weights stay as they are.

    Args:    model: pictures to (image, latent), such as `Derainer`.
             optimizer: of the model's parameters.
             labelled: (rainy, clean), each of shape (n, channels, height, width), in [0, 1].
             unlabelled: rainy pictures. Shape (m, channels, height, width).
             neighbours, kernel, noise: of `pseudo_latents`.
             unlabelled_weight: lambda.
             batch_size: pictures a step; the last batch of an epoch may be smaller.
             features: of `supervised_loss`.
             seed: of the order of the pictures, the same on both sides.
    Raises:  ValueError: shapes that do not fit, pictures outside [0, 1], more neighbours than labelled pictures, noise
             that is not above 0, a batch of none.
             TypeError: whole numbers.
    Source:  Yasarla et al. (2020); slides "Labeled Data training phase" and "Unlabeled Data training phase".
             Differs: none beside the parts'.

    Example:
        >>> from mylib.engine import optim
        >>> rainy = np.random.default_rng(0).random((4, 3, 8, 8), np.float32)
        >>> model = Derainer(width=2, latent=2)
        >>> trained = Syn2Real(model, optim.Adam(model.parameters()), (rainy, rainy / 2), rainy, neighbours=2)
        >>> trained.epoch()._fields, trained.latents.shape
        (('labelled', 'unlabelled'), (4, 8))
    """

    def __init__(
        self,
        model,
        optimizer,
        labelled,
        unlabelled,
        *,
        neighbours=8,
        kernel=cosine_kernel,
        noise=1.0,
        unlabelled_weight=0.015,
        batch_size=8,
        features=None,
        seed=0,
    ):
        self.rainy, self.clean = map(np.asarray, labelled)
        self.unlabelled = np.asarray(unlabelled)
        shapes = (one.shape for one in (self.rainy, self.clean, self.unlabelled))
        contract.check_training(*shapes, neighbours, noise, unlabelled_weight, batch_size)
        for pictures in (self.rainy, self.clean, self.unlabelled):
            contract.check_floating("Syn2Real", pictures.dtype)
            _check_unit("Syn2Real", pictures)
        self.model, self.optimizer, self.features = model, optimizer, features
        self.process = {"neighbours": neighbours, "kernel": kernel, "noise": noise}
        self.weight, self.batch_size = unlabelled_weight, batch_size
        self.latents, self.rng = None, np.random.default_rng(seed)

    def epoch(self):
        """Both phases. Returns `Losses`."""
        return contract.Losses(self.labelled_epoch(), self.unlabelled_epoch())

    def labelled_epoch(self):
        """Every labelled picture once; then their latents are stored. Returns the mean of the steps' losses."""
        losses = [self._labelled_step(chosen) for chosen in self._batches(len(self.rainy))]
        self.store()
        return float(np.mean(losses))

    def unlabelled_epoch(self):
        """Every unlabelled picture once. Returns the mean of the steps' losses, before their weight."""
        if self.latents is None:
            self.store()
        return float(np.mean([self._unlabelled_step(chosen) for chosen in self._batches(len(self.unlabelled))]))

    def store(self):
        """Keep the latents of all labelled pictures, in eval mode and without graph. (n, latent height width / 16)."""
        training = self.model.training
        self.model.eval()
        with no_grad():
            parts = np.split(self.rainy, range(self.batch_size, len(self.rainy), self.batch_size))
            self.latents = np.concatenate([self.model(part)[1].data.reshape(len(part), -1) for part in parts])
        self.model.train(training)

    def _batches(self, count):
        order = self.rng.permutation(count)
        return np.split(order, range(self.batch_size, count, self.batch_size))

    def _labelled_step(self, chosen):
        self.model.train()
        image, _ = self.model(self.rainy[chosen])
        return self._step(supervised_loss(image, self.clean[chosen], self.features))

    def _unlabelled_step(self, chosen):
        self.model.train()
        z = self.model(self.unlabelled[chosen])[1].flatten(1)
        return self._step(pseudo_label_loss(z, *pseudo_latents(z, self.latents, **self.process)), self.weight)

    def _step(self, loss, weight=1.0):
        self.optimizer.zero_grad()
        (weight * loss).backward()
        self.optimizer.step()
        return loss.item()


def _check_unit(operation, pictures):
    contract.check_unit(operation, float(pictures.min()), float(pictures.max()))
