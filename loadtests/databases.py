"""A MariaDB of one's own, as durable as in production, for as long as a measurement takes."""

from __future__ import annotations

import tempfile
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from tests.services.mariadb import MariaDB

# Every commit is on the disk before it is answered for, in the log and in the binary log.
DURABLE = ("--log-bin", "--sync-binlog=1", "--innodb-buffer-pool-size=1G")


@contextmanager
def durable_mariadb() -> Generator[MariaDB]:
    """Started on an empty folder, which is gone afterwards."""
    with (
        tempfile.TemporaryDirectory() as folder,
        MariaDB(Path(folder), durable=True, options=DURABLE) as server,
    ):
        yield server
