"""A request that a node took and did not answer: what only reads is asked again elsewhere."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from http.client import HTTPResponse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from tests.deploy.balancers import Balancer, Certificate, HAProxy, Nginx
from tests.services.ports import free_port
from tests.services.processes import wait_until

pytestmark = pytest.mark.slow


class StandIn(ThreadingHTTPServer):
    """For a node; unless it ``answers``, it dies of all requests but those for its health."""

    daemon_threads = True

    def __init__(self, answers: bool) -> None:
        super().__init__(("127.0.0.1", free_port()), _Handler)
        self.answers = answers
        self.taken: list[str] = []

    @contextmanager
    def serving(self) -> Iterator[None]:
        """In a thread of its own."""
        thread = threading.Thread(target=self.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield
        finally:
            self.shutdown()
            thread.join()
            self.server_close()


class _Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        if self.path not in ("/readyz", "/healthz"):
            self._take()
        else:
            self._answer()

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self._take()

    def _take(self) -> None:
        assert isinstance(self.server, StandIn)
        self.server.taken.append(self.command)
        if self.server.answers:
            self._answer()
        else:
            self.close_connection = True

    def _answer(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        return None


def ask(balancer: Balancer, method: str) -> int:
    # In one piece, so that the balancer has the whole request to send again.
    body = "{}" if method == "POST" else ""
    head = f"{method} /api/v1/me HTTP/1.1\r\nHost: talkoo\r\nContent-Length: {len(body)}\r\n\r\n"
    plain = socket.create_connection(("127.0.0.1", balancer.port), 30)
    with balancer.trust.wrap_socket(plain, server_hostname="127.0.0.1") as line:
        line.sendall(f"{head}{body}".encode())
        answer = HTTPResponse(line)
        answer.begin()
        return answer.status


@pytest.mark.parametrize("kind", [Nginx, HAProxy], ids=lambda kind: kind.name)
def test_a_post_is_never_sent_twice(kind: type[Balancer], tmp_path: Path) -> None:
    nodes = [StandIn(answers=False), StandIn(answers=False)]
    with ExitStack() as running:
        for node in nodes:
            running.enter_context(node.serving())
        ports = [node.server_port for node in nodes]
        balancer = running.enter_context(kind(tmp_path, Certificate.make(tmp_path), ports))
        wait_until(lambda: balancer.trusts(2), within=20, what="the balancer trusts both")

        assert ask(balancer, "POST") == 502
        assert sorted(node.taken for node in nodes) == [[], ["POST"]]
        for node in nodes:
            node.taken.clear()
        assert ask(balancer, "GET") == 502
        assert all("GET" in node.taken for node in nodes)


@pytest.mark.parametrize("kind", [Nginx, HAProxy], ids=lambda kind: kind.name)
def test_a_post_that_was_not_sent_goes_to_another_node(
    kind: type[Balancer], tmp_path: Path
) -> None:
    node = StandIn(answers=True)
    with node.serving():
        # Nobody listens at the other port, and the balancer cannot know yet.
        ports = [free_port(), node.server_port]
        with kind(tmp_path, Certificate.make(tmp_path), ports) as balancer:
            assert [ask(balancer, "POST") for _ in range(6)] == [200] * 6
    assert node.taken == ["POST"] * 6
