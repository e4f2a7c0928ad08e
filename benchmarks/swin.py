"""Rows of shifted windows: a block with a shift against Hugging Face's, forward and backward, and the NumPy twin."""

import numpy as np
import torch
from transformers import SwinConfig
from transformers.models.swin.modeling_swin import SwinLayer

from mylib import engine
from mylib.attention.shifted_windows import pytorch, scratch
from mylib.engine import Tensor


def hugging_face(dim, heads, side, window):
    """Their block with a shift, as a function of a map (batch, height, width, dim)."""
    config = SwinConfig(
        embed_dim=dim, window_size=window, layer_norm_eps=1e-5, drop_path_rate=0.0, attn_implementation="sdpa"
    )
    layer = SwinLayer(config, dim, (side, side), heads, shift_size=window // 2)
    return layer, lambda x: layer(x.flatten(1, 2), (side, side))[0].unflatten(1, (side, side))


def blocks(row, batch, side, dim=96, heads=3, window=7):
    """A block with a shift on maps of the first stage of Swin-T, or smaller ones."""
    rng = np.random.default_rng(9)
    maps, gradient = rng.standard_normal((2, batch, side, side, dim)).astype(np.float32)
    torch.manual_seed(0)
    engine.manual_seed(0)
    options = {"shift": window // 2, "size": (side, side)}
    ours = pytorch.SwinBlock(dim, heads, window, **options)
    numpy = scratch.SwinBlock(dim, heads, window, **options)
    numpy.load_state_dict(ours.state_dict())
    theirs, call = hugging_face(dim, heads, side, window)

    def forward(function, x, no_grad):
        def run():
            with no_grad():
                function(x)

        return run

    def train(module, function, x, gradient):
        def run():
            module.zero_grad()
            x.grad = None
            function(x).backward(gradient)

        return run

    tensors = [torch.tensor(maps, requires_grad=True) for _ in range(2)]
    x = Tensor(maps, requires_grad=True)
    g = torch.from_numpy(gradient)
    name = f"Swin block, {batch} maps of {side} x {side}, dim {dim}"
    peer = {"transformers": forward(call, tensors[1], torch.no_grad)}
    both = {"transformers": train(theirs, call, tensors[1], g)}
    return [
        row(f"{name}, PyTorch twin forward", forward(ours, tensors[0], torch.no_grad), peer),
        row(f"{name}, PyTorch twin forward+backward", train(ours, ours, tensors[0], g), both),
        row(f"{name}, NumPy twin forward", forward(numpy, x, engine.no_grad), peer),
        row(f"{name}, NumPy twin forward+backward", train(numpy, numpy, x, gradient), both),
    ]


def rows(row):
    """All of them, made with the class `row`."""
    return [*blocks(row, batch=4, side=28)]
