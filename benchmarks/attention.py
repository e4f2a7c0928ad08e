"""Rows of the attention topics: maps, CBAM, attention, a Transformer's training step, contrast, re-identification."""

import numpy as np
import scipy.ndimage
import torch
import torch.nn.functional as F

from mylib import engine
from mylib.attention.activation_maps import pytorch as maps_pytorch
from mylib.attention.activation_maps import scratch as maps_scratch
from mylib.attention.contrastive import pytorch as contrast_pytorch
from mylib.attention.contrastive import scratch as contrast_scratch
from mylib.attention.feature_attention import pytorch as gates_pytorch
from mylib.attention.feature_attention import scratch as gates_scratch
from mylib.attention.reid import pytorch as people_pytorch
from mylib.attention.reid import scratch as people_scratch
from mylib.attention.transformer import pytorch, scratch
from mylib.attention.vision_transformer import pytorch as vit_pytorch
from mylib.attention.vision_transformer import scratch as vit_scratch
from mylib.engine import Tensor

LENGTHS = (64, 128, 256, 512, 1024)


def boxes(row, count=100, size=48):
    """Boxes around the largest regions of smooth maps, in PyTorch and in NumPy, against SciPy map by map."""
    noise = np.random.default_rng(5).standard_normal((count, size, size))
    maps = scipy.ndimage.gaussian_filter(noise, (0, 3, 3)).astype(np.float32)

    def scipy_boxes():
        for cam in maps:
            regions, _ = scipy.ndimage.label(cam > 0.2 * cam.max(), np.ones((3, 3)))
            scipy.ndimage.find_objects(regions)[np.bincount(regions.ravel())[1:].argmax()]

    tensor, peers = torch.from_numpy(maps), {"scipy": scipy_boxes}
    name = f"boxes from {count} maps of {size} x {size}"
    return [
        row(f"{name}, PyTorch twin", lambda: maps_pytorch.box_from_map(tensor), peers),
        row(f"{name}, NumPy twin", lambda: maps_scratch.box_from_map(maps), peers),
    ]


def gates(row, batch=64, channels=32, size=14):
    """CBAM on the maps of a small network, forward and backward: the NumPy twin against the PyTorch twin."""
    x = np.random.default_rng(6).standard_normal((batch, channels, size, size)).astype(np.float32)
    ours, theirs = gates_scratch.CBAM(channels, 8), gates_pytorch.CBAM(channels, 8)
    inputs = Tensor(x, requires_grad=True), torch.tensor(x, requires_grad=True)
    gradients = x, torch.from_numpy(x)

    def train(module, x, gradient):
        def run():
            x.grad = None
            module(x).backward(gradient)

        return run

    runs = [train(module, x, gradient) for module, x, gradient in zip((ours, theirs), inputs, gradients, strict=True)]
    return row(f"CBAM, {batch} x {channels} x {size} x {size}, forward+backward", runs[0], {"torch": runs[1]})


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


def two_views(row, batch=256, dim=128):
    """NT-Xent over two views of a batch, forward and backward: the NumPy twin against the PyTorch twin."""
    arrays = np.random.default_rng(7).standard_normal((2, batch, dim)).astype(np.float32)
    ours = [Tensor(array, requires_grad=True) for array in arrays]
    theirs = [torch.tensor(array, requires_grad=True) for array in arrays]

    def train(loss, views):
        def run():
            for view in views:
                view.grad = None
            loss(*views).backward()

        return run

    return row(
        f"NT-Xent, 2 x {batch} views of {dim}, forward+backward",
        train(contrast_scratch.nt_xent, ours),
        {"torch": train(contrast_pytorch.nt_xent, theirs)},
    )


def people(row, count=1000, persons=60, dim=64):
    """Distances of k-reciprocal neighbours, and DBSCAN on them: both twins; DBSCAN against scikit-learn's."""
    from sklearn.cluster import DBSCAN

    rng = np.random.default_rng(8)
    centres = rng.standard_normal((persons, dim))
    features = (centres[np.arange(count) % persons] + rng.standard_normal((count, dim))).astype(np.float32)
    tensor = torch.from_numpy(features)
    distances = people_scratch.jaccard_distance(features)
    known = torch.from_numpy(distances)
    peer = DBSCAN(eps=0.5, min_samples=4, metric="precomputed")
    peers = {"scikit-learn": lambda: peer.fit_predict(distances)}
    return [
        row(
            f"k-reciprocal distances of {count} images",
            lambda: people_scratch.jaccard_distance(features),
            {"torch": lambda: people_pytorch.jaccard_distance(tensor)},
        ),
        row(f"DBSCAN of {count} images, NumPy twin", lambda: people_scratch.dbscan(distances, 0.5, 4), peers),
        row(f"DBSCAN of {count} images, PyTorch twin", lambda: people_pytorch.dbscan(known, 0.5, 4), peers),
    ]


def vision_transformer(row, batch=64, dim=64):
    """A training step on images of 28 x 28 in patches of 4, with Adam: the NumPy twin against the PyTorch twin."""
    sizes = {"dim": dim, "depth": 4, "heads": 4, "mlp_dim": 2 * dim, "classes": 10, "channels": 1}
    rng = np.random.default_rng(8)
    images = rng.random((batch, 1, 28, 28), np.float32)
    labels = rng.integers(0, 10, batch)
    engine.manual_seed(0)
    torch.manual_seed(0)
    ours, theirs = (side.ViT(28, 4, **sizes) for side in (vit_scratch, vit_pytorch))
    optimizers = engine.optim.Adam(ours.parameters()), torch.optim.Adam(theirs.parameters(), fused=True)

    def step(loss, model, optimizer, images, labels):
        def run():
            optimizer.zero_grad()
            loss(model(images), labels).backward()
            optimizer.step()

        return run

    peer = step(F.cross_entropy, theirs, optimizers[1], torch.from_numpy(images), torch.from_numpy(labels))
    return row(
        f"ViT training step, {batch} images of 49 patches, dim {dim}",
        step(engine.cross_entropy, ours, optimizers[0], Tensor(images), labels),
        {"torch": peer},
    )


def rows(row):
    """All of them, made with the class `row`."""
    steps = [transformer(row, 64, 16, dim=64), transformer(row, 32, 32, dim=128), vision_transformer(row)]
    return [
        *boxes(row),
        gates(row),
        two_views(row),
        *people(row),
        *steps,
        *(made for length in LENGTHS for made in attention(row, length)),
    ]
