r"""Is a hand-derived gradient right? Compare it with differences of the function itself."""

import numpy as np

from mylib.engine.tape import no_grad
from mylib.engine.tensor import Tensor


def gradcheck(fn, *inputs, eps=1e-6, rtol=1e-5, atol=1e-7, directions=3, seed=0):
    r"""Compare the gradients of `fn` with central differences along random directions, in float64.

    For a random weighting r of the outputs and a random direction v in the space of one input,
    d/dt <r, fn(x + t v)> at t = 0 is approximately (<r, fn(x + eps v)> - <r, fn(x - eps v)>) / (2 eps), with an error
    of order eps^2; reverse mode says <grad, v>. A wrong gradient agrees along a random direction with probability 0.

    Args:
        fn: takes the inputs as Tensors, returns a Tensor or a sequence of them; must be deterministic.
        *inputs: arrays or Tensors; floating-point ones are checked, as float64, the others are passed on as they are.
        eps: half the step of the difference.
        rtol: relative tolerance.
        atol: absolute tolerance.
        directions: how many random directions per input.
        seed: of the random directions and weights.

    Returns:
        None: silence is success.

    Raises:
        AssertionError: they differ; names the operation, the input and its worst element, expected and got.
        TypeError: no input is floating point.

    Example:
        >>> gradcheck(lambda x: x * x, np.array([1.0, -2.0]))

    Source: elementary (Taylor's theorem). Differs: torch compares the whole Jacobian; directions cost the same for
        any size.
    """
    arrays = [np.array(x.data if isinstance(x, Tensor) else x) for x in inputs]
    arrays = [a.astype(np.float64) if a.dtype.kind == "f" else a for a in arrays]
    if not any(a.dtype.kind == "f" for a in arrays):
        raise TypeError("gradcheck: no input is floating point, so there is no gradient to check")
    rng = np.random.default_rng(seed)
    tensors = [Tensor(a, requires_grad=a.dtype.kind == "f") for a in arrays]
    outputs = _outputs(fn(*tensors))
    weights = [rng.standard_normal(y.shape) for y in outputs]
    for y, r in zip(outputs, weights, strict=True):
        if y.requires_grad:
            y.backward(r)

    def value(which, array):
        with no_grad():
            results = _outputs(fn(*(Tensor(array if i == which else a) for i, a in enumerate(arrays))))
            return sum(float((y.data * r).sum()) for y, r in zip(results, weights, strict=True))

    def slope(which, direction):
        step = eps * direction
        return (value(which, arrays[which] + step) - value(which, arrays[which] - step)) / (2 * eps)

    for i, tensor in enumerate(tensors):
        if not tensor.requires_grad or not tensor.size:
            continue
        gradient = np.zeros(tensor.shape) if tensor.grad is None else tensor.grad
        for _ in range(directions):
            direction = rng.standard_normal(tensor.shape)
            expected, got = slope(i, direction), float((gradient * direction).sum())
            if not abs(got - expected) <= atol + rtol * max(abs(expected), np.abs(gradient).max()):
                raise AssertionError(
                    _report(fn, i, gradient, slope) + f" (along a direction: {expected:.9g}, got {got:.9g})"
                )


def _outputs(result):
    return list(result) if isinstance(result, (tuple, list)) else [result]


def _report(fn, which, gradient, slope):
    """Find the element whose derivative is furthest off, one element at a time."""
    expected = np.empty(gradient.shape)
    for index in np.ndindex(gradient.shape):
        direction = np.zeros(gradient.shape)
        direction[index] = 1
        expected[index] = slope(which, direction)
    worst = np.unravel_index(np.argmax(np.abs(np.nan_to_num(expected - gradient, nan=np.inf))), gradient.shape)
    name = getattr(fn, "__name__", type(fn).__name__)
    index = tuple(int(i) for i in worst)
    return (
        f"gradcheck: {name}: gradient of input {which} at index {index}: expected {expected[worst]:.9g}, "
        f"got {gradient[worst]:.9g}"
    )
