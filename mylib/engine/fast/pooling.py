r"""Pooling in two stages, along the width and then along the height, by whole shifted slices.

A window's maximum is the maximum of its rows' maxima, and its sum the sum of its rows' sums: 2 k slices are compared in
place of k^2, and no window is laid out.
"""

import numpy as np


def max_along(x, axis, kernel, stride):
    """The maxima of the windows along one axis."""
    first, *others = shifted(x, axis, kernel, stride)
    if not others:
        return first.copy(order="K")
    y = np.maximum(first, others[0])
    for other in others[1:]:
        np.maximum(y, other, out=y)
    return y


def max_along_backward(gradient, x, y, axis, kernel, stride):
    """Give g to the first element that equals the window's maximum; what no other took is the last one's."""
    to_x = np.zeros_like(x)
    targets = shifted(to_x, axis, kernel, stride)
    for values, target in zip(shifted(x, axis, kernel, stride)[:-1], targets, strict=False):
        given = (values == y).astype(gradient.dtype)
        given *= gradient
        gradient = gradient - given
        give(target, given, kernel > stride)
    give(targets[-1], gradient, kernel > stride)
    return to_x


def give(target, gradient, overlapping):
    """Add to what is there; where windows do not overlap nothing is, and writing is twice as fast."""
    if overlapping:
        target += gradient
    else:
        target[...] = gradient


def sum_along(x, axis, kernel, stride):
    """The sums of the windows along one axis."""
    first, *others = shifted(x, axis, kernel, stride)
    y = first.copy(order="K")
    for other in others:
        y += other
    return y


def sum_along_backward(gradient, shape, axis, kernel, stride):
    """Give g to every element of the window."""
    to_x = np.zeros(shape, gradient.dtype)
    for target in shifted(to_x, axis, kernel, stride):
        give(target, gradient, kernel > stride)
    return to_x


def shifted(x, axis, kernel, stride):
    """The first elements of all windows along an axis, their second elements, and so on: views."""
    windows = (x.shape[axis] - kernel) // stride + 1
    before = (slice(None),) * axis
    return [x[(*before, slice(k, k + (windows - 1) * stride + 1, stride))] for k in range(kernel)]
