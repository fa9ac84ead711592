"""The rules of the messenger, by its actions on both stores."""
