"""Module: a function with parameters, made of modules. Names and behaviour are those of torch.nn."""

from collections import OrderedDict

import numpy as np

from mylib.engine.tape import Leaf
from mylib.engine.tensor import Tensor


class Parameter(Tensor):
    """A Tensor that a Module registers when it is assigned as an attribute, and that an optimiser updates.

    Args:    data: initial values, floating point.
             requires_grad: False freezes it.
    Source:  elementary. Differs: none.
    """

    __slots__ = ()

    def __init__(self, data, requires_grad=True):
        super().__init__(data, requires_grad)


class Module:
    """The base of all layers and models: subclass it, assign parameters and modules, and define `forward`.

    Args:    none; subclasses take what they need.
    Source:  elementary. Differs: no hooks, no devices; `state_dict` holds arrays.

    Example:
        >>> class Twice(Module):
        ...     def __init__(self):
        ...         super().__init__()
        ...         self.factor = Parameter(2.0)
        ...     def forward(self, x):
        ...         return self.factor * x
        >>> [name for name, _ in Twice().named_parameters()], Twice()(3.0).item()
        (['factor'], 6.0)
    """

    def __init__(self):
        self.__dict__.update(_parameters={}, _modules={}, _buffers={}, training=True)

    def __call__(self, *args, **kwargs):
        """Run `forward`."""
        return self.forward(*args, **kwargs)

    def forward(self, *args, **kwargs):
        """What the module computes."""
        raise NotImplementedError(f"{type(self).__name__} does not define forward")

    def __setattr__(self, name, value):
        kind = "_parameters" if isinstance(value, Parameter) else "_modules" if isinstance(value, Module) else None
        if kind is None and name in self.__dict__.get("_buffers", ()):
            kind = "_buffers"
        if "_parameters" not in self.__dict__:
            if kind:
                raise AttributeError(f"{type(self).__name__}: call super().__init__() before assigning {name}")
            return object.__setattr__(self, name, value)
        for registry in ("_parameters", "_modules", "_buffers"):
            if registry != kind:
                self.__dict__[registry].pop(name, None)
        if kind:
            self.__dict__.pop(name, None)
            self.__dict__[kind][name] = value
        else:
            object.__setattr__(self, name, value)

    def __getattr__(self, name):  # only called when the ordinary look-up fails
        for registry in ("_parameters", "_modules", "_buffers"):
            if name in self.__dict__.get(registry, ()):
                return self.__dict__[registry][name]
        raise AttributeError(f"{type(self).__name__} has no attribute {name!r}")

    def __delattr__(self, name):
        for registry in ("_parameters", "_modules", "_buffers"):
            if name in self.__dict__[registry]:
                del self.__dict__[registry][name]
                return
        object.__delattr__(self, name)

    def register_buffer(self, name, array):
        """Keep an array that is saved with the parameters but not trained, such as running statistics."""
        self.__dict__.pop(name, None)
        self._buffers[name] = None if array is None else np.array(array)

    def children(self):
        """The modules assigned to this one."""
        return iter(self._modules.values())

    def named_modules(self, prefix=""):
        """This module and all below it, each once, with dotted names."""
        return _once(self._walk(prefix))

    def _walk(self, prefix=""):
        yield prefix, self
        for name, module in self._modules.items():
            yield from module._walk(f"{prefix}.{name}" if prefix else name)

    def modules(self):
        """This module and all below it, each once."""
        return (module for _, module in self.named_modules())

    def named_parameters(self):
        """All parameters, each once, with dotted names."""
        return _once(
            (f"{prefix}.{name}" if prefix else name, parameter)
            for prefix, module in self.named_modules()
            for name, parameter in module._parameters.items()
        )

    def parameters(self):
        """All parameters, each once."""
        return (parameter for _, parameter in self.named_parameters())

    def train(self, mode=True):
        """Put this module and all below it into training (or evaluation) mode."""
        for module in self.modules():
            module.__dict__["training"] = mode
        return self

    def eval(self):
        """Put this module and all below it into evaluation mode."""
        return self.train(False)

    def zero_grad(self):
        """Forget the gradients of all parameters."""
        for parameter in self.parameters():
            parameter.grad = None

    def requires_grad_(self, wanted=True):
        """Freeze (False) or unfreeze all parameters."""
        for parameter in self.parameters():
            parameter.requires_grad = wanted
        return self

    def double(self):
        """Convert parameters and floating-point buffers to float64; make optimisers afterwards."""
        return self._convert(np.float64)

    def float(self):
        """Convert parameters and floating-point buffers to float32; make optimisers afterwards."""
        return self._convert(np.float32)

    def _convert(self, dtype):
        for module in self.modules():
            for parameter in module._parameters.values():
                if parameter.dtype != dtype:
                    parameter._data = parameter._data.astype(dtype)
                    parameter._node = parameter._node and Leaf(parameter.dtype)
            for name, buffer in module._buffers.items():
                if buffer is not None and buffer.dtype.kind == "f":
                    module._buffers[name] = buffer.astype(dtype)
        return self

    def state_dict(self):
        """Copies of all parameters and buffers as arrays, under torch's names: OrderedDict of name to array."""
        return OrderedDict((name, array.copy()) for name, array in self._state())

    def _state(self):
        """The names and arrays of the whole tree; a module that hangs in two places appears under both names."""
        for prefix, module in self._walk():
            dot = f"{prefix}." if prefix else ""
            yield from ((dot + name, p._data) for name, p in module._parameters.items())
            yield from ((dot + name, b) for name, b in module._buffers.items() if b is not None)

    def load_state_dict(self, state, strict=True):
        """Copy values into the parameters and buffers, each converted to the dtype that it has here.

        Args:
            state: name to array; torch tensors are taken too.
            strict: whether missing and unexpected names are errors.

        Returns:
            (missing, unexpected): two lists of names, empty when strict.

        Raises:
            ValueError: lists every missing, unexpected and mis-shaped name; nothing has been loaded then.
        """
        own = dict(self._state())
        arrays = {name: _as_array(value) for name, value in state.items()}
        missing, unexpected = [n for n in own if n not in arrays], [n for n in arrays if n not in own]
        problems = [f"missing: {name} {own[name].shape}" for name in missing] if strict else []
        problems += [f"unexpected: {name}" for name in unexpected] if strict else []
        problems += [
            f"mis-shaped: {name} is {arrays[name].shape}, expected {own[name].shape}"
            for name in own
            if name in arrays and arrays[name].shape != own[name].shape
        ]
        if problems:
            raise ValueError(f"load_state_dict: {type(self).__name__}: " + "; ".join(problems))
        for prefix, module in self._walk():
            dot = f"{prefix}." if prefix else ""
            for name, parameter in module._parameters.items():
                if dot + name in arrays:
                    parameter.data = arrays[dot + name]
            for name, buffer in module._buffers.items():
                if dot + name in arrays:
                    module._buffers[name] = arrays[dot + name].astype(buffer.dtype)
        return missing, unexpected

    def extra_repr(self):
        """The options shown when the module is printed."""
        return ""

    def __repr__(self):
        lines = [f"({name}): {module!r}".replace("\n", "\n  ") for name, module in self._modules.items()]
        inside = "\n  " + "\n  ".join(lines) + "\n" if lines else self.extra_repr()
        return f"{type(self).__name__}({inside})"


def _once(pairs):
    seen = set()
    for name, item in pairs:
        if id(item) not in seen:
            seen.add(id(item))
            yield name, item


def _as_array(value):
    """An array from an array, a Tensor or, without importing torch, a torch tensor."""
    if hasattr(value, "detach") and hasattr(value, "cpu"):
        value = value.detach().cpu().numpy()
    return np.asarray(value)


class Sequential(Module):
    """Modules applied one after the other.

    Args:    modules: in order; or one dictionary of name to module.
    Raises:  TypeError: a module of the sequence is not a Module.
    Source:  elementary. Differs: none.

    Example:
        >>> len(Sequential(Identity(), Identity()))
        2
    """

    def __init__(self, *modules):
        super().__init__()
        if len(modules) == 1 and isinstance(modules[0], dict):
            for name, module in modules[0].items():
                setattr(self, name, module)
        else:
            for i, module in enumerate(modules):
                setattr(self, str(i), _module(module))

    def forward(self, x):
        """x through every module in turn."""
        for module in self._modules.values():
            x = module(x)
        return x

    def __iter__(self):
        return self.children()

    def __len__(self):
        return len(self._modules)

    def __getitem__(self, i):
        modules = list(self.children())[i]
        return type(self)(*modules) if isinstance(i, slice) else modules


class ModuleList(Module):
    """A list of modules that registers them; it computes nothing itself.

    Args:    modules: any number, in order.
    Raises:  TypeError: something that is not a Module.
    Source:  elementary. Differs: only append, iteration and indexing.
    """

    def __init__(self, modules=()):
        super().__init__()
        for module in modules:
            self.append(module)

    def append(self, module):
        """Add one at the end."""
        setattr(self, str(len(self)), _module(module))
        return self

    def __iter__(self):
        return self.children()

    def __len__(self):
        return len(self._modules)

    def __getitem__(self, i):
        modules = list(self.children())[i]
        return ModuleList(modules) if isinstance(i, slice) else modules


def _module(module):
    if not isinstance(module, Module):
        raise TypeError(
            f"got {type(module).__name__}, expected a Module; functions such as relu exist as modules: nn.ReLU()"
        )
    return module


class Identity(Module):
    """y = x: a place in a model where nothing happens.

    Args:    none.
    Source:  elementary. Differs: torch's takes and forgets any arguments.
    """

    def forward(self, x):
        """X itself."""
        return x
