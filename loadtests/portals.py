"""Many small companies on one server, each with its own day in the office."""

from __future__ import annotations

from loadtests.office_worker import OfficeWorker


class Neighbour(OfficeWorker):
    """Works in a small portal beside many others. `loadtests.run` prepares these."""
