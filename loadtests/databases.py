"""A MariaDB of one's own for as long as a measurement takes."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from tests.services.mariadb import MariaDB

# Every commit is on the disk before it is answered for, in the log and in the binary log.
DURABLE = ("--log-bin", "--sync-binlog=1", "--innodb-buffer-pool-size=1G")

# A file system that is kept in memory, and how much of it must be free.
MEMORY = Path("/dev/shm")
MEMORY_BYTES = 2 * 2**30


@contextmanager
def durable_mariadb() -> Generator[MariaDB]:
    """As durable as in production; on an empty folder, which is gone afterwards."""
    with (
        tempfile.TemporaryDirectory() as folder,
        MariaDB(Path(folder), durable=True, options=DURABLE) as server,
    ):
        yield server


@contextmanager
def quick_mariadb() -> Generator[MariaDB]:
    """One in memory, where there is room: for what is to be measured without a disk."""
    free = shutil.disk_usage(MEMORY).free if MEMORY.is_dir() else 0
    parent = MEMORY if free > MEMORY_BYTES else None
    with tempfile.TemporaryDirectory(dir=parent) as folder, MariaDB(Path(folder)) as server:
        yield server
