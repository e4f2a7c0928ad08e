"""Rows of the topic losses: weighted cross-entropy, focal loss and center loss, against torch's own and kornia's."""

import numpy as np
import torch
import torch.nn.functional as F

from mylib.engine import Tensor
from mylib.training.losses import pytorch, scratch


def trained(loss, x, *rest):
    """A call that finds the loss and its gradient in x."""

    def run():
        x.grad = None
        loss(x, *rest).backward()

    return run


def weighted(row, batch=1024, classes=100):
    """Balanced cross-entropy and focal loss of many logits, forward and backward."""
    from kornia.losses import focal_loss as kornia_focal_loss

    rng = np.random.default_rng(9)
    z, labels = rng.standard_normal((batch, classes)).astype(np.float32), rng.integers(0, classes, batch)
    alpha = rng.uniform(0.2, 3, classes).astype(np.float32)
    ours = Tensor(z, requires_grad=True), labels, alpha
    theirs = torch.tensor(z, requires_grad=True), torch.from_numpy(labels), torch.from_numpy(alpha)
    balanced = trained(lambda z, y, a: F.cross_entropy(z, y, a, reduction="sum") / len(z), *theirs)
    focal = trained(
        lambda z, y, a: kornia_focal_loss(z, y, None, 2.0, "sum", a) / len(z),
        *theirs,
    )
    size = f"{batch} x {classes}, forward+backward"
    return [
        row(
            f"balanced cross-entropy {size}, NumPy twin",
            trained(scratch.balanced_cross_entropy, *ours),
            {"torch": balanced},
        ),
        row(
            f"balanced cross-entropy {size}, PyTorch twin",
            trained(pytorch.balanced_cross_entropy, *theirs),
            {"torch": balanced},
        ),
        row(
            f"focal loss {size}, NumPy twin",
            trained(lambda z, y, a: scratch.focal_loss(z, y, 2.0, a), *ours),
            {"kornia": focal},
        ),
        row(
            f"focal loss {size}, PyTorch twin",
            trained(lambda z, y, a: pytorch.focal_loss(z, y, 2.0, a), *theirs),
            {"kornia": focal},
        ),
    ]


def centers(row, batch=1024, classes=100, dim=128):
    """Center loss forward and backward, and a step of the centres, against torch's squared error and its scatter."""
    rng = np.random.default_rng(10)
    x, labels = rng.standard_normal((batch, dim)).astype(np.float32), rng.integers(0, classes, batch)
    ours, theirs = scratch.CenterLoss(classes, dim), pytorch.CenterLoss(classes, dim)
    leaf, torch_labels = torch.tensor(x, requires_grad=True), torch.from_numpy(labels)
    fixed = theirs.centers.clone()
    mse = trained(lambda x, y: F.mse_loss(x, fixed[y], reduction="sum") / 2, leaf, torch_labels)
    rows_of, features = torch_labels[:, None].expand(batch, dim), torch.tensor(x)

    def scatter():
        """The same step from the mean of each class, by scatter_reduce."""
        means = torch.zeros_like(fixed).scatter_reduce(0, rows_of, features, "mean", include_self=False)
        counts = torch.bincount(torch_labels, minlength=classes)[:, None]
        torch.lerp(fixed, means, 0.5 * counts / (1 + counts))

    size = f"{batch} x {dim}, {classes} classes"
    return [
        row(
            f"center loss {size}, forward+backward, NumPy twin",
            trained(ours, Tensor(x, requires_grad=True), labels),
            {"torch mse_loss": mse},
        ),
        row(
            f"center loss {size}, forward+backward, PyTorch twin",
            trained(theirs, leaf, torch_labels),
            {"torch mse_loss": mse},
        ),
        row(f"step of centres {size}, NumPy twin", lambda: ours.update(x, labels), {"torch scatter_reduce": scatter}),
        row(
            f"step of centres {size}, PyTorch twin",
            lambda: theirs.update(features, torch_labels),
            {"torch scatter_reduce": scatter},
        ),
    ]


def rows(row):
    """All of them, made with the class `row`."""
    return [*weighted(row), *centers(row)]
