"""What permessage-deflate would save, and cost: for events, and for a large snapshot.

    python -m loadtests.bench_compression

Without context takeover, since only then a packet could be compressed once for all who get it.
"""

from __future__ import annotations

import json
import random
import re
import time
import zlib
from collections.abc import Callable

from realtime import frames
from storage.log import Event

WORDS = re.findall(
    r"\w+",
    "the meeting about prices moved to Thursday please look at the offer for Helsinki and tell me "
    "what you think of the second page before noon because the customer calls again tomorrow",
)
LEVELS = (1, 6)
ROUNDS = 2000


def text(words: int, chance: random.Random) -> str:
    """Somebody's words."""
    return " ".join(chance.choice(WORDS) for _ in range(words))


def an_event(words: int) -> bytes:
    """A message as it goes to a room."""
    message = {
        "id": 81_234, "room_id": 1_204, "seq": 3_301, "user_id": 77,
        "text": text(words, random.Random(words)), "client_id": "a81bc81bdead4e5dabff90865d1e13b1",
        "created_at": 1_763_900_000_000, "edited_at": None, "deleted_at": None,
    }  # fmt: skip
    body = json.dumps({"message": message}, separators=(",", ":"))
    return frames.event(Event(2**40 + 17, "message_sent", "room:1204", body, 1)).frames


def a_snapshot(people: int) -> bytes:
    """The people of a company, as the largest part of a snapshot."""
    chance = random.Random(people)
    rows = [
        {
            "id": n, "name": text(2, chance).title(), "title": text(3, chance), "picture": None,
            "role": "member", "active": True,
        }
        for n in range(people)
    ]  # fmt: skip
    return json.dumps({"people": rows}, separators=(",", ":")).encode()


def deflated(data: bytes, level: int) -> bytes:
    """As RFC 7692 has it: raw deflate, flushed, without the last four bytes."""
    machine = zlib.compressobj(level, zlib.DEFLATED, -15)
    return (machine.compress(data) + machine.flush(zlib.Z_SYNC_FLUSH))[:-4]


def microseconds(work: Callable[[], object], rounds: int) -> float:
    """CPU time of one call."""
    begun = time.process_time()
    for _ in range(rounds):
        work()
    return (time.process_time() - begun) * 1e6 / rounds


def main() -> None:
    """Prints a row for each kind and level."""
    print(f"{'':26}{'bytes':>9}{'deflated':>10}{'saved':>7}{'us once':>9}")
    kinds = [(f"a message of {n} words", an_event(n)) for n in (5, 25, 150)]
    kinds += [(f"{n} people", a_snapshot(n)) for n in (20, 1000)]
    for name, data in kinds:
        for level in LEVELS:
            small = deflated(data, level)
            cost = microseconds(lambda: deflated(data, level), max(20, ROUNDS * 400 // len(data)))  # noqa: B023
            saved = 100 - 100 * len(small) / len(data)
            row = f"{len(data):9}{len(small):10}{saved:6.0f}%{cost:9.0f}"
            print(f"{name + f', level {level}':26.26}{row}")


if __name__ == "__main__":
    main()
