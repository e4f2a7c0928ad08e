r"""Tensor: an array, and its entry on the tape.

A Tensor never changes its values: every operation makes a new one, `.data` is read-only, and the only code that
writes into a tensor's memory is an optimiser's step, which dates the write so that a backward pass through values
that are gone raises. A saved array can therefore not be changed behind the tape's back, with one exception: a view of
a parameter taken under `no_grad` (such as `w.T`) still shares its memory, and does not notice an optimiser's step.
"""

import numpy as np

from mylib.engine import tape
from mylib.engine.tape import Leaf, Node, propagate

FLOAT = np.dtype(np.float32)  # what Python numbers and lists become


class Tensor:
    """A NumPy array that can remember how it was computed.

    Python numbers and lists become float32; arrays keep their dtype (float32, float64, integers, booleans) and
    are copied, so that changing the array later does not reach the tensor. Integer and boolean tensors are for
    labels, indices and masks: they take part in operations but cannot require a gradient.

    Args:
        data: a number, (nested) list, array or Tensor, of any shape.
        requires_grad: True for a leaf that `backward()` shall fill `.grad` of.
        dtype: convert to this dtype; None keeps the array's own.

    Raises:
        TypeError: `data` is not numeric, is a list of Tensors, or is not floating point while `requires_grad`.

    Example:
        >>> x = Tensor([1.0, 2.0], requires_grad=True)
        >>> (x * x).sum().backward()
        >>> x.grad
        array([2., 4.], dtype=float32)

    Source: elementary. Differs: torch makes lists of integers int64 and lets values change in place; here lists are
        float32, and new values are given by `x.data = values`.
    """

    __slots__ = ("_data", "_node", "__weakref__")
    __array_ufunc__ = None  # array + tensor goes to Tensor.__radd__, and np.exp(tensor) is refused

    def __init__(self, data, requires_grad=False, dtype=None):
        self._data = _own(data, dtype)
        self._node = None
        self.requires_grad = requires_grad

    @property
    def data(self):
        """The values, read-only. Assign to give new ones: `w.data = w.data - 0.1 * w.grad`."""
        values = self._data.view()
        values.flags.writeable = False
        return values

    @data.setter
    def data(self, values):
        values = np.array(values, dtype=self._data.dtype, order="C")
        if values.shape != self._data.shape:
            raise ValueError(
                f"data: got shape {values.shape} for a tensor of shape {self.shape}; values can be replaced, the "
                "shape cannot; make a new Tensor"
            )
        self._data = values  # another array: whatever the tape saved keeps the old values

    @property
    def requires_grad(self):
        """Whether `backward()` computes a gradient for this tensor; can be set on leaves, to freeze them."""
        return self._node is not None

    @requires_grad.setter
    def requires_grad(self, wanted):
        if isinstance(self._node, Node):
            raise RuntimeError("requires_grad: can only be set on leaves; use x.detach() to cut a result off")
        if not wanted:
            self._node = None
        elif self._data.dtype.kind != "f":
            raise TypeError(
                f"requires_grad: a tensor of {self.dtype} cannot have a gradient; convert the data to float32 first"
            )
        elif self._node is None:
            self._node = Leaf(self._data.dtype)

    @property
    def grad(self):
        """The gradient collected so far, an array of the tensor's shape, or None."""
        return self._node.grad if isinstance(self._node, Leaf) else None

    @grad.setter
    def grad(self, gradient):
        if gradient is self.grad:  # `x.grad *= 2` changes the array and assigns it again
            return
        if not isinstance(self._node, Leaf):
            if gradient is None:
                return
            raise RuntimeError("grad: only a leaf with requires_grad=True has one; this tensor is not a leaf")
        if gradient is not None:
            gradient = np.array(gradient, dtype=self._data.dtype)
            if gradient.shape != self.shape:
                raise ValueError(f"grad: got shape {gradient.shape}, expected the tensor's shape {self.shape}")
        self._node.grad = gradient

    def backward(self, gradient=None):
        """Add dL/dx to the `.grad` of every leaf x that this tensor was computed from, L being this tensor.

        Gradients accumulate: two losses, or two calls on two forward passes, add up until `zero_grad()`. The
        graph is freed on the way, so a second call on the same result raises RuntimeError.

        Args:
            gradient: dL/d(self) where self is not the loss itself, of self's shape; needed unless size is 1.
        """
        if self._node is None:
            raise RuntimeError("backward: this tensor was not computed from anything with requires_grad=True")
        if gradient is None:
            if self.size != 1:
                raise ValueError(
                    f"backward: a tensor of shape {self.shape} is not a single number; reduce it, e.g. by .sum() or "
                    ".mean(), or pass backward(gradient) of the same shape"
                )
            gradient = np.ones_like(self._data)
        gradient = np.asarray(gradient, dtype=self._data.dtype)
        if gradient.shape != self.shape:
            raise ValueError(f"backward: got a gradient of shape {gradient.shape}, expected {self.shape}")
        propagate(self._node, gradient)

    def detach(self):
        """The same values without a history: gradients do not flow through."""
        # A leaf's memory may be an optimiser's, who writes to it; results are never written to.
        return wrap(self._data.copy() if isinstance(self._node, Leaf) else self._data)

    def numpy(self):
        """The values as a read-only array that shares this tensor's memory."""
        return self.data

    def item(self):
        """The value of a one-element tensor as a Python number."""
        return self._data.item()

    shape = property(lambda self: self._data.shape, doc="The length of each axis.")
    ndim = property(lambda self: self._data.ndim, doc="The number of axes.")
    size = property(lambda self: self._data.size, doc="The number of elements.")
    dtype = property(lambda self: self._data.dtype, doc="The NumPy dtype of the values.")

    def argmax(self, axis=None):
        """Where the (first) largest value stands: a plain integer array, as nothing flows through it."""
        return self._data.argmax(axis)

    def __deepcopy__(self, memo):
        """A leaf of its own with the same values and gradient: what copies of models are made of."""
        if isinstance(self._node, Node):
            raise RuntimeError("deepcopy: only leaves can be copied; copy x.detach() instead")
        twin = type(self).__new__(type(self))
        twin._data, twin._node = self._data.copy(), None
        twin.requires_grad = self.requires_grad
        twin.grad = self.grad
        return twin

    def __array__(self, dtype=None, copy=None):
        return np.array(self.data, dtype=dtype, copy=copy)

    def __len__(self):
        return len(self._data)

    def __iter__(self):
        if self.ndim == 0:
            raise TypeError("iteration over a 0-d tensor; use .item()")
        return (self[i] for i in range(len(self)))

    def __float__(self):
        return float(self._data.item())

    def __int__(self):
        return int(self._data.item())

    def __bool__(self):
        return bool(self._data)

    def __format__(self, spec):
        return format(self.item(), spec) if spec else str(self)

    def __repr__(self):
        values = np.array2string(self._data, separator=", ", prefix="Tensor(")
        dtype = "" if self.dtype == FLOAT else f", dtype={self.dtype}"
        return f"Tensor({values}{dtype}{', requires_grad=True' if self.requires_grad else ''})"

    def __setitem__(self, index, value):
        raise TypeError(
            "a tensor's values do not change in place: build the result with engine.where, pad or concatenate, or "
            "give a leaf new values with x.data = values"
        )

    __hash__ = object.__hash__  # a tensor is itself; == compares values, as in NumPy

    def __eq__(self, other):
        return self._data == _values(other)

    def __ne__(self, other):
        return self._data != _values(other)

    def __lt__(self, other):
        return self._data < _values(other)

    def __le__(self, other):
        return self._data <= _values(other)

    def __gt__(self, other):
        return self._data > _values(other)

    def __ge__(self, other):
        return self._data >= _values(other)


def _values(x):
    return x._data if isinstance(x, Tensor) else x


def _own(data, dtype):
    """`data` as an array of our own, with a dtype that the engine knows."""
    if isinstance(data, Tensor):
        data = data._data
    elif isinstance(data, (list, tuple)) and any(isinstance(item, Tensor) for item in data):
        raise TypeError("Tensor: got a list of Tensors, which would lose their gradients; use engine.stack")
    values = np.array(data, dtype=dtype, order="C")
    if dtype is None and not isinstance(data, (np.ndarray, np.generic)) and values.dtype.kind in "iuf":
        values = values.astype(FLOAT)
    if values.dtype.kind not in "fiub":
        raise TypeError(f"Tensor: got {values.dtype} data; expected floating point, integers or booleans")
    return values


def as_tensor(x, dtype=None):
    """`x` itself when it is a Tensor (of that dtype), otherwise a new Tensor with a copy of its values.

    Args:    x: a number, list, array or Tensor.
             dtype: wanted; None takes what comes (lists and numbers become float32).
    Returns: Tensor of x's shape.
    Raises:  TypeError: converting would lose a gradient, or x is not numeric.
    Source:  elementary. Differs: torch's shares an array's memory, and makes lists of integers int64.

    Example:
        >>> as_tensor([1, 2]).dtype
        dtype('float32')
    """
    if isinstance(x, Tensor):
        if dtype is None or x.dtype == dtype:
            return x
        if x.requires_grad:
            raise TypeError(f"as_tensor: converting {x.dtype} to {dtype} would lose the gradient; convert the data")
    return Tensor(x, dtype=dtype)


def wrap(array, node=None):
    """A Tensor around an array that nobody else will write to: what operations return."""
    tensor = Tensor.__new__(Tensor)
    tensor._data = array
    tensor._node = node
    return tensor


def record(array, backward, saved, *parents):
    """The result of an operation, and a note on the tape of how to go back.

    Args:
        array: the values.
        backward: a plain function `backward(gradient, needs, *saved)`; see `tape.propagate`.
        saved: tuple of what it needs.
        parents: the `_node` of each differentiable input, None where it has none.

    Returns:
        Tensor of the array; without a note where no input needs a gradient, or under `no_grad`.

    Source: Griewank and Walther (2008), chapter 3. Differs: torch records in C++.
    """
    if array.__class__ is not np.ndarray:
        array = np.asarray(array)  # NumPy returns scalars for 0-d results
    if tape.recording:
        for parent in parents:
            if parent is not None:
                return wrap(array, Node(backward, saved, parents))
    return wrap(array)


def float_tensor(x, operation):
    """`as_tensor(x)`, refusing integers and booleans by name of the operation that needs real numbers."""
    x = x if x.__class__ is Tensor else as_tensor(x)
    if x._data.dtype.kind != "f":
        raise TypeError(f"{operation}: got {x.dtype} values, expected floating point; convert with .astype(np.float32)")
    return x
