"""The garbage collector, for a process that holds much and drops little in circles."""

from __future__ import annotations

import gc

# The young are looked through after so many new objects instead of 700: a message makes hundreds,
# nearly all of which go by themselves. It was 5% of the CPU under load. A look through the middle
# ones takes 2 ms for each of these turns, in which nothing moves, and one through everything that
# ten thousand connections keep a tenth of a second.
YOUNG = 5_000
MIDDLE = 10
OLD = 250


def tune() -> None:
    """To be called once everything is loaded: what is there now is never looked through."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(YOUNG, MIDDLE, OLD)
