"""A Socket.IO packet that is encoded and framed once, for any number of connections.

On a websocket the frame's bytes go out as they are: a server's frames carry no mask, so that one
frame is the same for everybody (RFC 6455, section 5.2). It is also deflated once for all who take
that, because each message is by itself (RFC 7692, section 7.1.1). Polling takes the texts instead.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterable, Sequence

# A whole text message in one frame (FIN and opcode 1), not compressed.
_TEXT = 0x81
# The same, deflated (RSV1).
_DEFLATED = 0xC1
# What many get is worth deflating from here on, and what one gets from there on, in bytes: it takes
# 6 us, for a third of a short message and four fifths of a snapshot (loadtests.bench_compression).
MANY_GET = 200
ONE_GETS = 1024
# Engine.IO's packet type for a message.
_MESSAGE = b"4"


def framed(payload: bytes, first: int = _TEXT) -> bytes:
    """A text frame around UTF-8 bytes."""
    size = len(payload)
    if size < 126:
        return bytes((first, size)) + payload
    if size < 65_536:
        return struct.pack("!BBH", first, 126, size) + payload
    return struct.pack("!BBQ", first, 127, size) + payload


def _deflated(payload: bytes) -> bytes:
    machine = zlib.compressobj(1, zlib.DEFLATED, -zlib.MAX_WBITS)
    data = machine.compress(payload) + machine.flush(zlib.Z_SYNC_FLUSH)
    # RFC 7692, section 7.2.1: the last four bytes of the flush are left out.
    return framed(data[:-4], _DEFLATED)


class Packet:
    """One packet, or several that go to the same connections at the same time."""

    __slots__ = ("_deflated", "_payload", "_several", "count", "frames")

    def __init__(
        self,
        frames: bytes,
        count: int = 1,
        payload: bytes | None = None,
        several: Sequence[Packet] = (),
    ) -> None:
        self.frames = frames
        self.count = count
        # What is worth deflating, if it is, and not yet done.
        self._payload = payload
        self._several = several
        self._deflated: bytes | None = None

    @classmethod
    def of(cls, text: str, worth: int = ONE_GETS) -> Packet:
        """Encodes a Socket.IO packet: ``2["event",{...}]``.

        From ``worth`` bytes on it is deflated for those who take that.
        """
        payload = _MESSAGE + text.encode()
        return cls(framed(payload), 1, payload if len(payload) >= worth else None)

    @property
    def deflated(self) -> bytes:
        """The frames for those who take deflated ones; made at the first need."""
        if self._deflated is None:
            if self._several:
                self._deflated = b"".join([packet.deflated for packet in self._several])
            elif self._payload is not None:
                self._deflated = _deflated(self._payload)
            else:
                self._deflated = self.frames
            self._payload, self._several = None, ()
        return self._deflated

    @classmethod
    def joined(cls, packets: Iterable[Packet]) -> Packet:
        """Several as one, in order: they cost each connection a single write."""
        several = list(packets)
        if len(several) == 1:
            return several[0]
        joined, count = b"".join(p.frames for p in several), sum(p.count for p in several)
        return cls(joined, count, several=several)

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
