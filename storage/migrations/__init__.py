"""Schema changes: forward only, running while old and new nodes serve. One tree each for the
directory and for shards."""
