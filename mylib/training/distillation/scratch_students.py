"""Noisy Student in NumPy: a teacher labels images, a student learns from them under noise, and teaches the next one."""

import numpy as np

from mylib import engine
from mylib.engine import as_tensor, no_grad
from mylib.training.distillation import contract
from mylib.training.distillation.rounds import copies, train_rounds
from mylib.training.distillation.scratch_losses import class_numbers, soft_cross_entropy


def pseudo_labels(logits, threshold=0.0, soft=True):
    r"""Which answers of a teacher are confident enough, and what they say: max_k softmax(z)_k >= threshold.

    Args:    logits: z, of a teacher without noise. Shape (n, classes).
             threshold: least confidence, from 0 to 1.
             soft: True keeps the probabilities; False puts 1 at the largest, the first of equals.
    Returns: (indices of the kept rows in their order, shape (kept,); targets, shape (kept, classes)), arrays.
    Raises:  ValueError: no row, an option out of range, nan, or no answer that is confident enough: the message says
                 the largest confidence.
    Source:  Xie et al. (2020), section 2 and algorithm 1; slide "Teacher Model/ Noisy Student". Differs: none.

    Example:
        >>> kept, targets = pseudo_labels(np.log([[0.5, 0.5], [0.1, 0.9]]), threshold=0.8)
        >>> kept.tolist(), targets.round(2).tolist()
        ([1], [[0.1, 0.9]])
    """
    z = np.asarray(as_tensor(logits).data)
    contract.check_teaching(z.shape, threshold)
    z = z.astype(np.result_type(z.dtype, np.float32))
    p = np.exp(z - z.max(axis=1, keepdims=True))
    p /= p.sum(axis=1, keepdims=True)
    confidence = p.max(axis=1)
    kept = np.flatnonzero(confidence >= threshold)
    contract.check_kept(len(kept), float(confidence.max()), threshold)
    targets = p[kept] if soft else np.eye(z.shape[1], dtype=z.dtype)[z[kept].argmax(axis=1)]
    return kept, targets


def balance(targets, per_class, seed=0):
    r"""As many examples of each class that occurs: the most confident of a frequent one, copies of a rare one.

    The class of a row is its largest entry, which also is its confidence; of equals the first counts. A class with
    fewer than `per_class` is repeated as a whole as often as it fits, and what is missing then is drawn from it
    without repetition. A class without an example cannot be copied, and stays absent.

    Args:    targets: as from `pseudo_labels`. Shape (n, classes).
             per_class: how many of each, a whole number of at least 1.
             seed: of what is drawn.
    Returns: indices of rows, class by class. Shape (classes that occur times per_class,).
    Raises:  ValueError: no row, or a number below 1. TypeError: a number that is not whole.
    Source:  Xie et al. (2020), section 3.1. Differs: they have 130,000 of each class.

    Example:
        >>> balance([[0.9, 0.1], [0.6, 0.4], [0.8, 0.2], [0.3, 0.7]], per_class=2).tolist()
        [0, 2, 3, 3]
    """
    targets = np.asarray(as_tensor(targets).data)
    contract.check_balance(targets.shape, per_class)
    rng = np.random.default_rng(seed)
    classes, confidence = targets.argmax(axis=1), targets.max(axis=1)
    chosen = []
    for one in np.unique(classes):
        members = np.flatnonzero(classes == one)
        best_first = members[np.argsort(-confidence[members], kind="stable")]
        chosen.append(best_first[copies(len(members), per_class, rng)])
    return np.concatenate(chosen)


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
    r"""Self-training in rounds: the teacher labels what nobody has labelled, the student learns from it under noise.

    Round 0 trains a teacher on the labels. Each later round asks the last model, in evaluation mode, for labels of the
    unlabelled images, keeps the confident ones (`pseudo_labels`), balances them (`balance`), and trains a new model,
    in training mode and on augmented images, on the mean cross-entropy of the labelled ones plus the mean soft
    cross-entropy of the pseudo-labelled ones. All models make as many updates, with Adam.

    Args:    make_model: function of the round (0 for the teacher) to a new model; students may be larger. Dropout and
                 stochastic depth in it are the noise of the model.
             labelled: (images, labels), floats of shape (n, ...) and integers of shape (n,).
             unlabelled: images, shape (m, ...).
             rounds: number of students, at least 1.
             augment: noise of the input, for teacher and students: a function of (images, rng) or of images alone that
                 returns new images; rng is a NumPy generator. None: no noise.
             threshold: least confidence of a pseudo-label. soft: probabilities or decisions.
             per_class: pseudo-labels of each class, or None for as many as there are.
             ratio: pseudo-labelled images for each labelled one in a batch, at least 1.
             epochs: of each model; one is as many steps as it takes to see the larger set once.
             batch_size: labelled images in a step. learning_rate: Adam's.
             seed: of the order of the images, of `augment` and of `balance`; weights and dropout come from the
                 library's own generator (`manual_seed`).
             progress: draw a progress bar.
    Returns: list of rounds + 1 models, the teacher first, each in the mode in which it was made.
    Raises:  ValueError: shapes or options that do not fit, a label that is no class, no image above the threshold, or
                 a model that is given twice. TypeError: labels that are no integers, or no functions.
    Source:  Xie et al. (2020), algorithm 1; slide "Teacher Model/ Noisy Student". Differs: they have
             RandAugment, and a last part of training on unaugmented images of a higher resolution.

    Example:
        >>> rng = np.random.default_rng(0)
        >>> images, make = rng.normal(size=(8, 2)).astype(np.float32), lambda number: engine.nn.Linear(2, 2)
        >>> options = {"threshold": 0.0, "epochs": 2, "progress": False}
        >>> len(noisy_student(make, (images, np.arange(8) % 2), images, rounds=2, **options))
        3
    """
    contract.check_pair(labelled)
    images, labels, others = (np.asarray(part) for part in (*labelled, unlabelled))
    whole = {"rounds": rounds, "ratio": ratio, "epochs": epochs, "batch_size": batch_size}
    shapes = images.shape, labels.shape, others.shape
    contract.check_rounds(make_model, *shapes, threshold, per_class, learning_rate, **whole)
    noised = contract.as_augmentation(augment)

    def teach(teacher):
        kept, targets = pseudo_labels(_answers(teacher, others), threshold, soft)
        chosen = slice(None) if per_class is None else balance(targets, per_class, seed)
        return kept[chosen], targets[chosen]

    def begin(model, rows, pseudo, rng):
        class_numbers("noisy_student", labels, _answers(model, images[:1]).shape[1])
        modes = _modes(model)
        model.train()
        optimizer = engine.optim.Adam(model.parameters(), learning_rate)
        for step, chosen in enumerate(rows):
            batch, targets = images[chosen], None
            if pseudo is not None:
                positions, kept, all_targets = pseudo
                targets = all_targets[positions[step]]
                batch = np.concatenate([batch, others[kept[positions[step]]]])
            loss = _loss(model(as_tensor(noised(batch, rng))), labels[chosen], targets)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            yield
        _restore(modes)

    options = {"batch_size": batch_size, "seed": seed, "progress": progress}
    sizes = len(images), len(others)
    return train_rounds(make_model, begin, teach, rounds=rounds, sizes=sizes, ratio=ratio, epochs=epochs, **options)


def _loss(scores, labels, targets):
    """Mean cross-entropy of the labelled rows, which come first, plus mean soft cross-entropy of the others."""
    loss = engine.cross_entropy(scores[: len(labels)], labels)
    return loss if targets is None else loss + soft_cross_entropy(scores[len(labels) :], targets)


@no_grad()
def _answers(model, images, batch_size=1024):
    """Scores of a model without noise; its modes are as before."""
    modes = _modes(model)
    model.eval()
    starts = range(0, len(images), batch_size)
    scores = [as_tensor(model(as_tensor(images[start : start + batch_size]))).data for start in starts]
    _restore(modes)
    contract.check_scores(scores[0].shape)
    return np.concatenate(scores)


# The same text on both sides: both libraries keep the mode in an attribute of each module.
def _modes(model):
    """Each module of a model with its mode: a layer may be frozen in evaluation mode alone."""
    return [(module, module.training) for module in model.modules()]


# The same text on both sides: both libraries keep the mode in an attribute of each module.
def _restore(modes):
    """Put each module back into its mode."""
    for module, training in modes:
        module.training = training
