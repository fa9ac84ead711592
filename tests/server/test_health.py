from __future__ import annotations

import asyncio
import json

import pytest

from server import health
from server.health import Check, Health


async def _well() -> str | None:
    return None


async def _deaf() -> str | None:
    return "does not carry"


async def _broken() -> str | None:
    raise ConnectionRefusedError("root:canary@db refused")


async def _hanging() -> str | None:
    await asyncio.Event().wait()
    return None


async def _ask(**checks: Check) -> tuple[int, dict[str, str]]:
    response = await Health(checks).ready()
    parts: dict[str, str] = json.loads(bytes(response.body))["parts"]
    return response.status_code, parts


async def test_ready_when_every_part_answers() -> None:
    assert await _ask(database=_well, bus=_well) == (200, {"database": "ok", "bus": "ok"})


async def test_not_ready_says_which_part_and_why(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health, "CHECK_SECONDS", 0.01)
    status, parts = await _ask(database=_broken, bus=_deaf, blobs=_hanging, other=_well)
    assert status == 503
    assert parts == {
        "database": "failed: ConnectionRefusedError",
        "bus": "does not carry",
        "blobs": "no answer in 0.01 s",
        "other": "ok",
    }


async def test_who_is_leaving_is_not_ready() -> None:
    leaving = Health({"database": _well})
    leaving.leaving = True
    assert (await leaving.ready()).status_code == 503
    assert (await leaving.alive()).status_code == 200
