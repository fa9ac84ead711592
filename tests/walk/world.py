"""Two portals that are easy to take for each other, with one of everything in each.

Whatever one portal gets, the other gets right after it: same names, same e-mail addresses,
neighbouring ids. What belongs to ``theirs`` must be as good as absent in ``ours``.
"""

from __future__ import annotations

import asyncio
import secrets
import time
import uuid
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from io import BytesIO
from typing import Any

from PIL import Image

from portal.accounts import pictures
from portal.accounts.people import add_user
from portal.accounts.sign_up import create_portal, open_door
from portal.catalogue import OPERATIONS
from portal.context import Actor, Caller, Context, Role
from portal.model import MAX_INTEGER
from tests.house import House

PASSWORD = "correct horse battery"
# Theirs differs, so that a log-in that looks into the wrong portal shows.
THEIR_PASSWORD = "staple battery horse"

# Everybody with a session, and the role that they have; ``gone`` is deactivated afterwards.
PEOPLE: Mapping[str, Role] = {
    "admin": "admin",
    "member": "member",
    "outsider": "member",
    "guest": "guest",
    "former": "member",
    "gone": "member",
}


@dataclass(frozen=True, slots=True)
class Someone:
    """A person with a session."""

    name: str
    email: str
    password: str
    context: Context
    token: str

    @property
    def id(self) -> int:
        """The user's id."""
        return self.context.me.user_id

    @property
    def session_id(self) -> int:
        """The session that the token stands for."""
        return self.context.me.session_id

    async def do(self, name: str, /, **fields: Any) -> Any:
        """Calls an operation as this person; returns its answer."""
        return await do(self.context, name, **fields)


@dataclass(frozen=True, slots=True)
class Things:
    """What a request can name: ids, and secrets from mails and links."""

    admin: int
    member: int
    outsider: int
    guest: int
    former: int
    gone: int
    # The group room of member (who made it), admin and guest; former was in it.
    room: int
    message: int
    # The direct room of member and outsider.
    direct: int
    direct_message: int
    # A post of member to the portal, and a comment by outsider.
    portal_post: int
    portal_talk: int
    comment: int
    # A post of member to guest and outsider.
    people_post: int
    people_talk: int
    # The member's other device.
    session: int
    invitation: int
    email: str
    password: str
    ticket: str
    reset_token: str
    confirm_token: str
    invitation_token: str
    link_token: str


@dataclass(frozen=True, slots=True)
class Side:
    """One of the two portals."""

    portal_id: int
    address: str
    people: Mapping[str, Someone]
    things: Things

    @property
    def host(self) -> str:
        """The host name of the portal, with its port."""
        return f"{self.address}.localhost:8024"


@dataclass(frozen=True, slots=True)
class World:
    """Our portal, a stranger's, and what is in neither."""

    house: House
    ours: Side
    theirs: Side
    absent: Things

    @property
    def stranger(self) -> Someone:
        """The admin of the other portal."""
        return self.theirs.people["admin"]


async def do(context: Context, name: str, /, **fields: Any) -> Any:
    """Calls an operation of the catalogue."""
    operation = OPERATIONS[name]
    return await operation.call(context, operation.request.model_validate(fields))


def new_id() -> str:
    """A new client_id."""
    return uuid.uuid4().hex


async def make_world(house: House) -> World:
    """Builds both portals in step."""
    mark = uuid.uuid4().hex[:12]
    ours = _build(house, mark, f"a{mark}", PASSWORD)
    theirs = _build(house, mark, f"b{mark}", THEIR_PASSWORD)
    sides: tuple[Side, Side] | None = None
    while sides is None:
        mine, other = await anext(ours), await anext(theirs)
        if mine is not None and other is not None:
            sides = (mine, other)
    return World(house, *sides, absent=_absent(sides[0].portal_id))


async def make_side(house: House) -> Side:
    """Builds one portal alone, for tests that use up what is in it."""
    mark = uuid.uuid4().hex[:12]
    async for side in _build(house, mark, f"c{mark}", PASSWORD):
        if side is not None:
            return side
    raise AssertionError("unreachable")


async def _build(
    house: House, mark: str, address: str, password: str
) -> AsyncIterator[Side | None]:
    """One portal, step by step; ends with the portal itself."""
    made = await create_portal(
        house.services,
        name="Acme",
        address=address,
        email=_email("admin", mark),
        password=password,
        person="Admin",
    )
    people = {"admin": await _enter(house, made.portal_id, "admin", mark, password)}
    yield None
    for name, role in PEOPLE.items():
        if name != "admin":
            await add_user(
                house.services,
                made.portal_id,
                name=name.capitalize(),
                email=_email(name, mark),
                password=password,
                role=role,
            )
            people[name] = await _enter(house, made.portal_id, name, mark, password)
            yield None
    phone = await _enter(house, made.portal_id, "member", mark, password)
    things: dict[str, Any] = {name: someone.id for name, someone in people.items()}
    things |= {"session": phone.session_id, "email": phone.email, "password": password}
    for owner in ("admin", "member", "former"):
        await pictures.set_picture(people[owner].context, picture())
    for make in (_make_rooms, _make_posts, _make_invitations, _make_secrets):
        things |= await make(house, people)
        yield None
    await people["admin"].do("deactivate", user_id=people["gone"].id)
    people["phone"] = phone
    yield Side(made.portal_id, address, people, Things(**things))


async def _enter(house: House, portal_id: int, name: str, mark: str, password: str) -> Someone:
    email = _email(name, mark)
    caller = Caller(address="192.0.2.1", device="A device")
    outside = Context(house.services, portal_id, None, caller)
    opened = await do(outside, "log_in", email=email, password=password, token=True)
    actor = Actor(portal_id, opened.me.id, opened.me.role, opened.session_id)
    context = Context(house.services, portal_id, actor, caller)
    return Someone(name, email, password, context, opened.token)


def picture() -> bytes:
    """A small PNG."""
    data = BytesIO()
    Image.new("RGB", (8, 8), "teal").save(data, "PNG")
    return data.getvalue()


def _email(name: str, mark: str) -> str:
    return f"{name}.{mark}@example.com"


async def _make_rooms(house: House, people: Mapping[str, Someone]) -> dict[str, int]:
    member, outsider = people["member"], people["outsider"]
    made = await member.do(
        "create_room",
        client_id=new_id(),
        name="Kitchen",
        user_ids=[people[name].id for name in ("admin", "guest", "former")],
    )
    room = made.room.id
    await member.do("send_message", client_id=new_id(), room_id=room, text="Before")
    await member.do("remove_member", room_id=room, user_id=people["former"].id)
    sent = await member.do("send_message", client_id=new_id(), room_id=room, text="Hello")
    direct = (await member.do("open_direct_room", user_id=outsider.id)).room.id
    whispered = await member.do("send_message", client_id=new_id(), room_id=direct, text="Psst")
    return {
        "room": room,
        "message": sent.message.id,
        "direct": direct,
        "direct_message": whispered.message.id,
    }


async def _make_posts(house: House, people: Mapping[str, Someone]) -> dict[str, int]:
    member, outsider = people["member"], people["outsider"]
    to_all = (await member.do("create_post", client_id=new_id(), text="News")).post
    to_some = (
        await member.do(
            "create_post",
            client_id=new_id(),
            text="A secret",
            visible_to="people",
            user_ids=[people["guest"].id, outsider.id],
        )
    ).post
    comment = await outsider.do(
        "send_message", client_id=new_id(), room_id=to_all.room_id, text="Good news"
    )
    return {
        "portal_post": to_all.id,
        "portal_talk": to_all.room_id,
        "comment": comment.message.id,
        "people_post": to_some.id,
        "people_talk": to_some.room_id,
    }


async def _make_invitations(house: House, people: Mapping[str, Someone]) -> dict[str, Any]:
    admin = people["admin"]
    email = f"new.{uuid.uuid4().hex[:12]}@example.com"
    open_ones = await admin.do("invite", emails=[email])
    invited = next(one for one in open_ones.invitations if one.email == email)
    link = await admin.do("open_invitation_link")
    return {
        "invitation": invited.id,
        "invitation_token": await mailed_secret(house, email),
        "link_token": secret_of(link.url),
    }


async def _make_secrets(house: House, people: Mapping[str, Someone]) -> dict[str, Any]:
    outsider, former = people["outsider"], people["former"]
    portal_id = outsider.context.portal
    house.mail.sent.clear()
    outside = Context(house.services, portal_id)
    await do(outside, "request_reset", email=outsider.email)
    reset = await mailed_secret(house, outsider.email)
    await people["admin"].do("resend_confirmation")
    confirm = await mailed_secret(house, people["admin"].email)
    async with outside.quiet() as statements:
        door = await open_door(statements, outside, former.id)
    return {
        "reset_token": reset,
        "confirm_token": confirm,
        "ticket": door.ticket,
    }


async def mailed_secret(house: House, email: str) -> str:
    """The secret of the last mail to an address, which may be on its way yet."""
    end = time.monotonic() + 5
    while time.monotonic() < end:
        links = [mail.link for mail in house.mail.sent if mail.to == email and mail.link]
        if links:
            return secret_of(links[-1])
        await asyncio.sleep(0.005)
    raise AssertionError(f"no mail with a link came to {email}")


def secret_of(link: str) -> str:
    """What stands in the fragment of a link."""
    return link.partition("#")[2]


def _absent(portal_id: int) -> Things:
    """Ids and secrets of the right form that nothing has."""
    ids = dict.fromkeys(Things.__dataclass_fields__, 0)
    values: dict[str, Any] = {name: MAX_INTEGER - n for n, name in enumerate(ids)}
    for name in Things.__dataclass_fields__:
        if name.endswith("_token") or name == "ticket":
            values[name] = f"{portal_id}.{secrets.token_urlsafe(32)}"
    values["email"] = "nobody@example.com"
    values["password"] = "no password of anybody"
    return Things(**values)
