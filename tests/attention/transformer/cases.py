"""What the tests of transformer share."""

import math

import numpy as np
import torch

from mylib import engine
from mylib.attention.transformer import scratch
from tests.twins import array

RNG = np.random.default_rng
SMALL = {"dim": 16, "heads": 2, "layers": 2, "hidden": 24, "dropout": 0.0}


def normal(*shape, seed=0):
    return RNG(seed).normal(size=shape)


def randomise(module, seed=0):
    """Random weights in float64, the same on both sides."""
    module.double()
    rng, state = RNG(seed), module.state_dict()
    drawn = {name: rng.normal(0, 1 / math.sqrt(value.shape[-1]), tuple(value.shape)) for name, value in state.items()}
    module.load_state_dict({name: torch.tensor(value) for name, value in drawn.items()})
    return module


def tokens(*shape, vocabulary=11, seed=0, padded=()):
    """Random tokens without padding, but for the last ones of the rows named: {row: how many}."""
    made = RNG(seed).integers(3, vocabulary, shape)
    for row, count in padded:
        made[row, -count:] = 0
    return made


def on(module, values):
    """Tokens for either side."""
    return values if module is scratch else torch.tensor(values)


class Language:
    """A model whose next scores are a function of all tokens so far and of the source, for exhaustive search."""

    def __init__(self, module, vocabulary=4, seed=0):
        self.module, self.vocabulary, self.seed, self.training, self.modes = (
            module,
            vocabulary,
            seed,
            True,
            [],
        )

    def train(self, mode=True):
        self.training = mode

    def eval(self):
        self.train(False)

    def encode(self, source):
        self.modes.append(self.training)
        return array(source)

    def scores(self, source, prefix):
        return 2 * RNG([self.seed, *map(int, source), *map(int, prefix)]).normal(size=self.vocabulary)

    def decode(self, target, memory):
        target = array(target)
        scores = np.zeros((*target.shape, self.vocabulary))
        for row in range(len(target)):
            scores[row, -1] = self.scores(memory[row], target[row, 1:])
        return engine.Tensor(scores) if self.module is scratch else torch.tensor(scores)

    def log_probability(self, source, sequence):
        total = 0.0
        for position, token in enumerate(sequence):
            scores = self.scores(source, sequence[:position])
            total += scores[token] - np.log(np.exp(scores).sum())
        return total

    def everything(self, length, end):
        """All sequences that end with `end`, or are as long as may be."""
        growing, found = [[]], []
        for _ in range(length):
            longer = [[*sequence, token] for sequence in growing for token in range(self.vocabulary)]
            found += [sequence for sequence in longer if sequence[-1] == end]
            growing = [sequence for sequence in longer if sequence[-1] != end]
        return found + growing


SOURCES = np.array([[5, 6], [7, 7], [8, 1]])
