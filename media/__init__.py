"""Calls: the SFU, its signalling, TURN credentials and recording."""
