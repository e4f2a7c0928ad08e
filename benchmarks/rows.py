"""The rows of the table: what the engine does, and the same done by its peers."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np
import torch
import torch.nn.functional as F

from benchmarks import (
    attention,
    few_labels_deraining,
    few_labels_flexmatch,
    few_labels_pairs,
    networks,
    representation_capsules,
    representation_clapp,
    representation_modality,
    representation_rotnet,
    swin,
    training_deu,
    training_losses,
    training_norms,
    training_optimizers,
    trust_calibration,
    trust_neural_sde,
    trust_tent,
    vision,
)
from mylib import engine
from mylib.engine import Tensor, nn, optim
from mylib.vision.convnets import pytorch as convnets_pytorch
from mylib.vision.convnets import scratch as convnets_scratch
from mylib.vision.recurrent import scratch as recurrent


@dataclass
class Row:
    """A name, the engine's call, the peers' calls (the fastest counts), and how to read the times."""

    name: str
    ours: Callable
    peers: dict[str, Callable]
    per: int = 1  # the times shown are divided by this number of operations
    peer_scale: float = 1.0  # the peer's time is multiplied by this (it ran on fewer batches)
    note: str = ""


rng = np.random.default_rng(0)


def f32(*shape):
    """Standard normal numbers."""
    return rng.standard_normal(shape).astype(np.float32)


def both(name, ours, theirs, *arrays, layouts=False):
    """Two rows, forward alone and forward with backward, of a function of arrays."""
    if layouts:  # images as the engine's own convolutions leave them: channels last in memory
        images = [a.ndim == 4 and a.shape[-1] > 5 for a in arrays]
        tensors = [
            Tensor(a.transpose(0, 2, 3, 1) if image else a, requires_grad=True)
            for a, image in zip(arrays, images, strict=True)
        ]
        plain, ours = (
            ours,
            lambda *x: plain(*(t.permute(0, 3, 1, 2) if i else t for t, i in zip(x, images, strict=True))),
        )
    else:
        tensors = [Tensor(a, requires_grad=True) for a in arrays]
    made = {"torch": [torch.tensor(a, requires_grad=True) for a in arrays]}
    if layouts:
        last = [torch.tensor(a) for a in arrays]
        last = [t.to(memory_format=torch.channels_last) if t.ndim == 4 else t for t in last]
        made["torch channels_last"] = [t.requires_grad_() for t in last]
    y = ours(*tensors)
    weights = np.asarray(f32(*y.shape))
    if layouts:  # gradients arrive in the layout that the next layer works in, on both sides
        weights = np.ascontiguousarray(weights.transpose(0, 2, 3, 1)).transpose(0, 3, 1, 2)

    def forward(call, inputs):
        def run():
            with engine.no_grad(), torch.no_grad():
                call(*inputs)

        return run

    def train(call, inputs, gradient):
        def run():
            for x in inputs:
                x.grad = None
            call(*inputs).backward(gradient)

        return run

    gradients = {n: torch.tensor(weights) for n in made}
    if layouts:
        gradients["torch channels_last"] = gradients["torch"].to(memory_format=torch.channels_last)
    return [
        Row(f"{name} forward", forward(ours, tensors), {n: forward(theirs, t) for n, t in made.items()}),
        Row(
            f"{name} forward+backward",
            train(ours, tensors, weights),
            {n: train(theirs, t, gradients[n]) for n, t in made.items()},
        ),
    ]


def adam():
    """One step on 200 parameters of 100 numbers."""
    mine = [Tensor(f32(100), requires_grad=True) for _ in range(200)]
    fused = [torch.tensor(p.data.copy(), requires_grad=True) for p in mine]
    ours, theirs = optim.Adam(mine), torch.optim.Adam(fused, fused=True)
    for p, q in zip(mine, fused, strict=True):
        p.backward(f32(100))
        q.grad = torch.from_numpy(p.grad.copy())
    return Row("Adam step, 200 tensors of 100", ours.step, {"torch fused": theirs.step})


def tape_overhead(length=1000):
    """Forward and backward of a chain of additions of one number."""
    x, t = Tensor([1.0], requires_grad=True), torch.ones(1, requires_grad=True)
    one, torch_one = Tensor([1.0]), torch.ones(1)

    def chain(value, step):
        def run():
            y = value
            for _ in range(length):
                y = y + step
            y.backward()

        return run

    return Row("tape overhead per operation", chain(x, one), {"torch": chain(t, torch_one)}, per=length)


def epochs(quick):
    """Whole epochs on MNIST."""
    count = 5 if quick else len(networks.batches())
    few = 1 if quick else 3
    made = []
    for name, build in (("LeNet", networks.lenet), ("MLP", networks.mlp)):
        ours = networks.epoch(networks.engine_trainer(lambda build=build: build(nn)), count)
        peers = {
            "torch": networks.epoch(networks.torch_trainer(build, channels_last=False), count),
            "torch channels_last": networks.epoch(networks.torch_trainer(build, channels_last=True), count),
        }
        label = f"{name}, {count} batches of 64, Adam"
        made.append(Row(label, ours, peers))
        hips = {"HIPS autograd": networks.epoch(networks.hips_trainer(name), few)}
        note = f", {few} batches scaled to {count}"
        made.append(Row(f"{label} (HIPS)", ours, hips, peer_scale=count / few, note=note))
    return made


def lstm_epoch(quick):
    """An epoch of an LSTM of 128 units over the rows of digits, against torch.nn.LSTM."""
    count = 3 if quick else len(networks.batches())
    ours = networks.engine_trainer(lambda: networks.row_reader(nn, recurrent.LSTM))
    theirs = networks.torch_trainer(
        lambda nn: networks.row_reader(nn, partial(nn.LSTM, batch_first=True)), channels_last=False
    )
    peers = {"torch.nn.LSTM": networks.epoch(theirs, count)}
    return Row(f"LSTM over rows, {count} batches of 64, Adam", networks.epoch(ours, count), peers)


def resnet20():
    """One training step of ResNet-20 on 32 images of CIFAR's size: convolutions, batch norms, ReLUs, additions."""
    ours = networks.engine_trainer(lambda: convnets_scratch.ResNet(20, classes=10))
    peers = {
        name: networks.torch_trainer(lambda nn: convnets_pytorch.ResNet(20, classes=10), channels_last)
        for name, channels_last in (("torch", False), ("torch channels_last", True))
    }
    steps = {name: networks.resnet20_step(train) for name, train in peers.items()}
    return Row("ResNet-20 training step, 32 images of 32x32", networks.resnet20_step(ours), steps)


def rows(quick):
    """The whole table."""
    labels = rng.integers(0, 10, 64)
    torch_labels = torch.from_numpy(labels)
    wide = f32(64, 16, 28, 28)
    mine, theirs = partial(engine.conv2d, padding=1), partial(F.conv2d, padding=1)
    return [
        *both("conv2d 64x16 to 32, 28x28, 3x3", mine, theirs, wide, f32(32, 16, 3, 3), f32(32), layouts=True),
        *both(
            "conv2d 64x1 to 16, 28x28, 5x5",
            engine.conv2d,
            F.conv2d,
            f32(64, 1, 28, 28),
            f32(16, 1, 5, 5),
            f32(16),
            layouts=True,
        ),
        *both("linear 64x784 to 256", engine.linear, F.linear, f32(64, 784), f32(256, 784), f32(256)),
        *both(
            "max pool 64x16, 28x28, 2x2",
            lambda x: engine.max_pool2d(x, 2),
            lambda x: F.max_pool2d(x, 2),
            wide,
            layouts=True,
        ),
        *both(
            "cross-entropy 64x10",
            lambda x: engine.cross_entropy(x, labels),
            lambda x: F.cross_entropy(x, torch_labels),
            f32(64, 10),
        ),
        *both("ReLU 64x16x28x28", engine.relu, F.relu, wide),
        *both("GELU 64x64x256", engine.gelu, F.gelu, f32(64, 64, 256)),
        *both(
            "batch norm 64x16x28x28",
            lambda x: engine.batch_norm(x, None, None, training=True),
            lambda x: F.batch_norm(x, None, None, training=True),
            wide,
            layouts=True,
        ),
        *both(
            "layer norm 64x64x256",
            lambda x: engine.layer_norm(x, 256),
            lambda x: F.layer_norm(x, (256,)),
            f32(64, 64, 256),
        ),
        adam(),
        tape_overhead(),
        *epochs(quick),
        lstm_epoch(quick),
        resnet20(),
        *vision.rows(Row),
        *attention.rows(Row),
        *swin.rows(Row),
        *representation_rotnet.rows(Row),
        *training_deu.rows(Row),
        *training_losses.rows(Row),
        *representation_capsules.rows(Row),
        *representation_clapp.rows(Row),
        *representation_modality.rows(Row),
        *few_labels_deraining.rows(Row),
        *few_labels_flexmatch.rows(Row),
        *few_labels_pairs.rows(Row),
        *training_norms.rows(Row),
        *training_optimizers.rows(Row),
        *trust_neural_sde.rows(Row),
        *trust_calibration.rows(Row),
        *trust_tent.rows(Row),
    ]
