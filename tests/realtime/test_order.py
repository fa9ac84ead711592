"""The order of a portal's events, whatever the bus does to the hints."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from realtime.order import MOST_AHEAD, HoleInLog, LogOrder, may_follow_in_log
from storage.log import EPOCH, Event


def event(position: int) -> Event:
    return Event(position, "said", "portal", "{}", 1)


def positions(events: list[Event]) -> list[int]:
    return [event.position for event in events]


def hint(order: LogOrder, *at: int) -> list[int]:
    return positions(order.hinted([event(p) for p in at]))


def test_what_follows_is_handed_on() -> None:
    order = LogOrder(5)
    assert hint(order, 6, 7) == [6, 7]
    assert (order.position, order.head, order.behind) == (7, 7, False)


def test_what_was_handed_on_is_dropped() -> None:
    order = LogOrder(5)
    assert hint(order, 4, 5) == []
    assert hint(order, 5, 6, 6) == [6]
    assert not order.behind


def test_a_jump_waits_for_what_is_missing() -> None:
    order = LogOrder(5)
    assert hint(order, 8, 7) == []
    assert order.behind
    assert hint(order, 6) == [6, 7, 8]
    assert not order.behind


def test_the_log_fills_a_gap_and_what_waited_follows() -> None:
    order = LogOrder(5)
    hint(order, 8)
    assert positions(order.read([event(6), event(7)], None)) == [6, 7, 8]
    assert not order.behind


def test_the_log_may_be_ahead_of_the_hints() -> None:
    order = LogOrder(5)
    hint(order, 7)
    assert positions(order.read([event(6), event(7), event(8)], 7)) == [6, 7, 8]
    assert hint(order, 8) == []
    assert not order.behind


def test_rows_that_were_handed_on_meanwhile_are_dropped() -> None:
    order = LogOrder(5)
    assert hint(order, 6, 7) == [6, 7]
    assert positions(order.read([event(6), event(7), event(8)], None)) == [8]


def test_a_head_seen_by_the_poll_makes_it_read() -> None:
    order = LogOrder(5)
    order.saw(7)
    assert order.behind
    assert positions(order.read([event(6), event(7)], 7)) == [6, 7]
    assert not order.behind


def test_a_hint_of_what_is_not_in_the_log_is_forgotten_after_a_look() -> None:
    order = LogOrder(5)
    assert hint(order, 2**50) == []
    assert order.behind
    assert order.read([], 2**50) == []
    assert not order.behind
    assert hint(order, 6) == [6]


def test_a_look_into_the_log_forgets_nothing_that_came_while_it_was_read() -> None:
    order = LogOrder(5)
    order.saw(6)
    before = order.head
    hint(order, 8)
    order.saw(9)
    assert positions(order.read([event(6)], before)) == [6]
    assert order.behind
    assert hint(order, 7) == [7, 8]
    assert (order.position, order.head) == (8, 9)


def test_only_so_much_is_kept_ahead_of_a_gap() -> None:
    order = LogOrder(0)
    many = range(2, MOST_AHEAD + 12)
    assert hint(order, *many) == []
    assert hint(order, 1) == list(range(1, MOST_AHEAD + 2))
    assert order.behind
    assert order.head == MOST_AHEAD + 11


def test_a_hole_in_the_log_is_not_passed_over() -> None:
    order = LogOrder(5)
    order.saw(9)
    with pytest.raises(HoleInLog):
        order.read([event(8), event(9)], 9)
    assert order.position == 5


def test_a_new_epoch_follows_in_the_log_and_not_by_hint() -> None:
    order = LogOrder(EPOCH + 7)
    assert hint(order, 2 * EPOCH + 1) == []
    rows = [event(EPOCH + 8), event(2 * EPOCH + 1)]
    assert positions(order.read(rows, order.head)) == [EPOCH + 8, 2 * EPOCH + 1]
    assert not order.behind


@pytest.mark.parametrize(
    ("position", "previous", "may"),
    [
        (6, 5, True),
        (7, 5, False),
        (5, 5, False),
        (2 * EPOCH + 1, EPOCH + 9, True),
        (3 * EPOCH + 1, EPOCH + 9, True),
        (2 * EPOCH + 2, EPOCH + 9, False),
        (EPOCH + 1, 2 * EPOCH + 9, False),
    ],
)
def test_what_may_follow_in_the_log(position: int, previous: int, may: bool) -> None:
    assert may_follow_in_log(position, previous) is may


# --- Any bus -------------------------------------------------------------------------------------


@dataclass
class Run:
    """A log that grows, and a follower whose hints are lost, repeated, swapped and late."""

    order: LogOrder = field(default_factory=lambda: LogOrder(0))
    last: int = 0
    handed: list[int] = field(default_factory=list[int])
    # A read that has seen the log but not come back yet: its rows, and the head before it.
    reading: tuple[list[Event], int] | None = None

    def commit(self, count: int) -> None:
        self.last += count

    def hint(self, at: int) -> None:
        # Only what was committed is hinted, in any order and any number of times.
        first = at % self.last + 1 if self.last else 0
        if first:
            group = range(first, min(first + at % 3, self.last) + 1)
            self.handed += positions(self.order.hinted([event(p) for p in group]))

    def poll(self) -> None:
        self.order.saw(self.last)

    def begin_read(self, page: int) -> None:
        if self.order.behind and self.reading is None:
            start = self.order.position + 1
            rows = [event(p) for p in range(start, min(start + page, self.last + 1))]
            self.reading = (rows, self.order.head if len(rows) < page else -1)

    def end_read(self) -> None:
        if self.reading is not None:
            (rows, head), self.reading = self.reading, None
            self.handed += positions(self.order.read(rows, None if head < 0 else head))


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("commit"), st.integers(1, 4)),
        st.tuples(st.just("hint"), st.integers(0, 50)),
        st.tuples(st.just("poll"), st.just(0)),
        st.tuples(st.just("begin_read"), st.integers(1, 5)),
        st.tuples(st.just("end_read"), st.just(0)),
    ),
    max_size=80,
)


@given(STEPS)
def test_every_position_is_handed_on_once_and_in_order(steps: list[tuple[str, int]]) -> None:
    run = Run()
    for name, value in steps:
        getattr(run, name)(*([value] if name in ("commit", "hint", "begin_read") else []))
        assert run.handed == list(range(1, run.order.position + 1))
    run.end_read()
    run.poll()
    for _ in range(run.last + 1):
        run.begin_read(5)
        run.end_read()
    assert run.handed == list(range(1, run.last + 1))
    assert not run.order.behind
