"""What local_learning refuses, and with which words."""

import numpy as np
import pytest

from mylib.representation.local_learning import glimpses as drawn
from tests.representation.local_learning.cases import NET, RNG, layer_case, pictures

BAD_ANSWERS = ([0.0, 1.0], [1.0, 2.0], [1.0, np.nan], [1.0, 0.5])


@pytest.mark.parametrize("bad", BAD_ANSWERS)
def test_answers_are_plus_or_minus_one(side, bad):
    module, make = side
    with pytest.raises(ValueError, match=r"hinge_loss: expected y of \+1 \(fixation\) and -1 \(saccade\) only, got"):
        module.hinge_loss(make([0.5, 0.5]), make(bad))
    *arrays, _ = layer_case(0, batch=2)
    with pytest.raises(ValueError, match=r"clapp_update: expected y of \+1 .*2 \* y - 1 turns 0 and 1 into them"):
        module.clapp_update(*map(make, arrays), make(bad))
    net = module.ClappNet(**NET)
    images = make(np.ones((2, 2, 6, 6), np.float32))
    with pytest.raises(ValueError, match=r"expected y of \+1"):
        net.losses(images, images, make(np.array(bad, np.float32)))


def test_scores_and_losses_refuse_shapes(side):
    module, make = side
    z, w = make(np.ones((2, 3))), make(np.eye(3))
    with pytest.raises(ValueError, match=r"prediction_score: expected z \(batch, dim_z\).*batch is both 2 and 4"):
        module.prediction_score(z, make(np.ones((4, 3))), w)
    with pytest.raises(ValueError, match="dim_c is both 3 and 2"):
        module.prediction_score(z, z, make(np.ones((3, 2))))
    with pytest.raises(ValueError, match="batch of at least 1"):
        module.prediction_score(make(np.ones((0, 3))), make(np.ones((0, 3))), w)
    with pytest.raises(ValueError, match=r"hinge_loss: expected score \(batch,\).*2 and 3"):
        module.hinge_loss(make([0.5, 0.5]), make([1, 1, 1]))
    for negatives in (np.ones((4, 3)), np.ones((2, 0, 3)), np.ones((3, 4, 3)), np.ones((2, 4, 5))):
        with pytest.raises(ValueError, match="cpc_loss: expected .*; every row has negatives of its own"):
            module.cpc_loss(z, z, w, make(negatives))


@pytest.mark.parametrize(
    ("which", "shape", "words"),
    [
        (0, (6, 5), r"a dense layer has one position: x\[:, None\]"),
        (1, (6, 3, 5), "positions is both 4 and 3"),
        (2, (3, 4), "in is both 5 and 4"),
        (3, (4,), "out is both 3 and 4"),
        (4, (3, 2), "out is both 3 and 2"),
        (5, (2, 3), "out is both 3 and 2"),
        (6, (5,), "batch is both 6 and 5"),
    ],
)
def test_updates_refuse_shapes(side, which, shape, words):
    module, make = side
    arrays = layer_case(0)
    arrays[which] = np.ones(shape)
    with pytest.raises(ValueError, match=f"clapp_update: expected .*{words}"):
        module.clapp_update(*map(make, arrays))


@pytest.mark.parametrize("which", [0, 1])
def test_updates_refuse_whole_numbers_as_glimpses(side, which):
    module, make = side
    arrays = layer_case(0)
    arrays[which] = np.ones(arrays[which].shape, np.int64)
    with pytest.raises(TypeError, match="clapp_update: expected x.* of floating point, got .*int64; convert"):
        module.clapp_update(*map(make, arrays))


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"widths": ()}, "at least one layer"),
        ({"strides": (1, 2)}, "a stride for each width"),
        (
            {"modules": (1, 1)},
            r"add up to 3 layers, got \(1, 1\); \(1, 1, 1\) learns layer by layer, \(3,\) end to end",
        ),
        ({"modules": (2, 2)}, "add up to 3 layers"),
        ({"modules": (3, 0)}, "modules of at least one layer"),
        ({"modules": ()}, "add up to 3 layers"),
    ],
)
def test_networks_refuse_modules_that_do_not_add_up(side, options, words):
    with pytest.raises(ValueError, match=f"ClappNet: expected .*{words}"):
        side[0].ClappNet(**NET | options)


@pytest.mark.parametrize("sizes", [(0, 3), (1, 0), (1, 3, 0), (1, 3, 3, 0)])
def test_layers_refuse_nothing(side, sizes):
    with pytest.raises(
        ValueError, match="ClappLayer: expected channels_in, channels_out, kernel and stride of at leas"
    ):
        side[0].ClappLayer(*sizes)


def test_losses_refuse_glimpses_that_do_not_pair(side):
    module, make = side
    net = module.ClappNet(**NET)
    image = lambda *shape: make(np.ones(shape, np.float32))  # noqa: E731
    y = make(np.ones(3, np.float32))
    with pytest.raises(ValueError, match="as many present as earlier glimpses, or a multiple, got 3 and 2"):
        net.losses(image(3, 2, 6, 6), image(2, 2, 6, 6), y)
    with pytest.raises(ValueError, match="pairs is both 4 and 3"):
        net.losses(image(4, 2, 6, 6), image(4, 2, 6, 6), y)
    with pytest.raises(ValueError, match="width is both 6 and 5"):
        net.losses(image(3, 2, 6, 6), image(3, 2, 6, 5), y)


def test_features_refuse_layers_and_grids_that_are_not_there(side):
    module, make = side
    net = module.ClappNet(**NET)
    images = make(np.ones((2, 2, 6, 6), np.float32))
    for layer in (0, 4, -1):
        with pytest.raises(ValueError, match=f"layer from 1 to 3, got {layer}; the first layer is 1"):
            net.encode(images, layer)
    with pytest.raises(ValueError, match="grid of at least 1, got 0"):
        net.encode(images, 1, grid=0)
    with pytest.raises(ValueError, match="grid from 1 to 3, got 4; the maps are 3 by 3"):
        net.encode(images, 3, grid=4)
    with pytest.raises(ValueError, match=r"images \(batch, channels, height, width\)"):
        net.encode(images[0], 1)


@pytest.mark.parametrize(
    ("images", "options", "words"),
    [
        (pictures()[:1], {}, "at least two images, since a saccade lands on another one, got 1"),
        ([], {}, "at least two images"),
        (pictures(), {"window": 10}, "at least 10 by 10 pixels, got 9 by 14 as image 0; take a smaller window"),
        (pictures(), {"drift": -1}, "drift of at least 0, got -1"),
        (pictures(), {"count": 0}, "count and window of at least 1, got 0 and 4"),
        (pictures(), {"window": 0}, "count and window of at least 1, got 5 and 0"),
        ([*pictures(), np.ones((1, 9, 9))], {}, "image 3 does not fit the others"),
        ([np.ones((9, 9))] * 2, {}, "image 0 does not fit the others"),
    ],
)
def test_eyes_need_two_images_larger_than_a_window(images, options, words):
    with pytest.raises(ValueError, match=f"draw_glimpses: expected .*{words}"):
        drawn.draw_glimpses(images, RNG(0), **{"count": 5, "window": 4} | options)


def test_glimpses_are_of_floating_point():
    with pytest.raises(
        TypeError, match="draw_glimpses: expected images of floating point, got uint8; convert, or divi"
    ):
        drawn.draw_glimpses([np.ones((1, 9, 9), np.uint8)] * 2, RNG(0), 3, window=4)
    with pytest.raises(TypeError, match="standardise: expected windows of floating point"):
        drawn.standardise(np.ones((1, 3, 3), np.int64))
