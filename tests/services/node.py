"""A node of Talkoo: the real server, in a process of its own."""

import os
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Mapping, Sequence
from pathlib import Path

from tests.services.ports import free_port
from tests.services.processes import NotReady, Service

ROOT = Path(__file__).resolve().parents[2]


class Node(Service):
    """`talkoo serve` with the settings given, on a port of its own.

    Settings are those of the environment (`TALKOO_REDIS` ...); what the environment of the tests
    says about Talkoo does not reach the node. Nodes of one site share `data`.
    """

    name = "node"

    def __init__(
        self,
        folder: Path,
        settings: Mapping[str, str] | None = None,
        *,
        port: int | None = None,
        data: Path | None = None,
    ) -> None:
        super().__init__(folder)
        self.port = port or free_port()
        self.data = data or folder / "data"
        self.settings = dict(settings or {})

    @property
    def url(self) -> str:
        """The address of the node, without a portal."""
        return f"http://127.0.0.1:{self.port}"

    def portal_url(self, portal: str) -> str:
        """The address of a portal on this node."""
        return f"http://{portal}.localhost:{self.port}"

    def command(self) -> Sequence[str | Path]:
        return [sys.executable, "-m", "server.cli", "serve"]

    def environment(self) -> Mapping[str, str]:
        inherited = {
            name: value for name, value in os.environ.items() if not name.startswith("TALKOO_")
        }
        return {
            **inherited,
            # `python -m server.cli` finds the packages from any folder, installed or not.
            "PYTHONPATH": str(ROOT),
            "PYTHONUNBUFFERED": "1",
            "TALKOO_LISTEN": f"127.0.0.1:{self.port}",
            "TALKOO_DATA": str(self.data),
            **self.settings,
        }

    def is_ready(self) -> bool:
        return self.status("/readyz") == 200

    def status(self, path: str) -> int | None:
        """The status that the node answers with; None when it does not answer."""
        try:
            with urllib.request.urlopen(self.url + path, timeout=5) as answer:
                return answer.status
        except urllib.error.HTTPError as problem:
            return problem.code
        except OSError:
            return None

    def talkoo(self, *arguments: str) -> str:
        """Run the command line with this node's settings (`migrate`, `demo` ...)."""
        self.folder.mkdir(parents=True, exist_ok=True)
        ran = subprocess.run(
            [sys.executable, "-m", "server.cli", *arguments],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            env=self.environment(),
            check=False,
        )
        if ran.returncode != 0:
            raise NotReady(f"talkoo {' '.join(arguments)} failed:\n{ran.stdout}\n{ran.stderr}")
        return ran.stdout
