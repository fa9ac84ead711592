"""The servers that are measured, each with the words that it understands."""

from __future__ import annotations

import asyncio
import sys
import tempfile
import uuid
from collections.abc import Generator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import orjson

from loadtests.peers.build import PEERS
from loadtests.population import Person, Portal, populate, settings
from loadtests.process import ROOT, Served
from loadtests.swarm import Client
from storage.log import EPOCH

TEXT = "x" * 150
_READY = b'42["ready",'


class Words(Protocol):
    """How clients talk to a server: who is where, and how one says something to a room."""

    def auth(self, index: int) -> Mapping[str, Any] | None:
        """What client ``index`` logs in with."""
        ...

    def heard(self, index: int, payload: bytes) -> None:
        """What client ``index`` is told while it comes, and may need to come back."""
        ...

    async def join(self, client: Client, index: int) -> None:
        """Puts a client into its room."""
        ...

    def saying(self, index: int, text: str = "") -> tuple[str, object]:
        """The command with which client ``index`` speaks in its room; texts are of one length."""
        ...


class PeerWords:
    """A peer has rooms by name, and takes anybody."""

    def __init__(self, room_of: Sequence[int]) -> None:
        self.room_of = room_of

    def auth(self, index: int) -> None:
        return None

    def heard(self, index: int, payload: bytes) -> None:
        return None

    async def join(self, client: Client, index: int) -> None:
        await client.emit("join", {"room": f"room {self.room_of[index]}"})

    def saying(self, index: int, text: str = "") -> tuple[str, object]:
        return "send", {"room": f"room {self.room_of[index]}", "text": text + TEXT[len(text) :]}


class TalkooWords:
    """People log in with their tokens and are in their rooms already."""

    def __init__(self, people: Sequence[tuple[Person, int]]) -> None:
        self.people = people
        # Where each was, and with which ticket they come back.
        self.ready: dict[int, Mapping[str, Any]] = {}

    def auth(self, index: int) -> Mapping[str, Any]:
        # At first with the state of the empty log, to catch up on what was since.
        place = self.ready.get(index) or {"position": EPOCH}
        return {"token": self.people[index][0].token, **place}

    def heard(self, index: int, payload: bytes) -> None:
        if payload.startswith(_READY):
            self.ready[index] = orjson.loads(payload[2:])[1]

    async def join(self, client: Client, index: int) -> None:
        return None

    def saying(self, index: int, text: str = "") -> tuple[str, object]:
        said = {"room_id": self.people[index][1], "text": text + TEXT[len(text) :]}
        return "send_message", {"client_id": uuid.uuid4().hex, **said}


@dataclass(frozen=True)
class Running:
    """A server that runs, and its words."""

    name: str
    served: Served
    words: Words


@contextmanager
def peer(name: str, room_of: Sequence[int]) -> Generator[Running]:
    """One of `loadtests.peers`; client ``n`` is in room ``room_of[n]``."""
    with (
        tempfile.TemporaryDirectory() as folder,
        Served(PEERS[name](Path(folder))) as served,
    ):
        yield Running(name, served, PeerWords(room_of))


@contextmanager
def talkoo(
    url: str | None, portals: int, people: int, rooms: int, members: int, redis: str | None = None
) -> Generator[Running]:
    """A node over a new population; without a database address it is embedded, on SQLite."""
    with tempfile.TemporaryDirectory() as folder:
        database = url or f"sqlite+aiosqlite:///{folder}/talkoo.db"
        made = asyncio.run(populate(database, portals, people, rooms, members))
        command = [sys.executable, "-m", "loadtests.node"]
        with Served(command, settings(database, Path(folder), redis)) as served:
            yield Running("talkoo", served, TalkooWords(seats(made)))


@contextmanager
def talkoo_nodes(
    url: str, redis: str, count: int, portals: int, people: int, rooms: int, members: int
) -> Generator[list[Running]]:
    """Several nodes over one new population, which hear each other over Redis."""
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        words = TalkooWords(seats(asyncio.run(populate(url, portals, people, rooms, members))))
        command = [sys.executable, "-m", "loadtests.node"]
        given = settings(url, Path(folder), redis)
        served = [stack.enter_context(Served(command, given)) for _ in range(count)]
        yield [Running(f"node {n}", one, words) for n, one in enumerate(served, 1)]


def seats(portals: Sequence[Portal]) -> list[tuple[Person, int]]:
    """Everyone, with a room that they are in."""
    return [
        (person, room_id) for portal in portals for room_id, inside in portal.rooms
        for person in inside
    ]  # fmt: skip


__all__ = ["ROOT", "Running", "TalkooWords", "peer", "seats", "talkoo", "talkoo_nodes"]
