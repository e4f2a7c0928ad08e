"""Views in NumPy: colours turned about the grey axis, textures in the dark, and keys that copy one parameter."""

import numpy as np

from mylib.attention.contrastive.scratch import augment
from mylib.representation.augmentation_invariance import contract
from mylib.representation.augmentation_invariance.views import draw_parameters
from mylib.representation.self_supervision.scratch import rotate90


def hue_rotation(images, turns):
    r"""Turn all colours of an image about the grey axis: y_i = clip(sum_j R_ij x_j, 0, 1).

    R_ij = 1/3 + 2/3 cos 2 pi (t - (i - j) / 3), with channels i, j = 0, 1, 2 (red, green, blue), is the rotation by
    2 pi t about (1, 1, 1). Its rows sum to 1: greys stay, and so does the sum of channels where nothing is clipped. A
    third of a turn makes red green, green blue, and blue red.

    Args:    images: x, in [0, 1]. Shape (batch, 3, height, width).
             turns: t, in revolutions, any real number. Shape (batch,).
    Returns: new images, of the same shape and type.
    Raises:  ValueError: other shapes, or turns that are not finite. TypeError: integer images.
    Source:  Rodrigues' formula; a change of hue alone. Differs: Xiao et al. jitter colours, which as a rule changes
             brightness, contrast and saturation, too.

    Example:
        >>> hue_rotation(np.array([1.0, 0.5, 0.0]).reshape(1, 3, 1, 1), [1 / 3]).round(6).ravel().tolist()
        [0.0, 1.0, 0.5]
    """
    images, turns = np.asarray(images), np.asarray(turns, float)
    contract.check_hue(images.shape, turns.shape, images.dtype, bool(np.isfinite(turns).all()))
    steps = np.arange(3)[:, None] - np.arange(3)  # i - j
    matrices = 1 / 3 + 2 / 3 * np.cos(2 * np.pi * (turns[:, None, None] % 1 - steps / 3))
    turned = np.einsum("bij,bjhw->bihw", matrices.astype(images.dtype), images)
    return np.clip(turned, 0, 1)


def blend_texture(images, textures, share):
    r"""Fill the dark parts of an image with a texture: y = x + s (1 - max over channels of x) (t - x).

    Args:    images: x, in [0, 1]. Shape (batch, channels, height, width).
             textures: t, in [0, 1], one for each image, grey or with as many channels. Shape (batch, 1 or channels,
                 height, width).
             share: s, from 0 (the image) to 1 (black becomes the texture). Shape (batch,).
    Returns: new images, of the same shape and type.
    Raises:  ValueError: shapes that do not fit, or shares outside 0 to 1. TypeError: integer images or textures.
    Source:  this course: a stand-in for the texture augmentation of the slide "Experiments", which does not say how it
             is made; here it spares the strokes of digits. Differs: in this.

    Example:
        >>> blend_texture(np.array([0.0, 1.0]).reshape(1, 1, 1, 2), np.full((1, 1, 1, 2), 0.8), [0.5]).tolist()
        [[[[0.4, 1.0]]]]
    """
    images, textures, share = np.asarray(images), np.asarray(textures), np.asarray(share, float)
    limits = share.min(initial=0), share.max(initial=0)
    contract.check_blend(images.shape, textures.shape, share.shape, (images.dtype, textures.dtype), *limits)
    dark = 1 - images.max(axis=1, keepdims=True)
    return images + (share.astype(images.dtype)[:, None, None, None] * dark) * (textures.astype(images.dtype) - images)


def leave_one_out_views(images, rng, augmentations=("rotation", "colour"), crop=True, textures=None):
    r"""A query and n + 1 keys of each image: key 0 is changed independently, key i shares augmentation i with it.

    Each view is the image cropped, recoloured, laid over a texture and turned, in this order; each step only if it was
    asked for. The crop is drawn anew for every view.

    Args:    images: in [0, 1]. Shape (batch, 3, height, width).
             rng: NumPy generator; it draws what `draw_parameters` says.
             augmentations: n different names out of "rotation" (quarter turns), "colour" (`hue_rotation`), "texture"
                 (`blend_texture`); none is plain MoCo.
             crop: 40 to 100 % of the area at full size again, as `contrastive.augment`.
             textures: what "texture" draws from. Shape (count, 1 or 3, height, width).
    Returns: query, shape (batch, 3, height, width), and keys, (n + 1, batch, 3, height, width).
    Raises:  ValueError: unknown names, one name twice, other shapes, textures without "texture" or the reverse.
             TypeError: integer images, or a name instead of a tuple of names.
    Source:  Xiao et al. (2021), section 3; slide "Model Architecture". Differs: colour is a turn of the hue alone,
             texture as in `blend_texture`; no flip (a mirrored 2 is no digit) and no blur.

    Example:
        >>> ones = np.ones((4, 3, 6, 6))
        >>> query, keys = leave_one_out_views(ones, np.random.default_rng(0), ("rotation",))
        >>> query.shape, keys.shape
        ((4, 3, 6, 6), (2, 4, 3, 6, 6))
    """
    images, textures = np.asarray(images), None if textures is None else np.asarray(textures)
    found = (None, None) if textures is None else (textures.shape, textures.dtype)
    names = contract.check_views(images.shape, augmentations, found[0], images.dtype, found[1])
    query, *keys = (_view(images, draw, textures) for draw in draw_parameters(rng, len(images), names, crop))
    return query, np.stack(keys)


def _view(images, draw, textures):
    """The images, changed as drawn."""
    if "crop" in draw:
        images = augment(images, np.random.default_rng(draw["crop"]), blur=False, contrast=False)
    if "colour" in draw:
        images = hue_rotation(images, draw["colour"])
    if "texture" in draw:
        place, share = draw["texture"].T
        images = blend_texture(images, textures[(place * len(textures)).astype(int)], share)
    if "rotation" in draw:
        images = rotate90(images, draw["rotation"])
    return images
