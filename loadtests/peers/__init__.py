"""Other servers behind the same door, to compare with: how much is the machine's, how much ours.

`join` puts a connection into a room; `send` delivers a message to all of the room. The bare ones
know one room with everybody in it, and are the least that the language can do the work with.
"""
