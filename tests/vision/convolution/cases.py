"""What the tests of convolution share."""

import numpy as np
import torch
from hypothesis import strategies as st

from mylib.vision.convolution import pytorch, scratch

SIDES = {"scratch": (scratch, np.asarray), "pytorch": (pytorch, torch.tensor)}


def layers():
    """Shapes and options of a convolutional layer whose kernel fits."""
    return st.builds(
        dict,
        batch=st.integers(1, 2),
        groups=st.sampled_from([1, 2]),
        per_group=st.integers(1, 2),
        out_per_group=st.integers(1, 2),
        kernel=st.tuples(st.integers(1, 3), st.integers(1, 3)),
        size=st.tuples(st.integers(5, 8), st.integers(5, 8)),
        stride=st.integers(1, 3),
        padding=st.integers(0, 2),
        dilation=st.integers(1, 2),
        seed=st.integers(0, 1000),
    )


def draw(case):
    rng = np.random.default_rng(case["seed"])
    channels, out = case["groups"] * case["per_group"], case["groups"] * case["out_per_group"]
    x = rng.normal(size=(case["batch"], channels, *case["size"]))
    weight, bias = rng.normal(size=(out, case["per_group"], *case["kernel"])), rng.normal(size=out)
    return x, weight, bias, {name: case[name] for name in ("stride", "padding", "dilation", "groups")}
