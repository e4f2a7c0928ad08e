"""Flow, 3D convolution, colours and networks against scikit-image, SciPy, colorsys and plain NumPy."""

import colorsys
import itertools

import numpy as np
import pytest
import scipy.ndimage
import scipy.signal
import scipy.sparse
import scipy.sparse.linalg
import torch
from hypothesis import given
from hypothesis import strategies as st
from skimage.registration import optical_flow_ilk

from mylib.vision.video import pytorch, scratch, scratch_flow
from tests.vision.video.cases import INSIDE, SIDES, endpoint_error, translated


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
        scipy.ndimage.correlate1d(scipy.ndimage.correlate1d(f, blur, 1, mode="nearest"), blur, 0, mode="nearest")
        for f in (photograph, moved)
    ]
    slope = np.array([1, -8, 0, 8, -1]) / 12
    dx, dy = (
        scipy.ndimage.correlate1d((smooth[0] + smooth[1]) / 2, slope, axis, mode="nearest").ravel() for axis in (1, 0)
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


@given(
    size=st.tuples(*[st.integers(3, 5)] * 3),
    kernel=st.tuples(*[st.integers(1, 3)] * 3),
    seed=st.integers(0, 1000),
)
def test_conv3d_equals_scipys_correlation(size, kernel, seed):
    rng = np.random.default_rng(seed)
    clip, weights, bias = rng.normal(size=(2, 2, *size)), rng.normal(size=(3, 2, *kernel)), rng.normal(size=3)
    correlated = [[[scipy.signal.correlate(x[c], w[c], mode="valid") for c in (0, 1)] for w in weights] for x in clip]
    expected = np.sum(correlated, axis=2) + bias[:, None, None, None]
    for module, array in SIDES.values():
        got = module.conv3d(array(clip), array(weights), array(bias))
        np.testing.assert_allclose(
            np.asarray(got if module is pytorch else got.numpy()), expected, rtol=1e-9, atol=1e-9
        )


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
    maps = [[sum(scipy.signal.correlate(a, b, "valid") for a, b in zip(n, o, strict=True)) for o in w] for n in padded]
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
    state = {name: rng.uniform(0.1, 1, value.shape) for name, value in plain(network).items() if "tracked" not in name}
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
    np.testing.assert_allclose(got.detach().numpy() if module is pytorch else got.numpy(), expected, rtol=1e-9)


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
    np.testing.assert_allclose(got.detach().numpy() if module is pytorch else got.numpy(), expected, rtol=1e-9)
