"""What cross_modality refuses, and with which words."""

import numpy as np
import pytest
import torch

from mylib import engine
from mylib.data import ModalPeople
from mylib.representation.cross_modality import scratch
from tests.representation.cross_modality.cases import features, small_people


def test_an_anchor_without_positive_or_negative_is_refused(side):
    module, make = side
    a, b, _, _ = map(make, features(0, rows=3, others=3))
    words = r"image of the same person on the other side, got none for rows \[1, 2\]; draw every person in both"
    with pytest.raises(ValueError, match="hardest_triplet_loss: expected for each row an " + words):
        module.hardest_triplet_loss(a, b, make([0, 1, 2]), make([0, 0, 5]))
    words = r"image of another person on the other side, got none for rows \[0, 1, 2\]; draw at least two persons"
    with pytest.raises(ValueError, match="hardest_triplet_loss: expected for each row an " + words):
        module.hardest_triplet_loss(a, b, make([4, 4, 4]), make([4, 4, 4]))
    # one direction is complete, the other is not
    assert np.isfinite(module.hardest_triplet_loss(a, b, make([0, 1, 1]), make([0, 1, 2])).item())
    with pytest.raises(ValueError, match=r"cross_modality_gap: .*the same person.* got none for rows \[2\]"):
        module.cross_modality_gap(a, b, make([0, 1, 1]), make([0, 1, 2]))


def test_triplets_refuse_shapes_margins_and_labels(side):
    module, make = side
    a, b, labels_a, labels_b = map(make, features(1))
    with pytest.raises(ValueError, match=r"labels_anchor \(rows,\).*where rows is both 6 and 8; give one row and one"):
        module.hardest_triplet_loss(a, b, labels_b, labels_b)
    with pytest.raises(ValueError, match=r"labels_b \(others,\).*where others is both 8 and 6"):
        module.cross_modality_gap(a, b, labels_a, labels_a)
    with pytest.raises(ValueError, match="where dim is both 4 and 3"):
        module.cross_modality_gap(a, b[:, :3], labels_a, labels_b)
    with pytest.raises(ValueError, match="with rows and dim of at least 1"):
        module.hardest_triplet_loss(a[:0], b, labels_a[:0], labels_b)
    for margin in (-0.1, float("nan")):
        for loss in (module.hardest_triplet_loss, module.cross_modality_gap):
            with pytest.raises(ValueError, match=f"{loss.__name__}: expected margin of at least 0, got {margin}"):
                loss(a, b, labels_a, labels_b, margin)
    with pytest.raises(TypeError, match="cross_modality_gap: expected integer labels, got .*float64"):
        module.cross_modality_gap(a, b, make([0.0] * 6), labels_b)


def test_the_respective_gap_refuses_lists_that_do_not_fit(side):
    module, make = side
    z, y = make(np.zeros((2, 3))), make([0, 1])
    with pytest.raises(ValueError, match="lists logits and labels of one length.* got 3 and 2; repeat the labels"):
        module.modality_respective_gap([z, z, z], [y, y])
    with pytest.raises(ValueError, match="got 0 and 0"):
        module.modality_respective_gap([], [])
    with pytest.raises(TypeError, match="expected logits as a list, an entry for each modality, got"):
        module.modality_respective_gap(z, [y])
    with pytest.raises(TypeError, match="expected labels as a list"):
        module.modality_respective_gap([z], y)
    with pytest.raises(ValueError, match=r"logits_1 \(batch, identities\).*labels_1 \(batch,\).*both 2 and 1"):
        module.modality_respective_gap([z, z], [y, y[:1]])
    with pytest.raises(ValueError, match="batch and identities of at least 1"):
        module.modality_respective_gap([z[:0]], [y[:0]])
    for bad in (-1, 3):
        with pytest.raises(ValueError, match=f"expected labels from 0 to 2, got {min(bad, 0)} to {max(bad, 0)}"):
            module.modality_respective_gap([z], [make([0, bad])])
    with pytest.raises(TypeError, match="modality_respective_gap: expected integer labels, got .*float64"):
        module.modality_respective_gap([z], [make([0.0, 1.0])])


def test_networks_refuse_sizes_and_images(side):
    module, make = side
    for options, words in (
        ({"channels": 0}, "channels and hidden of at least 1, got 0 and 1"),
        ({"hidden": 0}, "channels and hidden of at least 1, got 3 and 0"),
    ):
        with pytest.raises(ValueError, match=f"XModality: expected {words}"):
            module.XModality(**options)
    image = make(np.zeros((1, 2, 4, 4), np.float32))
    with pytest.raises(ValueError, match=r"XModality: expected x \(n, 3, height, width\), got \(1, 2, 4, 4\)"):
        module.XModality()(image)
    with pytest.raises(ValueError, match="identities of at least 2, got 1; one person cannot"):
        module.XModalNet(1)
    with pytest.raises(ValueError, match="XModalNet: expected dim and width of at least 1, got 64 and 0"):
        module.XModalNet(3, width=0)
    net = module.XModalNet(3, dim=4, width=2, x_modality=False)
    with pytest.raises(ValueError, match=r"images \(n, 3, height, width\), got \(1, 2, 4, 4\); repeat the one channel"):
        net(image)
    with pytest.raises(ValueError, match="expected a network with x_modality=True, got the baseline"):
        net.generate(make(np.zeros((1, 3, 4, 4), np.float32)))
    with pytest.raises(ValueError, match=r"XModalNet.classify: expected features \(n, 4\), got \(2, 3\)"):
        net.classify(make(np.zeros((2, 3), np.float32)))


def make_training(module, people, identities=4, **options):
    net = module.XModalNet(identities, dim=4, width=2)
    optim = engine.optim if module is scratch else torch.optim
    return module.XIV(net, optim.SGD(net.parameters(), 0.1), people, **{"persons": 4, **options})


def test_training_refuses_what_makes_no_batch(side):
    module, _ = side
    people = small_people()
    for options, words in (
        ({"shots": 0}, "shots of at least 1, got 0"),
        ({"persons": 1}, "persons of at least 2, got 1; one person has no negative"),
        ({"persons": 5}, "identities_in_people of at least 5, got 4; take fewer persons"),
        ({"margin": -1}, "margin and gap_weight of at least 0, got -1 and 1.0"),
        ({"gap_weight": -1}, "margin and gap_weight of at least 0, got 0.3 and -1"),
        ({"identities": 3}, "ids below the network's identities, 3, got 3; number the persons from 0"),
    ):
        with pytest.raises(ValueError, match=f"XIV: expected {words}"):
            make_training(module, people, **options)


def test_training_refuses_people_that_do_not_fit(side):
    module, _ = side
    people = small_people()
    with pytest.raises(ValueError, match=r"ids \(n,\).*where n is both 16 and 15"):
        make_training(module, people._replace(ids=people.ids[:-1]))
    with pytest.raises(TypeError, match="XIV: expected integer labels, got .*float64"):
        make_training(module, people._replace(ids=people.ids.astype(float)))
    chosen = ~((people.ids == 2) & people.infrared)
    alone = ModalPeople(*(values[chosen] for values in people))
    with pytest.raises(ValueError, match=r"expected every person in both modalities, got persons \[2\] in one only"):
        make_training(module, alone, persons=2)
    with pytest.raises(ValueError, match="images .* with n of at least 1"):
        make_training(module, ModalPeople(*(values[:0] for values in people)))
