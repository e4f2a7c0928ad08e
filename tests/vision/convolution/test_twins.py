"""The two sides of convolution: layers, pooling, filters, LeNet, and the GPU."""

import numpy as np
import pytest
import torch
from hypothesis import given

from mylib import syllabus
from mylib.vision.convolution import contract, pytorch, scratch
from tests.twins import assert_close, assert_same_function, assert_same_help, assert_same_module
from tests.vision.convolution.cases import draw, layers


@given(case=layers())
def test_twin_layers(case):
    x, weight, bias, options = draw(case)
    assert_same_function(
        lambda *a: scratch.conv2d(*a, **options), lambda *a: pytorch.conv2d(*a, **options), x, weight, bias
    )


@pytest.mark.parametrize("name", ["max_pool2d", "mean_pool2d"])
@pytest.mark.parametrize("options", [(2,), (3, 2), (3, 1, 1), ((2, 3), (1, 2), (1, 0))])
def test_twin_pooling(name, options):
    x = np.random.default_rng(5).normal(size=(2, 3, 7, 8))
    assert_same_function(getattr(scratch, name), getattr(pytorch, name), x, constants=options)


@pytest.mark.parametrize("padding", contract.BORDERS)
def test_twin_filters_also_on_stacks_of_float32_images(padding):
    rng = np.random.default_rng(6)
    for dtype in (np.float64, np.float32):
        image, kernel = rng.normal(size=(2, 3, 6, 5)).astype(dtype), rng.normal(size=(3, 3)).astype(dtype)
        got = scratch.correlate2d(image, kernel, padding)
        assert got.dtype == dtype
        assert_close(got, pytorch.correlate2d(torch.tensor(image), torch.tensor(kernel), padding), dtype, padding)


def test_twin_lenets():
    x = np.random.default_rng(7).normal(size=(4, 1, 28, 28))
    assert_same_module(scratch.LeNet, pytorch.LeNet, x)


def test_twin_filter_constants():
    for name in ("IDENTITY", "SHIFT_LEFT", "BOX", "SHARPEN"):
        np.testing.assert_allclose(getattr(scratch, name), getattr(pytorch, name), rtol=1e-12)


@pytest.mark.parametrize(
    "method", [m.name for m in syllabus.topic("convolution").methods if m.twins and not m.name.isupper()]
)
def test_help_says_on_both_sides_what_the_twin_says(method):
    assert_same_help(getattr(scratch, method), getattr(pytorch, method))


@pytest.mark.gpu
def test_lenet_on_a_gpu_equals_the_cpu():
    model, x = pytorch.LeNet().double(), torch.randn(3, 1, 28, 28, dtype=torch.float64)
    expected = model(x)
    got = model.cuda()(x.cuda().to(memory_format=torch.channels_last))
    assert got.is_cuda
    np.testing.assert_allclose(got.detach().cpu(), expected.detach(), rtol=1e-9)
