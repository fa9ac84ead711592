"""Writes answers: JSON and bytes, with what makes asking again cheap."""

from __future__ import annotations

import hashlib
from typing import Any

from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import Response

# Of what belongs to somebody: kept by no cache on the way, and never shared between people.
VARY = "Cookie, Authorization"


def json_answer(request: Request, answer: BaseModel, status: int, *, etag: bool) -> Response:
    """An answer as JSON; 304 when the caller has it already and may say so."""
    body = answer.model_dump_json().encode()
    headers = {"cache-control": "no-store"}
    if etag:
        tag = _tag(body)
        headers["etag"] = tag
        if _has(request, tag):
            return Response(status_code=304, headers=headers)
    return Response(body, status, headers, "application/json")


def bytes_answer(request: Request, data: bytes, media: str) -> Response:
    """Bytes of the portal, such as a picture.

    A browser may keep them but asks each time whether it may still see them. They are never a
    page: whatever they hold, nothing in them runs.
    """
    tag = _tag(data)
    headers = {
        "cache-control": "private, no-cache",
        "etag": tag,
        "content-disposition": "inline",
        "content-security-policy": "default-src 'none'; sandbox",
    }
    if _has(request, tag):
        return Response(status_code=304, headers=headers)
    return Response(data, 200, headers, media)


def _tag(body: bytes) -> str:
    return f'"{hashlib.sha256(body).hexdigest()[:32]}"'


def _has(request: Request, tag: str) -> bool:
    wanted = request.headers.get("if-none-match", "")
    known = {part.strip().removeprefix("W/") for part in wanted.split(",")}
    return tag in known or "*" in known


def dumped(answer: BaseModel) -> dict[str, Any]:
    """An answer as JSON's own types."""
    return answer.model_dump(mode="json")
