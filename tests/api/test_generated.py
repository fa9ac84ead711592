"""What is generated from the models is committed, and fresh."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from openapi_spec_validator import validate

from api.routes import RawRoute, name_of
from api.table import ROUTES
from portal.catalogue import EVENTS, OPERATIONS, SIGNALS
from server.generate import ROOT, WEB, documents


@pytest.fixture(scope="module")
def generated() -> dict[str, str]:
    return dict(documents())


def test_what_is_committed_is_fresh(generated: dict[str, str]) -> None:
    stale = [name for name, text in generated.items() if (ROOT / name).read_text("utf-8") != text]
    assert not stale, "run `make generate`"


@pytest.mark.javascript
@pytest.mark.parametrize(
    ("source", "types"), [("socket-schemas.json", "socket.ts"), ("openapi.json", "openapi.ts")]
)
def test_the_typescript_types_are_fresh(source: str, types: str, tmp_path: Path) -> None:
    folder = ROOT / WEB
    made = tmp_path / types
    program = ROOT / "web/node_modules/.bin/openapi-typescript"
    command = [program, folder / source, "--output", made, "--alphabetize"]
    subprocess.run(command, check=True, capture_output=True, cwd=ROOT / "web")
    assert made.read_text("utf-8") == (folder / types).read_text("utf-8"), "run `make generate`"


def test_generating_twice_gives_the_same(generated: dict[str, str]) -> None:
    assert dict(documents()) == generated


def test_openapi_is_valid_and_whole(generated: dict[str, str]) -> None:
    document: dict[str, Any] = json.loads(generated[f"{WEB}/openapi.json"])
    validate(document)
    described = [part for path in document["paths"].values() for part in path.values()]
    assert {part["operationId"] for part in described} == {name_of(route) for route in ROUTES}
    for part in described:
        assert any(status in part["responses"] for status in ("200", "201", "202"))
        assert "422" in part["responses"]


def _references(part: Any) -> Iterator[str]:
    yield from re.findall(r'"\$ref": "([^"]+)"', json.dumps(part))


def test_asyncapi_has_everything_that_goes_over_the_wire(generated: dict[str, str]) -> None:
    document: dict[str, Any] = json.loads(generated[f"{WEB}/asyncapi.json"])
    messages = set(document["components"]["messages"])
    commands = {name for name, operation in OPERATIONS.items() if operation.socket}
    assert messages == {
        *commands,
        *(f"{name}.ack" for name in commands),
        *(f"event.{name}" for name in EVENTS),
        *(f"signal.{name}" for name in SIGNALS),
        "ready",
        "resync",
        "move",
        "ended",
    }
    for reference in _references(document):
        place: Any = document
        for step in reference.removeprefix("#/").split("/"):
            place = place[step]


def test_the_typescript_names_every_operation_and_event(generated: dict[str, str]) -> None:
    text = generated[f"{WEB}/catalogue.ts"]
    schemas = json.loads(generated[f"{WEB}/socket-schemas.json"])["components"]["schemas"]
    assert set(re.findall(r'Schema\["(\w+)"\]', text)) <= set(schemas)
    for name in (*OPERATIONS, *EVENTS, *SIGNALS):
        assert re.search(rf"^  {name}: ", text, re.MULTILINE), name
    for route in ROUTES:
        if not isinstance(route, RawRoute):
            assert f'{route.operation}: ["{route.method}", "{route.path}"]' in text
