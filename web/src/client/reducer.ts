import type { LiveSignal, LogEvent } from "./generated/catalogue";
import { meChanged, personKnown, portalChanged } from "./reduce/accounts";
import {
  memberRemoved,
  membersAdded,
  messageDeleted,
  messageEdited,
  messageSent,
  roomRead,
  roomRenamed,
} from "./reduce/chat";
import { postCreated, postDeleted, postEdited, postLiked, postUnliked } from "./reduce/feed";
import { presenceChanged, typing } from "./reduce/presence";
import { roomGone } from "./reduce/rooms";
import type { State } from "./state";

/**
 * The state after an event. One that was handled already changes nothing; one about a room or post
 * that is not known here does not either: whoever comes to know it gets it as it is then.
 */
export function apply(state: State, event: LogEvent): State {
  if (event.position <= state.position) return state;
  return { ...changed(state, event), position: event.position };
}

function changed(state: State, event: LogEvent): State {
  switch (event.type) {
    case "person_joined":
    case "person_changed":
      return personKnown(state, event.body.person);
    case "me_changed":
      return meChanged(state, event.body.me);
    case "portal_changed":
      return portalChanged(state, event.body.name);
    case "session_started":
    case "session_ended":
      return { ...state, sessionsVersion: state.sessionsVersion + 1 };
    case "invitations_changed":
      return { ...state, invitationsVersion: state.invitationsVersion + 1 };
    case "members_added":
      return membersAdded(state, event.body);
    case "room_removed":
      return roomGone(state, event.body.room_id);
    case "member_removed":
      return memberRemoved(state, event.body.room_id, event.body.user_id);
    case "room_renamed":
      return roomRenamed(state, event.body.room_id, event.body.name);
    case "message_sent":
      return messageSent(state, event.body.message);
    case "message_edited":
    case "reactions_changed":
      return messageEdited(state, event.body.message);
    case "message_deleted":
      return messageDeleted(state, event.body.message);
    case "room_read":
      return roomRead(state, event.body);
    case "post_created":
      return postCreated(state, event.body.post);
    case "post_edited":
      return postEdited(state, event.body);
    case "post_deleted":
      return postDeleted(state, event.body);
    case "post_liked":
      return postLiked(state, event.body.post_id, event.body.user_id);
    case "post_unliked":
      return postUnliked(state, event.body.post_id, event.body.user_id);
    case "feed_read":
      return { ...state, feed: event.body.feed };
    default:
      // A newer server's, or one whose body could not be read: nobody here knows what it changes.
      event satisfies never;
      return state;
  }
}

/** The state after a signal. */
export function hear(state: State, signal: LiveSignal, now: number): State {
  switch (signal.type) {
    case "presence":
      return presenceChanged(state, signal.body.presence);
    case "typing":
      return typing(state, signal.body.room_id, signal.body.user_id, now);
    case "position":
    case "ticket":
      return { ...state, position: Math.max(state.position, signal.body.position) };
    default:
      signal satisfies never;
      return state;
  }
}
