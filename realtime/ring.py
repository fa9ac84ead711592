"""Many small writes in one system call: Linux' io_uring, through its three system calls.

What a delivery costs is nearly all the kernel's, and a part of that is going in and out of it: a
thousand sends in one call take 3.5 us each, a thousand calls 4.0 (`loadtests.one_room`). The layout
of what is shared with the kernel is that of ``linux/io_uring.h`` and the manual pages
io_uring_setup(2) and io_uring_enter(2).

Where there is no io_uring (an old kernel, a container that forbids it, another system) `open_ring`
returns None, and each socket is written to by itself.
"""

from __future__ import annotations

import ctypes
import errno
import mmap
import os
import platform
import struct
from array import array
from collections.abc import Sequence

import structlog

logger = structlog.get_logger(__name__)

# The same on all machines since Linux 5.1.
_SETUP, _ENTER = 425, 426
_OFFSET_RING, _OFFSET_ENTRIES = 0, 0x10000000
_CQ_SIZE = 1 << 3
# Linux 6.1: only this thread uses it, and completions are its own business.
_ALONE = 1 << 12 | 1 << 13
_ONE_MAPPING = 1 << 0
_GET_EVENTS = 1 << 0
_SEND = 26
# Nothing waits in the kernel: what a socket does not take is the caller's again.
_DO_NOT_WAIT = 0x40 | 0x4000  # MSG_DONTWAIT | MSG_NOSIGNAL
# An entry of 64 bytes: operation, flags, priority, descriptor; offset; address; length, message
# flags; user data; and what sending has no use for.
_ENTRY = struct.Struct("=BBHiQQIIQ24x")
_SPAN = 64

# Sends in one call; a power of two. With the bytes staged for them, half a megabyte a node.
ENTRIES = 1024
STAGED_BYTES = 256 * 1024


class Ring:
    """Sends to many sockets at once. Belongs to one thread."""

    def __init__(self) -> None:
        self._call = ctypes.CDLL(None, use_errno=True).syscall
        self._call.restype = ctypes.c_long
        parameters = bytearray(120)
        self._fd = self._set_up(parameters)
        fields = struct.unpack("=10I 10I 10I", parameters)
        if not fields[5] & _ONE_MAPPING:
            os.close(self._fd)
            raise OSError(errno.ENOSYS, "io_uring is too old")
        # Where things lie in the memory of the two queues.
        self._head, self._tail, mask, _, _, _, places = (at // 4 for at in fields[10:17])
        self._done_head, self._done_tail, _, _, _, done = (at // 4 for at in fields[20:26])
        size = max(places + ENTRIES, done + ENTRIES * 4) * 4
        self._queues = _mapped(self._fd, size, _OFFSET_RING)
        self._entries = _mapped(self._fd, ENTRIES * _SPAN, _OFFSET_ENTRIES)
        # Full views of those, by the kind of number that is looked at.
        self._words = memoryview(self._queues).cast("I")
        if self._words[mask] != ENTRIES - 1:
            raise OSError(errno.EINVAL, "io_uring has another size than asked for")
        self._words[places : places + ENTRIES] = array("I", range(ENTRIES))
        done_bytes = memoryview(self._queues)[done * 4 : (done + ENTRIES * 4) * 4]
        self._results = done_bytes.cast("i")[2::4]
        self._numbers = done_bytes.cast("Q")[0::2]
        self._staged = mmap.mmap(-1, STAGED_BYTES)
        self._staged_at = ctypes.addressof(ctypes.c_char.from_buffer(self._staged))
        self._prepare()

    def _set_up(self, parameters: bytearray) -> int:
        area = (ctypes.c_char * len(parameters)).from_buffer(parameters)
        for flags in (_CQ_SIZE | _ALONE, _CQ_SIZE):
            struct.pack_into("=II I", parameters, 0, 0, ENTRIES, flags)
            fd = int(self._call(_SETUP, ENTRIES, area))
            if fd >= 0:
                os.set_inheritable(fd, False)
                return fd
        raise OSError(ctypes.get_errno(), "there is no io_uring")

    def _prepare(self) -> None:
        """Writes what no send changes, and looks at the rest in columns."""
        for number in range(ENTRIES):
            entry = (_SEND, 0, 0, -1, 0, 0, 0, _DO_NOT_WAIT, number)
            _ENTRY.pack_into(self._entries, number * _SPAN, *entry)
        entries = memoryview(self._entries)
        self._descriptors = entries.cast("i")[1 :: _SPAN // 4]
        self._addresses = entries.cast("Q")[2 :: _SPAN // 8]
        self._lengths = entries.cast("I")[6 :: _SPAN // 4]

    def send(self, descriptors: Sequence[int], frames: Sequence[bytes]) -> list[int] | None:
        """Sends to each socket its frames.

        Returns None when all were taken whole; otherwise the bytes that each socket took, which is
        below zero for none (an error's number).
        """
        taken: list[int] = []
        whole = True
        while (start := len(taken)) < len(descriptors):
            some = frames[start : start + self._room()]
            addresses = self._stage(some)
            if addresses:
                lengths = array("I", map(len, some[: len(addresses)]))
                found, all_of_it = self._submit(descriptors[start:], addresses, lengths)
            else:
                # Too long to be staged: nothing was sent.
                found, all_of_it = [-errno.EAGAIN], False
            whole = whole and all_of_it
            taken += found
        return None if whole else taken

    def spread(self, descriptors: Sequence[int], frames: bytes) -> list[int] | None:
        """Sends the same to all; returns what `send` does."""
        taken: list[int] = []
        whole = True
        addresses = self._stage([frames])
        if not addresses:
            return [-errno.EAGAIN] * len(descriptors)
        length = array("I", [len(frames)])
        while (start := len(taken)) < len(descriptors):
            count = min(len(descriptors) - start, self._room())
            found, all_of_it = self._submit(descriptors[start:], addresses * count, length * count)
            whole = whole and all_of_it
            taken += found
        return None if whole else taken

    def _room(self) -> int:
        """Up to the end of the ring, so that each column is one piece."""
        return ENTRIES - (self._words[self._tail] & (ENTRIES - 1))

    def _stage(self, frames: Sequence[bytes]) -> array[int]:
        """Puts each frame once where the kernel can read it; returns where, of as many as fit."""
        places: dict[int, int] = {}
        end = 0
        for frame in {id(frame): frame for frame in frames}.values():
            size = len(frame)
            if end + size > STAGED_BYTES:
                break
            self._staged[end : end + size] = frame
            places[id(frame)] = self._staged_at + end
            end += size
        else:
            return array("Q", map(places.__getitem__, map(id, frames)))
        fitting = next(n for n, frame in enumerate(frames) if id(frame) not in places)
        return array("Q", [places[id(frame)] for frame in frames[:fitting]])

    def _submit(
        self, descriptors: Sequence[int], addresses: array[int], lengths: array[int]
    ) -> tuple[list[int], bool]:
        """One call; returns what each socket took, and whether that is everything."""
        words, count = self._words, len(addresses)
        tail = words[self._tail]
        first = tail & (ENTRIES - 1)
        self._descriptors[first : first + count] = array("i", descriptors[:count])
        self._addresses[first : first + count] = addresses
        self._lengths[first : first + count] = lengths
        words[self._tail] = (tail + count) & 0xFFFFFFFF
        self._call(_ENTER, self._fd, count, count, _GET_EVENTS, None, 0)
        begun = (words[self._head] - tail) & 0xFFFFFFFF
        if begun < count:
            # The kernel did not begin the rest: it is as if it had never been asked.
            words[self._tail] = words[self._head]
        self._await(begun)
        numbers = self._numbers[first : first + begun].tolist()
        results = self._results[first : first + begun].tolist()
        words[self._done_head] = words[self._done_tail]
        if numbers != list(range(first, first + begun)):
            by_number = dict(zip(numbers, results, strict=True))
            results = [by_number[first + n] for n in range(begun)]
        results += [-errno.EAGAIN] * (count - begun)
        return results, results == lengths.tolist()

    def _await(self, count: int) -> None:
        """Waits until so many are done. They are already, unless a kernel does things its way."""
        words = self._words
        while (words[self._done_tail] - words[self._done_head]) & 0xFFFFFFFF < count:
            self._call(_ENTER, self._fd, 0, count, _GET_EVENTS, None, 0)

    def close(self) -> None:
        """Gives it back to the kernel."""
        os.close(self._fd)


def _mapped(fd: int, size: int, offset: int) -> mmap.mmap:
    return mmap.mmap(fd, size, mmap.MAP_SHARED | mmap.MAP_POPULATE, offset=offset)


def open_ring() -> Ring | None:
    """A ring; None where there is none to be had."""
    # What is shared with the kernel is read and written without barriers, as x86 allows.
    if platform.system() != "Linux" or platform.machine() not in ("x86_64", "AMD64"):
        return None
    try:
        return Ring()
    except (OSError, AttributeError, ValueError) as error:
        logger.info("no_io_uring", error=str(error))
        return None
