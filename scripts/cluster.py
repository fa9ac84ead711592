"""Talkoo as in production, on this machine: two nodes, one MariaDB, one Redis.

Ends with Ctrl-C. A node that is killed comes back after a few seconds, as systemd would have it,
so that one can watch browsers move to the other node and return.
"""

import argparse
import signal
import time
from contextlib import ExitStack
from pathlib import Path

from tests.services.mariadb import MariaDB
from tests.services.node import Node
from tests.services.ports import is_free
from tests.services.processes import NotReady, Service
from tests.services.redis import Redis

ROOT = Path(__file__).resolve().parents[1]
RESTART_AFTER = 5.0


def say(text: str) -> None:
    """Print a line now, also into a pipe."""
    print(text, flush=True)


def arguments() -> argparse.Namespace:
    """What the command line asks for."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--nodes", type=int, default=2, help="how many nodes (2)")
    parser.add_argument("--port", type=int, default=8024, help="port of the first node (8024)")
    parser.add_argument(
        "--folder", type=Path, default=ROOT / "var/cluster", help="data and logs (var/cluster)"
    )
    parser.add_argument("--demo", action="store_true", help="fill it with the demo company")
    return parser.parse_args()


def watch(services: list[Service]) -> None:
    """Start again what ends, until interrupted."""
    while True:
        for service in services:
            if service.running:
                continue
            say(f"    {service.name} ended with {service.exit_code}; back in {RESTART_AFTER:g} s")
            time.sleep(RESTART_AFTER)
            service.kill()  # the children that it may have left
            try:
                service.start()
                say(f"    {service.name} is back (process {service.pid})")
            except NotReady as problem:
                say(f"    {problem}")
        time.sleep(0.5)


def main() -> None:
    """Start everything, print where it is, and stay."""
    wanted = arguments()
    ports = [wanted.port + number for number in range(wanted.nodes)]
    taken = [port for port in ports if not is_free(port)]
    if taken:
        raise SystemExit(f"talkoo: port {taken[0]} is in use; try --port {taken[0] + 1000}")

    signal.signal(signal.SIGTERM, signal.default_int_handler)
    folder: Path = wanted.folder
    with ExitStack() as running:
        say("==> Starting MariaDB and Redis")
        mariadb = running.enter_context(MariaDB(folder / "mariadb", durable=True))
        redis = running.enter_context(Redis(folder / "redis"))
        settings = {
            "TALKOO_DATABASE": mariadb.create_database("talkoo"),
            "TALKOO_REDIS": redis.url,
        }
        nodes: list[Node] = []
        for number, port in enumerate(ports, start=1):
            node = Node(
                folder / f"node-{number}",
                settings,
                port=port,
                data=folder / "data",
            )
            node.name = f"node {number}"
            nodes.append(node)

        say("==> Bringing the database up to date")
        nodes[0].talkoo("migrate")
        if wanted.demo:
            say(nodes[0].talkoo("demo"))
        say(f"==> Starting {len(nodes)} nodes")
        for node in nodes:
            running.enter_context(node)

        say("")
        for service in [*nodes, mariadb, redis]:
            where = service.url if isinstance(service, Node) else f"port {service.port}"
            say(f"    {service.name:8}  {where:24}  process {service.pid:<7}  log {service.log}")
        say("\n    Open one browser on each node. Ctrl-C ends everything; data stays.\n")
        watch([mariadb, redis, *nodes])


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        say("\n==> Ended")
