"""Whom a load can be: written by `loadtests.prepare`, read by the processes that make the load."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path


@dataclass(frozen=True)
class Person:
    """Somebody of a portal, with a live session."""

    # The portal's own address with its port, as browsers send it: "acme.localhost:8024".
    host: str
    email: str
    password: str
    token: str


def write(path: Path, people: Sequence[Person]) -> None:
    """Keeps them, for nobody else's eyes."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch(mode=0o600)
    path.write_text(json.dumps([asdict(person) for person in people], indent=0), "utf-8")


def read(path: Path) -> list[Person]:
    """Everybody, neighbours of one portal beside each other."""
    if not path.exists():
        raise SystemExit(f"{path} is missing: `python -m loadtests.prepare` makes it")
    return [Person(**fields) for fields in json.loads(path.read_text("utf-8"))]
