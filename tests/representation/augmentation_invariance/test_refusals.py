"""Names, shapes, channels and temperatures that augmentation_invariance refuses."""

import numpy as np
import pytest

from mylib.attention.contrastive import pytorch as torch_contrastive
from mylib.attention.contrastive import scratch as contrastive
from mylib.representation.augmentation_invariance.views import draw_parameters
from tests.representation.augmentation_invariance.cases import RNG, vectors

IMAGES, GREY = np.ones((2, 3, 4, 4)), np.ones((2, 1, 4, 4))
Q, K, QUEUE = vectors(0, 2)


def views(module, make, images=IMAGES, names=("rotation",), **options):
    return module.leave_one_out_views(make(images), RNG(0), names, **options)


def queues(make, count):
    return [(contrastive if make is np.asarray else torch_contrastive).KeyQueue(8, 5) for _ in range(count)]


BAD = {
    "an unknown augmentation": (
        lambda m, a: views(m, a, names=("rotation", "blur")),
        "augmentations of 'rotation' or 'colour' or 'texture', got 'blur'; crops are drawn anew",
    ),
    "one name twice": (
        lambda m, a: views(m, a, names=("colour", "rotation", "colour")),
        "expected each augmentation once, got .'colour', 'rotation', 'colour'.; one head for each is enough",
    ),
    "grey images": (lambda m, a: views(m, a, GREY), r"expected images \(batch, 3, height, width\).*got \(2, 1, 4, 4\)"),
    "images of two channels": (
        lambda m, a: m.hue_rotation(a(IMAGES[:, :2]), a(np.ones(2))),
        r"hue_rotation: expected images \(batch, 3, height, width\).*got \(2, 2, 4, 4\)",
    ),
    "turns of images that are no squares": (
        lambda m, a: views(m, a, IMAGES[..., :3]),
        "expected square images with 'rotation', got 4 x 3 pixels; crop or pad them",
    ),
    "texture without textures": (
        lambda m, a: views(m, a, names=("texture",)),
        "expected textures with augmentations .'texture',., got none; give both or neither",
    ),
    "textures for nothing": (
        lambda m, a: views(m, a, textures=a(GREY)),
        "expected no textures with augmentations .'rotation',., got some",
    ),
    "textures of another size": (
        lambda m, a: views(m, a, names=("texture",), textures=a(GREY[..., :3])),
        r"textures \(count, channels, 4, 4\) with count of at least 1, got \(2, 1, 4, 3\); cut textures",
    ),
    "no texture to choose from": (
        lambda m, a: views(m, a, names=("texture",), textures=a(GREY[:0])),
        "with count of at least 1, got",
    ),
    "textures of two channels": (
        lambda m, a: m.blend_texture(a(IMAGES), a(IMAGES[:, :2]), a(np.ones(2))),
        "expected textures of 1 or 3 channels, got 2; take the mean",
    ),
    "a texture for another number of images": (
        lambda m, a: m.blend_texture(a(IMAGES), a(IMAGES[:1]), a(np.ones(2))),
        r"textures \(2, _, 4, 4\), got \(1, 3, 4, 4\)",
    ),
    "a share above 1": (
        lambda m, a: m.blend_texture(a(IMAGES), a(IMAGES), a(np.array([0.5, 1.5]))),
        "share from 0 to 1, got 1.5; 0 leaves the image as it is",
    ),
    "one share for all": (
        lambda m, a: m.blend_texture(a(IMAGES), a(IMAGES), a(np.array(0.5))),
        r"share \(batch,\).*got \(2, 3, 4, 4\) and \(\); one share for each image",
    ),
    "one turn for all": (
        lambda m, a: m.hue_rotation(a(IMAGES), a(np.array([0.5]))),
        r"turns \(batch,\), got \(2, 3, 4, 4\) and \(1,\), where batch is both 2 and 1; one number of turns",
    ),
    "an infinite turn": (lambda m, a: m.hue_rotation(a(IMAGES), a(np.array([0, np.inf]))), "finite turns, got inf"),
    "more views than heads": (
        lambda m, a: m.looc_loss(a(Q), a(np.repeat(K, 2, axis=1)), a(QUEUE)),
        r"keys \(heads, heads, batch, dim\).*where heads is both 2 and 4; head i needs a queue of its own",
    ),
    "one queue for all heads": (lambda m, a: m.looc_loss(a(Q), a(K), a(QUEUE[0])), r"queues \(heads, size, dim\)"),
    "an empty queue": (
        lambda m, a: m.looc_loss(a(Q), a(K), a(QUEUE[:, :0])),
        "with size of at least 1, got",
    ),
    "no images": (lambda m, a: m.looc_loss(a(Q[:, :0]), a(K[:, :, :0]), a(QUEUE)), "with heads and batch and dim"),
    "keys of another dimension": (
        lambda m, a: m.looc_loss(a(Q[..., :3]), a(K), a(QUEUE)),
        "where dim is both 3 and 5",
    ),
    "a temperature of 0": (lambda m, a: m.looc_loss(a(Q), a(K), a(QUEUE), 0), "temperature above 0, got 0; 0 would"),
    "a temperature that is no number": (
        lambda m, a: m.looc_loss(a(Q), a(K), a(QUEUE), float("nan")),
        "temperature above 0, got nan",
    ),
    "no heads": (lambda m, a: m.LooC(None, 4, heads=0), "LooC: expected dim, heads, hidden and out_features of at"),
    "one queue for two heads": (
        lambda m, a: m.push(queues(a, 1), a(K)),
        r"queues \(heads,\), got \(2, 2, 4, 5\) and \(1,\), where heads is both 2 and 1; one KeyQueue for each head",
    ),
    "keys of one head without its axis": (lambda m, a: m.push(queues(a, 2), a(Q[0])), r"keys \(heads, batch, dim\)"),
    "a batch that does not divide the queue": (
        lambda m, a: m.push(queues(a, 2), a(K[:, :, :3])),
        "KeyQueue: expected a batch that divides the queue's size 8, got 3",
    ),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_input_says_what_is_expected(side, case):
    call, message = BAD[case]
    with pytest.raises(ValueError, match=message):
        call(*side)


WRONG_TYPES = {
    "a name for a tuple": (lambda m, a: views(m, a, names="colour"), "got the string 'colour'; write .'colour',."),
    "integer images": (lambda m, a: views(m, a, IMAGES.astype(np.int64)), "floating-point images, got .*int64; divide"),
    "integer images to recolour": (
        lambda m, a: m.hue_rotation(a(IMAGES.astype(np.uint8)), a(np.ones(2))),
        "floating-point images, got .*uint8",
    ),
    "integer textures": (
        lambda m, a: m.blend_texture(a(IMAGES), a(IMAGES.astype(np.int64)), a(np.ones(2))),
        "floating-point textures, got .*int64",
    ),
    "integer keys": (lambda m, a: m.looc_loss(a(Q), a(K.astype(np.int64)), a(QUEUE)), "looc_loss: .*floating"),
}


@pytest.mark.parametrize("case", WRONG_TYPES)
def test_wrong_types_say_so(side, case):
    call, message = WRONG_TYPES[case]
    with pytest.raises(TypeError, match=message):
        call(*side)


def test_parameters_of_a_negative_count_or_unknown_names():
    with pytest.raises(ValueError, match="draw_parameters: expected count of at least 0, got -1"):
        draw_parameters(RNG(0), -1)
    with pytest.raises(ValueError, match="draw_parameters: expected augmentations of"):
        draw_parameters(RNG(0), 2, ("crop",))
