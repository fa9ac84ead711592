"""Runs the server with one of its mutants: ``python -m tests.faults.mutant NAME serve``."""

from __future__ import annotations

import sys

from server import cli
from tests.faults.mutants import MUTANTS


def main() -> None:
    """Applies the mutant that is named first, and goes on as ``talkoo`` does."""
    name, *words = sys.argv[1:]
    MUTANTS[name]()
    cli.main(words)


if __name__ == "__main__":
    main()
