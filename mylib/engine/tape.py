r"""The tape: what each operation leaves behind, and how gradients travel back over it.

Let a loss L be computed from leaves by operations y = f(x1, ..., xn). Reverse-mode differentiation keeps one
number array per result, the gradient dL/dy, and hands it to each input by the chain rule

    dL/dxi  +=  dL/dy * dy/dxi          (summed over every operation that used xi)

Two kinds of entry stand on the tape. A `Leaf` belongs to a tensor that someone made and wants a gradient for; it
is where gradients end up. A `Node` belongs to the result of an operation and has four fields: the *backward*
function that turns dL/dy into the dL/dxi, the arrays it *saved* for that, its *parents* (the entries of the
inputs, None for an input that needs no gradient), and a *number* from one clock that never stops.

The number is what makes the backward pass short. An input exists before the result made from it, so a parent's
number is always smaller than its child's. Taking nodes from the highest number down therefore visits a node only
after everything that used it: a topological order, without a recursive search, for a chain of any length.

Nodes point to nodes and never to tensors, and nothing points forward, so there are no reference cycles: an array
is freed as soon as the last node that saved it has been consumed, without waiting for the garbage collector.

Source: Linnainmaa (1970); Griewank and Walther, Evaluating Derivatives (2008), chapter 3.
"""

from contextlib import ContextDecorator
from heapq import heappop, heappush
from itertools import count

import numpy as np

tick = count(1).__next__  # the clock: numbers operations, and dates the optimisers' writes
recording = True


class no_grad(ContextDecorator):
    """Switch recording off: results need no gradient, and nothing is saved for one.

    Use it as `with no_grad():` or as a decorator `@no_grad()`. It holds for the whole process, not per thread.

    Args:    none.
    Source:  elementary. Differs: torch's holds per thread.

    Example:
        >>> from mylib.engine import Tensor
        >>> x = Tensor(3.0, requires_grad=True)
        >>> with no_grad():
        ...     (x * x).requires_grad
        False
    """

    def __init__(self):
        self._outer = []

    def __enter__(self):
        global recording
        self._outer.append(recording)
        recording = False
        return self

    def __exit__(self, *exception):
        global recording
        recording = self._outer.pop()


class Leaf:
    """The end of the tape: collects the gradient of one tensor.

    `slot` is memory that an optimiser reserved for this gradient (see optim.py), or None. `written` is the time
    at which an optimiser last overwrote the tensor's values in place; 0 is never.
    """

    __slots__ = ("grad", "dtype", "slot", "written")

    def __init__(self, dtype):
        self.grad, self.dtype, self.slot, self.written = None, dtype, None, 0

    def accumulate(self, gradient, used_at):
        """Add one contribution, from the operation recorded at time `used_at`."""
        if self.written > used_at:
            raise RuntimeError(
                "backward: an optimizer step changed a parameter in place after the forward pass that used it, so "
                "the saved values are gone; call backward() before step(), or run the forward pass again"
            )
        if self.grad is not None:
            self.grad += gradient
        elif self.slot is not None and self.slot.dtype == self.dtype:
            np.copyto(self.slot, gradient, casting="same_kind")
            self.grad = self.slot
        else:  # a copy: what arrives may be shared with another input, or be a view of something saved
            self.grad = np.array(gradient, dtype=self.dtype, order="C")


class Node:
    """One recorded operation."""

    __slots__ = ("backward", "saved", "parents", "number")

    def __init__(self, backward, saved, parents):
        self.backward, self.saved, self.parents, self.number = backward, saved, parents, tick()


def propagate(root, gradient):
    """Carry `gradient` from the entry `root` to every leaf below it, consuming the nodes on the way.

    A backward function has the signature `backward(gradient, needs, *saved)` and returns one gradient per parent.
    `needs` is the node's parents: `needs[i]` is None where no gradient is wanted, and the function returns None
    there instead of computing one.
    """
    if isinstance(root, Leaf):
        return root.accumulate(gradient, used_at=tick())
    waiting = {root.number: (root, gradient)}  # results whose gradient is not complete yet
    youngest = [-root.number]  # a heap with the highest number first
    while youngest:
        number = -heappop(youngest)
        node, gradient = waiting.pop(number)
        parents, gradients = node.parents, consume(node, gradient)
        for parent, contribution in zip(parents, gradients, strict=True):
            if parent is None:
                continue
            if parent.__class__ is Leaf:
                parent.accumulate(contribution, number)
            elif (earlier := waiting.get(parent.number)) is None:
                waiting[parent.number] = parent, contribution
                heappush(youngest, -parent.number)
            else:  # used more than once: the chain rule's sum; never in place, because arrays are shared
                waiting[parent.number] = parent, earlier[1] + contribution


def consume(node, gradient):
    """Run one node's backward function, and let go of all that it held."""
    backward, saved, parents = node.backward, node.saved, node.parents
    if backward is None:
        raise RuntimeError(
            "backward: this part of the graph was already used by an earlier backward() and its saved values are "
            "freed; run the forward pass again, or add the losses and call backward() once"
        )
    node.backward = node.saved = node.parents = None
    return backward(gradient, parents, *saved)
