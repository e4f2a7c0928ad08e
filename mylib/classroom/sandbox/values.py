"""What may cross between the answer's process and the tests': numbers, strings, containers, arrays and tensors.

They are written as JSON and raw buffers (messages.py): no class, no code, nothing that could run when it is
read, so that the tests can read what a student's process sends. Other objects stay where they are; what crosses is
a key.
"""

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch

from mylib.classroom.sandbox.messages import MAX_BYTES, WireError

MAX_DEPTH = 40
ARRAYS = {
    np.dtype(name).str: np.dtype(name)
    for name in ("?", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "f2", "f4", "f8", "c8", "c16")
}
TENSORS = {
    str(dtype).removeprefix("torch."): dtype
    for dtype in (
        *(torch.bool, torch.uint8, torch.int8, torch.int16, torch.int32, torch.int64),
        *(torch.float16, torch.bfloat16, torch.float32, torch.float64, torch.complex64, torch.complex128),
    )
}
PLAIN: dict[str, type[Any]] = {"tuple": tuple, "list": list, "set": set, "frozenset": frozenset}


def encode(value: Any, other: Callable[[Any], Any], buffers: list[Any], depth: int = 0) -> Any:
    """Write a value as JSON and raw buffers.

    Args:    value: anything.
             other: of an object that is no data, makes the JSON that stands for it.
             buffers: list; bytes are appended.
             depth: of the nesting so far.
    Returns: what `json.dumps` takes.
    Raises:  WireError: nested deeper than `MAX_DEPTH`.
    """
    if depth > MAX_DEPTH:
        raise WireError(f"expected containers nested at most {MAX_DEPTH} deep, got a deeper one")
    kind = type(value)
    if value is None or kind in (bool, float, str) or (kind is int and abs(value) < 2**63):
        return value
    if isinstance(value, tuple | list | set | frozenset):
        name = next(name for name, base in PLAIN.items() if isinstance(value, base))
        return {"is": name, "items": [encode(item, other, buffers, depth + 1) for item in list(value)]}
    if isinstance(value, dict):
        pairs = [[encode(part, other, buffers, depth + 1) for part in pair] for pair in list(dict.items(value))]
        return {"is": "dict", "items": pairs}
    if isinstance(value, torch.Tensor) and value.layout == torch.strided:
        return _encode_tensor(value, buffers)
    if isinstance(value, np.ndarray | np.generic) and value.dtype.newbyteorder("=").str in ARRAYS:
        return _encode_array(value, buffers)
    if isinstance(value, np.str_):
        return str(value)
    if kind is int:
        return {"is": "int", "hex": hex(value)}
    if kind is bytes:
        return {"is": "bytes", "data": _put(value, buffers)}
    if kind is complex:
        return {"is": "complex", "parts": [value.real, value.imag]}
    if kind in (slice, range):
        parts = [encode(part, other, buffers, depth + 1) for part in (value.start, value.stop, value.step)]
        return {"is": kind.__name__, "parts": parts}
    if value is Ellipsis:
        return {"is": "ellipsis"}
    if isinstance(value, torch.dtype):
        return {"is": "torch.dtype", "name": str(value).removeprefix("torch.")}
    if isinstance(value, np.dtype) and value.str in ARRAYS:
        return {"is": "numpy.dtype", "name": value.str}
    return other(value)


def decode(tree: Any, other: Callable[[Any], Any], buffers: Sequence[Any], depth: int = 0) -> Any:
    """Read what `encode` wrote.

    Args:    tree: JSON.
             other: of a JSON object that is no data, makes what it stands for.
             buffers: list of bytes.
             depth: of the nesting so far.
    Returns: the value; every array and tensor is a fresh copy.
    Raises:  WireError: a type, size or depth that may not cross.
    """
    if depth > MAX_DEPTH:
        raise WireError(f"expected containers nested at most {MAX_DEPTH} deep, got a deeper one")
    if not isinstance(tree, dict):
        return tree
    try:
        return _decode(tree, lambda part: decode(part, other, buffers, depth + 1), other, buffers)
    except (LookupError, TypeError, ValueError, AttributeError, OverflowError, RuntimeError) as error:
        raise WireError(f"got a malformed value: {error}") from None


def _decode(
    tree: dict[str, Any], again: Callable[[Any], Any], other: Callable[[Any], Any], buffers: Sequence[Any]
) -> Any:
    match tree["is"]:
        case "tuple" | "list" | "set" | "frozenset" as name:
            return PLAIN[name](again(item) for item in tree["items"])
        case "dict":
            return {again(key): again(item) for key, item in tree["items"]}
        case "array":
            return _decode_array(tree, buffers)
        case "tensor":
            return _decode_tensor(tree, buffers)
        case "int":
            return int(tree["hex"], 16)
        case "bytes":
            return bytes(buffers[tree["data"]])
        case "complex":
            return complex(*map(float, tree["parts"]))
        case "slice":
            return slice(*map(again, tree["parts"]))
        case "range":
            return range(*map(again, tree["parts"]))
        case "ellipsis":
            return Ellipsis
        case "torch.dtype":
            return TENSORS[tree["name"]]
        case "numpy.dtype":
            return ARRAYS[tree["name"]]
    return other(tree)


def _put(content: bytes, buffers: list[Any]) -> int:
    buffers.append(content)
    return len(buffers) - 1


def _encode_array(value: Any, buffers: list[Any]) -> dict[str, Any]:
    """Values in C order, and where each entry lay: a test may hand over a transposed view on purpose."""
    array = np.asarray(value, value.dtype.newbyteorder("="))
    return {
        "is": "array",
        "dtype": array.dtype.str,
        "shape": array.shape,
        "scalar": isinstance(value, np.generic),
        "strides": [step // array.itemsize for step in array.strides],
        "writeable": bool(array.flags.writeable),
        "data": _put(array.tobytes(), buffers),
    }


def _decode_array(tree: dict[str, Any], buffers: Sequence[Any]) -> Any:
    dtype, shape = ARRAYS[tree["dtype"]], _sizes(tree["shape"])
    flat = np.frombuffer(buffers[tree["data"]], dtype)
    if tree["scalar"]:
        return flat[0]
    if flat.size != math.prod(shape):
        raise WireError(f"got {flat.size} numbers for an array of shape {shape}")
    array = _laid_out(np.empty(_room(shape, tree["strides"]), dtype), shape, tree["strides"])
    array[...] = flat.reshape(shape)
    array.flags.writeable = bool(tree["writeable"])
    return array


def _encode_tensor(value: torch.Tensor, buffers: list[Any]) -> dict[str, Any]:
    plain = value.detach().resolve_conj().resolve_neg().cpu()
    name = str(plain.dtype).removeprefix("torch.")
    if name not in TENSORS:
        raise WireError(f"expected a tensor of one of the types {', '.join(TENSORS)}, got {plain.dtype}")
    # An empty one may have steps of 0, which PyTorch does not view as bytes.
    flat = plain.contiguous().reshape(-1) if plain.numel() else plain.new_empty(0)
    return {
        "is": "tensor",
        "dtype": name,
        "shape": list(plain.shape),
        "strides": list(plain.stride()),
        "requires_grad": value.requires_grad,
        "parameter": isinstance(value, torch.nn.Parameter),
        "data": _put(flat.view(torch.uint8).numpy().tobytes(), buffers),
    }


def _decode_tensor(tree: dict[str, Any], buffers: Sequence[Any]) -> torch.Tensor:
    dtype, shape = TENSORS[tree["dtype"]], _sizes(tree["shape"])
    content = buffers[tree["data"]]
    flat = torch.frombuffer(bytearray(content), dtype=dtype) if content else torch.empty(0, dtype=dtype)
    if flat.numel() != math.prod(shape):
        raise WireError(f"got {flat.numel()} numbers for a tensor of shape {shape}")
    strides = tree["strides"]
    if _room(shape, strides) and min(strides, default=1) >= 0 and _distinct(shape, strides):
        tensor = torch.empty_strided(shape, strides, dtype=dtype).copy_(flat.reshape(shape))
    else:
        tensor = flat.reshape(shape).clone()
    if tree["parameter"]:
        return torch.nn.Parameter(tensor, requires_grad=bool(tree["requires_grad"]))
    return tensor.requires_grad_() if tree["requires_grad"] else tensor


def _sizes(shape: Any) -> tuple[int, ...]:
    sizes = tuple(shape)
    if len(sizes) > 32 or not all(type(size) is int and size >= 0 for size in sizes):
        raise WireError(f"got the shape {sizes!r:.60}")
    return sizes


def _room(shape: Sequence[int], strides: Sequence[int]) -> int:
    """Entries of the memory that a view with these strides spans; 0 where it is empty."""
    if len(strides) != len(shape) or not all(type(step) is int for step in strides):
        raise WireError("got strides that do not fit the shape")
    if not math.prod(shape):
        return 0
    room = 1 + sum((size - 1) * abs(step) for size, step in zip(shape, strides, strict=True))
    if room > MAX_BYTES:
        raise WireError("got strides that span too much memory")
    return room


def _distinct(shape: Sequence[int], strides: Sequence[int]) -> bool:
    """No two entries share their memory."""
    steps = sorted((abs(step), size) for size, step in zip(shape, strides, strict=True) if size > 1)
    spanned = 0
    for step, size in steps:
        if step <= spanned:
            return False
        spanned += step * (size - 1)
    return True


def _laid_out(memory: Any, shape: Sequence[int], strides: Sequence[int]) -> Any:
    """A view of the memory with the shape and strides, or in C order where they overlap."""
    if not memory.size or not _distinct(shape, strides):
        return np.empty(shape, memory.dtype)
    steps = [abs(step) * memory.itemsize for step in strides]
    view: Any = np.lib.stride_tricks.as_strided(memory, shape, steps)
    return view[(..., *(slice(None, None, -1 if step < 0 else 1) for step in strides))]
