"""Answers by emoji: one each, seen by whoever sees the message."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.chat.emoji import is_emoji
from tests.counting import statements
from tests.team import Team, refused
from tests.walk.world import do, new_id

GOOD = (
    "👍", "❤", "❤️", "👍🏽", "👩‍💻", "👨‍👩‍👧‍👦", "🏳️‍🌈", "🇫🇮", "1️⃣", "#⃣", "☕", "‼️", "🏴󠁧󠁢󠁳󠁣󠁴󠁿", "©", "〰️",
)  # fmt: skip
BAD = (
    "", " ", "a", "1", "👍👍", "👍 ", ":)", "🇫", "🇫🇮🇫", "🇫🇮👍", "\u200d", "👍\u200d", "\u200d👍",
    "️", "🏽", "<b>", "漢", "👍\u202e", "👍\n", "👍" * 40, "👩‍💻a", "12⃣", "\ud83d",
)  # fmt: skip


@pytest.mark.parametrize("text", GOOD, ids=ascii)
def test_one_emoji_is_an_emoji(text: str) -> None:
    assert is_emoji(text)


@pytest.mark.parametrize("text", BAD, ids=ascii)
def test_anything_else_is_not(text: str) -> None:
    assert not is_emoji(text)


@given(st.text(alphabet=st.characters(categories=("L", "N", "Z", "C", "P"))))
def test_no_text_is_an_emoji_by_chance(text: str) -> None:
    known = text.strip("\ufe0f") in {"‼", "⁉", "ℹ", "▪", "▫", "〰", "〽"}
    assert not is_emoji(text) or known


async def test_a_reaction_is_there_once_and_goes_again(team: Team) -> None:
    room = await team.room(team.ada, team.ben)
    sent = await do(team.ada, "send_message", client_id=new_id(), room_id=room.id, text="Lunch?")
    number = sent.message.id
    assert sent.message.reactions == []
    for who in (team.ben, team.ada, team.ben):
        answer = await do(who, "react", message_id=number, emoji="👍")
    assert [(r.emoji, r.user_ids) for r in answer.message.reactions] == [
        ("👍", sorted((team.ada.me.user_id, team.ben.me.user_id)))
    ]
    await do(team.ben, "react", message_id=number, emoji="☕")
    page = await do(team.ada, "list_messages", room_id=room.id)
    assert [r.emoji for r in page.messages[-1].reactions] == ["☕", "👍"]
    [listed] = (await do(team.ben, "list_rooms")).rooms
    assert listed.last_message == page.messages[-1]
    for _ in range(2):
        answer = await do(team.ben, "unreact", message_id=number, emoji="👍")
    assert [(r.emoji, r.user_ids) for r in answer.message.reactions] == [
        ("☕", [team.ben.me.user_id]),
        ("👍", [team.ada.me.user_id]),
    ]


async def test_a_reaction_is_an_event_only_when_it_is_new(team: Team) -> None:
    room = await team.room(team.ada, team.ben)
    sent = await do(team.ada, "send_message", client_id=new_id(), room_id=room.id, text="Lunch?")
    first = await do(team.ben, "react", message_id=sent.message.id, emoji="👍")
    again = await do(team.ben, "react", message_id=sent.message.id, emoji="👍")
    assert first.position == again.position == sent.position + 1
    nothing = await do(team.ada, "unreact", message_id=sent.message.id, emoji="👍")
    assert nothing.position == first.position


async def test_an_edit_keeps_reactions_and_a_deletion_ends_them(team: Team) -> None:
    room = await team.room(team.ada, team.ben)
    sent = await do(team.ada, "send_message", client_id=new_id(), room_id=room.id, text="Lunch?")
    number = sent.message.id
    await do(team.ben, "react", message_id=number, emoji="👍")
    edited = await do(team.ada, "edit_message", message_id=number, text="Lunch at noon?")
    assert [r.emoji for r in edited.message.reactions] == ["👍"]
    deleted = await do(team.ada, "delete_message", message_id=number)
    assert deleted.message.reactions == []
    page = await do(team.ben, "list_messages", room_id=room.id)
    assert page.messages[-1].reactions == []
    problem = await refused(team.ben, "react", message_id=number, emoji="👍")
    assert (problem.status, problem.code) == (409, "deleted")
    assert (await do(team.ben, "unreact", message_id=number, emoji="👍")).message.reactions == []


async def test_a_message_is_answered_with_so_many_emoji(team: Team) -> None:
    room = await team.room(team.ada, team.ben)
    sent = await do(team.ada, "send_message", client_id=new_id(), room_id=room.id, text="Lunch?")
    number, most = sent.message.id, team.ada.limits.reactions_per_message
    for n in range(most):
        await do(team.ada, "react", message_id=number, emoji=chr(0x1F400 + n))
    problem = await refused(team.ben, "react", message_id=number, emoji="👍")
    assert problem.status == 422
    assert "which is the most" in problem.details.errors[0].message
    # One that is there already may have more of it.
    answer = await do(team.ben, "react", message_id=number, emoji=chr(0x1F400))
    assert len(answer.message.reactions) == most


async def test_reactions_of_a_page_are_one_query(team: Team) -> None:
    room = await team.room(team.ada, team.ben)
    for n in range(8):
        message = await team.say(team.ada, room.id, f"{n}")
        await do(team.ben, "react", message_id=message.id, emoji="👍")
    with statements(team.house) as few:
        await do(team.ben, "list_messages", room_id=room.id, limit=1)
    with statements(team.house) as many:
        page = await do(team.ben, "list_messages", room_id=room.id, limit=8)
    assert all(message.reactions for message in page.messages)
    assert len(many) == len(few)
