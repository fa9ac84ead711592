"""Makes the peers ready to run: the command that starts each, built in a folder that passes."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

_HERE = Path(__file__).resolve().parent
_BUILD_SECONDS = 60.0


def _stock(_folder: Path) -> list[str]:
    return [sys.executable, "-m", "loadtests.peers.stock"]


def _bare_uvloop(_folder: Path) -> list[str]:
    return [sys.executable, "-m", "loadtests.peers.bare_uvloop"]


def _node(folder: Path) -> list[str]:
    # Installed outside the source, so that nothing is left there.
    for name in ("package.json", "package-lock.json", "socketio_node.js"):
        shutil.copy(_HERE / name, folder)
    _run(["npm", "ci", "--no-audit", "--no-fund", "--prefer-offline", "--ignore-scripts"], folder)
    return ["node", str(folder / "socketio_node.js")]


def _bare_c(folder: Path) -> list[str]:
    _run(["cc", "-O2", "-o", str(folder / "bare"), str(_HERE / "bare.c")], folder)
    return [str(folder / "bare")]


def _run(command: list[str], folder: Path) -> None:
    done = subprocess.run(
        command,
        cwd=folder,
        timeout=_BUILD_SECONDS,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
    )
    if done.returncode:
        raise RuntimeError(f"{command[0]} failed: {done.stderr[-2000:]}")


# Each takes a folder that lives as long as the server, and returns its command.
PEERS: dict[str, Callable[[Path], list[str]]] = {
    "stock": _stock,
    "node": _node,
    "bare uvloop": _bare_uvloop,
    "bare C": _bare_c,
}
