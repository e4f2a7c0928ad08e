"""Views in PyTorch, on the device of the images."""

import math

import numpy as np
import torch

from mylib.attention.contrastive.pytorch import augment
from mylib.representation.augmentation_invariance import contract
from mylib.representation.augmentation_invariance.views import draw_parameters
from mylib.representation.self_supervision.pytorch import rotate90
from mylib.shared.devices import on_cpu


def hue_rotation(images, turns):
    r"""Turn all colours of an image about the grey axis: y = g + cos a (x - g) + sin a (x_{i-1} - x_{i+1}) / sqrt 3.

    g is the mean of the channels, a = 2 pi t; the result is clipped to [0, 1]. Turns are looked at on the CPU only.
    """
    turns = torch.as_tensor(turns)
    finite = not on_cpu(turns) or bool(turns.isfinite().all())
    contract.check_hue(images.shape, turns.shape, images.dtype, finite)
    angles = 2 * math.pi * (turns.to(images.device, images.dtype) % 1)[:, None, None, None]
    grey = images.mean(dim=1, keepdim=True)
    across = (images.roll(1, 1) - images.roll(-1, 1)) / math.sqrt(3)
    return (grey + angles.cos() * (images - grey) + angles.sin() * across).clamp(0, 1)


def blend_texture(images, textures, share):
    r"""Fill the dark parts of an image with a texture: y = x + s (1 - max over channels of x) (t - x).

    Shares are looked at on the CPU only.
    """
    share = torch.as_tensor(share)
    limits = map(float, share.aminmax()) if share.numel() and on_cpu(share) else (0, 0)
    contract.check_blend(images.shape, textures.shape, share.shape, (images.dtype, textures.dtype), *limits)
    weight = share.to(images.device, images.dtype)[:, None, None, None] * (1 - images.amax(dim=1, keepdim=True))
    return torch.lerp(images, textures.to(images.dtype).expand_as(images), weight.expand_as(images))


def leave_one_out_views(images, rng, augmentations=("rotation", "colour"), crop=True, textures=None):
    r"""A query and n + 1 keys of each image: key 0 is changed independently, key i shares augmentation i with it."""
    found = (None, None) if textures is None else (textures.shape, textures.dtype)
    names = contract.check_views(images.shape, augmentations, found[0], images.dtype, found[1])
    views = [_view(images, draw, textures) for draw in draw_parameters(rng, len(images), names, crop)]
    return views[0], torch.stack(views[1:])


def _view(images, draw, textures):
    """The images, changed as drawn."""
    view, device = images, images.device
    if not len(images):
        return view
    if "crop" in draw:
        view = augment(view, np.random.default_rng(draw["crop"]), blur=False, contrast=False)
    if "colour" in draw:
        view = hue_rotation(view, torch.from_numpy(draw["colour"]))
    if "texture" in draw:
        place, share = torch.from_numpy(draw["texture"]).unbind(1)
        which = (place * len(textures)).long().to(device, non_blocking=True)
        view = blend_texture(view, textures[which], share)
    return rotate90(view, torch.from_numpy(draw["rotation"])) if "rotation" in draw else view
