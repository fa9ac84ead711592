"""The snapshot."""

from __future__ import annotations

from portal.model import EventBody, Nothing, SignalBody
from portal.operation import AnyOperation, query
from portal.snapshot.load import get_snapshot
from portal.snapshot.model import Snapshot

OPERATIONS: tuple[AnyOperation, ...] = (
    query("get_snapshot", get_snapshot, Nothing, Snapshot, "Everything that a client starts from."),
)
EVENTS: tuple[type[EventBody], ...] = ()
SIGNALS: tuple[type[SignalBody], ...] = ()
