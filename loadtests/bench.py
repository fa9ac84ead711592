"""What Talkoo costs, beside named peers, in one run: ``make bench``.

    python -m loadtests.bench                  everything, three quarters of an hour
    python -m loadtests.bench one_room durable

Each part runs its servers one after the other on this machine and prints ratios with what they
should be. A ratio says more than a figure: machines differ, and the same machine from hour to hour.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterable
from dataclasses import dataclass

import uvloop

from loadtests import durable, held, many_rooms, neighbours, one_room, two_nodes
from loadtests.databases import durable_mariadb
from tests.walk.hashing import cheap_passwords


@dataclass(frozen=True)
class Row:
    """One comparison: a value of ours with its unit, and its ratio to a peer's."""

    what: str
    ours: float
    unit: str
    peer: str = ""
    theirs: float = 0.0
    # The ratio, or without a peer our value, may be at most this; at least, if it is negative.
    wanted: float = 0.0

    @property
    def measured(self) -> float:
        """What is held against what is wanted."""
        return self.ours / self.theirs if self.peer else self.ours

    def __str__(self) -> str:
        ours = f"{self.ours:.4g} {self.unit}"
        peer = f"{self.measured:.2f} of {self.peer} ({self.theirs:.4g})" if self.peer else ""
        if not self.wanted:
            return f"  {self.what:44}{ours:>16}  {peer}".rstrip()
        good = self.measured <= self.wanted if self.wanted > 0 else self.measured >= -self.wanted
        bound = f"{'at most' if self.wanted > 0 else 'at least'} {abs(self.wanted):g}"
        return f"  {self.what:44}{ours:>16}  {peer:34}{bound:16}{'ok' if good else 'MISSED'}"


def in_one_room() -> Iterable[Row]:
    """A thousand people in one room."""
    found: dict[str, one_room.Figures] = {}
    for name in ("talkoo", "bare C", "node", "stock"):
        with one_room.server(name, None) as running:
            found[name] = uvloop.run(one_room.measure(running))
    us, c, node, stock = (found[name] for name in ("talkoo", "bare C", "node", "stock"))
    yield Row("a delivery, one at a time", us.single_us, "us", "bare C", c.single_us, 1.4)
    yield Row("a delivery, one at a time", us.single_us, "us", "Node", node.single_us, 0.6)
    yield Row("a delivery, one at a time", us.single_us, "us", "stock", stock.single_us, 1)
    yield Row("a delivery, a hundred at once", us.burst_us, "us", "bare C", c.burst_us, 1)
    yield Row("an idle connection", us.idle_bytes / 1024, "KiB", wanted=16)
    yield Row("coming back when nothing was missed", us.return_us, "us", wanted=600)
    yield Row(
        "coming back when nothing was missed", us.return_us, "us", "Node", node.return_us, 1.2
    )
    yield Row("connecting for the first time", us.connect_us, "us", "Node", node.connect_us)


def in_many_rooms() -> Iterable[Row]:
    """Five thousand people in five hundred rooms of ten, on a durable MariaDB."""
    found: dict[str, many_rooms.Figures] = {}
    for name in ("talkoo", "node", "stock"):
        with many_rooms.server(name) as running:
            found[name] = uvloop.run(many_rooms.measure(running))
    us, node, stock = found["talkoo"], found["node"], found["stock"]
    yield Row("a durable message", us.cpu_us, "us", "Node's broadcast", node.cpu_us, 1.5)
    yield Row("a durable message", us.cpu_us, "us", "stock's broadcast", stock.cpu_us, 1 / 3)
    yield Row("p99 until the last has it", us.p99_ms, "ms", "median", us.median_ms, 5)


def with_many_senders() -> Iterable[Row]:
    """Durable messages a second, against one a commit on the same MariaDB."""
    for name, (portals, senders) in durable.CROWDS.items():
        with durable_mariadb() as mariadb, cheap_passwords():
            url = mariadb.create_database("talkoo")
            alone, us = uvloop.run(durable.measure(url, portals, senders))
        yield Row(f"messages a second, {name}", us.rate, "/s", "one a commit", alone.rate, -8)
        yield Row(f"CPU a message, {name}", us.cpu_us, "us", "one a commit", alone.cpu_us, 0.2)


def with_two_nodes() -> Iterable[Row]:
    """A thousand people in one room of two nodes, on one MariaDB and one Redis."""
    with two_nodes.place(two_nodes.HEARERS) as place:
        found = {
            name: uvloop.run(two_nodes.measure(place, share))
            for name, share in two_nodes.SPLITS.items()
        }
    all_there, half = (found[name] for name in two_nodes.SPLITS)
    what = "a delivery, by Redis between two nodes"
    yield Row(what, all_there.two_us, "us", "one node", all_there.one_us, 1.15)
    yield Row("a delivery, half of them by Redis", half.two_us, "us", "one node", half.one_us, 1.15)
    yield Row("of it Redis' own", all_there.redis_us, "us")


def held_for_long() -> Iterable[Row]:
    """Fifteen thousand idle connections of one worker, for ten minutes."""
    with held.server(held.CONNECTIONS) as running:
        found = uvloop.run(held.measure(running, held.CONNECTIONS, held.SECONDS))
    yield Row("a connection", found.connection_bytes / 1024, "KiB", wanted=16)
    yield Row("growth in ten minutes", found.growth_percent, "%", wanted=1)
    yield Row("connections that were kept", found.kept_percent, "%", wanted=-100)
    yield Row("CPU of holding them", found.cpu_percent, "%")


def beside_neighbours() -> Iterable[Row]:
    """Chat beside a noisy neighbour, against the same beside a quiet one."""
    names = {
        "presence": "p99, 1,000 presence changes a second",
        "portal": "p99, a portal at ten times its share",
        "storm": "p99, 5,000 clients of a dead node",
    }
    for scenario, what in names.items():
        found = neighbours.SCENARIOS[scenario](neighbours.Wanted())
        quiet, noisy = found.quiet, found.noisy
        yield Row(what, noisy.at(99), "ms", "quiet", quiet.at(99), 1.1)
        yield Row("  the server's CPU, quiet", quiet.cpu_percent, "%")
        yield Row("  the server's CPU, noisy", noisy.cpu_percent, "%")
        yield Row("  of the machine idle, noisy", noisy.idle_percent, "%")
        if scenario == "storm":
            yield Row("  until all are back", found.mean("seconds"), "s")


PARTS: dict[str, Callable[[], Iterable[Row]]] = {
    "one_room": in_one_room,
    "many_rooms": in_many_rooms,
    "durable": with_many_senders,
    "two_nodes": with_two_nodes,
    "held": held_for_long,
    "neighbours": beside_neighbours,
}


def main() -> None:
    """Reads the command line and runs one part after the other."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("part", nargs="*", help=f"of {', '.join(PARTS)}; default: all")
    names: list[str] = parser.parse_args().part or list(PARTS)
    for name in names:
        print((PARTS[name].__doc__ or "").strip(), flush=True)
        for row in PARTS[name]():
            print(row, flush=True)


if __name__ == "__main__":
    main()
