"""For every command: the snapshot before and the events after make the snapshot after.

Each person is followed in both ways that the server has: connected all the time, and coming back
after it happened. Where the server would send a snapshot anyway, there is nothing to compare.
"""

from __future__ import annotations

import pytest

from portal.catalogue import OPERATIONS
from tests.reducer.process import Reducer
from tests.reducer.state import Device, State, comparable, load, missed, read_log
from tests.reducer.steps import STEPS, Step, act
from tests.walk.world import Side

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
    side: Side, reducer: Reducer, step: Step
) -> None:
    for before in step.after:
        by, does = before.split()
        await act(side, by, does)
    devices = {name: await Device.start(side.people[name].context) for name in PEOPLE}

    await act(side, step.by, step.does)

    compared = [name for name in PEOPLE if await _follows(reducer, devices[name])]
    # Whom nothing of it cuts off: everybody but the one whom it is about.
    assert len(compared) >= len(PEOPLE) - 1


async def test_a_guest_who_stays_forgets_and_hears_no_more_of_whom_they_knew(
    side: Side, reducer: Reducer
) -> None:
    device = await Device.start(side.people["guest"].context)
    for by, does in (
        ("guest", "leave_room"),
        ("member", "delete_post@people"),
        ("outsider", "update_profile"),
    ):
        await act(side, by, does)
    assert await _follows(reducer, device)


async def _follows(reducer: Reducer, device: Device) -> bool:
    """Compares one person's device; false when the server cuts it off, or begins it anew."""
    events = await read_log(device.context, device.caught)
    live, late = device.hear(events), await missed(device.context, events)
    if live is None:
        assert late is None, "coming back is never more than having been there"
        return False
    fresh = await load(device.context)
    for heard in (live, late):
        if heard is not None:
            assert_same(reducer.apply(device.state, heard), fresh)
    return True


def assert_same(state: State, fresh: State) -> None:
    """A state is what a new snapshot says."""
    assert comparable(state) == comparable(fresh)
    assert state["position"] <= fresh["position"]
