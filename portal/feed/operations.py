"""What the feed does and tells."""

from __future__ import annotations

from portal.feed import model, posts, reactions
from portal.model import Done, EventBody, SignalBody
from portal.operation import MEMBERS, AnyOperation, command, query

OPERATIONS: tuple[AnyOperation, ...] = (
    command(
        "create_post",
        posts.create_post,
        model.CreatePost,
        model.PostAnswer,
        "Post to the portal or to chosen people.",
        MEMBERS,
    ),
    command("edit_post", posts.edit_post, model.EditPost, model.PostAnswer, "Edit my post."),
    command("delete_post", posts.delete_post, model.DeletePost, Done, "Delete a post."),
    query("get_post", posts.get_post, model.GetPost, model.PostAnswer, "One post."),
    command("like_post", reactions.like_post, model.LikePost, model.PostAnswer, "Like a post."),
    command(
        "unlike_post",
        reactions.unlike_post,
        model.UnlikePost,
        model.PostAnswer,
        "Take a like back.",
    ),
    query("list_posts", posts.list_posts, model.ListPosts, model.Posts, "A page of the feed."),
    command(
        "mark_feed_read",
        reactions.mark_feed_read,
        model.MarkFeedRead,
        model.FeedReadAnswer,
        "Mark the feed as read.",
    ),
)

EVENTS: tuple[type[EventBody], ...] = (
    model.PostCreated,
    model.PostEdited,
    model.PostDeleted,
    model.PostLiked,
    model.PostUnliked,
    model.FeedRead,
)

SIGNALS: tuple[type[SignalBody], ...] = ()
