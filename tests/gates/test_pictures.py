"""Pictures: what is none is refused, and what is one is made anew."""

from __future__ import annotations

import struct
import zlib
from io import BytesIO

import httpx
import pytest
from PIL import Image

from tests.house import House
from tests.walk.rest import Rest
from tests.walk.world import Someone, World, picture

pytestmark = pytest.mark.asyncio(loop_scope="module")

SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'


async def put(
    rest: Rest, world: World, data: bytes, by: str = "outsider", media: str = "image/png"
) -> httpx.Response:
    """Somebody sends a picture."""
    someone: Someone = world.ours.people[by]
    return await rest.send(
        "PUT",
        "/me/picture",
        host=world.ours.host,
        token=someone.token,
        content=data,
        headers={"content-type": media},
    )


def chunk(kind: bytes, data: bytes) -> bytes:
    """One chunk of a PNG."""
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def bomb(width: int, height: int) -> bytes:
    """A PNG of few bytes that claims to be huge, and is all zeros."""
    header = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    rows = zlib.compress(b"\0" * (1 + width // 8) * min(height, 2000), 9)
    parts = chunk(b"IHDR", header) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + parts


def tiff() -> bytes:
    """A real picture of a kind that is not taken."""
    data = BytesIO()
    Image.new("RGB", (8, 8)).save(data, "TIFF")
    return data.getvalue()


NO_PICTURES = (
    ("nothing", b""),
    ("text", b"hello"),
    ("HTML", b"<!doctype html><script>alert(1)</script>"),
    ("SVG", SVG),
    ("half a PNG", picture()[:40]),
    ("a PNG with a broken chunk", picture().replace(b"IDAT", b"IDAX")),
    ("a TIFF", tiff()),
    ("a GIF's name and nothing more", b"GIF89a"),
    ("zeros", bytes(100_000)),
)


@pytest.mark.parametrize("media", ["image/png", "image/svg+xml", "text/html"])
@pytest.mark.parametrize(("what", "data"), NO_PICTURES, ids=[row[0] for row in NO_PICTURES])
async def test_what_is_no_picture_is_refused(
    rest: Rest, world: World, what: str, data: bytes, media: str
) -> None:
    answer = await put(rest, world, data, media=media)
    assert answer.status_code in (415, 422), answer.text
    me = await rest.call(
        "get_me", {}, host=world.ours.host, token=world.ours.people["outsider"].token
    )
    assert me.json()["me"]["picture"] is None


@pytest.mark.parametrize("size", [(50_000, 50_000), (1, 2**31 - 1), (100_000, 1_000)])
async def test_a_bomb_is_refused_before_it_is_unpacked(
    rest: Rest, world: World, size: tuple[int, int]
) -> None:
    answer = await put(rest, world, bomb(*size))
    assert answer.status_code in (413, 415, 422), answer.text


async def test_too_many_bytes_are_refused(rest: Rest, world: World, shared_house: House) -> None:
    most = shared_house.services.limits.picture_bytes
    answer = await put(rest, world, picture() + bytes(most))
    assert answer.status_code == 413


async def test_a_picture_is_made_anew_and_runs_nothing(rest: Rest, world: World) -> None:
    """What follows a picture, and what it says of where it was taken, is not kept."""
    told = BytesIO()
    exif = Image.Exif()
    exif[0x010E] = "a street and a house number"
    Image.new("RGB", (64, 64), "red").save(told, "JPEG", exif=exif)
    assert b"a street" in told.getvalue()
    answer = await put(rest, world, told.getvalue() + SVG, by="member", media="image/jpeg")
    assert answer.is_success
    shown = await rest.send(
        "GET",
        f"/people/{world.ours.things.member}/picture",
        host=world.ours.host,
        token=world.ours.people["guest"].token,
    )
    assert b"<script>" not in shown.content
    assert b"a street" not in shown.content
    assert shown.headers["content-type"] in ("image/webp", "image/png", "image/jpeg")
    assert shown.headers["x-content-type-options"] == "nosniff"
    assert "sandbox" in shown.headers["content-security-policy"]


async def test_a_picture_is_kept_under_a_key_of_the_servers(rest: Rest, world: World) -> None:
    answer = await rest.send(
        "PUT",
        "/me/picture",
        host=world.ours.host,
        token=world.ours.people["member"].token,
        content=picture(),
        headers={
            "content-type": "image/png",
            "content-disposition": 'attachment; filename="../../../../etc/passwd\0.png"',
        },
    )
    assert answer.is_success
    assert "passwd" not in answer.text
    assert ".." not in answer.json()["me"]["picture"]
