"""What the tests of reid share."""

import numpy as np
import torch

from mylib import data, engine
from mylib.attention.reid import pytorch, scratch
from tests.twins import array, unit

SIDES = {
    "scratch": (scratch, np.asarray),
    "pytorch": (pytorch, lambda value: torch.tensor(np.asarray(value))),
}
RNG = np.random.default_rng

HAND = {  # one query of person 1 by camera 0; in the order of distance: out, no, yes, out, no, yes
    "distances": [[0.1, 0.2, 0.3, 0.4, 0.5, 0.6]],
    "ids_q": [1],
    "ids_g": [1, 2, 1, 1, 3, 1],
    "cams_q": [0],
    "cams_g": [0, 0, 1, 0, 1, 2],
}


def random_ranking(seed, queries=30, gallery=60, people=5, cameras=3):
    rng = RNG(seed)
    ids_q, ids_g = rng.integers(0, people, queries), np.arange(gallery) % people
    cams_q, cams_g = rng.integers(0, cameras, queries), rng.integers(0, cameras, gallery)
    return rng.random((queries, gallery)), ids_q, ids_g, cams_q, cams_g


CLUSTERS, CAMERAS = np.array([1, 0, -1, 1, 1, 0, 2]), np.array([0, 1, 0, 1, 0, 1, 0])


def memory_of(module, make, dtype=np.float64, momentum=0.2, dim=4):
    x = RNG(13).normal(size=(7, dim)).astype(dtype)
    return module.CameraProxies(make(x), make(CLUSTERS), make(CAMERAS), momentum), unit(x)


def large(module, make, dtype=np.float64):
    """A memory of 3 cameras and 6 clusters, each image's proxy, and features."""
    clusters, cameras = np.arange(40) % 7 - 1, np.arange(40) * 5 % 3
    x = RNG(17).normal(size=(40, 5)).astype(dtype)
    memory = module.CameraProxies(make(x), make(clusters), make(cameras))
    rows = np.flatnonzero(clusters >= 0)[::2]
    return memory, array(memory.indices)[rows], RNG(18).normal(size=(len(rows), 5)).astype(dtype)


def people_and_linear(module, seed=0, dtype=np.float32):
    """Pictures of few people, and a linear encoder with the same weights on both sides."""
    people = data.camera_people(seed, identities=8, cameras=2, shots=3)
    people = people._replace(images=people.images.astype(dtype))
    weights = (0.05 * RNG(seed).normal(size=(8, 3 * 32 * 16))).astype(dtype)
    if module is scratch:
        encoder = engine.nn.Sequential(engine.nn.Flatten(), engine.nn.Linear(1536, 8, bias=False))
        encoder[1].weight = engine.nn.Parameter(weights)
        return people, encoder, engine.optim.SGD(encoder.parameters(), 0.05)
    encoder = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(1536, 8, bias=False))
    encoder[1].weight = torch.nn.Parameter(torch.tensor(weights))
    return people, encoder, torch.optim.SGD(encoder.parameters(), 0.05)


SMALL = {"k1": 6, "k2": 2, "min_samples": 2, "proxies": 4, "shots": 2}
