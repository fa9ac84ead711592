"""Who is here: the connections of every node, merged into one state a person.

Each node knows its own connections and writes one state a person onto a board that all nodes share
(`Board`). A person is ``online`` if any device is, else ``away`` if any is connected, else offline.
Only changes of the merged state become signals.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeVar

import structlog

from realtime.tasks import stop

T = TypeVar("T")
logger = structlog.get_logger(__name__)

# A reload, or a change of network, takes about this long: nobody is told that someone left.
GRACE_SECONDS = 3.0
BEAT_SECONDS = 5.0
# Turns are gathered this long before they are told.
MERGE_SECONDS = 0.25
# So many people are written and told of at once, which takes two milliseconds, with a rest until
# the next: messages have their turn between.
TOGETHER = 50
REST_SECONDS = 0.01
# Three missed beats: a node that lives this long without one is not worth believing.
ALIVE_SECONDS = 15.0


@dataclass(frozen=True, slots=True)
class Turn:
    """What a person was and is now; None stands for offline."""

    user_id: int
    before: str | None
    after: str | None


def merged(states: Iterable[str | None]) -> str | None:
    """One state for several devices or nodes."""
    known = {state for state in states if state is not None}
    return "online" if "online" in known else next(iter(known), None)


class Board(Protocol):
    """Where nodes write who is connected to them. It may be away, and lose everything."""

    async def put(self, portal_id: int, states: Mapping[int, str | None]) -> list[Turn]:
        """Writes this node's states of some people; says how their merged states turned."""
        ...

    async def states(self, portal_id: int, user_ids: Sequence[int] | None = None) -> dict[int, str]:
        """The merged state of everybody who is connected to a node that is alive, or of some."""
        ...

    async def states_of(self, watched: Mapping[int, Sequence[int]]) -> dict[int, dict[int, str]]:
        """The same of some people of several portals."""
        ...

    async def beat(self) -> bool:
        """Says that this node is alive; False when the board did not know (any more)."""
        ...

    async def bury(self) -> dict[int, list[Turn]]:
        """Takes the entries of dead nodes away; says, by portal, how people turned."""
        ...

    async def close(self) -> None:
        """Lets go of the board; what this node wrote ends by itself."""
        ...


# Tells portals how people turned.
Announce = Callable[[Mapping[int, list[Turn]]], Awaitable[None]]
# Has a connection of a portal look at some people.
Look = Callable[[int, str, frozenset[int]], None]


class Presence:
    """This node's part of who is here, and the view of the whole."""

    def __init__(
        self,
        board: Board,
        outages: tuple[type[Exception], ...] = (OSError,),
        grace_seconds: float = GRACE_SECONDS,
        beat_seconds: float = BEAT_SECONDS,
        merge_seconds: float = MERGE_SECONDS,
    ) -> None:
        self.board = board
        self.outages = outages
        self.grace_seconds = grace_seconds
        self.beat_seconds = beat_seconds
        self.merge_seconds = merge_seconds
        # Set by whoever can send signals, before `start`.
        self.announce: Announce = _tell_nobody
        # Set by whoever knows the connections, before `start`.
        self.look: Look = _look_at_nobody
        self._owners: dict[str, tuple[int, int]] = {}
        # By portal and user: the state of each connection.
        self._devices: dict[tuple[int, int], dict[str, str]] = {}
        # What this node last wrote of each person.
        self._written: dict[tuple[int, int], str] = {}
        self._turned: set[tuple[int, int]] = set()
        self._wake = asyncio.Event()
        self._lost_board = False
        self._tasks: list[asyncio.Task[None]] = []

    # --- This node's connections --------------------------------------------------------------

    def connect(self, portal_id: int, user_id: int, connection_id: str) -> None:
        """A connection is here; its device counts as in use."""
        self._owners[connection_id] = (portal_id, user_id)
        self._set(connection_id, "online")

    def disconnect(self, portal_id: int, connection_id: str) -> None:
        """A connection is gone; it counts for a moment longer."""
        if connection_id in self._owners:
            loop = asyncio.get_running_loop()
            loop.call_later(self.grace_seconds, self._forget, connection_id)

    async def set_state(self, portal_id: int, connection_id: str, state: str) -> None:
        """Marks one connection of this node as ``online`` or ``away``."""
        if self._owners.get(connection_id, (None, 0))[0] == portal_id:
            self._set(connection_id, state)

    async def states(self, portal_id: int, user_ids: Sequence[int] | None = None) -> dict[int, str]:
        """Who is online or away, of all or of some; when the board is away, as this node knows."""
        try:
            return await self.board.states(portal_id, user_ids)
        except self.outages:
            self._lost_board = True
            mine = ((key, merged(devices.values())) for key, devices in self._devices.items())
            found = {key[1]: state for key, state in mine if key[0] == portal_id and state}
            return found if user_ids is None else {u: found[u] for u in user_ids if u in found}

    def watch(self, portal_id: int, connection_id: str, user_ids: frozenset[int]) -> None:
        """One connection of this node looks at these people from now on, and at no others."""
        self.look(portal_id, connection_id, user_ids)

    def users(self) -> dict[int, list[int]]:
        """Who is connected to this node, by portal."""
        users: dict[int, list[int]] = {}
        for portal_id, user_id in self._devices:
            users.setdefault(portal_id, []).append(user_id)
        return users

    def _set(self, connection_id: str, state: str) -> None:
        key = self._owners[connection_id]
        self._devices.setdefault(key, {})[connection_id] = state
        self._touch(key)

    def _forget(self, connection_id: str) -> None:
        key = self._owners.pop(connection_id, None)
        if key is None:
            return
        devices = self._devices.get(key, {})
        devices.pop(connection_id, None)
        if not devices:
            self._devices.pop(key, None)
        self._touch(key)

    def _touch(self, key: tuple[int, int]) -> None:
        self._turned.add(key)
        self._wake.set()

    # --- The board ----------------------------------------------------------------------------

    async def start(self) -> None:
        """Begins to write to the board, and to look after it."""
        self._tasks = [
            asyncio.create_task(self._write_for_ever()),
            asyncio.create_task(self._beat_for_ever()),
        ]

    async def close(self) -> None:
        """Stops. What this node wrote lives on for a moment, while its people go elsewhere."""
        tasks, self._tasks = self._tasks, []
        await stop(tasks)
        try:
            await self.board.close()
        except self.outages as error:
            logger.warning("presence_board_lost", error=str(error))

    def write_all(self) -> None:
        """Writes everybody again: the board may have lost them."""
        for key in self._devices:
            self._touch(key)

    async def _write_for_ever(self) -> None:
        while True:
            await self._wake.wait()
            self._wake.clear()
            turned, self._turned = sorted(self._turned), set()
            for some in _pieces(turned):
                await self._turn(some)
                await asyncio.sleep(REST_SECONDS)
            # Who comes and goes within a moment is told of once, and a crowd together.
            await asyncio.sleep(self.merge_seconds)

    async def _turn(self, people: Sequence[tuple[int, int]]) -> None:
        """Writes how some people are now, and tells who turned."""
        by_portal: dict[int, dict[int, str | None]] = {}
        for portal_id, user_id in people:
            state = merged(self._devices.get((portal_id, user_id), {}).values())
            by_portal.setdefault(portal_id, {})[user_id] = state
        try:
            turns = {portal: await self._write(portal, s) for portal, s in by_portal.items()}
            await self._announce(turns)
        except Exception:
            # Whatever it is: without the loop around nobody would come or go any more.
            logger.exception("presence_not_written")
            self._lost_board = True

    async def _write(self, portal_id: int, states: Mapping[int, str | None]) -> list[Turn]:
        try:
            turns = await self.board.put(portal_id, states)
        except self.outages as error:
            self._lost_board = True
            logger.warning("presence_board_lost", error=str(error))
            # Alone, this node still tells its own people of its own people.
            turns = [
                Turn(user_id, self._written.get((portal_id, user_id)), state)
                for user_id, state in states.items()
            ]
        for user_id, state in states.items():
            if state is None:
                self._written.pop((portal_id, user_id), None)
            else:
                self._written[portal_id, user_id] = state
        return turns

    async def _beat_for_ever(self) -> None:
        while True:
            try:
                known = await self.board.beat()
                if not known or self._lost_board:
                    self._lost_board = False
                    self.write_all()
                turned = await self.board.bury()
                for some in _pieces([(p, turn) for p, turns in turned.items() for turn in turns]):
                    await self._announce(_by_portal(some))
                    # Others have their turn, but no rest: the next beat must not be late.
                    await asyncio.sleep(0)
            except self.outages as error:
                self._lost_board = True
                logger.warning("presence_board_lost", error=str(error))
            except Exception:
                logger.exception("presence_beat_failed")
            await asyncio.sleep(self.beat_seconds)

    async def _announce(self, turned: Mapping[int, list[Turn]]) -> None:
        news = {
            portal_id: told
            for portal_id, turns in turned.items()
            if (told := [turn for turn in turns if turn.before != turn.after])
        }
        if news:
            try:
                await self.announce(news)
            except Exception:
                logger.exception("presence_not_announced", portals=len(news))


def _pieces(things: Sequence[T]) -> Iterator[Sequence[T]]:
    for start in range(0, len(things), TOGETHER):
        yield things[start : start + TOGETHER]


def _by_portal(turned: Sequence[tuple[int, Turn]]) -> dict[int, list[Turn]]:
    found: dict[int, list[Turn]] = {}
    for portal_id, turn in turned:
        found.setdefault(portal_id, []).append(turn)
    return found


async def _tell_nobody(turned: Mapping[int, list[Turn]]) -> None:
    return None


def _look_at_nobody(portal_id: int, connection_id: str, user_ids: frozenset[int]) -> None:
    return None
