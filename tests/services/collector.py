"""A collector of traces, in this process: takes OTLP over HTTP and keeps what it got."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import KeyValue

SERVER = 2
ERROR = 2


@dataclass(frozen=True)
class Told:
    """A span as the collector knows it; ids are hexadecimal."""

    name: str
    trace: str
    id: str
    parent: str
    links: tuple[str, ...]
    served: bool
    failed: bool
    attributes: dict[str, Any]
    resource: dict[str, Any]


class Collector:
    """Listens on a loopback port of its own while it is entered."""

    def __init__(self) -> None:
        #: Bodies and headers as they came.
        self.bodies: list[bytes] = []
        self.headers: list[dict[str, str]] = []
        #: The statuses that the next requests are refused with.
        self.refusals: list[int] = []
        #: Cleared, it takes requests and does not answer.
        self.answers = threading.Event()
        self.answers.set()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)

    @property
    def url(self) -> str:
        """What the setting `traces` is set to."""
        return f"http://127.0.0.1:{self._server.server_port}"

    @property
    def asked(self) -> int:
        """How many requests came."""
        return len(self.bodies)

    def spans(self) -> list[Told]:
        """All that came so far."""
        return [span for body in list(self.bodies) for span in _spans(body)]

    def named(self, name: str) -> list[Told]:
        """Those with this name."""
        return [span for span in self.spans() if span.name == name]

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        collector = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                status = collector.refusals.pop(0) if collector.refusals else 200
                body = self.rfile.read(int(self.headers["content-length"]))
                collector.headers.append({k.lower(): v for k, v in self.headers.items()})
                collector.bodies.append(body)
                collector.answers.wait()
                right = self.path == "/v1/traces"
                self.send_response(status if right else 404)
                self.send_header("content-length", "0")
                self.end_headers()

            def log_message(self, format: str, *args: Any) -> None:
                return None

        return Handler

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        problem: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.answers.set()
        self._server.shutdown()
        self._server.server_close()


def _spans(body: bytes) -> list[Told]:
    request = ExportTraceServiceRequest.FromString(body)
    return [
        Told(
            name=span.name,
            trace=span.trace_id.hex(),
            id=span.span_id.hex(),
            parent=span.parent_span_id.hex(),
            links=tuple(link.span_id.hex() for link in span.links),
            served=span.kind == SERVER,
            failed=span.status.code == ERROR,
            attributes=_values(span.attributes),
            resource=_values(of_resource.resource.attributes),
        )
        for of_resource in request.resource_spans
        for of_scope in of_resource.scope_spans
        for span in of_scope.spans
    ]


def _values(attributes: Sequence[KeyValue]) -> dict[str, Any]:
    return {
        pair.key: getattr(pair.value, pair.value.WhichOneof("value") or "string_value")
        for pair in attributes
    }
