"""The rules of the feed, by its actions on both stores."""
