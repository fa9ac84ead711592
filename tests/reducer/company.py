"""Three people who do anything, and the devices that they look at it with."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import select

from portal.context import Context
from portal.errors import Problem
from storage.messages import recount_unread
from storage.schema import members, posts
from tests.house import House
from tests.reducer.process import Reducer
from tests.reducer.state import Device, State, comparable, load, look, missed, read_log
from tests.walk.world import do

# What happens often stands here often.
KINDS = (
    *("send", "send", "send", "send", "comment", "read", "read", "read", "read"),
    *("delete", "delete", "delete", "edit", "join", "join", "leave"),
    *("react", "unreact"),
    *("post", "post_to_one", "delete_post", "like", "unlike", "read_feed"),
    *("start", "receive", "receive", "come_back", "check"),
)
ADA, BEN, CY = range(3)
DEVICES = 3


@dataclass(frozen=True, slots=True)
class Action:
    """Somebody does something: ``what`` and ``how`` choose among what there is."""

    kind: str
    who: int
    what: int
    how: int


@dataclass
class Company:
    """An admin, a member and a guest in two rooms. The admin has three devices."""

    house: House
    reducer: Reducer
    people: list[Context]
    rooms: list[int]
    # Ada's three, of which the later ones start when they are told to, then Ben's and Cy's.
    devices: list[Device | None] = field(default_factory=list[Device | None])
    messages: list[int] = field(default_factory=list[int])
    posts: list[Any] = field(default_factory=list[Any])

    @classmethod
    async def make(cls, house: House, reducer: Reducer) -> Company:
        """Two rooms with everybody, in a new portal."""
        ada = await house.make_portal()
        people = [ada, await house.join(ada, "Ben"), await house.join(ada, "Cy", "guest")]
        company = cls(house, reducer, people, [])
        for _ in range(2):
            company.rooms.append(await company._new_room())
        company.devices = [await Device.start(ada), *[None] * (DEVICES - 1)]
        company.devices += [await Device.start(person) for person in people[1:]]
        return company

    async def _new_room(self) -> int:
        others = [person.me.user_id for person in self.people[1:]]
        fields = {"client_id": uuid.uuid4().hex, "name": "Room", "user_ids": others}
        room_id: int = (await do(self.people[ADA], "create_room", **fields)).room.id
        return room_id

    async def play(self, actions: Sequence[Action]) -> None:
        """Does everything, and compares at the end."""
        for action in actions:
            await getattr(self, f"_{action.kind}")(action)
        await self.check()

    async def _try(self, who: int, name: str, /, **fields: Any) -> Any:
        """Not everything that is tried may be done."""
        try:
            return await do(self.people[who], name, **fields)
        except Problem as problem:
            assert problem.status in (403, 404, 409), problem
            return None

    # --- What people do -----------------------------------------------------------------------

    async def _say(self, who: int, room_id: int) -> None:
        fields = {"client_id": uuid.uuid4().hex, "room_id": room_id, "text": "Hello"}
        sent = await self._try(who, "send_message", **fields)
        if sent is not None:
            self.messages.append(sent.message.id)

    async def _send(self, action: Action) -> None:
        for _ in range(1 + action.how % 4):
            await self._say(action.who, _one(self.rooms, action.what))

    async def _comment(self, action: Action) -> None:
        if self.posts:
            await self._say(action.who, _one(self.posts, action.what).room_id)

    async def _read(self, action: Action) -> None:
        """A little further, in a room where something is unread if there is one."""
        rooms = (await do(self.people[action.who], "list_rooms")).rooms
        rooms = [room for room in rooms if room.unread] or rooms
        if rooms:
            room = _one(rooms, action.what)
            seq = room.read_seq + action.how % 4
            await do(self.people[action.who], "mark_read", room_id=room.id, seq=seq)

    async def _edit(self, action: Action) -> None:
        if self.messages:
            number = _one(self.messages, -1 - action.what)
            await self._try(action.who, "edit_message", message_id=number, text=f"{action.how}")

    async def _react(self, action: Action) -> None:
        if self.messages:
            number = _one(self.messages, -1 - action.what)
            await self._try(action.who, "react", message_id=number, emoji="👍🎉☕"[action.how % 3])

    async def _unreact(self, action: Action) -> None:
        if self.messages:
            number = _one(self.messages, -1 - action.what)
            await self._try(
                action.who, "unreact", message_id=number, emoji="👍🎉☕"[action.how % 3]
            )

    async def _delete(self, action: Action) -> None:
        if self.messages:
            number = _one(self.messages, -1 - action.what)
            for by in (action.who, ADA):
                await self._try(by, "delete_message", message_id=number)

    async def _join(self, action: Action) -> None:
        """By whoever is in the room and may; a new room takes the place of a deserted one."""
        who = self.people[action.who].me.user_id
        index = action.what % len(self.rooms)
        room_id = self.rooms[index]
        for by in (ADA, BEN):
            if await self._try(by, "add_members", room_id=room_id, user_ids=[who]):
                return
        self.rooms[index] = await self._new_room()

    async def _leave(self, action: Action) -> None:
        await self._try(action.who, "leave_room", room_id=_one(self.rooms, action.what))

    async def _publish(self, who: int, user_ids: list[int]) -> None:
        fields: dict[str, Any] = {"client_id": uuid.uuid4().hex, "text": "News"}
        if user_ids:
            fields |= {"visible_to": "people", "user_ids": user_ids}
        made = await self._try(who, "create_post", **fields)
        if made is not None:
            self.posts.append(made.post)

    async def _post(self, action: Action) -> None:
        await self._publish(action.who, [])

    async def _post_to_one(self, action: Action) -> None:
        other = self.people[(action.who + 1 + action.what % 2) % 3]
        await self._publish(action.who, [other.me.user_id])

    async def _delete_post(self, action: Action) -> None:
        if self.posts:
            await self._try(action.who, "delete_post", post_id=_one(self.posts, action.what).id)

    async def _like(self, action: Action) -> None:
        if self.posts:
            await self._try(action.who, "like_post", post_id=_one(self.posts, action.what).id)

    async def _unlike(self, action: Action) -> None:
        if self.posts:
            await self._try(action.who, "unlike_post", post_id=_one(self.posts, action.what).id)

    async def _read_feed(self, action: Action) -> None:
        if self.posts:
            position = _one(self.posts, action.what).position
            await do(self.people[action.who], "mark_feed_read", position=position)

    # --- What devices do ----------------------------------------------------------------------

    async def _start(self, action: Action) -> None:
        """Ada takes out another device, or begins anew on one."""
        self.devices[action.what % DEVICES] = await Device.start(self.people[ADA])

    async def _receive(self, action: Action) -> None:
        await self._follow(_one(self.devices, action.what), action.how + 1)

    async def _come_back(self, action: Action) -> None:
        """A device was away: it gets what it missed, by what its person may see now."""
        device = _one(self.devices, action.what)
        if device is None:
            return
        events = await read_log(device.context, device.caught)
        heard = await missed(device.context, events)
        assert heard is not None, "nobody's role changes here"
        device.state = self.reducer.apply(device.state, heard)
        device.viewer = (await look(device.context))[1]
        device.caught = events[-1].position if events else device.caught

    async def _follow(self, device: Device | None, most: int) -> None:
        if device is not None:
            events = (await read_log(device.context, device.caught))[:most]
            heard = device.hear(events)
            assert heard is not None, "nobody's role changes here"
            device.state = self.reducer.apply(device.state, heard)

    # --- What must hold -----------------------------------------------------------------------

    async def _check(self, action: Action) -> None:
        if action.how % 3 == 0:
            await self.check()

    async def check(self) -> None:
        """All devices of a person, a new snapshot, and a recount agree."""
        for person in self.people:
            fresh = await load(person)
            await self._recount(person, fresh)
            for device in self.devices:
                if device is not None and device.context is person:
                    await self._follow(device, 10_000)
                    assert comparable(device.state) == comparable(fresh)

    async def _recount(self, person: Context, fresh: State) -> None:
        me = person.me
        async with person.read() as statements:
            counted = await recount_unread(statements, me.portal_id, me.user_id)
            inside = await statements.all(
                select(members.c.room_id).where(
                    members.c.portal_id == me.portal_id, members.c.user_id == me.user_id
                )
            )
            rows = await statements.all(select(posts).where(posts.c.portal_id == me.portal_id))
        mine = {row.room_id for row in inside}
        dead = {row.room_id for row in rows if row.deleted_at is not None}
        shown = {room["id"]: room["unread"] for room in fresh["rooms"]}
        assert shown == {room: unread for room, unread in counted.items() if room not in dead}
        unread = [
            row.id
            for row in rows
            if row.room_id not in dead
            and row.user_id != me.user_id
            and row.position > fresh["feed"]["read_position"]
            and (row.room_id in mine or (row.visible_to == "portal" and me.role != "guest"))
        ]
        assert fresh["feed"]["unread"] == len(unread)


def _one(things: Sequence[Any], number: int) -> Any:
    return things[number % len(things)]
