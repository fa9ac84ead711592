"""Servers with one mistake each: a judge that does not find them is worth nothing.

A mutant replaces a function or two of the server before it starts (`python -m tests.faults.mutant
NAME serve`). The first time that its mistake is made it says so in the node's log.
"""

from __future__ import annotations

import asyncio
import importlib
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.services.node import Node

IN_EFFECT = "the mutant made its mistake"

_said: list[str] = []


class NodeWithMutant(Node):
    """A node that runs a mutant."""

    mutant = ""

    def command(self) -> list[str | Path]:
        return [sys.executable, "-m", "tests.faults.mutant", self.mutant, "serve"]

    @property
    def mistaken(self) -> bool:
        """Whether it has made its mistake."""
        return IN_EFFECT in self.log.read_text(errors="replace")


def mistake() -> None:
    """Called wherever a mutant does something else than the server would."""
    if not _said:
        _said.append(IN_EFFECT)
        print(IN_EFFECT, flush=True)


def replace(place: str, make: Callable[[Any], Any]) -> None:
    """Replaces ``module:Class.function`` by what ``make`` makes of it; it must be there."""
    module, _, path = place.partition(":")
    *owners, name = path.split(".")
    owner: Any = importlib.import_module(module)
    for each in owners:
        owner = getattr(owner, each)
    setattr(owner, name, make(getattr(owner, name)))


# --- Delivering -------------------------------------------------------------------------------


def no_head_check() -> None:
    """The ends of the logs are not looked at: what the bus loses last stays lost."""

    async def poll(self: Any) -> None:
        mistake()

    replace("realtime.portals:Portals.poll", lambda _: poll)


def doubled() -> None:
    """What is read from the log is handed on twice."""

    def make(read_page: Any) -> Any:
        async def read_page_twice(self: Any) -> None:
            hand_on, handed = self._hand_on, list[Any]()

            def hand_on_and_note(events: list[Any]) -> None:
                handed.extend(events)
                hand_on(events)

            self._hand_on = hand_on_and_note
            try:
                await read_page(self)
            finally:
                self._hand_on = hand_on
            if handed:
                mistake()
                hand_on(handed)

        return read_page_twice

    replace("realtime.follower:Follower._read_page", make)


def swapped() -> None:
    """Events that come together are handed on from the last to the first."""

    def make(hand_on: Any) -> Any:
        def hand_on_backwards(self: Any, events: list[Any]) -> None:
            if len(events) > 1:
                mistake()
            hand_on(self, events[::-1])

        return hand_on_backwards

    replace("realtime.follower:Follower._pass", make)


def portal_missing() -> None:
    """Nodes tell each other of all portals on one channel."""

    def channel(portal_id: int) -> str:
        mistake()
        return "portal"

    replace("realtime.wire:channel", lambda _: channel)


def stale_membership() -> None:
    """Whoever leaves a room stays in the index of who is in it."""

    def left(self: Any, change: Any) -> None:
        mistake()

    replace("realtime.hub:Hub._left", lambda _: left)


# --- Coming back ------------------------------------------------------------------------------


async def _no_ticket(self: Any, connection: Any, *_: Any) -> None:
    connection.ticket = None


def no_catch_up() -> None:
    """Whoever comes back gets only what happens from then on."""

    async def between(self: Any, *_: Any) -> list[Any]:
        mistake()
        return []

    replace("realtime.catch_up:CatchUp._between", lambda _: between)
    replace("realtime.catch_up:CatchUp._resumed", lambda _: _no_ticket)


def partial_recovery() -> None:
    """Whoever comes back gets all of what was missed but the last."""

    def make(between: Any) -> Any:
        async def all_but_one(self: Any, *arguments: Any) -> list[Any]:
            missed = await between(self, *arguments)
            if missed:
                mistake()
            return missed[:-1]

        return all_but_one

    replace("realtime.catch_up:CatchUp._between", make)
    replace("realtime.catch_up:CatchUp._resumed", lambda _: _no_ticket)


def resync_always() -> None:
    """Whoever comes back begins anew, however little was missed."""

    def make(missed: Any) -> Any:
        async def anew(self: Any, connection: Any, seat: Any) -> Any:
            if connection.caught is not None:
                mistake()
                connection.caught = None
            return await missed(self, connection, seat)

        return anew

    replace("realtime.catch_up:CatchUp._missed", make)
    replace("realtime.catch_up:CatchUp._resumed", lambda _: _no_ticket)


def stale_ticket() -> None:
    """A ticket's rooms are taken as they were, whatever the log says since."""

    def make(viewer_since: Any) -> Any:
        def viewer_then(ticket: Any, since: Any) -> Any:
            if since:
                mistake()
            return viewer_since(ticket, [])

        return viewer_then

    replace("realtime.catch_up:_viewer_since", make)


def ticket_position() -> None:
    """A ticket's position counts for more than the one that the client itself names."""

    def make(resumed: Any) -> Any:
        async def resumed_from_ticket(self: Any, connection: Any, *arguments: Any) -> Any:
            if connection.ticket is not None and connection.ticket.position < connection.caught:
                mistake()
                connection.caught = connection.ticket.position
            return await resumed(self, connection, *arguments)

        return resumed_from_ticket

    replace("realtime.catch_up:CatchUp._resumed", make)


# --- Storing ----------------------------------------------------------------------------------


def ack_before_commit() -> None:
    """Senders are answered when the statements are done; the COMMIT comes a moment later."""

    def make_run(run: Any) -> Any:
        async def run_and_answer(self: Any, statements: Any) -> None:
            await run(self, statements)
            mistake()
            for unit in self.units:
                unit.settle()
            await asyncio.sleep(0.3)

        return run_and_answer

    def make_settle(settle: Any) -> Any:
        def settle_once(self: Any) -> None:
            if not self.done.done():
                settle(self)

        return settle_once

    replace("storage.commit:_Transaction.run", make_run)
    replace("storage.commit:Unit.settle", make_settle)


def no_idempotency() -> None:
    """A command that comes again is carried out again."""

    def unanswered(rows: Any, units: Any) -> list[Any]:
        mistake()
        return list(units)

    def remember(*_: Any) -> None:
        return None

    def twins(units: Any) -> tuple[list[Any], list[Any]]:
        return list(units), []

    replace("storage.known:unanswered", lambda _: unanswered)
    replace("storage.known:remember", lambda _: remember)
    replace("storage.known:twins", lambda _: twins)


def holes() -> None:
    """Now and then a position is left out."""
    count = 0

    def make(clocks_of: Any) -> Any:
        def clocks_ahead(rows: Any) -> dict[int, Any]:
            nonlocal count
            clocks = clocks_of(rows)
            count += 1
            if count % 20:
                return clocks
            mistake()
            return {p: type(c)(c.last + 1, c.trimmed, c.epoch) for p, c in clocks.items()}

        return clocks_ahead

    replace("storage.log:clocks_of", make)


def wrong_answer() -> None:
    """The answer names the position before."""

    def make(answer: Any) -> Any:
        def earlier(message: Any, position: int) -> Any:
            mistake()
            return answer(message=message, position=position - 1)

        return earlier

    replace("portal.chat.sending:MessageAnswer", make)


def edit_not_stored() -> None:
    """Everybody is told of an edited message, and the store keeps the old text."""

    async def edit(*_: Any) -> None:
        mistake()

    replace("storage.messages:edit", lambda _: edit)


# --- Presence ---------------------------------------------------------------------------------


def ghosts() -> None:
    """Dead nodes are believed like those that live."""

    def alive(nodes: Any, time: Any) -> set[str]:
        mistake()
        return {node.decode() for node in nodes}

    replace("realtime.presence_redis:_alive", lambda _: alive)


def lost_signals() -> None:
    """What a lost signal told of someone is never looked at again."""

    async def run(self: Any) -> None:
        mistake()

    replace("realtime.presence_check:PresenceCheck.run", lambda _: run)


MUTANTS: dict[str, Callable[[], None]] = {
    mutant.__name__: mutant
    for mutant in (
        no_head_check,
        doubled,
        swapped,
        portal_missing,
        stale_membership,
        no_catch_up,
        partial_recovery,
        resync_always,
        stale_ticket,
        ticket_position,
        ack_before_commit,
        no_idempotency,
        holes,
        wrong_answer,
        edit_not_stored,
        ghosts,
        lost_signals,
    )
}
