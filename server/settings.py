"""What an operator can set, by a TOML file and the environment; checked before the start."""

from __future__ import annotations

import difflib
import importlib.util
import ipaddress
import os
import socket
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, cast
from urllib.parse import urlsplit

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    ValidationInfo,
    field_validator,
)

from portal.limits import Limits
from realtime import redis_address

PREFIX = "TALKOO_"
# Names that begin so, but mean something else: where the settings are; which Python `make` takes.
_OTHERS = frozenset(("TALKOO_CONFIG", "TALKOO_PYTHON"))


class SettingsError(Exception):
    """Some settings are wrong. Its text has a line for each, and names it."""


def _web_address(value: str) -> str:
    parts = urlsplit(value)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError("must be like https://talkoo.example.com")
    if parts.path.strip("/") or parts.query or parts.fragment or parts.username:
        raise ValueError("must be a host (and a port), without a path")
    return f"{parts.scheme}://{parts.netloc.lower()}"


def _collector(value: str) -> str:
    try:
        parts = urlsplit(value)
        right = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError:
        parts = right = None
    if not parts or not right:
        raise ValueError("must be like http://127.0.0.1:4318")
    if parts.query or parts.fragment or "@" in parts.netloc:
        raise ValueError("must be an address only; OTEL_EXPORTER_OTLP_HEADERS holds secrets")
    if not _is_there("opentelemetry.sdk", "opentelemetry.exporter.otlp.proto.http"):
        raise ValueError("needs the extra `tracing`: pip install 'talkoo[tracing]'")
    return value.rstrip("/").removesuffix("/v1/traces")


def _is_there(*modules: str) -> bool:
    try:
        return all(importlib.util.find_spec(module) is not None for module in modules)
    except ModuleNotFoundError:
        return False


def _listen(value: str) -> str:
    host, colon, port = value.rpartition(":")
    if not colon or not host or not port.isdigit() or not 0 <= int(port) <= 65535:
        raise ValueError("must be ADDRESS:PORT, like 127.0.0.1:8024")
    return value


_DRIVERS = {
    "sqlite": "sqlite+aiosqlite",
    "sqlite+aiosqlite": "sqlite+aiosqlite",
    "mysql": "mysql+aiomysql",
    "mariadb": "mysql+aiomysql",
    "mysql+aiomysql": "mysql+aiomysql",
    "mariadb+aiomysql": "mysql+aiomysql",
}


def _database(value: str) -> str:
    scheme, separator, rest = value.partition("://")
    if not separator or scheme not in _DRIVERS:
        raise ValueError("must begin with mysql:// (MySQL 8.4, MariaDB 10.11) or sqlite:///")
    return f"{_DRIVERS[scheme]}://{rest}"


def _scheme(*schemes: str) -> AfterValidator:
    def check(value: str) -> str:
        if value.partition("://")[0] not in schemes or "://" not in value:
            raise ValueError(f"must begin with {' or '.join(f'{s}://' for s in schemes)}")
        return value

    return AfterValidator(check)


def _redis(value: str) -> str:
    if redis_address.is_cluster(value):
        redis_address.parse(value)
    return value


def _network(value: str) -> str:
    try:
        return str(ipaddress.ip_network(value, strict=False))
    except ValueError as error:
        raise ValueError("must be an address or a network, like 10.0.0.0/8") from error


def _split(value: Any) -> Any:
    if isinstance(value, str):
        return [part.strip() for part in value.split(",") if part.strip()]
    return value


WebAddress = Annotated[str, AfterValidator(_web_address)]
DatabaseUrl = Annotated[str, AfterValidator(_database)]


class S3(BaseModel):
    """A bucket for documents and pictures. All but the region are needed together."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    endpoint: WebAddress = Field(description="Address of the store.")
    bucket: str = Field(min_length=3, description="Name of the bucket.")
    access_key: str = Field(min_length=1, description="Access key.")
    secret_key: str = Field(min_length=1, description="Secret key.", repr=False)
    region: str = Field("us-east-1", description="Region; most stores of one's own ignore it.")


class AdminUi(BaseModel):
    """The Socket.IO Admin UI, at the address of `metrics_listen`: sums of a node, and no portal's
    affairs. A page elsewhere shows them; its origin is the only one that may ask."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    password: str = Field(min_length=12, description="What operators log in with.", repr=False)
    username: str = Field("admin", min_length=1, description="And under which name.")
    origin: WebAddress = Field(
        "https://admin.socket.io", description="Where the page is that shows it."
    )


class Settings(BaseModel):
    """Every setting. What is not set fits one process on one machine, with nothing to install."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    listen: Annotated[str, AfterValidator(_listen)] = Field(
        "127.0.0.1:8024", description="Address and port to listen on."
    )
    public_url: WebAddress | None = Field(
        None,
        description="The address that people type; portals are subdomains of it. "
        "Default: `http://localhost` with the port of `listen`.",
    )
    data: Path = Field(
        Path("var"), description="Folder for the embedded database, blobs and mails."
    )
    database: DatabaseUrl | None = Field(
        None,
        repr=False,
        description="The directory of portals, `mysql://user:password@host/name`. "
        "Default: SQLite in `data`.",
    )
    shards: dict[str, DatabaseUrl] = Field(
        default_factory=dict[str, str],
        repr=False,
        description="Databases that hold portals, by name: `TALKOO_SHARDS__EAST=mysql://...`. "
        "Default: one, `main`, which is `database`.",
    )
    database_connections: int = Field(
        10, ge=1, le=500, description="Connections to each database, for reading and for writing."
    )
    redis: (
        Annotated[
            str,
            _scheme("redis", "rediss", "unix", *redis_address.CLUSTER_SCHEMES),
            AfterValidator(_redis),
        ]
        | None
    ) = Field(
        None,
        repr=False,
        description="Redis or Valkey, `redis://host:6379/0`: needed when several nodes serve "
        "one site. A Redis Cluster: `redis+cluster://one:6379,two:6379`. Default: none, one "
        "process alone.",
    )
    redis_prefix: str = Field(
        "talkoo", pattern=r"^[A-Za-z0-9_.-]{1,40}$", description="Begins every name in Redis."
    )
    site: str = Field(
        "main", pattern=r"^[a-z0-9-]{1,64}$", description="Name of the datacentre of this node."
    )
    node: str = Field(
        "",
        pattern=r"^[A-Za-z0-9_.-]{0,100}$",
        description="Name of this process, unlike all others. Default: host and process id.",
    )
    s3: S3 | None = Field(None, description="Where documents and pictures live. Default: `data`.")
    smtp: Annotated[str, _scheme("smtp", "smtps", "smtp+starttls")] | None = Field(
        None,
        repr=False,
        description="Mail server, `smtp+starttls://user:password@host:587`. "
        "Default: mails are written to `data`/outbox.",
    )
    mail_from: str = Field(
        "Talkoo <talkoo@localhost>",
        pattern=r"^[^\r\n]+@[^\r\n]+$",
        description="Sender of the mails.",
    )
    trusted_proxies: Annotated[
        list[Annotated[str, AfterValidator(_network)]], BeforeValidator(_split)
    ] = Field(
        default_factory=list[str],
        description="Addresses or networks of proxies whose `X-Forwarded-For`, `X-Request-Id` "
        "and `traceparent` count.",
    )
    metrics_listen: Annotated[str, AfterValidator(_listen)] | None = Field(
        None,
        description="Address and port for `/metrics`, which is for operators only; of several "
        "workers each has the next port. Default: none.",
    )
    admin_ui: AdminUi | None = Field(
        None, description="The Socket.IO Admin UI for operators. Default: none."
    )
    traces: Annotated[str, AfterValidator(_collector)] | None = Field(
        None,
        description="Where traces are sent by OTLP/HTTP, `http://127.0.0.1:4318`; needs the extra "
        "`tracing`. Default: none.",
    )
    drain_seconds: float = Field(
        15.0,
        ge=0,
        le=600,
        description="A node that stops sends its clients to the others over at most so many "
        "seconds, 200 of them a second.",
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        "info", description="Least serious log entries that are written."
    )
    log_format: Literal["console", "json"] | None = Field(
        None, description="Default: `console` on a terminal, else `json`."
    )
    limits: Limits = Field(
        default_factory=lambda: Limits.model_validate({}), description="See below."
    )

    @field_validator("admin_ui")
    @classmethod
    def _at_an_address(cls, value: AdminUi | None, info: ValidationInfo) -> AdminUi | None:
        if value is not None and info.data.get("metrics_listen") is None:
            raise ValueError("is served at the address metrics_listen: set that too")
        return value

    @property
    def host(self) -> str:
        """The address to listen on."""
        return self.listen.rpartition(":")[0].strip("[]")

    @property
    def port(self) -> int:
        """The port to listen on."""
        return int(self.listen.rpartition(":")[2])

    @property
    def metrics_address(self) -> tuple[str, int] | None:
        """The address and port for metrics."""
        if self.metrics_listen is None:
            return None
        host, _, port = self.metrics_listen.rpartition(":")
        return host.strip("[]"), int(port)

    @property
    def address(self) -> str:
        """The address that people type."""
        return self.public_url or f"http://localhost:{self.port}"

    @property
    def directory_url(self) -> str:
        """The directory's database."""
        return self.database or f"sqlite+aiosqlite:///{(self.data / 'talkoo.db').absolute()}"

    @property
    def shard_urls(self) -> dict[str, str]:
        """The shards' databases, by name."""
        return self.shards or {"main": self.directory_url}

    def of_worker(self, number: int) -> Settings:
        """These settings, for one of several processes that share them."""
        return self.model_copy(update={"node": f"{self.node}-{number}" if self.node else ""})

    @property
    def node_name(self) -> str:
        """What this process calls itself."""
        return self.node or f"{socket.gethostname()}-{os.getpid()}"


def load(environment: Mapping[str, str] | None = None, folder: Path | None = None) -> Settings:
    """Reads the settings; raises SettingsError with a line for each mistake."""
    environment = os.environ if environment is None else environment
    values = _from_file(environment, folder or Path())
    _merge(values, _from_environment(environment))
    try:
        return Settings.model_validate(values)
    except ValidationError as error:
        raise SettingsError("\n".join(_lines(error))) from error


def variable(*names: str) -> str:
    """The environment variable of a setting: ``TALKOO_LIMITS__PAGE``."""
    return PREFIX + "__".join(names).upper()


def _from_file(environment: Mapping[str, str], folder: Path) -> dict[str, Any]:
    wanted = environment.get("TALKOO_CONFIG")
    path = Path(wanted) if wanted else folder / "talkoo.toml"
    if not wanted and not path.exists():
        return {}
    try:
        return tomllib.loads(path.read_text("utf-8"))
    except OSError as error:
        raise SettingsError(f"TALKOO_CONFIG: {path} cannot be read: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(f"{path} is not TOML: {error}") from error


def _from_environment(environment: Mapping[str, str]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, text in environment.items():
        # An empty variable is how an env file says "not set".
        if not name.startswith(PREFIX) or name in _OTHERS or not text:
            continue
        *path, last = name.removeprefix(PREFIX).lower().split("__")
        place = found
        for part in path:
            place = place.setdefault(part, {})
        place[last] = text
    return found


def _merge(into: dict[str, Any], more: Mapping[str, Any]) -> None:
    for name, value in more.items():
        known = into.get(name)
        if isinstance(known, dict) and isinstance(value, dict):
            _merge(cast("dict[str, Any]", known), cast("dict[str, Any]", value))
        else:
            into[name] = value


def _lines(error: ValidationError) -> list[str]:
    lines: list[str] = []
    for item in error.errors(include_url=False, include_input=False):
        names = [str(part) for part in item["loc"]]
        message = item["msg"].removeprefix("Value error, ")
        if item["type"] == "extra_forbidden":
            message = "there is no such setting" + _suggestion(names)
        lines.append(f"{'.'.join(names)} ({variable(*names)}): {message}")
    return lines


def _suggestion(names: list[str]) -> str:
    known = Limits.model_fields if names[0] == "limits" else Settings.model_fields
    close = difflib.get_close_matches(names[-1], list(known), 1)
    return f"; do you mean {close[0]}?" if close else ""
