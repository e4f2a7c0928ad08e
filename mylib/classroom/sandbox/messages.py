"""Messages between the processes of a grading: a JSON head and raw buffers, each with its length in front.

Reading one executes nothing of the sender's. values.py says how arrays and tensors are written.
"""

import json
import socket
import struct
from collections.abc import Sequence
from typing import Any

MAX_BYTES = 256_000_000
MAX_TEXT = 16_000_000  # of the head; as objects it takes thirty times as much
HEAD = struct.Struct("!II")
Buffer = bytes | bytearray | memoryview


class WireError(ValueError):
    """What came is no message, or says something that may not cross."""


def send(sock: socket.socket, head: Any, buffers: Sequence[Buffer] = ()) -> None:
    """Send one message.

    Args:    sock: stream socket.
             head: what `json.dumps` takes.
             buffers: list of bytes.
    """
    text = json.dumps([head, [len(buffer) for buffer in buffers]]).encode()
    sock.sendall(b"".join([HEAD.pack(len(text), sum(map(len, buffers))), text, *buffers]))


def receive(sock: socket.socket, max_bytes: int = MAX_BYTES) -> tuple[Any, list[Any]]:
    """Receive one message.

    Args:    sock: stream socket, with a timeout where one is wanted.
             max_bytes: of the whole message.
    Returns: head, list of buffers.
    Raises:  EOFError: the other side is gone.
             WireError: no message, or one that is too large.
             TimeoutError: nothing came in time.
    """
    sizes = HEAD.unpack(_exactly(sock, HEAD.size))
    if sizes[0] > MAX_TEXT:
        raise WireError(f"expected a head of at most {MAX_TEXT / 1e6:g} MB, got {sizes[0] / 1e6:.0f}")
    if sum(sizes) > max_bytes:
        raise WireError(f"expected a message of at most {max_bytes / 1e6:g} MB, got {sum(sizes) / 1e6:.0f}")
    text, raw = _exactly(sock, sizes[0]), memoryview(_exactly(sock, sizes[1]))
    try:
        head, lengths = json.loads(text)
        if not all(type(length) is int and length >= 0 for length in lengths) or sum(lengths) != sizes[1]:
            raise WireError("got lengths that do not add up")
    except (ValueError, TypeError, RecursionError, MemoryError) as error:
        raise WireError(f"got no message: {error}") from None
    buffers, start = [], 0
    for length in lengths:
        buffers.append(raw[start : start + length])
        start += length
    return head, buffers


def _exactly(sock: socket.socket, count: int) -> bytearray:
    content = bytearray(count)
    view, filled = memoryview(content), 0
    while filled < count:
        got = sock.recv_into(view[filled:])
        if not got:
            raise EOFError("the other process is gone")
        filled += got
    return content
