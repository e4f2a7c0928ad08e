r"""All parameters of an optimiser in one array.

A network has many small parameters, and a dozen NumPy calls on each cost more than the arithmetic. So all of them stand
in one array and each parameter is a view of it (likewise the gradients and the optimiser's own state), and everything
is updated at once. Nothing else notices: assigning `p.data`, loading a state dict and freezing a parameter work before
and after.
"""

import numpy as np

from mylib.engine.tape import tick


class FlatMemory:
    """Values and gradients of parameters, one after the other in one array each.

    Args:    params: leaves of one dtype.
             owner: name for messages.
    """

    def __init__(self, params, owner):
        self.params, self.owner = params, owner
        self._ends = np.cumsum([p.size for p in self.params]).tolist()
        self.values, self.gradients = self.flat(), self.flat()
        self.steps = [0] * len(self.params)  # behind each parameter: how often it had a gradient
        self._value_views, self._gradient_views = self._views(self.values), self._views(self.gradients)
        self.adopt()

    def flat(self):
        """A zero for every element of every parameter, in one array."""
        return np.zeros(self._ends[-1], self.params[0].dtype)

    def _views(self, flat):
        starts = [0, *self._ends]
        return [flat[a : a + p.size].reshape(p.shape) for a, p in zip(starts, self.params, strict=False)]

    def adopt(self):
        """Move each parameter's values and gradient into the flat arrays, where they are not there already."""
        for p, values, slot in zip(self.params, self._value_views, self._gradient_views, strict=True):
            if p._data is not values:
                if p.dtype != values.dtype:
                    raise ValueError(f"{self.owner}: a parameter became {p.dtype}; make a new optimizer after that")
                np.copyto(values, p._data)
                p._data = values
            leaf = p._node
            if leaf is None:  # frozen
                continue
            leaf.slot = slot
            if leaf.grad is not None and leaf.grad is not slot:
                np.copyto(slot, leaf.grad)
                leaf.grad = slot

    def blocks(self, size):
        """Slices of at most so many elements that have a gradient, and the number of steps behind each."""
        self.adopt()
        now = tick()
        for p in self.params:
            if p.grad is not None:
                p._node.written = now
        for start, end, steps in self._stretches():
            for a in range(start, end, size):
                yield slice(a, min(a + size, end)), steps

    def _stretches(self):
        """Neighbouring parameters that have a gradient and as many steps behind them, as (start, end, steps)."""
        stretches, start = [], 0
        for i, (p, end) in enumerate(zip(self.params, self._ends, strict=True)):
            if p.grad is not None:
                self.steps[i] += 1
                if stretches and stretches[-1][1:] == (start, self.steps[i]):
                    stretches[-1] = (stretches[-1][0], end, self.steps[i])
                else:
                    stretches.append((start, end, self.steps[i]))
            start = end
        return stretches
