"""A private MariaDB server."""

import os
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

import pymysql

from tests.services.ports import free_port
from tests.services.processes import NotReady, Service
from tests.services.programs import find

USER = "talkoo"
PASSWORD = "talkoo"

# Run at each start, before the first connection: the rights are there as soon as the port is.
RIGHTS = f"""\
CREATE USER IF NOT EXISTS '{USER}'@'127.0.0.1' IDENTIFIED BY '{PASSWORD}';
GRANT ALL PRIVILEGES ON *.* TO '{USER}'@'127.0.0.1' WITH GRANT OPTION;
"""


class MariaDB(Service):
    """A MariaDB server with its data in `folder`.

    `durable` keeps each commit through a power cut (innodb_flush_log_at_trx_commit=1). Without
    it commits survive kill -9 all the same, since the kernel still writes them, and tests that
    do not count on a power cut are faster.
    """

    name = "mariadb"

    def __init__(
        self,
        folder: Path,
        *,
        port: int | None = None,
        durable: bool = False,
        options: Sequence[str] = (),
    ) -> None:
        super().__init__(folder)
        self.port = port or free_port()
        self.durable = durable
        self.options = tuple(options)
        self.data = folder / "data"

    def prepare(self) -> None:
        # Written last: an installation that was interrupted is made anew.
        rights = self.folder / "rights.sql"
        if rights.exists():
            return
        shutil.rmtree(self.data, ignore_errors=True)
        self.data.mkdir(parents=True)
        made = subprocess.run(
            [
                find("mariadb-install-db", package="mariadb-server"),
                "--no-defaults",
                # Relative: the script trips over a space in the path.
                f"--datadir=./{self.data.name}",
                "--auth-root-authentication-method=normal",
                "--skip-test-db",
                "--skip-name-resolve",
                *_as_root(),
            ],
            cwd=self.folder,
            env=self.environment(),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        if made.returncode != 0:
            raise NotReady(f"mariadb-install-db failed:\n{made.stdout}\n{made.stderr}")
        rights.write_text(RIGHTS)

    def environment(self) -> Mapping[str, str]:
        # In a common folder the temporary tables of two servers may have one name.
        return {**os.environ, "TMPDIR": str(self.data)}

    def command(self) -> Sequence[str | Path]:
        return [
            find("mariadbd", package="mariadb-server"),
            "--no-defaults",
            *_as_root(),
            f"--datadir={self.data}",
            # Relative to the data: the path of a socket may have a hundred letters at most.
            "--socket=mariadb.sock",
            "--pid-file=mariadb.pid",
            f"--init-file={self.folder / 'rights.sql'}",
            "--bind-address=127.0.0.1",
            f"--port={self.port}",
            "--skip-name-resolve",
            "--character-set-server=utf8mb4",
            "--max-connections=300",
            "--performance-schema=off",
            "--innodb-buffer-pool-size=64M",
            "--innodb-log-file-size=48M",
            f"--innodb-flush-log-at-trx-commit={1 if self.durable else 2}",
            *self.options,
        ]

    def is_ready(self) -> bool:
        try:
            self.execute("SELECT 1")
        except pymysql.err.OperationalError:
            return False
        return True

    def execute(self, statement: str, *, database: str | None = None) -> list[tuple[object, ...]]:
        """Run one statement, commit, and return its rows."""
        connection = pymysql.connect(
            host="127.0.0.1",
            port=self.port,
            user=USER,
            password=PASSWORD,
            database=database,
            charset="utf8mb4",
            connect_timeout=5,
            autocommit=True,
        )
        try:
            with connection.cursor() as cursor:
                cursor.execute(statement)
                return list(cursor.fetchall())
        finally:
            connection.close()

    def create_database(self, name: str) -> str:
        """Make the database, if it is not there, and return its address for SQLAlchemy."""
        self.execute(f"CREATE DATABASE IF NOT EXISTS `{name}` CHARACTER SET utf8mb4")
        return self.url(name)

    def drop_database(self, name: str) -> None:
        """Remove the database and what is in it."""
        self.execute(f"DROP DATABASE IF EXISTS `{name}`")

    def url(self, database: str) -> str:
        """The address of a database, as Talkoo's settings take it."""
        return (
            f"mysql+aiomysql://{USER}:{PASSWORD}@127.0.0.1:{self.port}/{database}?charset=utf8mb4"
        )


def _as_root() -> list[str]:
    # MariaDB refuses to run as root unless it is told so in as many words.
    return ["--user=root"] if os.geteuid() == 0 else []
