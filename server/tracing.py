"""Sends spans to a collector by OTLP over HTTP; only where the setting ``traces`` names one.

Its libraries are the extra ``tracing``, and nothing else imports this module. Spans are sent by a
thread, in batches; when the collector is away or too slow, those that do not fit are dropped.
"""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections.abc import AsyncGenerator, Sequence
from contextlib import AbstractContextManager, asynccontextmanager
from importlib.metadata import version

from opentelemetry import trace
from opentelemetry.context import Context, attach, detach
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExportResult
from opentelemetry.trace import (
    Link,
    NonRecordingSpan,
    SpanContext,
    SpanKind,
    Status,
    StatusCode,
)
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from storage import tracing
from storage.tracing import Span

# Spans that wait for the collector: some megabytes of them, and then the next are dropped.
WAITING = 8_192
TOGETHER = 512
EVERY_MS = 1_000
# One request to the collector, its repetitions included; and all that waits at the end.
SEND_SECONDS = 10
FLUSH_SECONDS = 3.0
# A collector that is away is told of so often.
TOLD_SECONDS = 60.0

# What they are called elsewhere, too; all other names get ours before them.
_COMMON = {
    "error": "error.type",
    "method": "http.request.method",
    "route": "http.route",
    "status": "http.response.status_code",
}
# Done for somebody outside.
_SERVED = frozenset(("request", "command"))
_NOWHERE = Context()


class _Open:
    """A span from its start to its end."""

    __slots__ = ("_span", "_token")

    def __init__(self, span: trace.Span) -> None:
        self._span = span

    def __enter__(self) -> Span:
        self._token = attach(trace.set_span_in_context(self._span))
        return self

    def __exit__(self, _kind: object, error: BaseException | None, _where: object) -> None:
        detach(self._token)
        # The kind of it only: messages name what people wrote.
        if isinstance(error, Exception):
            self.note(raised=type(error).__name__)
        self._span.end()

    @property
    def place(self) -> SpanContext:
        return self._span.get_span_context()

    def note(self, name: str = "", **attributes: str | int) -> None:
        if name:
            self._span.update_name(name)
        self._span.set_attributes(_named(attributes))
        if "error" in attributes:
            self._span.set_status(Status(StatusCode.ERROR))


class Traces:
    """Makes spans of OpenTelemetry."""

    def __init__(self, provider: TracerProvider) -> None:
        self._tracer = provider.get_tracer("talkoo")
        self._propagator = TraceContextTextMapPropagator()

    def span(
        self,
        name: str,
        after: Sequence[SpanContext | None] | None,
        attributes: dict[str, str | int],
    ) -> AbstractContextManager[Span]:
        """Begins a span."""
        context, links = None, list[Link]()
        if after is not None:
            # Each once, in their order; first those that are recorded.
            once = {place.span_id: place for place in after if place is not None}
            places = sorted(once.values(), key=_unrecorded)
            context = _in(places[0]) if places else _NOWHERE
            links = [Link(place) for place in places[1:]]
        kind = SpanKind.SERVER if name in _SERVED else SpanKind.INTERNAL
        return _Open(self._tracer.start_span(name, context, kind, _named(attributes), links))

    def here(self) -> SpanContext | None:
        """The span that is open around the caller."""
        place = trace.get_current_span().get_span_context()
        return place if place.is_valid else None

    def told(self, traceparent: str) -> SpanContext | None:
        """The span that a request comes from."""
        context = self._propagator.extract({"traceparent": traceparent}, _NOWHERE)
        place = trace.get_current_span(context).get_span_context()
        return place if place.is_valid else None

    def within(self, place: SpanContext) -> AbstractContextManager[None]:
        """A place that spans made meanwhile belong to."""
        return _Within(place)


class _Within:
    __slots__ = ("_place", "_token")

    def __init__(self, place: SpanContext) -> None:
        self._place = place

    def __enter__(self) -> None:
        self._token = attach(_in(self._place))

    def __exit__(self, *_raised: object) -> None:
        detach(self._token)


def _in(place: SpanContext) -> Context:
    return trace.set_span_in_context(NonRecordingSpan(place), _NOWHERE)


def _unrecorded(place: SpanContext) -> bool:
    return not place.trace_flags.sampled


def _named(attributes: dict[str, str | int]) -> dict[str, str | int]:
    return {_COMMON.get(name, f"talkoo.{name}"): value for name, value in attributes.items()}


class _Exporter(OTLPSpanExporter):
    """Knows whether the collector took what it was sent last, and ends without a word."""

    away = False
    _ended = False

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        """Sends spans; they are lost when the collector does not take them in time."""
        if self._ended:
            return SpanExportResult.FAILURE
        result = super().export(spans)
        self.away = result is not SpanExportResult.SUCCESS
        return result

    def shutdown(self) -> None:
        """Repeats nothing any more."""
        if not self._ended:
            self._ended = True
            super().shutdown()


class _Seldom(logging.Filter):
    """Lets one entry through, and the next a good while later."""

    _next = 0.0

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether it is written."""
        now = time.monotonic()
        if record.levelno < logging.ERROR or now < self._next:
            return False
        self._next = now + TOLD_SECONDS
        return True


_SELDOM = _Seldom()


@asynccontextmanager
async def traced(collector: str, node: str) -> AsyncGenerator[None]:
    """Sends spans to a collector meanwhile; at the end, those that wait, too."""
    # Reads OTEL_RESOURCE_ATTRIBUTES, OTEL_TRACES_SAMPLER and OTEL_EXPORTER_OTLP_HEADERS besides.
    resource = Resource.create(
        {
            "service.name": "talkoo",
            "service.version": version("talkoo"),
            "service.instance.id": node,
        }
    )
    provider = TracerProvider(resource=resource, shutdown_on_exit=False)
    exporter = _Exporter(f"{collector}/v1/traces", timeout=SEND_SECONDS)
    logging.getLogger(OTLPSpanExporter.__module__).addFilter(_SELDOM)
    provider.add_span_processor(BatchSpanProcessor(exporter, WAITING, EVERY_MS, TOGETHER))
    tracing.send_to(Traces(provider))
    try:
        yield
    finally:
        tracing.send_to(None)
        if exporter.away:
            exporter.shutdown()
        # It would wait much longer than anybody who stops a node.
        flushing = threading.Thread(target=provider.shutdown, name="flush-traces", daemon=True)
        flushing.start()
        await asyncio.to_thread(flushing.join, FLUSH_SECONDS)
        exporter.shutdown()
