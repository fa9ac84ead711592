"""What the others of a server do to those who chat: the p99 of a delivery, with and without them.

    python -m loadtests.neighbours                    all three, ten minutes
    python -m loadtests.neighbours presence --online 10000 --changes 1000
    python -m loadtests.neighbours storm --crowd 5000 --rounds 2

People chat in rooms of ten at a modest rate. A delay is from the send to the last of the ten. The
database is in memory, unless ``--durable`` puts it on the disk: the flushes of a disk would be most
of a p99, and hide what the neighbour does. Meanwhile a neighbour is quiet and noisy by turns, on
the same server with the same connections open; the delays of all quiet turns are held against
those of all noisy ones.

- ``presence``: ten thousand more are online in the same portal, and each of them looks at some. In
  noisy turns a thousand a second of them go away or come back.
- ``portal``: ten portals talk, each with the same share; in noisy turns one talks ten times as
  much. Counted are the others' messages.
- ``storm``: a second node dies (SIGKILL), and its five thousand people come to the first one, with
  their tickets and positions and the web client's back-off. A noisy turn is over when all are
  back. Between turns the second node is started again, and they go there in good order.

The neighbour's clients are in a process of their own (`loadtests.noise`), which gives way to the
one that measures. A storm takes all that the server has: there the clients are the other core.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import tempfile
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import uvloop

from loadtests.databases import durable_mariadb, quick_mariadb
from loadtests.held import raise_files
from loadtests.many_rooms import MEMBERS
from loadtests.noise import people_of
from loadtests.servers import Running, TalkooWords, talkoo, talkoo_nodes
from loadtests.turns import SETTLE_SECONDS, Chat, Figures, Turns, neighbour
from tests.services.mariadb import MariaDB
from tests.services.redis import Redis

# Messages a second of all who are measured, and how many they are.
RATE = 200.0
CHATTING = 500
# Turns of each kind, and seconds of one.
ROUNDS = 4
SECONDS = 10.0
ONLINE = 10_000
CHANGES = 1000.0
# About as many as a page of a web client shows.
LOOKS_AT = 20
PORTALS = 10
PORTAL_PEOPLE = 100
TIMES = 10
CROWD = 5000
# After a node's death: until the others have taken it off the board of presence.
BURIED_SECONDS = 22.0


@dataclass(frozen=True)
class Wanted:
    """How much of everything."""

    rounds: int = ROUNDS
    seconds: float = SECONDS
    online: int = ONLINE
    changes: float = CHANGES
    looks_at: int = LOOKS_AT
    crowd: int = CROWD
    durable: bool = False

    def mariadb(self) -> AbstractContextManager[MariaDB]:
        """The database."""
        return durable_mariadb() if self.durable else quick_mariadb()


async def by_turns(
    running: Running, places: Sequence[int], rate: float, task: Mapping[str, Any], wanted: Wanted
) -> Figures:
    """Quiet, noisy, quiet, noisy."""
    found = Figures(Turns(), Turns(), told := [])
    chat = Chat(running, places, rate)
    try:
        async with neighbour(task) as noise:
            await chat.gather()
            gc.freeze()
            await chat.turn(asyncio.sleep(SETTLE_SECONDS), Turns())
            for _ in range(wanted.rounds):
                await chat.turn(asyncio.sleep(wanted.seconds), found.quiet)
                await noise.do("on")
                await asyncio.sleep(SETTLE_SECONDS)
                await chat.turn(asyncio.sleep(wanted.seconds), found.noisy)
                told.append(await noise.do("off"))
                await asyncio.sleep(SETTLE_SECONDS)
    finally:
        await chat.swarm.close()
    return found


def presence(wanted: Wanted) -> Figures:
    """People of the same portal come and go."""
    raise_files(wanted.online + CHATTING)
    people = wanted.online + CHATTING
    with (
        wanted.mariadb() as mariadb,
        talkoo(mariadb.create_database("talkoo"), 1, people, people // MEMBERS, MEMBERS) as running,
    ):
        task = {
            "kind": "presence",
            "port": running.served.port,
            "people": people_of(_people(running)[CHATTING:]),
            "quiet_rate": 0,
            "noisy_rate": wanted.changes,
            "looks_at": wanted.looks_at,
        }
        return uvloop.run(by_turns(running, range(CHATTING), RATE, task, wanted))


def portal(wanted: Wanted) -> Figures:
    """Another portal talks ten times as much as its share."""
    others = (PORTALS - 1) * PORTAL_PEOPLE
    rooms, share = PORTAL_PEOPLE // MEMBERS, RATE / PORTALS
    with (
        wanted.mariadb() as mariadb,
        talkoo(
            mariadb.create_database("talkoo"), PORTALS, PORTAL_PEOPLE, rooms, MEMBERS
        ) as running,
    ):
        task = {
            "kind": "portal",
            "port": running.served.port,
            "people": people_of(_people(running)[others:]),
            "quiet_rate": share,
            "noisy_rate": share * TIMES,
        }
        places = range(others)
        return uvloop.run(by_turns(running, places, RATE - share, task, wanted))


def storm(wanted: Wanted) -> Figures:
    """The people of another node come back at once."""
    raise_files(wanted.crowd + CHATTING)
    here, there = CHATTING // PORTALS, wanted.crowd // PORTALS // MEMBERS * MEMBERS
    each = here + there
    with (
        tempfile.TemporaryDirectory() as folder,
        Redis(Path(folder)) as redis,
        wanted.mariadb() as mariadb,
        talkoo_nodes(
            mariadb.create_database("talkoo"),
            redis.url, 2, PORTALS, each, each // MEMBERS, MEMBERS,
        ) as nodes,
    ):  # fmt: skip
        mine = [p * each + n for p in range(PORTALS) for n in range(here)]
        theirs = [p * each + n for p in range(PORTALS) for n in range(here, each)]
        people = _people(nodes[0])
        task = {
            "kind": "storm",
            "port": nodes[1].served.port,
            "people": people_of([people[n] for n in theirs]),
        }
        return uvloop.run(_storms(nodes, mine, task, wanted))


async def _storms(
    nodes: Sequence[Running], places: Sequence[int], task: Mapping[str, Any], wanted: Wanted
) -> Figures:
    found = Figures(Turns(), Turns(), told := [])
    stays, dies = nodes[0].served, nodes[1].served
    chat = Chat(nodes[0], places, RATE)
    try:
        async with neighbour(task) as noise:
            await chat.gather()
            gc.freeze()
            await chat.turn(asyncio.sleep(SETTLE_SECONDS), Turns())
            for _ in range(wanted.rounds):
                await chat.turn(asyncio.sleep(wanted.seconds), found.quiet)
                back = asyncio.create_task(noise.do("back", stays.port))
                await asyncio.sleep(SETTLE_SECONDS)
                kill = asyncio.create_task(asyncio.to_thread(dies.kill))
                await chat.turn(back, found.noisy)
                await kill
                told.append(back.result())
                await asyncio.sleep(BURIED_SECONDS)
                await asyncio.to_thread(dies.start)
                await noise.do("move", dies.port)
                # Until those who left are told of as gone.
                await asyncio.sleep(2 * SETTLE_SECONDS)
    finally:
        await chat.swarm.close()
    return found


def _people(running: Running) -> Sequence[Any]:
    return cast(TalkooWords, running.words).people


SCENARIOS: Mapping[str, Callable[[Wanted], Figures]] = {
    "presence": presence, "portal": portal, "storm": storm,
}  # fmt: skip


def main() -> None:
    """Reads the command line and measures one scenario after the other."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("scenario", nargs="*", help=f"of {', '.join(SCENARIOS)}; default: all")
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--seconds", type=float, default=SECONDS, help="of one turn")
    parser.add_argument("--online", type=int, default=ONLINE)
    parser.add_argument("--changes", type=float, default=CHANGES, help="of presence, a second")
    parser.add_argument("--looks-at", type=int, default=LOOKS_AT, help="people, each of those")
    parser.add_argument("--crowd", type=int, default=CROWD, help="people of the node that dies")
    parser.add_argument("--durable", action="store_true", help="each commit is on the disk")
    given = vars(parser.parse_args())
    names: list[str] = given.pop("scenario") or list(SCENARIOS)
    wanted = Wanted(**given)
    for name in names:
        found = SCENARIOS[name](wanted)
        print(name)
        for kind, turns in (("quiet", found.quiet), ("noisy", found.noisy)):
            print(
                f"  {kind:8} p50 {turns.at(50):6.2f} ms  p99 {turns.at(99):6.2f} ms"
                f"  server {turns.cpu_percent:4.0f} % of a core"
                f"  machine idle {turns.idle_percent:3.0f} %"
                f"  {len(turns.delays)} messages in {turns.seconds:.0f} s"
            )
        for said in found.told[0]:
            print(f"  {said:8} {found.mean(said):8.1f}")
        print(f"  ratio    {found.noisy.at(99) / found.quiet.at(99):8.2f}", flush=True)


if __name__ == "__main__":
    main()
