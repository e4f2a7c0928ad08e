"""The two sides of reid: losses and training, and PyTorch under autocast, in rounds, and on its device."""

import numpy as np
import pytest
import torch

from mylib.attention.reid import pytorch, scratch
from tests.attention.reid.cases import RNG, SIDES, SMALL, large, people_and_linear
from tests.twins import array, assert_same_function

# k-reciprocal neighbours


def test_jaccard_distance_ranks_in_full_precision_under_autocast():
    x = torch.tensor(RNG(32).normal(size=(60, 6)), dtype=torch.float32)
    expected = pytorch.jaccard_distance(x, 8, 3)
    with torch.autocast("cpu", torch.bfloat16):
        got = pytorch.jaccard_distance(x, 8, 3)
    assert torch.equal(got, expected)
    assert pytorch.jaccard_distance(x.bfloat16(), 8, 3).dtype == torch.float32


def test_pairs_are_added_in_several_rounds(monkeypatch):
    """Blocks of columns, each as long as its longest: the sum is that of one block."""
    from mylib.attention.reid import pytorch_clusters

    x = torch.tensor(RNG(33).normal(size=(50, 4)))
    expected = pytorch.jaccard_distance(x, 9, 3)
    for entries in (1, 300, 2000):
        monkeypatch.setattr(pytorch_clusters, "ENTRIES", entries)
        torch.testing.assert_close(pytorch.jaccard_distance(x, 9, 3), expected, rtol=0, atol=1e-12)


# DBSCAN


def test_labels_flow_along_a_chain_of_a_thousand_in_a_dozen_rounds(monkeypatch):
    rounds, equal = [], torch.equal
    monkeypatch.setattr(torch, "equal", lambda a, b: rounds.append(1) or equal(a, b))
    for place in (np.arange(1000.0), RNG(34).permutation(1000).astype(float)):
        rounds.clear()
        got = pytorch.dbscan(torch.tensor(np.abs(place[:, None] - place)), 1.0, 2)
        assert (got == 0).all()
        assert len(rounds) <= 12  # a round a neighbour would be 1,000


# losses


@pytest.mark.parametrize("name", ["intra_camera_loss", "inter_camera_loss"])
@pytest.mark.parametrize("options", [(0.07,), (0.5,), (0.2, 3)])
def test_the_losses_agree_with_their_twins(name, options):
    if name == "intra_camera_loss":
        options = options[:1]
    ours, indices, f = large(scratch, np.asarray)
    theirs, _, _ = large(pytorch, torch.tensor)
    assert_same_function(
        lambda f: getattr(scratch, name)(f, indices, ours, *options),
        lambda f: getattr(pytorch, name)(f, torch.tensor(indices), theirs, *options),
        f,
    )


def test_the_losses_of_half_precision_are_sums_in_single():
    memory, indices, f = large(pytorch, torch.tensor, np.float32)
    indices, f = torch.tensor(indices), torch.tensor(f)
    for loss in (pytorch.intra_camera_loss, pytorch.inter_camera_loss):
        with torch.autocast("cpu", torch.bfloat16):
            got = loss(f, indices, memory, 0.1)
        assert got.dtype == torch.float32
        # Cosines have 8 bits: an error of 0.004, divided by 0.1, against losses of several nats.
        assert got.item() == pytest.approx(loss(f, indices, memory, 0.1).item(), rel=0.02)


# training


@pytest.mark.parametrize("supervised", [False, True])
def test_both_sides_train_to_the_same_weights(supervised):
    """In float64: a distance may lie 4e-6 beside the radius of a cluster, where float32 falls to either side."""
    results = []
    for module, make in SIDES.values():
        people, encoder, optimizer = people_and_linear(module, dtype=np.float64)
        labels = make(people.ids) if supervised else None
        cap = module.CAP(encoder, optimizer, make(people.images), make(people.cameras), labels, **SMALL)
        reports = [cap.epoch() for _ in range(3)]
        results.append((reports, array(encoder[1].weight)))
    (ours, our_weight), (theirs, their_weight) = results
    for our, their in zip(ours, theirs, strict=True):
        assert our == pytest.approx(their, rel=1e-9)
    np.testing.assert_allclose(our_weight, their_weight, rtol=1e-9, atol=1e-12)


def test_an_epoch_under_autocast_learns_what_one_in_full_precision_learns():
    """Casts of the weights are kept while autocast lasts: with the old ones nothing would be learned."""
    moves = []
    for enabled in (False, True):
        people, encoder, optimizer = people_and_linear(pytorch)
        before = encoder[1].weight.detach().clone()
        arguments = [torch.tensor(value) for value in (people.images, people.cameras, people.ids)]
        cap = pytorch.CAP(encoder, optimizer, *arguments, **SMALL)
        with torch.autocast("cpu", torch.bfloat16, enabled=enabled):
            cap.epoch(), cap.epoch()
        moves.append((encoder[1].weight - before).flatten().detach())
    assert torch.cosine_similarity(*moves, dim=0) > 0.99  # bfloat16 has 8 bits; old casts give less than 0


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("eps", 0.8),
        ("min_samples", 5),
        ("k1", 10),
        ("k2", 4),
        ("proxies", 3),
        ("shots", 3),
        ("temperature", 0.2),
        ("momentum", 0.7),
        ("negatives", 1),
        ("weight", 2.0),
        ("warm_up_epochs", 1),
        ("seed", 1),
    ],
)
def test_every_option_of_the_loop_changes_what_is_learned_and_alike_on_both_sides(option, value):
    weights, base = [], {"eps": 0.6, "temperature": 0.1}
    for module, make in SIDES.values():
        for options in (base, base | {option: value}):
            people, encoder, optimizer = people_and_linear(module, 6, dtype=np.float64)
            arguments = encoder, optimizer, make(people.images), make(people.cameras)
            cap = module.CAP(*arguments, **SMALL | options)
            cap.epoch(), cap.epoch()
            weights.append(array(encoder[1].weight))
    np.testing.assert_allclose(weights[1], weights[3], atol=1e-9)
    # Above what rounding does to the twins.
    assert np.abs(weights[1] - weights[0]).max() > 5e-4


@pytest.mark.gpu
def test_the_twin_stays_on_its_device():
    x = torch.randn(40, 5, device="cuda")
    labels, cameras = torch.arange(40, device="cuda") % 4, torch.arange(40, device="cuda") // 4 % 3
    memory = pytorch.CameraProxies(x, labels, cameras)
    assert pytorch.dbscan(pytorch.jaccard_distance(x, 5, 2), 0.5, 2).device == x.device
    assert pytorch.inter_camera_loss(x, memory.indices, memory).device == x.device
    memory.update(x, memory.indices)
    assert memory.vectors.device == x.device
