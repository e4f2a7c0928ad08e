"""What the tests of self_supervision share."""

import numpy as np
import torch

from mylib.representation.self_supervision import pytorch, scratch

RNG = np.random.default_rng
SIDES = {
    "scratch": (scratch, np.asarray),
    "pytorch": (pytorch, lambda value: torch.tensor(np.asarray(value))),
}
