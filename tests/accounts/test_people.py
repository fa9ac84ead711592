"""Profiles, roles, pictures, and who is active."""

from __future__ import annotations

from io import BytesIO

import pytest
from PIL import Image

from portal.accounts import pictures
from portal.errors import Problem
from tests.accounts.conftest import do, outside, refused, types
from tests.house import PASSWORD, House


def png(colour: str) -> bytes:
    data = BytesIO()
    Image.new("RGB", (640, 480), colour).save(data, "PNG")
    return data.getvalue()


async def test_a_profile_changes_live_and_only_when_it_does(house: House) -> None:
    admin = await house.make_portal()
    answer = await do(admin, "update_profile", name="  Ada Aalto ", title="Boss")
    assert (answer.me.name, answer.me.title) == ("Ada Aalto", "Boss")
    assert types(house, admin.portal) == ["person_changed", "me_changed"]
    await do(admin, "update_profile", name="Ada Aalto")
    await do(admin, "update_profile")
    assert len(types(house, admin.portal)) == 2
    await do(admin, "update_profile", language="fi")
    assert types(house, admin.portal)[2:] == ["me_changed"]


async def test_one_admin_always_remains(house: House) -> None:
    admin = await house.make_portal()
    member = await house.join(admin, "Member")
    mine = admin.me.user_id
    assert (await refused(admin, "set_role", user_id=mine, role="member")).code == "last-admin"
    assert (await refused(admin, "deactivate", user_id=mine)).code == "last-admin"
    await do(admin, "set_role", user_id=member.me.user_id, role="admin")
    await do(admin, "set_role", user_id=mine, role="member")
    # The context still says admin; the transaction knows better.
    assert (await refused(admin, "deactivate", user_id=member.me.user_id)).status == 403


async def test_who_is_deactivated_is_out_at_once(house: House) -> None:
    admin = await house.make_portal()
    member = await house.join(admin, "Member")
    await house.token(member)
    await house.token(member)
    before = len(types(house, admin.portal))
    await do(admin, "deactivate", user_id=member.me.user_id)
    happened = types(house, admin.portal)[before:]
    assert happened.count("session_ended") == 2
    assert happened[0] == "person_changed"
    await do(admin, "deactivate", user_id=member.me.user_id)
    assert types(house, admin.portal)[before:] == happened
    problem = await refused(
        outside(house, admin.portal),
        "log_in",
        email=house.emails[admin.portal, member.me.user_id],
        password=PASSWORD,
    )
    assert problem.code == "wrong-log-in"


async def test_a_guest_knows_only_whom_they_share_a_room_with(house: House) -> None:
    admin = await house.make_portal()
    near, far = await house.join(admin, "Near"), await house.join(admin, "Far")
    guest = await house.join(admin, "Guest", "guest")
    await do(
        admin,
        "create_room",
        client_id="room-with-guest",
        name="R",
        user_ids=[near.me.user_id, guest.me.user_id],
    )
    known = {person.id for person in (await do(guest, "list_people")).people}
    assert known == {context.me.user_id for context in (admin, near, guest)}
    assert (await refused(guest, "get_person", user_id=far.me.user_id)).status == 404


async def test_a_picture_is_made_small_and_replaced(house: House) -> None:
    admin = await house.make_portal()
    first = (await pictures.set_picture(admin, png("teal"))).me.picture
    data, media = await pictures.read_picture(admin, admin.me.user_id)
    with Image.open(BytesIO(data)) as image:
        assert (image.size, image.format, media) == ((256, 256), "WEBP", "image/webp")
    second = (await pictures.set_picture(admin, png("red"))).me.picture
    assert first != second
    files = [
        path
        for path in house.services.blobs.folder.rglob("*.webp")  # type: ignore[attr-defined]
        if f"/{admin.portal}/" in str(path)
    ]
    assert len(files) == 1
    assert (await pictures.remove_picture(admin)).me.picture is None
    with pytest.raises(Problem):
        await pictures.read_picture(admin, admin.me.user_id)


async def test_a_picture_loses_what_it_knows_of_its_maker(house: House) -> None:
    admin = await house.make_portal()
    image = Image.new("RGB", (64, 64), "teal")
    exif = Image.Exif()
    exif[0x010E] = "secret place"
    data = BytesIO()
    image.save(data, "JPEG", exif=exif)
    assert b"secret place" in data.getvalue()
    await pictures.set_picture(admin, data.getvalue())
    stored, _ = await pictures.read_picture(admin, admin.me.user_id)
    assert b"secret place" not in stored


async def test_the_portal_gets_another_name(house: House) -> None:
    admin = await house.make_portal("Acme")
    member = await house.join(admin, "Member")
    assert (await refused(member, "rename_portal", name="Mine")).status == 403
    assert (await do(admin, "rename_portal", name="Acme 2")).portal.name == "Acme 2"
    assert (await do(outside(house, admin.portal), "look_at_portal")).name == "Acme 2"
