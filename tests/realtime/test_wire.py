"""What nodes say to each other, and what strangers may say without harm."""

from __future__ import annotations

import orjson
import pytest

from portal import audience
from portal.presence.recent import Recent
from realtime import wire
from realtime.changes import Became, Came, Ended, Left, change_of
from realtime.wire import Committed, Signal, Signals
from storage.log import Event
from tests.realtime.client import until
from tests.realtime.world import World

EVENT = Event(7, "said", "room:1", '{"text":"ä"}', 9)


@pytest.mark.parametrize(
    "message",
    [
        Committed([EVENT, EVENT]),
        Signals([Signal("room:1", "typing", "{}", 7)]),
        Signals([Signal("portal", "presence", "{}", None), Signal("user:1", "x", "{}", None)]),
    ],
)
def test_what_is_said_is_understood(message: Committed | Signals) -> None:
    assert wire.decode(wire.encode("node", message)) == ("node", message)


MALFORMED = [
    b"",
    b"\xff\xfe",
    b"null",
    b"7",
    b"{}",
    b"[]",
    b'["n","events"]',
    b'["n","events",7]',
    b'["n","events",[7]]',
    b'["n","events",[[1,"t","a","b"]]]',
    b'["n","events",[["1","t","a","b",1]]]',
    b'["n","events",[[true,"t","a","b",1]]]',
    b'["n","events",[[1,"t","a",{},1]]]',
    b'["n","signals",[["a","t","b"]]]',
    b'["n","signals",[["a","t",7,null]]]',
    b'["n","signals",[["a","t","b","x"]]]',
    b'["n","signals",["a","t","b",null]]',
    b'["n","other",[]]',
    b"[" * 5000,
]


@pytest.mark.parametrize("data", MALFORMED)
def test_anything_else_is_not_understood(data: bytes) -> None:
    assert wire.decode(data) is None


async def test_malformed_messages_stop_nobody(world: World) -> None:
    served = await world.serve(poll_seconds=1000)
    await world.serve(poll_seconds=1000)
    portal = await world.portal()
    client = await world.connect(await world.user(portal))
    odd = orjson.dumps(["n", "events", [[2**50, "t", "room:x", "{", 1]]])
    signal = orjson.dumps(["n", "signals", [["room:x", "t", "{", None]]])
    for data in (*MALFORMED, odd, signal):
        await served.node.bus.publish(wire.channel(portal), data)
    await world.tell(portal, audience.PORTAL, "still here", node=1)
    await until(lambda: client.texts == ["still here"])
    assert served.node.portals.counts.malformed == len(MALFORMED)


def event(type_: str, body: object, name: str = "portal") -> Event:
    return Event(1, type_, name, orjson.dumps(body).decode(), 1)


@pytest.mark.parametrize(
    ("told", "change"),
    [
        (
            event("members_added", {"room": {"id": 3, "member_ids": [1, 2]}, "user_ids": [2]}),
            Came(3, frozenset({2}), frozenset({1, 2})),
        ),
        (event("room_removed", {"room_id": 3, "user_id": 2}, "user:2"), Left(3, 2)),
        (
            event("person_changed", {"person": {"id": 2, "role": "guest", "active": True}}),
            Became(2, "guest", True),
        ),
        (event("session_ended", {"session_id": 5}, "user:2"), Ended(2, 5)),
        (event("said", {"room_id": 3}), None),
        (event("room_removed", {}), None),
        (event("room_removed", 7), None),
        (Event(1, "session_ended", "user:2", "{", 1), None),
    ],
)
def test_the_changes_that_events_tell(told: Event, change: object) -> None:
    assert change_of(told) == change


def test_what_was_just_done_is_remembered_for_a_moment() -> None:
    now = 100.0
    recent = Recent(2.0, 2, lambda: now)
    recent.note("a")
    assert "a" in recent
    assert "b" not in recent
    now += 2.1
    assert "a" not in recent
    for key in "abc":
        recent.note(key)
    assert ["a" in recent, "b" in recent, "c" in recent] == [False, True, True]
