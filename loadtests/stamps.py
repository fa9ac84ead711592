"""The time of sending, carried in a text: whoever gets it can tell how long it took.

It is wall-clock time, so that processes on one machine agree. Machines agree as well as their
clocks do.
"""

from __future__ import annotations

import random
import time

_MARK = "Sent at "
_PHRASES = (
    "the delivery order is on its way",
    "the truck leaves at noon today, from the second hall",
    "please look at it before lunch",
    "we can talk about this in the meeting tomorrow",
    "thanks a lot",
)


def stamped() -> str:
    """A text of a usual length, sent now."""
    words = "; ".join(random.choices(_PHRASES, k=random.randint(1, 4)))
    return f"{_MARK}{time.time():.6f} {words}"


def age(text: str) -> float | None:
    """Seconds since a text was sent; None when it was not sent by a load."""
    if not text.startswith(_MARK):
        return None
    sent = text[len(_MARK) :].partition(" ")[0]
    try:
        return max(0.0, time.time() - float(sent))
    except ValueError:
        return None
