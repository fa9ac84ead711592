"""Connections to Redis that give up early: whoever uses them has another way."""

from __future__ import annotations

from typing import Any

from redis.asyncio import Redis
from redis.asyncio.cluster import ClusterNode, RedisCluster
from redis.asyncio.connection import SSLConnection, parse_url
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisClusterException, RedisError

from realtime.redis_address import is_cluster, parse

# Redis answers within a millisecond; what takes this long is lost.
ANSWER_SECONDS = 0.5
CONNECT_SECONDS = 1.0

# What a Redis that is away, slow, loading or full raises, or a cluster that lacks a master or
# moves its slots; most of a cluster's own errors are no RedisError.
OUTAGES = (RedisError, RedisClusterException, OSError, TimeoutError)


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
    return RedisCluster(
        startup_nodes=[ClusterNode(host, port) for host, port in address.hosts],
        retry=Retry(NoBackoff(), 1),
        **options,
    )
