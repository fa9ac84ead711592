"""Serves the built web client."""

from __future__ import annotations

import gzip
import mimetypes
import re
import secrets
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, Response
from starlette.types import Receive, Scope, Send

DIST = Path(__file__).resolve().parents[1] / "web" / "dist"

# What the build leaves in index.html for the nonce of each page.
NONCE = "__CSP_NONCE__"

_NOT_BUILT = """\
<!doctype html><meta charset="utf-8"><title>Talkoo</title>
<div id="root"><h1>Talkoo runs, but its web client is not built</h1>
<p><code>make run</code> builds it. The API is described at <a href="/api/docs">/api/docs</a>.</p>
</div>
"""
_PACKED = (
    "text/",
    "application/javascript",
    "application/json",
    "image/svg",
    "application/manifest",
)


@dataclass(frozen=True)
class File:
    """One built file, read once."""

    path: Path
    media: str
    caching: str

    @cached_property
    def body(self) -> bytes:
        """Its bytes."""
        return self.path.read_bytes()

    @cached_property
    def packed(self) -> bytes | None:
        """Its bytes compressed, where that helps."""
        return gzip.compress(self.body, 6) if self.media.startswith(_PACKED) else None


class WebClient:
    """The built files by their address, and index.html for every address that is the client's own.

    Files are found in a list made beforehand, so that no address leads out of the folder.
    """

    def __init__(self, folder: Path = DIST) -> None:
        self.folder = folder
        self._built = 0.0
        self._files: dict[str, File] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers one request."""
        response = self.answer(Request(scope, receive))
        await response(scope, receive, send)

    def answer(self, request: Request) -> Response:
        """The file at the address, or the client's page."""
        if request.method not in ("GET", "HEAD"):
            return PlainTextResponse("GET only", 405, {"allow": "GET, HEAD"})
        self._look()
        path = request.url.path
        if path in self._files:
            return _file(request, self._files[path])
        if "." in path.rpartition("/")[2] or path.startswith("/assets/"):
            return PlainTextResponse("There is nothing at this address.", 404)
        return self._page(request)

    def _look(self) -> None:
        """Lists the files, again after each build."""
        index = self.folder / "index.html"
        built = index.stat().st_mtime if index.exists() else 0.0
        if built == self._built:
            return
        self._built = built
        files = [path for path in self.folder.rglob("*") if path.is_file() and path != index]
        self._files = {
            f"/{path.relative_to(self.folder).as_posix()}": _known(path) for path in files
        }

    def _page(self, request: Request) -> Response:
        headers = {"cache-control": "no-cache"}
        if not self._built:
            return HTMLResponse(_NOT_BUILT, headers=headers)
        nonce = secrets.token_urlsafe(16)
        text = (self.folder / "index.html").read_text("utf-8").replace(NONCE, nonce)
        headers["content-security-policy"] = page_policy(request.headers.get("host", ""), nonce)
        return HTMLResponse(text, headers=headers)


def page_policy(host: str, nonce: str) -> str:
    """What the client's page may load: its own files, and the styles that it makes itself."""
    # Some browsers do not take a web socket to the same host for 'self'.
    safe = host if re.fullmatch(r"[A-Za-z0-9.:\[\]-]+", host) else ""
    sockets = f" ws://{safe} wss://{safe}" if safe else ""
    return "; ".join(
        [
            "default-src 'none'",
            f"script-src 'self' 'nonce-{nonce}'",
            f"style-src 'self' 'nonce-{nonce}'",
            "img-src 'self' data: blob:",
            "media-src 'self' blob:",
            "font-src 'self'",
            f"connect-src 'self'{sockets}",
            "manifest-src 'self'",
            "worker-src 'self'",
            "frame-ancestors 'none'",
            "base-uri 'none'",
            "form-action 'self'",
        ]
    )


def _known(path: Path) -> File:
    media = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
    if path.suffix == ".webmanifest":
        media = "application/manifest+json"
    if path.parent.name == "assets":
        # Its name holds a hash of what is in it.
        return File(path, media, "public, max-age=31536000, immutable")
    if path.suffix in (".js", ".webmanifest"):
        return File(path, media, "no-cache")
    return File(path, media, "public, max-age=3600")


def _file(request: Request, file: File) -> Response:
    headers = {"cache-control": file.caching, "vary": "Accept-Encoding"}
    if file.packed is not None and "gzip" in request.headers.get("accept-encoding", ""):
        headers["content-encoding"] = "gzip"
        return Response(file.packed, 200, headers, file.media)
    return Response(file.body, 200, headers, file.media)
