"""A day in an office: everybody is in one portal."""

from __future__ import annotations

from loadtests.office_worker import OfficeWorker


class Colleague(OfficeWorker):
    """One of many."""
