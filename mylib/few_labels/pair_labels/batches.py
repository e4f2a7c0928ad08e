"""Which images a step of SimPLE sees: drawn with NumPy for both twins, so that both see the same."""


def draw_batch(rng, labelled, unlabelled, size):
    """Positions of one batch of labelled and one of unlabelled images.

    Args:    rng: NumPy generator.
             labelled, unlabelled: number of images in each set.
             size: of each batch. A set that has fewer is drawn from with replacement.
    Returns: two integer arrays of shape (size,).
    """
    return tuple(rng.choice(count, size, replace=count < size) for count in (labelled, unlabelled))


def ramp(step, ramp_up_steps):
    """r: from 0 at the first step to 1 after `ramp_up_steps`, in a straight line; 1 at once if these are 0."""
    return min(1.0, step / ramp_up_steps) if ramp_up_steps else 1.0
