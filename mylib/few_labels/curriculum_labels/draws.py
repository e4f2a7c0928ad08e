"""Which images a step looks at, for both twins."""


def draw_batch(rng, labelled, unlabelled, batch_size, ratio):
    """Positions of labelled and of unlabelled images; none twice where there are enough.

    Args:    rng: NumPy generator.
             labelled, unlabelled: how many images there are.
             batch_size: B, labelled images of a step.
             ratio: mu; a step takes mu B unlabelled images.
    Returns: positions among the labelled (B,) and among the unlabelled images (mu B,), integers.

    Example:
        >>> import numpy as np
        >>> some, others = draw_batch(np.random.default_rng(0), 2, 100, 4, 3)
        >>> len(some), len(others), len(set(others.tolist()))  # 2 labelled images for a batch of 4: drawn again
        (4, 12, 12)
    """
    sizes = (labelled, batch_size), (unlabelled, ratio * batch_size)
    return tuple(rng.choice(there, wanted, replace=there < wanted) for there, wanted in sizes)
