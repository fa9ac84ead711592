"""Connections to Redis that give up early: whoever uses them has another way."""

from __future__ import annotations

from typing import Any

from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

# Redis answers within a millisecond; what takes this long is lost.
ANSWER_SECONDS = 0.5
CONNECT_SECONDS = 1.0

# What a Redis that is away, slow, loading or full raises.
OUTAGES = (RedisError, OSError, TimeoutError)


def connect(url: str) -> Redis:
    """A client that tries once: retries are up to the caller, who knows what they are worth."""
    client: Any = Redis
    return client.from_url(
        url,
        socket_timeout=ANSWER_SECONDS,
        socket_connect_timeout=CONNECT_SECONDS,
        retry=Retry(NoBackoff(), 0),
        health_check_interval=0,
    )
