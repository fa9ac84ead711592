"""Everything that a portal does and tells, gathered from its modules: one line a module."""

from __future__ import annotations

from typing import Protocol

from portal.accounts import operations as accounts
from portal.admin import operations as admin
from portal.chat import operations as chat
from portal.feed import operations as feed
from portal.model import EventBody, SignalBody
from portal.operation import AnyOperation
from portal.presence import operations as presence
from portal.snapshot import operations as snapshot


class Module(Protocol):
    """What a module's ``operations.py`` offers."""

    @property
    def OPERATIONS(self) -> tuple[AnyOperation, ...]: ...  # noqa: N802
    @property
    def EVENTS(self) -> tuple[type[EventBody], ...]: ...  # noqa: N802
    @property
    def SIGNALS(self) -> tuple[type[SignalBody], ...]: ...  # noqa: N802


MODULES: tuple[Module, ...] = (accounts, admin, chat, feed, presence, snapshot)

OPERATIONS: dict[str, AnyOperation] = {
    operation.name: operation for module in MODULES for operation in module.OPERATIONS
}
EVENTS: dict[str, type[EventBody]] = {
    event.type: event for module in MODULES for event in module.EVENTS
}
SIGNALS: dict[str, type[SignalBody]] = {
    signal.type: signal for module in MODULES for signal in module.SIGNALS
}
