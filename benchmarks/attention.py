"""Rows of the attention topics: attention alone at growing lengths, and a Transformer's whole training step."""

import numpy as np
import torch
import torch.nn.functional as F

from mylib import engine
from mylib.attention.transformer import pytorch, scratch
from mylib.engine import Tensor

LENGTHS = (64, 128, 256, 512, 1024)


def attention(row, length, tokens=4096, heads=4, dim=32):
    """Attention of so many tokens in sequences of one length, forward and backward, against torch's fused kernel."""
    shape = (
        tokens // length,
        length,
        heads,
        dim,
    )  # as a layer's products leave them: heads beside each other
    rng = np.random.default_rng(length)
    arrays = [rng.standard_normal(shape).astype(np.float32) for _ in range(4)]
    ours = [Tensor(array, requires_grad=True) for array in arrays[:3]]
    theirs = [torch.tensor(array, requires_grad=True) for array in arrays[:3]]
    gradient = torch.from_numpy(arrays[3])

    def forward(inputs, call, no_grad):
        def run():
            with no_grad():
                call(*(x.swapaxes(1, 2) for x in inputs))

        return run

    def train(inputs, call, g):
        def run():
            for x in inputs:
                x.grad = None
            call(*(x.swapaxes(1, 2) for x in inputs)).swapaxes(1, 2).backward(g)

        return run

    fused = F.scaled_dot_product_attention
    name = f"attention, {shape[0]} x {heads} heads, length {length}"
    return [
        row(
            f"{name} forward",
            forward(ours, engine.attention, engine.no_grad),
            {"torch fused": forward(theirs, fused, torch.no_grad)},
        ),
        row(
            f"{name} forward+backward",
            train(ours, engine.attention, arrays[3]),
            {"torch fused": train(theirs, fused, gradient)},
        ),
    ]


def transformer(row, batch, time, dim, vocabulary=500):
    """A training step of an encoder-decoder with dropout, loss and Adam: the NumPy twin against the PyTorch twin."""
    sizes = {"dim": dim, "heads": 4, "layers": 2, "hidden": 4 * dim}
    rng = np.random.default_rng(0)
    source, target = rng.integers(3, vocabulary, (2, batch, time + 1))
    engine.manual_seed(0)
    torch.manual_seed(0)
    ours, theirs = (side.Transformer(vocabulary, vocabulary, **sizes) for side in (scratch, pytorch))
    optimizers = engine.optim.Adam(ours.parameters()), torch.optim.Adam(theirs.parameters(), fused=True)

    def step(side, model, optimizer, source, target):
        def run():
            optimizer.zero_grad()
            side.label_smoothing_loss(model(source, target[:, :-1]), target[:, 1:]).backward()
            optimizer.step()

        return run

    tensors = torch.from_numpy(source), torch.from_numpy(target)
    return row(
        f"Transformer training step, {batch} x {time} tokens, dim {dim}",
        step(scratch, ours, optimizers[0], source, target),
        {"torch": step(pytorch, theirs, optimizers[1], *tensors)},
    )


def rows(row):
    """All of them, made with the class `row`."""
    steps = [transformer(row, 64, 16, dim=64), transformer(row, 32, 32, dim=128)]
    return [*steps, *(made for length in LENGTHS for made in attention(row, length))]
