"""Against what nobody here wrote: NumPy, SciPy, scikit-learn, mlxtend and torch's own functions."""

import warnings

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from scipy.spatial.distance import cdist

from mylib import data
from mylib.attention.contrastive.scratch import linear_probe
from mylib.representation.self_supervision import scratch
from tests.representation.self_supervision.cases import RNG, small_digits
from tests.twins import array

# rotations


@pytest.mark.parametrize("shape", [(4, 5), (3, 1, 4, 4), (2, 3, 6, 5), (1, 2, 3, 4, 4)], ids=str)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_turns_are_those_of_numpy_and_torch(side, shape, dtype):
    module, make = side
    images = RNG(0).normal(size=shape).astype(dtype)
    for turn in range(-4, 9):
        got = array(module.rotate90(make(images), turn))
        assert got.dtype == dtype
        np.testing.assert_array_equal(got, np.rot90(images, turn, axes=(-2, -1)))
        np.testing.assert_array_equal(got, torch.rot90(torch.tensor(images), turn, (-2, -1)).numpy())


@pytest.mark.parametrize("shape", [(9, 5, 5), (9, 2, 5, 5), (9, 2, 3, 4, 4)], ids=str)
def test_turns_of_each_image_are_those_of_numpy(side, shape):
    module, make = side
    images, turns = RNG(1).normal(size=shape), RNG(2).integers(-8, 9, 9)
    expected = np.stack([np.rot90(image, turn, axes=(-2, -1)) for image, turn in zip(images, turns, strict=True)])
    np.testing.assert_array_equal(array(module.rotate90(make(images), make(turns))), expected)


def test_a_batch_of_rotations_is_numpys(side):
    module, make = side
    images = RNG(3).normal(size=(5, 3, 4, 4))
    turned, labels = module.rotation_batch(make(images))
    for row, label in enumerate(array(labels)):
        np.testing.assert_array_equal(array(turned)[row], np.rot90(images[row // 4], label, axes=(1, 2)))


# networks, held against their layers written out with torch's functions


def by_functions(state, images, blocks):
    """Maps after every block, from a state_dict and torch's own functions alone, in eval mode."""
    x, maps = torch.tensor(images), []
    state = {name: torch.tensor(np.asarray(value)) for name, value in state.items()}
    for block in range(blocks):
        x = F.max_pool2d(x, 2) if block == 1 else x
        x = F.conv2d(x, state[f"blocks.{block}.0.weight"], padding=1)
        names = ("running_mean", "running_var", "weight", "bias")
        x = F.relu(F.batch_norm(x, *(state[f"blocks.{block}.1.{name}"] for name in names)))
        maps.append(x)
    return maps, state


def randomised(net, make, seed):
    """A network in float64 with random weights and statistics, in eval mode."""
    rng, state = RNG(seed), {}
    for name, value in net.double().state_dict().items():
        value = array(value)
        drawn = rng.uniform(0.5, 1.5, value.shape) if "var" in name else rng.normal(0, 0.5, value.shape)
        state[name] = make(drawn if value.dtype.kind == "f" else value)
    net.load_state_dict(state)
    return net.eval()


@pytest.mark.parametrize(("blocks", "channels"), [(1, 1), (2, 3), (4, 1)])
def test_rotnet_is_its_layers_one_after_the_other(side, blocks, channels):
    module, make = side
    net = randomised(module.RotNet(channels, width=3, blocks=blocks, classes=5), make, 4)
    images = RNG(5).normal(size=(2, channels, 7, 7))
    maps, state = by_functions(net.state_dict(), images, blocks)
    for block in range(1, blocks + 1):
        np.testing.assert_allclose(array(net.features(make(images), block)), maps[block - 1], rtol=1e-9, atol=1e-12)
    logits = F.linear(maps[-1].mean((2, 3)), state["linear.weight"], state["linear.bias"])
    np.testing.assert_allclose(array(net(make(images))), logits, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize(("blocks", "channels"), [(1, 1), (3, 2)])
def test_the_filling_net_is_its_layers_one_after_the_other(side, blocks, channels):
    module, make = side
    net = randomised(module.FillingNet(channels, width=3, blocks=blocks), make, 6)
    images = RNG(7).normal(size=(2, channels, 6, 8))
    maps, state = by_functions(net.state_dict(), images, blocks)
    x = maps[-1]
    if blocks > 1:
        x = F.conv_transpose2d(x, state["enlarge.weight"], state["enlarge.bias"], stride=2)
    expected = F.conv2d(x, state["to_image.weight"], state["to_image.bias"], padding=1)
    np.testing.assert_allclose(array(net(make(images))), expected, rtol=1e-9, atol=1e-12)


# the future


def test_displacements_are_scipys_distances(side):
    module, make = side
    paths, target = RNG(8).normal(size=(6, 4, 5, 2)), RNG(9).normal(size=(6, 5, 2))
    distances = np.array(
        [
            [[cdist(p[None, t], y[None, t])[0, 0] for t in range(5)] for p in guesses]
            for guesses, y in zip(paths, target, strict=True)
        ]
    )
    expected = distances.mean(2).min(1).mean(), distances[:, :, -1].min(1).mean()
    assert module.displacement_errors(make(paths), make(target)) == pytest.approx(expected, rel=1e-12)
    squared = (distances**2).mean(2).min(1).mean()
    assert module.winner_takes_all_loss(make(paths), make(target)).item() == pytest.approx(squared, rel=1e-12)


# what occurs together


@pytest.mark.parametrize(("support", "confidence"), [(0.05, 0.5), (0.01, 0.3), (0.2, 0.05)])
def test_rules_are_those_of_mlxtend(support, confidence):
    import pandas as pd
    from mlxtend.frequent_patterns import apriori, association_rules

    rng = RNG(10)
    baskets = rng.random((200, 9)) < rng.uniform(0.05, 0.6, 9)
    baskets[:, 7] = baskets[:, 2] & (rng.random(200) < 0.9)  # 7 implies 2
    baskets[:, 8] = False
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # mlxtend's own notes on future pandas
        frequent = apriori(pd.DataFrame(baskets), min_support=support, max_len=2)
        theirs = association_rules(frequent, metric="confidence", min_threshold=confidence)
    expected = {
        (*rule.antecedents, *rule.consequents): (rule.support, rule.confidence, rule.lift)
        for rule in theirs.itertuples()
    }
    ours = scratch.association_rules(baskets, support, confidence)
    assert {rule[:2] for rule in ours} == set(expected)
    assert ours
    for a, b, *numbers in ours:
        np.testing.assert_allclose(numbers, expected[a, b], rtol=1e-12)


def test_rules_of_pythons_library_hold_in_a_plain_count():
    matrix, modules, names = data.standard_library_imports()
    rules = scratch.association_rules(matrix, 0.03, 0.7)
    assert rules
    baskets = [{names[j] for j in np.flatnonzero(row)} for row in matrix]
    for a, b, support, confidence, lift in rules:
        both = sum({names[a], names[b]} <= basket for basket in baskets)
        ones, others = (sum(names[i] in basket for basket in baskets) for i in (a, b))
        assert support == pytest.approx(both / len(baskets), rel=1e-12)
        assert confidence == pytest.approx(both / ones, rel=1e-12)
        assert lift == pytest.approx(both * len(baskets) / (ones * others), rel=1e-12)


# judging


def test_a_probe_of_rotnets_features_is_scikit_learns_logistic_regression():
    """The same penalised loss on standardised features, minimised by another hand."""
    from sklearn.linear_model import LogisticRegression

    images, labels = small_digits(120)
    net = scratch.RotNet(width=2).eval()
    maps = net.features(images, 1).numpy()
    features = maps.reshape(len(maps), -1, 7, 2, 7, 2).mean((3, 5)).reshape(len(maps), -1).astype(np.float64)[:, ::9]
    penalty = 0.05
    ours = linear_probe(features, labels, penalty, steps=1500)
    deviation = np.maximum(features.std(axis=0), 1e-8)
    x = (features - features.mean(axis=0)) / deviation
    # scikit-learn: sum of losses + ||W||^2 / (2 C); C = 1 / (n penalty).
    theirs = LogisticRegression(C=1 / (len(x) * penalty), tol=1e-10, max_iter=2000).fit(x, labels)
    np.testing.assert_allclose(ours.weight.numpy() * deviation, theirs.coef_, atol=2e-4)  # both stop early
    agree = ours(features).numpy().argmax(1) == theirs.predict(x)
    assert agree.mean() > 0.99
