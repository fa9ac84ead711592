"""Free TCP ports on the loopback address."""

import random
import socket

# Below the range that the kernel takes for outgoing connections (32768 and up): a client that
# keeps trying to reach a killed server would otherwise be given its port, and connect to itself.
FIRST, LAST = 20_000, 32_000


def is_free(port: int) -> bool:
    """Whether a server could listen on the port now."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as candidate:
        # As servers do it, so that a port in TIME_WAIT counts as free.
        candidate.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            candidate.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True


def free_port() -> int:
    """A port that nobody listens on; at random, so that parallel test runs seldom meet."""
    # Not the seeded generator of the tests: two workers with one seed would fight for one port.
    chance = random.SystemRandom()
    for _ in range(200):
        port = chance.randrange(FIRST, LAST)
        if is_free(port):
            return port
    raise RuntimeError(f"no free port between {FIRST} and {LAST}")
