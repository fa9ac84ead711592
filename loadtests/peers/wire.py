"""Websocket frames and handshakes, as far as the benchmarks need them on either side."""

from __future__ import annotations

import base64
import hashlib

from websockets.speedups import apply_mask

TEXT = 0x81
CLOSE = 0x88
PING = 0x89
PONG = 0x8A

# The pair of the standard (RFC 6455, 1.3): one key for all clients saves a hash a connection.
KEY = b"dGhlIHNhbXBsZSBub25jZQ=="
ACCEPT = b"s3pPLMBiTxaQ9kYGzzhZRbK+xOo="
_GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"

# Not zero, which some servers skip: they shall do the work that browsers make them do.
_MASK = b"\x37\xfa\x21\x3d"


def _head(first: int, size: int, masked: int) -> bytes:
    if size < 126:
        return bytes((first, masked | size))
    if size < 65536:
        return bytes((first, masked | 126)) + size.to_bytes(2, "big")
    return bytes((first, masked | 127)) + size.to_bytes(8, "big")


def client_frame(first: int, payload: bytes) -> bytes:
    """A whole frame as clients send it, masked."""
    return _head(first, len(payload), 0x80) + _MASK + apply_mask(payload, _MASK)


def server_frame(first: int, payload: bytes) -> bytes:
    """A whole frame as servers send it."""
    return _head(first, len(payload), 0) + payload


def client_frames(data: bytes) -> tuple[list[tuple[int, bytes]], bytes]:
    """What clients have sent: first bytes with unmasked payloads, and what is not whole yet."""
    found: list[tuple[int, bytes]] = []
    position = 0
    while len(data) - position >= 2:
        first, size, mask = data[position], data[position + 1] & 0x7F, position + 2
        if size >= 126:
            mask += 2 if size == 126 else 8
            size = int.from_bytes(data[position + 2 : mask], "big")
        stop = mask + 4 + size
        if stop > len(data):
            break
        found.append((first, apply_mask(data[mask + 4 : stop], data[mask : mask + 4])))
        position = stop
    return found, data[position:]


def request(host: str, port: int, query: str) -> bytes:
    """The request of a Socket.IO client for a websocket."""
    target = "/socket.io/?EIO=4&transport=websocket" + (f"&{query}" if query else "")
    return (
        f"GET {target} HTTP/1.1\r\nHost: {host}:{port}\r\nUpgrade: websocket\r\n"
        f"Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
        f"Sec-WebSocket-Key: {KEY.decode()}\r\n\r\n"
    ).encode()


def response(head: bytes) -> bytes:
    """The answer that grants a request."""
    key = b""
    for line in head.split(b"\r\n"):
        name, _, value = line.partition(b":")
        if name.lower() == b"sec-websocket-key":
            key = value.strip()
    # The hash that the protocol asks for; nothing is kept safe by it.
    accept = base64.b64encode(hashlib.sha1(key + _GUID).digest())
    return (
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        b"Sec-WebSocket-Accept: " + accept + b"\r\n\r\n"
    )
