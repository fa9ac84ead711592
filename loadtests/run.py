"""`make load`: a fresh embedded server, people for it, locust, and a report.

The server stands on SQLite in a temporary folder. What it logged besides is shown at the end, and
a mistake of the server makes the load fail as a failed request does.
"""

from __future__ import annotations

import asyncio
import json
import os
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path

from loadtests import parameters
from loadtests.people import write
from loadtests.prepare import prepare
from server.settings import load
from tests.services.node import ROOT, Node

SCENARIOS = ("office", "announcement", "storm", "portals")
FOLDER = Path("var/load")
REPORT = FOLDER / "report.html"
SERVER_LOG = FOLDER / "server.log"
_LOCUST = Path(".venv-load/bin/python")
# All users come from one address here, and log in at once.
_LIMITS = {
    "TALKOO_LIMITS__ATTEMPTS_CALLER": "1000000",
    "TALKOO_LIMITS__ATTEMPTS_LOG_IN": "1000000",
}
# Users that are busy when the time is over end what they do, and check what has come.
_STOP_SECONDS = 30
_MOST_SPARE_SECONDS = 120
_MOST_LINES = 20


def main() -> None:
    """Runs one load; ends with 1 when something failed."""
    if parameters.SCENARIO not in SCENARIOS:
        raise SystemExit(f"LOAD_SCENARIO must be one of {', '.join(SCENARIOS)}")
    # As Ctrl-C does: the server has a session of its own, and would outlive us.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    FOLDER.mkdir(parents=True, exist_ok=True)
    try:
        with tempfile.TemporaryDirectory(prefix="talkoo-load-") as folder:
            failed = _measure(Path(folder))
    except KeyboardInterrupt:
        sys.exit(130)
    print(f"\nReport: {REPORT}")
    sys.exit(1 if failed else 0)


def _measure(folder: Path) -> bool:
    node = Node(folder / "node", {"TALKOO_LOG_LEVEL": "warning", **_LIMITS})
    node.talkoo("migrate")
    people = folder / "people.json"
    _prepare(node, people)
    began, before = time.monotonic(), _children_cpu()
    with node:
        code = _locust(node.url, people)
        generator = _children_cpu() - before
    server = _children_cpu() - before - generator
    _tell_cpu(server, generator, time.monotonic() - began)
    shutil.copyfile(node.log, SERVER_LOG)
    return _complained() or code != 0


def _prepare(node: Node, path: Path) -> None:
    size = parameters.USERS
    if parameters.SCENARIO == "portals":
        size = min(size, parameters.PORTAL_PEOPLE)
    portals = -(-parameters.USERS // size)
    settings = load(node.environment())
    began = time.monotonic()
    made = asyncio.run(prepare(settings, portals, size))
    write(path, made)
    seconds = time.monotonic() - began
    print(f"Made {len(made)} people in {portals} portals in {seconds:.1f} s", flush=True)


def _locust(url: str, people: Path) -> int:
    """Runs it without its pages; returns how it ended."""
    command = [
        *(str(_LOCUST), "-m", "locust", "--headless", "--only-summary"),
        *("--locustfile", f"loadtests/{parameters.SCENARIO}.py"),
        *("--host", url, "--html", str(REPORT)),
        *("--users", str(parameters.USERS), "--spawn-rate", str(parameters.SPAWN)),
        *("--run-time", f"{parameters.SECONDS}s", "--stop-timeout", str(_STOP_SECONDS)),
    ]
    most = parameters.SECONDS + _STOP_SECONDS + _MOST_SPARE_SECONDS
    environment: Mapping[str, str] = {
        **os.environ,
        "PYTHONPATH": str(ROOT),
        "LOAD_PEOPLE": str(people),
    }
    return subprocess.run(
        command, env=environment, stdin=subprocess.DEVNULL, check=False, timeout=most
    ).returncode


def _children_cpu() -> float:
    """Seconds that processes which have ended used."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _tell_cpu(server: float, generator: float, seconds: float) -> None:
    print(
        f"CPU of {seconds:.0f} s: the server {server:.1f} s, the load itself {generator:.1f} s.\n"
        "Where one of them is near all of it, latencies tell about that one being full."
    )


def _complained() -> bool:
    """Shows what the server logged; tells whether there were mistakes of its own."""
    lines = [line for line in SERVER_LOG.read_text("utf-8").splitlines() if line.startswith("{")]
    if lines:
        print(f"\nThe server logged {len(lines)} lines ({SERVER_LOG}), among them:")
        print("\n".join(line[:300] for line in lines[:_MOST_LINES]))
    return any(json.loads(line).get("level") in ("error", "critical") for line in lines)


if __name__ == "__main__":
    main()
