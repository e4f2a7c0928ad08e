"""The video topic: flow of known translations, scikit-image, SciPy, identities, gradients, the twins, and bad input."""

import colorsys
import itertools

import numpy as np
import pytest
import scipy.ndimage
import scipy.signal
import scipy.sparse
import scipy.sparse.linalg
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from skimage.registration import optical_flow_ilk

from mylib import data, engine
from mylib.vision.convnets import pytorch as convnets_pytorch
from mylib.vision.convnets import scratch as convnets_scratch
from mylib.vision.video import pytorch, pytorch_flow, scratch, scratch_flow
from tests.twins import assert_close, assert_same_function, assert_same_module

SIDES = {"scratch": (scratch, np.asarray), "pytorch": (pytorch, torch.tensor)}
INSIDE = (..., slice(16, -16), slice(16, -16))


@pytest.fixture(params=SIDES)
def side(request):
    return SIDES[request.param]


def translated(name, motion, size=128):
    """A real photograph, and the same moved by (right, down) pixels with splines of fifth order."""
    photograph = data.photograph(name, height=size, width=size, grey=True)[0].astype(float)
    right, down = motion
    return photograph, scipy.ndimage.shift(photograph, (down, right), order=5, mode="mirror")


def endpoint_error(flow, motion):
    return np.hypot(*(np.asarray(flow)[..., i, :, :] - motion[i] for i in (0, 1)))


# known motions


@pytest.mark.parametrize("name", ["cat", "astronaut", "coffee", "gravel", "camera"])
@pytest.mark.parametrize("motion", [(0.4, -0.3), (-0.5, 0.25), (0.0, 0.6), (-0.1, -0.1)])
def test_flow_of_a_translated_photograph_is_right_to_a_tenth_of_a_pixel(name, motion):
    frames = translated(name, motion)
    for method in (scratch.lucas_kanade, scratch.horn_schunck):
        assert endpoint_error(method(*frames), motion)[INSIDE].mean() < 0.1, method.__name__


@pytest.mark.parametrize("motion", [(0.4, -0.3), (0.8, 0.5)])
def test_lucas_kanade_is_as_near_the_truth_as_scikit_image(motion):
    # Theirs is the same least-squares problem with other derivatives, here without its warping iterations.
    frames = translated("cat", motion)
    v, u = optical_flow_ilk(*frames, radius=4, num_warp=1, prefilter=False)
    theirs, ours = np.stack([u, v]), scratch.lucas_kanade(*frames, window=9)
    assert endpoint_error(ours, motion)[INSIDE].mean() < endpoint_error(theirs, motion)[INSIDE].mean() + 0.01
    assert np.median(np.hypot(*(ours - theirs))[INSIDE]) < 0.15  # what their derivatives are wrong by


def test_horn_schunck_solves_its_euler_lagrange_equations():
    # alpha^2 (u - mean u) + I_x (I_x u + I_y v + I_t) = 0 and the same for v: one sparse linear system, solved.
    photograph, moved = (frame[40:58, 50:66] for frame in translated("cat", (0.4, -0.3)))
    height, width = photograph.shape
    n, alpha = height * width, 0.1
    blur = np.array([1, 4, 6, 4, 1]) / 16
    smooth = [
        scipy.ndimage.correlate1d(
            scipy.ndimage.correlate1d(f, blur, 1, mode="nearest"), blur, 0, mode="nearest"
        )
        for f in (photograph, moved)
    ]
    slope = np.array([1, -8, 0, 8, -1]) / 12
    dx, dy = (
        scipy.ndimage.correlate1d((smooth[0] + smooth[1]) / 2, slope, axis, mode="nearest").ravel()
        for axis in (1, 0)
    )
    dt = (smooth[1] - smooth[0]).ravel()
    mean = scipy.sparse.lil_matrix((n, n))
    for i, j in np.ndindex(height, width):
        for di, dj in itertools.product((-1, 0, 1), repeat=2):
            weight = (0, 2, 1)[abs(di) + abs(dj)]
            neighbour = min(max(i + di, 0), height - 1) * width + min(max(j + dj, 0), width - 1)
            mean[i * width + j, neighbour] += weight / 12
    smoothness = alpha**2 * (scipy.sparse.identity(n) - mean)
    diagonal = scipy.sparse.diags
    system = scipy.sparse.bmat(
        [
            [smoothness + diagonal(dx * dx), diagonal(dx * dy)],
            [diagonal(dx * dy), smoothness + diagonal(dy * dy)],
        ]
    )
    expected = scipy.sparse.linalg.spsolve(system.tocsc(), -np.concatenate([dx * dt, dy * dt]))
    got = scratch.horn_schunck(photograph, moved, smoothness=alpha, iterations=5000)
    np.testing.assert_allclose(got.ravel(), expected, atol=1e-6)  # what 5,000 rounds leave


def test_lucas_kanade_is_least_squares_in_every_window():
    frames = [frame[30:60, 30:60] for frame in translated("astronaut", (0.3, 0.2))]
    dx, dy, dt = scratch_flow.derivatives("test", *frames)
    got = scratch.lucas_kanade(*frames, window=7)
    for i, j in ((3, 3), (10, 15), (20, 8), (26, 26)):
        window = (slice(i - 3, i + 4), slice(j - 3, j + 4))
        # The little on the diagonal is two more equations, sqrt(little) u = 0 and sqrt(little) v = 0.
        a = np.stack([dx[window].ravel(), dy[window].ravel()], axis=1)
        a = np.concatenate([a, np.sqrt(1e-7 * 49) * np.eye(2)])
        expected = np.linalg.lstsq(a, np.append(-dt[window].ravel(), [0, 0]), rcond=None)[0]
        np.testing.assert_allclose(got[:, i, j], expected, rtol=1e-8)


def test_derivatives_of_a_ramp_are_its_slopes(side):
    module, array = side
    rows, columns = np.mgrid[0:12, 0:14].astype(float)
    ramp = 0.02 * columns - 0.03 * rows
    dx, dy, dt = (scratch_flow if module is scratch else pytorch_flow).derivatives(
        "test", array(ramp), array(ramp + 0.1)
    )
    for got, expected in ((dx, 0.02), (dy, -0.03), (dt, 0.1)):
        np.testing.assert_allclose(np.asarray(got)[4:-4, 4:-4], expected, rtol=1e-9)


# conv3d


@given(
    size=st.tuples(*[st.integers(3, 5)] * 3),
    kernel=st.tuples(*[st.integers(1, 3)] * 3),
    seed=st.integers(0, 1000),
)
def test_conv3d_equals_scipys_correlation(size, kernel, seed):
    rng = np.random.default_rng(seed)
    clip, weights, bias = rng.normal(size=(2, 2, *size)), rng.normal(size=(3, 2, *kernel)), rng.normal(size=3)
    correlated = [
        [[scipy.signal.correlate(x[c], w[c], mode="valid") for c in (0, 1)] for w in weights] for x in clip
    ]
    expected = np.sum(correlated, axis=2) + bias[:, None, None, None]
    for module, array in SIDES.values():
        got = module.conv3d(array(clip), array(weights), array(bias))
        np.testing.assert_allclose(
            np.asarray(got if module is pytorch else got.numpy()), expected, rtol=1e-9, atol=1e-9
        )


def test_conv3d_with_one_frame_deep_kernels_is_conv2d_on_every_frame():
    rng = np.random.default_rng(1)
    clip, weights = rng.normal(size=(2, 3, 4, 6, 6)), rng.normal(size=(5, 3, 1, 3, 3))
    got = scratch.conv3d(clip, weights, padding=(0, 1, 1)).numpy()
    for t in range(4):
        np.testing.assert_allclose(
            got[:, :, t], engine.conv2d(clip[:, :, t], weights[:, :, 0], padding=1).numpy(), atol=1e-12
        )


def test_a_temporal_difference_sees_motion_and_nothing_else(side):
    module, array = side
    clips = data.moving_digits(seed=3, count=6, motions=("right", "still"))
    difference = np.array([-1.0, 1.0], np.float32).reshape(1, 1, 2, 1, 1)
    got = module.conv3d(array(clips.frames), array(difference))
    moved = np.abs(np.asarray(got if module is pytorch else got.numpy())).max(axis=(1, 2, 3, 4))
    assert (moved[clips.labels == 1] == 0).all()
    assert (moved[clips.labels == 0] > 0.1).all()


# identities


def test_nothing_moves_between_equal_frames(side):
    module, array = side
    frame = array(translated("camera", (0, 0), 64)[0])
    for method in (module.lucas_kanade, module.horn_schunck):
        np.testing.assert_array_equal(np.asarray(method(frame, frame)), 0)


def test_a_film_played_backwards_has_the_opposite_flow(side):
    module, array = side
    first, second = (array(frame[:40, :50]) for frame in translated("coffee", (0.5, 0.3), 64))
    for method in (module.lucas_kanade, module.horn_schunck):
        np.testing.assert_allclose(
            np.asarray(method(first, second)), -np.asarray(method(second, first)), atol=1e-9
        )


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


def test_colours_are_those_of_the_colour_circle(side):
    module, array = side
    rng = np.random.default_rng(2)
    flow = rng.normal(size=(2, 5, 6))
    got = np.asarray(module.flow_to_colour(array(flow), largest=1.5))
    for i, j in np.ndindex(5, 6):
        u, v = flow[:, i, j]
        hue, saturation = (np.arctan2(v, u) / (2 * np.pi)) % 1, min(np.hypot(u, v) / 1.5, 1)
        np.testing.assert_allclose(got[:, i, j], colorsys.hsv_to_rgb(hue, saturation, 1), atol=1e-9)
    longest = np.asarray(module.flow_to_colour(array(flow)))
    assert longest.min() == pytest.approx(0, abs=1e-9), "the longest is in full colour"
    np.testing.assert_array_equal(np.asarray(module.flow_to_colour(array(np.zeros((2, 3, 3))))), 1)


def test_stacked_flows_stand_in_the_order_of_time(side):
    module, array = side
    frames = data.moving_digits(seed=2, count=2).frames[:, 0].astype(float)
    for method in scratch_flow.METHODS:
        stacks = np.asarray(module.stack_flow(array(frames), 3, method))
        assert stacks.shape == (2, 5, 6, 32, 32)
        for start, k in ((0, 0), (1, 2), (4, 1)):
            pair = (array(frames[:, start + k]), array(frames[:, start + k + 1]))
            np.testing.assert_allclose(
                stacks[:, start, 2 * k : 2 * k + 2], np.asarray(getattr(module, method)(*pair)), atol=1e-12
            )


# networks against NumPy alone


def plain(network):
    return {name: np.asarray(value) for name, value in network.state_dict().items()}


def test_two_streams_average_their_probabilities(side):
    module, array = side
    rng = np.random.default_rng(6)
    network = module.TwoStreamNet(3, length=2, width=2).eval()
    frame, flow = (array(rng.normal(size=(4, c, 16, 16)).astype(np.float32)) for c in (1, 4))
    values = [
        v.detach().numpy() if module is pytorch else v.numpy()
        for v in (network.spatial(frame), network.temporal(flow), network(frame, flow))
    ]
    p = [np.exp(v) / np.exp(v).sum(1, keepdims=True) for v in values[:2]]
    np.testing.assert_allclose(np.exp(values[2]), (p[0] + p[1]) / 2, rtol=1e-5)


def correlated(x, w, stride, padding):
    """SciPy's correlation over all channels. Shapes (batch, c, ...) and (o, c, ...) to (batch, o, ...)."""
    padded = np.pad(x, [(0, 0), (0, 0), *[(p, p) for p in padding]])
    every = (slice(None), slice(None), *(slice(None, None, s) for s in stride))
    maps = [
        [sum(scipy.signal.correlate(a, b, "valid") for a, b in zip(n, o, strict=True)) for o in w]
        for n in padded
    ]
    return np.array(maps)[every]


@pytest.mark.parametrize("kind", ["stream", "conv3d"])
def test_convolutions_norms_and_means_by_hand(side, kind):
    module, array = side
    rng = np.random.default_rng(14)
    if kind == "stream":
        network, x = (
            module.TwoStreamNet(3, length=1, channels_in=2, width=2).spatial,
            rng.normal(size=(2, 2, 12, 9)),
        )
        strides = [(2, 2)] * 3
    else:
        network, x = module.Conv3dNet(3, channels_in=2, width=2), rng.normal(size=(2, 2, 5, 8, 9))
        strides = [(1, 2, 2), (2, 2, 2), (2, 2, 2)]
    network = network.double().eval()
    state = {
        name: rng.uniform(0.1, 1, value.shape)
        for name, value in plain(network).items()
        if "tracked" not in name
    }
    state |= {name: rng.normal(size=value.shape) for name, value in state.items() if value.ndim != 1}
    counted = {name: torch.tensor(0) for name in plain(network) if "tracked" in name}
    network.load_state_dict({name: torch.tensor(value) for name, value in state.items()} | counted)
    got = network(array(x))
    for layer, stride in enumerate(strides):
        x = correlated(x, state[f"features.{3 * layer}.weight"], stride, [1] * len(stride))
        weight, bias, mean, var = (
            state[f"features.{3 * layer + 1}.{name}"].reshape(-1, *[1] * len(stride))
            for name in ("weight", "bias", "running_mean", "running_var")
        )
        x = np.maximum((x - mean) / np.sqrt(var + 1e-5) * weight + bias, 0)
    expected = x.reshape(*x.shape[:2], -1).mean(2) @ state["linear.weight"].T + state["linear.bias"]
    np.testing.assert_allclose(
        got.detach().numpy() if module is pytorch else got.numpy(), expected, rtol=1e-9
    )


def test_streams_have_the_width_that_is_asked_for(side):
    module, _ = side
    for width in (2, 3):
        network = module.TwoStreamNet(5, length=4, channels_in=3, width=width)
        for stream, channels in ((network.spatial, 3), (network.temporal, 8)):
            shapes = [tuple(value.shape) for value in stream.parameters() if value.ndim > 1]
            sizes = (channels, width, 2 * width, 4 * width)
            assert shapes == [(b, a, 3, 3) for a, b in itertools.pairwise(sizes)] + [(5, 4 * width)]


def test_recurrence_by_hand(side):
    module, array = side
    rng = np.random.default_rng(7)
    network = module.RecurrentVideoNet(3, image_size=8, width=2, hidden=5).double().eval()
    x = rng.normal(size=(2, 1, 4, 8, 8))
    weights, h = plain(network), np.zeros((2, 5))
    for t in range(4):
        maps = network.features(array(x[:, :, t]))
        f = (maps.detach().numpy() if module is pytorch else maps.numpy()).reshape(2, -1)
        h = np.tanh(f @ weights["input.weight"].T + weights["input.bias"] + h @ weights["recurrent.weight"].T)
    expected = h @ weights["linear.weight"].T + weights["linear.bias"]
    got = network(array(x))
    np.testing.assert_allclose(
        got.detach().numpy() if module is pytorch else got.numpy(), expected, rtol=1e-9
    )


def test_order_of_the_frames_matters_to_networks_over_time_only():
    engine.manual_seed(0)
    x = np.random.default_rng(8).normal(size=(2, 1, 6, 16, 16)).astype(np.float32)
    backwards = np.ascontiguousarray(x[:, :, ::-1])
    for network in (scratch.Conv3dNet(3), scratch.RecurrentVideoNet(3, 16)):
        network.eval()
        assert not np.allclose(network(x).numpy(), network(backwards).numpy())


def test_costs_of_the_networks_by_hand(side):
    # Recurrent, 8 frames of 16 x 16: convolutions to 8 x 8, 4 x 4 and 2 x 2 with 2, 4 and 8 channels, 32 to 5 units
    # for every frame; 5 to 5 units in all frames but the first; 5 to 3 at the end.
    module, _ = side
    counting = convnets_scratch if module is scratch else convnets_pytorch
    network = module.RecurrentVideoNet(3, 16, 1, 2, 5)
    per_frame = 64 * 9 * 1 * 2 + 16 * 9 * 2 * 4 + 4 * 9 * 4 * 8 + 32 * 5
    assert counting.count_multiply_adds(network, (1, 8, 16, 16)) == 8 * per_frame + 7 * 25 + 15
    network = module.Conv3dNet(3, 1, 2)
    expected = 8 * 64 * 27 * 2 + 4 * 16 * 27 * 2 * 4 + 2 * 4 * 27 * 4 * 8 + 8 * 3
    assert counting.count_multiply_adds(network, (1, 8, 16, 16)) == expected


# gradients


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


# twins


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
    frames = [
        torch.tensor(frame[:12, :12], requires_grad=True) for frame in translated("cat", (0.2, 0.1), 32)
    ]
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
    assert_same_module(
        lambda: make(scratch), lambda: make(pytorch), *(rng.normal(size=shape) for shape in shapes)
    )


@pytest.mark.gpu
def test_videos_on_a_gpu_equal_the_cpu():
    frames = torch.tensor(data.moving_digits(seed=1, count=3).frames)
    stacks = pytorch.stack_flow(frames[:, 0].double().cuda(), 3)
    assert stacks.is_cuda
    np.testing.assert_allclose(
        stacks.cpu(), pytorch.stack_flow(frames[:, 0].double(), 3), rtol=1e-7, atol=1e-7
    )
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


# bad input


def test_bad_frames_are_refused(side):
    module, array = side
    frame = array(np.zeros((8, 9)))
    for method in (module.lucas_kanade, module.horn_schunck):
        with pytest.raises(ValueError, match=r"two frames of the same shape .*, got \(8, 9\) and \(8, 8\)"):
            method(frame, frame[:, :8])
        with pytest.raises(ValueError, match="at least 3 x 3"):
            method(frame[:2], frame[:2])
    for window in (4, 0, -3):
        with pytest.raises(ValueError, match="odd window"):
            module.lucas_kanade(frame, frame, window)
    with pytest.raises(ValueError, match=r"window of 31 pixels does not fit frames \(8, 9\)"):
        module.lucas_kanade(frame, frame, 31)
    for options in ({"smoothness": 0}, {"smoothness": float("nan")}, {"iterations": -1}):
        with pytest.raises(ValueError, match="smoothness above 0 and iterations"):
            module.horn_schunck(frame, frame, **options)
    assert not np.asarray(module.horn_schunck(frame, frame + 1, iterations=0)).any()


def test_bad_flows_and_stacks_are_refused(side):
    module, array = side
    with pytest.raises(ValueError, match=r"a flow \(..., 2, height, width\)"):
        module.flow_to_colour(array(np.zeros((3, 4, 4))))
    with pytest.raises(ValueError, match="largest above 0, got .* and 0"):
        module.flow_to_colour(array(np.zeros((2, 4, 4))), largest=0)
    frames = array(np.zeros((4, 8, 8)))
    for length in (0, 4):
        with pytest.raises(ValueError, match=rf"time above length={length} >= 1, got \(4, 8, 8\)"):
            module.stack_flow(frames, length)
    with pytest.raises(ValueError, match="expected method of"):
        module.stack_flow(frames, 2, "farneback")


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


def test_streams_refuse_other_channels_and_unequal_batches(side):
    module, array = side
    network = module.TwoStreamNet(3, length=2).eval()
    frame, flow = (array(np.zeros((2, c, 16, 16), np.float32)) for c in (1, 4))
    with pytest.raises(ValueError, match=r"\(batch, 1, height, width\).* got \(2, 4, 16, 16\)"):
        network(flow, flow)
    with pytest.raises(ValueError, match=r"\(batch, 4, height, width\).* got \(2, 1, 16, 16\)"):
        network(frame, frame)
    with pytest.raises(ValueError, match="a stack of flows for each frame, got 2 frames and 1 stacks"):
        network(frame, flow[:1])


def test_bad_clips_and_sizes_are_refused(side):
    module, array = side
    clip, kernel = array(np.zeros((1, 1, 2, 4, 4))), array(np.zeros((2, 1, 3, 3, 3)))
    for options in ({}, {"padding": 1, "stride": 0}, {"padding": 1, "bias": array(np.zeros(3))}):
        with pytest.raises(ValueError, match=r"conv3d: (kernel|stride|bias)"):
            module.conv3d(clip, kernel, **options)
    with pytest.raises(ValueError, match="conv3d: "):
        module.conv3d(array(np.zeros((1, 4, 3, 6, 6))), array(np.zeros((2, 3, 3, 3, 3))))
    for make in (
        lambda: module.TwoStreamNet(3, length=0),
        lambda: module.Conv3dNet(0),
        lambda: module.RecurrentVideoNet(2, hidden=0),
    ):
        with pytest.raises(ValueError, match="sizes of at least 1"):
            make()
    with pytest.raises(ValueError, match="a multiple of 8, got 30"):
        module.RecurrentVideoNet(3, image_size=30)
    clip = np.zeros((2, 1, 4, 16, 16), np.float32)
    with pytest.raises(ValueError, match=r"clips \(batch, 1, time, height, width\), got \(2, 4, 16, 16\)"):
        module.Conv3dNet(3)(array(clip[:, 0]))
    with pytest.raises(ValueError, match=r"clips \(batch, 1, time, 32, 32\), got \(2, 1, 4, 16, 16\)"):
        module.RecurrentVideoNet(3)(array(clip))
    for empty in (clip[:, :, :0], clip[:, :, :, :0]):
        with pytest.raises(ValueError, match=r"got \(2, 1, .*0,"):
            module.Conv3dNet(3)(array(empty))


def test_one_frame_is_a_clip(side):
    module, array = side
    clip = array(np.random.default_rng(13).normal(size=(2, 1, 1, 16, 16)).astype(np.float32))
    for network in (module.Conv3dNet(3), module.RecurrentVideoNet(3, 16)):
        assert tuple(network(clip).shape) == (2, 3)
