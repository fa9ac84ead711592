"""A private Redis server."""

from collections.abc import Sequence
from pathlib import Path

import redis

from tests.services.ports import free_port
from tests.services.processes import Service
from tests.services.programs import find


class Redis(Service):
    """A Redis server that keeps nothing: after a restart it is empty, as Talkoo must bear.

    With `keep` it writes each change to its append-only file, and has it after a restart.
    """

    name = "redis"

    def __init__(
        self,
        folder: Path,
        *,
        port: int | None = None,
        keep: bool = False,
        options: Sequence[str] = (),
    ) -> None:
        super().__init__(folder)
        self.port = port or free_port()
        self.keep = keep
        self.options = tuple(options)

    def command(self) -> Sequence[str | Path]:
        return [
            find("redis-server", "valkey-server", package="redis-server"),
            *("--bind", "127.0.0.1"),
            *("--port", str(self.port)),
            *("--dir", str(self.folder)),
            *("--save", ""),
            *("--appendonly", "yes" if self.keep else "no"),
            *self.options,
        ]

    def is_ready(self) -> bool:
        try:
            with self.client() as client:
                return bool(client.ping())
        except redis.RedisError:
            return False

    def client(self) -> redis.Redis:
        """A blocking client, for looking in; close it after use."""
        return redis.Redis(host="127.0.0.1", port=self.port, socket_timeout=5)

    def hold(self, seconds: float) -> None:
        """Let the server take what it is told, and do none of it for a while."""
        with self.client() as client:
            client.client_pause(int(seconds * 1000), all=True)

    @property
    def url(self) -> str:
        """The address of the server, as Talkoo's settings take it."""
        return f"redis://127.0.0.1:{self.port}/0"
