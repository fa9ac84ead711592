"""Runs the web client's reducer: one line of JSON in, one out."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from storage.log import Event

WEB = Path(__file__).resolve().parents[2] / "web"
BUNDLE = WEB / "dist-verify" / "verify.mjs"


class Reducer:
    """A Node process that applies events to snapshots as the web client does."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            ["node", str(BUNDLE)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def apply(self, snapshot: dict[str, Any], events: Sequence[Event]) -> dict[str, Any]:
        """The snapshot that results from a snapshot and the events after it."""
        assert self._process.stdin and self._process.stdout
        request = {"snapshot": snapshot, "events": [wire(event) for event in events]}
        self._process.stdin.write(json.dumps(request) + "\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        assert line, "the reducer ended; see what Node printed"
        answer: dict[str, Any] = json.loads(line)
        return answer

    def close(self) -> None:
        """Ends the process."""
        if self._process.stdin:
            self._process.stdin.close()
        if self._process.stdout:
            self._process.stdout.close()
        self._process.wait(10)


def build() -> None:
    """Builds the reducer for Node, unless it is newer than everything it is made of."""
    if BUNDLE.exists() and BUNDLE.stat().st_mtime > max(_ages()):
        return
    built = subprocess.run(
        ["npm", "run", "--silent", "build:verify"],
        cwd=WEB,
        capture_output=True,
        text=True,
        check=False,
    )
    assert built.returncode == 0, f"the reducer did not build:\n{built.stdout}\n{built.stderr}"


def _ages() -> Iterator[float]:
    for path in (*(WEB / "src" / "client").rglob("*.ts"), WEB / "vite.verify.config.ts"):
        yield path.stat().st_mtime


def wire(event: Event) -> dict[str, Any]:
    """An event as it goes over the wire."""
    return {
        "position": event.position,
        "type": event.type,
        "at": event.at,
        "body": json.loads(event.body),
    }
