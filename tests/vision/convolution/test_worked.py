"""Filters, sizes, pooling and parameters by hand, from the slides' examples and questions."""

import numpy as np
import torch

from mylib import engine
from mylib.vision.convolution import pytorch, scratch

POOL_EXAMPLE = np.array([[1, 4, 3, 6], [2, 1, 0, 9], [2, 2, 7, 7], [5, 3, 3, 6]], dtype=float)


def test_five_point_mean_of_the_slide(side):
    module, array = side
    got = module.conv1d(array(np.array([0.0, 0, 10, 0, 0, 0, 5])), array(np.full(5, 0.2)), "zero")
    np.testing.assert_allclose(np.asarray(got), [2, 2, 2, 2, 3, 1, 1], atol=1e-12)


def test_practice_filters_do_what_the_slide_says(side):
    module, array = side
    x = np.arange(12.0).reshape(3, 4)
    image = array(x)
    filtered = {name: np.asarray(module.correlate2d(image, getattr(module, name), "replicate")) for name in
                ("IDENTITY", "SHIFT_LEFT", "BOX", "SHARPEN")}  # fmt: skip
    np.testing.assert_array_equal(filtered["IDENTITY"], x)
    np.testing.assert_array_equal(filtered["SHIFT_LEFT"][:, :-1], x[:, 1:])
    np.testing.assert_allclose(filtered["BOX"][1, 1], x[:3, :3].mean())
    np.testing.assert_allclose(filtered["SHARPEN"], 2 * x - filtered["BOX"], atol=1e-12)


def test_correlating_an_impulse_turns_the_kernel_round_and_convolving_does_not(side):
    # The slide's example; it prints [i h h; f e d; c b a], with an h where the g belongs.
    module, array = side
    letters = np.arange(1.0, 10).reshape(3, 3)
    impulse = np.zeros((5, 5))
    impulse[2, 2] = 1
    got = np.asarray(module.correlate2d(array(impulse), array(letters)))
    np.testing.assert_array_equal(got, [[9, 8, 7], [6, 5, 4], [3, 2, 1]])
    np.testing.assert_array_equal(np.asarray(module.convolve2d(array(impulse), array(letters))), letters)


def test_questions_of_the_slides_are_answered(side):
    module, _ = side
    assert module.output_size(7, 3) == 5, "7x7 image, 3x3 filter"
    assert module.output_size(32, 5) == 28, "32x32x3 with D filters of 5x5: 28x28xD; the filter's size matters"
    assert module.output_size(32, 5, padding=2) == 32, "the slide's 32x32xD needs two pixels of padding"
    assert module.conv_parameters(3, 8, 5) == 8 * (5 * 5 * 3 + 1), "first layer, D1 = 8"
    assert module.conv_parameters(8, 16, 5) == 16 * (5 * 5 * 8 + 1), "the second layer's [] is D1"


def test_pooling_of_the_slides_block(side):
    module, array = side
    image = array(POOL_EXAMPLE[None, None])
    assert np.asarray(module.max_pool2d(image, 2))[0, 0].tolist() == [[4, 9], [5, 7]]
    assert np.asarray(module.mean_pool2d(image, 2))[0, 0].tolist() == [[2, 4.5], [3, 5.75]]


def test_max_pool_sends_gradient_to_first_maximum_only():
    for tensor, module in ((engine.Tensor, scratch), (torch.tensor, pytorch)):
        image = tensor(POOL_EXAMPLE[None, None], requires_grad=True)
        module.max_pool2d(image, 2).sum().backward()
        expected = np.zeros((4, 4))
        expected[[0, 1, 3, 2], [1, 3, 0, 2]] = 1  # the 7 at (2, 2) and not its equal at (2, 3)
        np.testing.assert_array_equal(np.asarray(image.grad)[0, 0], expected)


def test_lenet_has_the_parameters_of_the_paper_in_this_variant(side):
    # 6 (25 + 1) + 16 (25 * 6 + 1) + 120 (400 + 1) + 84 (120 + 1) + 10 (84 + 1), by hand.
    module, _ = side
    count = sum(np.prod(parameter.shape) for parameter in module.LeNet().parameters())
    assert count == 156 + 2416 + 48120 + 10164 + 850 == 61706
