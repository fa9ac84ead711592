"""The judge by itself: a made-up history for each invariant, where no server can be wrong."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass, field, replace
from typing import Any

import pytest

from tests.faults.client import Delivery, HoldingClient, Sent, Window
from tests.faults.judge import Verdict, describe, judge
from tests.faults.truth import Logged, Stored, Truth

ROOM, ME, OTHER = 5, 1, 2


@dataclass
class History:
    """Two people in a room, where each message is stored, logged, answered and delivered."""

    log: list[Logged] = field(default_factory=list[Logged])
    messages: list[Stored] = field(default_factory=list[Stored])
    me: HoldingClient = field(default_factory=lambda: HoldingClient(ME, [], ""))
    other: HoldingClient = field(default_factory=lambda: HoldingClient(OTHER, [], ""))

    def __post_init__(self) -> None:
        self.record("members_added", {"room": {"id": ROOM}, "user_ids": [ME, OTHER]})
        for client in (self.me, self.other):
            client.watched = [ME, OTHER]
            client.presence = {ME: "online", OTHER: "online"}
            client.start_position = len(self.log)
            client.here = True
        for number in range(3):
            self.send(f"id{number}")

    def record(self, type_: str, body: dict[str, Any], audience: str = f"room:{ROOM}") -> Logged:
        """An event at the end of the log."""
        self.log.append(Logged(len(self.log) + 1, type_, audience, body))
        return self.log[-1]

    def deliver(self, client: HoldingClient, entry: Logged) -> None:
        """A client gets an event."""
        client.delivered.append(Delivery(entry.position, entry.type, entry.body, 0.0))

    def send(self, client_id: str) -> Logged:
        """A message of mine."""
        number = len(self.messages) + 1
        row = Stored(number, ROOM, number, ME, client_id, "hello", None, None)
        self.messages.append(row)
        message = asdict(row)
        entry = self.record("message_sent", {"message": message})
        answer = {"message": message, "position": entry.position}
        at = float(entry.position)
        self.me.sent[client_id] = Sent(client_id, at, answer, at + 0.5)
        for client in (self.me, self.other):
            self.deliver(client, entry)
        return entry

    def leave(self) -> None:
        """The other is taken out of the room, and told so."""
        body = {"room_id": ROOM, "user_id": OTHER}
        self.deliver(self.other, self.record("room_removed", body, f"user:{OTHER}"))
        self.deliver(self.me, self.record("member_removed", body))

    @property
    def verdict(self) -> Verdict:
        """What the judge says."""
        truth = Truth(self.log, self.messages, len(self.log))
        verdict = judge(truth, [self.me, self.other])
        assert bool(describe(verdict, truth, [self.me, self.other])) is not verdict.clean
        return verdict


def test_a_good_history_is_clean() -> None:
    history = History()
    history.leave()
    assert history.verdict.clean, history.verdict.found


def acked_lost(history: History) -> None:
    history.me.sent["lost"] = Sent("lost", 9.0, {"position": 99}, 9.5)


def stored_twice(history: History) -> None:
    history.send("id1")


def never_asked(history: History) -> None:
    del history.me.sent["id2"]


def ack_position_wrong(history: History) -> None:
    history.me.sent["id1"].answer["position"] -= 1  # type: ignore[index]


def ack_position_wrong_in_time(history: History) -> None:
    # Asked when the last one had been answered long ago.
    history.me.sent["id0"].at = 99.0
    history.me.sent["id0"].answered_at = 99.5


def holes(history: History) -> None:
    history.log[3:] = [Logged(e.position + 1, e.type, e.audience, e.body) for e in history.log[3:]]


def holes_in_a_room(history: History) -> None:
    del history.messages[0]


def undelivered(history: History) -> None:
    del history.other.delivered[-1]


def repeated(history: History) -> None:
    history.other.repeated.append(history.other.delivered[0])


def out_of_order(history: History) -> None:
    history.other.repeated.append(history.other.delivered.pop(0))


def foreign_of_another_portal(history: History) -> None:
    last = history.other.delivered.pop()
    theirs = {"message": last.body["message"] | {"text": "theirs"}}
    history.other.delivered.append(Delivery(last.position, last.type, theirs, 0.0))


def foreign_after_leaving(history: History) -> None:
    history.leave()
    history.send("secret")


def unacknowledged(history: History) -> None:
    history.me.sent["id1"].answer = None
    history.messages.append(history.messages[1])


def state(history: History) -> None:
    history.messages[0] = replace(history.messages[0], text="edited", edited_at=1)


def presence(history: History) -> None:
    history.other.presence[ME] = "offline"


def presence_of_who_left(history: History) -> None:
    history.other.here = False


def lost_place(history: History) -> None:
    history.me.resyncs += ["first", "behind"]


def failed(history: History) -> None:
    history.me.failed.append("send_message")


@pytest.mark.parametrize(
    "break_",
    [
        acked_lost,
        stored_twice,
        never_asked,
        ack_position_wrong,
        ack_position_wrong_in_time,
        holes,
        holes_in_a_room,
        undelivered,
        repeated,
        out_of_order,
        foreign_of_another_portal,
        foreign_after_leaving,
        unacknowledged,
        state,
        presence,
        presence_of_who_left,
        lost_place,
        failed,
    ],
    ids=lambda break_: break_.__name__,
)
def test_what_is_wrong_is_named(break_: Callable[[History], None]) -> None:
    history = History()
    break_(history)
    found = history.verdict.found
    assert any(break_.__name__.startswith(name) for name in found), found


def test_catching_up_follows_what_may_be_seen_at_the_end() -> None:
    # The other left while it was away: what it missed may come, and need not.
    history = History()
    missed = history.other.delivered.pop()
    history.leave()
    history.other.windows = [Window(missed.position - 1, len(history.log))]
    assert history.verdict.clean, history.verdict.found
    history.other.delivered.insert(2, missed)
    assert history.verdict.clean, history.verdict.found


def test_live_every_event_is_owed() -> None:
    history = History()
    history.other.delivered.pop()
    history.leave()
    assert list(history.verdict.found) == ["undelivered"]
