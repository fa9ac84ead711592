"""Spans of what is done, for operators who want traces; `server.tracing` sends them.

By default nobody does, and a span costs a look at a variable. Attributes are numbers and names of
commands: never what people write, are called, or prove who they are with.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Any, Protocol

# Where something happened, for what follows from it; None for nowhere.
Place = Any


class Span(Protocol):
    """Something that is being done."""

    @property
    def place(self) -> Place:
        """What follows from it can name it, also when it is over."""
        ...

    def note(self, name: str = "", **attributes: str | int) -> None:
        """What turned out meanwhile: a better name, and more attributes."""
        ...


class Sink(Protocol):
    """Takes spans."""

    def span(
        self, name: str, after: Sequence[Place] | None, attributes: dict[str, str | int]
    ) -> AbstractContextManager[Span]:
        """See `span`."""
        ...

    def here(self) -> Place:
        """See `here`."""
        ...

    def told(self, traceparent: str) -> Place:
        """See `told`."""
        ...

    def within(self, place: Place) -> AbstractContextManager[None]:
        """See `within`."""
        ...


class _Untold:
    """What all spans are while nobody wants them."""

    place: Place = None

    def __enter__(self) -> Span:
        return self

    def __exit__(self, *_raised: object) -> None:
        return None

    def note(self, name: str = "", **attributes: str | int) -> None:
        return None


_sink: Sink | None = None
UNTOLD = _Untold()
_NOWHERE = nullcontext()


def send_to(sink: Sink | None) -> None:
    """From now on spans go there; None for nowhere."""
    global _sink
    _sink = sink


def span(
    name: str, /, after: Sequence[Place] | None = None, **attributes: str | int
) -> AbstractContextManager[Span]:
    """Something that is done within.

    It belongs to what is being done around it; with ``after``, to one of those places instead,
    with links to the others, and to nothing when there are none.
    """
    return UNTOLD if _sink is None else _sink.span(name, after, attributes)


def here() -> Place:
    """What is being done now, for what others will do because of it."""
    return None if _sink is None else _sink.here()


def told(traceparent: str) -> list[Place]:
    """The place that a request names in its ``traceparent``; none when it names none."""
    place = None if _sink is None else _sink.told(traceparent)
    return [] if place is None else [place]


def within(place: Place) -> AbstractContextManager[None]:
    """What is done within belongs to ``place``, which may be over."""
    return _NOWHERE if _sink is None or place is None else _sink.within(place)
