"""What goes past SQLAlchemy comes back as it was, whatever stands in it."""

from __future__ import annotations

import random

from sqlalchemy import bindparam, select

from storage.prepared import ByKeys, prepared
from storage.schema import clocks, commands
from storage.shards import Shards
from tests.storage.conftest import NewPortal

NASTY = (
    "",
    "'",
    "\\",
    "\\'",
    "'; DROP TABLE messages; --",
    '"quoted" and %s and %(name)s and 100%',
    "a\0b\x1a\n\r\t\b",
    "𝕋𝕒𝕝𝕜𝕠𝕠 漢字 😀 \u202e \u200b \ufeff",
    "\\\\'\\",
    "'" * 50 + "\\" * 51,
)
ECHO = prepared(select(bindparam("given")))
BY_CLIENT_ID = ByKeys(
    select(commands.c.client_id, commands.c.answer),
    commands,
    commands.c.portal_id,
    commands.c.user_id,
    commands.c.client_id,
)


def texts() -> list[str]:
    """The nasty ones, and any others; half of the characters are those that mean something."""
    chance = random.Random(7)
    special = "'\\\"%;\0\n\x1a-/*"
    others = [chr(n) for n in (*range(32, 127), 0xE4, 0x2028, 0x1F600)]
    made = [
        "".join(chance.choice(chance.choice((special, others))) for _ in range(20))
        for _ in range(200)
    ]
    return [*NASTY, *made]


async def test_every_text_comes_back(shards: Shards, new_portal: NewPortal) -> None:
    async with (await shards.home(await new_portal())).read() as statements:
        for text in texts():
            assert (await statements.driven(ECHO, {"given": text}))[0][0] == text


async def test_rows_are_found_by_keys_that_look_like_sql(
    shards: Shards, new_portal: NewPortal
) -> None:
    portal_id = await new_portal()
    # MySQL pads keys, and the column is of 64.
    keyed = [text for text in texts() if len(text) <= 64 and "\0" not in text]
    wanted = {text.rstrip(): f"answer {n}" for n, text in enumerate(keyed)}
    async with (await shards.home(portal_id)).write() as statements:
        await statements.put(
            commands,
            *(
                {
                    "portal_id": portal_id,
                    "user_id": 7,
                    "client_id": text,
                    "command": "",
                    "fingerprint": "",
                    "answer": answer,
                    "at": 1,
                }
                for text, answer in wanted.items()
            ),
        )
        keys = [(portal_id, 7, text) for text in wanted]
        rows = await statements.rows_by(BY_CLIENT_ID, keys)
        assert {row[0]: row[1] for row in rows} == wanted
        for key in keys[:20]:
            [found] = await statements.rows_by(BY_CLIENT_ID, [key])
            assert tuple(found) == (key[2], wanted[key[2]])
        # Somebody else's, somebody's in another portal, and nobody's.
        strangers = [(portal_id, 8, "'"), (portal_id + 1, 7, "'"), (portal_id, 7, "absent")]
        assert list(await statements.rows_by(BY_CLIENT_ID, strangers)) == []


async def test_clocks_are_locked_in_the_order_of_the_keys(
    shards: Shards, new_portal: NewPortal
) -> None:
    """So that two transactions cannot wait for each other."""
    portals = sorted([await new_portal() for _ in range(20)])
    found = ByKeys(select(clocks.c.portal_id), clocks, clocks.c.portal_id)
    async with (await shards.home(portals[0])).read() as statements:
        for order in (portals, portals[::-1]):
            rows = await statements.rows_by(found, [(portal_id,) for portal_id in order])
            assert [row[0] for row in rows] == order
