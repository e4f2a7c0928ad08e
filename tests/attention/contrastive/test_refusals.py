"""Temperatures, shapes, labels and modules that contrastive refuses."""

import copy

import numpy as np
import pytest
import torch

from mylib import engine
from mylib.attention.contrastive import scratch
from tests.attention.contrastive.cases import RNG

V, BANK = np.ones((2, 3)), np.ones((5, 3))


@pytest.mark.parametrize("temperature", [0, -1.0, float("nan")])
def test_a_temperature_that_is_not_above_zero(side, temperature):
    module, make = side
    v, bank, labels = make(V), make(BANK), make(np.zeros(5, np.int64))
    calls = (
        lambda: module.non_parametric_softmax(v, bank, temperature),
        lambda: module.noise_contrastive_loss(v, make([0, 1]), make([[0], [1]]), bank, 1.0, temperature),
        lambda: module.nt_xent(v, v, temperature),
        lambda: module.info_nce(v, v, bank, temperature),
        lambda: module.proto_nce(v, v, bank, [(bank, make([0, 1]), make(np.ones(5)))], temperature),
        lambda: module.knn_predict(v, bank, labels, 2, temperature),
        lambda: module.concentration(bank, bank, labels, temperature=temperature),
    )
    for call in calls:
        with pytest.raises(ValueError, match="temperature.* above 0"):
            call()


NOISE = np.array([0, -1, 1, 1, -1])
X5 = np.random.default_rng(0).normal(size=(5, 3))
BAD = {
    "a label of noise for neighbours": (
        lambda m, a: m.knn_predict(a(V), a(BANK), a(NOISE), 2),
        "labels of at least 0, got -1",
    ),
    "a label of noise for a probe": (
        lambda m, a: m.linear_probe(a(X5), a(NOISE)),
        "labels of at least 0, got -1",
    ),
    "a label of noise for few shots": (
        lambda m, a: m.low_shot(a(X5), a(NOISE), 1),
        "labels of at least 0, got -1",
    ),
    "a point of noise": (
        lambda m, a: m.concentration(a(X5), a(BANK[:2]), a(NOISE)),
        "labels from 0 to 1, got -1",
    ),
    "an image before the first": (
        lambda m, a: m.MemoryBank(5, 3).update(a([0, -1]), a(V.astype(np.float32))),
        "indices from 0 to 4, got -1",
    ),
    "noise behind the last image": (
        lambda m, a: m.noise_contrastive_loss(a(V), a([0, 1]), a([[3], [5]]), a(BANK), 1.0),
        "indices and noise from 0 to 4, got 5",
    ),
    "a bank of another dimension": (
        lambda m, a: m.non_parametric_softmax(a(V), a(BANK[:, :2])),
        r"got \(2, 3\) and \(5, 2\)",
    ),
    "an empty batch": (lambda m, a: m.nt_xent(a(V[:0]), a(V[:0])), "batch of at least 1.* got"),
    "views of other images": (lambda m, a: m.nt_xent(a(V), a(BANK)), r"got \(2, 3\) and \(5, 3\)"),
    "no queue": (lambda m, a: m.info_nce(a(V), a(V), a(BANK[:0])), r"queue \(size, dim\) with size of at least 1, got"),
    "one noise image for all": (
        lambda m, a: m.noise_contrastive_loss(a(V), a([0, 1]), a([3, 4]), a(BANK), 1.0),
        r"noise \(batch, m\)",
    ),
    "a normaliser of zero": (
        lambda m, a: m.noise_contrastive_loss(a(V), a([0, 1]), a([[3], [4]]), a(BANK), 0.0),
        "normaliser above 0, got 0.0",
    ),
    "no clusterings": (lambda m, a: m.proto_nce(a(V), a(V), a(BANK), []), "at least one clustering"),
    "a phi of zero": (
        lambda m, a: m.proto_nce(a(V), a(V), a(BANK), [(a(BANK), a([0, 1]), a(np.zeros(5)))]),
        "every phi above 0",
    ),
    "labels of all images": (
        lambda m, a: m.proto_nce(a(V), a(V), a(BANK), [(a(BANK), a([0, 1, 2]), a(np.ones(5)))]),
        r"labels \(batch,\).*, where batch is both 2 and 3",
    ),
    "a queue without room": (lambda m, a: m.KeyQueue(0, 3), "size and dim of at least 1, got 0 and 3"),
    "a batch that does not divide the queue": (
        lambda m, a: m.KeyQueue(10, 3).push(a(np.ones((4, 3)))),
        "divides the queue's size 10, got 4; drop the last batch, or take a size of 8",
    ),
    "a batch larger than the queue": (
        lambda m, a: m.KeyQueue(2, 3).push(a(np.ones((4, 3)))),
        "take a size of 4",
    ),
    "keys of another dimension": (lambda m, a: m.KeyQueue(4, 2).push(a(V)), r"expected keys \(batch, 2\)"),
    "a momentum of 2": (lambda m, a: m.MemoryBank(3, 3, momentum=2), "momentum from 0 to 1, got 2"),
    "more vectors than indices": (
        lambda m, a: m.MemoryBank(5, 3).update(a([0]), a(V)),
        r"got \(1,\) and \(2, 3\)",
    ),
    "more clusters than points": (
        lambda m, a: m.spherical_kmeans(a(V), 3),
        "k from 1 to 2, got 3; take fewer clusters",
    ),
    "points without clusters": (lambda m, a: m.concentration(a(V), a(BANK), a([0])), r"labels \(n,\)"),
    "more neighbours than there are": (
        lambda m, a: m.knn_predict(a(V), a(BANK), a(np.zeros(5, np.int64)), k=6),
        "k from 1 to 5",
    ),
    "a class with fewer examples": (
        lambda m, a: m.low_shot(a(BANK), a([0, 0, 0, 1, 1]), k=3),
        "k from 1 to 2, got 3",
    ),
    "no labels": (lambda m, a: m.linear_probe(a(BANK), a([0, 1])), r"labels \(n,\)"),
    "a penalty of zero": (lambda m, a: m.linear_probe(a(V), a([0, 1]), penalty=0.0), "penalty above 0"),
    "one image without its axes": (
        lambda m, a: m.augment(a(np.ones((8, 8))), RNG(0)),
        "add the missing axes",
    ),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_input_says_what_is_expected(side, case):
    call, message = BAD[case]
    with pytest.raises(ValueError, match=message):
        call(*side)


def test_integer_images_and_other_modules(side):
    module, make = side
    with pytest.raises(TypeError, match="divide by 255"):
        module.augment(make(np.ones((1, 1, 4, 4), np.int64)), RNG(0))
    nn = engine.nn if module is scratch else torch.nn
    with pytest.raises(ValueError, match="two modules with the same parameters"):
        module.momentum_update(nn.Linear(2, 3), nn.Linear(3, 2))
    layer = nn.Linear(2, 2)
    with pytest.raises(ValueError, match="m from 0 to 1"):
        module.momentum_update(layer, copy.deepcopy(layer), 1.5)
