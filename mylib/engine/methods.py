"""Tensor's operators and methods: one plain table of the operations that may also be written after a tensor."""

from mylib.engine import activations, elementwise, linear, reductions, shaping
from mylib.engine.tensor import Tensor

METHODS = (
    *(elementwise.exp, elementwise.log, elementwise.sqrt, elementwise.abs, elementwise.clip),
    *(activations.relu, activations.tanh, activations.sigmoid),
    *(reductions.sum, reductions.mean, reductions.var, reductions.max, reductions.min),
    *(reductions.logsumexp, reductions.softmax, reductions.log_softmax),
    *(shaping.reshape, shaping.flatten, shaping.unsqueeze, shaping.squeeze, shaping.permute),
    *(shaping.transpose, shaping.swapaxes, shaping.broadcast_to, shaping.split),
)

OPERATORS = {
    "add": elementwise.add,
    "sub": elementwise.sub,
    "mul": elementwise.mul,
    "truediv": elementwise.div,
    "pow": elementwise.pow,
    "matmul": linear.matmul,
}


def _reflected(operation):
    """`b op a` from `op(a, b)`: what Python calls on the right operand when the left does not know tensors."""
    return lambda self, other: operation(other, self)


for method in METHODS:
    setattr(Tensor, method.__name__, method)
for name, operation in OPERATORS.items():
    setattr(Tensor, f"__{name}__", operation)
    setattr(Tensor, f"__r{name}__", _reflected(operation))
Tensor.__neg__ = elementwise.neg
Tensor.__getitem__ = shaping.index
Tensor.T = property(lambda self: shaping.permute(self, *reversed(range(self.ndim))), doc="All axes in reverse order.")
