"""The proxy itself: what it holds, what it loses, and what it lets through again."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator

import pytest

from tests.faults.proxy import Direction, Proxy

pytestmark = pytest.mark.faults


@pytest.fixture
async def heard() -> list[bytes]:
    """What the server behind the proxy heard."""
    return []


@pytest.fixture
async def proxy(heard: list[bytes]) -> AsyncIterator[Proxy]:
    """A proxy before a server that answers every line with itself."""

    async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while line := await reader.readline():
                heard.append(line)
                writer.write(line)
            heard.append(b"")
        except OSError:
            heard.append(b"reset")
        finally:
            writer.close()

    server = await asyncio.start_server(echo, "127.0.0.1", 0)
    proxy = Proxy(server.sockets[0].getsockname()[1])
    await proxy.start()
    yield proxy
    await proxy.stop()
    server.close()


async def said(reader: asyncio.StreamReader, seconds: float = 5.0) -> bytes | None:
    """The next line; None when none comes in time."""
    try:
        return await asyncio.wait_for(reader.readline(), seconds)
    except TimeoutError:
        return None


async def test_it_carries_both_ways_and_later_when_told(proxy: Proxy) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", proxy.port)
    writer.write(b"one\n")
    assert await said(reader) == b"one\n"
    proxy.delay = 0.1
    start = time.monotonic()
    writer.write(b"two\n")
    assert await said(reader) == b"two\n"
    assert time.monotonic() - start >= 0.2
    writer.close()


@pytest.mark.parametrize(("direction", "arrives"), [("up", False), ("down", True)])
async def test_one_way_holes_hold_and_heal(
    proxy: Proxy, heard: list[bytes], direction: Direction, arrives: bool
) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", proxy.port)
    proxy.blackhole([direction])
    writer.write(b"held\n")
    assert await said(reader, 0.2) is None
    assert (heard == [b"held\n"]) is arrives
    proxy.heal()
    assert await said(reader) == b"held\n"
    writer.close()


async def test_a_cut_resets_and_loses_what_was_held(proxy: Proxy, heard: list[bytes]) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", proxy.port)
    proxy.blackhole()
    writer.write(b"lost\n")
    await asyncio.sleep(0.05)
    proxy.cut()
    with pytest.raises(ConnectionResetError):
        await reader.readline()
    proxy.heal()
    reader, writer = await asyncio.open_connection("127.0.0.1", proxy.port)
    writer.write(b"new\n")
    assert await said(reader) == b"new\n"
    assert b"lost\n" not in heard
    writer.close()


async def test_half_closed_the_other_half_goes_on(proxy: Proxy, heard: list[bytes]) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", proxy.port)
    writer.write(b"before\n")
    assert await said(reader) == b"before\n"
    proxy.half_close("down")
    assert await said(reader) == b""
    writer.write(b"after\n")
    async with asyncio.timeout(5):
        while b"after\n" not in heard:
            await asyncio.sleep(0.01)
    writer.close()


async def test_refused_is_refused(proxy: Proxy) -> None:
    proxy.refusing = True
    with pytest.raises(ConnectionResetError):
        reader, _ = await asyncio.open_connection("127.0.0.1", proxy.port)
        await reader.readline()
