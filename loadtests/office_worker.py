"""What people do all day: they read much, write less, post seldom, and go away now and then.

A day goes by fast here: somebody does something every three seconds, not every few minutes.
"""

from __future__ import annotations

import random
import time
import uuid
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from loadtests.locust_user import PersonUser
from loadtests.stamps import stamped

if TYPE_CHECKING:
    from loadtests.locust_shapes import task
else:
    from locust import task

PAUSE_SECONDS = (1.0, 5.0)
# Posts that somebody still looks at.
RECENT_POSTS = 20


def some_of_zipf(rooms: list[int]) -> int:
    """One of them; the second half as often as the first, the third a third as often ..."""
    weights = [1 / rank for rank in range(1, len(rooms) + 1)]
    return random.choices(rooms, weights)[0]


class OfficeWorker(PersonUser):
    """The numbers at the tasks say how often each is done, in a hundred."""

    abstract = True

    def wait_time(self) -> float:
        """Seconds until it does the next thing."""
        return random.uniform(*PAUSE_SECONDS)

    def snapshot(self, snapshot: Mapping[str, Any]) -> None:
        """Remembers the rooms and what is in the feed."""
        # As they were made: the large ones first, so that what is said most, most people hear.
        self.rooms = sorted(
            room["id"] for room in snapshot["rooms"] if room["kind"] != "discussion"
        )
        self.posts: list[Mapping[str, Any]] = list(reversed(snapshot["posts"]))

    def event(self, event: Mapping[str, Any], live: bool) -> None:
        """Sees new posts."""
        super().event(event, live)
        if event["type"] == "post_created":
            self.posts = [*self.posts, event["body"]["post"]][-RECENT_POSTS:]

    @task(40)
    def read(self) -> None:
        """Opens a room and reads it to its end."""
        room_id = some_of_zipf(self.rooms)
        page = self.command("list_messages", room_id=room_id, limit=30)
        if page and page["messages"]:
            self.command("mark_read", room_id=room_id, seq=page["messages"][-1]["seq"])

    @task(32)
    def write(self) -> None:
        """Types, and says something."""
        room_id = some_of_zipf(self.rooms)
        self.command("typing", room_id=room_id)
        time.sleep(random.uniform(0.2, 1.0))
        self._say(room_id)

    @task(12)
    def look_at_feed(self) -> None:
        """Reads the feed to its newest post."""
        page = self.command("list_posts", limit=RECENT_POSTS)
        if page and page["posts"]:
            self.command("mark_feed_read", position=page["posts"][0]["position"])

    @task(6)
    def like(self) -> None:
        """Likes a post, or thinks better of it."""
        if self.posts:
            name = random.choice(("like_post", "like_post", "unlike_post"))
            self.command(name, post_id=random.choice(self.posts)["id"])

    @task(4)
    def comment(self) -> None:
        """Says something to a post."""
        if self.posts:
            self._say(random.choice(self.posts)["room_id"])

    @task(1)
    def post(self) -> None:
        """Tells everybody something."""
        self.command("create_post", client_id=uuid.uuid4().hex, text=stamped())

    @task(5)
    def step_out(self) -> None:
        """Closes the laptop for a while, and goes on where it was."""
        self.command("set_presence", state="away")
        self.device.cut()
        time.sleep(random.uniform(1, 5))
        self.command("set_presence", state="online")

    def _say(self, room_id: int) -> None:
        self.command("send_message", client_id=uuid.uuid4().hex, room_id=room_id, text=stamped())
