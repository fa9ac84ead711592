"""A Socket.IO packet that is encoded and framed once, for any number of connections.

On a websocket the frame's bytes go out as they are: a server's frames carry no mask, so that one
frame is the same for everybody (RFC 6455, section 5.2). Polling takes the texts instead.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable

# A whole text message in one frame (FIN and opcode 1), not compressed.
_TEXT = 0x81
# Engine.IO's packet type for a message.
_MESSAGE = b"4"


def framed(payload: bytes) -> bytes:
    """A text frame around UTF-8 bytes."""
    size = len(payload)
    if size < 126:
        return bytes((_TEXT, size)) + payload
    if size < 65_536:
        return struct.pack("!BBH", _TEXT, 126, size) + payload
    return struct.pack("!BBQ", _TEXT, 127, size) + payload


class Packet:
    """One packet, or several that go to the same connections at the same time."""

    __slots__ = ("count", "frames")

    def __init__(self, frames: bytes, count: int = 1) -> None:
        self.frames = frames
        self.count = count

    @classmethod
    def of(cls, text: str) -> Packet:
        """Encodes a Socket.IO packet: ``2["event",{...}]``."""
        return cls(framed(_MESSAGE + text.encode()))

    @classmethod
    def joined(cls, packets: Iterable[Packet]) -> Packet:
        """Several as one, in order: they cost each connection a single write."""
        several = list(packets)
        if len(several) == 1:
            return several[0]
        return cls(b"".join(p.frames for p in several), sum(p.count for p in several))

    def texts(self) -> list[str]:
        """The Socket.IO packets, for polling."""
        texts: list[str] = []
        start, end = 0, len(self.frames)
        while start < end:
            size = self.frames[start + 1]
            start += 2
            if size >= 126:
                wide = 2 if size == 126 else 8
                size = int.from_bytes(self.frames[start : start + wide], "big")
                start += wide
            texts.append(self.frames[start + 1 : start + size].decode())
            start += size
        return texts
