"""What is remembered between batches, in NumPy: a bank of all images, a queue of the latest keys, a slow encoder."""

import numpy as np

from mylib.attention.contrastive import contract
from mylib.engine import nn


class MemoryBank(nn.Module):
    r"""One vector for each training image, from when the image was last seen: f_i <- unit(m f_i + (1 - m) v_i).

    Args:    size: number of images.
             dim: of a vector.
             momentum: m, from 0 (take the new vector) to 1 (never change).
             seed: of the random unit vectors at the start.
    Raises:  ValueError: no room, or a momentum that is no share.
    Source:  Wu et al. (2018), section 3.1 and its code, where m is 0.5; slide "Non-Parametric Instance
             Discrimination". Differs: none.

    Example:
        >>> bank = MemoryBank(3, 2, momentum=0.5)
        >>> bank.vectors = np.eye(3, 2)
        >>> bank.update([0], [[0.0, 1.0]])
        >>> bank.vectors[0].round(4).tolist()  # half way between the old and the new direction
        [0.7071, 0.7071]
    """

    def __init__(self, size, dim, momentum=0.5, seed=0):
        super().__init__()
        contract.check_memory("MemoryBank", size, dim)
        contract.check_share("MemoryBank", momentum=momentum)
        self.momentum = momentum
        self.register_buffer("vectors", random_unit(size, dim, seed))

    def update(self, indices, v):
        """Move the vectors of these images, each named once, towards v. Shapes (batch,) and (batch, dim)."""
        indices, v = np.asarray(indices), np.asarray(v)
        contract.check_update(self.vectors.shape, indices.shape, v.shape)
        contract.check_numbers(
            "MemoryBank", "indices", indices.min(initial=0), indices.max(initial=0), len(self.vectors)
        )
        new = self.momentum * self.vectors[indices] + (1 - self.momentum) * unit_rows(v)
        self.vectors[indices] = unit_rows(new)


class KeyQueue(nn.Module):
    r"""The keys of the latest batches: the newest takes the place of the oldest.

    Its size, the number of negatives, has nothing to do with the size of a batch; only the batch must divide it.

    Args:    size: number of keys.
             dim: of a key.
             seed: of the random unit vectors at the start.
    Raises:  ValueError: no room.
    Source:  He et al. (2020), section 3.1; slide "Momentum Contrast". Differs: none.

    Example:
        >>> queue = KeyQueue(4, 2)
        >>> queue.push([[3.0, 0.0], [0.0, 2.0]])
        >>> queue.keys[:2].tolist(), queue.place.tolist()
        ([[1.0, 0.0], [0.0, 1.0]], [2])
    """

    def __init__(self, size, dim, seed=0):
        super().__init__()
        contract.check_memory("KeyQueue", size, dim)
        self.register_buffer("keys", random_unit(size, dim, seed))
        self.register_buffer("place", np.zeros(1, np.int64))  # where the oldest key stands

    def push(self, keys):
        """Let a batch of keys in, and as many old ones out. Shape (batch, dim)."""
        keys = np.asarray(keys)
        contract.check_push(*self.keys.shape, keys.shape)
        where = (self.place[0] + np.arange(len(keys))) % len(self.keys)  # from the end on at the beginning
        self.keys[where] = unit_rows(keys)
        self.place[0] = (where[-1] + 1) % len(self.keys)


def momentum_update(key, query, m=0.999):
    r"""theta_k <- m theta_k + (1 - m) theta_q, in place: the key encoder follows slowly.

    Args:    key: the module that follows.
             query: the module that is trained, with the same parameters.
             m: from 0 (a copy) to 1 (stands still).
    Returns: None.
    Raises:  ValueError: m is no share, or the modules' parameters differ.
    Source:  He et al. (2020), equation 2; slide "Momentum Contrast". Differs: none.

    Example:
        >>> slow, fast = nn.Linear(1, 1), nn.Linear(1, 1)
        >>> slow.weight.data, fast.weight.data = np.array([[1.0]]), np.array([[2.0]])
        >>> momentum_update(slow, fast, m=0.9)
        >>> round(slow.weight.item(), 4)
        1.1
    """
    contract.check_share("momentum_update", m=m)
    ours, theirs = dict(key.named_parameters()), dict(query.named_parameters())
    contract.check_parameters(*({name: one.shape for name, one in side.items()} for side in (ours, theirs)))
    for name, parameter in ours.items():
        parameter.data = m * parameter.data + (1 - m) * theirs[name].data


def random_unit(size, dim, seed):
    """Random rows of length 1, in float32."""
    return unit_rows(np.random.default_rng(seed).normal(size=(size, dim))).astype(np.float32)


def unit_rows(v):
    """Rows of length 1; a row of zeros stays."""
    return v / np.maximum(np.linalg.norm(v, axis=1, keepdims=True), 1e-12)
