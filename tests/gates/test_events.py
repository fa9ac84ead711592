"""Every event and signal: exactly its receivers get it, once, with exactly its fields."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from portal.catalogue import EVENTS, SIGNALS
from tests.gates.live import Live, open_live
from tests.gates.registry import ACTIONS, SHAPES, SIGNAL_ACTIONS, Action, Shape
from tests.walk.serving import Served
from tests.walk.world import new_id

pytestmark = pytest.mark.asyncio(loop_scope="module")


def mismatch(value: Any, shape: Shape, path: str) -> list[str]:
    """Where a value has other fields than the shape."""
    if isinstance(shape, list):
        assert isinstance(value, list), path
        return [text for item in value for text in mismatch(item, shape[0], f"{path}[]")]
    if not isinstance(shape, dict):
        return []
    if not isinstance(value, dict):
        return [f"{path} is {value!r}"]
    wrong = [
        f"{path}.{name} is {'extra' if name in value else 'missing'}"
        for name in value.keys() ^ shape.keys()
    ]
    for name in value.keys() & shape.keys():
        wrong += mismatch(value[name], shape[name], f"{path}.{name}")
    return wrong


async def test_every_type_has_a_row() -> None:
    assert set(SHAPES) == {*EVENTS, *SIGNALS}
    acted = {type_ for action in (*ACTIONS, *SIGNAL_ACTIONS) for type_ in action.told}
    assert acted == {*EVENTS, *SIGNALS} - {"position", "ticket"}


@pytest.mark.parametrize("action", ACTIONS, ids=lambda action: action.name)
async def test_exact_receivers_of_events(served: Served, action: Action) -> None:
    async with open_live(served) as live:
        await action.act(live)
        await live.settle()
        told = {
            name: Counter(event["type"] for event in observer.events)
            for name, observer in live.observers.items()
        }
        expected = {
            name: Counter(type_ for type_, receivers in action.told.items() if name in receivers)
            for name in live.observers
        }
        assert told == expected
        check_bodies(live, action)


def check_bodies(live: Live, action: Action) -> None:
    """Fields, order, and that everybody was told the same."""
    said: dict[int, Any] = {}
    for observer in live.observers.values():
        positions = [event["position"] for event in observer.events]
        assert positions == sorted(set(positions)), observer.name
        for event in observer.events:
            assert set(event) == {"position", "type", "at", "body"}
            assert mismatch(event["body"], SHAPES[event["type"]], event["type"]) == []
            assert said.setdefault(event["position"], event) == event
    assert {event["type"] for event in said.values()} == set(action.told)


@pytest.mark.parametrize("action", SIGNAL_ACTIONS, ids=lambda action: action.name)
async def test_exact_receivers_of_signals(served: Served, action: Action) -> None:
    async with open_live(served) as live:
        await action.act(live)
        [(type_, receivers)] = action.told.items()
        for name in receivers:
            await live.observers[name].until(
                lambda name=name: bool(signals(live, name, type_)), type_
            )
        # Signals go out to all at once, and before what is committed after them.
        await live.settle()
        assert {name for name in live.observers if signals(live, name, type_)} == receivers
        for name in receivers:
            [signal] = signals(live, name, type_)
            assert set(signal) == {"type", "body"}
            assert mismatch(signal["body"], SHAPES[type_], type_) == []


async def test_position_tells_a_position_and_nothing_else(served: Served) -> None:
    async with open_live(served) as live:
        await live.do("member", "send_message", **message_to(live))
        # Its turn comes every twenty seconds.
        await live.served.server.node._tell_positions()
        for name in ("outsider", "former"):
            # They are not in the room, and their position moves all the same.
            await live.observers[name].until(
                lambda name=name: bool(signals(live, name, "position")), "position"
            )
            for signal in signals(live, name, "position"):
                assert mismatch(signal["body"], SHAPES["position"], "position") == []
            assert live.observers[name].events == []


def message_to(live: Live) -> dict[str, Any]:
    """A message to the room."""
    return {"client_id": new_id(), "room_id": live.thing("room"), "text": "Hello"}


def signals(live: Live, name: str, type_: str) -> list[dict[str, Any]]:
    """The signals of a type that an observer got; of presence, those of who went away."""
    return [
        signal
        for signal in live.observers[name].signals
        if signal["type"] == type_
        and (type_ != "presence" or signal["body"]["presence"]["state"] == "away")
    ]
