"""What goes in and out of the feed: posts and likes."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field

from portal.model import (
    Answer,
    ClientId,
    Count,
    EventBody,
    Id,
    MarkdownText,
    Model,
    Position,
    Request,
    Time,
)


class Post(Model):
    """An entry in the feed. Its comments are the messages of the room ``room_id``."""

    id: Id
    position: Position = Field(description="Its place in the feed: newer posts have larger ones.")
    user_id: Id
    visible_to: Literal["portal", "people"]
    user_ids: list[Id] = Field(description="Who sees it besides the author, if `people`.")
    text: str = Field(description="Markdown.")
    room_id: Id
    created_at: Time
    edited_at: Time | None
    comments: Count = Field(description="Comments that are not deleted.")
    liked_by: list[Id] = Field(description="Who likes it, ascending.")


class CreatePost(Request):
    """To the whole portal, or to chosen people."""

    client_id: ClientId
    text: MarkdownText
    visible_to: Literal["portal", "people"] = "portal"
    user_ids: list[Id] = Field(default_factory=list[Id], max_length=1000)


class PostAnswer(Answer):
    post: Post


class EditPost(Request):
    """By its author."""

    post_id: Id
    text: MarkdownText


class DeletePost(Request):
    """By its author, or an admin of the portal. Its discussion goes with it."""

    post_id: Id


class GetPost(Request):
    post_id: Id


class LikePost(Request):
    post_id: Id


class UnlikePost(Request):
    post_id: Id


class ListPosts(Request):
    """A page of the feed, newest first: those before a position, or the newest."""

    before: Position | None = None
    limit: Id | None = None


class Posts(Answer):
    """Newest first."""

    posts: list[Post]
    more_before: bool


class FeedState(Model):
    """How much of the feed I have seen."""

    read_position: Position
    unread: Count = Field(description="Posts by others after read_position.")


class MarkFeedRead(Request):
    """I have seen the posts up to this position. It never moves back."""

    position: Position


class FeedReadAnswer(Answer):
    feed: FeedState


class PostCreated(EventBody):
    """Audience ``portal``, or ``room:<discussion>`` when it is to chosen people."""

    type: ClassVar[str] = "post_created"
    post: Post


class PostEdited(EventBody):
    """Audience as for ``post_created``."""

    type: ClassVar[str] = "post_edited"
    post_id: Id
    text: str
    edited_at: Time


class PostDeleted(EventBody):
    """Audience as for ``post_created``."""

    type: ClassVar[str] = "post_deleted"
    post_id: Id
    position: Position
    user_id: Id
    room_id: Id


class PostLiked(EventBody):
    """Audience as for ``post_created``."""

    type: ClassVar[str] = "post_liked"
    post_id: Id
    user_id: Id


class PostUnliked(EventBody):
    """Audience as for ``post_created``."""

    type: ClassVar[str] = "post_unliked"
    post_id: Id
    user_id: Id


class FeedRead(EventBody):
    """I have seen posts, on some device; audience ``user:<id>``."""

    type: ClassVar[str] = "feed_read"
    feed: FeedState
