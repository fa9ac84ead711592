"""Group commit: durable, in order, once, and each change by itself."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable

import pytest
from sqlalchemy import select

from storage import log
from storage.commit import ENOUGH, Busy, ClientIdReused, Committer, Key, Tx
from storage.database import Database, Statements
from storage.log import EPOCH, Event
from storage.prepared import ByKeys
from storage.schema import clocks
from storage.shards import Shards
from tests.storage.conftest import NewPortal


def key(client_id: str, *, fingerprint: str = "same", command: str = "say") -> Key:
    return Key(7, client_id, command, fingerprint, json.dumps, json.loads)


def say(word: str) -> Callable[[Tx], Awaitable[int]]:
    async def change(tx: Tx) -> int:
        return tx.record("said", "portal", json.dumps({"word": word}))

    return change


class Published:
    def __init__(self) -> None:
        self.events: list[Event] = []
        self.batches: list[int] = []

    async def __call__(self, portal_id: int, events: list[Event]) -> None:
        self.events += events
        self.batches.append(len(events))


@pytest.fixture
def published() -> Published:
    return Published()


@pytest.fixture
def committer(shards: Shards, published: Published) -> Committer:
    return Committer(shards, published)


async def read_log(shards: Shards, portal_id: int) -> list[Event]:
    async with (await shards.home(portal_id)).read() as statements:
        return await log.read_after(statements, portal_id, 0, 10_000)


async def test_positions_follow_each_other_without_holes(
    committer: Committer, shards: Shards, new_portal: NewPortal, published: Published
) -> None:
    portal_id = await new_portal()
    answers = await asyncio.gather(*(committer.commit(portal_id, say(f"w{n}")) for n in range(50)))
    assert sorted(answers) == [EPOCH + n for n in range(1, 51)]
    stored = await read_log(shards, portal_id)
    assert [event.position for event in stored] == [EPOCH + n for n in range(1, 51)]
    assert published.events == stored


async def test_waiting_changes_share_a_transaction(
    committer: Committer, new_portal: NewPortal, published: Published
) -> None:
    portal_id = await new_portal()
    await asyncio.gather(*(committer.commit(portal_id, say(f"w{n}")) for n in range(50)))
    assert len(published.batches) <= 3


async def test_who_sends_alone_waits_for_nobody(shards: Shards, new_portal: NewPortal) -> None:
    # Whoever waited for company here would wait for ever.
    committer = Committer(shards, Published(), apart_seconds=3600)
    portal_id = await new_portal()
    async with asyncio.timeout(20):
        for n in range(20):
            await committer.commit(portal_id, say(f"w{n}"))


async def test_company_gathers(shards: Shards, new_portal: NewPortal, published: Published) -> None:
    committer = Committer(shards, published, apart_seconds=0.5)
    portals = [await new_portal() for _ in range(4)]
    # The first two find each other; those that come one after the other then share the next.
    await asyncio.gather(*(committer.commit(portal_id, say("first")) for portal_id in portals[:2]))
    later: list[asyncio.Task[int]] = []
    for n in range(20):
        later.append(asyncio.create_task(committer.commit(portals[n % 4], say(f"w{n}"))))
        await asyncio.sleep(0.001)
    await asyncio.gather(*later)
    assert max(published.batches) >= 4


async def test_so_many_that_it_is_enough_do_not_wait(shards: Shards, new_portal: NewPortal) -> None:
    committer = Committer(shards, Published(), apart_seconds=3600)
    portal_id = await new_portal()
    async with asyncio.timeout(20):
        changes = (committer.commit(portal_id, say(f"w{n}")) for n in range(ENOUGH + 1))
        await asyncio.gather(*changes)
        changes = (committer.commit(portal_id, say(f"x{n}")) for n in range(ENOUGH + 1))
        await asyncio.gather(*changes)


async def test_two_nodes_never_give_one_position_twice(
    shards: Shards, new_portal: NewPortal, published: Published
) -> None:
    portal_id = await new_portal()
    nodes = [Committer(shards, published, batch=3) for _ in range(3)]
    answers = await asyncio.gather(
        *(nodes[n % 3].commit(portal_id, say(f"w{n}")) for n in range(60))
    )
    assert sorted(answers) == [EPOCH + n for n in range(1, 61)]


async def test_a_failed_change_leaves_nothing_and_its_neighbours_alone(
    committer: Committer, shards: Shards, new_portal: NewPortal
) -> None:
    portal_id = await new_portal()

    async def fail(tx: Tx) -> int:
        tx.record("said", "portal", json.dumps({"word": "never"}))
        raise ValueError("no")

    results = await asyncio.gather(
        committer.commit(portal_id, say("one")),
        committer.commit(portal_id, fail),
        committer.commit(portal_id, say("two")),
        return_exceptions=True,
    )
    assert isinstance(results[1], ValueError)
    stored = await read_log(shards, portal_id)
    assert [json.loads(event.body)["word"] for event in stored] == ["one", "two"]
    assert [event.position for event in stored] == [EPOCH + 1, EPOCH + 2]


async def test_a_lone_failed_change_leaves_nothing(
    committer: Committer, shards: Shards, new_portal: NewPortal
) -> None:
    portal_id = await new_portal()

    async def fail(tx: Tx) -> int:
        tx.record("said", "portal", "{}")
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        await committer.commit(portal_id, fail)
    assert await read_log(shards, portal_id) == []


async def test_the_same_client_id_takes_effect_once(
    committer: Committer, shards: Shards, new_portal: NewPortal
) -> None:
    portal_id = await new_portal()
    first = await committer.commit(portal_id, say("a"), key("client-1"))
    again = await asyncio.gather(
        *(committer.commit(portal_id, say("a"), key("client-1")) for _ in range(5))
    )
    assert again == [first] * 5
    assert len(await read_log(shards, portal_id)) == 1


async def test_the_same_client_id_in_one_batch_takes_effect_once(
    committer: Committer, shards: Shards, new_portal: NewPortal
) -> None:
    portal_id = await new_portal()
    answers = await asyncio.gather(
        *(committer.commit(portal_id, say("a"), key("client-2")) for _ in range(8))
    )
    assert len(set(answers)) == 1
    assert len(await read_log(shards, portal_id)) == 1


@pytest.mark.parametrize("other", [{"fingerprint": "other"}, {"command": "shout"}])
async def test_a_client_id_for_something_else_is_refused(
    committer: Committer, new_portal: NewPortal, other: dict[str, str]
) -> None:
    portal_id = await new_portal()
    await committer.commit(portal_id, say("a"), key("client-3"))
    with pytest.raises(ClientIdReused):
        await committer.commit(portal_id, say("a"), key("client-3", **other))


async def test_the_queue_is_bounded(shards: Shards, new_portal: NewPortal) -> None:
    portal_id = await new_portal()

    async def nothing(_portal: int, _events: list[Event]) -> None:
        return None

    small = Committer(shards, nothing, batch=1, waiting=3)
    results = await asyncio.gather(
        *(small.commit(portal_id, say(f"w{n}")) for n in range(10)),
        return_exceptions=True,
    )
    assert any(isinstance(result, Busy) for result in results)
    answered = [result for result in results if isinstance(result, int)]
    assert len(await read_log(shards, portal_id)) == len(answered)


async def test_a_bus_that_fails_does_not_fail_the_change(
    shards: Shards, new_portal: NewPortal
) -> None:
    portal_id = await new_portal()

    async def broken(_portal: int, _events: list[Event]) -> None:
        raise ConnectionError("the bus is away")

    committer = Committer(shards, broken)
    assert await committer.commit(portal_id, say("a")) == EPOCH + 1


async def test_trimming_keeps_what_is_newer_and_remembers_where(
    committer: Committer, shards: Shards, new_portal: NewPortal
) -> None:
    portal_id = await new_portal()
    for word in "abc":
        await committer.commit(portal_id, say(word))
    newest = (await read_log(shards, portal_id))[-1]
    async with (await shards.home(portal_id)).write() as statements:
        assert log.clocks_of(await statements.rows_by(log.CLOCKS, [(portal_id,)]))
        await log.trim(statements, portal_id, newest.at + 1)
    assert await read_log(shards, portal_id) == []
    async with (await shards.home(portal_id)).read() as reading:
        clock = await log.clock(reading, portal_id)
    assert clock == log.Clock(last=newest.position, trimmed=newest.position)
    assert await committer.commit(portal_id, say("d")) == newest.position + 1


async def test_each_reading_sees_its_own_moment(
    committer: Committer, shards: Shards, new_portal: NewPortal
) -> None:
    """Also when all that it ran went past SQLAlchemy, on one connection that is used again."""
    portal_id = await new_portal()
    database = Database((await shards.home(portal_id)).url, connections=1)
    try:
        for _ in range(3):
            position = await committer.commit(portal_id, say("a"))
            async with database.read() as statements:
                rows = await statements.rows_by(_LAST, [(portal_id,)])
            assert [row[0] for row in rows] == [position]
    finally:
        await database.close()


_LAST = ByKeys(select(clocks.c.last), clocks, clocks.c.portal_id)


async def test_reading_sees_one_moment(
    committer: Committer, shards: Shards, new_portal: NewPortal
) -> None:
    portal_id = await new_portal()
    async with (await shards.home(portal_id)).read() as statements:
        before = await log.clock(statements, portal_id)
        await committer.commit(portal_id, say("a"))
        assert await log.clock(statements, portal_id) == before
        assert await count_events(statements, portal_id) == 0


async def count_events(statements: Statements, portal_id: int) -> int:
    return len(await log.read_after(statements, portal_id, 0, 10))
