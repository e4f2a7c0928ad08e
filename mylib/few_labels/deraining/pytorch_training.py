r"""A network that subtracts rain, and its training in two alternating phases, in PyTorch."""

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

from mylib.few_labels.deraining import contract
from mylib.few_labels.deraining.pytorch_pictures import supervised_loss
from mylib.few_labels.deraining.pytorch_processes import cosine_kernel, pseudo_label_loss, pseudo_latents
from mylib.shared.devices import on_cpu


class Derainer(nn.Module):
    r"""z = E(x), y = x - G(z, skips). Values outside [0, 1] are refused on the CPU only."""

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
        """Rainy pictures to pictures without rain, not clipped, and latents."""
        contract.check_floating("Derainer", images.dtype)
        contract.check_images("Derainer", images.shape, self.enter.in_channels)
        _check_unit("Derainer", images)
        skips = [F.relu(self.enter(images))]
        skips.append(F.relu(self.shrink(skips[0])))
        z = self.encode(skips[1])
        up = self.mix(torch.cat((F.relu(self.grow(z)), skips[1]), dim=1)).relu()
        return images - self.leave(torch.cat((F.relu(self.spread(up)), skips[0]), dim=1)), z


class Syn2Real:
    r"""Rain with labels and rain without, in turn, on the pictures' device; losses are read once an epoch."""

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
        rainy, clean = labelled
        shapes = rainy.shape, clean.shape, unlabelled.shape
        contract.check_training(*shapes, neighbours, noise, unlabelled_weight, batch_size)
        for pictures in (rainy, clean, unlabelled):
            contract.check_floating("Syn2Real", pictures.dtype)
            _check_unit("Syn2Real", pictures)
        self.model, self.optimizer = model, optimizer
        self.rainy, self.clean, self.unlabelled = rainy, clean, unlabelled
        self.neighbours, self.kernel, self.noise = neighbours, kernel, noise
        self.unlabelled_weight, self.batch_size, self.features = unlabelled_weight, batch_size, features
        self.latents, self.rng = None, np.random.default_rng(seed)

    def epoch(self):
        """Both phases. Returns `Losses`."""
        first = self.labelled_epoch()
        return contract.Losses(labelled=first, unlabelled=self.unlabelled_epoch())

    def labelled_epoch(self):
        """Every labelled picture once; then their latents are stored. Returns the mean of the steps' losses."""
        mean = self._epoch(self.rainy, self._with_label)
        self.store()
        return mean

    def unlabelled_epoch(self):
        """Every unlabelled picture once. Returns the mean of the steps' losses, before their weight."""
        if self.latents is None:
            self.store()
        return self._epoch(self.unlabelled, self._without_label, self.unlabelled_weight)

    @torch.no_grad()
    def store(self):
        """Keep the latents of all labelled pictures, in eval mode and without graph."""
        training = self.model.training
        self.model.eval()
        self.latents = torch.cat([self.model(part)[1].flatten(1) for part in self.rainy.split(self.batch_size)])
        self.model.train(training)
        torch.clear_autocast_cache()  # its casts of the weights have no graph

    def _epoch(self, pictures, loss_of, weight=1.0):
        """One step for each batch of a new order; the losses wait on the device."""
        self.model.train()
        order, losses = torch.as_tensor(self.rng.permutation(len(pictures)), device=pictures.device), []
        for chosen in order.split(self.batch_size):
            self.optimizer.zero_grad(set_to_none=True)
            losses.append(loss_of(chosen))
            (weight * losses[-1]).backward()
            self.optimizer.step()
            losses[-1] = losses[-1].detach()
        torch.clear_autocast_cache()
        return torch.stack(losses).mean().item()

    def _with_label(self, chosen):
        return supervised_loss(self.model(self.rainy[chosen])[0], self.clean[chosen], self.features)

    def _without_label(self, chosen):
        z = self.model(self.unlabelled[chosen])[1].flatten(1)
        labels = pseudo_latents(z, self.latents, self.neighbours, self.kernel, self.noise)
        return pseudo_label_loss(z, *labels)


def _check_unit(operation, pictures):
    if on_cpu(pictures):
        contract.check_unit(operation, *map(float, torch.aminmax(pictures.detach())))
