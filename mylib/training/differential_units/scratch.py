r"""Differential equation units in NumPy: activation functions that solve a y'' + b y' + c y = u(t).

u is the unit step: 0 for t <= 0, else 1. t is the pre-activation of a neuron; a, b, c and the two numbers c1, c2 that
choose one of the equation's solutions are trained like biases. Eleven rows of a table say what y is, see
`scratch_solutions`; `scratch_slopes` has their slopes, derived by hand.
"""

import numpy as np

from mylib.engine import Tensor, as_tensor, clip, nn, record
from mylib.engine.broadcasting import unbroadcast
from mylib.training.differential_units import contract
from mylib.training.differential_units.scratch_slopes import SLOPES, kept_slope
from mylib.training.differential_units.scratch_solutions import SOLUTIONS
from mylib.training.differential_units.scratch_subspaces import (
    Units,
    arrays_of,
    initial_values,
    rows_of,
    start_of,
    subspace,
)

__all__ = ["deu", "deu_gradient", "subspace", "initial_values", "DEU"]

BLOCK = 1 << 15  # elements that are worked on at once: what a row needs on the way stays in the cache


def deu(t, a, b, c, c1, c2, epsilon=0.01):
    r"""y(t), the solution of a y'' + b y' + c y = u(t) that c1 and c2 choose.

    By rows of `subspace`, with p = -b/(2a), s = sqrt|D|/(2a), omega = sqrt|c/a|, and C, S = e^(pt) times cos(st),
    sin(st)/s (D < 0), cosh(st), sinh(st)/s (D > 0), or 1, t (D = 0):

    0: t. 1: sigmoid(t)/c. 2: c1 + tu/b. 3: c1 e^(-ct/b) + u (1 - e^(-ct/b))/c. 4: c2 t + c1 + t^2 u/(2a).
    5: c2 sin(omega t) + c1 cos(omega t) + u (1 - cos(omega t))/c.
    6: c1 e^(omega t) + c2 e^(-omega t) + u (1 - cosh(omega t))/c.
    7: -c1 (a/b) e^(-bt/a) + c2 + u [t/b - (a/b^2)(1 - e^(-bt/a))].
    8, 9, 10: e^(pt) (c1 cos(st) + c2 sin(st)), c1 e^((p-s)t) + c2 e^((p+s)t), e^(pt) (c1 t + c2), and for all three
    u (1 - C + p S)/c.

    Args:    t: pre-activations, float32 or float64. Shape (batch, units), or any.
             a, b, c, c1, c2: one for each unit, shape (units,), whole numbers too; all six shapes broadcast.
             epsilon: a coefficient with an absolute value below it counts as 0; with 0 only an exact 0 does.
    Returns: Tensor of the broadcast shape, differentiable in all six.
    Raises:  ValueError: shapes that do not broadcast, or a negative epsilon.
             TypeError: values that are not floating point.
    Source:  Torkamani et al. (2020), table 1; slides "Featured paper 1 - DEU". Differs: the slide's row 6 has the wrong
             sign in its last part, and rows 0, 8, 9, 10 are missing; the authors' code smooths u, and caps exponents at
             14 (so does `DEU`; here they are capped where the type would overflow).

    Example:
        >>> deu([-2.0, 3.0], 0.0, 1.0, 0.0, 0.0, 0.0)  # b = 1 alone: ReLU
        Tensor([0., 3.])
    """
    contract.check_epsilon("deu", epsilon)
    return _unit_op("deu", (t, a, b, c, c1, c2), epsilon, None)


def deu_gradient(t, a, b, c, c1, c2, epsilon=0.01):
    r"""Slopes of `deu`: dy/dt, dy/da, dy/db, dy/dc, dy/dc1, dy/dc2.

    For a coefficient that counts as 0 the slope is that of the formula with it at +-epsilon (its sign, + at 0), with
    y(0) and y'(0), from the left, kept: a unit can leave its row. At t = 0 dy/dt is the slope from the left.

    Args:    t, a, b, c, c1, c2, epsilon: as in `deu`.
    Returns: six arrays of the broadcast shape, not summed over anything.
    Raises:  as `deu`.
    Source:  Torkamani et al. (2020). Differs: the authors' code adds a smoothed delta function to dy/dt.

    Example:
        >>> [round(float(slope), 3) for slope in deu_gradient(0.0, 1.0, 0.0, 1.0, 0.0, 1.0)]  # sin t at 0
        [1.0, 0.0, 0.0, 0.0, 1.0, 0.0]
    """
    contract.check_epsilon("deu_gradient", epsilon)
    arrays = arrays_of("deu_gradient", t=t, a=a, b=b, c=c, c1=c1, c2=c2)
    flat, units, shape = _as_matrix(arrays)
    found = np.zeros((6, *flat.shape), flat.dtype)
    for at, slopes in _slopes(flat, units, epsilon, contract.LARGEST[flat.dtype.name]):
        for place, slope in zip(found, slopes, strict=True):
            place[at] = slope
    return tuple(found.reshape(6, *shape))


class DEU(nn.Module):
    r"""A layer of differential equation units: y = deu(x) with a, b, c, c1, c2 of its own for each unit.

    Exponents are capped at 14 and the output is clipped to +-limit, with gradient 0 outside: solutions may grow.

    Args:    features: units, one for each feature of (batch, features) or channel of (batch, features, height, width).
             epsilon: below it a coefficient counts as 0.
             limit: of the output.
             seed: of a, b and c, uniform between 0 and 1; c1 and c2 start at 0.
    Raises:  ValueError: features below 1, a negative epsilon, a limit that is not above 0, or an input of other size.
    Source:  Torkamani et al. (2020); slides "Featured paper 1 - DEU". Differs: none known in what is computed; the
             authors' code loops over units.

    Example:
        >>> layer = DEU(3)
        >>> layer(np.zeros((2, 3), np.float32)).shape, sorted(name for name, _ in layer.named_parameters())
        ((2, 3), ['a', 'b', 'c', 'c1', 'c2'])
    """

    def __init__(self, features, epsilon=0.01, limit=1000.0, seed=0):
        super().__init__()
        contract.check_layer(features, epsilon, limit)
        self.features, self.epsilon, self.limit = features, epsilon, limit
        rng = np.random.default_rng(seed)
        for name in ("a", "b", "c"):
            setattr(self, name, nn.Parameter(rng.uniform(size=features).astype(np.float32)))
        for name in ("c1", "c2"):
            setattr(self, name, nn.Parameter(np.zeros(features, np.float32)))

    def forward(self, x):
        """Shape (batch, features) or (batch, features, height, width) to the same."""
        x = as_tensor(x)
        contract.check_input(x.shape, self.features)
        if x.ndim == 4:
            return self.forward_last(x.permute(0, 2, 3, 1)).permute(0, 3, 1, 2)
        return self.forward_last(x)

    def forward_last(self, x):
        """The same with units along the last axis of any number."""
        y = _unit_op("DEU", (x, self.a, self.b, self.c, self.c1, self.c2), self.epsilon, contract.EXPONENT)
        return clip(y, -self.limit, self.limit)

    def extra_repr(self):
        """What is printed."""
        return f"{self.features}, epsilon={self.epsilon}, limit={self.limit}"


def _unit_op(operation, inputs, epsilon, cap):
    """The solution as one operation on the tape."""
    arrays = arrays_of(operation, **dict(zip(("t", "a", "b", "c", "c1", "c2"), inputs, strict=True)))
    nodes = [x._node if isinstance(x, Tensor) else None for x in inputs]
    shapes = [x.shape for x in arrays]
    flat, units, shape = _as_matrix(arrays)
    cap = cap or contract.LARGEST[flat.dtype.name]
    result = np.empty(flat.shape, flat.dtype)
    with np.errstate(over="ignore"):
        for at, row, chosen, _ in _blocks(flat, units, epsilon):
            result[at] = SOLUTIONS[row](flat[at], chosen, cap)
    types = [x.dtype if isinstance(x, Tensor) else None for x in inputs]
    saved = (flat, units, shape, shapes, types, epsilon, cap)
    return record(result.reshape(shape), _unit_backward, saved, *nodes)


def _unit_backward(gradient, needs, flat, units, shape, shapes, types, epsilon, cap):
    """dL/dt = g dy/dt; for a coefficient the sum of g times its slope over all t that it was used with."""
    gradient = gradient.reshape(flat.shape)
    to_t, sums = np.empty_like(flat), np.zeros((5, flat.shape[1]))
    for (rows, columns), slopes in _slopes(flat, units, epsilon, cap):
        arriving = gradient[rows, columns]
        to_t[rows, columns] = arriving * slopes[0]
        for total, slope in zip(sums, slopes[1:], strict=True):
            total[columns] += (arriving * slope).sum(axis=0)
    found = [unbroadcast(to_t.reshape(shape), shapes[0])] if needs[0] else [None]
    own = shape[len(shape) - _own_axes(shapes[1:], shape, flat.shape[1]) :]
    for total, need, like, dtype in zip(sums, needs[1:], shapes[1:], types[1:], strict=True):
        found.append(unbroadcast(total.reshape(own), like).astype(dtype) if need else None)
    if found[0] is not None:
        found[0] = found[0].astype(types[0], copy=False)
    return tuple(found)


def _as_matrix(arrays):
    """t as (n, columns) and coefficients as (columns,), and the broadcast shape."""
    t, *rest = arrays
    shape = np.broadcast_shapes(*(x.shape for x in arrays))
    own = np.broadcast_shapes(*(x.shape for x in rest))
    if t.shape != shape or shape[len(shape) - len(own) :] != own:
        own = shape  # no axis is shared by all coefficients: each element has its own
    columns = int(np.prod(own))
    flat = np.broadcast_to(t, shape).reshape(-1, columns) if columns else np.zeros((0, 0), t.dtype)
    return flat, Units(*(np.broadcast_to(x, own).reshape(-1) for x in rest)), shape


def _own_axes(shapes, shape, columns):
    """How many of the last axes the coefficients run over."""
    own = np.broadcast_shapes(*shapes)
    return len(own) if int(np.prod(own)) == columns else len(shape)


def _blocks(flat, units, epsilon):
    """For each row that is present: where (rows and columns of `flat`), its number, its units, and the raw ones."""
    count, columns = flat.shape
    width = min(columns, BLOCK) or 1
    step = max(1, BLOCK // width)
    for left in range(0, columns, width):
        part = slice(left, left + width)
        raw = Units(*(x[part] for x in units))
        rows, *cleaned = rows_of(raw.a, raw.b, raw.c, epsilon)
        for row in np.unique(rows):
            chosen = np.flatnonzero(rows == row)
            where = part if len(chosen) == len(rows) else left + chosen
            of_row = Units(*(x[chosen] for x in (*cleaned, raw.c1, raw.c2)))
            for top in range(0, count, step):
                yield (slice(top, top + step), where), row, of_row, Units(*(x[chosen] for x in raw))


def _slopes(flat, units, epsilon, cap):
    """For each block: where, and six slopes in float64, those of coefficients that count as 0 among them."""
    shift = contract.shift_for(epsilon, np.finfo(flat.dtype).eps)
    with np.errstate(over="ignore"):
        for at, row, chosen, raw in _blocks(flat, units, epsilon):
            t, chosen = flat[at].astype(np.float64), Units(*(x.astype(np.float64) for x in chosen))
            slopes = [np.broadcast_to(slope, t.shape) for slope in SLOPES[row](t, chosen, cap)]
            start, slope = start_of(row, chosen)
            for position in contract.ZEROS[row]:
                name = "abc"[position]
                moved = chosen._replace(**{name: np.where(raw[position] < 0, -shift, shift)})
                slopes[1 + position] = kept_slope(position, t, moved, start, slope, cap)
            yield at, slopes
