"""What must hold of cross_modality whatever the numbers are."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from mylib import engine
from mylib.representation.cross_modality import pytorch, scratch
from mylib.representation.cross_modality.batches import draw_batches
from tests.representation.cross_modality.cases import RNG, features, small_people, tracked
from tests.twins import array, share_random_weights


def test_equal_features_leave_the_margin_less_the_nearest_stranger(side):
    """Positives are at distance 0, told as the root of 1e-12, and zero is where no gradient comes from."""
    module, make = side
    a = RNG(0).normal(size=(5, 3))
    nearest = np.linalg.norm(a[:, None] - a, axis=2) + np.diag(np.full(5, np.inf))
    expected = np.maximum(0, 2 - nearest.min(axis=1)).mean()
    one, two = tracked(module, a), tracked(module, a)
    loss = module.hardest_triplet_loss(one, two, make(np.arange(5)), make(np.arange(5)), 2.0)
    assert loss.item() == pytest.approx(expected, abs=2e-6)
    loss.backward()
    assert np.isfinite(array(one.grad)).all()
    assert np.isfinite(array(two.grad)).all()


def test_separated_persons_cost_nothing_and_move_nothing(side):
    module, make = side
    labels = np.array([0, 1, 2, 0, 1, 2])
    centre = 10.0 * np.eye(3)[labels]
    a, b = (tracked(module, centre + RNG(seed).normal(0, 0.1, (6, 3))) for seed in (1, 2))
    loss = module.cross_modality_gap(a, b, make(labels), make(labels), 0.0)
    loss.backward()
    assert loss.item() == 0
    assert not array(a.grad).any()
    assert not array(b.grad).any()


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 1000), st.integers(2, 4), st.integers(0, 6), st.integers(0, 6))
def test_order_does_not_matter_nor_the_names_of_persons(seed, persons, more, others):
    a, b, labels_a, labels_b = features(seed, persons + more, persons + others, persons)
    rng = RNG(seed)
    rows, columns = rng.permutation(len(a)), rng.permutation(len(b))
    for module, make in ((scratch, np.asarray), (pytorch, torch.tensor)):
        plain = module.cross_modality_gap(make(a), make(b), make(labels_a), make(labels_b)).item()
        moved = module.cross_modality_gap(
            make(a[rows]), make(b[columns]), make(7 - 3 * labels_a[rows]), make(7 - 3 * labels_b[columns])
        ).item()
        swapped = module.cross_modality_gap(make(b), make(a), make(labels_b), make(labels_a)).item()
        assert moved == pytest.approx(plain, rel=1e-9, abs=1e-12)
        assert swapped == pytest.approx(plain, rel=1e-9, abs=1e-12)


def test_the_gap_is_both_directions(side):
    module, make = side
    a, b, labels_a, labels_b = map(make, features(3))
    one = module.hardest_triplet_loss(a, b, labels_a, labels_b, 1.5)
    two = module.hardest_triplet_loss(b, a, labels_b, labels_a, 1.5)
    assert one.item() != pytest.approx(two.item(), rel=1e-3)
    both = module.cross_modality_gap(a, b, labels_a, labels_b, 1.5)
    assert both.item() == pytest.approx(one.item() + two.item(), rel=1e-12)


def test_turning_and_moving_all_features_changes_nothing(side):
    module, make = side
    a, b, labels_a, labels_b = features(4)
    turn, _ = np.linalg.qr(RNG(5).normal(size=(4, 4)))
    plain = module.hardest_triplet_loss(*map(make, (a, b, labels_a, labels_b))).item()
    moved = module.hardest_triplet_loss(*map(make, (a @ turn + 3, b @ turn + 3, labels_a, labels_b))).item()
    assert moved == pytest.approx(plain, rel=1e-9)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 1000), st.integers(2, 6), st.integers(2, 6), st.integers(1, 4))
def test_every_image_is_drawn_and_every_batch_holds_both_kinds(seed, count, persons, shots):
    rng = RNG(seed)
    persons = min(persons, count)
    ids = np.concatenate([np.arange(count), np.arange(count), rng.integers(0, count, 9)])
    infrared = np.concatenate([np.zeros(count, bool), np.ones(count, bool), rng.random(9) < 0.5])
    batches = draw_batches(ids, infrared, persons, shots, rng)
    for visible, dark in batches:
        np.testing.assert_array_equal(ids[visible], ids[dark])
        assert infrared[dark].all()
        assert not infrared[visible].any()
        found, times = np.unique(ids[visible], return_counts=True)
        assert len(found) == persons
        assert set(times.tolist()) == {shots}
    assert set(np.concatenate(batches, axis=None).tolist()) == set(range(len(ids)))


def test_the_gradient_reaches_the_generator_through_the_encoder(side):
    module, make = side
    people = small_people()
    net = module.XModalNet(4, dim=8, width=2)
    day, night = (make(people.images[people.infrared == dark]) for dark in (False, True))
    labels = make(people.ids[people.infrared])
    gap = module.cross_modality_gap(net(night), net(net.generate(day)), labels, labels, 5.0)
    gap.backward()
    for name, parameter in net.generator.named_parameters():
        assert np.abs(array(parameter.grad)).max() > 0, name


def test_hidden_channels_do_not_stay_alike(side):
    """They begin different, and X as the grey picture: the second one counts nothing and gets a gradient."""
    module, make = side
    torch.manual_seed(0)
    generator = module.XModality(hidden=3)
    weights = array(generator.squeeze.weight)[:, :, 0, 0]
    np.testing.assert_allclose(weights.sum(axis=1), 1, rtol=1e-6)  # rounding of float32
    assert (weights > 0).all()
    assert np.ptp(weights, axis=0).min() > 0
    x = generator(make(RNG(1).uniform(size=(2, 3, 4, 4)).astype(np.float32)))
    (x * x).sum().backward()
    slopes = array(generator.expand.weight.grad)[:, :, 0, 0]
    assert (np.abs(slopes) > 0).all()
    assert np.ptp(slopes, axis=1).min() > 0


def test_training_lowers_the_loss_and_leaves_features_of_length_one(side):
    module, _ = side
    people = small_people(identities=3, shots=4)
    torch.manual_seed(0)
    engine.manual_seed(0)
    net = module.XModalNet(3, dim=8, width=4)
    optim = engine.optim if module is scratch else torch.optim
    training = module.XIV(net, optim.Adam(net.parameters(), 0.01), people, persons=3, shots=4, gap_weight=0.1)
    found = [training.epoch() for _ in range(20)]
    for epoch in found:
        expected = epoch["respective"] + 0.1 * epoch["gap"]
        assert epoch["loss"] == pytest.approx(expected, rel=1e-5)  # rounding of float32
    assert found[-1]["loss"] < 0.7 * found[0]["loss"]
    vectors = array(training.embed(people.images))
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, rtol=1e-5)
    assert net.training


def test_the_weight_of_the_gap_and_the_generator_decide_what_is_learned(side):
    module, _ = side
    people = small_people()
    optim = engine.optim if module is scratch else torch.optim
    losses = {}
    for x_modality in (True, False):
        for weight in (0.0, 2.0):
            net = module.XModalNet(4, dim=8, width=2, x_modality=x_modality)
            reference = scratch.XModalNet(4, dim=8, width=2, x_modality=x_modality)
            if module is pytorch:
                share_random_weights(reference, net, np.float32)
            training = module.XIV(net, optim.SGD(net.parameters(), 0.0), people, persons=4, shots=2, gap_weight=weight)
            losses[x_modality, weight] = found = training.epoch()
            assert found["loss"] == pytest.approx(found["respective"] + weight * found["gap"], rel=1e-5)
    # a term of cross-entropy for each modality, each near log 4 before learning
    for weight in (0.0, 2.0):
        assert losses[True, weight]["respective"] > 1.2 * losses[False, weight]["respective"]


@pytest.mark.parametrize("rows", [1, 3, 4, 6, 9])
def test_stripes_are_means_of_rows_from_top_to_bottom(side, rows):
    """With the layers before taken away: the projection sees four means, of rows that overlap where they must."""
    module, make = side
    net = module.XModalNet(2, dim=16, width=1)
    net.encoder = torch.nn.Sequential() if module is pytorch else engine.nn.Sequential()
    net.project = torch.nn.Sequential() if module is pytorch else engine.nn.Sequential()
    image = RNG(9).normal(size=(1, 3, rows, 5))
    expected = [image[0, :, stripe * rows // 4 : -(-(stripe + 1) * rows // 4)].mean(axis=(1, 2)) for stripe in range(4)]
    np.testing.assert_allclose(array(net(make(image)))[0], np.stack(expected, axis=1).ravel(), rtol=1e-12)
