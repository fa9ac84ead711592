import type { Schema } from "../generated/catalogue";
import type { Post, State } from "../state";
import { roomGone } from "./rooms";

/** A new post; one by others is unread. */
export function postCreated(state: State, post: Post): State {
  const mine = post.user_id === state.me.id;
  const unread = state.feed.unread + (mine ? 0 : 1);
  return { ...inserted(state, post), feed: { ...state.feed, unread } };
}

/** A post was loaded: a page of the feed, or one by its link. */
export function postsLoaded(state: State, page: Schema["Posts"]): State {
  const next = page.posts.reduce(inserted, state);
  return { ...next, morePosts: page.more_before };
}

/** Puts a post in its place, or in the place of its older self. */
export function inserted(state: State, post: Post): State {
  const others = state.posts.filter((one) => one.id !== post.id);
  const posts = [...others, post].sort((a, b) => b.position - a.position);
  return { ...state, posts };
}

/** A post has another text. */
export function postEdited(state: State, body: Schema["PostEdited"]): State {
  return changePost(state, body.post_id, (post) => ({
    ...post,
    text: body.text,
    edited_at: body.edited_at,
  }));
}

/** A post is gone, and its discussion with it. */
export function postDeleted(state: State, body: Schema["PostDeleted"]): State {
  const counted = body.user_id !== state.me.id && body.position > state.feed.read_position;
  const next = roomGone(state, body.room_id);
  return {
    ...next,
    posts: state.posts.filter((post) => post.id !== body.post_id),
    feed: counted ? { ...state.feed, unread: state.feed.unread - 1 } : state.feed,
  };
}

/** Someone likes a post. */
export function postLiked(state: State, postId: number, userId: number): State {
  return changePost(state, postId, (post) => ({
    ...post,
    liked_by: [...post.liked_by.filter((id) => id !== userId), userId].sort((a, b) => a - b),
  }));
}

/** Someone does not like it any more. */
export function postUnliked(state: State, postId: number, userId: number): State {
  return changePost(state, postId, (post) => ({
    ...post,
    liked_by: post.liked_by.filter((id) => id !== userId),
  }));
}

/** Comments were written or deleted in a discussion. */
export function commentsChanged(state: State, roomId: number, by: number): State {
  const post = state.posts.find((one) => one.room_id === roomId);
  if (!post) return state;
  return changePost(state, post.id, (one) => ({ ...one, comments: one.comments + by }));
}

function changePost(state: State, postId: number, change: (post: Post) => Post): State {
  if (!state.posts.some((post) => post.id === postId)) return state;
  return { ...state, posts: state.posts.map((post) => (post.id === postId ? change(post) : post)) };
}
