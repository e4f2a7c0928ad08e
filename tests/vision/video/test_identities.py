"""Flow of known motions, its symmetries and limits, what networks over time see, and gradients by differences."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mylib import data, engine
from mylib.vision.video import contract, pytorch, scratch
from tests.twins import array as numbers
from tests.vision.video.cases import INSIDE, endpoint_error, translated


@pytest.mark.parametrize("name", ["cat", "astronaut", "coffee", "gravel", "camera"])
@pytest.mark.parametrize("motion", [(0.4, -0.3), (-0.5, 0.25), (0.0, 0.6), (-0.1, -0.1)])
def test_flow_of_a_translated_photograph_is_right_to_a_tenth_of_a_pixel(name, motion):
    frames = translated(name, motion)
    for method in (scratch.lucas_kanade, scratch.horn_schunck):
        assert endpoint_error(method(*frames), motion)[INSIDE].mean() < 0.1, method.__name__


def test_conv3d_with_one_frame_deep_kernels_is_conv2d_on_every_frame():
    rng = np.random.default_rng(1)
    clip, weights = rng.normal(size=(2, 3, 4, 6, 6)), rng.normal(size=(5, 3, 1, 3, 3))
    got = scratch.conv3d(clip, weights, padding=(0, 1, 1)).numpy()
    for t in range(4):
        np.testing.assert_allclose(
            got[:, :, t], engine.conv2d(clip[:, :, t], weights[:, :, 0], padding=1).numpy(), atol=1e-12
        )


TRIPLES = st.tuples(*[st.integers(1, 3)] * 3)


@given(batch=st.integers(1, 2), channels=st.integers(1, 3), kernel=TRIPLES, extra=TRIPLES, stride=TRIPLES)
def test_conv3d_is_its_plain_form(batch, channels, kernel, extra, stride):
    rng, padding = np.random.default_rng(0), tuple(k // 2 for k in kernel)
    x = rng.normal(size=(batch, channels, *(k + e for k, e in zip(kernel, extra, strict=True))))
    weight = rng.normal(size=(2, channels, *kernel))
    got = scratch.conv3d(x, weight, None, stride, padding).numpy()
    np.testing.assert_allclose(got, scratch.plain_conv3d(x, weight, stride, padding), rtol=1e-9, atol=1e-12)


def test_a_temporal_difference_sees_motion_and_nothing_else(side):
    module, array = side
    clips = data.moving_digits(seed=3, count=6, motions=("right", "still"))
    difference = np.array([-1.0, 1.0], np.float32).reshape(1, 1, 2, 1, 1)
    got = module.conv3d(array(clips.frames), array(difference))
    moved = np.abs(np.asarray(got if module is pytorch else got.numpy())).max(axis=(1, 2, 3, 4))
    assert (moved[clips.labels == 1] == 0).all()
    assert (moved[clips.labels == 0] > 0.1).all()


def test_nothing_moves_between_equal_frames(side):
    module, array = side
    frame = array(translated("camera", (0, 0), 64)[0])
    for method in (module.lucas_kanade, module.horn_schunck):
        np.testing.assert_array_equal(np.asarray(method(frame, frame)), 0)


def test_a_film_played_backwards_has_the_opposite_flow(side):
    module, array = side
    first, second = (array(frame[:40, :50]) for frame in translated("coffee", (0.5, 0.3), 64))
    for method in (module.lucas_kanade, module.horn_schunck):
        np.testing.assert_allclose(np.asarray(method(first, second)), -np.asarray(method(second, first)), atol=1e-9)


def test_transposed_frames_have_the_transposed_flow():
    first, second = translated("cat", (0.5, 0.2), 48)
    for method in (scratch.lucas_kanade, scratch.horn_schunck):
        flow, other = method(first, second), method(first.T, second.T)
        np.testing.assert_allclose(other, flow[::-1].transpose(0, 2, 1), atol=1e-9)


def test_only_motion_across_an_edge_can_be_seen():
    # The aperture problem: vertical stripes that move right and down look as if they moved right.
    columns = np.tile(np.sin(np.arange(40) / 2.5), (40, 1))
    moved = np.tile(np.sin((np.arange(40) - 0.5) / 2.5), (40, 1))
    for method in (scratch.lucas_kanade, scratch.horn_schunck):
        u, v = method(columns, moved)[INSIDE]
        np.testing.assert_allclose(u, 0.5, atol=0.03)
        np.testing.assert_allclose(v, 0, atol=1e-9)


def test_many_pairs_at_once_are_the_pairs_one_by_one(side):
    module, array = side
    frames = data.moving_digits(seed=1, count=3).frames[:, 0].astype(float)
    for method in (module.lucas_kanade, module.horn_schunck):
        together = np.asarray(method(array(frames[:, :-1]), array(frames[:, 1:])))
        assert together.shape == (3, 7, 2, 32, 32)
        alone = np.asarray(method(array(frames[2, 4]), array(frames[2, 5])))
        np.testing.assert_allclose(together[2, 4], alone, atol=1e-12)


def test_lucas_kanade_sees_where_the_digits_of_the_clips_go():
    clips = data.moving_digits(seed=5, count=40, motions=("right", "down", "left", "up"))
    flow = scratch.lucas_kanade(clips.frames[:, 0, 3], clips.frames[:, 0, 4], window=9)
    length = np.hypot(flow[:, 0], flow[:, 1])
    strong = (length > np.quantile(length, 0.95, axis=(1, 2), keepdims=True))[:, None]
    mean = (flow * strong).sum((2, 3)) / strong.sum((2, 3))
    directions = np.array([[1, 0], [0, 1], [-1, 0], [0, -1]])
    assert ((mean @ directions.T).argmax(1) == clips.labels).mean() > 0.9


def test_stacked_flows_stand_in_the_order_of_time(side):
    module, array = side
    frames = data.moving_digits(seed=2, count=2).frames[:, 0].astype(float)
    for method in contract.METHODS:
        stacks = np.asarray(module.stack_flow(array(frames), 3, method))
        assert stacks.shape == (2, 5, 6, 32, 32)
        for start, k in ((0, 0), (1, 2), (4, 1)):
            pair = (array(frames[:, start + k]), array(frames[:, start + k + 1]))
            np.testing.assert_allclose(
                stacks[:, start, 2 * k : 2 * k + 2], np.asarray(getattr(module, method)(*pair)), atol=1e-12
            )


def test_streams_have_the_width_that_is_asked_for(side):
    module, _ = side
    for width in (2, 3):
        network = module.TwoStreamNet(5, length=4, channels_in=3, width=width)
        for stream, channels in ((network.spatial, 3), (network.temporal, 8)):
            shapes = [tuple(value.shape) for value in stream.parameters() if value.ndim > 1]
            sizes = (channels, width, 2 * width, 4 * width)
            assert shapes == [(b, a, 3, 3) for a, b in itertools.pairwise(sizes)] + [(5, 4 * width)]


def test_order_of_the_frames_matters_to_networks_over_time_only():
    engine.manual_seed(0)
    x = np.random.default_rng(8).normal(size=(2, 1, 6, 16, 16)).astype(np.float32)
    backwards = np.ascontiguousarray(x[:, :, ::-1])
    for network in (scratch.Conv3dNet(3), scratch.RecurrentVideoNet(3, 16)):
        network.eval()
        assert not np.allclose(network(x).numpy(), network(backwards).numpy())


@settings(max_examples=10)
@given(seed=st.integers(0, 1000), stride=st.integers(1, 2), padding=st.integers(0, 1))
def test_conv3d_gradients_agree_with_differences(seed, stride, padding):
    rng = np.random.default_rng(seed)
    x, weight, bias = rng.normal(size=(2, 2, 4, 4, 3)), rng.normal(size=(3, 2, 2, 3, 3)), rng.normal(size=3)
    engine.gradcheck(lambda *a: scratch.conv3d(*a, stride=stride, padding=padding), x, weight, bias)


@pytest.mark.parametrize("kind", ["conv3d", "recurrent", "two streams"])
def test_network_gradients_agree_with_differences(kind):
    engine.manual_seed(1)
    rng = np.random.default_rng(9)
    clip = rng.normal(size=(3, 1, 4, 8, 8))
    if kind == "two streams":
        network = scratch.TwoStreamNet(3, length=1, width=1).double().eval()
        engine.gradcheck(network, clip[:, :, 0], rng.normal(size=(3, 2, 8, 8)))
    else:
        make = {
            "conv3d": scratch.Conv3dNet,
            "recurrent": lambda c, width: scratch.RecurrentVideoNet(c, 8, 1, width, 4),
        }
        # In evaluation: a batch norm's gradient over few values amplifies the rounding of the differences.
        engine.gradcheck(make[kind](3, width=2).double().eval(), clip)


def test_none_at_all_gives_nothing(side):
    module, array = side
    nothing = array(np.zeros((0, 1, 4, 16, 16), np.float32))
    assert module.flow_to_colour(array(np.zeros((0, 2, 4, 5)))).shape == (0, 3, 4, 5)
    assert module.stack_flow(nothing[:, 0], 2).shape == (0, 2, 4, 16, 16)
    for network in (module.Conv3dNet(3), module.RecurrentVideoNet(3, 16)):
        assert tuple(network.eval()(nothing).shape) == (0, 3)


def test_nan_is_seen_in_the_windows_that_hold_it(side):
    # 5 for the blur, 5 for the derivative, 5 for the window: up to 6 pixels away along the axes, and nowhere further.
    module, array = side
    first, second = (frame[:24, :24].copy() for frame in translated("cat", (0.2, 0.1), 32))
    first[12, 12] = np.nan
    bad = np.isnan(np.asarray(module.lucas_kanade(array(first), array(second), 5)))
    assert bad[:, 12, 6:19].all()
    assert not bad[:, :6].any()
    assert not bad[:, :, 19:].any()


def test_one_frame_is_a_clip(side):
    module, array = side
    clip = array(np.random.default_rng(13).normal(size=(2, 1, 1, 16, 16)).astype(np.float32))
    for network in (module.Conv3dNet(3), module.RecurrentVideoNet(3, 16)):
        assert tuple(network(clip).shape) == (2, 3)
        both, one = numbers(network.eval()(clip)), numbers(network(clip[1:]))
        np.testing.assert_allclose(one, both[1:], rtol=1e-4, atol=1e-5)
