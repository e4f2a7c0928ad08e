r"""Differential equation units in PyTorch: one formula for all units at once, its slopes left to autograd.

Which row holds is a matter of (units,) coefficients; what is done for each element is the same for every row: two
powers, a sine and a cosine, and the response to u. Branches that do not hold get harmless arguments *before* exp, sqrt
and division: `where` differentiates both of its branches, and 0 times infinity is nan. Nothing reads a value back on a
GPU or under a compiler. Between forward and backward only t and the coefficients are kept; the rest is computed again.
"""

import torch
from torch import nn
from torch.utils.checkpoint import checkpoint

from mylib.shared.devices import on_cpu
from mylib.shared.docstrings import complete_from_twin
from mylib.training.differential_units import contract
from mylib.training.differential_units.pytorch_solutions import kept, solve

__all__ = ["deu", "deu_gradient", "subspace", "initial_values", "DEU"]

HALF = (torch.float16, torch.bfloat16)  # what autocast makes: computed and returned in float32, as powers need
WHOLE = (torch.int64, torch.int32, torch.int16, torch.int8, torch.uint8)
BLOCK = 1 << 16  # elements that are worked on at once in eager mode, which holds some sixty arrays of their size


def deu(t, a, b, c, c1, c2, epsilon=0.01):
    """y(t), the solution of a y'' + b y' + c y = u(t) that c1 and c2 choose, for all rows in one pass."""
    contract.check_epsilon("deu", epsilon)
    t, *units = _tensors("deu", t=t, a=a, b=b, c=c, c1=c1, c2=c2)
    return _evaluate(t, units, epsilon, _largest_exponent(t))


def deu_gradient(t, a, b, c, c1, c2, epsilon=0.01):
    """Slopes of `deu`: dy/dt, dy/da, dy/db, dy/dc, dy/dc1, dy/dc2, by autograd on copies of the broadcast shape."""
    contract.check_epsilon("deu_gradient", epsilon)
    given = torch.broadcast_tensors(*_tensors("deu_gradient", t=t, a=a, b=b, c=c, c1=c1, c2=c2))
    with torch.enable_grad():
        t, *units = (x.detach().clone().requires_grad_() for x in given)
        y = _evaluate(t, units, epsilon, _largest_exponent(t))
        return torch.autograd.grad(y.sum(), (t, *units))


def subspace(a, b, c, epsilon=0.01):
    """Row of the table, 0 to 10, that solves a y'' + b y' + c y = u(t)."""
    a, b, c = torch.broadcast_tensors(*_tensors("subspace", a=a, b=b, c=c))
    contract.check_epsilon("subspace", epsilon)
    return _rows(a, b, c, epsilon)[0]


def initial_values(a, b, c, c1, c2, epsilon=0.01):
    """y(0) and y'(0) of the solution that c1 and c2 choose: the numbers an integrator starts from."""
    given = torch.broadcast_tensors(*_tensors("initial_values", a=a, b=b, c=c, c1=c1, c2=c2))
    contract.check_epsilon("initial_values", epsilon)
    row, zero = _rows(*given[:3], epsilon)
    a, b, c = (x.masked_fill(absent, 0) for x, absent in zip(given[:3], zero, strict=True))
    value, slope = _start(row, a, b, c, *given[3:])
    return value.masked_fill(row < 2, torch.nan), slope.masked_fill(row < 4, torch.nan)


class DEU(nn.Module):
    """A layer of differential equation units: y = deu(x) with a, b, c, c1, c2 of its own for each unit."""

    def __init__(self, features, epsilon=0.01, limit=1000.0, seed=0):
        super().__init__()
        contract.check_layer(features, epsilon, limit)
        self.features, self.epsilon, self.limit = features, epsilon, limit
        generator = torch.Generator().manual_seed(seed)
        for name in ("a", "b", "c"):
            self.register_parameter(name, nn.Parameter(torch.rand(features, generator=generator)))
        for name in ("c1", "c2"):
            self.register_parameter(name, nn.Parameter(torch.zeros(features)))

    def forward(self, x):
        """Shape (batch, features) or (batch, features, height, width) to the same."""
        contract.check_input(x.shape, self.features)
        names = ("a", "b", "c", "c1", "c2")
        x, *units = _tensors("DEU", x=x.movedim(1, -1), **{name: getattr(self, name) for name in names})
        y = _evaluate(x, units, self.epsilon, contract.EXPONENT)  # units along the last axis
        return y.movedim(-1, 1).clamp(-self.limit, self.limit)

    def extra_repr(self):
        """What is printed."""
        return f"{self.features}, epsilon={self.epsilon}, limit={self.limit}"


def _tensors(operation, **given):
    """Everything as tensors of one floating type on one device; whole numbers in the type of the others, but for t."""
    known = [x for x in given.values() if torch.is_tensor(x)]
    found = {name: x if torch.is_tensor(x) or _is_number(x) else torch.as_tensor(x) for name, x in given.items()}
    tensors = {name: x.dtype for name, x in found.items() if torch.is_tensor(x)}
    types = [one for name, one in tensors.items() if name in ("t", "x") or one not in WHOLE]
    contract.check_types(operation, [str(one).removeprefix("torch.") for one in types if one not in HALF])
    dtype = torch.float64 if not types or torch.float64 in types else torch.float32
    device = known[0].device if known else torch.device("cpu")
    made = [
        x.to(dtype) if torch.is_tensor(x) else torch.full((), x, dtype=dtype, device=device) for x in found.values()
    ]
    shapes = {name: tuple(x.shape) for name, x in zip(given, made, strict=True)}
    contract.check_shapes(operation, shapes, _fit(shapes.values()))
    return made


def _is_number(x):
    return isinstance(x, int | float) and not isinstance(x, bool)


def _fit(shapes):
    """Whether shapes broadcast."""
    rank = max(map(len, shapes))
    sizes = zip(*([1] * (rank - len(shape)) + list(shape) for shape in shapes), strict=True)
    return all(len({size for size in axis if size != 1}) < 2 for axis in sizes)


def _largest_exponent(t):
    return contract.LARGEST[str(t.dtype).removeprefix("torch.")]


def _evaluate(t, units, epsilon, cap):
    """The solution; in eager mode by blocks of t, whose intermediate results are not kept for the backward pass."""
    small = torch.compiler.is_compiling() or t.numel() <= BLOCK
    if small or any(x.ndim >= t.ndim and x.shape[0] > 1 for x in units):  # or units that belong to one row of t alone
        return _solution(t, *units, epsilon, cap)
    blocks = t.split(max(1, BLOCK * t.shape[0] // t.numel()))
    if not (torch.is_grad_enabled() and any(x.requires_grad for x in (t, *units))):
        return torch.cat([_solution(block, *units, epsilon, cap) for block in blocks])
    options = {"use_reentrant": False, "preserve_rng_state": False}
    return torch.cat([checkpoint(_solution, block, *units, epsilon, cap, **options) for block in blocks])


def _solution(t, a, b, c, c1, c2, epsilon, cap):
    """y, with slopes also for coefficients that count as 0."""
    a, b, c, c1, c2 = torch.broadcast_tensors(a, b, c, c1, c2)
    row, zero = _rows(a, b, c, epsilon)
    raw, (a, b, c) = (a, b, c), (x.masked_fill(absent, 0) for x, absent in zip((a, b, c), zero, strict=True))
    y = solve(t, row, a, b, c, c1, c2, cap)
    if not (torch.is_grad_enabled() and any(x.requires_grad for x in raw)):
        return y
    start = [x.detach() for x in _start(row, a, b, c, c1, c2)]
    shift = contract.shift_for(epsilon, torch.finfo(t.dtype).eps)
    for position, absent in enumerate(zero):
        moved = [x.detach() for x in (a, b, c)]
        sign = 1 - 2 * (raw[position] < 0).to(t.dtype)
        moved[position] = shift * sign + raw[position] - raw[position].detach()
        if on_cpu(t) and a.ndim == 1 and t.shape[-1:] == a.shape:  # few units: a look, and work on those only
            where = absent.nonzero()[:, 0]
            found, small = kept(t.detach()[..., where], *(x[where] for x in (*moved, *start)), cap)
            y = y.index_add(-1, where, torch.where(small, found - found.detach(), 0))
        else:
            found, small = kept(t.detach(), *(torch.where(absent, x, 1) for x in moved), *start, cap)
            y = y + torch.where(absent & small, found - found.detach(), 0)  # adds 0, and its slope
    return y


def _rows(a, b, c, epsilon):
    """Rows, and which of a, b, c count as 0."""
    zero = [(x.abs() < epsilon) | (x == 0) for x in (a, b, c)]
    a, b, c = (x.detach().masked_fill(absent, 0) for x, absent in zip((a, b, c), zero, strict=True))
    no_a, no_b, no_c = zero
    d = b * b - 4 * a * c
    flat = (d.abs() < epsilon) | (d == 0)
    row = torch.where(flat, 10, torch.where(d > 0, 9, 8))
    row = torch.where(no_c, 7, row)
    row = torch.where(no_b, torch.where(no_c, 4, torch.where(torch.sign(a) == torch.sign(c), 5, 6)), row)
    first = 3 - no_c.int() - 2 * no_b.int()  # both 3, no c 2, no b 1, neither 0: as the bits say
    return torch.where(no_a, first, row), zero


def _start(row, a, b, c, c1, c2):
    """y and y' at 0, from the left, of the function that each row is."""
    a, b, c = (torch.where(x == 0, 1, x) for x in (a, b, c))
    p, omega = -b / (2 * a), (c / a).abs().sqrt()
    s = (b * b - 4 * a * c).abs().sqrt() / (2 * a)
    nothing = torch.zeros_like(c1)
    values = [nothing, 1 / (2 * c), c1, c1, c1, c1, c1 + c2, c2 - c1 * a / b, c1, c1 + c2, c2]
    slopes = [nothing + 1, 1 / (4 * c), nothing, -c1 * c / b, c2, c2 * omega, (c1 - c2) * omega, c1]
    slopes += [c1 * p + c2 * s, c1 * (p - s) + c2 * (p + s), c1 + c2 * p]
    chosen = row.long()[None]
    return tuple(torch.stack(table).gather(0, chosen)[0] for table in (values, slopes))


complete_from_twin(globals())
