"""A node whose wall clock can be set: with libfaketime, which Debian has as `faketime`."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.services.node import Node

_LIBRARIES = (
    "/usr/lib/*-linux-gnu/faketime/libfaketimeMT.so.1",
    "/usr/lib*/faketime/libfaketimeMT.so.1",
    "/usr/local/lib/faketime/libfaketimeMT.so.1",
)


def faketime_library() -> str:
    """Where the library is; skips the test when it is not installed."""
    for pattern in _LIBRARIES:
        for path in Path("/").glob(pattern.lstrip("/")):
            return str(path)
    pytest.skip("a clock that steps needs libfaketime: sudo apt install faketime")


class NodeWithClock(Node):
    """A node that `step` puts ahead or back in time; its monotonic clock goes on as always."""

    def __init__(
        self, folder: Path, settings: Mapping[str, str], *, data: Path, library: str
    ) -> None:
        super().__init__(folder, settings, data=data)
        self._library = library
        self._offset = folder / "clock"

    def prepare(self) -> None:
        self.step(0)

    def environment(self) -> Mapping[str, str]:
        return {
            **super().environment(),
            "LD_PRELOAD": self._library,
            "FAKETIME_TIMESTAMP_FILE": str(self._offset),
            "FAKETIME_NO_CACHE": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        }

    def step(self, seconds: int) -> None:
        """From now on the clock is so many seconds ahead of the true time."""
        # Renamed into place: the library may read at any time.
        new = self._offset.with_suffix(".new")
        new.write_text(f"{seconds:+d}\n")
        new.rename(self._offset)
