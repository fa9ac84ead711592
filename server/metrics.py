"""``/metrics`` for Prometheus: what the parts of a server counted, read when it is asked for.

No metric has a label for a portal or a person: there are too many of them, and who talks how much
is nobody's business who watches machines.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from prometheus_client import CollectorRegistry, GCCollector, PlatformCollector, ProcessCollector
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from server.app import Server
from storage.measure import Histogram


class ServerCollector(Collector):
    """Reads the counts of one server."""

    def __init__(self, server: Server, loop_lag: Histogram) -> None:
        self.server = server
        self.loop_lag = loop_lag

    def collect(self) -> Iterable[Metric]:
        """Everything, as it is now."""
        yield from self._connections()
        yield from self._delivery()
        yield from self._commits()
        yield from self._catch_ups()
        yield from self._bus()
        yield from self._requests()
        yield _histogram("loop_lag_seconds", "How late the event loop is.", self.loop_lag)
        leaving = float(self.server.health.leaving)
        yield GaugeMetricFamily("talkoo_leaving", "1 while the node leaves.", leaving)

    def _connections(self) -> Iterator[Metric]:
        gateway = self.server.node.gateway
        carried = {"websocket": 0, "polling": 0}
        behind = 0
        for connection in gateway.connections.values():
            carried[connection.transport] += 1
            behind += connection.line.waiting > 0
        yield _gauges("connections", "Live connections.", "transport", carried)
        yield GaugeMetricFamily("talkoo_connections_behind", "Those that do not read.", behind)
        portals = len(self.server.node.portals.seats())
        yield GaugeMetricFamily("talkoo_portals", "Portals with connections here.", portals)
        counts = gateway.counts
        yield _counter("connects", "Connections that were let in.", counts.connected)
        yield _counter("connects_refused", "Connections that were refused.", counts.refused)
        why = "Connections that this node ended; slow: they did not read."
        yield _counters("connections_cut", why, "reason", counts.cut)

    def _delivery(self) -> Iterator[Metric]:
        portals = self.server.node.portals
        yield _counter("events", "Events handed on to connections here.", portals.counts.events)
        yield _counter("deliveries", "Events times who got them.", portals.delivered())
        lag = "Events that the portal furthest behind has yet to hand on."
        yield GaugeMetricFamily("talkoo_log_lag_events", lag, portals.lag())
        to_bus = "From commit on another node until heard here, by both nodes' clocks."
        yield _histogram("commit_to_bus_seconds", to_bus, portals.counts.bus_delays)
        to_write = "From commit until written to the last who gets it here."
        delays = self.server.node.gateway.server.outbox.delays
        yield _histogram("commit_to_write_seconds", to_write, delays)
        commands = self.server.node.gateway.commands
        found = CounterMetricFamily(
            "talkoo_commands", "Commands, by how they ended.", labels=("command", "end")
        )
        for (name, end), count in sorted(commands.counts.items()):
            found.add_metric((name, end), count)
        yield found
        yield _histogram("command_seconds", "From a command until its answer.", commands.times)

    def _commits(self) -> Iterator[Metric]:
        committer = self.server.services.committer
        counts = committer.counts
        yield GaugeMetricFamily("talkoo_commit_queue", "Changes in line.", committer.waiting())
        yield _histogram("commit_changes", "Changes a transaction.", counts.sizes)
        yield _histogram("transaction_seconds", "Of one transaction.", counts.transactions)
        durable = "From when a change was asked for until it was durable."
        yield _histogram("change_seconds", durable, counts.changes)
        yield _counter("commit_retries", "Transactions that were tried again.", counts.retries)
        away = "Changes that failed because the database was away."
        yield _counter("commit_unavailable", away, counts.unavailable)

    def _catch_ups(self) -> Iterator[Metric]:
        counts = self.server.node.gateway.catch_up.counts
        yield _counter("catch_ups", "Connections that came live.", counts.live)
        spared = "Those of them that a ticket spared the database."
        yield _counter("catch_ups_by_ticket", spared, counts.tickets)
        yield _counters("resyncs", "Snapshots sent, by reason.", "reason", counts.resyncs)
        yield _histogram("catch_up_seconds", "From connecting to live.", counts.times)

    def _bus(self) -> Iterator[Metric]:
        node = self.server.node
        healthy = float(node.bus.healthy)
        yield GaugeMetricFamily("talkoo_bus_healthy", "1 when the bus carries.", healthy)
        counts: Any = getattr(node.bus, "counts", None)
        for name, count in sorted(dataclasses.asdict(counts).items()) if counts else ():
            yield _counter(f"bus_{name}", f"Of the bus: {name.replace('_', ' ')}.", count)
        mended = node.presence_check.mended
        yield _counter("presence_mended", "Signals of presence that were lost.", mended)

    def _requests(self) -> Iterator[Metric]:
        requests = self.server.requests
        by_status = {str(status): count for status, count in requests.counts.items()}
        yield _counters("requests", "HTTP requests, by status.", "status", by_status)
        yield _histogram("request_seconds", "HTTP requests, polls left out.", requests.times)


def _counter(name: str, text: str, value: float) -> Metric:
    return CounterMetricFamily(f"talkoo_{name}", text, value)


def _counters(name: str, text: str, label: str, values: Mapping[str, float]) -> Metric:
    found = CounterMetricFamily(f"talkoo_{name}", text, labels=(label,))
    for key, value in sorted(values.items()):
        found.add_metric((key,), value)
    return found


def _gauges(name: str, text: str, label: str, values: Mapping[str, float]) -> Metric:
    found = GaugeMetricFamily(f"talkoo_{name}", text, labels=(label,))
    for key, value in sorted(values.items()):
        found.add_metric((key,), value)
    return found


def _histogram(name: str, text: str, values: Histogram) -> Metric:
    total, buckets = 0, list[tuple[str, float]]()
    for bound, count in zip((*values.bounds, float("inf")), values.counts, strict=True):
        total += count
        buckets.append(("+Inf" if bound == float("inf") else repr(float(bound)), total))
    return HistogramMetricFamily(f"talkoo_{name}", text, buckets, values.sum)


def metrics_app(server: Server, loop_lag: Histogram) -> Starlette:
    """The ASGI app that operators' Prometheus asks."""
    registry = CollectorRegistry()
    registry.register(ServerCollector(server, loop_lag))
    ProcessCollector(registry=registry)
    PlatformCollector(registry=registry)
    GCCollector(registry=registry)

    async def metrics(_request: Request) -> Response:
        headers = {"content-type": CONTENT_TYPE_LATEST}
        return Response(generate_latest(registry), headers=headers)

    return Starlette(routes=[Route("/metrics", metrics)])
