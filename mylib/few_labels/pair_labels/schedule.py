"""How much the unlabelled images count at a step, for both twins."""


def ramp(step, ramp_up_steps):
    """r: from 0 at the first step to 1 after `ramp_up_steps`, in a straight line; 1 at once if these are 0."""
    return min(1.0, step / ramp_up_steps) if ramp_up_steps else 1.0
