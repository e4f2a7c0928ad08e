"""The engine's one source of chance: initial weights and dropout masks."""

import numpy as np

from mylib.engine.tensor import float_tensor, record

_generator = np.random.default_rng(0)


def manual_seed(seed):
    """Start the engine's random numbers again from `seed`.

    Args:    seed: an integer, at least 0.
    Returns: None.
    Source:  elementary. Differs: none; the numbers are NumPy's, not torch's.

    Example:
        >>> manual_seed(0); first = generator().random(); manual_seed(0); first == generator().random()
        True
    """
    global _generator
    _generator = np.random.default_rng(seed)


def generator():
    """The NumPy Generator that the engine draws from.

    Args:    none.
    Returns: `numpy.random.Generator`; `manual_seed` replaces it.
    Source:  elementary. Differs: torch has one generator per device.
    """
    return _generator


def dropout(x, p=0.5, training=True):
    r"""Set each element to 0 with probability p and scale the others by 1 / (1 - p); do nothing unless training.

    Args:
        x: any shape.
        p: probability of dropping, in [0, 1].
        training: False returns x itself.

    Returns:
        Tensor of x's shape, with the same expectation.

    Raises:
        ValueError: p is not a probability.

    Source: Srivastava et al. (2014), in the "inverted" form that leaves evaluation alone. Differs: none.
    """
    if not 0 <= p <= 1:
        raise ValueError(f"dropout: p={p}, expected a probability in [0, 1]")
    x = float_tensor(x, "dropout")
    if not training or p == 0:
        return x
    keep = _generator.random(x.shape, np.float32) >= p
    mask = keep * x.dtype.type(1 / (1 - p) if p < 1 else 0)
    return record(x._data * mask, dropout_backward, (mask,), x._node)


def dropout_backward(gradient, needs, mask):
    """dL/dx = g times the mask of the forward pass."""
    return (gradient * mask,)
