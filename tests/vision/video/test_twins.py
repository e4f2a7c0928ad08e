"""The two sides of video: flows, layers, networks, and PyTorch under autocast, compiled, and on the GPU."""

import numpy as np
import pytest
import torch

from mylib import data, syllabus
from mylib.vision.video import pytorch, scratch
from tests.twins import assert_close, assert_same_function, assert_same_help, assert_same_module
from tests.vision.video.cases import translated


def test_twin_flows():
    frames = np.stack(translated("cat", (0.5, -0.4), 40))
    for dtype in (np.float64, np.float32):
        first, second = (np.stack([frame, frame[::-1]]).astype(dtype) for frame in frames)
        # In float32 the least-squares systems of flat windows lose digits: held to 0.01 pixels instead.
        for name, options in (
            ("lucas_kanade", {"window": 7}),
            ("horn_schunck", {"smoothness": 0.05, "iterations": 30}),
        ):
            ours = getattr(scratch, name)(first, second, **options)
            theirs = getattr(pytorch, name)(torch.tensor(first), torch.tensor(second), **options)
            assert ours.dtype == dtype
            if dtype is np.float64:
                assert_close(ours, theirs, dtype, name)
            else:
                np.testing.assert_allclose(ours, theirs, atol=0.01)
        flow = scratch.lucas_kanade(first, second)
        for largest in (None, 0.7):
            assert_close(
                scratch.flow_to_colour(flow, largest),
                pytorch.flow_to_colour(torch.tensor(flow), largest),
                dtype,
                "colour",
            )


def test_flow_in_pytorch_can_be_differentiated():
    frames = [torch.tensor(frame[:12, :12], requires_grad=True) for frame in translated("cat", (0.2, 0.1), 32)]
    assert torch.autograd.gradcheck(lambda a, b: pytorch.horn_schunck(a, b, 0.1, 3), frames, atol=1e-4)


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_flow_is_computed_in_full_precision_under_autocast(dtype):
    frames = [torch.tensor(frame, dtype=torch.float32) for frame in translated("cat", (0.4, -0.3), 48)]
    for method in (pytorch.lucas_kanade, pytorch.horn_schunck):
        expected = method(*frames)
        with torch.autocast("cpu", dtype):
            got = method(*frames)
        assert got.dtype == torch.float32
        np.testing.assert_array_equal(got, expected)
        halves = [frame.to(dtype) for frame in frames]
        np.testing.assert_array_equal(method(*halves), method(*(half.float() for half in halves)))


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32, torch.float16])
def test_flow_knows_its_shape_without_values(dtype):
    frames = torch.rand(2, 3, 12, 14).to(dtype)
    for method in (pytorch.lucas_kanade, pytorch.horn_schunck):
        expected, got = method(*frames), method(*frames.to("meta"))
        assert (got.shape, got.dtype, got.device.type) == (expected.shape, expected.dtype, "meta")
    stacked = pytorch.stack_flow(frames.to("meta"), 2)
    assert stacked.shape == pytorch.stack_flow(frames, 2).shape


@pytest.mark.parametrize("options", [(1, 0, 1, 1), (2, 1, 1, 2), ((1, 2, 2), (1, 0, 1), (1, 2, 1), 1)])
def test_twin_conv3d(options):
    rng = np.random.default_rng(10)
    groups = options[3]
    arrays = rng.normal(size=(2, 4, 5, 7, 6)), rng.normal(size=(6, 4 // groups, 3, 3, 2)), rng.normal(size=6)
    assert_same_function(scratch.conv3d, pytorch.conv3d, *arrays, constants=options)


@pytest.mark.parametrize(
    ("make", "shapes"),
    [
        (lambda m: m.TwoStreamNet(3, length=2, width=2), [(4, 1, 16, 16), (4, 4, 16, 16)]),
        (lambda m: m.Conv3dNet(3, width=2), [(3, 1, 5, 9, 8)]),
        (lambda m: m.RecurrentVideoNet(3, 16, 1, 2, 4), [(3, 1, 4, 16, 16)]),
    ],
    ids=["two streams", "conv3d", "recurrent"],
)
def test_twin_networks(make, shapes):
    rng = np.random.default_rng(11)
    assert_same_module(lambda: make(scratch), lambda: make(pytorch), *(rng.normal(size=shape) for shape in shapes))


@pytest.mark.parametrize("method", [m.name for m in syllabus.topic("video").methods if m.twins])
def test_help_says_on_both_sides_what_the_twin_says(method):
    assert_same_help(getattr(scratch, method), getattr(pytorch, method))


@pytest.mark.gpu
def test_videos_on_a_gpu_equal_the_cpu():
    frames = torch.tensor(data.moving_digits(seed=1, count=3).frames)
    stacks = pytorch.stack_flow(frames[:, 0].double().cuda(), 3)
    assert stacks.is_cuda
    np.testing.assert_allclose(stacks.cpu(), pytorch.stack_flow(frames[:, 0].double(), 3), rtol=1e-7, atol=1e-7)
    for network in (pytorch.Conv3dNet(4, width=2), pytorch.RecurrentVideoNet(4, width=2)):
        network = network.double().eval()
        expected = network(frames.double()).detach()
        np.testing.assert_allclose(
            network.cuda()(frames.double().cuda()).detach().cpu(), expected, rtol=1e-9, atol=1e-9
        )


def test_recurrent_network_compiles_to_one_graph():
    network = pytorch.RecurrentVideoNet(3, 8, 1, 2, 4).eval()
    x = torch.tensor(np.random.default_rng(12).normal(size=(2, 1, 3, 8, 8)).astype(np.float32))
    compiled = torch.compile(network, fullgraph=True, backend="eager")
    np.testing.assert_allclose(compiled(x).detach(), network(x).detach(), rtol=1e-5, atol=1e-6)
