"""Puts it together: settings, the ASGI app, the command line, background jobs."""
