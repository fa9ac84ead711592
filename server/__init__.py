"""Puts the house together: settings, the application, the command line, background jobs."""
