"""nginx and HAProxy with the files of `deploy/`, on free ports, with a certificate of their own.

The files are used as they stand. `replacements` is everything that a test changes in them:
addresses, ports, the paths of certificates and of a socket, and the account that root changes
to. What is to be replaced has to be there, so that neither side can drift away unseen.
"""

from __future__ import annotations

import os
import socket
import ssl
import subprocess
from abc import abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.services.ports import free_port
from tests.services.processes import NotReady, Service
from tests.services.programs import find

DEPLOY = Path(__file__).resolve().parents[2] / "deploy"
DOMAIN = "talkoo.example.com"


@dataclass(frozen=True)
class Certificate:
    """For the domain, its subdomains and the loopback address; signed by itself."""

    certificate: Path
    key: Path
    both: Path

    @classmethod
    def make(cls, folder: Path) -> Certificate:
        """A new one."""
        made = cls(folder / "talkoo.pem", folder / "talkoo.key", folder / "talkoo-and-key.pem")
        names = f"subjectAltName=DNS:{DOMAIN},DNS:*.{DOMAIN},IP:127.0.0.1"
        ran = subprocess.run(
            [
                *(find("openssl", package="openssl"), "req", "-x509", "-days", "2", "-nodes"),
                *("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"),
                *("-subj", f"/CN={DOMAIN}", "-addext", names),
                *("-keyout", str(made.key), "-out", str(made.certificate)),
            ],
            capture_output=True,
            text=True,
            check=False,
        )
        if ran.returncode != 0:
            raise NotReady(f"openssl failed:\n{ran.stderr}")
        made.both.write_text(made.certificate.read_text() + made.key.read_text())
        return made


class Balancer(Service):
    """One balancer before two nodes or more, given by their ports."""

    #: The file in `deploy/`.
    file = ""

    def __init__(self, folder: Path, certificate: Certificate, nodes: Sequence[int]) -> None:
        super().__init__(folder)
        self.certificate = certificate
        self.nodes = nodes
        self.port = free_port()
        self.plain_port = free_port()

    @property
    def url(self) -> str:
        """The bare address."""
        return self.portal_url(None)

    def portal_url(self, portal: str | None) -> str:
        """The address of a portal, by its real name."""
        return (
            f"https://{portal}.{DOMAIN}:{self.port}" if portal else f"https://{DOMAIN}:{self.port}"
        )

    @property
    def trust(self) -> ssl.SSLContext:
        """What a client needs to believe the certificate."""
        return ssl.create_default_context(cafile=str(self.certificate.certificate))

    @abstractmethod
    def replacements(self) -> Mapping[str, str]:
        """What stands in the file, and what stands there under test."""

    def trusts(self, count: int) -> bool:
        """Whether it sends requests to so many nodes, as far as it tells."""
        return True

    def configuration(self) -> str:
        """The file as it is used."""
        text = self._with_more_nodes((DEPLOY / self.file).read_text())
        nodes = {f"10.0.0.1{n}:8024": f"127.0.0.1:{p}" for n, p in enumerate(self.nodes, start=1)}
        for old, new in {**nodes, **self.replacements()}.items():
            if old not in text:
                raise NotReady(f"deploy/{self.file} has no longer: {old}")
            text = text.replace(old, new)
        return text

    def _with_more_nodes(self, text: str) -> str:
        """With a line for each node beyond the second, made from the second's."""
        lines: list[str] = []
        for line in text.splitlines():
            lines.append(line)
            if "10.0.0.12:8024" in line:
                lines += [
                    line.replace("10.0.0.12", f"10.0.0.1{n}").replace("node2", f"node{n}")
                    for n in range(3, len(self.nodes) + 1)
                ]
        return "\n".join(lines) + "\n"

    def prepare(self) -> None:
        (self.folder / self.file).write_text(self.configuration())

    def is_ready(self) -> bool:
        try:
            socket.create_connection(("127.0.0.1", self.port), 5).close()
        except OSError:
            return False
        return True


# What Debian's own nginx.conf brings around a site, with as many connections as are advised.
_MAIN = """\
{user}daemon off;
worker_processes 2;
worker_rlimit_nofile 4096;
pid nginx.pid;
error_log stderr warn;
events {{ worker_connections 2000; }}
http {{
    access_log off;
    client_body_temp_path body;
    proxy_temp_path proxy;
    fastcgi_temp_path fastcgi;
    uwsgi_temp_path uwsgi;
    scgi_temp_path scgi;
    include nginx.conf;
}}
"""


class Nginx(Balancer):
    """nginx, with the rest of a configuration around the file."""

    name = "nginx"
    file = "nginx.conf"

    def replacements(self) -> Mapping[str, str]:
        return {
            "listen 80;": f"listen 127.0.0.1:{self.plain_port};",
            "listen [::]:80;": f"listen [::1]:{self.plain_port};",
            "listen 443 ": f"listen 127.0.0.1:{self.port} ",
            "listen [::]:443 ": f"listen [::1]:{self.port} ",
            "/etc/ssl/talkoo.pem": str(self.certificate.certificate),
            "/etc/ssl/talkoo.key": str(self.certificate.key),
        }

    def prepare(self) -> None:
        super().prepare()
        # Else root's workers become somebody who may not write where the tests do.
        user = "user root;\n" if os.geteuid() == 0 else ""
        (self.folder / "main.conf").write_text(_MAIN.format(user=user))

    def command(self) -> Sequence[str | Path]:
        program = find("nginx", package="nginx-light")
        return [program, "-p", self.folder, "-c", self.folder / "main.conf", "-e", "stderr"]


class HAProxy(Balancer):
    """HAProxy; the file is its whole configuration."""

    name = "haproxy"
    file = "haproxy.cfg"

    def replacements(self) -> Mapping[str, str]:
        return {
            "bind 0.0.0.0:80\n": f"bind 127.0.0.1:{self.plain_port}\n",
            "bind [::]:80 ": f"bind [::1]:{self.plain_port} ",
            "bind 0.0.0.0:443 ": f"bind 127.0.0.1:{self.port} ",
            "bind [::]:443 ": f"bind [::1]:{self.port} ",
            "/etc/ssl/talkoo-and-key.pem": str(self.certificate.both),
            # Relative: the path of a socket may have a hundred letters at most.
            "/run/haproxy/admin.sock": "unix@admin.sock",
            "    user haproxy\n    group haproxy\n": "",
        }

    def command(self) -> Sequence[str | Path]:
        program = find("haproxy", package="haproxy")
        return [program, "-db", "-C", self.folder, "-f", self.folder / self.file]

    def states(self, backend: str) -> list[str]:
        """What it thinks of the nodes: `UP`, `DOWN` ..., in their order."""
        rows = [line.split(",") for line in self._ask("show stat").splitlines()]
        status = rows[0].index("status")
        return [row[status] for row in rows if row[0] == backend and row[1].startswith("node")]

    def trusts(self, count: int) -> bool:
        return all(
            self.states(backend).count("UP") == count for backend in ("nodes", "polling", "alive")
        )

    def _ask(self, command: str) -> str:
        with socket.socket(socket.AF_UNIX) as line:
            # By the folder's descriptor, for the same reason.
            folder = os.open(self.folder, os.O_PATH)
            try:
                line.connect(f"/proc/self/fd/{folder}/admin.sock")
            finally:
                os.close(folder)
            line.sendall(f"{command}\n".encode())
            return b"".join(iter(lambda: line.recv(65536), b"")).decode()
