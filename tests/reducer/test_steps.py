"""For every command: the snapshot before and the events after make the snapshot after.

Each person is followed in both ways that the server has: connected all the time, and coming back
after it happened. Where the server would send a snapshot anyway, there is nothing to compare.
"""

from __future__ import annotations

import pytest

from portal.catalogue import OPERATIONS
from tests.house import House
from tests.reducer.process import Reducer
from tests.reducer.state import Device, State, comparable, load, missed, read_log
from tests.reducer.steps import STEPS, Step, act
from tests.walk.world import Side, make_side

pytestmark = pytest.mark.javascript

PEOPLE = ("admin", "member", "outsider", "guest", "former")


def test_every_command_has_a_step() -> None:
    commands = {
        operation.name
        for operation in OPERATIONS.values()
        if operation.kind == "command" and operation.access != "public"
    }
    assert commands - {step.does.partition("@")[0] for step in STEPS} == set()


@pytest.mark.parametrize("step", STEPS, ids=str)
async def test_events_bring_what_a_new_snapshot_has(
    house: House, reducer: Reducer, step: Step
) -> None:
    side = await make_side(house)
    for before in step.after:
        by, does = before.split()
        await act(side, by, does)
    devices = {name: await Device.start(side.people[name].context) for name in PEOPLE}

    await act(side, step.by, step.does)

    compared = [name for name in PEOPLE if await _follows(reducer, side, devices[name], name)]
    # Whom nothing of it cuts off: everybody but the one whom it is about.
    assert len(compared) >= len(PEOPLE) - 1


async def _follows(reducer: Reducer, side: Side, device: Device, name: str) -> bool:
    """Compares one person's device; false when the server cuts it off, or begins it anew."""
    context = side.people[name].context
    events = await read_log(context, device.caught)
    live, late = device.hear(events), await missed(context, events)
    if live is None:
        assert late is None, "coming back is never more than having been there"
        return False
    fresh = await load(context)
    for heard in (live, late):
        if heard is not None:
            assert_same(reducer.apply(device.state, heard), fresh)
    return True


def assert_same(state: State, fresh: State) -> None:
    """A state is what a new snapshot says."""
    assert comparable(state) == comparable(fresh)
    assert state["position"] <= fresh["position"]
