"""The sockets that a server listens on, alone or one of several workers at one address."""

from __future__ import annotations

import contextlib
import ctypes
import socket
import struct
from collections.abc import Sequence

from server.failures import CannotListen

BACKLOG = 2048

# linux/filter.h and asm-generic/socket.h; Python's socket module has no names for these.
_ATTACH_REUSEPORT_CBPF = 51
_NETWORK_HEADER = -0x100000 & 0xFFFFFFFF
_LOAD_WORD, _MULTIPLY, _SHIFT, _MODULO, _XOR, _TO_X, _RETURN = (
    0x20, 0x24, 0x74, 0x94, 0xAC, 0x07, 0x16,
)  # fmt: skip
# Spreads neighbouring addresses; Knuth's multiplicative hashing, The Art of Computer
# Programming, volume 3, section 6.4.
_GOLDEN = 0x9E3779B1


def listen(host: str, port: int) -> socket.socket:
    """Listens alone; raises CannotListen."""
    return _bound(host, port, shared=False)


def listen_together(host: str, port: int, count: int, *, by_sender: bool) -> list[socket.socket]:
    """``count`` sockets at one address, one for each worker; raises CannotListen.

    The kernel gives a new connection to one of them: ``by_sender`` all of one address (of IPv6:
    of one network) to the same, so that polling clients meet their worker again, else any.
    """
    # Sockets that share would also share with another server that was started by mistake.
    with contextlib.closing(_bound(host, port, shared=False)) as alone:
        port = alone.getsockname()[1]
    found = [_bound(host, port, shared=True) for _ in range(count)]
    for one in found:
        # In this order they are numbered, for as long as all of them are open.
        one.listen(BACKLOG)
    if by_sender:
        _go_by_sender(found)
    return found


def _bound(host: str, port: int, *, shared: bool) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.socket(family)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if shared:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    try:
        listening.bind((host, port))
        if not shared:
            # Two may be bound, but only one listens.
            listening.listen(BACKLOG)
    except OSError as error:
        listening.close()
        raise CannotListen(f"{host}:{port}", error.strerror or str(error)) from error
    return listening


def _go_by_sender(sockets: Sequence[socket.socket]) -> None:
    """Tells the kernel to choose among sockets of one address by where a packet is from."""
    program = [
        *_sender(sockets[0].family),
        (_MULTIPLY, _GOLDEN),
        (_SHIFT, 16),
        (_MODULO, len(sockets)),
        (_RETURN, 0),
    ]
    code = b"".join(struct.pack("HBBI", operation, 0, 0, k) for operation, k in program)
    kept = ctypes.create_string_buffer(code)
    pointer = struct.pack("HP", len(program), ctypes.addressof(kept))
    sockets[0].setsockopt(socket.SOL_SOCKET, _ATTACH_REUSEPORT_CBPF, pointer)


def _sender(family: int) -> list[tuple[int, int]]:
    """Instructions of classic BPF that load who sent a packet."""
    if family == socket.AF_INET:
        return [(_LOAD_WORD, (_NETWORK_HEADER + 12) & 0xFFFFFFFF)]
    return [
        (_LOAD_WORD, (_NETWORK_HEADER + 8) & 0xFFFFFFFF),
        (_TO_X, 0),
        (_LOAD_WORD, (_NETWORK_HEADER + 12) & 0xFFFFFFFF),
        (_XOR, 0),
    ]
