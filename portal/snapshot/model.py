"""The state that a client starts from."""

from __future__ import annotations

from portal.accounts.model import Me, Person, PortalInfo
from portal.chat.model import Room
from portal.feed.model import FeedState, Post
from portal.model import Answer, Position
from portal.presence.model import Presence


class Snapshot(Answer):
    """The state at ``position``: events after it bring it up to date."""

    position: Position
    portal: PortalInfo
    me: Me
    people: list[Person]
    rooms: list[Room]
    posts: list[Post]
    more_posts: bool
    feed: FeedState
    presence: list[Presence]
