"""The convolution topic: the slides' examples, SciPy and ONNX, identities, gradients, the twins, and bad input."""

import numpy as np
import onnx
import onnx.reference
import pytest
import scipy.ndimage
import scipy.signal
import skimage.measure
import torch
from hypothesis import given
from hypothesis import strategies as st

from mylib import data, engine
from mylib.vision.convolution import pytorch, scratch
from mylib.vision.perceptron.scratch import MLP
from tests.twins import assert_close, assert_same_function, assert_same_module

SIDES = {"scratch": (scratch, np.asarray), "pytorch": (pytorch, torch.tensor)}
# Our border rules and SciPy's names for them; what NumPy and PyTorch call reflect is SciPy's mirror.
SCIPY_MODES = {"zero": "constant", "wrap": "wrap", "replicate": "nearest", "reflect": "mirror"}
POOL_EXAMPLE = np.array([[1, 4, 3, 6], [2, 1, 0, 9], [2, 2, 7, 7], [5, 3, 3, 6]], dtype=float)


@pytest.fixture(params=SIDES)
def side(request):
    return SIDES[request.param]


def layers():
    """Shapes and options of a convolutional layer whose kernel fits."""
    return st.builds(
        dict,
        batch=st.integers(1, 2),
        groups=st.sampled_from([1, 2]),
        per_group=st.integers(1, 2),
        out_per_group=st.integers(1, 2),
        kernel=st.tuples(st.integers(1, 3), st.integers(1, 3)),
        size=st.tuples(st.integers(5, 8), st.integers(5, 8)),
        stride=st.integers(1, 3),
        padding=st.integers(0, 2),
        dilation=st.integers(1, 2),
        seed=st.integers(0, 1000),
    )


def draw(case):
    rng = np.random.default_rng(case["seed"])
    channels, out = case["groups"] * case["per_group"], case["groups"] * case["out_per_group"]
    x = rng.normal(size=(case["batch"], channels, *case["size"]))
    weight, bias = rng.normal(size=(out, case["per_group"], *case["kernel"])), rng.normal(size=out)
    return x, weight, bias, {name: case[name] for name in ("stride", "padding", "dilation", "groups")}


# worked values


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
    assert module.output_size(32, 5) == 28, (
        "32x32x3 with D filters of 5x5: 28x28xD; the filter's size matters"
    )
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


# against independent packages


@pytest.mark.parametrize("padding", SCIPY_MODES)
@given(
    size=st.tuples(st.integers(3, 9), st.integers(3, 9)),
    kernel=st.tuples(st.sampled_from([1, 3, 5]), st.sampled_from([1, 3, 5])),
    seed=st.integers(0, 1000),
)
def test_filters_equal_scipys_at_every_border(padding, size, kernel, seed):
    rng = np.random.default_rng(seed)
    image, weights = rng.normal(size=size), rng.normal(size=kernel)
    expected = scipy.ndimage.correlate(image, weights, mode=SCIPY_MODES[padding], cval=0)
    flipped = scipy.ndimage.convolve(image, weights, mode=SCIPY_MODES[padding], cval=0)
    for module, array in SIDES.values():
        got = np.asarray(module.correlate2d(array(image), array(weights), padding))
        np.testing.assert_allclose(got, expected, rtol=1e-9, atol=1e-12)
        got = np.asarray(module.convolve2d(array(image), array(weights), padding))
        np.testing.assert_allclose(got, flipped, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("padding", SCIPY_MODES)
def test_1d_filters_equal_scipys_without_a_flip(side, padding):
    module, array = side
    rng = np.random.default_rng(9)
    signals, kernel = rng.normal(size=(2, 8)), rng.normal(size=5)
    expected = scipy.ndimage.correlate1d(signals, kernel, mode=SCIPY_MODES[padding], cval=0)
    got = np.asarray(module.conv1d(array(signals), array(kernel), padding))
    np.testing.assert_allclose(got, expected, rtol=1e-9, atol=1e-12)
    inside = np.asarray(module.conv1d(array(signals), array(kernel), "valid"))
    np.testing.assert_allclose(inside, expected[:, 2:-2], rtol=1e-9, atol=1e-12)


def test_valid_filters_equal_scipy_signals(side):
    module, array = side
    rng = np.random.default_rng(0)
    image, kernel = rng.normal(size=(9, 7)), rng.normal(size=(4, 2))
    for name, theirs in (("correlate2d", scipy.signal.correlate2d), ("convolve2d", scipy.signal.convolve2d)):
        got = np.asarray(getattr(module, name)(array(image), array(kernel), "valid"))
        np.testing.assert_allclose(got, theirs(image, kernel, mode="valid"), rtol=1e-9, atol=1e-12)


@given(case=layers())
def test_fast_layer_equals_the_seven_loops_and_onnx(case):
    x, weight, bias, options = draw(case)
    expected = scratch.conv2d_loops(x, weight, bias, **options)
    np.testing.assert_allclose(
        scratch.conv2d(x, weight, bias, **options).numpy(), expected, rtol=1e-9, atol=1e-9
    )
    np.testing.assert_allclose(expected, onnx_conv(x, weight, bias, **options), rtol=1e-9, atol=1e-9)
    got = pytorch.conv2d(torch.tensor(x), torch.tensor(weight), torch.tensor(bias), **options)
    np.testing.assert_allclose(got, expected, rtol=1e-9, atol=1e-9)
    assert expected.shape[2] == scratch.output_size(
        x.shape[2], weight.shape[2], options["stride"], options["padding"], options["dilation"]
    )


def onnx_conv(x, weight, bias, stride, padding, dilation, groups):
    """The layer by ONNX's reference evaluator."""
    node = onnx.helper.make_node(
        "Conv",
        ["x", "w", "b"],
        ["y"],
        strides=[stride] * 2,
        pads=[padding] * 4,
        dilations=[dilation] * 2,
        group=groups,
        kernel_shape=weight.shape[2:],
    )
    values = [onnx.helper.make_tensor_value_info(name, onnx.TensorProto.DOUBLE, None) for name in "xwby"]
    graph = onnx.helper.make_graph([node], "conv", values[:3], values[3:])
    return onnx.reference.ReferenceEvaluator(onnx.helper.make_model(graph)).run(
        None, {"x": x, "w": weight, "b": bias}
    )[0]


@given(side_length=st.integers(1, 4), kernel=st.integers(1, 3), seed=st.integers(0, 1000))
def test_pooling_without_overlap_equals_scikit_images_block_reduce(side_length, kernel, seed):
    image = np.random.default_rng(seed).normal(size=(1, 1, side_length * kernel, side_length * kernel))
    for name, function in (("max_pool2d", np.max), ("mean_pool2d", np.mean)):
        expected = skimage.measure.block_reduce(image[0, 0], kernel, function)
        for module, array in SIDES.values():
            got = np.asarray(getattr(module, name)(array(image), kernel))[0, 0]
            np.testing.assert_allclose(got, expected, rtol=1e-12, err_msg=name)


# identities


@given(seed=st.integers(0, 1000), shift=st.integers(-3, 3))
def test_filtering_commutes_with_shifting_when_the_border_wraps(seed, shift):
    rng = np.random.default_rng(seed)
    image, kernel = rng.normal(size=(6, 7)), rng.normal(size=(3, 3))
    once = scratch.correlate2d(np.roll(image, shift, axis=1), kernel, "wrap")
    np.testing.assert_allclose(
        once, np.roll(scratch.correlate2d(image, kernel, "wrap"), shift, axis=1), atol=1e-12
    )


def test_blur_of_a_photograph_keeps_its_mean_and_loses_its_edges():
    photograph = data.photograph("camera", height=128)[0]
    blurred = scratch.correlate2d(photograph, scratch.BOX, "wrap")
    sharp = scratch.correlate2d(photograph, scratch.SHARPEN, "wrap")
    assert blurred.mean() == pytest.approx(photograph.mean(), rel=1e-6)
    assert np.diff(blurred).std() < np.diff(photograph).std() < np.diff(sharp).std()


def test_a_layer_of_one_by_one_filters_is_a_linear_layer_at_every_pixel():
    rng = np.random.default_rng(3)
    x, weight = rng.normal(size=(2, 4, 5, 6)), rng.normal(size=(3, 4, 1, 1))
    expected = np.einsum("oc,nchw->nohw", weight[:, :, 0, 0], x)
    np.testing.assert_allclose(scratch.conv2d(x, weight).numpy(), expected, rtol=1e-9, atol=1e-12)


def test_lenet_needs_fewer_parameters_than_the_mlp_of_the_lecture():
    def count(model):
        return sum(parameter.size for parameter in model.parameters())

    assert count(scratch.LeNet()) < count(MLP([784, 128, 10]))


# gradients


@given(case=layers())
def test_layer_gradients_agree_with_differences(case):
    x, weight, bias, options = draw(case)
    engine.gradcheck(lambda x, weight, bias: scratch.conv2d(x, weight, bias, **options), x, weight, bias)


@given(kernel=st.integers(1, 3), stride=st.integers(1, 3), size=st.integers(4, 7), seed=st.integers(0, 1000))
def test_pooling_gradients_agree_with_differences(kernel, stride, size, seed):
    # A permutation has no ties, and its neighbours are further apart than the step of the differences.
    x = np.random.default_rng(seed).permutation(size * size).reshape(1, 1, size, size) / 10
    for pool in (scratch.max_pool2d, scratch.mean_pool2d):
        engine.gradcheck(lambda x, pool=pool: pool(x, kernel, stride), x)


# twins


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


@pytest.mark.parametrize("padding", scratch.BORDERS)
def test_twin_filters_also_on_stacks_of_float32_images(padding):
    rng = np.random.default_rng(6)
    for dtype in (np.float64, np.float32):
        image, kernel = rng.normal(size=(2, 3, 6, 5)).astype(dtype), rng.normal(size=(3, 3)).astype(dtype)
        got = scratch.correlate2d(image, kernel, padding)
        assert got.dtype == dtype
        assert_close(
            got, pytorch.correlate2d(torch.tensor(image), torch.tensor(kernel), padding), dtype, padding
        )


def test_twin_lenets():
    x = np.random.default_rng(7).normal(size=(4, 1, 28, 28))
    assert_same_module(scratch.LeNet, pytorch.LeNet, x)


def test_twin_filter_constants():
    for name in ("IDENTITY", "SHIFT_LEFT", "BOX", "SHARPEN"):
        np.testing.assert_allclose(getattr(scratch, name), getattr(pytorch, name), rtol=1e-12)


@pytest.mark.gpu
def test_lenet_on_a_gpu_equals_the_cpu():
    model, x = pytorch.LeNet().double(), torch.randn(3, 1, 28, 28, dtype=torch.float64)
    expected = model(x)
    got = model.cuda()(x.cuda().to(memory_format=torch.channels_last))
    assert got.is_cuda
    np.testing.assert_allclose(got.detach().cpu(), expected.detach(), rtol=1e-9)


# bad input


def test_bad_filters_are_refused(side):
    module, array = side
    image, kernel = array(np.zeros((4, 5))), array(np.ones((3, 3)))
    with pytest.raises(ValueError, match="expected padding of .*'valid'.*, got 'mirror'"):
        module.correlate2d(image, kernel, "mirror")
    with pytest.raises(
        ValueError, match=r"odd kernel, so that it has a middle, got \(2, 2\); use padding='valid'"
    ):
        module.correlate2d(image, kernel[:2, :2], "zero")
    with pytest.raises(ValueError, match=r"kernel that fits the image \(4, 5\), got \(5, 5\)"):
        module.correlate2d(image, array(np.ones((5, 5))))
    with pytest.raises(ValueError, match="2D kernel"):
        module.correlate2d(image, kernel[0])
    with pytest.raises(ValueError, match=r"expected signal \(..., n\) and kernel \(k,\)"):
        module.conv1d(image, kernel)


def test_bad_layers_are_refused(side):
    module, array = side
    x, weight = array(np.zeros((1, 4, 6, 6))), array(np.zeros((2, 3, 3, 3)))
    with pytest.raises(ValueError, match="conv2d: "):
        module.conv2d(x, weight)
    with pytest.raises(ValueError, match=r"channels / 1, k, k"):
        scratch.conv2d_loops(np.zeros((1, 4, 6, 6)), np.zeros((2, 3, 3, 3)))
    with pytest.raises(ValueError, match="classes of at least 1"):
        module.LeNet(0)
    with pytest.raises(ValueError, match=r"images of shape \(batch, 1, 28, 28\), got \(2, 28, 28\)"):
        module.LeNet()(array(np.zeros((2, 28, 28), dtype=np.float32)))


def test_bad_sizes_are_refused(side):
    module, _ = side
    with pytest.raises(ValueError, match="at least 1"):
        module.output_size(0, 3)
    with pytest.raises(ValueError, match="expected a kernel that fits"):
        module.output_size(4, 3, dilation=3)
    with pytest.raises(ValueError, match="channels that 2 groups divide, got 3 and 4"):
        module.conv_parameters(3, 4, 3, groups=2)
