"""Where a Redis Cluster is: ``redis+cluster://user:password@one:6379,two:6379?option=value``.

Any of its servers will do, as each knows the rest; several are named for when one is away.
"""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit

# What a cluster's scheme is for one of its servers.
_SCHEMES = {"redis+cluster": "redis", "rediss+cluster": "rediss"}
CLUSTER_SCHEMES = tuple(_SCHEMES)
_PORT = 6379

Address = tuple[str, int]


@dataclass(frozen=True, slots=True)
class ClusterAddress:
    """The servers to begin with, and how to talk to any server of the cluster."""

    hosts: tuple[Address, ...]
    scheme: str
    credentials: str
    options: str

    def url(self, server: Address) -> str:
        """The address of one server, as for a Redis that stands alone."""
        host, port = server
        host = f"[{host}]" if ":" in host else host
        return f"{self.scheme}://{self.credentials}{host}:{port}/0{self.options}"


def is_cluster(url: str) -> bool:
    """Whether an address is that of a cluster."""
    return url.partition("://")[0] in _SCHEMES


def parse(url: str) -> ClusterAddress:
    """Reads the address of a cluster; ValueError says what is wrong."""
    scheme, _, rest = url.partition("://")
    location, question, options = rest.partition("?")
    authority, _, database = location.partition("/")
    credentials, at, hosts = authority.rpartition("@")
    if database not in ("", "0"):
        raise ValueError("must end after the port: a Redis Cluster has one database only")
    try:
        return ClusterAddress(
            tuple(_host(host.strip()) for host in hosts.split(",")),
            _SCHEMES[scheme],
            credentials + at,
            question + options,
        )
    except (KeyError, ValueError) as error:
        raise ValueError(
            "must be like redis+cluster://host:6379 or redis+cluster://one:6379,two:6379"
        ) from error


def _host(text: str) -> Address:
    parts = urlsplit(f"//{text}")
    # The port raises ValueError when it is none.
    port = _PORT if parts.port is None else parts.port
    if not parts.hostname or parts.netloc != text or not port:
        raise ValueError(text)
    return parts.hostname, port


__all__ = ["CLUSTER_SCHEMES", "Address", "ClusterAddress", "is_cluster", "parse"]
