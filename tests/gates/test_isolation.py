"""Two portals that share names, addresses and neighbouring ids know nothing of each other."""

from __future__ import annotations

import json
import time
from statistics import median
from typing import Any

import httpx
import pytest

from portal.catalogue import OPERATIONS
from tests.gates.matrix import ROWS
from tests.house import House
from tests.walk.examples import EXAMPLES, example
from tests.walk.hashing import dear_passwords
from tests.walk.rest import BARE, ROUTE_OF, Rest, host_for, problem
from tests.walk.watch import state_of
from tests.walk.world import Side, Someone, World, make_side, new_id

pytestmark = pytest.mark.asyncio(loop_scope="module")

PRIVATE = [name for name in EXAMPLES if OPERATIONS[name].access != "public" and name in ROUTE_OF]


async def ids_in(rest: Rest, host: str, token: str) -> dict[str, set[Any]]:
    """Everything that somebody is shown, by the kind of id."""
    shown: dict[str, set[Any]] = {}

    def gather(value: Any, key: str) -> None:
        if isinstance(value, dict):
            for name, inner in value.items():
                gather(inner, f"{key}.{name}" if name == "id" else name)
        elif isinstance(value, list):
            for inner in value:
                gather(inner, key)
        elif key.endswith(("id", "ids")):
            shown.setdefault(key, set()).add(value)

    for name in ("get_snapshot", "list_people", "list_rooms", "list_posts", "list_presence"):
        answer = await rest.call(name, {}, host=host, token=token)
        assert answer.is_success
        gather(answer.json(), name)
    return shown


async def test_what_is_shown_in_one_is_shown_nowhere_in_the_other(rest: Rest, world: World) -> None:
    ours = await ids_in(rest, world.ours.host, world.ours.people["admin"].token)
    theirs = await ids_in(rest, world.theirs.host, world.theirs.people["admin"].token)
    assert set(ours) == set(theirs)
    for kind in ours:
        assert not (ours[kind] & theirs[kind]) - {None}, kind


async def test_the_worlds_are_neighbours(world: World) -> None:
    """Without this the other tests would prove little."""
    ours, theirs = world.ours.things, world.theirs.things
    assert theirs.room == ours.room + 2 or theirs.room == ours.room + 1
    assert ours.email == theirs.email
    assert world.theirs.portal_id == world.ours.portal_id + 1


@pytest.mark.parametrize("name", PRIVATE)
async def test_a_session_is_good_in_its_own_portal_only(
    rest: Rest, world: World, name: str
) -> None:
    for things in (world.ours.things, world.theirs.things):
        fields = example(name, things)
        answers = [
            await rest.call(name, fields, host=world.ours.host, token=token)
            for token in (world.stranger.token, f"{world.ours.portal_id}.{'x' * 43}")
        ]
        assert [answer.status_code for answer in answers] == [401, 401]
        assert answers[0].content == answers[1].content


async def test_at_the_bare_address_a_token_opens_its_own_portal(rest: Rest, world: World) -> None:
    for side in (world.ours, world.theirs):
        answer = await rest.call("get_me", {}, host=BARE, token=side.people["member"].token)
        assert answer.json()["portal"]["id"] == side.portal_id
        assert answer.json()["me"]["id"] == side.things.member


async def test_a_session_cookie_is_good_in_its_own_portal_only(rest: Rest, world: World) -> None:
    cookie = {"cookie": f"talkoo_session={world.stranger.token}"}
    for host, status in ((world.theirs.host, 200), (world.ours.host, 401), (BARE, 401)):
        answer = await rest.call("get_me", {}, host=host, headers=cookie)
        assert (host, answer.status_code) == (host, status)


async def test_a_client_id_is_good_for_one_person(rest: Rest, world: World) -> None:
    client_id = new_id()
    made: list[int] = []
    for side, by in ((world.ours, "member"), (world.ours, "outsider"), (world.theirs, "member")):
        fields = {"client_id": client_id, "name": f"Of {by}"}
        answers = [
            await rest.call("create_room", fields, host=side.host, token=side.people[by].token)
            for _ in range(2)
        ]
        assert [answer.status_code for answer in answers] == [201, 201]
        assert answers[0].content == answers[1].content
        assert answers[0].json()["room"]["created_by"] == side.people[by].id
        made.append(answers[0].json()["room"]["id"])
    assert len(set(made)) == 3


async def test_a_cursor_is_a_number_and_opens_nothing(rest: Rest, world: World) -> None:
    token = world.ours.people["admin"].token
    posts = await rest.call("list_posts", {}, host=world.theirs.host, token=world.stranger.token)
    position = posts.json()["posts"][0]["position"]
    answer = await rest.call(
        "list_posts", {"before": position + 1}, host=world.ours.host, token=token
    )
    shown = {post["id"] for post in answer.json()["posts"]}
    assert shown.isdisjoint(post["id"] for post in posts.json()["posts"])


# Each secret, the operations that take it, and what a secret that is not known gets.
SECRETS = (
    ("ticket", "enter", {}),
    ("reset_token", "reset_password", {"password": "a new and better password"}),
    ("confirm_token", "confirm_email", {}),
    ("invitation_token", "look_at_invitation", {}),
    ("link_token", "look_at_invitation", {}),
    ("invitation_token", "accept_invitation", {"name": "N", "password": "a password for me"}),
    (
        "link_token",
        "accept_invitation",
        {"name": "N", "password": "a password for me", "email": "n@example.com"},
    ),
)


@pytest.mark.parametrize(("secret", "name", "more"), SECRETS, ids=lambda value: str(value)[:20])
async def test_a_secret_is_good_in_its_own_portal_and_for_its_own_purpose(
    rest: Rest, world: World, shared_house: House, secret: str, name: str, more: dict[str, str]
) -> None:
    field = "ticket" if name == "enter" else "token"
    sides = (world.ours.portal_id, world.theirs.portal_id)
    before = [await state_of(shared_house, portal_id) for portal_id in sides]
    theirs = getattr(world.theirs.things, secret)
    relabelled = f"{world.ours.portal_id}.{theirs.partition('.')[2]}"
    allowed = {secret} if "invitation" not in name else {"invitation_token", "link_token"}
    of_another_purpose = [
        getattr(world.ours.things, other)
        for other in ("ticket", "reset_token", "confirm_token", "invitation_token", "link_token")
        if other not in allowed
    ]
    session = world.ours.people["member"].token
    absent = await rest.call(name, {field: world.absent.ticket, **more}, host=world.ours.host)
    assert absent.status_code in (401, 410)
    problem(absent)
    for tried in (theirs, relabelled, session, *of_another_purpose):
        answer = await rest.call(name, {field: tried, **more}, host=world.ours.host)
        assert (answer.status_code, answer.content) == (absent.status_code, absent.content)
    assert [await state_of(shared_house, portal_id) for portal_id in sides] == before


# --- Nobody learns who has an account ---------------------------------------------------------


async def both(
    rest: Rest, name: str, known: dict[str, Any], unknown: dict[str, Any], host: str
) -> tuple[httpx.Response, httpx.Response]:
    """The answers for an address that is known and one that is not."""
    return (
        await rest.call(name, known, host=host),
        await rest.call(name, unknown, host=host),
    )


@pytest.mark.parametrize("name", ["log_in", "find_portals"])
async def test_a_wrong_password_tells_nothing(rest: Rest, world: World, name: str) -> None:
    host = host_for(name, world.ours.host)
    wrong = {"password": "a wrong password"}
    for email in (world.ours.things.email, world.ours.people["gone"].email):
        known, unknown = await both(
            rest, name, {"email": email, **wrong}, {"email": "nobody@example.com", **wrong}, host
        )
        assert (known.status_code, known.content) == (unknown.status_code, unknown.content)


async def test_the_right_password_of_somebody_deactivated_tells_nothing(
    rest: Rest, world: World
) -> None:
    gone = world.ours.people["gone"]
    right = {"email": gone.email, "password": gone.password}
    wrong = {"email": gone.email, "password": "a wrong password"}
    known, unknown = await both(rest, "log_in", right, wrong, world.ours.host)
    assert known.status_code == 401
    assert known.content == unknown.content


async def test_a_reset_tells_nothing(rest: Rest, world: World) -> None:
    for email in (world.ours.things.email, world.ours.people["gone"].email):
        known, unknown = await both(
            rest,
            "request_reset",
            {"email": email},
            {"email": "nobody@example.com"},
            world.ours.host,
        )
        assert (known.status_code, known.content) == (unknown.status_code, unknown.content)


async def test_signing_up_tells_nothing(rest: Rest, world: World) -> None:
    """Whoever has an account elsewhere may have another portal; the answer is the same."""
    fields = {"company": "Acme", "password": "a password for me"}
    known, unknown = await both(
        rest,
        "sign_up",
        {**fields, "email": world.ours.things.email},
        {**fields, "email": f"{new_id()}@example.com"},
        BARE,
    )
    assert known.status_code == unknown.status_code == 201
    assert set(known.json()) == set(unknown.json())
    assert known.json()["portal"].keys() == unknown.json()["portal"].keys()


@pytest.mark.parametrize("name", ["log_in", "find_portals"])
async def test_an_unknown_address_takes_as_long(rest: Rest, shared_house: House, name: str) -> None:
    """Hashing a password takes most of a log-in: it must happen for nobody's address too."""
    with dear_passwords():
        await _takes_as_long(rest, await make_side(shared_house), name)


async def _takes_as_long(rest: Rest, side: Side, name: str) -> None:
    host = host_for(name, side.host)
    known, unknown = [
        {"email": email, "password": "a wrong password"}
        for email in (side.things.email, "nobody@example.com")
    ]
    taken: dict[str, list[float]] = {"known": [], "unknown": []}
    for _ in range(5):
        for whose, fields in (("known", known), ("unknown", unknown)):
            started = time.perf_counter()
            await rest.call(name, fields, host=host)
            taken[whose].append(time.perf_counter() - started)
    assert median(taken["unknown"]) > median(taken["known"]) / 2
    assert median(taken["unknown"]) < median(taken["known"]) * 2


async def test_the_link_tells_nothing_of_who_is_in(
    rest: Rest, world: World, shared_house: House
) -> None:
    """By the link, an address that is taken is refused without a word about whose it is."""
    side = await make_side(shared_house)
    fields = {"token": side.things.link_token, "name": "N", "password": "a password for me"}
    answers = [
        await rest.call("accept_invitation", {**fields, "email": email}, host=side.host)
        for email in (side.people["member"].email, side.people["gone"].email)
    ]
    for answer in answers:
        assert answer.status_code in (409, 422)
        assert side.people["member"].name not in json.dumps(problem(answer)["detail"])
    assert answers[0].content == answers[1].content


# --- The rows of the matrix that prove something ---------------------------------------------


async def test_guests_and_strangers_are_told_nothing_by_a_status() -> None:
    """A 403 says that the thing is there: only who sees the thing may get it."""
    for row in ROWS.values():
        seen_by = {role for role in row.roles if role not in row.by_role}
        for role in seen_by:
            if row.roles[role] == 403 and row.elsewhere is not None:
                assert row.elsewhere == 404, row.name


async def test_a_room_knows_only_people_of_its_portal(rest: Rest, world: World) -> None:
    member: Someone = world.ours.people["member"]
    for name, fields in (
        ("create_room", {"client_id": new_id(), "name": "x"}),
        ("add_members", {"room_id": world.ours.things.room}),
        ("create_post", {"client_id": new_id(), "text": "x", "visible_to": "people"}),
    ):
        answers = [
            await rest.call(
                name,
                {**fields, "user_ids": [world.ours.things.former, user_id]},
                host=world.ours.host,
                token=member.token,
            )
            for user_id in (world.theirs.things.former, world.absent.former)
        ]
        assert answers[0].status_code in (404, 422), name
        assert answers[0].content == answers[1].content.replace(
            str(world.absent.former).encode(), str(world.theirs.things.former).encode()
        )
