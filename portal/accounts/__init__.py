"""Portals, people, log-in, sessions and invitations."""
