"""How both twins draw batches: so many images of each of so many persons, by day and by night."""

import numpy as np

from mylib.representation.cross_modality.contract import check_both_modalities


def draw_batches(ids, infrared, persons, shots, rng):
    """Numbers of visible and of infrared images: in each batch `shots` of either kind of each of `persons` persons.

    In an epoch every image is drawn at least once. A person with fewer images than others is drawn as often, and the
    last batch is filled with persons of the first.

    Args:    ids: persons, integers. Shape (n,).
             infrared: booleans. Shape (n,).
             persons, shots: of a batch.
             rng: NumPy generator, on both sides.
    Returns: list of pairs (visible, infrared) of integer arrays, each of length persons * shots; both hold the same
             persons in the same order.
    Raises:  ValueError: a person in one modality only, or fewer persons than a batch holds.

    Example:
        >>> ids, infrared = np.array([0, 0, 1, 1, 1]), np.array([False, True, False, True, True])
        >>> batches = draw_batches(ids, infrared, 2, 1, np.random.default_rng(0))
        >>> [(ids[visible].tolist(), ids[dark].tolist()) for visible, dark in batches]
        [([0, 1], [0, 1]), ([0, 1], [0, 1])]
    """
    names = np.unique(ids)
    members = [[np.flatnonzero((ids == name) & (infrared == dark)) for name in names] for dark in (False, True)]
    missing = {name for kind in members for name, own in zip(names.tolist(), kind, strict=True) if not len(own)}
    check_both_modalities(sorted(missing), len(names), persons)
    rounds = -(-max(len(own) for kind in members for own in kind) // shots)
    drawn = np.stack([[_again(rng.permutation(own), rounds * shots) for own in kind] for kind in members])
    drawn = drawn.reshape(2, len(names), rounds, shots)
    batches = []
    for turn in range(rounds):
        order = rng.permutation(len(names))
        order = np.concatenate([order, order[: -len(order) % persons]])
        groups = order.reshape(-1, persons)
        batches += [tuple(kind[group, turn].ravel() for kind in drawn) for group in groups]
    return batches


def _again(values, count):
    """The values, from the start again and again, until there are so many."""
    return np.resize(values, count)
