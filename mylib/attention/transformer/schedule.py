"""The learning rate of the Transformer, a number for each step. Both sides use it."""

from mylib.shared import expect_range


def warmup_schedule(step, dim, warmup_steps):
    r"""The learning rate dim^{-1/2} min(step^{-1/2}, step warmup^{-3/2}): up in a line, then down like a root.

    Args:    step: counts from 1. dim: of the model. warmup_steps: where the peak is.
    Returns: a number.
    Raises:  ValueError: a step, dim or warm-up below 1.
    Source:  Vaswani et al. (2017), equation 3. Differs: none.

    Example:
        >>> f"{warmup_schedule(4000, 512, 4000):.1e}"  # the paper's peak
        '7.0e-04'
    """
    expect_range("warmup_schedule", 1, None, step=step, dim=dim, warmup_steps=warmup_steps)
    return dim**-0.5 * min(step**-0.5, step * warmup_steps**-1.5)
