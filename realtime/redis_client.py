"""Connections to Redis that give up early: whoever uses them has another way."""

from __future__ import annotations

import contextlib
from collections.abc import Generator
from typing import Any

from redis.asyncio import Redis
from redis.asyncio.cluster import ClusterNode, ClusterPipeline, RedisCluster
from redis.asyncio.connection import SSLConnection, parse_url
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import ClusterError, RedisClusterException, RedisError

from realtime.redis_address import is_cluster, parse

# Redis answers within a millisecond; what takes this long is lost.
ANSWER_SECONDS = 0.5
CONNECT_SECONDS = 1.0

# What a Redis that is away, slow, loading or full raises, or a cluster that lacks a master or
# moves its slots; most of a cluster's own errors are no RedisError. RuntimeError is what uvloop
# raises when a connection that was reset is written to; the library lets it through.
OUTAGES = (RedisError, RedisClusterException, OSError, TimeoutError, RuntimeError)


class _Cluster(RedisCluster):
    """The library's client, but what goes wrong while it connects anew is an outage."""

    async def execute_command(self, *args: Any, **kwargs: Any) -> Any:
        """Has a command done by the master of its key."""
        with _outages():
            # Before it knows the masters it would guess, be sent on, and learn nothing from it.
            await self.initialize()
            return await super().execute_command(*args, **kwargs)

    def pipeline(self, transaction: Any = None, shard_hint: Any = None) -> ClusterPipeline:
        """Commands for several masters at once; no transaction."""
        pipeline: Any = _Pipeline
        return pipeline(self, transaction)


class _Pipeline(ClusterPipeline):
    async def execute(self, raise_on_error: bool = True, allow_redirections: bool = True) -> Any:
        with _outages():
            return await super().execute(raise_on_error, allow_redirections)


@contextlib.contextmanager
def _outages() -> Generator[None]:
    """The client takes away connections and masters that other tasks are about to use."""
    try:
        yield
    except (AttributeError, LookupError) as error:
        raise ClusterError(f"the cluster changes: {error!r}") from error


def connect(url: str) -> Redis | RedisCluster:
    """A client that tries once: retries are up to the caller, who knows what they are worth.

    That of a cluster tries twice, as the first try may have met a master that is none any more.
    """
    if is_cluster(url):
        return _connect_cluster(url)
    client: Any = Redis
    return client.from_url(
        url,
        socket_timeout=ANSWER_SECONDS,
        socket_connect_timeout=CONNECT_SECONDS,
        retry=Retry(NoBackoff(), 0),
        health_check_interval=0,
    )


def _connect_cluster(url: str) -> RedisCluster:
    address = parse(url)
    options: dict[str, Any] = {
        "socket_timeout": ANSWER_SECONDS,
        "socket_connect_timeout": CONNECT_SECONDS,
        "health_check_interval": 0,
    }
    of_one: Any = parse_url(address.url(address.hosts[0]))
    options |= {name: value for name, value in of_one.items() if name not in ("host", "port")}
    if options.pop("connection_class", None) is SSLConnection:
        options["ssl"] = True
    return _Cluster(
        # After a slot moved only that slot is looked up; else all connections would be cut, under
        # whoever uses them.
        reinitialize_steps=0,
        startup_nodes=[ClusterNode(host, port) for host, port in address.hosts],
        retry=Retry(NoBackoff(), 1),
        **options,
    )
