"""Faults at random for a while, and then the judge: ``python -m tests.faults.torture``.

TORTURE_SEED repeats a run's faults, their order and their lengths; TORTURE_SECONDS is how long they
go on. What clients and machines do meanwhile is never quite the same twice.
"""

from __future__ import annotations

import asyncio
import os
import random
import sys
import tempfile
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path

from tests.faults.cluster import Cluster, Ground, open_cluster, open_ground
from tests.faults.company import Company, Traffic, open_companies
from tests.faults.judge import wrong_presence
from tests.faults.proxy import DIRECTIONS
from tests.services.mariadb import MariaDB

PEOPLE = 12
# Each does something every half second: with a dozen in a room, hundreds of deliveries a second.
PAUSE = 0.5
# Two beats of a node, in which who is here is put right.
SEE_SECONDS = 12.0


@dataclass(frozen=True, slots=True)
class Step:
    """A fault at one of the nodes (or at what both share) for some seconds, and a rest."""

    fault: str
    number: int
    seconds: float
    rest: float


Start = Callable[[Cluster, Sequence[Company], int], Awaitable[None]]


async def _node_killed(cluster: Cluster, companies: Sequence[Company], number: int) -> None:
    cluster.nodes[number].kill()


async def _node_left(cluster: Cluster, companies: Sequence[Company], number: int) -> None:
    await asyncio.to_thread(cluster.nodes[number].stop)


async def _node_frozen(cluster: Cluster, companies: Sequence[Company], number: int) -> None:
    cluster.nodes[number].pause()


async def _redis_killed(cluster: Cluster, companies: Sequence[Company], number: int) -> None:
    cluster.redis.kill()


async def _redis_frozen(cluster: Cluster, companies: Sequence[Company], number: int) -> None:
    cluster.redis.pause()


async def _redis_out_of_reach(cluster: Cluster, companies: Sequence[Company], number: int) -> None:
    cluster.places[number].to_redis.blackhole()


async def _redis_not_heard(cluster: Cluster, companies: Sequence[Company], number: int) -> None:
    cluster.places[number].to_redis.blackhole(["down"])


async def _redis_cut(cluster: Cluster, companies: Sequence[Company], number: int) -> None:
    cluster.places[number].to_redis.cut()


async def _database_killed(cluster: Cluster, companies: Sequence[Company], number: int) -> None:
    cluster.mariadb.kill()


async def _database_slow(cluster: Cluster, companies: Sequence[Company], number: int) -> None:
    for place in cluster.places:
        place.to_database.delay = 0.02


async def _database_held(cluster: Cluster, companies: Sequence[Company], number: int) -> None:
    cluster.places[number].to_database.blackhole()


async def _database_cut(cluster: Cluster, companies: Sequence[Company], number: int) -> None:
    cluster.places[number].to_database.cut()


async def _clients_delayed(cluster: Cluster, companies: Sequence[Company], number: int) -> None:
    cluster.fronts[number].delay = 0.2


async def _clients_cut(cluster: Cluster, companies: Sequence[Company], number: int) -> None:
    cluster.fronts[number].cut()


async def _clients_half_closed(cluster: Cluster, companies: Sequence[Company], number: int) -> None:
    cluster.fronts[number].half_close(DIRECTIONS[number])


async def _answers_lost(cluster: Cluster, companies: Sequence[Company], number: int) -> None:
    for front in cluster.fronts:
        front.blackhole(["down"])
    await asyncio.sleep(0.7)
    for front in cluster.fronts:
        front.cut()


async def _requests_held(cluster: Cluster, companies: Sequence[Company], number: int) -> None:
    cluster.fronts[number].blackhole(["up"])


async def _people_away(cluster: Cluster, companies: Sequence[Company], number: int) -> None:
    for company in companies:
        # Not the admin, who changes the club meanwhile.
        for client in company.clients[2 + number :: 4]:
            await client.stop()


FAULTS: dict[str, Start] = {
    start.__name__.removeprefix("_"): start
    for start in (
        _node_killed,
        _node_left,
        _node_frozen,
        _redis_killed,
        _redis_frozen,
        _redis_out_of_reach,
        _redis_not_heard,
        _redis_cut,
        _database_killed,
        _database_slow,
        _database_held,
        _database_cut,
        _clients_delayed,
        _clients_cut,
        _clients_half_closed,
        _answers_lost,
        _requests_held,
        _people_away,
    )
}


def plan(seed: int, seconds: float) -> list[Step]:
    """The same steps for the same seed; every fault has its turn before one comes again."""
    chance = random.Random(seed)
    steps: list[Step] = []
    kinds = list(FAULTS)
    left: list[str] = []
    total = 0.0
    while total < seconds:
        left = left or chance.sample(kinds, len(kinds))
        lasts, rest = chance.uniform(0.2, 2.5), chance.choice((0.0, 0.3, 1.0))
        steps.append(Step(left.pop(), chance.randrange(2), lasts, rest))
        total += lasts + rest
    return steps


# --- The run ----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a run ended: what was found (nothing, it is hoped), and its figures."""

    seed: int
    story: str
    figures: str


async def torture(ground: Ground, folder: Path, seed: int, seconds: float) -> Outcome:
    """Breaks a cluster for a while, heals it, and judges."""
    async with (
        open_cluster(ground, folder) as cluster,
        open_companies(cluster, folder, PEOPLE, seed) as companies,
    ):
        await _break(cluster, companies, seed, seconds)
        judged = await asyncio.gather(*(c.judged(presence_within=SEE_SECONDS) for c in companies))
        found = [story for verdict, story in judged if verdict.found]
        faults = [f"  {at:7.3f} {fault}" for at, fault in cluster.faults]
        story = "\n".join([f"TORTURE_SEED={seed}", *faults, *found]) if found else ""
        return Outcome(seed, story, "\n".join(figures(cluster, companies)))


async def _break(cluster: Cluster, companies: Sequence[Company], seed: int, seconds: float) -> None:
    steps = plan(seed, seconds)
    end = asyncio.get_running_loop().time() + seconds
    async with AsyncExitStack() as stack:
        for number, company in enumerate(companies):
            await stack.enter_async_context(Traffic(company, seed + number, PAUSE))
        for step in steps:
            if asyncio.get_running_loop().time() > end:
                break
            cluster.note(f"{step.fault} {step.number}")
            await FAULTS[step.fault](cluster, companies, step.number)
            await asyncio.sleep(step.seconds)
            await cluster.heal()
            away = [client for c in companies for client in c.clients if not client.here]
            await asyncio.gather(*(client.start() for client in away))
            await asyncio.sleep(step.rest)


# --- The figures ------------------------------------------------------------------------------


def figures(cluster: Cluster, companies: Sequence[Company]) -> list[str]:
    """What a run did, in lines."""
    clients = [client for company in companies for client in company.clients]
    sends = [sent for client in clients for sent in client.sent.values()]
    answers = [sent.answered_at - sent.at for sent in sends if sent.answer]
    asked = {sent.client_id: sent.at for sent in sends}
    waits = [
        delivery.at - asked[delivery.body["message"]["client_id"]]
        for client in clients
        for delivery in client.delivered
        if delivery.type == "message_sent" and delivery.body["message"]["client_id"] in asked
    ]
    kinds = Counter(f.split()[0] for _, f in cluster.faults if f != "healed")
    connects = sum(client.connects for client in clients)
    return [
        f"faults      {sum(kinds.values())}: {', '.join(f'{k} {n}' for k, n in kinds.items())}",
        f"sends       {len(sends)}, of which answered {len(answers)},"
        f" refused {sum(s.refused for s in sends)}",
        f"deliveries  {sum(len(client.delivered) for client in clients)}",
        f"reconnects  {connects - len(clients)},"
        f" of which with a ticket {sum(client.resumed_by_ticket for client in clients)}",
        f"resyncs     {sum(len(client.resyncs) - 1 for client in clients)}",
        f"failed      {sum(len(client.failed) for client in clients)} commands,"
        f" presence {sum(len(wrong_presence(c.clients)) for c in companies)} shown wrong",
        f"answered    {_percentiles(answers)}",
        f"delivered   {_percentiles(waits)}",
    ]


def _percentiles(seconds: Sequence[float]) -> str:
    if not seconds:
        return "never"
    ordered = sorted(seconds)
    p50, p99 = (ordered[int(len(ordered) * part)] * 1000 for part in (0.5, 0.99))
    return f"p50 {p50:.0f} ms, p99 {p99:.0f} ms"


def main() -> None:
    """Runs as long, and with the seed, that the environment says."""
    seed = int(os.environ.get("TORTURE_SEED") or random.SystemRandom().randrange(10**6))
    seconds = float(os.environ.get("TORTURE_SECONDS") or 60)
    folder = Path(tempfile.mkdtemp(prefix="talkoo-torture-"))
    print(f"TORTURE_SEED={seed} TORTURE_SECONDS={seconds:g}, logs in {folder}", flush=True)
    with open_ground(MariaDB(folder / "mariadb")) as ground:
        outcome = asyncio.run(torture(ground, folder, seed, seconds))
    print(outcome.figures)
    print(outcome.story or "every invariant holds")
    sys.exit(1 if outcome.story else 0)


if __name__ == "__main__":
    main()
