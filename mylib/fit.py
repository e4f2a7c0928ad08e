"""One training loop for each side, NumPy engine and PyTorch, with the same interface, batches and history."""

import contextlib
import os
import time
from dataclasses import dataclass, field

import numpy as np
from tqdm import tqdm

from mylib import engine


@dataclass
class History:
    """What a training run measured, one entry per epoch.

    Args:    train_loss: mean over the epoch's batches, while the weights change.
             validation_loss, validation_accuracy: after the epoch; empty without validation data.
             batch_loss: one entry per update.
             seconds: of the whole run.
             stopped_early: whether patience ran out.
    """

    train_loss: list = field(default_factory=list)
    validation_loss: list = field(default_factory=list)
    validation_accuracy: list = field(default_factory=list)
    batch_loss: list = field(default_factory=list)
    seconds: float = 0.0
    stopped_early: bool = False


def scratch(
    model,
    train,
    *,
    loss,
    optimizer,
    epochs,
    batch_size=64,
    validation=None,
    patience=None,
    seed=0,
    device="auto",
    mixed_precision=False,
    progress=True,
):
    """Train a model of the NumPy engine.

    Args:    model: an `engine.nn.Module` from inputs to outputs.
             train, validation: pairs of arrays (inputs, targets).
             loss: function of (outputs, targets) to a scalar, a mean over the batch.
             optimizer: of the model's parameters.
             epochs: passes over the training set, at most.
             batch_size: examples per update; the last batch of an epoch may be smaller.
             patience: stop after this many epochs without a lower validation loss; None never stops.
             seed: of the order of the examples (NumPy's generator: the same order on both sides).
             device: "auto" or "cpu"; the engine has no other.
             mixed_precision: False; the engine computes in its parameters' type.
             progress: draw a progress bar.
    Returns: `History`.
    Raises:  ValueError: sizes that do not fit, no examples, or an option that this side cannot honour.
    """
    if device not in ("auto", "cpu") or mixed_precision:
        raise ValueError(
            f"fit.scratch: expected device 'auto' or 'cpu' without mixed precision, got {device!r} and "
            f"mixed_precision={mixed_precision}; fit.pytorch trains on a GPU"
        )

    def update(inputs, targets):
        optimizer.zero_grad()
        value = loss(model(engine.as_tensor(inputs)), targets)
        value.backward()
        optimizer.step()
        return value.item()

    @engine.no_grad()
    def evaluate(inputs, targets):
        outputs = model(engine.as_tensor(inputs))
        return loss(outputs, targets).item(), _accuracy(outputs.numpy(), targets)

    options = {
        "epochs": epochs,
        "batch_size": batch_size,
        "patience": patience,
        "seed": seed,
        "progress": progress,
    }
    return _loop(model, update, evaluate, train, validation, **options)


def pytorch(
    model,
    train,
    *,
    loss,
    optimizer,
    epochs,
    batch_size=64,
    validation=None,
    patience=None,
    seed=0,
    device="auto",
    mixed_precision=False,
    progress=True,
):
    """Train a PyTorch model; arguments, batches and history as in `scratch`.

    Args:    device: "auto" takes a GPU when there is one (`choose_device`), or "cpu", "cuda", "mps".
             mixed_precision: bfloat16 autocast where the device is a GPU; refused on the CPU.
    Returns: `History`.
    Raises:  ValueError: as `scratch`.
    """
    import torch

    device = choose_device(device)
    if mixed_precision and device.type == "cpu":
        raise ValueError("fit.pytorch: expected a GPU for mixed_precision=True, got the CPU; leave it False there")
    model.to(device)
    # bfloat16 has float32's range, so that the loss needs no scaling.
    autocast = torch.autocast(device.type, torch.bfloat16) if mixed_precision else contextlib.nullcontext()

    def batch(inputs, targets):
        tensors = [torch.as_tensor(inputs), torch.as_tensor(targets)]
        if device.type == "cuda":  # from other memory the host would wait for each copy
            tensors = [one.pin_memory() for one in tensors]
        return [one.to(device, non_blocking=True) for one in tensors]

    def update(inputs, targets):
        inputs, targets = batch(inputs, targets)
        optimizer.zero_grad(set_to_none=True)
        with autocast:
            value = loss(model(inputs), targets)
        value.backward()
        optimizer.step()
        return value.detach()  # stays on the device: reading it here would make every step wait

    @torch.no_grad()
    def evaluate(inputs, targets):
        on_device, on_device_targets = batch(inputs, targets)
        with autocast:
            outputs = model(on_device)
            value = loss(outputs, on_device_targets)
        return value.item(), _accuracy(outputs.float().cpu().numpy(), targets)

    options = {
        "epochs": epochs,
        "batch_size": batch_size,
        "patience": patience,
        "seed": seed,
        "progress": progress,
    }
    return _loop(model, update, evaluate, train, validation, **options)


def choose_device(device="auto"):
    """The torch device of that name; "auto" is ``MYLIB_DEVICE`` where set, else CUDA, else Apple's MPS, else the CPU.

    Args:    device: "auto", "cpu", "mps", "cuda" or "cuda:1".
    Returns: `torch.device`.
    Raises:  ValueError: the device is unknown, or is asked for and absent.
    """
    import torch

    if device == "auto":
        device = os.environ.get("MYLIB_DEVICE") or (
            "cuda" if torch.cuda.is_available() else "mps" if torch.backends.mps.is_available() else "cpu"
        )
    absent = {"cuda": not torch.cuda.is_available(), "mps": not torch.backends.mps.is_available()}
    if absent.get(device.split(":")[0]):
        raise ValueError(f"choose_device: expected a machine with {device!r}, got one without; use device='auto'")
    try:
        return torch.device(device)
    except RuntimeError as error:
        raise ValueError(
            f"choose_device: expected 'auto', 'cpu', 'cuda' or 'mps', got {device!r}; torch knows no such device"
        ) from error


def accuracy(model, inputs, targets, batch_size=1024):
    """Share of inputs whose largest output is at the target, for a model of either side.

    Args:    model: engine or PyTorch module; it is evaluated in eval mode, on its own device.
             inputs, targets: arrays. Shapes (n, ...) and (n,).
             batch_size: of the evaluation, for memory.
    Returns: a number between 0 and 1.
    Raises:  ValueError: no inputs, or not one target for each.
    """
    if not len(inputs) or len(inputs) != len(targets):
        raise ValueError(
            f"accuracy: expected inputs and targets of equal length above 0, got lengths {len(inputs)} and "
            f"{len(targets)}; pass (images, labels)"
        )
    was_training = model.training
    model.eval()
    right = 0.0
    for start in range(0, len(inputs), batch_size):
        part = slice(start, start + batch_size)
        right += _accuracy(_outputs(model, inputs[part]), targets[part]) * len(targets[part])
    model.train(was_training)
    return right / len(inputs)


def _outputs(model, inputs):
    if isinstance(model, engine.nn.Module):
        with engine.no_grad():
            return model(engine.as_tensor(inputs)).numpy()
    import torch

    with torch.no_grad():
        device = next(model.parameters()).device
        return model(torch.as_tensor(inputs, device=device)).cpu().numpy()


def _accuracy(outputs, targets):
    return float((outputs.argmax(axis=-1) == targets).mean()) if outputs.ndim == 2 else float("nan")


def _loop(model, update, evaluate, train, validation, *, epochs, batch_size, patience, seed, progress):
    _validate(train, validation, epochs, batch_size, patience)
    inputs, targets = train
    rng, history, best, waited = np.random.default_rng(seed), History(), np.inf, 0
    start = time.perf_counter()
    # leave=False: a bar that is done leaves nothing behind in a lecture's output.
    with tqdm(total=epochs, unit="epoch", leave=False, disable=not progress) as bar:
        for _ in range(epochs):
            model.train()
            order = rng.permutation(len(inputs))
            batches = [order[first : first + batch_size] for first in range(0, len(order), batch_size)]
            losses = [float(value) for value in [update(inputs[chosen], targets[chosen]) for chosen in batches]]
            history.batch_loss += losses
            history.train_loss.append(float(np.average(losses, weights=[len(chosen) for chosen in batches])))
            if validation is not None:
                model.eval()
                value, score = evaluate(*validation)
                history.validation_loss.append(value)
                history.validation_accuracy.append(score)
                waited = 0 if value < best else waited + 1
                best = min(best, value)
            bar.set_postfix(loss=f"{history.train_loss[-1]:.3f}", refresh=False)
            bar.update()
            if patience is not None and waited >= patience:
                history.stopped_early = True
                break
    history.seconds = time.perf_counter() - start
    return history


def _validate(train, validation, epochs, batch_size, patience):
    for name, data in (("train", train), ("validation", validation)):
        if data is not None and (len(data) != 2 or len(data[0]) != len(data[1]) or not len(data[0])):
            raise ValueError(
                f"fit: expected {name} as (inputs, targets) of equal length above 0, got lengths "
                f"{[len(part) for part in data]}; pass (images, labels)"
            )
    if epochs < 1 or batch_size < 1:
        raise ValueError(f"fit: expected epochs and batch_size of at least 1, got {epochs} and {batch_size}")
    if patience is not None and (validation is None or patience < 1):
        raise ValueError(f"fit: expected validation data and patience of at least 1, got {patience}; pass validation=")
