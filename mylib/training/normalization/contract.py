"""What both sides of normalization promise: kinds and groups of norms, and what they refuse.

Only shapes, plain numbers and names come in. Values are looked at once, when a layer is wrapped or initialised.
"""

import math
import numbers

from mylib.shared import expect, expect_choice, expect_range

KINDS = ("group", "layer", "instance", "none")


# the norms


def check_floating(operation, floating, dtype):
    """`floating`: whether x holds fractions."""
    if not floating:
        raise TypeError(f"{operation}: expected x of floating point, got {dtype}; convert it to float32 first")


def axes_of(shape, axes):
    """Axes as a tuple of numbers from 0 on, each once, over which x has at least one value."""
    given = tuple(axes) if isinstance(axes, tuple | list | range) else (axes,)
    if not given or not all(isinstance(a, numbers.Integral) and not isinstance(a, bool) for a in given):
        raise TypeError(f"standardize: expected axes as a whole number or several, at least one, got {axes!r}")
    found = tuple(int(a) % len(shape) if -len(shape) <= a < len(shape) else None for a in given)
    if None in found or len({*found}) < len(found):
        raise ValueError(
            f"standardize: expected axes from {-len(shape)} to {len(shape) - 1}, each once, got {axes!r} for x "
            f"{tuple(shape)}"
        )
    if not math.prod([shape[a] for a in found]):
        raise ValueError(f"standardize: expected at least one value to average over, got x of shape {tuple(shape)}")
    return found


def check_statistics(operation, shape, running, weight=None, bias=None, from_batch=True, momentum=0.1):
    """Norms with running statistics. `running`: their shapes by name; `from_batch`: the batch's own are used."""
    if len(shape) < 2 or not shape[1]:
        raise ValueError(f"{operation}: expected x (batch, channels, ...), got {tuple(shape)}")
    if len({value is None for value in running.values()}) > 1:
        raise ValueError(f"{operation}: expected {' and '.join(running)} both or neither, got one of them")
    remedy = f"x {tuple(shape)} has {shape[1]} channels"
    named = {**running, "weight": weight, "bias": bias}
    expect(operation, remedy, **{name: (value, str(shape[1])) for name, value in named.items()})
    expect_range(operation, 0, 1, momentum=momentum)
    count = math.prod(shape) // shape[1]
    if from_batch and count < 2:
        raise ValueError(
            f"{operation}: expected at least 2 values per channel, got {count} in x {tuple(shape)}: a batch cannot be "
            "compared with itself; use a larger batch, evaluation mode, or group_norm"
        )


def check_buffer(operation, name, updatable, got):
    """`updatable`: whether a running statistic is an array of fractions, which training can change in place."""
    if not updatable:
        raise TypeError(
            f"{operation}: expected {name} as an array of floating point, got {got}; it is changed in place"
        )


def check_eps(operation, eps):
    """What keeps the divisor above 0."""
    expect_range(operation, 0, None, eps=eps)


def last_shape(shape, normalized_shape, weight, bias):
    """`normalized_shape` as a tuple, checked against the end of x and against weight and bias."""
    whole = isinstance(normalized_shape, numbers.Integral)
    wanted = (int(normalized_shape),) if whole else tuple(normalized_shape)
    if not wanted or not math.prod(wanted) or tuple(shape)[-len(wanted) :] != wanted:
        raise ValueError(
            f"layer_norm: expected x to end in normalized_shape, of at least one value, got x {tuple(shape)} and "
            f"{wanted}"
        )
    pattern = " ".join(map(str, wanted))
    expect("layer_norm", "one for each value", weight=(weight, pattern), bias=(bias, pattern))
    return wanted


def check_groups(operation, shape, num_groups, weight, bias, least=2):
    """Channels that fall into groups of equal size, each with at least one value."""
    if len(shape) < least or not math.prod(shape[1:]):
        raise ValueError(f"{operation}: expected x (batch, channels, ...) with some values, got {tuple(shape)}")
    if not isinstance(num_groups, numbers.Integral) or num_groups < 1 or shape[1] % num_groups:
        raise ValueError(
            f"{operation}: expected num_groups as a whole number that divides the {shape[1]} channels of x "
            f"{tuple(shape)}, got {num_groups!r}; use a divisor"
        )
    pattern = str(shape[1])
    expect(operation, "one for each channel", weight=(weight, pattern), bias=(bias, pattern))


# weight normalisation


def check_layer(layer, known):
    """`known`: whether it is a linear layer or a convolution over images with zeros around."""
    if not known:
        raise TypeError(
            f"WeightNorm: expected a Linear or Conv2d layer (padded with zeros), got {type(layer).__name__}; wrap each "
            "layer of a network on its own"
        )


def check_directions(lengths):
    """`lengths`: ||v|| of each unit."""
    bad = [unit for unit, length in enumerate(lengths) if not 0 < length < math.inf]
    if bad:
        raise ValueError(
            f"WeightNorm: expected weights of finite length above 0, got {lengths[bad[0]]} for unit {bad[0]}: "
            "v / ||v|| is then undefined, and so is its gradient; draw the weights anew"
        )


def check_start(has_bias, deviations):
    """`deviations`: of each unit's output over the batch; None before it is known."""
    if not has_bias:
        raise ValueError("WeightNorm.initialize: expected a layer with a bias, got one without: it cannot shift")
    if deviations is not None and (bad := [unit for unit, one in enumerate(deviations) if not 0 < one < math.inf]):
        raise ValueError(
            f"WeightNorm.initialize: expected outputs that vary over the batch, got deviation {deviations[bad[0]]} for "
            f"unit {bad[0]}; use a larger batch of different inputs"
        )


# networks


def check_norms(network, norms, kind, groups):
    """A kind that is known, and a network that has batch norms."""
    expect_choice("with_norm", KINDS, kind=kind)
    expect_range("with_norm", 1, None, groups=groups)
    if not norms:
        raise ValueError(
            f"with_norm: expected a network with batch norms inside, got {type(network).__name__} with none; were they "
            "replaced before? Build a new one"
        )


def groups_for(kind, channels, groups):
    """How many groups a norm of that kind has: for "group" the largest divisor of the channels up to `groups`."""
    if kind == "group":
        return next(count for count in range(min(groups, channels), 0, -1) if channels % count == 0)
    return {"layer": 1, "instance": channels}[kind]


def check_tokens(model, known, gates):
    """`known`: whether it is a ViT; `gates`: how many it has already."""
    if not known:
        raise TypeError(f"attend_tokens: expected a ViT of vision_transformer, got {type(model).__name__}")
    if gates:
        raise ValueError(f"attend_tokens: expected a ViT without gates, got one with {gates} already; build a new one")
