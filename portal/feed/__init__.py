"""Posts and likes; comments are messages in a post's discussion."""
