"""One speaks, everybody listens: how long until a post, or a message, is on every screen."""

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


class Listener(PersonUser):
    """Stays connected, and comes back when it was dropped."""

    def wait_time(self) -> float:
        """Seconds between looks at the connection."""
        return random.uniform(1, 2)

    @task(1)
    def listen(self) -> None:
        """Is there."""
        self.come()


class Speaker(PersonUser):
    """Posts to the portal, then says it in the room that everybody is in, and so on."""

    fixed_count = 1

    def wait_time(self) -> float:
        """Seconds between announcements."""
        return parameters.ANNOUNCE_EVERY

    def snapshot(self, snapshot: Mapping[str, Any]) -> None:
        """Remembers the room that was made first, which is everybody's."""
        self.everybody = min(room["id"] for room in snapshot["rooms"])

    @task(1)
    def announce(self) -> None:
        """Says it both ways, one after the other."""
        self.command("create_post", client_id=uuid.uuid4().hex, text=stamped())
        time.sleep(parameters.ANNOUNCE_EVERY)
        self.command(
            "send_message", client_id=uuid.uuid4().hex, room_id=self.everybody, text=stamped()
        )
