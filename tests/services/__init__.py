"""Real services for tests: each starts on a free port, in a folder of its own, and is ended."""
