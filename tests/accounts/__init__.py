"""Accounts: portals, people, log-in, sessions, invitations."""
