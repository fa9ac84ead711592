"""A private Redis Cluster: three masters, and a replica for each on demand."""

import contextlib
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import redis

from tests.services.ports import free_port
from tests.services.processes import wait_until
from tests.services.redis import Redis

SLOTS = 16384
#: Milliseconds after which a server that is silent counts as dead; a replica takes over then.
NODE_TIMEOUT = 1000


class RedisCluster:
    """Redis servers that share the slots. What one of them suffers, `servers` can do to it."""

    def __init__(self, folder: Path, *, masters: int = 3, replicas: bool = False) -> None:
        self._ports: set[int] = set()
        self.masters = [self._server(folder / f"master-{n}") for n in range(masters)]
        self.replicas = [
            self._server(folder / f"replica-{n}") for n in range(masters if replicas else 0)
        ]
        self._folder = folder

    @property
    def servers(self) -> list[Redis]:
        """All servers, masters first."""
        return [*self.masters, *self.replicas]

    @property
    def url(self) -> str:
        """The address of the cluster, as Talkoo's settings take it."""
        hosts = ",".join(f"127.0.0.1:{server.port}" for server in self.servers)
        return f"redis+cluster://{hosts}"

    def start(self) -> Self:
        """Starts the servers, makes them one cluster and returns when it works."""
        for server in self.servers:
            server.launch()
        for server in self.servers:
            server.wait_ready()
        share = -(-SLOTS // len(self.masters))
        for number, master in enumerate(self.masters):
            first, last = number * share, min((number + 1) * share, SLOTS) - 1
            self.tell(master, "ADDSLOTSRANGE", first, last)
            # Unlike epochs spare the masters the search for an order among them.
            self.tell(master, "SET-CONFIG-EPOCH", number + 1)
        for server in self.servers[1:]:
            self._meet(server, self.servers[0])
        self._until(lambda server: int(self.info(server)["cluster_known_nodes"]) == self._size)
        for replica, master in zip(self.replicas, self.masters, strict=False):
            self.tell(replica, "REPLICATE", self.id(master))
        self._until(self._works)
        return self

    def stop(self) -> None:
        """Stops the servers."""
        for server in self.servers:
            # Nothing of it is needed again, and a replica would only wait for its master.
            server.kill()

    def add_master(self) -> Redis:
        """One more master, without slots."""
        server = self._server(self._folder / f"master-{len(self.masters)}").start()
        self._meet(server, self.masters[0])
        self.masters.append(server)
        self._until(lambda server: int(self.info(server)["cluster_known_nodes"]) == self._size)
        self._until(self._works)
        return server

    def move(self, slot: int, to: Redis) -> None:
        """Moves a slot, with its keys, as `redis-cli --cluster reshard` does."""
        source = self.owner(slot)
        self.tell(to, "SETSLOT", slot, "IMPORTING", self.id(source))
        self.tell(source, "SETSLOT", slot, "MIGRATING", self.id(to))
        with source.client() as client:
            keys: Any = client.execute_command("CLUSTER GETKEYSINSLOT", slot, 1000)
            if keys:
                where = ("127.0.0.1", to.port, "", 0, 5000, "KEYS", *keys)
                client.execute_command("MIGRATE", *where)
        self.tell(to, "SETSLOT", slot, "NODE", self.id(to))
        # A master that has heard already, and has no other slot, is a replica by now.
        with contextlib.suppress(redis.ResponseError):
            self.tell(source, "SETSLOT", slot, "NODE", self.id(to))

    def owner(self, slot: int) -> Redis:
        """The master that has a slot."""
        for server in self.servers:
            if server.running and self._has(server, slot):
                return server
        raise LookupError(slot)

    def shard_channels(self, server: Redis) -> set[str]:
        """The sharded channels that somebody hears at a server."""
        with server.client() as client:
            names: Any = client.execute_command("PUBSUB SHARDCHANNELS")
        return {name.decode() for name in names}

    def tell(self, server: Redis, *words: object) -> Any:
        """Has a server do something to the cluster."""
        with server.client() as client:
            return client.execute_command("CLUSTER", *map(str, words))

    def info(self, server: Redis) -> dict[str, str]:
        """What a server knows of the cluster's state."""
        lines = _text(self.tell(server, "INFO")).splitlines()
        return dict(line.split(":", 1) for line in lines if ":" in line)

    def id(self, server: Redis) -> str:
        """What the cluster calls a server."""
        return _text(self.tell(server, "MYID"))

    @property
    def _size(self) -> int:
        return len(self.servers)

    def _server(self, folder: Path) -> Redis:
        return Redis(
            folder,
            port=self._port(),
            options=(
                *("--cluster-enabled", "yes"),
                *("--cluster-config-file", "nodes.conf"),
                *("--cluster-port", str(self._port())),
                *("--cluster-node-timeout", str(NODE_TIMEOUT)),
                # A replica that lost its master a moment ago is good enough here.
                *("--cluster-replica-validity-factor", "0"),
                *("--repl-diskless-sync-delay", "0"),
            ),
        )

    def _port(self) -> int:
        # All are chosen before one of them is listened on.
        while (port := free_port()) in self._ports:
            pass
        self._ports.add(port)
        return port

    def _meet(self, server: Redis, other: Redis) -> None:
        bus = other.options[other.options.index("--cluster-port") + 1]
        self.tell(server, "MEET", "127.0.0.1", other.port, bus)

    def _has(self, server: Redis, slot: int) -> bool:
        own = self.id(server)
        for line in _text(self.tell(server, "NODES")).splitlines():
            words = line.split(" ")
            # Slots that come or go stand in brackets behind.
            if words[0] == own and "master" in words[2]:
                return any(slot in slots for slots in _ranges(words[8:]))
        return False

    def _works(self, server: Redis) -> bool:
        if self.info(server)["cluster_state"] != "ok":
            return False
        if server in self.masters:
            return True
        with server.client() as client:
            state: Any = client.info("replication")
        return state["role"] == "slave" and state["master_link_status"] == "up"

    def _until(self, condition: Any) -> None:
        def all_do() -> bool:
            with contextlib.suppress(redis.RedisError):
                return all(condition(server) for server in self.servers)
            return False

        wait_until(all_do, within=60, what="the servers make a cluster")

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        problem: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()


def _ranges(words: list[str]) -> Iterator[range]:
    for word in words:
        if not word.startswith("["):
            first, _, last = word.partition("-")
            yield range(int(first), int(last or first) + 1)


def _text(answer: Any) -> str:
    return answer.decode() if isinstance(answer, bytes) else str(answer)
