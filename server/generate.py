"""Writes what is derived from the models: descriptions, TypeScript, and the list of settings.

``python -m server.generate [FOLDER]``; a test fails when what is committed is stale.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any

import orjson

from api.asyncapi import asyncapi, socket_schemas
from api.openapi import openapi
from api.table import MODULES, ROUTES
from portal import catalogue
from server import settings_page, typescript

ROOT = Path(__file__).resolve().parents[1]
WEB = "web/src/client/generated"


def documents() -> Mapping[str, str]:
    """Every generated file's path and text."""
    operations, events, signals = catalogue.OPERATIONS, catalogue.EVENTS, catalogue.SIGNALS
    number = version("talkoo")
    wrapped = {
        "openapi": "3.1.0",
        "info": {"title": "Talkoo: the models", "version": number},
        "paths": {},
        "components": {"schemas": _optional(socket_schemas(operations, events, signals))},
    }
    return {
        f"{WEB}/openapi.json": _json(openapi(operations, MODULES, number)),
        f"{WEB}/asyncapi.json": _json(asyncapi(operations, events, signals, number)),
        f"{WEB}/socket-schemas.json": _json(wrapped),
        f"{WEB}/catalogue.ts": typescript.catalogue(operations, events, signals, ROUTES),
        "docs/settings.md": settings_page.page(),
    }


def write(folder: Path) -> list[Path]:
    """Writes them below a folder; returns those that changed."""
    changed: list[Path] = []
    for name, text in documents().items():
        path = folder / name
        if path.exists() and path.read_text("utf-8") == text:
            continue
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
        changed.append(path)
    return changed


def _optional(schemas: dict[str, Any]) -> dict[str, Any]:
    """Takes the defaults away: openapi-typescript makes a field that has one a required one."""
    for schema in schemas.values():
        for field in schema.get("properties", {}).values():
            field.pop("default", None)
    return schemas


def _json(document: Any) -> str:
    options = orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS | orjson.OPT_APPEND_NEWLINE
    return orjson.dumps(document, option=options).decode()


def main() -> None:
    """Writes below the folder that is given, or the repository."""
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT
    for path in write(folder):
        print(f"wrote {path}")


if __name__ == "__main__":
    main()
