"""Noisy Student in PyTorch: a teacher labels images, a student learns from them under noise, and teaches the next."""

import numpy as np
import torch
import torch.nn.functional as F

from mylib.shared.devices import at_least_float32
from mylib.training.distillation import contract
from mylib.training.distillation.pytorch_losses import class_numbers, soft_cross_entropy
from mylib.training.distillation.rounds import copies, train_rounds


def pseudo_labels(logits, threshold=0.0, soft=True):
    r"""Which answers of a teacher are confident enough, and what they say: max_k softmax(z)_k >= threshold.

    Once a round: it looks at its result, for which a GPU waits.

    Returns: (indices, shape (kept,); targets without gradient, shape (kept, classes)), tensors on the logits' device.
    """
    contract.check_teaching(logits.shape, threshold)
    z = at_least_float32(logits.detach())
    p = F.softmax(z, dim=1)
    confidence = p.amax(dim=1)
    kept = torch.nonzero(confidence >= threshold)[:, 0]
    contract.check_kept(len(kept), confidence.max().item(), threshold)
    if soft:
        return kept, p[kept]
    return kept, F.one_hot(z[kept].argmax(dim=1), z.shape[1]).to(z.dtype)


def balance(targets, per_class, seed=0):
    r"""As many examples of each class that occurs: the most confident of a frequent one, copies of a rare one.

    Returns: indices on the device of the targets. Shape (classes that occur times per_class,).
    """
    contract.check_balance(targets.shape, per_class)
    confidence, classes = targets.max(dim=1).values, targets.argmax(dim=1)
    order = torch.argsort(confidence, descending=True, stable=True)
    order = order[torch.argsort(classes[order], stable=True)]  # class by class, the best first
    counts = torch.bincount(classes, minlength=targets.shape[1]).tolist()
    rng, places, start = np.random.default_rng(seed), [], 0
    for count in filter(None, counts):
        places.append(start + copies(count, per_class, rng))
        start += count
    return order[torch.as_tensor(np.concatenate(places), device=targets.device)]


def noisy_student(
    make_model,
    labelled,
    unlabelled,
    rounds=3,
    *,
    augment=None,
    threshold=0.3,
    soft=True,
    per_class=None,
    ratio=1,
    epochs=10,
    batch_size=64,
    learning_rate=1e-3,
    seed=0,
    progress=True,
):
    r"""Self-training in rounds, on the device of each model; images and labels may be arrays or tensors.

    `augment` sees tensors on that device. The data go there once a round, and so do the plans of all steps.
    """
    contract.check_pair(labelled)
    images, labels, others = (torch.as_tensor(part) for part in (*labelled, unlabelled))
    whole = {"rounds": rounds, "ratio": ratio, "epochs": epochs, "batch_size": batch_size}
    shapes = images.shape, labels.shape, others.shape
    contract.check_rounds(make_model, *shapes, threshold, per_class, learning_rate, **whole)
    noised = contract.as_augmentation(augment)

    def teach(teacher):
        kept, targets = pseudo_labels(_answers(teacher, others), threshold, soft)
        if per_class is not None:
            chosen = balance(targets, per_class, seed)
            kept, targets = kept[chosen], targets[chosen]
        return kept, targets

    def begin(model, rows, pseudo, rng):
        device = next(model.parameters()).device
        classes = _answers(model, images[:1]).shape[1]
        y = class_numbers("noisy_student", labels.cpu(), classes).to(device)
        data = images.to(device), y, torch.as_tensor(rows, device=device)
        extra = None
        if pseudo is not None:
            positions, kept, targets = pseudo
            wanted = others.to(device)[kept.to(device)]
            extra = wanted, targets.to(device), torch.as_tensor(positions, device=device)
        modes = _modes(model)
        optimizer = torch.optim.Adam(model.parameters(), learning_rate)
        yield from _steps(model.train(), optimizer, data, extra, lambda batch: noised(batch, rng))
        _restore(modes)

    options = {"batch_size": batch_size, "seed": seed, "progress": progress}
    sizes = len(images), len(others)
    return train_rounds(make_model, begin, teach, rounds=rounds, sizes=sizes, ratio=ratio, epochs=epochs, **options)


def _steps(model, optimizer, labelled, pseudo, noised):
    """One update for each row of the plan; nothing of it is read back."""
    images, labels, rows = labelled
    for step, chosen in enumerate(rows.unbind()):
        batch, targets = images[chosen], None
        if pseudo is not None:
            others, all_targets, positions = pseudo
            batch, targets = torch.cat([batch, others[positions[step]]]), all_targets[positions[step]]
        scores = model(noised(batch))
        loss = F.cross_entropy(scores[: len(chosen)], labels[chosen])
        if targets is not None:
            loss = loss + soft_cross_entropy(scores[len(chosen) :], targets)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        optimizer.step()
        yield


@torch.no_grad()
def _answers(model, images, batch_size=1024):
    """Scores of a model without noise, on its device; its modes are as before."""
    device, modes = next(model.parameters()).device, _modes(model)
    model.eval()
    scores = [model(part.to(device)) for part in images.split(batch_size)]
    _restore(modes)
    contract.check_scores(scores[0].shape)
    return torch.cat(scores)


# The same text on both sides: both libraries keep the mode in an attribute of each module.
def _modes(model):
    """Each module of a model with its mode: a layer may be frozen in evaluation mode alone."""
    return [(module, module.training) for module in model.modules()]


# The same text on both sides: both libraries keep the mode in an attribute of each module.
def _restore(modes):
    """Put each module back into its mode."""
    for module, training in modes:
        module.training = training
