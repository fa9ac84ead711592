"""What a portal does: rules and use cases, a folder a module. Knows no HTTP, no sockets, no SQL."""
