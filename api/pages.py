"""The descriptions, for programs (OpenAPI, AsyncAPI) and for people (``/api/docs``)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from types import ModuleType

import orjson
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from api.asyncapi import asyncapi
from api.openapi import openapi
from api.reference import reference_page
from api.routes import PREFIX, AnyRoute
from api.schemas import Json

_CSP = (
    "default-src 'none'; style-src 'self'; img-src 'self'; "
    "frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
)


def routes(
    catalogue: ModuleType, modules: Mapping[str, Sequence[AnyRoute]], version: str
) -> list[Route]:
    """Where the descriptions are found. They are the same for everybody, and hold no secret."""

    @cache
    def rest() -> Json:
        return openapi(catalogue.OPERATIONS, modules, version)

    @cache
    def live() -> Json:
        return asyncapi(catalogue.OPERATIONS, catalogue.EVENTS, catalogue.SIGNALS, version)

    async def openapi_json(_request: Request) -> Response:
        return _public(orjson.dumps(rest()), "application/json")

    async def asyncapi_json(_request: Request) -> Response:
        return _public(orjson.dumps(live()), "application/json")

    async def docs(_request: Request) -> Response:
        return _public(reference_page(rest(), live()).encode(), "text/html; charset=utf-8")

    async def style(_request: Request) -> Response:
        return _public(Path(__file__).with_name("reference.css").read_bytes(), "text/css")

    async def to_docs(_request: Request) -> Response:
        return RedirectResponse("/api/docs")

    return [
        Route(f"{PREFIX}/openapi.json", openapi_json),
        Route("/api/asyncapi.json", asyncapi_json),
        Route("/api/docs", docs),
        Route("/api/docs/reference.css", style),
        Route("/api", to_docs),
        Route("/api/", to_docs),
    ]


def _public(body: bytes, media: str) -> Response:
    headers = {"cache-control": "public, max-age=300", "content-security-policy": _CSP}
    return Response(body, 200, headers, media)
