"""What both sides of optimizers promise: the numbers that a step takes, the schedule's multiplier, and what is refused.

Only shapes, plain numbers and names come in: nothing here looks at a weight, so that no device is waited for.
"""

import math
import numbers

from mylib.shared import expect, expect_range


def check_step(operation, shapes, *, learning_rate, weight_decay, multiplier, **others):
    """Arrays of one shape, {name: shape}, and numbers that a step can take."""
    expect(operation, "one entry for each weight", **{name: (shape, "...") for name, shape in shapes.items()})
    check_options(operation, learning_rate=learning_rate, weight_decay=weight_decay, multiplier=multiplier, **others)


def check_options(operation, *, momentum=0.0, betas=(0.0, 0.0), eps=0.0, step=1, **rates):
    """Rates that are finite and at least 0, shares of the past in [0, 1), a step that counts from 1."""
    check_rates(operation, eps=eps, **rates)
    if len(betas) != 2:
        raise ValueError(f"{operation}: expected betas of two numbers, got {betas}; the paper has (0.9, 0.999)")
    for name, share in (("momentum", momentum), ("betas", betas[0]), ("betas", betas[1])):
        if not 0 <= share < 1:
            raise ValueError(
                f"{operation}: expected {name} from 0 to below 1, got {share}; with 1 the past is never forgotten"
            )
    check_count(operation, "step", step)


def check_rates(operation, **rates):
    """Finite numbers of at least 0."""
    for name, rate in rates.items():
        if not 0 <= rate < math.inf:
            raise ValueError(
                f"{operation}: expected {name} as a finite number of at least 0, got {rate}; below 0 steps lead uphill"
            )


def check_count(operation, name, value):
    """A whole number of at least 1."""
    if isinstance(value, bool) or not isinstance(value, numbers.Integral) or value < 1:
        raise ValueError(f"{operation}: expected {name} as a whole number of at least 1, got {value!r}; count from 1")


def check_cosine(step, period, growth):
    """A step that counts from 1, a period of one step or more, and periods that do not become shorter."""
    check_count("cosine_multiplier", "step", step)
    expect_range("cosine_multiplier", 1, 1e18, period=period)
    expect_range("cosine_multiplier", 1, 1e18, "1 keeps the period, 2 doubles it", growth=growth)


def check_normalization(rate, batch_size, examples, epochs):
    """A rate of at least 0, and amounts above 0."""
    check_rates("normalized_weight_decay", rate=rate)
    expect_range("normalized_weight_decay", 0, 1e18, open=True, batch_size=batch_size, examples=examples, epochs=epochs)


def scheduled(name, schedule, step):
    """The schedule's multiplier of a step, as a Python number; 1 without a schedule."""
    if schedule is None:
        return 1.0
    multiplier = schedule(step)
    if isinstance(multiplier, bool) or not isinstance(multiplier, numbers.Real):
        raise TypeError(
            f"{name}: expected a number from the schedule at step {step}, got {type(multiplier).__name__}; "
            "return a plain number, which no device has to be asked for"
        )
    if not 0 <= multiplier < math.inf:
        raise ValueError(
            f"{name}: expected a finite multiplier of at least 0 from the schedule at step {step}, got {multiplier}; "
            "nothing was updated"
        )
    return float(multiplier)


def check_schedule(name, schedule):
    """A function, or None."""
    if schedule is not None and not callable(schedule):
        raise TypeError(
            f"{name}: expected schedule as a function of the step or None, got {type(schedule).__name__}; "
            "for a constant, scale learning_rate and weight_decay"
        )


def check_group(name, unknown, known):
    """`unknown`: keys of a group of parameters that are no options."""
    if unknown:
        raise ValueError(f"{name}: expected options of {sorted(known)} in a group, got {sorted(unknown)}")


def check_parameters(name, params, is_real):
    """No parameter twice, and `is_real`, for each: whether it holds real floating-point numbers."""
    if len({id(p) for p in params}) < len(params):
        raise ValueError(f"{name}: expected each parameter once, got one twice; it would be updated twice a step")
    if not all(is_real):
        raise TypeError(f"{name}: expected real floating-point parameters, got others; pass real and imaginary parts")


def check_dense(name, sparse):
    """`sparse`: whether some gradient is stored as a sparse tensor."""
    if sparse:
        raise TypeError(f"{name}: expected dense gradients, got a sparse one; every weight decays, none is left out")


def check_state(name, wanted, given):
    """A saved state with the keys and sizes of this optimiser's, {key: shape}."""
    if wanted != given:
        raise ValueError(
            f"{name}: expected a state with {wanted}, got {given}; load what an optimiser of its kind saved"
        )
