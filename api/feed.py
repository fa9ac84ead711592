"""Where the feed's operations are found."""

from __future__ import annotations

from api.routes import Route
from portal.feed.model import ListPosts, Posts


def _older_posts(request: ListPosts, answer: Posts) -> dict[str, int] | None:
    if not answer.more_before or not answer.posts:
        return None
    return {"before": answer.posts[-1].position}


ROUTES = (
    Route("POST", "/posts", "create_post", 201),
    Route("GET", "/posts", "list_posts", next_page=_older_posts),
    Route("GET", "/posts/{post_id}", "get_post"),
    Route("PATCH", "/posts/{post_id}", "edit_post"),
    Route("DELETE", "/posts/{post_id}", "delete_post"),
    Route("PUT", "/posts/{post_id}/like", "like_post"),
    Route("DELETE", "/posts/{post_id}/like", "unlike_post"),
    Route("PUT", "/feed/read", "mark_feed_read"),
)
