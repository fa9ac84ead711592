"""The judge: compares what clients asked and were told with what the store holds.

Each invariant has a name and a list of what was found against it; all must be empty.
"""

from __future__ import annotations

import bisect
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, fields
from typing import Any

from tests.faults.client import HoldingClient, Sent, Window
from tests.faults.truth import Logged, Stored, Truth

# So many of a kind tell everything; a broken run has thousands.
SHOWN = 5
# Events before and after the first finding that the report shows.
AROUND = 6


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong; with a position when it is about an event of one client."""

    text: str
    user_id: int = 0
    position: int = 0


def _none() -> list[Finding]:
    return []


@dataclass
class Verdict:
    """What was found, by invariant."""

    # An id that was acknowledged is not in the store.
    acked_lost: list[Finding] = field(default_factory=_none)
    # An id that was acknowledged took effect twice.
    stored_twice: list[Finding] = field(default_factory=_none)
    # The store has a message that nobody sent.
    never_asked: list[Finding] = field(default_factory=_none)
    # An answer names another place than the log, or one before what was answered already.
    ack_position_wrong: list[Finding] = field(default_factory=_none)
    # The log, or a room, does not count 1, 2, 3 ...
    holes: list[Finding] = field(default_factory=_none)
    # A client did not get what was for it.
    undelivered: list[Finding] = field(default_factory=_none)
    # A client got an event again.
    repeated: list[Finding] = field(default_factory=_none)
    # A client got an event after a later one.
    out_of_order: list[Finding] = field(default_factory=_none)
    # A client got what is not in its log, or was not for it at that time.
    foreign: list[Finding] = field(default_factory=_none)
    # An id that was never answered took effect twice.
    unacknowledged: list[Finding] = field(default_factory=_none)
    # What a client shows of a message is not what the store has.
    state: list[Finding] = field(default_factory=_none)
    # A client takes somebody for here, or for away, who is not.
    presence: list[Finding] = field(default_factory=_none)
    # A client was sent away, or told to begin anew, though nothing made that necessary.
    lost_place: list[Finding] = field(default_factory=_none)

    # A command was answered with a fault of the server's own, not with "try again".
    failed: list[Finding] = field(default_factory=_none)

    @property
    def found(self) -> dict[str, list[Finding]]:
        """The invariants that do not hold."""
        named = ((each.name, getattr(self, each.name)) for each in fields(self))
        return {name: findings for name, findings in named if findings}

    @property
    def clean(self) -> bool:
        """Whether nothing is wrong."""
        return not self.found


def judge(truth: Truth, clients: Sequence[HoldingClient], presence: bool = True) -> Verdict:
    """Compares the clients of one portal with its store."""
    verdict = Verdict()
    _judge_log(verdict, truth)
    _judge_sends(verdict, truth, clients)
    for client in clients:
        _judge_deliveries(verdict, truth, client)
        _judge_state(verdict, truth, client)
        reasons = [*client.resyncs[1:], *client.ended]
        verdict.failed += [Finding(name, client.user_id) for name in client.failed]
        verdict.lost_place += [Finding(reason, client.user_id) for reason in reasons]
    if presence:
        verdict.presence += wrong_presence(clients)
    return verdict


# --- The store by itself ----------------------------------------------------------------------


def _judge_log(verdict: Verdict, truth: Truth) -> None:
    for before, entry in zip(truth.log, truth.log[1:], strict=False):
        if entry.position != before.position + 1:
            text = f"{before.position} is followed by {entry.position}"
            verdict.holes.append(Finding(text, position=entry.position))
    if truth.log and truth.log[-1].position != truth.last:
        verdict.holes.append(Finding(f"the log ends at {truth.log[-1].position}, not {truth.last}"))
    counts: Counter[int] = Counter()
    for row in truth.messages:
        counts[row.room_id] += 1
        if row.seq != counts[row.room_id]:
            text = f"room {row.room_id} has {row.seq} in place {counts[row.room_id]}"
            verdict.holes.append(Finding(text))
    last: dict[int, int] = {}
    for entry in _sent(truth.log):
        message = entry.body["message"]
        if message["seq"] <= last.get(message["room_id"], 0):
            text = f"seq {message['seq']} of room {message['room_id']} comes late in the log"
            verdict.out_of_order.append(Finding(text, position=entry.position))
        last[message["room_id"]] = message["seq"]


def _sent(entries: Iterable[Logged]) -> list[Logged]:
    return [entry for entry in entries if entry.type == "message_sent"]


# --- What was asked and answered --------------------------------------------------------------


def _judge_sends(verdict: Verdict, truth: Truth, clients: Sequence[HoldingClient]) -> None:
    rows = Counter(row.client_id for row in truth.messages)
    told = Counter(entry.body["message"]["client_id"] for entry in _sent(truth.log))
    asked = {sent.client_id: client for client in clients for sent in client.sent.values()}
    for row in truth.messages:
        sender = asked.get(row.client_id)
        if sender is None or sender.user_id != row.user_id:
            verdict.never_asked.append(Finding(row.client_id, row.user_id))
    places = {entry.body["message"]["client_id"]: entry for entry in _sent(truth.log)}
    answered: list[Sent] = []
    for client in clients:
        for sent in client.sent.values():
            finding = Finding(sent.client_id, client.user_id)
            twice = rows[sent.client_id] > 1 or told[sent.client_id] > 1
            if sent.answer is None:
                verdict.unacknowledged += [finding] if twice else []
                continue
            verdict.stored_twice += [finding] if twice else []
            if not rows[sent.client_id] or not told[sent.client_id]:
                verdict.acked_lost.append(finding)
                continue
            answered.append(sent)
            place = places[sent.client_id]
            if not twice and not _agrees(sent.answer, place):
                text = f"{sent.client_id} was answered {sent.answer['position']}"
                verdict.ack_position_wrong.append(Finding(text, client.user_id, place.position))
    _judge_answers(verdict, answered)


def _agrees(answer: dict[str, Any], place: Logged) -> bool:
    """Whether an answer names the message as the log has it."""
    message, logged = answer["message"], place.body["message"]
    return answer["position"] == place.position and all(
        message[name] == logged[name] for name in ("id", "room_id", "seq", "user_id", "text")
    )


def _judge_answers(verdict: Verdict, answered: Sequence[Sent]) -> None:
    """Whoever asks after somebody else was answered comes after it in the log."""
    by_answer = sorted(answered, key=lambda sent: sent.answered_at)
    newest = 0
    done = 0
    for sent in sorted(answered, key=lambda sent: sent.at):
        while by_answer[done].answered_at < sent.at:
            newest = max(newest, _position(by_answer[done]))
            done += 1
        if _position(sent) < newest:
            text = f"{sent.client_id} stands before what was answered before it was asked"
            verdict.ack_position_wrong.append(Finding(text, position=_position(sent)))


def _position(sent: Sent) -> int:
    return sent.answer["position"] if sent.answer else 0


# --- What was delivered -----------------------------------------------------------------------


class Views:
    """Up to which position a client was judged when it got an event.

    Live it gets what it may see at the event's own position. Catching up it gets what it may see
    at some moment between the event and the end of the stretch, when the server looked.
    """

    def __init__(self, windows: Sequence[Window]) -> None:
        self._windows = windows
        self._starts = [window.after for window in windows]

    def last(self, position: int) -> int:
        """The last position at which the server may have looked."""
        index = bisect.bisect_left(self._starts, position) - 1
        return max(position, self._windows[index].last) if index >= 0 else position


def _judge_deliveries(verdict: Verdict, truth: Truth, client: HoldingClient) -> None:
    views, me = Views(client.windows), client.user_id
    got = {delivery.position for delivery in client.delivered}
    for delivery in client.repeated:
        finding = Finding(delivery.type, me, delivery.position)
        (verdict.repeated if delivery.position in got else verdict.out_of_order).append(finding)
    entries = {entry.position: entry for entry in truth.log}
    for delivery in client.delivered:
        at = delivery.position
        entry = entries.get(at)
        if entry is None or (entry.type, entry.body) != (delivery.type, delivery.body):
            verdict.foreign.append(Finding(f"{delivery.type} is not in its log", me, at))
        elif not truth.audiences.ever(entry.audience, me, at, views.last(at)):
            verdict.foreign.append(Finding(f"{entry.type} for {entry.audience}", me, at))
    for entry in truth.log:
        at = entry.position
        if at <= client.start_position or at in got or not client.here:
            continue
        if truth.audiences.always(entry.audience, me, at, views.last(at)):
            verdict.undelivered.append(Finding(f"{entry.type} for {entry.audience}", me, at))


# --- What clients show ------------------------------------------------------------------------


def _judge_state(verdict: Verdict, truth: Truth, client: HoldingClient) -> None:
    rows = {row.id: row for row in truth.messages}
    for message in _shown(client).values():
        row = rows.get(message["id"])
        inside = truth.audiences.inside(message["room_id"], client.user_id)
        if inside and client.here and row is not None and not _same(message, row):
            verdict.state.append(Finding(f"message {row.id}", client.user_id))


def _shown(client: HoldingClient) -> dict[int, dict[str, Any]]:
    """The messages as the client's events leave them."""
    shown: dict[int, dict[str, Any]] = {}
    for delivery in client.delivered:
        if delivery.type in ("message_sent", "message_edited", "message_deleted"):
            shown[delivery.body["message"]["id"]] = delivery.body["message"]
        elif delivery.type == "room_removed":
            # Whoever comes back into a room loads it anew.
            gone = delivery.body["room_id"]
            shown = {i: message for i, message in shown.items() if message["room_id"] != gone}
    return shown


def _same(message: dict[str, Any], row: Stored) -> bool:
    names = ("room_id", "seq", "user_id", "client_id", "text", "edited_at", "deleted_at")
    return all(message[name] == getattr(row, name) for name in names)


def wrong_presence(clients: Sequence[HoldingClient]) -> list[Finding]:
    """Whom clients take for here, or for gone, against who holds on."""
    here = {client.user_id for client in clients if client.here}
    wrong: list[Finding] = []
    for client in clients:
        for user_id in client.watched if client.here else ():
            shown, right = client.presence.get(user_id), "online" if user_id in here else "offline"
            if shown != right:
                wrong.append(Finding(f"{user_id} is {right}, shown as {shown}", client.user_id))
    return wrong


# --- The report -------------------------------------------------------------------------------


def slice_around(finding: Finding, truth: Truth, clients: Sequence[HoldingClient]) -> list[str]:
    """The log around a finding, and what the client that it is about got of it."""
    client = next((c for c in clients if c.user_id == finding.user_id), None)
    got = {delivery.position: delivery for delivery in client.delivered} if client else {}
    lines: list[str] = []
    for entry in truth.log:
        if abs(entry.position - finding.position) <= AROUND:
            delivery = got.get(entry.position)
            when = f"at {delivery.at:.3f}" if delivery else "-"
            mark = ">" if entry.position == finding.position else " "
            lines.append(f"  {mark} {entry.position} {entry.type} for {entry.audience}: {when}")
    if client:
        lines.append(f"    caught up in {[(w.after, w.last) for w in client.windows]}")
    return lines


def describe(verdict: Verdict, truth: Truth, clients: Sequence[HoldingClient]) -> str:
    """What was found, and the first slice of history that shows it."""
    lines: list[str] = []
    for name, findings in verdict.found.items():
        lines.append(f"{name}: {len(findings)}")
        for finding in findings[:SHOWN]:
            lines.append(f"  user {finding.user_id} at {finding.position}: {finding.text}")
    placed = [f for findings in verdict.found.values() for f in findings if f.position]
    if placed:
        first = min(placed, key=lambda finding: finding.position)
        lines += ["the first of them:", *slice_around(first, truth, clients)]
    return "\n".join(lines)
