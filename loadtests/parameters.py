"""What a load can be told, by the environment; docs/load-tests.md lists it."""

from __future__ import annotations

import os
from pathlib import Path


def _number(name: str, default: float) -> float:
    value = os.environ.get(name, "")
    try:
        return float(value or default)
    except ValueError:
        raise SystemExit(f"{name} must be a number, and is {value!r}") from None


SCENARIO = os.environ.get("LOAD_SCENARIO", "") or "office"
USERS = int(_number("LOAD_USERS", 100))
SECONDS = int(_number("LOAD_SECONDS", 60))
# Users that come a second.
SPAWN = _number("LOAD_SPAWN", 20)
# Where `loadtests.prepare` wrote whom there is to be.
PEOPLE = Path(os.environ.get("LOAD_PEOPLE", "") or "var/load/people.json")
PORTAL_PEOPLE = int(_number("LOAD_PORTAL_PEOPLE", 5))
# One in so many logs in with a password. The others come with the session that they have, as most
# people do on most mornings: a password costs the server as much work as hundreds of messages.
LOG_IN_ONE_IN = int(_number("LOAD_LOG_IN_ONE_IN", 10))
# Seconds between announcements, and between storms.
ANNOUNCE_EVERY = _number("LOAD_ANNOUNCE_EVERY", 2)
STORM_EVERY = _number("LOAD_STORM_EVERY", 10)
# Seconds over which those who were dropped come back.
STORM_SPREAD = _number("LOAD_STORM_SPREAD", 0)
# Processes that share the people of one load.
WORKERS = int(_number("LOAD_WORKERS", 1))
