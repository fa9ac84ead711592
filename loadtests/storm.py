"""Everybody is dropped at the same moment, as when a switch restarts, and comes back at once.

One keeps talking all the while, so that those who come back have something to catch up with.
"""

from __future__ import annotations

import random
import time
import uuid
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from loadtests import parameters
from loadtests.locust_user import PersonUser
from loadtests.stamps import stamped

if TYPE_CHECKING:
    from loadtests.locust_shapes import task
else:
    from locust import task

TALK_EVERY = 0.2


class Dropped(PersonUser):
    """Is dropped at every stroke of the clock, with everybody else in every process."""

    came = False

    def wait_time(self) -> float:
        """Seconds until the next stroke."""
        return parameters.STORM_EVERY - time.time() % parameters.STORM_EVERY

    @task(1)
    def storm(self) -> None:
        """Is cut off, and comes back with its position."""
        if not self.came:
            # Locust begins with the task, and waits after it.
            self.came = True
            return
        self.device.cut()
        time.sleep(random.uniform(0, parameters.STORM_SPREAD))
        self.come()


class Talker(PersonUser):
    """Talks in the room that everybody is in."""

    fixed_count = 1

    def wait_time(self) -> float:
        """Seconds between messages."""
        return TALK_EVERY

    def snapshot(self, snapshot: Mapping[str, Any]) -> None:
        """Remembers the room that was made first, which is everybody's."""
        self.everybody = min(room["id"] for room in snapshot["rooms"])

    @task(1)
    def talk(self) -> None:
        """Says something."""
        self.command(
            "send_message", client_id=uuid.uuid4().hex, room_id=self.everybody, text=stamped()
        )
